//! Rules whose days follow the calendar: a bit mask per shape of year, and the number of occurrences before each year.
//!
//! The mask answers for a day, the numbers for any distance: `rank` (how many before a day) is one look-up and one
//! popcount, and everything else follows from it.

use super::shape::{SHAPES, YEARS, YearSet, YearShape, ones, year_and_day, year_begin};
use crate::civil::Date;
use crate::civil::num::{index, len32, low8, low16};

/// The days of one year: bit 0 of the first word is 1 January.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct YearMask {
    words: [u64; 6],
    /// Members before each word.
    before: [u16; 6],
    /// Which words have members.
    occupied: u8,
    /// Where its members are listed one by one, if there are few of them.
    listed: Option<(u32, u32)>,
}

/// Up to how many days of a year are listed one by one.
const FEW: u32 = 64;

const EMPTY: YearMask = YearMask { words: [0; 6], before: [0; 6], occupied: 0, listed: Some((0, 0)) };

impl YearMask {
    fn new(words: [u64; 6]) -> Self {
        let mut mask = Self { words, listed: None, ..EMPTY };
        let mut total = 0;
        for ((at, word), before) in (0_u32..).zip(words).zip(&mut mask.before) {
            *before = low16(total);
            total += word.count_ones();
            mask.occupied |= low8(u32::from(word != 0) << at);
        }
        mask
    }

    #[inline]
    fn word(&self, at: u32) -> u64 {
        self.words.get(index(at)).copied().unwrap_or(0)
    }

    /// Members before a day of the year.
    #[inline]
    fn rank(&self, day: u32) -> u32 {
        let at = day / 64;
        u32::from(self.before.get(index(at)).copied().unwrap_or(0)) + (self.word(at) & ones(day % 64)).count_ones()
    }

    fn total(&self) -> u32 {
        self.rank(383)
    }

    /// The first member on or after a day of the year.
    #[inline]
    fn at_or_after(&self, day: u32) -> Option<u32> {
        let at = day / 64;
        let here = self.word(at) >> (day % 64);
        if here != 0 {
            return Some(day + here.trailing_zeros());
        }
        let later = self.occupied & !low8((2 << at) - 1);
        let at = later.trailing_zeros();
        (later != 0).then(|| at * 64 + self.word(at).trailing_zeros())
    }

    /// The last member on or before a day of the year.
    #[inline]
    fn at_or_before(&self, day: u32) -> Option<u32> {
        let at = day / 64;
        let here = self.word(at) & ones(day % 64 + 1);
        if here != 0 {
            return Some(at * 64 + 63 - here.leading_zeros());
        }
        let earlier = self.occupied & low8((1 << at) - 1);
        (earlier != 0).then(|| {
            let at = earlier.checked_ilog2().unwrap_or(0);
            at * 64 + 63 - self.word(at).leading_zeros()
        })
    }

    /// The member of that rank.
    fn select(&self, rank: u32) -> u32 {
        let mut left = rank;
        for (at, word) in (0_u32..).zip(self.words) {
            if left < word.count_ones() {
                let mut bits = word;
                for _ in 0..left {
                    bits &= bits - 1;
                }
                return at * 64 + bits.trailing_zeros();
            }
            left -= word.count_ones();
        }
        0
    }
}

/// The masks that a rule needs, while they are collected.
struct Masks {
    masks: Vec<YearMask>,
    days: Vec<u16>,
}

impl Masks {
    /// Adds a mask and gives its index; that of the empty one is 0.
    fn push(&mut self, words: [u64; 6]) -> u8 {
        if words == [0; 6] {
            return 0;
        }
        let mut mask = YearMask::new(words);
        if mask.total() <= FEW {
            let from = len32(self.days.len());
            for (at, word) in (0_u32..).zip(words) {
                let mut bits = word;
                while bits != 0 {
                    self.days.push(low16(at * 64 + bits.trailing_zeros()));
                    bits &= bits - 1;
                }
            }
            mask.listed = Some((from, len32(self.days.len())));
        }
        self.masks.push(mask);
        low8(len32(self.masks.len() - 1))
    }
}

/// The days of all years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Years {
    masks: Vec<YearMask>,
    /// The days of the masks that have few.
    days: Vec<u16>,
    /// Which mask each year has.
    mask_of: Vec<u8>,
    /// Members before each year; one more than there are years.
    before: Vec<u32>,
    /// All members as day numbers, if there are at most [`SPARSE`]; else none.
    listed: Vec<i32>,
}

/// Up to how many days there are all of them are listed: one a year and a few more.
const SPARSE: u32 = 256;

impl Years {
    fn build(first_year: u32, mut mask_of_year: impl FnMut(u32, &mut Masks) -> u8) -> Self {
        let years = index(YEARS);
        let mut masks = Masks { masks: vec![EMPTY], days: Vec::new() };
        let (mut mask_of, mut before) = (vec![0; years], Vec::with_capacity(years + 1));
        let mut totals = [0; 256];
        let mut total = 0;
        for (year, slot) in (0_u32..).zip(&mut mask_of) {
            before.push(total);
            if year < first_year {
                continue;
            }
            let known = masks.masks.len();
            let id = mask_of_year(year, &mut masks);
            if let (true, Some(mask), Some(sum)) =
                (masks.masks.len() > known, masks.masks.get(usize::from(id)), totals.get_mut(usize::from(id)))
            {
                *sum = mask.total();
            }
            *slot = id;
            total += totals.get(usize::from(id)).copied().unwrap_or(0);
        }
        before.push(total);
        let Masks { masks, days } = masks;
        let mut years = Self { masks, days, mask_of, before, listed: Vec::new() };
        if total <= SPARSE {
            years.listed = (0..total).filter_map(|rank| years.select(rank)).map(Date::days_since_epoch).collect();
        }
        years
    }

    /// From a set for each shape, in the years from `first_year` on that are active.
    pub(super) fn by_shape(
        first_year: u32,
        active: impl Fn(u32) -> bool,
        mut set: impl FnMut(YearShape) -> YearSet,
    ) -> Self {
        let mut known: [Option<u8>; SHAPES] = [None; SHAPES];
        Self::build(first_year, |year, masks| {
            if !active(year) {
                return 0;
            }
            let shape = YearShape::of(year);
            match known.get_mut(shape.id()) {
                Some(slot) => *slot.get_or_insert_with(|| masks.push(set(shape).own_days(shape.days()))),
                None => 0,
            }
        })
    }

    /// From a set for each year from `first_year` on: for rules whose years differ in more than their shape.
    pub(super) fn by_year(first_year: u32, mut words: impl FnMut(u32) -> [u64; 6]) -> Self {
        Self::build(first_year, |year, masks| masks.push(words(year)))
    }

    /// The words of the year with that index: bit 0 is 1 January.
    pub(super) fn words(&self, year: u32) -> [u64; 6] {
        self.mask(year).words
    }

    #[inline]
    fn mask(&self, year: u32) -> &YearMask {
        let id = self.mask_of.get(index(year)).copied().unwrap_or(0);
        self.masks.get(usize::from(id)).unwrap_or(&EMPTY)
    }

    #[inline]
    fn before(&self, year: u32) -> u32 {
        self.before.get(index(year)).copied().unwrap_or(0)
    }

    /// Whether a day is in the set.
    #[inline]
    pub(super) fn contains(&self, date: Date) -> bool {
        let (year, day) = year_and_day(date);
        self.mask(year).word(day / 64) >> (day % 64) & 1 == 1
    }

    /// How many days before `date` are in the set.
    #[inline]
    pub(super) fn rank(&self, date: Date) -> u32 {
        let (year, day) = year_and_day(date);
        self.before(year) + self.mask(year).rank(day)
    }

    /// How many days there are in the set.
    pub(super) fn total(&self) -> u32 {
        self.before(YEARS)
    }

    /// The member of that rank.
    pub(super) fn select(&self, rank: u32) -> Option<Date> {
        if rank >= self.total() {
            return None;
        }
        // The last year with at most `rank` members before it.
        let year = len32(self.before.partition_point(|before| *before <= rank)) - 1;
        let day = self.mask(year).select(rank - self.before(year));
        Some(Date::at((year_begin(year) + day).cast_signed()))
    }

    /// The first member on or after `date`.
    #[inline]
    pub(super) fn at_or_after(&self, date: Date) -> Option<Date> {
        let (year, day) = year_and_day(date);
        let date_in = |year: u32, day: u32| Date::at((year_begin(year) + day).cast_signed());
        if let Some(found) = self.mask(year).at_or_after(day) {
            return Some(date_in(year, found));
        }
        let passed = self.before(year + 1);
        if passed == self.total() {
            return None;
        }
        let mut next = year + 1;
        if self.before(next + 1) == passed {
            let later = self.before.get(index(next)..).unwrap_or_default();
            next += len32(later.partition_point(|before| *before <= passed)) - 1;
        }
        self.mask(next).at_or_after(0).map(|found| date_in(next, found))
    }

    /// The last member on or before `date`.
    #[inline]
    pub(super) fn at_or_before(&self, date: Date) -> Option<Date> {
        let (year, day) = year_and_day(date);
        let date_in = |year: u32, day: u32| Date::at((year_begin(year) + day).cast_signed());
        if let Some(found) = self.mask(year).at_or_before(day) {
            return Some(date_in(year, found));
        }
        let passed = self.before(year);
        if passed == 0 {
            return None;
        }
        let earlier = self.before.get(..index(year)).unwrap_or_default();
        // The last year with fewer than `passed` before it has the member sought.
        let previous = len32(earlier.partition_point(|before| *before < passed)) - 1;
        self.mask(previous).at_or_before(365).map(|found| date_in(previous, found))
    }

    /// The next days on or after `date` that have a member: the first of them, their bits, and the day after them.
    #[inline]
    pub(super) fn chunk_from(&self, date: Date) -> (i32, u64, i32) {
        let (mut year, mut day) = year_and_day(date);
        let mut bits = self.mask(year).word(day / 64) >> (day % 64);
        let mut base = date;
        if bits == 0 {
            let Some(found) = self.at_or_after(date) else {
                return (date.days_since_epoch(), 0, date.days_since_epoch());
            };
            (year, day) = year_and_day(found);
            bits = self.mask(year).word(day / 64) >> (day % 64);
            base = found;
        }
        let end = (year_begin(year) + (day | 63) + 1).min(year_begin(year + 1));
        (base.days_since_epoch(), bits, end.cast_signed())
    }

    /// The next `left` members on or after `from`, in order; `rank` is that of the first of them.
    #[inline]
    pub(super) fn fold_from<B>(
        &self,
        from: Date,
        rank: u32,
        left: u32,
        init: B,
        mut each: impl FnMut(B, i32) -> B,
    ) -> B {
        if let Some(days) = self.listed.get(index(rank)..index(rank + left)) {
            return days.iter().fold(init, |folded, day| each(folded, *day));
        }
        let (mut left, mut folded) = (left, init);
        let (first, mut below) = year_and_day(from);
        for (year, id) in (first..).zip(self.mask_of.get(index(first)..).unwrap_or_default()) {
            if left == 0 {
                break;
            }
            if *id == 0 {
                below = 0;
                continue;
            }
            let Some(mask) = self.masks.get(usize::from(*id)) else { break };
            if let Some((from, to)) = mask.listed {
                let from = from + if below == 0 { 0 } else { mask.rank(below) };
                let days = self.days.get(index(from)..index(to)).unwrap_or_default();
                let days = days.get(..index(left)).unwrap_or(days);
                let begin = year_begin(year).cast_signed();
                for day in days {
                    folded = each(folded, begin + i32::from(*day));
                }
                left -= len32(days.len());
                below = 0;
                continue;
            }
            let begin = year_begin(year).cast_signed();
            let mut words = mask.occupied;
            while words != 0 && left > 0 {
                let at = words.trailing_zeros();
                words &= words - 1;
                let mut bits = mask.word(at);
                if below > at * 64 {
                    bits &= !ones(below - at * 64);
                }
                let base = begin + (at * 64).cast_signed();
                let here = bits.count_ones().min(left);
                left -= here;
                for _ in 0..here {
                    folded = each(folded, base + bits.trailing_zeros().cast_signed());
                    bits &= bits - 1;
                }
            }
            below = 0;
        }
        folded
    }

    /// Sets the bits of the members in `out`, bit 0 of its first word being the day number `from`.
    pub(super) fn fill(&self, from: i32, out: &mut [u64]) {
        let to = i64::from(from) + i64::from(len32(out.len())) * 64;
        let (mut year, _) = year_and_day(Date::at(from));
        while year < YEARS && i64::from(year_begin(year)) < to {
            let mask = self.mask(year);
            let mut words = mask.occupied;
            while words != 0 {
                let at = words.trailing_zeros();
                words &= words - 1;
                insert(out, (year_begin(year) + at * 64).cast_signed() - from, mask.word(at));
            }
            year += 1;
        }
    }
}

/// Adds 64 bits to `out` at a bit position that may lie partly or wholly outside of it.
fn insert(out: &mut [u64], at: i32, bits: u64) {
    let (word, by) = (at.div_euclid(64), at.rem_euclid(64).cast_unsigned());
    if word >= 0
        && let Some(low) = out.get_mut(crate::civil::num::index_of_day(word))
    {
        *low |= bits << by;
    }
    if by > 0
        && word >= -1
        && let Some(high) = out.get_mut(crate::civil::num::index_of_day(word + 1))
    {
        *high |= bits >> (64 - by);
    }
}
