//! What holds for any sleep: overlap is symmetric, figures don't depend on the order of logs, and the regularity of
//! continuous time is that of the published formula over epochs.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use circadia_domain::civil::{Date, DateRange, Instant, Weekday, Weekdays, ZoneOrOffset};
use circadia_domain::sleep::{Sleep, SleepKind, nights, overlap, regularity, stats, waking_date};
use circadia_domain::users::SleepGoal;
use proptest::collection::vec;
use proptest::prelude::*;

/// Logs one after the other, on whole minutes: minutes awake before each, minutes asleep.
fn sleeps(gaps: &[(i64, i64, bool)]) -> Vec<Sleep> {
    let mut at = Instant::parse("2026-03-01T20:00:00Z").unwrap();
    gaps.iter()
        .map(|(awake, asleep, nap)| {
            let start = at.plus_seconds(awake * 60);
            let end = start.plus_seconds(asleep * 60);
            at = end;
            let kind = if *nap { SleepKind::Nap } else { SleepKind::Main };
            let (zone, date) = (ZoneOrOffset::UTC, waking_date(ZoneOrOffset::UTC.zone(), end));
            Sleep { start, end, date, zone, kind, quality: None, awake_seconds: None }
        })
        .collect()
}

fn any_sleeps() -> impl Strategy<Value = Vec<Sleep>> {
    vec((0..1_800_i64, 30..700_i64, proptest::bool::weighted(0.2)), 0..25).prop_map(|gaps| sleeps(&gaps))
}

/// Phillips et al. (2017) as printed, over epochs of a minute: M·(N − 1) pairs become those of which both are known.
fn epochs(sleeps: &[Sleep]) -> Option<f64> {
    let nights = nights(sleeps);
    nights.first()?;
    let first = sleeps.iter().map(|sleep| sleep.start.seconds() / 60).min()? - 3 * 1_440;
    let last = sleeps.iter().map(|sleep| sleep.end.seconds() / 60).max()? + 3 * 1_440;
    // In half minutes, since middles may lie on them.
    let mut known = vec![false; usize::try_from(2 * (last - first)).unwrap()];
    let mut asleep = known.clone();
    let place = |micros: i64| usize::try_from(micros / 30_000_000 - 2 * first).unwrap();
    for run in nights.chunk_by(|one, next| one.date == next.date || one.date.succ() == Some(next.date)) {
        let middle = |night: &circadia_domain::sleep::Night| i64::midpoint(night.bed.micros(), night.wake.micros());
        let from = middle(run.first().unwrap()) - 43_200_000_000;
        let to = middle(run.last().unwrap()) + 43_200_000_000;
        known.get_mut(place(from)..place(to)).unwrap().fill(true);
    }
    for sleep in sleeps {
        let (from, to) = (place(sleep.start.micros()), place(sleep.end.micros()));
        asleep.get_mut(from..to).unwrap().fill(true);
    }
    let day = 2 * 1_440;
    let (mut same, mut all) = (0_u32, 0_u32);
    for (pair, state) in known.windows(day + 1).zip(asleep.windows(day + 1)) {
        if pair.first() == Some(&true) && pair.last() == Some(&true) {
            all += 1;
            same += u32::from(state.first() == state.last());
        }
    }
    (all > 0).then(|| -100.0 + 200.0 * f64::from(same) / f64::from(all))
}

proptest! {
    #[test]
    fn overlap_is_symmetric_and_touching_is_none(a in 0..100_i64, b in 1..50_i64, c in 0..100_i64, d in 1..50_i64) {
        let at = Instant::from_seconds;
        let (one, other) = ((at(a), at(a + b)), (at(c), at(c + d)));
        prop_assert_eq!(overlap(one, other), overlap(other, one));
        prop_assert!(overlap(one, one));
        prop_assert!(!overlap(one, (one.1, one.1.plus_seconds(d))));
        // As many seconds are in both as one would count.
        let both = (a.max(c)..(a + b).min(c + d)).count();
        prop_assert_eq!(overlap(one, other), both > 0);
    }

    #[test]
    fn figures_do_not_depend_on_the_order_of_logs(sleeps in any_sleeps(), seed in any::<u64>()) {
        let mut shuffled = sleeps.clone();
        let mut state = seed;
        shuffled.sort_by_cached_key(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state
        });
        let range = DateRange::new(Date::parse("2026-03-01").unwrap(), Date::parse("2026-03-20").unwrap()).unwrap();
        let of = |sleeps: &[Sleep]| {
            stats(sleeps, range, range.to(), SleepGoal::default(), Weekdays::of(&[Weekday::Sa, Weekday::Su]))
        };
        prop_assert_eq!(of(&sleeps), of(&shuffled));
    }

    #[test]
    fn regularity_is_that_of_the_published_formula(sleeps in any_sleeps()) {
        let found = regularity(&nights(&sleeps), &sleeps).map(|regularity| regularity.index);
        let expected = epochs(&sleeps);
        prop_assert_eq!(found.is_some(), expected.is_some());
        if let (Some(found), Some(expected)) = (found, expected) {
            prop_assert!((found - expected).abs() < 1e-9, "{} instead of {}", found, expected);
        }
    }
}
