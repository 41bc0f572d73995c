//! Sleep as Android: CSV, `Id,Tz,From,To,Sched,Hours,Rating,Comment,Framerate,Snore,Noise,Cycles,DeepSleep,LenAdjust,Geo`
//! and then columns of the time of the day, which differ from night to night: so each night has a line of names of its own
//! before it, and maybe a line of noise after it. Times are `26. 11. 2026 22:30` in `Tz`.

use std::io::{BufReader, Read};

use chrono::NaiveDateTime;
use circadia_domain::civil::{Instant, ZoneOrOffset};
use circadia_domain::imports::ItemKind;
use circadia_domain::sleep::Quality;

use crate::archive::{Archive, Bounded, is_zip};
use crate::context::{SleepDraft, offset, sleep_kind};
use crate::out::Out;
use crate::table::{Header, Row, Rows};
use crate::values::{number, time_in};
use crate::{Context, ReadError, Source};

const FORMS: [&str; 6] =
    ["%d. %m. %Y %H:%M", "%d.%m.%Y %H:%M", "%d. %m. %Y %H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"];

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    if is_zip(file)? {
        let mut archive = Archive::open(file, max)?;
        let names = archive.names();
        let Some(name) = names
            .iter()
            .find(|name| name.to_lowercase().ends_with("sleep-export.csv"))
            .or_else(|| names.iter().find(|name| name.to_lowercase().ends_with(".csv")))
        else {
            return Err(ReadError::unreadable("The archive has no `sleep-export.csv`."));
        };
        return archive.read(name, |file| rows(file, context, out));
    }
    rows(&mut BufReader::new(Bounded::new(file, max)), context, out)
}

fn rows(file: &mut dyn Read, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let mut rows = Rows::new(file);
    let mut header: Option<Header> = None;
    while let Some(row) = rows.next()? {
        if row.cell(0) == "Id" {
            header = Some(Header::of(&row));
            continue;
        }
        let Some(header) = &header else {
            return Err(ReadError::unreadable(
                "The file isn't of Sleep as Android: its first line must be `Id,Tz,From,To,Sched,Hours,Rating,…`.",
            ));
        };
        // A line of noise has no id.
        if !row.cell(0).is_empty() {
            night(header, &row, context, out)?;
        }
    }
    if header.is_none() {
        return Err(ReadError::unreadable("The file is empty."));
    }
    Ok(())
}

/// A zone by its name, or as Android calls an offset: `GMT+01:00`.
fn zone_of(text: &str) -> Option<ZoneOrOffset> {
    let offset = text.strip_prefix("GMT").or_else(|| text.strip_prefix("UTC")).filter(|offset| !offset.is_empty());
    ZoneOrOffset::parse(offset.unwrap_or(text)).ok()
}

/// The offset of a clock that showed `reading` at an instant, if it is one: whole quarters of an hour, up to 14 hours.
fn offset_between(at: Instant, reading: NaiveDateTime) -> Option<ZoneOrOffset> {
    // Readings have no seconds.
    let quarters = (reading.and_utc().timestamp() - at.seconds() + 450).div_euclid(900);
    offset(quarters.saturating_mul(15))
}

fn night(header: &Header, row: &Row, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let get = |name: &str| header.get(row, name);
    let (Some(from), Some(to)) = (time_in(get("from"), &FORMS), time_in(get("to"), &FORMS)) else {
        return out.skip(row.line, Some(ItemKind::SleepLog), "unreadable", "it has no times in `From` and `To`");
    };
    // The id is when it began, in milliseconds: on a night of a clock change, readings alone could be of two instants.
    let id = get("id").parse::<i64>().ok().map(|millis| Instant::from_seconds(millis.div_euclid(1_000)));
    let zone = zone_of(get("tz")).or_else(|| offset_between(id?, from)).unwrap_or_else(|| context.zone());
    let (start, end) = (zone.zone().instant_of(from), zone.zone().instant_of(to));
    let is_near = |id: &Instant| (id.seconds() - start.seconds()).abs() <= 3_600;
    let start = id.filter(is_near).map_or(start, |id| Instant::from_seconds(id.seconds().div_euclid(60) * 60));
    // 0 is not rated; ratings go in quarters up to 5.
    let rating = number(get("rating")).filter(|rating| *rating > 0.0);
    let quality = rating.and_then(|rating| format!("{:.0}", rating.clamp(1.0, 5.0)).parse().ok());
    let draft = SleepDraft {
        key: get("id"),
        start,
        end,
        zone,
        kind: sleep_kind(start, end, zone),
        quality: quality.and_then(|quality| Quality::from_number(quality).ok()),
        awake_seconds: None,
        note: get("comment"),
    };
    out.item(row.line, context.sleep(&draft))
}
