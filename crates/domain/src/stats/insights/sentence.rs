//! A result as a sentence for lay readers. It says *associated*, and never suggests a cause.

use super::family::{Hypothesis, TestedPair};
use super::series::Subject;

impl TestedPair {
    /// One sentence; `name` returns the names of habits.
    ///
    /// If the result isn't significant, it says that no association was found, which doesn't mean that there is none.
    pub fn sentence(&self, name: impl Fn(Subject) -> String) -> String {
        let Hypothesis { first, second, .. } = self.asked;
        let (when, n) = (self.asked.when(), self.n);
        if !self.significant {
            let (first, second) = (noun(first, &name), noun(second, &name));
            return format!("No association was found between {first} and {second} {when}, over {n} days.");
        }
        let [more, _] = ends(first, &name);
        let [up, down] = ends(second, &name);
        let (towards, r) = (if self.r > 0.0 { up } else { down }, self.r);
        format!(
            "There is an association between {more} and {towards} {when} (r = {r:.2} over {n} days). It does not say \
             that one causes the other."
        )
    }
}

impl Hypothesis {
    /// When the second happens, seen from the first.
    fn when(&self) -> &'static str {
        let of_a_night =
            |subject| matches!(subject, Subject::SleepDuration | Subject::SleepQuality | Subject::MidSleep);
        match (of_a_night(self.first), of_a_night(self.second), self.lag) {
            (true, _, 0) => "on the day after",
            (_, true, 1) => "in the night after",
            (_, _, 0) => "on the same day",
            _ => "on the next day",
        }
    }
}

fn noun(subject: Subject, name: impl Fn(Subject) -> String) -> String {
    match subject {
        Subject::Habit(_) => format!("“{}”", name(subject)),
        Subject::Mood => "mood".to_owned(),
        Subject::SleepDuration => "the length of sleep".to_owned(),
        Subject::SleepQuality => "the quality of sleep".to_owned(),
        Subject::MidSleep => "the hours of sleep".to_owned(),
        Subject::TrackedMinutes => "tracked time".to_owned(),
    }
}

/// More of it, and less.
fn ends(subject: Subject, name: impl Fn(Subject) -> String) -> [String; 2] {
    let ends = match subject {
        Subject::Habit(_) => {
            let name = name(subject);
            return [format!("more of “{name}”"), format!("less of “{name}”")];
        }
        Subject::Mood => ["better mood", "worse mood"],
        Subject::SleepDuration => ["longer sleep", "shorter sleep"],
        Subject::SleepQuality => ["better sleep", "worse sleep"],
        Subject::MidSleep => ["later sleep", "earlier sleep"],
        Subject::TrackedMinutes => ["more tracked time", "less tracked time"],
    };
    ends.map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(first: Subject, second: Subject, lag: u32, r: f64, significant: bool) -> TestedPair {
        TestedPair { asked: Hypothesis { first, second, lag }, r, n: 80, p: 0.001, p_adjusted: 0.01, significant }
    }

    #[test]
    fn sentences_say_what_goes_with_what_and_never_why() {
        let run = Subject::Habit(crate::ids::HabitId::from_uuid(uuid::Uuid::nil()));
        let say = |finding: TestedPair| finding.sentence(|_| "Run".to_owned());
        assert_eq!(
            say(finding(run, Subject::Mood, 1, 0.351, true)),
            "There is an association between more of “Run” and better mood on the next day (r = 0.35 over 80 days). \
             It does not say that one causes the other."
        );
        assert_eq!(
            say(finding(Subject::SleepDuration, run, 0, -0.4, true)),
            "There is an association between longer sleep and less of “Run” on the day after (r = -0.40 over 80 days). \
             It does not say that one causes the other."
        );
        assert_eq!(
            say(finding(Subject::Mood, Subject::MidSleep, 1, -0.4, false)),
            "No association was found between mood and the hours of sleep in the night after, over 80 days."
        );
    }
}
