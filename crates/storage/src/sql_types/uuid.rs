//! Typed ids as [`Uuid`] columns: sixteen bytes everywhere.

use circadia_domain::entity::Entity;
use circadia_domain::ids::Id;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sqlite::Sqlite;

use super::{Sql, Uuid, on_any_backend};

fn read<E>(bytes: &[u8]) -> deserialize::Result<Sql<Id<E>>> {
    Ok(Sql(Id::from_uuid(uuid::Uuid::from_slice(bytes)?)))
}

impl<E: Entity> ToSql<Uuid, Sqlite> for Sql<Id<E>> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_uuid().as_bytes().to_vec());
        Ok(IsNull::No)
    }
}

impl<E: Entity> FromSql<Uuid, Sqlite> for Sql<Id<E>> {
    fn from_sql(mut value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        read(value.read_blob())
    }
}

#[cfg(feature = "postgres")]
impl<E: Entity> ToSql<Uuid, diesel::pg::Pg> for Sql<Id<E>> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.0.as_uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl<E: Entity> FromSql<Uuid, diesel::pg::Pg> for Sql<Id<E>> {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
        read(value.as_bytes())
    }
}

#[cfg(feature = "mysql")]
impl<E: Entity> ToSql<Uuid, diesel::mysql::Mysql> for Sql<Id<E>> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::mysql::Mysql>) -> serialize::Result {
        std::io::Write::write_all(out, self.0.as_uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(feature = "mysql")]
impl<E: Entity> FromSql<Uuid, diesel::mysql::Mysql> for Sql<Id<E>> {
    fn from_sql(value: diesel::mysql::MysqlValue<'_>) -> deserialize::Result<Self> {
        read(value.as_bytes())
    }
}

on_any_backend!(Uuid: [E: Entity] Sql<Id<E>>);
