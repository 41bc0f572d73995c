//! `GET /events`: tells apps at once that there is something to sync (server-sent events).

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::revision_feed::{Full, Listener, MAX_OF_A_USER};
use circadia_domain::code::Code;
use circadia_domain::revision::Revision;
use futures_util::stream::{Stream, unfold};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use utoipa::ToSchema;

use crate::http::caller::{Caller, authenticate};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

/// How often a comment is sent, so that the connection isn't taken for dead, and the server notices when it is.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often it is checked whether the client may still listen.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// After how many milliseconds a client is to connect again.
const RETRY_MILLIS: u32 = 3_000;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, stream_events);
}

/// One event of the stream, as its lines say.
#[derive(ToSchema)]
#[schema(example = json!({"event": "revision", "id": "42", "data": "{\"revision\":42}", "retry": 3000}))]
#[expect(dead_code, reason = "only its schema is used")]
struct RevisionEvent {
    /// `revision`.
    event: String,
    /// The account's revision.
    id: String,
    /// The same as JSON: `{"revision":42}`.
    data: String,
    /// After how many milliseconds to connect again, if the stream breaks off.
    #[schema(nullable = false)]
    retry: Option<u32>,
}

/// Be told when something changes
///
/// A stream of server-sent events that doesn't end by itself: `revision`, whose data is `{"revision": 42}`, at once and
/// whenever the account's revision has risen, a few times a second at most. Then `GET /sync` tells what changed. Comments
/// come every 15 seconds. It ends with the session, when the token expires, and when the server stops: connect again, with a
/// fresh token.
#[utoipa::path(
    get,
    path = "/events",
    tag = "sync",
    operation_id = "streamEvents",
    extensions(("x-scope" = json!("read"))),
    responses(
        (status = 200, description = "The events", body = RevisionEvent, content_type = "text/event-stream"),
        (status = 429, description = "`too_many_streams`: five are open already; or `rate_limited`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn stream_events(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let stop = caller.state.readiness.follow();
    if !*stop.borrow() {
        return Err(Problem::unavailable("This server is about to stop: connect again."));
    }
    let mut listener = caller.revision_feed.join(caller.user).map_err(refusal)?;
    let first = listener.begin().await?;
    let is_let_in = move || {
        let (request, caller) = (request.clone(), caller.clone());
        async move {
            match authenticate(&caller.state, &request).await.principal() {
                Ok(principal) => principal.user == caller.user,
                // Nobody knows better at the moment.
                Err(problem) => problem.status() >= 500,
            }
        }
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // Whatever compresses or buffers on the way would hold events up.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(events(listener, first, stop, is_let_in)))
}

fn refusal(full: Full) -> Problem {
    match full {
        Full::User => {
            let detail = format!("{MAX_OF_A_USER} streams of this account are open here: close one first.");
            Problem::of(Code::TooManyStreams, detail).with_retry_after(1)
        }
        Full::Process => Problem::unavailable("Too many streams are open: ask `GET /sync` from time to time instead.")
            .with_retry_after(60),
    }
}

fn event(revision: Revision) -> String {
    format!("id: {revision}\nevent: revision\ndata: {}\n\n", json!({"revision": revision.0}))
}

/// The events of one listener, until the server stops or the client isn't let in any more.
fn events<F: Future<Output = bool>>(
    listener: Listener,
    first: Revision,
    stop: watch::Receiver<bool>,
    is_let_in: impl FnMut() -> F,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let every = |period| {
        let mut interval = interval_at(Instant::now() + period, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval
    };
    let state = (Some(first), listener, stop, is_let_in, every(HEARTBEAT), every(CHECK_INTERVAL));
    unfold(state, |(mut first, mut listener, mut stop, mut is_let_in, mut heartbeat, mut check)| async move {
        let text = if let Some(revision) = first.take() {
            format!("retry: {RETRY_MILLIS}\n{}", event(revision))
        } else {
            loop {
                tokio::select! {
                    // Also if the feed is gone.
                    _ = stop.wait_for(|ready| !ready) => return None,
                    revision = listener.changed() => break event(revision),
                    _ = heartbeat.tick() => break ":\n\n".to_owned(),
                    _ = check.tick() => if !is_let_in().await { return None },
                }
            }
        };
        Some((Ok(Bytes::from(text)), (first, listener, stop, is_let_in, heartbeat, check)))
    })
}
