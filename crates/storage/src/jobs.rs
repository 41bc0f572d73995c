//! Jobs, and their leases.
//!
//! Claiming needs nothing that one database does differently: a candidate is looked up, and taken by an update that
//! names the number of attempts it was seen with. Of two that try, the one that comes second finds no such row.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{JobId, UserId};
use circadia_domain::jobs::{Job, JobKind, JobRepository, NewJob};
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::convert::corrupt;
use crate::schema::jobs;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// A job that is still to be done.
const WAITING: &str = "waiting";
/// One that is done.
const DONE: &str = "done";
/// One that was given up.
const DEAD: &str = "dead";

/// How many jobs are looked at for one to claim: as many workers can be a step ahead.
const CANDIDATES: i64 = 16;

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct JobRow {
    id: Sql<JobId>,
    kind: Sql<JobKind>,
    user_id: Option<Sql<UserId>>,
    payload: Option<Vec<u8>>,
    attempts: i32,
    created_at: Sql<Instant>,
}

/// Jobs of these kinds that are due and that nobody has on lease.
macro_rules! due {
    ($kinds:expr, $now:expr) => {
        jobs::table
            .filter(jobs::state.eq(WAITING))
            .filter(jobs::run_at.le(Sql($now)))
            .filter(jobs::kind.eq_any($kinds.iter().copied().map(Sql)))
            .filter(jobs::leased_until.is_null().or(jobs::leased_until.le(Some(Sql($now)))))
    };
}

/// The job, as long as its lease is this one.
macro_rules! leased {
    ($job:expr) => {
        jobs::table
            .find(Sql($job.id))
            .filter(jobs::state.eq(WAITING))
            .filter(jobs::attempts.eq($job.attempts))
            .filter(jobs::leased_until.eq(Some(Sql($job.leased_until))))
    };
}

impl JobRepository for Transaction {
    fn enqueue_job(&mut self, job: &NewJob) -> Result<()> {
        diesel::insert_into(jobs::table)
            .values((
                jobs::id.eq(Sql(job.id)),
                jobs::kind.eq(Sql(job.kind)),
                jobs::user_id.eq(job.user.map(Sql)),
                jobs::payload.eq(Some(job.payload.as_slice())),
                jobs::state.eq(WAITING),
                jobs::run_at.eq(Sql(job.run_at)),
                jobs::attempts.eq(0),
                jobs::created_at.eq(Sql(job.created_at)),
            ))
            .execute(self.connection())
            .map(drop)
            .of_a_user()
    }

    fn job_is_due(&mut self, kinds: &[JobKind], now: Instant) -> Result<bool> {
        diesel::select(exists(due!(kinds, now))).get_result(self.connection()).classified()
    }

    fn claim_job(&mut self, kinds: &[JobKind], now: Instant, leased_until: Instant) -> Result<Option<Job>> {
        let candidates: Vec<JobRow> = due!(kinds, now)
            .order((jobs::run_at, jobs::id))
            .limit(CANDIDATES)
            .select(JobRow::as_select())
            .load(self.connection())
            .classified()?;
        for row in candidates {
            let as_seen = jobs::table
                .find(row.id)
                .filter(jobs::state.eq(WAITING))
                .filter(jobs::attempts.eq(row.attempts))
                .filter(jobs::leased_until.is_null().or(jobs::leased_until.le(Some(Sql(now)))));
            let attempts = row.attempts.saturating_add(1);
            let taken = diesel::update(as_seen)
                .set((jobs::attempts.eq(attempts), jobs::leased_until.eq(Some(Sql(leased_until)))))
                .execute(self.connection())
                .classified()?;
            if taken == 1 {
                let id = row.id.0;
                return Ok(Some(Job {
                    id,
                    kind: row.kind.0,
                    user: row.user_id.map(Sql::into_inner),
                    payload: row.payload.ok_or_else(|| corrupt(format_args!("the waiting job {id} has no payload")))?,
                    attempts,
                    created_at: row.created_at.0,
                    leased_until,
                }));
            }
        }
        Ok(None)
    }

    fn finish_job(&mut self, job: &Job, now: Instant) -> Result<bool> {
        let finished = diesel::update(leased!(job))
            .set((
                jobs::state.eq(DONE),
                jobs::payload.eq(None::<Vec<u8>>),
                jobs::leased_until.eq(None::<Sql<Instant>>),
                jobs::last_error.eq(None::<String>),
                jobs::finished_at.eq(Some(Sql(now))),
            ))
            .execute(self.connection())
            .classified()?;
        Ok(finished == 1)
    }

    fn retry_job(&mut self, job: &Job, run_at: Instant, reason: &str) -> Result<bool> {
        let put_back = diesel::update(leased!(job))
            .set((
                jobs::run_at.eq(Sql(run_at)),
                jobs::leased_until.eq(None::<Sql<Instant>>),
                jobs::last_error.eq(Some(reason)),
            ))
            .execute(self.connection())
            .classified()?;
        Ok(put_back == 1)
    }

    fn give_up_job(&mut self, job: &Job, reason: &str, now: Instant) -> Result<bool> {
        let given_up = diesel::update(leased!(job))
            .set((
                jobs::state.eq(DEAD),
                jobs::payload.eq(None::<Vec<u8>>),
                jobs::leased_until.eq(None::<Sql<Instant>>),
                jobs::last_error.eq(Some(reason)),
                jobs::finished_at.eq(Some(Sql(now))),
            ))
            .execute(self.connection())
            .classified()?;
        Ok(given_up == 1)
    }

    fn purge_jobs(&mut self, done_before: Instant, dead_before: Instant) -> Result<usize> {
        let mut purged = 0_usize;
        for (state, before) in [(DONE, done_before), (DEAD, dead_before)] {
            let old = jobs::table.filter(jobs::state.eq(state)).filter(jobs::finished_at.lt(Some(Sql(before))));
            purged = purged.saturating_add(diesel::delete(old).execute(self.connection()).classified()?);
        }
        Ok(purged)
    }
}
