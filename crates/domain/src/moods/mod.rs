//! Moods of a day, or of a moment of it.
//!
//! A day has at most one mood of its own, and any number of moments. Its value is that of its own mood; without one,
//! the mean of its moments; without any, there is none. Values are never imputed. The date of a moment is the civil
//! date where it was, with the start of the day that the user has when they write it. Date and zone are stored, so
//! neither moving nor an edit after having moved changes them.

mod mood;
mod repository;
mod service;
mod trend;
mod views;

pub use mood::{
    DayValue, MAX_MOMENTS_A_DAY, MAX_TAGS, Mood, MoodDay, MoodMoment, MoodNote, MoodSource, MoodValue, Tag, Tags,
};
pub use repository::MoodRepository;
pub use service::{
    MomentPatch, MoodPut, NewMoment, create_moment, days, delete, delete_moment, find, find_moment, put, update_moment,
};
pub use trend::{MAX_WINDOW, Trend, TrendPoint};
pub use views::{MoodPeriodView, TrendRange, day, period, trend};
