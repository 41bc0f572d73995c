//! Civil dates, 1970-01-01 … 2199-12-31.
//!
//! A date is a day number, so that everything the engine does is arithmetic; year, month and day are computed when they
//! are asked for (Neri & Schneider, *Euclidean affine functions and their application to calendar algorithms*, 2022).
//! Time of day and zones are not known here.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::num::{index_of_day, low8, low16, low32};
use super::weekday::Weekday;
use crate::violation::Violations;

/// A day of the proleptic Gregorian calendar, from [`Date::MIN`] to [`Date::MAX`].
///
/// ```
/// use circadia_domain::civil::{Date, Weekday};
/// let date = Date::parse("2024-02-29").unwrap();
/// assert_eq!((date.year(), date.month(), date.day(), date.ordinal()), (2024, 2, 29, 60));
/// assert_eq!(date.weekday(), Weekday::Th);
/// assert_eq!(date.succ().unwrap().to_string(), "2024-03-01");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

/// Why a text is no [`Date`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not of the form `YYYY-MM-DD`.
    #[error("is not a date of the form `YYYY-MM-DD`")]
    Malformed,
    /// The form is right, but the calendar has no such day.
    #[error("is not a day of the calendar")]
    NoSuchDay,
    /// A day, but not one that is accepted.
    #[error("must lie between 1970-01-01 and 2199-12-31")]
    OutOfRange,
}

/// The number of days in `month` (1–12) of `year`.
pub(crate) const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether `year` has a 29 February.
pub(crate) const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970-01-01 to 1 January of `year` (1970–2200): every fourth year is a leap year, but for 2100.
pub(crate) const fn year_start(year: i32) -> i32 {
    let years = year - 1970;
    365 * years + (years + 1) / 4 - if year > 2100 { 1 } else { 0 }
}

/// The day number of 2100-03-01, where the rule of the fourth year fails.
const MARCH_2100: i32 = 47_541;

impl Date {
    /// The first date there is: 1970-01-01.
    pub const MIN: Self = Self(0);
    /// The last date there is: 2199-12-31.
    pub const MAX: Self = Self(84_005);

    /// The date of a year, month (1–12) and day (1–31), if the calendar has it and it is in range.
    pub const fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        if year < 1970 || year > 2199 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        // Days before the month, counted as if February had 30 days; then its missing ones are taken off.
        let before = ((367 * month - 362) / 12).cast_signed();
        let february = if month <= 2 {
            0
        } else if is_leap(year) {
            1
        } else {
            2
        };
        Some(Self(year_start(year) + before - february + day.cast_signed() - 1))
    }

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// A malformed text, a day that the calendar doesn't have, or a date outside of the range.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return Err(DateError::Malformed) };
        if ![y1, y2, y3, y4, m1, m2, d1, d2].iter().all(u8::is_ascii_digit) {
            return Err(DateError::Malformed);
        }
        let digit = |byte: u8| u32::from(byte - b'0');
        let year = (digit(y1) * 1000 + digit(y2) * 100 + digit(y3) * 10 + digit(y4)).cast_signed();
        let (month, day) = (digit(m1) * 10 + digit(m2), digit(d1) * 10 + digit(d2));
        match Self::new(year, month, day) {
            Some(date) => Ok(date),
            None if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) => {
                Err(DateError::NoSuchDay)
            }
            None => Err(DateError::OutOfRange),
        }
    }

    /// Days since 1970-01-01: 0 … 84,005.
    #[inline]
    pub const fn days_since_epoch(self) -> i32 {
        self.0
    }

    /// The date that many days after 1970-01-01, if in range.
    #[inline]
    pub const fn from_days_since_epoch(days: i32) -> Option<Self> {
        if days >= 0 && days <= Self::MAX.0 { Some(Self(days)) } else { None }
    }

    /// The date of a day number that is known to be in range; others are moved to the nearest date.
    #[inline]
    pub(crate) const fn at(days: i32) -> Self {
        if days < 0 {
            Self::MIN
        } else if days > Self::MAX.0 {
            Self::MAX
        } else {
            Self(days)
        }
    }

    /// The day number as an index.
    #[inline]
    pub(crate) const fn index(self) -> usize {
        index_of_day(self.0)
    }

    /// Year, month (1–12) and day (1–31).
    #[inline]
    pub const fn year_month_day(self) -> (i32, u32, u32) {
        let n1 = 4 * (self.0.cast_unsigned() + 719_468) + 3;
        let century = n1 / 146_097;
        let n2 = (n1 % 146_097) | 3;
        let product = 2_939_745_u64 * n2_wide(n2);
        let year_of_century = low32(product >> 32);
        let day_of_year = low32(product) / 2_939_745 / 4;
        let n3 = 2141 * day_of_year + 197_913;
        let (month, day) = (n3 >> 16, (n3 & 0xFFFF) / 2141 + 1);
        let year = (100 * century + year_of_century).cast_signed();
        if day_of_year >= 306 { (year + 1, month - 12, day) } else { (year, month, day) }
    }

    /// The year, 1970 … 2199.
    #[inline]
    pub const fn year(self) -> i32 {
        let shifted = self.0 + if self.0 >= MARCH_2100 { 1 } else { 0 };
        1970 + (4 * shifted + 2) / 1461
    }

    /// The month, 1–12.
    #[inline]
    pub const fn month(self) -> u32 {
        self.year_month_day().1
    }

    /// The day of the month, 1–31.
    #[inline]
    pub const fn day(self) -> u32 {
        self.year_month_day().2
    }

    /// The day of the year, 1–366.
    #[inline]
    pub const fn ordinal(self) -> u32 {
        (self.0 - year_start(self.year())).cast_unsigned() + 1
    }

    /// The day of the week.
    #[inline]
    pub const fn weekday(self) -> Weekday {
        Weekday::from_number((self.0.cast_unsigned() + 3) % 7)
    }

    /// This date moved by `days`, which may be negative; `None` if that leaves the range.
    #[inline]
    pub const fn checked_add_days(self, days: i32) -> Option<Self> {
        Self::from_days_since_epoch(self.0.saturating_add(days))
    }

    /// This date moved by `days`, which may be negative, but not beyond [`Date::MIN`] and [`Date::MAX`].
    #[inline]
    #[must_use]
    pub const fn saturating_add_days(self, days: i32) -> Self {
        Self::at(self.0.saturating_add(days))
    }

    /// Days from this date to `other`; negative if that is earlier.
    #[inline]
    pub const fn days_until(self, other: Self) -> i32 {
        other.0 - self.0
    }

    /// The day after, but for [`Date::MAX`].
    #[inline]
    pub const fn succ(self) -> Option<Self> {
        Self::from_days_since_epoch(self.0 + 1)
    }

    /// The day before, but for [`Date::MIN`].
    #[inline]
    pub const fn pred(self) -> Option<Self> {
        Self::from_days_since_epoch(self.0 - 1)
    }

    /// The first day of the week that this date is in; [`Date::MIN`] where the week began before it.
    #[must_use]
    pub const fn week_begin(self, week_start: Weekday) -> Self {
        Self::at(self.0 - self.weekday().days_since(week_start).cast_signed())
    }

    /// The first day of its month.
    #[must_use]
    pub const fn month_begin(self) -> Self {
        Self::at(self.0 + 1 - self.day().cast_signed())
    }

    /// The first day of its year.
    #[must_use]
    pub const fn year_begin(self) -> Self {
        Self::at(year_start(self.year()))
    }

    /// The ten characters `YYYY-MM-DD`.
    pub fn to_ascii(self) -> [u8; 10] {
        let (year, month, day) = self.year_month_day();
        let year = low16(year.cast_unsigned());
        let digit = |value: u32| b'0' + low8(value % 10);
        let year = u32::from(year);
        [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ]
    }
}

/// `u64::from`, which isn't const.
#[expect(clippy::as_conversions, reason = "widening; `From` can't be called in const functions")]
const fn n2_wide(value: u32) -> u64 {
    value as u64
}

impl FromStr for Date {
    type Err = DateError;
    fn from_str(text: &str) -> Result<Self, DateError> {
        Self::parse(text)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.to_ascii()).unwrap_or_default())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.to_ascii()).unwrap_or_default())
    }
}

struct DateVisitor;

impl Visitor<'_> for DateVisitor {
    type Value = Date;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date of the form `YYYY-MM-DD`")
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Date, E> {
        Date::parse(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DateVisitor)
    }
}

json_value!(Date: str => |text| Self::parse(text).map_err(Violations::from);
    "Date", schema::text_of(schema::KnownFormat::Date));

impl From<DateError> for Violations {
    fn from(error: DateError) -> Self {
        Self::of("invalid_date", error.to_string())
    }
}

impl From<Date> for NaiveDate {
    fn from(date: Date) -> Self {
        // 719,163 is the day number of 1970-01-01 counted from 0001-01-01 as 1.
        Self::from_num_days_from_ce_opt(date.0 + 719_163).unwrap_or_default()
    }
}

impl TryFrom<NaiveDate> for Date {
    type Error = DateError;
    fn try_from(date: NaiveDate) -> Result<Self, DateError> {
        Self::from_days_since_epoch(date.num_days_from_ce().saturating_sub(719_163)).ok_or(DateError::OutOfRange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::DateRange;

    #[test]
    fn every_date_agrees_with_chrono() {
        for (number, date) in DateRange::ALL.iter().enumerate() {
            let chrono = NaiveDate::from(date);
            assert_eq!(date.year_month_day(), (chrono.year(), chrono.month(), chrono.day()));
            assert_eq!((date.year(), date.ordinal()), (chrono.year(), chrono.ordinal()));
            assert_eq!(date.weekday().number(), chrono.weekday().num_days_from_monday());
            assert_eq!(date.to_string(), chrono.format("%Y-%m-%d").to_string());
            assert_eq!(Date::new(chrono.year(), chrono.month(), chrono.day()), Some(date));
            assert_eq!(Date::try_from(chrono), Ok(date));
            assert_eq!(date.index(), number);
        }
        assert_eq!(DateRange::ALL.len(), 84_006);
        assert_eq!(Date::MAX.to_string(), "2199-12-31");
    }

    #[test]
    fn errors_tell_form_calendar_and_range_apart() {
        for wrong in ["", "2024-1-01", "2024-01-1", "24-01-01", "2024/01/01", "2024-01-01 ", "+024-01-01", "２024-01-1"]
        {
            assert_eq!(Date::parse(wrong), Err(DateError::Malformed), "{wrong}");
        }
        for wrong in ["2023-02-29", "2024-00-10", "2024-13-01", "2024-04-31", "2024-04-00", "2100-02-29"] {
            assert_eq!(Date::parse(wrong), Err(DateError::NoSuchDay), "{wrong}");
        }
        for wrong in ["1969-12-31", "2200-01-01", "0000-01-01", "9999-12-31"] {
            assert_eq!(Date::parse(wrong), Err(DateError::OutOfRange), "{wrong}");
        }
    }

    #[test]
    fn json_is_the_text_and_is_read_strictly() {
        let date: Date = serde_json::from_str("\"2024-02-29\"").unwrap();
        assert_eq!(serde_json::to_string(&date).unwrap(), "\"2024-02-29\"");
        assert!(serde_json::from_str::<Date>("\"2024-02-30\"").is_err());
        assert!(serde_json::from_str::<Date>("5").is_err());
    }

    #[test]
    fn moving_stops_at_the_edges() {
        assert_eq!(Date::MAX.succ(), None);
        assert_eq!(Date::MIN.pred(), None);
        assert_eq!(Date::MAX.checked_add_days(i32::MAX), None);
        assert_eq!(Date::MIN.saturating_add_days(i32::MIN), Date::MIN);
        assert_eq!(DateRange::ALL.iter().rev().nth(1), Date::MAX.pred());
    }
}
