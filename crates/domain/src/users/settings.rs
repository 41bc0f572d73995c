//! A user's preferences.

use serde::{Serialize, Serializer};

use crate::civil::{Date, DayClock, DayStart, Instant, Weekday, Weekdays, Zone};
use crate::violation::Violations;

/// What a user chose about their days, their language and the look of their apps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Settings {
    /// The IANA time zone whose wall clock counts.
    pub timezone: Zone,
    /// When their day begins on that clock (`HH:MM`): with `04:00`, 02:30 still belongs to the day before.
    pub day_start: DayStart,
    /// The first day of their weeks.
    pub week_start: Weekday,
    /// Their language, as a BCP 47 tag.
    pub locale: Locale,
    /// Whether apps show themselves light or dark.
    pub color_scheme: ColorScheme,
    /// Sleep wanted per night, in minutes.
    #[serde(rename = "sleep_goal_minutes")]
    pub sleep_goal: SleepGoal,
    /// Days free of work.
    pub free_days: Weekdays,
    /// Whether the time entries of a day may add up to more than the day has, because they overlap.
    pub allow_overlapping_time: bool,
}

patch! {
    /// A change of settings (RFC 7396): what is absent stays.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PatchMeBody))]
    pub struct SettingsPatch of Settings {
        /// The IANA time zone whose wall clock counts.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub timezone: Option<Zone>,
        /// When their day begins on that clock (`HH:MM`): with `04:00`, 02:30 still belongs to the day before.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub day_start: Option<DayStart>,
        /// The first day of their weeks.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub week_start: Option<Weekday>,
        /// Their language, as a BCP 47 tag.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub locale: Option<Locale>,
        /// Whether apps show themselves light or dark.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub color_scheme: Option<ColorScheme>,
        /// Sleep wanted per night, in minutes.
        #[cfg_attr(feature = "openapi", schema(rename = "sleep_goal_minutes", nullable = false))]
        pub sleep_goal: Option<SleepGoal>,
        /// Days free of work.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub free_days: Option<Weekdays>,
        /// Whether the time entries of a day may add up to more than the day has, because they overlap.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub allow_overlapping_time: Option<bool>,
    }
}

impl Settings {
    /// How the user's days lie on the time line.
    pub fn day_clock(&self) -> DayClock {
        DayClock { zone: self.timezone, day_start: self.day_start }
    }

    /// The user's own today.
    pub fn today(&self, now: Instant) -> Date {
        self.day_clock().date_at(now)
    }

    /// These preferences with a change applied.
    #[must_use]
    pub fn with(mut self, patch: SettingsPatch) -> Self {
        patch.apply_to(&mut self);
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timezone: Zone::UTC,
            day_start: DayStart::MIDNIGHT,
            week_start: Weekday::Mo,
            locale: Locale::default(),
            color_scheme: ColorScheme::System,
            sleep_goal: SleepGoal::default(),
            free_days: Weekdays::of(&[Weekday::Sa, Weekday::Su]),
            allow_overlapping_time: false,
        }
    }
}

/// A language tag of BCP 47's common shape: `en`, `de-AT`, `zh-Hant-TW`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(String);

impl Locale {
    /// Checks a tag: 2–3 letters, then up to three parts of 2–8 letters or digits.
    ///
    /// # Errors
    /// `invalid_locale`.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let language_ok = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
        let rest: Vec<&str> = parts.collect();
        let rest_ok = rest.len() <= 3
            && rest.iter().all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        if language_ok && rest_ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(Violations::of(
                "invalid_locale",
                "is not a language tag such as `en`, `de-AT` or `zh-Hant-TW` (BCP 47)",
            ))
        }
    }

    /// Takes a tag that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country that it names: of `zh-Hant-TW` `TW`.
    pub fn country(&self) -> Option<&str> {
        self.0.split('-').skip(1).find(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic()))
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

json_value!(Locale: str => Self::parse; "Locale", schema::text().examples(["en"]));

words! {
    /// Whether apps show themselves light or dark.
    pub enum ColorScheme {
        /// Dark on light.
        Light = "light",
        /// Light on dark.
        Dark = "dark",
        /// As the device has it.
        System = "system",
    }
}

/// Sleep wanted per night, in minutes (60–960).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SleepGoal(u16);

json_value!(SleepGoal: i64 => |minutes| Self::from_minutes(*minutes);
    "SleepGoal", schema::number(Self::MIN, Self::MAX).examples([480]));

impl SleepGoal {
    /// The fewest minutes.
    pub const MIN: u16 = 60;
    /// The most minutes.
    pub const MAX: u16 = 960;

    /// Checks a number of minutes.
    ///
    /// # Errors
    /// `out_of_range`.
    pub fn from_minutes(minutes: i64) -> Result<Self, Violations> {
        let allowed = u16::try_from(minutes).ok().filter(|minutes| (Self::MIN..=Self::MAX).contains(minutes));
        let detail = || format!("must be between {} and {} minutes", Self::MIN, Self::MAX);
        allowed.map(Self).ok_or_else(|| Violations::of("out_of_range", detail()))
    }

    /// The minutes.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl Default for SleepGoal {
    /// Eight hours.
    fn default() -> Self {
        Self(480)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales() {
        for right in ["en", "de-AT", "zh-Hant-TW", "gsw"] {
            assert!(Locale::parse(right).is_ok(), "{right}");
        }
        for wrong in ["", "e", "english", "en_US", "en-", "en-é", "en-US-a-b", "en\0"] {
            assert!(Locale::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_patch_leaves_what_it_does_not_name() {
        let patch = SettingsPatch { color_scheme: Some(ColorScheme::Dark), ..SettingsPatch::default() };
        let changed = Settings::default().with(patch);
        assert_eq!(changed, Settings { color_scheme: ColorScheme::Dark, ..Settings::default() });
    }
}
