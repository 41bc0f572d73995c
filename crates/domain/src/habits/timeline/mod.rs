//! The timeline of a habit: window, plan versions, pauses and archived days, compiled to answer on which days it is due
//! (`due`), which days off count nevertheless (`counts_if_done`), and in which periods its quotas are counted (`period`).
//!
//! What was done is not known here; for a quota every available day counts as due ([`super::Progress`] knows when
//! its number is met).

mod archives;
mod counts_if_done;
mod due;
mod pauses;
mod period;
mod stretches;

use std::fmt;

pub use due::DueDates;
pub use period::QuotaPeriod;

use super::kind::Direction;
use super::plan::{Archive, Pause, Plan, Window};
use super::schedule::{Per, Rolling, Schedule};
use crate::civil::{Date, DateRange};
use crate::recurrence::Occurrences;
use crate::violation::Violations;

/// The most plan versions, the most pauses of its own, and the most shared ones, that a habit may have.
pub const MAX_VERSIONS: usize = 500;

words! {
    /// What a streak counts.
    #[derive(PartialOrd, Ord)]
    pub enum StreakUnit {
        /// Due days.
        Occurrences = "occurrences",
        /// Weeks that met their quota.
        Weeks = "weeks",
        /// Months that met their quota.
        Months = "months",
        /// Years that met their quota.
        Years = "years",
        /// Days that are covered by a rolling quota.
        Days = "days",
    }
}

impl StreakUnit {
    /// The unit of a schedule.
    pub(super) const fn of(schedule: &Schedule) -> Self {
        match schedule {
            Schedule::Quota { per: Per::Week, .. } => Self::Weeks,
            Schedule::Quota { per: Per::Month, .. } => Self::Months,
            Schedule::Quota { per: Per::Year, .. } => Self::Years,
            Schedule::Rolling(_) => Self::Days,
            _ => Self::Occurrences,
        }
    }

    /// Whether it is a calendar period.
    pub(super) const fn is_period(self) -> bool {
        matches!(self, Self::Weeks | Self::Months | Self::Years)
    }
}

/// The days within the window on which one plan version is in force.
#[derive(Clone)]
pub(in crate::habits) struct Segment {
    pub(super) from: Date,
    pub(super) to: Date,
    /// Index of the plan.
    plan: usize,
    occurrences: Occurrences,
    /// How often it is due, as a fraction; at most 1.
    pub(super) due: f64,
    /// The denominator, in days.
    pub(super) days: u32,
}

impl Segment {
    pub(super) fn range(&self) -> DateRange {
        DateRange::new(self.from, self.to).unwrap_or(DateRange::day(self.from))
    }

    /// Due days per day, above 0 and at most 1.
    pub(super) fn frequency(&self) -> f64 {
        (self.due / f64::from(self.days)).clamp(1e-5, 1.0)
    }
}

/// Window, plan versions, pauses and archived days. Sorted, never without a plan, immutable: every change makes a new one.
#[derive(Clone)]
pub struct Timeline {
    window: Window,
    plans: Vec<Plan>,
    pauses: Vec<Pause>,
    /// Disjoint, in order; only the last one can be open.
    archives: Vec<Archive>,
    segments: Vec<Segment>,
    /// The days of all pauses and archives: disjoint, not touching, in order.
    breaks: Vec<(Date, Date)>,
    /// Due days of pauses and archives that count nevertheless if something was done on them.
    counts_if_done: Vec<Date>,
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline")
            .field("window", &self.window)
            .field("plans", &self.plans)
            .field("pauses", &self.pauses)
            .field("archives", &self.archives)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Timeline {
    fn eq(&self, other: &Self) -> bool {
        (self.window, &self.plans, &self.pauses, &self.archives)
            == (other.window, &other.plans, &other.pauses, &other.archives)
    }
}

impl Eq for Timeline {}

impl Timeline {
    /// Checks and compiles. Plans and pauses may come in any order.
    ///
    /// # Errors
    /// `before_start` if the window or a pause ends before it begins, `required` without a plan, `duplicate` for two
    /// versions of one day, `too_many` of them, and what [`super::Schedule::fits`] says; with pointers such as
    /// `/plans/0/effective_from`.
    pub fn new(window: Window, plans: Vec<Plan>, pauses: Vec<Pause>) -> Result<Self, Violations> {
        Self::with_archives(window, plans, pauses, Vec::new())
    }

    /// As [`Self::new`], with the days on which the habit was archived; in any order, too.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_archives(
        window: Window,
        mut plans: Vec<Plan>,
        mut pauses: Vec<Pause>,
        archives: Vec<Archive>,
    ) -> Result<Self, Violations> {
        let archives = archives::canonical(archives);
        let mut wrong = Violations::new();
        wrong.take("", window.validate());
        plans.sort_by_key(|plan| plan.effective_from);
        pauses.sort_by_key(|pause| (pause.from, pause.last(), pause.id, pause.is_own()));
        if plans.is_empty() {
            wrong.add("/plans", "required", "must have at least one version");
        }
        let own = pauses.iter().filter(|pause| pause.is_own()).count();
        let lengths =
            [("/plans", plans.len()), ("/pauses", own.max(pauses.len() - own)), ("/archives", archives.len())];
        for (name, length) in lengths {
            if length > MAX_VERSIONS {
                wrong.add(name, "too_many", format!("must be at most {MAX_VERSIONS}"));
            }
        }
        for (at, plan) in plans.iter().enumerate() {
            if plans.get(at + 1).is_some_and(|next| next.effective_from == plan.effective_from) {
                wrong.add(
                    format!("/plans/{at}/effective_from"),
                    "duplicate",
                    "two versions can't begin on the same day",
                );
            }
            wrong.take(&format!("/plans/{at}/schedule"), plan.schedule.fits(&plan.kind));
        }
        for (at, pause) in pauses.iter().enumerate() {
            wrong.take(&format!("/pauses/{at}"), pause.validate());
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let segments = segments_of(window, &plans);
        let paused = pauses.iter().map(|pause| (pause.from, pause.last()));
        let breaks = merged(paused.chain(archives::days(&archives)));
        let counts_if_done = counts_if_done::of(&archives, &pauses, &segments);
        Ok(Self { window, plans, pauses, archives, segments, breaks, counts_if_done })
    }

    /// The first and last day.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The plan versions, first to last; at least one.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The pauses, its own and shared ones, by their first day.
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// This timeline with a plan version more. It takes the place of the version of the same `effective_from`, if there
    /// is one; versions that begin later stay, and what was before keeps its own.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_plan(&self, plan: Plan) -> Result<Self, Violations> {
        let mut plans: Vec<Plan> =
            self.plans.iter().filter(|known| known.effective_from != plan.effective_from).cloned().collect();
        plans.push(plan);
        Self::with_archives(self.window, plans, self.pauses.clone(), self.archives.clone())
    }

    /// The version in force before the one that begins on `date`; `None` if none begins then, or the first one does.
    pub fn plan_before(&self, date: Date) -> Option<&Plan> {
        let at = self.plans.iter().position(|plan| plan.effective_from == date)?;
        self.plans.get(at.checked_sub(1)?)
    }

    /// This timeline without the version that begins on `date`; `None` if none does, or it is the only one. Without the
    /// first, the second begins with the window.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn without_plan(&self, date: Date) -> Result<Option<Self>, Violations> {
        let mut plans: Vec<Plan> = self.plans.iter().filter(|plan| plan.effective_from != date).cloned().collect();
        if plans.is_empty() || plans.len() == self.plans.len() {
            return Ok(None);
        }
        let first_went = self.plans.first().is_some_and(|plan| plan.effective_from == date);
        if let Some(first) =
            plans.first_mut().filter(|first| first_went && first.effective_from > self.window.starts_on)
        {
            first.begin_on(self.window.starts_on);
        }
        Self::with_archives(self.window, plans, self.pauses.clone(), self.archives.clone()).map(Some)
    }

    /// This timeline with another window. The first version begins with the window: its `effective_from` moves along,
    /// and so does its anchor where that was its first day. (Unless the window would then begin after later versions
    /// do: those, and so the first one, keep their days.)
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_window(&self, window: Window) -> Result<Self, Violations> {
        let mut plans = self.plans.clone();
        let second = plans.get(1).map(|plan| plan.effective_from);
        if let Some(first) = plans.first_mut()
            && second.is_none_or(|second| window.starts_on < second)
        {
            first.begin_on(window.starts_on);
        }
        Self::with_archives(window, plans, self.pauses.clone(), self.archives.clone())
    }

    /// Whether its last day is before `today`.
    pub fn is_over(&self, today: Date) -> bool {
        self.window.last() < today
    }

    /// The plan version in force on a day; before all of them the first.
    pub fn plan_on(&self, date: Date) -> &Plan {
        let at = self.plans.partition_point(|plan| plan.effective_from <= date).saturating_sub(1);
        // There is at least one: the constructor saw to it.
        self.plans.get(at).unwrap_or_else(|| unreachable!("a timeline has a plan"))
    }

    /// Due days per day by the version in force on `date`: above 0, at most 1.
    pub fn frequency_on(&self, date: Date) -> f64 {
        let at = self.segments.partition_point(|segment| segment.from <= date).saturating_sub(1);
        self.segments.get(at).map_or(1.0, Segment::frequency)
    }

    /// Whether the version in force on a day has a limit rather than a target.
    pub fn is_limit_on(&self, date: Date) -> bool {
        self.plan_on(date).kind.direction() == Direction::AtMost
    }

    /// What a streak counts on a day.
    pub fn unit_on(&self, date: Date) -> StreakUnit {
        StreakUnit::of(&self.plan_on(date).schedule)
    }

    /// Whether any version is a rolling quota.
    pub(super) fn has_rolling(&self) -> bool {
        self.segments.iter().any(|segment| self.plan_of(segment).schedule.rolling().is_some())
    }

    /// The rolling quota that is in force on a day of the window.
    pub(super) fn rolling_on(&self, date: Date) -> Option<Rolling> {
        self.plan_of(self.segment_at(date)?).schedule.rolling()
    }

    /// The days of the rolling versions around a day, which follow each other without a break; `None` where none is in
    /// force.
    pub(super) fn rolling_days(&self, date: Date) -> Option<DateRange> {
        let at = self.segments.partition_point(|segment| segment.to < date);
        let is_rolling = |segment: &&Segment| self.plan_of(segment).schedule.rolling().is_some();
        let own = self.segments.get(at).filter(|own| own.from <= date).filter(is_rolling)?;
        let first = self.segments.iter().take(at).rev().take_while(is_rolling).last().unwrap_or(own);
        let last = self.segments.iter().skip(at + 1).take_while(is_rolling).last().unwrap_or(own);
        DateRange::new(first.from, last.to)
    }

    /// Whether a pause covers a day, or the habit is archived on it.
    pub fn is_paused(&self, date: Date) -> bool {
        self.pause_over(date).is_some()
    }

    fn pause_over(&self, date: Date) -> Option<(Date, Date)> {
        let after = self.breaks.partition_point(|(from, _)| *from <= date);
        self.breaks.get(after.checked_sub(1)?).copied().filter(|(_, to)| date <= *to)
    }

    /// Whether there is a break after a day, up to another one.
    pub(super) fn has_break_in(&self, after: Date, last: Date) -> bool {
        let at = self.breaks.partition_point(|(_, to)| *to <= after);
        after < last && self.breaks.get(at).is_some_and(|(from, _)| *from <= last)
    }

    /// The paused and archived days: disjoint, not touching, in order.
    pub(super) fn breaks(&self) -> &[(Date, Date)] {
        &self.breaks
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(super) fn plan_of(&self, segment: &Segment) -> &Plan {
        self.plans.get(segment.plan).unwrap_or_else(|| unreachable!("a segment has its plan"))
    }

    fn segment_at(&self, date: Date) -> Option<&Segment> {
        let after = self.segments.partition_point(|segment| segment.from <= date);
        self.segments.get(after.checked_sub(1)?).filter(|segment| date <= segment.to)
    }
}

fn segments_of(window: Window, plans: &[Plan]) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(plans.len());
    for (at, plan) in plans.iter().enumerate() {
        let from = if at == 0 { window.starts_on } else { plan.effective_from.max(window.starts_on) };
        let until = plans.get(at + 1).map_or(Some(Date::MAX), |next| next.effective_from.pred());
        let Some(to) = until.map(|until| until.min(window.last())) else { continue };
        if from > to {
            continue;
        }
        let occurrences = plan.schedule.occurrences(plan.anchor, plan.week_start);
        let occurrences = if plan.schedule.is_quota() { Occurrences::daily(from) } else { occurrences };
        let (due, days) = plan.schedule.frequency(&occurrences);
        segments.push(Segment { from, to, plan: at, occurrences, due, days: days.max(1) });
    }
    segments
}

fn merged(spans: impl Iterator<Item = (Date, Date)>) -> Vec<(Date, Date)> {
    let mut spans: Vec<(Date, Date)> = spans.collect();
    spans.sort_unstable();
    let mut breaks: Vec<(Date, Date)> = Vec::with_capacity(spans.len());
    for (from, last) in spans {
        match breaks.last_mut() {
            Some((_, to)) if from <= to.saturating_add_days(1) => *to = (*to).max(last),
            _ => breaks.push((from, last)),
        }
    }
    breaks
}
