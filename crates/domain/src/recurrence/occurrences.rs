//! A rule compiled with its start: every question answered at a cost that doesn't grow with the distance.

use std::iter::FusedIterator;

use super::compile;
use super::cyclic::Cyclic;
use super::rule::{Limit, Rule};
use super::shape::{YearSet, YearShape, ones};
use super::years::Years;
use crate::civil::num::{index, index_of_day, len32};
use crate::civil::{Date, DateRange, Zone};

/// How the days are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// There are none.
    Never,
    /// They repeat after a number of days.
    Cyclic(Cyclic),
    /// They follow the calendar.
    Years(Box<Years>),
}

impl Body {
    pub(super) fn years(years: Years) -> Self {
        if years.total() == 0 { Self::Never } else { Self::Years(Box::new(years)) }
    }

    #[inline]
    fn contains(&self, date: Date) -> bool {
        match self {
            Self::Never => false,
            Self::Cyclic(cycle) => cycle.contains(date.days_since_epoch()),
            Self::Years(years) => years.contains(date),
        }
    }

    /// Members before `date`, or up to and including it.
    #[inline]
    fn rank(&self, date: Date, inclusive: bool) -> u32 {
        match self {
            Self::Never => 0,
            Self::Cyclic(cycle) => cycle.rank(date.days_since_epoch() + i32::from(inclusive)),
            Self::Years(years) => match (inclusive, date.succ()) {
                (false, _) => years.rank(date),
                (true, Some(next)) => years.rank(next),
                (true, None) => years.total(),
            },
        }
    }

    fn select(&self, rank: u32) -> Option<Date> {
        match self {
            Self::Never => None,
            Self::Cyclic(cycle) => i32::try_from(cycle.select(rank)).ok().and_then(Date::from_days_since_epoch),
            Self::Years(years) => years.select(rank),
        }
    }

    #[inline]
    fn at_or_after(&self, date: Date) -> Option<Date> {
        match self {
            Self::Never => None,
            Self::Cyclic(cycle) => Date::from_days_since_epoch(cycle.at_or_after(date.days_since_epoch())),
            Self::Years(years) => years.at_or_after(date),
        }
    }

    #[inline]
    fn at_or_before(&self, date: Date) -> Option<Date> {
        match self {
            Self::Never => None,
            Self::Cyclic(cycle) => cycle.at_or_before(date.days_since_epoch()).and_then(Date::from_days_since_epoch),
            Self::Years(years) => years.at_or_before(date),
        }
    }

    fn fill(&self, from: i32, out: &mut [u64]) {
        match self {
            Self::Never => {}
            Self::Cyclic(cycle) => cycle.fill(from, out),
            Self::Years(years) => years.fill(from, out),
        }
    }
}

/// The occurrences of a rule from its start on.
///
/// ```
/// use circadia_domain::civil::{Date, DateRange};
/// use circadia_domain::recurrence::{Occurrences, Rule};
/// let date = |text| Date::parse(text).unwrap();
/// let rule: Rule = "FREQ=MONTHLY;BYMONTHDAY=31".parse().unwrap();
/// let days = Occurrences::of(&rule, date("1970-01-31"));
/// assert!(days.is_due(date("2199-12-31")));
/// assert_eq!(days.next_after(date("2024-01-31")), Some(date("2024-03-31")));
/// assert_eq!(days.count(DateRange::ALL), 230 * 7);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrences {
    body: Body,
    first: Date,
    last: Date,
}

impl Occurrences {
    /// Compiles `rule` with the start from which it counts.
    pub fn of(rule: &Rule, start: Date) -> Self {
        let body = compile::body_of(rule, start);
        let until = match rule.limit {
            Limit::Never => Some(Date::MAX),
            Limit::Until(date) => Some(date),
            Limit::UntilInstant(instant) => Some(Zone::UTC.date_of(instant)),
            Limit::Count(count) => {
                let last = body.rank(start, false).saturating_add(count).saturating_sub(1);
                Some(body.select(last).unwrap_or(Date::MAX))
            }
        };
        Self::bounded(body, start, until.unwrap_or(Date::MAX))
    }

    fn bounded(body: Body, first: Date, last: Date) -> Self {
        if last < first { Self { body: Body::Never, first, last: first } } else { Self { body, first, last } }
    }

    /// Every day from `start` on.
    pub(crate) fn daily(start: Date) -> Self {
        Self::cycle(start, 1, 0)
    }

    /// `active` days and then `rest` days, over and over from `start` on.
    pub(crate) fn cycle(start: Date, active: u32, rest: u32) -> Self {
        let cycle = if rest == 0 {
            Cyclic::run(start.days_since_epoch(), 1, 1)
        } else {
            Cyclic::run(start.days_since_epoch(), active.saturating_add(rest), active)
        };
        Self::bounded(Body::Cyclic(cycle), start, Date::MAX)
    }

    /// The days of each `interval`-th month that `bits` gives for the month's length (28–31): bit 0 is the first.
    pub(crate) fn monthly(start: Date, interval: u32, bits: impl Fn(u32) -> u32) -> Self {
        let body = compile::monthly(interval.max(1), start, |_| true, |length, _| u64::from(bits(length)) << 1);
        Self::bounded(body, start, Date::MAX)
    }

    /// The months (1–12) and days of each `interval`-th year that `dates` gives for leap years and common ones.
    pub(crate) fn yearly(start: Date, interval: u32, dates: impl Fn(bool) -> Vec<(u32, u32)>) -> Self {
        let body = compile::in_years(interval.max(1), start, |shape: YearShape| {
            let mut set = YearSet::EMPTY;
            for (month, day) in dates(shape.leap) {
                set.insert(shape.month_begin(month.saturating_sub(1)) + day);
            }
            set
        });
        Self::bounded(body, start, Date::MAX)
    }

    /// The days that can be occurrences: within the start and the end.
    fn clip(&self, range: DateRange) -> Option<(Date, Date)> {
        let (from, to) = (range.from().max(self.first), range.to().min(self.last));
        (from <= to).then_some((from, to))
    }

    /// Whether `date` is an occurrence.
    #[inline]
    pub fn is_due(&self, date: Date) -> bool {
        self.first <= date && date <= self.last && self.body.contains(date)
    }

    /// The first occurrence after `date`.
    #[inline]
    pub fn next_after(&self, date: Date) -> Option<Date> {
        let from = if date < self.first { self.first } else { date.succ()? };
        if from > self.last {
            return None;
        }
        self.body.at_or_after(from).filter(|found| *found <= self.last)
    }

    /// The last occurrence before `date`.
    #[inline]
    pub fn prev_before(&self, date: Date) -> Option<Date> {
        let to = if date > self.last { self.last } else { date.pred()? };
        if to < self.first {
            return None;
        }
        self.body.at_or_before(to).filter(|found| *found >= self.first)
    }

    /// How many occurrences there are in `range`.
    #[inline]
    pub fn count(&self, range: DateRange) -> u32 {
        let (from, to) = self.ranks(range);
        to - from
    }

    /// How many members of the body there are before `range`, and up to its end.
    #[inline]
    fn ranks(&self, range: DateRange) -> (u32, u32) {
        match self.clip(range) {
            Some((from, to)) => (self.body.rank(from, false), self.body.rank(to, true)),
            None => (0, 0),
        }
    }

    /// The occurrences in `range`, from either end.
    #[inline]
    pub fn iter(&self, range: DateRange) -> Dates<'_> {
        let (from, to) = self.clip(range).unwrap_or((Date::MAX, Date::MIN));
        let (rank, end) = self.ranks(range);
        Dates {
            body: &self.body,
            rank,
            left: end - rank,
            front: Chunk { base: 0, bits: 0 },
            front_at: from.days_since_epoch(),
            back: Chunk { base: 0, bits: 0 },
            back_at: to.days_since_epoch(),
        }
    }

    /// The occurrences in `range` as bits, the lowest bit of the first word being its first day.
    pub fn due_bits(&self, range: DateRange) -> Vec<u64> {
        let mut words = vec![0; index(range.len().div_ceil(64))];
        self.fill(range.from().days_since_epoch(), &mut words);
        if let Some(last) = words.last_mut() {
            *last &= ones((range.len() - 1) % 64 + 1);
        }
        words
    }

    /// Sets the occurrences from the day number `from` on in `out`, whose words must be clear.
    pub(crate) fn fill(&self, from: i32, out: &mut [u64]) {
        self.body.fill(from, out);
        keep(out, from, self.first.days_since_epoch(), self.last.days_since_epoch());
    }

    /// The mean number of occurrences per day as a fraction, where the days repeat after a number of days.
    pub(crate) fn density(&self) -> Option<(u32, u32)> {
        match &self.body {
            Body::Cyclic(cycle) => Some(cycle.density()),
            Body::Never | Body::Years(_) => None,
        }
    }
}

/// Clears the bits of days outside of `first..=last`; bit 0 of the first word is the day `from`.
pub(crate) fn keep(words: &mut [u64], from: i32, first: i32, last: i32) {
    let end = from.saturating_add(len32(words.len()).cast_signed().saturating_mul(64));
    if last < from || first >= end || last < first {
        words.fill(0);
        return;
    }
    // Only the words at the edges are looked at.
    if first > from {
        let (whole, part) = (index_of_day((first - from) / 64), (first - from) % 64);
        words.iter_mut().take(whole).for_each(|word| *word = 0);
        if let Some(edge) = words.get_mut(whole) {
            *edge &= !ones(part.cast_unsigned());
        }
    }
    if last + 1 < end {
        let (whole, part) = (index_of_day((last - from) / 64), (last - from) % 64);
        if let Some(edge) = words.get_mut(whole) {
            *edge &= ones(part.cast_unsigned() + 1);
        }
        words.iter_mut().skip(whole + 1).for_each(|word| *word = 0);
    }
}

/// Up to 64 days, the lowest bit being the day `base`.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    base: i32,
    bits: u64,
}

/// The occurrences in a range; see [`Occurrences::iter`].
#[derive(Debug, Clone)]
pub struct Dates<'a> {
    body: &'a Body,
    /// Members of the body before the next one.
    rank: u32,
    left: u32,
    front: Chunk,
    front_at: i32,
    back: Chunk,
    back_at: i32,
}

impl Iterator for Dates<'_> {
    type Item = Date;

    #[inline]
    fn next(&mut self) -> Option<Date> {
        if self.left == 0 {
            return None;
        }
        self.rank += 1;
        self.left -= 1;
        if self.front.bits == 0 {
            self.refill_front();
        }
        let day = self.front.base + self.front.bits.trailing_zeros().cast_signed();
        self.front.bits &= self.front.bits.wrapping_sub(1);
        Some(Date::at(day))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (index(self.left), Some(index(self.left)))
    }

    /// All that are left at once, which `for_each`, `sum` and the like make use of: no look-up per date.
    fn fold<B, F: FnMut(B, Date) -> B>(mut self, init: B, mut each: F) -> B {
        let mut folded = init;
        // What was begun, word by word...
        while self.left > 0 && self.front.bits != 0 {
            if let Some(date) = self.next() {
                folded = each(folded, date);
            }
        }
        // ...and the rest.
        match self.body {
            Body::Never => folded,
            Body::Cyclic(cycle) => {
                cycle.fold_from(self.front_at, self.left, folded, |folded, day| each(folded, Date::at(day)))
            }
            Body::Years(years) => {
                let from = Date::at(self.front_at);
                years.fold_from(from, self.rank, self.left, folded, |folded, day| each(folded, Date::at(day)))
            }
        }
    }
}

impl DoubleEndedIterator for Dates<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Date> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        if self.back.bits == 0 {
            self.refill_back();
        }
        let top = 63 - self.back.bits.leading_zeros().min(63);
        self.back.bits &= !(1 << top);
        Some(Date::at(self.back.base + top.cast_signed()))
    }
}

impl Dates<'_> {
    /// Loads the next days that have a member. There is one: `left` counted it.
    fn refill_front(&mut self) {
        self.front = match self.body {
            Body::Never => return,
            Body::Cyclic(cycle) => {
                let base = cycle.at_or_after(self.front_at);
                Chunk { base, bits: cycle.word_from(base) }
            }
            Body::Years(years) => {
                let (base, bits, end) = years.chunk_from(Date::at(self.front_at));
                self.front_at = end;
                self.front = Chunk { base, bits };
                return;
            }
        };
        self.front_at = self.front.base.saturating_add(64);
    }

    fn refill_back(&mut self) {
        if let Some(last) = self.body.at_or_before(Date::at(self.back_at)) {
            let base = last.days_since_epoch() - 63;
            let mut word = [0];
            self.body.fill(base, &mut word);
            self.back = Chunk { base, bits: word[0] };
            self.back_at = base - 1;
        }
    }
}

impl ExactSizeIterator for Dates<'_> {}
impl FusedIterator for Dates<'_> {}
