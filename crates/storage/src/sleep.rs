//! Logs of sleep.

use circadia_domain::civil::{Date, DateRange, Instant, Zone};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{SleepLogId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::sleep::{
    MAX_SECONDS, Quality, Sleep, SleepKind, SleepLog, SleepNote, SleepRepository, SleepSlice,
};
use diesel::prelude::*;

use crate::convert::{column, corrupt, digest, number};
use crate::schema::sleep_logs;
use crate::sql_types::Sql;
use crate::tombstones::Item;
use crate::transaction::{Classify as _, Result, Transaction};

/// When and how the user slept: the columns of a log that statistics read.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sleep_logs, treat_none_as_default_value = false, treat_none_as_null = true)]
struct SleepRow {
    started_at: Sql<Instant>,
    ended_at: Sql<Instant>,
    date: Sql<Date>,
    timezone: Sql<Zone>,
    kind: Sql<SleepKind>,
    quality: Option<i32>,
    awake_seconds: Option<i32>,
}

impl TryFrom<&Sleep> for SleepRow {
    type Error = StoreError;

    fn try_from(sleep: &Sleep) -> Result<Self> {
        Ok(Self {
            started_at: Sql(sleep.start),
            ended_at: Sql(sleep.end),
            date: Sql(sleep.date),
            timezone: Sql(sleep.zone),
            kind: Sql(sleep.kind),
            quality: sleep.quality.map(|quality| quality.number().into()),
            awake_seconds: sleep.awake_seconds.map(column).transpose()?,
        })
    }
}

impl TryFrom<SleepRow> for Sleep {
    type Error = StoreError;

    fn try_from(row: SleepRow) -> Result<Self> {
        let quality = row.quality.map(|quality| Quality::from_number(quality.into())).transpose();
        Ok(Self {
            start: row.started_at.0,
            end: row.ended_at.0,
            date: row.date.0,
            zone: row.timezone.0,
            kind: row.kind.0,
            quality: quality.map_err(corrupt)?,
            awake_seconds: row.awake_seconds.map(number).transpose()?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sleep_logs, primary_key(user_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct SleepLogRow {
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

impl TryFrom<&SleepLog> for SleepLogRow {
    type Error = StoreError;

    fn try_from(log: &SleepLog) -> Result<Self> {
        Ok(Self {
            id: Sql(log.id),
            sleep: (&log.sleep).try_into()?,
            note: log.note.clone().map(Sql),
            created_at: Sql(log.created_at),
            updated_at: Sql(log.updated_at),
            rev: log.rev.0,
            request_digest: log.request_digest.to_vec(),
        })
    }
}

impl TryFrom<SleepLogRow> for SleepLog {
    type Error = StoreError;

    fn try_from(row: SleepLogRow) -> Result<Self> {
        Ok(Self {
            id: row.id.0,
            sleep: row.sleep.try_into()?,
            note: row.note.map(Sql::into_inner),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            rev: Revision(row.rev),
            request_digest: digest(&row.request_digest)?,
        })
    }
}

impl SleepRepository for Transaction {
    fn find_sleep_log(&mut self, user: UserId, id: SleepLogId) -> Result<Option<SleepLog>> {
        let found: Option<SleepLogRow> = sleep_logs::table
            .find((Sql(user), Sql(id)))
            .select(SleepLogRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(SleepLog::try_from).transpose()
    }

    fn sleep_logs(&mut self, user: UserId, slice: &SleepSlice) -> Result<Vec<SleepLog>> {
        let (first, last) = (Instant::from_micros(i64::MIN), Instant::from_micros(i64::MAX));
        let of_dates = sleep_logs::table
            .filter(sleep_logs::user_id.eq(Sql(user)))
            .filter(sleep_logs::date.between(Sql(slice.dates.from()), Sql(slice.dates.to())))
            .filter(sleep_logs::started_at.gt(Sql(slice.after.unwrap_or(first))))
            .filter(sleep_logs::started_at.lt(Sql(slice.before.unwrap_or(last))))
            .select(SleepLogRow::as_select())
            .limit(i64::try_from(slice.limit).unwrap_or(i64::MAX));
        let rows: Vec<SleepLogRow> = if slice.backwards {
            of_dates.order(sleep_logs::started_at.desc()).load(self.connection())
        } else {
            of_dates.order(sleep_logs::started_at.asc()).load(self.connection())
        }
        .classified()?;
        rows.into_iter().map(SleepLog::try_from).collect()
    }

    fn sleep_logs_between(&mut self, user: UserId, from: Instant, to: Instant) -> Result<Vec<SleepLog>> {
        let rows: Vec<SleepLogRow> = sleep_logs::table
            .filter(sleep_logs::user_id.eq(Sql(user)))
            .filter(sleep_logs::started_at.lt(Sql(to)))
            .filter(sleep_logs::ended_at.gt(Sql(from)))
            // Says nothing new, since no sleep is longer; but so the index has two ends to look between.
            .filter(sleep_logs::started_at.gt(Sql(from.plus_seconds(-MAX_SECONDS))))
            .order(sleep_logs::started_at)
            .select(SleepLogRow::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(SleepLog::try_from).collect()
    }

    fn sleeps(&mut self, user: UserId, dates: DateRange) -> Result<Vec<Sleep>> {
        let rows: Vec<SleepRow> = sleep_logs::table
            .filter(sleep_logs::user_id.eq(Sql(user)))
            .filter(sleep_logs::date.between(Sql(dates.from()), Sql(dates.to())))
            .select(SleepRow::as_select())
            .load(self.connection())
            .classified()?;
        let mut sleeps: Vec<Sleep> = rows.into_iter().map(Sleep::try_from).collect::<Result<_>>()?;
        sleeps.sort_unstable_by_key(|sleep| sleep.start);
        Ok(sleeps)
    }

    fn insert_sleep_log(&mut self, user: UserId, log: &SleepLog) -> Result<()> {
        diesel::insert_into(sleep_logs::table)
            .values((sleep_logs::user_id.eq(Sql(user)), SleepLogRow::try_from(log)?))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_sleep_log(&mut self, user: UserId, log: &SleepLog) -> Result<()> {
        diesel::update(sleep_logs::table.find((Sql(user), Sql(log.id))))
            .set(SleepLogRow::try_from(log)?)
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
        let stored: Vec<Sql<SleepLogId>> = own().select(sleep_logs::id).load(self.connection()).classified()?;
        diesel::delete(own()).execute(self.connection()).classified()?;
        let removed: Vec<Item> = stored.into_iter().map(|Sql(id)| id.into()).collect();
        self.leave_tombstones(user, &removed, rev, now)?;
        Ok(removed.len())
    }

    fn sleep_log_was_deleted(&mut self, user: UserId, id: SleepLogId) -> Result<bool> {
        self.has_tombstone(user, &id.into())
    }
}
