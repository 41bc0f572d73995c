//! When things were, and on which of the user's days.

use chrono::DateTime;
use circadia_domain::civil::{Date, DayClock, DayStart, Instant, ZoneOrOffset};
use serde_json::Value;

use super::document::Preferences;
use crate::Context;
use crate::context::{date_in_zone, offset};
use crate::values::iso_date;

/// How the user's days lie there.
pub(super) struct Days {
    zone: ZoneOrOffset,
    day_start: DayStart,
}

impl Days {
    pub(super) fn of(preferences: &Preferences, context: &Context) -> Self {
        let own = context.settings.timezone;
        // The offset is that of the last visit: summer or winter time.
        let minutes = preferences.timezone_offset.and_then(|minutes| format!("{:.0}", -minutes).parse::<i64>().ok());
        let is_own = |minutes: i64| {
            let half_a_year_ago = context.now.plus_seconds(-182 * 86_400);
            [context.now, half_a_year_ago].iter().any(|at| i64::from(own.offset_seconds(*at)) == minutes * 60)
        };
        let zone = minutes.filter(|minutes| !is_own(*minutes)).and_then(offset);
        let hours = preferences.day_start.and_then(|hours| format!("{hours:.0}").parse::<u16>().ok());
        let day_start = hours.and_then(|hours| DayStart::from_minutes(hours.checked_mul(60)?));
        Self { zone: zone.unwrap_or_else(|| own.into()), day_start: day_start.unwrap_or(context.settings.day_start) }
    }

    /// The day that an instant belongs to.
    pub(super) fn of_instant(&self, at: Instant) -> Date {
        DayClock { zone: self.zone.zone(), day_start: self.day_start }.date_at(at)
    }

    /// The day that a time is the beginning of.
    pub(super) fn of_date(&self, value: Option<&Value>) -> Option<Date> {
        at(value).map(|at| date_in_zone(at, self.zone)).or_else(|| value?.as_str().and_then(iso_date))
    }
}

/// A time as milliseconds or as a text.
pub(super) fn at(value: Option<&Value>) -> Option<Instant> {
    match value? {
        Value::Number(millis) => Some(Instant::from_micros(millis.as_i64()?.saturating_mul(1_000))),
        Value::String(text) => at_text(text),
        _ => None,
    }
}

pub(super) fn at_text(text: &str) -> Option<Instant> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| Instant::from(at.to_utc()))
}
