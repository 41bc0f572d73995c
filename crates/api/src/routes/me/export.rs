//! `GET /me/export`: everything that the signed-in user keeps here.

use std::convert::Infallible;

use actix_web::body::SizedStream;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::export::{Export, ExportFormat};
use circadia_domain::civil::Instant;
use circadia_domain::export::{
    ExportedAccount, ExportedAuditEvent, ExportedEntry, ExportedHabit, ExportedSecurityEvent, ExportedSignIn,
};
use circadia_domain::moods::{Mood, MoodMoment};
use circadia_domain::reminders::ReminderView;
use circadia_domain::shared_pauses::SharedPause;
use circadia_domain::sleep::SleepLog;
use circadia_domain::tasks::Task;
use circadia_domain::themes::Theme;
use circadia_domain::time_entries::TimeEntry;
use circadia_domain::timer::Timer;
use circadia_domain::users::Settings;
use circadia_domain::violation::Violations;
use futures_util::stream;
use utoipa::{IntoParams, ToSchema};

use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query, text};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, export_me);
}

/// Everything that an account holds. `POST /me/import` takes it back.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it documents what `circadia_app::export` writes")]
struct AccountExport {
    /// What the document is.
    #[schema(pattern = "^(circadia-export)$")]
    format: String,
    /// The version of its form.
    #[schema(minimum = 1, maximum = 1)]
    version: u32,
    /// When it was made. It shows the account as it was at that moment.
    exported_at: Instant,
    /// Who it is.
    account: ExportedAccount,
    /// The settings.
    settings: Settings,
    /// Themes.
    themes: Vec<Theme>,
    /// Habits, with their plans, pauses and archived days.
    habits: Vec<ExportedHabit>,
    /// Pauses of all habits.
    shared_pauses: Vec<SharedPause>,
    /// What was said of habits' days, by habit and date.
    entries: Vec<ExportedEntry>,
    /// Tasks.
    tasks: Vec<Task>,
    /// Time that was spent.
    time_entries: Vec<TimeEntry>,
    /// The timer that runs; null if none does.
    timer: Option<Timer>,
    /// Reminders of habits, tasks and bedtime, oldest first.
    reminders: Vec<ReminderView>,
    /// Sleep.
    sleep_logs: Vec<SleepLog>,
    /// Moods of days.
    moods: Vec<Mood>,
    /// Moods of moments.
    mood_moments: Vec<MoodMoment>,
    /// What happened to the account; null for personal access tokens.
    activity: Option<ExportedActivity>,
}

/// What happened to an account, the latest first, at most 10,000 of each. It isn't imported.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it documents what `circadia_app::export` writes")]
struct ExportedActivity {
    /// Attempts to sign in.
    sign_ins: Vec<ExportedSignIn>,
    /// What was suspicious about them.
    security_events: Vec<ExportedSecurityEvent>,
    /// What was done to the account, and to its security.
    audit_events: Vec<ExportedAuditEvent>,
}

/// The form of an export.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// `json` for the document that can be imported, `csv` for a ZIP archive of tables; without it, what `Accept` prefers.
    #[param(value_type = Option<String>, pattern = "^(json|csv)$")]
    format: Option<ExportFormat>,
}

impl Decode for ExportQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let format = |word: &str| match word {
            "json" => Ok(ExportFormat::Json),
            "csv" => Ok(ExportFormat::Csv),
            _ => Err(Violations::of("unknown_value", "must be `json` or `csv`")),
        };
        Some(Self { format: fields.optional_with("format", text(format)) })
    }
}

/// An archive, if the client names that first.
fn preferred(request: &HttpRequest) -> ExportFormat {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = accept.split(',').next().unwrap_or_default();
    let is_archive = first.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/zip"));
    if is_archive { ExportFormat::Csv } else { ExportFormat::Json }
}

/// Export my account
///
/// Everything that you keep here, as it is at one moment: a JSON document that `POST /me/import` takes back, on this server
/// or another; or, with `format=csv` or `Accept: application/zip`, a ZIP archive with a CSV file for each list. Passwords,
/// sessions, tokens, passkeys and second factors are in neither. A personal access token needs the scope `read`, and gets
/// no `activity`. Counts towards a limit of its own: by default ten exports and imports an hour.
#[utoipa::path(
    get,
    path = "/me/export",
    tag = "me",
    operation_id = "exportMe",
    extensions(("x-scope" = json!("read")), ("x-rate-limit" = json!("transfer"))),
    params(ExportQuery),
    responses(
        (status = 200, description = "The export, as a file", content((AccountExport = "application/json"), (Vec<u8> = "application/zip"))),
        (status = 503, description = "`unavailable`: other exports are being made", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn export_me(caller: Caller, query: Query<ExportQuery>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let format = query.0.format.unwrap_or_else(|| preferred(&request));
    let activity = caller.principal.scopes.is_none();
    let Export { content, permit } = caller.exports.make(caller.user, format, activity).await?;
    let (media_type, ending) = match format {
        ExportFormat::Json => ("application/json", "json"),
        ExportFormat::Csv => ("application/zip", "zip"),
    };
    let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
    // Another export can be made once this one is sent.
    let pieces = content.into_pieces().into_iter().map(move |piece| {
        let _ = &permit;
        Ok::<_, Infallible>(Bytes::from(piece))
    });
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "accept"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"circadia-export.{ending}\"")))
        .body(SizedStream::new(length, stream::iter(pieces))))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn an_archive_is_made_for_who_asks_for_it_first() {
        let format = |accept: &str| preferred(&TestRequest::get().insert_header(("accept", accept)).to_http_request());
        assert_eq!(format("application/zip"), ExportFormat::Csv);
        assert_eq!(format("Application/ZIP;q=0.9, */*"), ExportFormat::Csv);
        for json in ["*/*", "application/json, application/zip", "", "text/csv"] {
            assert_eq!(format(json), ExportFormat::Json, "{json}");
        }
    }
}
