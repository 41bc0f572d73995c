//! Timelines, streaks, quotas, scores and rates against a slow reading of their definitions, day by day, on random
//! habits: several plan versions, pauses, windows, checks, counts, limits, quotas.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may fail loudly")]

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::{
    DayRecord, DayState, DaySummary, Direction, EntryState, History, Kind, Pause, Plan, Progress, Quota, RECENT_DAYS,
    Recent, Recorded, Schedule, StreakUnit, Timeline, Window, completion_rate, current_streak, score_on, scores,
    streaks, summary,
};
use circadia_domain::ids::PauseId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

type Entries = BTreeMap<Date, DayRecord>;

fn day(number: i32) -> Date {
    Date::from_days_since_epoch(number).unwrap()
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let weekdays = vec(select(vec!["mo", "tu", "we", "th", "fr", "sa", "su"]), 1..5).prop_map(|mut days| {
        days.sort_unstable();
        days.dedup();
        serde_json::to_string(&days).unwrap()
    });
    let json = prop_oneof![
        4 => Just(r#"{"type":"daily"}"#.to_owned()),
        2 => (1..12).prop_map(|n| format!(r#"{{"type":"daily","every":{n}}}"#)),
        3 => (weekdays, 1..4).prop_map(|(days, n)| format!(r#"{{"type":"weekly","weekdays":{days},"every":{n}}}"#)),
        1 => (1..4, select(vec!["clamp", "skip"])).prop_map(|(n, how)| format!(r#"{{"type":"monthly","days":[1,15,31,-2],"every":{n},"overflow":"{how}"}}"#)),
        1 => (1..6, -5..0).prop_map(|(n, m)| format!(r#"{{"type":"monthly","weekdays":[{{"nth":{n},"weekday":"fr"}},{{"nth":{m},"weekday":"mo"}}]}}"#)),
        1 => select(vec!["clamp", "skip"]).prop_map(|how| format!(r#"{{"type":"yearly","dates":["02-29","03-01","12-31"],"overflow":"{how}"}}"#)),
        2 => (1..10, 0..10).prop_map(|(a, r)| format!(r#"{{"type":"cycle","active_days":{a},"rest_days":{r}}}"#)),
        3 => (1..8).prop_map(|n| format!(r#"{{"type":"quota","times":{n},"per":"week"}}"#)),
        2 => (1..29).prop_map(|n| format!(r#"{{"type":"quota","times":{n},"per":"month"}}"#)),
        1 => (1..300).prop_map(|n| format!(r#"{{"type":"quota","times":{n},"per":"year"}}"#)),
        2 => (1..200, select(vec!["week", "month"])).prop_map(|(n, per)| format!(r#"{{"type":"quota","amount":{n},"per":"{per}"}}"#)),
    ];
    json.prop_map(|json| serde_json::from_str(&json).unwrap())
}

fn kind() -> impl Strategy<Value = Kind> {
    select(vec![
        r#"{"type":"check"}"#,
        r#"{"type":"check"}"#,
        r#"{"type":"count","target":8,"unit":"cups"}"#,
        r#"{"type":"count","target":3,"unit":"cups","direction":"at_most"}"#,
        r#"{"type":"minutes","target":30}"#,
        r#"{"type":"minutes","target":0,"direction":"at_most"}"#,
    ])
    .prop_map(|json| serde_json::from_str(json).unwrap())
}

fn plan(from: Date, week_start: Weekday) -> impl Strategy<Value = Plan> {
    (schedule(), kind()).prop_map(move |(schedule, kind)| {
        let kind = if schedule.fits(&kind).is_ok() {
            kind
        } else {
            serde_json::from_str(r#"{"type":"minutes","target":30}"#).unwrap()
        };
        Plan { effective_from: from, anchor: from, week_start, schedule, kind }
    })
}

#[derive(Debug, Clone)]
struct Case {
    timeline: Timeline,
    entries: Entries,
    today: Date,
}

fn case() -> impl Strategy<Value = Case> {
    let starts = prop_oneof![1 => 0..400_i32, 6 => 15_000..16_000_i32];
    (starts, 0..4_usize, select(vec![Weekday::Mo, Weekday::Mo, Weekday::Su, Weekday::We]), 20..900_i32)
        .prop_flat_map(|(start, versions, week_start, length)| {
            let plans: Vec<_> = (0..=versions)
                .map(|version| {
                    let at = if version == 0 { 0 } else { length * i32::try_from(version).unwrap() / 4 + 3 };
                    plan(day(start + at), week_start)
                })
                .collect();
            let pauses = vec((0..length, 0..40_i32, proptest::bool::weighted(0.1)), 0..4);
            let entries =
                vec((proptest::bool::weighted(0.75), 0..10_u8, 0..50_u32), usize::try_from(length).unwrap() + 8);
            let ends = prop_oneof![2 => Just(None), 1 => (0..length * 2).prop_map(Some)];
            (Just((start, length)), plans, pauses, entries, ends, prop_oneof![4 => Just(0), 1 => -3..400_i32])
        })
        .prop_map(|((start, length), plans, pauses, days, ends, after)| {
            let window = Window { starts_on: day(start), ends_on: ends.map(|ends| day(start + ends)) };
            let pauses = pauses
                .into_iter()
                .enumerate()
                .map(|(at, (from, days, open))| Pause {
                    id: PauseId::from_uuid(Uuid::from_u128(u128::try_from(at).unwrap())),
                    from: day(start + from),
                    to: (!open).then(|| day(start + from + days)),
                })
                .collect();
            let timeline = Timeline::new(window, plans, pauses).unwrap();
            let mut entries = Entries::new();
            for (at, (given, what, value)) in (0_i32..).zip(days) {
                let date = day((start - 3 + at).max(0));
                if given {
                    entries.insert(date, entry(&timeline.plan_on(date).kind, what, value));
                }
            }
            let today = day((start + length).saturating_add(after).max(0));
            Case { timeline, entries, today }
        })
}

fn entry(kind: &Kind, what: u8, value: u32) -> DayRecord {
    let Some(target) = kind.target() else {
        let state = match what {
            0 => EntryState::Skipped,
            1 => EntryState::Missed,
            _ => EntryState::Done,
        };
        return DayRecord { state, value: None };
    };
    let value = match what {
        0..=3 => value,
        _ if kind.direction() == Direction::AtMost => value % (target + 1),
        _ => target + value / 8,
    };
    match what {
        2 => DayRecord { state: EntryState::Skipped, value: value.is_multiple_of(2).then_some(value) },
        3 => DayRecord { state: EntryState::Missed, value: None },
        _ => DayRecord {
            state: if kind.is_met_by(value) { EntryState::Done } else { EntryState::Missed },
            value: Some(value),
        },
    }
}

/// The definitions, read slowly.
struct Oracle<'a> {
    case: &'a Case,
}

#[derive(Debug, Clone)]
struct Period {
    days: Vec<Date>,
    needed: u64,
    done: u64,
    available: u32,
    met: bool,
    over: bool,
}

impl Oracle<'_> {
    fn plan(&self, date: Date) -> &Plan {
        let plans = self.case.timeline.plans();
        plans.iter().rev().find(|plan| plan.effective_from <= date).unwrap_or(&plans[0])
    }

    fn scheduled(&self, date: Date) -> bool {
        let plan = self.plan(date);
        let since = plan.anchor.days_until(date);
        if since < 0 && !matches!(plan.schedule, Schedule::Quota { .. }) {
            return false;
        }
        let since = since.cast_unsigned();
        let length = (28..=31).rev().find(|last| Date::new(date.year(), date.month(), *last).is_some()).unwrap();
        let months = (date.year() * 12 + date.month().cast_signed()
            - plan.anchor.year() * 12
            - plan.anchor.month().cast_signed())
        .cast_unsigned();
        match &plan.schedule {
            Schedule::Daily { every } => since.is_multiple_of(*every),
            Schedule::Weekly { weekdays, every } => {
                let week =
                    |date: Date| date.days_since_epoch() - date.weekday().days_since(plan.week_start).cast_signed();
                let weeks = (week(date) - week(plan.anchor)) / 7;
                weekdays.contains(date.weekday()) && weeks.cast_unsigned().is_multiple_of(*every)
            }
            Schedule::MonthlyDays { days, every, overflow } => {
                let clamps = *overflow == circadia_domain::habits::Overflow::Clamp;
                let on = days.iter().any(|nominal| {
                    let mut at =
                        if *nominal > 0 { i32::from(*nominal) } else { length.cast_signed() + i32::from(*nominal) + 1 };
                    if clamps {
                        at = at.clamp(1, length.cast_signed());
                    }
                    at == date.day().cast_signed()
                });
                on && months.is_multiple_of(*every)
            }
            Schedule::MonthlyWeekdays { weekdays, every } => {
                let nth = i16::try_from((date.day() - 1) / 7 + 1).unwrap();
                let from_end = -i16::try_from((length - date.day()) / 7 + 1).unwrap();
                weekdays.iter().any(|day| day.weekday == date.weekday() && (day.nth == nth || day.nth == from_end))
                    && months.is_multiple_of(*every)
            }
            Schedule::Yearly { dates, every, overflow } => {
                let clamps = *overflow == circadia_domain::habits::Overflow::Clamp;
                let on = dates.iter().any(|wanted| {
                    let clamped = clamps && (wanted.month, wanted.day) == (2, 29) && length == 28 && date.month() == 2;
                    wanted.month == date.month() && (wanted.day == date.day() || clamped && date.day() == 28)
                });
                on && (date.year() - plan.anchor.year()).cast_unsigned().is_multiple_of(*every)
            }
            Schedule::Cycle { active_days, rest_days } => since % (active_days + rest_days) < *active_days,
            Schedule::Quota { .. } => true,
            Schedule::Rrule(_) => unreachable!(),
        }
    }

    fn paused(&self, date: Date) -> bool {
        self.case.timeline.pauses().iter().any(|pause| pause.contains(date))
    }

    fn due(&self, date: Date) -> bool {
        self.case.timeline.window().contains(date) && !self.paused(date) && self.scheduled(date)
    }

    fn record(&self, date: Date) -> Option<&DayRecord> {
        self.case.entries.get(&date).filter(|_| date <= self.case.today)
    }

    fn skipped(&self, date: Date) -> bool {
        self.record(date).is_some_and(|record| record.state == EntryState::Skipped)
    }

    fn called_missed(&self, date: Date) -> bool {
        self.record(date).is_some_and(|record| record.state == EntryState::Missed && record.value.is_none())
    }

    fn value(&self, date: Date) -> u64 {
        self.record(date).and_then(|record| record.value).map_or(0, u64::from)
    }

    fn done(&self, date: Date) -> bool {
        let kind = &self.plan(date).kind;
        if date > self.case.today || self.skipped(date) {
            return false;
        }
        match (kind.target(), kind.direction()) {
            (None, _) => self.record(date).is_some_and(|record| record.state == EntryState::Done),
            (Some(target), Direction::AtLeast) => {
                self.record(date).and_then(|record| record.value).is_some_and(|value| value >= target)
            }
            (Some(target), Direction::AtMost) => {
                date < self.case.today && !self.called_missed(date) && self.value(date) <= u64::from(target)
            }
        }
    }

    fn open_today(&self, date: Date) -> bool {
        date == self.case.today && !self.done(date) && !self.skipped(date) && !self.called_missed(date)
    }

    fn unit(&self, date: Date) -> StreakUnit {
        self.case.timeline.unit_on(date)
    }

    /// What makes days belong to one period.
    fn period_key(&self, date: Date) -> Option<(i32, u32, u8, Weekday, &'static str, Direction, bool)> {
        let plan = self.plan(date);
        let (quota, per) = plan.schedule.quota()?;
        let (year, month, _) = date.year_month_day();
        let (a, b) = match per.as_str() {
            "week" => (date.days_since_epoch() - date.weekday().days_since(plan.week_start).cast_signed(), 0),
            "month" => (year, month),
            _ => (year, 0),
        };
        let times = matches!(quota, Quota::Times(_));
        Some((a, b, per.as_str().as_bytes()[0], plan.week_start, plan.kind.type_name(), plan.kind.direction(), times))
    }

    fn whole_days(&self, date: Date) -> u64 {
        let (year, month, _) = date.year_month_day();
        match self.plan(date).schedule.quota().unwrap().1.as_str() {
            "week" => 7,
            "month" => (28..=31).rev().find(|last| Date::new(year, month, *last).is_some()).unwrap().into(),
            _ => 365 + u64::from(Date::new(year, 2, 29).is_some()),
        }
    }

    fn period(&self, date: Date) -> Option<Period> {
        let key = self.period_key(date)?;
        let window = self.case.timeline.window();
        let belongs = |date: &Date| window.contains(*date) && self.period_key(*date).as_ref() == Some(&key);
        let mut days: Vec<Date> =
            (0..370).map_while(|back| date.checked_add_days(-back)).take_while(|date| belongs(date)).collect();
        days.reverse();
        days.extend((1..370).map_while(|ahead| date.checked_add_days(ahead)).take_while(|date| belongs(date)));
        if days.is_empty() {
            return None;
        }
        let available: Vec<Date> =
            days.iter().copied().filter(|date| !self.paused(*date) && !self.recorded_skipped(*date)).collect();
        let sum: u64 =
            available.iter().map(|date| u64::from(self.plan(*date).schedule.quota().unwrap().0.number())).sum();
        let needed = sum.div_ceil(self.whole_days(date));
        let past: Vec<Date> = available.iter().copied().filter(|date| *date <= self.case.today).collect();
        let over = *days.last().unwrap() < self.case.today;
        let (done, met) = match (self.plan(date).schedule.quota().unwrap().0, self.plan(date).kind.direction()) {
            (Quota::Times(_), _) => {
                let done = past.iter().map(|date| u64::from(self.done(*date))).sum();
                (done, done >= needed)
            }
            (Quota::Amount(_), direction) => {
                let amount = past.iter().map(|date| self.value(*date)).sum();
                (amount, if direction == Direction::AtMost { over && amount <= needed } else { amount >= needed })
            }
        };
        Some(Period {
            needed,
            done,
            available: u32::try_from(available.len()).unwrap(),
            met: met && !available.is_empty(),
            over,
            days,
        })
    }

    /// Skips of days to come make those days unavailable too.
    fn recorded_skipped(&self, date: Date) -> bool {
        self.case.entries.get(&date).is_some_and(|record| record.state == EntryState::Skipped)
    }

    /// All streaks: (length, unit, from, to), in order of time; and the current one.
    fn streaks(&self) -> (Vec<(u32, StreakUnit, Date, Date)>, u32) {
        let window = self.case.timeline.window();
        let mut all = Vec::new();
        let mut run: Option<(u32, StreakUnit, Date, Date)> = None;
        let mut unit = None;
        let mut at = window.starts_on;
        while at <= self.case.today && window.contains(at) {
            if unit != Some(self.unit(at)) {
                all.extend(run.take());
                unit = Some(self.unit(at));
            }
            let (counts, from, to) = if let Some(period) = self.period(at) {
                let counts = if period.available == 0 {
                    None
                } else if period.met {
                    Some(true)
                } else {
                    period.over.then_some(false)
                };
                (counts, period.days[0], *period.days.last().unwrap())
            } else {
                let counts = (self.due(at) && !self.skipped(at) && !self.open_today(at)).then(|| self.done(at));
                (counts, at, at)
            };
            match counts {
                Some(true) => {
                    let begun = run.get_or_insert((0, self.unit(at), from, to));
                    begun.0 += 1;
                    begun.3 = to;
                }
                Some(false) => all.extend(run.take()),
                None => {}
            }
            match to.succ() {
                Some(next) => at = next,
                None => break,
            }
        }
        let current = run.map_or(0, |run| run.0);
        all.extend(run);
        (all, current)
    }

    fn frequency(&self, date: Date) -> (f64, i32) {
        let number = |length: usize| f64::from(u32::try_from(length).unwrap());
        let (due, days) = match &self.plan(date).schedule {
            Schedule::Daily { every } => (1.0, *every),
            Schedule::Weekly { weekdays, every } => (f64::from(weekdays.len()), 7 * every),
            Schedule::MonthlyDays { days, every, .. } => (number(days.len()), 30 * every),
            Schedule::MonthlyWeekdays { weekdays, every } => (number(weekdays.len()), 30 * every),
            Schedule::Yearly { dates, every, .. } => (number(dates.len()), 365 * every),
            Schedule::Cycle { active_days, rest_days } => (f64::from(*active_days), active_days + rest_days),
            Schedule::Quota { quota: Quota::Times(times), per } => (f64::from(*times), per.usual_days()),
            Schedule::Quota { quota: Quota::Amount(_), per } => (1.0, per.usual_days()),
            Schedule::Rrule(_) => unreachable!(),
        };
        (due / f64::from(days), days.cast_signed())
    }

    /// The scores of all days up to today, by the definition: every window summed anew.
    fn scores(&self) -> Vec<(Date, f64)> {
        let window = self.case.timeline.window();
        let mut score = 0.0;
        let mut all = Vec::new();
        let Some(days) = DateRange::new(window.starts_on, window.last().min(self.case.today)) else { return all };
        for date in days {
            let (f, den) = self.frequency(date);
            let plan = self.plan(date);
            let back = if f >= 1.0 { 0 } else { 2 * den - 1 };
            let first =
                Date::from_days_since_epoch((date.days_since_epoch() - back).max(window.starts_on.days_since_epoch()))
                    .unwrap();
            let due: Vec<Date> = DateRange::new(first, date)
                .unwrap()
                .iter()
                .filter(|date| self.due(*date) && !self.skipped(*date))
                .collect();
            let c = |due: &[Date]| -> Option<f64> {
                if due.is_empty() {
                    return None;
                }
                let weigh = |plan: &Plan, date: Date| match (
                    plan.schedule.quota(),
                    plan.kind.target(),
                    plan.kind.direction(),
                ) {
                    (Some((Quota::Times(_), _)), _, _) => ("days", self.frequency(date).0),
                    (Some((Quota::Amount(amount), per)), _, _) => {
                        let measure = if plan.kind.direction() == Direction::AtMost { "limit" } else { "share" };
                        (measure, f64::from(amount) / f64::from(per.usual_days()))
                    }
                    (None, Some(target), Direction::AtLeast) => ("target", f64::from(target)),
                    _ => ("days", 1.0),
                };
                let (now, weight_now) = weigh(plan, date);
                let (mut done, mut all) = (0.0, 0.0);
                for other in due {
                    let theirs = self.plan(*other);
                    let (measure, weight) = weigh(theirs, *other);
                    let same = (theirs.kind.type_name(), theirs.kind.direction())
                        == (plan.kind.type_name(), plan.kind.direction());
                    let kept = f64::from(u8::from(self.done(*other)));
                    let (part, of) = match now {
                        "days" if measure == "days" => (kept, weight),
                        "days" => (kept, weight_now),
                        _ if measure == now && same => (f64::from(u32::try_from(self.value(*other)).unwrap()), weight),
                        "limit" => continue,
                        _ => (kept * weight_now, weight_now),
                    };
                    done += part;
                    all += of;
                }
                match now {
                    "limit" if all == 0.0 => None,
                    "limit" => Some(if done <= all { 1.0 } else { all / done }),
                    _ => Some(f64::min(1.0, done / all)),
                }
            };
            let mut done = c(&due);
            if date == self.case.today && self.due(date) && !self.done(date) {
                let without: Vec<Date> = due.iter().copied().filter(|other| *other != date).collect();
                let amount = matches!(plan.schedule.quota(), Some((Quota::Amount(_), _)));
                let help = amount && plan.kind.direction() == Direction::AtLeast && c(&without).is_some();
                done = if help { Some(c(&without).unwrap().max(done.unwrap_or(0.0))) } else { c(&without) };
            }
            if let Some(done) = done {
                let m = 0.5_f64.powf(f.sqrt() / 13.0);
                score = score * m + done * (1.0 - m);
            }
            all.push((date, score));
        }
        all
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn due_days_are_those_of_the_definition(case in case()) {
        let oracle = Oracle { case: &case };
        let timeline = &case.timeline;
        let start = timeline.window().starts_on;
        let range = DateRange::new(start.saturating_add_days(-40), start.saturating_add_days(1000)).unwrap();
        let due: Vec<Date> = range.iter().filter(|date| oracle.due(*date)).collect();
        prop_assert_eq!(timeline.iter_due(range).collect::<Vec<_>>(), due.clone());
        let mut backwards: Vec<Date> = timeline.iter_due(range).rev().collect();
        backwards.reverse();
        prop_assert_eq!(&backwards, &due);
        prop_assert_eq!(timeline.count_due(range), u32::try_from(due.len()).unwrap());
        for date in range.iter().step_by(3) {
            prop_assert_eq!(timeline.is_due(date), oracle.due(date), "{}", date);
            let next = due.iter().copied().find(|found| *found > date);
            if next.is_some() {
                prop_assert_eq!(timeline.next_due_after(date), next, "after {}", date);
            }
            prop_assert_eq!(timeline.prev_due_before(date), due.iter().rev().copied().find(|found| *found < date), "before {}", date);
            let part = DateRange::new(date, date.saturating_add_days(97)).unwrap();
            prop_assert_eq!(timeline.count_due(part), u32::try_from(timeline.iter_due(part).count()).unwrap());
        }
    }

    #[test]
    fn streaks_are_those_of_the_definition(case in case()) {
        let oracle = Oracle { case: &case };
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let found = streaks(&case.timeline, &history, case.today);
        let (all, current) = oracle.streaks();
        let mut best = all.clone();
        best.reverse();
        best.sort_by_key(|run| std::cmp::Reverse(run.0));
        best.truncate(10);
        let listed: Vec<_> = found.best.iter().map(|best| (best.length, best.unit, best.from, best.to)).collect();
        prop_assert_eq!(listed, best);
        prop_assert_eq!(found.current, current);
        prop_assert_eq!(current_streak(&case.timeline, &history, case.today), current);
        let longest = all.iter().filter(|run| run.1 == found.unit).map(|run| run.0).max().unwrap_or(0);
        prop_assert_eq!(found.longest, longest);
        let summary = Progress::new(&case.timeline, &history, case.today).summary();
        prop_assert_eq!((summary.current_streak, summary.longest_streak), (found.current, found.longest));
        prop_assert_eq!((found.current_from, found.current_to), if current > 0 { all.last().map(|run| (Some(run.2), Some(run.3))).unwrap() } else { (None, None) });
    }

    #[test]
    fn reasons_fold_to_the_streak(case in case()) {
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let progress = Progress::new(&case.timeline, &history, case.today);
        let window = case.timeline.window();
        let Some(days) = DateRange::new(window.starts_on, case.today.min(window.last())) else { return Ok(()) };
        let (mut length, mut longest, mut unit) = (0, 0, None);
        let explained = progress.explain(days);
        prop_assert_eq!(explained.len(), usize::try_from(days.len()).unwrap());
        let mut at = 0;
        while at < explained.len() {
            let date = explained[at].date;
            let now = case.timeline.unit_on(date);
            if unit != Some(now) {
                length = 0;
                unit = Some(now);
            }
            match progress.period_of(date) {
                None => match explained[at].reason {
                    DayState::Done => length += 1,
                    DayState::Missed => length = 0,
                    _ => {}
                },
                Some(period) => {
                    let reasons: Vec<DayState> = explained[at..].iter().take_while(|day| day.date <= period.to).map(|day| day.reason).collect();
                    let missed = reasons.contains(&DayState::Missed) && period.over;
                    if missed {
                        length = 0;
                    } else if reasons.contains(&DayState::Done) && (period.over || period.met) {
                        length += 1;
                    }
                    at += reasons.len() - 1;
                }
            }
            if now == progress.streak_unit() {
                longest = longest.max(length);
            }
            at += 1;
        }
        let found = progress.streaks();
        prop_assert_eq!((length, longest), (found.current, found.longest));
    }

    #[test]
    fn states_periods_and_rates_are_those_of_the_definition(case in case()) {
        let oracle = Oracle { case: &case };
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let progress = Progress::new(&case.timeline, &history, case.today);
        let start = case.timeline.window().starts_on;
        let mut rate = (0_u32, 0_u32);
        let mut seen = start.pred();
        for date in DateRange::new(start.saturating_add_days(-5), start.saturating_add_days(950)).unwrap() {
            let state = progress.state_on(date);
            let period = oracle.period(date).filter(|_| case.timeline.window().contains(date));
                if let Some(period) = period {
                    let found = progress.period_of(date).unwrap();
                    prop_assert_eq!((found.from, found.to, found.done, u64::from(found.needed), found.available, found.met, found.over),
                        (period.days[0], *period.days.last().unwrap(), period.done, period.needed, period.available, period.met, period.over), "{}", date);
                    if date <= case.today && seen.is_none_or(|seen| seen < date) {
                        seen = period.days.last().copied();
                        if period.available > 0 && (period.met || period.over) {
                            rate.1 += 1;
                            rate.0 += u32::from(period.met);
                        }
                    }
                } else {
                    prop_assert_eq!(progress.period_of(date), None);
                    let kind = &oracle.plan(date).kind;
                    let bonus = kind.direction() == Direction::AtLeast && oracle.done(date);
                    let expected = match oracle.due(date) {
                        false if bonus => DayState::Bonus,
                        false if case.timeline.window().contains(date) && oracle.paused(date) => DayState::Paused,
                        false => DayState::NotDue,
                        true if oracle.skipped(date) => DayState::Skipped,
                        true if oracle.done(date) => DayState::Done,
                        true if date > case.today || oracle.open_today(date) => DayState::Pending,
                        true => DayState::Missed,
                    };
                    prop_assert_eq!(state, expected, "{}", date);
                    prop_assert_eq!(progress.is_due(date), oracle.due(date));
                    if oracle.due(date) && !oracle.skipped(date) && (date < case.today || date == case.today && oracle.done(date)) {
                        rate.1 += 1;
                        rate.0 += u32::from(oracle.done(date));
                    }
                }
        }
        let range = DateRange::new(start, start.saturating_add_days(950)).unwrap();
        let expected = (rate.1 > 0).then(|| f64::from(rate.0) / f64::from(rate.1));
        if case.today <= range.to() {
            prop_assert_eq!(completion_rate(&case.timeline, &history, range, case.today), expected);
        }
        let stats = progress.stats();
        prop_assert_eq!(stats.by_weekday.iter().map(|day| day.tally.done).sum::<u32>() + stats.bonus, stats.done);
        prop_assert_eq!(stats.by_month.iter().map(|month| month.tally.due).sum::<u32>(), stats.due);
        for year in [start.year(), start.year() + 1] {
            for day in progress.calendar(DateRange::year(year).unwrap()) {
                prop_assert_eq!(day.state, progress.state_on(day.date));
            }
        }
    }

    #[test]
    fn scores_are_those_of_the_definition(case in case()) {
        let oracle = Oracle { case: &case };
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let expected = oracle.scores();
        let found = scores(&case.timeline, &history, DateRange::ALL, case.today);
        prop_assert_eq!(found.len(), expected.len());
        for (found, (date, value)) in found.iter().zip(&expected) {
            prop_assert_eq!(found.date, *date);
            prop_assert!((found.value - value).abs() < 1e-9, "{}: {} is not {}", date, found.value, value);
        }
        let last = expected.last().map_or(0.0, |(_, value)| *value);
        prop_assert!((score_on(&case.timeline, &history, case.today) - last).abs() < 1e-9);
        let late = DateRange::new(case.today.saturating_add_days(-30), case.today).unwrap();
        for score in scores(&case.timeline, &history, late, case.today) {
            let known = expected.iter().find(|(date, _)| *date == score.date).unwrap();
            prop_assert!((score.value - known.1).abs() < 1e-9);
        }
    }

    #[test]
    fn a_history_is_the_same_however_it_came_about(case in case(), seed in 1..1000_i32) {
        let rebuilt = History::rebuild(&case.timeline, case.entries.clone());
        prop_assert_eq!(History::decode(&rebuilt.encode()), Ok(rebuilt.clone()));
        let mut shuffled: Vec<(Date, DayRecord)> = case.entries.clone().into_iter().collect();
        shuffled.sort_by_key(|(date, _)| date.days_since_epoch() * seed % 997);
        let mut history = History::default();
        let write = |history: &mut History, date: Date, record: Option<DayRecord>| {
            assert_eq!(history.record(&case.timeline, date, record.as_ref()), Recorded::TakenUp);
        };
        for (date, record) in &shuffled {
            write(&mut history, *date, Some(DayRecord { state: EntryState::Done, value: Some(5) }));
            write(&mut history, *date, Some(*record));
        }
        prop_assert!(history.agrees_with(&rebuilt));
        for (date, _) in &shuffled {
            write(&mut history, *date, None);
        }
        prop_assert!(history.agrees_with(&History::default()));
    }

    #[test]
    fn the_recent_part_says_what_the_whole_says(case in case(), later in 0..80_i32) {
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let recent = Recent::of(&case.timeline, &history);
        prop_assert_eq!(Recent::decode(&recent.encode()), Ok(recent.clone()));
        prop_assert!(recent.agrees_with(&history, &case.timeline));
        let last = history.last_day().unwrap_or(case.today);
        let known_from = last.saturating_add_days(-RECENT_DAYS - 3);
        for back in [-400, -60, -later, 0, 1, later, 27, 28, 40, 90, 200, 500] {
            let date = last.saturating_add_days(-back);
            let Some(found) = recent.summary(&case.timeline, date) else {
                prop_assert!(date < known_from, "{} should be known", date);
                continue;
            };
            prop_assert_eq!(recent.is_due(&case.timeline, date), Some(Progress::new(&case.timeline, &history, date).is_due(date)));
            prop_assert_eq!(recent.current_streak(&case.timeline, date), Some(found.current_streak));
            let expected = summary(&case.timeline, &history, date);
            prop_assert!((found.score - expected.score).abs() < 1e-9, "{}: {} is not {}", date, found.score, expected.score);
            prop_assert_eq!(DaySummary { score: expected.score, ..found }, expected, "{}", date);
        }
    }
}
