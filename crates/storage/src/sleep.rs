//! Logs of sleep.

use circadia_domain::civil::{Date, DateRange, Instant, Zone};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{SleepLogId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::sleep::{
    MAX_SECONDS, Quality, Sleep, SleepKind, SleepLog, SleepNote, SleepRepository, SleepSlice,
};
use diesel::prelude::*;

use crate::convert::{corrupt, digest, number};
use crate::schema::sleep_logs;
use crate::sql_types::Sql;
use crate::tombstones::Item;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = sleep_logs)]
struct SleepRow {
    started_at: Instant,
    ended_at: Instant,
    date: Date,
    timezone: Zone,
    kind: SleepKind,
    quality: Option<i32>,
    awake_seconds: Option<i32>,
}

impl SleepRow {
    fn read(self) -> Result<Sleep> {
        let quality = self.quality.map(|quality| Quality::from_number(quality.into())).transpose();
        Ok(Sleep {
            start: self.started_at,
            end: self.ended_at,
            date: self.date,
            zone: self.timezone,
            kind: self.kind,
            quality: quality.map_err(corrupt)?,
            awake_seconds: self.awake_seconds.map(number).transpose()?,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sleep_logs)]
struct Row {
    id: SleepLogId,
    #[diesel(embed)]
    sleep: SleepRow,
    note: Option<SleepNote>,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
    request_digest: Vec<u8>,
}

impl Row {
    fn read(self) -> Result<SleepLog> {
        Ok(SleepLog {
            id: self.id,
            sleep: self.sleep.read()?,
            note: self.note,
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: Revision(self.rev),
            request_digest: digest(&self.request_digest)?,
        })
    }
}

/// Seconds on their way into a column.
fn column(seconds: u32) -> Result<i32> {
    i32::try_from(seconds).map_err(|_| StoreError::Defect(format!("{seconds} seconds are too many to be stored")))
}

/// The columns that say when and how somebody slept.
macro_rules! sleep_columns {
    ($log:expr) => {{
        let log: &SleepLog = $log;
        (
            sleep_logs::started_at.eq(Sql(log.sleep.start)),
            sleep_logs::ended_at.eq(Sql(log.sleep.end)),
            sleep_logs::date.eq(Sql(log.sleep.date)),
            sleep_logs::timezone.eq(Sql(log.sleep.zone)),
            sleep_logs::kind.eq(Sql(log.sleep.kind)),
            sleep_logs::quality.eq(log.sleep.quality.map(|quality| i32::from(quality.number()))),
            sleep_logs::awake_seconds.eq(log.sleep.awake_seconds.map(column).transpose()?),
            sleep_logs::note.eq(log.note.as_ref().map(Sql)),
            sleep_logs::updated_at.eq(Sql(log.updated_at)),
            sleep_logs::rev.eq(log.rev.0),
        )
    }};
}

impl SleepRepository for Transaction {
    fn find_sleep_log(&mut self, user: UserId, id: SleepLogId) -> Result<Option<SleepLog>> {
        let found: Option<Row> = sleep_logs::table
            .find((Sql(user), Sql(id)))
            .select(Row::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(Row::read).transpose()
    }

    fn sleep_logs(&mut self, user: UserId, slice: &SleepSlice) -> Result<Vec<SleepLog>> {
        let (first, last) = (Instant::from_micros(i64::MIN), Instant::from_micros(i64::MAX));
        let of_dates = sleep_logs::table
            .filter(sleep_logs::user_id.eq(Sql(user)))
            .filter(sleep_logs::date.between(Sql(slice.dates.from()), Sql(slice.dates.to())))
            .filter(sleep_logs::started_at.gt(Sql(slice.after.unwrap_or(first))))
            .filter(sleep_logs::started_at.lt(Sql(slice.before.unwrap_or(last))))
            .select(Row::as_select())
            .limit(i64::try_from(slice.limit).unwrap_or(i64::MAX));
        let rows: Vec<Row> = if slice.backwards {
            of_dates.order(sleep_logs::started_at.desc()).load(self.connection())
        } else {
            of_dates.order(sleep_logs::started_at.asc()).load(self.connection())
        }
        .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn sleep_logs_between(&mut self, user: UserId, from: Instant, to: Instant) -> Result<Vec<SleepLog>> {
        let rows: Vec<Row> = sleep_logs::table
            .filter(sleep_logs::user_id.eq(Sql(user)))
            .filter(sleep_logs::started_at.lt(Sql(to)))
            .filter(sleep_logs::ended_at.gt(Sql(from)))
            // Says nothing new, since no sleep is longer; but so the index has two ends to look between.
            .filter(sleep_logs::started_at.gt(Sql(from.plus_seconds(-MAX_SECONDS))))
            .order(sleep_logs::started_at)
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn sleeps(&mut self, user: UserId, dates: DateRange) -> Result<Vec<Sleep>> {
        let rows: Vec<SleepRow> = sleep_logs::table
            .filter(sleep_logs::user_id.eq(Sql(user)))
            .filter(sleep_logs::date.between(Sql(dates.from()), Sql(dates.to())))
            .select(SleepRow::as_select())
            .load(self.connection())
            .classified()?;
        let mut sleeps: Vec<Sleep> = rows.into_iter().map(SleepRow::read).collect::<Result<_>>()?;
        sleeps.sort_unstable_by_key(|sleep| sleep.start);
        Ok(sleeps)
    }

    fn insert_sleep_log(&mut self, user: UserId, log: &SleepLog) -> Result<()> {
        diesel::insert_into(sleep_logs::table)
            .values((
                sleep_logs::user_id.eq(Sql(user)),
                sleep_logs::id.eq(Sql(log.id)),
                sleep_columns!(log),
                sleep_logs::created_at.eq(Sql(log.created_at)),
                sleep_logs::request_digest.eq(log.request_digest.as_slice()),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_sleep_log(&mut self, user: UserId, log: &SleepLog) -> Result<()> {
        diesel::update(sleep_logs::table.find((Sql(user), Sql(log.id))))
            .set(sleep_columns!(log))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn delete_sleep_logs(&mut self, user: UserId, ids: &[SleepLogId], rev: Revision, now: Instant) -> Result<usize> {
        let own = || {
            sleep_logs::table
                .filter(sleep_logs::user_id.eq(Sql(user)))
                .filter(sleep_logs::id.eq_any(ids.iter().copied().map(Sql)))
        };
        let there: Vec<SleepLogId> = own().select(sleep_logs::id).load(self.connection()).classified()?;
        diesel::delete(own()).execute(self.connection()).classified()?;
        let buried: Vec<Item> = there.iter().copied().map(Item::from).collect();
        self.leave_tombstones(user, &buried, rev, now)?;
        Ok(there.len())
    }

    fn sleep_log_was_deleted(&mut self, user: UserId, id: SleepLogId) -> Result<bool> {
        self.has_tombstone(user, &id.into())
    }
}
