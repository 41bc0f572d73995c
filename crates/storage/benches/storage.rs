//! What a unit of work costs on each database: whole, from taking a connection to the commit.
//!
//! `cargo bench -p circadia-storage` measures SQLite; with `--features postgres,mysql` and the tests' servers also those.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark may stop, like a test"
)]

#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::{DayRecord, Entry, EntryState, Habit, History};
use circadia_domain::ids::{HabitId, UserId};
use circadia_domain::quantity::Quantity;
use circadia_storage::Backend;
use criterion::{Criterion, criterion_group, criterion_main};

use support::{TestDatabase, samples};

const HABITS: usize = 50;
const DAYS: i32 = 365;

/// A user with fifty habits, each with a year of entries and its history.
fn filled(test: &TestDatabase) -> (UserId, Vec<Habit>) {
    let user = test.user();
    let habits: Vec<Habit> = (0..HABITS).map(|_| samples::habit("A habit of ordinary length")).collect();
    test.write(user, |tx| {
        for habit in &habits {
            tx.store.insert_habit(user, habit)?;
            let entries: Vec<Entry> = (0..DAYS).map(|day| samples::entry(habit.id, first_day(day))).collect();
            tx.store.put_entries(user, &entries)?;
            let records = entries.iter().map(|entry| (entry.date, entry.record()));
            tx.store.put_histories(user, &[(habit, &History::rebuild(&habit.timeline, records))])?;
        }
        Ok(())
    });
    (user, habits)
}

fn first_day(plus: i32) -> Date {
    samples::date("2025-01-01").checked_add_days(plus).expect("a date")
}

/// What the service does: reads the habit and the entry, writes the entry and the habit's bits.
fn put_entry(test: &TestDatabase, user: UserId, id: HabitId, date: Date, value: u32) {
    test.write(user, |tx| {
        let (habit, mut history, before) = tx.store.find_habit_day(user, id, date)?.expect("a habit");
        let entry = Entry {
            value: Some(Quantity::whole(value)),
            rev: tx.rev,
            ..before.unwrap_or_else(|| samples::entry(id, date))
        };
        let record = DayRecord { state: EntryState::Done, value: Some(Quantity::whole(value)), settled: false };
        history.record(&habit.timeline, date, Some(&record));
        tx.store.put_entry_and_history(user, &entry, &habit, &history)
    });
}

fn on(criterion: &mut Criterion, backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habits) = filled(&test);
    let id = habits[7].id;
    let year = DateRange::new(first_day(0), first_day(DAYS - 1)).expect("a range");
    let week = DateRange::new(first_day(100), first_day(106)).expect("a range");
    let mut group = criterion.benchmark_group(backend.name());
    group.sample_size(50);
    group.bench_function("an empty reading unit", |bench| bench.iter(|| test.read(|_| Ok(()))));
    group.bench_function("find_user", |bench| bench.iter(|| black_box(test.read(|store| store.find_user(user)))));
    group.bench_function("365 entries of a habit", |bench| {
        bench.iter(|| black_box(test.read(|store| store.entries(user, id, year, 1_000, false))));
    });
    group.bench_function("50 habits with history", |bench| {
        bench.iter(|| black_box(test.read(|store| store.settings_and_habits(user))));
    });
    group.bench_function("amounts of a week over 50 habits", |bench| {
        bench.iter(|| black_box(test.read(|store| store.amounts(user, week))));
    });
    let mut value = 0;
    group.bench_function("put an entry", |bench| {
        bench.iter(|| {
            value = (value + 1) % 1_000;
            put_entry(&test, user, id, first_day(200), value);
        });
    });
    group.bench_function("put 1,000 entries", |bench| {
        let entries: Vec<Entry> =
            habits.iter().flat_map(|habit| (0..20).map(|day| samples::entry(habit.id, first_day(day)))).collect();
        bench.iter(|| test.write(user, |tx| tx.store.put_entries(user, &entries)));
    });
    group.finish();
}

fn every_database(criterion: &mut Criterion) {
    on(criterion, Backend::Sqlite);
    if cfg!(feature = "postgres") {
        on(criterion, Backend::Postgres);
    }
    if cfg!(feature = "mysql") {
        on(criterion, Backend::Mysql);
    }
}

criterion_group!(benches, every_database);
criterion_main!(benches);
