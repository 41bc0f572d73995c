//! What habits and their entries need of a store.

use super::{DayRecord, Entry, Habit, History, Recent};
use crate::civil::{Date, DateRange, Instant};
use crate::error::StoreError;
use crate::ids::{HabitId, UserId};
use crate::quantity::Quantity;
use crate::revision::Revision;
use crate::seek::DateSeek;
use crate::users::Settings;

/// How many habits a user has, and where the last of them stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HabitTotals {
    /// All, archived ones included.
    pub count: i64,
    /// The largest position; none without habits.
    pub last_position: Option<i32>,
}

/// A user's settings, and what was read with them.
pub type WithSettings<T> = (Settings, T);

/// A habit, and everything that is known of its days.
pub type HabitWithHistory = (Habit, History);

/// A habit, and what is known of its latest days.
pub type HabitWithRecent = (Habit, Recent);

/// How much of histories is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryPart {
    /// The recent part, as it is stored.
    Recent,
    /// All.
    Whole,
}

/// What a write to a habit's day needs to know.
#[derive(Debug, Clone)]
pub struct DayToWrite {
    /// The user's settings.
    pub settings: Settings,
    /// The habit with its history and its entry for the day; `None` if the user has no such habit.
    pub written: Option<(Habit, History, Option<Entry>)>,
    /// The user's other habits, in no order.
    pub others: Vec<HabitWithRecent>,
}

/// Which entries across habits are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFilter {
    /// Of these days.
    pub range: DateRange,
    /// Of these habits; of all if absent.
    pub habits: Option<Vec<HabitId>>,
}

/// Which part of a list of entries across habits, by date and habit, is wanted.
pub type EntrySeek = DateSeek<HabitId>;

/// Habits in a store.
pub trait HabitRepository {
    /// All habits of a user, by position and id.
    fn habits(&mut self, user: UserId) -> Result<Vec<Habit>, StoreError>;

    /// A user's settings, and all of the user's habits with their histories, by position and id, in one statement. `None`
    /// if there is no such user.
    fn settings_and_habits(&mut self, user: UserId) -> Result<Option<WithSettings<Vec<HabitWithHistory>>>, StoreError>;

    /// A user's settings, and all of the user's habits with the recent parts of their histories, by position and id, in
    /// one statement that reads no more than those. `None` if there is no such user.
    fn settings_and_recent(&mut self, user: UserId) -> Result<Option<WithSettings<Vec<HabitWithRecent>>>, StoreError>;

    /// A user's settings and one of the user's habits, in one statement. `None` if there is no such user.
    fn settings_and_habit(
        &mut self,
        user: UserId,
        id: HabitId,
    ) -> Result<Option<WithSettings<Option<Habit>>>, StoreError>;

    /// A user's settings, and one of the user's habits with its history, in one statement. `None` if there is no such
    /// user.
    fn settings_and_history(
        &mut self,
        user: UserId,
        id: HabitId,
    ) -> Result<Option<WithSettings<Option<HabitWithHistory>>>, StoreError>;

    /// One habit.
    fn find_habit(&mut self, user: UserId, id: HabitId) -> Result<Option<Habit>, StoreError>;

    /// Several habits in one statement; unknown ones are left out.
    fn find_habits(&mut self, user: UserId, ids: &[HabitId]) -> Result<Vec<(Habit, History)>, StoreError>;

    /// Several habits without their histories, in one statement; unknown ones are left out.
    fn habits_with_ids(&mut self, user: UserId, ids: &[HabitId]) -> Result<Vec<Habit>, StoreError>;

    /// What a write to a habit's day needs to know, in two statements; `None` if there is no such user.
    fn day_to_write(
        &mut self,
        user: UserId,
        id: HabitId,
        date: Date,
        others: HistoryPart,
    ) -> Result<Option<DayToWrite>, StoreError>;

    /// One habit with its history and its entry for a date, in one statement.
    fn find_habit_day(
        &mut self,
        user: UserId,
        id: HabitId,
        date: Date,
    ) -> Result<Option<(Habit, History, Option<Entry>)>, StoreError>;

    /// The recent part of a habit's history as it is stored; `None` if it has no history.
    fn find_recent(&mut self, user: UserId, id: HabitId) -> Result<Option<Recent>, StoreError>;

    /// How many there are, and the largest position.
    fn habit_totals(&mut self, user: UserId) -> Result<HabitTotals, StoreError>;

    /// Stores a new habit.
    fn insert_habit(&mut self, user: UserId, habit: &Habit) -> Result<(), StoreError>;

    /// Stores everything of a habit but its id, `created_at` and request digest.
    fn update_habit(&mut self, user: UserId, habit: &Habit) -> Result<(), StoreError>;

    /// Stores the pauses, `updated_at` and the revision of several habits that are stored already, in a bounded number of
    /// statements.
    fn put_pauses(&mut self, user: UserId, habits: &[&Habit]) -> Result<(), StoreError>;

    /// Moves habits: new positions for those listed, stamped with the revision, in a bounded number of statements.
    fn move_habits(
        &mut self,
        user: UserId,
        positions: &[(HabitId, i32)],
        rev: Revision,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Takes the habit off the time that was spent on it (stamping those rows), removes it, its entries and its history,
    /// and leaves a tombstone. Whether there was one.
    fn delete_habit(&mut self, user: UserId, id: HabitId, rev: Revision, now: Instant) -> Result<bool, StoreError>;

    /// Stores histories with their recent parts, as the habits' timelines make them, replacing what was stored; in a
    /// bounded number of statements.
    fn put_histories(&mut self, user: UserId, histories: &[(&Habit, &History)]) -> Result<(), StoreError>;
}

/// Entries in a store.
pub trait EntryRepository {
    /// The entries of several habits and dates, in a bounded number of statements.
    fn find_entries(&mut self, user: UserId, keys: &[(HabitId, Date)]) -> Result<Vec<Entry>, StoreError>;

    /// A habit's entries in a range by date, at most `limit` of them: the first ones, or from the end if `backwards`
    /// (then the latest comes first).
    fn entries(
        &mut self,
        user: UserId,
        habit: HabitId,
        range: DateRange,
        limit: usize,
        backwards: bool,
    ) -> Result<Vec<Entry>, StoreError>;

    /// A part of the entries of all of a user's habits, in one statement.
    fn entries_across(
        &mut self,
        user: UserId,
        filter: &EntryFilter,
        seek: &EntrySeek,
    ) -> Result<Vec<Entry>, StoreError>;

    /// What the engine needs to know of each day of a habit, by date.
    fn day_records(&mut self, user: UserId, habit: HabitId) -> Result<Vec<(Date, DayRecord)>, StoreError>;

    /// The values (entered and tracked) of all of a user's habits in a range, by habit and date; days without a value
    /// are left out.
    fn amounts(&mut self, user: UserId, range: DateRange) -> Result<Vec<(HabitId, Date, Quantity)>, StoreError>;

    /// Stores an entry and the habit's history, replacing what was stored of both; in one statement where the database
    /// can.
    fn put_entry_and_history(
        &mut self,
        user: UserId,
        entry: &Entry,
        habit: &Habit,
        history: &History,
    ) -> Result<(), StoreError>;

    /// Stores entries, replacing those of the same habit and date (whose `created_at` stays), in a bounded number of
    /// statements.
    fn put_entries(&mut self, user: UserId, entries: &[Entry]) -> Result<(), StoreError>;

    /// Removes entries and leaves a tombstone of each, in a bounded number of statements. How many there were.
    fn delete_entries(
        &mut self,
        user: UserId,
        keys: &[(HabitId, Date)],
        rev: Revision,
        now: Instant,
    ) -> Result<usize, StoreError>;
}
