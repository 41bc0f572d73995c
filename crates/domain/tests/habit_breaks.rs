//! Who keeps a habit before and after a pause, an archive or skipped days loses nothing by them, whatever the schedule,
//! the kind, and the days.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::{
    Archive, DayRecord, Direction, EntryState, History, Kind, Pause, PauseSource, Plan, Progress, Quota, Schedule,
    Timeline, Window,
};
use circadia_domain::ids::PauseId;
use circadia_domain::quantity::Quantity;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

const CHECK: &str = r#"{"type":"check"}"#;
const COUNT: &str = r#"{"type":"count","target":4,"unit":"cups"}"#;
const MINUTES: &str = r#"{"type":"minutes","target":30}"#;
const LIMIT: &str = r#"{"type":"count","target":2,"unit":"cups","direction":"at_most"}"#;
const SCHEDULES: [&str; 33] = [
    r#"{"type":"daily"}"#,
    r#"{"type":"daily","every":3}"#,
    r#"{"type":"weekly","weekdays":["mo","we","fr"]}"#,
    r#"{"type":"weekly","weekdays":["su"],"every":2}"#,
    r#"{"type":"monthly","days":[1,15,31]}"#,
    r#"{"type":"monthly","weekdays":[{"nth":-1,"weekday":"fr"}]}"#,
    r#"{"type":"yearly","dates":["01-31","06-15","12-24"]}"#,
    r#"{"type":"cycle","active_days":3,"rest_days":2}"#,
    r#"{"type":"rrule","rrule":"FREQ=MONTHLY;BYDAY=MO,TH;INTERVAL=2"}"#,
    r#"{"type":"quota","times":1,"per":"week"}"#,
    r#"{"type":"quota","times":2,"per":"week"}"#,
    r#"{"type":"quota","times":3,"per":"week"}"#,
    r#"{"type":"quota","times":4,"per":"week"}"#,
    r#"{"type":"quota","times":5,"per":"week"}"#,
    r#"{"type":"quota","times":6,"per":"week"}"#,
    r#"{"type":"quota","times":7,"per":"week"}"#,
    r#"{"type":"quota","times":1,"per":"month"}"#,
    r#"{"type":"quota","times":10,"per":"month"}"#,
    r#"{"type":"quota","times":28,"per":"month"}"#,
    r#"{"type":"quota","times":12,"per":"year"}"#,
    r#"{"type":"quota","times":200,"per":"year"}"#,
    r#"{"type":"quota","amount":5,"per":"week"}"#,
    r#"{"type":"quota","amount":150,"per":"week"}"#,
    r#"{"type":"quota","amount":20,"per":"month"}"#,
    r#"{"type":"quota","amount":600,"per":"month"}"#,
    r#"{"type":"quota","amount":5000,"per":"year"}"#,
    r#"{"type":"quota","amount":7.5,"per":"week"}"#,
    r#"{"type":"quota","amount":0.75,"per":"month"}"#,
    r#"{"type":"quota","times":1,"per":"rolling","days":7}"#,
    r#"{"type":"quota","times":2,"per":"rolling","days":3}"#,
    r#"{"type":"quota","times":5,"per":"rolling","days":7}"#,
    r#"{"type":"quota","times":10,"per":"rolling","days":30}"#,
    r#"{"type":"quota","times":14,"per":"rolling","days":14}"#,
];

/// What the habit rests for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Break {
    Pause,
    Archive,
    /// On every due day; with a step, on every second or third one.
    Skips(i32),
}

fn start() -> Date {
    Date::parse("2022-01-03").unwrap()
}

fn habit(schedule: &Schedule, kind: &Kind, breaks: &[(Break, i32, i32)]) -> Timeline {
    let plan = Plan {
        effective_from: start(),
        anchor: start(),
        week_start: Weekday::Mo,
        schedule: schedule.clone(),
        kind: kind.clone(),
    };
    let (mut pauses, mut archives) = (Vec::new(), Vec::new());
    for (what, first, length) in breaks {
        let from = start().saturating_add_days(*first);
        match what {
            Break::Pause => pauses.push(Pause {
                id: PauseId::from_uuid(Uuid::from_u128(1 + u128::from(first.cast_unsigned()))),
                from,
                to: Some(from.saturating_add_days(length - 1)),
                source: PauseSource::Own,
            }),
            Break::Archive => archives.push(Archive { from, until: Some(from.saturating_add_days(*length)) }),
            Break::Skips(_) => {}
        }
    }
    Timeline::with_archives(Window { starts_on: start(), ends_on: None }, vec![plan], pauses, archives).unwrap()
}

/// Does what is due on each day on which it is, and no more, but where it skips.
fn keep(timeline: &Timeline, breaks: &[(Break, i32, i32)], days: i32) -> (History, Date) {
    let plan = timeline.plans().first().unwrap();
    let limited = plan.kind.direction() == Direction::AtMost;
    let mut history = History::default();
    let mut today = start();
    for day in 0..days {
        today = start().saturating_add_days(day);
        if !Progress::new(timeline, &history, today).is_due(today) {
            continue;
        }
        let skips = breaks.iter().any(|(what, first, length)| {
            matches!(what, Break::Skips(step) if (*first..first + length).contains(&day) && day % step == 0)
        });
        let value = match (plan.schedule.quota(), plan.kind.target()) {
            (_, None) => None,
            // An even share of what is allowed, or a good share of what is asked for.
            (Some((Quota::Amount(amount), per)), Some(target)) => {
                let days = u64::from(per.containing(today, Weekday::Mo).len());
                let share = Quantity::from_thousandths(amount.thousandths() / days / 1_000 * 1_000);
                Some(if limited { share } else { target.max(share.plus(Quantity::whole(1))) })
            }
            (None | Some((Quota::Times(_), _)), Some(target)) => Some(target),
        };
        let record = if skips {
            DayRecord { state: EntryState::Skipped, value: None, settled: false }
        } else {
            DayRecord { state: EntryState::Done, value, settled: false }
        };
        history.record(timeline, today, Some(&record));
    }
    (history, today)
}

/// By how much the score ever lies below an earlier one.
fn deepest_fall(timeline: &Timeline, history: &History, today: Date) -> f64 {
    let (mut highest, mut deepest) = (0.0_f64, 0.0_f64);
    for score in Progress::new(timeline, history, today).scores(DateRange::ALL) {
        highest = highest.max(score.value);
        deepest = deepest.max(highest - score.value);
    }
    deepest
}

fn is_kept(schedule: &str, kind: &str, breaks: &[(Break, i32, i32)]) -> Result<(), TestCaseError> {
    let schedule: Schedule = serde_json::from_str(schedule).unwrap();
    let mut kind: Kind = serde_json::from_str(kind).unwrap();
    if schedule.fits(&kind).is_err() {
        kind = serde_json::from_str(MINUTES).unwrap();
    }
    let days = 900;
    let (unbroken, broken) = (habit(&schedule, &kind, &[]), habit(&schedule, &kind, breaks));
    let (plain, today) = keep(&unbroken, &[], days);
    let (history, _) = keep(&broken, breaks, days);
    let progress = Progress::new(&broken, &history, today);
    let streaks = progress.streaks();
    prop_assert!(streaks.best.len() <= 1, "the streak was broken: {:?}", streaks.best);
    prop_assert_eq!(streaks.current, progress.tally(DateRange::ALL).done);
    prop_assert!(progress.tally(DateRange::ALL).rate().is_none_or(|rate| rate >= 1.0));
    let (before, after) = (deepest_fall(&unbroken, &plain, today), deepest_fall(&broken, &history, today));
    // (The score of a rolling quota is Loop's, where a skipped day is one that wasn't done.)
    let is_scored_with_skips =
        schedule.rolling().is_some() && breaks.iter().any(|(what, ..)| matches!(what, Break::Skips(_)));
    prop_assert!(
        is_scored_with_skips || after <= before + 0.01,
        "the score falls by {after}; without a break by {before}"
    );
    // Every day for itself, as it was seen then: no streak is shorter than the day before's.
    let mut known = 0;
    for day in (0..days).step_by(7) {
        let streak = Progress::new(&broken, &history, start().saturating_add_days(day)).current_streak();
        prop_assert!(known <= streak, "day {day}: {known} became {streak}");
        known = streak;
    }
    Ok(())
}

fn breaks() -> impl Strategy<Value = Vec<(Break, i32, i32)>> {
    let what = prop_oneof![Just(Break::Pause), Just(Break::Archive), select(vec![1, 1, 2, 3]).prop_map(Break::Skips)];
    let length = prop_oneof![4 => 1..12_i32, 2 => 1..45_i32, 1 => 40..400_i32];
    proptest::collection::vec((what, 1..800_i32, length), 1..3)
}

/// How many random habits a test tries; more of them by `PROPTEST_CASES`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_break_takes_anything_from_who_keeps_the_habit(
        schedule in select(SCHEDULES.to_vec()),
        kind in select(vec![CHECK, COUNT, MINUTES, LIMIT]),
        breaks in breaks(),
    ) {
        is_kept(schedule, kind, &breaks)?;
    }
}

/// Five times a week from Monday to Friday for 16 months, then a break of two weeks and half a year more.
fn trained_on_weekdays(times: u32, what: Break) -> (f64, f64) {
    let schedule = serde_json::from_str(&format!(r#"{{"type":"quota","times":{times},"per":"week"}}"#)).unwrap();
    let kind = serde_json::from_str(CHECK).unwrap();
    let rest = [(what, 490, 14)];
    let timeline = habit(&schedule, &kind, &rest);
    let mut history = History::default();
    for day in 0..700 {
        if day % 7 >= i32::try_from(times).unwrap() {
            continue;
        }
        let away = (490..504).contains(&day);
        let state = match what {
            Break::Skips(_) if away => EntryState::Skipped,
            _ if away => continue,
            _ => EntryState::Done,
        };
        let record = DayRecord { state, value: None, settled: false };
        history.record(&timeline, start().saturating_add_days(day), Some(&record));
    }
    let today = start().saturating_add_days(699);
    let scores = Progress::new(&timeline, &history, today).scores(DateRange::ALL);
    let lowest = scores.iter().skip(490).map(|score| score.value).fold(1.0, f64::min);
    let before = scores.get(489).unwrap().value;
    (before, lowest)
}

#[test]
fn two_weeks_of_holiday_cost_a_quota_nothing() {
    for times in 1..=6 {
        for what in [Break::Pause, Break::Archive, Break::Skips(1)] {
            let (before, lowest) = trained_on_weekdays(times, what);
            assert!(lowest > before - 0.001, "{times} a week, {what:?}: {before} fell to {lowest}");
        }
    }
}

#[test]
fn one_skipped_friday_leaves_a_streak_of_weeks_alone() {
    let schedule = serde_json::from_str(r#"{"type":"quota","times":5,"per":"week"}"#).unwrap();
    let timeline = habit(&schedule, &serde_json::from_str(CHECK).unwrap(), &[]);
    let mut history = History::default();
    for day in (0..18 * 7).filter(|day| day % 7 < 5) {
        let state = if day == 17 * 7 + 4 { EntryState::Skipped } else { EntryState::Done };
        history.record(
            &timeline,
            start().saturating_add_days(day),
            Some(&DayRecord { state, value: None, settled: false }),
        );
    }
    let today = start().saturating_add_days(18 * 7);
    assert_eq!(Progress::new(&timeline, &history, today).current_streak(), 18);
}
