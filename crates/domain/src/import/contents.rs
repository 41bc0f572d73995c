//! What an account holds, all of it.

use crate::entity;
use crate::error::Error;
use crate::export::{PAGE, each_page};
use crate::habits::{Entry, Habit};
use crate::ids::UserId;
use crate::moods::{Mood, MoodMoment};
use crate::reminders::Reminder;
use crate::shared_pauses::SharedPause;
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::themes::Theme;
use crate::time_entries::TimeEntry;
use crate::timer::Timer;
use crate::unit_of_work::Store;
use crate::users::Settings;

/// What an account holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    /// Its settings.
    pub settings: Settings,
    /// Themes.
    pub themes: Vec<Theme>,
    /// Habits.
    pub habits: Vec<Habit>,
    /// Pauses of all habits.
    pub shared_pauses: Vec<SharedPause>,
    /// Entries, those included that exist only because time was tracked.
    pub entries: Vec<Entry>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// Time entries.
    pub time_entries: Vec<TimeEntry>,
    /// The timer, if one runs.
    pub timer: Option<Timer>,
    /// Reminders, oldest first.
    pub reminders: Vec<Reminder>,
    /// Sleep logs.
    pub sleep_logs: Vec<SleepLog>,
    /// Moods of days.
    pub moods: Vec<Mood>,
    /// Moods of moments.
    pub mood_moments: Vec<MoodMoment>,
}

/// All items of a list that is read page by page.
fn all<T, K: Copy>(
    key: impl Fn(&T) -> K,
    page: impl FnMut(Option<K>) -> Result<Vec<T>, Error>,
) -> Result<Vec<T>, Error> {
    let mut items = Vec::new();
    each_page(key, page, |item| {
        items.push(item);
        Ok(())
    })?;
    Ok(items)
}

impl Contents {
    /// Reads them.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such user; the store's.
    pub fn load(store: &mut dyn Store, user: UserId) -> Result<Self, Error> {
        let profile = store.find_user(user)?.ok_or(Error::not_found::<entity::User>())?;
        Ok(Self {
            settings: profile.settings,
            themes: store.themes(user)?,
            habits: store.habits(user)?,
            shared_pauses: store.shared_pauses(user)?,
            entries: all(|entry: &Entry| (entry.habit, entry.date), |after| Ok(store.entry_page(user, after, PAGE)?))?,
            tasks: all(|task: &Task| task.id, |after| Ok(store.task_page(user, after, PAGE)?))?,
            time_entries: all(|entry: &TimeEntry| entry.id, |after| Ok(store.time_entry_page(user, after, PAGE)?))?,
            timer: store.find_timer(user)?,
            reminders: store.reminders(user, None)?,
            sleep_logs: all(|log: &SleepLog| log.id, |after| Ok(store.sleep_log_page(user, after, PAGE)?))?,
            moods: all(|mood: &Mood| mood.date, |after| Ok(store.mood_page(user, after, PAGE)?))?,
            mood_moments: all(|moment: &MoodMoment| moment.id, |after| Ok(store.moment_page(user, after, PAGE)?))?,
        })
    }
}
