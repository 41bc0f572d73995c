//! The shapes of years, and sets of the days of a year as bits.
//!
//! A year looks like one of 14: common or leap, and the weekday of 1 January. Which week its first days lie in also
//! depends on whether the year before was a leap year, which makes 21.

use crate::civil::Date;
use crate::civil::num::{index, low8};

/// The number of years there are.
pub(super) const YEARS: u32 = 230;
/// The number of distinct shapes.
pub(super) const SHAPES: usize = 21;

const STARTS: [[u32; 13]; 2] = [
    [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365],
    [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366],
];

/// What a year looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct YearShape {
    pub(super) leap: bool,
    pub(super) after_leap: bool,
    /// The weekday of 1 January, days after Monday.
    pub(super) first_weekday: u32,
}

/// The day number of 1 January of the year with that index (0 is 1970, 230 is 2200).
#[inline]
pub(super) const fn year_begin(year: u32) -> u32 {
    // 2100, the year with index 130, is no leap year.
    365 * year + (year + 1) / 4 - if year > 130 { 1 } else { 0 }
}

/// The index of the year that a day is in, and the day's index within it.
#[inline]
pub(super) const fn year_and_day(date: Date) -> (u32, u32) {
    let day = date.days_since_epoch().cast_unsigned();
    // As if 2100 had a 29 February, whose day number would be 47,541.
    let shifted = day + if day >= 47_541 { 1 } else { 0 };
    let year = (4 * shifted + 2) / 1461;
    (year, day - year_begin(year))
}

const fn is_leap(year: u32) -> bool {
    year % 4 == 2 && year != 130
}

impl YearShape {
    /// The shape of the year with that index.
    pub(super) const fn of(year: u32) -> Self {
        Self {
            leap: is_leap(year),
            after_leap: year % 4 == 3 && year != 131,
            first_weekday: (year_begin(year) + 3) % 7,
        }
    }

    /// Which of the [`SHAPES`] it is.
    pub(super) fn id(self) -> usize {
        let kind = if self.leap { 2 } else { u32::from(self.after_leap) };
        index(kind * 7 + self.first_weekday)
    }

    /// The number of its days.
    pub(super) const fn days(self) -> u32 {
        if self.leap { 366 } else { 365 }
    }

    /// Days before the month with that index (0 is January, 12 the next January).
    pub(super) fn month_begin(self, month: u32) -> u32 {
        STARTS.get(usize::from(self.leap)).and_then(|starts| starts.get(index(month))).copied().unwrap_or(0)
    }

    /// The number of days of the month with that index.
    pub(super) fn month_days(self, month: u32) -> u32 {
        self.month_begin(month + 1) - self.month_begin(month)
    }
}

/// A set of days around a year: bit 0 is the last day of the year before, bit 1 is 1 January, and so on up to 1 January
/// of the year after. The two outer ones are where `SKIP` may move a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct YearSet(pub(super) [u64; 6]);

impl YearSet {
    pub(super) const EMPTY: Self = Self([0; 6]);
    pub(super) const FULL: Self = Self([u64::MAX; 6]);

    pub(super) fn insert(&mut self, bit: u32) {
        if let Some(word) = self.0.get_mut(index(bit / 64)) {
            *word |= 1 << (bit % 64);
        }
    }

    pub(super) fn contains(&self, bit: u32) -> bool {
        self.0.get(index(bit / 64)).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    pub(super) fn set(&mut self, bit: u32, member: bool) {
        if member {
            self.insert(bit);
        } else if let Some(word) = self.0.get_mut(index(bit / 64)) {
            *word &= !(1 << (bit % 64));
        }
    }

    /// Adds the members of `bits`, moved up by `shift`.
    pub(super) fn insert_shifted(&mut self, bits: u64, shift: u32) {
        let (at, by) = (index(shift / 64), shift % 64);
        if let Some(word) = self.0.get_mut(at) {
            *word |= bits << by;
        }
        if by > 0
            && let Some(word) = self.0.get_mut(at + 1)
        {
            *word |= bits >> (64 - by);
        }
    }

    /// Adds `from..to`.
    pub(super) fn insert_range(&mut self, from: u32, to: u32) {
        let mut at = from;
        while at < to {
            let run = (to - at).min(64 - at % 64);
            if let Some(word) = self.0.get_mut(index(at / 64)) {
                *word |= ones(run) << (at % 64);
            }
            at += run;
        }
    }

    pub(super) fn and(&mut self, other: &Self) {
        for (word, mask) in self.0.iter_mut().zip(other.0) {
            *word &= mask;
        }
    }

    /// The days on these weekdays (bit 0 is Monday).
    pub(super) fn weekdays(bits: u8, first_weekday: u32) -> Self {
        let mut set = Self::EMPTY;
        // Bit 0 is the day before 1 January.
        let mut phase = (first_weekday + 6) % 7;
        for word in &mut set.0 {
            *word = repeat_week(bits, phase);
            phase = (phase + 1) % 7;
        }
        set
    }

    /// The members at these positions (1 is the first, −1 the last).
    pub(super) fn at_positions(&self, positions: &[i16]) -> Self {
        let total = self.0.iter().map(|word| word.count_ones()).sum::<u32>();
        let mut wanted = Self::EMPTY;
        for position in positions {
            if let Some(nth) = nth_of(*position, total) {
                wanted.insert(nth);
            }
        }
        let mut chosen = Self::EMPTY;
        let mut nth = 0;
        for (word, bits) in (0_u32..).zip(self.0) {
            let mut left = bits;
            while left != 0 {
                if wanted.contains(nth) {
                    chosen.insert(word * 64 + left.trailing_zeros());
                }
                left &= left - 1;
                nth += 1;
            }
        }
        chosen
    }

    /// The set whose [`Self::own_days`] are these.
    pub(super) fn of_own_days(words: [u64; 6]) -> Self {
        let mut set = Self::EMPTY;
        for (at, word) in (0_u32..).zip(words) {
            set.insert_shifted(word, at * 64 + 1);
        }
        set
    }

    /// The days of the year itself: bit 0 is 1 January.
    pub(super) fn own_days(&self, days: u32) -> [u64; 6] {
        let mut own = [0; 6];
        let above = self.0.iter().skip(1).chain(std::iter::once(&0));
        for ((out, low), high) in own.iter_mut().zip(&self.0).zip(above) {
            *out = low >> 1 | high << 63;
        }
        if let Some(last) = own.last_mut() {
            *last &= ones(days - 320);
        }
        own
    }
}

/// The index that a position means among `total` members, if there are that many.
pub(super) fn nth_of(position: i16, total: u32) -> Option<u32> {
    let magnitude = u32::from(position.unsigned_abs());
    if magnitude == 0 || magnitude > total {
        None
    } else if position > 0 {
        Some(magnitude - 1)
    } else {
        Some(total - magnitude)
    }
}

/// The members of a small set at these positions.
pub(super) fn at_positions(bits: u64, positions: &[i16]) -> u64 {
    let total = bits.count_ones();
    let mut wanted = 0_u64;
    for nth in positions.iter().filter_map(|position| nth_of(*position, total)) {
        wanted |= 1 << nth;
    }
    let (mut chosen, mut left) = (0, bits);
    while left != 0 {
        if wanted & 1 == 1 {
            chosen |= left & left.wrapping_neg();
        }
        wanted >>= 1;
        left &= left - 1;
    }
    chosen
}

/// A word of `count` low bits; all 64 from there on.
#[inline]
pub(super) const fn ones(count: u32) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

/// 64 days of a weekly pattern, the first of them `phase` days after its Monday.
pub(super) fn repeat_week(bits: u8, phase: u32) -> u64 {
    let week = u64::from(bits & 0x7F);
    let turned = (week >> phase | week << (7 - phase)) & 0x7F;
    // Every seventh bit from the lowest: 0, 7, …, 63.
    turned.wrapping_mul(0x8102_0408_1020_4081)
}

/// A weekly pattern turned so that its lowest bit is `start`'s (days after Monday).
pub(super) fn turned(bits: u8, start: u32) -> u8 {
    let week = u32::from(bits & 0x7F);
    low8((week >> start | week << (7 - start)) & 0x7F)
}

/// The year a date is in and the bit it has in that year's [`YearSet`].
pub(super) fn year_and_bit(date: Date) -> (u32, u32) {
    let (year, day) = year_and_day(date);
    (year, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::DateRange;

    #[test]
    fn shapes_are_those_of_the_calendar() {
        for year in 0..YEARS {
            let shape = YearShape::of(year);
            let range = DateRange::year(1970 + year.cast_signed()).unwrap();
            assert_eq!(shape.days(), range.len());
            assert_eq!(shape.first_weekday, range.from().weekday().number());
            assert_eq!(year_begin(year).cast_signed(), range.from().days_since_epoch());
            let before = 1969 + year.cast_signed();
            assert_eq!(shape.after_leap, before % 4 == 0 && (before % 100 != 0 || before % 400 == 0), "{before}");
            assert!(shape.id() < SHAPES);
        }
        for date in DateRange::ALL {
            assert_eq!(year_and_day(date), ((date.year() - 1970).cast_unsigned(), date.ordinal() - 1));
        }
    }

    #[test]
    fn a_week_repeats() {
        for phase in 0..7 {
            let word = repeat_week(0b001_0101, phase);
            for bit in 0..64 {
                assert_eq!(word >> bit & 1 == 1, [0, 2, 4].contains(&((bit + phase) % 7)), "phase {phase} bit {bit}");
            }
        }
    }
}
