//! Authentication: passwords, keys, tokens, sessions, external identity providers, throttles, and stores for
//! short-lived values.
//!
//! Depends on the domain, but not on HTTP or SQL. Everything that accesses the store is a synchronous function, generic
//! over the repositories it needs, and runs inside the caller's unit of work. `UnitOfWorkError::commit_on_error` tells
//! whether to commit despite an error. Only password hashing, which has its own threads, and stores that may be in
//! Redis are asynchronous. The current time, new ids and randomness are parameters.
//!
//! A sign-in:
//! 1. look the login up ([`accounts::seek`], in a reading unit of work), and count the attempt ([`throttles`]);
//! 2. [`passwords::Hasher::verify`] the password against the stored hash, even if the login is unknown;
//! 3. if it matches, [`accounts::accept`] and [`sessions::open_session`] in the user's writing unit of work; otherwise
//!    [`accounts::refuse`] in one without an owner;
//! 4. [`tokens::AccessTokens::issue`] for the session.
//!
//! A request: [`tokens::bearer`], [`tokens::AccessTokens::verify`], [`sessions::Revocations::status_of`].

mod bounded;
mod bytes;
mod calendar_secret;
mod client;
mod entropy;

pub mod accounts;
pub mod devices;
pub mod factors;
pub mod keys;
pub mod oauth;
pub mod one_time;
pub mod operator_token;
mod outbox;
pub mod passkeys;
pub mod passwords;
pub mod personal_tokens;
pub mod sessions;
pub mod stores;
pub mod throttles;
pub mod tokens;
mod user_agents;
pub mod web_push;
pub mod webhooks;

#[cfg(test)]
mod testing;

pub use calendar_secret::CalendarSecret;
pub use client::{Client, network_of};
pub use entropy::{Entropy, SystemEntropy};
pub use outbox::{OpeningError, Outbox, OutboxError};
