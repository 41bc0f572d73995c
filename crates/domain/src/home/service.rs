//! Reading a start screen.

use super::{Home, MAX_DUE_TASKS, SettingsAndTimer};
use crate::civil::{Date, Instant};
use crate::error::{Error, StoreError};
use crate::habits::{self, HabitWithHistory, HabitWithRecent, WithHabits};
use crate::ids::UserId;
use crate::unit_of_work::Store;
use crate::users::Settings;
use crate::{quotes, sleep};

impl WithHabits for SettingsAndTimer {
    fn and_recent(store: &mut dyn Store, user: UserId) -> Result<Option<(Self, Vec<HabitWithRecent>)>, StoreError> {
        store.timer_and_recent(user)
    }

    fn and_histories(store: &mut dyn Store, user: UserId) -> Result<Option<(Self, Vec<HabitWithHistory>)>, StoreError> {
        store.timer_and_habits(user)
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// The start screen of a day; of the user's today if absent.
///
/// Four statements, each of which answers for parts of its own: one for habits, settings and timer, one for tasks, one
/// for sleep and mood, one for the quotation. One more for who stayed in bed for days.
pub fn home(store: &mut dyn Store, user: UserId, now: Instant, on: Option<Date>) -> Result<Home, Error> {
    let (SettingsAndTimer { settings, timer }, habits) = habits::today_with(store, user, now, on)?;
    let date = habits.date;
    let tasks = store.tasks_due(user, date, MAX_DUE_TASKS)?;
    let mut mood = None;
    let night = sleep::day_with(date, |dates| {
        let (logs, found) = store.sleep_and_mood(user, dates, date)?;
        mood = found;
        Ok(logs)
    })?;
    let sleep = (!night.logs.is_empty()).then_some((night, settings.sleep_goal));
    let quote = quotes::of_day(store, user, &settings.locale, date)?;
    Ok(Home { date, habits, tasks, timer, sleep, mood, quote })
}
