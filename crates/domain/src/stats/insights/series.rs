//! What is compared: a number for each day that has one.

use super::association::PairedValues;
use crate::civil::Date;
use crate::ids::HabitId;

/// What a series is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A habit: done (1) or not (0) on each day it was due; of counts and minutes the day's value.
    Habit(HabitId),
    /// The day's mood, 0–10.
    Mood,
    /// Hours slept in the night that ended on the day.
    SleepDuration,
    /// How good that night was, 1–5.
    SleepQuality,
    /// The middle of that night, as a time of day.
    MidSleep,
    /// Minutes tracked on the day.
    TrackedMinutes,
}

impl Subject {
    /// The API's word; of a habit just `habit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Habit(_) => "habit",
            Self::Mood => "mood",
            Self::SleepDuration => "sleep_duration",
            Self::SleepQuality => "sleep_quality",
            Self::MidSleep => "mid_sleep",
            Self::TrackedMinutes => "tracked_minutes",
        }
    }
}

/// A number for each day that has one; a day that is missing is unknown, never 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    subject: Subject,
    /// Day numbers and values, in order, one a day.
    days: Vec<(i32, f64)>,
}

impl Series {
    /// A series of these days, in any order. Of two values of one day the first is kept; what isn't finite is left out.
    pub fn new(subject: Subject, days: impl IntoIterator<Item = (Date, f64)>) -> Self {
        let mut days: Vec<(i32, f64)> = days
            .into_iter()
            .filter(|(_, value)| value.is_finite())
            .map(|(date, value)| (date.days_since_epoch(), value))
            .collect();
        days.sort_by_key(|(day, _)| *day);
        days.dedup_by_key(|(day, _)| *day);
        Self { subject, days }
    }

    /// The description.
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// How many days it has.
    pub const fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Its values, by day.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.days.iter().map(|(_, value)| *value)
    }

    /// Whether it only ever says yes or no.
    pub fn is_yes_or_no(&self) -> bool {
        self.days.iter().all(|(_, value)| [0.0, 1.0].contains(value))
    }

    /// The days that have a value here, and in `other` `lag` days later.
    pub(super) fn with(&self, other: &Self, lag: u32) -> PairedValues {
        let lag = lag.cast_signed();
        let mut pairs = PairedValues::default();
        let mut later = other.days.iter().peekable();
        for (day, x) in &self.days {
            while later.next_if(|(other, _)| *other < day + lag).is_some() {}
            if let Some((_, y)) = later.next_if(|(other, _)| *other == day + lag) {
                pairs.days.push(*day);
                pairs.x.push(*x);
                pairs.y.push(*y);
            }
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: i32) -> Date {
        Date::from_days_since_epoch(day).unwrap()
    }

    #[test]
    fn days_are_brought_together_by_their_lag() {
        let x = Series::new(Subject::Mood, [(3, 30.0), (1, 10.0), (2, f64::NAN), (7, 70.0)].map(|(d, v)| (date(d), v)));
        let y =
            Series::new(Subject::SleepDuration, [(2, 0.2), (3, 0.3), (4, 0.4), (9, 0.9)].map(|(d, v)| (date(d), v)));
        assert_eq!(x.len(), 3);
        assert_eq!(x.with(&y, 0), PairedValues { days: vec![3], x: vec![30.0], y: vec![0.3] });
        assert_eq!(x.with(&y, 1), PairedValues { days: vec![1, 3], x: vec![10.0, 30.0], y: vec![0.2, 0.4] });
        assert_eq!(x.with(&y, 2), PairedValues { days: vec![1, 7], x: vec![10.0, 70.0], y: vec![0.3, 0.9] });
    }
}
