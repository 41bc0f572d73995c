//! Tables with the columns of our own export as CSV (docs/EXPORT.md): its archive, or one table, which its columns tell.
//!
//! Tables that were written by hand may lack what has a default, and may call a habit, or a theme, by its name (`habit`,
//! `theme`) where the export has its id.

mod cells;
mod habits;
mod moods;
mod sleep;
mod tasks;

use std::collections::HashMap;
use std::io::{BufReader, Read};

use circadia_domain::civil::{Instant, ZoneOrOffset};
use circadia_domain::ids::{HabitId, Id, ThemeId};
use circadia_domain::imports::{Item, ItemKind};
use circadia_domain::revision::Revision;
use circadia_domain::violation::Violations;

use self::cells::Cells;
use self::habits::OfHabits;
use crate::archive::{self, Bounded, is_zip};
use crate::out::Out;
use crate::table::{Header, Rows};
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

    fn zone(&self, cells: &Cells<'_>) -> Result<ZoneOrOffset, Violations> {
        Ok(cells.optional("timezone", ZoneOrOffset::parse)?.unwrap_or_else(|| self.context.zone()))
    }
}
