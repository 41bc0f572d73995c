//! `GET /tasks`.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::code::Code;
use circadia_domain::ids::{TaskId, ThemeId};
use circadia_domain::tasks::{
    self, Priority, Task, TaskCursor, TaskFilter, TaskOrder, TaskQuery, TaskSeek, TaskSort, TaskStatus,
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Parsed, Query, sought, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::sort::{order_text, parse_order};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_tasks);
}

const SORTS: [(&str, TaskSort); 4] = [
    ("due_on", TaskSort::DueOn),
    ("priority", TaskSort::Priority),
    ("created_at", TaskSort::CreatedAt),
    ("title", TaskSort::Title),
];

fn order(given: &str) -> Parsed<TaskOrder> {
    let (by, reversed) = parse_order(&SORTS, given)?;
    Ok(TaskOrder { by, reversed })
}

/// A task's place in an order, as cursors hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum InputLocation {
    #[serde(rename = "d")]
    DueOn(Option<Date>),
    #[serde(rename = "p")]
    Priority(i32),
    #[serde(rename = "c")]
    CreatedAt(i64),
    #[serde(rename = "t")]
    Title(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    #[serde(rename = "v")]
    place: InputLocation,
    #[serde(rename = "i")]
    id: TaskId,
}

impl Key {
    fn of(task: &Task, by: TaskSort) -> Self {
        let place = match TaskCursor::of(task, by) {
            TaskCursor::DueOn(due_on) => InputLocation::DueOn(due_on),
            TaskCursor::Priority(priority) => InputLocation::Priority(priority.rank()),
            TaskCursor::CreatedAt(at) => InputLocation::CreatedAt(at.micros()),
            TaskCursor::Title(key) => InputLocation::Title(key),
        };
        Self { place, id: task.id }
    }

    /// The position as the domain's type. Returns `None` if the cursor wasn't issued for this order.
    fn into_place(self, by: TaskSort) -> Option<(TaskCursor, TaskId)> {
        let place = match (self.place, by) {
            (InputLocation::DueOn(due_on), TaskSort::DueOn) => TaskCursor::DueOn(due_on),
            (InputLocation::Priority(rank), TaskSort::Priority) => TaskCursor::Priority(Priority::from_rank(rank)?),
            (InputLocation::CreatedAt(micros), TaskSort::CreatedAt) => {
                TaskCursor::CreatedAt(Instant::from_micros(micros))
            }
            (InputLocation::Title(key), TaskSort::Title) if !key.contains('\0') => TaskCursor::Title(key),
            _ => return None,
        };
        Some((place, self.id))
    }
}

/// Filters and sort order of tasks.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only those of one of these statuses, separated by commas: `todo,in_progress`.
    #[param(style = Form, explode = false, example = json!(["todo", "in_progress"]))]
    status: Option<Vec<TaskStatus>>,
    /// Only those of this priority.
    priority: Option<Priority>,
    /// Only those of this theme.
    theme_id: Option<ThemeId>,
    /// Only those that are due on this day or later.
    due_from: Option<Date>,
    /// Only those that are due on this day or earlier.
    due_to: Option<Date>,
    /// `true`: only those that are open and were due before today; `false`: only the others.
    overdue: Option<bool>,
    /// Only those whose title or description contains this, ignoring case and accents.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `due_on` (default), `priority` (from low to high), `created_at` or `title`; a leading `-` reverses the order.
    /// Tasks without a due date come last in either direction; titles are ordered by the root of the Unicode collation:
    /// `apfel`, `Äpfel`, `zoo`. Ties are broken by id, which is the order of creation.
    #[param(value_type = Option<String>, pattern = "^-?(due_on|priority|created_at|title)$", example = "-priority")]
    sort: Option<TaskOrder>,
    /// The day to evaluate at. Defaults to the user's today. Determines `overdue`.
    on: Option<Date>,
    #[param(ignore)]
    page: PageRequest,
}

fn statuses(given: &str) -> Parsed<Vec<TaskStatus>> {
    given.split(',').map(|word| TaskStatus::parse(word.trim())).collect()
}

impl Decode for ListQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let status = fields.optional_with("status", text(statuses));
        let priority = fields.optional("priority");
        let theme_id = fields.optional("theme_id");
        let due_from = fields.optional("due_from");
        let due_to = fields.optional("due_to");
        if due_from.zip(due_to).is_some_and(|(from, to)| to < from) {
            fields.note("due_to", "before_start", "must not lie before `due_from`");
        }
        let overdue = fields.optional("overdue");
        let q = fields.optional_with("q", text(sought));
        let sort = fields.optional_with("sort", text(order));
        let on = fields.optional("on");
        let page = PageRequest::decode(fields)?;
        Some(Self { status, priority, theme_id, due_from, due_to, overdue, q, sort, on, page })
    }
}

/// List my tasks
///
/// Filters are combined: a task is listed if it meets all of them.
#[utoipa::path(
    get,
    path = "/tasks",
    tag = "tasks",
    operation_id = "listTasks",
    extensions(("x-scope" = json!("tasks:read"))),
    params(ListQuery, PageRequest),
    responses((status = 200, description = "A page of tasks", body = Page<Task>))
)]
async fn list_tasks(caller: Caller, query: Query<ListQuery>) -> Result<Page<Task>, Problem> {
    let query = query.0;
    let order = query.sort.unwrap_or(TaskOrder { by: TaskSort::DueOn, reversed: false });
    let sort = order_text(&SORTS, order.by, order.reversed);
    let start = query.page.start::<Key>(&sort)?;
    let (backwards, beyond) = start.direction();
    let invalid = || Problem::of(Code::InvalidCursor, "The cursor is not one that this list gave out in this order.");
    let beyond = beyond.map(|key| key.clone().into_place(order.by).ok_or_else(invalid)).transpose()?;
    let wanted = TaskQuery {
        filter: TaskFilter {
            statuses: query.status.unwrap_or_default(),
            priority: query.priority,
            theme: query.theme_id,
            due_from: query.due_from,
            due_to: query.due_to,
            overdue: None,
            text: query.q,
        },
        overdue: query.overdue,
        on: query.on,
        seek: TaskSeek { order, beyond, backwards, limit: query.page.limit + 1 },
    };
    let now = caller.now;
    let found = caller.query(move |store| tasks::list(store, caller.user, now, &wanted)).await?;
    let page = Page::of_selected(found, |task| Key::of(task, order.by), &sort, &query.page, &start);
    Ok(page.map(Task::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_orders_are_read_and_said() {
        for text in ["due_on", "-due_on", "priority", "-created_at", "title"] {
            let TaskOrder { by, reversed } = order(text).unwrap();
            assert_eq!(order_text(&SORTS, by, reversed), text);
        }
        assert!(order("--title").is_err() && order("status").is_err());
    }

    #[test]
    fn places_of_another_order_are_none_of_this() {
        let id = TaskId::parse("01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b").unwrap();
        let place = |place: InputLocation, by| Key { place, id }.into_place(by);
        assert!(place(InputLocation::Priority(2), TaskSort::Priority).is_some());
        assert!(place(InputLocation::Priority(4), TaskSort::Priority).is_none());
        assert!(place(InputLocation::Priority(2), TaskSort::Title).is_none());
        assert!(place(InputLocation::Title("a\0".into()), TaskSort::Title).is_none());
    }
}
