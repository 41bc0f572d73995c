//! Where something happened: the zone, or as much as an offset from UTC says of it.

use std::fmt;

use chrono::{DateTime, FixedOffset};
use serde::{Serialize, Serializer};

use super::{Instant, Zone};
use crate::violation::Violations;

/// The western- and easternmost offsets that clocks have, in minutes: UTC−12 and UTC+14.
const OFFSETS: std::ops::RangeInclusive<i32> = -12 * 60..=14 * 60;

/// An IANA time zone, or an offset from UTC such as `+05:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ZoneOrOffset(Zone);

impl ZoneOrOffset {
    /// UTC.
    pub const UTC: Self = Self(Zone::UTC);

    /// Reads an IANA name such as `Europe/Berlin`, or an offset from `-12:00` to `+14:00`.
    ///
    /// # Errors
    /// `unknown_timezone`.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        if let Some(offset) = offset_from(text) {
            return Ok(Self(Zone::at_offset(offset)));
        }
        Zone::parse(text).map(Self).map_err(|_| {
            Violations::of(
                "unknown_timezone",
                "is neither a time zone of the IANA database, such as `Europe/Berlin`, nor an offset such as `+05:30`, \
                 from `-12:00` to `+14:00`",
            )
        })
    }

    /// The offset that an RFC 3339 timestamp has. None for `Z` and `-00:00`, which say nothing of where it was written
    /// (RFC 9557 §2), and for offsets that no clock has.
    pub fn of_timestamp(text: &str) -> Option<Self> {
        let offset = *DateTime::parse_from_rfc3339(text).ok()?.offset();
        let is_unknown = text.ends_with(['Z', 'z']) || text.ends_with("-00:00");
        (!is_unknown && is_possible(offset)).then(|| Self(Zone::at_offset(offset)))
    }

    /// Where something at `at` was logged: in the zone that was named; else at the offset that was sent, unless the
    /// clock in the user's zone has that offset then, too; else in the user's zone.
    pub fn of_log(named: Option<Self>, sent: Option<Self>, user: Zone, at: Instant) -> Self {
        let elsewhere = sent.filter(|sent| sent.0.wall_clock(at) != user.wall_clock(at));
        named.or(elsewhere).unwrap_or(Self(user))
    }

    /// The zone whose wall clock counts.
    pub const fn zone(self) -> Zone {
        self.0
    }
}

fn is_possible(offset: FixedOffset) -> bool {
    offset.local_minus_utc() % 60 == 0 && OFFSETS.contains(&(offset.local_minus_utc() / 60))
}

fn offset_from(text: &str) -> Option<FixedOffset> {
    let &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(10).and_then(|digit| i32::try_from(digit).ok());
    let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    let seconds = (hours * 60 + minutes) * 60;
    let offset = FixedOffset::east_opt(if sign == b'-' { -seconds } else { seconds })?;
    (minutes < 60 && is_possible(offset)).then_some(offset)
}

impl From<Zone> for ZoneOrOffset {
    fn from(zone: Zone) -> Self {
        Self(zone)
    }
}

impl fmt::Display for ZoneOrOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ZoneOrOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json_value!(ZoneOrOffset: str => Self::parse; "ZoneOrOffset", schema::text().examples(["Europe/Berlin", "+05:30"]));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_offsets_print_as_they_are_read() {
        for text in ["Europe/Berlin", "UTC", "+05:30", "-12:00", "+14:00", "+00:00", "-03:30"] {
            assert_eq!(ZoneOrOffset::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "Mars/Olympus", "+14:01", "-12:01", "+05:60", "5:30", "+0530", "+5:30", "Z", "+0é:00"] {
            assert!(ZoneOrOffset::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn timestamps_tell_where_they_were_written_but_for_those_in_utc() {
        let of = |text: &str| ZoneOrOffset::of_timestamp(text).map(|offset| offset.to_string());
        assert_eq!(of("2026-03-10T23:30:00-05:00"), Some("-05:00".into()));
        assert_eq!(of("2026-03-10T23:30:00+00:00"), Some("+00:00".into()));
        for unknown in ["2026-03-10T23:30:00Z", "2026-03-10T23:30:00-00:00", "2026-03-10T23:30:00+23:00", "today"] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_offset_that_the_users_clock_has_is_their_zone() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let of = |named: Option<&str>, at: &str| {
            let named = named.map(|name| ZoneOrOffset::parse(name).unwrap());
            ZoneOrOffset::of_log(named, ZoneOrOffset::of_timestamp(at), berlin, Instant::parse(at).unwrap()).to_string()
        };
        assert_eq!(of(None, "2026-01-10T23:30:00+01:00"), "Europe/Berlin");
        assert_eq!(of(None, "2026-07-10T23:30:00+01:00"), "+01:00");
        assert_eq!(of(None, "2026-07-10T23:30:00Z"), "Europe/Berlin");
        assert_eq!(of(Some("Asia/Tokyo"), "2026-07-10T23:30:00-05:00"), "Asia/Tokyo");
    }

    #[test]
    fn clocks_at_an_offset_never_change() {
        let zone = ZoneOrOffset::parse("-03:30").unwrap().zone();
        for text in ["2026-01-10T01:00:00Z", "2026-07-10T01:00:00Z"] {
            let at = Instant::parse(text).unwrap();
            assert_eq!(
                zone.wall_clock(at).to_string(),
                format!("{} 21:30:00", if text.contains("-01-") { "2026-01-09" } else { "2026-07-09" })
            );
            assert_eq!(zone.instant_of(zone.wall_clock(at)), at);
        }
    }
}
