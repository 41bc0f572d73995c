//! Sleep logs.

use circadia_domain::civil::{Date, DateRange, Instant, ZoneOrOffset};
use circadia_domain::ids::{SleepLogId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::sleep::{
    MAX_SECONDS, Quality, Sleep, SleepKind, SleepLog, SleepNote, SleepRepository, SleepSlice,
};
use circadia_domain::tombstones::ItemKey;
use diesel::prelude::*;

use crate::convert::{corrupt, sql_limit};
use crate::row::{Stored, execute, first_row, load_rows, row};
use crate::schema::sleep_logs;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    /// When and how the user slept: the columns of a log that statistics read.
    #[diesel(table_name = sleep_logs, primary_key(user_id, id))]
    pub(crate) struct SleepRow of Sleep {
        #[diesel(column_name = started_at)]
        start: Sql<Instant>,
        #[diesel(column_name = ended_at)]
        end: Sql<Instant>,
        date: Sql<Date>,
        #[diesel(column_name = timezone)]
        zone: Sql<ZoneOrOffset>,
        kind: Sql<SleepKind>,
        quality: Option<i32>,
        awake_seconds: Option<i32>,
    }
}

impl Stored<Quality> for i32 {
    fn from_domain(quality: &Quality) -> Result<Self> {
        Ok(quality.number().into())
    }
    fn into_domain(self) -> Result<Quality> {
        Quality::from_number(self.into()).map_err(corrupt)
    }
}

row! {
    #[diesel(table_name = sleep_logs, primary_key(user_id, id))]
    pub(crate) struct SleepLogRow of SleepLog {
        id: Sql<SleepLogId>,
        #[diesel(embed)]
        sleep: SleepRow,
        note: Option<Sql<SleepNote>>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
        #[diesel(skip_update)]
        request_digest: Vec<u8>,
    }
}

impl SleepRepository for Transaction {
    fn find_sleep_log(&mut self, user: UserId, id: SleepLogId) -> Result<Option<SleepLog>> {
        first_row!(self, sleep_logs::table.find((Sql(user), Sql(id))), SleepLogRow)
    }

    fn sleep_logs(&mut self, user: UserId, slice: &SleepSlice) -> Result<Vec<SleepLog>> {
        let (first, last) = (Instant::from_micros(i64::MIN), Instant::from_micros(i64::MAX));
        let of_dates = sleep_logs::table
            .filter(sleep_logs::user_id.eq(Sql(user)))
            .filter(sleep_logs::date.between(Sql(slice.dates.from()), Sql(slice.dates.to())))
            .filter(sleep_logs::started_at.gt(Sql(slice.after.unwrap_or(first))))
            .filter(sleep_logs::started_at.lt(Sql(slice.before.unwrap_or(last))))
            .select(SleepLogRow::as_select())
            .limit(sql_limit(slice.limit));
        let rows: Vec<SleepLogRow> = if slice.backwards {
            of_dates.order(sleep_logs::started_at.desc()).load(self.connection())
        } else {
            of_dates.order(sleep_logs::started_at.asc()).load(self.connection())
        }
        .classified()?;
        rows.into_iter().map(SleepLogRow::into_domain).collect()
    }

    fn sleep_logs_between(&mut self, user: UserId, from: Instant, to: Instant) -> Result<Vec<SleepLog>> {
        load_rows!(
            self,
            sleep_logs::table
                .filter(sleep_logs::user_id.eq(Sql(user)))
                .filter(sleep_logs::started_at.lt(Sql(to)))
                .filter(sleep_logs::ended_at.gt(Sql(from)))
                // Redundant, since no sleep is longer, but it bounds the range of the index.
                .filter(sleep_logs::started_at.gt(Sql(from.plus_seconds(-MAX_SECONDS))))
                .order(sleep_logs::started_at),
            SleepLogRow
        )
    }

    fn sleeps(&mut self, user: UserId, dates: DateRange) -> Result<Vec<Sleep>> {
        let rows: Vec<SleepRow> = sleep_logs::table
            .filter(sleep_logs::user_id.eq(Sql(user)))
            .filter(sleep_logs::date.between(Sql(dates.from()), Sql(dates.to())))
            .select(SleepRow::as_select())
            .load(self.connection())
            .classified()?;
        let mut sleeps: Vec<Sleep> = rows.into_iter().map(SleepRow::into_domain).collect::<Result<_>>()?;
        sleeps.sort_unstable_by_key(|sleep| sleep.start);
        Ok(sleeps)
    }

    fn insert_sleep_log(&mut self, user: UserId, log: &SleepLog) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(sleep_logs::table)
                .values((sleep_logs::user_id.eq(Sql(user)), SleepLogRow::from_domain(log)?))
        )
    }

    fn update_sleep_log(&mut self, user: UserId, log: &SleepLog) -> Result<()> {
        execute!(
            self,
            diesel::update(sleep_logs::table.find((Sql(user), Sql(log.id)))).set(SleepLogRow::from_domain(log)?)
        )
    }

    fn delete_sleep_logs(&mut self, user: UserId, ids: &[SleepLogId], rev: Revision, now: Instant) -> Result<usize> {
        let own = || {
            sleep_logs::table
                .filter(sleep_logs::user_id.eq(Sql(user)))
                .filter(sleep_logs::id.eq_any(ids.iter().copied().map(Sql)))
        };
        let stored: Vec<Sql<SleepLogId>> = own().select(sleep_logs::id).load(self.connection()).classified()?;
        diesel::delete(own()).execute(self.connection()).classified()?;
        let removed: Vec<ItemKey> = stored.into_iter().map(|Sql(id)| id.into()).collect();
        self.leave_tombstones(user, &removed, rev, now)?;
        Ok(removed.len())
    }
}
