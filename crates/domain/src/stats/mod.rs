//! Statistics across trackers: the overview, and which things go together.

pub mod insights;
