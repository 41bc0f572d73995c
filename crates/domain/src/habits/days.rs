//! The days of a habit that count, one by one: the input of statistics across habits.

use super::progress::{DayState, Progress};
use crate::civil::num::day_of;
use crate::civil::{Date, DateRange};

impl Progress<'_> {
    /// The days of `range` that count, in order, and whether each was done: due days that weren't skipped, up to
    /// yesterday, and today once it is done. Of quotas, days that were done or missed (see [`Progress::explain`]).
    pub fn counted_days(&self, range: DateRange) -> Vec<(Date, bool)> {
        let mut days = Vec::new();
        let Some(past) = self.past(range) else { return days };
        for segment in self.timeline.segments() {
            let Some(within) = past.intersect(segment.range()) else { continue };
            if self.timeline.plan_of(segment).schedule.quota().is_none() {
                self.available_into(within, &mut days);
                continue;
            }
            days.extend(self.explain(within).into_iter().filter_map(|day| match day.reason {
                DayState::Done => Some((day.date, true)),
                DayState::Missed if day.date < self.today => Some((day.date, false)),
                _ => None,
            }));
        }
        days
    }

    /// The days of `range` on which it could have been done, in order, and whether it was: as [`Self::counted_days`],
    /// but of quotas every day that was neither paused nor skipped.
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
