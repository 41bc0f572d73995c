//! Everything that one of the databases does differently from the others, and the only place that may know.
//!
//! - `session`: addresses, and how a fresh connection is set up;
//! - `transaction`: how transactions begin, and how a user's revision is raised;
//! - `errors`: what an error means to the domain;
//! - `insert_rows`, `habit_day_in`, `case_of`, `mood_union`, `time_by_theme`: statements that Diesel can't write for
//!   several backends at once.
//!
//! Not here: how values are stored (`sql_types`), and the lock that migrations run under (`migrations`).

mod case_of;
mod errors;
mod habit_day_in;
mod insert_rows;
mod mood_union;
mod session;
mod time_by_theme;
mod transaction;

pub(crate) use case_of::CaseOf;
pub(crate) use errors::{classify, is_connection_lost};
pub(crate) use habit_day_in::HabitDayIn;
pub(crate) use insert_rows::{OnConflict, insert_rows, run_insert};
pub(crate) use mood_union::{MoodDates, MoodDays, MoodUnion, MoodValues};
pub(crate) use session::{address, set_up};
pub(crate) use time_by_theme::TimeByTheme;
pub(crate) use transaction::{Purpose, begin, commit, hold_user, raise_revision, roll_back};
