//! Loop Habit Tracker: the export as CSV and the backup (`.db`), <https://github.com/iSoron/uhabits>.
//!
//! The archive has `Habits.csv`, and for each habit a folder, `001 Meditate`, with `Checkmarks.csv` (`Date,Value,Notes`)
//! and `Scores.csv`; at the top, `Checkmarks.csv` has a column per habit. Values are `YES_MANUAL` (2), `YES_AUTO` (1),
//! `NO` (0), `UNKNOWN` (-1), `SKIP` (3), or of numerical habits the number times 1,000. The backup has the tables `Habits`
//! and `Repetitions`, whose `timestamp` is midnight in UTC of the day, in milliseconds.

mod backup;
mod csv;

use std::collections::HashMap;
use std::io::{BufReader, Read as _};

use circadia_domain::civil::Date;
use circadia_domain::color::Color;
use circadia_domain::habits::{Direction, EntryState, Kind, Quota, Schedule};
use circadia_domain::ids::HabitId;
use circadia_domain::imports::{ItemKind, Line};
use circadia_domain::quantity::Quantity;
use circadia_domain::violation::Violations;

use super::frequency::{amount_in_days, is_met, times_in_any_days, times_in_days};
use crate::archive::{Archive, Bounded, is_zip, starts_with};
use crate::context::{DAILY, HabitDraft, count};
use crate::out::{Out, reason};
use crate::sqlite::Database;
use crate::values::quantity;
use crate::{Context, ReadError, Source};

const SKIP: i64 = 3;
const YES_MANUAL: i64 = 2;
const YES_AUTO: i64 = 1;
const NO: i64 = 0;

/// A habit of the app.
#[derive(Debug, Default)]
struct LoopHabit {
    line: Line,
    /// Its place in the list, from 1.
    position: u32,
    key: String,
    name: String,
    question: String,
    description: String,
    numerator: u32,
    denominator: u32,
    frequency: Frequency,
    color: Option<Color>,
    is_numerical: bool,
    is_at_most: bool,
    target: f64,
    unit: String,
    is_archived: bool,
}

/// Which days a frequency is of.
#[derive(Debug, Default, Clone, Copy)]
enum Frequency {
    /// Any days in a row.
    #[default]
    Rolling,
    /// Those of a week of the calendar.
    Weekly,
}

/// What was said of a day.
#[derive(Debug)]
struct Mark {
    line: Line,
    date: Date,
    /// None if it can't be read.
    value: Option<i64>,
    written: String,
    note: String,
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    if is_zip(file)? {
        return csv::archive(&mut Archive::open(file, max)?, context, out);
    }
    if starts_with(file, b"SQLite format 3\0")? {
        let mut bytes = Vec::new();
        Bounded::new(file, max).read_to_end(&mut bytes)?;
        return backup::read(&Database::open(&bytes)?, context, out);
    }
    csv::single(BufReader::new(Bounded::new(file, max)), context, out)
}

/// What tells habits apart that have no other name: the same name again is another habit.
fn key_of(name: &str, seen: &mut HashMap<String, u32>) -> String {
    let count = seen.entry(name.to_owned()).or_default();
    *count += 1;
    if *count == 1 { format!("name:{name}") } else { format!("name:{name}#{count}") }
}

/// What a day's value means; `Err` if it means nothing that is kept.
fn meaning(habit: &LoopHabit, kind: &Kind, value: i64) -> Result<(EntryState, Option<Quantity>), Option<String>> {
    match value {
        SKIP => Ok((EntryState::Skipped, None)),
        -1 => Err(None),
        _ if habit.is_numerical => match u64::try_from(value).map(Quantity::from_thousandths) {
            Ok(value) if is_met(kind, value) => Ok((EntryState::Done, Some(value))),
            Ok(value) => Ok((EntryState::Missed, Some(value))),
            Err(_) => Err(Some(format!("the value {value} is below 0"))),
        },
        YES_MANUAL => Ok((EntryState::Done, None)),
        YES_AUTO => Err(None),
        NO => Ok((EntryState::Missed, None)),
        _ => Err(Some(format!("the value {value} means nothing"))),
    }
}

/// Our schedule and kind of a habit, and how they differ from the app's.
fn plan(habit: &LoopHabit) -> Result<(Schedule, Kind, Option<String>), Violations> {
    if !habit.is_numerical {
        let (schedule, note) = match habit.frequency {
            Frequency::Rolling => times_in_any_days(habit.numerator, habit.denominator),
            Frequency::Weekly => times_in_days(habit.numerator, habit.denominator),
        };
        return Ok((schedule, Kind::Check, note));
    }
    let direction = if habit.is_at_most { Direction::AtMost } else { Direction::AtLeast };
    let target = quantity(habit.target).unwrap_or_default();
    let (schedule, a_day, note) = amount_in_days(target, habit.denominator);
    let kind = count(a_day, &habit.unit, direction)?;
    // A quota is to be reached; what is to stay within a limit is so by the day.
    match (&schedule, direction) {
        (Schedule::Quota { quota: Quota::Amount(_), .. }, Direction::AtMost) => {
            let detail =
                format!("a limit of {target} in {} days has no equal here: it is {a_day} a day", habit.denominator);
            Ok((DAILY, kind, Some(detail)))
        }
        _ => Ok((schedule, kind, note)),
    }
}

/// Writes a habit, and what was said of its days, the earliest first.
fn write(habit: &LoopHabit, mut marks: Vec<Mark>, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    marks.sort_by_key(|mark| mark.date);
    let (schedule, kind, note) = match plan(habit) {
        Ok(plan) => plan,
        Err(wrong) => {
            let (code, detail) = reason(&wrong);
            return out.skip(habit.line, Some(ItemKind::Habit), code, detail);
        }
    };
    if let Some(note) = note {
        out.changed(habit.line, ItemKind::Habit, "schedule_differs", note)?;
    }
    // Scores begin with the first day of which anything is known.
    let known = marks.iter().filter(|mark| mark.value.is_some_and(|value| value != -1) || !mark.note.is_empty());
    let starts_on = known.map(|mark| mark.date).min().unwrap_or_else(|| context.today());
    let item = context.habit(HabitDraft {
        key: &habit.key,
        name: &habit.name,
        description: habit.description.as_str().into(),
        question: &habit.question,
        color: habit.color,
        theme: None,
        schedule,
        kind: kind.clone(),
        starts_on,
        ends_on: None,
        is_archived: habit.is_archived,
        created_at: None,
    });
    out.item_or_skip(habit.line, ItemKind::Habit, item)?;
    let id = context.habit_id(&habit.key);
    for mark in marks {
        write_mark(habit, &kind, id, &mark, context, out)?;
    }
    Ok(())
}

fn write_mark(
    habit: &LoopHabit,
    kind: &Kind,
    id: HabitId,
    mark: &Mark,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let entry = Some(ItemKind::Entry);
    let Some(value) = mark.value else {
        let written: String = mark.written.chars().take(50).collect();
        return out.skip(mark.line, entry, "unreadable", format!("“{written}” is no value"));
    };
    match meaning(habit, kind, value) {
        Ok((state, value)) => out.item(mark.line, context.entry(id, mark.date, state, value, &mark.note)),
        Err(Some(detail)) => out.skip(mark.line, entry, "unreadable", detail),
        Err(None) if mark.note.trim().is_empty() => Ok(()),
        Err(None) => {
            let detail = format!("{} has a note, but neither done, skipped nor missed", mark.date);
            out.skip(mark.line, entry, "note_without_state", detail)
        }
    }
}
