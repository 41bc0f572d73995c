//! What the tests of readers share.

#![allow(dead_code, clippy::allow_attributes, reason = "each test uses a part of it")]

use std::io::{Cursor, Write as _};
use std::ops::ControlFlow;

use circadia_domain::civil::{Instant, Zone};
use circadia_domain::habits::Schedule;
use circadia_domain::ids::UserId;
use circadia_domain::imports::{Event, ImportFormat, Item};
use circadia_domain::users::Settings;
use circadia_imports::{Context, ReadError};

pub(crate) fn context(format: ImportFormat) -> Context {
    let settings = Settings { timezone: Zone::parse("Europe/Berlin").unwrap(), ..Settings::default() };
    Context {
        user: UserId::parse("01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b").unwrap(),
        format,
        now: Instant::parse("2026-06-01T10:00:00Z").unwrap(),
        settings,
    }
}

pub(crate) fn try_events(format: ImportFormat, file: &[u8]) -> Result<Vec<Event>, ReadError> {
    let mut events = Vec::new();
    circadia_imports::read(format, &mut Cursor::new(file), &context(format), &mut |event| {
        events.push(event);
        ControlFlow::Continue(())
    })?;
    Ok(events)
}

pub(crate) fn events(format: ImportFormat, file: impl AsRef<[u8]>) -> Vec<Event> {
    try_events(format, file.as_ref()).unwrap()
}

/// Why a file isn't read.
pub(crate) fn refusal(format: ImportFormat, file: impl AsRef<[u8]>) -> String {
    let refused = try_events(format, file.as_ref()).unwrap_err();
    assert!(matches!(refused, ReadError::Unreadable(_)), "{refused:?}");
    refused.to_string()
}

fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or("-".to_owned(), |text| text.to_string().replace('\n', "⏎"))
}

fn told_of(item: &Item) -> String {
    match item {
        Item::Theme(theme) => format!("theme {}", theme.name),
        Item::Habit(habit) => {
            let plan = &habit.timeline.plans()[0];
            let kind = serde_json::to_string(&plan.kind).unwrap();
            let archived = if habit.archived_at.is_some() { ", archived" } else { "" };
            let themed = if habit.theme.is_some() { ", themed" } else { "" };
            format!(
                "habit {} {} {kind} from {}{themed}{archived}",
                habit.name,
                plan.schedule.describe(),
                habit.timeline.window().starts_on
            )
        }
        Item::Entry(entry) => {
            let note = entry.note.as_ref().map(|note| note.as_str().to_owned());
            format!("entry {} {} {} {}", entry.date, entry.state, or_dash(entry.value), or_dash(note))
        }
        Item::Task(task) => {
            let description = task.description.as_ref().map(|text| text.as_str().to_owned());
            let themed = if task.theme.is_some() { " themed" } else { "" };
            format!(
                "task {} {} {} due {} {}{themed}",
                task.title,
                task.status,
                task.priority,
                or_dash(task.due_on),
                or_dash(description)
            )
        }
        Item::TimeEntry(entry) => format!("time {} {}", entry.date, entry.minutes),
        Item::SleepLog(log) => {
            let sleep = &log.sleep;
            let note = log.note.as_ref().map(|note| note.as_str().to_owned());
            let quality = sleep.quality.map(circadia_domain::sleep::Quality::number);
            format!(
                "sleep {} {} {} {} quality {} awake {} {}",
                sleep.start,
                sleep.end,
                sleep.zone,
                sleep.kind,
                or_dash(quality),
                or_dash(sleep.awake_seconds),
                or_dash(note)
            )
        }
        Item::Mood(mood) => format!("mood {} {}", mood.date, mood.value.number()),
        Item::MoodMoment(moment) => {
            let note = moment.note.as_ref().map(|note| note.as_str().to_owned());
            format!("moment {} {} {} {:?}", moment.at, moment.value.number(), or_dash(note), moment.tags.as_slice())
        }
    }
}

/// What a file holds, a line each.
pub(crate) fn told(format: ImportFormat, file: impl AsRef<[u8]>) -> Vec<String> {
    let tell = |event: &Event| match event {
        Event::Item { line, item } => format!("{line} {}", told_of(item)),
        Event::Note { line, kind, is_skipped, code, .. } => {
            let kind = kind.map_or("?", |kind| kind.as_str());
            format!("{line} {} {kind} {code}", if *is_skipped { "skipped" } else { "changed" })
        }
    };
    events(format, file).iter().map(tell).collect()
}

/// An archive of these files.
pub(crate) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A quota in any so many days in a row, where schedules can say that.
pub(crate) fn rolling(times: u32, days: u32) -> Option<Schedule> {
    let json = format!(r#"{{"type":"quota","times":{times},"per":"rolling","days":{days}}}"#);
    serde_json::from_str(&json).ok()
}

/// How often a habit of Loop is due: in any seven days, else in a calendar week.
pub(crate) fn three_a_week() -> String {
    rolling(3, 7).map_or("3 times a week".to_owned(), |schedule| schedule.describe())
}
