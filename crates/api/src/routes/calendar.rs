//! `/calendar`: feeds for calendar programs. Public: their addresses can't be guessed.

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_domain::code::Code;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::answer::{hash, is_known};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, matched, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_calendar_feed);
}

/// A calendar in the format iCalendar (RFC 5545).
#[derive(Debug, ToSchema)]
#[schema(as = CalendarFeed, value_type = String)]
#[expect(dead_code, reason = "it documents the text that is served")]
struct CalendarFeedDoc(String);

/// Get a calendar feed
///
/// For calendar programs, which subscribe to the address that `POST /me/calendar` answers: iCalendar (RFC 5545, RFC 7986).
/// Habits are events of whole days, with an RRULE where one gives exactly the days of `/habits/{habit_id}/occurrences`;
/// quotas, which have no days of their own, are left out. Tasks are to-dos, sleep is events.
#[utoipa::path(
    get,
    path = "/calendar/{calendar_file}",
    tag = "me",
    operation_id = "getCalendarFeed",
    security(()),
    params(("calendar_file" = String, Path, description = "The last segment of the address: a secret, and `.ics`", example = "AZ-xYk3Ec0mJ5c2Z1c2VySUQAbm90LWEtcmVhbC1zZWNyZXQtYnV0LWxvbmctXzAx.ics")),
    responses(
        (status = 200, description = "The calendar", body = CalendarFeedDoc, content_type = "text/calendar", headers(
            ("Cache-Control" = String, description = "`private, no-cache`"),
        )),
        (status = 404, description = "`not_found`: there is no such address, or it was revoked", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn get_calendar_feed(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let nothing = || Problem::of(Code::NotFound, "There is nothing at this address.");
    let secret = matched(&request).and_then(|matched| {
        let secret = matched.param("calendar_file")?.strip_suffix(".ics")?;
        Some(Zeroizing::new(secret.to_owned()))
    });
    let feed = state.app.calendars.feed(&secret.ok_or_else(nothing)?).await?.ok_or_else(nothing)?;
    let tag = format!("{:x}", hash(feed.as_bytes()));
    let known = is_known(&request, &tag)?;
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, format!("\"{tag}\""))).insert_header((CACHE_CONTROL, "private, no-cache"));
    if known {
        return Ok(response.finish());
    }
    Ok(response.content_type("text/calendar; charset=utf-8").body(feed))
}
