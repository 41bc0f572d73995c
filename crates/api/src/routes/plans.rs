//! `/habits/{habit_id}/plans`, `/plan` and `/pauses`: how a habit's schedule and target change, and when it rests.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};
use circadia_domain::Error;
use circadia_domain::civil::{Date, Weekday};
use circadia_domain::habits::{self, Kind, NewPlan, Pause, Plan, Schedule};
use circadia_domain::idempotency::Creation;
use circadia_domain::ids::{HabitId, PauseId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::me::WeekdayBody;
use super::schedules::{KindDoc, ScheduleDoc, kind, schedule};
use crate::app::App;
use crate::conditional::{Answer, IfMatch};
use crate::identity::Principal;
use crate::input::{Body, Decode, Fields, PathParam, date, text};
use crate::page::Page;
use crate::problem::{Problem, ProblemDoc};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_plans)
        .service(put_plan)
        .service(list_pauses)
        .service(create_pause)
        .service(update_pause)
        .service(delete_pause);
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

/// Days on which nothing is due, and which break nothing.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Pause)]
struct PauseBody {
    /// The pause's id.
    #[schema(value_type = Uuid)]
    id: PauseId,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day; null while there is no end.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

impl From<&Pause> for PauseBody {
    fn from(pause: &Pause) -> Self {
        Self { id: pause.id, from: pause.from, to: pause.to }
    }
}

/// A pause to make.
#[derive(Debug, ToSchema)]
struct CreatePauseBody {
    /// Its id, if the client wants to choose it.
    #[schema(value_type = Option<Uuid>)]
    id: Option<PauseId>,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day; no end if absent.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

impl Decode for CreatePauseBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", text(PauseId::parse));
        let from = fields.required("from", text(date));
        let to = fields.optional("to", text(date));
        Some(Self { id, from: from?, to })
    }
}

/// A change of a pause (RFC 7396): what is absent stays, null clears.
#[derive(Debug, ToSchema)]
struct UpdatePauseBody {
    /// The first day.
    #[schema(value_type = Option<String>, nullable = false, format = Date)]
    from: Option<Date>,
    /// The last day.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Option<Date>>,
}

impl Decode for UpdatePauseBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.change("from", text(date));
        let to = fields.change_or_clear("to", text(date));
        Some(Self { from, to })
    }
}

fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next_cursor: None, prev_cursor: None }
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
async fn list_plans(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
) -> Result<HttpResponse, Problem> {
    let (habit, _) = app.unit_of_work.read(move |store| habits::find(store, principal.user, id.0)).await?;
    whole(habit.timeline.plans().iter().map(PlanBody::from).collect()).answer(&request)
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
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
    if_match: IfMatch,
    body: Body<PutPlanBody>,
) -> Result<HttpResponse, Problem> {
    let PutPlanBody { schedule, kind, effective_from, anchor } = body.value;
    if schedule.is_none() && kind.is_none() {
        return Err(Error::field("/schedule", "required", "is required, unless `kind` is given").into());
    }
    let new = NewPlan { schedule, kind, effective_from, anchor };
    let changed =
        app.unit_of_work.write(principal.user, app.now(), move |tx| habits::put_plan(tx, id.0, &if_match.0, new));
    let habit = changed.await?;
    Answer::stored(&PlanBody::from(habit.timeline.plan_on(effective_from)), habit.rev)?.to(&request)
}

/// List a habit's pauses
///
/// By their first day; all of them.
#[utoipa::path(
    tag = "plans",
    operation_id = "listPauses",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    responses((status = 200, description = "The pauses", body = Page<PauseBody>))
)]
#[get("/habits/{habit_id}/pauses")]
async fn list_pauses(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
) -> Result<HttpResponse, Problem> {
    let (habit, _) = app.unit_of_work.read(move |store| habits::find(store, principal.user, id.0)).await?;
    whole(habit.timeline.pauses().iter().map(PauseBody::from).collect()).answer(&request)
}

/// Pause a habit
///
/// Nothing is due in a pause, and it breaks no streak. Pauses may overlap.
#[utoipa::path(
    tag = "plans",
    operation_id = "createPause",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    request_body = CreatePauseBody,
    responses(
        (status = 201, description = "The pause", body = PauseBody),
        (status = 409, description = "`id_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/habits/{habit_id}/pauses")]
async fn create_pause(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
    body: Body<CreatePauseBody>,
) -> Result<HttpResponse, Problem> {
    let CreatePauseBody { id: pause, from, to } = body.value;
    let pause = Pause { id: pause.unwrap_or_else(|| app.ids.fresh().into()), from, to };
    let location = format!("/api/v1/habits/{}/pauses/{}", id.0, pause.id);
    let made = app.unit_of_work.write(principal.user, app.now(), move |tx| habits::create_pause(tx, id.0, pause));
    let (habit, created) = made.await?;
    Answer::stored(&PauseBody::from(&Creation::into_inner(created)), habit.rev)?.created(location).to(&request)
}

/// Change a pause
#[utoipa::path(
    tag = "plans",
    operation_id = "updatePause",
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("pause_id" = Uuid, Path, description = "The pause's id"),
    ),
    request_body = UpdatePauseBody,
    responses((status = 200, description = "The pause as it is now", body = PauseBody))
)]
#[patch("/habits/{habit_id}/pauses/{pause_id}")]
async fn update_pause(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
    pause: PathParam<PauseId>,
    if_match: IfMatch,
    body: Body<UpdatePauseBody>,
) -> Result<HttpResponse, Problem> {
    let UpdatePauseBody { from, to } = body.value;
    let changed = app
        .unit_of_work
        .write(principal.user, app.now(), move |tx| habits::update_pause(tx, id.0, pause.0, &if_match.0, from, to));
    let (habit, pause) = changed.await?;
    Answer::stored(&PauseBody::from(&pause), habit.rev)?.to(&request)
}

/// Remove a pause
///
/// Its days count again.
#[utoipa::path(
    tag = "plans",
    operation_id = "deletePause",
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("pause_id" = Uuid, Path, description = "The pause's id"),
    ),
    responses((status = 204, description = "The pause is gone"))
)]
#[delete("/habits/{habit_id}/pauses/{pause_id}")]
async fn delete_pause(
    app: Data<App>,
    principal: Principal,
    id: PathParam<HabitId>,
    pause: PathParam<PauseId>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    app.unit_of_work
        .write(principal.user, app.now(), move |tx| habits::delete_pause(tx, id.0, pause.0, &if_match.0))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<PutPlanBody>();
        assert_documented::<CreatePauseBody>();
        assert_documented::<UpdatePauseBody>();
    }
}
