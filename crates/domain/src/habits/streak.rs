//! Streaks: how long a habit was kept without a break, and when.
//!
//! Of due days: a run of done ones, found word by word; skipped and paused days are not in the way. Of quotas: a run of
//! periods that met their number. A streak doesn't run across a change of its unit.

use super::history::History;
use super::progress::{PeriodProgress, Progress};
use super::timeline::{StreakUnit, Timeline};
use crate::civil::num::{day_of, index_of_day};
use crate::civil::{Date, DateRange};

/// How many of the best streaks are listed.
pub const BEST_LIMIT: usize = 10;

/// A streak with its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BestRange {
    /// How many due days, or periods.
    pub length: u32,
    /// What was counted.
    pub unit: StreakUnit,
    /// The first day that counted; of periods, the first day of the first.
    pub from: Date,
    /// The last day that counted; of periods, the last day of the last.
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

/// The current streak as of `today`, and nothing else.
pub fn current_streak(timeline: &Timeline, history: &History, today: Date) -> u32 {
    Progress::new(timeline, history, today).current_streak()
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

    /// Calls `found` with each run of a stretch, first to last; the last one may be empty.
    fn runs(&self, stretch: Stretch, mut found: impl FnMut(Run)) -> Run {
        let mut run = Run::default();
        if stretch.unit != StreakUnit::Occurrences {
            for period in self.periods(stretch) {
                match verdict(&period) {
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
                }
            }
            return run;
        }
        let open_today = stretch.to == self.today && self.today_is_open();
        let add = |run: &mut Run, begin: i32, hits: u64| {
            if hits != 0 {
                if run.length == 0 {
                    run.first = begin + hits.trailing_zeros().cast_signed();
                }
                run.length += hits.count_ones();
                run.last = begin + 63 - hits.leading_zeros().cast_signed();
            }
        };
        for (begin, hits, misses) in self.hits_and_misses(stretch, open_today) {
            let (mut hits, mut misses) = (hits, misses);
            while misses != 0 {
                let lowest = misses & misses.wrapping_neg();
                add(&mut run, begin, hits & (lowest - 1));
                if run.length > 0 {
                    found(run);
                    run = Run::default();
                }
                // On to the next hit: misses before it break nothing more.
                hits &= !(lowest - 1);
                misses &= if hits == 0 { 0 } else { !((hits & hits.wrapping_neg()) - 1) };
            }
            add(&mut run, begin, hits);
        }
        run
    }

    /// The periods of a stretch, first to last; the running one too.
    fn periods(&self, stretch: Stretch) -> Vec<PeriodProgress> {
        let mut periods = Vec::new();
        let mut at = stretch.from;
        while at <= stretch.to {
            let Some(period) = self.timeline.period_of(at) else { break };
            let to = period.range.to();
            periods.push(self.judge(&period, at));
            let Some(next) = to.succ() else { break };
            at = next;
        }
        periods
    }

    /// All periods of quotas from the start to today, first to last.
    pub(super) fn all_periods(&self) -> Vec<PeriodProgress> {
        self.stretches()
            .into_iter()
            .filter(|stretch| stretch.unit != StreakUnit::Occurrences)
            .flat_map(|stretch| self.periods(stretch))
            .collect()
    }

    /// The length of the streak that is unbroken today, in the unit of today's plan version.
    pub fn current_streak(&self) -> u32 {
        let stretches = self.stretches();
        let Some(stretch) = stretches.last().copied() else { return 0 };
        if stretch.unit != StreakUnit::Occurrences {
            return self.runs_back(stretch);
        }
        let open_today = stretch.to == self.today && self.today_is_open();
        let low = index_of_day((stretch.from.days_since_epoch() - self.base).max(0) / 64);
        let (from, to) = (stretch.from.days_since_epoch(), stretch.to.days_since_epoch() - i32::from(open_today));
        let words = self.due.iter().zip(&self.done).zip(&self.skipped).enumerate().skip(low);
        let mut length = 0;
        for (at, ((due, done), skipped)) in words.rev() {
            let counted = due & !skipped & super::bits::span(self.base + day_of(at) * 64, from, to);
            let misses = counted & !done;
            if misses != 0 {
                // What is above the last miss.
                return length + (counted & done & !(u64::MAX >> misses.leading_zeros())).count_ones();
            }
            length += (counted & done).count_ones();
        }
        length
    }

    /// The current streak of periods, from today backwards.
    fn runs_back(&self, stretch: Stretch) -> u32 {
        let mut length = 0;
        let mut at = stretch.to;
        while let Some(period) = self.timeline.period_of(at) {
            match verdict(&self.judge(&period, at)) {
                Some(true) => length += 1,
                Some(false) => break,
                None => {}
            }
            match period.range.from().pred() {
                Some(before) if before >= stretch.from => at = before,
                _ => break,
            }
        }
        length
    }

    /// The longest streak of the unit of today's plan version.
    pub(super) fn longest_streak(&self) -> u32 {
        let stretches = self.stretches();
        let Some(unit) = stretches.last().map(|stretch| stretch.unit) else { return 0 };
        let mut longest = 0;
        for stretch in stretches.into_iter().filter(|stretch| stretch.unit == unit) {
            let last = self.runs(stretch, |run| longest = longest.max(run.length));
            longest = longest.max(last.length);
        }
        longest
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
        let mut best = Best::default();
        let stretches = self.stretches();
        for stretch in &stretches {
            current = self.runs(*stretch, |run| {
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

/// The longest runs so far.
#[derive(Default)]
struct Best {
    runs: Vec<(Run, StreakUnit)>,
    /// Runs shorter than this needn't be looked at.
    floor: u32,
}

impl Best {
    #[inline]
    fn offer(&mut self, run: Run, unit: StreakUnit) {
        if run.length > 0 && run.length >= self.floor {
            self.insert(run, unit);
        }
    }

    fn insert(&mut self, run: Run, unit: StreakUnit) {
        // Runs come in order of time: of equal ones, the later one goes first.
        let at = self.runs.partition_point(|(known, _)| known.length > run.length);
        self.runs.insert(at, (run, unit));
        if self.runs.len() > BEST_LIMIT {
            self.runs.pop();
        }
        if self.runs.len() == BEST_LIMIT {
            self.floor = self.runs.last().map_or(0, |(run, _)| run.length);
        }
    }

    fn into_ranges(self) -> Vec<BestRange> {
        let range = |(run, unit): (Run, StreakUnit)| BestRange {
            length: run.length,
            unit,
            from: Date::at(run.first),
            to: Date::at(run.last),
        };
        self.runs.into_iter().map(range).collect()
    }
}
