//! Typed ids as [`Uuid`] columns: sixteen bytes everywhere.

use circadia_domain::ids::{AuditEventId, HabitId, JobId, LoginId, PersonalTokenId, SessionId, ThemeId, UserId};
use circadia_domain::ids::{MoodMomentId, SleepLogId};
use circadia_domain::ids::{TaskId, TimeEntryId};
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sqlite::Sqlite;

use super::{Uuid, on_any_backend};

fn read(bytes: &[u8]) -> deserialize::Result<uuid::Uuid> {
    Ok(uuid::Uuid::from_slice(bytes)?)
}

macro_rules! id_column {
    ($($id:ty),+) => {$(
        impl ToSql<Uuid, Sqlite> for $id {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.as_uuid().as_bytes().to_vec());
                Ok(IsNull::No)
            }
        }

        impl FromSql<Uuid, Sqlite> for $id {
            fn from_sql(mut value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                read(value.read_blob()).map(Self::from_uuid)
            }
        }

        #[cfg(feature = "postgres")]
        impl ToSql<Uuid, diesel::pg::Pg> for $id {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
                std::io::Write::write_all(out, self.as_uuid().as_bytes())?;
                Ok(IsNull::No)
            }
        }

        #[cfg(feature = "postgres")]
        impl FromSql<Uuid, diesel::pg::Pg> for $id {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
                read(value.as_bytes()).map(Self::from_uuid)
            }
        }

        #[cfg(feature = "mysql")]
        impl ToSql<Uuid, diesel::mysql::Mysql> for $id {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::mysql::Mysql>) -> serialize::Result {
                std::io::Write::write_all(out, self.as_uuid().as_bytes())?;
                Ok(IsNull::No)
            }
        }

        #[cfg(feature = "mysql")]
        impl FromSql<Uuid, diesel::mysql::Mysql> for $id {
            fn from_sql(value: diesel::mysql::MysqlValue<'_>) -> deserialize::Result<Self> {
                read(value.as_bytes()).map(Self::from_uuid)
            }
        }
    )+};
}

id_column!(UserId, SessionId, LoginId, AuditEventId, JobId, PersonalTokenId, ThemeId, HabitId);
on_any_backend!(Uuid: UserId, SessionId, LoginId, AuditEventId, JobId, PersonalTokenId, ThemeId, HabitId);

id_column!(SleepLogId, MoodMomentId);
on_any_backend!(Uuid: SleepLogId, MoodMomentId);
id_column!(TaskId, TimeEntryId);
on_any_backend!(Uuid: TaskId, TimeEntryId);
