//! `GET /habits/{habit_id}/stats`.

use circadia_domain::civil::Weekday;
use circadia_domain::habits::{self, HabitStats, Month, Rated, Tally};
use circadia_domain::ids::HabitId;
use circadia_domain::quantity::Quantity;
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
    operations!(routes, get_stats);
}

/// Totals and rates of a habit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitStats)]
struct StatsBody {
    /// Totals from the habit's first day on.
    totals: TotalsBody,
    /// Done ÷ due days and, of quotas, met ÷ counted periods; of rolling ones, covered ÷ covered or missed days. Null where
    /// nothing was due.
    completion_rate: Option<f64>,
    /// By weekday, from the user's first day of the week on. Of quotas, only days on which something was done count.
    by_weekday: Vec<WeekdayRateBody>,
    /// By month, from the first to the last in which anything counted; a period of a quota in that of its last day.
    by_month: Vec<MonthRateBody>,
    /// The weekday with the highest rate; null where all are equal.
    best_weekday: Option<Weekday>,
    /// The weekday with the lowest rate; null where all are equal.
    worst_weekday: Option<Weekday>,
    /// The month with the highest rate; null where all are equal.
    #[schema(example = "2026-03")]
    best_month: Option<String>,
    /// The month with the lowest rate; null where all are equal.
    #[schema(example = "2026-02")]
    worst_month: Option<String>,
    /// Done ÷ expected from the first to the last day; null without a last day.
    progress: Option<f64>,
}

/// Totals of a habit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitTotals)]
struct TotalsBody {
    /// Days done, including days that weren't due.
    done: u32,
    /// What counted so far: due days without skipped ones and a pending today, and periods of quotas.
    due: u32,
    /// How many of them were missed.
    missed: u32,
    /// The days among them.
    days: Tally,
    /// The periods of quotas among them; of rolling quotas, each day is one.
    periods: Tally,
    /// Due days that were skipped.
    skipped: u32,
    /// Days done that weren't due.
    bonus: u32,
    /// The sum of all values.
    value: Quantity,
}

/// A weekday's rate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WeekdayRate)]
struct WeekdayRateBody {
    /// The weekday.
    weekday: Weekday,
    /// The number of done days.
    done: u32,
    /// The number of due days.
    due: u32,
    /// done ÷ due; null where nothing was due.
    rate: Option<f64>,
}

/// A month's rate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthRate)]
struct MonthRateBody {
    /// The month.
    #[schema(example = "2026-03")]
    month: String,
    /// How many were done, or met.
    done: u32,
    /// How many days and periods counted.
    due: u32,
    /// done ÷ due; null where nothing was due.
    rate: Option<f64>,
}

fn month(month: Month) -> String {
    format!("{:04}-{:02}", month.year, month.month)
}

fn rate(tally: Tally) -> Option<f64> {
    tally.rate().map(six_places)
}

impl From<HabitStats> for StatsBody {
    fn from(stats: HabitStats) -> Self {
        let weekday = |rated: Rated<Weekday>| WeekdayRateBody {
            weekday: rated.of,
            done: rated.tally.done,
            due: rated.tally.due,
            rate: rate(rated.tally),
        };
        let by_month = |rated: Rated<Month>| MonthRateBody {
            month: month(rated.of),
            done: rated.tally.done,
            due: rated.tally.due,
            rate: rate(rated.tally),
        };
        let all = stats.counted.all();
        Self {
            totals: TotalsBody {
                done: stats.done,
                due: all.due,
                missed: all.due - all.done,
                days: stats.counted.days,
                periods: stats.counted.periods,
                skipped: stats.skipped,
                bonus: stats.bonus,
                value: stats.total_value,
            },
            completion_rate: all.rate().map(six_places),
            by_weekday: stats.by_weekday.into_iter().map(weekday).collect(),
            by_month: stats.by_month.into_iter().map(by_month).collect(),
            best_weekday: stats.best_weekday,
            worst_weekday: stats.worst_weekday,
            best_month: stats.best_month.map(month),
            worst_month: stats.worst_month.map(month),
            progress: stats.progress.map(six_places),
        }
    }
}

/// Get a habit's statistics
///
/// Totals and rates by weekday and month, from its first day on; skipped days and paused ones don't count.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/stats",
    tag = "habits",
    operation_id = "getHabitStats",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), OnQuery),
    responses((status = 200, description = "Totals and rates", body = StatsBody))
)]
async fn get_stats(caller: Caller, id: PathParam<HabitId>, query: Query<OnQuery>) -> Result<Answer, Problem> {
    let user = caller.user;
    let (habit, history, settings) =
        caller.query_replica(move |store| habits::find_with_history(store, user, id.0)).await?;
    let today = query.0.on.unwrap_or_else(|| settings.today(caller.now));
    Answer::computed(&StatsBody::from(habits::stats(&habit.timeline, &history, today, settings.week_start)))
}
