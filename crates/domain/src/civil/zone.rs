//! Zones: the edge where instants become civil dates.
//!
//! One policy for wall-clock readings that don't exist or exist twice, that of RFC 5545 §3.3.5: a reading inside a gap
//! is taken with the offset before the gap, a reading that occurs twice means its first occurrence.

use std::fmt;
use std::str::FromStr;

use chrono::{
    Datelike as _, Duration, FixedOffset, LocalResult, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike as _,
};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use super::{Date, Instant};
use crate::violation::Violations;

/// A time zone: one of the IANA database, or a fixed offset from UTC (see [`super::ZoneOrOffset`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Rules);

/// How far the clocks of a zone are from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Rules {
    Named(Tz),
    Fixed(FixedOffset),
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self(Rules::Named(Tz::UTC));

    /// Reads an IANA name such as `Europe/Berlin`.
    ///
    /// # Errors
    /// `unknown_timezone` if the database has no zone of that name.
    pub fn parse(name: &str) -> Result<Self, Violations> {
        Tz::from_str(name).map(|zone| Self(Rules::Named(zone))).map_err(|_| {
            Violations::of(
                "unknown_timezone",
                "is not a time zone of the IANA database, such as `Europe/Berlin` or `UTC`",
            )
        })
    }

    /// Where clocks never change.
    pub(super) const fn at_offset(offset: FixedOffset) -> Self {
        Self(Rules::Fixed(offset))
    }

    /// What a wall clock in this zone shows at `instant`.
    pub fn wall_clock(&self, instant: Instant) -> NaiveDateTime {
        let at = instant.to_chrono();
        match self.0 {
            Rules::Named(zone) => at.with_timezone(&zone).naive_local(),
            Rules::Fixed(offset) => at.with_timezone(&offset).naive_local(),
        }
    }

    /// How many seconds the clocks of this zone are ahead of UTC at `instant`; negative behind it.
    pub fn offset_seconds(&self, instant: Instant) -> i32 {
        match self.0 {
            Rules::Named(zone) => {
                zone.offset_from_utc_datetime(&instant.to_chrono().naive_utc()).fix().local_minus_utc()
            }
            Rules::Fixed(offset) => offset.local_minus_utc(),
        }
    }

    /// The date that a calendar in this zone shows at `instant`, limited to [`Date::MIN`] … [`Date::MAX`].
    pub fn date_of(&self, instant: Instant) -> Date {
        let shown = self.wall_clock(instant).date();
        // The first hours of 1970 are of the year before in the west.
        let edge = if shown.year() < 1970 { Date::MIN } else { Date::MAX };
        Date::try_from(shown).unwrap_or(edge)
    }

    /// The instant at which a wall clock in this zone shows `reading`; gaps and repetitions as the module says.
    pub fn instant_of(&self, reading: NaiveDateTime) -> Instant {
        let zone = match self.0 {
            Rules::Named(zone) => zone,
            Rules::Fixed(offset) => return Instant::from((reading - offset).and_utc()),
        };
        match zone.from_local_datetime(&reading) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Instant::from(at.to_utc()),
            LocalResult::None => {
                // No zone has two transitions within a day, so the offset a day earlier is the one before the gap.
                let before = zone.offset_from_utc_datetime(&(reading - Duration::days(1)));
                Instant::from((reading - before.fix()).and_utc())
            }
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Rules::Named(zone) => f.write_str(zone.name()),
            Rules::Fixed(offset) => offset.fmt(f),
        }
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json_value!(Zone: str => Self::parse; "Zone", schema::text().examples(["Europe/Berlin"]));

/// What a wall clock shows, in minutes after midnight (0–1439).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallTime(u16);

/// The wall-clock time at which a user's day begins.
pub type DayStart = WallTime;

impl WallTime {
    /// Midnight.
    pub const MIDNIGHT: Self = Self(0);
    /// Noon.
    pub const NOON: Self = Self(720);

    /// From minutes after midnight, if there are fewer than 1440.
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes < 1440 { Some(Self(minutes)) } else { None }
    }

    /// Minutes after midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// Reads `"HH:MM"`.
    ///
    /// # Errors
    /// `invalid_time` unless it is a time of day from `00:00` to `23:59`.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let minutes = match text.as_bytes() {
            &[h1 @ b'0'..=b'2', h2 @ b'0'..=b'9', b':', m1 @ b'0'..=b'5', m2 @ b'0'..=b'9'] => {
                let digit = |byte: u8| u16::from(byte - b'0');
                let hours = digit(h1) * 10 + digit(h2);
                (hours < 24).then(|| hours * 60 + digit(m1) * 10 + digit(m2))
            }
            _ => None,
        };
        minutes
            .map(Self)
            .ok_or_else(|| Violations::of("invalid_time", "is not a time of day such as `04:00` (00:00 to 23:59)"))
    }

    /// What a wall clock shows on a date at this time.
    pub fn reading_on(self, date: Date) -> NaiveDateTime {
        let time = NaiveTime::MIN + Duration::minutes(i64::from(self.0));
        NaiveDateTime::new(date.into(), time)
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json_value!(WallTime: str => Self::parse;
    "WallTime", schema::text().pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$")).examples(["04:00"]));

/// How a person's days lie on the time line: a zone, and when in it a day begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayClock {
    /// The zone whose wall clock counts.
    pub zone: Zone,
    /// When a day begins on that clock.
    pub day_start: DayStart,
}

impl DayClock {
    /// The first instant of `date`.
    pub fn start_of(&self, date: Date) -> Instant {
        self.zone.instant_of(self.day_start.reading_on(date))
    }

    /// The civil date that `instant` belongs to: the last one that has begun by then. Never runs backwards as time
    /// goes on, not even where a clock change repeats the hour in which the day begins. Limited to [`Date::MIN`] …
    /// [`Date::MAX`].
    pub fn date_at(&self, instant: Instant) -> Date {
        let reading = self.zone.wall_clock(instant);
        let shown = self.zone.date_of(instant);
        if instant < self.start_of(shown) {
            return shown.saturating_add_days(-1);
        }
        // Clocks that went back over the beginning of a day, by less than half a day, show the end of the one before again.
        match shown.succ() {
            Some(next) if reading.hour() >= 12 && self.start_of(next) <= instant => next,
            _ => shown,
        }
    }
}

/// The latest civil date anywhere on Earth at `instant` (UTC+14): the last date an entry may have, so that a device
/// that travelled ahead of its stored zone can still record.
pub fn latest_date_on_earth(instant: Instant) -> Date {
    DayClock { zone: Zone::UTC, day_start: DayStart::MIDNIGHT }.date_at(instant.plus_seconds(14 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hours_of_1970_are_of_its_first_day_everywhere() {
        for (zone, day_start) in [("America/Los_Angeles", "00:00"), ("UTC", "04:00"), ("Asia/Tokyo", "00:00")] {
            assert_eq!(clock(zone, day_start).date_at(Instant::from_seconds(0)), Date::MIN, "{zone}");
        }
    }

    fn clock(zone: &str, day_start: &str) -> DayClock {
        DayClock { zone: Zone::parse(zone).unwrap(), day_start: DayStart::parse(day_start).unwrap() }
    }

    fn date_at(zone: &str, day_start: &str, instant: &str) -> String {
        clock(zone, day_start).date_at(Instant::parse(instant).unwrap()).to_string()
    }

    #[test]
    fn east_and_west_of_the_date_line_have_their_own_today() {
        assert_eq!(date_at("Pacific/Kiritimati", "00:00", "2026-03-01T10:00:00Z"), "2026-03-02");
        assert_eq!(date_at("Pacific/Honolulu", "00:00", "2026-03-01T09:59:59Z"), "2026-02-28");
        assert_eq!(date_at("UTC", "00:00", "2026-03-01T00:00:00Z"), "2026-03-01");
    }

    #[test]
    fn before_the_day_start_it_is_still_yesterday() {
        assert_eq!(date_at("Asia/Kolkata", "04:00", "2026-03-01T21:00:00Z"), "2026-03-01");
        assert_eq!(date_at("Asia/Kolkata", "04:00", "2026-03-01T22:30:00Z"), "2026-03-02");
    }

    #[test]
    fn a_day_start_in_a_gap_moves_with_the_clock() {
        // New York skips 02:00–03:00 on 2026-03-08: 02:30 is read with the offset before, that is 03:30 EDT.
        assert_eq!(date_at("America/New_York", "02:30", "2026-03-08T07:29:59Z"), "2026-03-07");
        assert_eq!(date_at("America/New_York", "02:30", "2026-03-08T07:30:00Z"), "2026-03-08");
    }

    #[test]
    fn a_repeated_hour_does_not_bring_yesterday_back() {
        // New York repeats 01:00–02:00 on 2026-11-01; with 01:30 the day begins at the first 01:30 (05:30Z).
        assert_eq!(date_at("America/New_York", "01:30", "2026-11-01T05:29:59Z"), "2026-10-31");
        assert_eq!(date_at("America/New_York", "01:30", "2026-11-01T05:30:00Z"), "2026-11-01");
        assert_eq!(date_at("America/New_York", "01:30", "2026-11-01T06:10:00Z"), "2026-11-01");
    }

    #[test]
    fn a_day_that_began_goes_on_when_clocks_go_back_over_its_beginning() {
        // Until 2011 St. John's went from 00:01 back to 23:01: the day had begun a minute before.
        assert_eq!(date_at("America/St_Johns", "00:00", "2006-10-29T02:29:59Z"), "2006-10-28");
        assert_eq!(date_at("America/St_Johns", "00:00", "2006-10-29T02:30:00Z"), "2006-10-29");
        assert_eq!(date_at("America/St_Johns", "00:00", "2006-10-29T02:31:00Z"), "2006-10-29");
        assert_eq!(date_at("America/St_Johns", "00:00", "2006-10-29T03:30:00Z"), "2006-10-29");
        assert_eq!(date_at("America/St_Johns", "00:01", "2006-10-29T02:31:00Z"), "2006-10-28");
        // And in 2010 Casey went from 02:00 back to 23:00.
        for instant in ["2010-03-04T14:59:59Z", "2010-03-04T15:00:00Z", "2010-03-04T15:59:59Z"] {
            assert_eq!(date_at("Antarctica/Casey", "01:30", instant), "2010-03-05", "{instant}");
        }
        assert_eq!(date_at("Antarctica/Casey", "01:30", "2010-03-04T14:29:59Z"), "2010-03-04");
    }

    #[test]
    fn a_date_that_a_zone_skipped_never_is_today() {
        // Samoa went from 2011-12-29 to 2011-12-31.
        assert_eq!(date_at("Pacific/Apia", "00:00", "2011-12-30T09:59:59Z"), "2011-12-29");
        assert_eq!(date_at("Pacific/Apia", "00:00", "2011-12-30T10:00:00Z"), "2011-12-31");
    }

    #[test]
    fn days_never_run_backwards() {
        for zone in ["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Asia/Gaza"] {
            for day_start in ["00:00", "01:30", "02:00", "04:00", "23:59"] {
                let clock = clock(zone, day_start);
                let mut last = Date::MIN;
                for hour in 0..(2 * 366 * 24) {
                    let date = clock.date_at(Instant::parse("2017-12-01T00:10:00Z").unwrap().plus_seconds(hour * 3600));
                    assert!(date >= last, "{zone} {day_start}: {date} after {last}");
                    last = date;
                }
            }
        }
    }

    #[test]
    fn the_edges_of_the_calendar_do_not_panic() {
        for micros in [i64::MIN, i64::MAX, 0, -1] {
            let _ = clock("Pacific/Kiritimati", "23:59").date_at(Instant::from_micros(micros));
            let _ = clock("Pacific/Pago_Pago", "00:00").date_at(Instant::from_micros(micros));
        }
    }

    #[test]
    fn unknown_zones_and_times_are_refused() {
        for zone in ["", "Mars/Olympus", "europe/berlin\0", "+02:00"] {
            assert!(Zone::parse(zone).is_err(), "{zone}");
        }
        for time in ["24:00", "4:00", "04:60", "04:00:00", "", "aa:bb"] {
            assert!(DayStart::parse(time).is_err(), "{time}");
        }
    }
}
