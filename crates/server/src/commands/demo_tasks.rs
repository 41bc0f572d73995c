//! The tasks of `circadia demo`, and the time spent on them and on reading.

use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::habits::Kind;
use circadia_domain::ids::{HabitId, IdSource, TaskId, ThemeId, TimeEntryId, UserId};
use circadia_domain::revision::Expected;
use circadia_domain::tasks::{self, NewTask, Priority, TaskDescription, TaskStatus, TaskTitle};
use circadia_domain::time_entries::{self, NewTimeEntry, TimeNote};
use circadia_domain::unit_of_work::{Database, WriteTransaction, read, write};
use circadia_domain::users;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// On how many of the last days the time of reading was taken, every other day.
const READING_DAYS: i32 = 60;

/// A task of the demonstration.
struct Sample {
    title: &'static str,
    theme: &'static str,
    priority: Priority,
    /// How many days ago it was made.
    age: i64,
    /// In how many days it is due; below 0 it was.
    due: Option<i32>,
    /// How far it is, and since how many days.
    status: (TaskStatus, i64),
    /// The minutes that were spent on it.
    minutes: u32,
}

const fn sample(
    title: &'static str,
    theme: &'static str,
    priority: Priority,
    (age, due): (i64, Option<i32>),
    status: (TaskStatus, i64),
    minutes: u32,
) -> Sample {
    Sample { title, theme, priority, age, due, status, minutes }
}

const SAMPLES: [Sample; 12] = [
    sample("Book the dentist", "Health", Priority::High, (9, Some(-2)), (TaskStatus::Todo, 9), 0),
    sample("Buy running shoes", "Health", Priority::Medium, (40, Some(-30)), (TaskStatus::Done, 33), 45),
    sample("Renew the gym card", "Health", Priority::Low, (90, None), (TaskStatus::Cancelled, 60), 0),
    sample("Plan meals for the week", "Health", Priority::Medium, (3, Some(1)), (TaskStatus::InProgress, 1), 20),
    sample("Sort the photographs", "Mind", Priority::Low, (200, None), (TaskStatus::InProgress, 20), 150),
    sample("Write to Aunt Mary", "Mind", Priority::Medium, (14, Some(3)), (TaskStatus::Todo, 14), 0),
    sample("Choose a language course", "Mind", Priority::Medium, (70, Some(-50)), (TaskStatus::Done, 52), 60),
    sample("Return the library books", "Mind", Priority::High, (6, Some(0)), (TaskStatus::Todo, 6), 0),
    sample("Repair the tap", "Home", Priority::High, (25, Some(-20)), (TaskStatus::Done, 21), 90),
    sample("Paint the shelf", "Home", Priority::Low, (60, None), (TaskStatus::Todo, 60), 0),
    sample("Compare electricity tariffs", "Home", Priority::Medium, (35, Some(10)), (TaskStatus::InProgress, 5), 35),
    sample("Declare taxes", "Home", Priority::High, (120, Some(-80)), (TaskStatus::Done, 84), 240),
];

/// What was made: so many tasks and time entries.
pub(super) struct Made {
    pub(super) tasks: usize,
    pub(super) time_entries: usize,
}

/// Makes tasks, each at its time, and time entries.
pub(super) fn make(database: &dyn Database, user: UserId, now: Instant, ids: &dyn IdSource) -> Result<Made, Error> {
    let themes = read::<_, Error>(database, |store| Ok(store.themes(user)?))?;
    let mut spent: Vec<(TaskId, Instant, u32)> = Vec::new();
    for sample in &SAMPLES {
        let theme = themes.iter().find(|theme| theme.name.as_str() == sample.theme).map(|theme| theme.id);
        let id = TaskId::from_uuid(ids.fresh());
        let made_at = now.plus_seconds(-sample.age * DAY);
        write(database, user, made_at, |tx| make_task(tx, sample, id, theme, now))?;
        let (status, since) = sample.status;
        let reached_at = now.plus_seconds(-since * DAY);
        if status != TaskStatus::Todo {
            write(database, user, reached_at, |tx| tasks::transition(tx, id, &Expected::Anything, status))?;
        }
        if sample.minutes > 0 {
            spent.push((id, reached_at, sample.minutes));
        }
    }
    let reading = read::<_, Error>(database, |store| {
        let mut habits = store.habits(user)?.into_iter();
        let minutes = |kind: &Kind| matches!(kind, Kind::Minutes { .. });
        Ok(habits
            .find(|habit| {
                habit.name.as_str() == "Read" && habit.timeline.plans().iter().any(|plan| minutes(&plan.kind))
            })
            .map(|habit| habit.id))
    })?;
    let time_entries = write(database, user, now, |tx| make_time_entries(tx, ids, &spent, reading))?;
    Ok(Made { tasks: SAMPLES.len(), time_entries })
}

fn make_task(
    tx: &mut WriteTransaction<'_>,
    sample: &Sample,
    id: TaskId,
    theme: Option<ThemeId>,
    now: Instant,
) -> Result<(), Error> {
    let user = users::find(tx.store, tx.user)?;
    let due_on = sample.due.map(|days| user.today(now).saturating_add_days(days));
    let new = NewTask {
        id,
        title: TaskTitle::parse(sample.title)?,
        description: TaskDescription::parse("")?,
        priority: sample.priority,
        due_on,
        theme,
        request_digest: [0; 32],
    };
    tasks::create(tx, new).map(drop)
}

/// How many were made.
fn make_time_entries(
    tx: &mut WriteTransaction<'_>,
    ids: &dyn IdSource,
    spent: &[(TaskId, Instant, u32)],
    reading: Option<HabitId>,
) -> Result<usize, Error> {
    let user = users::find(tx.store, tx.user)?;
    let today = user.today(tx.now);
    let entry = |id| NewTimeEntry {
        id,
        habit: None,
        task: None,
        date: None,
        minutes: None,
        started_at: None,
        ended_at: None,
        timezone: None,
        offset: None,
        note: None,
        request_digest: [0; 32],
    };
    let mut count = 0;
    for (task, ended_at, minutes) in spent {
        let started_at = ended_at.plus_seconds(-i64::from(*minutes) * 60);
        let (task, started_at, ended_at) = (Some(*task), Some(started_at), Some(*ended_at));
        let id = TimeEntryId::from_uuid(ids.fresh());
        time_entries::create(tx, ids, NewTimeEntry { task, started_at, ended_at, ..entry(id) })?;
        count += 1;
    }
    for back in (1..=READING_DAYS).step_by(2).filter(|_| reading.is_some()) {
        let id = TimeEntryId::from_uuid(ids.fresh());
        let date = Some(today.saturating_add_days(-back));
        let minutes = Some(5 + back.unsigned_abs() * 7 % 16);
        let note = TimeNote::parse("before going to sleep")?;
        time_entries::create(tx, ids, NewTimeEntry { habit: reading, date, minutes, note, ..entry(id) })?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_a_task_that_the_domain_takes() {
        for sample in &SAMPLES {
            assert!(TaskTitle::parse(sample.title).is_ok(), "{}", sample.title);
            let (status, since) = sample.status;
            assert!(status == TaskStatus::Todo || TaskStatus::Todo.next().contains(&status), "{}", sample.title);
            assert!(since <= sample.age && i64::from(sample.minutes) < sample.age * 1_440, "{}", sample.title);
        }
    }
}
