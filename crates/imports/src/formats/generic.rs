//! Tables with the columns of our own export as CSV (docs/EXPORT.md): its archive, or one table, which its columns tell.
//!
//! Tables that were written by hand may lack what has a default, and may call a habit, or a theme, by its name (`habit`,
//! `theme`) where the export has its id.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use circadia_domain::civil::{Date, Instant, ZoneOrOffset};
use circadia_domain::color::Color;
use circadia_domain::habits::{
    Archive, Entry, EntryState, Habit, Kind, MAX_VALUE, Pause, Plan, TimeOfDay, Timeline, Window,
};
use circadia_domain::ids::{HabitId, Id, PauseId, ThemeId};
use circadia_domain::import::digest_of;
use circadia_domain::imports::{Item, ItemKind};
use circadia_domain::moods::{Mood, MoodMoment, MoodValue, Tag, Tags};
use circadia_domain::quantity::Quantity;
use circadia_domain::revision::Revision;
use circadia_domain::sleep::{Quality, Sleep, SleepKind, SleepLog, waking_date};
use circadia_domain::tasks::{Priority, Task, TaskStatus};
use circadia_domain::themes::Theme;
use circadia_domain::time_entries::{MAX_ENTRY_MINUTES, TimeEntry};
use circadia_domain::violation::Violations;
use serde_json::{Value, json};

use crate::archive::{self, Bounded, is_zip};
use crate::context::{DAILY, sleep_kind, uuid};
use crate::out::Out;
use crate::table::{Header, Row, Rows};
use crate::values::{line, number, prose, quantity};
use crate::{Context, ReadError, Source};

const UNSTAMPED: Revision = Revision(0);

/// Tables, in the order in which they are read: what others refer to comes first. Time is spent before it is said what
/// became of a day.
const TABLES: [(&str, ItemKind); 8] = [
    ("themes", ItemKind::Theme),
    ("habits", ItemKind::Habit),
    ("tasks", ItemKind::Task),
    ("time_entries", ItemKind::TimeEntry),
    ("entries", ItemKind::Entry),
    ("sleep_logs", ItemKind::SleepLog),
    ("moods", ItemKind::Mood),
    ("mood_moments", ItemKind::MoodMoment),
];

/// What a habit has several of, by its id.
#[derive(Debug, Default)]
struct OfHabits {
    plans: HashMap<String, Vec<Plan>>,
    pauses: HashMap<String, Vec<Pause>>,
    archives: HashMap<String, Vec<Archive>>,
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let mut reader = Reader { context, of_habits: OfHabits::default(), seen: HashMap::new() };
    if !is_zip(file)? {
        return reader.table(&mut BufReader::new(Bounded::new(file, max)), None, out);
    }
    let mut archive = archive::Archive::open(file, max)?;
    let names = archive.names();
    let named = |table: &str| names.iter().find(|name| name.rsplit('/').next() == Some(&format!("{table}.csv")));
    let mut is_any = false;
    for table in ["habit_plans", "habit_pauses", "habit_archives"] {
        if let Some(name) = named(table) {
            archive.read(name, |file| reader.part_of_habits(table, file))?;
        }
    }
    for (table, kind) in TABLES {
        if let Some(name) = named(table) {
            is_any = true;
            archive.read(name, |file| reader.table(file, Some(kind), out))?;
        }
    }
    if !is_any {
        let tables: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
        let detail = format!("The archive has none of the tables {}.", tables.join(".csv, ") + ".csv");
        return Err(ReadError::Unreadable(detail));
    }
    Ok(())
}

/// What a table holds, by its columns.
fn kind_of(header: &Header) -> Option<ItemKind> {
    let has = |names: &[&str]| header.has(names);
    Some(if has(&["title"]) {
        ItemKind::Task
    } else if has(&["start", "end"]) {
        ItemKind::SleepLog
    } else if has(&["minutes", "date"]) {
        ItemKind::TimeEntry
    } else if (has(&["habit_id"]) || has(&["habit"])) && has(&["date"]) {
        ItemKind::Entry
    } else if has(&["at", "value"]) {
        ItemKind::MoodMoment
    } else if has(&["date", "value"]) {
        ItemKind::Mood
    } else if has(&["name"])
        && ["starts_on", "time_of_day", "schedule", "kind", "question"].iter().any(|name| has(&[name]))
    {
        ItemKind::Habit
    } else if has(&["name", "color"]) {
        ItemKind::Theme
    } else {
        return None;
    })
}

struct Reader<'a> {
    context: &'a Context,
    of_habits: OfHabits,
    /// How often each row without an id came.
    seen: HashMap<String, u32>,
}

/// A row with the names of its columns.
struct Cells<'a> {
    header: &'a Header,
    row: &'a Row,
}

fn wrong(name: &str, code: &'static str, detail: &'static str) -> Violations {
    Violations::at(format!("/{name}"), code, detail)
}

impl<'a> Cells<'a> {
    /// A cell. Spreadsheets take what begins with some characters for formulas: exports put an apostrophe before these.
    fn get(&self, name: &str) -> &'a str {
        let cell = self.header.get(self.row, name);
        match cell.strip_prefix('\'') {
            Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
            _ => cell,
        }
    }

    fn optional<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, Violations>) -> Result<Option<T>, Violations> {
        match self.get(name) {
            "" => Ok(None),
            text => parse(text).map(Some).map_err(|nested| {
                let mut all = Violations::new();
                all.nest(&format!("/{name}"), nested);
                all
            }),
        }
    }

    fn required<T>(&self, name: &'static str, parse: impl Fn(&str) -> Result<T, Violations>) -> Result<T, Violations> {
        self.optional(name, parse)?.ok_or_else(|| wrong(name, "required", "is required"))
    }

    fn date(&self, name: &str) -> Result<Option<Date>, Violations> {
        self.optional(name, |text| {
            Date::parse(text).map_err(|_| Violations::of("invalid_date", "is no date such as `2026-03-01`"))
        })
    }

    fn id<E>(&self, name: &'static str) -> Result<Option<Id<E>>, Violations> {
        self.optional(name, |text| {
            uuid(text).map(Id::from_uuid).ok_or_else(|| Violations::of("invalid_id", "is no UUID"))
        })
    }

    fn whole(&self, name: &'static str, max: u32) -> Result<Option<u32>, Violations> {
        self.optional(name, |text| {
            let found = text.parse().ok().filter(|number| *number <= max);
            found.ok_or_else(|| Violations::of("out_of_range", format!("must be a whole number of at most {max}")))
        })
    }

    fn tags(&self) -> Result<Tags, Violations> {
        let tags = self.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty());
        Tags::new(tags.map(Tag::parse).collect::<Result<Vec<_>, _>>()?)
    }
}

impl Reader<'_> {
    fn table(&mut self, file: &mut dyn Read, kind: Option<ItemKind>, out: &mut Out<'_>) -> Result<(), ReadError> {
        let mut rows = Rows::new(file);
        let header = Header::of(&rows.next()?.unwrap_or_default());
        let Some(kind) = kind.or_else(|| kind_of(&header)) else {
            return Err(ReadError::unreadable(
                "The columns are of none of the lists: see docs/EXPORT.md for what the first line of a table must be.",
            ));
        };
        while let Some(row) = rows.next()? {
            let cells = Cells { header: &header, row: &row };
            // A theme that is called by its name comes before what belongs to it.
            if matches!(kind, ItemKind::Habit | ItemKind::Task) && !cells.get("theme").is_empty() {
                let key = format!("theme\0{}", cells.get("theme").to_lowercase());
                if self.seen.insert(key, 1).is_none() {
                    out.item_or_skip(row.line, ItemKind::Theme, self.context.theme(cells.get("theme")))?;
                }
            }
            let item = self.item(kind, &cells);
            out.item_or_skip(row.line, kind, item)?;
        }
        Ok(())
    }

    fn part_of_habits(&mut self, table: &str, file: &mut dyn Read) -> Result<(), ReadError> {
        let mut rows = Rows::new(file);
        let header = Header::of(&rows.next()?.unwrap_or_default());
        while let Some(row) = rows.next()? {
            let cells = Cells { header: &header, row: &row };
            let habit = cells.get("habit_id").to_lowercase();
            let unreadable = |error: &dyn std::fmt::Display| {
                ReadError::Unreadable(format!("{table}.csv, line {}: {error}.", row.line))
            };
            let end = |name: &str| match cells.get(name) {
                "" => Value::Null,
                text => json!(text),
            };
            let nested =
                |name: &str| serde_json::from_str::<Value>(cells.get(name)).map_err(|error| unreadable(&error));
            match table {
                "habit_plans" => {
                    let plan = json!({
                        "effective_from": cells.get("effective_from"),
                        "anchor": cells.get("anchor"),
                        "week_start": cells.get("week_start"),
                        "schedule": nested("schedule")?,
                        "kind": nested("kind")?,
                    });
                    let plan = serde_json::from_value(plan).map_err(|error| unreadable(&error))?;
                    self.of_habits.plans.entry(habit).or_default().push(plan);
                }
                "habit_pauses" => {
                    let pause = json!({"id": cells.get("id"), "from": cells.get("from"), "to": end("to")});
                    let pause: Pause = serde_json::from_value(pause).map_err(|error| unreadable(&error))?;
                    let id: PauseId = pause.id;
                    let pauses = self.of_habits.pauses.entry(habit).or_default();
                    if pauses.iter().all(|other| other.id != id) {
                        pauses.push(pause);
                    }
                }
                _ => {
                    let archive = json!({"from": cells.get("from"), "until": end("until")});
                    let archive = serde_json::from_value(archive).map_err(|error| unreadable(&error))?;
                    self.of_habits.archives.entry(habit).or_default().push(archive);
                }
            }
        }
        Ok(())
    }

    /// The id that a row has, or one that derives from what it holds.
    fn id<E>(&mut self, kind: ItemKind, cells: &Cells<'_>) -> Result<Id<E>, Violations> {
        if let Some(id) = cells.id("id")? {
            return Ok(id);
        }
        let key = cells.row.cells().join("\0");
        let count = self.seen.entry(format!("{kind}\0{key}")).or_default();
        *count += 1;
        Ok(self.context.id(kind, &format!("{key}\0{count}")))
    }

    fn theme_id(&self, cells: &Cells<'_>) -> Result<Option<ThemeId>, Violations> {
        let named = || match cells.get("theme") {
            "" => None,
            name => Some(self.context.theme_id(name)),
        };
        Ok(cells.id("theme_id")?.or_else(named))
    }

    fn habit_id(&self, cells: &Cells<'_>) -> Result<Option<HabitId>, Violations> {
        let named = || match cells.get("habit") {
            "" => None,
            name => Some(self.context.habit_id(&format!("name:{name}"))),
        };
        Ok(cells.id("habit_id")?.or_else(named))
    }

    fn times(&self, cells: &Cells<'_>) -> (Instant, Instant) {
        let at = |name: &str| Instant::parse(cells.get(name)).unwrap_or(self.context.now);
        (at("created_at"), at("updated_at"))
    }

    fn item(&mut self, kind: ItemKind, cells: &Cells<'_>) -> Result<Item, Violations> {
        match kind {
            ItemKind::Theme => self.theme(cells),
            ItemKind::Habit => self.habit(cells),
            ItemKind::Entry => self.entry(cells),
            ItemKind::Task => self.task(cells),
            ItemKind::TimeEntry => self.time_entry(cells),
            ItemKind::SleepLog => self.sleep_log(cells),
            ItemKind::Mood => self.mood(cells),
            ItemKind::MoodMoment => self.moment(cells),
        }
    }

    fn theme(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id = cells.id("id")?.unwrap_or_else(|| self.context.theme_id(cells.get("name")));
        let (created_at, updated_at) = self.times(cells);
        let color = cells.optional("color", Color::parse)?;
        let fallback =
            || Color::from_hue(id.as_uuid().as_bytes().iter().fold(0, |sum: u16, byte| (sum + u16::from(*byte)) % 360));
        Ok(Item::Theme(Theme {
            id,
            name: cells.required("name", line)?,
            color: color.unwrap_or_else(fallback),
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        }))
    }

    fn habit(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let name = cells.get("name");
        let id = cells.id("id")?.unwrap_or_else(|| self.context.habit_id(&format!("name:{name}")));
        let key = id.to_string();
        let starts_on = cells.date("starts_on")?;
        let plans = match self.of_habits.plans.remove(&key) {
            Some(plans) => plans,
            None => vec![self.plan(cells, starts_on.unwrap_or_else(|| self.context.today()))?],
        };
        let first = plans.iter().map(|plan| plan.effective_from).min();
        let starts_on = starts_on.or(first).unwrap_or_else(|| self.context.today());
        let window = Window { starts_on, ends_on: cells.date("ends_on")? };
        let pauses = self.of_habits.pauses.remove(&key).unwrap_or_default();
        let mut archives = self.of_habits.archives.remove(&key).unwrap_or_default();
        let archived_at = cells.optional("archived_at", Instant::parse)?;
        if archived_at.is_some() && archives.iter().all(|archive| archive.until.is_some()) {
            archives.push(Archive { from: self.context.today(), until: None });
        }
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::Habit(Box::new(Habit {
            id,
            name: cells.required("name", line)?,
            description: prose(cells.get("description")),
            theme: self.theme_id(cells)?,
            color: cells.optional("color", Color::parse)?,
            icon: cells.optional("icon", line)?,
            question: cells.optional("question", line)?,
            time_of_day: cells.optional("time_of_day", TimeOfDay::parse)?.unwrap_or_default(),
            timeline: Timeline::with_archives(window, plans, pauses, archives)?,
            archived_at,
            position: 0,
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }

    /// The plan of a habit that has `schedule` and `kind` in its own row.
    fn plan(&self, cells: &Cells<'_>, from: Date) -> Result<Plan, Violations> {
        fn nested<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Violations> {
            serde_json::from_str(text).map_err(|error| Violations::of("invalid", format!("can't be read: {error}")))
        }
        Ok(Plan {
            effective_from: from,
            anchor: from,
            week_start: self.context.week_start(),
            schedule: cells.optional("schedule", nested)?.unwrap_or(DAILY),
            kind: cells.optional("kind", nested)?.unwrap_or(Kind::Check),
        })
    }

    fn entry(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let habit = self.habit_id(cells)?.ok_or_else(|| wrong("habit_id", "required", "is required"))?;
        let date = cells.date("date")?.ok_or_else(|| wrong("date", "required", "is required"))?;
        let value = cells.optional("value", value)?;
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::Entry(Entry {
            habit,
            date,
            state: cells.optional("state", EntryState::parse)?.unwrap_or(EntryState::Done),
            value,
            tracked_minutes: 0,
            settled: cells.get("settled") == "true",
            note: prose(cells.get("note")),
            created_at,
            updated_at,
            rev: UNSTAMPED,
        }))
    }

    fn task(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::Task, cells)?;
        let status = cells.optional("status", TaskStatus::parse)?.unwrap_or(TaskStatus::Todo);
        let completed_at = cells.optional("completed_at", Instant::parse)?;
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::Task(Box::new(Task {
            id,
            title: cells.required("title", line)?,
            description: prose(cells.get("description")),
            priority: cells.optional("priority", Priority::parse)?.unwrap_or_default(),
            status,
            due_on: cells.date("due_on")?,
            theme: self.theme_id(cells)?,
            completed_at: (status == TaskStatus::Done).then(|| completed_at.unwrap_or(self.context.now)),
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }

    fn time_entry(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::TimeEntry, cells)?;
        let minutes = cells.whole("minutes", MAX_ENTRY_MINUTES)?.filter(|minutes| *minutes > 0);
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::TimeEntry(Box::new(TimeEntry {
            id,
            habit: self.habit_id(cells)?,
            task: cells.id("task_id")?,
            date: cells.date("date")?.ok_or_else(|| wrong("date", "required", "is required"))?,
            minutes: minutes.ok_or_else(|| wrong("minutes", "required", "is required, and more than 0"))?,
            started_at: cells.optional("started_at", Instant::parse)?,
            ended_at: cells.optional("ended_at", Instant::parse)?,
            zone: self.zone(cells)?,
            note: prose(cells.get("note")),
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }

    fn zone(&self, cells: &Cells<'_>) -> Result<ZoneOrOffset, Violations> {
        Ok(cells.optional("timezone", ZoneOrOffset::parse)?.unwrap_or_else(|| self.context.zone()))
    }

    fn sleep_log(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::SleepLog, cells)?;
        let (start, end) = (cells.required("start", Instant::parse)?, cells.required("end", Instant::parse)?);
        let zone = self.zone(cells)?;
        let quality = cells.whole("quality", u32::from(Quality::MAX))?;
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::SleepLog(Box::new(SleepLog {
            id,
            sleep: Sleep {
                start,
                end,
                date: cells.date("date")?.unwrap_or_else(|| waking_date(zone.zone(), end)),
                zone,
                kind: cells.optional("kind", SleepKind::parse)?.unwrap_or_else(|| sleep_kind(start, end, zone)),
                quality: quality.map(|quality| Quality::from_number(quality.into())).transpose()?,
                awake_seconds: cells.whole("awake_seconds", 86_399)?,
            },
            note: prose(cells.get("note")),
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }

    fn mood(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::Mood(Mood {
            date: cells.date("date")?.ok_or_else(|| wrong("date", "required", "is required"))?,
            value: cells.required("value", mood_value)?,
            note: prose(cells.get("note")),
            tags: cells.tags()?,
            created_at,
            updated_at,
            rev: UNSTAMPED,
        }))
    }

    fn moment(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::MoodMoment, cells)?;
        let at = cells.required("at", Instant::parse)?;
        let zone = self.zone(cells)?;
        let by_clock = || {
            let clock = circadia_domain::civil::DayClock { zone: zone.zone(), ..self.context.settings.day_clock() };
            clock.date_at(at)
        };
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::MoodMoment(Box::new(MoodMoment {
            id,
            at,
            date: cells.date("date")?.unwrap_or_else(by_clock),
            zone,
            value: cells.required("value", mood_value)?,
            note: prose(cells.get("note")),
            tags: cells.tags()?,
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }
}

fn value(text: &str) -> Result<Quantity, Violations> {
    let found = number(text).and_then(quantity).filter(|value| *value <= Quantity::whole(MAX_VALUE));
    found.ok_or_else(|| Violations::of("out_of_range", format!("must be a number from 0 to {MAX_VALUE}")))
}

fn mood_value(text: &str) -> Result<MoodValue, Violations> {
    let number = text.parse().map_err(|_| Violations::of("wrong_type", "must be a whole number"))?;
    MoodValue::from_number(number)
}
