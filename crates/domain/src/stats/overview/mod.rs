//! Everything at a glance: one range of days across all trackers, beside the range before it.
//!
//! Days that say nothing are told apart from days that say zero: of habits, tasks and time nothing done is 0; of sleep
//! and mood nothing recorded is unknown, and no mean takes it in. Civil dates only: no number here depends on how long a
//! day was. Rates and streaks are the engine's own.

mod diary;
mod facts;
mod habits;
mod kpis;
mod tasks;
#[cfg(test)]
mod tests;
mod time;

pub use diary::{MoodPart, SleepPart};
pub use facts::{StatsRepository, TaskCount, TaskDone};
pub use habits::{HabitsPart, RunningStreak, TOP_STREAKS, ThemeTally};
pub use kpis::{Kpi, KpiKey, KpiUnit};
pub use tasks::{PriorityTally, TaskTally, TasksPart, ThemeTasks};
pub use time::{ThemeTime, TimePart};

use super::period::{Period, Pieces};
use crate::civil::{Date, DateRange, Instant};
use crate::error::Error;
use crate::ids::UserId;
use crate::sleep::nights;
use crate::unit_of_work::Store;

/// The overview of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// As of this day.
    pub today: Date,
    /// Its days.
    pub range: DateRange,
    /// The days it is compared with; nothing where there is nothing to compare with.
    pub previous: Option<DateRange>,
    /// How its charts cut the days.
    pub pieces: Pieces,
    /// The figures that matter most.
    pub kpis: Vec<Kpi>,
    /// Habits.
    pub habits: HabitsPart,
    /// Tasks.
    pub tasks: TasksPart,
    /// Tracked time.
    pub time: TimePart,
    /// Nights.
    pub sleep: SleepPart,
    /// Moods.
    pub mood: MoodPart,
}

/// The overview as of a day, the user's today if none is named. A constant number of statements.
pub fn overview(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    on: Option<Date>,
    period: Period,
) -> Result<Overview, Error> {
    let facts = facts::read(store, user, now, on, period)?;
    Ok(made(&facts, period))
}

/// The overview of what was read.
fn made(facts: &facts::Facts, period: Period) -> Overview {
    let first = facts.first_day();
    let range = period.days(facts.today, first);
    // Nothing was kept before the first day: there is nothing to compare with.
    let previous = period.previous(range).filter(|previous| first.is_some_and(|first| first <= previous.to()));
    let pieces = Pieces::new(range);
    let kept = facts.kept();
    let nights = nights(&facts.sleeps);
    let habits = habits::part(facts, &kept, range, &pieces);
    let tasks = tasks::part(facts, range, &pieces);
    let time = time::part(facts, range, &pieces);
    let sleep = diary::sleep(&nights, range, &pieces, facts.today);
    let mood = diary::mood(facts, range, &pieces);
    let before = previous.map(|previous| kpis::Figures {
        completion_rate: habits::rate(&kept, previous),
        days_done: habits::days_done(&kept, previous),
        tasks_completed: tasks::completed(facts, previous),
        minutes: time::minutes(facts, previous),
        sleep: diary::sleep_means(&nights, previous, facts.today),
        mood: diary::mood_mean(facts, previous).value(),
    });
    let present = kpis::Figures {
        completion_rate: habits.completion_rate,
        days_done: habits.done,
        tasks_completed: tasks.completed_in_range,
        minutes: time.minutes,
        sleep: (sleep.mean_seconds, sleep.mean_quality),
        mood: mood.mean,
    };
    let kpis = kpis::list(&present, before.as_ref());
    Overview { today: facts.today, range, previous, pieces, kpis, habits, tasks, time, sleep, mood }
}
