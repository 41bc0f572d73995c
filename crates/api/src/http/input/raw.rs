//! Single values from outside, and the parsers that turn them into the domain's.

use circadia_domain::json::{FromJson, List};
use circadia_domain::quantity::Quantity;
use circadia_domain::violation::Violations;
use serde_json::{Number, Value};

/// An unchecked value: from JSON, or from a query string, where everything is text.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The value.
    pub value: &'a Value,
    /// Whether numbers and booleans come as text.
    pub textual: bool,
}

/// What a parser makes of a value.
pub type Parsed<T> = Result<T, Violations>;

/// From here on, floating-point numbers skip whole ones: 2⁵³.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

fn wrong_type<T>(expected: &str, found: &Value) -> Parsed<T> {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Err(Violations::of("wrong_type", format!("must be {expected}, not {found}")))
}

impl<'a> Raw<'a> {
    /// The value as an object's members.
    pub fn members(self) -> Parsed<&'a serde_json::Map<String, Value>> {
        match self.value {
            Value::Object(members) => Ok(members),
            other => wrong_type("an object", other),
        }
    }
}

/// What values are read from: a string, a whole number, a number with decimals, a boolean or a list.
pub trait Json {
    /// Hands it to `parse`.
    fn read<T>(raw: Raw<'_>, parse: impl Fn(&Self) -> Parsed<T>) -> Parsed<T>;
}

impl Json for str {
    fn read<T>(raw: Raw<'_>, parse: impl Fn(&Self) -> Parsed<T>) -> Parsed<T> {
        text(parse)(raw)
    }
}

impl Json for i64 {
    fn read<T>(raw: Raw<'_>, parse: impl Fn(&Self) -> Parsed<T>) -> Parsed<T> {
        integer(|number| parse(&number))(raw)
    }
}

impl Json for Number {
    fn read<T>(raw: Raw<'_>, parse: impl Fn(&Self) -> Parsed<T>) -> Parsed<T> {
        number(parse)(raw)
    }
}

impl Json for bool {
    fn read<T>(raw: Raw<'_>, parse: impl Fn(&Self) -> Parsed<T>) -> Parsed<T> {
        boolean(raw).and_then(|value| parse(&value))
    }
}

impl<I: FromJson<Json: Json>, const MAX: usize> Json for List<I, MAX> {
    fn read<T>(raw: Raw<'_>, parse: impl Fn(&Self) -> Parsed<T>) -> Parsed<T> {
        let items = list(MAX, value::<I>)(raw)?;
        parse(&Self(items.into_iter().flatten().collect()))
    }
}

/// A value of the domain.
pub(super) fn value<T: FromJson<Json: Json>>(raw: Raw<'_>) -> Parsed<Option<T>> {
    T::Json::read(raw, T::from_json)
}

/// Text, converted by `parse`.
pub fn text<T>(parse: impl Fn(&str) -> Parsed<T>) -> impl Fn(Raw<'_>) -> Parsed<T> {
    move |raw| match raw.value {
        // No database holds it everywhere, and nothing that people write needs it.
        Value::String(text) if text.contains('\0') => {
            Err(Violations::of("nul_character", "must not contain the NUL character"))
        }
        Value::String(text) => parse(text),
        other => wrong_type("a string", other),
    }
}

/// Any text, as it is.
pub fn any_text(raw: Raw<'_>) -> Parsed<String> {
    match raw.value {
        Value::String(text) => Ok(text.clone()),
        other => wrong_type("a string", other),
    }
}

/// The value of a number without decimals. `5.0` and `1e3` are such numbers (JSON Schema, "integer").
fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < MAX_EXACT)?;
        format!("{float:.0}").parse().ok()
    })
}

/// A whole number, converted by `parse`.
pub fn integer<T>(parse: impl Fn(i64) -> Parsed<T>) -> impl Fn(Raw<'_>) -> Parsed<T> {
    move |raw| match raw.value {
        Value::Number(number) => match whole(number) {
            Some(number) => parse(number),
            None => Err(Violations::of("wrong_type", "must be a whole number that 64 bits can hold")),
        },
        Value::String(digits) if raw.textual => match digits.parse() {
            Ok(number) => parse(number),
            Err(_) => Err(Violations::of("wrong_type", "must be a whole number")),
        },
        other => wrong_type("a whole number", other),
    }
}

/// A whole number from `min` to `max`.
pub fn between(min: u32, max: u32) -> impl Fn(Raw<'_>) -> Parsed<u32> {
    integer(move |number| match u32::try_from(number) {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(Violations::of("out_of_range", format!("must be between {min} and {max}"))),
    })
}

/// A number with up to three decimals, converted by `parse`.
fn number<T>(parse: impl Fn(&Number) -> Parsed<T>) -> impl Fn(Raw<'_>) -> Parsed<T> {
    move |raw| match raw.value {
        Value::Number(number) => parse(number),
        Value::String(digits) if raw.textual => match digits.parse() {
            Ok(number) => parse(&number),
            Err(_) => Err(Violations::of("wrong_type", "must be a number")),
        },
        other => wrong_type("a number", other),
    }
}

/// A quantity of at most `max`.
pub fn quantity(max: u32) -> impl Fn(Raw<'_>) -> Parsed<Quantity> {
    number(move |number| Quantity::between(number, Quantity::ZERO..=Quantity::whole(max)))
}

/// A boolean.
pub fn boolean(raw: Raw<'_>) -> Parsed<bool> {
    match raw.value {
        Value::Bool(value) => Ok(*value),
        Value::String(word) if raw.textual => match word.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Violations::of("wrong_type", "must be `true` or `false`")),
        },
        other => wrong_type("a boolean", other),
    }
}

/// A list of at most `max` items, each read by `parse`.
pub fn list<T>(max: usize, parse: impl Fn(Raw<'_>) -> Parsed<T>) -> impl Fn(Raw<'_>) -> Parsed<Vec<T>> {
    move |raw| {
        let Value::Array(items) = raw.value else { return wrong_type("a list", raw.value) };
        if items.len() > max {
            return Err(Violations::of("too_many", format!("must have at most {max} items, but has {}", items.len())));
        }
        let mut wrong = Violations::new();
        let mut parsed = Vec::with_capacity(items.len());
        for (index, value) in items.iter().enumerate() {
            parsed.extend(wrong.take(&format!("/{index}"), parse(Raw { value, ..raw })));
        }
        if wrong.is_empty() { Ok(parsed) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_be_written_with_a_point_or_an_exponent() {
        let read = |text: &str| {
            let value = serde_json::from_str(text).unwrap();
            integer(Ok)(Raw { value: &value, textual: false }).ok()
        };
        for (text, number) in [("5", 5), ("5.0", 5), ("1e3", 1000), ("-0.0", 0), ("-2.50e1", -25)] {
            assert_eq!(read(text), Some(number), "{text}");
        }
        for wrong in ["5.5", "1e-3", "1e30", "9007199254740993.0", "true", "\"5\"", "null"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
