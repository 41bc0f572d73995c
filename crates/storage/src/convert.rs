//! Checked conversions between columns and domain types.

use circadia_domain::error::StoreError;

use crate::transaction::Result;

/// The error for a stored value that the domain refuses.
pub(crate) fn corrupt(what: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

/// Reads a SHA-256 digest.
pub(crate) fn digest(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| corrupt(format_args!("a digest has {} bytes", bytes.len())))
}

/// Reads a number into a narrower type.
pub(crate) fn number<Wide, Narrow>(wide: Wide) -> Result<Narrow>
where
    Wide: std::fmt::Display + Copy,
    Narrow: TryFrom<Wide>,
{
    Narrow::try_from(wide).map_err(|_| corrupt(format_args!("{wide} is out of range")))
}

/// Converts a number for an `INTEGER` column.
pub(crate) fn to_integer(value: u32) -> Result<i32> {
    i32::try_from(value).map_err(|_| StoreError::Defect(format!("{value} is too large to be stored")))
}
