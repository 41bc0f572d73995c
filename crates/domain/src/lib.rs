//! What is true about habits, sleep, mood, tasks, time and the people who keep them.
//!
//! Pure rules: no database, no HTTP, no clock and no randomness of its own. `now` and fresh ids come in as parameters.

pub mod civil;
pub mod habits;
pub mod recurrence;
pub mod violation;
