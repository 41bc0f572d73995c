//! What screens show of habits: today, and one habit's whole story.

use super::stats::DaySummary;
use super::{DayState, Habit, History, RECENT_DAYS, Recent};
use crate::civil::{Date, Instant};
use crate::entity;
use crate::error::Error;
use crate::ids::{HabitId, UserId};
use crate::unit_of_work::Store;
use crate::users::{self, User};

/// A habit as a *today* screen shows it.
#[derive(Debug, Clone)]
pub struct TodayItem {
    /// The habit.
    pub habit: Habit,
    /// Its day.
    pub summary: DaySummary,
}

/// A *today* screen.
#[derive(Debug, Clone)]
pub struct Today {
    /// Which day it shows.
    pub date: Date,
    /// The habits that are kept on that day, in the user's order.
    pub items: Vec<TodayItem>,
    /// How many of them are due.
    pub due: u32,
    /// How many of those are done.
    pub done: u32,
    /// How many of those are skipped.
    pub skipped: u32,
}

impl Today {
    /// done ÷ (due − skipped); `None` where nothing is left of it.
    pub fn rate(&self) -> Option<f64> {
        let asked = self.due.saturating_sub(self.skipped);
        (asked > 0).then(|| f64::from(self.done) / f64::from(asked))
    }
}

/// The *today* screen as of a day: two statements, or three where the day lies further back than the recent parts reach.
pub fn today(store: &mut dyn Store, user: UserId, now: Instant, on: Option<Date>) -> Result<Today, Error> {
    let user = users::find(store, user)?;
    let date = on.unwrap_or_else(|| user.today(now));
    let clock = user.day_clock();
    let items: Vec<TodayItem> = as_of(store, &user, now, date)?
        .into_iter()
        .filter(|(habit, _)| habit.was_kept_on(date, clock))
        .filter_map(|(habit, recent)| Some(TodayItem { summary: recent.summary(&habit.timeline, date)?, habit }))
        .collect();
    let count = |state: Option<DayState>| {
        let counted =
            items.iter().filter(|item| item.summary.due && state.is_none_or(|state| item.summary.state == state));
        u32::try_from(counted.count()).unwrap_or(u32::MAX)
    };
    let (due, done, skipped) = (count(None), count(Some(DayState::Done)), count(Some(DayState::Skipped)));
    Ok(Today { date, items, due, done, skipped })
}

/// A user's habits in their own order, each with the history needed for `date` and later days. One statement, which
/// reads the recent parts for today and the days just before, and the whole histories for earlier days.
pub(super) fn as_of(
    store: &mut dyn Store,
    user: &User,
    now: Instant,
    date: Date,
) -> Result<Vec<(Habit, Recent)>, Error> {
    if user.today(now).saturating_add_days(-RECENT_DAYS) <= date {
        let found = store.habits_with_recent(user.id)?;
        // (All do, unless the clock was set back.)
        if found.iter().all(|(_, recent)| recent.knows(date)) {
            return Ok(found);
        }
    }
    let found = store.habits_with_history(user.id)?;
    Ok(found.into_iter().map(|(habit, history)| (habit, Recent::whole(history))).collect())
}

/// One habit with everything that is known of it: for streaks, scores, calendars and statistics. Two statements.
pub fn find_with_history(store: &mut dyn Store, user: UserId, id: HabitId) -> Result<(Habit, History, User), Error> {
    let user = users::find(store, user)?;
    let (habit, history) = store.find_habit_with_history(user.id, id)?.ok_or(Error::not_found::<entity::Habit>())?;
    Ok((habit, history, user))
}
