//! Plans an import: what becomes of each item.

mod habits;
mod moods;
mod reminders;
mod sleep;
mod tasks;
mod themes;
mod time;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use super::report::{Counts, Report};
use super::{Contents, Document, MAX_VIOLATIONS};
use crate::civil::{Date, Instant};
use crate::error::Error;
use crate::habits::{Entry, Habit, History};
use crate::ids::{HabitId, TaskId, ThemeId};
use crate::moods::{Mood, MoodMoment};
use crate::reminders::Reminder;
use crate::revision::Revision;
use crate::shared_pauses::SharedPause;
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::themes::Theme;
use crate::time_entries::TimeEntry;
use crate::timer::Timer;
use crate::users::Settings;
use crate::violation::Violations;

/// What an import will write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// What it will have done.
    pub report: Report,
    /// Other settings.
    pub settings: Option<Settings>,
    /// Themes to store.
    pub themes: Vec<Theme>,
    /// Habits to store, those included whose copies of shared pauses change.
    pub habits: Vec<Habit>,
    /// Shared pauses to store.
    pub shared_pauses: Vec<SharedPause>,
    /// Entries to store, those included whose tracked minutes change.
    pub entries: Vec<Entry>,
    /// Entries that are left without anything.
    pub removed_entries: Vec<(HabitId, Date)>,
    /// Histories to store.
    pub histories: Vec<(Habit, History)>,
    /// Tasks to store.
    pub tasks: Vec<Task>,
    /// Time entries to store.
    pub time_entries: Vec<TimeEntry>,
    /// A timer to start.
    pub timer: Option<Timer>,
    /// Reminders to store, those included that only fall at another time.
    pub reminders: Vec<Reminder>,
    /// Sleep logs to store.
    pub sleep_logs: Vec<SleepLog>,
    /// Moods of days to store.
    pub moods: Vec<Mood>,
    /// Moods of moments to store.
    pub mood_moments: Vec<MoodMoment>,
}

/// Plans the import of a document into an account with these contents.
///
/// # Errors
/// Everything that is wrong with the document, up to [`MAX_VIOLATIONS`].
pub fn plan(contents: &Contents, document: &Document, now: Instant, rev: Revision) -> Result<Plan, Error> {
    let mut planner = Planner {
        contents,
        document,
        now,
        rev,
        wrong: Violations::new(),
        plan: Plan::default(),
        themes: HashMap::new(),
        habits: contents.habits.iter().map(|habit| (habit.id, habit.clone())).collect(),
        skipped_habits: HashSet::new(),
        skipped_tasks: HashSet::new(),
        touched: BTreeSet::new(),
    };
    planner.settings();
    planner.themes();
    planner.habits();
    planner.shared_pauses();
    planner.tasks();
    planner.time_entries_and_entries();
    planner.timer();
    planner.reminders();
    planner.sleep_logs();
    planner.moods();
    planner.moments();
    if planner.wrong.is_empty() { Ok(planner.plan) } else { Err(planner.wrong.into()) }
}

struct Planner<'a> {
    contents: &'a Contents,
    document: &'a Document,
    now: Instant,
    rev: Revision,
    wrong: Violations,
    plan: Plan,
    /// What stands for each theme of the document; itself unless another one has its name.
    themes: HashMap<ThemeId, Option<ThemeId>>,
    /// The habits that there will be.
    habits: BTreeMap<HabitId, Habit>,
    skipped_habits: HashSet<HabitId>,
    skipped_tasks: HashSet<TaskId>,
    /// Habits whose histories have to be made anew.
    touched: BTreeSet<HabitId>,
}

/// What an item finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Created,
    Updated,
    Unchanged,
}

/// The later change stays.
fn fate(stored: Option<Instant>, updated_at: Instant) -> Fate {
    match stored {
        None => Fate::Created,
        Some(stored) if updated_at > stored => Fate::Updated,
        Some(_) => Fate::Unchanged,
    }
}

impl Counts {
    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Created => self.created += 1,
            Fate::Updated => self.updated += 1,
            Fate::Unchanged => self.unchanged += 1,
        }
    }
}

/// Whether a list holds as many as it may.
fn is_full(count: usize, max: i64) -> bool {
    i64::try_from(count).unwrap_or(i64::MAX) >= max
}

fn by_key<T, K: Hash + Eq>(items: &[T], key: impl Fn(&T) -> K) -> HashMap<K, &T> {
    items.iter().map(|item| (key(item), item)).collect()
}

fn full(max: impl std::fmt::Display, items: &str) -> String {
    format!("an account holds at most {max} {items}")
}

impl Planner<'_> {
    /// Takes violations over, up to a maximum.
    fn refuse(&mut self, pointer: &str, checked: Result<(), Violations>) {
        if self.wrong.len() < MAX_VIOLATIONS {
            self.wrong.take(pointer, checked);
        }
    }

    /// Whether an item is the first of its key in the list.
    fn is_first<K: Hash + Eq>(&mut self, seen: &mut HashSet<K>, key: K, pointer: &str) -> bool {
        let is_first = seen.insert(key);
        if !is_first {
            self.refuse(pointer, Err(Violations::of("duplicate", "is in the list already")));
        }
        is_first
    }

    fn settings(&mut self) {
        let Some(settings) = &self.document.settings else { return };
        if *settings == self.contents.settings {
            self.plan.report.settings.unchanged = 1;
        } else {
            self.plan.report.settings.updated = 1;
            self.plan.settings = Some(settings.clone());
        }
    }

    /// The habit and the task of what was spent on them, without those that are left out.
    fn spent_on(
        &mut self,
        (habit, task): (Option<HabitId>, Option<TaskId>),
        tasks: &HashSet<TaskId>,
        pointer: &str,
    ) -> (Option<HabitId>, Option<TaskId>) {
        if let Some(habit) = habit {
            self.knows_habit(habit, pointer);
        }
        if task.is_some_and(|task| !tasks.contains(&task)) {
            let detail = "there is no such task, neither in the document nor in the account";
            self.refuse(&format!("{pointer}/task_id"), Err(Violations::of("task_not_found", detail)));
        }
        (
            habit.filter(|habit| !self.skipped_habits.contains(habit)),
            task.filter(|task| !self.skipped_tasks.contains(task)),
        )
    }
}

/// How often what couldn't be taken is tried again, after something else made room.
const MAX_ROUNDS: usize = 20;

/// Takes items as long as any can be taken, in the order in which they can be written; what is left.
fn in_rounds<T>(mut pending: Vec<T>, mut take: impl FnMut(&T) -> bool) -> Vec<T> {
    for _ in 0..MAX_ROUNDS {
        let before = pending.len();
        pending.retain(|item| !take(item));
        if pending.is_empty() || pending.len() == before {
            break;
        }
    }
    pending
}
