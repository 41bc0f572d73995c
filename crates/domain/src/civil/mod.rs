//! Civil time: dates, weekdays, zones, and the instants they are seen from.

mod date;
mod instant;
pub(crate) mod num;
mod range;
mod span;
mod weekday;
mod zone;
mod zone_or_offset;

pub use date::{Date, DateError};
pub use instant::Instant;
pub use range::{DateRange, Days, TEN_YEARS};
pub use span::Span;
pub use weekday::{Weekday, Weekdays};
pub use zone::{DayClock, DayStart, WallTime, Zone, latest_date_on_earth};
pub use zone_or_offset::ZoneOrOffset;
