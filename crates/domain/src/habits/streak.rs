//! Streaks: how long a habit was kept without a break, and when.
//!
//! Of due days: a run of done ones, found word by word; skipped and paused days are not in the way. Of quotas: a run of
//! periods that met their number. A streak doesn't run across a change of its unit.

use serde::Serialize;

use super::history::History;
use super::kind::Direction;
use super::progress::{PeriodProgress, Progress};
use super::schedule::Quota;
use super::timeline::{Segment, StreakUnit, Timeline};
use crate::civil::num::{day_of, index_of_day};
use crate::civil::{Date, DateRange};

/// How many of the best streaks are listed.
pub const BEST_LIMIT: usize = 10;

/// A streak with its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BestStreak))]
pub struct BestRange {
    /// How many.
    pub length: u32,
    /// What was counted.
    pub unit: StreakUnit,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
}

/// The streaks of a habit as of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streaks {
    /// The one that is unbroken today; 0 if there is none.
    pub current: u32,
    /// The longest of the same unit.
    pub longest: u32,
    /// What the current one counts.
    pub unit: StreakUnit,
    /// Its first day.
    pub current_from: Option<Date>,
    /// Its last day so far.
    pub current_to: Option<Date>,
    /// The longest ones of all units, longest first, of equal ones the latest first; at most [`BEST_LIMIT`].
    pub best: Vec<BestRange>,
}

/// The streaks as of `today`.
pub fn streaks(timeline: &Timeline, history: &History, today: Date) -> Streaks {
    Progress::new(timeline, history, today).streaks()
}

/// The current streak as of `today`, and nothing else: it looks no further back than that goes.
pub fn current_streak(timeline: &Timeline, history: &History, today: Date) -> u32 {
    let window = timeline.window();
    let last = today.min(window.last());
    let simple = |segment: &Segment| {
        let plan = timeline.plan_of(segment);
        plan.schedule.quota().is_none() && plan.kind.direction() == Direction::AtLeast
    };
    if last < window.starts_on || !timeline.segments().iter().all(simple) {
        return Progress::new(timeline, history, today).current_streak();
    }
    let mut end = last.index() / 64 + 1;
    let mut length = 0;
    // Most streaks are short; whoever kept one for more than a year has earned a longer look.
    let mut broken = look_back::<8>(timeline, history, today, &mut end, &mut length);
    while !broken && end > window.starts_on.index() / 64 {
        broken = look_back::<64>(timeline, history, today, &mut end, &mut length);
    }
    length
}

/// Adds the streak in the `N` words before `end` to `length`, and moves `end` before them. Whether it was broken there.
fn look_back<const N: usize>(
    timeline: &Timeline,
    history: &History,
    today: Date,
    end: &mut usize,
    length: &mut u32,
) -> bool {
    let window = timeline.window();
    let last = today.min(window.last());
    let begin = end.saturating_sub(N).max(window.starts_on.index() / 64);
    let (mut due, mut done, mut skipped) = ([0; N], [0; N], [0; N]);
    let words = *end - begin;
    let (Some(due), Some(done), Some(skipped)) =
        (due.get_mut(..words), done.get_mut(..words), skipped.get_mut(..words))
    else {
        return true;
    };
    timeline.fill(day_of(begin) * 64, due);
    history.crossed.copy_to(begin, done);
    history.skipped.copy_to(begin, skipped);
    if let Some(top) = due.last_mut().filter(|_| *end == last.index() / 64 + 1) {
        *top &= u64::MAX >> (63 - last.index() % 64);
        if last == today && !history.missed.contains(today) {
            // Today, still open, breaks nothing.
            *top &= done.last().copied().unwrap_or(0) | !(1 << (last.index() % 64));
        }
    }
    for ((due, done), skipped) in due.iter().zip(&*done).zip(&*skipped).rev() {
        let counted = due & !skipped;
        let misses = counted & !done;
        if misses != 0 {
            *length += above(counted & done, misses);
            return true;
        }
        *length += if counted == u64::MAX { 64 } else { counted.count_ones() };
    }
    *end = begin;
    false
}

/// How many of the `hits` lie above the highest miss.
fn above(hits: u64, misses: u64) -> u32 {
    (hits & !(u64::MAX >> misses.leading_zeros())).count_ones()
}

/// A run that is being counted.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    length: u32,
    first: i32,
    last: i32,
}

/// Days whose streaks count the same.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    unit: StreakUnit,
    from: Date,
    to: Date,
}

impl Progress<'_> {
    /// Neighbouring plan versions of one unit, up to today.
    fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::with_capacity(1);
        for segment in self.timeline.segments().iter().take_while(|segment| segment.from <= self.today) {
            let unit = StreakUnit::from(self.timeline.plan_of(segment).schedule.quota().map(|(_, per)| per));
            let to = segment.to.min(self.today);
            match stretches.last_mut() {
                Some(last) if last.unit == unit => last.to = to,
                _ => stretches.push(Stretch { unit, from: segment.from, to }),
            }
        }
        stretches
    }

    /// The words of a stretch of due days: those that count for it, and those that break it.
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
        let base = self.base + day_of(low) * 64;
        due.iter().zip(done).zip(skipped).enumerate().map(move |(at, ((due, done), skipped))| {
            let begin = base + day_of(at) * 64;
            let counted = due & !skipped & super::bits::span(begin, from, to);
            (begin, counted & done, counted & !done)
        })
    }

    /// Calls `found` with each run of a stretch that was broken, first to last; the last one, which wasn't, is returned
    /// and may be empty. A run may have `begun` before the stretch.
    fn runs(&self, stretch: Stretch, begun: Run, mut found: impl FnMut(Run)) -> Run {
        let mut run = begun;
        if stretch.unit != StreakUnit::Occurrences {
            self.each_period(stretch, |period| match verdict(&period) {
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
        let open_today = stretch.to == self.today && self.today_is_open();
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
                self.judge_until(&mut at, segment.to.min(stretch.to), &mut found);
                continue;
            };
            // Whole periods of one version that are over are counted right here; the others are judged with care.
            let first = number == 0;
            let last = number + 1 == segments.len();
            while at <= segment.to && at <= stretch.to {
                let whole = per.around(at, plan.week_start);
                let alone = (first || whole.from() >= segment.from) && (last || whole.to() <= segment.to);
                if !alone || whole.to() >= self.today {
                    self.judge_until(&mut at, whole.to().min(stretch.to), &mut found);
                    continue;
                }
                let (from, to) = (whole.from().max(segment.from), whole.to().min(segment.to));
                let (available, done) = self.count_period(from, to);
                let needed = (times * available).div_ceil(whole.len());
                let done_wide = u64::from(done);
                let met = available > 0 && done >= needed;
                found(PeriodProgress { from, to, done: done_wide, needed, available, met, over: true });
                match to.succ() {
                    Some(next) => at = next,
                    None => return,
                }
            }
        }
    }

    /// Judges the periods from `at` on until one ends on or after `until`, and leaves `at` behind the last of them.
    fn judge_until(&self, at: &mut Date, until: Date, found: &mut impl FnMut(PeriodProgress)) {
        while *at <= until {
            let Some(period) = self.timeline.period_of(*at) else { break };
            let to = period.range.to();
            found(self.judge(&period, *at));
            match to.succ() {
                Some(next) => *at = next,
                None => return,
            }
        }
    }

    /// Available days, and done ones among them.
    fn count_period(&self, from: Date, to: Date) -> (u32, u32) {
        let (from, to) = (from.days_since_epoch() - self.base, to.days_since_epoch() - self.base);
        let (low, high) = (index_of_day(from / 64), index_of_day(to / 64));
        let (mut available, mut done) = (0, 0);
        for at in low..=high {
            let word = |words: &[u64]| words.get(at).copied().unwrap_or(0);
            let days = word(&self.due) & !word(&self.skipped) & super::bits::span(day_of(at) * 64, from, to);
            available += days.count_ones();
            done += (days & word(&self.done)).count_ones();
        }
        (available, done)
    }

    /// All periods of quotas from the start to today, first to last.
    pub(super) fn all_periods(&self) -> Vec<PeriodProgress> {
        let mut periods = Vec::new();
        for stretch in self.stretches().into_iter().filter(|stretch| stretch.unit != StreakUnit::Occurrences) {
            self.each_period(stretch, |period| periods.push(period));
        }
        periods
    }

    /// The length of the streak that is unbroken today, in the unit of today's plan version.
    pub fn current_streak(&self) -> u32 {
        self.current_and_longest().0
    }

    /// The streak that is unbroken today, and the longest of its unit.
    pub(super) fn current_and_longest(&self) -> (u32, u32) {
        let stretches = self.stretches();
        let Some(unit) = stretches.last().map(|stretch| stretch.unit) else { return (0, 0) };
        let before = self.before.map_or(Date::MIN, |checkpoint| checkpoint.at);
        let (mut current, mut longest) = (0, self.before.map_or(0, |checkpoint| checkpoint.longest.of(unit)));
        for stretch in stretches.into_iter().filter(|stretch| stretch.unit == unit && stretch.to >= before) {
            let begun = self.before.filter(|_| stretch.from < before).map_or(0, |checkpoint| checkpoint.run);
            let run = Run { length: begun, ..Run::default() };
            let last = self.runs(Stretch { from: stretch.from.max(before), ..stretch }, run, |run| {
                longest = longest.max(run.length);
            });
            current = last.length;
            longest = longest.max(current);
        }
        (current, longest)
    }

    /// The streaks before `date`, which isn't after today, and of quotas begins a period: the length of the one that
    /// goes on on it, and the longest of each unit.
    pub(super) fn streaks_before(&self, date: Date) -> (u32, Longest) {
        let (mut unbroken, mut longest) = (0, Longest::default());
        let Some(last) = date.pred() else { return (unbroken, longest) };
        for stretch in self.stretches().into_iter().filter(|stretch| stretch.from < date) {
            let past = Stretch { to: stretch.to.min(last), ..stretch };
            let run = self.runs(past, Run::default(), |run| longest.offer(stretch.unit, run.length));
            longest.offer(stretch.unit, run.length);
            unbroken = if stretch.to < date { 0 } else { run.length };
        }
        (unbroken, longest)
    }

    /// The unit of the current streak: of today's plan version, before the start of the first, after the end of the last.
    pub fn streak_unit(&self) -> StreakUnit {
        self.timeline.unit_on(self.today.clamp(self.timeline.window().starts_on, self.timeline.window().last()))
    }

    /// Every streak there was.
    pub fn streaks(&self) -> Streaks {
        let unit = self.streak_unit();
        let mut longest = 0;
        let mut current = Run::default();
        // Seldom are there more than eight in 64 days.
        let mut best = Best { runs: Vec::with_capacity(self.due.len() * 8) };
        let stretches = self.stretches();
        for stretch in &stretches {
            current = self.runs(*stretch, Run::default(), |run| {
                if stretch.unit == unit {
                    longest = longest.max(run.length);
                }
                best.offer(run, stretch.unit);
            });
            if stretch.unit == unit {
                longest = longest.max(current.length);
            }
            best.offer(current, stretch.unit);
        }
        let unbroken = current.length > 0;
        Streaks {
            current: current.length,
            longest,
            unit,
            current_from: unbroken.then(|| Date::at(current.first)),
            current_to: unbroken.then(|| Date::at(current.last)),
            best: best.into_ranges(),
        }
    }

    /// The part of a range that lies in the window and isn't after today.
    pub(super) fn past(&self, range: DateRange) -> Option<DateRange> {
        let window = self.timeline.window().range()?;
        let past = DateRange::new(Date::MIN, self.today)?;
        range.intersect(window).and_then(|range| range.intersect(past))
    }
}

/// Whether a period counts, breaks, or does neither.
pub(super) fn verdict(period: &PeriodProgress) -> Option<bool> {
    if period.available == 0 {
        None
    } else if period.met {
        Some(true)
    } else {
        period.over.then_some(false)
    }
}

/// The longest streak of each unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Longest([u32; 4]);

impl Longest {
    pub(super) const fn from_lengths(lengths: [u32; 4]) -> Self {
        Self(lengths)
    }

    /// In the order of the units.
    pub(super) const fn lengths(self) -> [u32; 4] {
        self.0
    }

    pub(super) const fn of(self, unit: StreakUnit) -> u32 {
        let [occurrences, weeks, months, years] = self.0;
        match unit {
            StreakUnit::Occurrences => occurrences,
            StreakUnit::Weeks => weeks,
            StreakUnit::Months => months,
            StreakUnit::Years => years,
        }
    }

    fn offer(&mut self, unit: StreakUnit, length: u32) {
        let [occurrences, weeks, months, years] = &mut self.0;
        let longest = match unit {
            StreakUnit::Occurrences => occurrences,
            StreakUnit::Weeks => weeks,
            StreakUnit::Months => months,
            StreakUnit::Years => years,
        };
        *longest = length.max(*longest);
    }
}

/// All runs, in order of time.
struct Best {
    runs: Vec<(Run, StreakUnit)>,
}

impl Best {
    #[inline]
    fn offer(&mut self, run: Run, unit: StreakUnit) {
        if run.length > 0 {
            self.runs.push((run, unit));
        }
    }

    /// The longest, of equal ones the latest first.
    fn into_ranges(self) -> Vec<BestRange> {
        let mut best: Vec<(Run, StreakUnit)> = Vec::with_capacity(BEST_LIMIT + 1);
        let mut floor = 0;
        // From the latest on, an earlier one has to be longer to displace another.
        for (run, unit) in self.runs.into_iter().rev() {
            if run.length <= floor {
                continue;
            }
            let at = best.partition_point(|(known, _)| known.length >= run.length);
            best.insert(at, (run, unit));
            best.truncate(BEST_LIMIT);
            if best.len() == BEST_LIMIT {
                floor = best.last().map_or(0, |(run, _)| run.length);
            }
        }
        let range = |(run, unit): (Run, StreakUnit)| BestRange {
            length: run.length,
            unit,
            from: Date::at(run.first),
            to: Date::at(run.last),
        };
        best.into_iter().map(range).collect()
    }
}
