//! Habits: what is planned, what was done, and what follows from the two.
//!
//! The engine (`schedule`, `kind`, `plan`, `history`, `streak`, `score`, …) is pure arithmetic over civil dates; the
//! services (`service`, [`entries`], [`tracked`], `views`, `period_view`) put it to work on what is stored. [`projection`]
//! alone writes entries and histories.

mod bits;
mod codec;
mod days;
pub mod entries;
mod entry;
mod entry_patch;
mod habit;
mod history;
mod kind;
#[cfg(feature = "openapi")]
mod openapi;
mod period_view;
mod plan;
mod progress;
pub mod projection;
mod recent;
mod repository;
mod schedule;
mod score;
mod service;
mod stats;
mod streak;
mod timeline;
pub mod tracked;
mod views;

pub use days::Outcome;
pub use entry::{Entry, EntryInput, EntryNote, EntryState, EntryView, MAX_VALUE, day_total};
pub use entry_patch::EntryPatch;
pub use habit::{
    ArchiveReason, Habit, HabitDescription, HabitIcon, HabitName, HabitPatch, HabitQuestion, HabitStatus, MAX_HABITS,
    NewHabit, TimeOfDay,
};
pub use history::{DayRecord, History, InvalidHistory};
pub use kind::{Direction, Kind, KindInput, MAX_MINUTES, MAX_TARGET, Unit};
pub use period_view::{Cell, CellState, DaySum, HabitRow, PeriodView, cells, period_view};
pub use plan::{Archive, Pause, PauseSource, Plan, Window};
pub use progress::{DayState, Explained, PeriodProgress, Progress, Reason};
pub use recent::{RECENT_DAYS, Recent};
pub use repository::{
    DayToWrite, EntryFilter, EntryRepository, EntrySeek, HabitRepository, HabitTotals, HabitWithHistory,
    HabitWithRecent, HistoryPart, WithSettings,
};
pub use schedule::{
    DaysInput, MAX_AMOUNT, MAX_EVERY, MAX_LISTED, MAX_ROLLING_DAYS, MAX_RUN, MIN_ROLLING_DAYS, MonthDay,
    NthWeekdayOfMonth, NumberedWeekdayInput, Overflow, Per, Quota, Rolling, Schedule, ScheduleInput, WeekdayInput,
};
pub use score::{Score, score_on, score_step, scores};
pub use service::{
    NewPlan, archive, create, create_pause, delete, delete_pause, delete_plan, find, list, put_plan, reorder, restore,
    update, update_pause,
};
pub use stats::{
    CalendarDay, DaySummary, HabitStats, Month, Rated, Tally, UnitTally, calendar, completion_rate, stats, summary,
};
pub use streak::{BEST_LIMIT, BestRange, Streaks, current_streak, streaks};
pub use timeline::{DueDates, MAX_VERSIONS, QuotaPeriod, StreakUnit, Timeline};
pub use views::{DayAfterWrite, DayTotals, Today, TodayItem, find_with_history, today};
pub(crate) use views::{WithHabits, is_open_on, today_with, with_recent};
