//! The items of a document, decoded into what is stored.

mod habits;
mod moods;
mod reminders;
mod sleep;
mod tasks;

use circadia_domain::ids::ThemeId;
use circadia_domain::import::digest_of;
use circadia_domain::revision::Revision;
use circadia_domain::themes::Theme;
use circadia_domain::users::Settings;

use crate::http::input::{Decode, Fields};

/// Stamped on when it is stored.
const UNSTAMPED: Revision = Revision(0);

impl Decode for Settings {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let timezone = fields.required("timezone");
        let day_start = fields.required("day_start");
        let week_start = fields.required("week_start");
        let locale = fields.required("locale");
        let color_scheme = fields.required("color_scheme");
        let sleep_goal = fields.required("sleep_goal_minutes");
        let free_days = fields.required("free_days");
        let allow_overlapping_time = fields.required("allow_overlapping_time");
        Some(Self {
            timezone: timezone?,
            day_start: day_start?,
            week_start: week_start?,
            locale: locale?,
            color_scheme: color_scheme?,
            sleep_goal: sleep_goal?,
            free_days: free_days?,
            allow_overlapping_time: allow_overlapping_time?,
        })
    }
}

impl Decode for Theme {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let id: Option<ThemeId> = fields.required("id");
        let color = fields.required("color");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            name: name?,
            color: color?,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}
