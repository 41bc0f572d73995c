//! Workers on jobs that take long, fail, or are left behind, with a clock and randomness that are the tests' own.

use std::sync::Mutex as StdMutex;

use circadia_app::Clock;
use circadia_domain::civil::Instant as UtcInstant;
use circadia_domain::ids::{IdSource as _, JobId};
use circadia_domain::jobs::{JobFilter, JobOverview, JobSeek, JobState, NewJob};

use super::*;
use crate::Config;
use crate::clock::FreshIds;
use crate::composition::compose;

#[derive(Debug)]
struct TestClock(StdMutex<UtcInstant>);

impl Clock for TestClock {
    fn now(&self) -> UtcInstant {
        *self.0.lock().unwrap()
    }
}

struct Fixture {
    runner: Runner,
    clock: Arc<TestClock>,
    folder: std::path::PathBuf,
}

impl Fixture {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("circadia-jobs-{name}-{}", std::process::id()));
        let clock = Arc::new(TestClock(StdMutex::new(UtcInstant::parse("2026-03-11T12:00:00Z").unwrap())));
        let data = folder.display().to_string();
        let variables = [
            ("CIRCADIA_DATA_DIR", data.as_str()),
            ("CIRCADIA_SECRET_KEY", "a key of the tests, at least 32 characters"),
        ];
        let config =
            Config::from_variables(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        let composition = compose(&config, clock.clone(), Arc::new(FreshIds)).unwrap();
        let (app, backups) = (composition.app, Backups::new(&config, composition.database));
        let mailer = Arc::new(Mailer::new(&config.mail).unwrap());
        let push = HttpPushSender::new(false).unwrap();
        let runner =
            Runner { app, mailer, measures: Arc::default(), push, quotes: None, backups, stop_backup: Arc::default() };
        Self { runner, clock, folder }
    }

    fn advance(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.plus_seconds(seconds);
    }

    /// Enqueues mail that can't be read here.
    async fn enqueue_unreadable(&self, payload: Option<Vec<u8>>) -> JobId {
        let (id, now): (JobId, _) = (FreshIds.fresh().into(), self.clock.now());
        let job = NewJob { id, kind: JobKind::Mail, user: None, payload, run_at: now, created_at: now };
        let unit_of_work = &self.runner.app.context.unit_of_work;
        unit_of_work.write_unowned::<_, StoreError>(move |store| store.enqueue_job(&job)).await.unwrap();
        id
    }

    async fn mails(&self) -> Vec<JobOverview> {
        let filter = JobFilter { kind: Some(JobKind::Mail), state: None };
        let seek = JobSeek { beyond: None, backwards: false, skip: 0, limit: 99 };
        self.runner.app.jobs.list(filter, seek).await.unwrap().0
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_whose_lease_is_nearly_over_are_given_back_unbegun() {
    let fixture = Fixture::new("nearly-over");
    for _ in 0..3 {
        fixture.enqueue_unreadable(Some(vec![1])).await;
    }
    let claimed = fixture.runner.claim(Lane::Common, 9).await.unwrap();
    assert_eq!(claimed.len(), 3);
    fixture.advance(LEASE_SECONDS - JOB_TIMEOUT_SECONDS + 1);
    fixture.runner.carry_out_all(claimed, || false).await;
    let states: Vec<_> = fixture.mails().await.iter().map(|job| (job.state, job.attempts)).collect();
    assert_eq!(states, [(JobState::Waiting, 0); 3]);
    // And so are those that weren't begun when the process stops.
    let claimed = fixture.runner.claim(Lane::Common, 9).await.unwrap();
    fixture.runner.carry_out_all(claimed, || true).await;
    assert!(fixture.mails().await.iter().all(|job| job.attempts == 0 && job.leased_until.is_none()));
    // In good time, they are begun, and fail.
    let claimed = fixture.runner.claim(Lane::Common, 9).await.unwrap();
    fixture.advance(LEASE_SECONDS - JOB_TIMEOUT_SECONDS);
    fixture.runner.carry_out_all(claimed, || false).await;
    assert!(fixture.mails().await.iter().all(|job| job.attempts == 1 && job.last_error.is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ends_its_workers_is_given_up_at_last() {
    let fixture = Fixture::new("deadly");
    let id = fixture.enqueue_unreadable(Some(vec![1])).await;
    for attempts in 1..=circadia_domain::jobs::MAX_ATTEMPTS {
        // The worker that has it ends without a word.
        assert_eq!(fixture.runner.claim(Lane::Common, 9).await.unwrap()[0].attempts, attempts);
        fixture.advance(LEASE_SECONDS);
    }
    fixture.runner.run_due().await.unwrap();
    let job = &fixture.mails().await[0];
    assert_eq!((job.id, job.state), (id, JobState::Dead));
    assert!(job.last_error.as_ref().unwrap().contains("lease ran out"), "{job:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_cannot_be_opened_is_tried_again_and_one_without_content_is_not() {
    let fixture = Fixture::new("empty");
    let unreadable = fixture.enqueue_unreadable(Some(vec![1])).await;
    let empty = fixture.enqueue_unreadable(None).await;
    assert!(fixture.runner.run_due().await.unwrap() >= 2);
    let mails = fixture.mails().await;
    assert_eq!(
        mails.iter().map(|job| (job.id, job.state)).collect::<Vec<_>>(),
        [(empty, JobState::Dead), (unreadable, JobState::Waiting)]
    );
    assert_eq!(mails[0].last_error.as_deref(), Some("what it held is gone"));
    // By up to a fifth earlier or later than in 15 seconds.
    let pause = mails[1].run_at.micros() - fixture.clock.now().micros();
    assert!((12_000_000..=18_000_000).contains(&pause), "{pause}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_recurs_is_done_once_a_period() {
    let fixture = Fixture::new("recurs");
    let purges = async || {
        let filter = JobFilter { kind: Some(JobKind::Purge), state: Some(JobState::Done) };
        let seek = JobSeek { beyond: None, backwards: false, skip: 0, limit: 99 };
        fixture.runner.app.jobs.list(filter, seek).await.unwrap().1
    };
    for (seconds, expected) in [(0, 1), (59, 1), (1, 2), (60, 3), (59, 3), (3_600, 4), (1, 4), (59, 5)] {
        fixture.advance(seconds);
        fixture.runner.run_due().await.unwrap();
        assert_eq!(purges().await, expected, "after {seconds} s more");
    }
    let schedules = fixture.runner.app.jobs.schedules().await.unwrap();
    let kinds: Vec<_> = schedules.iter().map(|schedule| schedule.kind.as_str()).collect();
    assert_eq!(kinds, ["login_retention", "logins", "purge"], "nobody configured quotations");
    assert_eq!(schedules[2].next_at, fixture.clock.now().plus_seconds(60));
}
