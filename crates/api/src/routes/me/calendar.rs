//! `/me/calendar`: the secret address by which calendar programs show habits, tasks and sleep.

use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use circadia_domain::calendar::{self, Calendar, CalendarPart, CalendarParts, CalendarPatch};
use circadia_domain::civil::Instant;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, IfMatch, NoContent, unstored};
use crate::http::caller::Caller;
use crate::http::client_address::is_https;
use crate::http::input::{Body, Decode, Fields, OptionalBody, Raw, list, text};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_calendar, create_calendar, update_calendar, delete_calendar);
}

/// Whether there is a calendar feed, and what it shows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarState)]
struct CalendarBody {
    /// Whether there is one.
    enabled: bool,
    /// What it shows; without one, what a new one would.
    include: Vec<CalendarPart>,
    /// When its present address was made; null without one.
    created_at: Option<Instant>,
    /// When what it shows was changed last; null without one.
    updated_at: Option<Instant>,
}

impl From<&Calendar> for CalendarBody {
    fn from(calendar: &Calendar) -> Self {
        Self {
            enabled: true,
            include: calendar.include.iter().collect(),
            created_at: Some(calendar.created_at),
            updated_at: Some(calendar.updated_at),
        }
    }
}

/// A calendar feed whose address was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewCalendar)]
struct NewCalendarBody {
    /// The address, for calendar programs; shown this once. Its host is the one that this request was sent to.
    /// Example: `https://api.example.org/api/v1/calendar/AZ-xYk3Ec0mJ5c2Z1c2VySUQAbm90LWEtcmVhbC1zZWNyZXQtYnV0LWxvbmctXzAx.ics`
    url: String,
    /// Its path, for those who know the host better.
    /// Example: `/api/v1/calendar/AZ-xYk3Ec0mJ5c2Z1c2VySUQAbm90LWEtcmVhbC1zZWNyZXQtYnV0LWxvbmctXzAx.ics`
    path: String,
    /// What it shows.
    #[serde(flatten)]
    state: CalendarBody,
}

/// A calendar feed to make.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"include": ["habits", "tasks"]}))]
pub struct CreateCalendarBody {
    /// What it shows, at least one part. If absent, what it showed before; of a first one, habits and tasks.
    #[schema(value_type = Option<Vec<CalendarPart>>, min_items = 1, max_items = 3)]
    include: Option<CalendarParts>,
}

fn parts(raw: Raw<'_>) -> Result<CalendarParts, Violations> {
    list(CalendarPart::ALL.len(), text(CalendarPart::parse))(raw).and_then(|parts| CalendarParts::of(&parts))
}

impl Decode for CreateCalendarBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { include: fields.optional_with("include", parts) })
    }
}

impl Decode for CalendarPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { include: fields.change_with("include", parts) })
    }
}

fn answer(calendar: &Calendar) -> Result<Answer, Problem> {
    Answer::stored(&CalendarBody::from(calendar), calendar.rev)
}

/// Get my calendar feed
///
/// Whether there is one, and what it shows. Its address is never shown again.
#[utoipa::path(
    get,
    path = "/me/calendar",
    tag = "me",
    operation_id = "getCalendarAddress",
    responses((status = 200, description = "The state of the feed", body = CalendarBody))
)]
async fn get_calendar(caller: Caller) -> Result<Answer, Problem> {
    let user = caller.user;
    if let Some(calendar) = caller.query(move |store| calendar::find(store, user)).await? {
        return answer(&calendar);
    }
    let include = CalendarParts::default().iter().collect();
    Answer::computed(&CalendarBody { enabled: false, include, created_at: None, updated_at: None })
}

/// Make or renew my calendar feed
///
/// Answers a secret address that calendar programs can subscribe to, without signing in. It is shown only in this answer.
/// If there was a feed, its old address ends at once. Whoever has the address sees what the feed shows, until it is
/// renewed or revoked.
#[utoipa::path(
    post,
    path = "/me/calendar",
    tag = "me",
    operation_id = "createCalendarAddress",
    request_body = Option<CreateCalendarBody>,
    responses((status = 201, description = "The feed with its address", body = NewCalendarBody))
)]
async fn create_calendar(
    caller: Caller,
    request: HttpRequest,
    body: OptionalBody<CreateCalendarBody>,
) -> Result<HttpResponse, Problem> {
    let include = body.0.and_then(|body| body.include);
    let (made, secret) = caller.calendars.create(caller.principal, include).await?;
    let path = format!("/api/v1/calendar/{}.ics", *secret);
    let scheme = if is_https(request.head(), &caller.state.settings) { "https" } else { "http" };
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).or(request.uri().host());
    let url = host.map_or_else(|| path.clone(), |host| format!("{scheme}://{host}{path}"));
    let mut response = unstored(StatusCode::CREATED, &NewCalendarBody { url, path, state: CalendarBody::from(&made) });
    response.headers_mut().insert(LOCATION, actix_web::http::header::HeaderValue::from_static("/api/v1/me/calendar"));
    Ok(response)
}

/// Change what my calendar feed shows
///
/// Its address stays.
#[utoipa::path(
    patch,
    path = "/me/calendar",
    tag = "me",
    operation_id = "updateCalendarAddress",
    params(IfMatch),
    request_body = CalendarPatch,
    responses(
        (status = 200, description = "The state of the feed", body = CalendarBody),
        (status = 404, description = "`calendar_not_found`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn update_calendar(caller: Caller, if_match: IfMatch, body: Body<CalendarPatch>) -> Result<Answer, Problem> {
    let calendar = caller.write(move |tx| calendar::update(tx, &if_match.0, body.0.clone())).await?;
    answer(&calendar)
}

/// Revoke my calendar feed
///
/// Its address shows nothing any more, at once. Answers the same if there is none.
#[utoipa::path(
    delete,
    path = "/me/calendar",
    tag = "me",
    operation_id = "deleteCalendarAddress",
    params(IfMatch),
    responses((status = 204, description = "There is no feed any more"))
)]
async fn delete_calendar(caller: Caller, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.calendars.revoke(caller.principal, if_match.0).await?;
    Ok(NoContent)
}
