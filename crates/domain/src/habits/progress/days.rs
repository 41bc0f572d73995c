//! The state of single days.

use super::{DayState, Explained, PeriodProgress, Progress};
use crate::civil::{Date, DateRange};
use crate::habits::entry::EntryState;
use crate::habits::kind::Direction;
use crate::habits::plan::Plan;
use crate::habits::schedule::Quota;
use crate::habits::timeline::QuotaPeriod;
use crate::quantity::Quantity;

impl Progress<'_> {
    /// Whether something is to be done on a day, also on one to come: it is scheduled, neither paused nor archived, and if
    /// it is part of a quota, the number wasn't met before. (Of a rolling one, it is due as well if it was done.)
    pub fn is_due(&self, date: Date) -> bool {
        if !self.is_scheduled(date) && !self.timeline.is_due(date) {
            return false;
        }
        if let Some(rolling) = self.timeline.rolling_on(date) {
            return self.is_rolling_due(rolling, date);
        }
        match self.timeline.period_of(date) {
            None => true,
            Some(period) => !self.nothing_left(&period, &self.evaluate_period(&period, date), date),
        }
    }

    /// What a day was. Days after today are pending where they are due.
    pub fn state_on(&self, date: Date) -> DayState {
        if let Some(rolling) = self.timeline.rolling_on(date) {
            return self.rolling_state(rolling, date);
        }
        if let Some(period) = self.timeline.period_of(date) {
            let progress = self.evaluate_period(&period, date);
            return self.quota_state(&period, &progress, date);
        }
        let limited = self.timeline.plan_on(date).kind.direction() == Direction::AtMost;
        let scheduled = if date > self.today { self.timeline.is_due(date) } else { self.is_scheduled(date) };
        if !scheduled {
            let crossed = !limited && date <= self.today && self.history.crossed.contains(date);
            return self.idle_state(date, crossed);
        }
        if self.skipped_on(date) {
            DayState::Skipped
        } else if self.is_done(date) {
            DayState::Done
        } else if date < self.today || date == self.today && self.is_lost_today() {
            DayState::Missed
        } else {
            DayState::Pending
        }
    }

    fn skipped_on(&self, date: Date) -> bool {
        date <= self.today && self.history.skipped.contains(date)
    }

    pub(super) fn idle_state(&self, date: Date, done: bool) -> DayState {
        if !self.timeline.window().contains(date) {
            DayState::NotDue
        } else if done {
            DayState::Bonus
        } else if self.is_paused(date) {
            DayState::Paused
        } else {
            DayState::NotDue
        }
    }

    fn quota_state(&self, period: &QuotaPeriod, progress: &PeriodProgress, date: Date) -> DayState {
        let limited = self.timeline.plan_on(date).kind.direction() == Direction::AtMost;
        if self.is_paused(date) {
            let crossed = !limited && date <= self.today && self.history.crossed.contains(date);
            return self.idle_state(date, crossed);
        }
        if self.skipped_on(date) {
            return DayState::Skipped;
        }
        let counted = match period.quota {
            Quota::Times(_) => self.is_done(date),
            Quota::Amount(_) => {
                date <= self.today && self.history.value_on(date).is_some_and(|value| value > Quantity::ZERO)
            }
        };
        if let (Quota::Amount(_), Some(false)) = (period.quota, progress.verdict) {
            // A day missed its even share; in a period that failed there is at least one such day.
            let value = self.history.value_on(date).unwrap_or_default().times(u64::from(progress.available));
            let kept = if limited { value <= progress.needed } else { value >= progress.needed };
            return if kept { DayState::Done } else { DayState::Missed };
        }
        if let (Quota::Amount(_), true) = (period.quota, limited) {
            return match date {
                // More than its part of the period allows, but not more than the whole.
                _ if progress.over && !progress.met => DayState::NotDue,
                _ if progress.over || date < self.today => DayState::Done,
                _ => DayState::Pending,
            };
        }
        if counted {
            return if self.met_before(period, progress, date) { DayState::Bonus } else { DayState::Done };
        }
        if progress.verdict == Some(false) {
            return DayState::Missed;
        }
        if date >= self.today && !progress.met && !self.nothing_left(period, progress, date) {
            if date == self.today && self.is_lost_today() { DayState::Missed } else { DayState::Pending }
        } else {
            DayState::NotDue
        }
    }

    /// The reasons of the days of `range` up to today, each with the plan version it was evaluated by. Folding them gives
    /// the streaks: of occurrences by counting `done` between `missed`; of periods by taking each for met that has a
    /// `done` day and no `missed` one; those of rolling quotas don't fold, since a `done` day that
    /// no window covers doesn't count.
    pub fn explain(&self, range: DateRange) -> Vec<Explained> {
        let last = range.to().min(self.today);
        let Some(range) = DateRange::new(range.from(), last) else { return Vec::new() };
        let mut period: Option<(QuotaPeriod, PeriodProgress)> = None;
        range
            .iter()
            .map(|date| {
                if period.as_ref().is_none_or(|(period, _)| !period.range.contains(date)) {
                    period = self.timeline.period_of(date).map(|period| {
                        let progress = self.evaluate_period(&period, date);
                        (period, progress)
                    });
                }
                let reason = match &period {
                    Some((period, progress)) => self.quota_state(period, progress, date),
                    None => self.state_on(date),
                };
                Explained { date, reason, plan: self.plan_from(date) }
            })
            .collect()
    }

    fn plan_from(&self, date: Date) -> Date {
        self.plan_on(date).effective_from
    }

    fn plan_on(&self, date: Date) -> &Plan {
        self.timeline.plan_on(date)
    }

    /// The state an entry of `date` would be listed with, if one was recorded.
    pub fn recorded_on(&self, date: Date) -> Option<EntryState> {
        if self.history.skipped.contains(date) {
            Some(EntryState::Skipped)
        } else if self.history.missed.contains(date) {
            Some(EntryState::Missed)
        } else {
            let kind = &self.plan_on(date).kind;
            let crossed = self.history.crossed.contains(date);
            match kind.direction() {
                Direction::AtLeast => crossed.then_some(EntryState::Done),
                Direction::AtMost if crossed => Some(EntryState::Missed),
                Direction::AtMost => self.history.value_on(date).map(|_| EntryState::Done),
            }
        }
    }
}
