//! The data of an overview, read in a constant number of statements.

use crate::civil::{Date, DateRange, DayClock, Instant, Weekday};
use crate::collation::sort_key;
use crate::entity;
use crate::error::Error;
use crate::error::StoreError;
use crate::habits::{Habit, History, Progress};
use crate::ids::{ThemeId, UserId};
use crate::moods::DayValue;
use crate::sleep::{Sleep, sleeps_around};
use crate::stats::period::Period;
use crate::tasks::{Priority, TaskStatus};
use crate::themes::ThemeLabel;
use crate::unit_of_work::Store;

/// How many tasks of one kind there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCount {
    /// The theme they belong to.
    pub theme: Option<ThemeId>,
    /// How much they matter.
    pub priority: Priority,
    /// How far they are.
    pub status: TaskStatus,
    /// How many.
    pub count: u32,
    /// When the first of them was made.
    pub first_created_at: Instant,
}

/// A task that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskDone {
    /// The time of creation.
    pub created_at: Instant,
    /// When it was done.
    pub done_at: Instant,
}

/// What only statistics need of a store.
pub trait StatsRepository {
    /// How many tasks a user has of each theme, priority and status, in one statement.
    fn task_counts(&mut self, user: UserId) -> Result<Vec<TaskCount>, StoreError>;

    /// When tasks were made, from an instant until before another, in one statement.
    fn tasks_made(&mut self, user: UserId, from: Instant, until: Instant) -> Result<Vec<Instant>, StoreError>;

    /// The tasks that were done from an instant until before another, and still are, in one statement.
    fn tasks_done(&mut self, user: UserId, from: Instant, until: Instant) -> Result<Vec<TaskDone>, StoreError>;
}

/// The data read; daily data only for the requested days and those they are compared with.
pub(super) struct InputData {
    pub(super) today: Date,
    pub(super) clock: DayClock,
    pub(super) week_start: Weekday,
    /// The days whose data was read.
    pub(super) days: DateRange,
    pub(super) habits: Vec<(Habit, History)>,
    /// By name.
    pub(super) themes: Vec<ThemeLabel>,
    pub(super) tasks: Vec<TaskCount>,
    pub(super) tasks_made: Vec<Instant>,
    pub(super) tasks_done: Vec<TaskDone>,
    /// Minutes by day, in order.
    pub(super) minutes: Vec<(Date, u64)>,
    /// Minutes of the range itself by theme.
    pub(super) minutes_by_theme: Vec<(Option<ThemeId>, u64)>,
    /// Those of the nights of these days, and around them.
    pub(super) sleeps: Vec<Sleep>,
    pub(super) moods: Vec<DayValue>,
}

/// A habit as of today.
pub(super) struct HabitProgress<'a> {
    pub(super) habit: &'a Habit,
    pub(super) progress: Progress<'a>,
}

pub(super) fn read(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    on: Option<Date>,
    period: Period,
) -> Result<InputData, Error> {
    let (settings, habits) = store.settings_and_habits(user)?.ok_or(Error::not_found::<entity::User>())?;
    let today = on.unwrap_or_else(|| settings.today(now));
    let days = period.days_to_read(today);
    // Of all days, the days of the range are those that are read.
    let own = period.days(today, Some(days.from()));
    let mut themes: Vec<ThemeLabel> = store.themes(user)?.into_iter().map(ThemeLabel::from).collect();
    themes.sort_by_cached_key(|theme| (sort_key(theme.name.as_str()), theme.id));
    let clock = settings.day_clock();
    let end = days.to().succ().map_or(Instant::from_micros(i64::MAX), |next| clock.start_of(next));
    let begin = clock.start_of(days.from());
    Ok(InputData {
        today,
        clock,
        week_start: settings.week_start,
        days,
        habits,
        themes,
        tasks: store.task_counts(user)?,
        tasks_made: store.tasks_made(user, begin, end)?,
        tasks_done: store.tasks_done(user, begin, end)?,
        minutes: store.time_by_day(user, days, None)?.into_iter().map(|(date, spent)| (date, spent.minutes)).collect(),
        minutes_by_theme: store
            .time_by_theme(user, own)?
            .into_iter()
            .map(|(theme, spent)| (theme, spent.minutes))
            .collect(),
        sleeps: sleeps_around(store, user, days)?,
        moods: store.mood_values(user, days)?,
    })
}

impl InputData {
    /// The first day of which anything is known.
    pub(super) fn first_day(&self) -> Option<Date> {
        let habits = self.habits.iter().map(|(habit, _)| habit.timeline.window().starts_on);
        let tasks = self.tasks.iter().map(|tasks| self.clock.date_at(tasks.first_created_at));
        let minutes = self.minutes.iter().map(|(date, _)| *date);
        let sleeps = self.sleeps.iter().map(|sleep| sleep.date).filter(|date| self.days.contains(*date));
        let moods = self.moods.iter().map(|mood| mood.date);
        habits.chain(tasks).chain(minutes).chain(sleeps).chain(moods).min()
    }

    /// The themes, by name, and at last none.
    pub(super) fn themes_and_none(&self) -> impl Iterator<Item = Option<&ThemeLabel>> {
        self.themes.iter().map(Some).chain([None])
    }

    /// Each habit as of today.
    pub(super) fn habit_progress(&self) -> Vec<HabitProgress<'_>> {
        self.habits
            .iter()
            .map(|(habit, history)| HabitProgress {
                habit,
                progress: Progress::new(&habit.timeline, history, self.today),
            })
            .collect()
    }
}
