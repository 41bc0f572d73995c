//! Quota periods: how much was done in each, and how much is required.

use super::{PeriodProgress, Progress};
use crate::civil::num::{day_of, index_of_day};
use crate::civil::{Date, DateRange};
use crate::habits::bits::count;
use crate::habits::kind::Direction;
use crate::habits::schedule::Quota;
use crate::habits::timeline::QuotaPeriod;
use crate::quantity::Quantity;

impl Progress<'_> {
    /// Days of `range` that can count towards a quota (in the window, neither paused nor archived, days to come
    /// included), and how many of them are skipped.
    fn open_and_skipped(&self, range: DateRange) -> (u32, u32) {
        let (from, to) = (range.from().days_since_epoch(), range.to().days_since_epoch());
        if range.to() <= self.today {
            return (count(&self.due, self.base, from, to), self.count_both(&self.due, &self.skipped, range));
        }
        let first = range.from().index() / 64;
        let mut days = vec![0; range.to().index() / 64 - first + 1];
        let base = day_of(first) * 64;
        self.timeline.fill_for(self.history, self.today, base, &mut days);
        let open = count(&days, base, from, to);
        for (at, word) in (first..).zip(&mut days) {
            *word &= self.history.skipped.word(at);
        }
        (open, count(&days, base, from, to))
    }

    fn count_both(&self, one: &[u64], other: &[u64], range: DateRange) -> u32 {
        let low = index_of_day((range.from().days_since_epoch() - self.base) / 64);
        let high = index_of_day((range.to().days_since_epoch() - self.base) / 64);
        let mut words = [0; 8];
        let length = (high + 1).saturating_sub(low).min(8);
        for ((word, one), other) in
            words.iter_mut().zip(one.get(low..).unwrap_or_default()).zip(other.get(low..).unwrap_or_default())
        {
            *word = one & other;
        }
        let base = self.base + day_of(low) * 64;
        let words = words.get(..length).unwrap_or_default();
        count(words, base, range.from().days_since_epoch(), range.to().days_since_epoch())
    }

    /// Done days of `range` that were available, up to today.
    fn done_days(&self, range: DateRange) -> u32 {
        self.count_both(&self.done, &self.due, range) - self.count_three(range)
    }

    fn count_three(&self, range: DateRange) -> u32 {
        // A day is recorded as skipped or as done, never both; but `at_most` days are done where nothing is recorded.
        let mut both = 0;
        if self.timeline.plan_on(range.from()).kind.direction() == Direction::AtMost {
            both = range
                .iter()
                .filter(|day| self.is_done(*day) && self.is_skipped(*day) && self.is_scheduled(*day))
                .count();
        }
        crate::civil::num::len32(both)
    }

    /// The values of the available days of `range`, up to today.
    pub(in crate::habits) fn amount(&self, range: DateRange) -> Quantity {
        let thousandths = self
            .history
            .thousandths_from(range.from())
            .iter()
            .take_while(|(date, _)| *date <= range.to())
            .filter(|(date, _)| self.is_scheduled(*date) && !self.is_skipped(*date))
            .map(|(_, value)| u64::from(*value))
            .sum();
        Quantity::from_thousandths(thousandths)
    }

    /// What the quota period of a day asks for and what was done in it; of a rolling quota, the window that ends with the
    /// day. `None` where no quota is in force.
    pub fn period_of(&self, date: Date) -> Option<PeriodProgress> {
        if let Some(rolling) = self.timeline.rolling_on(date) {
            return self.rolling_period(rolling, date);
        }
        self.timeline.period_of(date).map(|period| self.evaluate_period(&period, date))
    }

    pub(in crate::habits) fn evaluate_period(&self, period: &QuotaPeriod, date: Date) -> PeriodProgress {
        let range = period.range;
        let (open, skipped) = self.open_and_skipped(range);
        let asked = period.needed(|days| if days == range { open } else { self.open_and_skipped(days).0 });
        // A period whose end was archived was never over.
        let over = range.to() < self.today && !self.timeline.is_archived(range.to());
        let limited = self.timeline.plan_on(date).kind.direction() == Direction::AtMost;
        let days = Days { open, skipped, over };
        match period.quota {
            Quota::Times(_) => days.times(range, asked, self.done_days(range)),
            Quota::Amount(_) => {
                let asked = days.without_skipped(asked, period.is_in_whole_units());
                days.judge(range, asked, self.amount(range), limited.then(|| period.whole()))
            }
        }
    }

    /// What a period has asked for up to a day (the whole of one that is over), and what was done in it by then.
    pub(in crate::habits) fn period_up_to(&self, period: &QuotaPeriod, date: Date) -> (Quantity, Quantity) {
        let is_over = period.range.to() <= date;
        let so_far = if is_over { None } else { period.until(date) };
        let whole = self.evaluate_period(so_far.as_ref().unwrap_or(period), period.range.from());
        // A share of less than one is not yet asked for.
        let is_below_one = so_far.is_some_and(|so_far| so_far.needed_below_one(|days| self.open_and_skipped(days).0));
        (if is_below_one { Quantity::ZERO } else { whole.needed }, whole.done)
    }

    /// Whether nothing is left to do on `date`, because the number was met before, or skipped days excuse all of it.
    pub(super) fn nothing_left(&self, period: &QuotaPeriod, progress: &PeriodProgress, date: Date) -> bool {
        progress.is_neutral
            || progress.needed == Quantity::ZERO && progress.met
            || self.met_before(period, progress, date)
    }

    /// Whether the number of the quota of `date` was met before that day.
    pub(super) fn met_before(&self, period: &QuotaPeriod, progress: &PeriodProgress, date: Date) -> bool {
        let Some(before) = date.pred().and_then(|to| DateRange::new(period.range.from(), to)) else { return false };
        // Where nothing is needed, the first day on which it was done counts.
        match period.quota {
            Quota::Times(_) => Quantity::whole(self.done_days(before)) >= progress.needed.max(Quantity::whole(1)),
            Quota::Amount(_) => {
                self.timeline.plan_on(date).kind.direction() == Direction::AtLeast
                    && self.amount(before) >= progress.needed.max(Quantity::SMALLEST)
            }
        }
    }
}

/// The days of a period, as its verdict sees them.
#[derive(Clone, Copy)]
pub(in crate::habits) struct Days {
    /// How many can count, skipped ones included.
    pub(in crate::habits) open: u32,
    /// How many of those are skipped.
    pub(in crate::habits) skipped: u32,
    pub(in crate::habits) over: bool,
}

impl Days {
    /// A period that asks for a number of days. Each skipped one excuses one of them.
    pub(in crate::habits) fn times(self, range: DateRange, asked: Quantity, done: u32) -> PeriodProgress {
        self.judge(range, asked.minus(Quantity::whole(self.skipped)), Quantity::whole(done), None)
    }

    /// What an amount asks for: each skipped day excuses its even share.
    fn without_skipped(self, asked: Quantity, whole: bool) -> Quantity {
        asked.share(u64::from(self.open - self.skipped), u64::from(self.open), whole)
    }

    /// A period that asks for a number, or limits it: then with what a whole period allows.
    fn judge(self, range: DateRange, needed: Quantity, done: Quantity, limit: Option<Quantity>) -> PeriodProgress {
        let available = self.open - self.skipped;
        let is_neutral = available == 0 || limit.is_none() && needed == Quantity::ZERO && done == Quantity::ZERO;
        let met = available > 0
            && match limit {
                None => done >= needed,
                Some(_) => self.over && done <= needed,
            };
        // What the whole period allows is no miss in a part of it.
        let missed = self.over && !met && limit.is_none_or(|whole| done > whole);
        let verdict = if is_neutral {
            None
        } else if met {
            Some(true)
        } else {
            missed.then_some(false)
        };
        PeriodProgress {
            from: range.from(),
            to: range.to(),
            done,
            needed,
            available,
            met,
            over: self.over,
            is_neutral,
            verdict,
        }
    }
}
