//! All habits in a day, a week or a month: a cell for each habit and day, and sums of each day.
//!
//! One statement, for any number of habits and days.

use serde::Serialize;

use super::{DayState, Habit, History, Progress, Tally};
use crate::civil::{Date, DateRange, Instant, Span};
use crate::entity;
use crate::error::Error;
use crate::ids::UserId;
use crate::quantity::Quantity;
use crate::unit_of_work::Store;

words! {
    /// What a day is for a habit, as views show it.
    #[cfg_attr(feature = "openapi", schema(as = HabitCellState))]
    pub enum CellState {
        /// Done, whether or not it was due.
        Done = "done",
        /// Due, and left out on purpose.
        Skipped = "skipped",
        /// Due, over, and not done.
        Missed = "missed",
        /// Due and still open, or to come.
        Pending = "pending",
        /// Not due.
        NotDue = "not_due",
        /// Covered by a pause, or archived.
        Paused = "paused",
        /// Not done, but within a window in which a rolling quota is met.
        Covered = "covered",
    }
}

impl From<DayState> for CellState {
    fn from(state: DayState) -> Self {
        match state {
            DayState::Done | DayState::Bonus => Self::Done,
            DayState::Skipped => Self::Skipped,
            DayState::Missed => Self::Missed,
            DayState::Pending => Self::Pending,
            DayState::NotDue => Self::NotDue,
            DayState::Paused => Self::Paused,
            DayState::Covered => Self::Covered,
        }
    }
}

/// A habit's day on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HabitCell))]
pub struct Cell {
    /// The day.
    pub date: Date,
    /// What it is.
    pub state: CellState,
    /// Whether it was done without being due: shown, not counted.
    pub bonus: bool,
    /// The day's value; null without one.
    pub value: Option<Quantity>,
    /// Whether it has a limit that it is within so far.
    #[serde(skip)]
    pub is_open_limit: bool,
}

/// A habit on a screen: a cell for each of its days.
#[derive(Debug, Clone)]
pub struct HabitRow {
    /// The habit.
    pub habit: Habit,
    /// Its days, in order.
    pub cells: Vec<Cell>,
}

/// All habits of a day together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySum {
    /// The day.
    pub date: Date,
    /// How many were done, those left out that weren't due.
    pub done: u32,
    /// How many were skipped.
    pub skipped: u32,
    /// How many were missed.
    pub missed: u32,
    /// How many are still open.
    pub pending: u32,
    /// How many of those have a limit that they are within so far.
    pub open_limits: u32,
    /// How many were done without being due.
    pub bonus: u32,
}

impl DaySum {
    /// How many were due.
    pub const fn due(&self) -> u32 {
        self.done + self.skipped + self.missed + self.pending
    }

    /// done ÷ (due − skipped − limits that are open); `None` where nothing is left of it.
    pub fn rate(&self) -> Option<f64> {
        Tally { due: self.due() - self.skipped - self.open_limits, done: self.done }.rate()
    }

    fn of<'a>(date: Date, cells: impl Iterator<Item = &'a Cell>) -> Self {
        let mut sum = Self { date, done: 0, skipped: 0, missed: 0, pending: 0, open_limits: 0, bonus: 0 };
        for cell in cells {
            match cell.state {
                _ if cell.bonus => sum.bonus += 1,
                CellState::Done => sum.done += 1,
                CellState::Skipped => sum.skipped += 1,
                CellState::Missed => sum.missed += 1,
                CellState::Pending => {
                    sum.pending += 1;
                    sum.open_limits += u32::from(cell.is_open_limit);
                }
                CellState::NotDue | CellState::Paused | CellState::Covered => {}
            }
        }
        sum
    }
}

/// A screen.
#[derive(Debug, Clone)]
pub struct PeriodView {
    /// The days it shows.
    pub range: DateRange,
    /// As of which day.
    pub today: Date,
    /// The habits that are kept on any of the days, in the user's order.
    pub rows: Vec<HabitRow>,
    /// The sums of each day.
    pub days: Vec<DaySum>,
}

/// The cells of a habit for each day of `range`, as of `today`.
pub fn cells(habit: &Habit, history: &History, range: DateRange, today: Date) -> Vec<Cell> {
    let mut kept = Progress::new(&habit.timeline, history, today).calendar(range).into_iter().peekable();
    range
        .iter()
        .map(|date| {
            let day = kept.next_if(|day| day.date == date);
            let (state, value) = day.map_or((DayState::NotDue, None), |day| (day.state, day.value));
            let is_open_limit = state == DayState::Pending && habit.timeline.is_limit_on(date);
            Cell { date, state: state.into(), bonus: state == DayState::Bonus, value, is_open_limit }
        })
        .collect()
}

/// Whether a habit with these days belongs on their screen: it was kept on one of them, or done.
fn was_kept_on_any(habit: &Habit, cells: &[Cell]) -> bool {
    let is_done = |cell: &Cell| cell.state == CellState::Done && !cell.bonus;
    cells.iter().any(|cell| habit.was_kept_on(cell.date) || is_done(cell))
}

/// The screen that shows a day (today if absent), as of a day (today if absent), from one statement.
pub fn period_view(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    span: Span,
    date: Option<Date>,
    on: Option<Date>,
) -> Result<PeriodView, Error> {
    let (settings, kept) = store.settings_and_habits(user)?.ok_or(Error::not_found::<entity::User>())?;
    let today = on.unwrap_or_else(|| settings.today(now));
    let range = span.containing(date.unwrap_or(today), settings.week_start);
    let overlaps = |(habit, _): &(Habit, History)| {
        habit.timeline.window().range().and_then(|window| window.intersect(range)).is_some()
    };
    let rows: Vec<HabitRow> = kept
        .into_iter()
        .filter(overlaps)
        .map(|(habit, history)| HabitRow { cells: cells(&habit, &history, range, today), habit })
        .filter(|row| was_kept_on_any(&row.habit, &row.cells))
        .collect();
    let days = range
        .iter()
        .enumerate()
        .map(|(at, date)| DaySum::of(date, rows.iter().filter_map(|row| row.cells.get(at))))
        .collect();
    Ok(PeriodView { range, today, rows, days })
}
