//! What a history says of days.

use std::collections::BTreeMap;

use circadia_domain::civil::Date;
use circadia_domain::habits::EntryState;

use super::days::{Days, at};
use super::document::{Step, Task};

/// The most days between two steps of a history that wasn't compacted: those without a sign of their own that lie further
/// from all others are averages of a month or a year, which the server leaves of what is older than 60 or 365 days.
const MAX_DAYS_APART: i32 = 20;

/// The steps of a history that tell of a day, each with it, in their order, and how many of it don't.
pub(super) fn steps<'t>(task: &'t Task, days: &Days) -> (Vec<(Date, &'t Step)>, usize) {
    let all: Vec<(Date, &Step)> =
        task.history.iter().filter_map(|step| Some((days.of_instant(at(step.date.as_ref())?), step))).collect();
    let is_told = |step: &Step| step.completed.is_some() || step.scored_up.is_some() || step.scored_down.is_some();
    let has_told = all.iter().any(|(_, step)| is_told(step));
    let is_near = |at: usize, other: Option<usize>| match (all.get(at), other.and_then(|other| all.get(other))) {
        (Some((day, _)), Some((other, _))) => day.days_until(*other).abs() <= MAX_DAYS_APART,
        _ => false,
    };
    let is_of_a_day = |at: usize, step: &Step| {
        if has_told {
            return is_told(step);
        }
        all.len() == 1 || is_near(at, at.checked_sub(1)) || is_near(at, at.checked_add(1))
    };
    let steps: Vec<(Date, &Step)> =
        all.iter().enumerate().filter(|(at, (_, step))| is_of_a_day(*at, step)).map(|(_, step)| *step).collect();
    let compacted = all.len() - steps.len();
    (steps, compacted)
}

/// What became of the days of a daily. That it was done is noted at once; that it wasn't, when the next day begins.
pub(super) fn daily_days(steps: &[(Date, &Step)]) -> BTreeMap<Date, EntryState> {
    if !steps.iter().any(|(_, step)| step.completed.is_some()) {
        return days_by_value(steps);
    }
    let mut days = BTreeMap::new();
    for (noted_on, step) in steps {
        match (step.completed, step.is_due) {
            (Some(true), _) => {
                days.insert(*noted_on, EntryState::Done);
            }
            (_, Some(true)) => {
                if let Some(on) = noted_on.pred() {
                    days.entry(on).or_insert(EntryState::Missed);
                }
            }
            _ => {}
        }
    }
    days
}

/// The same of older histories, which say only how the value went: up when it was done, and when the next day began down if
/// it was missed, or as it was.
fn days_by_value(steps: &[(Date, &Step)]) -> BTreeMap<Date, EntryState> {
    let (mut days, mut before) = (BTreeMap::new(), 0.0);
    for (noted_on, step) in steps {
        let Some(value) = step.value else { continue };
        if value > before {
            days.insert(*noted_on, EntryState::Done);
        } else if value < before && days.get(noted_on) == Some(&EntryState::Done) {
            // It was taken back.
            days.remove(noted_on);
        } else if value < before
            && let Some(on) = noted_on.pred()
        {
            days.entry(on).or_insert(EntryState::Missed);
        }
        before = value;
    }
    days
}

/// How many times a habit was counted on each day.
pub(super) fn times_of_days(steps: &[(Date, &Step)], is_bad: bool) -> BTreeMap<Date, u32> {
    let mut days: BTreeMap<Date, u32> = BTreeMap::new();
    let mut before: Option<f64> = None;
    for (date, step) in steps {
        let went = step.value.unwrap_or(0.0) - before.unwrap_or(0.0);
        before = step.value.or(before);
        let moved = if is_bad { went < 0.0 } else { went > 0.0 };
        let times = match (step.scored_up, step.scored_down) {
            (None, None) => u32::from(moved),
            (up, down) => if is_bad { down } else { up }.unwrap_or(0),
        };
        if times > 0 {
            let sum = days.entry(*date).or_default();
            *sum = sum.saturating_add(times);
        }
    }
    days
}
