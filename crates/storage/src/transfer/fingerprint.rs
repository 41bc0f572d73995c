//! What a table holds, in 32 bytes: the same on all databases, whatever order they read rows in.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::row::Row;

/// The number of a table's rows, and the sum of their SHA-256 modulo 2²⁵⁶. Rows have keys, so no two are the same. It
/// finds what was lost, doubled or changed by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fingerprint {
    /// How many rows there are.
    pub rows: u64,
    sum: [u8; 32],
}

impl Fingerprint {
    /// Adds a row.
    pub fn add(&mut self, row: &Row) {
        let hash = Sha256::digest(row.canonical());
        let mut carry = 0_u16;
        for (own, new) in self.sum.iter_mut().zip(hash).rev() {
            let [high, low] = (u16::from(*own) + u16::from(new) + carry).to_be_bytes();
            (*own, carry) = (low, u16::from(high));
        }
        self.rows += 1;
    }

    /// The sum in hexadecimal.
    pub fn hash(&self) -> String {
        use std::fmt::Write as _;
        self.sum.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    rows: u64,
    hash: String,
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { rows: self.rows, hash: self.hash() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("a hash has 64 hexadecimal digits");
        if written.hash.len() != 64 || !written.hash.is_ascii() {
            return Err(wrong());
        }
        let mut sum = [0; 32];
        for (place, byte) in sum.iter_mut().enumerate() {
            let digits = written.hash.get(2 * place..2 * place + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self { rows: written.rows, sum })
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Value;
    use super::*;

    fn of(numbers: &[i32]) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        for number in numbers {
            fingerprint.add(&Row { values: vec![Value::Integer(*number)] });
        }
        fingerprint
    }

    #[test]
    fn the_order_of_rows_does_not_count_and_their_content_does() {
        assert_eq!(of(&[1, 2, 3]), of(&[3, 1, 2]));
        assert_ne!(of(&[1, 2, 3]), of(&[1, 2, 4]));
        assert_ne!(of(&[1, 2]), of(&[1, 2, 2]));
        assert_eq!(of(&[]).hash(), "0".repeat(64));
        assert_eq!(of(&(0..1_000).collect::<Vec<_>>()), of(&(0..1_000).rev().collect::<Vec<_>>()));
    }

    #[test]
    fn it_reads_back_as_written() {
        let written = serde_json::to_string(&of(&[1, 2, 3])).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&written).unwrap(), of(&[1, 2, 3]));
        for wrong in [r#"{"rows":1,"hash":""}"#.to_owned(), written.replace(':', ""), written.replace("\"}", "z\"}")] {
            assert!(serde_json::from_str::<Fingerprint>(&wrong).is_err(), "{wrong}");
        }
    }
}
