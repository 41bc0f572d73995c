//! Background jobs, their leases and their schedules.
//!
//! A claim locks candidates that no other claim has locked, see [`SkipLocked`], so workers neither wait for each other
//! nor get the same job.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{JobId, UserId};
use circadia_domain::jobs::{
    Job, JobCount, JobFilter, JobKind, JobOverview, JobRepository, JobSeek, JobState, KindName, NewJob, Retention,
    ScheduleOverview,
};
use diesel::dsl::{count_star, exists, min};
use diesel::prelude::*;

use crate::convert::{corrupt, sql_limit};
use crate::dialect::{SkipLocked, insert_rows};
use crate::row::{Stored as _, load_rows, row};
use crate::schema::{job_schedules, jobs};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// The state of a job that is still to be done, leased or not.
const WAITING: &str = "waiting";
/// The state of a job that is done.
const DONE: &str = "done";
/// The state of a job that was given up.
const DEAD: &str = "dead";

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

/// A job without what it holds.
#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct JobOverviewRow {
    id: Sql<JobId>,
    kind: Sql<KindName>,
    state: String,
    user_id: Option<Sql<UserId>>,
    attempts: i32,
    run_at: Sql<Instant>,
    created_at: Sql<Instant>,
    finished_at: Option<Sql<Instant>>,
    leased_until: Option<Sql<Instant>>,
    last_error: Option<String>,
}

impl JobOverviewRow {
    fn into_overview(self, now: Instant) -> Result<JobOverview> {
        let leased_until = self.leased_until.map(Sql::into_inner);
        let state = match self.state.as_str() {
            WAITING if leased_until.is_some_and(|until| until > now) => JobState::Running,
            WAITING => JobState::Waiting,
            DONE => JobState::Done,
            DEAD => JobState::Dead,
            other => return Err(corrupt(format_args!("the job {} is in the state {other:?}", self.id.0))),
        };
        Ok(JobOverview {
            id: self.id.0,
            kind: self.kind.0,
            state,
            user: self.user_id.map(Sql::into_inner),
            attempts: self.attempts,
            run_at: self.run_at.0,
            created_at: self.created_at.0,
            finished_at: self.finished_at.map(Sql::into_inner),
            leased_until,
            last_error: self.last_error,
        })
    }
}

row! {
    #[diesel(table_name = job_schedules, primary_key(kind))]
    struct ScheduleRow of ScheduleOverview {
        kind: Sql<KindName>,
        next_at: Sql<Instant>,
    }
}

/// Whether a job that isn't done is not leased.
macro_rules! is_free {
    ($now:expr) => {
        jobs::leased_until.is_null().or(jobs::leased_until.le(Some(Sql($now))))
    };
}

/// Jobs of these kinds that are due and not leased.
macro_rules! due {
    ($kinds:expr, $now:expr) => {
        jobs::table
            .filter(jobs::state.eq(WAITING))
            .filter(jobs::run_at.le(Sql($now)))
            .filter(jobs::kind.eq_any($kinds.iter().copied().map(Sql)))
            .filter(is_free!($now))
    };
}

/// The job, if this lease on it is still in force.
macro_rules! leased {
    ($job:expr) => {
        jobs::table
            .find(Sql($job.id))
            .filter(jobs::state.eq(WAITING))
            .filter(jobs::attempts.eq($job.attempts))
            .filter(jobs::leased_until.eq(Some(Sql($job.leased_until))))
    };
}

/// Narrows a boxed query over the jobs to those that are sought.
macro_rules! sought {
    ($query:expr, $filter:expr, $now:expr) => {{
        let query = match $filter.state {
            None => $query,
            Some(JobState::Waiting) => $query.filter(jobs::state.eq(WAITING)).filter(is_free!($now)),
            Some(JobState::Running) => {
                $query.filter(jobs::state.eq(WAITING)).filter(jobs::leased_until.gt(Some(Sql($now))))
            }
            Some(JobState::Done) => $query.filter(jobs::state.eq(DONE)),
            Some(JobState::Dead) => $query.filter(jobs::state.eq(DEAD)),
        };
        match $filter.kind {
            None => query,
            Some(kind) => query.filter(jobs::kind.eq(Sql(kind))),
        }
    }};
}

/// Kinds that recur.
fn recurring() -> impl Iterator<Item = Sql<JobKind>> {
    JobKind::ALL.iter().copied().filter(|kind| kind.recurs()).map(Sql)
}

impl JobRepository for Transaction {
    fn enqueue_job(&mut self, job: &NewJob) -> Result<()> {
        diesel::insert_into(jobs::table)
            .values((
                jobs::id.eq(Sql(job.id)),
                jobs::kind.eq(Sql(job.kind)),
                jobs::user_id.eq(job.user.map(Sql)),
                jobs::payload.eq(job.payload.as_deref()),
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

    fn claim_jobs(&mut self, kinds: &[JobKind], now: Instant, leased_until: Instant, limit: usize) -> Result<Vec<Job>> {
        let candidates =
            due!(kinds, now).order((jobs::run_at, jobs::id)).limit(sql_limit(limit)).select(JobRow::as_select());
        let connection = self.connection();
        let candidates: Vec<JobRow> = SkipLocked::new(connection, candidates).load(connection).classified()?;
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        diesel::update(jobs::table.filter(jobs::id.eq_any(candidates.iter().map(|row| row.id))))
            .set((jobs::attempts.eq(jobs::attempts + 1), jobs::leased_until.eq(Some(Sql(leased_until)))))
            .execute(self.connection())
            .classified()?;
        let claimed = candidates.into_iter().map(|row| Job {
            id: row.id.0,
            kind: row.kind.0,
            user: row.user_id.map(Sql::into_inner),
            payload: row.payload,
            attempts: row.attempts.saturating_add(1),
            created_at: row.created_at.0,
            leased_until,
        });
        Ok(claimed.collect())
    }

    fn hand_back_job(&mut self, job: &Job) -> Result<bool> {
        let handed_back = diesel::update(leased!(job))
            .set((jobs::attempts.eq(jobs::attempts - 1), jobs::leased_until.eq(None::<Sql<Instant>>)))
            .execute(self.connection())
            .classified()?;
        Ok(handed_back == 1)
    }

    fn renew_lease(&mut self, job: &Job, until: Instant) -> Result<bool> {
        let renewed = diesel::update(leased!(job))
            .set(jobs::leased_until.eq(Some(Sql(until))))
            .execute(self.connection())
            .classified()?;
        Ok(renewed == 1)
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

    fn continue_job(&mut self, job: &Job, now: Instant) -> Result<bool> {
        let continued = diesel::update(leased!(job))
            .set((
                jobs::run_at.eq(Sql(now)),
                jobs::attempts.eq(0),
                jobs::leased_until.eq(None::<Sql<Instant>>),
                jobs::last_error.eq(None::<String>),
            ))
            .execute(self.connection())
            .classified()?;
        Ok(continued == 1)
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
                jobs::leased_until.eq(None::<Sql<Instant>>),
                jobs::last_error.eq(Some(reason)),
                jobs::finished_at.eq(Some(Sql(now))),
            ))
            .execute(self.connection())
            .classified()?;
        Ok(given_up == 1)
    }

    fn revive_job(&mut self, id: JobId, now: Instant) -> Result<bool> {
        let revived = diesel::update(jobs::table.find(Sql(id)).filter(jobs::state.eq(DEAD)))
            .set((
                jobs::state.eq(WAITING),
                jobs::run_at.eq(Sql(now)),
                jobs::attempts.eq(0),
                jobs::finished_at.eq(None::<Sql<Instant>>),
            ))
            .execute(self.connection())
            .classified()?;
        Ok(revived == 1)
    }

    fn purge_jobs(&mut self, retention: &Retention) -> Result<usize> {
        let Retention { done_before, recurring_before, dead_before } = *retention;
        let ended = |state: &'static str, before: Instant| {
            jobs::table.filter(jobs::state.eq(state)).filter(jobs::finished_at.lt(Some(Sql(before))))
        };
        let done = diesel::delete(ended(DONE, done_before)).execute(self.connection()).classified()?;
        let recurring = ended(DONE, recurring_before).filter(jobs::kind.eq_any(recurring()));
        let recurring = diesel::delete(recurring).execute(self.connection()).classified()?;
        let dead = diesel::delete(ended(DEAD, dead_before)).execute(self.connection()).classified()?;
        Ok(done.saturating_add(recurring).saturating_add(dead))
    }

    fn jobs(&mut self, filter: JobFilter, seek: JobSeek, now: Instant) -> Result<Vec<JobOverview>> {
        let query = sought!(jobs::table.select(JobOverviewRow::as_select()).into_boxed(), filter, now);
        let query = match (seek.beyond, seek.backwards) {
            (None, _) => query,
            (Some(id), false) => query.filter(jobs::id.lt(Sql(id))),
            (Some(id), true) => query.filter(jobs::id.gt(Sql(id))),
        };
        // Ids are in the order of their making.
        let query = if seek.backwards { query.order(jobs::id.asc()) } else { query.order(jobs::id.desc()) };
        let found: Vec<JobOverviewRow> =
            query.offset(sql_limit(seek.skip)).limit(sql_limit(seek.limit)).load(self.connection()).classified()?;
        found.into_iter().map(|row| row.into_overview(now)).collect()
    }

    fn count_jobs(&mut self, filter: JobFilter, now: Instant) -> Result<i64> {
        sought!(jobs::table.count().into_boxed(), filter, now).get_result(self.connection()).classified()
    }

    fn count_jobs_by_kind(&mut self, state: JobState, now: Instant) -> Result<Vec<JobCount>> {
        type Group = (Sql<KindName>, i64, Option<Sql<Instant>>);
        let groups = jobs::table
            .group_by(jobs::kind)
            .select((jobs::kind, count_star(), min(jobs::run_at)))
            .order(jobs::kind)
            .into_boxed();
        let sought = JobFilter { state: Some(state), kind: None };
        let groups: Vec<Group> = sought!(groups, sought, now).load(self.connection()).classified()?;
        let count = |(kind, count, first_run_at): Group| {
            let first_run_at = first_run_at.ok_or_else(|| corrupt("a job is never due"))?.0;
            Ok(JobCount { kind: kind.0, count, first_run_at })
        };
        groups.into_iter().map(count).collect()
    }

    fn find_job(&mut self, id: JobId, now: Instant) -> Result<Option<JobOverview>> {
        let found: Option<JobOverviewRow> = jobs::table
            .find(Sql(id))
            .select(JobOverviewRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(|row| row.into_overview(now)).transpose()
    }

    fn job_schedules(&mut self) -> Result<Vec<ScheduleOverview>> {
        load_rows!(self, job_schedules::table.order(job_schedules::kind), ScheduleRow)
    }

    fn add_schedule(&mut self, kind: JobKind, next_at: Instant) -> Result<()> {
        let row = (job_schedules::kind.eq(Sql(kind)), job_schedules::next_at.eq(Sql(next_at)));
        // Where there is one, it stays as it is.
        insert_rows!(self.connection(), job_schedules, [row], on (kind) replace (kind)).classified()
    }

    fn move_schedule(&mut self, kind: JobKind, from: Instant, to: Instant) -> Result<bool> {
        let due = job_schedules::table.find(Sql(kind)).filter(job_schedules::next_at.eq(Sql(from)));
        let moved =
            diesel::update(due).set(job_schedules::next_at.eq(Sql(to))).execute(self.connection()).classified()?;
        Ok(moved == 1)
    }

    fn job_waits(&mut self, kind: JobKind) -> Result<bool> {
        let waiting = jobs::table.filter(jobs::kind.eq(Sql(kind))).filter(jobs::state.eq(WAITING));
        diesel::select(exists(waiting)).get_result(self.connection()).classified()
    }

    fn bring_forward(&mut self, kind: JobKind, latest_run: Instant, latest_lease: Instant, now: Instant) -> Result<()> {
        let beyond =
            jobs::run_at.gt(Sql(latest_run)).or(jobs::leased_until.gt(Some(Sql(latest_lease))).assume_not_null());
        let waiting = jobs::table.filter(jobs::kind.eq(Sql(kind))).filter(jobs::state.eq(WAITING)).filter(beyond);
        diesel::update(waiting)
            .set((jobs::run_at.eq(Sql(now)), jobs::leased_until.eq(None::<Sql<Instant>>)))
            .execute(self.connection())
            .map(drop)
            .classified()
    }
}
