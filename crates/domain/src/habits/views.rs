//! What screens show of habits: today, and all that is known of one habit.

use super::stats::DaySummary;
use super::{
    DayState, DayToWrite, Entry, Habit, HabitWithHistory, HabitWithRecent, History, HistoryPart, Progress, RECENT_DAYS,
    Recent, Tally,
};
use crate::civil::{Date, Instant, latest_date_on_earth};
use crate::entity;
use crate::error::{Error, StoreError};
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
    Ok(today_with::<Settings>(store, user, now, on)?.1)
}

/// The *today* screen as of a day, and what is read with it, from one statement.
pub(crate) fn today_with<W: WithHabits>(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    on: Option<Date>,
) -> Result<(W, Today), Error> {
    let (with, habits) = as_of::<W>(store, user, now, on, |present| on.unwrap_or(present))?;
    let date = on.unwrap_or_else(|| with.settings().today(now));
    let items: Vec<TodayItem> = habits
        .into_iter()
        .filter(|(habit, _)| habit.timeline.window().contains(date))
        .filter_map(|(habit, recent)| Some(TodayItem { summary: recent.summary(&habit.timeline, date)?, habit }))
        // What was done on the day of archiving is shown.
        .filter(|item| item.habit.was_kept_on(date) || item.summary.due)
        .collect();
    let of_item = |item: &TodayItem| (item.summary.due, item.summary.state, item.habit.timeline.is_limit_on(date));
    let totals = DayTotals::of(items.iter().map(of_item));
    Ok((with, Today { date, items, totals }))
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

/// A user's day that is about to be written to, for one habit.
pub(super) struct WritableDay {
    pub(super) habit: Habit,
    pub(super) history: History,
    date: Date,
    settings: Settings,
    others: Vec<HabitWithRecent>,
}

impl WritableDay {
    /// The day and the habit's entry for it, with the recent parts of the other histories unless the day lies further
    /// back than they reach; read again if it turns out that they don't.
    pub(super) fn read(
        tx: &mut WriteTransaction<'_>,
        habit: HabitId,
        date: Date,
    ) -> Result<(Self, Option<Entry>), Error> {
        let mut read =
            |part| tx.store.day_to_write(tx.user, habit, date, part)?.ok_or(Error::not_found::<entity::User>());
        let reaches = |day: &DayToWrite| day.others.iter().all(|(_, recent)| recent.knows(date));
        let mut day = read(if may_be_recent(tx.now, date) { HistoryPart::Recent } else { HistoryPart::Whole })?;
        if !reaches(&day) {
            day = read(HistoryPart::Whole)?;
        }
        let DayToWrite { settings, written, others } = day;
        let (habit, history, entry) = written.ok_or(Error::not_found::<entity::Habit>())?;
        Ok((Self { habit, history, date, settings, others }, entry))
    }

    /// What a write changed, once it is in `self.history`, as of `on`, the user's today if absent.
    pub(super) fn after_write(&self, now: Instant, on: Option<Date>) -> DayAfterWrite {
        let Self { habit, history, date, .. } = self;
        let today = on.unwrap_or_else(|| self.settings.today(now));
        let progress = Progress::new(&habit.timeline, history, today);
        let other_day = (*date != today).then(|| Progress::new(&habit.timeline, history, *date));
        let on_date = other_day.as_ref().unwrap_or(&progress);
        // On a day that is still to come here, it has begun where the user is.
        let state = if *date > today { on_date.state_on(*date) } else { progress.state_on(*date) };
        let others = self.others.iter().filter(|(habit, _)| habit.timeline.window().contains(*date));
        let others = others.filter_map(|(habit, recent)| {
            let (is_due, state) = recent.day(&habit.timeline, *date)?;
            Some((is_due, state, habit.timeline.is_limit_on(*date)))
        });
        let own = habit
            .timeline
            .window()
            .contains(*date)
            .then(|| (on_date.is_due(*date), on_date.state_on(*date), habit.timeline.is_limit_on(*date)));
        DayAfterWrite { state, habit: progress.summary(), totals: DayTotals::of(own.into_iter().chain(others)) }
    }
}

/// Whether the recent parts of histories may answer for a day.
fn may_be_recent(now: Instant, date: Date) -> bool {
    latest_date_on_earth(now).saturating_add_days(-RECENT_DAYS) <= date
}

/// What is read in one statement with all of a user's habits: the user's settings, and maybe more. Both are `None` if
/// there is no such user.
pub(crate) trait WithHabits: Sized {
    /// With the recent parts of their histories.
    fn and_recent(store: &mut dyn Store, user: UserId) -> Result<Option<(Self, Vec<HabitWithRecent>)>, StoreError>;

    /// With their whole histories.
    fn and_histories(store: &mut dyn Store, user: UserId) -> Result<Option<(Self, Vec<HabitWithHistory>)>, StoreError>;

    /// The settings.
    fn settings(&self) -> &Settings;
}

impl WithHabits for Settings {
    fn and_recent(store: &mut dyn Store, user: UserId) -> Result<Option<(Self, Vec<HabitWithRecent>)>, StoreError> {
        store.settings_and_recent(user)
    }

    fn and_histories(store: &mut dyn Store, user: UserId) -> Result<Option<(Self, Vec<HabitWithHistory>)>, StoreError> {
        store.settings_and_habits(user)
    }

    fn settings(&self) -> &Settings {
        self
    }
}

/// A user's settings and habits in their own order, each with the history needed for `date_of(today)` and later days.
/// One statement, which reads the recent parts unless `on` lies further back than they reach; a second one if it turns
/// out that they don't.
pub(super) fn as_of<W: WithHabits>(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    on: Option<Date>,
    date_of: impl Fn(Date) -> Date,
) -> Result<(W, Vec<HabitWithRecent>), Error> {
    if on.is_none_or(|on| may_be_recent(now, on)) {
        let (with, habits) = W::and_recent(store, user)?.ok_or(Error::not_found::<entity::User>())?;
        let date = date_of(with.settings().today(now));
        if habits.iter().all(|(_, recent)| recent.knows(date)) {
            return Ok((with, habits));
        }
    }
    let (with, habits) = W::and_histories(store, user)?.ok_or(Error::not_found::<entity::User>())?;
    Ok((with, habits.into_iter().map(|(habit, history)| (habit, Recent::whole(history))).collect()))
}

/// A user's habits with as much of their histories as is needed for a day and later ones.
pub(crate) fn with_recent(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    from: Date,
) -> Result<Vec<HabitWithRecent>, Error> {
    Ok(as_of::<Settings>(store, user, now, Some(from), |_| from)?.1)
}

/// Whether a habit is due on a day, and was neither done nor skipped nor lost: as of that day.
pub(crate) fn is_open_on(habit: &Habit, recent: &Recent, date: Date) -> bool {
    habit.timeline.window().contains(date) && recent.day(&habit.timeline, date) == Some((true, DayState::Pending))
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
