//! `POST /me/import`: taking an export back.

mod document;
mod items;

use circadia_domain::civil::Instant;
use circadia_domain::import::{Issue, Report};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, DocumentBody, Fields, Query};
use crate::http::problem::{InputLocation, Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
pub use document::{Unreadable, read};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, import_me);
}

/// An export, as `GET /me/export` makes it. What is absent isn't imported.
#[derive(Debug, ToSchema)]
#[schema(as = ImportDocument, example = json!({"format": "circadia-export", "version": 1, "moods": []}))]
#[expect(dead_code, reason = "it documents what `read` reads")]
struct ImportDocument {
    /// What the document is.
    #[schema(pattern = "^(circadia-export)$")]
    format: String,
    /// The version of its form.
    #[schema(minimum = 1, maximum = 1)]
    version: u32,
    /// When it was made.
    exported_at: Option<Instant>,
    /// Not imported: an account keeps its name, address and image.
    #[schema(value_type = Option<Object>)]
    account: Option<()>,
    /// Not imported.
    #[schema(value_type = Option<Object>)]
    activity: Option<()>,
    /// As in `AccountExport`: takes the place of the settings.
    #[schema(value_type = Option<Object>)]
    settings: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    themes: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    habits: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    shared_pauses: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    entries: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    tasks: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    time_entries: Option<()>,
    /// As in `AccountExport`: starts, unless one runs.
    #[schema(value_type = Option<Object>)]
    timer: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    reminders: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    sleep_logs: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    moods: Option<()>,
    /// As in `AccountExport`.
    #[schema(value_type = Option<Vec<Object>>)]
    mood_moments: Option<()>,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportReport)]
struct ReportBody {
    /// Whether nothing was written.
    dry_run: bool,
    /// How many items of each kind were created, updated, left as they are, and skipped.
    kinds: Report,
    /// What wasn't taken over as it is in the document, and why: the first 1,000, by kind.
    issues: Vec<Issue>,
}

/// How an import is made.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// Whether to write nothing, but tell what an import would do. Defaults to false.
    dry_run: Option<bool>,
}

impl Decode for ImportQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { dry_run: fields.optional("dry_run") })
    }
}

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Malformed(detail) => Self::of(circadia_domain::code::Code::MalformedJson, detail),
            Unreadable::Invalid(wrong) => Self::invalid(InputLocation::Body, wrong),
        }
    }
}

/// Import an export
///
/// Takes a document of `GET /me/export`, at most 32 MiB, into this account: all of it, in one transaction, or nothing where
/// something in it is wrong (422; up to 100 wrong values are named). Ids are kept. Of what the account has already (the same
/// id; of entries the same habit and date, of moods the same date), the one that was changed last stays. What was deleted
/// comes back. What can't be taken over is skipped and reported: a theme whose name another one has (its habits and tasks
/// get that one), sleep that overlaps other sleep, a second timer, and what is beyond an account's limits. Importing the
/// same twice changes nothing the second time.
///
/// The settings of the document take the place of the account's. User name, e-mail address, password, image and sign-ins
/// stay as they are.
#[utoipa::path(
    post,
    path = "/me/import",
    tag = "me",
    operation_id = "importMe",
    extensions(("x-rate-limit" = json!("transfer"))),
    params(ImportQuery),
    request_body = ImportDocument,
    responses(
        (status = 200, description = "What was done, or would be", body = ReportBody),
        (status = 413, description = "`payload_too_large`: the document is larger than 32 MiB", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: other imports are being made, or this one took too long", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn import_me(caller: Caller, query: Query<ImportQuery>, mut body: DocumentBody) -> Result<Answer, Problem> {
    body.ensure_accepted()?;
    let dry_run = query.0.dry_run.unwrap_or(false);
    let turn = caller.imports.turn().await?;
    let bytes = body.read().await?;
    // Large documents would hold up other requests.
    let document =
        tokio::task::spawn_blocking(move || read(&bytes)).await.map_err(|error| Problem::internal(&error))??;
    let mut report = caller.imports.run(caller.principal, document, dry_run).await?;
    drop(turn);
    let issues = std::mem::take(&mut report.issues);
    Answer::computed(&ReportBody { dry_run, kinds: report, issues })
}
