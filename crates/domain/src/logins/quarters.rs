//! Quarter hours, and how the days of a time zone are made of them.

use crate::civil::{Date, DateRange, DayClock, DayStart, Instant, Zone};

/// Seconds of a quarter hour.
const SECONDS: i64 = 900;
/// Quarter hours of a day without clock changes.
const A_DAY: i32 = 96;

/// A quarter hour: the number of those since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quarter(i32);

impl Quarter {
    /// The first one.
    pub const FIRST: Self = Self(0);

    /// The one of this number; negative numbers become 0.
    pub fn at(number: i32) -> Self {
        Self(number.max(0))
    }

    /// The one that an instant lies in.
    pub fn of(instant: Instant) -> Self {
        Self::at(i32::try_from(instant.seconds().div_euclid(SECONDS)).unwrap_or(i32::MAX))
    }

    /// Its number.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// When it begins.
    pub fn begin(self) -> Instant {
        Instant::from_seconds(i64::from(self.0) * SECONDS)
    }

    /// The one so many later, or earlier.
    #[must_use]
    pub fn plus(self, quarters: i32) -> Self {
        Self::at(self.0.saturating_add(quarters))
    }

    /// The first one of its day in UTC.
    #[must_use]
    pub const fn day_begin(self) -> Self {
        Self(self.0 - self.0 % A_DAY)
    }

    /// The first one of a day in UTC from this one on: itself, if a day begins with it.
    #[must_use]
    pub fn next_day_begin(self) -> Self {
        self.plus(A_DAY - 1).day_begin()
    }
}

/// The quarter hours from one to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuarterSpan {
    /// The first.
    pub from: Quarter,
    /// The one after the last.
    pub until: Quarter,
}

impl QuarterSpan {
    /// Every quarter hour up to now and beyond.
    pub const ALL: Self = Self { from: Quarter::FIRST, until: Quarter(i32::MAX) };

    /// The quarter hours of civil days in a zone.
    pub fn of(zone: Zone, days: DateRange) -> Self {
        let clock = DayClock { zone, day_start: DayStart::MIDNIGHT };
        let after = days.to().succ().map_or(Quarter(i32::MAX), |next| Quarter::of(clock.start_of(next)));
        Self { from: Quarter::of(clock.start_of(days.from())), until: after }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.until <= self.from
    }
}

/// From a quarter hour on, clocks are this many quarter hours ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The first quarter hour.
    pub from: Quarter,
    /// Quarter hours ahead of UTC; negative behind it.
    pub offset: i32,
}

/// A span of quarter hours, and what the clocks of a zone show in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalQuarters {
    span: QuarterSpan,
    segments: Vec<Segment>,
}

impl LocalQuarters {
    /// Those of civil days in a zone.
    pub fn of(zone: Zone, days: DateRange) -> Self {
        let span = QuarterSpan::of(zone, days);
        let offset = |quarter: Quarter| {
            let seconds = zone.offset_seconds(quarter.begin());
            seconds.div_euclid(i32::try_from(SECONDS).unwrap_or(1))
        };
        let mut segments = vec![Segment { from: span.from, offset: offset(span.from) }];
        let mut known = (span.from, offset(span.from));
        while known.0 < span.until {
            // No zone has two transitions within a day.
            let next = known.0.plus(A_DAY).min(span.until);
            let after = offset(next);
            if after != known.1 {
                let (mut before, mut from) = (known.0, next);
                while before.plus(1) < from {
                    let middle = Quarter::at(before.0 + (from.0 - before.0) / 2);
                    if offset(middle) == known.1 { before = middle } else { from = middle }
                }
                if from < span.until {
                    segments.push(Segment { from, offset: after });
                }
            }
            known = (next, after);
        }
        Self { span, segments }
    }

    /// The quarter hours.
    pub const fn span(&self) -> QuarterSpan {
        self.span
    }

    /// The offsets, in order; at least one.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What a calendar in the zone shows at a quarter hour.
    pub fn date_of(&self, quarter: Quarter) -> Option<Date> {
        local_date(self.local(quarter))
    }

    /// The number of a quarter hour on the zone's clocks.
    pub fn local(&self, quarter: Quarter) -> i32 {
        let at = self.segments.partition_point(|segment| segment.from <= quarter);
        let offset = at.checked_sub(1).and_then(|at| self.segments.get(at)).map_or(0, |segment| segment.offset);
        quarter.0.saturating_add(offset)
    }
}

/// The date of a quarter hour on a zone's clocks.
pub fn local_date(local: i32) -> Option<Date> {
    Date::from_days_since_epoch(local.div_euclid(A_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: &str, to: &str) -> DateRange {
        DateRange::new(Date::parse(from).unwrap(), Date::parse(to).unwrap()).unwrap()
    }

    fn quarter(text: &str) -> Quarter {
        Quarter::of(Instant::parse(text).unwrap())
    }

    #[test]
    fn days_begin_at_midnight_of_the_zone() {
        let kolkata = Zone::parse("Asia/Kolkata").unwrap();
        let span = QuarterSpan::of(kolkata, days("2026-03-01", "2026-03-01"));
        assert_eq!((span.from, span.until), (quarter("2026-02-28T18:30:00Z"), quarter("2026-03-01T18:30:00Z")));
    }

    #[test]
    fn every_quarter_of_every_zone_is_on_the_day_that_its_calendar_shows() {
        for name in [
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "America/St_Johns",
            "Africa/Casablanca",
            "Pacific/Apia",
            "Asia/Gaza",
            "Antarctica/Troll",
        ] {
            let zone = Zone::parse(name).unwrap();
            for range in
                [days("2025-01-01", "2027-12-31"), days("2011-12-28", "2012-01-02"), days("2026-03-29", "2026-03-29")]
            {
                let local = LocalQuarters::of(zone, range);
                let mut quarter = local.span().from;
                while quarter < local.span().until {
                    let shown = zone.date_of(quarter.begin());
                    assert_eq!(local.date_of(quarter), Some(shown), "{name} {}", quarter.begin());
                    assert!(range.contains(shown), "{name} {}", quarter.begin());
                    quarter = quarter.plus(1);
                }
            }
        }
    }

    #[test]
    fn whole_days_begin_at_midnight_of_utc() {
        let [midnight, later, next] =
            ["2026-03-01T00:00:00Z", "2026-03-01T00:15:00Z", "2026-03-02T00:00:00Z"].map(quarter);
        assert_eq!((midnight.next_day_begin(), later.next_day_begin(), next.next_day_begin()), (midnight, next, next));
        assert_eq!((later.day_begin(), next.day_begin()), (midnight, next));
    }

    #[test]
    fn clock_changes_divide_a_year_in_three() {
        let berlin = LocalQuarters::of(Zone::parse("Europe/Berlin").unwrap(), days("2026-01-01", "2026-12-31"));
        let segments: Vec<_> = berlin.segments().iter().map(|segment| (segment.from, segment.offset)).collect();
        let expected = [
            (quarter("2025-12-31T23:00:00Z"), 4),
            (quarter("2026-03-29T01:00:00Z"), 8),
            (quarter("2026-10-25T01:00:00Z"), 4),
        ];
        assert_eq!(segments, expected);
    }

    #[test]
    fn the_edges_of_the_calendar_do_not_panic() {
        let all = LocalQuarters::of(Zone::parse("Pacific/Kiritimati").unwrap(), days("1970-01-01", "1970-01-02"));
        assert!(!all.span().is_empty());
        let last = LocalQuarters::of(Zone::UTC, days("2199-12-30", "2199-12-31"));
        assert_eq!(last.date_of(last.span().from), Date::parse("2199-12-30").ok());
    }
}
