//! SQL types that are native on each database, and the domain types that are written to and read from their columns,
//! wrapped in [`Sql`].
//!
//! | SQL type | PostgreSQL | MySQL | SQLite |
//! |---|---|---|---|
//! | [`Uuid`] | `UUID` | `BINARY(16)` | `BLOB` |
//! | [`UtcTimestamp`] | `TIMESTAMPTZ` | `DATETIME(6)` | `INTEGER`, microseconds since 1970 |
//! | [`CivilDate`] | `DATE` | `DATE` | `INTEGER`, days since 1970 |
//! | [`TypedText`] | `TEXT` | `VARCHAR` | `TEXT` |
//!
//! SQLite usually stores dates as text, but parsing it took 130 of the 318 µs of reading 365 rows. The types aren't
//! called `Timestamp` or `Date`, because `table!` gives columns of types with these names arithmetic operators.

mod date;
mod instant;
mod text;
mod uuid;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::query_builder::QueryId;
use diesel::sql_types::{HasSqlType, SqlOrd, SqlType};

use crate::connection::MultiBackend;

/// An id.
#[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(mysql_type(name = "Blob"))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Uuid;

/// An instant.
#[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(mysql_type(name = "DateTime"))]
#[diesel(sqlite_type(name = "Long"))]
pub struct UtcTimestamp;

/// A civil date.
#[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 1082, array_oid = 1182))]
#[diesel(mysql_type(name = "Date"))]
#[diesel(sqlite_type(name = "Long"))]
pub struct CivilDate;

/// Text that the domain has a type for: an enum, a name, an address.
#[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 25, array_oid = 1009))]
#[diesel(mysql_type(name = "String"))]
#[diesel(sqlite_type(name = "Text"))]
pub struct TypedText;

macro_rules! any_backend_has {
    ($($sql_type:ty),+) => {$(
        impl HasSqlType<$sql_type> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                Self::lookup_sql_type::<$sql_type>(lookup)
            }
        }
    )+};
}
any_backend_has!(Uuid, UtcTimestamp, CivilDate, TypedText);

// For `min` and `max`.
impl SqlOrd for UtcTimestamp {}

/// A domain type in a query or in a row: `users::id.eq(Sql(user))`, `id: Sql<UserId>`. The wrapper is needed because of
/// the orphan rule: Diesel's traits for expressions can only be implemented for types of this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Uuid)]
#[diesel(sql_type = UtcTimestamp)]
#[diesel(sql_type = CivilDate)]
#[diesel(sql_type = TypedText)]
pub(crate) struct Sql<T>(pub(crate) T);

impl<T> Sql<T> {
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

/// Implements writing and reading `$rust` as `$sql_type` on [`AnyConnection`](crate::connection::AnyConnection), from
/// the implementations for each backend.
macro_rules! on_any_backend {
    ($sql_type:ty: [$($generics:tt)*] $rust:ty) => {
        impl<$($generics)*> diesel::serialize::ToSql<$sql_type, crate::connection::MultiBackend> for $rust {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, crate::connection::MultiBackend>,
            ) -> diesel::serialize::Result {
                out.set_value((<$sql_type>::default(), self));
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl<$($generics)*> diesel::deserialize::FromSql<$sql_type, crate::connection::MultiBackend> for $rust {
            fn from_sql(value: crate::connection::MultiRawValue<'_>) -> diesel::deserialize::Result<Self> {
                value.from_sql::<Self, $sql_type>()
            }
        }
    };
}
pub(crate) use on_any_backend;
