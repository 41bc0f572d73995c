//! The overview: one range of days across all trackers, compared with the range before it.
//!
//! Unknown is distinct from zero: for habits, tasks and time, no records mean 0; for sleep and mood, they mean unknown,
//! and means ignore such days. Civil dates only: no value depends on how long a day was. Rates and streaks are computed
//! by the habit engine.

mod diary;
mod habits;
mod input;
mod kpis;
mod tasks;
#[cfg(test)]
mod tests;
mod time;

pub use diary::{MoodPart, SleepPart};
pub use habits::{HabitsPart, RunningStreak, TOP_STREAKS, ThemeTally};
pub use input::{StatsRepository, TaskCount, TaskDone};
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
    /// The days it is compared with; null where there is nothing to compare with.
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
    let data = input::read(store, user, now, on, period)?;
    Ok(assemble(&data, period))
}

/// Assembles the overview from the data.
fn assemble(data: &input::InputData, period: Period) -> Overview {
    let first = data.first_day();
    let range = period.days(data.today, first);
    // There is no data before the first day to compare with.
    let previous = period.previous(range).filter(|previous| first.is_some_and(|first| first <= previous.to()));
    let pieces = Pieces::new(range);
    let habit_progress = data.habit_progress();
    let nights = nights(&data.sleeps);
    let habits = habits::part(data, &habit_progress, range, &pieces);
    let tasks = tasks::part(data, range, &pieces);
    let time = time::part(data, range, &pieces);
    let sleep = diary::sleep(&nights, range, &pieces, data.today);
    let mood = diary::mood(data, range, &pieces);
    let before = previous.map(|previous| {
        let (counted, days_done) = habits::totals(&habit_progress, previous);
        kpis::KpiValues {
            completion_rate: counted.all().rate(),
            days_done,
            tasks_completed: tasks::completed(data, previous),
            minutes: time::minutes(data, previous),
            sleep: diary::sleep_means(&nights, previous, data.today),
            mood: diary::mood_mean(data, previous).value(),
        }
    });
    let present = kpis::KpiValues {
        completion_rate: habits.counted.all().rate(),
        days_done: habits.days_done,
        tasks_completed: tasks.completed_in_range,
        minutes: time.minutes,
        sleep: (sleep.mean_seconds, sleep.mean_quality),
        mood: mood.mean,
    };
    let kpis = kpis::list(&present, before.as_ref());
    Overview { today: data.today, range, previous, pieces, kpis, habits, tasks, time, sleep, mood }
}
