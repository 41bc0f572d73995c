//! From what columns hold to what the domain wants.

use circadia_domain::error::StoreError;

use crate::transaction::Result;

/// A row that can't be read as what it should be.
pub(crate) fn corrupt(what: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

/// A SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| corrupt(format_args!("a digest has {} bytes", bytes.len())))
}

/// A number of a narrower type.
pub(crate) fn number<Wide, Narrow>(wide: Wide) -> Result<Narrow>
where
    Wide: std::fmt::Display + Copy,
    Narrow: TryFrom<Wide>,
{
    Narrow::try_from(wide).map_err(|_| corrupt(format_args!("{wide} is out of range")))
}

/// A number on its way into an `INTEGER` column.
pub(crate) fn column(value: u32) -> Result<i32> {
    i32::try_from(value).map_err(|_| StoreError::Defect(format!("{value} is too large to be stored")))
}
