//! Sets of days as bits, and the word operations that streaks and scores are computed with.
//!
//! Words start at multiples of 64 days from 1970-01-01, so that the sets of a habit can be combined word by word.

use crate::civil::Date;
use crate::civil::num::{day_of, index_of_day};

/// A set of days: words from the one with its first day to the one with its last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plane {
    first: usize,
    words: Vec<u64>,
}

impl Plane {
    pub(super) fn contains(&self, date: Date) -> bool {
        self.word(date.index() / 64) >> (date.index() % 64) & 1 == 1
    }

    /// The word with the days 64·`at` to 64·`at` + 63.
    #[inline]
    pub(super) fn word(&self, at: usize) -> u64 {
        at.checked_sub(self.first).and_then(|at| self.words.get(at)).copied().unwrap_or(0)
    }

    /// Copies the words from `first` on to `out`, whose words must be clear.
    pub(super) fn copy_to(&self, first: usize, out: &mut [u64]) {
        let (skip, lead) = if first >= self.first { (first - self.first, 0) } else { (0, self.first - first) };
        let source = self.words.get(skip..).unwrap_or_default();
        let target = out.get_mut(lead..).unwrap_or_default();
        let length = source.len().min(target.len());
        if let (Some(target), Some(source)) = (target.get_mut(..length), source.get(..length)) {
            target.copy_from_slice(source);
        }
    }

    pub(super) fn set(&mut self, date: Date, member: bool) {
        let (at, bit) = (date.index() / 64, 1_u64 << (date.index() % 64));
        if !member {
            if let Some(word) = at.checked_sub(self.first).and_then(|at| self.words.get_mut(at)) {
                *word &= !bit;
                self.trim();
            }
            return;
        }
        if self.words.is_empty() {
            self.first = at;
        }
        if at < self.first {
            self.words.splice(0..0, std::iter::repeat_n(0, self.first - at));
            self.first = at;
        }
        if at - self.first >= self.words.len() {
            self.words.resize(at - self.first + 1, 0);
        }
        if let Some(word) = self.words.get_mut(at - self.first) {
            *word |= bit;
        }
    }

    /// Keeps the form canonical: no clear words at the ends.
    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
        let clear = self.words.iter().take_while(|word| **word == 0).count();
        self.words.drain(..clear);
        self.first = if self.words.is_empty() { 0 } else { self.first + clear };
    }

    /// The words from `first` on.
    pub(super) fn since(&self, first: usize) -> Self {
        let skipped = first.saturating_sub(self.first);
        let mut plane =
            Self { first: self.first.max(first), words: self.words.get(skipped..).unwrap_or_default().to_vec() };
        plane.trim();
        plane
    }

    /// The last member.
    pub(super) fn last(&self) -> Option<Date> {
        let word = self.words.last()?;
        Some(Date::at(day_of(self.first + self.words.len()) * 64 - 1 - word.leading_zeros().cast_signed()))
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        super::codec::put(out, self.first);
        super::codec::put(out, self.words.len());
        for word in &self.words {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }

    pub(super) fn decode(input: &mut &[u8]) -> Option<Self> {
        const WORDS: usize = 84_006_usize.div_ceil(64);
        // Most are empty.
        if let [0, 0, rest @ ..] = *input {
            *input = rest;
            return Some(Self::default());
        }
        let first = super::codec::take_length(input, WORDS)?;
        let length = super::codec::take_length(input, WORDS - first)?;
        let (bytes, rest) = input.split_at_checked(length * 8)?;
        let words: Vec<u64> = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        *input = rest;
        // Only the canonical form is what `encode` writes, and no day lies beyond the calendar.
        let canonical = match (words.first(), words.last()) {
            (Some(head), Some(tail)) => *head != 0 && *tail != 0,
            _ => first == 0,
        };
        let plane = Self { first, words };
        (canonical && plane.raw_last().is_none_or(|last| last <= Date::MAX.index())).then_some(plane)
    }

    fn raw_last(&self) -> Option<usize> {
        let word = self.words.last()?;
        Some((self.first + self.words.len()) * 64 - 1 - crate::civil::num::index(word.leading_zeros()))
    }
}

/// Whether a day is set; bit 0 of the first word is the day `from`.
#[inline]
pub(super) fn has(words: &[u64], from: i32, day: i32) -> bool {
    let at = index_of_day(day - from);
    day >= from && words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

/// Sets a day, if it is one of those of the words; bit 0 of the first word is the day `from`.
pub(super) fn set(words: &mut [u64], from: i32, day: i32) {
    each(words, from, day, day, |word, mask| *word |= mask);
}

/// Clears the bits of the days `first..=last`; bit 0 of the first word is the day `from`.
pub(super) fn clear(words: &mut [u64], from: i32, first: i32, last: i32) {
    each(words, from, first, last, |word, mask| *word &= !mask);
}

/// Calls `change` with each word that has days of `first..=last`, and the mask of those days in it.
pub(super) fn each(words: &mut [u64], from: i32, first: i32, last: i32, mut change: impl FnMut(&mut u64, u64)) {
    let end = from + day_of(words.len()) * 64 - 1;
    let (first, last) = (first.max(from), last.min(end));
    if first > last {
        return;
    }
    let (low, high) = (index_of_day((first - from) / 64), index_of_day((last - from) / 64));
    let below = !0 << (first - from).rem_euclid(64);
    let above = u64::MAX >> (63 - (last - from).rem_euclid(64));
    for (at, word) in words.iter_mut().enumerate().skip(low).take(high + 1 - low) {
        let mask = if at == low { below } else { !0 } & if at == high { above } else { !0 };
        change(word, mask);
    }
}

/// How many of the days `first..=last` are set.
pub(super) fn count(words: &[u64], from: i32, first: i32, last: i32) -> u32 {
    let end = from + day_of(words.len()) * 64 - 1;
    let (first, last) = (first.max(from), last.min(end));
    if first > last {
        return 0;
    }
    let (low, high) = (index_of_day((first - from) / 64), index_of_day((last - from) / 64));
    let word = |at: usize| words.get(at).copied().unwrap_or(0);
    let below = !0_u64 << (first - from).rem_euclid(64);
    let above = u64::MAX >> (63 - (last - from).rem_euclid(64));
    if low == high {
        return (word(low) & below & above).count_ones();
    }
    let middle: u32 = words.get(low + 1..high).unwrap_or_default().iter().map(|word| word.count_ones()).sum();
    (word(low) & below).count_ones() + middle + (word(high) & above).count_ones()
}

/// The bits of the days `first..=last` in a word that begins with the day `from`.
#[inline]
pub(super) fn span(from: i32, first: i32, last: i32) -> u64 {
    let (low, high) = (first.max(from) - from, last.min(from + 63) - from);
    if low > 63 || high < 0 || low > high { 0 } else { !0 << low & u64::MAX >> (63 - high) }
}
