//! The export as CSV: its archive, or one of the tables in it.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use circadia_domain::civil::Date;
use circadia_domain::color::Color;
use circadia_domain::imports::{ItemKind, Line};

use super::{Frequency, LoopHabit, Mark, NO, SKIP, YES_AUTO, YES_MANUAL, key_of, write};
use crate::archive::Archive;
use crate::out::Out;
use crate::table::{Header, Row, Rows};
use crate::values::{iso_date, number};
use crate::{Context, ReadError};

/// The most check marks of an export that are held in memory: those of one habit, or of a table with all.
const MAX_MARKS: usize = 1_000_000;

/// What parts the names of folders: some programs that pack archives take the one of Windows.
const SEPARATORS: [char; 2] = ['/', '\\'];

/// The file in an archive that has this name, at whatever depth.
fn named(names: &[String], is_it: impl Fn(&[&str]) -> bool) -> Option<&String> {
    names.iter().find(|name| {
        let parts: Vec<&str> = name.split(SEPARATORS).collect();
        is_it(&parts)
    })
}

pub(super) fn archive(archive: &mut Archive<'_>, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
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
        let marks = if let Some(name) = marks {
            archive.read(name, |file| marks_of(&mut Rows::new(file)))?
        } else {
            let detail = format!("the archive has no Checkmarks.csv of “{}”", habit.name);
            out.changed(habit.line, ItemKind::Habit, "marks_missing", detail)?;
            Vec::new()
        };
        write(habit, marks, context, out)?;
    }
    Ok(())
}

/// The habits of folders such as `001 Meditate`, where the list is missing.
fn habits_of_folders(names: &[String]) -> Vec<LoopHabit> {
    let folders = names.iter().filter_map(|name| {
        let mut parts = name.rsplit(SEPARATORS);
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
pub(super) fn single(reader: impl Read, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
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
    let width = width_of(&first);
    let mut marks: Vec<Vec<Mark>> = names.iter().map(|_| Vec::new()).collect();
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let Some(date) = iso_date(row.cell(0)) else { continue };
        if width_of(&row) < width {
            return Err(ReadError::unreadable(format!(
                "Line {} has fewer columns than the first line: a habit's name has a comma in it, and the file doesn't tell \
                 the names apart. Send the whole archive (ZIP).",
                row.line
            )));
        }
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
        // The file doesn't say what is measured, but numbers do.
        let is_numerical = marks.iter().any(|mark| mark.value.is_some_and(|value| value > SKIP));
        if is_numerical {
            let detail = format!("the file doesn't say the target of “{name}”: here any amount reaches it");
            out.changed(1, ItemKind::Habit, "target_unknown", detail)?;
        }
        let habit = LoopHabit {
            line: 1,
            position,
            key,
            name,
            numerator: 1,
            denominator: 1,
            is_numerical,
            ..LoopHabit::default()
        };
        write(&habit, marks, context, out)?;
    }
    Ok(())
}

/// How many columns a row has, without the empty one that ends it.
fn width_of(row: &Row) -> usize {
    row.cells().len() - usize::from(row.cells().last().is_some_and(|cell| cell.trim().is_empty()))
}

fn habits_of(rows: &mut Rows<&mut dyn Read>) -> Result<Vec<LoopHabit>, ReadError> {
    let Some(first) = rows.next()? else { return Ok(Vec::new()) };
    habits_after(&Header::of(&first), rows)
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
            // Before there were questions of their own, descriptions were.
            question: either("question", "description"),
            description: if header.has(&["question"]) { get("description").to_owned() } else { String::new() },
            numerator: either("frequencynumerator", "numrepetitions").parse().unwrap_or(1),
            denominator: either("frequencydenominator", "interval").parse().unwrap_or(1),
            frequency: match get("frequencymode").to_lowercase().as_str() {
                "weeks" | "1" => Frequency::Weekly,
                _ => Frequency::Rolling,
            },
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
