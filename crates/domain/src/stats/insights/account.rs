//! The series of an account, as they are stored, and what is found in them.

use std::collections::HashMap;

use super::{Insights, Series, Subject, examine};
use crate::civil::{Date, DateRange, Instant};
use crate::entity;
use crate::error::Error;
use crate::habits::{Habit, HabitName, History, Progress};
use crate::ids::{HabitId, UserId};
use crate::quantity::Quantity;
use crate::sleep::{ClockTime, Night, clock_mean, night_of_each_date, nights, sleeps_around};
use crate::stats::period::Period;
use crate::unit_of_work::Store;

/// Maximum number of days analysed; of longer ranges the latest ones, because old data says little about the present.
pub const MOST_DAYS: u32 = 730;

/// The result of an analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The days that were looked at.
    pub range: DateRange,
    /// The tested and untested pairs.
    pub insights: Insights,
    /// The names of the habits.
    pub names: HashMap<HabitId, HabitName>,
}

impl Analysis {
    /// The name of a habit; `None` for other subjects.
    pub fn name(&self, subject: Subject) -> Option<&HabitName> {
        match subject {
            Subject::Habit(id) => self.names.get(&id),
            _ => None,
        }
    }
}

/// Examines what a user recorded, as of a day (the user's today if none is named), at a rate of false discoveries. A
/// constant number of statements.
pub fn of_account(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    on: Option<Date>,
    period: Period,
    rate: f64,
) -> Result<Analysis, Error> {
    let (settings, habits) = store.settings_and_habits(user)?.ok_or(Error::not_found::<entity::User>())?;
    let today = on.unwrap_or_else(|| settings.today(now));
    let range = latest(period.days(today, Some(Date::MIN)));
    // What is done on the last day bears on the night and the mood of the next.
    let mut series = Vec::new();
    let amounts: HashMap<(HabitId, Date), Quantity> =
        store.amounts(user, range)?.into_iter().map(|(habit, date, value)| ((habit, date), value)).collect();
    for (habit, history) in &habits {
        series.push(of_habit(habit, history, &amounts, range, today));
    }
    series
        .push(Series::new(Subject::Mood, store.mood_values(user, range)?.into_iter().map(|day| (day.date, day.value))));
    let minutes: Vec<(Date, u64)> =
        store.time_by_day(user, range, None)?.into_iter().map(|(date, spent)| (date, spent.minutes)).collect();
    series.push(of_minutes(&minutes));
    let nights = nights(&sleeps_around(store, user, range)?);
    series.extend(of_nights(&nights, range));
    let names = habits.into_iter().map(|(habit, _)| (habit.id, habit.name)).collect();
    Ok(Analysis { range, insights: examine(&series, rate), names })
}

fn latest(range: DateRange) -> DateRange {
    let first = range.to().saturating_add_days(1 - MOST_DAYS.cast_signed());
    DateRange::new(range.from().max(first), range.to()).unwrap_or(range)
}

/// Done or not on each day it could have been; where every day has a target the day's value, 0 where none was recorded.
fn of_habit(
    habit: &Habit,
    history: &History,
    amounts: &HashMap<(HabitId, Date), Quantity>,
    days: DateRange,
    today: Date,
) -> Series {
    let days = Progress::new(&habit.timeline, history, today).available_days(days);
    let measured = days.iter().all(|(date, _)| habit.timeline.plan_on(*date).kind.target().is_some());
    let value = |(date, done): &(Date, bool)| {
        let value = if measured {
            amounts.get(&(habit.id, *date)).map_or(0.0, |value| value.to_f64())
        } else {
            f64::from(u8::from(*done))
        };
        (*date, value)
    };
    Series::new(Subject::Habit(habit.id), days.iter().map(value))
}

/// Minutes of each day from the first tracked one to the last; days in between without any count as 0.
fn of_minutes(minutes: &[(Date, u64)]) -> Series {
    let known: HashMap<Date, u64> = minutes.iter().copied().collect();
    let tracked = minutes.first().zip(minutes.last()).and_then(|((first, _), (last, _))| DateRange::new(*first, *last));
    let days = tracked.into_iter().flat_map(DateRange::iter).map(|date| {
        let minutes = known.get(&date).copied().unwrap_or(0);
        (date, f64::from(u32::try_from(minutes).unwrap_or(u32::MAX)))
    });
    Series::new(Subject::TrackedMinutes, days)
}

fn of_nights(nights: &[Night], range: DateRange) -> [Series; 3] {
    let nights: Vec<Night> =
        night_of_each_date(nights).into_values().filter(|night| range.contains(night.date)).collect();
    // Times of day become numbers that can be compared by their distance from the mean: midnight is no edge.
    let usual = clock_mean(nights.iter().map(|night| night.mid_time)).map_or(ClockTime::MIDNIGHT, |mean| mean.time);
    let each = |value: &dyn Fn(&Night) -> Option<f64>| -> Vec<(Date, f64)> {
        nights.iter().filter_map(|night| Some((night.date, value(night)?))).collect()
    };
    [
        Series::new(Subject::SleepDuration, each(&|night| Some(f64::from(night.asleep_seconds) / 3600.0))),
        Series::new(Subject::SleepQuality, each(&Night::mean_quality)),
        Series::new(Subject::MidSleep, each(&|night| Some(night.mid_time.after(usual) / 3600.0))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::ZoneOrOffset;
    use crate::sleep::{Sleep, SleepKind};

    fn night(start: &str, end: &str, date: &str) -> Sleep {
        Sleep {
            start: Instant::parse(start).unwrap(),
            end: Instant::parse(end).unwrap(),
            date: Date::parse(date).unwrap(),
            zone: ZoneOrOffset::UTC,
            kind: SleepKind::Main,
            quality: None,
            awake_seconds: Some(1_800),
        }
    }

    #[test]
    fn the_middle_of_sleep_is_told_by_its_distance_from_the_usual_one() {
        // Middles at 23:30 and 01:30, whose mean is 00:30; eight hours in bed, half an hour of it awake.
        let sleeps = [
            night("2026-03-09T19:30:00Z", "2026-03-10T03:30:00Z", "2026-03-10"),
            night("2026-03-10T21:30:00Z", "2026-03-11T05:30:00Z", "2026-03-11"),
        ];
        let [duration, quality, middle] = of_nights(&nights(&sleeps), DateRange::ALL);
        let expected = |subject, values: [f64; 2]| {
            Series::new(subject, sleeps.iter().zip(values).map(|(sleep, value)| (sleep.date, value)))
        };
        assert_eq!(duration, expected(Subject::SleepDuration, [7.5, 7.5]));
        assert!(quality.is_empty());
        let found: Vec<f64> = middle.values().collect();
        assert!((found[0] + 1.0).abs() < 1e-9 && (found[1] - 1.0).abs() < 1e-9, "{found:?}");
    }
}
