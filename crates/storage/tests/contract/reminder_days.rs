//! What users are told of by their reminders, day by day.

use std::sync::Barrier;
use std::time::Duration;

use circadia_domain::Error;
use circadia_domain::civil::{Date, Instant, WallTime, Weekdays, Zone};
use circadia_domain::error::StoreError;
use circadia_domain::habits::entries::{self, EntryPut};
use circadia_domain::habits::{self, EntryInput, EntryState, Habit, Pause, PauseSource, Plan, Timeline, Window};
use circadia_domain::ids::{HabitId, IdSource, PauseId, UserId};
use circadia_domain::reminders::{
    self, Firing, NewReminder, Occurrence, Reminder, ReminderChannels, ReminderId, ReminderPatch, ReminderRule,
    ReminderRulePatch,
};
use circadia_domain::revision::Expected;
use circadia_domain::tasks::{self, Task, TaskPatch, TaskStatus};
use circadia_domain::unit_of_work::{WriteTransaction, read, write, write_unowned};
use circadia_domain::users::{self, NewUser, Settings, SettingsPatch, SleepGoal};
use circadia_storage::{Backend, SqlDatabase};
use serde_json::json;
use uuid::Uuid;

use crate::support::samples::{self, date};
use crate::support::{TestDatabase, at_once};

struct Ids;

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        samples::id()
    }
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn time(text: &str) -> WallTime {
    WallTime::parse(text).unwrap()
}

/// A user in a zone.
struct Life {
    test: TestDatabase,
    user: UserId,
}

impl Life {
    fn in_zone(backend: Backend, zone: &str) -> Self {
        let test = TestDatabase::migrated(backend);
        let settings = Settings { timezone: Zone::parse(zone).unwrap(), ..Settings::default() };
        let user = NewUser { settings, ..samples::user() };
        write_unowned(&test.database, |store| store.insert_user(&user)).unwrap();
        Self { test, user: user.id }
    }

    fn at<T>(&self, now: &str, work: impl Fn(&mut WriteTransaction<'_>) -> Result<T, Error>) -> T {
        write(&self.test.database, self.user, instant(now), |tx| work(tx)).unwrap()
    }

    /// A habit that is due by a schedule, since 2026.
    fn habit(&self, schedule: &serde_json::Value) -> HabitId {
        let plans: Vec<Plan> = serde_json::from_value(json!([{
            "effective_from": "2026-01-01", "anchor": "2026-01-01", "week_start": "mo",
            "schedule": schedule, "kind": {"type": "check"},
        }]))
        .unwrap();
        let window = Window { starts_on: date("2026-01-01"), ends_on: None };
        let timeline = Timeline::new(window, plans, Vec::new()).unwrap();
        let habit = Habit { timeline, archived_at: None, ..samples::habit("Swim") };
        self.test.write(self.user, |tx| tx.store.insert_habit(self.user, &habit));
        habit.id
    }

    fn task(&self, due_on: Option<Date>) -> Task {
        let task = Task { status: TaskStatus::Todo, completed_at: None, due_on, ..samples::task("Dentist") };
        self.test.write(self.user, |tx| tx.store.insert_task(self.user, &task));
        task
    }

    fn remind(&self, now: &str, rule: ReminderRule) -> Reminder {
        let new = NewReminder {
            id: ReminderId::from_uuid(samples::id()),
            rule,
            channels: ReminderChannels::ALL,
            enabled: true,
            request_digest: [7; 32],
        };
        self.at(now, |tx| reminders::create(tx, &new)).into_inner()
    }

    fn of_habit(&self, now: &str, habit: HabitId, at: &str) -> Reminder {
        self.remind(now, ReminderRule::Habit { habit, time: time(at), weekdays: Weekdays::ALL })
    }

    fn of_bedtime(&self, now: &str, wake_time: &str) -> Reminder {
        let rule = ReminderRule::Bedtime { wake_time: time(wake_time), minutes_before: 0, weekdays: Weekdays::ALL };
        self.remind(now, rule)
    }

    fn set(&self, now: &str, patch: &SettingsPatch) {
        self.at(now, |tx| users::update_settings(tx, &Expected::Anything, patch.clone(), &Ids).map(drop));
    }

    fn move_to(&self, now: &str, zone: &str) {
        self.set(now, &SettingsPatch { timezone: Some(Zone::parse(zone).unwrap()), ..SettingsPatch::default() });
    }

    fn next(&self, reminder: &Reminder) -> Option<(String, String)> {
        let stored = self.test.read(|store| store.find_reminder(self.user, reminder.id)).unwrap();
        stored.next.map(|Occurrence { day, at }| (day.to_string(), at.to_string()))
    }

    fn due(&self, now: Instant) -> Vec<Firing> {
        due(&self.test.database, self.user, now)
    }

    /// Tells what is due until nothing is. The days and what is told of them, and in how many rounds.
    fn tell(&self, now: Instant) -> (Vec<(String, String)>, usize) {
        let (mut told, mut rounds) = (Vec::new(), 0);
        while self.test.read(|store| store.users_to_remind(now, 9)) == [self.user] {
            for firing in self.due(now) {
                assert!(pass(&self.test.database, self.user, &firing));
                told.extend(firing.notice.map(|notice| (notice.date.to_string(), notice.title)));
            }
            rounds += 1;
            assert!(rounds < 9, "it never ends");
        }
        (told, rounds)
    }

    /// The days of what is told.
    fn told(&self, now: &str) -> Vec<String> {
        self.tell(instant(now)).0.into_iter().map(|(day, _)| day).collect()
    }
}

fn due(database: &SqlDatabase, user: UserId, now: Instant) -> Vec<Firing> {
    let found = read::<_, Error>(database, |store| reminders::due(store, user, now)).unwrap();
    found.map(|(_, firings)| firings).unwrap_or_default()
}

fn pass(database: &SqlDatabase, user: UserId, firing: &Firing) -> bool {
    write_unowned::<_, StoreError>(database, |store| reminders::pass(store, user, firing)).unwrap()
}

fn falls(day: &str, at: &str) -> (String, String) {
    (day.to_owned(), at.to_owned())
}

pub(crate) fn who_travels_is_told_once_a_day(backend: Backend) {
    let life = Life::in_zone(backend, "Asia/Tokyo");
    let habit = life.habit(&json!({"type": "daily"}));
    let start = "2026-03-09T20:00:00Z";
    life.of_habit(start, habit, "08:00");
    life.of_bedtime(start, "07:00");
    let task = life.task(Some(date("2026-03-15")));
    life.remind(start, ReminderRule::Task { task: task.id, time: time("08:00"), days_before: 0 });
    let mut told = Vec::new();
    for hour in 0..24 * 12 {
        let now = instant(start).plus_seconds(3_600 * hour);
        match hour {
            50 => life.move_to(&now.to_string(), "America/Los_Angeles"),
            // From 05:00 to 21:00 of the 15th: what was to be told at 08:00 is past for more than half a day.
            136 => life.move_to(&now.to_string(), "Asia/Tokyo"),
            201 => life.move_to(&now.to_string(), "Pacific/Kiritimati"),
            _ => {}
        }
        told.extend(life.tell(now).0);
    }
    let days_of =
        |title: &str| -> Vec<&str> { told.iter().filter(|(_, of)| of == title).map(|(day, _)| day.as_str()).collect() };
    let every: Vec<String> = (10..=22).map(|day| format!("2026-03-{day}")).collect();
    // The time to go to bed before the 10th was past by then.
    assert_eq!(days_of("Bedtime"), every[1..]);
    // Of the 15th eight hours were lived: the habit is paused on it.
    let kept: Vec<&String> = every.iter().filter(|day| *day != "2026-03-15").collect();
    assert_eq!(days_of("Swim").iter().collect::<Vec<_>>(), kept);
    assert_eq!(days_of("Dentist"), ["2026-03-15"]);
}

pub(crate) fn bedtime_follows_the_sleep_goal(backend: Backend) {
    let life = Life::in_zone(backend, "UTC");
    let reminder = life.of_bedtime("2026-03-10T12:00:00Z", "07:00");
    let goal = |now: &str, minutes| {
        let sleep_goal = Some(SleepGoal::from_minutes(minutes).unwrap());
        life.set(now, &SettingsPatch { sleep_goal, ..SettingsPatch::default() });
    };
    assert_eq!(life.next(&reminder), Some(falls("2026-03-11", "2026-03-10T23:00:00Z")));
    goal("2026-03-10T12:00:00Z", 540);
    assert_eq!(life.next(&reminder), Some(falls("2026-03-11", "2026-03-10T22:00:00Z")));
    goal("2026-03-10T12:00:00Z", 420);
    assert_eq!(life.next(&reminder), Some(falls("2026-03-11", "2026-03-11T00:00:00Z")));
    // Past by then: at once.
    goal("2026-03-10T23:30:00Z", 600);
    assert_eq!(life.next(&reminder), Some(falls("2026-03-11", "2026-03-10T23:30:00Z")));
    assert_eq!(life.told("2026-03-10T23:30:00Z"), ["2026-03-11"]);
    // Once a day, however the goal changes.
    goal("2026-03-10T23:40:00Z", 300);
    assert_eq!(life.next(&reminder), Some(falls("2026-03-12", "2026-03-12T02:00:00Z")));
    // What reminders don't follow moves none.
    let before = life.test.read(|store| store.find_reminder(life.user, reminder.id)).unwrap();
    let week_start = Some(circadia_domain::civil::Weekday::Su);
    life.set("2026-03-11T12:00:00Z", &SettingsPatch { week_start, ..SettingsPatch::default() });
    assert_eq!(life.test.read(|store| store.find_reminder(life.user, reminder.id)), Some(before));
}

pub(crate) fn a_reminder_follows_the_day_of_its_task(backend: Backend) {
    let life = Life::in_zone(backend, "UTC");
    let task = life.task(None);
    let rule = ReminderRule::Task { task: task.id, time: time("09:00"), days_before: 2 };
    let reminder = life.remind("2026-03-01T12:00:00Z", rule);
    let due_on = |now: &str, day: Option<&str>| {
        let patch = TaskPatch { due_on: Some(day.map(date)), ..TaskPatch::default() };
        life.at(now, |tx| tasks::update(tx, task.id, &Expected::Anything, patch.clone()));
    };
    assert_eq!(life.next(&reminder), None);
    due_on("2026-03-01T12:00:00Z", Some("2026-03-10"));
    assert_eq!(life.next(&reminder), Some(falls("2026-03-08", "2026-03-08T09:00:00Z")));
    due_on("2026-03-01T12:00:00Z", Some("2026-03-07"));
    assert_eq!(life.next(&reminder), Some(falls("2026-03-05", "2026-03-05T09:00:00Z")));
    due_on("2026-03-01T12:00:00Z", None);
    assert_eq!(life.next(&reminder), None);
    // Too late for it.
    due_on("2026-03-01T12:00:00Z", Some("2026-03-02"));
    assert_eq!(life.next(&reminder), None);
    due_on("2026-03-01T12:00:00Z", Some("2026-03-06"));
    assert_eq!(life.told("2026-03-04T09:00:00Z"), ["2026-03-04"]);
    assert_eq!(life.next(&reminder), None);
    // Put off, it is told of again.
    due_on("2026-03-04T10:00:00Z", Some("2026-03-09"));
    assert_eq!(life.next(&reminder), Some(falls("2026-03-07", "2026-03-07T09:00:00Z")));
    // But not twice for one day, wherever that is.
    due_on("2026-03-04T11:00:00Z", None);
    life.move_to("2026-03-04T11:00:00Z", "America/Los_Angeles");
    due_on("2026-03-04T11:00:00Z", Some("2026-03-06"));
    assert_eq!(life.next(&reminder), None);
    let stored = life.test.read(|store| store.find_reminder(life.user, reminder.id)).unwrap();
    assert_eq!((stored.rev, stored.updated_at), (reminder.rev, reminder.updated_at), "its user changed nothing of it");
}

pub(crate) fn a_changed_reminder_begins_anew(backend: Backend) {
    let life = Life::in_zone(backend, "UTC");
    let habit = life.habit(&json!({"type": "daily"}));
    let reminder = life.of_habit("2026-03-10T06:00:00Z", habit, "08:00");
    let change = |now: &str, patch: ReminderPatch| {
        let subject = reminder.rule.subject();
        life.at(now, |tx| reminders::update(tx, subject, reminder.id, &Expected::Anything, &patch))
    };
    let at = |text: &str| ReminderPatch {
        rule: ReminderRulePatch { time: Some(time(text)), ..ReminderRulePatch::default() },
        ..ReminderPatch::default()
    };
    let enabled = |enabled| ReminderPatch { enabled: Some(enabled), ..ReminderPatch::default() };
    assert_eq!(life.told("2026-03-10T08:00:00Z"), ["2026-03-10"]);
    // The same time, and other channels: no reason to begin anew.
    let channels = Some(ReminderChannels::from_bits(1));
    change("2026-03-10T08:01:00Z", ReminderPatch { channels, ..at("08:00") });
    assert_eq!(life.next(&reminder), Some(falls("2026-03-11", "2026-03-11T08:00:00Z")));
    let changed = change("2026-03-10T08:01:00Z", at("20:00"));
    assert_eq!((changed.handled_on, changed.channels), (None, ReminderChannels::from_bits(1)));
    assert_eq!(life.told("2026-03-10T20:00:00Z"), ["2026-03-10"]);
    assert_eq!(change("2026-03-11T12:00:00Z", enabled(false)).next, None);
    assert_eq!(life.told("2026-03-11T20:00:00Z"), Vec::<String>::new());
    // It doesn't tell of what it was disabled for.
    change("2026-03-11T21:00:00Z", enabled(true));
    assert_eq!(life.next(&reminder), Some(falls("2026-03-12", "2026-03-12T20:00:00Z")));
    // While disabled, it follows nothing.
    change("2026-03-11T21:00:00Z", enabled(false));
    life.move_to("2026-03-11T21:00:00Z", "Asia/Tokyo");
    assert_eq!(life.next(&reminder), None);
}

pub(crate) fn there_is_nothing_to_tell_of_what_is_done(backend: Backend) {
    let (before, now) = ("2026-03-11T06:00:00Z", "2026-03-11T08:00:00Z");
    let put = |life: &Life, habit, day: &str, state| {
        let input = EntryInput { state: Some(state), value: None, note: None };
        let put = EntryPut { habit, date: date(day), input };
        life.at(before, |tx| entries::put(tx, &put, &Expected::Anything, None).map(drop));
    };
    let daily = json!({"type": "daily"});
    type Happening<'a> = &'a dyn Fn(&Life, HabitId);
    let cases: [(&str, serde_json::Value, Happening<'_>, usize); 8] = [
        ("pending", daily.clone(), &|_, _| {}, 1),
        ("done", daily.clone(), &|life, habit| put(life, habit, "2026-03-11", EntryState::Done), 0),
        ("done the day before", daily.clone(), &|life, habit| put(life, habit, "2026-03-10", EntryState::Done), 1),
        ("skipped", daily.clone(), &|life, habit| put(life, habit, "2026-03-11", EntryState::Skipped), 0),
        (
            "archived",
            daily.clone(),
            &|life, habit| {
                life.at(before, |tx| habits::archive(tx, habit, &Expected::Anything).map(drop));
            },
            0,
        ),
        (
            "paused",
            daily.clone(),
            &|life, habit| {
                let (from, to) = (date("2026-03-11"), Some(date("2026-03-11")));
                let pause = Pause { id: PauseId::from_uuid(samples::id()), from, to, source: PauseSource::Own };
                life.at(before, |tx| habits::create_pause(tx, habit, pause.clone()).map(drop));
            },
            0,
        ),
        ("not due", json!({"type": "weekly", "weekdays": ["mo"]}), &|_, _| {}, 0),
        (
            "quota met",
            json!({"type": "quota", "times": 2, "per": "week"}),
            &|life, habit| {
                put(life, habit, "2026-03-09", EntryState::Done);
                put(life, habit, "2026-03-10", EntryState::Done);
            },
            0,
        ),
    ];
    for (case, schedule, happen, expected) in cases {
        let life = Life::in_zone(backend, "UTC");
        let habit = life.habit(&schedule);
        let reminder = life.of_habit(before, habit, "08:00");
        happen(&life, habit);
        assert_eq!(life.told(now).len(), expected, "{case}");
        assert_eq!(life.next(&reminder), Some(falls("2026-03-12", "2026-03-12T08:00:00Z")), "{case}");
    }
    for (status, expected) in [(TaskStatus::InProgress, 1), (TaskStatus::Done, 0), (TaskStatus::Cancelled, 0)] {
        let life = Life::in_zone(backend, "UTC");
        let task = life.task(Some(date("2026-03-11")));
        let rule = ReminderRule::Task { task: task.id, time: time("08:00"), days_before: 0 };
        let reminder = life.remind(before, rule);
        life.at(before, |tx| tasks::transition(tx, task.id, &Expected::Anything, status).map(drop));
        assert_eq!(life.told(now).len(), expected, "{status}");
        assert_eq!(life.next(&reminder), None, "{status}");
    }
    let life = Life::in_zone(backend, "UTC");
    let reminder = life.of_bedtime(before, "16:00");
    life.test.raw().execute("UPDATE users SET active = FALSE").unwrap();
    assert_eq!(life.told(now), Vec::<String>::new(), "deactivated");
    assert_eq!(life.next(&reminder), Some(falls("2026-03-12", "2026-03-12T08:00:00Z")));
}

pub(crate) fn what_is_late_is_told_on_its_day(backend: Backend) {
    // Of the 10th. What is told at half past eleven may be told an hour later.
    for (at, now, is_told) in [
        ("08:00", "2026-03-10T10:00:00Z", true),
        ("08:00", "2026-03-10T20:00:00Z", true),
        ("08:00", "2026-03-10T20:00:01Z", false),
        ("22:00", "2026-03-10T23:59:59Z", true),
        ("22:00", "2026-03-11T00:00:00Z", false),
        ("23:30", "2026-03-11T00:30:00Z", true),
        ("23:30", "2026-03-11T00:30:01Z", false),
    ] {
        let life = Life::in_zone(backend, "UTC");
        let habit = life.habit(&json!({"type": "daily"}));
        let reminder = life.of_habit("2026-03-10T06:00:00Z", habit, at);
        let expected: &[&str] = if is_told { &["2026-03-10"] } else { &[] };
        assert_eq!(life.told(now), expected, "{at} at {now}");
        assert_eq!(life.next(&reminder), Some(falls("2026-03-11", &format!("2026-03-11T{at}:00Z"))));
    }
}

pub(crate) fn an_outage_of_days_is_passed_over_at_once(backend: Backend) {
    let life = Life::in_zone(backend, "UTC");
    let habit = life.habit(&json!({"type": "daily"}));
    let (early, late) =
        (life.of_habit("2026-03-10T06:00:00Z", habit, "08:00"), life.of_habit("2026-03-10T06:00:00Z", habit, "22:00"));
    // Three days later, a little after one of them was to be told.
    let (told, rounds) = life.tell(instant("2026-03-13T09:00:00Z"));
    assert_eq!(told, [("2026-03-13".to_owned(), "Swim".to_owned())]);
    // The one is passed over up to today, which is told then; the other up to yesterday evening, which is past, too.
    assert_eq!(rounds, 2);
    assert_eq!(life.next(&early), Some(falls("2026-03-14", "2026-03-14T08:00:00Z")));
    assert_eq!(life.next(&late), Some(falls("2026-03-13", "2026-03-13T22:00:00Z")));
}

pub(crate) fn two_dispatchers_tell_once(backend: Backend) {
    let life = Life::in_zone(backend, "UTC");
    let habit = life.habit(&json!({"type": "daily"}));
    for number in 0..5 {
        life.of_habit("2026-03-10T06:00:00Z", habit, &format!("08:0{number}"));
    }
    let now = instant("2026-03-10T08:30:00Z");
    let replicas = [(); 2].map(|()| life.test.reopened(|_| ()));
    let have_read = Barrier::new(2);
    let passed = at_once(2, |index| {
        let firings = due(&replicas[index], life.user, now);
        assert_eq!(firings.iter().filter(|firing| firing.notice.is_some()).count(), 5);
        have_read.wait();
        firings.iter().filter(|firing| pass(&replicas[index], life.user, firing)).count()
    });
    assert_eq!(passed.iter().sum::<usize>(), 5, "{passed:?}");
}

pub(crate) fn what_a_writer_has_read_is_not_passed_meanwhile(backend: Backend) {
    let life = Life::in_zone(backend, "Asia/Tokyo");
    let habit = life.habit(&json!({"type": "daily"}));
    let reminder = life.of_habit("2026-03-10T20:00:00Z", habit, "08:00");
    let now = instant("2026-03-10T23:00:00Z");
    let firings = life.due(now);
    let has_read = Barrier::new(2);
    let replica = life.test.reopened(|_| ());
    std::thread::scope(|scope| {
        let dispatcher = scope.spawn(|| {
            has_read.wait();
            pass(&replica, life.user, &firings[0])
        });
        write::<_, Error>(&life.test.database, life.user, now, |tx| {
            let user = users::find(tx.store, tx.user)?;
            assert_eq!(user.settings.timezone, Zone::parse("Asia/Tokyo").unwrap());
            let read = tx.store.reminders(tx.user, None)?;
            has_read.wait();
            std::thread::sleep(Duration::from_millis(300));
            // As if the user had moved: it falls later, on the same day.
            let later = read[0].next.map(|next| Occurrence { at: next.at.plus_seconds(3_600), ..next });
            Ok(tx.store.set_next_occurrence(tx.user, read[0].id, later)?)
        })
        .unwrap();
        assert!(!dispatcher.join().unwrap(), "it was told on a day for which it is to be told again");
    });
    assert_eq!(life.next(&reminder), Some(falls("2026-03-11", "2026-03-11T00:00:00Z")));
}
