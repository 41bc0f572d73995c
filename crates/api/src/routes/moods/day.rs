//! `GET /moods` and `/moods/{date}`.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::moods::{self, Mood, MoodPut};

use super::dto::{MoodDayBody, PutMoodBody};
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam, Query};
use crate::http::page::{Page, PageRequest, Start};
use crate::http::problem::{InputLocation, Problem};
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::DatesQuery;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_moods, put_mood, get_mood, delete_mood);
}

/// List my moods
///
/// The days with a mood or moments, by date, each with its value, its own mood and its moments.
#[utoipa::path(
    get,
    path = "/moods",
    tag = "moods",
    operation_id = "listMoods",
    extensions(("x-scope" = json!("moods:read"))),
    params(DatesQuery, PageRequest),
    responses((status = 200, description = "A page of days", body = Page<MoodDayBody>))
)]
async fn list_moods(caller: Caller, query: Query<DatesQuery>) -> Result<Page<MoodDayBody>, Problem> {
    let (dates, page) = (query.0.range(), query.0.page);
    let start = page.start::<Date>("date")?;
    let (from, to) = (dates.from(), dates.to());
    let range = match &start {
        Start::Beginning => Some(dates),
        Start::After(last) => last.succ().and_then(|next| DateRange::new(from.max(next), to)),
        Start::Before(first) => first.pred().and_then(|last| DateRange::new(from, to.min(last))),
    };
    let (more, backwards) = (page.limit + 1, matches!(start, Start::Before(_)));
    let read = caller.read(move |store| moods::days(store, caller.user, range, more, backwards));
    let found = Page::of_selected(read.await?, |day| day.date, "date", &page, &start);
    Ok(found.map(MoodDayBody::from))
}

fn answer(mood: &Mood) -> Result<Answer, Problem> {
    Answer::stored(&mood, mood.rev)
}

/// Set a day's mood
///
/// A day has one mood of its own; repeating the request has no further effect. It takes precedence over the day's
/// moments. The date must not be after today in UTC+14.
#[utoipa::path(
    put,
    path = "/moods/{date}",
    tag = "moods",
    operation_id = "putMood",
    extensions(("x-scope" = json!("moods:write"))),
    params(("date" = String, Path, format = Date, description = "The date"), IfMatch),
    request_body = PutMoodBody,
    responses(
        (status = 200, description = "The mood, replacing an earlier one", body = Mood),
        (status = 201, description = "The mood, new for its day", body = Mood),
    )
)]
async fn put_mood(
    caller: Caller,
    day: PathParam<Date>,
    if_match: IfMatch,
    body: Body<PutMoodBody>,
) -> Result<Answer, Problem> {
    let PutMoodBody { value, note, tags } = body.0;
    let put = MoodPut { date: day.0, value, note, tags: tags.unwrap_or_default() };
    let written = caller.write(move |tx| moods::put(tx, put.clone(), &if_match.0));
    let (mood, is_new) = written.await.map_err(|problem| problem.with_place("/date", InputLocation::Path))?;
    let location = format!("/api/v1/moods/{}", mood.date);
    let answer = answer(&mood)?;
    Ok(if is_new { answer.created(location) } else { answer })
}

/// Get a day's own mood
///
/// Answers 404 if none was set, even if there are moments: `GET /moods` and the views show both, and the day's value.
#[utoipa::path(
    get,
    path = "/moods/{date}",
    tag = "moods",
    operation_id = "getMood",
    extensions(("x-scope" = json!("moods:read"))),
    params(("date" = String, Path, format = Date, description = "The date")),
    responses((status = 200, description = "The mood", body = Mood))
)]
async fn get_mood(caller: Caller, day: PathParam<Date>) -> Result<Answer, Problem> {
    let found = caller.query(move |store| moods::find(store, caller.user, day.0)).await?;
    answer(&found)
}

/// Delete a day's own mood
///
/// Its moments are kept.
#[utoipa::path(
    delete,
    path = "/moods/{date}",
    tag = "moods",
    operation_id = "deleteMood",
    extensions(("x-scope" = json!("moods:write"))),
    params(("date" = String, Path, format = Date, description = "The date"), IfMatch),
    responses((status = 204, description = "The mood was deleted"))
)]
async fn delete_mood(caller: Caller, day: PathParam<Date>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| moods::delete(tx, day.0, &if_match.0)).await?;
    Ok(NoContent)
}
