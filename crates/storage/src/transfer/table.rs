//! What a table is called, what its columns hold, and its key: taken from the schema, or from the file that the rows
//! were written to.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SingleValue, Text};
use serde::{Deserialize, Serialize};

use super::TransferError;
use crate::schema;
use crate::sql_types::{CivilDate, TypedText, UtcTimestamp, Uuid};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// An id.
    Uuid,
    /// An instant, in microseconds.
    Instant,
    /// A civil date.
    Date,
    /// Text.
    Text,
    /// A number of 32 bits.
    Integer,
    /// A number of 64 bits.
    Bigint,
    /// True or false.
    Boolean,
    /// Bytes.
    Bytes,
}

impl ColumnKind {
    const ALL: [Self; 8] =
        [Self::Uuid, Self::Instant, Self::Date, Self::Text, Self::Integer, Self::Bigint, Self::Boolean, Self::Bytes];

    /// Its name, which is also the label of such columns in results.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Instant => "instant",
            Self::Date => "date",
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Boolean => "boolean",
            Self::Bytes => "bytes",
        }
    }

    pub(crate) fn of_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// A table, as far as moving its rows goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of the values of a row.
    pub columns: Vec<TableColumn>,
    /// The columns of its primary key.
    pub key: Vec<String>,
}

impl Table {
    /// The places of the key's columns among all.
    pub(crate) fn key_places(&self) -> Vec<usize> {
        let place = |name: &String| self.columns.iter().position(|column| column.name == *name);
        self.key.iter().filter_map(place).collect()
    }

    /// Refuses what can't be a table, such as names that aren't plain words: they become parts of statements.
    ///
    /// # Errors
    /// [`TransferError::Unreadable`].
    pub fn check(&self) -> Result<(), TransferError> {
        let is_plain = |name: &str| {
            !name.is_empty()
                && name.len() <= 63
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let names = self.columns.iter().map(|column| &column.name).chain([&self.name]);
        let has_plain_names = names.into_iter().all(|name| is_plain(name));
        let is_whole = !self.key.is_empty() && self.key_places().len() == self.key.len() && self.columns.len() <= 64;
        if has_plain_names && is_whole {
            return Ok(());
        }
        Err(TransferError::Unreadable(format!("{:?} isn't the description of a table", self.name)))
    }
}

/// What a SQL type holds.
trait Holds: SingleValue {
    const KIND: ColumnKind;
}

macro_rules! holds {
    ($($sql_type:ty => $kind:ident),+ $(,)?) => {$(
        impl Holds for $sql_type {
            const KIND: ColumnKind = ColumnKind::$kind;
        }
        impl Holds for Nullable<$sql_type> {
            const KIND: ColumnKind = ColumnKind::$kind;
        }
    )+};
}

holds!(
    Uuid => Uuid,
    UtcTimestamp => Instant,
    CivilDate => Date,
    TypedText => Text,
    Text => Text,
    Integer => Integer,
    BigInt => Bigint,
    Bool => Boolean,
    Binary => Bytes,
);

/// Columns of a table: one, or a tuple. `Shape` tells the two apart.
trait Columns<Shape> {
    fn list() -> Vec<TableColumn>;
}

fn column<C>() -> TableColumn
where
    C: Column,
    C::SqlType: Holds,
{
    TableColumn { name: C::NAME.to_owned(), kind: C::SqlType::KIND }
}

struct One;

impl<C> Columns<One> for C
where
    C: Column,
    C::SqlType: Holds,
{
    fn list() -> Vec<TableColumn> {
        vec![column::<C>()]
    }
}

macro_rules! tuples_of_columns {
    ($first:ident $($rest:ident)*) => {
        impl<$first, $($rest),*> Columns<($first, $($rest,)*)> for ($first, $($rest,)*)
        where
            $first: Column,
            $first::SqlType: Holds,
            $($rest: Column, $rest::SqlType: Holds,)*
        {
            fn list() -> Vec<TableColumn> {
                vec![column::<$first>(), $(column::<$rest>()),*]
            }
        }
        tuples_of_columns!($($rest)*);
    };
    () => {};
}

tuples_of_columns!(
    A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A23 A24 A25 A26 A27 A28 A29 A30 A31
    A32
);

fn table<T, AllShape, KeyShape>(name: &str) -> Table
where
    T: diesel::Table,
    T::AllColumns: Columns<AllShape>,
    T::PrimaryKey: Columns<KeyShape>,
{
    let key = <T::PrimaryKey as Columns<KeyShape>>::list();
    Table {
        name: name.to_owned(),
        columns: <T::AllColumns as Columns<AllShape>>::list(),
        key: key.into_iter().map(|column| column.name).collect(),
    }
}

macro_rules! tables {
    ($($table:ident),+ $(,)?) => {
        /// Every table, referenced ones before those that reference them. A contract test compares it with the
        /// databases' own catalogues.
        pub fn tables() -> Vec<Table> {
            vec![$(table::<schema::$table::table, _, _>(stringify!($table))),+]
        }
    };
}

tables!(
    users,
    user_revisions,
    username_reservations,
    identities,
    sessions,
    revocations,
    login_attempts,
    login_rollups,
    login_totals,
    login_client_days,
    login_rollup_state,
    security_events,
    totp_factors,
    recovery_codes,
    passkeys,
    personal_tokens,
    webhooks,
    webhook_deliveries,
    calendar_feeds,
    push_subscriptions,
    one_time_tokens,
    idempotency_keys,
    global_locks,
    audit_events,
    server_keys,
    ephemera,
    jobs,
    job_schedules,
    quotes,
    themes,
    habits,
    habit_histories,
    shared_pauses,
    entries,
    tasks,
    time_entries,
    timers,
    reminders,
    tombstones,
    sync_commands,
    sleep_logs,
    moods,
    mood_moments,
    imports,
    import_items,
);

/// Tables that migrations put rows into. These don't make a database that was only migrated one that is in use.
pub const FILLED_BY_MIGRATIONS: &[&str] = &["global_locks", "login_rollup_state"];

/// Columns whose values the databases number by themselves, as (table, column).
pub(crate) const NUMBERED: &[(&str, &str)] = &[("revocations", "id")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_say_what_the_schema_says() {
        let tables = tables();
        let users = tables.iter().find(|table| table.name == "users").unwrap();
        assert_eq!(users.key, ["id"]);
        let kind = |name: &str| users.columns.iter().find(|column| column.name == name).unwrap().kind;
        assert_eq!(kind("id"), ColumnKind::Uuid);
        assert_eq!(kind("password_hash"), ColumnKind::Text);
        assert_eq!(kind("last_login_at"), ColumnKind::Instant);
        assert_eq!(kind("active"), ColumnKind::Boolean);
        assert_eq!(kind("rev"), ColumnKind::Bigint);
        let entries = tables.iter().find(|table| table.name == "entries").unwrap();
        assert_eq!(entries.key, ["user_id", "habit_id", "date"]);
        assert_eq!(entries.key_places(), [0, 1, 2]);
        assert!(tables.iter().all(|table| table.check().is_ok()));
    }

    #[test]
    fn names_that_are_no_plain_words_are_refused() {
        let mut table = tables().remove(0);
        "id; DROP TABLE users".clone_into(&mut table.columns[0].name);
        assert!(table.check().is_err());
        let mut table = tables().remove(0);
        "users--".clone_into(&mut table.name);
        assert!(table.check().is_err());
        let mut table = tables().remove(0);
        table.key = vec!["nothing".to_owned()];
        assert!(table.check().is_err());
    }

    #[test]
    fn kinds_have_the_names_that_files_give_them() {
        for kind in ColumnKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.label());
            assert_eq!(ColumnKind::of_label(kind.label()), Some(kind));
        }
    }
}
