//! Timeline and history brought together as of a day: what each day was, and what is needed of each period.
//!
//! Everything that streaks, scores, calendars and statistics say is read from the words that are made here once:
//! due, done and skipped days as bits up to *today*.

use serde::Serialize;

use super::bits::{clear, count, each};
use super::entry::EntryState;
use super::history::History;
use super::kind::Direction;
use super::plan::Plan;
use super::recent::Checkpoint;
use super::schedule::Quota;
use super::timeline::{QuotaPeriod, Timeline};
use crate::civil::num::{day_of, index_of_day};
use crate::civil::{Date, DateRange};

words! {
    /// What a day was for a habit.
    pub enum DayState {
        /// Due and done.
        Done = "done",
        /// Due, and left out on purpose: neither counts nor breaks.
        Skipped = "skipped",
        /// Due, over, and not done.
        Missed = "missed",
        /// Due and still open.
        Pending = "pending",
        /// Not due.
        NotDue = "not_due",
        /// Covered by a pause.
        Paused = "paused",
        /// Done without being due: shown, not counted.
        Bonus = "bonus",
    }
}

/// Why a day counts, breaks or does neither: the reasons that fold to a streak.
pub type Reason = DayState;

/// A day with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ExplainedDay))]
pub struct Explained {
    /// The day.
    pub date: Date,
    /// What it was.
    pub reason: DayState,
    /// The first day of the plan version it was judged by.
    pub plan: Date,
}

/// A quota period: what it asks for and what was done in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = QuotaPeriod))]
pub struct PeriodProgress {
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// Days done, or the amount in all.
    pub done: u64,
    /// Days, or the amount, that are asked for.
    pub needed: u32,
    /// How many of its days are neither paused nor skipped.
    #[serde(skip)]
    pub available: u32,
    /// Whether the number is met; with an amount that is not to be exceeded, when the period is over.
    #[serde(skip)]
    pub met: bool,
    /// Whether the period is over.
    #[serde(skip)]
    pub over: bool,
}

/// A habit as of a day.
#[derive(Debug, Clone)]
pub struct Progress<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) history: &'a History,
    /// What was before the history begins, if it is only the recent part of one.
    pub(super) before: Option<&'a Checkpoint>,
    pub(super) today: Date,
    /// The day of bit 0 of the first word: a multiple of 64.
    pub(super) base: i32,
    /// Due days from the start up to today; of quotas, available ones.
    pub(super) due: Vec<u64>,
    pub(super) done: Vec<u64>,
    pub(super) skipped: Vec<u64>,
}

impl<'a> Progress<'a> {
    /// The habit as of `today`: entries of later days are left aside.
    pub fn new(timeline: &'a Timeline, history: &'a History, today: Date) -> Self {
        Self::after(None, timeline, history, today)
    }

    /// The habit as of `today`, which isn't before the checkpoint: of what was before that, no more than it needs.
    pub(super) fn after(
        before: Option<&'a Checkpoint>,
        timeline: &'a Timeline,
        history: &'a History,
        today: Date,
    ) -> Self {
        let start = timeline.window().starts_on;
        let last = today.min(timeline.window().last());
        let first = before.map_or(0, |checkpoint| checkpoint.first).max(start.index() / 64);
        let length = if start <= last { (last.index() / 64 + 1).saturating_sub(first) } else { 0 };
        let base = day_of(first) * 64;
        let mut due = vec![0; length];
        let mut done = vec![0; length];
        let mut skipped = vec![0; length];
        timeline.fill(base, &mut due);
        history.crossed.copy_to(first, &mut done);
        history.skipped.copy_to(first, &mut skipped);
        for segment in timeline.segments() {
            if timeline.plan_of(segment).kind.direction() == Direction::AtMost {
                // Within the limit, unless said otherwise, once the day is over; and only where it was asked for.
                let from = segment.from.days_since_epoch();
                let to = segment.to.days_since_epoch();
                let mut at = first;
                let mut due_words = due.iter();
                each(&mut done, base, base, i32::MAX, |word, _| {
                    let kept = due_words.next().copied().unwrap_or(0) & !history.missed.word(at);
                    let own = super::bits::span(day_of(at) * 64, from, to);
                    *word = *word & !own | !*word & kept & own;
                    at += 1;
                });
                clear(&mut done, base, from.max(today.days_since_epoch()), to);
            }
        }
        // Nothing after today, and nothing before the start.
        for words in [&mut due, &mut done, &mut skipped] {
            clear(words, base, last.days_since_epoch() + 1, i32::MAX);
            clear(words, base, base, start.days_since_epoch() - 1);
        }
        Self { timeline, history, before, today, base, due, done, skipped }
    }

    fn bit(words: &[u64], base: i32, date: Date) -> bool {
        let offset = date.days_since_epoch() - base;
        if offset < 0 {
            return false;
        }
        let at = index_of_day(offset);
        words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// As of which day.
    pub const fn today(&self) -> Date {
        self.today
    }

    /// Whether a day up to today is due; of a quota: available.
    pub(super) fn is_scheduled(&self, date: Date) -> bool {
        Self::bit(&self.due, self.base, date)
    }

    pub(super) fn is_done(&self, date: Date) -> bool {
        Self::bit(&self.done, self.base, date)
    }

    pub(super) fn is_skipped(&self, date: Date) -> bool {
        Self::bit(&self.skipped, self.base, date)
    }

    /// Whether today is still open: not done, not skipped, not expressly missed.
    pub(super) fn today_is_open(&self) -> bool {
        let today = self.today;
        self.is_scheduled(today)
            && !self.is_done(today)
            && !self.is_skipped(today)
            && !self.history.missed.contains(today)
    }

    /// Days of `range` that can count towards a quota: in the window, not paused, not skipped; days to come included.
    fn available(&self, range: DateRange) -> u32 {
        let (from, to) = (range.from().days_since_epoch(), range.to().days_since_epoch());
        if range.to() <= self.today {
            return count(&self.due, self.base, from, to) - self.count_both(&self.due, &self.skipped, range);
        }
        let first = range.from().index() / 64;
        let mut days = vec![0; range.to().index() / 64 - first + 1];
        let base = day_of(first) * 64;
        self.timeline.fill(base, &mut days);
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
    pub(super) fn amount(&self, range: DateRange) -> u64 {
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

    /// What the quota period of a day asks for and what was done in it; nothing where no quota is in force.
    pub fn period_of(&self, date: Date) -> Option<PeriodProgress> {
        self.timeline.period_of(date).map(|period| self.judge(&period, date))
    }

    pub(super) fn judge(&self, period: &QuotaPeriod, date: Date) -> PeriodProgress {
        let range = period.range;
        let available = self.available(range);
        let needed = period.needed(|days| self.available(days));
        let over = range.to() < self.today;
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
    fn met_before(&self, period: &QuotaPeriod, progress: &PeriodProgress, date: Date) -> bool {
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

    /// Whether something is to be done on a day, also on one to come: it is scheduled and not paused, and if it is part
    /// of a quota, the number wasn't met before.
    pub fn is_due(&self, date: Date) -> bool {
        if !self.timeline.is_due(date) {
            return false;
        }
        match self.timeline.period_of(date) {
            None => true,
            Some(period) => !self.met_before(&period, &self.judge(&period, date), date),
        }
    }

    /// What a day was. Days after today are pending where they are due.
    pub fn state_on(&self, date: Date) -> DayState {
        if let Some(period) = self.timeline.period_of(date) {
            let progress = self.judge(&period, date);
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
        } else if date < self.today || date == self.today && self.history.missed.contains(date) {
            DayState::Missed
        } else {
            DayState::Pending
        }
    }

    fn skipped_on(&self, date: Date) -> bool {
        date <= self.today && self.history.skipped.contains(date)
    }

    fn idle_state(&self, date: Date, done: bool) -> DayState {
        if done {
            DayState::Bonus
        } else if self.timeline.window().contains(date) && self.timeline.is_paused(date) {
            DayState::Paused
        } else {
            DayState::NotDue
        }
    }

    fn quota_state(&self, period: &QuotaPeriod, progress: &PeriodProgress, date: Date) -> DayState {
        let limited = self.timeline.plan_on(date).kind.direction() == Direction::AtMost;
        if self.timeline.is_paused(date) {
            let crossed = !limited && date <= self.today && self.history.crossed.contains(date);
            return self.idle_state(date, crossed);
        }
        if self.skipped_on(date) {
            return DayState::Skipped;
        }
        let counted = match period.quota {
            Quota::Times(_) => self.is_done(date),
            Quota::Amount(_) => date <= self.today && self.history.value_on(date).is_some_and(|value| value > 0),
        };
        if let (Quota::Amount(_), true) = (period.quota, progress.over && !progress.met) {
            // A day missed its even share; in a period that failed there is at least one such day.
            let value = u64::from(self.history.value_on(date).unwrap_or(0)) * u64::from(progress.available);
            let kept = if limited { value <= u64::from(progress.needed) } else { value >= u64::from(progress.needed) };
            return if kept { DayState::Done } else { DayState::Missed };
        }
        if let (Quota::Amount(_), true) = (period.quota, limited) {
            return match date {
                _ if progress.over || date < self.today => DayState::Done,
                _ => DayState::Pending,
            };
        }
        if counted {
            return if self.met_before(period, progress, date) { DayState::Bonus } else { DayState::Done };
        }
        if progress.over && !progress.met {
            return DayState::Missed;
        }
        if date >= self.today && !progress.met && !self.met_before(period, progress, date) {
            if date == self.today && self.history.missed.contains(date) { DayState::Missed } else { DayState::Pending }
        } else {
            DayState::NotDue
        }
    }

    /// The reasons of the days of `range` up to today, each with the plan version it was judged by. Folding them gives
    /// the streaks: of occurrences by counting `done` between `missed`; of periods by taking each for met that has a
    /// `done` day and no `missed` one.
    pub fn explain(&self, range: DateRange) -> Vec<Explained> {
        let last = range.to().min(self.today);
        let Some(range) = DateRange::new(range.from(), last) else { return Vec::new() };
        let mut period: Option<(QuotaPeriod, PeriodProgress)> = None;
        range
            .iter()
            .map(|date| {
                if period.as_ref().is_none_or(|(period, _)| !period.range.contains(date)) {
                    period = self.timeline.period_of(date).map(|period| {
                        let progress = self.judge(&period, date);
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
