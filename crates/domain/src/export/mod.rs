//! The export of an account: everything that its user keeps here, in one document.
//!
//! Secrets are never in it: password hashes, sessions, tokens, passkeys, second factors. What is derived from other parts
//! isn't either. `circadia_storage` lists every table with what becomes of it. [`crate::import`] reads the document back;
//! docs/EXPORT.md describes it.

mod items;
mod repository;

pub use items::{
    ExportedAccount, ExportedArchive, ExportedAuditEvent, ExportedEntry, ExportedHabit, ExportedImage, ExportedPause,
    ExportedPushSubscription, ExportedSecurityEvent, ExportedSignIn, LinkedProvider,
};
pub use repository::ExportRepository;

use serde::Serialize;

use crate::audit::AuditQuery;
use crate::civil::Instant;
use crate::error::Error;
use crate::habits::Entry;
use crate::ids::UserId;
use crate::logins::{LoginFilter, SecurityEventFilter};
use crate::moods::{Mood, MoodMoment};
use crate::reminders::ReminderView;
use crate::seek::NewestSeek;
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::time_entries::TimeEntry;
use crate::unit_of_work::Store;
use crate::users;

/// The document's `format`.
pub const FORMAT: &str = "circadia-export";

/// The document's `version`. Another one can't be read.
pub const VERSION: u32 = 1;

/// Items that are read at a time.
pub const PAGE: usize = 5_000;

/// The most sign-ins, security events and audit events of an export, of each: the latest ones.
pub const MAX_ACTIVITY: usize = 10_000;

words! {
    /// A list of an export: its member in the document, and its file in the archive of tables.
    pub enum Section {
        /// Themes.
        Themes = "themes",
        /// Habits, with their plans, pauses and archived days.
        Habits = "habits",
        /// Pauses of all habits.
        SharedPauses = "shared_pauses",
        /// What was said of habits' days.
        Entries = "entries",
        /// Tasks.
        Tasks = "tasks",
        /// Time that was spent.
        TimeEntries = "time_entries",
        /// Reminders of habits, tasks and bedtime.
        Reminders = "reminders",
        /// Sleep.
        SleepLogs = "sleep_logs",
        /// Moods of days.
        Moods = "moods",
        /// Moods of moments.
        MoodMoments = "mood_moments",
        /// Attempts to sign in.
        SignIns = "sign_ins",
        /// What was suspicious about them.
        SecurityEvents = "security_events",
        /// What was done to the account.
        AuditEvents = "audit_events",
    }
}

/// What is to be exported besides what the user keeps.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// The profile image, which the store doesn't hold.
    pub image: Option<ExportedImage>,
    /// Whether sign-ins, security events and audit events are part of it.
    pub activity: bool,
}

/// Where an export is written to: calls come in the order of the document.
pub trait ExportWriter {
    /// Begins the document.
    ///
    /// # Errors
    /// Those of writing.
    fn begin(&mut self, exported_at: Instant) -> Result<(), Error>;

    /// Writes a member that isn't a list: `account`, `settings` or `timer`.
    ///
    /// # Errors
    /// Those of writing.
    fn single(&mut self, name: &'static str, value: &impl Serialize) -> Result<(), Error>;

    /// Begins `activity`, an object that has the lists that follow up to the end; or says that there is none.
    ///
    /// # Errors
    /// Those of writing.
    fn activity(&mut self, there: bool) -> Result<(), Error>;

    /// Begins a list.
    ///
    /// # Errors
    /// Those of writing.
    fn begin_list(&mut self, section: Section) -> Result<(), Error>;

    /// Writes an item of the list that was begun last.
    ///
    /// # Errors
    /// Those of writing.
    fn item(&mut self, item: &impl Serialize) -> Result<(), Error>;

    /// Ends the list.
    ///
    /// # Errors
    /// Those of writing.
    fn end_list(&mut self) -> Result<(), Error>;

    /// Ends the document.
    ///
    /// # Errors
    /// Those of writing.
    fn end(&mut self) -> Result<(), Error>;
}

/// Writes a list that is at hand.
fn list<T: Serialize>(
    writer: &mut impl ExportWriter,
    section: Section,
    items: impl IntoIterator<Item = T>,
) -> Result<(), Error> {
    writer.begin_list(section)?;
    for item in items {
        writer.item(&item)?;
    }
    writer.end_list()
}

/// Writes a list page by page, in memory that doesn't grow with it. The next page begins after the key of the last item.
fn paged<T, K: Copy, U: Serialize>(
    writer: &mut impl ExportWriter,
    section: Section,
    key: impl Fn(&T) -> K,
    mut page: impl FnMut(Option<K>) -> Result<Vec<T>, Error>,
    shown: impl Fn(T) -> Option<U>,
) -> Result<(), Error> {
    writer.begin_list(section)?;
    each_page(key, &mut page, |item| match shown(item) {
        Some(item) => writer.item(&item),
        None => Ok(()),
    })?;
    writer.end_list()
}

/// Goes through all pages of a list.
pub(crate) fn each_page<T, K: Copy>(
    key: impl Fn(&T) -> K,
    mut page: impl FnMut(Option<K>) -> Result<Vec<T>, Error>,
    mut visit: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let items = page(after)?;
        let is_last = items.len() < PAGE;
        after = items.last().map(&key).or(after);
        items.into_iter().try_for_each(&mut visit)?;
        if is_last {
            return Ok(());
        }
    }
}

/// Writes everything of an account. In one reading unit of work, it is one snapshot.
///
/// # Errors
/// [`Error::NotFound`] if there is no such user; those of writing and of the store.
pub fn write(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    options: ExportOptions,
    writer: &mut impl ExportWriter,
) -> Result<(), Error> {
    let profile = users::find(store, user)?;
    writer.begin(now)?;
    let (identities, subscriptions) = (store.identities_of(user)?, store.push_subscriptions(user)?);
    writer.single("account", &ExportedAccount::new(&profile, options.image, identities, &subscriptions))?;
    writer.single("settings", &profile.settings)?;
    list(writer, Section::Themes, store.themes(user)?)?;
    list(writer, Section::Habits, store.habits(user)?.into_iter().map(ExportedHabit::from))?;
    list(writer, Section::SharedPauses, store.shared_pauses(user)?)?;
    paged(
        writer,
        Section::Entries,
        |entry: &Entry| (entry.habit, entry.date),
        |after| Ok(store.entry_page(user, after, PAGE)?),
        ExportedEntry::new,
    )?;
    paged(writer, Section::Tasks, |task: &Task| task.id, |after| Ok(store.task_page(user, after, PAGE)?), Some)?;
    paged(
        writer,
        Section::TimeEntries,
        |entry: &TimeEntry| entry.id,
        |after| Ok(store.time_entry_page(user, after, PAGE)?),
        Some,
    )?;
    writer.single("timer", &store.find_timer(user)?)?;
    list(writer, Section::Reminders, store.reminders(user, None)?.into_iter().map(ReminderView::from))?;
    paged(
        writer,
        Section::SleepLogs,
        |log: &SleepLog| log.id,
        |after| Ok(store.sleep_log_page(user, after, PAGE)?),
        Some,
    )?;
    paged(writer, Section::Moods, |mood: &Mood| mood.date, |after| Ok(store.mood_page(user, after, PAGE)?), Some)?;
    paged(
        writer,
        Section::MoodMoments,
        |moment: &MoodMoment| moment.id,
        |after| Ok(store.moment_page(user, after, PAGE)?),
        Some,
    )?;
    writer.activity(options.activity)?;
    if options.activity {
        write_activity(store, user, writer)?;
    }
    writer.end()
}

fn write_activity(store: &mut dyn Store, user: UserId, writer: &mut impl ExportWriter) -> Result<(), Error> {
    let filter = LoginFilter { user: Some(user), ..LoginFilter::default() };
    let newest = NewestSeek { beyond: None, backwards: false, skip: 0, limit: MAX_ACTIVITY };
    list(writer, Section::SignIns, store.logins(&filter, &newest)?.into_iter().map(ExportedSignIn::from))?;
    let filter = SecurityEventFilter { user: Some(user), ..SecurityEventFilter::default() };
    let newest = NewestSeek { beyond: None, backwards: false, skip: 0, limit: MAX_ACTIVITY };
    let events = store.security_events(&filter, &newest)?;
    list(writer, Section::SecurityEvents, events.into_iter().map(ExportedSecurityEvent::from))?;
    let sought = AuditQuery { subject: Some(user), ..AuditQuery::default() };
    let events = store.audit_events(&sought, MAX_ACTIVITY)?;
    list(writer, Section::AuditEvents, events.into_iter().map(|event| ExportedAuditEvent::new(event, user)))
}
