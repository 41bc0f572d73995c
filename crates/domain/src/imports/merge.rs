//! A part of a file is held against what the account has: what is new is made, what is there stays as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::report::{Fate, LineOutcome};
use super::{Event, Item, ItemId, ItemKind, Line, MadeItem};
use crate::civil::{Date, DateRange, Instant};
use crate::error::Error;
use crate::habits::{Entry, EntryState, Habit, History, MAX_HABITS, projection, tracked};
use crate::ids::{HabitId, ThemeId, UserId};
use crate::import::check;
use crate::moods::{MAX_MOMENTS_A_DAY, Mood, MoodDay, MoodMoment};
use crate::revision::Revision;
use crate::shared_pauses::{SharedPause, with_copies};
use crate::sleep::{SleepLog, overlap};
use crate::tasks::{MAX_TASKS, Task};
use crate::themes::{MAX_THEMES, Theme, distinct_color};
use crate::time_entries::TimeEntry;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::violation::Violations;

/// Keys that one statement asks for. Parts have fewer, but a dry run is of one part.
const KEYS_AT_ONCE: usize = 1_000;

/// Themes that a file has named, by id.
pub type NamedThemes = BTreeMap<ThemeId, Theme>;

/// What becomes of a part of a file.
#[derive(Debug, Default)]
pub struct Merged {
    /// What became of its lines, in their order.
    pub outcomes: Vec<LineOutcome>,
    /// What is new, in the order in which it can be written.
    made: Vec<(ItemKind, Uuid, Option<Date>)>,
    themes: Vec<Theme>,
    habits: Vec<Habit>,
    entries: Vec<Entry>,
    tasks: Vec<Task>,
    time_entries: Vec<TimeEntry>,
    sleep_logs: Vec<SleepLog>,
    moods: Vec<Mood>,
    moments: Vec<MoodMoment>,
}

impl Merged {
    /// What it makes, at places from `first` on.
    pub(super) fn made_items(&self, first: i64, rev: Revision) -> Vec<MadeItem> {
        (first..)
            .zip(&self.made)
            .map(|(position, (kind, item, date))| MadeItem {
                position,
                kind: *kind,
                item: ItemId::from_uuid(*item),
                date: *date,
                rev,
            })
            .collect()
    }
}

/// Why something is left out.
type Refusal = (&'static str, String);

/// Holds a part of a file against what the account has. `themes` are those that the file has named so far. Reads in a
/// bounded number of statements.
///
/// # Errors
/// The store's.
pub fn merge(
    store: &mut dyn Store,
    user: UserId,
    events: Vec<Event>,
    themes: &NamedThemes,
    now: Instant,
    rev: Revision,
) -> Result<Merged, Error> {
    let present = Present::load(store, user, &events)?;
    let mut merger = Merger { present, named: themes, now, rev, merged: Merged::default() };
    for event in events {
        merger.event(event);
    }
    Ok(merger.merged)
}

/// Writes what is new, in a bounded number of statements.
///
/// # Errors
/// The store's.
pub fn write(tx: &mut WriteTransaction<'_>, merged: &Merged) -> Result<(), Error> {
    let user = tx.user;
    if !merged.themes.is_empty() {
        tx.store.put_themes(user, &merged.themes)?;
    }
    if !merged.habits.is_empty() {
        tx.store.put_habits(user, &merged.habits)?;
        let empty = History::default();
        let histories: Vec<(&Habit, &History)> = merged.habits.iter().map(|habit| (habit, &empty)).collect();
        tx.store.put_histories(user, &histories)?;
    }
    if !merged.tasks.is_empty() {
        tx.store.put_tasks(user, &merged.tasks)?;
    }
    if !merged.time_entries.is_empty() {
        tx.store.put_time_entries(user, &merged.time_entries)?;
        tracked::follow(tx, merged.time_entries.iter().filter_map(TimeEntry::habit_day))?;
    }
    if !merged.entries.is_empty() {
        let ids: BTreeSet<HabitId> = merged.entries.iter().map(|entry| entry.habit).collect();
        let found = tx.store.find_habits(user, &ids.into_iter().collect::<Vec<_>>())?;
        let mut habits: BTreeMap<HabitId, (Habit, History)> =
            found.into_iter().map(|(habit, history)| (habit.id, (habit, history))).collect();
        projection::store_changes(tx, &mut habits, &merged.entries, &[])?;
    }
    if !merged.sleep_logs.is_empty() {
        tx.store.put_sleep_logs(user, &merged.sleep_logs)?;
    }
    if !merged.moods.is_empty() {
        tx.store.put_moods(user, &merged.moods)?;
    }
    if !merged.moments.is_empty() {
        tx.store.put_moments(user, &merged.moments)?;
    }
    Ok(())
}

/// What the account has of what a part of a file is about.
struct Present {
    themes: Vec<Theme>,
    habits: HashMap<HabitId, Habit>,
    habit_count: i64,
    last_position: i32,
    pauses: Vec<SharedPause>,
    entries: HashMap<(HabitId, Date), Entry>,
    tasks: HashSet<Uuid>,
    task_count: i64,
    time_entries: HashSet<Uuid>,
    sleep_ids: HashSet<Uuid>,
    /// Times of sleep, by start.
    sleeps: BTreeMap<Instant, Instant>,
    days: HashMap<Date, MoodDay>,
    moment_ids: HashSet<Uuid>,
}

/// The ids of the items of a part that `id` finds.
fn ids_of(events: &[Event], id: impl Fn(&Item) -> Option<Uuid>) -> Vec<Uuid> {
    let items = events.iter().filter_map(|event| match event {
        Event::Item { item, .. } => id(item),
        Event::Note { .. } => None,
    });
    items.collect::<BTreeSet<Uuid>>().into_iter().collect()
}

impl Present {
    fn load(store: &mut dyn Store, user: UserId, events: &[Event]) -> Result<Self, Error> {
        let ids = |id: fn(&Item) -> Option<Uuid>| ids_of(events, id);
        let habit_ids: Vec<HabitId> = ids(|item| match item {
            Item::Habit(habit) => Some(habit.id.as_uuid()),
            Item::Entry(entry) => Some(entry.habit.as_uuid()),
            Item::TimeEntry(entry) => entry.habit.map(|habit| habit.as_uuid()),
            _ => None,
        })
        .into_iter()
        .map(HabitId::from_uuid)
        .collect();
        let known_tasks = ids(|item| match item {
            Item::Task(task) => Some(task.id.as_uuid()),
            Item::TimeEntry(entry) => entry.task.map(|task| task.as_uuid()),
            _ => None,
        });
        let mut keys = BTreeSet::new();
        let mut nights: Option<(Instant, Instant)> = None;
        let mut days: Option<(Date, Date)> = None;
        for event in events {
            let Event::Item { item, .. } = event else { continue };
            match item {
                Item::Entry(entry) => drop(keys.insert((entry.habit, entry.date))),
                Item::SleepLog(log) => {
                    let (start, end) = log.sleep.interval();
                    nights = Some(nights.map_or((start, end), |(from, to)| (from.min(start), to.max(end))));
                }
                Item::Mood(Mood { date, .. }) => {
                    days = Some(days.map_or((*date, *date), |(from, to)| (from.min(*date), to.max(*date))));
                }
                Item::MoodMoment(moment) => {
                    let date = moment.date;
                    days = Some(days.map_or((date, date), |(from, to)| (from.min(date), to.max(date))));
                }
                Item::Theme(_) | Item::Habit(_) | Item::Task(_) | Item::TimeEntry(_) => {}
            }
        }
        let mut habits = Vec::new();
        for ids in habit_ids.chunks(KEYS_AT_ONCE) {
            habits.extend(store.habits_with_ids(user, ids)?);
        }
        let makes_habits = events.iter().any(|event| matches!(event, Event::Item { item: Item::Habit(_), .. }));
        let totals = if makes_habits { store.habit_totals(user)? } else { crate::habits::HabitTotals::default() };
        let keys: Vec<(HabitId, Date)> = keys.into_iter().collect();
        let mut entries = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            entries.extend(store.find_entries(user, keys)?);
        }
        let mut stored = |kind: ItemKind, ids: Vec<Uuid>| -> Result<HashSet<Uuid>, Error> {
            if ids.is_empty() {
                return Ok(HashSet::new());
            }
            Ok(store.item_revisions(user, kind, &ids)?.into_iter().map(|(id, _)| id).collect())
        };
        let tasks = stored(ItemKind::Task, known_tasks.clone())?;
        let time_entries = stored(
            ItemKind::TimeEntry,
            ids(|item| match item {
                Item::TimeEntry(entry) => Some(entry.id.as_uuid()),
                _ => None,
            }),
        )?;
        let sleep_ids = stored(
            ItemKind::SleepLog,
            ids(|item| match item {
                Item::SleepLog(log) => Some(log.id.as_uuid()),
                _ => None,
            }),
        )?;
        let moment_ids = stored(
            ItemKind::MoodMoment,
            ids(|item| match item {
                Item::MoodMoment(moment) => Some(moment.id.as_uuid()),
                _ => None,
            }),
        )?;
        let sleeps = match nights {
            Some((from, to)) => store.sleep_logs_between(user, from, to)?,
            None => Vec::new(),
        };
        let days = match days.and_then(|(from, to)| DateRange::new(from, to)) {
            Some(range) => store.mood_days(user, range)?,
            None => Vec::new(),
        };
        Ok(Self {
            themes: store.themes(user)?,
            habits: habits.into_iter().map(|habit| (habit.id, habit)).collect(),
            habit_count: totals.count,
            last_position: totals.last_position.unwrap_or(-1),
            pauses: if makes_habits { store.shared_pauses(user)? } else { Vec::new() },
            entries: entries.into_iter().map(|entry| ((entry.habit, entry.date), entry)).collect(),
            tasks,
            task_count: if known_tasks.is_empty() { 0 } else { store.task_total(user)? },
            time_entries,
            sleep_ids,
            sleeps: sleeps.into_iter().map(|log| log.sleep.interval()).collect(),
            days: days.into_iter().map(|day| (day.date, day)).collect(),
            moment_ids,
        })
    }
}

struct Merger<'a> {
    present: Present,
    /// Themes that the file has named so far.
    named: &'a NamedThemes,
    now: Instant,
    rev: Revision,
    merged: Merged,
}

fn first_of(wrong: &Violations) -> Refusal {
    match wrong.iter().next() {
        Some(violation) => (violation.code, format!("{} {}", violation.path.trim_start_matches('/'), violation.detail)),
        None => ("invalid", "is not valid".to_owned()),
    }
}

fn full(max: impl std::fmt::Display, items: &str) -> Refusal {
    ("limit_reached", format!("an account holds at most {max} {items}"))
}

impl Merger<'_> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Note { line, kind, is_skipped, code, detail } => {
                let fate = if is_skipped { Fate::Skipped } else { Fate::Changed };
                self.merged.outcomes.push(LineOutcome::noted(line, kind, fate, None, code, &detail));
            }
            Event::Item { line, mut item } => {
                item.stamp(self.now);
                let (kind, label) = (item.kind(), item.label());
                let outcome = match self.item(line, item) {
                    Ok(fate) => LineOutcome::plain(line, kind, fate, label),
                    Err((code, detail)) => {
                        LineOutcome::noted(line, Some(kind), Fate::Skipped, Some(label), code, &detail)
                    }
                };
                self.merged.outcomes.push(outcome);
            }
        }
    }

    fn item(&mut self, line: Line, item: Item) -> Result<Fate, Refusal> {
        match item {
            Item::Theme(theme) => self.theme(line, theme),
            Item::Habit(habit) => self.habit(*habit),
            Item::Entry(entry) => self.entry(entry),
            Item::Task(task) => self.task(*task),
            Item::TimeEntry(entry) => self.time_entry(*entry),
            Item::SleepLog(log) => self.sleep_log(*log),
            Item::Mood(mood) => self.mood(mood),
            Item::MoodMoment(moment) => self.moment(*moment),
        }
    }

    fn made(&mut self, kind: ItemKind, item: Uuid, date: Option<Date>) -> Fate {
        self.merged.made.push((kind, item, date));
        Fate::Made
    }

    fn theme(&mut self, line: Line, mut theme: Theme) -> Result<Fate, Refusal> {
        let key = theme.name.key();
        if self.present.themes.iter().any(|other| other.id == theme.id || other.name.key() == key) {
            return Ok(Fate::Merged);
        }
        if self.present.themes.len() >= MAX_THEMES {
            return Err(full(MAX_THEMES, "themes"));
        }
        let taken: Vec<_> = self.present.themes.iter().map(|other| other.color).collect();
        if taken.contains(&theme.color) {
            theme.color = distinct_color(&taken);
            let detail = format!("another theme has its colour: it is given `{}`", theme.color);
            let (kind, label) = (Some(ItemKind::Theme), Some(theme.name.to_string()));
            let note = LineOutcome::noted(line, kind, Fate::Changed, label, "theme_color_taken", &detail);
            self.merged.outcomes.push(note);
        }
        theme.rev = self.rev;
        self.present.themes.push(theme.clone());
        let fate = self.made(ItemKind::Theme, theme.id.as_uuid(), None);
        self.merged.themes.push(theme);
        Ok(fate)
    }

    /// What stands for a theme of the file: itself, or the one that had its name.
    fn standing_for(&self, theme: Option<ThemeId>) -> Option<ThemeId> {
        let theme = theme?;
        let key = self.named.get(&theme).map(|named| named.name.key());
        let themes = &self.present.themes;
        let found = themes.iter().find(|other| other.id == theme);
        found.or_else(|| themes.iter().find(|other| Some(other.name.key()) == key)).map(|found| found.id)
    }

    fn habit(&mut self, mut habit: Habit) -> Result<Fate, Refusal> {
        if self.present.habits.contains_key(&habit.id) {
            return Ok(Fate::Merged);
        }
        if self.present.habit_count >= MAX_HABITS {
            return Err(full(MAX_HABITS, "habits"));
        }
        habit.timeline =
            with_copies(&habit.timeline, habit.id, &self.present.pauses).map_err(|wrong| first_of(&wrong))?;
        habit.theme = self.standing_for(habit.theme);
        habit.rev = self.rev;
        self.present.habit_count += 1;
        self.present.last_position = self.present.last_position.saturating_add(1);
        habit.position = self.present.last_position;
        self.present.habits.insert(habit.id, habit.clone());
        let fate = self.made(ItemKind::Habit, habit.id.as_uuid(), None);
        self.merged.habits.push(habit);
        Ok(fate)
    }

    fn entry(&mut self, entry: Entry) -> Result<Fate, Refusal> {
        let Some(habit) = self.present.habits.get(&entry.habit) else {
            return Err(("habit_skipped", "there is no such habit, or it was left out".to_owned()));
        };
        check::entry(&entry, self.now).map_err(|wrong| first_of(&wrong))?;
        let kind = &habit.timeline.plan_on(entry.date).kind;
        let mut entry = Entry { tracked_minutes: 0, rev: self.rev, ..entry };
        if kind.target().is_none() {
            entry.value = None;
        } else if entry.value.is_none() && entry.state == EntryState::Done {
            entry.value = kind.target();
        }
        let key = (entry.habit, entry.date);
        if let Some(stored) = self.present.entries.get(&key) {
            if !stored.is_tracked_only() {
                let said = |entry: &Entry| (entry.state, entry.value, entry.note.clone());
                if said(&stored.clone().reevaluated(&habit.timeline))
                    == said(&entry.clone().reevaluated(&habit.timeline))
                {
                    return Ok(Fate::Merged);
                }
                return Err(("differs", format!("something else is said of {} already, and stays", entry.date)));
            }
            entry.tracked_minutes = stored.tracked_minutes;
        }
        let entry = entry.reevaluated(&habit.timeline);
        self.present.entries.insert(key, entry.clone());
        let fate = self.made(ItemKind::Entry, entry.habit.as_uuid(), Some(entry.date));
        self.merged.entries.push(entry);
        Ok(fate)
    }

    fn task(&mut self, mut task: Task) -> Result<Fate, Refusal> {
        if self.present.tasks.contains(&task.id.as_uuid()) {
            return Ok(Fate::Merged);
        }
        check::task(&task, self.now).map_err(|wrong| first_of(&wrong))?;
        if self.present.task_count >= MAX_TASKS {
            return Err(full(MAX_TASKS, "tasks"));
        }
        task.theme = self.standing_for(task.theme);
        task.rev = self.rev;
        self.present.task_count += 1;
        self.present.tasks.insert(task.id.as_uuid());
        let fate = self.made(ItemKind::Task, task.id.as_uuid(), None);
        self.merged.tasks.push(task);
        Ok(fate)
    }

    fn time_entry(&mut self, mut entry: TimeEntry) -> Result<Fate, Refusal> {
        if self.present.time_entries.contains(&entry.id.as_uuid()) {
            return Ok(Fate::Merged);
        }
        check::time_entry(&entry, self.now).map_err(|wrong| first_of(&wrong))?;
        entry.habit = entry.habit.filter(|habit| self.present.habits.contains_key(habit));
        entry.task = entry.task.filter(|task| self.present.tasks.contains(&task.as_uuid()));
        entry.rev = self.rev;
        self.present.time_entries.insert(entry.id.as_uuid());
        let fate = self.made(ItemKind::TimeEntry, entry.id.as_uuid(), None);
        self.merged.time_entries.push(entry);
        Ok(fate)
    }

    fn sleep_log(&mut self, mut log: SleepLog) -> Result<Fate, Refusal> {
        if self.present.sleep_ids.contains(&log.id.as_uuid()) {
            return Ok(Fate::Merged);
        }
        check::sleep_log(&log, self.now).map_err(|wrong| first_of(&wrong))?;
        let interval = log.sleep.interval();
        let first = interval.0.plus_seconds(-crate::sleep::MAX_SECONDS);
        let mut near = self.present.sleeps.range(first..interval.1).map(|(start, end)| (*start, *end));
        if let Some((start, end)) = near.find(|other| overlap(*other, interval)) {
            return Err(("sleep_overlap", format!("it overlaps the sleep from {start} to {end}")));
        }
        log.rev = self.rev;
        self.present.sleeps.insert(interval.0, interval.1);
        self.present.sleep_ids.insert(log.id.as_uuid());
        let fate = self.made(ItemKind::SleepLog, log.id.as_uuid(), None);
        self.merged.sleep_logs.push(log);
        Ok(fate)
    }

    fn day(&mut self, date: Date) -> &mut MoodDay {
        self.present.days.entry(date).or_insert_with(|| MoodDay { date, mood: None, moments: Vec::new() })
    }

    fn mood(&mut self, mood: Mood) -> Result<Fate, Refusal> {
        check::mood(&mood, self.now).map_err(|wrong| first_of(&wrong))?;
        let mood = Mood { rev: self.rev, ..mood };
        let day = self.day(mood.date);
        if let Some(stored) = &day.mood {
            let said = |mood: &Mood| (mood.value, mood.note.clone(), mood.tags.clone());
            if said(stored) == said(&mood) {
                return Ok(Fate::Merged);
            }
            return Err(("differs", format!("{} has another mood already, which stays", mood.date)));
        }
        day.mood = Some(mood.clone());
        let fate = self.made(ItemKind::Mood, Uuid::nil(), Some(mood.date));
        self.merged.moods.push(mood);
        Ok(fate)
    }

    fn moment(&mut self, moment: MoodMoment) -> Result<Fate, Refusal> {
        if self.present.moment_ids.contains(&moment.id.as_uuid()) {
            return Ok(Fate::Merged);
        }
        check::moment(&moment, self.now).map_err(|wrong| first_of(&wrong))?;
        let moment = MoodMoment { rev: self.rev, ..moment };
        let day = self.day(moment.date);
        if day.moments.len() >= MAX_MOMENTS_A_DAY {
            return Err(("limit_reached", format!("a day holds at most {MAX_MOMENTS_A_DAY} moments")));
        }
        day.moments.push(moment.clone());
        self.present.moment_ids.insert(moment.id.as_uuid());
        let fate = self.made(ItemKind::MoodMoment, moment.id.as_uuid(), None);
        self.merged.moments.push(moment);
        Ok(fate)
    }
}
