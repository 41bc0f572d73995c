//! Weekdays and sets of them, in the two-letter lower-case form of the API (`"mo"` … `"su"`).

use std::fmt;

#[cfg(feature = "openapi")]
use crate::json::schema;
use crate::json::{FromJson, List};
use crate::violation::Violations;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
#[cfg(feature = "openapi")]
use utoipa::{PartialSchema as _, ToSchema};

words! {
    /// A day of the week.
    #[derive(PartialOrd, Ord)]
    pub enum Weekday {
        /// Monday.
        Mo = "mo",
        /// Tuesday.
        Tu = "tu",
        /// Wednesday.
        We = "we",
        /// Thursday.
        Th = "th",
        /// Friday.
        Fr = "fr",
        /// Saturday.
        Sa = "sa",
        /// Sunday.
        Su = "su",
    }
}

impl Weekday {
    /// Days since Monday, 0–6.
    pub const fn number(self) -> u32 {
        match self {
            Self::Mo => 0,
            Self::Tu => 1,
            Self::We => 2,
            Self::Th => 3,
            Self::Fr => 4,
            Self::Sa => 5,
            Self::Su => 6,
        }
    }

    /// The weekday that many days after a Monday.
    pub const fn from_number(days_after_monday: u32) -> Self {
        match days_after_monday % 7 {
            0 => Self::Mo,
            1 => Self::Tu,
            2 => Self::We,
            3 => Self::Th,
            4 => Self::Fr,
            5 => Self::Sa,
            _ => Self::Su,
        }
    }

    /// All seven, from `start` on.
    pub fn week_from(start: Self) -> [Self; 7] {
        let mut number = start.number();
        [(); 7].map(|()| {
            let day = Self::from_number(number);
            number += 1;
            day
        })
    }

    /// Days from the last `start` up to this weekday, 0–6.
    pub const fn days_since(self, start: Self) -> u32 {
        (self.number() + 7 - start.number()) % 7
    }

    /// The English name: `Monday` … `Sunday`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mo => "Monday",
            Self::Tu => "Tuesday",
            Self::We => "Wednesday",
            Self::Th => "Thursday",
            Self::Fr => "Friday",
            Self::Sa => "Saturday",
            Self::Su => "Sunday",
        }
    }
}

/// A set of weekdays; listed from Monday to Sunday.
///
/// ```
/// use circadia_domain::civil::{Weekday, Weekdays};
/// let days = Weekdays::of(&[Weekday::Fr, Weekday::Mo]);
/// assert!(days.contains(Weekday::Mo) && days.len() == 2);
/// assert_eq!(days.to_string(), "mo,fr");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Weekdays(u8);

impl Weekdays {
    /// No day.
    pub const NONE: Self = Self(0);
    /// All seven.
    pub const ALL: Self = Self(0x7F);
    /// Monday to Friday.
    pub const WORKING: Self = Self(0x1F);

    /// The set of these.
    pub fn of(days: &[Weekday]) -> Self {
        days.iter().fold(Self::NONE, |set, &day| set.with(day))
    }

    /// The set of the bits 0 (Monday) to 6 (Sunday); the top bit is ignored.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x7F)
    }

    /// One bit per day, Monday the lowest.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// This set and `day`.
    #[must_use]
    pub const fn with(self, day: Weekday) -> Self {
        Self(self.0 | (1 << day.number()))
    }

    /// Whether `day` is in it.
    pub const fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day.number()) != 0
    }

    /// How many days it has.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether it has none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its days, from Monday to Sunday.
    pub fn iter(self) -> impl Iterator<Item = Weekday> + Clone {
        Weekday::ALL.into_iter().filter(move |day| self.contains(*day))
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        days.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, day) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(day.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for Weekdays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl FromJson for Weekdays {
    type Json = List<Weekday, 7>;

    fn from_json(List(days): &List<Weekday, 7>) -> Result<Option<Self>, Violations> {
        let set: Self = days.iter().copied().collect();
        if usize::try_from(set.len()).ok() == Some(days.len()) {
            Ok(Some(set))
        } else {
            Err(Violations::of("duplicate", "must not name a day twice"))
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Weekdays {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        schema::list(utoipa::openapi::Ref::from_schema_name(<Weekday as ToSchema>::name())).unique_items(true).into()
    }
}

#[cfg(feature = "openapi")]
impl ToSchema for Weekdays {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        schemas.push((<Weekday as ToSchema>::name().into_owned(), Weekday::schema()));
    }
}

impl<'de> Deserialize<'de> for Weekdays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Weekday>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_lists_days_in_the_order_of_the_week() {
        let days: Weekdays = serde_json::from_str(r#"["su","mo","mo"]"#).unwrap();
        assert_eq!(serde_json::to_string(&days).unwrap(), r#"["mo","su"]"#);
        assert!(serde_json::from_str::<Weekdays>(r#"["Mo"]"#).is_err());
    }

    #[test]
    fn numbers_and_names_agree() {
        for (number, day) in Weekday::ALL.into_iter().enumerate() {
            assert_eq!(Weekday::from_number(u32::try_from(number).unwrap()), day);
            assert_eq!(Weekday::parse(day.as_str()), Ok(day));
        }
        assert_eq!(Weekday::Mo.days_since(Weekday::Su), 1);
    }
}
