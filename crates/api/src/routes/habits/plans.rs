//! `/habits/{habit_id}/plans` and `/plan`: how a habit's schedule and target change over time.

use actix_web::{get, put};
use circadia_domain::habits::{self, NewPlan, Plan};
use circadia_domain::ids::HabitId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::answer::{Answer, IfMatch};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam};
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::routes::schedules::{kind, schedule};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_plans).service(put_plan);
}

/// A version of schedule and target.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanBody {
    #[serde(flatten)]
    plan: Plan,
    /// The schedule in words.
    schedule_description: String,
}

impl From<&Plan> for PlanBody {
    fn from(plan: &Plan) -> Self {
        Self { schedule_description: plan.schedule.describe(), plan: plan.clone() }
    }
}

impl Decode for NewPlan {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let schedule = fields.optional_with("schedule", schedule);
        let kind = fields.optional_with("kind", kind);
        let effective_from = fields.required("effective_from");
        let anchor = fields.optional("anchor");
        if !fields.has("schedule") && !fields.has("kind") {
            fields.note("schedule", "required", "is required, unless `kind` is given");
        }
        Some(Self { schedule, kind, effective_from: effective_from?, anchor })
    }
}

/// List a habit's plan versions
///
/// First to last; all of them.
#[utoipa::path(
    tag = "plans",
    operation_id = "listPlans",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    responses((status = 200, description = "The versions", body = Page<PlanBody>))
)]
#[get("/habits/{habit_id}/plans")]
async fn list_plans(caller: Caller, id: PathParam<HabitId>) -> Result<Page<PlanBody>, Problem> {
    let (habit, _) = caller.read(move |store| habits::find(store, caller.user, id.0)).await?;
    Ok(Page::whole(habit.timeline.plans().iter().map(PlanBody::from).collect()))
}

/// Make a plan version
///
/// A new version of schedule and target from a day on; what was before keeps its own.
#[utoipa::path(
    tag = "plans",
    operation_id = "putPlan",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    request_body = NewPlan,
    responses((status = 200, description = "The version", body = PlanBody))
)]
#[put("/habits/{habit_id}/plan")]
async fn put_plan(
    caller: Caller,
    id: PathParam<HabitId>,
    if_match: IfMatch,
    body: Body<NewPlan>,
) -> Result<Answer, Problem> {
    let effective_from = body.0.effective_from;
    let habit = caller.write(move |tx| habits::put_plan(tx, id.0, &if_match.0, body.0)).await?;
    Answer::stored(&PlanBody::from(habit.timeline.plan_on(effective_from)), habit.rev)
}
