//! Quota periods: how much was done in each, and how much is required.

use super::{PeriodProgress, Progress};
use crate::civil::num::{day_of, index_of_day};
use crate::civil::{Date, DateRange};
use crate::habits::bits::count;
use crate::habits::kind::Direction;
use crate::habits::schedule::Quota;
use crate::habits::timeline::QuotaPeriod;

impl Progress<'_> {
    /// Days of `range` that can count towards a quota: in the window, not paused, not skipped; days to come included.
    fn available(&self, range: DateRange) -> u32 {
        let (from, to) = (range.from().days_since_epoch(), range.to().days_since_epoch());
        if range.to() <= self.today {
            return count(&self.due, self.base, from, to) - self.count_both(&self.due, &self.skipped, range);
        }
        let first = range.from().index() / 64;
        let mut days = vec![0; range.to().index() / 64 - first + 1];
        let base = day_of(first) * 64;
        self.timeline.fill_for(self.history, self.today, base, &mut days);
        for (at, word) in (first..).zip(&mut days) {
            *word &= !self.history.skipped.word(at);
        }
        count(&days, base, from, to)
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
    pub(in crate::habits) fn amount(&self, range: DateRange) -> u64 {
        let values = self.history.values();
        let first = values.partition_point(|(date, _)| *date < range.from());
        values
            .iter()
            .skip(first)
            .take_while(|(date, _)| *date <= range.to())
            .filter(|(date, _)| self.is_scheduled(*date) && !self.is_skipped(*date))
            .map(|(_, value)| u64::from(*value))
            .sum()
    }

    /// What the quota period of a day asks for and what was done in it; `None` where no quota is in force.
    pub fn period_of(&self, date: Date) -> Option<PeriodProgress> {
        self.timeline.period_of(date).map(|period| self.evaluate_period(&period, date))
    }

    pub(in crate::habits) fn evaluate_period(&self, period: &QuotaPeriod, date: Date) -> PeriodProgress {
        let range = period.range;
        let available = self.available(range);
        let needed = period.needed(|days| self.available(days));
        // A period whose end was archived was never over.
        let over = range.to() < self.today && !self.timeline.is_archived(range.to());
        let limited = self.timeline.plan_on(date).kind.direction() == Direction::AtMost;
        let (done, met) = match period.quota {
            Quota::Times(_) => {
                let done = u64::from(self.done_days(range));
                (done, done >= u64::from(needed))
            }
            Quota::Amount(_) if limited => {
                let amount = self.amount(range);
                (amount, over && amount <= u64::from(needed))
            }
            Quota::Amount(_) => {
                let amount = self.amount(range);
                (amount, amount >= u64::from(needed))
            }
        };
        PeriodProgress { from: range.from(), to: range.to(), done, needed, available, met: met && available > 0, over }
    }

    /// Whether the number of the quota of `date` was met before that day.
    pub(super) fn met_before(&self, period: &QuotaPeriod, progress: &PeriodProgress, date: Date) -> bool {
        let before = date.pred().and_then(|to| DateRange::new(period.range.from(), to));
        match (period.quota, before) {
            (_, None) => false,
            (Quota::Times(_), Some(before)) => self.done_days(before) >= progress.needed,
            (Quota::Amount(_), Some(before)) => {
                self.timeline.plan_on(date).kind.direction() == Direction::AtLeast
                    && self.amount(before) >= u64::from(progress.needed)
            }
        }
    }
}
