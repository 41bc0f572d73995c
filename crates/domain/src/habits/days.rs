//! What counts of a habit, one by one: the input of statistics across habits.

use super::progress::{DayState, Progress};
use super::timeline::Segment;
use crate::civil::num::day_of;
use crate::civil::{Date, DateRange};

/// What counts towards a rate: a due day, a period of a quota, or a day of a rolling quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The day; of a period its last one, or today while it runs.
    pub date: Date,
    /// Whether the day was done, the period met, or the day covered.
    pub done: bool,
    /// Whether it is of a quota: a period, or a day of a rolling one, whether something was done on that or not.
    pub is_period: bool,
}

impl Progress<'_> {
    /// What counts towards the completion rate of `range`: due days that weren't skipped, up to yesterday, and today
    /// once it is done; of quotas, periods that end in it, and the running one once it is met; of rolling ones, days that are
    /// covered or missed. In order within each plan version's days; quotas come last.
    pub fn outcomes(&self, range: DateRange) -> Vec<Outcome> {
        let Some(past) = self.past(range) else { return Vec::new() };
        let mut days = Vec::new();
        for segment in self.timeline.segments() {
            if !self.timeline.plan_of(segment).schedule.is_quota()
                && let Some(within) = past.intersect(segment.range())
            {
                self.available_into(within, &mut days);
            }
        }
        let mut outcomes: Vec<Outcome> =
            days.into_iter().map(|(date, done)| Outcome { date, done, is_period: false }).collect();
        outcomes.extend(self.counted_periods(past));
        outcomes
    }

    /// The periods of quotas, and the days of rolling ones, that count towards the rate of `past`, which isn't after today.
    pub(super) fn counted_periods(&self, past: DateRange) -> impl Iterator<Item = Outcome> {
        let today = self.today;
        let periods = self.all_periods().into_iter().filter_map(move |period| {
            let date = period.to.min(today);
            let done = period.verdict.filter(|_| past.contains(date))?;
            Some(Outcome { date, done, is_period: true })
        });
        let mut days = Vec::new();
        for within in self.rolling_ranges(past) {
            for (begin, mut decided, covered) in self.decided_words(within) {
                while decided != 0 {
                    let bit = decided.trailing_zeros();
                    decided &= decided - 1;
                    let date = Date::at(begin + bit.cast_signed());
                    days.push(Outcome { date, done: covered >> bit & 1 == 1, is_period: true });
                }
            }
        }
        periods.chain(days)
    }

    /// The parts of `past` in which a rolling quota is in force.
    pub(super) fn rolling_ranges(&self, past: DateRange) -> impl Iterator<Item = DateRange> {
        let is_rolling = |segment: &&Segment| self.timeline.plan_of(segment).schedule.rolling().is_some();
        let segments = self.timeline.segments().iter().filter(is_rolling);
        segments.filter_map(move |segment| past.intersect(segment.range()))
    }

    /// The days of `range` on which something was done for a quota, in order. (No single day of a quota is ever missed.)
    pub fn quota_days_done(&self, range: DateRange) -> Vec<Date> {
        let past = self.past(range);
        let segments = self.timeline.segments().iter().filter(|segment| self.is_quota_on(segment.from));
        let days = segments.filter_map(|segment| past?.intersect(segment.range())).flat_map(|days| self.explain(days));
        days.filter(|day| day.reason == DayState::Done).map(|day| day.date).collect()
    }

    pub(super) fn is_quota_on(&self, date: Date) -> bool {
        self.timeline.plan_on(date).schedule.is_quota()
    }

    /// The days of `range` on which it could have been done, in order, and whether it was: due days as in
    /// [`Self::outcomes`], and of quotas every day that was neither paused nor skipped.
    pub fn available_days(&self, range: DateRange) -> Vec<(Date, bool)> {
        let mut days = Vec::new();
        if let Some(past) = self.past(range) {
            self.available_into(past, &mut days);
        }
        days
    }

    fn available_into(&self, past: DateRange, days: &mut Vec<(Date, bool)>) {
        let Some(closed) = self.without_open_today(past) else { return };
        for (begin, mut counted, done) in self.counted_words(closed) {
            while counted != 0 {
                let bit = counted.trailing_zeros();
                counted &= counted - 1;
                days.push((Date::at(begin + bit.cast_signed()), done >> bit & 1 == 1));
            }
        }
    }

    /// Days up to today, without today while it isn't done.
    pub(super) fn without_open_today(&self, past: DateRange) -> Option<DateRange> {
        if past.to() < self.today || self.is_done(self.today) {
            return Some(past);
        }
        DateRange::new(past.from(), self.today.pred()?)
    }

    /// The due days of `range` up to today that weren't skipped, 64 at a time: the day of the lowest bit, those days, and
    /// the done ones.
    pub(super) fn counted_words(&self, range: DateRange) -> impl Iterator<Item = (i32, u64, u64)> {
        let (from, to) = (range.from().days_since_epoch(), range.to().days_since_epoch());
        let words = self.due.iter().zip(&self.done).zip(&self.skipped).enumerate();
        words.map(move |(at, ((due, done), skipped))| {
            let begin = self.base + day_of(at) * 64;
            (begin, due & !skipped & super::bits::span(begin, from, to), *done)
        })
    }
}
