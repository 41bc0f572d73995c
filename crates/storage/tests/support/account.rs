//! Accounts that are kept day by day on every tracker, for statistics.

use circadia_domain::civil::{Date, DateRange, Instant, Weekday, ZoneOrOffset};
use circadia_domain::habits::{DayRecord, EntryState, Habit, HabitName, History, Plan, Timeline, Window};
use circadia_domain::ids::UserId;
use circadia_domain::sleep::{Quality, Sleep, SleepKind, SleepLog};
use circadia_domain::tasks::{Priority, Task, TaskStatus};
use circadia_domain::time_entries::TimeEntry;

use super::{TestDatabase, samples};

/// A number of 0–99 that looks like chance, the same for the same day and purpose.
fn chance(day: Date, purpose: u32) -> u32 {
    let mut word = u64::from(day.days_since_epoch().unsigned_abs()) << 32 | u64::from(purpose);
    for _ in 0..2 {
        word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    }
    u32::try_from((word >> 33) % 100).unwrap()
}

/// Whether the habit of a number was done on a day: on three of five.
pub(crate) fn is_done(day: Date, habit: usize) -> bool {
    chance(day, 1000 + u32::try_from(habit).unwrap()) < 60
}

/// The mood of a day: 7 or 8 when the first habit was done, 4 or 5 when it wasn't.
pub(crate) fn mood_of(day: Date) -> i64 {
    (if is_done(day, 0) { 7 } else { 4 }) + i64::from(chance(day, 1)) / 50
}

/// The minutes tracked on a day: on every other one.
pub(crate) fn minutes_of(day: Date) -> u32 {
    if day.days_since_epoch() % 2 == 0 { 1 + chance(day, 2) } else { 0 }
}

fn habit(number: usize, days: DateRange) -> (Habit, History) {
    let plan = Plan {
        effective_from: days.from(),
        anchor: days.from(),
        week_start: Weekday::Mo,
        schedule: serde_json::from_str(r#"{"type":"daily"}"#).unwrap(),
        kind: serde_json::from_str(r#"{"type":"check"}"#).unwrap(),
    };
    let window = Window { starts_on: days.from(), ends_on: None };
    let habit = Habit {
        name: HabitName::parse(&format!("Habit {number}")).unwrap(),
        timeline: Timeline::new(window, vec![plan], Vec::new()).unwrap(),
        archived_at: None,
        position: i32::try_from(number).unwrap(),
        ..samples::habit("Habit")
    };
    let done = DayRecord { state: EntryState::Done, value: None, settled: false };
    let records = days.iter().filter(|day| is_done(*day, number)).map(|day| (day, done));
    let history = History::rebuild(&habit.timeline, records);
    (habit, history)
}

/// The night that ended on a day: in UTC, from 23:00 on, 7 to 9 hours.
fn night(day: Date) -> SleepLog {
    let start = Instant::parse(&format!("{day}T00:00:00Z")).unwrap().plus_seconds(-3600);
    let log = samples::sleep_log(start, 7 * 3600 + 72 * i64::from(chance(day, 3)));
    let quality = Some(Quality::from_number(1 + i64::from(chance(day, 4)) / 20).unwrap());
    let sleep =
        Sleep { date: day, zone: ZoneOrOffset::UTC, kind: SleepKind::Main, quality, awake_seconds: None, ..log.sleep };
    SleepLog { sleep, ..log }
}

/// A task that is made on a day, and done two days later if it is of an even one.
fn task(day: Date) -> Task {
    let created_at = Instant::parse(&format!("{day}T12:00:00Z")).unwrap();
    let done = day.days_since_epoch() % 2 == 0;
    Task {
        priority: Priority::ALL.into_iter().cycle().nth(usize::try_from(day.days_since_epoch() % 3).unwrap()).unwrap(),
        status: if done { TaskStatus::Done } else { TaskStatus::Todo },
        completed_at: done.then(|| created_at.plus_seconds(2 * 86_400)),
        created_at,
        ..samples::task("Task")
    }
}

/// A user who keeps so many habits, every night, every mood, a task a day and time on every other day.
pub(crate) fn filled(test: &TestDatabase, habits: usize, days: DateRange) -> UserId {
    filled_every(test, habits, days, 1)
}

/// The same, but of nights, moods and tasks only those of every so-manieth day: they are written one by one.
pub(crate) fn filled_every(test: &TestDatabase, habits: usize, days: DateRange, step: usize) -> UserId {
    let user = test.user();
    test.write(user, |tx| {
        for number in 0..habits {
            let (habit, history) = habit(number, days);
            tx.store.insert_habit(user, &habit)?;
            tx.store.put_histories(user, &[(&habit, &history)])?;
        }
        let tracked: Vec<TimeEntry> = days
            .iter()
            .filter(|day| minutes_of(*day) > 0)
            .map(|day| samples::time_entry(day, minutes_of(day)))
            .collect();
        tx.store.insert_time_entries(user, &tracked)?;
        for day in days.iter().step_by(step) {
            tx.store.put_mood(user, &samples::mood(day, mood_of(day)))?;
            tx.store.insert_sleep_log(user, &night(day))?;
            tx.store.insert_task(user, &task(day))?;
        }
        Ok(())
    });
    user
}
