//! The days on which the score stands still, and those that a window looks back on.
//!
//! A window holds the last days that are neither paused nor archived; days that were skipped are left out as well, but for
//! quotas, where a skipped day counts as one done.

use crate::civil::Date;
use crate::civil::num::{day_of, index_of_day};
use crate::habits::bits::{clear, count, each, has, span};
use crate::habits::progress::Progress;
use crate::habits::timeline::Timeline;
use crate::quantity::Quantity;

/// Which days a score moves on, if not on all of them.
pub(in crate::habits) struct Still {
    base: i32,
    /// Days that are part of a window.
    available: Vec<u64>,
    /// Days on which the score moves.
    moving: Vec<u64>,
}

impl Progress<'_> {
    /// `None` if there are no breaks and nothing is skipped.
    pub(in crate::habits) fn still_days(&self) -> Option<Still> {
        let words = || self.due.iter().zip(&self.skipped);
        if self.timeline.breaks().is_empty() && words().all(|(due, skipped)| due & skipped == 0) {
            return None;
        }
        let mut available = vec![u64::MAX; self.due.len()];
        for (from, to) in self.timeline.breaks() {
            clear(&mut available, self.base, from.days_since_epoch(), to.days_since_epoch());
        }
        for (word, due) in available.iter_mut().zip(&self.due) {
            // What was done on a day of archiving, or one that was lost at the date line.
            *word |= due;
        }
        let moving = available.iter().zip(words()).map(|(word, (due, skipped))| word & !(due & skipped)).collect();
        for segment in self.timeline.segments() {
            if !self.timeline.plan_of(segment).schedule.is_quota() {
                let mut skips = words();
                let mut at = self.base;
                let (from, to) = (segment.from.days_since_epoch(), segment.to.days_since_epoch());
                each(&mut available, self.base, self.base, i32::MAX, |word, _| {
                    let (due, skipped) = skips.next().unwrap_or((&0, &0));
                    *word &= !(due & skipped & span(at, from, to));
                    at += 64;
                });
            }
        }
        Some(Still { base: self.base, available, moving })
    }

    /// The first day of a window that ends with `day`: as many days back as it holds, or further where some of them are
    /// left out.
    pub(in crate::habits) fn window_begin(&self, still: Option<&Still>, day: i32, window: i32) -> i32 {
        let start = self.timeline.window().starts_on.days_since_epoch();
        let begin = still.map_or(day.saturating_add(1).saturating_sub(window), |still| still.back(day, window));
        begin.max(start)
    }

    /// Whether a day on which the score stands still is in one of the periods from that of `from` to that of `to`.
    pub(super) fn is_broken(
        &self,
        still: &Still,
        touched: &mut TouchedPeriods,
        first: Date,
        (from, to): (i32, i32),
    ) -> bool {
        if from < first.days_since_epoch() {
            return false;
        }
        if from > touched.first_to || touched.last_to < to {
            let (Some(one), Some(other)) =
                (self.timeline.period_of(Date::at(from)), self.timeline.period_of(Date::at(to)))
            else {
                return false;
            };
            *touched = TouchedPeriods {
                first_from: one.range.from().days_since_epoch(),
                first_to: one.range.to().days_since_epoch(),
                last_to: other.range.to().days_since_epoch(),
            };
        }
        let last = touched.last_to.min(self.today.days_since_epoch());
        let length = |from: i32, to: i32| (to - from + 1).max(0).cast_unsigned();
        still.count_moving(touched.first_from, to) < length(touched.first_from, to)
            || count(&still.available, still.base, to + 1, last) < length(to + 1, last)
            || self.timeline.has_break_in(Date::at(last), Date::at(touched.last_to))
    }

    /// c by whole periods, for a window of a quota whose periods a break or a skip touches: what was done in each, up to
    /// what it asked for, ÷ what they asked for. `Some(None)` where they asked for nothing, `None`
    /// where the window begins before `first`, the first day of the version.
    pub(super) fn done_by_periods(&self, first: Date, (from, to): (i32, i32), limited: bool) -> Option<Option<f64>> {
        let to = Date::at(to);
        let mut at = Date::at(from);
        if at < first {
            return None;
        }
        let (mut asked, mut done, mut is_over_limit) = (Quantity::ZERO, Quantity::ZERO, false);
        while at <= to {
            let period = self.timeline.period_of(at)?;
            let last = period.range.to();
            let so_far = self.period_up_to(&period, to);
            let needed = if limited { period.whole() } else { so_far.0 };
            asked = asked.plus(needed);
            done = done.plus(if limited { so_far.1 } else { so_far.1.min(needed) });
            is_over_limit |= limited && so_far.1 > needed;
            at = last.succ()?;
        }
        Some(match (limited, asked) {
            (true, _) if !is_over_limit => Some(1.0),
            (_, Quantity::ZERO) => None,
            (true, _) => Some((asked.as_thousandths_f64() / done.as_thousandths_f64()).min(1.0)),
            (false, _) => Some(done.as_thousandths_f64() / asked.as_thousandths_f64()),
        })
    }
}

/// The first and last of the periods that a window touches.
#[derive(Default)]
pub(super) struct TouchedPeriods {
    first_from: i32,
    first_to: i32,
    last_to: i32,
}

impl Still {
    pub(super) fn is_available(&self, day: i32) -> bool {
        has(&self.available, self.base, day)
    }

    pub(super) fn is_moving(&self, day: i32) -> bool {
        has(&self.moving, self.base, day)
    }

    /// On how many of these days the score moves.
    pub(super) fn count_moving(&self, from: i32, to: i32) -> u32 {
        count(&self.moving, self.base, from, to)
    }

    /// The day so many available days back from `day`, that one included; the first of all if there are fewer.
    fn back(&self, day: i32, window: i32) -> i32 {
        let mut left = window.cast_unsigned();
        let last = index_of_day((day - self.base).max(0) / 64);
        for (at, word) in self.available.iter().enumerate().take(last + 1).rev() {
            let begin = self.base + day_of(at) * 64;
            let mut days = word & span(begin, begin, day);
            if days.count_ones() < left {
                left -= days.count_ones();
                continue;
            }
            while left > 1 {
                days &= !(1 << days.ilog2());
                left -= 1;
            }
            return begin + 63 - days.leading_zeros().cast_signed();
        }
        self.base
    }

    /// The last day, from `day` on and up to `last`, that is like `day`: with days on which the score stands still less
    /// than `back` days before it or `ahead` days after it (false), or without any (true).
    pub(super) fn alike(&self, timeline: &Timeline, day: i32, (back, ahead): (i32, i32), last: i32) -> (i32, bool) {
        let end = self.base + day_of(self.moving.len()) * 64;
        let is_still = |day: &i32| {
            *day >= self.base && if *day < end { !self.is_moving(*day) } else { timeline.is_paused(Date::at(*day)) }
        };
        let window = back + ahead;
        let Some(still) = (day.saturating_sub(back)..=day + ahead).rev().find(is_still) else {
            return ((day..=last + ahead).find(is_still).map_or(last, |still| last.min(still - 1 - ahead)), true);
        };
        let mut still = still;
        while still + back < last
            && let Some(later) = (still + 1..=still + window).rev().find(is_still)
        {
            still = later;
        }
        let until = still + back;
        (until.min(last), false)
    }
}
