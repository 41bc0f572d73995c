//! On which days a habit is due: asked about one day, counted, or as bits.

use super::super::bits::clear;
use super::Timeline;
use crate::civil::num::{day_of, index};
use crate::civil::{Date, DateRange};
use crate::recurrence::keep;

impl Timeline {
    /// Whether a day is due: in the window, not paused, and scheduled by the version in force.
    #[inline]
    pub fn is_due(&self, date: Date) -> bool {
        self.segment_at(date).is_some_and(|segment| segment.occurrences.is_due(date)) && !self.is_paused(date)
    }

    /// The first due day after `date`.
    pub fn next_due_after(&self, date: Date) -> Option<Date> {
        let mut after = date;
        // Every turn passes a segment or a pause.
        loop {
            let at = self.segments.partition_point(|segment| segment.to <= after);
            let segment = self.segments.get(at)?;
            let from = after.max(segment.from.pred().unwrap_or(Date::MIN));
            match segment.occurrences.next_after(from) {
                Some(found) if found <= segment.to => match self.pause_over(found) {
                    None => return Some(found),
                    Some((_, to)) => after = to,
                },
                _ => after = segment.to,
            }
            if after == Date::MAX {
                return None;
            }
        }
    }

    /// The first due day on or after `date`.
    pub fn next_due_from(&self, date: Date) -> Option<Date> {
        if self.is_due(date) { Some(date) } else { self.next_due_after(date) }
    }

    /// The last due day before `date`.
    pub fn prev_due_before(&self, date: Date) -> Option<Date> {
        let mut before = date;
        loop {
            let at = self.segments.partition_point(|segment| segment.from < before);
            let segment = self.segments.get(at.checked_sub(1)?)?;
            let to = segment.to.succ().map_or(before, |next| before.min(next));
            match segment.occurrences.prev_before(to) {
                Some(found) if found >= segment.from => match self.pause_over(found) {
                    None => return Some(found),
                    Some((from, _)) => before = from,
                },
                _ => before = segment.from,
            }
        }
    }

    /// How many due days there are in `range`.
    pub fn count_due(&self, range: DateRange) -> u32 {
        let first = self.segments.partition_point(|segment| segment.to < range.from());
        let mut total = 0;
        for segment in self.segments.iter().skip(first).take_while(|segment| segment.from <= range.to()) {
            let Some(within) = range.intersect(segment.range()) else { continue };
            total += segment.occurrences.count(within);
            let paused = self.breaks.partition_point(|(_, to)| *to < within.from());
            for (from, to) in self.breaks.iter().skip(paused).take_while(|(from, _)| *from <= within.to()) {
                let paused = DateRange::new(*from, *to).and_then(|pause| within.intersect(pause));
                total -= paused.map_or(0, |days| segment.occurrences.count(days));
            }
        }
        total
    }

    /// The due days in `range` as bits, the lowest bit of the first word being its first day.
    pub fn due_bits(&self, range: DateRange) -> Vec<u64> {
        let mut words = vec![0; index(range.len().div_ceil(64))];
        self.fill(range.from().days_since_epoch(), &mut words);
        keep(&mut words, range.from().days_since_epoch(), 0, range.to().days_since_epoch());
        words
    }

    /// The due days in `range`, from either end.
    pub fn iter_due(&self, range: DateRange) -> DueDates {
        let words = self.due_bits(range);
        DueDates { base: range.from().days_since_epoch(), front: 0, back: words.len(), words }
    }

    /// Sets the due days from the day number `from` on in `out`, whose words must be clear.
    pub(in crate::habits) fn fill(&self, from: i32, out: &mut [u64]) {
        let end = from.saturating_add(day_of(out.len()).saturating_mul(64));
        match self.segments.as_slice() {
            [only] => {
                only.occurrences.fill(from, out);
                keep(out, from, only.from.days_since_epoch(), only.to.days_since_epoch());
            }
            segments => {
                let mut own = vec![0; out.len()];
                for segment in segments.iter().filter(|segment| segment.from.days_since_epoch() < end) {
                    own.fill(0);
                    segment.occurrences.fill(from, &mut own);
                    keep(&mut own, from, segment.from.days_since_epoch(), segment.to.days_since_epoch());
                    for (word, add) in out.iter_mut().zip(&own) {
                        *word |= add;
                    }
                }
            }
        }
        for (first, last) in &self.breaks {
            clear(out, from, first.days_since_epoch(), last.days_since_epoch());
        }
    }
}

/// The due days of a range; see [`Timeline::iter_due`].
#[derive(Debug, Clone)]
pub struct DueDates {
    base: i32,
    words: Vec<u64>,
    front: usize,
    back: usize,
}

impl Iterator for DueDates {
    type Item = Date;
    fn next(&mut self) -> Option<Date> {
        while self.front < self.back {
            if let Some(word) = self.words.get_mut(self.front)
                && *word != 0
            {
                let bit = word.trailing_zeros().cast_signed();
                *word &= *word - 1;
                return Some(Date::at(self.base + day_of(self.front) * 64 + bit));
            }
            self.front += 1;
        }
        None
    }
}

impl DoubleEndedIterator for DueDates {
    fn next_back(&mut self) -> Option<Date> {
        while self.front < self.back {
            if let Some(word) = self.words.get_mut(self.back - 1)
                && *word != 0
            {
                let bit = 63 - word.leading_zeros();
                *word &= !(1 << bit);
                return Some(Date::at(self.base + day_of(self.back - 1) * 64 + bit.cast_signed()));
            }
            self.back -= 1;
        }
        None
    }
}
