//! Todoist: the CSV of a project, or a backup (ZIP with one such file per project). Columns: `TYPE,CONTENT,DESCRIPTION,
//! PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,…`. A row is a `task`, a `section`, a `note` (of the task
//! before it) or `meta`. Dates are as their users wrote them: `2026-03-01`, `13 Jun`, `every day`. Priority 1 is the
//! highest, 4 the lowest.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use chrono::{DateTime, Datelike as _, NaiveDate};
use circadia_domain::civil::{Date, Instant, ZoneOrOffset};
use circadia_domain::imports::{ItemKind, Line};
use circadia_domain::tasks::{Priority, TaskStatus};

use crate::archive::{Archive, Bounded, is_zip};
use crate::context::{TaskDraft, date_in_zone};
use crate::out::Out;
use crate::table::{Header, Row, Rows};
use crate::values::{date, iso_date};
use crate::{Context, ReadError, Source};

/// The most characters of notes that are kept in memory: descriptions are shorter.
const MAX_NOTES: usize = 4_000;

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let mut seen = HashMap::new();
    if !is_zip(file)? {
        return project("", &mut BufReader::new(Bounded::new(file, max)), &mut seen, context, out);
    }
    let mut archive = Archive::open(file, max)?;
    let names = archive.names().into_iter().filter(|name| name.to_lowercase().ends_with(".csv"));
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return Err(ReadError::unreadable("The archive has no CSV files: it isn't a backup of Todoist."));
    }
    for name in names {
        let project_name = project_of(&name);
        archive.read(&name, |file| project(&project_name, file, &mut seen, context, out))?;
    }
    Ok(())
}

/// `Work [2203306141].csv` is of the project *Work*.
fn project_of(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.get(..file.len().saturating_sub(4)).unwrap_or(file);
    stem.rsplit_once(" [").map_or(stem, |(project, _)| project).trim().to_owned()
}

/// A task whose notes may follow.
struct Pending {
    line: Line,
    key: String,
    title: String,
    description: String,
    priority: Priority,
    due_on: Option<Date>,
}

fn project(
    name: &str,
    file: &mut dyn Read,
    seen: &mut HashMap<String, u32>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let mut rows = Rows::new(file);
    let header = Header::of(&rows.next()?.unwrap_or_default());
    if !header.has(&["type", "content"]) {
        return Err(ReadError::unreadable(
            "The file isn't of Todoist: its first line must be `TYPE,CONTENT,DESCRIPTION,PRIORITY,…`.",
        ));
    }
    let is_named = !name.is_empty() && !name.eq_ignore_ascii_case("inbox");
    if is_named {
        out.item_or_skip(1, ItemKind::Theme, context.theme(name))?;
    }
    let theme = is_named.then(|| context.theme_id(name));
    let write = |pending: Option<Pending>, out: &mut Out<'_>| match pending {
        None => Ok(()),
        Some(task) => {
            let item = context.task(&TaskDraft {
                key: &task.key,
                title: &task.title,
                description: task.description.as_str().into(),
                priority: task.priority,
                status: TaskStatus::Todo,
                due_on: task.due_on,
                theme,
                created_at: None,
                completed_at: None,
            });
            out.item_or_skip(task.line, ItemKind::Task, item)
        }
    };
    let (mut pending, mut section): (Option<Pending>, String) = (None, String::new());
    while let Some(row) = rows.next()? {
        let get = |name: &str| header.get(&row, name);
        match get("type").to_lowercase().as_str() {
            "task" => {
                write(pending.take(), out)?;
                pending = Some(task(name, &section, &header, &row, seen, context, out)?);
            }
            "section" => {
                write(pending.take(), out)?;
                get("content").clone_into(&mut section);
            }
            "note" => match &mut pending {
                Some(task) if task.description.len() < MAX_NOTES => {
                    if !task.description.is_empty() {
                        task.description.push_str("\n\n");
                    }
                    task.description.push_str(get("content"));
                }
                Some(_) => {}
                None => {
                    out.skip(row.line, None, "not_supported", "a comment on the project has no place here")?;
                }
            },
            _ => {}
        }
    }
    write(pending, out)
}

fn task(
    project: &str,
    section: &str,
    header: &Header,
    row: &Row,
    seen: &mut HashMap<String, u32>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<Pending, ReadError> {
    let get = |name: &str| header.get(row, name);
    let title = get("content");
    let key = format!("{project}/{section}/{title}");
    let count = seen.entry(key.clone()).or_default();
    *count += 1;
    let key = format!("{key}/{count}");
    let dates = [get("deadline"), get("date"), get("due_date")].into_iter().filter(|text| !text.is_empty());
    let due_on = dates.clone().find_map(|text| due(text, get("timezone"), context));
    if due_on.is_none()
        && let Some(written) = dates.clone().next()
    {
        let written: String = written.chars().take(100).collect();
        let detail = format!("“{written}” isn't one day: the task has no due date");
        out.changed(row.line, ItemKind::Task, "date_left_out", detail)?;
    }
    Ok(Pending {
        line: row.line,
        key,
        title: title.to_owned(),
        description: get("description").to_owned(),
        priority: match get("priority") {
            "1" => Priority::High,
            "4" => Priority::Low,
            _ => Priority::Medium,
        },
        due_on,
    })
}

/// The day that a text means, if it is one day.
fn due(text: &str, zone: &str, context: &Context) -> Option<Date> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        let zone = ZoneOrOffset::parse(zone).unwrap_or_else(|_| context.zone());
        return Some(date_in_zone(Instant::from(at.to_utc()), zone));
    }
    if let Some(date) = iso_date(text) {
        return Some(date);
    }
    let lower = text.to_lowercase();
    if lower.starts_with("every") || lower.starts_with("ev ") {
        return None;
    }
    // A time of the day may follow.
    match lower.split([' ', ',']).next() {
        Some("today") => return Some(context.today()),
        Some("tomorrow") => return context.today().succ(),
        _ => {}
    }
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let with_year = ["%b %d %Y", "%d %b %Y", "%d %B %Y", "%B %d %Y"];
    if let Some(day) = words.get(..3).map(|words| words.join(" ")) {
        let found = with_year.iter().find_map(|form| NaiveDate::parse_from_str(&day, form).ok());
        if let Some(found) = found {
            return date(found);
        }
    }
    let day = words.get(..2)?.join(" ");
    let (year, ..) = context.today().year_month_day();
    let in_year = |year: i32| {
        let text = format!("{day} {year}");
        with_year.iter().find_map(|form| NaiveDate::parse_from_str(&text, form).ok())
    };
    let found = in_year(year)?;
    // A day that is long past is next year's.
    let is_past = date(found).is_some_and(|found| found.days_until(context.today()) > 30);
    date(if is_past { in_year(found.year() + 1)? } else { found })
}
