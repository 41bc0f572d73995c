//! Rows that mirror a domain type: `row!`, statements over such rows, and how each column stores its field.

use circadia_domain::error::StoreError;
use circadia_domain::revision::Revision;

use crate::convert::{corrupt, number};
use crate::sql_types::Sql;
use crate::transaction::Result;

/// What stores a `T`: a column, or a row with several.
pub(crate) trait Stored<T>: Sized {
    /// What is written for a value.
    fn from_domain(value: &T) -> Result<Self>;
    /// The value that was read.
    fn into_domain(self) -> Result<T>;
}

/// Makes a row of a type's fields: the struct that Diesel reads, inserts and updates, and its [`Stored`]. The fields are
/// as visible as the struct.
///
/// ```ignore
/// row! {
///     #[diesel(table_name = tasks, primary_key(user_id, id))]
///     struct TaskRow of Task {
///         id: Sql<TaskId>,
///         // Where the column is called differently.
///         #[diesel(column_name = theme_id)]
///         theme: Option<Sql<ThemeId>>,
///         // What an update leaves as it is.
///         #[diesel(skip_update)]
///         created_at: Sql<Instant>,
///     }
/// }
/// ```
///
/// A field that is missing here doesn't compile, nor does a column that isn't [`Stored`] for its field.
macro_rules! row {
    (
        $(#[$of_row:meta])*
        $visibility:vis struct $row:ident of $domain:ident {
            $($(#[$of_field:meta])* $field:ident: $column:ty,)+
        }
    ) => {
        #[derive(Queryable, Selectable, Insertable, AsChangeset)]
        #[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
        $(#[$of_row])*
        $visibility struct $row {
            $($(#[$of_field])* $visibility $field: $column,)+
        }

        impl $crate::row::Stored<$domain> for $row {
            fn from_domain(value: &$domain) -> $crate::transaction::Result<Self> {
                Ok(Self { $($field: <$column as $crate::row::Stored<_>>::from_domain(&value.$field)?,)+ })
            }

            fn into_domain(self) -> $crate::transaction::Result<$domain> {
                Ok($domain { $($field: <$column as $crate::row::Stored<_>>::into_domain(self.$field)?,)+ })
            }
        }
    };
}
pub(crate) use row;

/// The first row of a query over its table, if there is one, as the domain has it.
macro_rules! first_row {
    ($transaction:ident, $query:expr, $row:ident) => {{
        let found: Option<$row> =
            $query.select($row::as_select()).first($transaction.connection()).optional().classified()?;
        found.map($row::into_domain).transpose()
    }};
}
pub(crate) use first_row;

/// The rows of a query over its table, as the domain has them.
macro_rules! load_rows {
    ($transaction:ident, $query:expr, $row:ident) => {{
        let rows: Vec<$row> = $query.select($row::as_select()).load($transaction.connection()).classified()?;
        rows.into_iter().map($row::into_domain).collect()
    }};
}
pub(crate) use load_rows;

/// Runs a statement, however many rows it concerns.
macro_rules! execute {
    ($transaction:ident, $statement:expr) => {
        $statement.execute($transaction.connection()).map(drop).classified()
    };
}
pub(crate) use execute;

/// Deletes an item by its id and leaves a tombstone. Whether there was one.
macro_rules! delete_row {
    ($transaction:ident, $table:ident, $user:ident, $id:ident, $rev:ident, $now:ident) => {{
        let item = diesel::delete($table::table.find((Sql($user), Sql($id))));
        let found = item.execute($transaction.connection()).classified()? > 0;
        if found {
            $transaction.leave_tombstone($user, &$id.into(), $rev, $now)?;
        }
        Ok(found)
    }};
}
pub(crate) use delete_row;

impl<T: Clone> Stored<T> for Sql<T> {
    fn from_domain(value: &T) -> Result<Self> {
        Ok(Self(value.clone()))
    }
    fn into_domain(self) -> Result<T> {
        Ok(self.0)
    }
}

/// `NULL` is `None`.
impl<T, Column: Stored<T>> Stored<Option<T>> for Option<Column> {
    fn from_domain(value: &Option<T>) -> Result<Self> {
        value.as_ref().map(Column::from_domain).transpose()
    }
    fn into_domain(self) -> Result<Option<T>> {
        self.map(Column::into_domain).transpose()
    }
}

/// Types that Diesel reads and writes itself.
macro_rules! as_they_are {
    ($($native:ty),+) => {$(
        impl Stored<$native> for $native {
            fn from_domain(value: &$native) -> Result<Self> {
                Ok(value.clone())
            }
            fn into_domain(self) -> Result<$native> {
                Ok(self)
            }
        }
    )+};
}
as_they_are!(bool, i32, i64, String, Vec<u8>);

impl Stored<u32> for i32 {
    fn from_domain(value: &u32) -> Result<Self> {
        Self::try_from(*value).map_err(|_| StoreError::Defect(format!("{value} is too large to be stored")))
    }
    fn into_domain(self) -> Result<u32> {
        number(self)
    }
}

impl Stored<Revision> for i64 {
    fn from_domain(value: &Revision) -> Result<Self> {
        Ok(value.0)
    }
    fn into_domain(self) -> Result<Revision> {
        Ok(Revision(self))
    }
}

/// A SHA-256 digest.
impl Stored<[u8; 32]> for Vec<u8> {
    fn from_domain(value: &[u8; 32]) -> Result<Self> {
        Ok(value.to_vec())
    }
    fn into_domain(self) -> Result<[u8; 32]> {
        self.as_slice().try_into().map_err(|_| corrupt(format_args!("a digest has {} bytes", self.len())))
    }
}
