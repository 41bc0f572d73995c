//! A log of sleep: what it holds, and what it may hold.

use serde::Serialize;

use crate::civil::{Date, DayClock, DayStart, Instant, Zone, ZoneOrOffset};
use crate::ids::SleepLogId;
use crate::revision::Revision;
use crate::text::Prose;
use crate::violation::Violations;

/// A note on a log: at most 1,000 characters.
pub type SleepNote = Prose<1000>;

/// The shortest sleep: 30 minutes.
pub const MIN_SECONDS: i64 = 1_800;
/// The shortest nap: 5 minutes.
pub const MIN_NAP_SECONDS: i64 = 300;
/// The longest sleep: 24 hours.
pub const MAX_SECONDS: i64 = 86_400;

words! {
    /// What kind of sleep it was.
    pub enum SleepKind {
        /// The sleep of a night, or of part of it.
        Main = "main",
        /// A nap.
        Nap = "nap",
    }
}

impl SleepKind {
    /// The fewest seconds that a sleep of this kind has.
    const fn min_seconds(self) -> i64 {
        match self {
            Self::Main => MIN_SECONDS,
            Self::Nap => MIN_NAP_SECONDS,
        }
    }
}

/// How good it was, from 1 (bad) to 5 (good).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Quality(u8);

json_value!(Quality: i64 => |number| Self::from_number(*number);
    "Quality", schema::number(Self::MIN, Self::MAX));

impl Quality {
    /// The worst.
    pub const MIN: u8 = 1;
    /// The best.
    pub const MAX: u8 = 5;

    /// Checks a number.
    ///
    /// # Errors
    /// `out_of_range`.
    pub fn from_number(number: i64) -> Result<Self, Violations> {
        match u8::try_from(number) {
            Ok(number @ Self::MIN..=Self::MAX) => Ok(Self(number)),
            _ => Err(Violations::of("out_of_range", "must be between 1 (bad) and 5 (good)")),
        }
    }

    /// The number, 1–5.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Whether two half-open intervals of time overlap. Where one ends exactly when the other begins, they don't.
///
/// ```
/// # use circadia_domain::{civil::Instant, sleep::overlap};
/// let at = Instant::from_seconds;
/// assert!(overlap((at(0), at(10)), (at(9), at(20))));
/// assert!(!overlap((at(0), at(10)), (at(10), at(20))));
/// ```
pub fn overlap(one: (Instant, Instant), other: (Instant, Instant)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// The civil date, midnight to midnight, on which one wakes at `end` in `zone`.
pub fn waking_date(zone: Zone, end: Instant) -> Date {
    DayClock { zone, day_start: DayStart::MIDNIGHT }.date_at(end)
}

/// The times and the quality of a sleep: the input of statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sleep {
    /// When they fell asleep, or went to bed. Example: `2026-03-10T22:30:00Z`
    pub start: Instant,
    /// When they woke, or got up. The interval is half-open: another log may begin at this very instant.
    /// Example: `2026-03-11T06:10:00Z`
    pub end: Instant,
    /// The civil date of waking, midnight to midnight, in `timezone`.
    pub date: Date,
    /// Where they woke: a time zone, or an offset from UTC such as `+05:30`. The clock that its times of day are read
    /// from.
    #[serde(rename = "timezone")]
    pub zone: ZoneOrOffset,
    /// What kind of sleep it was.
    pub kind: SleepKind,
    /// How good it was, from 1 (bad) to 5 (good).
    pub quality: Option<Quality>,
    /// Seconds awake in between; null if they weren't counted.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 86_399))]
    pub awake_seconds: Option<u32>,
}

impl Sleep {
    /// Whole seconds from start to end, as they really went by: clock changes neither add nor take any.
    pub fn duration_seconds(&self) -> u32 {
        let micros = self.end.micros().saturating_sub(self.start.micros());
        u32::try_from(micros.div_euclid(1_000_000)).unwrap_or(0)
    }

    /// Seconds asleep: from start to end without those awake; all of them if the time awake is unknown.
    pub fn asleep_seconds(&self) -> u32 {
        self.duration_seconds().saturating_sub(self.awake_seconds.unwrap_or(0))
    }

    /// The interval.
    pub const fn interval(&self) -> (Instant, Instant) {
        (self.start, self.end)
    }
}

/// A log of sleep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SleepLogDetails))]
pub struct SleepLog {
    /// The log's id.
    pub id: SleepLogId,
    /// When they slept, and how.
    #[serde(flatten)]
    pub sleep: Sleep,
    /// A note.
    pub note: Option<SleepNote>,
    /// The time of creation.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    #[serde(skip)]
    pub rev: Revision,
    /// Hash of the request that created it, for idempotency.
    #[serde(skip)]
    pub request_digest: [u8; 32],
}

/// A stored log that another one would overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SleepConflict))]
pub struct Conflict {
    /// The log's id.
    pub id: SleepLogId,
    /// When it begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
}

impl From<&SleepLog> for Conflict {
    fn from(log: &SleepLog) -> Self {
        Self { id: log.id, start: log.sleep.start, end: log.sleep.end }
    }
}

/// The content of a sleep log, as submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SleepInput {
    /// When they fell asleep, or went to bed. Example: `2026-03-10T22:30:00Z`
    pub start: Instant,
    /// When they woke, or got up: 30 minutes (5 for a nap) to 24 hours later; not in the future, but for a quarter of
    /// an hour by which clocks may differ. Example: `2026-03-11T06:10:00Z`
    pub end: Instant,
    /// What kind of sleep it was; `main` if absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SleepKind>))]
    pub kind: SleepKind,
    /// How good it was, from 1 (bad) to 5 (good).
    pub quality: Option<Quality>,
    /// Seconds awake in between, fewer than from start to end.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 86_399))]
    pub awake_seconds: Option<u32>,
    /// A note.
    pub note: Option<SleepNote>,
}

impl SleepInput {
    /// Whether it can be stored.
    ///
    /// # Errors
    /// - `before_start` at `/end` unless it lies after the start;
    /// - `too_short` or `too_long` at `/end` for less than 30 minutes (5 of a nap) or more than 24 hours;
    /// - `in_future` at `/end` if it lies more than a quarter of an hour after now;
    /// - `out_of_range` at `/awake_seconds` unless there are fewer of them than seconds from start to end.
    pub fn check(&self, now: Instant) -> Result<(), Violations> {
        let mut wrong = Violations::new();
        let micros = self.end.micros().saturating_sub(self.start.micros());
        let least = self.kind.min_seconds();
        if micros <= 0 {
            wrong.add("/end", "before_start", "must lie after `start`");
        } else if micros < least * 1_000_000 {
            let what = if self.kind == SleepKind::Nap { "a nap" } else { "a sleep" };
            wrong.add(
                "/end",
                "too_short",
                format!("must lie at least {} minutes after `start` for {what}", least / 60),
            );
        } else if micros > MAX_SECONDS * 1_000_000 {
            wrong.add("/end", "too_long", "must lie at most 24 hours after `start`");
        }
        wrong.take("", self.end.ensure_happened("/end", now));
        if micros > 0 && self.awake_seconds.is_some_and(|awake| i64::from(awake) * 1_000_000 >= micros) {
            wrong.add("/awake_seconds", "out_of_range", "must be fewer than the seconds from `start` to `end`");
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_seconds(1_772_400_600);

    fn input(start: i64, end: i64) -> SleepInput {
        SleepInput {
            start: NOW.plus_seconds(start),
            end: NOW.plus_seconds(end),
            kind: SleepKind::Main,
            quality: None,
            awake_seconds: None,
            note: None,
        }
    }

    fn codes(input: &SleepInput) -> Vec<(String, &'static str)> {
        input.check(NOW).err().into_iter().flatten().map(|wrong| (wrong.path, wrong.code)).collect()
    }

    #[test]
    fn half_an_hour_to_a_day_can_be_slept() {
        let of = |seconds: i64| codes(&input(-100_000, -100_000 + seconds));
        assert_eq!(of(1_800), []);
        assert_eq!(of(86_400), []);
        assert_eq!(of(1_799), [("/end".into(), "too_short")]);
        assert_eq!(of(86_401), [("/end".into(), "too_long")]);
        assert_eq!(of(0), [("/end".into(), "before_start")]);
        assert_eq!(of(-1), [("/end".into(), "before_start")]);
        let nearly = SleepInput { end: Instant::from_micros(NOW.micros() - 1), ..input(-1_800, 0) };
        assert_eq!(codes(&nearly), [("/end".into(), "too_short")]);
    }

    #[test]
    fn naps_may_be_shorter() {
        let of = |seconds: i64| codes(&SleepInput { kind: SleepKind::Nap, ..input(-seconds, 0) });
        assert_eq!(of(300), []);
        assert_eq!(of(299), [("/end".into(), "too_short")]);
    }

    #[test]
    fn a_clock_may_be_ahead_by_a_quarter_of_an_hour() {
        assert_eq!(codes(&input(-3_600, 900)), []);
        assert_eq!(codes(&input(-3_600, 901)), [("/end".into(), "in_future")]);
    }

    #[test]
    fn nobody_is_awake_longer_than_in_bed() {
        let of = |awake| codes(&SleepInput { awake_seconds: Some(awake), ..input(-3_600, 0) });
        assert_eq!(of(3_599), []);
        assert_eq!(of(3_600), [("/awake_seconds".into(), "out_of_range")]);
    }

    #[test]
    fn the_date_is_that_of_waking_from_midnight_on() {
        let date =
            |zone: &str, end: &str| waking_date(Zone::parse(zone).unwrap(), Instant::parse(end).unwrap()).to_string();
        assert_eq!(date("Asia/Kolkata", "2026-03-11T01:40:00Z"), "2026-03-11");
        assert_eq!(date("America/New_York", "2026-03-11T03:59:59Z"), "2026-03-10");
        assert_eq!(date("America/New_York", "2026-03-11T04:00:00Z"), "2026-03-11");
        assert_eq!(date("Pacific/Kiritimati", "2026-03-10T17:10:00Z"), "2026-03-11");
    }

    #[test]
    fn durations_are_those_that_went_by() {
        let sleep = |start: &str, end: &str| Sleep {
            start: Instant::parse(start).unwrap(),
            end: Instant::parse(end).unwrap(),
            date: Date::MIN,
            zone: ZoneOrOffset::UTC,
            kind: SleepKind::Main,
            quality: None,
            awake_seconds: Some(600),
        };
        // 23:30 to 07:10 in New York, as clocks go forward and back.
        let spring = sleep("2026-03-07T23:30:00-05:00", "2026-03-08T07:10:00-04:00");
        let autumn = sleep("2026-10-31T23:30:00-04:00", "2026-11-01T07:10:00-05:00");
        assert_eq!(spring.duration_seconds(), 6 * 3_600 + 40 * 60);
        assert_eq!(autumn.duration_seconds(), 8 * 3_600 + 40 * 60);
        assert_eq!(autumn.asleep_seconds(), 8 * 3_600 + 30 * 60);
    }
}
