//! What a start screen needs of a day: parts of several features, each the same as the feature shows by itself.

mod repository;
mod service;

pub use repository::{HomeRepository, SettingsAndTimer};
pub use service::home;

use crate::civil::Date;
use crate::habits::Today;
use crate::moods::MoodDay;
use crate::quotes::QuoteOfTheDay;
use crate::sleep::SleepDay;
use crate::tasks::DueTasks;
use crate::timer::Timer;
use crate::users::SleepGoal;

/// The most tasks that a start screen shows.
pub const MAX_DUE_TASKS: usize = 50;

/// The start screen of a day.
#[derive(Debug, Clone)]
pub struct Home {
    /// Which day it shows.
    pub date: Date,
    /// The habits of the day.
    pub habits: Today,
    /// The open tasks that are due on the day or before.
    pub tasks: DueTasks,
    /// The timer that runs now.
    pub timer: Option<Timer>,
    /// The sleep that ends on the day, and what the user wants of a night; none if none was logged.
    pub sleep: Option<(SleepDay, SleepGoal)>,
    /// The mood and the moments of the day; none without either.
    pub mood: Option<MoodDay>,
    /// The quotation of the day.
    pub quote: QuoteOfTheDay,
}
