//! The history of a habit: a compact projection of its entries, kept on one row beside it.
//!
//! Three bits a day say what streaks, scores and calendars need (ten years: three times 456 bytes, and the third is
//! mostly empty), and the recent values are kept beside them. Entries are the source: whoever writes one calls
//! [`History::record`] in the same transaction, and [`History::rebuild`] makes it anew. Bits are decided when they are
//! written, by the plan version in force on the entry's date; so a change of plans, pauses or window needs a rebuild.
//!
//! What a *today* screen needs of it is kept apart from the rest: see [`super::Recent`].
//!
//! The notes of entries are not here, and the values of old ones only where streaks need them: of quotas by amount, as
//! the sum of each period.

use super::bits::Plane;
use super::codec::{put, put32, take_length, take32};
use super::entry::MAX_VALUE;
use super::kind::{Direction, Kind};
use super::schedule::Quota;
use super::timeline::Timeline;
use crate::civil::Date;
use crate::civil::num::day_of;

/// What was said about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryState {
    /// It was done.
    Done,
    /// It was left out on purpose: it neither counts nor breaks.
    Skipped,
    /// It was not done.
    Missed,
}

impl EntryState {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
        }
    }
}

/// What the engine needs to know of a day's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRecord {
    /// What was said.
    pub state: EntryState,
    /// The day's total, of counts and minutes.
    pub value: Option<u32>,
}

/// How many of the newest values are kept one by one: a score looks 40 half-lives back, which are 520 days of a daily
/// habit, and fewer due days of any other. (Quotas by amount can have more values than that in 40 half-lives; older
/// ones are kept as sums, which moves their weight by less than a period.)
pub const MAX_KEPT_VALUES: usize = 540;
/// How many half-lives of a score are looked at: what lies before weighs less than 10⁻¹².
pub(super) const HALF_LIVES: f64 = 40.0;
/// The half-life of a daily habit's score, in days.
pub(super) const HALF_LIFE_DAYS: f64 = 13.0;

const VERSION: u8 = 1;
/// How many dates there are.
pub(super) const DAYS: usize = 84_006;

/// Whether a history could take an entry up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a history that couldn't take an entry up has to be rebuilt"]
pub enum Recorded {
    /// It did.
    TakenUp,
    /// It is unchanged: the entry is so old that its part of a period's amount isn't known any more. Make it anew with
    /// [`History::rebuild`].
    RebuildNeeded,
}

/// Whether the days around a date are counted by amount per period.
fn has_amount(timeline: &Timeline, date: Date) -> bool {
    matches!(timeline.plan_on(date).schedule.quota(), Some((Quota::Amount(_), _)))
}

/// Done, skipped and missed days as bits, and recent values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Days whose value (or check) reached the target; for `at_most`, days that went over it.
    pub(super) crossed: Plane,
    pub(super) skipped: Plane,
    /// Days that were expressly called missed, without a value.
    pub(super) missed: Plane,
    /// Values by date, in order.
    values: Vec<(Date, u32)>,
    /// Values before this day were dropped or, of quotas by amount, added up by period.
    known_from: Option<Date>,
}

/// Why stored bytes are no history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a history of a known version")]
pub struct NotAHistory;

impl History {
    /// The history that these entries make; in any order, one per date.
    pub fn rebuild(timeline: &Timeline, entries: impl IntoIterator<Item = (Date, DayRecord)>) -> Self {
        let mut history = Self::default();
        let mut entries: Vec<(Date, DayRecord)> = entries.into_iter().collect();
        entries.sort_unstable_by_key(|(date, _)| *date);
        for (date, record) in &entries {
            history.take_up(timeline, *date, Some(record));
        }
        history.drop_old_values(timeline);
        history
    }

    /// Takes up that the entry of a date was put, or that it was deleted (`None`).
    pub fn record(&mut self, timeline: &Timeline, date: Date, record: Option<&DayRecord>) -> Recorded {
        if self.known_from.is_some_and(|from| date < from) && has_amount(timeline, date) {
            return Recorded::RebuildNeeded;
        }
        self.take_up(timeline, date, record);
        self.drop_old_values(timeline);
        Recorded::TakenUp
    }

    fn take_up(&mut self, timeline: &Timeline, date: Date, record: Option<&DayRecord>) {
        let kind = &timeline.plan_on(date).kind;
        let verdict = record.map_or(Verdict::NONE, |record| Verdict::of(kind, record));
        self.crossed.set(date, verdict.crossed);
        self.skipped.set(date, verdict.skipped);
        self.missed.set(date, verdict.missed);
        let value = record.and_then(|record| record.value).filter(|_| kind.target().is_some());
        self.put_value(date, value);
    }

    fn put_value(&mut self, date: Date, value: Option<u32>) {
        if self.known_from.is_some_and(|from| date < from) {
            return;
        }
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

    /// Keeps the newest [`MAX_KEPT_VALUES`] one by one.
    fn drop_old_values(&mut self, timeline: &Timeline) {
        let first = self.known_from.map_or(0, |from| self.values.partition_point(|(date, _)| *date < from));
        let single = self.values.get(first..).unwrap_or_default();
        let oldest = single.len().checked_sub(MAX_KEPT_VALUES).filter(|more| *more > 0).and_then(|at| single.get(at));
        if let Some((from, _)) = oldest.copied() {
            self.fold_before(timeline, from);
        }
    }

    /// Drops the values before `from`; those of quotas by amount are added up where the whole period is before it.
    fn fold_before(&mut self, timeline: &Timeline, from: Date) {
        let old = self.values.partition_point(|(date, _)| *date < from);
        let mut folded: Vec<(Date, u32)> = Vec::new();
        let mut at = 0;
        while let Some((date, _)) = self.values.get(at).copied().filter(|_| at < old) {
            let period = if has_amount(timeline, date) { timeline.period_of(date) } else { None };
            let Some(range) = period.map(|period| period.range) else {
                at += 1;
                continue;
            };
            let end = self.values.partition_point(|(date, _)| *date <= range.to());
            let values = self.values.get(at..end).unwrap_or_default();
            if range.to() < from {
                let mut counted =
                    values.iter().filter(|(date, _)| timeline.is_due(*date) && !self.skipped.contains(*date));
                if let Some((first, value)) = counted.next() {
                    folded.push((*first, counted.fold(*value, |sum, (_, value)| sum.saturating_add(*value))));
                }
            } else {
                folded.extend(values.iter().filter(|(date, _)| *date < from));
            }
            at = end;
        }
        self.values.splice(..old, folded);
        self.known_from = self.known_from.max(Some(from));
    }

    /// This history with the values of all dates known, as an exact score over years of quotas by amount needs.
    #[must_use]
    pub fn with_amounts(mut self, amounts: impl IntoIterator<Item = (Date, u32)>) -> Self {
        self.values = amounts.into_iter().collect();
        self.values.sort_unstable_by_key(|(date, _)| *date);
        self.values.dedup_by_key(|(date, _)| *date);
        self.known_from = None;
        self
    }

    /// What is known from the first day of the word `first` on.
    pub(super) fn since(&self, first: usize) -> Self {
        let old = self.values.partition_point(|(date, _)| date.index() < first * 64);
        Self {
            crossed: self.crossed.since(first),
            skipped: self.skipped.since(first),
            missed: self.missed.since(first),
            values: self.values.get(old..).unwrap_or_default().to_vec(),
            known_from: self.known_from,
        }
    }

    /// The value of a day, if it has one that is still kept.
    pub fn value_on(&self, date: Date) -> Option<u32> {
        let at = self.values.binary_search_by_key(&date, |(day, _)| *day).ok()?;
        self.values.get(at).map(|(_, value)| *value)
    }

    /// The kept values by date.
    pub fn values(&self) -> &[(Date, u32)] {
        &self.values
    }

    /// The first date from which all values are kept; none if none was ever dropped.
    pub const fn known_from(&self) -> Option<Date> {
        self.known_from
    }

    /// Whether nothing was ever recorded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it says the same as one that was rebuilt from the entries. Old values may have been dropped from one and
    /// not, or not any more, from the other: they are compared as if both had dropped the same.
    pub fn agrees_with(&self, rebuilt: &Self, timeline: &Timeline) -> bool {
        let (mut one, mut other) = (self.clone(), rebuilt.clone());
        if let Some(from) = self.known_from.max(rebuilt.known_from) {
            one.fold_before(timeline, from);
            other.fold_before(timeline, from);
        }
        one == other
    }

    /// The last day with a bit or a value.
    pub fn last_day(&self) -> Option<Date> {
        let planes = [&self.crossed, &self.skipped, &self.missed];
        planes.into_iter().filter_map(Plane::last).chain(self.values.last().map(|(date, _)| *date)).max()
    }

    /// The bytes that are stored: a version, the bits, then the values, dates as distances.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        self.encode_to(&mut out);
        out
    }

    pub(super) fn encode_to(&self, out: &mut Vec<u8>) {
        for plane in [&self.crossed, &self.skipped, &self.missed] {
            plane.encode(out);
        }
        // 0 is nothing; days are shifted by one.
        put(out, self.known_from.map_or(0, |from| from.index() + 1));
        put(out, self.values.len());
        let mut last = 0;
        for (date, value) in &self.values {
            put(out, date.index() - last);
            put32(out, *value);
            last = date.index();
        }
    }

    /// Reads [`Self::encode`]'s bytes.
    ///
    /// # Errors
    /// [`NotAHistory`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAHistory> {
        match bytes.split_first() {
            Some((&VERSION, input)) => decode(input).ok_or(NotAHistory),
            _ => Err(NotAHistory),
        }
    }
}

/// Reads what [`History::encode_to`] wrote, to the last byte.
pub(super) fn decode(mut bytes: &[u8]) -> Option<History> {
    let input = &mut bytes;
    let crossed = Plane::decode(input)?;
    let skipped = Plane::decode(input)?;
    let missed = Plane::decode(input)?;
    let known_from = match take_length(input, DAYS)? {
        0 => None,
        shifted => Some(date_of(shifted - 1)?),
    };
    let length = take_length(input, DAYS)?;
    let mut values = Vec::with_capacity(length.min(MAX_KEPT_VALUES));
    let mut last = 0;
    for at in 0..length {
        let step = take_length(input, DAYS)?;
        if step == 0 && at > 0 {
            return None;
        }
        last += step;
        values.push((date_of(last)?, take32(input)?));
    }
    input.is_empty().then_some(History { crossed, skipped, missed, values, known_from })
}

pub(super) fn date_of(index: usize) -> Option<Date> {
    Date::from_days_since_epoch(day_of(index))
}

/// The bits of a day.
struct Verdict {
    crossed: bool,
    skipped: bool,
    missed: bool,
}

impl Verdict {
    const NONE: Self = Self { crossed: false, skipped: false, missed: false };

    fn of(kind: &Kind, record: &DayRecord) -> Self {
        let (state, value) = (record.state, record.value);
        let skipped = state == EntryState::Skipped;
        let crossed = match (kind.target(), kind.direction()) {
            _ if skipped => false,
            (None, _) => state == EntryState::Done,
            (Some(target), Direction::AtLeast) => value.map_or(state == EntryState::Done, |value| value >= target),
            (Some(target), Direction::AtMost) => value.is_some_and(|value| value > target),
        };
        Self { crossed, skipped, missed: state == EntryState::Missed && value.is_none() }
    }
}

/// The largest value that is stored; see [`MAX_VALUE`].
const _: () = assert!(MAX_VALUE < u32::MAX / 1000, "sums of values must fit 64 bits with ease");

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
        let done = DayRecord { state: EntryState::Done, value: None };
        let history = History::rebuild(&timeline, days(3650).map(|date| (date, done)));
        assert!(history.encode().len() <= 480, "{} bytes", history.encode().len());
        assert_eq!(History::decode(&history.encode()), Ok(history));
    }

    #[test]
    fn ten_years_of_minutes_stay_bounded() {
        let timeline = timeline(r#"{"type":"minutes","target":30}"#);
        let record = |date: Date| DayRecord { state: EntryState::Missed, value: Some(date.day() * 3) };
        let history = History::rebuild(&timeline, days(3650).map(|date| (date, record(date))));
        assert_eq!(history.values().len(), MAX_KEPT_VALUES);
        assert!(history.encode().len() <= 480 + 1100 + 20, "{} bytes", history.encode().len());
        assert_eq!(History::decode(&history.encode()), Ok(history));
    }

    #[test]
    fn recording_one_by_one_in_any_order_and_deleting_agrees_with_a_rebuild() {
        let timeline = timeline(r#"{"type":"minutes","target":30}"#);
        let record = |date: Date| DayRecord {
            state: if date.day() == 7 { EntryState::Skipped } else { EntryState::Missed },
            value: (date.day() != 9).then_some(date.day()),
        };
        let mut dates: Vec<Date> = days(1500).collect();
        dates.sort_by_key(|date| date.days_since_epoch() * 7919 % 1499);
        let mut history = History::default();
        for date in &dates {
            assert_eq!(history.record(&timeline, *date, Some(&record(*date))), Recorded::TakenUp);
        }
        let (gone, kept) = dates.split_at(700);
        for date in gone {
            assert_eq!(history.record(&timeline, *date, None), Recorded::TakenUp);
        }
        let rebuilt = History::rebuild(&timeline, kept.iter().map(|date| (*date, record(*date))));
        assert!(history.agrees_with(&rebuilt, &timeline));
        for date in gone {
            assert!(!history.crossed.contains(*date) && history.value_on(*date).is_none());
        }
        let mut other = history.clone();
        let _ = other.record(&timeline, kept[0], None);
        assert!(!other.agrees_with(&rebuilt, &timeline));
    }

    #[test]
    fn garbage_is_refused() {
        let timeline = timeline(r#"{"type":"minutes","target":30}"#);
        let record = DayRecord { state: EntryState::Missed, value: Some(10) };
        let bytes = History::rebuild(&timeline, days(100).map(|date| (date, record))).encode();
        for cut in 0..bytes.len() {
            assert_eq!(History::decode(&bytes[..cut]), Err(NotAHistory));
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(History::decode(&longer), Err(NotAHistory));
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xFF] {
                let mut wrong = bytes.clone();
                wrong[at] ^= flip;
                if let Ok(history) = History::decode(&wrong) {
                    assert_eq!(History::decode(&history.encode()), Ok(history));
                }
            }
        }
        assert_eq!(History::decode(&[1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), Err(NotAHistory));
    }
}
