//! Logs for the tests of this module, all in UTC.

use super::{Sleep, SleepKind, waking_date};
use crate::civil::{Date, Instant, Zone, ZoneOrOffset};

/// A `main` log.
pub(super) fn log(start: &str, end: &str) -> Sleep {
    let (start, end) = (Instant::parse(start).unwrap(), Instant::parse(end).unwrap());
    Sleep {
        start,
        end,
        date: waking_date(Zone::UTC, end),
        zone: ZoneOrOffset::UTC,
        kind: SleepKind::Main,
        quality: None,
        awake_seconds: None,
    }
}

/// A nap.
pub(super) fn nap(start: &str, end: &str) -> Sleep {
    Sleep { kind: SleepKind::Nap, ..log(start, end) }
}

/// Nights from a date of going to bed on: of each, the hour after that day's midnight at which it begins (24 and more
/// lie on the next day), and how many hours it has.
pub(super) fn nightly(first: &str, count: i32, hours: impl Fn(i32) -> (i64, i64)) -> Vec<Sleep> {
    let first = i64::from(Date::parse(first).unwrap().days_since_epoch()) * 86_400;
    (0..count)
        .map(|day| {
            let (from, length) = hours(day);
            let start = Instant::from_seconds(first + i64::from(day) * 86_400 + from * 3_600);
            let end = start.plus_seconds(length * 3_600);
            Sleep {
                start,
                end,
                date: waking_date(Zone::UTC, end),
                ..log("2026-01-01T00:00:00Z", "2026-01-01T08:00:00Z")
            }
        })
        .collect()
}
