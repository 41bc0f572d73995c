//! `/habits/{habit_id}/plans` and `/plan`: how a habit's schedule and target change over time.

use actix_web::{get, put};
use circadia_domain::Error;
use circadia_domain::civil::{Date, Weekday};
use circadia_domain::habits::{self, Kind, NewPlan, Plan, Schedule};
use circadia_domain::ids::HabitId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::answer::{Answer, IfMatch};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, date, text};
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::routes::me::WeekdayBody;
use crate::routes::schedules::{KindDoc, ScheduleDoc, kind, schedule};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_plans).service(put_plan);
}

/// A version of schedule and target.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanBody {
    /// The first day it is in force; it is until the next version's.
    #[schema(value_type = String, format = Date)]
    effective_from: Date,
    /// What `every`, COUNT and a cycle's phase count from.
    #[schema(value_type = String, format = Date)]
    anchor: Date,
    /// The first day of the week, as it was when the version was made.
    #[schema(value_type = WeekdayBody)]
    week_start: Weekday,
    /// When the habit is due.
    #[schema(value_type = ScheduleDoc)]
    schedule: Schedule,
    /// The schedule in words.
    schedule_description: String,
    /// How a day is measured.
    #[schema(value_type = KindDoc)]
    kind: Kind,
}

impl From<&Plan> for PlanBody {
    fn from(plan: &Plan) -> Self {
        Self {
            effective_from: plan.effective_from,
            anchor: plan.anchor,
            week_start: plan.week_start,
            schedule: plan.schedule.clone(),
            schedule_description: plan.schedule.describe(),
            kind: plan.kind.clone(),
        }
    }
}

/// A plan version to make. What is absent is taken over from the version in force on its first day.
#[derive(Debug, ToSchema)]
struct PutPlanBody {
    /// When the habit is due.
    #[schema(value_type = Option<ScheduleDoc>)]
    schedule: Option<Schedule>,
    /// How a day is measured.
    #[schema(value_type = Option<KindDoc>)]
    kind: Option<Kind>,
    /// The first day it is in force. A version of that day is replaced; later ones stay.
    #[schema(value_type = String, format = Date)]
    effective_from: Date,
    /// What `every`, COUNT and a cycle's phase count from; `effective_from` if absent (of a new target alone, what they
    /// counted from before).
    #[schema(value_type = Option<String>, format = Date)]
    anchor: Option<Date>,
}

impl Decode for PutPlanBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let schedule = fields.optional("schedule", schedule);
        let kind = fields.optional("kind", kind);
        let effective_from = fields.required("effective_from", text(date));
        let anchor = fields.optional("anchor", text(date));
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
    request_body = PutPlanBody,
    responses((status = 200, description = "The version", body = PlanBody))
)]
#[put("/habits/{habit_id}/plan")]
async fn put_plan(
    caller: Caller,
    id: PathParam<HabitId>,
    if_match: IfMatch,
    body: Body<PutPlanBody>,
) -> Result<Answer, Problem> {
    let PutPlanBody { schedule, kind, effective_from, anchor } = body.value;
    if schedule.is_none() && kind.is_none() {
        return Err(Error::field("/schedule", "required", "is required, unless `kind` is given").into());
    }
    let new = NewPlan { schedule, kind, effective_from, anchor };
    let changed = caller.write(move |tx| habits::put_plan(tx, id.0, &if_match.0, new));
    let habit = changed.await?;
    Answer::stored(&PlanBody::from(habit.timeline.plan_on(effective_from)), habit.rev)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<PutPlanBody>();
    }
}
