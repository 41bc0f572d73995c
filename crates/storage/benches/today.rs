//! What the *today* screen costs with a month of entries and with ten years of them, and how the two compare.
//!
//! The two are asked for in turns, so that whatever else the machine does weighs on both; the medians of many turns are
//! compared. `cargo bench -p circadia-storage --bench today` measures SQLite; with `--features postgres,mysql` also the
//! servers of the tests, where their addresses are set.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark may stop, like a test"
)]
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::{
    Entry, EntryState, Habit, History, Kind, Pause, PauseSource, Plan, Schedule, Timeline, Today, Window, today,
};
use circadia_domain::ids::{PauseId, UserId};
use circadia_domain::quantity::Quantity;
use circadia_storage::Backend;

use support::{TestDatabase, samples};

const HABITS: usize = 50;
const TURNS: usize = 400;

/// What there is of schedules and kinds; and whether the habit has a second version and a pause.
const MIX: [(&str, &str, bool); 14] = [
    (r#"{"type":"daily"}"#, r#"{"type":"check"}"#, false),
    (r#"{"type":"daily"}"#, r#"{"type":"count","target":8,"unit":"glasses"}"#, true),
    (r#"{"type":"daily"}"#, r#"{"type":"minutes","target":30}"#, false),
    (r#"{"type":"daily"}"#, r#"{"type":"count","target":2,"unit":"cups","direction":"at_most"}"#, false),
    (r#"{"type":"quota","times":3,"per":"week"}"#, r#"{"type":"check"}"#, true),
    (r#"{"type":"quota","times":10,"per":"month"}"#, r#"{"type":"check"}"#, false),
    (r#"{"type":"quota","amount":150,"per":"week"}"#, r#"{"type":"minutes","target":30}"#, false),
    (r#"{"type":"quota","amount":600,"per":"month"}"#, r#"{"type":"minutes","target":30}"#, true),
    (r#"{"type":"weekly","weekdays":["mo","we","fr"]}"#, r#"{"type":"check"}"#, true),
    (r#"{"type":"weekly","weekdays":["tu","sa"]}"#, r#"{"type":"minutes","target":45}"#, false),
    (r#"{"type":"monthly","days":[1,15]}"#, r#"{"type":"check"}"#, false),
    (r#"{"type":"rrule","rrule":"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"}"#, r#"{"type":"check"}"#, false),
    (r#"{"type":"cycle","active_days":3,"rest_days":1}"#, r#"{"type":"count","target":5,"unit":"pages"}"#, true),
    (r#"{"type":"daily","every":2}"#, r#"{"type":"check"}"#, false),
];

/// A habit of the mix that was kept from `start` on.
fn habit(number: usize, start: Date, last: Date) -> Habit {
    let (schedule, kind, changed) = MIX[number % MIX.len()];
    let plan = |effective_from: Date| Plan {
        effective_from,
        anchor: effective_from,
        week_start: Weekday::Mo,
        schedule: serde_json::from_str::<Schedule>(schedule).unwrap(),
        kind: serde_json::from_str::<Kind>(kind).unwrap(),
    };
    let day = |share: i32| start.saturating_add_days((last.days_since_epoch() - start.days_since_epoch()) * share / 10);
    let mut plans = vec![plan(start)];
    let mut pauses = Vec::new();
    if changed {
        plans.push(plan(day(4)));
        pauses.push(Pause {
            id: PauseId::from_uuid(samples::id()),
            from: day(6),
            to: Some(day(7)),
            source: PauseSource::Own,
        });
    }
    let timeline = Timeline::new(Window { starts_on: start, ends_on: None }, plans, pauses).unwrap();
    Habit {
        timeline,
        archived_at: None,
        position: i32::try_from(number).unwrap(),
        ..samples::habit("A habit of ordinary length")
    }
}

/// An entry for most days: some done, some short of it, a few skipped.
fn entries(habit: &Habit, last: Date) -> Vec<Entry> {
    let days = DateRange::new(habit.timeline.window().starts_on, last).unwrap();
    let entry = |date: Date| {
        let kind = &habit.timeline.plan_on(date).kind;
        let chance = date.days_since_epoch() * 7919 % 101;
        let state = match chance {
            0..3 => EntryState::Skipped,
            3..80 => EntryState::Done,
            80..92 => EntryState::Missed,
            _ => return None,
        };
        let value = kind.target().map(|target| match state {
            EntryState::Done => target.plus(Quantity::whole(date.day())),
            _ => Quantity::from_thousandths(target.thousandths() / 2_000 * 1_000),
        });
        Some(Entry { state, value, ..samples::entry(habit.id, date) })
    };
    days.iter().filter_map(entry).collect()
}

/// A user whose habits began on `start` and have entries up to `last`.
fn filled(test: &TestDatabase, start: Date, last: Date) -> UserId {
    let user = test.user();
    test.write(user, |tx| {
        for number in 0..HABITS {
            let habit = habit(number, start, last);
            tx.store.insert_habit(user, &habit)?;
            let entries = entries(&habit, last);
            tx.store.put_entries(user, &entries)?;
            let records = entries.iter().map(|entry| (entry.date, entry.record()));
            tx.store.put_histories(user, &[(&habit, &History::rebuild(&habit.timeline, records))])?;
        }
        Ok(())
    });
    user
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

fn measure(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let last = samples::date("2026-02-28");
    let month = filled(&test, last.saturating_add_days(-29), last);
    let decade = filled(&test, last.saturating_add_days(-3651), last);
    let look = |user: UserId| -> Today {
        let read = circadia_domain::unit_of_work::read(&test.database, |store| today(store, user, samples::NOW, None));
        read.unwrap_or_else(|error| panic!("{error}"))
    };
    let statements = [month, decade].map(|user| {
        assert_eq!(look(user).items.len(), HABITS);
        test.database_statements()
    });
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..TURNS + 20 {
        for (user, times) in [month, decade].into_iter().zip(&mut times) {
            let begun = std::time::Instant::now();
            black_box(look(user));
            if turn >= 20 {
                times.push(begun.elapsed());
            }
        }
    }
    let [month, decade] = times.map(median);
    println!(
        "{:<10} {HABITS} habits, today: a month {month:.2?} ({} statements), ten years {decade:.2?} ({} statements): {:.2} x",
        backend.name(),
        statements[0],
        statements[1],
        decade.as_secs_f64() / month.as_secs_f64(),
    );
}

fn main() {
    measure(Backend::Sqlite);
    let servers = [
        (Backend::Postgres, "CIRCADIA_TEST_POSTGRES_URL", cfg!(feature = "postgres")),
        (Backend::Mysql, "CIRCADIA_TEST_MYSQL_URL", cfg!(feature = "mysql")),
    ];
    for (backend, address, _) in servers.into_iter().filter(|(.., compiled_in)| *compiled_in) {
        if std::env::var_os(address).is_some() {
            measure(backend);
        }
    }
}
