//! The domain's repositories over SQLite, PostgreSQL and MySQL/MariaDB.
//!
//! [`SqlDatabase`] implements [`circadia_domain::unit_of_work::Database`]: it takes a connection from the pool, opens a
//! transaction, passes it to the domain as a [`Store`](circadia_domain::unit_of_work::Store) and commits or rolls back.
//! Nothing outside this crate sees SQL, Diesel or a transaction.
//!
//! # Where things are
//! - one file per repository, named like the domain's module: `users`, `habits`, `sleep`, …;
//! - `schema`: the tables and their columns; `sql_types`: what the columns hold;
//! - `dialect`: everything that differs between the databases, and the only place where it may;
//! - `tombstones`, `erasure`: what stays of deleted rows, and what goes with an account;
//! - `connection`, `pool`, `database`, `transaction`, `writer_lock`: from a URL to a transaction;
//! - `migrations`: the embedded migrations of `migrations/{sqlite,postgres,mysql}` and the lock they run under.
//!
//! SQLite is always compiled in. PostgreSQL and MySQL are the cargo features `postgres` and `mysql`, because they need
//! a C library at build time (`libpq`, `libmariadb`).
//!
//! # Rows
//! One struct per table, `…Row`, reads and writes it. Where it mirrors its domain type, `row!` makes it with a line per
//! field: Diesel's derives, and the conversions `from_domain` and `into_domain`. A column of another type than its field
//! needs a `row::Stored` for the two. Other rows (`users`, `jobs`) are written by hand. Diesel's derives work on all
//! three databases at once through `MultiConnection`, given that
//! - domain types stand in `sql_types::Sql`, whose implementations are generic, one per SQL type and backend;
//! - `treat_none_as_default_value = false` and `treat_none_as_null = true`: `None` is `NULL`. Otherwise an insert would
//!   take the column's default, in a statement that isn't cached, and an update would skip the column;
//! - `user_id`, which tells whose row it is and isn't part of the domain type, is added to the values on insert, as are
//!   columns that are never read (`name_key`): `values((themes::user_id.eq(Sql(user)), ThemeRow::from_domain(theme)?))`;
//! - `#[diesel(skip_update)]` marks what an update leaves as it is (`created_at`); the primary key is left out anyway;
//! - inserts of several rows and upserts, which don't compile for `MultiConnection`, go through
//!   `dialect::insert_rows!`, which takes the same rows.
//!
//! # Adding a field
//! 1. In the domain: the field, its type, its limits, and what the service does with it.
//! 2. A migration of the same name in `migrations/sqlite`, `migrations/postgres` and `migrations/mysql`, with `up.sql`
//!    and `down.sql`. Add a new one, never edit one that is on the main branch. MySQL commits every DDL statement by
//!    itself, so a migration for it is either one statement or several that skip what is already there
//!    (`IF NOT EXISTS`, `INSERT IGNORE`). The domain's limits are named `CHECK` constraints.
//! 3. One line in `schema`, in the order of the table's columns.
//! 4. In the repository's file: one line in the `…Row`. If the table is written by an upsert, the column's name in
//!    `replace (…)`. Moods are also read by the union in `dialect/mood_union.rs`.
//! 5. A new enum (of `words!`) or validated text: one line in `sql_types/text.rs`.
//! 6. A value in `tests/support/samples.rs`, so that the contract test that reads back what was written covers it. For
//!    a `CHECK`, a bad row in `tests/contract/rules.rs`.
//!
//! # Adding a repository
//! 1. In the domain: the not-found code in `code.rs`; the feature's module with its `Entity`, for things with ids an
//!    alias of `Id`, and the repository's trait, whose methods take the user's id; the trait's name in
//!    `unit_of_work::Store`.
//! 2. A migration as above. The primary key of a user's table begins with `user_id`; foreign keys are `RESTRICT`.
//! 3. A `table!` in `schema`. Tables that are joined also stand in `allow_tables_to_appear_in_same_query!`.
//! 4. The table's name in `OWNED_BY_USERS` of the same file, before the tables that it references.
//! 5. A file of the feature's name, with its `mod` here: the `…Row` and `impl …Repository for Transaction`. Stamp `rev`
//!    on every row that is written, and call `leave_tombstone(user, &id.into(), rev, now)` for every row that is
//!    deleted.
//! 6. A constant number of statements, whatever the number of rows: `insert_rows!` for bulk writes, `eq_any` for bulk
//!    reads. There is no `RETURNING`: ids and times come from the caller.
//! 7. Contract tests in `tests/contract/<feature>.rs`, with the module and every test listed in `tests/contract.rs`,
//!    which runs them on all three databases. Samples in `tests/support/samples.rs`; a row in `fill` of
//!    `tests/contract/erasure.rs` and in `filled` of `tests/contract/rules.rs`.

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
mod row;
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
pub use erasure::RETAINED_AFTER_ERASURE;
pub use options::{StorageError, StorageOptions};
pub use schema::owned_by_users;
