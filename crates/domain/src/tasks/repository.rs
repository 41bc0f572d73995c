//! What tasks need of a store.

use super::{Priority, Task, TaskStatus};
use crate::civil::{Date, Instant};
use crate::collation::sort_key;
use crate::error::StoreError;
use crate::ids::{TaskId, ThemeId, UserId};
use crate::revision::Revision;

/// Which tasks are wanted: those that meet all of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Of one of these statuses; of any if empty.
    pub statuses: Vec<TaskStatus>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Of this theme.
    pub theme: Option<ThemeId>,
    /// Due on this day or later.
    pub due_from: Option<Date>,
    /// Due on this day or earlier.
    pub due_to: Option<Date>,
    /// Open and due before the day (`true`), or all the others.
    pub overdue: Option<(Date, bool)>,
    /// Title or description contains this, as [`search_key`](crate::collation::search_key) has it.
    pub text: Option<String>,
}

/// What a list of tasks is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskSort {
    /// The day they are due; those without come last, in either direction.
    DueOn,
    /// From low to high.
    Priority,
    /// The time of creation.
    CreatedAt,
    /// The title.
    Title,
}

/// An order of tasks; among equals their ids decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskOrder {
    /// What decides.
    pub by: TaskSort,
    /// Whether the largest comes first.
    pub reversed: bool,
}

/// What a task's place in an order is decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskCursor {
    /// Of [`TaskSort::DueOn`].
    DueOn(Option<Date>),
    /// Of [`TaskSort::Priority`].
    Priority(Priority),
    /// Of [`TaskSort::CreatedAt`].
    CreatedAt(Instant),
    /// Of [`TaskSort::Title`]: the title's [`sort_key`].
    Title(String),
}

impl TaskCursor {
    /// A task's place in an order.
    pub fn of(task: &Task, by: TaskSort) -> Self {
        match by {
            TaskSort::DueOn => Self::DueOn(task.due_on),
            TaskSort::Priority => Self::Priority(task.priority),
            TaskSort::CreatedAt => Self::CreatedAt(task.created_at),
            TaskSort::Title => Self::Title(sort_key(task.title.as_str())),
        }
    }
}

/// Which part of a list of tasks is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSeek {
    /// In which order.
    pub order: TaskOrder,
    /// Behind the task with this place and id; from the beginning if absent. The place is one of `order.by`.
    pub beyond: Option<(TaskCursor, TaskId)>,
    /// Whether the list is read from that task back to its beginning (then what is nearest comes first).
    pub backwards: bool,
    /// At most so many.
    pub limit: usize,
}

/// Open tasks that are due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DueTasks {
    /// The first of them, by due day and id.
    pub items: Vec<Task>,
    /// How many there are in all.
    pub total: u32,
}

/// Tasks in a store.
pub trait TaskRepository {
    /// A part of the user's tasks, in one statement.
    fn tasks(&mut self, user: UserId, filter: &TaskFilter, seek: &TaskSeek) -> Result<Vec<Task>, StoreError>;

    /// The first `limit` open tasks that are due on a day or before, by due day and id, and how many there are in all; in
    /// one statement.
    fn tasks_due(&mut self, user: UserId, by: Date, limit: usize) -> Result<DueTasks, StoreError>;

    /// One task.
    fn find_task(&mut self, user: UserId, id: TaskId) -> Result<Option<Task>, StoreError>;

    /// How many tasks there are.
    fn task_total(&mut self, user: UserId) -> Result<i64, StoreError>;

    /// Stores a new task.
    fn insert_task(&mut self, user: UserId, task: &Task) -> Result<(), StoreError>;

    /// Stores everything of a task but its id, `created_at` and request digest.
    fn update_task(&mut self, user: UserId, task: &Task) -> Result<(), StoreError>;

    /// Takes the task off the time that was spent on it (stamping those rows), removes it and leaves a tombstone.
    /// Whether there was one.
    fn delete_task(&mut self, user: UserId, id: TaskId, rev: Revision, now: Instant) -> Result<bool, StoreError>;
}
