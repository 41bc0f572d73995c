//! Runs of days or periods that count without a break between them.

use crate::civil::num::{day_of, index_of_day};
use crate::civil::{Date, DateRange};
use crate::habits::bits::span;
use crate::habits::progress::{Days, PeriodProgress, Progress};
use crate::habits::schedule::Quota;
use crate::habits::timeline::{Segment, StreakUnit};
use crate::quantity::Quantity;

/// A run that is being counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    pub(super) length: u32,
    pub(super) first: i32,
    pub(super) last: i32,
}

/// Days whose streaks have the same unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) unit: StreakUnit,
    pub(super) from: Date,
    pub(super) to: Date,
}

impl Progress<'_> {
    /// Neighbouring plan versions of one unit, up to today.
    pub(super) fn stretches(&self) -> impl Iterator<Item = Stretch> + '_ {
        let unit_of = |segment: &Segment| StreakUnit::of(&self.timeline.plan_of(segment).schedule);
        let begun = self.timeline.segments().iter().take_while(|segment| segment.from <= self.today);
        let mut segments = begun.peekable();
        std::iter::from_fn(move || {
            let first = segments.next()?;
            let (unit, mut to) = (unit_of(first), first.to);
            while let Some(next) = segments.next_if(|next| unit_of(next) == unit) {
                to = next.to;
            }
            Some(Stretch { unit, from: first.from, to: to.min(self.today) })
        })
    }

    /// The words of a stretch of days: those that count for it, and those that break it.
    #[inline]
    fn hits_and_misses(
        &self,
        stretch: Stretch,
        open_today: bool,
    ) -> impl Iterator<Item = (i32, u64, u64)> + Clone + '_ {
        let low = index_of_day((stretch.from.days_since_epoch() - self.base).max(0) / 64);
        let high = index_of_day((stretch.to.days_since_epoch() - self.base).max(0) / 64) + 1;
        let (from, to) = (stretch.from.days_since_epoch(), stretch.to.days_since_epoch() - i32::from(open_today));
        let due = self.due.get(low..high.min(self.due.len())).unwrap_or_default();
        let done = self.done.get(low..high.min(self.done.len())).unwrap_or_default();
        let skipped = self.skipped.get(low..high.min(self.skipped.len())).unwrap_or_default();
        let is_rolling = stretch.unit == StreakUnit::Days;
        let covered = self.covered.get(low..).unwrap_or_default();
        let undecided = self.undecided.get(low..).unwrap_or_default();
        let base = self.base + day_of(low) * 64;
        due.iter().zip(done).zip(skipped).enumerate().map(move |(at, ((due, done), skipped))| {
            let begin = base + day_of(at) * 64;
            let mut counted = due & !skipped & span(begin, from, to);
            let mut kept = *done;
            if is_rolling {
                counted &= !undecided.get(at).copied().unwrap_or(0);
                kept = covered.get(at).copied().unwrap_or(0);
            }
            (begin, counted & kept, counted & !kept)
        })
    }

    /// Calls `found` with each run of a stretch that was broken, first to last; the last one, which wasn't, is returned
    /// and may be empty. A run may have `begun` before the stretch.
    pub(super) fn runs(&self, stretch: Stretch, begun: Run, mut found: impl FnMut(Run)) -> Run {
        let mut run = begun;
        if stretch.unit.is_period() {
            self.each_period(stretch, |period| match period.verdict {
                Some(true) => {
                    if run.length == 0 {
                        run.first = period.from.days_since_epoch();
                    }
                    run.length += 1;
                    run.last = period.to.days_since_epoch();
                }
                Some(false) => {
                    found(run);
                    run = Run::default();
                }
                None => {}
            });
            return run;
        }
        let open_today = self.is_open_in(stretch);
        for (begin, hits, misses) in self.hits_and_misses(stretch, open_today) {
            // Days that neither count nor break carry a run on: a hit floods those that follow it.
            let idle = !(hits | misses);
            let fed = (hits << 1 | u64::from(run.length > 0)) & idle;
            let mut flooded = hits | (fed.wrapping_add(idle) ^ idle) & idle;
            if flooded & 1 == 0 && run.length > 0 {
                found(run);
                run = Run::default();
            }
            while flooded != 0 {
                let low = flooded.trailing_zeros();
                let length = (!(flooded >> low)).trailing_zeros();
                let mask = (u64::MAX >> (64 - length)) << low;
                let counted = hits & mask;
                if run.length == 0 {
                    // No run begins with a day that doesn't count.
                    run.first = begin + low.cast_signed();
                }
                if counted == mask {
                    run.length += length;
                    run.last = begin + (low + length).cast_signed() - 1;
                } else if counted != 0 {
                    run.length += counted.count_ones();
                    run.last = begin + 63 - counted.leading_zeros().cast_signed();
                }
                flooded &= !mask;
                if low + length < 64 {
                    found(run);
                    run = Run::default();
                }
            }
        }
        run
    }

    /// The length of the run that wasn't broken by the end of a stretch, which may be 0, and of the longest of its runs.
    /// One of length `begun` may reach into the stretch. The same as by [`Self::runs`], without where they lie.
    pub(super) fn lengths(&self, stretch: Stretch, begun: u32) -> (u32, u32) {
        let mut longest = 0;
        if stretch.unit.is_period() {
            let begun = Run { length: begun, ..Run::default() };
            let last = self.runs(stretch, begun, |run| longest = longest.max(run.length));
            return (last.length, longest.max(last.length));
        }
        let open_today = self.is_open_in(stretch);
        let mut running = begun;
        for (_, hits, misses) in self.hits_and_misses(stretch, open_today) {
            if misses == 0 {
                running += hits.count_ones();
                continue;
            }
            let (first, last) = (misses.trailing_zeros(), misses.ilog2());
            let before = hits & ((1 << first) - 1);
            let after = hits & (u64::MAX << last);
            longest = longest.max(running + before.count_ones()).max(longest_between(hits ^ before ^ after, misses));
            running = after.count_ones();
        }
        (running, longest.max(running))
    }

    /// Whether a stretch ends with a today that neither counts nor breaks. (Of rolling quotas, `undecided` says so.)
    fn is_open_in(&self, stretch: Stretch) -> bool {
        stretch.unit != StreakUnit::Days && stretch.to == self.today && self.today_is_open()
    }

    /// Calls `found` with the periods of a stretch, first to last; with the running one too.
    fn each_period(&self, stretch: Stretch, mut found: impl FnMut(PeriodProgress)) {
        let segments = self.timeline.segments();
        let mut at = stretch.from;
        for (number, segment) in segments.iter().enumerate().filter(|(_, segment)| segment.to >= stretch.from) {
            if at > stretch.to {
                break;
            }
            let plan = self.timeline.plan_of(segment);
            let Some((Quota::Times(times), per)) = plan.schedule.quota() else {
                self.evaluate_until(&mut at, segment.to.min(stretch.to), &mut found);
                continue;
            };
            // Past periods within one version are counted directly; the others need the general evaluation.
            let first = number == 0;
            let last = number + 1 == segments.len();
            while at <= segment.to && at <= stretch.to {
                let whole = per.containing(at, plan.week_start);
                let alone = (first || whole.from() >= segment.from) && (last || whole.to() <= segment.to);
                if !alone || whole.to() >= self.today || self.timeline.is_archived(whole.to().min(segment.to)) {
                    self.evaluate_until(&mut at, whole.to().min(stretch.to), &mut found);
                    continue;
                }
                let (from, to) = (whole.from().max(segment.from), whole.to().min(segment.to));
                let Some(range) = DateRange::new(from, to) else { return };
                let (open, skipped, done) = self.count_period(from, to);
                let asked = if open == 0 { 0 } else { (times * open / per.days_of(at)).max(1) };
                found(Days { open, skipped, over: true }.times(range, Quantity::whole(asked), done));
                match to.succ() {
                    Some(next) => at = next,
                    None => return,
                }
            }
        }
    }

    /// Evaluates the periods from `at` on until one ends on or after `until`, and leaves `at` behind the last of them.
    fn evaluate_until(&self, at: &mut Date, until: Date, found: &mut impl FnMut(PeriodProgress)) {
        while *at <= until {
            let Some(period) = self.timeline.period_of(*at) else { break };
            let to = period.range.to();
            found(self.evaluate_period(&period, *at));
            match to.succ() {
                Some(next) => *at = next,
                None => return,
            }
        }
    }

    /// Days that can count, how many of them are skipped, and how many are done.
    fn count_period(&self, from: Date, to: Date) -> (u32, u32, u32) {
        let (from, to) = (from.days_since_epoch() - self.base, to.days_since_epoch() - self.base);
        let (low, high) = (index_of_day(from / 64), index_of_day(to / 64));
        let (mut open, mut excused, mut done) = (0, 0, 0);
        for at in low..=high {
            let word = |words: &[u64]| words.get(at).copied().unwrap_or(0);
            let (days, skipped) = (word(&self.due) & span(day_of(at) * 64, from, to), word(&self.skipped));
            open += days.count_ones();
            excused += (days & skipped).count_ones();
            done += (days & !skipped & word(&self.done)).count_ones();
        }
        (open, excused, done)
    }

    /// All calendar periods of quotas from the start to today, first to last.
    pub(in crate::habits) fn all_periods(&self) -> Vec<PeriodProgress> {
        let mut periods = Vec::new();
        for stretch in self.stretches().filter(|stretch| stretch.unit.is_period()) {
            self.each_period(stretch, |period| periods.push(period));
        }
        periods
    }
}

/// The most hits that no miss parts, of hits between the first and the last miss.
fn longest_between(hits: u64, misses: u64) -> u32 {
    let first = misses.trailing_zeros();
    let between = (u64::MAX >> misses.leading_zeros()) & (u64::MAX << first);
    let mut longest = 0;
    if between & !(hits | misses) == 0 {
        // Every day is one or the other: each step takes a day off each run.
        let mut left = hits;
        while left != 0 {
            left &= left << 1;
            longest += 1;
        }
        return longest;
    }
    let mut left = misses;
    while left & (left - 1) != 0 {
        let from = left.trailing_zeros();
        left &= left - 1;
        longest = longest.max((hits & (u64::MAX << from) & ((1 << left.trailing_zeros()) - 1)).count_ones());
    }
    longest
}
