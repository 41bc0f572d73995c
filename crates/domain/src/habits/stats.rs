//! What a habit amounts to: totals, rates by weekday and month, a year's calendar, a day's summary, progress to its end.

use serde::Serialize;

use super::days::Outcome;
use super::history::History;
use super::kind::Direction;
use super::plan::Plan;
use super::progress::{DayState, PeriodProgress, Progress};
use super::timeline::{StreakUnit, Timeline};
use crate::civil::num::len32;
use crate::civil::{Date, DateRange, Weekday};
use crate::quantity::Quantity;

/// A day of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarDay {
    /// The day.
    pub date: Date,
    /// What it was; days to come are `pending` where they are due.
    pub state: DayState,
    /// Its value; null without one.
    pub value: Option<Quantity>,
}

/// How many days, or periods, counted, and how many of them were done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tally {
    /// How many counted.
    pub due: u32,
    /// How many of them were done, or met.
    pub done: u32,
}

impl Tally {
    /// done ÷ due; `None` where nothing was due.
    pub fn rate(self) -> Option<f64> {
        (self.due > 0).then(|| f64::from(self.done) / f64::from(self.due))
    }

    /// Takes a day, or a period, in.
    pub(crate) const fn add(&mut self, done: bool) {
        self.due += 1;
        if done {
            self.done += 1;
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { done: self.done + other.done, due: self.due + other.due }
    }
}

/// What counts towards a rate, by its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnitTally {
    /// Due days.
    pub days: Tally,
    /// Periods of quotas, and days of rolling ones: how many were covered, whether something was done on them or not.
    pub periods: Tally,
}

impl UnitTally {
    /// Days and periods together: what a completion rate is made of.
    pub const fn all(self) -> Tally {
        self.days.plus(self.periods)
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { days: self.days.plus(other.days), periods: self.periods.plus(other.periods) }
    }

    /// Takes a day, or a period, in.
    pub(crate) const fn add(&mut self, outcome: Outcome) {
        let of = if outcome.is_period { &mut self.periods } else { &mut self.days };
        of.add(outcome.done);
    }
}

/// A weekday or month with its tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rated<T> {
    /// The kind of days.
    pub of: T,
    /// Its tally.
    pub tally: Tally,
}

impl Rated<Weekday> {
    /// A week without anything, from its first day on.
    pub(crate) fn week(start: Weekday) -> [Self; 7] {
        Weekday::week_from(start).map(|of| Self { of, tally: Tally::default() })
    }

    /// Takes a day into its weekday.
    pub(crate) fn add_day(week: &mut [Self; 7], date: Date, done: bool) {
        if let Some(day) = week.iter_mut().find(|day| day.of == date.weekday()) {
            day.tally.add(done);
        }
    }
}

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// 1970–2199.
    pub year: i32,
    /// 1–12.
    pub month: u32,
}

/// The statistics of a habit as of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct HabitStats {
    /// Days done, those included that weren't due.
    pub done: u32,
    /// What counts towards the completion rate: due days up to today, skipped ones and an open today left out, and
    /// periods of quotas.
    pub counted: UnitTally,
    /// Due days that were skipped.
    pub skipped: u32,
    /// Days done that weren't due.
    pub bonus: u32,
    /// The sum of all values that are kept.
    pub total_value: Quantity,
    /// By weekday, from the user's first day of the week on: due days, and of quotas the days on which something was done.
    pub by_weekday: [Rated<Weekday>; 7],
    /// What counts by month, the first to the last one with anything; a period is in the month of its last day.
    pub by_month: Vec<Rated<Month>>,
    /// The weekday with the highest rate, of equal ones the first from Monday on; null where all are equal.
    pub best_weekday: Option<Weekday>,
    /// The weekday with the lowest rate, of equal ones the first from Monday on; null where all are equal.
    pub worst_weekday: Option<Weekday>,
    /// The month with the highest rate, of equal ones the latest; null where all are equal.
    pub best_month: Option<Month>,
    /// The month with the lowest rate, of equal ones the latest; null where all are equal.
    pub worst_month: Option<Month>,
    /// Done ÷ expected from the first to the last day; null without a last day.
    pub progress: Option<f64>,
}

/// What a *today* screen shows of a habit.
#[derive(Debug, Clone, PartialEq)]
pub struct DaySummary {
    /// Whether something is, or was, to be done; see [`Progress::is_due`].
    pub due: bool,
    /// What the day is.
    pub state: DayState,
    /// Its value.
    pub value: Option<Quantity>,
    /// Its target.
    pub target: Option<Quantity>,
    /// The quota period it is in.
    pub period: Option<PeriodProgress>,
    /// The current streak.
    pub current_streak: u32,
    /// The longest streak of its unit.
    pub longest_streak: u32,
    /// What they count.
    pub streak_unit: StreakUnit,
    /// The score, 0–1.
    pub score: f64,
}

/// What the screen of a day shows of a habit, as of that day.
pub fn summary(timeline: &Timeline, history: &History, date: Date) -> DaySummary {
    Progress::new(timeline, history, date).summary()
}

/// Every day of a year, as of `today`: a heat map has a place for each, those outside of the window (not due) too.
pub fn calendar(timeline: &Timeline, history: &History, year: i32, today: Date) -> Vec<CalendarDay> {
    let Some(year) = DateRange::year(year) else { return Vec::new() };
    let mut kept = Progress::new(timeline, history, today).calendar(year).into_iter().peekable();
    let outside = |date| CalendarDay { date, state: DayState::NotDue, value: None };
    year.iter().map(|date| kept.next_if(|day| day.date == date).unwrap_or_else(|| outside(date))).collect()
}

/// The statistics as of `today`, with weeks that begin on `week_start`.
pub fn stats(timeline: &Timeline, history: &History, today: Date, week_start: Weekday) -> HabitStats {
    Progress::new(timeline, history, today).stats(week_start)
}

/// Done ÷ due days of `range`, up to yesterday and today once it is done; of quotas, met ÷ counted periods that end in
/// it, and the running one once it is met. `None` where nothing was due.
pub fn completion_rate(timeline: &Timeline, history: &History, range: DateRange, today: Date) -> Option<f64> {
    Progress::new(timeline, history, today).tally(range).rate()
}

impl Progress<'_> {
    /// What the screen of today shows.
    pub fn summary(&self) -> DaySummary {
        let plan: &Plan = self.timeline.plan_on(self.today);
        let (current_streak, longest_streak) = self.current_and_longest();
        DaySummary {
            due: self.is_due(self.today),
            state: self.state_on(self.today),
            value: self.history.value_on(self.today),
            target: plan.kind.target(),
            period: self.period_of(self.today),
            current_streak,
            longest_streak,
            streak_unit: self.streak_unit(),
            score: self.score(),
        }
    }

    /// The days of `range` that lie in the window: their states, and values where they are kept. Days to come are
    /// pending where they are due.
    pub fn calendar(&self, range: DateRange) -> Vec<CalendarDay> {
        let window = self.timeline.window();
        let Some(range) = window.range().and_then(|window| window.intersect(range)) else { return Vec::new() };
        let mut days: Vec<CalendarDay> = self
            .explain(range)
            .into_iter()
            .map(|day| CalendarDay { date: day.date, state: day.reason, value: self.history.value_on(day.date) })
            .collect();
        let next = self.today.succ().map_or(Date::MAX, |next| next.max(range.from()));
        if let Some(coming) = DateRange::new(next, range.to()).filter(|_| self.today < range.to()) {
            days.extend(coming.iter().map(|date| CalendarDay { date, state: self.state_on(date), value: None }));
        }
        days
    }

    /// Done and due days (or met and counted periods) of `range`; see [`completion_rate`].
    pub fn tally(&self, range: DateRange) -> Tally {
        let mut tally = Tally::default();
        let Some(past) = self.past(range) else { return tally };
        for segment in self.timeline.segments() {
            if self.timeline.plan_of(segment).schedule.is_quota() {
                continue;
            }
            let closed = self.without_open_today(past).and_then(|past| past.intersect(segment.range()));
            for (_, counted, done) in closed.into_iter().flat_map(|days| self.counted_words(days)) {
                tally.due += counted.count_ones();
                tally.done += (counted & done).count_ones();
            }
        }
        for period in self.counted_periods(past) {
            tally.add(period.done);
        }
        tally
    }

    /// Done ÷ expected over the whole window: due days that were done ÷ due days of all, of quotas met periods ÷ periods,
    /// skipped ones left out. `None` without an end.
    pub fn progress_to_end(&self) -> Option<f64> {
        let window = self.timeline.window();
        let range = DateRange::new(window.starts_on, window.ends_on?)?;
        let mut tally = Tally { done: self.tally(range).done, due: 0 };
        for segment in self.timeline.segments() {
            // (Every day of a rolling quota that counts will be covered or missed.)
            if self.timeline.plan_of(segment).schedule.quota().is_none() {
                tally.due += self.asked(segment.range());
            }
        }
        let mut at = window.starts_on;
        while at <= range.to() {
            let unit = self.timeline.unit_on(at);
            let period = if unit.is_period() { self.timeline.period_of(at) } else { None };
            let last = match &period {
                Some(period) => period.range.to(),
                None => self
                    .timeline
                    .segments()
                    .iter()
                    .find(|segment| segment.range().contains(at))
                    .map_or(range.to(), |found| found.to),
            };
            if let Some(period) = &period
                && let progress = self.evaluate_period(period, at)
                && (progress.verdict.is_some() || progress.to >= self.today && !progress.is_neutral)
            {
                tally.due += 1;
            }
            match last.succ() {
                Some(next) => at = next,
                None => break,
            }
        }
        tally.rate()
    }

    /// Due days of `range` that aren't skipped, those to come included.
    fn asked(&self, range: DateRange) -> u32 {
        let past: u32 = self.counted_words(range).map(|(_, counted, _)| counted.count_ones()).sum();
        let coming = self.today.succ().and_then(|next| DateRange::new(next.max(range.from()), range.to()));
        past + coming.map_or(0, |coming| self.timeline.count_due(coming))
    }

    /// Totals, rates, bests and worsts up to today.
    pub fn stats(&self, week_start: Weekday) -> HabitStats {
        let window = self.timeline.window();
        let days = DateRange::new(window.starts_on, self.today.min(window.last()));
        let explained = days.map(|days| self.explain(days)).unwrap_or_default();
        let count = |state| explained.iter().filter(move |day| day.reason == state);
        let bonus = len32(count(DayState::Bonus).count());
        let mut counted = UnitTally::default();
        let mut by_month: Vec<Rated<Month>> = Vec::new();
        let mut by_weekday = Rated::week(week_start);
        for outcome in days.map(|days| self.outcomes(days)).unwrap_or_default() {
            counted.add(outcome);
            if !outcome.is_period {
                Rated::add_day(&mut by_weekday, outcome.date, outcome.done);
            }
            let (year, month, _) = outcome.date.year_month_day();
            let of = Month { year, month };
            let at = by_month.partition_point(|known| known.of < of);
            if by_month.get(at).is_none_or(|known| known.of != of) {
                by_month.insert(at, Rated { of, tally: Tally::default() });
            }
            if let Some(month) = by_month.get_mut(at) {
                month.tally.add(outcome.done);
            }
        }
        for day in count(DayState::Done).filter(|day| self.is_quota_on(day.date)) {
            Rated::add_day(&mut by_weekday, day.date, true);
        }
        let latest: Vec<Rated<Month>> = by_month.iter().rev().copied().collect();
        let mut from_monday = by_weekday;
        from_monday.sort_by_key(|day| day.of);
        let (best_weekday, worst_weekday) = extremes(&from_monday);
        let (best_month, worst_month) = extremes(&latest);
        HabitStats {
            done: len32(count(DayState::Done).count()) + bonus,
            counted,
            skipped: len32(count(DayState::Skipped).filter(|day| self.is_scheduled(day.date)).count()),
            bonus,
            total_value: self.total_value(),
            by_weekday,
            by_month,
            best_weekday,
            worst_weekday,
            best_month,
            worst_month,
            progress: self.progress_to_end(),
        }
    }

    fn total_value(&self) -> Quantity {
        let window = self.timeline.window();
        let values = self.history.thousandths_from(window.starts_on).iter();
        let counted = values.take_while(|(date, _)| *date <= self.today.min(window.last()));
        Quantity::from_thousandths(counted.map(|(_, value)| u64::from(*value)).sum())
    }

    /// Whether the plan of today is a limit.
    pub fn is_limit(&self) -> bool {
        self.timeline.plan_on(self.today).kind.direction() == Direction::AtMost
    }
}

/// Those with the highest and the lowest rate, of equal ones the first; none where all are equal.
fn extremes<T: Copy>(rated: &[Rated<T>]) -> (Option<T>, Option<T>) {
    let rates = || rated.iter().filter_map(|one| Some((one.tally.rate()?, one.of)));
    let highest = rates().reduce(|best, next| if next.0 > best.0 { next } else { best });
    let lowest = rates().reduce(|worst, next| if next.0 < worst.0 { next } else { worst });
    match highest.zip(lowest) {
        Some((highest, lowest)) if highest.0 > lowest.0 => (Some(highest.1), Some(lowest.1)),
        _ => (None, None),
    }
}
