//! `GET /habits/{habit_id}/streak`.

use circadia_domain::civil::{Date, DateRange, TEN_YEARS};
use circadia_domain::habits::{BestRange, Explained, Progress, StreakUnit, Streaks};
use circadia_domain::ids::HabitId;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::find_with_history::find_with_history;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, PathParam, Query};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_streak);
}

/// The day to evaluate at, and whether to explain.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct StreakQuery {
    /// The day to evaluate at. Defaults to the user's today.
    on: Option<Date>,
    /// Whether to include each day's reason.
    explain: Option<bool>,
}

impl Decode for StreakQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let on = fields.optional("on");
        let explain = fields.optional("explain");
        Some(Self { on, explain })
    }
}

/// The streaks of a habit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Streak)]
struct StreakBody {
    /// The current streak.
    current: u32,
    /// The longest streak of the same unit.
    longest: u32,
    /// The unit of the current streak.
    unit: StreakUnit,
    /// The first day of the current streak.
    current_from: Option<Date>,
    /// The last day so far of the current streak.
    current_to: Option<Date>,
    /// The longest streaks of all units, longest first.
    best: Vec<BestRange>,
    /// Each day with its reason, from the habit's first day (at most the last ten years); only with `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    days: Option<Vec<Explained>>,
}

impl StreakBody {
    fn new(streaks: Streaks, days: Option<Vec<Explained>>) -> Self {
        Self {
            current: streaks.current,
            longest: streaks.longest,
            unit: streaks.unit,
            current_from: streaks.current_from,
            current_to: streaks.current_to,
            best: streaks.best,
            days,
        }
    }
}

/// Get a habit's streaks
///
/// The current one, the longest, and the best ones; with `explain`, each day's reason.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/streak",
    tag = "habits",
    operation_id = "getStreak",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), StreakQuery),
    responses((status = 200, description = "The streaks", body = StreakBody))
)]
async fn get_streak(caller: Caller, id: PathParam<HabitId>, query: Query<StreakQuery>) -> Result<Answer, Problem> {
    let StreakQuery { on, explain } = query.0;
    let (habit, history, today) = find_with_history(&caller, id.0, on).await?;
    let progress = Progress::new(&habit.timeline, &history, today);
    let days = explain.unwrap_or(false).then(|| {
        let back = TEN_YEARS.cast_signed() - 1;
        let from = habit.timeline.window().starts_on.max(today.saturating_add_days(-back));
        DateRange::new(from, today).map(|days| progress.explain(days)).unwrap_or_default()
    });
    Answer::computed(&StreakBody::new(progress.streaks(), days))
}
