//! What the overview, the insights and the counts of themes cost with a month of data, with a year and with ten years.
//!
//! `cargo bench -p circadia-storage --bench stats` measures SQLite; with `--features postgres,mysql` also the servers of
//! the tests, where their addresses are set.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark may stop, like a test")]

#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use circadia_domain::Error;
use circadia_domain::civil::DateRange;
use circadia_domain::habits::Habit;
use circadia_domain::ids::UserId;
use circadia_domain::stats::insights::{DEFAULT_RATE, of_account};
use circadia_domain::stats::overview::overview;
use circadia_domain::stats::{Period, RangeName};
use circadia_domain::tasks::Task;
use circadia_domain::themes;
use circadia_domain::time_entries::TimeEntry;
use circadia_domain::unit_of_work::read;
use circadia_storage::Backend;
use criterion::Criterion;

use support::account::filled;
use support::{TestDatabase, samples};

const HABITS: usize = 20;
/// Time entries of a day, each of another habit or task, of those who track all of their time.
const ENTRIES: usize = 10;

/// A user who spent time on ten habits and tasks on each of some days: every day one new task, done with the habits.
fn tracking(test: &TestDatabase, days: DateRange) -> UserId {
    let user = test.user();
    test.write(user, |tx| {
        let theme = samples::theme("Work");
        tx.store.insert_theme(user, &theme)?;
        let habits: Vec<Habit> =
            (0..ENTRIES).map(|_| Habit { theme: Some(theme.id), ..samples::habit("Habit") }).collect();
        habits.iter().try_for_each(|habit| tx.store.insert_habit(user, habit))?;
        let mut entries = Vec::new();
        for day in days {
            let task = Task { theme: Some(theme.id), ..samples::task("Task") };
            tx.store.insert_task(user, &task)?;
            entries.push(TimeEntry { task: Some(task.id), ..samples::time_entry(day, 30) });
            let of_habits = habits.iter().skip(1).map(|habit| habit.id);
            entries.extend(of_habits.map(|id| TimeEntry { habit: Some(id), ..samples::time_entry(day, 30) }));
        }
        tx.store.insert_time_entries(user, &entries)
    });
    user
}

fn measure(criterion: &mut Criterion, backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let last = samples::date("2026-03-11");
    let all = Period::Named(RangeName::All);
    for (name, days) in [("1 month", 30), ("1 year", 365), ("10 years", 3653)] {
        let user = filled(&test, HABITS, DateRange::new(last.saturating_add_days(1 - days), last).unwrap());
        for (range, period) in [("30d", Period::default()), ("all", all)] {
            criterion.bench_function(&format!("{}/overview of {range}, data of {name}", backend.name()), |bench| {
                bench.iter(|| {
                    let work = |store: &mut dyn circadia_domain::unit_of_work::Store| {
                        overview(store, user, samples::NOW, Some(last), period)
                    };
                    black_box(read::<_, Error>(&test.database, work)).unwrap()
                });
            });
        }
        let tracked = tracking(&test, DateRange::new(last.saturating_add_days(1 - days), last).unwrap());
        criterion.bench_function(&format!("{}/themes, ten time entries a day of {name}", backend.name()), |bench| {
            bench.iter(|| {
                black_box(read::<_, Error>(&test.database, |store| themes::list(store, tracked))).unwrap();
            });
        });
        criterion.bench_function(&format!("{}/insights, data of {name}", backend.name()), |bench| {
            bench.iter(|| {
                let work = |store: &mut dyn circadia_domain::unit_of_work::Store| {
                    of_account(store, user, samples::NOW, Some(last), all, DEFAULT_RATE)
                };
                black_box(read::<_, Error>(&test.database, work)).unwrap()
            });
        });
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    measure(&mut criterion, Backend::Sqlite);
    #[cfg(feature = "postgres")]
    if std::env::var_os("CIRCADIA_TEST_POSTGRES_URL").is_some() {
        measure(&mut criterion, Backend::Postgres);
    }
    #[cfg(feature = "mysql")]
    if std::env::var_os("CIRCADIA_TEST_MYSQL_URL").is_some() {
        measure(&mut criterion, Backend::Mysql);
    }
    criterion.final_summary();
}
