//! The domain's repositories over SQLite, PostgreSQL and MySQL/MariaDB.
//!
//! [`SqlDatabase`] implements [`circadia_domain::unit_of_work::Database`]: it takes a connection from the pool, opens one
//! transaction in the way its backend wants it, hands the domain a [`Store`](circadia_domain::unit_of_work::Store) and
//! commits or rolls back by the verdict. Nothing outside this crate sees SQL, Diesel or a transaction.
//!
//! # Where things are
//! - one file per repository, named like the domain's module: `users`, `identities`, `sessions`, `logins`, `audit`,
//!   `totp`, `personal_tokens`, `keys`, `ephemera`, `jobs`, `one_time`, `themes`, `habits`, `entries`, `sleep`, `moods`;
//! - `erasure`: what goes with an account;
//! - `dialect`: everything that one of the three databases does differently, and the only place that may;
//! - `connection`, `pool`, `database`, `writer_lock`: from a URL to a transaction;
//! - `sql_types`, `schema`: what a column holds, and which columns there are;
//! - `migrations`: the embedded migrations of `migrations/{sqlite,postgres,mysql}` and the lock they run under.
//!
//! SQLite is always there. PostgreSQL and MySQL are the cargo features `postgres` and `mysql`, because they need a C
//! library at build time (`libpq`, `libmariadb`).
//!
//! # Adding a repository
//! 1. The domain comes first: a trait in `crates/domain/src/<feature>/repository.rs` in the words of the feature, made
//!    part of `Store`. Every method takes the user's id.
//! 2. A migration of the same name in all three folders. Migrations only go forward: add a new one, never edit one that
//!    is on the main branch. MySQL commits every DDL statement by itself, so a migration for it is either one statement
//!    or several that skip what is already there (`IF NOT EXISTS`, `INSERT IGNORE`). The primary key of a tenant's table begins with `user_id`; it references with `RESTRICT`;
//!    the domain's limits stand as named `CHECK` constraints. Write down the columns in `schema`, and the table in
//!    `erasure`.
//! 3. A file of the feature's name with `impl …Repository for Transaction<'_>`. Bind domain types as they are: ids,
//!    instants, dates and words know their columns (`sql_types`). Stamp `rev` on every row that is written, and leave a
//!    tombstone for every one that is removed.
//! 4. A constant number of statements, whatever the number of rows: bulk writes go through `dialect::Upsert`, lookups
//!    of many through `eq_any` or `dialect::RowsIn`. There is no `RETURNING`: ids and times come from the caller.
//! 5. Contract tests in `tests/contract/<feature>.rs`, entered in the list of `tests/contract.rs`: they then run on
//!    all three databases.

mod audit;
mod backend;
mod connection;
mod convert;
mod database;
mod dialect;
mod entries;
mod ephemera;
mod erasure;
mod habits;
mod identities;
mod jobs;
mod keys;
mod logins;
mod migrations;
mod moods;
mod one_time;
mod options;
mod personal_tokens;
mod pool;
mod quotes;
mod schema;
mod sessions;
mod sleep;
mod sql_types;
mod statements;
mod stats;
mod tasks;
mod themes;
mod time_entries;
mod timer;
mod tombstones;
mod totp;
mod transaction;
mod users;
mod writer_lock;

pub use backend::Backend;
pub use database::SqlDatabase;
pub use erasure::{KEPT_OF_THE_ERASED, OWNED_BY_USERS};
pub use options::{StorageError, StorageOptions};
