//! `GET /time-entries`.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::ids::{HabitId, TaskId, TimeEntryId};
use circadia_domain::time_entries::{self, TimeEntry, TimeFilter};
use utoipa::IntoParams;

use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::{DateKey, DateOrder};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_time_entries);
}

/// Filters and sort order of time entries.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// The first day; the first of all if absent.
    from: Option<Date>,
    /// The last day; the last of all if absent.
    to: Option<Date>,
    /// Only those that were spent on this habit.
    habit_id: Option<HabitId>,
    /// Only those that were spent on this task.
    task_id: Option<TaskId>,
    /// `date` (default), or `-date` for the latest first; within a day, the order in which they were made.
    #[param(value_type = Option<String>, pattern = "^-?(date)$", example = "-date")]
    sort: DateOrder,
    #[param(ignore)]
    page: PageRequest,
}

impl Decode for ListQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.optional("from");
        let to = fields.optional("to");
        fields.note_reversed(from, to);
        let habit_id = fields.optional("habit_id");
        let task_id = fields.optional("task_id");
        let sort = DateOrder::decode(fields);
        Some(Self { from, to, habit_id, task_id, sort, page: PageRequest::decode(fields)? })
    }
}

/// List my time entries
///
/// Filters are combined; a running timer is not among them.
#[utoipa::path(
    get,
    path = "/time-entries",
    tag = "time",
    operation_id = "listTimeEntries",
    extensions(("x-scope" = json!("time:read"))),
    params(ListQuery, PageRequest),
    responses((status = 200, description = "A page of time entries", body = Page<TimeEntry>))
)]
async fn list_time_entries(caller: Caller, query: Query<ListQuery>) -> Result<Page<TimeEntry>, Problem> {
    let ListQuery { from, to, habit_id, task_id, sort, page } = query.0;
    let start = page.start::<DateKey<TimeEntryId>>(sort.name())?;
    let range = DateRange::new(from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX)).unwrap_or(DateRange::ALL);
    let filter = TimeFilter { range, habit: habit_id, task: task_id };
    let seek = sort.seek(&page, &start);
    let found = caller.query(move |store| time_entries::list(store, caller.user, &filter, &seek)).await?;
    Ok(Page::of_selected(found, |entry| DateKey { date: entry.date, id: entry.id }, sort.name(), &page, &start))
}
