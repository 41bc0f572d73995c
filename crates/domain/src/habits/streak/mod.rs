//! Streaks: how long a habit was kept without a break, and when.
//!
//! For due days, a streak is a run of done days; skipped and paused days don't break it. For quotas, it is a run of
//! periods that met their number; for rolling ones, a run of covered days. A streak ends where its unit changes.

mod look_back;
mod runs;

use serde::Serialize;

pub use self::look_back::current_streak;
use self::runs::{Run, Stretch};

use super::history::History;
use super::progress::Progress;
use super::timeline::{StreakUnit, Timeline};
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

impl Progress<'_> {
    /// The length of the streak that is unbroken today, in the unit of today's plan version.
    pub fn current_streak(&self) -> u32 {
        self.current_and_longest().0
    }

    /// The streak that is unbroken today, and the longest of its unit.
    pub(super) fn current_and_longest(&self) -> (u32, u32) {
        let unit = self.streak_unit();
        let before = self.before.map_or(Date::MIN, |checkpoint| checkpoint.streaks_at);
        let (mut current, mut longest) = (0, self.before.map_or(0, |checkpoint| checkpoint.longest.of(unit)));
        for stretch in self.stretches().filter(|stretch| stretch.unit == unit && stretch.to >= before) {
            let begun = self.before.filter(|_| stretch.from < before).map_or(0, |checkpoint| checkpoint.run);
            let found = self.lengths(Stretch { from: stretch.from.max(before), ..stretch }, begun);
            (current, longest) = (found.0, longest.max(found.1));
        }
        (current, longest)
    }

    /// The streaks before `date`, which isn't after today and, for quotas, begins a period, or has no undecided day before
    /// it: the length of the one that continues on `date`, and the longest of each unit.
    pub(super) fn streaks_before(&self, date: Date) -> (u32, Longest) {
        let (mut unbroken, mut longest) = (0, Longest::default());
        let Some(last) = date.pred() else { return (unbroken, longest) };
        for stretch in self.stretches().filter(|stretch| stretch.from < date) {
            let past = Stretch { to: stretch.to.min(last), ..stretch };
            let (last, most) = self.lengths(past, 0);
            longest.offer(stretch.unit, most);
            unbroken = if stretch.to < date { 0 } else { last };
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
        for stretch in self.stretches() {
            current = self.runs(stretch, Run::default(), |run| {
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

/// The longest streak of each unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Longest([u32; 5]);

impl Longest {
    pub(super) const fn from_lengths(lengths: [u32; 5]) -> Self {
        Self(lengths)
    }

    /// In the order of the units.
    pub(super) const fn lengths(self) -> [u32; 5] {
        self.0
    }

    pub(super) const fn of(self, unit: StreakUnit) -> u32 {
        let [occurrences, weeks, months, years, days] = self.0;
        match unit {
            StreakUnit::Occurrences => occurrences,
            StreakUnit::Weeks => weeks,
            StreakUnit::Months => months,
            StreakUnit::Years => years,
            StreakUnit::Days => days,
        }
    }

    fn offer(&mut self, unit: StreakUnit, length: u32) {
        let [occurrences, weeks, months, years, days] = &mut self.0;
        let longest = match unit {
            StreakUnit::Occurrences => occurrences,
            StreakUnit::Weeks => weeks,
            StreakUnit::Months => months,
            StreakUnit::Years => years,
            StreakUnit::Days => days,
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
