//! Timeline and history combined as of a day: the state of each day, and the requirement of each period.
//!
//! Streaks, scores, calendars and statistics are all computed from the sets built here: due, done and skipped days as
//! bits up to *today*.

mod days;
mod quota;
mod rolling;

pub(super) use self::quota::Days;

use serde::Serialize;

use super::bits::{clear, each, has, set};
use super::history::History;
use super::kind::Direction;
use super::recent::Checkpoint;
use super::schedule::Quota;
use super::timeline::Timeline;
use crate::civil::Date;
use crate::civil::num::day_of;
use crate::quantity::Quantity;

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
        /// Covered by a pause, or archived.
        Paused = "paused",
        /// Done without being due: shown, not counted.
        Bonus = "bonus",
        /// Not done, but within a window in which a rolling quota is met: counts.
        Covered = "covered",
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
    /// The first day of the plan version it was evaluated by.
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
    pub done: Quantity,
    /// The required days, or the required amount, without what skipped days excuse.
    pub needed: Quantity,
    /// How many of its days are neither paused, archived nor skipped.
    #[serde(skip)]
    pub available: u32,
    /// Whether the number is met; with an amount that is not to be exceeded, when the period is over.
    #[serde(skip)]
    pub met: bool,
    /// Whether the period is over; one whose end was archived never is.
    #[serde(skip)]
    pub over: bool,
    /// Whether it neither counts nor breaks, whatever is done in it: no day of it is available, or everything was
    /// excused and nothing done.
    #[serde(skip)]
    pub is_neutral: bool,
    /// Whether it counts for a streak (true) or breaks it (false); `None` while it does neither.
    #[serde(skip)]
    pub verdict: Option<bool>,
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
    /// Of rolling quotas: days that are covered. No words without one.
    pub(super) covered: Vec<u64>,
    /// Of rolling quotas: days that aren't covered, but still could be. No words without one.
    pub(super) undecided: Vec<u64>,
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
        timeline.fill_for(history, today, base, &mut due);
        history.crossed.copy_to(first, &mut done);
        history.skipped.copy_to(first, &mut skipped);
        for segment in timeline.segments() {
            if timeline.plan_of(segment).kind.direction() == Direction::AtMost {
                // Days within the limit count as done once they are over, if they were due and aren't recorded as
                // missed.
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
                let present = today.days_since_epoch();
                if segment.range().contains(today) && history.settled.contains(today) && has(&due, base, present) {
                    set(&mut done, base, present);
                }
            }
        }
        // Clears days after today and before the start.
        for words in [&mut due, &mut done, &mut skipped] {
            clear(words, base, last.days_since_epoch() + 1, i32::MAX);
            clear(words, base, base, start.days_since_epoch() - 1);
        }
        let (covered, undecided) = (Vec::new(), Vec::new());
        let mut progress = Self { timeline, history, before, today, base, due, done, skipped, covered, undecided };
        if timeline.has_rolling() {
            progress.judge_rolling();
        }
        progress
    }

    /// As of which day.
    pub const fn today(&self) -> Date {
        self.today
    }

    /// Whether a day up to today is due; of a quota: available.
    pub(super) fn is_scheduled(&self, date: Date) -> bool {
        has(&self.due, self.base, date.days_since_epoch())
    }

    /// Whether a day is paused, or archived, and doesn't count nevertheless because something was done on it.
    pub(super) fn is_paused(&self, date: Date) -> bool {
        self.timeline.is_paused(date) && !self.is_scheduled(date)
    }

    pub(super) fn is_done(&self, date: Date) -> bool {
        has(&self.done, self.base, date.days_since_epoch())
    }

    pub(super) fn is_skipped(&self, date: Date) -> bool {
        has(&self.skipped, self.base, date.days_since_epoch())
    }

    /// Whether today is missed before it is over: it was expressly called so, or is over its limit.
    pub(super) fn is_lost_today(&self) -> bool {
        let plan = self.timeline.plan_on(self.today);
        let is_over = plan.kind.direction() == Direction::AtMost
            && !matches!(plan.schedule.quota(), Some((Quota::Amount(_), _)))
            && self.history.crossed.contains(self.today);
        is_over || self.history.missed.contains(self.today)
    }

    /// Whether today is still open: not done, not skipped, not missed already.
    pub(super) fn today_is_open(&self) -> bool {
        let today = self.today;
        self.is_scheduled(today) && !self.is_done(today) && !self.is_skipped(today) && !self.is_lost_today()
    }
}
