//! The timeline of a habit: window, plan versions and pauses, compiled to answer on which days it is due.
//!
//! What was done is not known here; for a quota every available day counts as due ([`super::Record`] knows when
//! its number is met).

use std::fmt;

use super::plan::{Pause, Plan, Window};
use super::schedule::{Per, Quota};
use crate::civil::num::{day_of, index};
use crate::civil::{Date, DateRange, Weekday};
use crate::ids::PauseId;
use crate::recurrence::{Occurrences, keep};
use crate::violation::Violations;

/// The most plan versions, and the most pauses, that a habit may have.
pub const MAX_VERSIONS: usize = 500;

/// What a streak counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreakUnit {
    /// Due days.
    Occurrences,
    /// Weeks that met their quota.
    Weeks,
    /// Months that met their quota.
    Months,
    /// Years that met their quota.
    Years,
}

impl StreakUnit {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Occurrences => "occurrences",
            Self::Weeks => "weeks",
            Self::Months => "months",
            Self::Years => "years",
        }
    }
}

impl From<Option<Per>> for StreakUnit {
    fn from(per: Option<Per>) -> Self {
        match per {
            None => Self::Occurrences,
            Some(Per::Week) => Self::Weeks,
            Some(Per::Month) => Self::Months,
            Some(Per::Year) => Self::Years,
        }
    }
}

/// The days within the window on which one plan version is in force.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) from: Date,
    pub(super) to: Date,
    /// Index of the plan.
    plan: usize,
    occurrences: Occurrences,
    /// How often it is due, as a fraction; at most 1.
    pub(super) due: f64,
    /// The denominator: in so many days.
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

/// Window, plan versions and pauses. Sorted, never without a plan, immutable: every change makes a new one.
#[derive(Clone)]
pub struct Timeline {
    window: Window,
    plans: Vec<Plan>,
    pauses: Vec<Pause>,
    segments: Vec<Segment>,
    /// The days of all pauses: disjoint, not touching, in order.
    breaks: Vec<(Date, Date)>,
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline")
            .field("window", &self.window)
            .field("plans", &self.plans)
            .field("pauses", &self.pauses)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Timeline {
    fn eq(&self, other: &Self) -> bool {
        (self.window, &self.plans, &self.pauses) == (other.window, &other.plans, &other.pauses)
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
    pub fn new(window: Window, mut plans: Vec<Plan>, mut pauses: Vec<Pause>) -> Result<Self, Violations> {
        let mut wrong = Violations::new();
        wrong.take("", window.validate());
        plans.sort_by_key(|plan| plan.effective_from);
        pauses.sort_by_key(|pause| (pause.from, pause.last(), pause.id));
        if plans.is_empty() {
            wrong.add("/plans", "required", "must have at least one version");
        }
        for (name, length) in [("/plans", plans.len()), ("/pauses", pauses.len())] {
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
        let breaks = merged(&pauses);
        Ok(Self { window, plans, pauses, segments, breaks })
    }

    /// The first and last day.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The plan versions, first to last; at least one.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The pauses, by their first day.
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
        Self::new(self.window, plans, self.pauses.clone())
    }

    /// This timeline with a pause more, or with the pause of that id changed.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_pause(&self, pause: Pause) -> Result<Self, Violations> {
        let mut pauses: Vec<Pause> = self.pauses.iter().filter(|known| known.id != pause.id).cloned().collect();
        pauses.push(pause);
        Self::new(self.window, self.plans.clone(), pauses)
    }

    /// This timeline without a pause; nothing if it has none of that id.
    pub fn without_pause(&self, id: PauseId) -> Option<Self> {
        let pauses: Vec<Pause> = self.pauses.iter().filter(|known| known.id != id).cloned().collect();
        if pauses.len() == self.pauses.len() {
            return None;
        }
        Self::new(self.window, self.plans.clone(), pauses).ok()
    }

    /// This timeline with another window. The first version begins with the window: its `effective_from` moves along,
    /// and so does its anchor where that was the first day. (Unless the window would then begin after later versions
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
            if first.anchor == self.window.starts_on {
                first.anchor = window.starts_on;
            }
            first.effective_from = window.starts_on;
        }
        Self::new(window, plans, self.pauses.clone())
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

    /// What a streak counts on a day.
    pub fn unit_on(&self, date: Date) -> StreakUnit {
        StreakUnit::from(self.plan_on(date).schedule.quota().map(|(_, per)| per))
    }

    /// Whether a pause covers a day.
    pub fn is_paused(&self, date: Date) -> bool {
        self.pause_over(date).is_some()
    }

    fn pause_over(&self, date: Date) -> Option<(Date, Date)> {
        let after = self.breaks.partition_point(|(from, _)| *from <= date);
        self.breaks.get(after.checked_sub(1)?).copied().filter(|(_, to)| date <= *to)
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

    /// Whether a day is due: in the window, not paused, and scheduled by the version in force.
    #[inline]
    pub fn is_due(&self, date: Date) -> bool {
        self.segment_at(date).is_some_and(|segment| segment.occurrences.is_due(date)) && !self.is_paused(date)
    }

    /// The first due day after `date`.
    pub fn next_due_after(&self, date: Date) -> Option<Date> {
        let mut after = date;
        // Every turn passes a segment or a pause.
        loop {
            let at = self.segments.partition_point(|segment| segment.to <= after);
            let segment = self.segments.get(at)?;
            let from = after.max(segment.from.pred().unwrap_or(Date::MIN));
            match segment.occurrences.next_after(from) {
                Some(found) if found <= segment.to => match self.pause_over(found) {
                    None => return Some(found),
                    Some((_, to)) => after = to,
                },
                _ => after = segment.to,
            }
            if after == Date::MAX {
                return None;
            }
        }
    }

    /// The first due day on or after `date`.
    pub fn next_due_from(&self, date: Date) -> Option<Date> {
        if self.is_due(date) { Some(date) } else { self.next_due_after(date) }
    }

    /// The last due day before `date`.
    pub fn prev_due_before(&self, date: Date) -> Option<Date> {
        let mut before = date;
        loop {
            let at = self.segments.partition_point(|segment| segment.from < before);
            let segment = self.segments.get(at.checked_sub(1)?)?;
            let to = segment.to.succ().map_or(before, |next| before.min(next));
            match segment.occurrences.prev_before(to) {
                Some(found) if found >= segment.from => match self.pause_over(found) {
                    None => return Some(found),
                    Some((from, _)) => before = from,
                },
                _ => before = segment.from,
            }
        }
    }

    /// How many due days there are in `range`.
    pub fn count_due(&self, range: DateRange) -> u32 {
        let first = self.segments.partition_point(|segment| segment.to < range.from());
        let mut total = 0;
        for segment in self.segments.iter().skip(first).take_while(|segment| segment.from <= range.to()) {
            let Some(within) = range.intersect(segment.range()) else { continue };
            total += segment.occurrences.count(within);
            let paused = self.breaks.partition_point(|(_, to)| *to < within.from());
            for (from, to) in self.breaks.iter().skip(paused).take_while(|(from, _)| *from <= within.to()) {
                let paused = DateRange::new(*from, *to).and_then(|pause| within.intersect(pause));
                total -= paused.map_or(0, |days| segment.occurrences.count(days));
            }
        }
        total
    }

    /// The due days in `range` as bits, the lowest bit of the first word being its first day.
    pub fn due_bits(&self, range: DateRange) -> Vec<u64> {
        let mut words = vec![0; index(range.len().div_ceil(64))];
        self.fill(range.from().days_since_epoch(), &mut words);
        keep(&mut words, range.from().days_since_epoch(), 0, range.to().days_since_epoch());
        words
    }

    /// The due days in `range`, from either end.
    pub fn iter_due(&self, range: DateRange) -> DueDates {
        let words = self.due_bits(range);
        DueDates { base: range.from().days_since_epoch(), front: 0, back: words.len(), words }
    }

    /// Sets the due days from the day number `from` on in `out`, whose words must be clear.
    pub(super) fn fill(&self, from: i32, out: &mut [u64]) {
        let end = from.saturating_add(day_of(out.len()).saturating_mul(64));
        match self.segments.as_slice() {
            [only] => {
                only.occurrences.fill(from, out);
                keep(out, from, only.from.days_since_epoch(), only.to.days_since_epoch());
            }
            segments => {
                let mut own = vec![0; out.len()];
                for segment in segments.iter().filter(|segment| segment.from.days_since_epoch() < end) {
                    own.fill(0);
                    segment.occurrences.fill(from, &mut own);
                    keep(&mut own, from, segment.from.days_since_epoch(), segment.to.days_since_epoch());
                    for (word, add) in out.iter_mut().zip(&own) {
                        *word |= add;
                    }
                }
            }
        }
        for (first, last) in &self.breaks {
            super::bits::clear(out, from, first.days_since_epoch(), last.days_since_epoch());
        }
    }

    /// The quota period that a day is in; nothing if the version in force isn't a quota, or outside of the window.
    pub fn period_of(&self, date: Date) -> Option<QuotaPeriod> {
        let segment = self.segment_at(date)?;
        let plan = self.plan_of(segment);
        let (quota, per) = plan.schedule.quota()?;
        let whole = whole_period(per, plan.week_start, date);
        // Neighbouring versions that count the same in the same periods share the period.
        let shares = |other: &Segment| {
            let other = self.plan_of(other);
            other.week_start == plan.week_start
                && other.kind.type_name() == plan.kind.type_name()
                && other.kind.direction() == plan.kind.direction()
                && other.schedule.quota().is_some_and(|(number, other_per)| {
                    other_per == per && std::mem::discriminant(&number) == std::mem::discriminant(&quota)
                })
        };
        let at = self.segments.partition_point(|other| other.from <= date).saturating_sub(1);
        let (mut from, mut to) = (segment.from, segment.to);
        let mut parts = vec![(segment.from, segment.to, quota.number())];
        let number_of = |other: &Segment| self.plan_of(other).schedule.quota().map_or(0, |(quota, _)| quota.number());
        for other in self.segments.iter().take(at).rev().take_while(|other| other.to >= whole.from() && shares(other)) {
            from = other.from;
            parts.push((other.from, other.to, number_of(other)));
        }
        for other in self.segments.iter().skip(at + 1).take_while(|other| other.from <= whole.to() && shares(other)) {
            to = other.to;
            parts.push((other.from, other.to, number_of(other)));
        }
        let range = DateRange::new(from, to).and_then(|days| days.intersect(whole))?;
        Some(QuotaPeriod { range, days: whole.len(), quota, per, parts })
    }
}

/// A calendar period of a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaPeriod {
    /// Its days within the window, under versions that count alike.
    pub range: DateRange,
    /// The number of days of the whole period.
    pub days: u32,
    /// What is asked for in a whole period, by the version in force on the day that was asked about.
    pub quota: Quota,
    /// Its length.
    pub per: Per,
    /// Which versions' numbers hold on which days.
    parts: Vec<(Date, Date, u32)>,
}

impl QuotaPeriod {
    /// What is asked for when only some of its days are available: `ceil(number × available ÷ days)`, each available day
    /// with the number of its own version.
    pub(super) fn needed(&self, available: impl Fn(DateRange) -> u32) -> u32 {
        let sum: u64 = self
            .parts
            .iter()
            .filter_map(|(from, to, number)| {
                let days = DateRange::new(*from, *to)?.intersect(self.range)?;
                Some(u64::from(*number) * u64::from(available(days)))
            })
            .sum();
        u32::try_from(sum.div_ceil(u64::from(self.days))).unwrap_or(u32::MAX)
    }
}

/// The calendar period around a day; cut at the ends of the calendar.
pub(super) fn whole_period(per: Per, week_start: Weekday, date: Date) -> DateRange {
    let (from, to) = match per {
        Per::Week => {
            let begin = date.week_begin(week_start);
            // The first week of the calendar began before it.
            let into = date.weekday().days_since(week_start).cast_signed();
            (begin, date.saturating_add_days(6 - into))
        }
        Per::Month => {
            let (year, month, day) = date.year_month_day();
            let length = crate::civil::days_in_month(year, month).cast_signed();
            let begin = date.saturating_add_days(1 - day.cast_signed());
            (begin, begin.saturating_add_days(length - 1))
        }
        Per::Year => (date.year_begin(), Date::new(date.year(), 12, 31).unwrap_or(Date::MAX)),
    };
    DateRange::new(from, to).unwrap_or(DateRange::day(date))
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
        let occurrences = if plan.schedule.quota().is_some() { Occurrences::daily(from) } else { occurrences };
        let (due, days) = plan.schedule.frequency(&occurrences);
        segments.push(Segment { from, to, plan: at, occurrences, due, days: days.max(1) });
    }
    segments
}

fn merged(pauses: &[Pause]) -> Vec<(Date, Date)> {
    let mut breaks: Vec<(Date, Date)> = Vec::with_capacity(pauses.len());
    for pause in pauses {
        match breaks.last_mut() {
            Some((_, to)) if pause.from <= to.saturating_add_days(1) => *to = (*to).max(pause.last()),
            _ => breaks.push((pause.from, pause.last())),
        }
    }
    breaks
}

/// The due days of a range; see [`Timeline::iter_due`].
#[derive(Debug, Clone)]
pub struct DueDates {
    base: i32,
    words: Vec<u64>,
    front: usize,
    back: usize,
}

impl Iterator for DueDates {
    type Item = Date;
    fn next(&mut self) -> Option<Date> {
        while self.front < self.back {
            if let Some(word) = self.words.get_mut(self.front)
                && *word != 0
            {
                let bit = word.trailing_zeros().cast_signed();
                *word &= *word - 1;
                return Some(Date::at(self.base + day_of(self.front) * 64 + bit));
            }
            self.front += 1;
        }
        None
    }
}

impl DoubleEndedIterator for DueDates {
    fn next_back(&mut self) -> Option<Date> {
        while self.front < self.back {
            if let Some(word) = self.words.get_mut(self.back - 1)
                && *word != 0
            {
                let bit = 63 - word.leading_zeros();
                *word &= !(1 << bit);
                return Some(Date::at(self.base + day_of(self.back - 1) * 64 + bit.cast_signed()));
            }
            self.back -= 1;
        }
        None
    }
}
