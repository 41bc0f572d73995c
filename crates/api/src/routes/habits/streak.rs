//! `GET /habits/{habit_id}/streak`.

use actix_web::get;
use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::{BestRange, Progress, StreakUnit, Streaks};
use circadia_domain::ids::HabitId;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::find_with_history::{MAX_DAYS, find_with_history};
use super::today::DayStateBody;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, PathParam, Query, boolean, date, text};
use crate::http::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_streak);
}

/// What a streak counts.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = StreakUnit)]
#[serde(rename_all = "snake_case")]
pub(super) enum StreakUnitBody {
    /// Due days.
    Occurrences,
    /// Weeks that met their quota.
    Weeks,
    /// Months that met their quota.
    Months,
    /// Years that met their quota.
    Years,
}

impl From<StreakUnit> for StreakUnitBody {
    fn from(unit: StreakUnit) -> Self {
        match unit {
            StreakUnit::Occurrences => Self::Occurrences,
            StreakUnit::Weeks => Self::Weeks,
            StreakUnit::Months => Self::Months,
            StreakUnit::Years => Self::Years,
        }
    }
}

/// As of which day, and whether to say why.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct StreakQuery {
    /// As of this day; the user's today if absent.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
    /// Whether to give each day's reason.
    explain: Option<bool>,
}

impl Decode for StreakQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let on = fields.optional("on", text(date));
        let explain = fields.optional("explain", boolean);
        Some(Self { on, explain })
    }
}

/// The streaks of a habit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Streak)]
struct StreakBody {
    /// The one that is unbroken.
    current: u32,
    /// The longest of the same unit.
    longest: u32,
    /// What the current one counts.
    unit: StreakUnitBody,
    /// The current one's first day.
    #[schema(value_type = Option<String>, format = Date)]
    current_from: Option<Date>,
    /// The current one's last day so far.
    #[schema(value_type = Option<String>, format = Date)]
    current_to: Option<Date>,
    /// The longest ones of all units, longest first.
    best: Vec<BestBody>,
    /// Each day with its reason, from the habit's first day (at most the last ten years); only with `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    days: Option<Vec<ExplainedBody>>,
}

/// A streak with its days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BestStreak)]
struct BestBody {
    /// How many.
    length: u32,
    /// What was counted.
    unit: StreakUnitBody,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
}

/// A day with its reason.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedDay)]
struct ExplainedBody {
    /// The day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What it was.
    reason: DayStateBody,
    /// The first day of the plan version it was judged by.
    #[schema(value_type = String, format = Date)]
    plan: Date,
}

impl From<BestRange> for BestBody {
    fn from(best: BestRange) -> Self {
        Self { length: best.length, unit: best.unit.into(), from: best.from, to: best.to }
    }
}

impl StreakBody {
    fn new(streaks: Streaks, days: Option<Vec<ExplainedBody>>) -> Self {
        Self {
            current: streaks.current,
            longest: streaks.longest,
            unit: streaks.unit.into(),
            current_from: streaks.current_from,
            current_to: streaks.current_to,
            best: streaks.best.into_iter().map(BestBody::from).collect(),
            days,
        }
    }
}

/// How long was it kept without a break?
#[utoipa::path(
    tag = "habits",
    operation_id = "getStreak",
    params(("habit_id" = Uuid, Path, description = "The habit's id"), StreakQuery),
    responses((status = 200, description = "The streaks", body = StreakBody))
)]
#[get("/habits/{habit_id}/streak")]
async fn get_streak(caller: Caller, id: PathParam<HabitId>, query: Query<StreakQuery>) -> Result<Answer, Problem> {
    let StreakQuery { on, explain } = query.0;
    let (habit, history, today) = find_with_history(&caller, id.0, on).await?;
    let progress = Progress::new(&habit.timeline, &history, today);
    let days = explain.unwrap_or(false).then(|| {
        let back = i32::try_from(MAX_DAYS).unwrap_or(i32::MAX) - 1;
        let from = habit.timeline.window().starts_on.max(today.saturating_add_days(-back));
        let days = DateRange::new(from, today).map(|days| progress.explain(days)).unwrap_or_default();
        days.into_iter()
            .map(|day| ExplainedBody { date: day.date, reason: day.reason.into(), plan: day.plan })
            .collect()
    });
    Answer::computed(&StreakBody::new(progress.streaks(), days))
}
