//! Statistics across trackers: the overview, and which things go together.

pub mod insights;
pub mod overview;
mod period;

pub use period::{Mean, Period, Pieces, RangeName, Step};
