//! Plees Tracker: CSV with `sid,start,stop,rating,comment,wakes`, times in milliseconds since 1970
//! (<https://github.com/vmiklos/plees-tracker>). The *pretty* backup has a column `length`, too, and times such as
//! `2024-03-10 23:15:30 +01:00`; older ones have no offset.

use std::io::BufReader;

use chrono::DateTime;
use circadia_domain::civil::{Instant, ZoneOrOffset};
use circadia_domain::imports::ItemKind;
use circadia_domain::sleep::Quality;

use crate::archive::Bounded;
use crate::context::{SleepDraft, sleep_kind};
use crate::out::Out;
use crate::table::{Header, Rows};
use crate::values::time_in;
use crate::{Context, ReadError, Source};

const FORMS: [&str; 3] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"];

/// A time, and where it was if it says so.
fn time(text: &str, context: &Context) -> Option<(Instant, Option<ZoneOrOffset>)> {
    if let Ok(millis) = text.parse::<i64>() {
        return Some((Instant::from_micros(millis.saturating_mul(1_000)), None));
    }
    // In UTC, its offset is `Z`.
    let offset = text.strip_suffix('Z').map_or_else(|| text.to_owned(), |reading| format!("{reading}+00:00"));
    if let Ok(at) = DateTime::parse_from_str(&offset, "%Y-%m-%d %H:%M:%S %z") {
        return Some((Instant::from(at.to_utc()), ZoneOrOffset::of_timestamp(&at.to_rfc3339())));
    }
    time_in(text, &FORMS).map(|reading| (context.instant(reading), None))
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    file.rewind()?;
    let mut rows = Rows::new(BufReader::new(Bounded::new(file, max)));
    let header = Header::of(&rows.next()?.unwrap_or_default());
    if !header.has(&["start", "stop"]) {
        return Err(ReadError::unreadable(
            "The file isn't of Plees Tracker: its first line must be `sid,start,stop,rating,…`.",
        ));
    }
    while let Some(row) = rows.next()? {
        let get = |name: &str| header.get(&row, name);
        let (Some((start, _)), Some((end, zone))) = (time(get("start"), context), time(get("stop"), context)) else {
            out.skip(row.line, Some(ItemKind::SleepLog), "unreadable", "it has no times in `start` and `stop`")?;
            continue;
        };
        let zone = ZoneOrOffset::of_log(None, zone, context.settings.timezone, end);
        // What tells sleeps apart there, too: numbers begin anew on another device.
        let key = format!("{} {}", start.micros(), end.micros());
        let draft = SleepDraft {
            key: &key,
            start,
            end,
            zone,
            kind: sleep_kind(start, end, zone),
            quality: get("rating").parse().ok().and_then(|rating| Quality::from_number(rating).ok()),
            awake_seconds: None,
            note: get("comment"),
        };
        out.item(row.line, context.sleep(&draft))?;
    }
    Ok(())
}
