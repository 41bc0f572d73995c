//! Moods as the API shows and reads them.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::MoodMomentId;
use circadia_domain::moods::{
    MAX_TAGS, MomentPatch, Mood, MoodDay, MoodMoment, MoodNote, MoodSource, MoodValue, Tag, Tags,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields, Parsed, Raw, integer, list, text};
use crate::http::rounding::rounded;

/// A day's own mood.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mood)]
pub(in crate::routes) struct MoodBody {
    /// Which day.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// How it was, a whole number from 0 (worst) to 10 (best).
    #[schema(value_type = u8, minimum = 0, maximum = 10)]
    pub value: MoodValue,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub note: Option<MoodNote>,
    /// What it went along with: lower case, each once, in alphabetical order.
    #[schema(value_type = Vec<String>, max_items = 20, example = json!(["sunshine", "work"]))]
    pub tags: Tags,
    /// When it was first put.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it was last put.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

impl From<Mood> for MoodBody {
    fn from(mood: Mood) -> Self {
        Self {
            date: mood.date,
            value: mood.value,
            note: mood.note,
            tags: mood.tags,
            created_at: mood.created_at,
            updated_at: mood.updated_at,
        }
    }
}

/// How it was at a moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoodMoment)]
pub(in crate::routes) struct MomentBody {
    /// The moment's id.
    #[schema(value_type = Uuid)]
    pub id: MoodMomentId,
    /// When it was.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The day that it belongs to, by the zone and the start of the day that the user had when they wrote it.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// How it was, a whole number from 0 (worst) to 10 (best).
    #[schema(value_type = u8, minimum = 0, maximum = 10)]
    pub value: MoodValue,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub note: Option<MoodNote>,
    /// What it went along with: lower case, each once, in alphabetical order.
    #[schema(value_type = Vec<String>, max_items = 20, example = json!(["sunshine", "work"]))]
    pub tags: Tags,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

impl From<MoodMoment> for MomentBody {
    fn from(moment: MoodMoment) -> Self {
        Self {
            id: moment.id,
            at: moment.at,
            date: moment.date,
            value: moment.value,
            note: moment.note,
            tags: moment.tags,
            created_at: moment.created_at,
            updated_at: moment.updated_at,
        }
    }
}

/// Where a day's value is from.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = MoodSource)]
#[serde(rename_all = "snake_case")]
pub(in crate::routes) enum MoodSourceDoc {
    /// From the day's own mood.
    Day,
    /// From its moments: their mean.
    Moments,
}

impl From<MoodSource> for MoodSourceDoc {
    fn from(source: MoodSource) -> Self {
        match source {
            MoodSource::Day => Self::Day,
            MoodSource::Moments => Self::Moments,
        }
    }
}

/// A day with everything that is said about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoodDay)]
pub(in crate::routes) struct MoodDayBody {
    /// Which day.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// 0–10: the value of its own mood, else the mean of its moments; null if nothing is said. Nothing is imputed.
    #[schema(minimum = 0, maximum = 10)]
    pub value: Option<f64>,
    /// Where the value is from; null without one.
    pub source: Option<MoodSourceDoc>,
    /// Its own mood; null without one.
    pub mood: Option<MoodBody>,
    /// Its moments, by time.
    pub moments: Vec<MomentBody>,
}

impl From<MoodDay> for MoodDayBody {
    fn from(day: MoodDay) -> Self {
        let value = day.value();
        Self {
            date: day.date,
            value: value.map(|day| rounded(day.value, 2)),
            source: value.map(|day| day.source.into()),
            mood: day.mood.map(MoodBody::from),
            moments: day.moments.into_iter().map(MomentBody::from).collect(),
        }
    }
}

fn tags(raw: Raw<'_>) -> Parsed<Tags> {
    list(MAX_TAGS, text(Tag::parse))(raw).and_then(Tags::new)
}

/// How a day was.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct PutMoodBody {
    /// A whole number from 0 (worst) to 10 (best).
    #[schema(value_type = u8, minimum = 0, maximum = 10)]
    pub(super) value: MoodValue,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub(super) note: Option<MoodNote>,
    /// What it went along with: tags of 1–32 characters, kept in lower case (NFKC), each once.
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    pub(super) tags: Option<Tags>,
}

impl Decode for PutMoodBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let value = fields.required("value", integer(MoodValue::from_number));
        let note = fields.optional("note", text(MoodNote::parse)).flatten();
        let tags = fields.optional("tags", tags);
        Some(Self { value: value?, note, tags })
    }
}

/// A moment to make.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct CreateMoodMomentBody {
    /// Its id, if the client wants to choose it.
    #[schema(value_type = Option<Uuid>)]
    pub(super) id: Option<MoodMomentId>,
    /// When it was; not in the future, but for a quarter of an hour by which clocks may differ.
    #[schema(value_type = String, format = DateTime)]
    pub(super) at: Instant,
    /// A whole number from 0 (worst) to 10 (best).
    #[schema(value_type = u8, minimum = 0, maximum = 10)]
    pub(super) value: MoodValue,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub(super) note: Option<MoodNote>,
    /// What it went along with: tags of 1–32 characters, kept in lower case (NFKC), each once.
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    pub(super) tags: Option<Tags>,
}

impl Decode for CreateMoodMomentBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", text(MoodMomentId::parse));
        let at = fields.required("at", text(Instant::parse));
        let value = fields.required("value", integer(MoodValue::from_number));
        let note = fields.optional("note", text(MoodNote::parse)).flatten();
        let tags = fields.optional("tags", tags);
        Some(Self { id, at: at?, value: value?, note, tags })
    }
}

/// A change of a moment (RFC 7396): what is absent stays, null clears.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct UpdateMoodMomentBody {
    /// When it was. Where this moves, `date` is told anew.
    #[schema(value_type = Option<String>, nullable = false, format = DateTime)]
    at: Option<Instant>,
    /// A whole number from 0 (worst) to 10 (best).
    #[schema(value_type = Option<u8>, nullable = false, minimum = 0, maximum = 10)]
    value: Option<MoodValue>,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<Option<MoodNote>>,
    /// What it went along with; null is none.
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    tags: Option<Option<Tags>>,
}

impl Decode for UpdateMoodMomentBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            at: fields.change("at", text(Instant::parse)),
            value: fields.change("value", integer(MoodValue::from_number)),
            note: fields.change_or_clear("note", text(MoodNote::parse)).map(Option::flatten),
            tags: fields.change_or_clear("tags", tags),
        })
    }
}

impl From<UpdateMoodMomentBody> for MomentPatch {
    fn from(body: UpdateMoodMomentBody) -> Self {
        Self { at: body.at, value: body.value, note: body.note, tags: body.tags.map(Option::unwrap_or_default) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<PutMoodBody>();
        assert_documented::<CreateMoodMomentBody>();
        assert_documented::<UpdateMoodMomentBody>();
    }
}
