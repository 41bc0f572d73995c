//! Checked conversions between columns and domain types.

use circadia_domain::error::StoreError;

use crate::transaction::Result;

/// The error for a stored value that the domain refuses.
pub(crate) fn corrupt(what: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

/// A number of rows as SQL's `LIMIT` and `OFFSET` have it.
pub(crate) fn sql_limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Reads a number into a narrower type.
pub(crate) fn number<Wide, Narrow>(wide: Wide) -> Result<Narrow>
where
    Wide: std::fmt::Display + Copy,
    Narrow: TryFrom<Wide>,
{
    Narrow::try_from(wide).map_err(|_| corrupt(format_args!("{wide} is out of range")))
}
