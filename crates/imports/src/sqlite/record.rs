//! The values of a row, and the numbers that a page has.

use super::damaged;
use crate::ReadError;

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number without decimals.
    Integer(i64),
    /// A number with decimals.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// The number without decimals.
    pub const fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The number. Whole ones are exact up to 2³¹, beyond which they count as none.
    pub fn real(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => i32::try_from(*number).ok().map(f64::from),
            Self::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// The text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], ReadError> {
    let found = at.checked_add(N).and_then(|end| bytes.get(at..end)).and_then(|bytes| bytes.try_into().ok());
    found.ok_or_else(|| damaged("a number is missing"))
}

pub(super) fn be16(bytes: &[u8], at: usize) -> Result<u16, ReadError> {
    Ok(u16::from_be_bytes(bytes_at(bytes, at)?))
}

pub(super) fn be32(bytes: &[u8], at: usize) -> Result<u32, ReadError> {
    Ok(u32::from_be_bytes(bytes_at(bytes, at)?))
}

/// A number of one to nine bytes, and where it ends.
pub(super) fn varint(bytes: &[u8], at: usize) -> Result<(u64, usize), ReadError> {
    let mut number = 0_u64;
    for index in 0..9 {
        let byte = *bytes.get(at.saturating_add(index)).ok_or_else(|| damaged("a number is missing"))?;
        if index == 8 {
            return Ok(((number << 8) | u64::from(byte), at + 9));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok((number, at + index + 1));
        }
    }
    Err(damaged("a number has no end"))
}

/// The values of a row.
pub(super) fn record(payload: &[u8]) -> Result<Vec<Value>, ReadError> {
    let (header, mut at) = varint(payload, 0)?;
    let header = usize::try_from(header).map_err(|_| damaged("a row has no header"))?;
    let (mut values, mut body) = (Vec::new(), header);
    while at < header {
        let (kind, after) = varint(payload, at)?;
        at = after;
        let (value, length) = value_of(payload, body, kind)?;
        body = body.saturating_add(length);
        values.push(value);
    }
    Ok(values)
}

/// A value of a kind, and how many bytes it has.
fn value_of(payload: &[u8], at: usize, kind: u64) -> Result<(Value, usize), ReadError> {
    let integer = |length: usize| -> Result<(Value, usize), ReadError> {
        let bytes = payload.get(at..at.saturating_add(length)).ok_or_else(|| damaged("a value is missing"))?;
        let fill = if bytes.first().is_some_and(|first| first & 0x80 != 0) { 0xff } else { 0 };
        let mut whole = [fill; 8];
        whole.iter_mut().rev().zip(bytes.iter().rev()).for_each(|(to, from)| *to = *from);
        Ok((Value::Integer(i64::from_be_bytes(whole)), length))
    };
    match kind {
        0 => Ok((Value::Null, 0)),
        1 => integer(1),
        2 => integer(2),
        3 => integer(3),
        4 => integer(4),
        5 => integer(6),
        6 => integer(8),
        7 => Ok((Value::Real(f64::from_be_bytes(bytes_at(payload, at)?)), 8)),
        8 => Ok((Value::Integer(0), 0)),
        9 => Ok((Value::Integer(1), 0)),
        10 | 11 => Err(damaged("a value is of no kind")),
        _ => {
            let length = usize::try_from((kind - 12) / 2).map_err(|_| damaged("a value is too long"))?;
            let end = at.checked_add(length).ok_or_else(|| damaged("a value is too long"))?;
            let bytes = payload.get(at..end).ok_or_else(|| damaged("a value is missing"))?;
            let value = if kind.is_multiple_of(2) {
                Value::Blob(bytes.to_vec())
            } else {
                Value::Text(String::from_utf8_lossy(bytes).into_owned())
            };
            Ok((value, length))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_every_kind() {
        // Kinds: null, one byte, three bytes, real, zero, one, text of two bytes, blob of one.
        let payload =
            [&[9_u8, 0, 1, 3, 7, 8, 9, 17, 14][..], &[0xff, 0xff, 0xff, 0xfe], &1.5_f64.to_be_bytes(), b"hi", &[7]]
                .concat();
        let values = record(&payload).unwrap();
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(
            values,
            [
                Value::Null,
                Value::Integer(-1),
                Value::Integer(-2),
                Value::Real(1.5),
                Value::Integer(0),
                Value::Integer(1),
                text("hi"),
                Value::Blob(vec![7])
            ]
        );
        for end in 0..payload.len() {
            assert!(record(&payload[..end]).is_err(), "{end}");
        }
    }
}
