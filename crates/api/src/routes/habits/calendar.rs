//! `GET /habits/{habit_id}/calendar`.

use circadia_domain::civil::Date;
use circadia_domain::habits::{self, CalendarDay};
use circadia_domain::ids::HabitId;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::find_with_history::find_with_history;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, PathParam, Query, integer};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_calendar);
}

/// The year to show.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct CalendarQuery {
    /// The year, 1970–2199. Defaults to the user's current year.
    #[param(minimum = 1970, maximum = 2199)]
    year: Option<i32>,
    /// The day to evaluate at. Defaults to the user's today.
    on: Option<Date>,
}

impl Decode for CalendarQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let year = fields.optional_with(
            "year",
            integer(|year| match i32::try_from(year) {
                Ok(year @ 1970..=2199) => Ok(year),
                _ => Err(Violations::of("out_of_range", "must be between 1970 and 2199")),
            }),
        );
        let on = fields.optional("on");
        Some(Self { year, on })
    }
}

/// A year of a habit, for a heat map.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitCalendar)]
struct CalendarBody {
    /// The year.
    year: i32,
    /// Its days, from 1 January on.
    days: Vec<CalendarDay>,
}

/// Get a year of a habit
///
/// The state of each of its days, for a heat map.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/calendar",
    tag = "habits",
    operation_id = "getCalendar",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), CalendarQuery),
    responses((status = 200, description = "The year", body = CalendarBody))
)]
async fn get_calendar(caller: Caller, id: PathParam<HabitId>, query: Query<CalendarQuery>) -> Result<Answer, Problem> {
    let (habit, history, today) = find_with_history(&caller, id.0, query.0.on).await?;
    let year = query.0.year.unwrap_or_else(|| today.year());
    let days = habits::calendar(&habit.timeline, &history, year, today);
    Answer::computed(&CalendarBody { year, days })
}
