//! Instants: points on the time line, in whole microseconds of UTC.
//!
//! Microseconds, because that is what all three databases keep: an instant reads back exactly as it was written.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use crate::violation::Violations;

/// A point in time, to the microsecond, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    micros: i64,
}

/// How far a device's clock may be ahead of ours: what has happened may lie this long after now.
const CLOCK_SKEW_SECONDS: i64 = 900;

/// Microseconds of 9999-12-31T23:59:59.999999Z.
const MAX_MICROS: i64 = 253_402_300_799_999_999;
/// Microseconds of 0001-01-01T00:00:00Z.
const MIN_MICROS: i64 = -62_135_596_800_000_000;

impl Instant {
    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z, limited to the years 1–9999.
    pub const fn from_micros(micros: i64) -> Self {
        if micros > MAX_MICROS {
            Self { micros: MAX_MICROS }
        } else if micros < MIN_MICROS {
            Self { micros: MIN_MICROS }
        } else {
            Self { micros }
        }
    }

    /// The instant `seconds` after 1970-01-01T00:00:00Z.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(1_000_000))
    }

    /// Checks that something can have happened at this instant.
    ///
    /// # Errors
    /// `in_future` at `path` if it lies more than a quarter of an hour after `now`.
    pub fn ensure_happened(self, path: &'static str, now: Self) -> Result<(), Violations> {
        let mut wrong = Violations::new();
        if self > now.plus_seconds(CLOCK_SKEW_SECONDS) {
            let most = CLOCK_SKEW_SECONDS / 60;
            wrong.add(path, "in_future", format!("lies in the future by more than {most} minutes"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn seconds(self) -> i64 {
        self.micros.div_euclid(1_000_000)
    }

    /// This instant moved by `seconds`, which may be negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_micros(self.micros.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Reads an RFC 3339 timestamp with any offset.
    ///
    /// # Errors
    /// `invalid_instant` if it isn't one, `out_of_range` outside the years 1970–2199.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| {
            Violations::of("invalid_instant", "is not an RFC 3339 instant such as `2026-03-01T21:30:00Z`")
        })?;
        let instant = Self::from(parsed.with_timezone(&Utc));
        if instant < Self::from_seconds(0) || instant >= Self::from_seconds(7_258_118_400) {
            return Err(Violations::of("out_of_range", "must lie in the years 1970 to 2199"));
        }
        Ok(instant)
    }

    /// The same point as chrono's type.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.micros).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self::from_micros(at.timestamp_micros())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json_value!(Instant: str => Self::parse; "Instant", schema::text_of(schema::KnownFormat::DateTime));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_utc_with_z_and_reads_any_offset() {
        let instant = Instant::parse("2026-03-01T23:30:00.25+02:00").unwrap();
        assert_eq!(instant.to_string(), "2026-03-01T21:30:00.250Z");
        assert_eq!(Instant::parse("2026-03-01T21:30:00Z").unwrap().to_string(), "2026-03-01T21:30:00Z");
    }

    #[test]
    fn refuses_what_is_no_instant() {
        for wrong in [
            "",
            "2026-03-01",
            "2026-03-01T21:30:00",
            "0000-01-01T00:00:00Z",
            "262143-01-01T00:00:00Z",
            "2200-01-01T00:00:00Z",
        ] {
            assert!(Instant::parse(wrong).is_err(), "{wrong} was accepted");
        }
    }

    #[test]
    fn sub_microseconds_are_cut_so_that_storage_gives_back_the_same() {
        let instant = Instant::parse("2026-03-01T21:30:00.123456789Z").unwrap();
        assert_eq!(instant.to_string(), "2026-03-01T21:30:00.123456Z");
    }
}
