//! The moods of days and of moments.

use circadia_domain::ids::MoodMomentId;
use circadia_domain::import::digest_of;
use circadia_domain::moods::{Mood, MoodMoment};

use super::UNSTAMPED;
use crate::http::input::{Decode, Fields};

impl Decode for Mood {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let date = fields.required("date");
        let value = fields.required("value");
        let note = fields.optional("note");
        let tags = fields.optional("tags");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            date: date?,
            value: value?,
            note,
            tags: tags.unwrap_or_default(),
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
        })
    }
}

impl Decode for MoodMoment {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<MoodMomentId> = fields.required("id");
        let at = fields.required("at");
        let date = fields.required("date");
        let zone = fields.required("timezone");
        let value = fields.required("value");
        let note = fields.optional("note");
        let tags = fields.optional("tags");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            at: at?,
            date: date?,
            zone: zone?,
            value: value?,
            note,
            tags: tags.unwrap_or_default(),
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}
