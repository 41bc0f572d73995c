//! A task as the API reads it.

use circadia_domain::ids::TaskId;
use circadia_domain::tasks::{NewTask, TaskPatch, TaskStatus};
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields};

impl Decode for NewTask {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(TaskId::parse);
        let title = fields.required("title");
        let description = fields.optional("description");
        let priority = fields.optional("priority").unwrap_or_default();
        let due_on = fields.optional("due_on");
        let theme = fields.optional("theme_id");
        fields.refuse(
            "status",
            "read_only",
            "can't be chosen: a task begins as `todo`; POST /tasks/{id}/transition changes it",
        );
        let request_digest = fields.request_digest();
        Some(Self { id: id?, title: title?, description, priority, due_on, theme, request_digest })
    }
}

impl Decode for TaskPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        fields.refuse(
            "status",
            "read_only",
            "can't be changed here: POST /tasks/{id}/transition with `{\"to\": …}` does",
        );
        Some(Self {
            title: fields.change("title"),
            description: fields.change_or_clear("description"),
            priority: fields.change("priority"),
            due_on: fields.change_or_clear("due_on"),
            theme: fields.change_or_clear("theme_id"),
        })
    }
}

/// A change of a task's status.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"to": "done"}))]
pub(in crate::routes) struct TransitionBody {
    /// The new status.
    pub(in crate::routes) to: TaskStatus,
}

impl Decode for TransitionBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let to = fields.required("to");
        Some(Self { to: to? })
    }
}
