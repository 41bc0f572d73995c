//! Sleep logs.

use circadia_domain::civil::Instant;
use circadia_domain::ids::Id;
use circadia_domain::import::digest_of;
use circadia_domain::imports::{Item, ItemKind};
use circadia_domain::sleep::{Quality, Sleep, SleepKind, SleepLog, waking_date};
use circadia_domain::violation::Violations;

use super::cells::Cells;
use super::{Reader, UNSTAMPED};
use crate::context::sleep_kind;
use crate::values::prose;

impl Reader<'_> {
    pub(super) fn sleep_log(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::SleepLog, cells)?;
        let (start, end) = (cells.required("start", Instant::parse)?, cells.required("end", Instant::parse)?);
        let zone = self.zone(cells)?;
        let quality = cells.whole("quality", u32::from(Quality::MAX))?;
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::SleepLog(Box::new(SleepLog {
            id,
            sleep: Sleep {
                start,
                end,
                date: cells.date("date")?.unwrap_or_else(|| waking_date(zone.zone(), end)),
                zone,
                kind: cells.optional("kind", SleepKind::parse)?.unwrap_or_else(|| sleep_kind(start, end, zone)),
                quality: quality.map(|quality| Quality::from_number(quality.into())).transpose()?,
                awake_seconds: cells.whole("awake_seconds", 86_399)?,
            },
            note: prose(cells.get("note")),
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }
}
