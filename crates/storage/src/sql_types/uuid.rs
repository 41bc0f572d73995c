//! Typed ids as [`Uuid`] columns: sixteen bytes everywhere.

use circadia_domain::entity::Entity;
use circadia_domain::ids::Id;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sqlite::Sqlite;

use super::{Uuid, on_any_backend};

fn read(bytes: &[u8]) -> deserialize::Result<uuid::Uuid> {
    Ok(uuid::Uuid::from_slice(bytes)?)
}

impl<E: Entity> ToSql<Uuid, Sqlite> for Id<E> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.as_uuid().as_bytes().to_vec());
        Ok(IsNull::No)
    }
}

impl<E: Entity> FromSql<Uuid, Sqlite> for Id<E> {
    fn from_sql(mut value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        read(value.read_blob()).map(Self::from_uuid)
    }
}

#[cfg(feature = "postgres")]
impl<E: Entity> ToSql<Uuid, diesel::pg::Pg> for Id<E> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.as_uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl<E: Entity> FromSql<Uuid, diesel::pg::Pg> for Id<E> {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
        read(value.as_bytes()).map(Self::from_uuid)
    }
}

#[cfg(feature = "mysql")]
impl<E: Entity> ToSql<Uuid, diesel::mysql::Mysql> for Id<E> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::mysql::Mysql>) -> serialize::Result {
        std::io::Write::write_all(out, self.as_uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(feature = "mysql")]
impl<E: Entity> FromSql<Uuid, diesel::mysql::Mysql> for Id<E> {
    fn from_sql(value: diesel::mysql::MysqlValue<'_>) -> deserialize::Result<Self> {
        read(value.as_bytes()).map(Self::from_uuid)
    }
}

on_any_backend!(Uuid: @[E: Entity] Id<E>);
