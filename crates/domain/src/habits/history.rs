//! The history of a habit: a compact projection of its entries, stored in one row beside it.
//!
//! Three bits a day are enough for streaks, scores and calendars (ten years: three times 456 bytes, and the third is
//! mostly empty). Values are stored beside them, two bytes each or a little more. Entries are the source;
//! [`super::projection`] writes both in one transaction, and [`History::rebuild`] recomputes everything. Bits are computed
//! when they are written, by the plan version in force on the entry's date, so a change of plans or window requires a
//! rebuild.
//!
//! The part that a *today* screen needs is stored separately: see [`super::Recent`]. The notes of entries are not
//! included.

use super::bits::Plane;
use super::codec::{put, put32, take_length, take32};
use super::entry::{EntryState, MAX_VALUE};
use super::kind::{Direction, Kind};
use super::timeline::Timeline;
use crate::civil::Date;
use crate::civil::num::day_of;
use crate::quantity::Quantity;

/// What the engine needs to know of a day's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRecord {
    /// The recorded state.
    pub state: EntryState,
    /// The day's total, of counts and minutes.
    pub value: Option<Quantity>,
    /// Of what is to stay within a limit: whether the day was called done before it was over.
    pub settled: bool,
}

/// The first byte of what [`History::encode`] makes: values in whole units.
const WHOLE: u8 = 1;
/// The first byte of what [`History::encode`] makes: values in thousandths.
const THOUSANDTHS: u8 = 3;

/// What the stored values count: whole units where all are whole, which takes fewer bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueUnit {
    Whole,
    Thousandths,
}

impl ValueUnit {
    const fn thousandths(self) -> u32 {
        match self {
            Self::Whole => 1_000,
            Self::Thousandths => 1,
        }
    }
}

fn stored(value: Quantity) -> u32 {
    u32::try_from(value.thousandths()).unwrap_or(u32::MAX)
}

/// How many dates there are.
pub(super) const DAYS: usize = 84_006;

/// Done, skipped and missed days as bits, and values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Days whose value (or check) reached the target; for `at_most`, days that went over it.
    pub(super) crossed: Plane,
    pub(super) skipped: Plane,
    /// Days that were expressly called missed, without a value.
    pub(super) missed: Plane,
    /// Days within a limit that were called done before they were over.
    pub(super) settled: Plane,
    /// Values in thousandths by date, in order.
    values: Vec<(Date, u32)>,
}

/// Why stored bytes are no history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a history of a known version")]
pub struct InvalidHistory;

impl History {
    /// The history that these entries make; in any order, one per date.
    pub fn rebuild(timeline: &Timeline, entries: impl IntoIterator<Item = (Date, DayRecord)>) -> Self {
        let mut history = Self::default();
        let mut entries: Vec<(Date, DayRecord)> = entries.into_iter().collect();
        entries.sort_unstable_by_key(|(date, _)| *date);
        for (date, record) in &entries {
            history.record(timeline, *date, Some(record));
        }
        history
    }

    /// Records that the entry of a date was put, or that it was deleted (`None`).
    pub fn record(&mut self, timeline: &Timeline, date: Date, record: Option<&DayRecord>) {
        let kind = &timeline.plan_on(date).kind;
        let marks = record.map_or(DayMarks::NONE, |record| DayMarks::of(kind, record));
        self.crossed.set(date, marks.crossed);
        self.skipped.set(date, marks.skipped);
        self.missed.set(date, marks.missed);
        self.settled.set(date, marks.settled);
        let value = record.and_then(|record| record.value).filter(|_| kind.target().is_some());
        self.put_value(date, value.map(stored));
    }

    fn put_value(&mut self, date: Date, value: Option<u32>) {
        match (self.values.binary_search_by_key(&date, |(day, _)| *day), value) {
            (Ok(at), Some(value)) => {
                if let Some(slot) = self.values.get_mut(at) {
                    slot.1 = value;
                }
            }
            (Ok(at), None) => {
                self.values.remove(at);
            }
            (Err(at), Some(value)) => self.values.insert(at, (date, value)),
            (Err(_), None) => {}
        }
    }

    /// What is known from the first day of the word `first` on.
    pub(super) fn since(&self, first: usize) -> Self {
        let old = self.values.partition_point(|(date, _)| date.index() < first * 64);
        Self {
            crossed: self.crossed.since(first),
            skipped: self.skipped.since(first),
            missed: self.missed.since(first),
            settled: self.settled.since(first),
            values: self.values.get(old..).unwrap_or_default().to_vec(),
        }
    }

    /// The value of a day, if it has one.
    pub fn value_on(&self, date: Date) -> Option<Quantity> {
        let at = self.values.binary_search_by_key(&date, |(day, _)| *day).ok()?;
        self.values.get(at).map(|(_, value)| Quantity::from_thousandths(u64::from(*value)))
    }

    /// The values from a day on, in thousandths, by date.
    pub(super) fn thousandths_from(&self, first: Date) -> &[(Date, u32)] {
        let at = self.values.partition_point(|(date, _)| *date < first);
        self.values.get(at..).unwrap_or_default()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The last day with a bit or a value.
    pub fn last_day(&self) -> Option<Date> {
        let planes = [&self.crossed, &self.skipped, &self.missed];
        planes.into_iter().filter_map(Plane::last).chain(self.values.last().map(|(date, _)| *date)).max()
    }

    /// The bytes that are stored: the unit of the values, the bits, then the values, dates as distances; last, if there
    /// are any, settled days.
    pub fn encode(&self) -> Vec<u8> {
        let unit = self.unit();
        let mut out = vec![match unit {
            ValueUnit::Whole => WHOLE,
            ValueUnit::Thousandths => THOUSANDTHS,
        }];
        self.encode_to(&mut out, unit);
        out
    }

    /// The largest unit that all values are multiples of.
    pub(super) fn unit(&self) -> ValueUnit {
        let is_whole = self.values.iter().all(|(_, thousandths)| thousandths % ValueUnit::Whole.thousandths() == 0);
        if is_whole { ValueUnit::Whole } else { ValueUnit::Thousandths }
    }

    pub(super) fn encode_to(&self, out: &mut Vec<u8>, unit: ValueUnit) {
        for plane in [&self.crossed, &self.skipped, &self.missed] {
            plane.encode(out);
        }
        put(out, self.values.len());
        let mut last = 0;
        for (date, value) in &self.values {
            put(out, date.index() - last);
            put32(out, *value / unit.thousandths());
            last = date.index();
        }
        if self.settled.last().is_some() {
            self.settled.encode(out);
        }
    }

    /// Reads [`Self::encode`]'s bytes.
    ///
    /// # Errors
    /// [`InvalidHistory`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidHistory> {
        match bytes.split_first() {
            Some((&WHOLE, input)) => decode(input, ValueUnit::Whole).ok_or(InvalidHistory),
            Some((&THOUSANDTHS, input)) => decode(input, ValueUnit::Thousandths).ok_or(InvalidHistory),
            _ => Err(InvalidHistory),
        }
    }
}

/// Reads what [`History::encode_to`] wrote, to the last byte.
pub(super) fn decode(mut bytes: &[u8], unit: ValueUnit) -> Option<History> {
    let input = &mut bytes;
    let crossed = Plane::decode(input)?;
    let skipped = Plane::decode(input)?;
    let missed = Plane::decode(input)?;
    let length = take_length(input, DAYS)?;
    let mut values = Vec::with_capacity(length.min(input.len()));
    let mut last = 0;
    for at in 0..length {
        let step = take_length(input, DAYS)?;
        if step == 0 && at > 0 {
            return None;
        }
        last += step;
        values.push((date_of(last)?, take32(input)?.checked_mul(unit.thousandths())?));
    }
    let settled = if input.is_empty() { Plane::default() } else { Plane::decode(input)? };
    input.is_empty().then_some(History { crossed, skipped, missed, settled, values })
}

pub(super) fn date_of(index: usize) -> Option<Date> {
    Date::from_days_since_epoch(day_of(index))
}

/// The bits of a day.
#[expect(clippy::struct_excessive_bools, reason = "one bit of each plane")]
struct DayMarks {
    crossed: bool,
    skipped: bool,
    missed: bool,
    settled: bool,
}

impl DayMarks {
    const NONE: Self = Self { crossed: false, skipped: false, missed: false, settled: false };

    fn of(kind: &Kind, record: &DayRecord) -> Self {
        let (state, value) = (record.state, record.value);
        let skipped = state == EntryState::Skipped;
        let crossed = match (kind.target(), kind.direction()) {
            _ if skipped => false,
            (None, _) => state == EntryState::Done,
            (Some(target), Direction::AtLeast) => value.map_or(state == EntryState::Done, |value| value >= target),
            (Some(target), Direction::AtMost) => value.is_some_and(|value| value > target),
        };
        let settled = record.settled && state == EntryState::Done && kind.direction() == Direction::AtMost && !crossed;
        Self { crossed, skipped, missed: state == EntryState::Missed && value.is_none(), settled }
    }
}

const _: () = assert!(MAX_VALUE < u32::MAX / 2_000, "a day's value and its tracked minutes must fit in thousandths");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::habits::{Plan, Window};

    fn timeline(kind: &str) -> Timeline {
        let start = Date::parse("2015-01-01").unwrap();
        let plan = Plan {
            effective_from: start,
            anchor: start,
            week_start: crate::civil::Weekday::Mo,
            schedule: serde_json::from_str(r#"{"type":"daily"}"#).unwrap(),
            kind: serde_json::from_str(kind).unwrap(),
        };
        Timeline::new(Window { starts_on: start, ends_on: None }, vec![plan], vec![]).unwrap()
    }

    fn days(count: usize) -> impl Iterator<Item = Date> {
        crate::civil::DateRange::new(Date::parse("2015-01-01").unwrap(), Date::MAX).unwrap().iter().take(count)
    }

    #[test]
    fn ten_years_of_checks_are_small() {
        let timeline = timeline(r#"{"type":"check"}"#);
        let done = DayRecord { state: EntryState::Done, value: None, settled: false };
        let history = History::rebuild(&timeline, days(3650).map(|date| (date, done)));
        assert!(history.encode().len() <= 480, "{} bytes", history.encode().len());
        assert_eq!(History::decode(&history.encode()), Ok(history));
    }

    #[test]
    fn ten_years_of_minutes_are_a_few_kilobytes() {
        let timeline = timeline(r#"{"type":"minutes","target":30}"#);
        let record = |date: Date| DayRecord {
            state: EntryState::Missed,
            value: Some(Quantity::whole(date.day() * 3)),
            settled: false,
        };
        let history = History::rebuild(&timeline, days(3650).map(|date| (date, record(date))));
        assert_eq!(history.values.len(), 3650);
        assert!(history.encode().len() <= 480 + 2 * 3650 + 20, "{} bytes", history.encode().len());
        assert_eq!(History::decode(&history.encode()), Ok(history));
    }

    #[test]
    fn recording_one_by_one_in_any_order_and_deleting_agrees_with_a_rebuild() {
        let timeline = timeline(r#"{"type":"minutes","target":30}"#);
        let record = |date: Date| DayRecord {
            state: if date.day() == 7 { EntryState::Skipped } else { EntryState::Missed },
            value: (date.day() != 9).then_some(Quantity::from_thousandths(u64::from(date.day()) * 250)),
            settled: false,
        };
        let mut dates: Vec<Date> = days(1500).collect();
        dates.sort_by_key(|date| date.days_since_epoch() * 7919 % 1499);
        let mut history = History::default();
        for date in &dates {
            history.record(&timeline, *date, Some(&record(*date)));
        }
        let (gone, kept) = dates.split_at(700);
        for date in gone {
            history.record(&timeline, *date, None);
        }
        let rebuilt = History::rebuild(&timeline, kept.iter().map(|date| (*date, record(*date))));
        assert_eq!(history, rebuilt);
        for date in gone {
            assert!(!history.crossed.contains(*date) && history.value_on(*date).is_none());
        }
        let mut other = history.clone();
        other.record(&timeline, kept[0], None);
        assert_ne!(other, rebuilt);
    }

    #[test]
    fn garbage_is_refused() {
        let timeline = timeline(r#"{"type":"minutes","target":30}"#);
        let record =
            DayRecord { state: EntryState::Missed, value: Some(Quantity::from_thousandths(10_500)), settled: false };
        let bytes = History::rebuild(&timeline, days(100).map(|date| (date, record))).encode();
        for cut in 0..bytes.len() {
            assert_eq!(History::decode(&bytes[..cut]), Err(InvalidHistory));
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(History::decode(&longer), Err(InvalidHistory));
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xFF] {
                let mut wrong = bytes.clone();
                wrong[at] ^= flip;
                if let Ok(history) = History::decode(&wrong) {
                    assert_eq!(History::decode(&history.encode()), Ok(history));
                }
            }
        }
        assert_eq!(History::decode(&[1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), Err(InvalidHistory));
    }
}
