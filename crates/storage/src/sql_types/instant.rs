//! Instants as [`Moment`] columns.

use circadia_domain::civil::Instant;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sqlite::Sqlite;

use super::{Moment, Sql, on_any_backend};

impl ToSql<Moment, Sqlite> for Sql<Instant> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.micros());
        Ok(IsNull::No)
    }
}

impl FromSql<Moment, Sqlite> for Sql<Instant> {
    fn from_sql(mut value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Instant::from_micros(value.read_long())))
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::data_types::PgTimestamp;
    use diesel::pg::{Pg, PgValue};
    use diesel::sql_types::Timestamptz;

    use super::{FromSql, Instant, Moment, Output, Sql, ToSql, deserialize, serialize};

    /// PostgreSQL counts microseconds from 2000-01-01T00:00:00Z.
    const EPOCH_MICROS: i64 = 946_684_800_000_000;

    impl ToSql<Moment, Pg> for Sql<Instant> {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            let timestamp = PgTimestamp(self.0.micros() - EPOCH_MICROS);
            <PgTimestamp as ToSql<Timestamptz, Pg>>::to_sql(&timestamp, &mut out.reborrow())
        }
    }

    impl FromSql<Moment, Pg> for Sql<Instant> {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let timestamp = <PgTimestamp as FromSql<Timestamptz, Pg>>::from_sql(value)?;
            Ok(Self(Instant::from_micros(timestamp.0.saturating_add(EPOCH_MICROS))))
        }
    }
}

#[cfg(feature = "mysql")]
mod mysql {
    use chrono::NaiveDateTime;
    use diesel::mysql::{Mysql, MysqlValue};
    use diesel::sql_types::Datetime;

    use super::{FromSql, Instant, Moment, Output, Sql, ToSql, deserialize, serialize};

    impl ToSql<Moment, Mysql> for Sql<Instant> {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
            let reading = self.0.to_chrono().naive_utc();
            <NaiveDateTime as ToSql<Datetime, Mysql>>::to_sql(&reading, &mut out.reborrow())
        }
    }

    impl FromSql<Moment, Mysql> for Sql<Instant> {
        fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
            let reading = <NaiveDateTime as FromSql<Datetime, Mysql>>::from_sql(value)?;
            Ok(Self(Instant::from(reading.and_utc())))
        }
    }
}

on_any_backend!(Moment: [] Sql<Instant>);
