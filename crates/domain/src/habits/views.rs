//! What screens show of habits: today, and one habit's whole story.

use super::service::user_of;
use super::stats::{DaySummary, summary};
use super::{DayState, Habit, History, Progress, RECENT_DAYS, Timeline};
use crate::civil::{Date, DateRange, Instant};
use crate::error::{Entity, Error};
use crate::ids::{HabitId, UserId};
use crate::store::Store;
use crate::users::User;

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
    /// done ÷ (due − skipped); nothing where nothing is left of it.
    pub fn rate(&self) -> Option<f64> {
        let asked = self.due.saturating_sub(self.skipped);
        (asked > 0).then(|| f64::from(self.done) / f64::from(asked))
    }
}

/// The *today* screen as of a day. Two statements, which for the present day and those just before it read the recent
/// parts of the histories; for an earlier day the whole, and there may be a third for the values that they lack.
pub fn today(store: &mut dyn Store, user: UserId, now: Instant, on: Option<Date>) -> Result<Today, Error> {
    let user = user_of(store, user)?;
    let present = user.today(now);
    let date = on.unwrap_or(present);
    let is_recent = present.saturating_add_days(-RECENT_DAYS) <= date;
    let recently = if is_recent { recently(store, &user, date)? } else { None };
    let items = match recently {
        Some(items) => items,
        None => long_ago(store, &user, date)?,
    };
    let count = |state: Option<DayState>| {
        let counted =
            items.iter().filter(|item| item.summary.due && state.is_none_or(|state| item.summary.state == state));
        u32::try_from(counted.count()).unwrap_or(u32::MAX)
    };
    let (due, done, skipped) = (count(None), count(Some(DayState::Done)), count(Some(DayState::Skipped)));
    Ok(Today { date, items, due, done, skipped })
}

/// The habits of a day by the recent parts of their histories; nothing if one of those begins after it. (None does for
/// recent days, unless the clock was set back.)
fn recently(store: &mut dyn Store, user: &User, date: Date) -> Result<Option<Vec<TodayItem>>, Error> {
    let clock = user.day_clock();
    let habits = store.habits_with_recent(user.id)?.into_iter();
    let kept = habits.filter(|(habit, _)| habit.was_kept_on(date, clock));
    Ok(kept.map(|(habit, recent)| Some(TodayItem { summary: recent.summary(&habit.timeline, date)?, habit })).collect())
}

/// The habits of a day by their whole histories.
fn long_ago(store: &mut dyn Store, user: &User, date: Date) -> Result<Vec<TodayItem>, Error> {
    let clock = user.day_clock();
    let mut kept = store.habits_with_history(user.id)?;
    kept.retain(|(habit, _)| habit.was_kept_on(date, clock));
    complete_values(store, user.id, &mut kept, date)?;
    let items = kept.into_iter();
    Ok(items.map(|(habit, history)| TodayItem { summary: summary(&habit.timeline, &history, date), habit }).collect())
}

/// Whether something is to be done on a day; of a quota, while its number isn't met.
pub fn is_due_on(timeline: &Timeline, history: &History, date: Date) -> bool {
    Progress::new(timeline, history, date).is_due(date)
}

/// Reads the values that the histories dropped, where a day so far back is asked for that they count.
pub fn complete_values(
    store: &mut dyn Store,
    user: UserId,
    habits: &mut [(Habit, History)],
    date: Date,
) -> Result<(), Error> {
    // What is kept reaches back far enough from the newest day on.
    let lacks =
        |history: &History| history.known_from().is_some() && history.last_day().is_some_and(|last| date < last);
    if !habits.iter().any(|(_, history)| lacks(history)) {
        return Ok(());
    }
    let Some(range) = DateRange::new(Date::MIN, date) else { return Ok(()) };
    let amounts = store.amounts(user, range)?;
    for (habit, history) in habits.iter_mut().filter(|(_, history)| lacks(history)) {
        // Sorted by habit and date.
        let from = amounts.partition_point(|(id, _, _)| *id < habit.id);
        let own = amounts.iter().skip(from).take_while(|(id, _, _)| *id == habit.id);
        *history = std::mem::take(history).with_amounts(own.map(|(_, date, value)| (*date, *value)));
    }
    Ok(())
}

/// One habit with everything that is known of it: for streaks, scores, calendars and statistics. Two statements, and
/// one more for the values of a habit that has any.
pub fn story(store: &mut dyn Store, user: UserId, id: HabitId) -> Result<(Habit, History, User), Error> {
    let user = user_of(store, user)?;
    let (habit, history) = store.find_habit_with_history(user.id, id)?.ok_or(Error::NotFound(Entity::Habit))?;
    if history.known_from().is_none() {
        return Ok((habit, history, user));
    }
    let records = store.day_records(user.id, id)?;
    let history = history.with_amounts(records.into_iter().filter_map(|(date, record)| Some((date, record.value?))));
    Ok((habit, history, user))
}
