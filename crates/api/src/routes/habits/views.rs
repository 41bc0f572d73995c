//! `GET /habits/views/{day|week|month}`.

use circadia_domain::civil::{Date, DateRange, Span};
use circadia_domain::habits::{self, Cell, DaySum, HabitRow, PeriodView};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::dto::HabitBody;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query};
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_day, get_week, get_month);
}

/// The days to show.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ViewQuery {
    /// A day within it. Defaults to the user's today.
    date: Option<Date>,
    /// The day to evaluate at. Defaults to the user's today. Determines what is missed and what is still pending.
    on: Option<Date>,
}

impl Decode for ViewQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { date: fields.optional("date"), on: fields.optional("on") })
    }
}

/// A habit with its days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitRow)]
struct RowBody {
    /// The habit.
    habit: HabitBody,
    /// A cell for each day of the view, in order.
    cells: Vec<Cell>,
}

/// The totals of a day's habits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitDaySum)]
struct DaySumBody {
    /// The day.
    date: Date,
    /// How many are due: done, skipped, missed and pending ones.
    due: u32,
    /// How many of those are done.
    done: u32,
    /// How many are skipped.
    skipped: u32,
    /// How many are missed.
    missed: u32,
    /// How many are still open.
    pending: u32,
    /// How many were done without being due.
    bonus: u32,
    /// done ÷ due ones that are neither skipped nor within a limit that is still open; null where there are none.
    rate: Option<f64>,
}

impl From<DaySum> for DaySumBody {
    fn from(sum: DaySum) -> Self {
        Self {
            date: sum.date,
            due: sum.due(),
            done: sum.done,
            skipped: sum.skipped,
            missed: sum.missed,
            pending: sum.pending,
            bonus: sum.bonus,
            rate: sum.rate().map(six_places),
        }
    }
}

/// A screen of habits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitView)]
struct ViewBody {
    #[serde(flatten)]
    range: DateRange,
    /// The day to evaluate at.
    today: Date,
    /// The habits active on any of the days, in the user's order.
    items: Vec<RowBody>,
    /// The sums of each day.
    days: Vec<DaySumBody>,
}

impl From<PeriodView> for ViewBody {
    fn from(view: PeriodView) -> Self {
        let today = view.today;
        let row = |row: HabitRow| RowBody { habit: HabitBody::new(row.habit, today), cells: row.cells };
        Self {
            range: view.range,
            today,
            items: view.rows.into_iter().map(row).collect(),
            days: view.days.into_iter().map(DaySumBody::from).collect(),
        }
    }
}

async fn view(caller: &Caller, query: ViewQuery, span: Span) -> Result<Answer, Problem> {
    let (user, now) = (caller.user, caller.now);
    let ViewQuery { date, on } = query;
    let view = caller.query_replica(move |store| habits::period_view(store, user, now, span, date, on)).await?;
    Answer::computed(&ViewBody::from(view))
}

/// The habits of a day
///
/// A cell for each habit, and their sum.
#[utoipa::path(
    get,
    path = "/habits/views/day",
    tag = "habits",
    operation_id = "getHabitDay",
    extensions(("x-scope" = json!("habits:read"))),
    params(ViewQuery),
    responses((status = 200, description = "The day", body = ViewBody))
)]
async fn get_day(caller: Caller, query: Query<ViewQuery>) -> Result<Answer, Problem> {
    view(&caller, query.0, Span::Day).await
}

/// The habits of a week
///
/// From the user's first day of the week: a cell for each habit and day, and the sums of each day.
#[utoipa::path(
    get,
    path = "/habits/views/week",
    tag = "habits",
    operation_id = "getHabitWeekView",
    extensions(("x-scope" = json!("habits:read"))),
    params(ViewQuery),
    responses((status = 200, description = "The week", body = ViewBody))
)]
async fn get_week(caller: Caller, query: Query<ViewQuery>) -> Result<Answer, Problem> {
    view(&caller, query.0, Span::Week).await
}

/// The habits of a month
///
/// A cell for each habit and day, and the sums of each day.
#[utoipa::path(
    get,
    path = "/habits/views/month",
    tag = "habits",
    operation_id = "getHabitMonth",
    extensions(("x-scope" = json!("habits:read"))),
    params(ViewQuery),
    responses((status = 200, description = "The month", body = ViewBody))
)]
async fn get_month(caller: Caller, query: Query<ViewQuery>) -> Result<Answer, Problem> {
    view(&caller, query.0, Span::Month).await
}
