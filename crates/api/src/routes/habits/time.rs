//! `/habits/{habit_id}/time`: the time that was spent on a habit.

use circadia_domain::civil::Date;
use circadia_domain::ids::HabitId;
use circadia_domain::time_entries;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{PathParam, Query};
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::OnQuery;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_week);
}

/// A habit's week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitWeek)]
struct WeekBody {
    /// Its seven days, from the user's first day of the week.
    daily: Vec<WeekDayBody>,
    /// The total minutes.
    total_week: u64,
    /// The mean minutes per day: a seventh of the week's.
    avg_per_day: f64,
}

/// A day of a habit's week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitWeekDay)]
struct WeekDayBody {
    /// The day.
    date: Date,
    /// The minutes of its time entries.
    total_minutes: u64,
}

/// Get a habit's time in a week
///
/// The week that contains the day `on`, by the user's first day of the week. Only time entries count, not values
/// entered by hand.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/time/weekly",
    tag = "time",
    operation_id = "getHabitWeek",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), OnQuery),
    responses((status = 200, description = "The week", body = WeekBody))
)]
async fn get_week(caller: Caller, id: PathParam<HabitId>, query: Query<OnQuery>) -> Result<Answer, Problem> {
    let (now, on) = (caller.now, query.0.on);
    let read = caller.read(move |store| time_entries::week(store, caller.user, id.0, now, on));
    let week = read.await?;
    let body = WeekBody {
        total_week: week.total(),
        avg_per_day: six_places(week.average()),
        daily: week.daily.into_iter().map(|(date, total_minutes)| WeekDayBody { date, total_minutes }).collect(),
    };
    Answer::computed(&body)
}
