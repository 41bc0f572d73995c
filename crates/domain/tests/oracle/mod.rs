//! A slow reading of the definitions, and random habits to hold it against.

mod cases;
mod definitions;

pub(crate) use cases::{Case, case};
pub(crate) use definitions::Oracle;
