//! `GET /habits/today`.

use circadia_domain::civil::Date;
use circadia_domain::habits::{self, DayState, DaySummary, DayTotals, PeriodProgress, StreakUnit, Today, TodayItem};
use circadia_domain::quantity::Quantity;
use serde::Serialize;
use utoipa::ToSchema;

use super::dto::HabitBody;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::Query;
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::OnQuery;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_today);
}

/// The *today* screen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Today)]
pub(in crate::routes) struct TodayBody {
    /// The day shown.
    date: Date,
    /// The habits active on that day, in the user's order.
    items: Vec<TodayItemBody>,
    /// The totals.
    summary: TodaySummaryBody,
}

/// A habit's day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TodayItem)]
struct TodayItemBody {
    /// The habit.
    habit: HabitBody,
    /// Whether it is due; for quotas, as long as the quota isn't met. For rolling quotas, as long as the days before have too
    /// few done ones, and where it was done.
    due: bool,
    /// The day's status.
    state: DayState,
    /// The day's value; null without one.
    value: Option<Quantity>,
    /// The target of the value; null for habits that are only checked off.
    target: Option<Quantity>,
    /// The quota period that the day is in; of a rolling quota, the window that ends with the day. Null without a quota.
    period: Option<PeriodProgress>,
    /// The streak as of the day.
    streak: StreakSummaryBody,
    /// The strength of the habit, 0–1.
    score: f64,
}

/// A streak in short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StreakSummary)]
pub(super) struct StreakSummaryBody {
    /// The current streak.
    current: u32,
    /// The longest streak.
    longest: u32,
    /// The unit.
    unit: StreakUnit,
}

/// The totals of a day's habits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TodaySummary)]
pub(super) struct TodaySummaryBody {
    /// How many are due.
    due: u32,
    /// How many of those are done.
    done: u32,
    /// How many of those are skipped.
    skipped: u32,
    /// done ÷ due ones that are neither skipped nor within a limit that is still open; null where there are none.
    rate: Option<f64>,
}

impl From<&DaySummary> for StreakSummaryBody {
    fn from(summary: &DaySummary) -> Self {
        Self { current: summary.current_streak, longest: summary.longest_streak, unit: summary.streak_unit }
    }
}

impl From<DayTotals> for TodaySummaryBody {
    fn from(totals: DayTotals) -> Self {
        Self { due: totals.due, done: totals.done, skipped: totals.skipped, rate: totals.rate() }
    }
}

impl TodayItemBody {
    fn new(item: TodayItem, date: Date) -> Self {
        let summary = item.summary;
        Self {
            habit: HabitBody::new(item.habit, date),
            due: summary.due,
            state: summary.state,
            value: summary.value,
            target: summary.target,
            streak: StreakSummaryBody::from(&summary),
            period: summary.period,
            score: six_places(summary.score),
        }
    }
}

impl From<Today> for TodayBody {
    fn from(today: Today) -> Self {
        let summary = TodaySummaryBody::from(today.totals);
        let date = today.date;
        Self { date, items: today.items.into_iter().map(|item| TodayItemBody::new(item, date)).collect(), summary }
    }
}

/// Get today's habits
///
/// Every active habit with its status, value, streak and score on the day.
#[utoipa::path(
    get,
    path = "/habits/today",
    tag = "habits",
    operation_id = "getToday",
    extensions(("x-scope" = json!("habits:read"))),
    params(OnQuery),
    responses((status = 200, description = "The day", body = TodayBody))
)]
async fn get_today(caller: Caller, query: Query<OnQuery>) -> Result<Answer, Problem> {
    let now = caller.now;
    let on = query.0.on;
    let today = caller.query(move |store| habits::today(store, caller.user, now, on)).await?;
    Answer::computed(&TodayBody::from(today))
}
