//! What a column holds: SQL types of our own, each in the native type of its database, and how domain types are written
//! to them and read from them, wrapped in [`Sql`].
//!
//! | here | PostgreSQL | MySQL | SQLite |
//! |---|---|---|---|
//! | [`Uuid`] | `UUID` | `BINARY(16)` | `BLOB` |
//! | [`Moment`] | `TIMESTAMPTZ` | `DATETIME(6)` | `INTEGER`, microseconds since 1970 |
//! | [`Day`] | `DATE` | `DATE` | `INTEGER`, days since 1970 |
//! | [`Word`] | `TEXT` | `VARCHAR` | `TEXT` |
//!
//! Text would be the usual choice on SQLite; parsing it took 130 of the 318 µs of a read of 365 rows.

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
pub struct Moment;

/// A civil date.
#[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 1082, array_oid = 1182))]
#[diesel(mysql_type(name = "Date"))]
#[diesel(sqlite_type(name = "Long"))]
pub struct Day;

/// Text that the domain has a type for: an enumerated word, a name, an address.
#[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 25, array_oid = 1009))]
#[diesel(mysql_type(name = "String"))]
#[diesel(sqlite_type(name = "Text"))]
pub struct Word;

macro_rules! any_backend_has {
    ($($sql_type:ty),+) => {$(
        impl HasSqlType<$sql_type> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                Self::lookup_sql_type::<$sql_type>(lookup)
            }
        }
    )+};
}
any_backend_has!(Uuid, Moment, Day, Word);

/// Of instants there are a first and a last.
impl SqlOrd for Moment {}

/// A domain type in a query or in a row: `users::id.eq(Sql(user))`, `id: Sql<UserId>`. Only a type of this crate can be
/// given Diesel's traits for expressions.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = Uuid)]
#[diesel(sql_type = Moment)]
#[diesel(sql_type = Day)]
#[diesel(sql_type = Word)]
pub(crate) struct Sql<T>(pub(crate) T);

impl<T> Sql<T> {
    /// The domain type.
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

/// Passes what each backend can write and read as `$sql_type` on to whichever the connection has.
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
