//! What a day of a habit is measured by: a check mark, a count, or minutes.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use crate::quantity::Quantity;
use crate::text::Line;
use crate::violation::Violations;

words! {
    /// Whether a target is to be reached or not to be exceeded.
    #[derive(Default)]
    pub enum Direction {
        /// At least the target: eight glasses of water.
        #[default]
        AtLeast = "at_least",
        /// At most the target, evaluated when the day is over: two cups of coffee, or none (a target of 0).
        AtMost = "at_most",
    }
}

/// What is counted: 1–24 characters.
pub type Unit = Line<24>;

/// How a day of a habit is measured. Its JSON form is that of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Done or not.
    Check,
    /// A number of something.
    Count {
        /// A day's target, more than 0 and up to [`MAX_TARGET`]; 0 too with [`Direction::AtMost`].
        target: Quantity,
        /// What is counted.
        unit: Unit,
        /// Whether to reach the target or to stay within it.
        direction: Direction,
    },
    /// A number of minutes.
    Minutes {
        /// A day's target, more than 0 and up to [`MAX_MINUTES`]; 0 too with [`Direction::AtMost`].
        target: Quantity,
        /// Whether to reach the target or to stay within it.
        direction: Direction,
    },
}

/// The largest daily target of a count.
pub const MAX_TARGET: u32 = 1_000_000;
/// The largest daily target in minutes: a day.
pub const MAX_MINUTES: u32 = 1440;

/// A [`Kind`] as it comes from outside: exactly the JSON of the API, unchecked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindInput {
    /// `check`, `count` or `minutes`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub type_name: Option<String>,
    /// The day's target.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<Number>,
    /// What is counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// `at_least` (default) or `at_most`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub direction: Option<String>,
}

impl Kind {
    /// Checks what came from outside.
    ///
    /// # Errors
    /// `required`, `unknown_value`, `unknown_field` (a field that the type doesn't have), `out_of_range`, `too_precise`, and what
    /// [`Line::parse`] says of the unit; all of them at once.
    #[expect(clippy::needless_pass_by_value, reason = "the input is used up: what it says is in the result")]
    pub fn validate(input: KindInput) -> Result<Self, Violations> {
        let mut wrong = Violations::new();
        let Some(type_name) = input.type_name.as_deref() else {
            wrong.add("/type", "required", "is required: `check`, `count` or `minutes`");
            return Err(wrong);
        };
        let (max, has_unit) = match type_name {
            "check" => (0, false),
            "count" => (MAX_TARGET, true),
            "minutes" => (MAX_MINUTES, false),
            _ => {
                wrong.add("/type", "unknown_value", "must be `check`, `count` or `minutes`");
                return Err(wrong);
            }
        };
        let mut unknown = |path: &str, given: bool| {
            if given {
                wrong.add(path, "unknown_field", format!("does not belong to the type `{type_name}`"));
            }
        };
        unknown("/unit", !has_unit && input.unit.is_some());
        if max == 0 {
            unknown("/target", input.target.is_some());
            unknown("/direction", input.direction.is_some());
            return if wrong.is_empty() { Ok(Self::Check) } else { Err(wrong) };
        }
        let direction = match input.direction.as_deref() {
            None => Direction::default(),
            Some(word) => wrong.take("/direction", Direction::parse(word)).unwrap_or(Direction::AtMost),
        };
        let min = if direction == Direction::AtLeast { Quantity::SMALLEST } else { Quantity::ZERO };
        let max = Quantity::whole(max);
        let target = match &input.target {
            None => {
                wrong.add("/target", "required", format!("is required: a number from {min} to {max}"));
                Quantity::ZERO
            }
            Some(number) => wrong.take("/target", Quantity::between(number, min..=max)).unwrap_or(Quantity::ZERO),
        };
        let unit = match input.unit.as_deref() {
            _ if !has_unit => None,
            None => {
                wrong.add("/unit", "required", "is required: what is counted, 1 to 24 characters");
                None
            }
            Some(unit) => wrong.take("/unit", Unit::parse(unit)),
        };
        match unit {
            _ if !wrong.is_empty() => Err(wrong),
            Some(unit) => Ok(Self::Count { target, unit, direction }),
            None => Ok(Self::Minutes { target, direction }),
        }
    }

    /// The API's word for it: `check`, `count` or `minutes`.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Count { .. } => "count",
            Self::Minutes { .. } => "minutes",
        }
    }

    /// A day's target, if it is measured in numbers.
    pub const fn target(&self) -> Option<Quantity> {
        match self {
            Self::Check => None,
            Self::Count { target, .. } | Self::Minutes { target, .. } => Some(*target),
        }
    }

    /// Whether the target is to be reached or kept within; a check is to be reached.
    pub const fn direction(&self) -> Direction {
        match self {
            Self::Check => Direction::AtLeast,
            Self::Count { direction, .. } | Self::Minutes { direction, .. } => *direction,
        }
    }

    /// What is counted, or `minutes`.
    pub fn unit(&self) -> Option<&str> {
        match self {
            Self::Check => None,
            Self::Count { unit, .. } => Some(unit.as_str()),
            Self::Minutes { .. } => Some("minutes"),
        }
    }

    /// Whether a day with this total is done, once it is over. A check is done by any total.
    pub fn is_met_by(&self, total: Quantity) -> bool {
        match self {
            Self::Check => true,
            Self::Count { target, direction, .. } | Self::Minutes { target, direction } => match direction {
                Direction::AtLeast => total >= *target,
                Direction::AtMost => total <= *target,
            },
        }
    }

    /// The form of the API.
    pub fn to_input(&self) -> KindInput {
        KindInput {
            type_name: Some(self.type_name().to_owned()),
            target: self.target().map(Number::from),
            unit: match self {
                Self::Count { unit, .. } => Some(unit.as_str().to_owned()),
                Self::Check | Self::Minutes { .. } => None,
            },
            direction: self.target().map(|_| self.direction().as_str().to_owned()),
        }
    }
}

impl TryFrom<KindInput> for Kind {
    type Error = Violations;
    fn try_from(input: KindInput) -> Result<Self, Violations> {
        Self::validate(input)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_input().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::validate(KindInput::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(json: &str) -> Vec<(String, &'static str)> {
        let input: KindInput = serde_json::from_str(json).unwrap();
        Kind::validate(input).unwrap_err().iter().map(|violation| (violation.path.clone(), violation.code)).collect()
    }

    #[test]
    fn json_is_canonical_and_round_trips() {
        for (given, canonical) in [
            (r#"{"type":"check"}"#, r#"{"type":"check"}"#),
            (
                r#"{"type":"count","target":2.50,"unit":"km"}"#,
                r#"{"type":"count","target":2.5,"unit":"km","direction":"at_least"}"#,
            ),
            (r#"{"type":"minutes","target":30}"#, r#"{"type":"minutes","target":30,"direction":"at_least"}"#),
            (
                r#"{"direction":"at_most","unit":" cups ","target":0,"type":"count"}"#,
                r#"{"type":"count","target":0,"unit":"cups","direction":"at_most"}"#,
            ),
        ] {
            let kind: Kind = serde_json::from_str(given).unwrap();
            assert_eq!(serde_json::to_string(&kind).unwrap(), canonical);
            assert_eq!(serde_json::from_str::<Kind>(canonical).unwrap(), kind);
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        assert_eq!(
            codes(r#"{"type":"count","target":0,"unit":"","direction":"up"}"#),
            [("/direction".into(), "unknown_value"), ("/unit".into(), "too_short")]
        );
        assert_eq!(
            codes(r#"{"type":"check","target":1,"unit":"x","direction":"at_least"}"#),
            [
                ("/unit".into(), "unknown_field"),
                ("/target".into(), "unknown_field"),
                ("/direction".into(), "unknown_field")
            ]
        );
        assert_eq!(codes(r#"{"type":"minutes","target":1441}"#), [("/target".into(), "out_of_range")]);
        assert_eq!(codes(r#"{"type":"minutes","target":0}"#), [("/target".into(), "out_of_range")]);
        assert_eq!(codes(r#"{"type":"minutes","target":0.0004}"#), [("/target".into(), "too_precise")]);
        assert_eq!(codes("{}"), [("/type".into(), "required")]);
    }

    #[test]
    fn at_most_is_met_from_below() {
        let kind: Kind =
            serde_json::from_str(r#"{"type":"count","target":2,"unit":"cups","direction":"at_most"}"#).unwrap();
        assert!(kind.is_met_by(Quantity::whole(2)) && !kind.is_met_by(Quantity::from_thousandths(2_001)));
    }
}
