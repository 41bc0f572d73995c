//! Moods as the API shows and reads them.

use circadia_domain::civil::Date;
use circadia_domain::ids::MoodMomentId;
use circadia_domain::moods::{
    MomentPatch, Mood, MoodDay, MoodMoment, MoodNote, MoodSource, MoodValue, NewMoment, Tags,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields};
use crate::http::rounding::six_places;

/// A day with its mood and moments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoodDay)]
pub(in crate::routes) struct MoodDayBody {
    /// The day.
    pub date: Date,
    /// 0–10: the value of its own mood, else the mean of its moments; null without either. Nothing is imputed.
    #[schema(minimum = 0, maximum = 10)]
    pub value: Option<f64>,
    /// The source of the value; null without one.
    pub source: Option<MoodSource>,
    /// Its own mood; null without one.
    pub mood: Option<Mood>,
    /// Its moments, by time.
    pub moments: Vec<MoodMoment>,
}

impl From<MoodDay> for MoodDayBody {
    fn from(day: MoodDay) -> Self {
        let value = day.value();
        Self {
            date: day.date,
            value: value.map(|day| six_places(day.value)),
            source: value.map(|day| day.source),
            mood: day.mood,
            moments: day.moments,
        }
    }
}

/// How a day was.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"value": 7, "note": "A long walk", "tags": ["sunshine"]}))]
pub(in crate::routes) struct PutMoodBody {
    /// A whole number from 0 (worst) to 10 (best).
    pub(in crate::routes) value: MoodValue,
    /// A note.
    pub(in crate::routes) note: Option<MoodNote>,
    /// Tags of 1–32 characters, kept in lower case (NFKC), each once.
    pub(in crate::routes) tags: Option<Tags>,
}

impl Decode for PutMoodBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let value = fields.required("value");
        let note = fields.optional("note");
        let tags = fields.optional("tags");
        Some(Self { value: value?, note, tags })
    }
}

impl Decode for NewMoment {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(MoodMomentId::parse);
        let at = fields.required("at");
        let value = fields.required("value");
        let note = fields.optional("note");
        let tags = fields.optional("tags").unwrap_or_default();
        let timezone = fields.optional("timezone");
        let (offset, request_digest) = (fields.offset_of("at"), fields.request_digest());
        Some(Self { id: id?, at: at?, value: value?, note, tags, timezone, offset, request_digest })
    }
}

impl Decode for MomentPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            at: fields.change("at"),
            timezone: fields.change("timezone"),
            value: fields.change("value"),
            note: fields.change_or_clear("note"),
            tags: fields.change_or_clear("tags").map(Option::unwrap_or_default),
        })
    }
}
