//! Exports and imports: what becomes of each table, pages, and rows that are put together.

use std::collections::BTreeSet;

use circadia_domain::civil::{Instant, WallTime, Weekdays};
use circadia_domain::error::Error;
use circadia_domain::export::{self, ExportOptions, ExportWriter, PAGE, Section};
use circadia_domain::habits::Habit;
use circadia_domain::import::Contents;
use circadia_domain::reminders::{Reminder, ReminderChannels, ReminderRule};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::Task;
use circadia_domain::themes::{Theme, ThemeName};
use circadia_domain::time_entries::TimeEntry;
use circadia_domain::unit_of_work::read;
use circadia_storage::{Backend, EXPORTED, NOT_EXPORTED};
use serde::Serialize;
use serde_json::{Map, Value};

use super::erasure::{fill, tables_of_users};
use crate::support::TestDatabase;
use crate::support::samples::{self, NOW, date};

pub(crate) fn every_table_of_users_is_exported_or_left_out_for_a_reason(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let names =
        |tables: &[(&str, &str)]| -> BTreeSet<String> { tables.iter().map(|(table, _)| (*table).to_owned()).collect() };
    let (exported, left_out) = (names(EXPORTED), names(NOT_EXPORTED));
    assert!(exported.is_disjoint(&left_out));
    assert!(NOT_EXPORTED.iter().all(|(_, reason)| !reason.is_empty()));
    let known: BTreeSet<String> = exported.union(&left_out).cloned().collect();
    assert_eq!(
        tables_of_users(&test, backend),
        known,
        "decide whether a table with a column `user_id` is exported: it belongs into `EXPORTED` or into `NOT_EXPORTED`"
    );
}

/// An export as a JSON value.
#[derive(Default)]
struct ValueWriter {
    document: Map<String, Value>,
    activity: Option<Map<String, Value>>,
    list: Option<(Section, Vec<Value>)>,
}

impl ExportWriter for ValueWriter {
    fn begin(&mut self, _: Instant) -> Result<(), Error> {
        Ok(())
    }

    fn single(&mut self, name: &'static str, value: &impl Serialize) -> Result<(), Error> {
        self.document.insert(name.to_owned(), serde_json::to_value(value).unwrap());
        Ok(())
    }

    fn activity(&mut self, there: bool) -> Result<(), Error> {
        self.activity = there.then(Map::new);
        Ok(())
    }

    fn begin_list(&mut self, section: Section) -> Result<(), Error> {
        self.list = Some((section, Vec::new()));
        Ok(())
    }

    fn item(&mut self, item: &impl Serialize) -> Result<(), Error> {
        self.list.as_mut().unwrap().1.push(serde_json::to_value(item).unwrap());
        Ok(())
    }

    fn end_list(&mut self) -> Result<(), Error> {
        let (section, items) = self.list.take().unwrap();
        let place = self.activity.as_mut().unwrap_or(&mut self.document);
        place.insert(section.as_str().to_owned(), items.into());
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let activity = self.activity.take().map_or(Value::Null, Value::Object);
        self.document.insert("activity".to_owned(), activity);
        Ok(())
    }
}

pub(crate) fn everything_that_is_exported_has_a_place_in_the_document(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    fill(&test, other);
    fill(&test, user);
    let document = read::<_, Error>(&test.database, |store| {
        let mut writer = ValueWriter::default();
        let options = ExportOptions { image: None, activity: true };
        export::write(store, user, NOW, options, &mut writer)?;
        Ok(Value::Object(writer.document))
    });
    let document = document.unwrap();
    for (table, pointer) in EXPORTED {
        let found = document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing"));
        let is_filled = found.is_object() || found.as_array().is_some_and(|items| items.len() == 1);
        assert!(is_filled, "{table} at {pointer}: {found}");
    }
}

pub(crate) fn pages_follow_one_another(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let habits = [samples::habit("One"), samples::habit("Two")];
    let entries: Vec<_> = habits
        .iter()
        .flat_map(|habit| (1..=9).map(|day| samples::entry(habit.id, date(&format!("2026-01-0{day}")))))
        .collect();
    for user in [user, other] {
        test.write(user, |tx| {
            tx.store.put_habits(user, &habits)?;
            tx.store.put_entries(user, &entries)
        });
    }
    for limit in [1, 4, 9, 18, PAGE] {
        let (mut after, mut walked) = (None, Vec::new());
        loop {
            let page = test.read(|store| store.entry_page(user, after, limit));
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some((last.habit, last.date));
            walked.extend(page);
        }
        assert_eq!(walked, entries, "{limit}");
    }
}

/// Every column but the time of creation and the digest.
fn change_reminders(contents: &mut Contents, later: Instant) {
    let rules = [
        ReminderRule::Habit { habit: contents.habits[0].id, time: WallTime::NOON, weekdays: Weekdays::ALL },
        ReminderRule::Task { task: contents.tasks[0].id, time: WallTime::NOON, days_before: 9 },
    ];
    for (reminder, rule) in contents.reminders.iter_mut().zip(rules) {
        *reminder = Reminder {
            rule,
            channels: ReminderChannels::ALL,
            enabled: false,
            handled_on: None,
            next: None,
            updated_at: later,
            rev: Revision(9),
            ..reminder.clone()
        };
    }
}

pub(crate) fn many_rows_are_put_and_replaced(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let later = NOW.plus_seconds(9);
    let theme = |number: u32| samples::theme(&format!("Theme {number}"));
    let habits: Vec<Habit> = (0..3).map(|number| samples::habit(&format!("Habit {number}"))).collect();
    let description = circadia_domain::tasks::TaskDescription::parse(&"ﷺ".repeat(2_000)).unwrap();
    let task = |number: u32| Task { description: description.clone(), ..samples::task(&format!("Task {number}")) };
    let mut contents = Contents {
        themes: (0..3).map(theme).collect(),
        tasks: (0..120).map(task).collect(),
        time_entries: (1..=1_500).map(|minutes| samples::time_entry(date("2026-01-01"), minutes % 1_440 + 1)).collect(),
        shared_pauses: vec![samples::shared_pause("2026-01-01", None), samples::shared_pause("2026-01-02", None)],
        sleep_logs: vec![samples::sleep_log(NOW, 3_600), samples::sleep_log(NOW.plus_seconds(3_600), 3_600)],
        moods: vec![samples::mood(date("2026-01-01"), 3), samples::mood(date("2026-01-02"), 4)],
        mood_moments: vec![samples::moment(date("2026-01-01"), 3), samples::moment(date("2026-01-01"), 4)],
        reminders: (0..40).map(|_| samples::reminder(samples::bedtime())).collect(),
        settings: samples::settings(),
        habits,
        ..Contents::default()
    };
    let put = |contents: &Contents| {
        test.write(user, |tx| {
            tx.store.update_settings(user, &contents.settings, tx.rev, tx.now)?;
            tx.store.put_themes(user, &contents.themes)?;
            tx.store.put_habits(user, &contents.habits)?;
            tx.store.put_shared_pauses(user, &contents.shared_pauses)?;
            tx.store.put_tasks(user, &contents.tasks)?;
            tx.store.put_time_entries(user, &contents.time_entries)?;
            tx.store.put_reminders(user, &contents.reminders)?;
            tx.store.put_sleep_logs(user, &contents.sleep_logs)?;
            tx.store.put_moods(user, &contents.moods)?;
            tx.store.put_moments(user, &contents.mood_moments)
        });
    };
    let load = |user| read::<_, Error>(&test.database, |store| Contents::load(store, user)).unwrap();
    put(&contents);
    contents.tasks.sort_by_key(|task| task.id);
    contents.time_entries.sort_by_key(|entry| entry.id);
    assert_eq!(load(user), contents);
    // Every column but the time of creation and the digest is replaced.
    for theme in &mut contents.themes {
        *theme = Theme {
            name: ThemeName::parse(&format!("{} new", theme.name.as_str())).unwrap(),
            color: circadia_domain::color::Color { rgb: [1, 2, 3] },
            updated_at: later,
            rev: Revision(9),
            ..theme.clone()
        };
    }
    for task in &mut contents.tasks {
        let fresh = samples::task("Another");
        *task = Task { id: task.id, updated_at: later, rev: Revision(9), theme: None, ..fresh };
    }
    for entry in &mut contents.time_entries {
        *entry =
            TimeEntry { minutes: 7, note: None, started_at: None, ended_at: None, updated_at: later, ..entry.clone() };
    }
    for habit in &mut contents.habits {
        let timeline = samples::timeline_from(&serde_json::json!([{
            "effective_from": "2026-01-01", "anchor": "2026-01-01", "week_start": "mo",
            "schedule": {"type": "daily", "every": 3}, "kind": {"type": "check"},
        }]));
        *habit = Habit {
            description: None,
            color: None,
            icon: None,
            question: None,
            archived_at: None,
            position: 4,
            timeline,
            updated_at: later,
            rev: Revision(9),
            ..habit.clone()
        };
    }
    for log in &mut contents.sleep_logs {
        (log.note, log.sleep.quality, log.sleep.awake_seconds, log.updated_at) = (None, None, None, later);
    }
    for pause in &mut contents.shared_pauses {
        (pause.note, pause.to, pause.updated_at) = (None, Some(date("2026-02-02")), later);
    }
    for mood in &mut contents.moods {
        (mood.note, mood.updated_at) = (None, later);
    }
    for moment in &mut contents.mood_moments {
        (moment.note, moment.date, moment.updated_at) = (None, date("2026-01-03"), later);
    }
    change_reminders(&mut contents, later);
    put(&contents);
    assert_eq!(load(user), contents);
    assert_eq!(load(other), Contents { settings: load(other).settings, ..Contents::default() });
    let found = test.read(|store| {
        let filter = circadia_domain::tasks::TaskFilter { text: Some("another".to_owned()), ..Default::default() };
        let order = circadia_domain::tasks::TaskOrder { by: circadia_domain::tasks::TaskSort::Title, reversed: false };
        store.tasks(
            user,
            &filter,
            &circadia_domain::tasks::TaskSeek { order, beyond: None, backwards: false, limit: 500 },
        )
    });
    assert_eq!(found.len(), 120, "what is searched follows");
}
