//! Loop Habit Tracker: the export as CSV and the backup (`.db`), <https://github.com/iSoron/uhabits>.
//!
//! The archive has `Habits.csv`, and for each habit a folder, `001 Meditate`, with `Checkmarks.csv` (`Date,Value,Notes`)
//! and `Scores.csv`; at the top, `Checkmarks.csv` has a column per habit. Values are `YES_MANUAL` (2), `YES_AUTO` (1),
//! `NO` (0), `UNKNOWN` (-1), `SKIP` (3), or of numerical habits the number times 1,000. The backup has the tables `Habits`
//! and `Repetitions`, whose `timestamp` is midnight in UTC of the day, in milliseconds.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufReader, Read};

use circadia_domain::civil::Date;
use circadia_domain::color::Color;
use circadia_domain::habits::{Direction, EntryState, Kind, Quota, Schedule};
use circadia_domain::ids::HabitId;
use circadia_domain::imports::{ItemKind, Line};
use circadia_domain::quantity::Quantity;

use super::frequency::{amount_in_days, is_met, times_in_any_days};
use crate::archive::{Archive, Bounded, is_zip, starts_with};
use crate::context::{HabitDraft, count};
use crate::out::{Out, reason};
use crate::sqlite::{Database, Value};
use crate::table::{Header, Row, Rows};
use crate::values::{iso_date, number, quantity};
use crate::{Context, ReadError, Source};

/// The colours of the app, by their number.
const PALETTE: [&str; 20] = [
    "#D32F2F", "#E64A19", "#F57C00", "#FF8F00", "#F9A825", "#AFB42B", "#7CB342", "#388E3C", "#00897B", "#00ACC1",
    "#039BE5", "#1976D2", "#303F9F", "#5E35B1", "#8E24AA", "#D81B60", "#5D4037", "#303030", "#757575", "#AAAAAA",
];

/// The most check marks of an export that are held in memory: those of one habit, or of a table with all.
const MAX_MARKS: usize = 1_000_000;

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
    color: Option<Color>,
    is_numerical: bool,
    is_at_most: bool,
    target: f64,
    unit: String,
    is_archived: bool,
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
        return archive(&mut Archive::open(file, max)?, context, out);
    }
    if starts_with(file, b"SQLite format 3\0")? {
        let mut bytes = Vec::new();
        Bounded::new(file, max).read_to_end(&mut bytes)?;
        return backup(&Database::open(&bytes)?, context, out);
    }
    single(BufReader::new(Bounded::new(file, max)), context, out)
}

/// The file in an archive that has this name, at whatever depth.
fn named(names: &[String], is_it: impl Fn(&[&str]) -> bool) -> Option<&String> {
    names.iter().find(|name| {
        let parts: Vec<&str> = name.split('/').collect();
        is_it(&parts)
    })
}

fn archive(archive: &mut Archive<'_>, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let names = archive.names();
    let list = named(&names, |parts| parts.last() == Some(&"Habits.csv"));
    let habits = match list {
        Some(list) => archive.read(list, |file| habits_of(&mut Rows::new(file)))?,
        None => habits_of_folders(&names),
    };
    if habits.is_empty() {
        return Err(ReadError::unreadable(
            "The archive isn't an export of Loop: it has neither Habits.csv nor habits.",
        ));
    }
    for habit in &habits {
        let prefix = format!("{:03} ", habit.position);
        let bare = format!("{:03}", habit.position);
        let marks = named(&names, |parts| match parts {
            [.., folder, "Checkmarks.csv"] => folder.starts_with(&prefix) || *folder == bare,
            _ => false,
        });
        let marks = match marks {
            Some(name) => archive.read(name, |file| marks_of(&mut Rows::new(file)))?,
            None => Vec::new(),
        };
        write(habit, marks, context, out)?;
    }
    Ok(())
}

/// The habits of folders such as `001 Meditate`, where the list is missing.
fn habits_of_folders(names: &[String]) -> Vec<LoopHabit> {
    let folders = names.iter().filter_map(|name| {
        let mut parts = name.rsplit('/');
        let folder = (parts.next() == Some("Checkmarks.csv")).then(|| parts.next())??;
        let (position, name) = folder.split_once(' ')?;
        Some((position.parse().ok()?, name.to_owned()))
    });
    let folders: BTreeMap<u32, String> = folders.collect();
    let habits = folders.into_iter().map(|(position, name)| LoopHabit {
        line: Line::from(position),
        position,
        key: format!("name:{name}"),
        name,
        numerator: 1,
        denominator: 1,
        ..LoopHabit::default()
    });
    habits.collect()
}

/// A file by itself: the list of habits, or the check marks of all.
fn single(reader: impl Read, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let mut rows = Rows::new(reader);
    let Some(first) = rows.next()? else { return Err(ReadError::unreadable("The file is empty.")) };
    let header = Header::of(&first);
    if header.has(&["position", "name"]) {
        for habit in habits_after(&header, &mut rows)? {
            write(&habit, Vec::new(), context, out)?;
        }
        return Ok(());
    }
    let names: Vec<String> = first.cells().iter().skip(1).map(|name| name.trim().to_owned()).collect();
    if header.has(&["date", "value"]) || first.cell(0) != "Date" || names.iter().all(String::is_empty) {
        return Err(ReadError::unreadable(
            "The file isn't of Loop, or doesn't say which habit it is about. Send the whole archive (ZIP), its Habits.csv \
             or the Checkmarks.csv beside that.",
        ));
    }
    let mut marks: Vec<Vec<Mark>> = names.iter().map(|_| Vec::new()).collect();
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let Some(date) = iso_date(row.cell(0)) else { continue };
        for (at, marks) in marks.iter_mut().enumerate() {
            let written = row.cell(at + 1);
            if matches!(value_of(written), Some(-1)) {
                continue;
            }
            count += 1;
            ensure_few(count)?;
            marks.push(Mark {
                line: row.line,
                date,
                value: value_of(written),
                written: written.to_owned(),
                note: String::new(),
            });
        }
    }
    let mut seen = HashMap::new();
    for (position, (name, marks)) in (1..).zip(names.into_iter().zip(marks)) {
        if name.is_empty() {
            continue;
        }
        let key = key_of(&name, &mut seen);
        let habit = LoopHabit { line: 1, position, key, name, numerator: 1, denominator: 1, ..LoopHabit::default() };
        write(&habit, marks, context, out)?;
    }
    Ok(())
}

fn habits_of(rows: &mut Rows<&mut dyn Read>) -> Result<Vec<LoopHabit>, ReadError> {
    let Some(first) = rows.next()? else { return Ok(Vec::new()) };
    habits_after(&Header::of(&first), rows)
}

/// What tells habits apart that have no other name: the same name again is another habit.
fn key_of(name: &str, seen: &mut HashMap<String, u32>) -> String {
    let count = seen.entry(name.to_owned()).or_default();
    *count += 1;
    if *count == 1 { format!("name:{name}") } else { format!("name:{name}#{count}") }
}

fn habits_after<R: Read>(header: &Header, rows: &mut Rows<R>) -> Result<Vec<LoopHabit>, ReadError> {
    if !header.has(&["name"]) {
        return Err(ReadError::unreadable("Habits.csv has no column `Name`."));
    }
    let (mut habits, mut seen) = (Vec::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        let get = |name: &str| header.get(&row, name);
        // Older versions call them differently.
        let either = |one: &str, other: &str| if header.has(&[one]) { get(one) } else { get(other) }.to_owned();
        let place = u32::try_from(habits.len()).unwrap_or(u32::MAX).saturating_add(1);
        habits.push(LoopHabit {
            line: row.line,
            position: get("position").parse().unwrap_or(place),
            key: key_of(get("name"), &mut seen),
            name: get("name").to_owned(),
            question: get("question").to_owned(),
            description: get("description").to_owned(),
            numerator: either("frequencynumerator", "numrepetitions").parse().unwrap_or(1),
            denominator: either("frequencydenominator", "interval").parse().unwrap_or(1),
            color: Color::parse(get("color")).ok(),
            is_numerical: get("type").eq_ignore_ascii_case("numerical"),
            is_at_most: get("target type").eq_ignore_ascii_case("at_most"),
            target: number(get("target value")).unwrap_or(0.0),
            unit: get("unit").to_owned(),
            is_archived: get("archived?").eq_ignore_ascii_case("true"),
        });
    }
    Ok(habits)
}

fn marks_of(rows: &mut Rows<&mut dyn Read>) -> Result<Vec<Mark>, ReadError> {
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        // Older versions write no names of columns.
        if let Some(date) = iso_date(row.cell(0)) {
            marks.push(mark(&row, date));
            ensure_few(marks.len())?;
        }
    }
    Ok(marks)
}

fn ensure_few(marks: usize) -> Result<(), ReadError> {
    if marks <= MAX_MARKS {
        return Ok(());
    }
    Err(ReadError::unreadable(format!("The export has more than {MAX_MARKS} check marks in a table.")))
}

fn mark(row: &Row, date: Date) -> Mark {
    let written = row.cell(1);
    Mark { line: row.line, date, value: value_of(written), written: written.to_owned(), note: row.cell(2).to_owned() }
}

fn value_of(written: &str) -> Option<i64> {
    match written {
        "YES_MANUAL" => Some(YES_MANUAL),
        "YES_AUTO" => Some(YES_AUTO),
        "NO" => Some(NO),
        "UNKNOWN" | "" => Some(-1),
        "SKIP" => Some(SKIP),
        number => number.parse().ok(),
    }
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
fn plan(habit: &LoopHabit) -> Result<(Schedule, Kind, Option<String>), circadia_domain::violation::Violations> {
    if !habit.is_numerical {
        let (schedule, note) = times_in_any_days(habit.numerator, habit.denominator);
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
            Ok((crate::context::DAILY, kind, Some(detail)))
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

/// A colour by its number in the palette; before there was one, as alpha, red, green and blue.
fn color_of(number: i64) -> Option<Color> {
    match usize::try_from(number) {
        Ok(at) => PALETTE.get(at).and_then(|color| Color::parse(color).ok()),
        Err(_) => Color::parse(&format!("#{:06X}", number & 0xff_ffff)).ok(),
    }
}

fn text(value: &Value) -> String {
    value.text().unwrap_or_default().to_owned()
}

fn unsigned(value: &Value) -> Option<u32> {
    value.integer().and_then(|number| u32::try_from(number).ok())
}

fn backup(database: &Database<'_>, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let (table, marks) = (database.table("habits")?, database.table("repetitions")?);
    // Before there were descriptions, what is asked was called so.
    let has_question = table.has("question");
    let (mut habits, mut seen): (Vec<(i64, LoopHabit)>, _) = (Vec::new(), HashMap::new());
    database.rows(&table, &mut |row| {
        let name = text(&row.get("name"));
        let described = text(&row.get("description"));
        let (question, description) =
            if has_question { (text(&row.get("question")), described) } else { (described, String::new()) };
        let uuid = text(&row.get("uuid"));
        let color = row.get("color").integer().and_then(color_of);
        let key = if uuid.is_empty() { key_of(&name, &mut seen) } else { format!("uuid:{uuid}") };
        let habit = LoopHabit {
            line: u64::try_from(row.id).unwrap_or(0),
            position: unsigned(&row.get("position")).unwrap_or(u32::MAX),
            key,
            name,
            question,
            description,
            numerator: unsigned(&row.get("freq_num")).unwrap_or(1),
            denominator: unsigned(&row.get("freq_den")).unwrap_or(1),
            color,
            is_numerical: row.get("type").integer() == Some(1),
            is_at_most: row.get("target_type").integer() == Some(1),
            target: row.get("target_value").real().unwrap_or(0.0),
            unit: text(&row.get("unit")),
            is_archived: row.get("archived").integer().is_some_and(|archived| archived != 0),
        };
        habits.push((row.id, habit));
        Ok(())
    })?;
    habits.sort_by_key(|(id, habit)| (habit.position, *id));
    let mut by_habit: HashMap<i64, Vec<Mark>> = HashMap::new();
    database.rows(&marks, &mut |row| {
        let (habit, millis) = (row.get("habit").integer(), row.get("timestamp").integer());
        let days = millis.and_then(|millis| i32::try_from(millis.div_euclid(86_400_000)).ok());
        let (Some(habit), Some(date)) = (habit, days.and_then(Date::from_days_since_epoch)) else { return Ok(()) };
        by_habit.entry(habit).or_default().push(Mark {
            line: u64::try_from(row.id).unwrap_or(0),
            date,
            // Before there were other values, a row meant that it was done.
            value: Some(row.get("value").integer().unwrap_or(YES_MANUAL)),
            written: String::new(),
            note: text(&row.get("notes")),
        });
        Ok(())
    })?;
    for (id, habit) in habits {
        write(&habit, by_habit.remove(&id).unwrap_or_default(), context, out)?;
    }
    Ok(())
}
