//! Tasks in an overview.

use super::input::{InputData, TaskCount};
use crate::civil::num::len32;
use crate::civil::{Date, DateRange};
use crate::stats::period::{Mean, Pieces};
use crate::tasks::{Priority, TaskStatus};
use crate::themes::ThemeLabel;

/// Tasks of one kind, as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskTally {
    /// All of them, of any status.
    pub total: u32,
    /// Those that are to be done or being done.
    pub active: u32,
    /// Those that are done.
    pub completed: u32,
}

impl TaskTally {
    /// Done ÷ (all − cancelled); `None` without any.
    pub fn completion_rate(self) -> Option<f64> {
        let asked = self.active + self.completed;
        (asked > 0).then(|| f64::from(self.completed) / f64::from(asked))
    }

    const fn add(&mut self, status: TaskStatus, count: u32) {
        self.total += count;
        if status.is_open() {
            self.active += count;
        } else if matches!(status, TaskStatus::Done) {
            self.completed += count;
        }
    }
}

/// Tasks in an overview.
#[derive(Debug, Clone, PartialEq)]
pub struct TasksPart {
    /// All tasks, as they are now.
    pub all: TaskTally,
    /// Made in the range.
    pub created_in_range: u32,
    /// Done in the range, and still done.
    pub completed_in_range: u32,
    /// Hours from being made to being done, on average over those done in the range.
    pub avg_completion_hours: Option<f64>,
    /// How many were made in each piece.
    pub created: Vec<u32>,
    /// How many were done in each piece.
    pub completed: Vec<u32>,
    /// By priority, from high to low.
    pub by_priority: [PriorityTally; 3],
    /// By theme, by name; those without a theme come last.
    pub by_theme: Vec<ThemeTasks>,
}

/// A priority with its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriorityTally {
    /// The priority.
    pub priority: Priority,
    /// Its tasks.
    pub tasks: TaskTally,
}

/// A theme with its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeTasks {
    /// The theme; null for tasks without one.
    pub theme: Option<ThemeLabel>,
    /// Its tasks.
    pub tasks: TaskTally,
}

fn tally<'a>(tasks: impl Iterator<Item = &'a TaskCount>) -> TaskTally {
    tasks.fold(TaskTally::default(), |mut tally, tasks| {
        tally.add(tasks.status, tasks.count);
        tally
    })
}

pub(super) fn part(data: &InputData, range: DateRange, pieces: &Pieces) -> TasksPart {
    let count = |dates: &[Date]| pieces.collect(dates.iter().map(|date| (*date, ())), |sum: &mut u32, ()| *sum += 1);
    let created = data.tasks_made.iter().map(|at| data.clock.date_at(*at));
    let created: Vec<Date> = created.filter(|date| range.contains(*date)).collect();
    let mut completed = Vec::new();
    let mut hours = Mean::default();
    for task in &data.tasks_done {
        let date = data.clock.date_at(task.done_at);
        if range.contains(date) {
            completed.push(date);
            let seconds = task.done_at.micros().saturating_sub(task.created_at.micros()) / 1_000_000;
            hours.add(f64::from(i32::try_from(seconds).unwrap_or(i32::MAX)) / 3600.0);
        }
    }
    let by_theme = data.themes_and_none().map(|theme| {
        let tasks = tally(data.tasks.iter().filter(|tasks| tasks.theme == theme.map(|theme| theme.id)));
        ThemeTasks { theme: theme.cloned(), tasks }
    });
    TasksPart {
        all: tally(data.tasks.iter()),
        created_in_range: len32(created.len()),
        completed_in_range: len32(completed.len()),
        avg_completion_hours: hours.value(),
        created: count(&created),
        completed: count(&completed),
        by_priority: [Priority::High, Priority::Medium, Priority::Low].map(|priority| {
            let tasks = tally(data.tasks.iter().filter(|tasks| tasks.priority == priority));
            PriorityTally { priority, tasks }
        }),
        by_theme: by_theme.filter(|theme| theme.tasks.total > 0).collect(),
    }
}

/// How many were done in a range, and still are.
pub(super) fn completed(data: &InputData, range: DateRange) -> u32 {
    len32(data.tasks_done.iter().filter(|task| range.contains(data.clock.date_at(task.done_at))).count())
}
