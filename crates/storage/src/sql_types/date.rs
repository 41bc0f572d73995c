//! Civil dates as [`Day`] columns.

use circadia_domain::civil::Date;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sqlite::Sqlite;

use super::{Day, Sql, on_any_backend};

fn read(days: i64) -> deserialize::Result<Sql<Date>> {
    let date = i32::try_from(days).ok().and_then(Date::from_days_since_epoch);
    date.map(Sql).ok_or_else(|| format!("{days} days after 1970-01-01 is not a date that is stored here").into())
}

impl ToSql<Day, Sqlite> for Sql<Date> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(i64::from(self.0.days_since_epoch()));
        Ok(IsNull::No)
    }
}

impl FromSql<Day, Sqlite> for Sql<Date> {
    fn from_sql(mut value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        read(value.read_long())
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::data_types::PgDate;
    use diesel::pg::{Pg, PgValue};

    use super::{Date, Day, FromSql, Output, Sql, ToSql, deserialize, read, serialize};

    /// PostgreSQL counts days from 2000-01-01.
    const EPOCH_DAYS: i32 = 10_957;

    impl ToSql<Day, Pg> for Sql<Date> {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            let date = PgDate(self.0.days_since_epoch() - EPOCH_DAYS);
            <PgDate as ToSql<diesel::sql_types::Date, Pg>>::to_sql(&date, &mut out.reborrow())
        }
    }

    impl FromSql<Day, Pg> for Sql<Date> {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let date = <PgDate as FromSql<diesel::sql_types::Date, Pg>>::from_sql(value)?;
            read(i64::from(date.0) + i64::from(EPOCH_DAYS))
        }
    }
}

#[cfg(feature = "mysql")]
mod mysql {
    use chrono::NaiveDate;
    use diesel::mysql::{Mysql, MysqlValue};

    use super::{Date, Day, FromSql, Output, Sql, ToSql, deserialize, serialize};

    impl ToSql<Day, Mysql> for Sql<Date> {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
            let date = NaiveDate::from(self.0);
            <NaiveDate as ToSql<diesel::sql_types::Date, Mysql>>::to_sql(&date, &mut out.reborrow())
        }
    }

    impl FromSql<Day, Mysql> for Sql<Date> {
        fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
            let date = <NaiveDate as FromSql<diesel::sql_types::Date, Mysql>>::from_sql(value)?;
            Date::try_from(date).map(Self).map_err(|_| format!("{date} is not a date that is stored here").into())
        }
    }
}

on_any_backend!(Day: [] Sql<Date>);
