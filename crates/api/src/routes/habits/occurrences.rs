//! `GET /habits/{habit_id}/occurrences`.

use circadia_domain::civil::Date;
use circadia_domain::habits;
use circadia_domain::ids::HabitId;
use serde::Serialize;
use utoipa::ToSchema;

use super::find_with_history::RangeQuery;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{PathParam, Query};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_occurrences);
}

/// The days on which a habit is due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Occurrences)]
struct OccurrencesBody {
    /// The dates; for quotas, every day on which the quota can be met.
    dates: Vec<Date>,
    /// The number of dates.
    count: u32,
}

/// List a habit's due dates
///
/// Uses the plan versions that apply on each day, within the habit's first and last day, without pauses. At most ten
/// years.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/occurrences",
    tag = "habits",
    operation_id = "getOccurrences",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), RangeQuery),
    responses((status = 200, description = "The days", body = OccurrencesBody))
)]
async fn get_occurrences(caller: Caller, id: PathParam<HabitId>, query: Query<RangeQuery>) -> Result<Answer, Problem> {
    let range = query.0.range()?;
    let (habit, _) = caller.query(move |store| habits::find(store, caller.user, id.0)).await?;
    let dates: Vec<Date> = habit.timeline.iter_due(range).collect();
    let count = habit.timeline.count_due(range);
    Answer::computed(&OccurrencesBody { dates, count })
}
