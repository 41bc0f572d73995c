//! What is read from the file of another app.

use std::borrow::Cow;

use crate::civil::Instant;
use crate::habits::{Entry, Habit};
use crate::moods::{Mood, MoodMoment};
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::themes::Theme;
use crate::time_entries::TimeEntry;

words! {
    /// What an item is.
    #[derive(PartialOrd, Ord)]
    pub enum ItemKind {
        /// A theme.
        Theme = "theme",
        /// A habit.
        Habit = "habit",
        /// What was said of a habit's day.
        Entry = "entry",
        /// A task.
        Task = "task",
        /// Time that was spent.
        TimeEntry = "time_entry",
        /// A sleep.
        SleepLog = "sleep_log",
        /// A day's mood.
        Mood = "mood",
        /// A moment's mood.
        MoodMoment = "mood_moment",
    }
}

/// An item, as it is to be stored but for revision, and for what the store knows better (positions, copies of pauses).
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A theme.
    Theme(Theme),
    /// A habit. It comes before what belongs to it.
    Habit(Box<Habit>),
    /// An entry.
    Entry(Entry),
    /// A task.
    Task(Box<Task>),
    /// A time entry.
    TimeEntry(Box<TimeEntry>),
    /// A sleep log.
    SleepLog(Box<SleepLog>),
    /// A day's mood.
    Mood(Mood),
    /// A moment's mood.
    MoodMoment(Box<MoodMoment>),
}

impl Item {
    /// What it is.
    pub const fn kind(&self) -> ItemKind {
        match self {
            Self::Theme(_) => ItemKind::Theme,
            Self::Habit(_) => ItemKind::Habit,
            Self::Entry(_) => ItemKind::Entry,
            Self::Task(_) => ItemKind::Task,
            Self::TimeEntry(_) => ItemKind::TimeEntry,
            Self::SleepLog(_) => ItemKind::SleepLog,
            Self::Mood(_) => ItemKind::Mood,
            Self::MoodMoment(_) => ItemKind::MoodMoment,
        }
    }

    /// What people call it.
    pub fn label(&self) -> String {
        match self {
            Self::Theme(theme) => theme.name.to_string(),
            Self::Habit(habit) => habit.name.to_string(),
            Self::Entry(entry) => entry.date.to_string(),
            Self::Task(task) => task.title.to_string(),
            Self::TimeEntry(entry) => entry.date.to_string(),
            Self::SleepLog(log) => log.sleep.date.to_string(),
            Self::Mood(mood) => mood.date.to_string(),
            Self::MoodMoment(moment) => moment.date.to_string(),
        }
    }

    /// Stamps when it was made: not later than `now`.
    pub(super) fn stamp(&mut self, now: Instant) {
        let (created_at, updated_at) = match self {
            Self::Theme(theme) => (&mut theme.created_at, &mut theme.updated_at),
            Self::Habit(habit) => (&mut habit.created_at, &mut habit.updated_at),
            Self::Entry(entry) => (&mut entry.created_at, &mut entry.updated_at),
            Self::Task(task) => (&mut task.created_at, &mut task.updated_at),
            Self::TimeEntry(entry) => (&mut entry.created_at, &mut entry.updated_at),
            Self::SleepLog(log) => (&mut log.created_at, &mut log.updated_at),
            Self::Mood(mood) => (&mut mood.created_at, &mut mood.updated_at),
            Self::MoodMoment(moment) => (&mut moment.created_at, &mut moment.updated_at),
        };
        *created_at = (*created_at).min(now);
        *updated_at = now;
    }
}

/// Where something stands in the file: its line, or its place in the file's list; counted from 1.
pub type Line = u64;

/// What the reader of a file tells, one after the other. The same file tells the same.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An item.
    Item {
        /// Where it stands.
        line: Line,
        /// The item.
        item: Item,
    },
    /// Something that isn't taken over, or not as it is.
    Note {
        /// Where it stands.
        line: Line,
        /// What it would have been; none if that can't be told.
        kind: Option<ItemKind>,
        /// Whether nothing is taken over of it; else it is taken over, but not as it is.
        is_skipped: bool,
        /// Why, for programs.
        code: &'static str,
        /// Why, for people.
        detail: Cow<'static, str>,
    },
}
