//! Everything that differs between the databases, and the only place where it may.
//!
//! - `session`: connection URLs and session settings;
//! - `transaction`: how transactions begin, and the locks at their beginning;
//! - `errors`: the classification of errors;
//! - `transfer`: statements over whole tables;
//! - `insert_rows`, `habit_day_in`, `case_of`, `changed_places`, `local_quarters`, `login_counts`, `login_rollups`, `mood_union`,
//!   `skip_locked`, `sleep_and_mood`, `theme_counts`, `time_by_theme`: statements that Diesel can't build for several backends at once.
//!
//! Not here: how values are stored (`sql_types`), and the lock that migrations run under (`migrations`).

mod case_of;
mod changed_places;
mod errors;
mod habit_day_in;
mod insert_rows;
mod local_quarters;
mod login_counts;
mod login_rollups;
mod mood_union;
mod session;
mod skip_locked;
mod sleep_and_mood;
mod theme_counts;
mod time_by_theme;
mod transaction;
mod transfer;

pub(crate) use case_of::CaseOf;
pub(crate) use changed_places::{ChangedPlaces, SyncSums, table_of};
pub(crate) use errors::{
    classify, classify_commit, is_conflict, is_connection_lost, is_disk_full, is_too_many_connections,
};
pub(crate) use habit_day_in::HabitDayIn;
pub(crate) use insert_rows::{OnConflict, insert_rows, run_insert, run_two, upsert_two};
pub(crate) use login_counts::{LoginBuckets, LoginClients, LoginCountsOf, LoginsByUser};
pub(crate) use login_rollups::{AccountsMade, InsertRollup, Rollup, SubtractRollups};
pub(crate) use mood_union::{MoodDates, MoodUnion, MoodValues, UserDays};
pub(crate) use session::{address, set_up};
pub(crate) use skip_locked::SkipLocked;
pub(crate) use sleep_and_mood::SleepAndMood;
pub(crate) use theme_counts::CountsByTheme;
pub(crate) use time_by_theme::TimeByTheme;
pub(crate) use transaction::{Purpose, begin, commit, lock_revision, lock_user, raise_revision, roll_back};
pub(crate) use transfer::{DeleteAll, InsertAll, RowsAfter, any_text, has_table, lift_limits, renumber};

use crate::connection::AnyConnection;

/// The name of a 64-bit integer in a cast. Without the cast, sums are decimals on two of the databases.
const fn wide(connection: &AnyConnection) -> &'static str {
    match connection {
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => "signed",
        _ => "bigint",
    }
}
