//! `GET /stats/overview`.

mod diary;
mod habits;
mod tasks;
mod time;

use circadia_domain::civil::Date;
use circadia_domain::stats::overview::{self as domain, Kpi, KpiKey, KpiUnit, Overview};
use circadia_domain::stats::{Period, Step};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use self::diary::{MoodBody, SleepBody};
use self::habits::HabitsBody;
use self::tasks::TasksBody;
use self::time::TimeBody;
use super::RangeBody;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query};
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_overview);
}

/// The days to cover.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `period` reads")]
struct OverviewQuery {
    /// So many days up to today, or all days of which anything is known; `30d` if no days are named.
    #[param(value_type = Option<String>, pattern = "^(7d|30d|90d|365d|all)$", example = "30d")]
    range: Option<String>,
    /// The first day, together with `to`.
    from: Option<Date>,
    /// The last day, together with `from`.
    to: Option<Date>,
    /// The day to evaluate at. Defaults to the user's today.
    on: Option<Date>,
}

struct Asked {
    period: Period,
    on: Option<Date>,
}

impl Decode for Asked {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let period = super::period(fields);
        let on = fields.optional("on");
        Some(Self { period: period?.unwrap_or_default(), on })
    }
}

/// The overview.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatsOverview)]
struct OverviewBody {
    /// The days it covers.
    range: RangeBody,
    /// The same number of days before it, for comparison; null for all days, and where nothing was recorded so early.
    previous_range: Option<RangeBody>,
    /// How charts are divided: 30 days or less into days, 90 or less into sevens, more into calendar months.
    step: Step,
    /// Key figures.
    kpis: Vec<KpiBody>,
    /// Habits.
    habits: HabitsBody,
    /// Tasks.
    tasks: TasksBody,
    /// Tracked time.
    time: TimeBody,
    /// Nights.
    sleep: SleepBody,
    /// Moods.
    mood: MoodBody,
}

/// A figure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Kpi)]
struct KpiBody {
    /// The name.
    key: KpiKey,
    /// The value in the range; null where unknown.
    value: Option<f64>,
    /// The unit.
    unit: KpiUnit,
    /// The value in the days before; null where there is nothing to compare with.
    previous: Option<f64>,
    /// value − previous, in the same unit.
    change: Option<f64>,
}

impl From<Kpi> for KpiBody {
    fn from(kpi: Kpi) -> Self {
        let change = kpi.change().map(six_places);
        Self {
            key: kpi.key,
            unit: kpi.key.unit(),
            value: kpi.value.map(six_places),
            previous: kpi.previous.map(six_places),
            change,
        }
    }
}

impl From<Overview> for OverviewBody {
    fn from(made: Overview) -> Self {
        let pieces = &made.pieces;
        Self {
            range: made.range.into(),
            previous_range: made.previous.map(RangeBody::from),
            step: pieces.step,
            kpis: made.kpis.into_iter().map(KpiBody::from).collect(),
            habits: HabitsBody::new(made.habits, pieces),
            tasks: TasksBody::new(made.tasks, pieces),
            time: TimeBody::new(made.time, pieces),
            sleep: SleepBody::new(&made.sleep, pieces),
            mood: MoodBody::new(&made.mood, pieces),
        }
    }
}

/// Get an overview
///
/// Habits, tasks, time, sleep and mood of a range of days, compared with the same number of days before. Charts are
/// divided into days (up to 30), sevens of days (up to 90) or calendar months; for habits, tasks and time, no data is
/// 0; for sleep and mood, unrecorded values are null.
#[utoipa::path(
    get,
    path = "/stats/overview",
    tag = "stats",
    operation_id = "getStatsOverview",
    extensions(("x-scope" = json!("stats:read"))),
    params(OverviewQuery),
    responses((status = 200, description = "The overview", body = OverviewBody))
)]
async fn get_overview(caller: Caller, query: Query<Asked>) -> Result<Answer, Problem> {
    let (now, Asked { period, on }) = (caller.now, query.0);
    let made = caller.read_replica(move |store| domain::overview(store, caller.user, now, on, period)).await?;
    Answer::computed(&OverviewBody::from(made))
}
