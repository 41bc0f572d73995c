//! Ten years of history: streaks, scores, the day's summary, and what reading a habit costs.

#![expect(clippy::unwrap_used, reason = "benches may fail loudly")]

use std::hint::black_box;

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::{
    DayRecord, EntryState, History, Plan, Timeline, Window, current_streak, scores, streaks, summary,
};
use criterion::{Criterion, criterion_group, criterion_main};

fn timeline(start: Date, schedule: &str, kind: &str) -> Timeline {
    let plan = Plan {
        effective_from: start,
        anchor: start,
        week_start: Weekday::Mo,
        schedule: serde_json::from_str(schedule).unwrap(),
        kind: serde_json::from_str(kind).unwrap(),
    };
    Timeline::new(Window { starts_on: start, ends_on: None }, vec![plan], vec![]).unwrap()
}

/// Done, but for the days that `missed` says.
fn history(timeline: &Timeline, today: Date, missed: impl Fn(i32) -> bool) -> History {
    let days = DateRange::new(timeline.window().starts_on, today)
        .unwrap()
        .iter()
        .filter(|day| !missed(day.days_since_epoch()));
    History::rebuild(
        timeline,
        days.map(|day| {
            (
                day,
                DayRecord {
                    state: EntryState::Done,
                    value: Some(circadia_domain::quantity::Quantity::whole(30)),
                    settled: false,
                },
            )
        }),
    )
}

fn ten_years(c: &mut Criterion) {
    let today = Date::parse("2025-12-31").unwrap();
    let decade = Date::parse("2016-01-01").unwrap();
    let month = Date::parse("2025-12-01").unwrap();
    let all = DateRange::new(decade, today).unwrap();
    let mut group = c.benchmark_group("ten years of days");
    let daily = timeline(decade, r#"{"type":"daily"}"#, r#"{"type":"check"}"#);
    let unbroken = history(&daily, today, |_| false);
    let patchy = history(&daily, today, |day| day * 7919 % 13 < 2);
    group
        .bench_function("current streak, unbroken", |b| b.iter(|| current_streak(black_box(&daily), &unbroken, today)));
    group.bench_function("current streak, patchy", |b| b.iter(|| current_streak(black_box(&daily), &patchy, today)));
    group.bench_function("all best streaks, unbroken", |b| b.iter(|| streaks(black_box(&daily), &unbroken, today)));
    group.bench_function("all best streaks, patchy", |b| b.iter(|| streaks(black_box(&daily), &patchy, today)));
    group.bench_function("scores of every day", |b| b.iter(|| scores(black_box(&daily), &patchy, all, today)));
    group.finish();
    let schedules = [
        ("daily", r#"{"type":"daily"}"#),
        ("weekly", r#"{"type":"weekly","weekdays":["mo","we","fr"]}"#),
        ("monthly", r#"{"type":"monthly","days":[1,15]}"#),
        ("quota", r#"{"type":"quota","times":3,"per":"week"}"#),
        ("rolling quota", r#"{"type":"quota","times":3,"per":"rolling","days":7}"#),
    ];
    for (name, schedule) in schedules {
        let mut group = c.benchmark_group(format!("summary of today/{name}"));
        for (span, start) in [("a month", month), ("ten years", decade)] {
            for (kind, json) in [("check", r#"{"type":"check"}"#), ("minutes", r#"{"type":"minutes","target":30}"#)] {
                let timeline = timeline(start, schedule, json);
                let history = history(&timeline, today, |day| day * 7919 % 13 < 2);
                let bytes = history.encode();
                group.bench_function(format!("{kind}, {span}"), |b| {
                    b.iter(|| summary(black_box(&timeline), &history, today));
                });
                group.bench_function(format!("{kind}, {span}: decode {} bytes", bytes.len()), |b| {
                    b.iter(|| History::decode(black_box(&bytes)));
                });
            }
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(80))
        .measurement_time(std::time::Duration::from_millis(200));
    targets = ten_years
}
criterion_main!(benches);
