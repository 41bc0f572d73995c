//! What screens show of habits: today, and all that is known of one habit.

use super::stats::DaySummary;
use super::{DayState, Habit, History, Progress, RECENT_DAYS, Recent, Tally};
use crate::civil::{Date, Instant, latest_date_on_earth};
use crate::entity;
use crate::error::Error;
use crate::ids::{HabitId, UserId};
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users::Settings;

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
    /// All of them together.
    pub totals: DayTotals,
}

/// The habits of a day together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayTotals {
    /// How many are due.
    pub due: u32,
    /// How many of those are done.
    pub done: u32,
    /// How many of those are skipped.
    pub skipped: u32,
    /// How many of those have a limit that they are within so far.
    pub open_limits: u32,
}

impl DayTotals {
    /// The totals of habits' days, each given by whether it is due, its state, and whether it has a limit.
    fn of(days: impl Iterator<Item = (bool, DayState, bool)>) -> Self {
        let mut totals = Self::default();
        for (_, state, is_limit) in days.filter(|(is_due, ..)| *is_due) {
            totals.due += 1;
            totals.open_limits += u32::from(is_limit && state == DayState::Pending);
            totals.done += u32::from(state == DayState::Done);
            totals.skipped += u32::from(state == DayState::Skipped);
        }
        totals
    }

    /// done ÷ (due − skipped − limits that are open); `None` where nothing is left of it.
    pub fn rate(&self) -> Option<f64> {
        Tally { due: self.due.saturating_sub(self.skipped + self.open_limits), done: self.done }.rate()
    }
}

/// The *today* screen as of a day, from one statement.
pub fn today(store: &mut dyn Store, user: UserId, now: Instant, on: Option<Date>) -> Result<Today, Error> {
    let (settings, habits) = as_of(store, user, now, on, |present| on.unwrap_or(present))?;
    let date = on.unwrap_or_else(|| settings.today(now));
    let items: Vec<TodayItem> = habits
        .into_iter()
        .filter(|(habit, _)| habit.timeline.window().contains(date))
        .filter_map(|(habit, recent)| Some(TodayItem { summary: recent.summary(&habit.timeline, date)?, habit }))
        // What was done on the day of archiving is shown.
        .filter(|item| item.habit.was_kept_on(date) || item.summary.due)
        .collect();
    let of_item = |item: &TodayItem| (item.summary.due, item.summary.state, item.habit.timeline.is_limit_on(date));
    let totals = DayTotals::of(items.iter().map(of_item));
    Ok(Today { date, items, totals })
}

/// A habit and its user's day after a write to the habit's entry of a date.
#[derive(Debug, Clone)]
pub struct DayAfterWrite {
    /// What the date now is for the habit.
    pub state: DayState,
    /// The habit as of today.
    pub habit: DaySummary,
    /// The totals of the date, as the *today* screen of that date has them.
    pub totals: DayTotals,
}

/// What a write to an entry changed: `habit` and `history` are as they were stored, `on` is the user's today if absent.
/// One statement.
pub(super) fn after_write(
    tx: &mut WriteTransaction<'_>,
    habit: &Habit,
    history: &History,
    date: Date,
    on: Option<Date>,
) -> Result<DayAfterWrite, Error> {
    let (settings, habits) = as_of(tx.store, tx.user, tx.now, Some(date), |_| date)?;
    let today = on.unwrap_or_else(|| settings.today(tx.now));
    let progress = Progress::new(&habit.timeline, history, today);
    let state = if date > today {
        // The day has begun where the user is.
        Progress::new(&habit.timeline, history, date).state_on(date)
    } else {
        progress.state_on(date)
    };
    let kept = habits.iter().filter(|(habit, _)| habit.timeline.window().contains(date));
    let totals = DayTotals::of(kept.filter_map(|(habit, recent)| {
        let (is_due, state) = recent.day(&habit.timeline, date)?;
        Some((is_due, state, habit.timeline.is_limit_on(date)))
    }));
    Ok(DayAfterWrite { state, habit: progress.summary(), totals })
}

/// A user's settings and habits in their own order, each with the history needed for `date_of(today)` and later days.
/// One statement, which reads the recent parts unless `on` lies further back than they reach; a second one if it turns
/// out that they don't.
pub(super) fn as_of(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    on: Option<Date>,
    date_of: impl Fn(Date) -> Date,
) -> Result<(Settings, Vec<(Habit, Recent)>), Error> {
    let reach = latest_date_on_earth(now).saturating_add_days(-RECENT_DAYS);
    if on.is_none_or(|on| reach <= on) {
        let (settings, habits) = store.settings_and_recent(user)?.ok_or(Error::not_found::<entity::User>())?;
        let date = date_of(settings.today(now));
        if habits.iter().all(|(_, recent)| recent.knows(date)) {
            return Ok((settings, habits));
        }
    }
    let (settings, habits) = store.settings_and_habits(user)?.ok_or(Error::not_found::<entity::User>())?;
    Ok((settings, habits.into_iter().map(|(habit, history)| (habit, Recent::whole(history))).collect()))
}

/// One habit with everything that is known of it: for streaks, scores, calendars and statistics. One statement.
pub fn find_with_history(
    store: &mut dyn Store,
    user: UserId,
    id: HabitId,
) -> Result<(Habit, History, Settings), Error> {
    let (settings, found) = store.settings_and_history(user, id)?.ok_or(Error::not_found::<entity::User>())?;
    let (habit, history) = found.ok_or(Error::not_found::<entity::Habit>())?;
    Ok((habit, history, settings))
}
