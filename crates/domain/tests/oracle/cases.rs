//! Random habits: several plan versions, pauses, windows, checks, counts, limits, quotas; and entries on them.

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, Weekday};
use circadia_domain::habits::{
    Archive, DayRecord, Direction, EntryState, Kind, Pause, PauseSource, Plan, Schedule, Timeline, Window,
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

pub(crate) fn plan(from: Date, week_start: Weekday) -> impl Strategy<Value = Plan> {
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
pub(crate) struct Case {
    pub(crate) timeline: Timeline,
    pub(crate) entries: Entries,
    pub(crate) today: Date,
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
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
            let lost = vec((0..length + 8, prop_oneof![9 => Just(0), 1 => Just(1)]), 0..5);
            let archives = vec((0..length + 20, 0..120_i32, proptest::bool::weighted(0.15)), 0..3);
            let entries =
                vec((proptest::bool::weighted(0.75), 0..10_u8, 0..50_u32), usize::try_from(length).unwrap() + 8);
            let ends = prop_oneof![2 => Just(None), 1 => (0..length * 2).prop_map(Some)];
            (
                Just((start, length)),
                plans,
                (pauses, lost, archives),
                entries,
                ends,
                prop_oneof![4 => Just(0), 1 => -3..400_i32],
            )
        })
        .prop_map(|((start, length), plans, (pauses, lost, archives), days, ends, after)| {
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
            let archives = archives
                .into_iter()
                .map(|(from, days, open)| Archive {
                    from: day(start + from),
                    until: (!open).then(|| day(start + from + days)),
                })
                .collect();
            let timeline = Timeline::with_archives(window, plans, pauses, archives).unwrap();
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
