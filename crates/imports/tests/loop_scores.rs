//! The score of an imported habit, held against Loop's own, computed here as its `ScoreList` does, independently of ours.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fmt::Write as _;

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::{DayRecord, Habit, History, scores};
use circadia_domain::imports::{Event, ImportFormat, Item};
use support::{events, zip};

const HEADER: &str = "Position,Name,Type,Question,Description,FrequencyNumerator,FrequencyDenominator,Color,Unit,Target Type,Target Value,Archived?";

/// What Loop has of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Nothing,
    Skip,
    /// Of a yes/no habit 1 for yes; of a measurable one the number.
    Value(f64),
}

/// A habit of Loop.
struct Case {
    numerator: u32,
    denominator: u32,
    /// The target of a measurable habit.
    target: Option<f64>,
}

/// Loop's scores from the first day on.
fn loop_scores(case: &Case, marks: &[Mark]) -> Vec<f64> {
    let frequency = f64::from(case.numerator) / f64::from(case.denominator);
    let multiplier = 0.5_f64.powf(frequency.sqrt() / 13.0);
    let (mut numerator, mut denominator) = (f64::from(case.numerator), usize::try_from(case.denominator).unwrap());
    if case.target.is_none() && frequency < 1.0 {
        numerator *= 2.0;
        denominator *= 2;
    }
    let value = |day: usize| match marks[day] {
        Mark::Value(value) => value,
        Mark::Nothing | Mark::Skip => 0.0,
    };
    let (mut score, mut sum, mut found) = (0.0, 0.0, Vec::new());
    for (day, mark) in marks.iter().enumerate() {
        sum += value(day);
        if day >= denominator {
            sum -= value(day - denominator);
        }
        if *mark != Mark::Skip {
            let done = f64::min(1.0, case.target.map_or(sum / numerator, |target| sum / target));
            score = score * multiplier + done * (1.0 - multiplier);
        }
        found.push(score);
    }
    found
}

fn date(day: usize) -> Date {
    Date::new(2025, 1, 1).unwrap().saturating_add_days(i32::try_from(day).unwrap())
}

/// Our scores of the same days, after an import.
fn our_scores(case: &Case, marks: &[Mark]) -> Vec<f64> {
    let (kind, target) = match case.target {
        Some(target) => ("NUMERICAL", format!("pages,AT_LEAST,{target}")),
        None => ("YES_NO", ",,".to_owned()),
    };
    let (numerator, denominator) = (case.numerator, case.denominator);
    let habits = format!("{HEADER}\n001,Read,{kind},,,{numerator},{denominator},#FF8F00,{target},false\n");
    let mut checks = "Date,Value,Notes\n".to_owned();
    for (day, mark) in marks.iter().enumerate().rev() {
        let value = match (mark, case.target) {
            (Mark::Nothing, _) => continue,
            (Mark::Skip, _) => "SKIP".to_owned(),
            (Mark::Value(_), None) => "YES_MANUAL".to_owned(),
            (Mark::Value(value), Some(_)) => format!("{:.0}", value * 1_000.0),
        };
        writeln!(checks, "{},{value},", date(day)).unwrap();
    }
    let file = zip(&[("Habits.csv", &habits), ("001 Read/Checkmarks.csv", &checks)]);
    let (mut habit, mut days): (Option<Habit>, Vec<(Date, DayRecord)>) = (None, Vec::new());
    for event in events(ImportFormat::Loop, file) {
        match event {
            Event::Item { item: Item::Habit(found), .. } => habit = Some(*found),
            Event::Item { item: Item::Entry(entry), .. } => days.push((entry.date, entry.record())),
            _ => {}
        }
    }
    let habit = habit.unwrap();
    let history = History::rebuild(&habit.timeline, days);
    let range = DateRange::new(date(0), date(marks.len() - 1)).unwrap();
    let today = date(marks.len() + 5);
    scores(&habit.timeline, &history, range, today).into_iter().map(|score| score.value).collect()
}

/// Days by chance, the first of which is done.
fn marks(case: &Case, share: u64, skips: bool, seed: u64) -> Vec<Mark> {
    let mut dice = seed;
    let mut roll = move |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    (0..200)
        .map(|day| match roll(100) {
            _ if day == 0 => Mark::Value(case.target.map_or(1.0, |target| target / 2.0)),
            rolled if rolled < share => match case.target {
                Some(_) => Mark::Value(f64::from(u32::try_from(roll(20)).unwrap()) + 4.5),
                None => Mark::Value(1.0),
            },
            rolled if skips && rolled > 92 => Mark::Skip,
            _ => Mark::Nothing,
        })
        .collect()
}

fn largest_difference(case: &Case, marks: &[Mark]) -> f64 {
    let (ours, theirs) = (our_scores(case, marks), loop_scores(case, marks));
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(&theirs).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max)
}

#[test]
fn daily_habits_have_the_same_score_with_and_without_skips() {
    for target in [None, Some(10.0), Some(2.5)] {
        let case = Case { numerator: 1, denominator: 1, target };
        for (share, skips, seed) in [(80, true, 1), (50, true, 2), (20, false, 3), (100, false, 4)] {
            let difference = largest_difference(&case, &marks(&case, share, skips, seed));
            assert!(difference < 1e-4, "target {target:?}, {share} %: {difference}");
        }
    }
}

#[test]
fn quotas_have_the_same_score_where_they_are_of_any_days_in_a_row() {
    if support::rolling(1, 7).is_none() {
        return;
    }
    for (numerator, denominator) in [(1, 7), (3, 7), (2, 3), (10, 30)] {
        let case = Case { numerator, denominator, target: None };
        for (share, skips, seed) in [(15, false, 1), (40, true, 2), (90, true, 3)] {
            let difference = largest_difference(&case, &marks(&case, share, skips, seed));
            assert!(difference < 1e-4, "{numerator} in {denominator}, {share} %: {difference}");
        }
    }
}
