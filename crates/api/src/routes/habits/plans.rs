//! `/habits/{habit_id}/plans` and `/plan`: how a habit's schedule and target change over time.

use std::borrow::Cow;

use circadia_domain::civil::Date;
use circadia_domain::habits::{self, NewPlan, Plan};
use circadia_domain::ids::HabitId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, PathParam, PathValue, Query, date};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::routes::schedules::{kind, schedule};

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("plans", "How a habit's schedule and target change over time, and its pauses.");
    operations!(routes, list_plans, put_plan, delete_plan);
}

/// A version of schedule and target.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanBody {
    /// The id: the first day it is in force.
    id: Date,
    #[serde(flatten)]
    plan: Plan,
    /// The schedule in words.
    schedule_description: String,
}

impl From<&Plan> for PlanBody {
    fn from(plan: &Plan) -> Self {
        Self { id: plan.effective_from, schedule_description: plan.schedule.describe(), plan: plan.clone() }
    }
}

/// The id of a version in a path.
struct PlanId(Date);

impl PathValue for PlanId {
    fn name() -> Cow<'static, str> {
        "plan_id".into()
    }
    fn read(text: &str) -> Parsed<Self> {
        date(text).map(Self)
    }
}

impl Decode for NewPlan {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let schedule = fields.optional_with("schedule", schedule);
        let kind = fields.optional_with("kind", kind);
        let effective_from = fields.required("effective_from");
        let anchor = fields.optional("anchor");
        if !["schedule", "kind", "anchor"].iter().any(|name| fields.has(name)) {
            fields.note("schedule", "required", "is required, unless `kind` or `anchor` is given");
        }
        Some(Self { schedule, kind, effective_from: effective_from?, anchor })
    }
}

/// List a habit's plan versions
///
/// All versions, oldest first.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/plans",
    tag = "plans",
    operation_id = "listPlans",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), PageRequest),
    responses((status = 200, description = "The versions", body = Page<PlanBody>))
)]
async fn list_plans(
    caller: Caller,
    id: PathParam<HabitId>,
    query: Query<PageRequest>,
) -> Result<Page<PlanBody>, Problem> {
    let (habit, _) = caller.query(move |store| habits::find(store, caller.user, id.0)).await?;
    let plans = habit.timeline.plans().iter().map(PlanBody::from).collect();
    Page::of_sorted(plans, |plan| plan.id.days_since_epoch(), "effective_from", &query.0, |a, b| a < b)
}

/// Create a plan version
///
/// A new version of schedule and target from a given day on. Earlier days keep their version.
#[utoipa::path(
    put,
    path = "/habits/{habit_id}/plan",
    tag = "plans",
    operation_id = "putPlan",
    extensions(("x-scope" = json!("habits:write"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), IfMatch),
    request_body = NewPlan,
    responses((status = 200, description = "The version", body = PlanBody))
)]
async fn put_plan(
    caller: Caller,
    id: PathParam<HabitId>,
    if_match: IfMatch,
    body: Body<NewPlan>,
) -> Result<Answer, Problem> {
    let effective_from = body.0.effective_from;
    let habit = caller.write(move |tx| habits::put_plan(tx, id.0, &if_match.0, body.0.clone())).await?;
    Answer::stored(&PlanBody::from(habit.timeline.plan_on(effective_from)), habit.rev)
}

/// Delete a plan version
///
/// The version before it holds on in its place. Without the first version, the second holds from the habit's first day
/// on.
#[utoipa::path(
    delete,
    path = "/habits/{habit_id}/plans/{plan_id}",
    tag = "plans",
    operation_id = "deletePlan",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("plan_id" = Date, Path, description = "The version's id"), IfMatch),
    responses(
        (status = 204, description = "The version was deleted"),
        (status = 409, description = "`only_plan`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn delete_plan(
    caller: Caller,
    id: PathParam<HabitId>,
    plan: PathParam<PlanId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    caller.write(move |tx| habits::delete_plan(tx, id.0, plan.0.0, &if_match.0)).await?;
    Ok(NoContent)
}
