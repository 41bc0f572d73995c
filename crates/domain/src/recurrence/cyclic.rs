//! Rules whose days repeat after a fixed number of days: every n-th day, weekdays of every n-th week, a run of active
//! days and a run of rest. Every question is a division.

use super::shape::{nth_of, ones, repeat_week, turned};
use crate::civil::num::low8;

/// What a period looks like from its first day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pattern {
    /// Its first `n` days.
    Run(u32),
    /// Those of its first seven days whose bit is set; not 0.
    Week(u8),
}

/// A set of days that repeats. Days are numbers counted from 1970-01-01; all answers are about days ≥ `origin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cyclic {
    origin: i32,
    period: u32,
    pattern: Pattern,
}

impl Cyclic {
    /// The first `active` days of every `period` days from `origin` on; both at least 1.
    pub(super) fn run(origin: i32, period: u32, active: u32) -> Self {
        let period = period.max(1);
        Self { origin, period, pattern: Pattern::Run(active.clamp(1, period)) }
    }

    /// The weekdays `bits` (bit 0 is Monday; not 0) of every `every`-th week; `week_begin` is the first day of the first
    /// one.
    pub(super) fn weeks(week_begin: i32, week_start: u32, bits: u8, every: u32) -> Self {
        let pattern = turned(bits, week_start);
        let period = every.max(1).saturating_mul(7);
        // A single day needs no mask.
        if pattern.is_power_of_two() {
            return Self::run(week_begin + pattern.trailing_zeros().cast_signed(), period, 1);
        }
        if every == 1 && pattern == 0x7F {
            return Self::run(week_begin, 1, 1);
        }
        Self { origin: week_begin, period, pattern: Pattern::Week(pattern) }
    }

    /// Days in a period, and how many of them are in the set.
    pub(super) fn density(&self) -> (u32, u32) {
        (self.per_period(), self.period)
    }

    const fn per_period(&self) -> u32 {
        match self.pattern {
            Pattern::Run(active) => active,
            Pattern::Week(bits) => bits.count_ones(),
        }
    }

    /// How many of a period's first `days` days are in the set.
    const fn within(&self, days: u32) -> u32 {
        match self.pattern {
            Pattern::Run(active) => {
                if days < active {
                    days
                } else {
                    active
                }
            }
            Pattern::Week(bits) => {
                if days >= 7 {
                    bits.count_ones()
                } else {
                    (bits & ((1 << days) - 1)).count_ones()
                }
            }
        }
    }

    const fn offset(&self, day: i32) -> u32 {
        let since = day - self.origin;
        if since < 0 { 0 } else { since.cast_unsigned() }
    }

    /// Whether a day is in the set.
    #[inline]
    pub(super) const fn contains(&self, day: i32) -> bool {
        if day < self.origin {
            return false;
        }
        let at = self.offset(day) % self.period;
        match self.pattern {
            Pattern::Run(active) => at < active,
            Pattern::Week(bits) => at < 7 && bits >> at & 1 == 1,
        }
    }

    /// How many days before `day` are in the set.
    #[inline]
    pub(super) const fn rank(&self, day: i32) -> u32 {
        let offset = self.offset(day);
        offset / self.period * self.per_period() + self.within(offset % self.period)
    }

    /// The member of that rank.
    pub(super) fn select(&self, rank: u32) -> i64 {
        let (periods, left) = (rank / self.per_period(), rank % self.per_period());
        let within = match self.pattern {
            Pattern::Run(_) => left,
            Pattern::Week(bits) => {
                (0..7).filter(|at| bits >> at & 1 == 1).nth(crate::civil::num::index(left)).unwrap_or(0)
            }
        };
        i64::from(self.origin) + i64::from(periods) * i64::from(self.period) + i64::from(within)
    }

    /// The first member on or after `day`.
    #[inline]
    pub(super) const fn at_or_after(&self, day: i32) -> i32 {
        if day < self.origin {
            return self.at_or_after(self.origin);
        }
        let at = self.offset(day) % self.period;
        let ahead = match self.pattern {
            Pattern::Run(active) => {
                if at < active {
                    0
                } else {
                    self.period - at
                }
            }
            Pattern::Week(bits) => {
                let left = if at < 7 { bits >> at } else { 0 };
                if left != 0 { left.trailing_zeros() } else { self.period - at + bits.trailing_zeros() }
            }
        };
        day.saturating_add(ahead.cast_signed())
    }

    /// The last member on or before `day`, if there is one.
    #[inline]
    pub(super) fn at_or_before(&self, day: i32) -> Option<i32> {
        if day < self.origin {
            return None;
        }
        let at = self.offset(day) % self.period;
        let back = match self.pattern {
            Pattern::Run(active) => at.saturating_sub(active - 1),
            Pattern::Week(bits) => {
                let passed = if at >= 7 { bits } else { bits & low8((2 << at) - 1) };
                if passed == 0 {
                    // The last one of the period before, seen from this one's first day.
                    at + self.period - bits.checked_ilog2().unwrap_or(0)
                } else {
                    at - passed.checked_ilog2().unwrap_or(0)
                }
            }
        };
        Some(day - back.cast_signed()).filter(|found| *found >= self.origin)
    }

    /// The next `left` members on or after `from`, in order.
    #[inline]
    pub(super) fn fold_from<B>(&self, from: i32, left: u32, init: B, mut each: impl FnMut(B, i32) -> B) -> B {
        let (mut left, mut folded) = (left, init);
        let mut day = self.at_or_after(from);
        let period = self.period.cast_signed();
        let bits = match self.pattern {
            // One day a period: steps.
            Pattern::Run(1) => {
                for _ in 0..left {
                    folded = each(folded, day);
                    day += period;
                }
                return folded;
            }
            Pattern::Week(bits) => u64::from(bits),
            Pattern::Run(active) => ones(active),
        };
        while left > 0 {
            let at = self.offset(day) % self.period;
            let begin = day - at.cast_signed();
            if let Pattern::Run(active) = self.pattern {
                for day in (day..begin + active.cast_signed()).take(crate::civil::num::index(left)) {
                    folded = each(folded, day);
                    left -= 1;
                }
            } else {
                let mut bits = bits >> at;
                while bits != 0 && left > 0 {
                    folded = each(folded, day + bits.trailing_zeros().cast_signed());
                    bits &= bits - 1;
                    left -= 1;
                }
            }
            day = begin + period;
        }
        folded
    }

    /// Sets the bits of the members in `out`, whose words must be clear; bit 0 of the first is the day `from`.
    pub(super) fn fill(&self, from: i32, out: &mut [u64]) {
        // What lies before the origin, if anything, is taken off at the end.
        let early = self.origin - from;
        if self.period == 1 {
            out.fill(u64::MAX);
        } else if self.period == 7
            && let Pattern::Week(bits) = self.pattern
        {
            let mut phase = (from - self.origin).rem_euclid(7).cast_unsigned();
            for word in &mut *out {
                *word |= repeat_week(bits, phase);
                phase = if phase == 6 { 0 } else { phase + 1 };
            }
        } else {
            let mut phase = (from - self.origin).rem_euclid(self.period.cast_signed()).cast_unsigned();
            let step = 64 % self.period;
            for word in &mut *out {
                *word |= self.word(phase);
                phase += step;
                if phase >= self.period {
                    phase -= self.period;
                }
            }
        }
        if early > 0 {
            super::occurrences::keep(out, from, self.origin, i32::MAX - 1);
        }
    }

    /// 64 days from the day `from`, which is not before the origin.
    #[inline]
    pub(super) fn word_from(&self, from: i32) -> u64 {
        let phase = self.offset(from) % self.period;
        match self.pattern {
            Pattern::Run(_) if self.period == 1 => u64::MAX,
            Pattern::Week(bits) if self.period == 7 => repeat_week(bits, phase),
            _ => self.word(phase),
        }
    }

    /// 64 days from one that is `phase` days into a period.
    fn word(&self, phase: u32) -> u64 {
        let pattern = match self.pattern {
            Pattern::Run(active) => ones(active),
            Pattern::Week(bits) => u64::from(bits),
        };
        let length = match self.pattern {
            Pattern::Run(active) => active,
            Pattern::Week(_) => 7,
        };
        let mut word = 0;
        if phase < length {
            // The period that is under way.
            word = if phase < 64 && length <= 64 { pattern >> phase } else { ones(length - phase) };
        }
        let mut at = self.period - phase;
        while at < 64 {
            word |= pattern << at;
            at += self.period;
        }
        word
    }

    /// The members at these positions of a set that is a week of it: the weekdays `bits` seen from `week_start`.
    pub(super) fn week_positions(bits: u8, week_start: u32, positions: &[i16]) -> u8 {
        let week = turned(bits, week_start);
        let total = week.count_ones();
        let mut chosen = 0_u8;
        for nth in positions.iter().filter_map(|position| nth_of(*position, total)) {
            if let Some(at) = (0..7).filter(|at| week >> at & 1 == 1).nth(crate::civil::num::index(nth)) {
                chosen |= 1 << at;
            }
        }
        // Back from the week start to Monday.
        turned(chosen, (7 - week_start) % 7)
    }
}
