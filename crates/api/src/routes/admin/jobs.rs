//! `/admin/jobs`: background jobs and their schedules.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{JobId, UserId};
use circadia_domain::jobs::{JobFilter, JobKind, JobOverview, JobSeek, JobState, KindName};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, PathParam, Query};
use crate::http::page::{CountedPage, CountedPageRequest, Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_jobs, list_job_schedules, retry_job);
}

/// The order of the list, as cursors name it.
const SORT: &str = "-id";

/// A background job, without what it holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct JobBody {
    /// The id.
    pub id: JobId,
    /// What kind of work; servers of other versions may have other kinds. Example: `mail`
    pub kind: KindName,
    /// Its state.
    pub state: JobState,
    /// The account it concerns, if known.
    pub user_id: Option<UserId>,
    /// How often it was begun.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// When it is due, or was.
    pub run_at: Instant,
    /// When it was enqueued.
    pub created_at: Instant,
    /// When it was done or given up.
    pub finished_at: Option<Instant>,
    /// Until when a worker has it; afterwards another one takes it.
    pub leased_until: Option<Instant>,
    /// Why the last attempt failed, without addresses.
    #[schema(max_length = 500, example = "permanent error (550): 5.1.1 (an address) no such user")]
    pub last_error: Option<String>,
}

impl From<JobOverview> for JobBody {
    fn from(job: JobOverview) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            state: job.state,
            user_id: job.user,
            attempts: job.attempts,
            run_at: job.run_at,
            created_at: job.created_at,
            finished_at: job.finished_at,
            leased_until: job.leased_until,
            last_error: job.last_error,
        }
    }
}

/// The schedule of work that recurs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobSchedule)]
pub(super) struct JobScheduleBody {
    /// What kind of work; servers of other versions may have other kinds. Example: `purge`
    pub kind: KindName,
    /// When the next job is enqueued; in the past if no server is configured for it.
    pub next_at: Instant,
    /// Seconds from one job to the next; null if this server isn't configured for it.
    #[schema(example = 60)]
    pub interval_seconds: Option<i64>,
}

/// Which jobs to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only those in this state.
    state: Option<JobState>,
    /// Only those of this kind.
    #[param(inline)]
    kind: Option<JobKind>,
    #[param(ignore)]
    page: CountedPageRequest,
}

impl Decode for ListQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let (state, kind) = (fields.optional("state"), fields.optional("kind"));
        Some(Self { state, kind, page: CountedPageRequest::decode(fields)? })
    }
}

/// List background jobs
///
/// Newest first. Jobs that are done are listed for a week, those that recur for a day; jobs that were given up (`dead`)
/// for 30 days.
#[utoipa::path(
    get,
    path = "/admin/jobs",
    tag = "admin",
    operation_id = "listJobs",
    extensions(("x-role" = json!("superuser"))),
    params(ListQuery, CountedPageRequest),
    responses((status = 200, description = "A page of jobs", body = CountedPage<JobBody>))
)]
async fn list_jobs(caller: Caller, query: Query<ListQuery>) -> Result<CountedPage<JobBody>, Problem> {
    let ListQuery { state, kind, page } = query.0;
    let (start, skip) = page.start::<JobId>(SORT)?;
    let (backwards, beyond) = start.direction();
    let seek = JobSeek { beyond: beyond.copied(), backwards, skip, limit: page.limit.saturating_add(1) };
    let (found, total) = caller.jobs.list(JobFilter { state, kind }, seek).await?;
    Ok(CountedPage::of_selected(found, total, |job| job.id, SORT, &page, &start).map(JobBody::from))
}

/// List the schedules of background jobs
///
/// By kind: when each is enqueued next.
#[utoipa::path(
    get,
    path = "/admin/jobs/schedules",
    tag = "admin",
    operation_id = "listJobSchedules",
    extensions(("x-role" = json!("superuser"))),
    params(PageRequest),
    responses((status = 200, description = "The schedules", body = Page<JobScheduleBody>))
)]
async fn list_job_schedules(caller: Caller, query: Query<PageRequest>) -> Result<Page<JobScheduleBody>, Problem> {
    let schedules = caller.jobs.schedules().await?;
    let items = schedules.into_iter().map(|schedule| JobScheduleBody {
        interval_seconds: caller.jobs.interval(schedule.kind.as_str()),
        kind: schedule.kind,
        next_at: schedule.next_at,
    });
    Page::of_sorted(items.collect(), |schedule| schedule.kind.as_str().to_owned(), "kind", &query.0, |a, b| a < b)
}

/// Retry a background job
///
/// A job that was given up is due at once, and is tried as often as a new one.
#[utoipa::path(
    post,
    path = "/admin/jobs/{job_id}/retry",
    tag = "admin",
    operation_id = "retryJob",
    extensions(("x-role" = json!("superuser"))),
    params(("job_id" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job, which waits again", body = JobBody),
        (status = 409, description = "`job_not_dead`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn retry_job(caller: Caller, id: PathParam<JobId>) -> Result<Answer, Problem> {
    let job = caller.jobs.retry(caller.principal, id.0).await?;
    Answer::computed(&JobBody::from(job))
}
