//! Random habits: several plan versions, pauses, windows, checks, counts, limits, quotas; and entries on them.

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, Weekday};
use circadia_domain::habits::{
    Archive, DayRecord, Direction, EntryState, Kind, Pause, PauseSource, Per, Plan, Quota, Schedule, Timeline, Window,
};
use circadia_domain::ids::PauseId;
use circadia_domain::quantity::Quantity;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

pub(crate) type Entries = BTreeMap<Date, DayRecord>;

pub(crate) fn day(number: i32) -> Date {
    Date::from_days_since_epoch(number).unwrap()
}

pub(crate) fn schedule() -> impl Strategy<Value = Schedule> {
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
    ];
    let by_days = json.prop_map(|json| serde_json::from_str(&json).unwrap());
    prop_oneof![14 => by_days, 9 => quota(), 6 => rolling()]
}

fn rolling() -> impl Strategy<Value = Schedule> {
    let days = prop_oneof![6 => 2..10_u32, 2 => 10..70_u32, 1 => Just(366)];
    let numbers = days.prop_flat_map(|days| (prop_oneof![3 => 1..=days, 1 => Just(days), 1 => Just(1)], Just(days)));
    numbers.prop_map(|(times, days)| {
        let json = format!(r#"{{"type":"quota","times":{times},"per":"rolling","days":{days}}}"#);
        serde_json::from_str(&json).unwrap()
    })
}

fn quota() -> impl Strategy<Value = Schedule> {
    let json = prop_oneof![
        3 => (1..8).prop_map(|n| format!(r#"{{"type":"quota","times":{n},"per":"week"}}"#)),
        2 => (1..29).prop_map(|n| format!(r#"{{"type":"quota","times":{n},"per":"month"}}"#)),
        1 => (1..300).prop_map(|n| format!(r#"{{"type":"quota","times":{n},"per":"year"}}"#)),
        2 => (1..200, select(vec!["week", "month"])).prop_map(|(n, per)| format!(r#"{{"type":"quota","amount":{n},"per":"{per}"}}"#)),
        1 => (0..30, select(vec!["week", "month"])).prop_map(|(n, per)| format!(r#"{{"type":"quota","amount":{n}.375,"per":"{per}"}}"#)),
    ];
    json.prop_map(|json| serde_json::from_str(&json).unwrap())
}

pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    select(vec![
        r#"{"type":"check"}"#,
        r#"{"type":"check"}"#,
        r#"{"type":"count","target":8,"unit":"cups"}"#,
        r#"{"type":"count","target":3,"unit":"cups","direction":"at_most"}"#,
        r#"{"type":"count","target":2.5,"unit":"km"}"#,
        r#"{"type":"count","target":0.75,"unit":"l","direction":"at_most"}"#,
        r#"{"type":"minutes","target":30}"#,
        r#"{"type":"minutes","target":0,"direction":"at_most"}"#,
    ])
    .prop_map(|json| serde_json::from_str(json).unwrap())
}

fn plan(schedule: impl Strategy<Value = Schedule>, from: Date, week_start: Weekday) -> impl Strategy<Value = Plan> {
    (schedule, kind()).prop_map(move |(schedule, kind)| {
        let kind = if schedule.fits(&kind).is_ok() {
            kind
        } else {
            serde_json::from_str(r#"{"type":"minutes","target":30}"#).unwrap()
        };
        Plan { effective_from: from, anchor: from, week_start, schedule, kind }
    })
}

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) timeline: Timeline,
    /// As they were given: some overlap.
    pub(crate) archives: Vec<Archive>,
    pub(crate) entries: Entries,
    pub(crate) today: Date,
}

/// The version of a quota that follows another one: of the same kind and period, with another number.
fn with_other_number(previous: &Plan, from: Date, number: u64) -> Option<Plan> {
    let mut schedule = serde_json::to_value(&previous.schedule).unwrap();
    if let Some(rolling) = previous.schedule.rolling() {
        schedule["times"] = (1 + number % u64::from(rolling.days)).into();
        let schedule = serde_json::from_value(schedule).unwrap();
        return Some(Plan { effective_from: from, anchor: from, schedule, ..previous.clone() });
    }
    let number = match previous.schedule.quota()? {
        (Quota::Times(_), Per::Week) => ("times", 1 + number % 7),
        (Quota::Times(_), _) => ("times", 1 + number % 28),
        (Quota::Amount(_), _) => ("amount", 1 + number),
    };
    schedule[number.0] = number.1.into();
    let schedule = serde_json::from_value(schedule).unwrap();
    Some(Plan { effective_from: from, anchor: from, schedule, ..previous.clone() })
}

/// The versions of a habit whose present day is so many days after its first: some begin shortly before that day, on it
/// or after it, and some quotas only get another number.
fn plans(start: i32, (length, present): (i32, i32), week_start: Weekday) -> impl Strategy<Value = Vec<Plan>> {
    let recent = (1..15_i32).prop_map(move |back| present - back);
    let at = prop_oneof![3 => 1..length, 1 => Just(present), 1 => recent, 1 => Just(present + 1)];
    let later = vec((at, plan(schedule(), day(start), week_start), any::<bool>(), 0..60_u64), 0..4);
    (plan(schedule(), day(start), week_start), later).prop_map(move |(first, mut later)| {
        later.retain(|(at, ..)| *at > 0);
        later.sort_by_key(|(at, ..)| *at);
        later.dedup_by_key(|(at, ..)| *at);
        let mut plans = vec![first];
        for (at, plan, is_alike, number) in later {
            let from = day(start + at);
            let alike = with_other_number(plans.last().unwrap(), from, number).filter(|_| is_alike);
            plans.push(alike.unwrap_or(Plan { effective_from: from, anchor: from, ..plan }));
        }
        plans
    })
}

/// The versions of a quota that gets another number on the present day, or shortly before it.
fn quota_plans(start: i32, present: i32, week_start: Weekday) -> impl Strategy<Value = Vec<Plan>> {
    let back = prop_oneof![2 => Just(0), 1 => 1..20_i32];
    let any_quota = prop_oneof![2 => quota(), 1 => rolling()];
    (plan(any_quota, day(start), week_start), back, 0..60_u64).prop_map(move |(first, back, number)| {
        let from = day(start + (present - back).max(1));
        let second = with_other_number(&first, from, number);
        std::iter::once(first).chain(second).collect()
    })
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let starts = prop_oneof![1 => 0..400_i32, 6 => 15_000..16_000_i32];
    let week_starts = select(vec![Weekday::Mo, Weekday::Mo, Weekday::Su, Weekday::We]);
    (starts, week_starts, 20..900_i32, prop_oneof![4 => Just(0), 1 => -3..400_i32])
        .prop_flat_map(|(start, week_start, length, after)| {
            let present = length + after;
            // Anywhere, or shortly before the present day.
            let from = move || prop_oneof![3 => 0..length, 1 => (present - 30).max(0)..=present];
            let pauses = vec((from(), 0..40_i32, proptest::bool::weighted(0.1)), 0..4);
            let lost = vec((0..length + 8, prop_oneof![9 => Just(0), 1 => Just(1)]), 0..5);
            let archives = vec((0..length + 20, 0..120_i32, proptest::bool::weighted(0.15)), 0..3);
            let entries =
                vec((proptest::bool::weighted(0.75), 0..10_u8, 0..50_u32), usize::try_from(length).unwrap() + 8);
            let ends = prop_oneof![2 => Just(None), 1 => (0..length * 2).prop_map(Some)];
            (
                Just((start, length)),
                prop_oneof![
                    3 => plans(start, (length, present), week_start),
                    1 => quota_plans(start, present, week_start),
                ],
                (pauses, lost, archives),
                (entries, proptest::bool::weighted(0.3)),
                ends,
                Just(after),
            )
        })
        .prop_map(|((start, length), plans, (pauses, lost, archives), (days, is_open), ends, after)| {
            let window = Window { starts_on: day(start), ends_on: ends.map(|ends| day(start + ends)) };
            let id = |at: usize| PauseId::from_uuid(Uuid::from_u128(u128::try_from(at).unwrap()));
            let pauses = pauses.into_iter().enumerate().map(|(at, (from, days, open))| Pause {
                id: id(at),
                from: day(start + from),
                to: (!open).then(|| day(start + from + days)),
                source: if at % 2 == 0 { PauseSource::Own } else { PauseSource::Shared },
            });
            let lost = lost.into_iter().enumerate().map(|(at, (from, days))| Pause {
                id: id(at),
                from: day(start + from),
                to: Some(day(start + from + days)),
                source: PauseSource::DateLine,
            });
            let pauses = pauses.chain(lost).collect();
            let archives: Vec<Archive> = archives
                .into_iter()
                .map(|(from, days, open)| Archive {
                    from: day(start + from),
                    until: (!open).then(|| day(start + from + days)),
                })
                .collect();
            let timeline = Timeline::with_archives(window, plans, pauses, archives.clone()).unwrap();
            let mut entries = Entries::new();
            for (at, (given, what, value)) in (0_i32..).zip(days) {
                let date = day((start - 3 + at).max(0));
                if given {
                    entries.insert(date, entry(&timeline.plan_on(date).kind, what, value));
                }
            }
            let today = day((start + length).saturating_add(after).max(0));
            if is_open {
                entries.remove(&today);
            }
            Case { timeline, archives, entries, today }
        })
}

pub(crate) fn entry(kind: &Kind, what: u8, value: u32) -> DayRecord {
    let Some(target) = kind.target() else {
        let state = match what {
            0 => EntryState::Skipped,
            1 => EntryState::Missed,
            _ => EntryState::Done,
        };
        return DayRecord { state, value: None, settled: false };
    };
    let target = target.thousandths();
    // Where the target has decimals, the values have some too.
    let step = if target.is_multiple_of(1_000) { 1_000 } else { 125 };
    let value = u64::from(value);
    let value = Quantity::from_thousandths(match what {
        0..=3 => value * step,
        _ if kind.direction() == Direction::AtMost => value * step % (target + step),
        _ => target + value / 8 * step,
    });
    match what {
        2 => DayRecord {
            state: EntryState::Skipped,
            value: value.thousandths().is_multiple_of(2 * step).then_some(value),
            settled: false,
        },
        3 => DayRecord { state: EntryState::Missed, value: None, settled: false },
        _ => DayRecord {
            state: if kind.is_met_by(value) { EntryState::Done } else { EntryState::Missed },
            value: Some(value),
            settled: kind.direction() == Direction::AtMost && kind.is_met_by(value) && what % 2 == 1,
        },
    }
}
