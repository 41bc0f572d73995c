//! What the account has already of what a part of a file is about.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::super::{Event, Item, ItemKind};
use crate::civil::{Date, DateRange, Instant};
use crate::error::Error;
use crate::habits::{Entry, Habit, HabitTotals};
use crate::ids::{HabitId, UserId};
use crate::moods::{Mood, MoodDay};
use crate::shared_pauses::SharedPause;
use crate::themes::Theme;
use crate::unit_of_work::Store;

/// Keys that one statement asks for. Parts have fewer, but a dry run is of one part.
const KEYS_AT_ONCE: usize = 1_000;

/// What the account has of what a part of a file is about.
pub(super) struct Present {
    pub(super) themes: Vec<Theme>,
    pub(super) habits: HashMap<HabitId, Habit>,
    pub(super) habit_count: i64,
    pub(super) last_position: i32,
    pub(super) pauses: Vec<SharedPause>,
    pub(super) entries: HashMap<(HabitId, Date), Entry>,
    pub(super) tasks: HashSet<Uuid>,
    pub(super) task_count: i64,
    pub(super) time_entries: HashSet<Uuid>,
    pub(super) sleep_ids: HashSet<Uuid>,
    /// Times of sleep, by start.
    pub(super) sleeps: BTreeMap<Instant, Instant>,
    pub(super) days: HashMap<Date, MoodDay>,
    pub(super) moment_ids: HashSet<Uuid>,
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
    pub(super) fn load(store: &mut dyn Store, user: UserId, events: &[Event]) -> Result<Self, Error> {
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
        let totals = if makes_habits { store.habit_totals(user)? } else { HabitTotals::default() };
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
