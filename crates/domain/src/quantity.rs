//! Quantities with up to three decimals, such as 2.5 km: exact, because they are whole numbers of thousandths.

use std::fmt;
use std::iter::Sum;
use std::ops::RangeInclusive;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use crate::civil::num::real;
use crate::violation::Violations;

const THOUSAND: u64 = 1_000;
/// The largest number that is read.
const MOST: u64 = 1_000_000_000;

/// A quantity of at least 0, in JSON a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity {
    thousandths: u64,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self { thousandths: 0 };
    /// The smallest one above [`Self::ZERO`].
    pub const SMALLEST: Self = Self { thousandths: 1 };

    /// A whole number.
    pub const fn whole(number: u32) -> Self {
        // No u32 times a thousand is too large.
        Self { thousandths: widened(number) * THOUSAND }
    }

    /// A number of thousandths.
    pub const fn from_thousandths(thousandths: u64) -> Self {
        Self { thousandths }
    }

    /// The number of thousandths.
    pub const fn thousandths(self) -> u64 {
        self.thousandths
    }

    /// The sum; the largest quantity if it is too large.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { thousandths: self.thousandths.saturating_add(other.thousandths) }
    }

    /// The difference; 0 if it is below.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self { thousandths: self.thousandths.saturating_sub(other.thousandths) }
    }

    /// The nearest real number.
    pub fn to_f64(self) -> f64 {
        self.as_thousandths_f64() / 1_000.0
    }

    /// The number of thousandths as a real one, for ratios: exact up to 9 · 10¹² units.
    pub fn as_thousandths_f64(self) -> f64 {
        real(i64::try_from(self.thousandths).unwrap_or(i64::MAX))
    }

    /// So many times it; the largest quantity if that is too large.
    #[must_use]
    pub(crate) const fn times(self, count: u64) -> Self {
        Self { thousandths: self.thousandths.saturating_mul(count) }
    }

    /// A share of it, rounded down: to whole units if it is `whole`, else to thousandths.
    pub(crate) const fn share(self, numerator: u64, denominator: u64, whole: bool) -> Self {
        let Some(share) = self.thousandths.saturating_mul(numerator).checked_div(denominator) else {
            return Self::ZERO;
        };
        Self { thousandths: if whole { share - share % THOUSAND } else { share } }
    }

    /// Whether it has no decimals.
    pub const fn is_whole(self) -> bool {
        self.thousandths.is_multiple_of(THOUSAND)
    }

    /// Reads a number of JSON.
    ///
    /// # Errors
    /// `out_of_range` for what is below 0 or above 10⁹, `too_precise` for more than three decimals.
    pub fn from_number(number: &Number) -> Result<Self, Violations> {
        match thousandths_of(number)? {
            thousandths if thousandths >= 0 => Ok(Self { thousandths: thousandths.unsigned_abs() }),
            _ => Err(Violations::of("out_of_range", "must not be below 0")),
        }
    }

    /// Reads a number of JSON that is to be in a range.
    ///
    /// # Errors
    /// `out_of_range`, `too_precise` for more than three decimals.
    pub fn between(number: &Number, range: RangeInclusive<Self>) -> Result<Self, Violations> {
        let outside = || {
            let detail = format!("must be a number from {} to {}", range.start(), range.end());
            Violations::of("out_of_range", detail)
        };
        match thousandths_of(number) {
            Ok(thousandths) => match u64::try_from(thousandths).map(Self::from_thousandths) {
                Ok(quantity) if range.contains(&quantity) => Ok(quantity),
                _ => Err(outside()),
            },
            Err(wrong) if wrong.iter().any(|violation| violation.code == "out_of_range") => Err(outside()),
            Err(wrong) => Err(wrong),
        }
    }
}

const fn widened(number: u32) -> u64 {
    let [a, b, c, d] = number.to_be_bytes();
    u64::from_be_bytes([0, 0, 0, 0, a, b, c, d])
}

/// A number of JSON, of either sign, in thousandths.
fn thousandths_of(number: &Number) -> Result<i64, Violations> {
    let too_large = || Violations::of("out_of_range", "is too large a number");
    if let Some(whole) = number.as_i64() {
        return if whole.unsigned_abs() <= MOST { Ok(whole * 1_000) } else { Err(too_large()) };
    }
    let value = number.as_f64().filter(|value| value.abs() <= 1e9).ok_or_else(too_large)?;
    // The shortest text that reads as this number is the one that was sent, unless that had more than 15 digits.
    let text = format!("{value}");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    if decimals.len() > 3 {
        return Err(Violations::of("too_precise", "must have at most three decimals"));
    }
    format!("{whole}{decimals:0<3}").parse::<i64>().map(|thousandths| sign * thousandths).map_err(|_| too_large())
}

/// What is added to a quantity, or taken from it; in JSON a number other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantityChange {
    thousandths: i64,
}

impl QuantityChange {
    /// The largest one, up or down: a million.
    const MOST: i64 = 1_000_000;

    fn from_number(number: &Number) -> Result<Self, Violations> {
        let thousandths = thousandths_of(number)?;
        if thousandths == 0 || thousandths.abs() > Self::MOST * 1_000 {
            let detail = format!("must be between -{0} and {0}, and not 0", Self::MOST);
            return Err(Violations::of("out_of_range", detail));
        }
        Ok(Self { thousandths })
    }

    /// The changed quantity; what it would be, as text, if that is below 0.
    ///
    /// # Errors
    /// If it would be below 0: that number, for people.
    pub fn applied_to(self, quantity: Quantity) -> Result<Quantity, String> {
        let before = i64::try_from(quantity.thousandths).unwrap_or(i64::MAX);
        let after = before.saturating_add(self.thousandths);
        u64::try_from(after)
            .map(Quantity::from_thousandths)
            .map_err(|_| format!("-{}", Quantity::from_thousandths(after.unsigned_abs())))
    }
}

json_value!(QuantityChange: Number => Self::from_number;
    "QuantityChange", schema::decimal().minimum(Some(-1_000_000)).maximum(Some(1_000_000)).examples([2.5]));

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.thousandths / THOUSAND, self.thousandths % THOUSAND);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{rest:03}").trim_end_matches('0'))
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(quantities: I) -> Self {
        quantities.fold(Self::ZERO, Self::plus)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Number::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_number(&Number::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl From<Quantity> for Number {
    fn from(quantity: Quantity) -> Self {
        if quantity.is_whole() {
            return Self::from(quantity.thousandths / THOUSAND);
        }
        // The nearest number, whose shortest text is the quantity's.
        let nearest = quantity.to_string().parse().ok().and_then(Self::from_f64);
        nearest.unwrap_or_else(|| Self::from(quantity.thousandths / THOUSAND))
    }
}

json_value!(Quantity: Number => Self::from_number;
    "Quantity", schema::decimal().minimum(Some(0)));

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Result<Quantity, &'static str> {
        let number: Number = serde_json::from_str(json).unwrap();
        Quantity::from_number(&number).map_err(|wrong| wrong.iter().next().unwrap().code)
    }

    #[test]
    fn three_decimals_are_read_exactly() {
        for (json, thousandths) in
            [("2.5", 2_500), ("0", 0), ("-0.0", 0), ("0.001", 1), ("1e3", 1_000_000), ("12.340", 12_340), ("1E-3", 1)]
        {
            assert_eq!(read(json), Ok(Quantity::from_thousandths(thousandths)), "{json}");
        }
        assert_eq!(read("0.0001"), Err("too_precise"));
        assert_eq!(read("2.5005"), Err("too_precise"));
        assert_eq!(read("-1"), Err("out_of_range"));
        assert_eq!(read("-0.5"), Err("out_of_range"));
        assert_eq!(read("1e10"), Err("out_of_range"));
        assert_eq!(read("18446744073709551615"), Err("out_of_range"));
    }

    #[test]
    fn they_are_written_without_needless_digits() {
        let json = |thousandths| serde_json::to_string(&Quantity::from_thousandths(thousandths)).unwrap();
        assert_eq!([2_500, 2_000, 1, 12_340].map(json), ["2.5", "2", "0.001", "12.34"]);
    }

    #[test]
    fn changes_go_both_ways_but_not_below_nothing() {
        let change = |json: &str| QuantityChange::from_number(&serde_json::from_str(json).unwrap());
        let applied = |json: &str| change(json).unwrap().applied_to(Quantity::from_thousandths(2_500));
        assert_eq!(applied("-2.5"), Ok(Quantity::ZERO));
        assert_eq!(applied("0.125"), Ok(Quantity::from_thousandths(2_625)));
        assert_eq!(applied("-2.75"), Err("-0.25".to_owned()));
        for (json, code) in [("0", "out_of_range"), ("1000000.001", "out_of_range"), ("0.0005", "too_precise")] {
            assert_eq!(change(json).unwrap_err().iter().next().unwrap().code, code, "{json}");
        }
    }

    #[test]
    fn shares_are_rounded_down() {
        let of = |thousandths, whole| Quantity::from_thousandths(thousandths).share(2, 3, whole).thousandths();
        assert_eq!([of(10_000, true), of(10_000, false), of(500, false)], [6_000, 6_666, 333]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(thousandths in 0..=1_000_000_000_000_u64) {
            let quantity = Quantity::from_thousandths(thousandths);
            let json = serde_json::to_string(&quantity).unwrap();
            prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
            prop_assert_eq!(read(&json), Ok(quantity));
            prop_assert_eq!(quantity.to_string(), json);
        }
    }
}
