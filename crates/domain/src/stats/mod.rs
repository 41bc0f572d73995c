//! Statistics across trackers: the overview, and which things go together.

pub mod insights;
mod nights;
pub mod overview;
mod period;

pub use nights::{Night, nights};
pub use period::{Mean, Period, Pieces, RangeName, Step};
