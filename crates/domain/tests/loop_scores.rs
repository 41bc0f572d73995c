//! Rolling quotas are scored as Loop Habit Tracker scores "n times in d days": its rules written down once more, day by
//! day, and figures of its own tests.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::{DayRecord, EntryState, History, Plan, Timeline, Window, scores};
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Yes,
    Skip,
    No,
    Unknown,
}

fn start() -> Date {
    Date::parse("2024-02-10").unwrap()
}

/// What Loop shows: a sum over twice the days, which skips are part of, against twice the number.
fn of_loop(times: u32, days: u32, marks: &[Mark]) -> Vec<f64> {
    let (times, days) = if times == days { (1, 1) } else { (times, days) };
    let doubled = if times < days { 2 } else { 1 };
    let multiplier = 0.5_f64.powf((f64::from(times) / f64::from(days)).sqrt() / 13.0);
    let (most, length) = (f64::from(doubled * times), usize::try_from(doubled * days).unwrap());
    let mut score = 0.0;
    let mut all = Vec::new();
    for (at, mark) in marks.iter().enumerate() {
        let window = marks.iter().take(at + 1).skip((at + 1).saturating_sub(length));
        let sum = f64::from(u32::try_from(window.filter(|mark| **mark == Mark::Yes).count()).unwrap());
        if *mark != Mark::Skip {
            score = score * multiplier + f64::min(1.0, sum / most) * (1.0 - multiplier);
        }
        all.push(score);
    }
    all
}

/// What Circadia shows the day after the last.
fn of_circadia(times: u32, days: u32, marks: &[Mark]) -> Vec<f64> {
    let schedule = format!(r#"{{"type":"quota","times":{times},"per":"rolling","days":{days}}}"#);
    let plan = Plan {
        effective_from: start(),
        anchor: start(),
        week_start: Weekday::Mo,
        schedule: serde_json::from_str(&schedule).unwrap(),
        kind: serde_json::from_str(r#"{"type":"check"}"#).unwrap(),
    };
    let timeline = Timeline::new(Window { starts_on: start(), ends_on: None }, vec![plan], vec![]).unwrap();
    let record = |mark: Mark| {
        let state = match mark {
            Mark::Yes => EntryState::Done,
            Mark::Skip => EntryState::Skipped,
            Mark::No => EntryState::Missed,
            Mark::Unknown => return None,
        };
        Some(DayRecord { state, value: None, settled: false })
    };
    let entries = (0..).zip(marks).filter_map(|(at, mark)| Some((start().saturating_add_days(at), record(*mark)?)));
    let history = History::rebuild(&timeline, entries);
    let length = i32::try_from(marks.len()).unwrap();
    let range = DateRange::new(start(), start().saturating_add_days(length - 1)).unwrap();
    scores(&timeline, &history, range, start().saturating_add_days(length))
        .into_iter()
        .map(|score| score.value)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scores_are_those_of_loop(
        (times, days) in (2..60_u32).prop_flat_map(|days| (1..=days, Just(days))),
        marks in proptest::collection::vec(select(vec![Mark::Yes, Mark::Yes, Mark::Yes, Mark::Skip, Mark::No, Mark::Unknown]), 1..700),
    ) {
        let (found, expected) = (of_circadia(times, days, &marks), of_loop(times, days, &marks));
        prop_assert_eq!(found.len(), expected.len());
        for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
            prop_assert!((found - expected).abs() < 1e-9, "day {}: {} is not {}", at, found, expected);
        }
    }
}

fn is(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }
}

#[test]
fn figures_of_loops_own_tests() {
    let (yes, skip) = (Mark::Yes, Mark::Skip);
    is(&of_circadia(1, 2, &[yes, yes])[1..], &[0.054_816]);
    let with_skips = [yes, yes, yes, yes, yes, skip, skip, skip, yes, yes, yes, yes, yes, yes];
    let expected = [
        0.004_014, 0.011_848, 0.023_319, 0.038_251, 0.056_477, 0.056_477, 0.056_477, 0.056_477, 0.077_839, 0.102_187,
        0.129_375, 0.159_268, 0.191_734, 0.226_651,
    ];
    is(&of_circadia(6, 7, &with_skips), &expected);
    // Twice a week, where three or four times were meant.
    let twice: Vec<Mark> = (0..700).map(|day| if day % 7 >= 5 { Mark::Yes } else { Mark::No }).collect();
    is(&of_circadia(3, 7, &twice)[699..], &[2.0 / 3.0]);
    is(&of_circadia(4, 7, &twice)[699..], &[0.5]);
    // Every day, however it is said.
    let daily = of_circadia(7, 7, &[yes; 20]);
    is(&daily[19..], &[0.655_747]);
}
