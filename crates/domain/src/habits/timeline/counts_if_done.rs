//! Days off that count nevertheless if something was done on them: the days of archiving, and days that were lost at the
//! date line. If nothing was, they are days off like any other.

use super::super::bits::set;
use super::super::history::History;
use super::super::kind::Direction;
use super::super::plan::{Archive, Pause, PauseSource};
use super::super::schedule::Quota;
use super::{Segment, Timeline, archives};
use crate::civil::{Date, DateRange};
use crate::quantity::Quantity;

/// Those that are due, in order, but for those that are covered by another pause or archive, too.
pub(super) fn of(archives: &[Archive], pauses: &[Pause], segments: &[Segment]) -> Vec<Date> {
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else { return Vec::new() };
    let is_due = |date: &Date| {
        segments.iter().any(|segment| segment.range().contains(*date) && segment.occurrences.is_due(*date))
    };
    let is_off = |date: &Date| {
        pauses.iter().any(|pause| pause.source != PauseSource::DateLine && pause.contains(*date))
            || archives::days(archives).any(|(from, to)| from < *date && *date <= to)
    };
    let lost = pauses.iter().filter(|pause| pause.source == PauseSource::DateLine);
    let lost = lost.filter_map(|pause| DateRange::new(pause.from.max(first.from), pause.last().min(last.to)));
    let mut days: Vec<Date> = archives.iter().map(|archive| archive.from).chain(lost.flatten()).collect();
    days.retain(|date| is_due(date) && !is_off(date));
    days.sort_unstable();
    days.dedup();
    days
}

impl Timeline {
    /// The days off on which something was done.
    fn done_days_off<'a>(&'a self, history: &'a History) -> impl Iterator<Item = Date> + 'a {
        self.counts_if_done.iter().copied().filter(|date| {
            let plan = self.plan_on(*date);
            plan.kind.direction() == Direction::AtLeast
                && !history.skipped.contains(*date)
                && match plan.schedule.quota() {
                    Some((Quota::Amount(_), _)) => history.value_on(*date).is_some_and(|value| value > Quantity::ZERO),
                    _ => history.crossed.contains(*date),
                }
        })
    }

    /// As [`Self::fill`], with those days off up to `today` that count because something was done on them.
    pub(in crate::habits) fn fill_for(&self, history: &History, today: Date, from: i32, out: &mut [u64]) {
        self.fill(from, out);
        for date in self.done_days_off(history).filter(|date| *date <= today) {
            set(out, from, date.days_since_epoch());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::Weekday;
    use crate::habits::{DayRecord, DayState, EntryState, Plan, Progress, Window, current_streak, score_on};
    use crate::ids::PauseId;

    fn date(day: u32) -> Date {
        Date::new(2026, 3, day).unwrap()
    }

    fn pause(from: u32, to: u32, source: PauseSource) -> Pause {
        let id = PauseId::parse("01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b").unwrap();
        Pause { id, from: date(from), to: Some(date(to)), source }
    }

    fn timeline(schedule: &str, kind: &str, pauses: Vec<Pause>, archives: Vec<Archive>) -> Timeline {
        let plan = Plan {
            effective_from: date(1),
            anchor: date(1),
            week_start: Weekday::Mo,
            schedule: serde_json::from_str(schedule).unwrap(),
            kind: serde_json::from_str(kind).unwrap(),
        };
        Timeline::with_archives(Window { starts_on: date(1), ends_on: None }, vec![plan], pauses, archives).unwrap()
    }

    fn daily(pauses: Vec<Pause>) -> Timeline {
        timeline(r#"{"type":"daily"}"#, r#"{"type":"check"}"#, pauses, vec![])
    }

    fn done_on(timeline: &Timeline, days: &[u32]) -> History {
        let done = DayRecord { state: EntryState::Done, value: None, settled: false };
        History::rebuild(timeline, days.iter().map(|day| (date(*day), done)))
    }

    #[test]
    fn what_was_done_on_a_lost_day_counts_and_what_was_not_breaks_nothing() {
        let timeline = daily(vec![pause(4, 4, PauseSource::DateLine)]);
        for (done, state, streak) in
            [(&[1, 2, 3, 5][..], DayState::Paused, 4), (&[1, 2, 3, 4, 5][..], DayState::Done, 5)]
        {
            let history = done_on(&timeline, done);
            let progress = Progress::new(&timeline, &history, date(5));
            assert_eq!((progress.state_on(date(4)), progress.is_due(date(4))), (state, streak == 5));
            assert_eq!(current_streak(&timeline, &history, date(5)), streak);
        }
        let idle = score_on(&timeline, &done_on(&timeline, &[1, 2, 3]), date(4));
        let before = score_on(&timeline, &done_on(&timeline, &[1, 2, 3]), date(3));
        assert!((idle - before).abs() < 1e-12, "the score stands still");
        assert!(score_on(&timeline, &done_on(&timeline, &[1, 2, 3, 4]), date(4)) > idle);
    }

    #[test]
    fn on_a_day_of_any_other_pause_too_it_is_a_bonus() {
        for source in [PauseSource::Own, PauseSource::Shared] {
            let timeline = daily(vec![pause(4, 4, PauseSource::DateLine), pause(3, 6, source)]);
            let history = done_on(&timeline, &[1, 2, 4]);
            assert_eq!(Progress::new(&timeline, &history, date(5)).state_on(date(4)), DayState::Bonus);
        }
    }

    #[test]
    fn a_lost_day_that_is_archived_counts_only_as_the_first_one_does() {
        for (from, state) in [(4, DayState::Done), (3, DayState::Bonus)] {
            let archive = Archive { from: date(from), until: Some(date(6)) };
            let lost = vec![pause(4, 4, PauseSource::DateLine)];
            let timeline = timeline(r#"{"type":"daily"}"#, r#"{"type":"check"}"#, lost, vec![archive]);
            let history = done_on(&timeline, &[1, 2, 4]);
            assert_eq!(Progress::new(&timeline, &history, date(5)).state_on(date(4)), state);
        }
    }

    #[test]
    fn an_archive_within_another_begins_on_no_day_of_archiving() {
        // Put away on the 3rd, and for another reason (such as an end that was taken back) from the 4th on, too.
        for (until, state) in
            [(None, DayState::Bonus), (Some(date(5)), DayState::Bonus), (Some(date(4)), DayState::Done)]
        {
            let archives = vec![Archive { from: date(4), until: Some(date(6)) }, Archive { from: date(3), until }];
            let timeline = timeline(r#"{"type":"daily"}"#, r#"{"type":"check"}"#, vec![], archives);
            let history = done_on(&timeline, &[1, 2, 4]);
            assert_eq!(Progress::new(&timeline, &history, date(5)).state_on(date(4)), state, "{until:?}");
        }
    }

    #[test]
    fn a_lost_day_is_no_day_of_a_limit_nor_one_that_is_not_due() {
        let lost = || vec![pause(4, 4, PauseSource::DateLine)];
        let limit = r#"{"type":"count","target":2,"unit":"cups","direction":"at_most"}"#;
        let limited = timeline(r#"{"type":"daily"}"#, limit, lost(), vec![]);
        let progress_of = |history: &History| Progress::new(&limited, history, date(6)).state_on(date(4));
        assert_eq!(progress_of(&History::default()), DayState::Paused);
        // The 4th is a Wednesday.
        let other = timeline(r#"{"type":"weekly","weekdays":["mo"]}"#, r#"{"type":"check"}"#, lost(), vec![]);
        let history = done_on(&other, &[4]);
        assert_eq!(Progress::new(&other, &history, date(6)).state_on(date(4)), DayState::Bonus);
    }

    #[test]
    fn a_week_that_lost_a_day_asks_for_less_unless_it_was_used() {
        let lost = vec![pause(4, 4, PauseSource::DateLine)];
        let seven = r#"{"type":"quota","times":7,"per":"week"}"#;
        let timeline = timeline(seven, r#"{"type":"check"}"#, lost, vec![]);
        for (done, needed) in [(&[2, 3, 5, 6, 7, 8][..], 6), (&[2, 3, 4, 5, 6, 7, 8][..], 7)] {
            let history = done_on(&timeline, done);
            let period = Progress::new(&timeline, &history, date(9)).period_of(date(8)).unwrap();
            assert_eq!((period.needed, period.verdict), (Quantity::whole(needed), Some(true)));
        }
    }

    #[test]
    fn shared_pauses_take_the_place_of_those_before_and_leave_its_own_alone() {
        let before = daily(vec![pause(4, 4, PauseSource::DateLine), pause(2, 3, PauseSource::Own)]);
        let late = pause(8, 9, PauseSource::Shared);
        let gone = Pause { from: Date::MIN, to: Some(Date::MIN), ..late.clone() };
        let after = before.with_shared_pauses([late.clone(), gone]).unwrap();
        assert_eq!(after.pauses(), [pause(2, 3, PauseSource::Own), late]);
        let stored = serde_json::to_string(before.pauses()).unwrap();
        assert!(stored.contains(r#""source":"date_line""#) && !stored.contains("own"), "{stored}");
        assert_eq!(serde_json::from_str::<Vec<Pause>>(&stored).unwrap(), before.pauses());
    }
}
