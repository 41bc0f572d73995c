//! Tasks: things to be done once, each in one of four states.

mod repository;
mod service;
mod status;

pub use repository::{DueTasks, TaskCursor, TaskFilter, TaskOrder, TaskRepository, TaskSeek, TaskSort};
pub use service::{NewTask, TaskList, TaskPatch, TaskQuery, create, delete, find, list, transition, update};
pub use status::{Priority, TaskStatus};

use serde::Serialize;

use crate::civil::{Date, Instant};
use crate::collation;
use crate::ids::{TaskId, ThemeId};
use crate::revision::Revision;
use crate::text::{Line, Prose};

/// A task's title: 1–200 characters.
pub type TaskTitle = Line<200>;
/// A task's description: at most 2,000 characters.
pub type TaskDescription = Prose<2000>;

/// The most tasks a user may have, done and cancelled ones included.
pub const MAX_TASKS: i64 = 20_000;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UserTask))]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// The title. Example: `Book the dentist`
    pub title: TaskTitle,
    /// The description.
    pub description: Option<TaskDescription>,
    /// How much it matters.
    pub priority: Priority,
    /// How far it is.
    pub status: TaskStatus,
    /// The day by which it should be done, in the user's own calendar; null without one.
    pub due_on: Option<Date>,
    /// The theme it belongs to.
    #[serde(rename = "theme_id")]
    pub theme: Option<ThemeId>,
    /// When it was done; null unless it is.
    pub completed_at: Option<Instant>,
    /// The time of creation.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    #[serde(skip)]
    pub rev: Revision,
    /// Hash of the request that created it, for idempotency.
    #[serde(skip)]
    pub request_digest: [u8; 32],
}

/// What tasks are sorted and searched by, computed from their texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskKeys {
    /// What titles are sorted by: [`collation::sort_key`].
    pub title: String,
    /// What is searched: the [`collation::search_key`]s of title and description.
    pub search: String,
}

impl TaskKeys {
    /// The keys of a task with these texts.
    pub fn of(title: &TaskTitle, description: Option<&TaskDescription>) -> Self {
        let described = description.map_or(String::new(), |text| collation::search_key(text.as_str()));
        // The line break separates title and description, so that no search matches across the two.
        let search = format!("{}\n{described}", collation::search_key(title.as_str()));
        Self { title: collation::sort_key(title.as_str()), search }
    }
}
