//! Plees Tracker: CSV with `sid,start,stop,rating,comment,wakes`, times in milliseconds since 1970
//! (<https://github.com/vmiklos/plees-tracker>). The *pretty* backup, whose times are texts without a zone, has a column
//! `length`, too.

use std::io::BufReader;

use circadia_domain::civil::Instant;
use circadia_domain::imports::ItemKind;
use circadia_domain::sleep::Quality;

use crate::archive::Bounded;
use crate::context::{SleepDraft, sleep_kind};
use crate::out::Out;
use crate::table::{Header, Rows};
use crate::values::time_in;
use crate::{Context, ReadError, Source};

const FORMS: [&str; 4] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S"];

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
        let at = |text: &str| match text.parse::<i64>() {
            Ok(millis) => Some(Instant::from_micros(millis.saturating_mul(1_000))),
            Err(_) => time_in(text, &FORMS).map(|reading| context.instant(reading)),
        };
        let (Some(start), Some(end)) = (at(get("start")), at(get("stop"))) else {
            out.skip(row.line, Some(ItemKind::SleepLog), "unreadable", "it has no times in `start` and `stop`")?;
            continue;
        };
        let zone = context.zone();
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
