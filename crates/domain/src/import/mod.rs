//! The import of an export ([`crate::export`]) into an account.
//!
//! An import is planned first, in memory: what the account holds is read, every item is checked and held against it, and
//! what follows (pauses of habits, tracked minutes, histories) is computed. The plan is then written in the same
//! transaction. So a dry run tells exactly what an import would do.
//!
//! It takes what an account can have come to hold, which is more than what a single request can make: entries outside of a
//! window that was moved later, days that are fuller than allowed since a setting was changed.
//!
//! Keys begin with the user's id, so ids are kept, even if another user has the same. Of an item that the account has already,
//! the one that changed last stays. What was deleted comes back: that is what an export is kept for.

pub(crate) mod check;
mod contents;
mod days;
mod merge;
mod report;
mod repository;

pub use contents::Contents;
pub use merge::{Plan, plan};
pub use report::{Counts, Issue, MAX_ISSUES, Report};
pub use repository::ImportRepository;

use crate::error::Error;
use crate::habits::{Entry, Habit, History, projection};
use crate::ids::UserId;
use crate::moods::{Mood, MoodMoment};
use crate::reminders::Reminder;
use crate::revision::Revision;
use crate::shared_pauses::SharedPause;
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::themes::Theme;
use crate::time_entries::TimeEntry;
use crate::timer::Timer;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users::Settings;

/// The most violations of a document that are told.
pub const MAX_VIOLATIONS: usize = 100;

/// A document that was read: each value for itself is a right one. An item's place in its list is that in the document.
///
/// Habits have no copies of shared pauses, entries no tracked minutes, and reminders fall at no time: all this is computed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The settings; `None` leaves them.
    pub settings: Option<Settings>,
    /// Themes.
    pub themes: Vec<Theme>,
    /// Habits.
    pub habits: Vec<Habit>,
    /// Pauses of all habits.
    pub shared_pauses: Vec<SharedPause>,
    /// Entries.
    pub entries: Vec<Entry>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// Time entries.
    pub time_entries: Vec<TimeEntry>,
    /// The timer that ran.
    pub timer: Option<Timer>,
    /// Reminders.
    pub reminders: Vec<Reminder>,
    /// Sleep logs.
    pub sleep_logs: Vec<SleepLog>,
    /// Moods of days.
    pub moods: Vec<Mood>,
    /// Moods of moments.
    pub mood_moments: Vec<MoodMoment>,
}

/// The digest of an imported item, in place of that of the request which would have created it: no request has it, and no
/// two items do.
pub fn digest_of(id: uuid::Uuid) -> [u8; 32] {
    let mut digest = *b"circadia import                 ";
    let (_, place) = digest.split_at_mut(16);
    place.copy_from_slice(id.as_bytes());
    digest
}

/// Tells what an import would do. In one reading unit of work.
///
/// # Errors
/// [`Error::Invalid`] with everything that is wrong with the document.
pub fn dry_run(
    store: &mut dyn Store,
    user: UserId,
    now: crate::civil::Instant,
    document: &Document,
) -> Result<Report, Error> {
    let contents = Contents::load(store, user)?;
    Ok(plan(&contents, document, now, Revision(0))?.report)
}

/// Imports a document.
///
/// # Errors
/// [`Error::Invalid`] with everything that is wrong with the document.
pub fn run(tx: &mut WriteTransaction<'_>, document: &Document) -> Result<Report, Error> {
    let contents = Contents::load(tx.store, tx.user)?;
    let plan = plan(&contents, document, tx.now, tx.rev)?;
    drop(contents);
    apply(tx, &plan)?;
    Ok(plan.report)
}

fn apply(tx: &mut WriteTransaction<'_>, plan: &Plan) -> Result<(), Error> {
    let user = tx.user;
    if let Some(settings) = &plan.settings {
        tx.store.update_settings(user, settings, tx.rev, tx.now)?;
    }
    tx.store.put_themes(user, &plan.themes)?;
    tx.store.put_habits(user, &plan.habits)?;
    tx.store.put_shared_pauses(user, &plan.shared_pauses)?;
    projection::store_entries(tx, &plan.entries, &plan.removed_entries)?;
    let histories: Vec<(&Habit, &History)> = plan.histories.iter().map(|(habit, history)| (habit, history)).collect();
    if !histories.is_empty() {
        tx.store.put_histories(user, &histories)?;
    }
    tx.store.put_tasks(user, &plan.tasks)?;
    tx.store.put_time_entries(user, &plan.time_entries)?;
    if let Some(timer) = &plan.timer {
        tx.store.insert_timer(user, timer)?;
    }
    tx.store.put_reminders(user, &plan.reminders)?;
    tx.store.put_sleep_logs(user, &plan.sleep_logs)?;
    tx.store.put_moods(user, &plan.moods)?;
    Ok(tx.store.put_moments(user, &plan.mood_moments)?)
}
