//! What only a start screen needs of a store: joins across features.

use crate::civil::{Date, DateRange};
use crate::error::StoreError;
use crate::habits::{HabitWithHistory, HabitWithRecent};
use crate::ids::UserId;
use crate::moods::MoodDay;
use crate::sleep::SleepLog;
use crate::timer::Timer;
use crate::users::Settings;

/// A user's settings, and the timer if it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsAndTimer {
    pub settings: Settings,
    pub timer: Option<Timer>,
}

/// Reads of several features at once.
pub trait HomeRepository {
    /// [`settings_and_recent`](crate::habits::HabitRepository::settings_and_recent) with the timer, in one statement.
    fn timer_and_recent(
        &mut self,
        user: UserId,
    ) -> Result<Option<(SettingsAndTimer, Vec<HabitWithRecent>)>, StoreError>;

    /// [`settings_and_habits`](crate::habits::HabitRepository::settings_and_habits) with the timer, in one statement.
    fn timer_and_habits(
        &mut self,
        user: UserId,
    ) -> Result<Option<(SettingsAndTimer, Vec<HabitWithHistory>)>, StoreError>;

    /// The logs of sleep of some dates, by start, and the mood and moments of a day (`None` without either), in one
    /// statement.
    fn sleep_and_mood(
        &mut self,
        user: UserId,
        sleep: DateRange,
        mood: Date,
    ) -> Result<(Vec<SleepLog>, Option<MoodDay>), StoreError>;
}
