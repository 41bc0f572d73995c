//! What counts of a habit, one by one: the input of statistics across habits.

use super::progress::{DayState, Progress};
use crate::civil::num::day_of;
use crate::civil::{Date, DateRange};

/// What counts towards a rate: a due day, or a period of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The day; of a period its last one, or today while it runs.
    pub date: Date,
    /// Whether the day was done, or the period met.
    pub done: bool,
    /// Whether it is a period.
    pub is_period: bool,
}

impl Progress<'_> {
    /// What counts towards the completion rate of `range`: due days that weren't skipped, up to yesterday, and today
    /// once it is done; of quotas, periods that end in it, and the running one once it is met. In order within each plan
    /// version's days; periods come last.
    pub fn outcomes(&self, range: DateRange) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let Some(past) = self.past(range) else { return outcomes };
        let mut days = Vec::new();
        for segment in self.timeline.segments() {
            if self.timeline.plan_of(segment).schedule.quota().is_none()
                && let Some(within) = past.intersect(segment.range())
            {
                self.available_into(within, &mut days);
            }
        }
        outcomes.extend(days.into_iter().map(|(date, done)| Outcome { date, done, is_period: false }));
        outcomes.extend(self.counted_periods(past));
        outcomes
    }

    /// The periods of quotas that count towards the rate of `past`, which isn't after today.
    pub(super) fn counted_periods(&self, past: DateRange) -> impl Iterator<Item = Outcome> {
        let today = self.today;
        self.all_periods().into_iter().filter_map(move |period| {
            let date = period.to.min(today);
            let done = period.verdict.filter(|_| past.contains(date))?;
            Some(Outcome { date, done, is_period: true })
        })
    }

    /// The days of `range` that count by weekday, and whether each was done: due days as in [`Self::outcomes`], and of
    /// quotas the days on which something was done. No single day of a quota is ever missed.
    pub fn counted_days(&self, range: DateRange) -> Vec<(Date, bool)> {
        let mut days = Vec::new();
        let Some(past) = self.past(range) else { return days };
        for segment in self.timeline.segments() {
            let Some(within) = past.intersect(segment.range()) else { continue };
            if self.timeline.plan_of(segment).schedule.quota().is_none() {
                self.available_into(within, &mut days);
            } else {
                let done = self.explain(within).into_iter().filter(|day| day.reason == DayState::Done);
                days.extend(done.map(|day| (day.date, true)));
            }
        }
        days
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

    fn available_into(&self, within: DateRange, days: &mut Vec<(Date, bool)>) {
        let (from, to) = (within.from().days_since_epoch(), within.to().days_since_epoch());
        let open_today = !self.is_done(self.today);
        for (at, ((due, done), skipped)) in self.due.iter().zip(&self.done).zip(&self.skipped).enumerate() {
            let begin = self.base + day_of(at) * 64;
            let mut left = due & !skipped & super::bits::span(begin, from, to);
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let date = Date::at(begin + bit.cast_signed());
                if date != self.today || !open_today {
                    days.push((date, done >> bit & 1 == 1));
                }
            }
        }
    }
}
