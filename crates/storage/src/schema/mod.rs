//! The tables and their columns. The migrations create them; the contract tests read and write each.

mod accounts;
mod server;
mod trackers;

/// Tables whose rows are deleted with their user's account, referencing ones before referenced ones. The row in `users`
/// is deleted after them.
pub fn owned_by_users() -> impl Iterator<Item = &'static str> {
    [trackers::OWNED_BY_USERS, server::OWNED_BY_USERS, accounts::OWNED_BY_USERS].into_iter().flatten().copied()
}

pub(crate) use accounts::*;
pub(crate) use server::*;
pub(crate) use trackers::*;
