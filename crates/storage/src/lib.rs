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
//! - `transfer`: copies, and what backups are made of;
//! - `task_keys`: what tasks are sorted and searched by, and what rewrites it when its rules change;
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
//! # Adding to it
//! `crates/domain/RECIPES.md` names every step. What is special to this crate:
//! - MySQL commits every DDL statement by itself, so a migration for it is either one statement or several that skip
//!   what is already there (`IF NOT EXISTS`, `INSERT IGNORE`), or set the same again;
//! - tables that are joined also stand in `allow_tables_to_appear_in_same_query!`;
//! - a repository's function takes a constant number of statements, whatever the number of rows: `insert_rows!` for bulk
//!   writes, `eq_any` for bulk reads. Ids and times come from the caller;
//! - a new table also stands in `tables!` of `transfer/table.rs`, after those that it references;
//! - moods are also read by the union in `dialect/mood_union.rs`.

mod accounts;
mod audit;
mod backend;
mod calendar;
mod connection;
mod convert;
mod database;
mod dialect;
mod entries;
mod ephemera;
mod erasure;
mod export;
mod habit_days;
mod habits;
mod home;
mod idempotency_keys;
mod identities;
mod import;
mod imports;
mod jobs;
mod keys;
mod logins;
mod migrations;
mod moods;
mod one_time;
mod options;
mod passkeys;
mod personal_tokens;
mod pool;
mod push_subscriptions;
mod quotes;
mod reminders;
mod row;
mod schema;
mod security_events;
mod seek;
mod sessions;
mod shared_pauses;
mod sleep;
mod sql_types;
mod statements;
mod stats;
mod sync;
mod task_keys;
mod tasks;
mod text_search;
mod themes;
mod time_entries;
mod timer;
mod tombstones;
mod totp;
mod transaction;
pub mod transfer;
mod users;
mod webhooks;
mod writer_lock;

pub use backend::Backend;
pub use database::SqlDatabase;
pub use erasure::RETAINED_AFTER_ERASURE;
pub use export::{EXPORTED, NOT_EXPORTED};
pub use options::{StorageError, StorageOptions};
pub use schema::owned_by_users;
pub use statements::STATEMENTS;
pub use sync::{NOT_SYNCED, synced_tables};
