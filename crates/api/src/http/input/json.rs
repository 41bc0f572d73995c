//! JSON within limits: UTF-8, no deeper than [`MAX_DEPTH`], no key twice in one object, no number that a double can't
//! hold, no lone surrogates.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::http::problem::Problem;
use circadia_domain::code::Code;

/// How deep arrays and objects may lie in one another.
pub const MAX_DEPTH: usize = 32;

/// Parses a whole body.
///
/// # Errors
/// `malformed_json`, naming the line and column.
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let malformed = |detail: String| Problem::of(Code::MalformedJson, detail);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| malformed(format!("The body is not UTF-8: byte {} is wrong.", error.valid_up_to())))?;
    if text.trim().is_empty() {
        return Err(malformed("The body is empty: a JSON object is expected.".into()));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // No value takes less than a byte.
    let left = Cell::new(text.len());
    let value = Strict::new(0, &left)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| malformed(format!("The body is not valid JSON: {error}.")))?;
    Ok(value)
}

/// Reads one value.
#[derive(Clone, Copy)]
pub(crate) struct Strict<'a> {
    depth: usize,
    /// How many more values may be read.
    left: &'a Cell<usize>,
}

impl<'a> Strict<'a> {
    /// A value that lies `depth` deep; with what is in it, it is at most as many as are `left`.
    pub(crate) const fn new(depth: usize, left: &'a Cell<usize>) -> Self {
        Self { depth, left }
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        Ok(Self { depth: deeper(self.depth)?, ..self })
    }
}

fn deeper<E: serde::de::Error>(depth: usize) -> Result<usize, E> {
    if depth >= MAX_DEPTH {
        return Err(E::custom(format_args!("it is nested more than {MAX_DEPTH} deep")));
    }
    Ok(depth + 1)
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom("it has too many values"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} occurs twice in one object")));
            }
            let value = entries.next_value_seed(inner)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// What a value that isn't kept is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Null,
    Object,
    /// Anything else.
    Other,
}

/// Reads over one value that lies so deep, and keeps nothing of it.
#[derive(Clone, Copy)]
pub(crate) struct Skip(pub(crate) usize);

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = Shape;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let inner = Self(deeper(self.0)?);
        while items.next_element_seed(inner)?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shape, A::Error> {
        let inner = Self(deeper(self.0)?);
        while entries.next_key::<String>()?.is_some() {
            entries.next_value_seed(inner)?;
        }
        Ok(Shape::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(body: &[u8]) -> String {
        parse(body).unwrap_err().detail().to_owned()
    }

    #[test]
    fn ordinary_json_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,3.5,true,null,"x\u00e9\ud83d\ude00"],"b":{}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn nesting_is_limited_to_32() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert!(detail(nested(33).as_bytes()).contains("more than 32 deep"));
        assert!(detail("[".repeat(100_000).as_bytes()).contains("more than 32 deep"));
    }

    #[test]
    fn duplicate_keys_at_any_depth_are_refused() {
        assert!(detail(br#"{"a":1,"a":2}"#).contains("occurs twice"));
        assert!(detail(br#"{"x":{"a":1,"\u0061":2}}"#).contains("occurs twice"));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for wrong in
            [&b"{\"a\":1e999}"[..], b"\"\\ud800\"", b"{\"a\":\"\xff\"}", b"", b"  ", b"{} x", b"{", b"NaN", b"[1,]"]
        {
            assert!(parse(wrong).is_err(), "{:?}", String::from_utf8_lossy(wrong));
        }
    }
}
