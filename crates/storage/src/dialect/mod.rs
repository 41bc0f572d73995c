//! Everything that one of the databases does differently from the others, and the only place that may know.
//!
//! - `session`: addresses, and how a fresh connection is set up;
//! - `transaction`: how transactions begin, and how a user's revision is raised;
//! - `errors`: what an error means to the domain;
//! - `upsert`, `rows_in`, `case_of`, `either_mood`, `theme_time`: statements that Diesel can't write for several backends at once.
//!
//! Not here: how values are stored (`sql_types`), and the lock that migrations run under (`migrations`).

mod case_of;
mod either_mood;
mod errors;
mod rows_in;
mod session;
mod theme_time;
mod transaction;
mod upsert;

pub(crate) use case_of::CaseOf;
pub(crate) use either_mood::{Dates, Days, Moods, Values};
pub(crate) use errors::{classify, is_connection_lost};
pub(crate) use rows_in::RowsIn;
pub(crate) use session::{address, set_up};
pub(crate) use theme_time::ThemeTime;
pub(crate) use transaction::{Purpose, begin, commit, hold_user, raise_revision, roll_back};
pub(crate) use upsert::{Bind, Upsert};
