//! Commands of a batch: what an app that was offline wants to be done.

use std::collections::BTreeSet;

use super::NamedItem;
use crate::civil::{Date, Instant};
use crate::code::Code;
use crate::entity::Entity;
use crate::error::{Error, StoreError};
use crate::habits::entries::{self, EntryPut};
use crate::habits::{self, EntryInput, EntryPatch, HabitPatch, NewHabit, NewPlan};
use crate::ids::{
    HabitId, Id, IdSource, MoodMomentId, SharedPauseId, SleepLogId, TaskId, ThemeId, TimeEntryId, UserId,
};
use crate::moods::{self, MomentPatch, MoodPut, NewMoment};
use crate::quantity::QuantityChange;
use crate::reminders::{self, NewReminder, ReminderId, ReminderPatch};
use crate::revision::{Expected, Revision};
use crate::shared_pauses::{self, NewSharedPause, SharedPausePatch};
use crate::sleep::{self, NewSleepLog, OnOverlap, SleepPatch};
use crate::tasks::{self, NewTask, TaskPatch, TaskStatus};
use crate::themes::{self, NewTheme, ThemePatch};
use crate::time_entries::{self, NewTimeEntry, TimeEntryPatch};
use crate::timer::{self, StartTimer};
use crate::unit_of_work::{UnitOfWorkError, WriteTransaction};
use crate::users::{self, SettingsPatch};

/// The most commands of a batch.
pub const MAX_COMMANDS: usize = 1_000;

/// How long it is known which commands were carried out, in seconds: 30 days.
pub const COMMAND_SECONDS: i64 = 30 * 86_400;

words! {
    /// What a command does.
    pub enum SyncOperation {
        /// Makes an item. Not of settings, entries and moods of days.
        Create = "create",
        /// Changes what is told of an item. Not of timers and moods of days.
        Update = "update",
        /// Makes an entry, or the mood of a day, or replaces it.
        Put = "put",
        /// Deletes an item. Not of settings.
        Delete = "delete",
        /// Adds to the value of an entry.
        Increment = "increment",
        /// Changes a task's status.
        Transition = "transition",
        /// Puts a version of schedule and target into a habit.
        PutPlan = "put_plan",
        /// Archives a habit.
        Archive = "archive",
        /// Restores an archived habit.
        Restore = "restore",
    }
}

/// A command; not an item.
#[derive(Debug)]
pub enum SyncCommand {}
impl Entity for SyncCommand {
    const NAME: &'static str = "sync_command";
}

/// The id of a command.
pub type CommandId = Id<SyncCommand>;

/// What is to be done with which item.
#[derive(Debug, Clone)]
pub enum Edit {
    UpdateSettings(SettingsPatch),
    CreateTheme(NewTheme),
    UpdateTheme(ThemeId, ThemePatch),
    DeleteTheme(ThemeId),
    CreateHabit(Box<NewHabit>),
    UpdateHabit(HabitId, Box<HabitPatch>),
    PutPlan(HabitId, Box<NewPlan>),
    ArchiveHabit(HabitId),
    RestoreHabit(HabitId),
    DeleteHabit(HabitId),
    CreateSharedPause(NewSharedPause),
    UpdateSharedPause(SharedPauseId, SharedPausePatch),
    DeleteSharedPause(SharedPauseId),
    CreateTask(NewTask),
    UpdateTask(TaskId, TaskPatch),
    TransitionTask(TaskId, TaskStatus),
    DeleteTask(TaskId),
    PutEntry(HabitId, Date, EntryInput),
    UpdateEntry(HabitId, Date, EntryPatch),
    IncrementEntry(HabitId, Date, QuantityChange),
    DeleteEntry(HabitId, Date),
    CreateTimeEntry(NewTimeEntry),
    UpdateTimeEntry(TimeEntryId, TimeEntryPatch),
    DeleteTimeEntry(TimeEntryId),
    StartTimer(StartTimer),
    DiscardTimer,
    CreateSleepLog(NewSleepLog, OnOverlap),
    UpdateSleepLog(SleepLogId, SleepPatch, OnOverlap),
    DeleteSleepLog(SleepLogId),
    PutMood(MoodPut),
    DeleteMood(Date),
    CreateMoment(NewMoment),
    UpdateMoment(MoodMomentId, MomentPatch),
    DeleteMoment(MoodMomentId),
    CreateReminder(NewReminder),
    UpdateReminder(ReminderId, ReminderPatch),
    DeleteReminder(ReminderId),
}

impl Edit {
    /// Whether nothing more is to be said of it.
    pub const fn takes_no_data(&self) -> bool {
        self.deletes() || matches!(self, Self::ArchiveHabit(_) | Self::RestoreHabit(_))
    }

    /// Whether it wants the item to be gone.
    const fn deletes(&self) -> bool {
        matches!(
            self,
            Self::DeleteTheme(_)
                | Self::DeleteHabit(_)
                | Self::DeleteSharedPause(_)
                | Self::DeleteTask(_)
                | Self::DeleteEntry(..)
                | Self::DeleteTimeEntry(_)
                | Self::DiscardTimer
                | Self::DeleteSleepLog(_)
                | Self::DeleteMood(_)
                | Self::DeleteMoment(_)
                | Self::DeleteReminder(_)
        )
    }

    fn run(&self, tx: &mut WriteTransaction<'_>, base: &Expected, ids: &dyn IdSource) -> Result<(), Error> {
        match self.clone() {
            Self::UpdateSettings(patch) => users::update_settings(tx, base, patch, ids).map(drop),
            Self::CreateTheme(new) => themes::create(tx, new).map(drop),
            Self::UpdateTheme(id, patch) => themes::update(tx, id, base, patch).map(drop),
            Self::DeleteTheme(id) => themes::delete(tx, id, base),
            Self::CreateHabit(new) => habits::create(tx, *new).map(drop),
            Self::UpdateHabit(id, patch) => habits::update(tx, id, base, *patch).map(drop),
            Self::PutPlan(id, new) => habits::put_plan(tx, id, base, *new).map(drop),
            Self::ArchiveHabit(id) => habits::archive(tx, id, base).map(drop),
            Self::RestoreHabit(id) => habits::restore(tx, id, base).map(drop),
            Self::DeleteHabit(id) => habits::delete(tx, id, base),
            Self::CreateSharedPause(new) => shared_pauses::create(tx, new).map(drop),
            Self::UpdateSharedPause(id, patch) => shared_pauses::update(tx, id, base, patch).map(drop),
            Self::DeleteSharedPause(id) => shared_pauses::delete(tx, id, base),
            Self::CreateTask(new) => tasks::create(tx, new).map(drop),
            Self::UpdateTask(id, patch) => tasks::update(tx, id, base, patch).map(drop),
            Self::TransitionTask(id, to) => tasks::transition(tx, id, base, to).map(drop),
            Self::DeleteTask(id) => tasks::delete(tx, id, base),
            Self::PutEntry(habit, date, input) => {
                entries::put(tx, &EntryPut { habit, date, input }, base, None).map(drop)
            }
            Self::UpdateEntry(habit, date, patch) => entries::patch(tx, habit, date, patch, base, None).map(drop),
            Self::IncrementEntry(habit, date, by) => entries::increment(tx, habit, date, by, None).map(drop),
            Self::DeleteEntry(habit, date) => entries::delete(tx, habit, date, base, None).map(drop),
            Self::CreateTimeEntry(new) => time_entries::create(tx, ids, new).map(drop),
            Self::UpdateTimeEntry(id, patch) => time_entries::update(tx, ids, id, base, patch).map(drop),
            Self::DeleteTimeEntry(id) => time_entries::delete(tx, id, base),
            Self::StartTimer(new) => timer::start(tx, new).map(drop),
            Self::DiscardTimer => timer::discard(tx),
            Self::CreateSleepLog(new, on_overlap) => sleep::create(tx, new, on_overlap).map(drop),
            Self::UpdateSleepLog(id, patch, on_overlap) => sleep::update(tx, id, base, patch, on_overlap).map(drop),
            Self::DeleteSleepLog(id) => sleep::delete(tx, id, base),
            Self::PutMood(put) => moods::put(tx, put, base).map(drop),
            Self::DeleteMood(date) => moods::delete(tx, date, base),
            Self::CreateMoment(new) => moods::create_moment(tx, new).map(drop),
            Self::UpdateMoment(id, patch) => moods::update_moment(tx, id, base, patch).map(drop),
            Self::DeleteMoment(id) => moods::delete_moment(tx, id, base),
            Self::CreateReminder(new) => reminders::create(tx, &new).map(drop),
            Self::UpdateReminder(id, patch) => {
                let subject = reminders::subject_of(tx.store, tx.user, id)?;
                reminders::update(tx, subject, id, base, &patch).map(drop)
            }
            Self::DeleteReminder(id) => {
                let subject = reminders::subject_of(tx.store, tx.user, id)?;
                reminders::delete(tx, subject, id, base)
            }
        }
    }
}

/// A command of a batch.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its id, which the client made: a command is carried out once.
    pub id: CommandId,
    /// The item.
    pub item: NamedItem,
    /// The revision that the client knows the item in.
    pub base: Expected,
    /// What is to be done.
    pub edit: Edit,
    /// A hash of the command, to recognise its repetition.
    pub digest: [u8; 32],
}

/// How a command ended, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommand {
    /// Its id.
    pub id: CommandId,
    /// Its hash.
    pub digest: [u8; 32],
    /// The revision that it was carried out in, or refused after.
    pub revision: Revision,
    /// What was told of its refusal, as JSON; none if it was carried out.
    pub refusal: Option<String>,
}

/// What is remembered of commands, in a store.
pub trait SyncCommandRepository {
    /// Which of these commands are known.
    fn find_commands(&mut self, user: UserId, ids: &[CommandId]) -> Result<Vec<StoredCommand>, StoreError>;

    /// Remembers commands that aren't known yet.
    fn insert_commands(&mut self, user: UserId, commands: &[StoredCommand], now: Instant) -> Result<(), StoreError>;

    /// Forgets the commands of before an instant. How many.
    fn purge_commands(&mut self, before: Instant) -> Result<usize, StoreError>;
}

/// Why commands weren't carried out.
#[derive(Debug)]
pub struct BatchFailed {
    /// The index of the first command that was refused.
    pub index: usize,
    /// Why.
    pub refusal: Refusal,
}

/// Why a command was refused.
#[derive(Debug)]
pub enum Refusal {
    /// Now.
    Now(Error),
    /// It was refused before; what was told of it then, as JSON.
    Before(String),
}

impl From<StoreError> for BatchFailed {
    fn from(error: StoreError) -> Self {
        Self { index: 0, refusal: Refusal::Now(error.into()) }
    }
}

impl UnitOfWorkError for BatchFailed {
    fn store_error(&self) -> Option<&StoreError> {
        match &self.refusal {
            Refusal::Now(error) => error.store_error(),
            Refusal::Before(_) => None,
        }
    }
}

/// Carries out commands, in order; those that were aren't carried out again. The revision of each.
///
/// # Errors
/// The first refusal: then the transaction must not be committed. Each refusal of the operation that a command stands for;
/// `id_taken` for another command with the id of one that is known. That what is to be deleted is gone is no error.
pub fn apply(
    tx: &mut WriteTransaction<'_>,
    commands: &[Command],
    ids: &dyn IdSource,
) -> Result<Vec<Revision>, BatchFailed> {
    let sent: Vec<CommandId> = commands.iter().map(|command| command.id).collect();
    let mut known = tx.store.find_commands(tx.user, &sent)?;
    let stored_before = known.len();
    let mut ended = Vec::with_capacity(commands.len());
    for (index, command) in commands.iter().enumerate() {
        let failed = |error| BatchFailed { index, refusal: Refusal::Now(error) };
        if let Some(stored) = known.iter().find(|stored| stored.id == command.id) {
            ensure_same(stored, command).map_err(failed)?;
            if let Some(told) = &stored.refusal {
                return Err(BatchFailed { index, refusal: Refusal::Before(told.clone()) });
            }
            ended.push(stored.revision);
            continue;
        }
        match command.edit.run(tx, &command.base, ids) {
            Err(Error::NotFound { .. }) if command.edit.deletes() => {}
            ran => ran.map_err(failed)?,
        }
        let stored = StoredCommand { id: command.id, digest: command.digest, revision: tx.rev, refusal: None };
        known.push(stored);
        ended.push(tx.rev);
    }
    tx.store.insert_commands(tx.user, known.get(stored_before..).unwrap_or_default(), tx.now)?;
    Ok(ended)
}

/// Remembers what was told of commands that were refused, so that they are refused alike if they are sent again.
///
/// # Errors
/// Those of the store.
pub fn remember_refusals(tx: &mut WriteTransaction<'_>, refused: &[(Command, String)]) -> Result<(), Error> {
    let sent: Vec<CommandId> = refused.iter().map(|(command, _)| command.id).collect();
    let mut known: BTreeSet<CommandId> =
        tx.store.find_commands(tx.user, &sent)?.iter().map(|stored| stored.id).collect();
    let mut new = Vec::new();
    for (command, told) in refused {
        if known.insert(command.id) {
            let (id, digest) = (command.id, command.digest);
            new.push(StoredCommand { id, digest, revision: tx.rev, refusal: Some(told.clone()) });
        }
    }
    Ok(tx.store.insert_commands(tx.user, &new, tx.now)?)
}

/// # Errors
/// `id_taken` if it is another command.
fn ensure_same(stored: &StoredCommand, command: &Command) -> Result<(), Error> {
    if stored.digest == command.digest {
        return Ok(());
    }
    Err(Error::conflict(Code::IdTaken, "there was another command with this id"))
}
