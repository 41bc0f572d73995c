//! The metrics of this process, as Prometheus scrapes them.
//!
//! What happens is counted where it happens (`circadia_domain::measures`); this reads the counts when it is asked. To
//! add a metric: a line in `table`, its samples in `Collected`, a line in docs/TELEMETRY.md.

mod page;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use circadia_api::{MetricsPage, MetricsSource, RequestMeasures, ServedMeasures};
use circadia_app::App;
use circadia_domain::civil::Instant;
use circadia_domain::jobs::{JobCount, JobKind, JobState};
use circadia_domain::words::Words;
use circadia_storage::SqlDatabase;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;

use crate::jobs::JobMeasures;
use crate::mail::Mailer;
use page::write;
pub use table::{METRICS, MetricDescription};

/// How long the database may take to count jobs; without an answer, the page has no figures of them.
const COUNT_TIMEOUT: Duration = Duration::from_millis(800);

/// The states in which jobs are counted. Those that are done are many, and say nothing.
const STATES: &[JobState] = &[JobState::Waiting, JobState::Running, JobState::Dead];

/// What stands for kinds of jobs that only newer replicas know.
const OTHER_KIND: &str = "other";

/// Where metrics are read.
pub(crate) struct Sources {
    pub(crate) app: Arc<App>,
    pub(crate) database: Arc<SqlDatabase>,
    pub(crate) requests: Arc<RequestMeasures>,
    pub(crate) jobs: Arc<JobMeasures>,
    pub(crate) mailer: Arc<Mailer>,
    pub(crate) started_at: Instant,
    pub(crate) version: &'static str,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources(..)")
    }
}

/// Writes the page of metrics.
pub(crate) struct Exporter(Arc<Sources>);

impl Exporter {
    pub(crate) fn new(sources: Sources) -> Self {
        Self(Arc::new(sources))
    }

    async fn write(&self) -> MetricsPage {
        let counted = tokio::time::timeout(COUNT_TIMEOUT, self.0.app.jobs.count_by_kind(STATES)).await;
        let jobs = match counted {
            Ok(Ok(jobs)) => Some(jobs),
            Ok(Err(_)) | Err(_) => None,
        };
        let (mut registry, mut text) = (Registry::default(), String::new());
        registry.register_collector(Box::new(Collected { sources: Arc::clone(&self.0), jobs }));
        if prometheus_text::encode(&mut text, &registry).is_err() {
            tracing::error!("the metrics can't be written");
        }
        MetricsPage { content_type: prometheus_text::CONTENT_TYPE, text }
    }
}

impl MetricsSource for Exporter {
    fn page(&self) -> Pin<Box<dyn Future<Output = MetricsPage> + Send + '_>> {
        Box::pin(self.write())
    }
}

/// What there is to write at a moment.
#[derive(Debug)]
struct Collected {
    sources: Arc<Sources>,
    /// Unless the database didn't answer.
    jobs: Option<Vec<(JobState, JobCount)>>,
}

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let version = self.sources.version;
        write(encoder, &table::BUILD_INFO, |samples| samples.level([version], 1))?;
        let started = since_1970(self.sources.started_at);
        write(encoder, &table::START_TIME, |samples| samples.seconds([], started))?;
        self.requests(encoder)?;
        self.sign_ins(encoder)?;
        self.database(encoder)?;
        self.jobs(encoder)?;
        let mails = self.sources.mailer.measures();
        write(encoder, &table::MAILS, |samples| {
            mails.iter().try_for_each(|(outcome, mails)| samples.count([outcome.as_str()], mails.count()))
        })?;
        let webhooks = &self.sources.app.webhooks.measures;
        write(encoder, &table::WEBHOOKS, |samples| {
            webhooks.iter().try_for_each(|(outcome, attempts)| samples.count([outcome.as_str()], attempts.count()))
        })?;
        let reminders = &self.sources.app.reminders.measures;
        write(encoder, &table::REMINDERS, |samples| {
            reminders.iter().try_for_each(|(outcome, reminders)| samples.count([outcome.as_str()], reminders.count()))
        })?;
        let streams = u64::try_from(self.sources.app.revision_feed.count()).unwrap_or(u64::MAX);
        write(encoder, &table::EVENT_STREAMS, |samples| samples.level([], streams))?;
        let keyed = &self.sources.app.idempotent_requests.measures;
        write(encoder, &table::KEYED_REQUESTS, |samples| {
            keyed.iter().try_for_each(|(outcome, requests)| samples.count([outcome.as_str()], requests.count()))
        })?;
        let read_at = self.sources.app.authenticator.revocations.read_at();
        write(encoder, &table::REVOCATION_FEED_AGE, |samples| match read_at {
            Some(read_at) => samples.seconds([], elapsed(read_at, self.sources.app.context.now())),
            None => Ok(()),
        })?;
        let hashing = self.sources.app.passwords.hasher.measures();
        write(encoder, &table::HASH_WAITING, |samples| samples.level([], hashing.waiting.count()))?;
        write(encoder, &table::HASH_WAIT, |samples| samples.durations([], hashing.waits.counts()))?;
        write(encoder, &table::HASH_REFUSALS, |samples| samples.count([], hashing.refused.count()))
    }
}

impl Collected {
    /// Without the operations that weren't asked for: they are many.
    fn requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let requests = &self.sources.requests;
        let used = |(_, _, served): &(&str, &str, &ServedMeasures)| served.durations.counts().count() > 0;
        write(encoder, &table::HTTP_REQUESTS, |samples| {
            requests.iter().filter(used).try_for_each(|(method, route, served)| {
                let counts = served.statuses.iter().map(|(status, counter)| (status.as_str(), counter.count()));
                let mut counts = counts.filter(|(_, count)| *count > 0);
                counts.try_for_each(|(status, count)| samples.count([method, route, status], count))
            })
        })?;
        write(encoder, &table::HTTP_DURATION, |samples| {
            requests
                .iter()
                .filter(used)
                .try_for_each(|(method, route, served)| samples.durations([method, route], served.durations.counts()))
        })?;
        write(encoder, &table::HTTP_IN_FLIGHT, |samples| samples.level([], requests.in_flight.count()))?;
        write(encoder, &table::RATE_LIMIT_REFUSALS, |samples| {
            requests.refusals.iter().try_for_each(|(limit, refusals)| samples.count([limit.as_str()], refusals.count()))
        })
    }

    fn sign_ins(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        write(encoder, &table::SIGN_INS, |samples| {
            self.sources
                .app
                .context
                .sign_ins
                .iter()
                .try_for_each(|(method, outcome, count)| samples.count([method.as_str(), outcome.as_str()], count))
        })
    }

    fn database(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let unit_of_work = &self.sources.app.context.unit_of_work;
        let (measures, database) = (unit_of_work.measures(), &self.sources.database);
        let (open, idle) = database.connections();
        write(encoder, &table::DATABASE_UP, |samples| samples.level([], unit_of_work.is_reachable().into()))?;
        write(encoder, &table::DATABASE_UNITS, |samples| {
            measures.units.iter().try_for_each(|(kind, units)| {
                let mut outcomes = units.outcomes.iter();
                outcomes
                    .try_for_each(|(outcome, units)| samples.count([kind.as_str(), outcome.as_str()], units.count()))
            })
        })?;
        write(encoder, &table::DATABASE_DURATION, |samples| {
            measures
                .units
                .iter()
                .try_for_each(|(kind, units)| samples.durations([kind.as_str()], units.durations.counts()))
        })?;
        write(encoder, &table::DATABASE_WAIT, |samples| samples.durations([], measures.waits.counts()))?;
        write(encoder, &table::DATABASE_STATEMENTS, |samples| samples.count([], measures.statements.count()))?;
        write(encoder, &table::DATABASE_ROUND_TRIPS, |samples| samples.count([], measures.round_trips.count()))?;
        write(encoder, &table::DATABASE_CONNECTIONS, |samples| {
            samples.level(["in_use"], open.saturating_sub(idle).into())?;
            samples.level(["idle"], idle.into())
        })?;
        let most = database.max_connections();
        write(encoder, &table::DATABASE_CONNECTIONS_MAX, |samples| samples.level([], most.into()))?;
        write(encoder, &table::DATABASE_LEFT_BEHIND, |samples| samples.level([], database.left_behind().into()))
    }

    fn jobs(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kinds = || JobKind::ALL.iter().map(|kind| kind.as_str()).chain([OTHER_KIND]);
        // Kinds without jobs have zeros, so that an alert tells none from no answer.
        write(encoder, &table::JOBS, |samples| {
            let Some(jobs) = &self.jobs else { return Ok(()) };
            kinds().try_for_each(|kind| {
                STATES.iter().try_for_each(|state| {
                    let count = of_kind(jobs, *state, kind).map(|jobs| u64::try_from(jobs.count).unwrap_or(0)).sum();
                    samples.level([kind, state.as_str()], count)
                })
            })
        })?;
        let now = self.sources.app.context.now();
        write(encoder, &table::JOBS_OVERDUE, |samples| {
            let Some(jobs) = &self.jobs else { return Ok(()) };
            kinds().try_for_each(|kind| {
                let first = of_kind(jobs, JobState::Waiting, kind).map(|jobs| jobs.first_run_at).min();
                samples.seconds([kind], first.map_or(Duration::ZERO, |first| elapsed(first, now)))
            })
        })?;
        write(encoder, &table::JOB_ATTEMPTS, |samples| {
            self.sources.jobs.iter().try_for_each(|(kind, outcomes)| {
                let mut outcomes = outcomes.iter();
                outcomes.try_for_each(|(outcome, attempts)| {
                    samples.count([kind.as_str(), outcome.as_str()], attempts.count())
                })
            })
        })
    }
}

/// The jobs of a kind, or of all that aren't known here.
fn of_kind<'a>(jobs: &'a [(JobState, JobCount)], state: JobState, kind: &'a str) -> impl Iterator<Item = &'a JobCount> {
    jobs.iter()
        .filter(move |(own, jobs)| {
            let known = JobKind::ALL.iter().any(|known| known.as_str() == jobs.kind.as_str());
            *own == state && if known { jobs.kind.as_str() == kind } else { kind == OTHER_KIND }
        })
        .map(|(_, jobs)| jobs)
}

fn since_1970(at: Instant) -> Duration {
    Duration::from_micros(u64::try_from(at.micros()).unwrap_or(0))
}

/// Nothing, if it is still to come.
fn elapsed(since: Instant, now: Instant) -> Duration {
    Duration::from_micros(u64::try_from(now.micros().saturating_sub(since.micros())).unwrap_or(0))
}
