//! What statistics of sleep cost over a month, a year and ten years of nights, with a nap every third day.

#![expect(clippy::unwrap_used, reason = "benches may fail loudly")]

use std::hint::black_box;

use circadia_domain::civil::{Date, DateRange, Instant, Weekday, Weekdays, ZoneOrOffset};
use circadia_domain::sleep::{Sleep, SleepKind, nights, regularity, stats, waking_date};
use circadia_domain::users::SleepGoal;
use criterion::{Criterion, criterion_group, criterion_main};

fn sleeps(days: i64) -> Vec<Sleep> {
    let zone = ZoneOrOffset::parse("Europe/Berlin").unwrap();
    let first = Instant::parse("2016-01-01T22:00:00Z").unwrap();
    let log = |start: Instant, minutes: i64, kind| {
        let end = start.plus_seconds(minutes * 60);
        Sleep { start, end, date: waking_date(zone.zone(), end), zone, kind, quality: None, awake_seconds: Some(600) }
    };
    (0..days)
        .flat_map(|day| {
            let midnight = first.plus_seconds(day * 86_400);
            let night = log(midnight.plus_seconds(day * 7_919 % 5_400), 400 + day * 31 % 120, SleepKind::Main);
            let nap = (day % 3 == 0).then(|| log(midnight.plus_seconds(15 * 3_600), 25, SleepKind::Nap));
            std::iter::once(night).chain(nap)
        })
        .collect()
}

fn spans(c: &mut Criterion) {
    let mut group = c.benchmark_group("sleep statistics");
    for (name, days) in [("a month", 30), ("a year", 365), ("ten years", 3_652)] {
        let sleeps = sleeps(days);
        let range = DateRange::new(sleeps.first().unwrap().date, sleeps.last().unwrap().date).unwrap();
        let free = Weekdays::of(&[Weekday::Sa, Weekday::Su]);
        group.bench_function(format!("all of them, {name}"), |b| {
            b.iter(|| stats(black_box(&sleeps), range, Date::MAX, SleepGoal::default(), free));
        });
        let nights = nights(&sleeps);
        group.bench_function(format!("regularity, {name}"), |b| b.iter(|| regularity(black_box(&nights), &sleeps)));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(80))
        .measurement_time(std::time::Duration::from_millis(200));
    targets = spans
}
criterion_main!(benches);
