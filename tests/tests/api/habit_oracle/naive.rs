//! Habits by their definitions, day by day and without a thought for speed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Days, NaiveDate};
use serde_json::{Value, json};

pub(super) type Day = NaiveDate;

pub(super) const WEEKDAYS: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Per {
    Week,
    Month,
    Year,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Schedule {
    Daily(i64),
    Weekly(Vec<i64>, i64),
    DaysOfMonth(Vec<i64>, i64, bool),
    WeekdaysOfMonth(Vec<(i64, i64)>, i64),
    DatesOfYear(Vec<(u32, u32)>, bool),
    Cycle(i64, i64),
    Times(u64, Per),
    Amount(u64, Per),
    /// So many times in any so many days.
    Rolling(u64, u64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Check,
    /// With its target, and whether that is a limit.
    Count(u64, bool),
    Minutes(u64, bool),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) from: Day,
    pub(super) anchor: Day,
    pub(super) week_start: i64,
    pub(super) schedule: Schedule,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    Done,
    Skipped,
    Missed,
}

#[derive(Debug, Clone)]
pub(super) struct Habit {
    pub(super) id: String,
    pub(super) theme: Option<usize>,
    pub(super) starts: Day,
    pub(super) ends: Option<Day>,
    pub(super) plans: Vec<Plan>,
    pub(super) pauses: Vec<(Day, Option<Day>)>,
    /// From a day until another, which isn't archived any more.
    pub(super) archives: Vec<(Day, Option<Day>)>,
    pub(super) entries: BTreeMap<Day, (State, Option<u64>)>,
    /// Days within a limit that were called done before they were over.
    pub(super) settled: BTreeSet<Day>,
    pub(super) today: Day,
}

/// A period of a quota.
#[derive(Debug, Clone)]
struct Period {
    days: Vec<Day>,
    /// How many of its days are neither skipped nor away.
    available: u64,
    whole: u64,
    share: u64,
    needed: u64,
    done: u64,
    over: bool,
    met: bool,
    neutral: bool,
    verdict: Option<bool>,
}

/// What counts towards a rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) date: Day,
    pub(super) done: bool,
    pub(super) is_period: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Streak {
    pub(super) length: u64,
    pub(super) unit: &'static str,
    pub(super) from: Day,
    pub(super) to: Day,
}

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(super) fn plus(date: Day, days: i64) -> Day {
    date + chrono::Duration::days(days)
}

fn days(from: Day, to: Day) -> impl DoubleEndedIterator<Item = Day> {
    (0..=(to - from).num_days()).map(move |past| plus(from, past))
}

pub(super) fn weekday(date: Day) -> i64 {
    i64::from(date.weekday().num_days_from_monday())
}

fn last_of_month(date: Day) -> u32 {
    let next = date.with_day(1).unwrap().checked_add_months(chrono::Months::new(1)).unwrap();
    next.checked_sub_days(Days::new(1)).unwrap().day()
}

fn length(days: &[Day]) -> u64 {
    u64::try_from(days.len()).unwrap()
}

fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

pub(super) fn six(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

pub(super) fn ratio(done: u64, due: u64) -> Value {
    if due == 0 { Value::Null } else { json!(six(float(done) / float(due))) }
}

impl Schedule {
    pub(super) fn json(&self) -> Value {
        let names = |days: &[i64]| days.iter().map(|day| WEEKDAYS[usize::try_from(*day).unwrap()]).collect::<Vec<_>>();
        let overflow = |clamp: bool| if clamp { "clamp" } else { "skip" };
        let per = |per: Per| match per {
            Per::Week => "week",
            Per::Month => "month",
            Per::Year => "year",
        };
        match self {
            Self::Daily(every) => json!({"type": "daily", "every": every}),
            Self::Weekly(days, every) => json!({"type": "weekly", "weekdays": names(days), "every": every}),
            Self::DaysOfMonth(days, every, clamp) => {
                json!({"type": "monthly", "days": days, "every": every, "overflow": overflow(*clamp)})
            }
            Self::WeekdaysOfMonth(days, every) => {
                let days: Vec<Value> =
                    days.iter().map(|(nth, day)| json!({"nth": nth, "weekday": names(&[*day])[0]})).collect();
                json!({"type": "monthly", "weekdays": days, "every": every})
            }
            Self::DatesOfYear(dates, clamp) => {
                let dates: Vec<String> = dates.iter().map(|(month, day)| format!("{month:02}-{day:02}")).collect();
                json!({"type": "yearly", "dates": dates, "overflow": overflow(*clamp)})
            }
            Self::Cycle(active, rest) => json!({"type": "cycle", "active_days": active, "rest_days": rest}),
            Self::Times(times, of) => json!({"type": "quota", "times": times, "per": per(*of)}),
            Self::Amount(amount, of) => json!({"type": "quota", "amount": amount, "per": per(*of)}),
            Self::Rolling(times, days) => json!({"type": "quota", "times": times, "per": "rolling", "days": days}),
        }
    }

    fn is_quota(&self) -> bool {
        self.per().is_some() || matches!(self, Self::Rolling(..))
    }

    pub(super) fn per(&self) -> Option<(u64, Per)> {
        match self {
            Self::Times(number, per) | Self::Amount(number, per) => Some((*number, *per)),
            _ => None,
        }
    }
}

impl Kind {
    pub(super) fn json(self) -> Value {
        let direction = |limit| if limit { "at_most" } else { "at_least" };
        match self {
            Self::Check => json!({"type": "check"}),
            Self::Count(target, limit) => {
                json!({"type": "count", "target": target, "unit": "cups", "direction": direction(limit)})
            }
            Self::Minutes(target, limit) => {
                json!({"type": "minutes", "target": target, "direction": direction(limit)})
            }
        }
    }

    pub(super) fn target(self) -> Option<u64> {
        match self {
            Self::Check => None,
            Self::Count(target, _) | Self::Minutes(target, _) => Some(target),
        }
    }

    pub(super) fn is_limit(self) -> bool {
        matches!(self, Self::Count(_, true) | Self::Minutes(_, true))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Count(..) => "count",
            Self::Minutes(..) => "minutes",
        }
    }
}

impl Habit {
    pub(super) fn plan(&self, date: Day) -> &Plan {
        self.plans.iter().rev().find(|plan| plan.from <= date).unwrap_or(&self.plans[0])
    }

    fn in_window(&self, date: Day) -> bool {
        self.starts <= date && self.ends.is_none_or(|ends| date <= ends)
    }

    /// Whether the version in force has the day.
    fn scheduled(&self, date: Day) -> bool {
        let plan = self.plan(date);
        let since = (date - plan.anchor).num_days();
        if since < 0 && !plan.schedule.is_quota() {
            return false;
        }
        let months = |date: Day| i64::from(date.year()) * 12 + i64::from(date.month());
        let months = months(date) - months(plan.anchor);
        let (number, last) = (i64::from(date.day()), i64::from(last_of_month(date)));
        match &plan.schedule {
            Schedule::Daily(every) => since % every == 0,
            Schedule::Weekly(on, every) => {
                let begin = |date: Day| plus(date, -(weekday(date) - plan.week_start).rem_euclid(7));
                on.contains(&weekday(date)) && (begin(date) - begin(plan.anchor)).num_days() / 7 % every == 0
            }
            Schedule::DaysOfMonth(on, every, clamp) => {
                let nominal = |day: i64| if day > 0 { day } else { last + day + 1 };
                let shown = |day: i64| if *clamp { nominal(day).clamp(1, last) } else { nominal(day) };
                months % every == 0 && on.iter().any(|day| shown(*day) == number)
            }
            Schedule::WeekdaysOfMonth(on, every) => {
                let (nth, from_end) = ((number - 1) / 7 + 1, -((last - number) / 7 + 1));
                let is_one =
                    |(wanted, day): &(i64, i64)| *day == weekday(date) && (*wanted == nth || *wanted == from_end);
                months % every == 0 && on.iter().any(is_one)
            }
            Schedule::DatesOfYear(on, clamp) => on.iter().any(|(month, day)| {
                let day = if *clamp && *month == date.month() { (*day).min(last_of_month(date)) } else { *day };
                (*month, day) == (date.month(), date.day())
            }),
            Schedule::Cycle(active, rest) => since % (active + rest) < *active,
            Schedule::Times(..) | Schedule::Amount(..) | Schedule::Rolling(..) => true,
        }
    }

    fn paused(&self, date: Day) -> bool {
        self.pauses.iter().any(|(from, to)| *from <= date && to.is_none_or(|to| date <= to))
    }

    pub(super) fn archived(&self, date: Day) -> bool {
        self.archives.iter().any(|(from, until)| *from <= date && until.is_none_or(|until| date < until))
    }

    /// Whether an archive of an earlier day covers the day, such as that of a habit that ended after it was put away.
    fn was_archived_before(&self, date: Day) -> bool {
        self.archives.iter().any(|(from, until)| *from < date && until.is_none_or(|until| date < until))
    }

    /// Whether the day is paused, or archived. What was done on the very day of archiving counts.
    fn away(&self, date: Day) -> bool {
        let plan = self.plan(date);
        let did = match plan.schedule {
            Schedule::Amount(..) => self.value(date).unwrap_or(0) > 0 && !self.skipped(date),
            _ => self.done(date),
        };
        let counts = did
            && !plan.kind.is_limit()
            && self.scheduled(date)
            && self.archives.iter().any(|(from, until)| *from == date && *until != Some(date))
            && !self.was_archived_before(date);
        self.paused(date) || self.archived(date) && !counts
    }

    /// Of quotas: available.
    fn due(&self, date: Day) -> bool {
        self.in_window(date) && !self.away(date) && self.scheduled(date)
    }

    fn record(&self, date: Day) -> Option<(State, Option<u64>)> {
        self.entries.get(&date).copied().filter(|_| date <= self.today)
    }

    fn skipped(&self, date: Day) -> bool {
        self.record(date).is_some_and(|(state, _)| state == State::Skipped)
    }

    fn called_missed(&self, date: Day) -> bool {
        self.record(date) == Some((State::Missed, None))
    }

    /// None where the day has no value, or its kind knows none.
    pub(super) fn value(&self, date: Day) -> Option<u64> {
        self.plan(date).kind.target().and(self.record(date)?.1)
    }

    fn done(&self, date: Day) -> bool {
        if date > self.today || self.skipped(date) {
            return false;
        }
        let kind = self.plan(date).kind;
        let ticked = self.record(date).is_some_and(|(state, _)| state == State::Done);
        match kind.target() {
            None => ticked,
            Some(target) if kind.is_limit() => {
                (date < self.today || self.settled.contains(&date))
                    && !self.called_missed(date)
                    && self.value(date).unwrap_or(0) <= target
            }
            Some(target) => self.value(date).map_or(ticked, |value| value >= target),
        }
    }

    /// Whether a day is missed whatever is left of it: it was called so, or is over its limit.
    fn is_lost(&self, date: Day) -> bool {
        let plan = self.plan(date);
        let is_over = plan.kind.is_limit()
            && !matches!(plan.schedule, Schedule::Amount(..))
            && !self.skipped(date)
            && self.value(date) > plan.kind.target();
        self.called_missed(date) || is_over
    }

    fn open_today(&self, date: Day) -> bool {
        date == self.today && !self.done(date) && !self.skipped(date) && !self.is_lost(date)
    }

    pub(super) fn unit(&self, date: Day) -> &'static str {
        match self.plan(date).schedule.per() {
            None if self.is_rolling(date) => "days",
            None => "occurrences",
            Some((_, Per::Week)) => "weeks",
            Some((_, Per::Month)) => "months",
            Some((_, Per::Year)) => "years",
        }
    }

    pub(super) fn is_rolling(&self, date: Day) -> bool {
        self.in_window(date) && matches!(self.plan(date).schedule, Schedule::Rolling(..))
    }

    fn numbers(&self, date: Day) -> (usize, usize) {
        let Schedule::Rolling(times, days) = self.plan(date).schedule else { unreachable!() };
        (usize::try_from(times).unwrap(), usize::try_from(days).unwrap())
    }

    /// The days that count of the rolling versions around a day, and the last of their days.
    fn rolling_days(&self, date: Day) -> (Vec<Day>, Day) {
        let back = (1..).map(|back| plus(date, -back)).take_while(|date| self.is_rolling(*date));
        let mut all: Vec<Day> = back.collect();
        all.reverse();
        let far = plus(date.max(self.today), 900);
        all.extend(days(date, far).take_while(|date| self.is_rolling(*date)));
        let last = *all.last().unwrap();
        let skips = |date: &Day| self.entries.get(date).is_some_and(|(state, _)| *state == State::Skipped);
        all.retain(|date| !self.away(*date) && !skips(date));
        (all, last)
    }

    /// Whether a day of a rolling quota is covered (true), missed (false), or neither yet; or doesn't count.
    fn rolling_verdict(&self, date: Day) -> Option<bool> {
        let (all, last) = self.rolling_days(date);
        let mut past: Vec<Day> = all.into_iter().filter(|date| *date <= self.today).collect();
        let at = past.iter().position(|other| *other == date)?;
        let (mut times, mut size) = self.numbers(date);
        let is_over = last < self.today && !self.archived(last);
        if is_over {
            if past.len() < size {
                times = (times * past.len() / size).max(1);
                size = past.len();
            }
        } else {
            // Whatever is to come is taken as a day that counts.
            past.extend((1..).map(|ahead| plus(self.today, 5_000 + ahead)).take(size));
        }
        let mut verdict = Some(false);
        for begin in (at + 1).saturating_sub(size)..=at {
            let Some(window) = past.get(begin..begin + size) else { continue };
            let done = window.iter().filter(|date| self.done(**date)).count();
            let open = window.iter().filter(|date| **date > self.today || self.open_today(**date)).count();
            if done >= times {
                return Some(true);
            }
            if open > 0 && done + open >= times {
                verdict = None;
            }
        }
        verdict
    }

    /// Whether the days before a day of a rolling quota have enough done ones.
    fn rolling_met_before(&self, date: Day) -> bool {
        let (times, size) = self.numbers(date);
        let before = self.rolling_days(date).0.into_iter().rev().filter(|other| *other < date);
        before.take(size - 1).filter(|other| self.done(*other)).count() >= times
    }

    fn rolling_state(&self, date: Day) -> &'static str {
        match () {
            () if self.skipped(date) => "skipped",
            () if self.done(date) => "done",
            () if date > self.today && self.rolling_met_before(date) => "covered",
            () if date > self.today => "pending",
            () => match self.rolling_verdict(date) {
                Some(true) => "covered",
                Some(false) => "missed",
                None if self.open_today(date) => "pending",
                None => "not_due",
            },
        }
    }

    /// The first day of a day's period, and what else its days have in common.
    fn period_of(&self, date: Day) -> Option<(Day, Per, i64, &'static str, bool, bool)> {
        let plan = self.plan(date);
        let (_, per) = plan.schedule.per()?;
        let first = match per {
            Per::Week => plus(date, -(weekday(date) - plan.week_start).rem_euclid(7)),
            Per::Month => date.with_day(1).unwrap(),
            Per::Year => date.with_ordinal(1).unwrap(),
        };
        let times = matches!(plan.schedule, Schedule::Times(..));
        Some((first, per, plan.week_start, plan.kind.name(), plan.kind.is_limit(), times))
    }

    fn period(&self, date: Day) -> Option<Period> {
        let key = self.period_of(date)?;
        if !self.in_window(date) {
            return None;
        }
        let belongs = |date: &Day| self.in_window(*date) && self.period_of(*date) == Some(key);
        let mut all: Vec<Day> = (0..370).map(|back| plus(date, -back)).take_while(belongs).collect();
        all.reverse();
        all.extend((1..370).map(|ahead| plus(date, ahead)).take_while(belongs));
        let last = *all.last().unwrap();
        // One whose end was archived was never over.
        let over = last < self.today && !self.archived(last);
        Some(self.judged(all, over))
    }

    /// What these days of a period ask for, and what was done on them.
    fn judged(&self, all: Vec<Day>, over: bool) -> Period {
        let plan = self.plan(all[0]);
        let number = |date: &Day| self.plan(*date).schedule.per().unwrap().0;
        let of = match plan.schedule.per().unwrap().1 {
            Per::Week => 7,
            Per::Month => u64::from(last_of_month(all[0])),
            Per::Year => u64::from(all[0].with_month(12).unwrap().with_day(31).unwrap().ordinal()),
        };
        let open: Vec<Day> = all.iter().copied().filter(|date| !self.away(*date)).collect();
        let skips = |date: &Day| self.entries.get(date).is_some_and(|(state, _)| *state == State::Skipped);
        let (skipped, available): (Vec<Day>, Vec<Day>) = open.iter().partition(|date| skips(date));
        let share = open.iter().map(number).sum::<u64>() / of;
        let asked = if open.is_empty() { 0 } else { share.max(1) };
        let limit = plan.kind.is_limit() && matches!(plan.schedule, Schedule::Amount(..));
        let (needed, done) = if matches!(plan.schedule, Schedule::Times(..)) {
            let done: Vec<Day> = available.iter().copied().filter(|date| self.done(*date)).collect();
            (asked.saturating_sub(length(&skipped)), length(&done))
        } else {
            let even = if open.is_empty() { 0 } else { asked * length(&available) / length(&open) };
            (even, available.iter().filter_map(|date| self.value(*date)).sum())
        };
        let whole = all.iter().map(number).max().unwrap();
        let met = !available.is_empty() && if limit { over && done <= needed } else { done >= needed };
        let neutral = available.is_empty() || !limit && needed == 0 && done == 0;
        let verdict = match () {
            () if neutral => None,
            () if met => Some(true),
            // What the whole period allows is no miss in a part of it.
            () if limit && done <= whole => None,
            () => over.then_some(false),
        };
        Period { available: length(&available), days: all, whole, share, needed, done, over, met, neutral, verdict }
    }

    /// Whether the number of a period was reached before a day.
    fn met_before(&self, period: &Period, date: Day) -> bool {
        let plan = self.plan(date);
        let before =
            period.days.iter().copied().filter(|other| *other < date && !self.away(*other) && !self.skipped(*other));
        let done: u64 = match plan.schedule {
            Schedule::Times(..) => before.map(|date| u64::from(self.done(date))).sum(),
            _ if plan.kind.is_limit() => return false,
            _ => before.filter_map(|date| self.value(date)).sum(),
        };
        date > period.days[0] && done >= period.needed.max(1)
    }

    fn nothing_left(&self, period: &Period, date: Day) -> bool {
        period.neutral || period.needed == 0 && period.met || self.met_before(period, date)
    }

    /// Whether something is, or was, to be done on a day.
    pub(super) fn is_asked(&self, date: Day) -> bool {
        if self.is_rolling(date) {
            return self.due(date) && (self.done(date) || !self.rolling_met_before(date));
        }
        self.due(date) && self.period(date).is_none_or(|period| !self.nothing_left(&period, date))
    }

    pub(super) fn state(&self, date: Day) -> &'static str {
        let limit = self.plan(date).kind.is_limit();
        if !self.in_window(date) {
            return "not_due";
        }
        let quota = self.period(date);
        if quota.is_some() && self.away(date) || quota.is_none() && !self.due(date) {
            return match () {
                () if self.done(date) && !limit => "bonus",
                () if self.away(date) => "paused",
                () => "not_due",
            };
        }
        if self.is_rolling(date) {
            return self.rolling_state(date);
        }
        if self.skipped(date) {
            return "skipped";
        }
        let Some(period) = quota else {
            return match () {
                () if self.done(date) => "done",
                () if date < self.today || date == self.today && self.is_lost(date) => "missed",
                () => "pending",
            };
        };
        let value = self.value(date).unwrap_or(0);
        if matches!(self.plan(date).schedule, Schedule::Amount(..)) {
            if period.verdict == Some(false) {
                // A day missed its even share.
                let part = value * period.available;
                return if limit && part <= period.needed || !limit && part >= period.needed {
                    "done"
                } else {
                    "missed"
                };
            }
            if limit {
                return match () {
                    () if period.over && !period.met => "not_due",
                    () if period.over || date < self.today => "done",
                    () => "pending",
                };
            }
        }
        let counted = match self.plan(date).schedule {
            Schedule::Times(..) => self.done(date),
            _ => value > 0,
        };
        match () {
            () if counted && self.met_before(&period, date) => "bonus",
            () if counted => "done",
            () if period.verdict == Some(false) => "missed",
            () if date < self.today || period.met || self.nothing_left(&period, date) => "not_due",
            () if date == self.today && self.is_lost(date) => "missed",
            () => "pending",
        }
    }

    fn past(&self) -> Vec<Day> {
        let last = self.ends.map_or(self.today, |ends| ends.min(self.today));
        days(self.starts, last).collect()
    }

    /// All streaks in order of time, and whether the last one is unbroken.
    pub(super) fn streaks(&self) -> (Vec<Streak>, Option<Streak>) {
        let mut all: Vec<Streak> = Vec::new();
        let mut run: Option<Streak> = None;
        let mut passed = None;
        for date in self.past() {
            if passed.is_some_and(|passed| date <= passed) {
                continue;
            }
            let unit = self.unit(date);
            if run.is_some_and(|run| run.unit != unit) {
                all.extend(run.take());
            }
            let (verdict, from, to) = if let Some(period) = self.period(date) {
                (period.verdict, period.days[0], *period.days.last().unwrap())
            } else if self.is_rolling(date) {
                (self.rolling_verdict(date), date, date)
            } else {
                let counts = self.due(date) && !self.skipped(date) && !self.open_today(date);
                (counts.then(|| self.done(date)), date, date)
            };
            passed = Some(to);
            match verdict {
                Some(true) => {
                    let begun = run.get_or_insert(Streak { length: 0, unit, from, to });
                    *begun = Streak { length: begun.length + 1, to, ..*begun };
                }
                Some(false) => all.extend(run.take()),
                None => {}
            }
        }
        all.extend(run);
        (all, run)
    }

    /// What counts in a range.
    pub(super) fn outcomes(&self, from: Day, to: Day) -> Vec<Outcome> {
        let mut all = Vec::new();
        let mut passed = None;
        for date in self.past() {
            if passed.is_some_and(|passed| date <= passed) {
                continue;
            }
            if let Some(period) = self.period(date) {
                let last = *period.days.last().unwrap();
                passed = Some(last);
                let placed = last.min(self.today);
                all.extend(period.verdict.map(|done| Outcome { date: placed, done, is_period: true }));
            } else if self.is_rolling(date) {
                all.extend(self.rolling_verdict(date).map(|done| Outcome { date, done, is_period: true }));
            } else if self.due(date) && !self.skipped(date) && (date < self.today || self.done(date)) {
                all.push(Outcome { date, done: self.done(date), is_period: false });
            }
        }
        all.retain(|outcome| from <= outcome.date && outcome.date <= to);
        all
    }

    /// The days that count by weekday.
    pub(super) fn counted_days(&self, from: Day, to: Day) -> Vec<(Day, bool)> {
        let within = self.past().into_iter().filter(|date| from <= *date && *date <= to);
        within
            .filter_map(|date| {
                if self.plan(date).schedule.is_quota() {
                    return (self.state(date) == "done").then_some((date, true));
                }
                let counts = self.due(date) && !self.skipped(date) && (date < self.today || self.done(date));
                counts.then(|| (date, self.done(date)))
            })
            .collect()
    }

    /// done ÷ expected over the whole window.
    pub(super) fn progress(&self) -> Value {
        let Some(ends) = self.ends else { return Value::Null };
        let done = self.outcomes(self.starts, ends).iter().filter(|outcome| outcome.done).count();
        let (mut expected, mut passed) = (0, None);
        for date in days(self.starts, ends) {
            if passed.is_some_and(|passed| date <= passed) {
                continue;
            }
            if let Some(period) = self.period(date) {
                let last = *period.days.last().unwrap();
                passed = Some(last);
                expected += u64::from(period.verdict.is_some() || last >= self.today && !period.neutral);
            } else {
                // (A skip that is recorded for a day to come isn't known yet.)
                expected += u64::from(self.due(date) && !self.skipped(date));
            }
        }
        ratio(u64::try_from(done).unwrap(), expected)
    }

    /// num and den of the due days per day.
    fn frequency(&self, date: Day) -> (u64, u64) {
        let usual = |per: Per| match per {
            Per::Week => 7,
            Per::Month => 30,
            Per::Year => 365,
        };
        let number = |count: usize| u64::try_from(count).unwrap();
        let every = |every: &i64| u64::try_from(*every).unwrap();
        match &self.plan(date).schedule {
            Schedule::Daily(n) => (1, every(n)),
            Schedule::Weekly(on, n) => (number(on.len()), 7 * every(n)),
            Schedule::DaysOfMonth(on, n, _) => (number(on.len()), 30 * every(n)),
            Schedule::WeekdaysOfMonth(on, n) => (number(on.len()), 30 * every(n)),
            Schedule::DatesOfYear(on, _) => (number(on.len()), 365),
            Schedule::Cycle(active, rest) => (every(active), every(active) + every(rest)),
            Schedule::Times(times, per) => (*times, usual(*per)),
            Schedule::Amount(_, per) => (1, usual(*per)),
            Schedule::Rolling(times, days) => (*times, *days),
        }
    }

    /// How a day is weighed in a window: as what, and how much it asks for.
    fn weight(&self, date: Day) -> (&'static str, f64) {
        let plan = self.plan(date);
        let (num, den) = self.frequency(date);
        match (&plan.schedule, plan.kind.target()) {
            (Schedule::Times(..) | Schedule::Rolling(..), _) => ("days", float(num) / float(den)),
            (Schedule::Amount(amount, _), _) if plan.kind.is_limit() => ("limit", float(*amount) / float(den)),
            (Schedule::Amount(amount, _), _) => ("share", float(*amount) / float(den)),
            (_, Some(target)) if !plan.kind.is_limit() => ("target", float(target)),
            _ => ("days", 1.0),
        }
    }

    /// What was done ÷ what was due on these days, as the plan of `date` sees it.
    fn completion(&self, date: Day, due: &[Day]) -> Option<f64> {
        let (now, weight_now) = self.weight(date);
        let (mut done, mut all) = (0.0, 0.0);
        for other in due {
            let (measure, weight) = self.weight(*other);
            let (plan, theirs) = (self.plan(date).kind, self.plan(*other).kind);
            let alike = measure == now && (plan.name(), plan.is_limit()) == (theirs.name(), theirs.is_limit());
            let kept = self.done(*other) || self.skipped(*other);
            let full = |weight: f64| if kept { weight } else { 0.0 };
            let (part, of) = match now {
                // A day of a quota weighs its share of the number, and one done counts 1.
                "days" => (full(1.0), if measure == "days" { weight } else { weight_now }),
                "target" if alike => (self.value(*other).map_or(full(weight), float), weight),
                _ if alike && self.skipped(*other) => (weight, weight),
                _ if alike => (float(self.value(*other).unwrap_or(0)), weight),
                "limit" => continue,
                _ => (full(weight_now), weight_now),
            };
            done += part;
            all += of;
        }
        match now {
            _ if all == 0.0 => None,
            "limit" => Some(f64::min(1.0, all / done)),
            _ => Some(f64::min(1.0, done / all)),
        }
    }

    /// The same by whole periods, up to `to` (`date`, or the day before while that is open): what was done in each, up
    /// to what it asked for. None if the window begins before the version of `date`.
    fn completion_by_periods(&self, date: Day, from: Day, to: Day) -> Option<Option<f64>> {
        let begin = self.plan(date).from;
        if from < begin && from >= self.plans[0].from && begin > self.starts {
            return None;
        }
        let (mut asked, mut done, mut at) = (0, 0, from);
        let mut limit = None;
        while at <= to {
            let whole = self.period(at)?;
            let last = *whole.days.last().unwrap();
            let past: Vec<Day> = whole.days.iter().copied().filter(|date| *date <= to).collect();
            let so_far = if last > to { self.judged(past, false) } else { whole.clone() };
            if self.plan(at).kind.is_limit() && matches!(self.plan(at).schedule, Schedule::Amount(..)) {
                limit = Some(limit.unwrap_or(false) || so_far.done > whole.whole);
                asked += whole.whole;
                done += so_far.done;
            } else {
                let needed = if last > to && so_far.share == 0 { 0 } else { so_far.needed };
                asked += needed;
                done += so_far.done.min(needed);
            }
            at = plus(last, 1);
        }
        Some(match limit {
            Some(false) => Some(1.0),
            Some(true) => Some(f64::min(1.0, float(asked) / float(done))),
            None => (asked > 0).then(|| float(done) / float(asked)),
        })
    }

    /// The scores of all days up to today.
    pub(super) fn scores(&self) -> Vec<(Day, f64)> {
        let mut score = 0.0;
        let past = self.past();
        let mut all = Vec::new();
        for (at, date) in past.iter().copied().enumerate() {
            let (num, den) = self.frequency(date);
            let is_quota = |date: Day| self.plan(date).schedule.is_quota();
            let left_out = |date: Day| self.due(date) && self.skipped(date);
            if self.away(date) || left_out(date) {
                all.push((date, score));
                continue;
            }
            let window = if num >= den { 1 } else { usize::try_from(2 * den).unwrap() };
            let holds = |date: &&Day| !self.away(**date) && (is_quota(**date) || !left_out(**date));
            let held: Vec<Day> = past[..=at].iter().rev().filter(holds).take(window).copied().collect();
            let due: Vec<Day> = held.iter().copied().filter(|date| self.due(*date)).collect();
            let open = date == self.today && self.due(date) && !self.done(date);
            let before: Vec<Day> = due.iter().copied().filter(|other| *other != date || !open).collect();
            let mut part = self.completion(date, &before);
            // Of an amount, what was done so far today may help.
            if self.weight(date).0 == "share"
                && let Some((without, with)) = part.zip(self.completion(date, &due))
            {
                part = Some(without.max(with));
            }
            let first = *held.last().unwrap();
            if self.is_rolling(date) && num < den {
                // As Loop has it: what was done in the last 2 × den days, ÷ 2 × num, however few days there were yet.
                let held = past[..=at].iter().rev().filter(holds).filter(|other| !open || **other != date);
                let done = held.take(window).filter(|other| self.due(**other) && self.done(**other)).count();
                part = Some(f64::min(1.0, float(u64::try_from(done).unwrap()) / float(2 * num)));
            } else if is_quota(date) && num < den {
                let touched = self.period(first).zip(self.period(date));
                let broken = touched.is_some_and(|(first, last)| {
                    let mut all = days(first.days[0], *last.days.last().unwrap());
                    all.any(|other| self.away(other) || other <= date && self.skipped(other))
                });
                let last = if open { plus(date, -1) } else { date };
                if broken && let Some(by_periods) = self.completion_by_periods(date, first, last) {
                    part = part.and_then(|part| by_periods.map(|other| part.max(other)));
                }
            }
            if let Some(part) = part {
                let m = 0.5_f64.powf((float(num) / float(den)).sqrt() / 13.0);
                score = score * m + part * (1.0 - m);
            }
            all.push((date, score));
        }
        all
    }
}
