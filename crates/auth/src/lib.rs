//! Who somebody is, and that it is really them: passwords, keys, tokens, sessions, other providers, throttles, and the
//! stores of what is short-lived.
//!
//! Knows the domain and nothing of HTTP or SQL. What touches the store is a synchronous *step*, generic over the
//! repositories it needs, to be run inside a unit of work of the caller's; whether it is to be committed although it
//! was refused, its error says (`UnitOfWorkError::commit_on_error`). Asynchronous are only hashing passwords, which has threads of
//! its own, and what may be kept in Redis. The present instant, fresh ids and randomness come in as parameters.
//!
//! A sign-in, from end to end:
//! 1. look the login up (`UserRepository::find_credentials`, a reading unit of work);
//! 2. [`passwords::Hasher::verify`] what was given against what was found, even if nothing was;
//! 3. if it matches, in the user's writing unit of work, [`accounts::accept`] and [`sessions::open_session`]; if not,
//!    [`accounts::refuse`] in one that belongs to nobody;
//! 4. [`tokens::AccessTokens::issue`] for the session.
//!
//! A request: [`tokens::bearer`], [`tokens::AccessTokens::verify`], [`sessions::Revocations::status_of`].

mod bounded;
mod bytes;
mod client;
mod entropy;

pub mod accounts;
pub mod factors;
pub mod keys;
pub mod oauth;
pub mod one_time;
mod outbox;
pub mod passwords;
pub mod personal_tokens;
pub mod sessions;
pub mod stores;
pub mod throttles;
pub mod tokens;

#[cfg(test)]
mod testing;

pub use client::Client;
pub use entropy::{Entropy, SystemEntropy};
pub use outbox::{OpeningError, Outbox, OutboxError};
