//! The tables and their columns. The migrations create them; contract tests hold the two against each other.

mod accounts;
mod server;
mod trackers;

pub(crate) use accounts::*;
pub(crate) use server::*;
pub(crate) use trackers::*;
