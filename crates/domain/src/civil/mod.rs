//! Civil time: dates, weekdays, zones, and the instants they are seen from.

mod date;
mod instant;
pub(crate) mod num;
mod weekday;
mod zone;

pub(crate) use date::days_in_month;
pub use date::{Date, DateError, DateRange};
pub use instant::Instant;
pub use weekday::{Weekday, Weekdays};
pub use zone::{DayClock, DayStart, Zone, latest_date_on_earth};
