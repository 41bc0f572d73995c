//! A task as the API shows and reads it.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::{TaskId, ThemeId};
use circadia_domain::tasks::{NewTask, Priority, Task, TaskDescription, TaskPatch, TaskStatus, TaskTitle};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields, date, text};

/// How far a task is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = TaskStatus)]
#[serde(rename_all = "snake_case")]
pub(in crate::routes) enum TaskStatusBody {
    /// Not begun. Can become `in_progress`, `done` or `cancelled`.
    Todo,
    /// Begun. Can become `todo`, `done` or `cancelled`.
    InProgress,
    /// Done. Can become `todo`.
    Done,
    /// Given up. Can become `todo`.
    Cancelled,
}

impl From<TaskStatus> for TaskStatusBody {
    fn from(status: TaskStatus) -> Self {
        match status {
            TaskStatus::Todo => Self::Todo,
            TaskStatus::InProgress => Self::InProgress,
            TaskStatus::Done => Self::Done,
            TaskStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// How much a task matters.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Priority)]
#[serde(rename_all = "snake_case")]
pub(in crate::routes) enum PriorityBody {
    /// It can wait.
    Low,
    /// As any other.
    Medium,
    /// Before others.
    High,
}

impl From<Priority> for PriorityBody {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Medium => Self::Medium,
            Priority::High => Self::High,
        }
    }
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(in crate::routes) struct TaskBody {
    /// The task's id.
    #[schema(value_type = Uuid)]
    pub id: TaskId,
    /// What is to be done.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Book the dentist")]
    pub title: TaskTitle,
    /// What it is about.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub description: Option<TaskDescription>,
    /// How much it matters.
    pub priority: PriorityBody,
    /// How far it is.
    pub status: TaskStatusBody,
    /// The day by which it should be done; null without one.
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<Date>,
    /// The theme it belongs to.
    #[schema(value_type = Option<Uuid>)]
    pub theme_id: Option<ThemeId>,
    /// When it was done; null unless it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed_at: Option<Instant>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

impl From<Task> for TaskBody {
    fn from(task: Task) -> Self {
        Self {
            id: task.id,
            title: task.title,
            description: task.description,
            priority: task.priority.into(),
            status: task.status.into(),
            due_on: task.due_on,
            theme_id: task.theme,
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

/// A task to make; it begins as `todo`.
#[derive(Debug, ToSchema)]
pub(super) struct CreateTaskBody {
    /// Its id, if the client wants to choose it.
    #[schema(value_type = Option<Uuid>)]
    id: Option<TaskId>,
    /// What is to be done.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Book the dentist")]
    title: TaskTitle,
    /// What it is about.
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<TaskDescription>,
    /// How much it matters; `medium` if absent.
    #[schema(value_type = Option<PriorityBody>)]
    priority: Option<Priority>,
    /// The day by which it should be done.
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Date>,
    /// The theme it belongs to.
    #[schema(value_type = Option<Uuid>)]
    theme_id: Option<ThemeId>,
}

impl Decode for CreateTaskBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", text(TaskId::parse));
        let title = fields.required("title", text(TaskTitle::parse));
        let description = fields.optional("description", text(TaskDescription::parse)).flatten();
        let priority = fields.optional("priority", text(Priority::parse));
        let due_on = fields.optional("due_on", text(date));
        let theme_id = fields.optional("theme_id", text(ThemeId::parse_reference));
        fields.refuse(
            "status",
            "read_only",
            "can't be chosen: a task begins as `todo`; POST /tasks/{id}/transition changes it",
        );
        Some(Self { id, title: title?, description, priority, due_on, theme_id })
    }
}

impl CreateTaskBody {
    /// The task to make, with a fresh id unless the client chose one.
    pub(super) fn into_new(self, fresh: impl FnOnce() -> TaskId, request_digest: [u8; 32]) -> NewTask {
        NewTask {
            id: self.id.unwrap_or_else(fresh),
            title: self.title,
            description: self.description,
            priority: self.priority.unwrap_or_default(),
            due_on: self.due_on,
            theme: self.theme_id,
            request_digest,
        }
    }
}

/// A change of a task (RFC 7396): what is absent stays, null clears. Its status is changed by
/// `POST /tasks/{task_id}/transition`.
#[derive(Debug, ToSchema)]
pub(super) struct UpdateTaskBody {
    /// What is to be done.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 200)]
    title: Option<TaskTitle>,
    /// What it is about.
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<Option<TaskDescription>>,
    /// How much it matters.
    #[schema(value_type = Option<PriorityBody>, nullable = false)]
    priority: Option<Priority>,
    /// The day by which it should be done.
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Option<Date>>,
    /// The theme it belongs to.
    #[schema(value_type = Option<Uuid>)]
    theme_id: Option<Option<ThemeId>>,
}

impl Decode for UpdateTaskBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let title = fields.change("title", text(TaskTitle::parse));
        let description = fields.change_or_clear("description", text(TaskDescription::parse)).map(Option::flatten);
        let priority = fields.change("priority", text(Priority::parse));
        let due_on = fields.change_or_clear("due_on", text(date));
        let theme_id = fields.change_or_clear("theme_id", text(ThemeId::parse_reference));
        fields.refuse(
            "status",
            "read_only",
            "can't be changed here: POST /tasks/{id}/transition with `{\"to\": …}` does",
        );
        Some(Self { title, description, priority, due_on, theme_id })
    }
}

impl From<UpdateTaskBody> for TaskPatch {
    fn from(body: UpdateTaskBody) -> Self {
        Self {
            title: body.title,
            description: body.description,
            priority: body.priority,
            due_on: body.due_on,
            theme: body.theme_id,
        }
    }
}

/// Where a task is to go.
#[derive(Debug, ToSchema)]
pub(super) struct TransitionBody {
    /// The new status.
    #[schema(value_type = TaskStatusBody)]
    pub(super) to: TaskStatus,
}

impl Decode for TransitionBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let to = fields.required("to", text(TaskStatus::parse));
        Some(Self { to: to? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<CreateTaskBody>();
        assert_documented::<UpdateTaskBody>();
        assert_documented::<TransitionBody>();
    }
}
