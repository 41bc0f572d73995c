//! A log of sleep as the API shows and reads it.

use circadia_domain::civil::{Date, Instant, Zone};
use circadia_domain::ids::SleepLogId;
use circadia_domain::sleep::{Conflict, Quality, SleepInput, SleepKind, SleepLog, SleepNote, SleepPatch};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields, Parsed, integer, text};
use crate::http::problem::ProblemDoc;

/// What kind of sleep it was.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = SleepKind)]
#[serde(rename_all = "snake_case")]
pub(in crate::routes) enum SleepKindDoc {
    /// The sleep of a night, or of part of it: all of one date together are its night.
    Main,
    /// A nap.
    Nap,
}

impl From<SleepKind> for SleepKindDoc {
    fn from(kind: SleepKind) -> Self {
        match kind {
            SleepKind::Main => Self::Main,
            SleepKind::Nap => Self::Nap,
        }
    }
}

/// A log of sleep.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepLog)]
pub(in crate::routes) struct SleepLogBody {
    /// The log's id.
    #[schema(value_type = Uuid)]
    pub id: SleepLogId,
    /// When they fell asleep, or went to bed.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T22:30:00Z")]
    pub start: Instant,
    /// When they woke, or got up. The interval is half-open: another log may begin at this very instant.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T06:10:00Z")]
    pub end: Instant,
    /// The civil date of waking, midnight to midnight, in `timezone`; moving to another zone later leaves it.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// The zone that the user had when they wrote start and end: the clock that its times of day are read from.
    #[schema(value_type = String, example = "Europe/Berlin")]
    pub timezone: Zone,
    /// Seconds from start to end as they really went by, clock changes or not.
    #[schema(minimum = 300, maximum = 86_400)]
    pub duration_seconds: u32,
    /// What kind of sleep it was.
    pub kind: SleepKindDoc,
    /// How good it was, from 1 (bad) to 5 (good).
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 5)]
    pub quality: Option<Quality>,
    /// Seconds awake in between; null if nobody counted.
    #[schema(minimum = 0, maximum = 86_399)]
    pub awake_seconds: Option<u32>,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub note: Option<SleepNote>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

impl From<SleepLog> for SleepLogBody {
    fn from(log: SleepLog) -> Self {
        Self {
            id: log.id,
            start: log.sleep.start,
            end: log.sleep.end,
            date: log.sleep.date,
            timezone: log.sleep.zone,
            duration_seconds: log.sleep.duration_seconds(),
            kind: log.sleep.kind.into(),
            quality: log.sleep.quality,
            awake_seconds: log.sleep.awake_seconds,
            note: log.note,
            created_at: log.created_at,
            updated_at: log.updated_at,
        }
    }
}

/// A stored log that another one would overlap.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepConflict)]
pub(super) struct ConflictBody {
    /// Which.
    #[schema(value_type = Uuid)]
    id: SleepLogId,
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    start: Instant,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    end: Instant,
}

impl From<Conflict> for ConflictBody {
    fn from(conflict: Conflict) -> Self {
        Self { id: conflict.id, start: conflict.start, end: conflict.end }
    }
}

/// A refusal that names what was in the way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepOverlapProblem)]
pub(super) struct SleepOverlapDoc {
    /// What every refusal has; `code` is `sleep_overlap` here.
    #[serde(flatten)]
    problem: ProblemDoc,
    /// The logs that are in the way, by start.
    conflicts: Vec<ConflictBody>,
}

/// A log of sleep to make.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct CreateSleepLogBody {
    /// Its id, if the client wants to choose it.
    #[schema(value_type = Option<Uuid>)]
    pub(super) id: Option<SleepLogId>,
    /// When they fell asleep, or went to bed.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T22:30:00Z")]
    start: Instant,
    /// When they woke, or got up: 30 minutes (5 for a nap) to 24 hours later; not in the future, but for a quarter of
    /// an hour by which clocks may differ.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T06:10:00Z")]
    end: Instant,
    /// What kind of sleep it was; `main` if absent.
    #[schema(value_type = Option<SleepKindDoc>)]
    kind: Option<SleepKind>,
    /// How good it was, from 1 (bad) to 5 (good).
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 5)]
    quality: Option<Quality>,
    /// Seconds awake in between, fewer than from start to end.
    #[schema(minimum = 0, maximum = 86_399)]
    awake_seconds: Option<u32>,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<SleepNote>,
}

fn awake_seconds(given: i64) -> Parsed<u32> {
    match u32::try_from(given) {
        Ok(seconds @ 0..=86_399) => Ok(seconds),
        _ => Err(Violations::of("out_of_range", "must be between 0 and 86399, and fewer than from `start` to `end`")),
    }
}

impl Decode for CreateSleepLogBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", text(SleepLogId::parse));
        let start = fields.required("start", text(Instant::parse));
        let end = fields.required("end", text(Instant::parse));
        let kind = fields.optional("kind", text(SleepKind::parse));
        let quality = fields.optional("quality", integer(Quality::from_number));
        let awake_seconds = fields.optional("awake_seconds", integer(awake_seconds));
        let note = fields.optional("note", text(SleepNote::parse)).flatten();
        Some(Self { id, start: start?, end: end?, kind, quality, awake_seconds, note })
    }
}

impl From<CreateSleepLogBody> for SleepInput {
    fn from(body: CreateSleepLogBody) -> Self {
        Self {
            start: body.start,
            end: body.end,
            kind: body.kind.unwrap_or(SleepKind::Main),
            quality: body.quality,
            awake_seconds: body.awake_seconds,
            note: body.note,
        }
    }
}

/// A change of a log of sleep (RFC 7396): what is absent stays, null clears.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct UpdateSleepLogBody {
    /// When they fell asleep, or went to bed.
    #[schema(value_type = Option<String>, nullable = false, format = DateTime)]
    start: Option<Instant>,
    /// When they woke, or got up. Where this moves, `date` and `timezone` are told anew.
    #[schema(value_type = Option<String>, nullable = false, format = DateTime)]
    end: Option<Instant>,
    /// What kind of sleep it was.
    #[schema(value_type = Option<SleepKindDoc>, nullable = false)]
    kind: Option<SleepKind>,
    /// How good it was, from 1 (bad) to 5 (good).
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 5)]
    quality: Option<Option<Quality>>,
    /// Seconds awake in between.
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 86_399)]
    awake_seconds: Option<Option<u32>>,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<Option<SleepNote>>,
}

impl Decode for UpdateSleepLogBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            start: fields.change("start", text(Instant::parse)),
            end: fields.change("end", text(Instant::parse)),
            kind: fields.change("kind", text(SleepKind::parse)),
            quality: fields.change_or_clear("quality", integer(Quality::from_number)),
            awake_seconds: fields.change_or_clear("awake_seconds", integer(awake_seconds)),
            note: fields.change_or_clear("note", text(SleepNote::parse)).map(Option::flatten),
        })
    }
}

impl From<UpdateSleepLogBody> for SleepPatch {
    fn from(body: UpdateSleepLogBody) -> Self {
        Self {
            start: body.start,
            end: body.end,
            kind: body.kind,
            quality: body.quality,
            awake_seconds: body.awake_seconds,
            note: body.note,
        }
    }
}

/// An interval to be held against the logs that are stored.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct CheckSleepBody {
    /// The log that is to be changed, if one is: it is never in its own way.
    #[schema(value_type = Option<Uuid>)]
    pub(super) id: Option<SleepLogId>,
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    start: Instant,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    end: Instant,
    /// What kind of sleep it is; `main` if absent.
    #[schema(value_type = Option<SleepKindDoc>)]
    kind: Option<SleepKind>,
}

impl Decode for CheckSleepBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", text(SleepLogId::parse_reference));
        let start = fields.required("start", text(Instant::parse));
        let end = fields.required("end", text(Instant::parse));
        let kind = fields.optional("kind", text(SleepKind::parse));
        Some(Self { id, start: start?, end: end?, kind })
    }
}

impl From<CheckSleepBody> for SleepInput {
    fn from(body: CheckSleepBody) -> Self {
        let kind = body.kind.unwrap_or(SleepKind::Main);
        Self { start: body.start, end: body.end, kind, quality: None, awake_seconds: None, note: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<CreateSleepLogBody>();
        assert_documented::<UpdateSleepLogBody>();
        assert_documented::<CheckSleepBody>();
    }
}
