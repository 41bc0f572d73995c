//! A hash of all that a user has, by which a client finds out whether it has everything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{SyncType, SyncTypes};

/// Revisions are reduced by this before they are squared, so that no sum is too large for 64 bits.
const MODULUS: i64 = 65_521;

/// The items of a type, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TypeSum {
    /// How many there are.
    pub count: i64,
    /// The sum of their revisions.
    pub revisions: i64,
    /// The sum of the squares of their revisions modulo 65,521.
    pub squares: i64,
}

impl TypeSum {
    /// Adds an item.
    pub const fn add(&mut self, revision: i64) {
        let reduced = revision % MODULUS;
        self.count += 1;
        self.revisions += revision;
        self.squares += reduced * reduced;
    }
}

/// What there is of the types that are synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncState {
    /// SHA-256, in hexadecimal digits, of a line `{type} {count} {sum of revisions} {sum of (revision mod 65521)²}` for each
    /// type, in alphabetical order, each line with a line feed at its end.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 64,
            max_length = 64,
            example = "e0b9b6e8f5d86e4ec0cf2df0d5aa3d3f7f5b7bd1d3a8b0a7e3d2b9d8ab8d27f1"
        )
    )]
    pub hash: String,
    /// The number of items of each type.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, i64>, additional_properties, example = json!({"habit": 12, "entry": 3650})))]
    pub counts: BTreeMap<SyncType, i64>,
}

impl SyncState {
    /// The state of sums; a type that has none has no items.
    pub fn new(types: SyncTypes, sums: impl IntoIterator<Item = (SyncType, TypeSum)>) -> Self {
        let mut sums: BTreeMap<SyncType, TypeSum> = sums.into_iter().filter(|(kind, _)| types.has(*kind)).collect();
        for kind in types.iter() {
            sums.entry(kind).or_default();
        }
        let mut sorted: Vec<_> = sums.iter().collect();
        sorted.sort_by_key(|(kind, _)| kind.as_str());
        let mut text = String::new();
        for (kind, TypeSum { count, revisions, squares }) in sorted {
            // Writing into a string doesn't fail.
            let _ = writeln!(text, "{kind} {count} {revisions} {squares}");
        }
        let mut hash = String::new();
        for byte in Sha256::digest(text.as_bytes()) {
            let _ = write!(hash, "{byte:02x}");
        }
        Self { hash, counts: sums.into_iter().map(|(kind, sum)| (kind, sum.count)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of docs/SYNC.md.
    #[test]
    fn hashes_are_those_of_the_vectors() {
        let sums = |items: &[(SyncType, i64)]| {
            let mut sums: BTreeMap<SyncType, TypeSum> = BTreeMap::new();
            for (kind, revision) in items {
                sums.entry(*kind).or_default().add(*revision);
            }
            sums
        };
        let types = SyncTypes::of([SyncType::Task, SyncType::Entry]);
        let vectors: [(&[(SyncType, i64)], &str); 3] = [
            (&[], "717ea09673fde6dd32b2ac8f5226f286e2322f89b05db0d28cb6795a9c707bff"),
            (
                &[(SyncType::Task, 3), (SyncType::Task, 7), (SyncType::Entry, 65_523)],
                "0ebd7f07270aced2ef9b8fdeb37eff4849c61e41dd4b65720235ab22313a6401",
            ),
            (
                &[(SyncType::Task, 1_000_000), (SyncType::Mood, 4)],
                "085acf6e48e2b4b67f446545b05c0f750853f513cd8ca4465353cf52f4ea819f",
            ),
        ];
        for (items, hash) in vectors {
            assert_eq!(SyncState::new(types, sums(items)).hash, hash, "{items:?}");
        }
    }
}
