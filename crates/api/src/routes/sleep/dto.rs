//! A log of sleep as the API shows and reads it.

use circadia_domain::civil::Instant;
use circadia_domain::ids::SleepLogId;
use circadia_domain::sleep::{Conflict, NewSleepLog, SleepInput, SleepKind, SleepLog, SleepPatch};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields, between};
use crate::http::problem::ProblemDoc;

/// The maximum of seconds awake: less than a day.
const MAX_AWAKE_SECONDS: u32 = 86_399;

/// A log of sleep.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepLog)]
pub(in crate::routes) struct SleepLogBody {
    #[serde(flatten)]
    log: SleepLog,
    /// Elapsed seconds from start to end, regardless of clock changes.
    #[schema(minimum = 300, maximum = 86_400)]
    duration_seconds: u32,
}

impl From<SleepLog> for SleepLogBody {
    fn from(log: SleepLog) -> Self {
        Self { duration_seconds: log.sleep.duration_seconds(), log }
    }
}

/// A conflict with stored logs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepOverlapProblem)]
pub(super) struct SleepOverlapDoc {
    #[serde(flatten)]
    problem: ProblemDoc,
    /// The conflicting logs, by start; with `sleep_overlap`.
    #[schema(nullable = false)]
    conflicts: Option<Vec<Conflict>>,
}

impl Decode for SleepInput {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let start = fields.required("start");
        let end = fields.required("end");
        let kind = fields.optional("kind").unwrap_or(SleepKind::Main);
        let quality = fields.optional("quality");
        let awake_seconds = fields.optional_with("awake_seconds", between(0, MAX_AWAKE_SECONDS));
        let note = fields.optional("note");
        Some(Self { start: start?, end: end?, kind, quality, awake_seconds, note })
    }
}

impl Decode for NewSleepLog {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(SleepLogId::parse);
        let input = SleepInput::decode(fields);
        let timezone = fields.optional("timezone");
        let offset = fields.offset_of("end").or_else(|| fields.offset_of("start"));
        Some(Self { id: id?, input: input?, timezone, offset, request_digest: fields.request_digest() })
    }
}

impl Decode for SleepPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            start: fields.change("start"),
            end: fields.change("end"),
            timezone: fields.change("timezone"),
            kind: fields.change("kind"),
            quality: fields.change_or_clear("quality"),
            awake_seconds: fields.change_or_clear_with("awake_seconds", between(0, MAX_AWAKE_SECONDS)),
            note: fields.change_or_clear("note"),
        })
    }
}

/// An interval to compare with the stored logs.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"start": "2026-03-08T22:30:00Z", "end": "2026-03-09T06:10:00Z"}))]
pub(in crate::routes) struct CheckSleepBody {
    /// The log that is about to change, if any. It never conflicts with itself.
    pub(super) id: Option<SleepLogId>,
    /// When it starts.
    start: Instant,
    /// When it ends.
    end: Instant,
    /// The kind of sleep. Defaults to `main`.
    kind: Option<SleepKind>,
}

impl Decode for CheckSleepBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id");
        let start = fields.required("start");
        let end = fields.required("end");
        let kind = fields.optional("kind");
        Some(Self { id, start: start?, end: end?, kind })
    }
}

impl From<CheckSleepBody> for SleepInput {
    fn from(body: CheckSleepBody) -> Self {
        let kind = body.kind.unwrap_or(SleepKind::Main);
        Self { start: body.start, end: body.end, kind, quality: None, awake_seconds: None, note: None }
    }
}
