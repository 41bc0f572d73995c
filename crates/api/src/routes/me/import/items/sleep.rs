//! Sleep logs.

use circadia_domain::ids::SleepLogId;
use circadia_domain::import::digest_of;
use circadia_domain::sleep::{Sleep, SleepLog};

use super::UNSTAMPED;
use crate::http::input::{Decode, Fields, between};

impl Decode for SleepLog {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<SleepLogId> = fields.required("id");
        let start = fields.required("start");
        let end = fields.required("end");
        let date = fields.required("date");
        let zone = fields.required("timezone");
        let kind = fields.required("kind");
        let quality = fields.optional("quality");
        let awake_seconds = fields.optional_with("awake_seconds", between(0, 86_399));
        let note = fields.optional("note");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            sleep: Sleep { start: start?, end: end?, date: date?, zone: zone?, kind: kind?, quality, awake_seconds },
            note,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}
