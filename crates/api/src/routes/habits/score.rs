//! `GET /habits/{habit_id}/score`.

use circadia_domain::civil::Date;
use circadia_domain::habits::{Score, scores};
use circadia_domain::ids::HabitId;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::find_with_history::{RangeQuery, find_with_history};
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, PathParam, Query};
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_score);
}

/// A range of days, as of a day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ScoreQuery {
    #[param(ignore)]
    range: RangeQuery,
    /// The day to evaluate at. Defaults to the user's today. There are no scores after this day.
    on: Option<Date>,
}

impl Decode for ScoreQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let range = RangeQuery::decode(fields);
        let on = fields.optional("on");
        Some(Self { range: range?, on })
    }
}

/// The daily scores of a habit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scores)]
struct ScoresBody {
    /// The days from the habit's first up to today.
    items: Vec<ScoreBody>,
}

/// A day's score.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Score)]
struct ScoreBody {
    /// The day.
    date: Date,
    /// 0–1.
    score: f64,
}

impl From<Score> for ScoreBody {
    fn from(score: Score) -> Self {
        Self { date: score.date, score: six_places(score.value) }
    }
}

/// Get a habit's scores
///
/// Exponential smoothing with a half-life of 13 days for a daily habit, longer for less frequent ones. At most ten
/// years.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/score",
    tag = "habits",
    operation_id = "getScores",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), RangeQuery, ScoreQuery),
    responses((status = 200, description = "The scores", body = ScoresBody))
)]
async fn get_score(caller: Caller, id: PathParam<HabitId>, query: Query<ScoreQuery>) -> Result<Answer, Problem> {
    let range = query.0.range.range()?;
    let (habit, history, today) = find_with_history(&caller, id.0, query.0.on).await?;
    let items = scores(&habit.timeline, &history, range, today).into_iter().map(ScoreBody::from).collect();
    Answer::computed(&ScoresBody { items })
}
