//! The moods of days and of moments.

use circadia_domain::civil::{DayClock, Instant};
use circadia_domain::ids::Id;
use circadia_domain::import::digest_of;
use circadia_domain::imports::{Item, ItemKind};
use circadia_domain::moods::{Mood, MoodMoment, MoodValue};
use circadia_domain::violation::Violations;

use super::cells::{Cells, wrong};
use super::{Reader, UNSTAMPED};
use crate::values::prose;

impl Reader<'_> {
    pub(super) fn mood(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::Mood(Mood {
            date: cells.date("date")?.ok_or_else(|| wrong("date", "required", "is required"))?,
            value: cells.required("value", mood_value)?,
            note: prose(cells.get("note")),
            tags: cells.tags()?,
            created_at,
            updated_at,
            rev: UNSTAMPED,
        }))
    }

    pub(super) fn moment(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::MoodMoment, cells)?;
        let at = cells.required("at", Instant::parse)?;
        let zone = self.zone(cells)?;
        let by_clock = || {
            let clock = DayClock { zone: zone.zone(), ..self.context.settings.day_clock() };
            clock.date_at(at)
        };
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::MoodMoment(Box::new(MoodMoment {
            id,
            at,
            date: cells.date("date")?.unwrap_or_else(by_clock),
            zone,
            value: cells.required("value", mood_value)?,
            note: prose(cells.get("note")),
            tags: cells.tags()?,
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }
}

fn mood_value(text: &str) -> Result<MoodValue, Violations> {
    let number = text.parse().map_err(|_| Violations::of("wrong_type", "must be a whole number"))?;
    MoodValue::from_number(number)
}
