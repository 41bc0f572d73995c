//! What an overview is made of, read in a constant number of statements.

use crate::civil::{Date, DateRange, DayClock, Instant};
use crate::error::{Entity, Error};
use crate::habits::{Habit, History, Progress, complete_values};
use crate::ids::{ThemeId, UserId};
use crate::moods::DayValue;
use crate::sleep::Sleep;
use crate::stats::period::Period;
use crate::store::{Store, StoreError};
use crate::tasks::{Priority, TaskStatus};
use crate::text::Color;
use crate::themes::ThemeName;

/// What statistics need to know of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFact {
    /// How much it matters.
    pub priority: Priority,
    /// How far it is.
    pub status: TaskStatus,
    /// The theme it belongs to.
    pub theme: Option<ThemeId>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was done.
    pub completed_at: Option<Instant>,
}

/// What only statistics need of a store.
pub trait StatsRepository {
    /// All of a user's tasks, as far as statistics need them, in one statement.
    fn task_facts(&mut self, user: UserId) -> Result<Vec<TaskFact>, StoreError>;
}

/// A theme, as far as charts show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ThemeFact {
    pub(super) id: ThemeId,
    pub(super) name: ThemeName,
    pub(super) color: Color,
}

/// Everything that was read.
pub(super) struct Facts {
    pub(super) today: Date,
    pub(super) clock: DayClock,
    pub(super) habits: Vec<(Habit, History)>,
    /// By name.
    pub(super) themes: Vec<ThemeFact>,
    pub(super) tasks: Vec<TaskFact>,
    /// Minutes by day, in order.
    pub(super) minutes: Vec<(Date, u64)>,
    /// Minutes of the range itself by theme.
    pub(super) minutes_by_theme: Vec<(Option<ThemeId>, u64)>,
    pub(super) sleeps: Vec<Sleep>,
    pub(super) moods: Vec<DayValue>,
}

pub(super) fn read(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    on: Option<Date>,
    period: Period,
) -> Result<Facts, Error> {
    let user = store.find_user(user)?.ok_or(Error::NotFound(Entity::User))?;
    let today = on.unwrap_or_else(|| user.today(now));
    let days = period.days_to_read(today);
    // Of all days, the days of the range are those that are read.
    let own = period.days(today, Some(days.from()));
    let mut habits = store.habits_with_history(user.id)?;
    complete_values(store, user.id, &mut habits, today)?;
    let mut themes: Vec<ThemeFact> = store
        .themes(user.id)?
        .into_iter()
        .map(|(theme, _)| ThemeFact { id: theme.id, name: theme.name, color: theme.color })
        .collect();
    themes.sort_by_cached_key(|theme| (theme.name.key(), theme.id));
    Ok(Facts {
        today,
        clock: user.day_clock(),
        habits,
        themes,
        tasks: store.task_facts(user.id)?,
        minutes: store
            .time_by_day(user.id, days, None)?
            .into_iter()
            .map(|(date, spent)| (date, spent.minutes))
            .collect(),
        minutes_by_theme: store
            .time_by_theme(user.id, own)?
            .into_iter()
            .map(|(theme, spent)| (theme, spent.minutes))
            .collect(),
        sleeps: store.sleeps(user.id, days)?,
        moods: store.mood_values(user.id, days)?,
    })
}

impl Facts {
    /// The first day of which anything is known.
    pub(super) fn first_day(&self) -> Option<Date> {
        let habits = self.habits.iter().map(|(habit, _)| habit.timeline.window().starts_on);
        let tasks = self.tasks.iter().map(|task| self.clock.date_at(task.created_at));
        let minutes = self.minutes.iter().map(|(date, _)| *date);
        let sleeps = self.sleeps.iter().map(|sleep| sleep.date);
        let moods = self.moods.iter().map(|mood| mood.date);
        habits.chain(tasks).chain(minutes).chain(sleeps).chain(moods).min()
    }

    /// Habits as of today, each with those days of a range on which it wasn't put away yet.
    pub(super) fn kept(&self, range: DateRange) -> impl Iterator<Item = (&Habit, Progress<'_>, DateRange)> {
        self.habits.iter().filter_map(move |(habit, history)| {
            let last = match habit.archived_at {
                None => range.to(),
                Some(at) => range.to().min(self.clock.date_at(at).pred()?),
            };
            let days = DateRange::new(range.from(), last)?;
            Some((habit, Progress::new(&habit.timeline, history, self.today), days))
        })
    }
}
