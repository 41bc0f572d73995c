//! The engine against the `rrule` crate and against the slow way, in one run, over ten years.

#![expect(clippy::unwrap_used, reason = "benches may fail loudly")]

#[path = "../tests/naive/mod.rs"]
mod naive;

use std::hint::black_box;

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::recurrence::{Occurrences, Rule};
use criterion::{Criterion, criterion_group, criterion_main};
use naive::NaiveRule;

const RULES: [(&str, &str); 6] = [
    ("daily", "FREQ=DAILY"),
    ("every 3 days", "FREQ=DAILY;INTERVAL=3"),
    ("weekly MO,WE,FR", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
    ("monthly 31st", "FREQ=MONTHLY;BYMONTHDAY=31"),
    ("monthly last Friday", "FREQ=MONTHLY;BYDAY=-1FR"),
    ("yearly 29 February", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
];

const HARDER: [(&str, &str); 5] = [
    ("last working day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    ("every 5th month on the 31st", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31"),
    ("every 2nd week MO,WE,FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR"),
    ("every 4th year", "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29"),
    ("first two of week in summer", "FREQ=WEEKLY;BYMONTH=6,7,8;BYDAY=MO,TU,WE;BYSETPOS=1,2"),
];

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn start() -> Date {
    date("2016-01-01")
}

fn years(from: &str, to: &str) -> DateRange {
    DateRange::new(date(from), date(to)).unwrap()
}

/// Days all over the ten years, so that no branch is learnt.
fn questions() -> Vec<Date> {
    (0..1000).map(|at: i32| start().saturating_add_days(at * 7919 % 3650)).collect()
}

fn engine(c: &mut Criterion) {
    let (year, decade) = (years("2025-01-01", "2025-12-31"), years("2016-01-01", "2025-12-31"));
    let questions = questions();
    for (name, text) in RULES.into_iter().chain(HARDER) {
        let rule: Rule = text.parse().unwrap();
        let occurrences = Occurrences::of(&rule, start());
        let mut group = c.benchmark_group(format!("engine/{name}"));
        // A thousand different days a turn: the figures of these two are to be read per element.
        group.throughput(criterion::Throughput::Elements(1000));
        group.bench_function("due", |b| {
            b.iter(|| questions.iter().filter(|day| occurrences.is_due(black_box(**day))).count());
        });
        group.bench_function("next", |b| {
            b.iter(|| questions.iter().filter(|day| occurrences.next_after(black_box(**day)).is_some()).count());
        });
        group.throughput(criterion::Throughput::Elements(1));
        group.bench_function("count a year", |b| b.iter(|| occurrences.count(black_box(year))));
        group.bench_function("count ten years", |b| b.iter(|| occurrences.count(black_box(decade))));
        let dates = occurrences.count(decade);
        group.throughput(criterion::Throughput::Elements(dates.into()));
        group.bench_function("expand ten years", |b| {
            b.iter(|| occurrences.iter(black_box(decade)).fold(0, |sum, date| sum ^ date.days_since_epoch()));
        });
        group.bench_function("compile", |b| b.iter(|| Occurrences::of(black_box(&rule), start())));
        group.finish();
    }
}

fn rrule_crate(c: &mut Criterion) {
    let at = |text: &str| rrule::Tz::UTC.with_ymd(text);
    for (name, text) in RULES {
        let set: rrule::RRuleSet = format!("DTSTART:20160101T000000Z\nRRULE:{text}").parse().unwrap();
        let mut group = c.benchmark_group(format!("rrule crate/{name}"));
        let (first, last) = (at("2016-01-01"), at("2025-12-31"));
        let last_year = at("2025-01-01");
        group.bench_function("due", |b| {
            b.iter(|| {
                let day = at(black_box("2025-06-15"));
                set.clone().after(day).before(day).all(1).dates.len()
            });
        });
        group.bench_function("count a year", |b| {
            b.iter(|| set.clone().after(black_box(last_year)).before(last).all(u16::MAX).dates.len());
        });
        group.bench_function("expand ten years", |b| {
            b.iter(|| set.clone().after(black_box(first)).before(last).all(u16::MAX).dates.len());
        });
        group.finish();
    }
}

trait WithYmd {
    fn with_ymd(self, text: &str) -> chrono::DateTime<rrule::Tz>;
}

impl WithYmd for rrule::Tz {
    fn with_ymd(self, text: &str) -> chrono::DateTime<rrule::Tz> {
        let day: chrono::NaiveDate = text.parse().unwrap();
        day.and_time(chrono::NaiveTime::MIN).and_utc().with_timezone(&self)
    }
}

fn slow_way(c: &mut Criterion) {
    let mut group = c.benchmark_group("slow way, ten years");
    group.sample_size(10);
    let base = NaiveRule { interval: 1, ..NaiveRule::default() };
    let rules = [
        ("daily", NaiveRule { frequency: "DAILY", ..base.clone() }),
        ("every 3 days", NaiveRule { frequency: "DAILY", interval: 3, ..base.clone() }),
        (
            "weekly MO,WE,FR",
            NaiveRule { frequency: "WEEKLY", weekdays: vec![Weekday::Mo, Weekday::We, Weekday::Fr], ..base.clone() },
        ),
        ("monthly 31st", NaiveRule { frequency: "MONTHLY", month_days: vec![31], ..base.clone() }),
        ("monthly last Friday", NaiveRule { frequency: "MONTHLY", nth: vec![(-1, Weekday::Fr)], ..base.clone() }),
        ("yearly 29 February", NaiveRule { frequency: "YEARLY", months: vec![2], month_days: vec![29], ..base }),
    ];
    for (name, rule) in rules {
        group.bench_function(format!("{name}: {}", rule.text()), |b| {
            b.iter(|| rule.expand(start(), black_box(date("2025-12-31"))).len());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(80))
        .measurement_time(std::time::Duration::from_millis(200));
    targets = engine, rrule_crate, slow_way
}
criterion_main!(benches);
