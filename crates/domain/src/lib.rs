//! What is true about habits, sleep, mood, tasks, time and the people who keep them.
//!
//! Pure rules: no database, no HTTP, no clock and no randomness of its own. `now` and fresh ids come in as parameters;
//! what is stored goes through the repository traits of each feature, brought together in [`unit_of_work`].
//!
#![doc = include_str!("../RECIPES.md")]

#[macro_use]
pub mod words;
#[macro_use]
pub mod json;
#[macro_use]
mod patch;

pub mod accounts;
pub mod audit;
pub mod calendar;
pub mod civil;
pub mod code;
pub mod collation;
pub mod color;
pub mod database_calls;
pub mod entity;
pub mod ephemera;
pub mod error;
pub mod export;
pub mod habits;
pub mod home;
pub mod idempotency;
pub mod idempotency_keys;
pub mod identities;
pub mod ids;
pub mod import;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod logins;
pub mod measures;
pub mod moods;
pub mod one_time;
pub mod outgoing;
pub mod passkeys;
pub mod personal_tokens;
pub mod push_subscriptions;
pub mod quantity;
pub mod quotes;
pub mod recurrence;
pub mod reminders;
pub mod revision;
pub mod seek;
pub mod sessions;
pub mod shared_pauses;
pub mod sleep;
pub mod stats;
pub mod summary_stats;
pub mod sync;
pub mod tasks;
pub mod text;
pub mod themes;
pub mod time_entries;
pub mod timer;
pub mod tombstones;
pub mod totp;
pub mod unit_of_work;
pub mod users;
pub mod violation;
pub mod webhooks;

pub use error::Error;
