//! Tasks in an overview.

use super::facts::{Facts, TaskFact};
use crate::civil::num::len32;
use crate::civil::{Date, DateRange};
use crate::ids::ThemeId;
use crate::stats::period::{Mean, Pieces};
use crate::tasks::{Priority, TaskStatus};
use crate::text::Color;
use crate::themes::ThemeName;

/// Tasks of one kind, as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskTally {
    /// All of them, whatever their status.
    pub total: u32,
    /// Those that are to be done or being done.
    pub active: u32,
    /// Those that are done.
    pub completed: u32,
}

impl TaskTally {
    /// Done ÷ (all − cancelled); nothing without any.
    pub fn completion_rate(self) -> Option<f64> {
        let asked = self.active + self.completed;
        (asked > 0).then(|| f64::from(self.completed) / f64::from(asked))
    }

    const fn add(&mut self, status: TaskStatus) {
        self.total += 1;
        if status.is_open() {
            self.active += 1;
        } else if matches!(status, TaskStatus::Done) {
            self.completed += 1;
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
    /// Which.
    pub priority: Priority,
    /// Its tasks.
    pub tasks: TaskTally,
}

/// A theme with its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeTasks {
    /// Which; nothing for tasks without one.
    pub theme: Option<(ThemeId, ThemeName, Color)>,
    /// Its tasks.
    pub tasks: TaskTally,
}

fn tally<'a>(tasks: impl Iterator<Item = &'a TaskFact>) -> TaskTally {
    tasks.fold(TaskTally::default(), |mut tally, task| {
        tally.add(task.status);
        tally
    })
}

pub(super) fn part(facts: &Facts, range: DateRange, pieces: &Pieces) -> TasksPart {
    let made = |task: &TaskFact| facts.clock.date_at(task.created_at);
    let done = |task: &TaskFact| task.completed_at.map(|at| facts.clock.date_at(at));
    let count =
        |dates: Vec<Date>| pieces.collect(dates.into_iter().map(|date| (date, ())), |sum: &mut u32, ()| *sum += 1);
    let created: Vec<Date> = facts.tasks.iter().map(made).filter(|date| range.contains(*date)).collect();
    let completed: Vec<Date> = facts.tasks.iter().filter_map(done).filter(|date| range.contains(*date)).collect();
    let hours =
        facts.tasks.iter().filter(|task| done(task).is_some_and(|date| range.contains(date))).filter_map(|task| {
            let seconds = task.completed_at?.micros().saturating_sub(task.created_at.micros()) / 1_000_000;
            Some(f64::from(i32::try_from(seconds).unwrap_or(i32::MAX)) / 3600.0)
        });
    let themes = facts.themes.iter().map(|theme| Some((theme.id, theme.name.clone(), theme.color))).chain([None]);
    let by_theme = themes.map(|theme| {
        let id = theme.as_ref().map(|(id, ..)| *id);
        let tasks = tally(facts.tasks.iter().filter(|task| task.theme == id));
        ThemeTasks { theme, tasks }
    });
    TasksPart {
        all: tally(facts.tasks.iter()),
        created_in_range: len32(created.len()),
        completed_in_range: len32(completed.len()),
        avg_completion_hours: Mean::of(hours).value(),
        created: count(created),
        completed: count(completed),
        by_priority: [Priority::High, Priority::Medium, Priority::Low].map(|priority| {
            let tasks = tally(facts.tasks.iter().filter(|task| task.priority == priority));
            PriorityTally { priority, tasks }
        }),
        by_theme: by_theme.filter(|theme| theme.tasks.total > 0).collect(),
    }
}

/// How many were done in a range, and still are.
pub(super) fn completed(facts: &Facts, range: DateRange) -> u32 {
    let done = facts.tasks.iter().filter_map(|task| task.completed_at);
    len32(done.filter(|at| range.contains(facts.clock.date_at(*at))).count())
}
