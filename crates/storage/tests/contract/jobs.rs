//! Jobs and their leases.

use std::collections::BTreeSet;

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{JobId, UserId};
use circadia_domain::jobs::{Attempt, Job, JobKind, NewJob, Settled, settle};
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::{Backend, SqlDatabase};

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

const KINDS: &[JobKind] = &[JobKind::Mail];

fn enqueue(test: &TestDatabase, jobs: &[NewJob]) {
    write_unowned(&test.database, |store| jobs.iter().try_for_each(|job| store.enqueue_job(job))).unwrap();
}

/// Claims for a minute.
fn claim(database: &SqlDatabase, now: Instant) -> Option<Job> {
    write_unowned(database, |store| store.claim_job(KINDS, now, now.plus_seconds(60))).unwrap()
}

fn end(test: &TestDatabase, job: &Job, attempt: &Attempt, now: Instant) -> Settled {
    write_unowned(&test.database, |store| settle(store, job, attempt, now)).unwrap()
}

fn is_due(test: &TestDatabase, now: Instant) -> bool {
    test.read(|store| store.job_is_due(KINDS, now))
}

pub(crate) fn a_job_is_claimed_as_it_was_enqueued(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    assert!(!is_due(&test, NOW));
    assert_eq!(claim(&test.database, NOW), None);
    let user = test.user();
    let job = NewJob { payload: vec![7; 65_536], ..samples::job(Some(user)) };
    enqueue(&test, std::slice::from_ref(&job));
    assert!(is_due(&test, NOW));
    let NewJob { id, kind, payload, created_at, .. } = job;
    let leased_until = NOW.plus_seconds(60);
    let expected = Job { id, kind, user: Some(user), payload, attempts: 1, created_at, leased_until };
    assert_eq!(claim(&test.database, NOW), Some(expected));
    assert!(!is_due(&test, NOW));
    assert_eq!(claim(&test.database, NOW), None);
    assert_eq!(write_unowned(&test.database, |store| store.claim_job(&[], NOW, NOW)).unwrap(), None);
}

pub(crate) fn two_workers_never_get_the_same_job(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let jobs: Vec<NewJob> = (0..40).map(|_| samples::job(None)).collect();
    enqueue(&test, &jobs);
    let workers: Vec<_> = (0..8).map(|_| test.reopened(|options| options.max_connections = 1)).collect();
    let claimed = at_once(8, |index| {
        let mut mine = Vec::new();
        // Another may be a step ahead with everything that was looked at; what is left is found the next time.
        while test.read(|store| store.job_is_due(KINDS, NOW)) {
            mine.extend(claim(&workers[index], NOW).map(|job| job.id));
        }
        mine
    });
    let all: Vec<JobId> = claimed.into_iter().flatten().collect();
    let each: BTreeSet<JobId> = all.iter().copied().collect();
    assert_eq!((all.len(), each.len()), (40, 40));
}

pub(crate) fn an_expired_lease_is_taken_over_and_is_the_first_worker_s_no_more(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    enqueue(&test, &[samples::job(None)]);
    let first = claim(&test.database, NOW).unwrap();
    assert_eq!(claim(&test.database, NOW.plus_seconds(59)), None);
    let later = NOW.plus_seconds(60);
    assert!(is_due(&test, later));
    let second = claim(&test.database, later).unwrap();
    assert_eq!((second.id, second.attempts), (first.id, 2));
    // Whatever the first worker has to say of it, it comes too late.
    for attempt in [Attempt::Done, Attempt::Failed("slow".into()), Attempt::Permanent("slow".into())] {
        assert_eq!(end(&test, &first, &attempt, later), Settled::NotOurs);
    }
    assert_eq!(end(&test, &second, &Attempt::Done, later), Settled::Done);
    assert_eq!(end(&test, &second, &Attempt::Done, later), Settled::NotOurs);
}

pub(crate) fn jobs_come_when_they_are_due_the_longest_due_first(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let at = |seconds| NewJob { run_at: NOW.plus_seconds(seconds), ..samples::job(None) };
    let (late, early, middle) = (at(30), at(-30), at(0));
    enqueue(&test, &[late.clone(), early.clone(), middle.clone()]);
    assert_eq!(claim(&test.database, NOW).unwrap().id, early.id);
    let tried = claim(&test.database, NOW).unwrap();
    assert_eq!(tried.id, middle.id);
    assert_eq!(claim(&test.database, NOW), None);
    assert_eq!(end(&test, &tried, &Attempt::Failed("450 later".into()), NOW), Settled::Again(NOW.plus_seconds(15)));
    assert!(!is_due(&test, NOW.plus_seconds(14)));
    assert_eq!(claim(&test.database, NOW.plus_seconds(15)).unwrap().attempts, 2);
    assert_eq!(claim(&test.database, NOW.plus_seconds(30)).unwrap().id, late.id);
}

pub(crate) fn what_is_done_or_given_up_is_not_claimed_again_and_holds_nothing(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    enqueue(&test, &[samples::job(None), samples::job(None)]);
    let (first, second) = (claim(&test.database, NOW).unwrap(), claim(&test.database, NOW).unwrap());
    end(&test, &first, &Attempt::Done, NOW);
    assert_eq!(end(&test, &second, &Attempt::Permanent("ü".repeat(900)), NOW), Settled::Dead);
    assert!(!is_due(&test, NOW.plus_seconds(1_000_000)));
    assert_eq!(claim(&test.database, NOW.plus_seconds(1_000_000)), None);
    let mut raw = test.raw();
    assert_eq!(raw.number("SELECT count(*) FROM jobs WHERE payload IS NOT NULL OR leased_until IS NOT NULL"), 0);
    assert_eq!(raw.texts("SELECT state FROM jobs ORDER BY state"), ["dead", "done"]);
    assert_eq!(raw.texts("SELECT last_error FROM jobs WHERE last_error IS NOT NULL"), ["ü".repeat(500)]);
    // One that fails again and again is given up, too.
    enqueue(&test, &[samples::job(None)]);
    let mut now = NOW;
    let mut attempts = 0;
    while let Some(job) = claim(&test.database, now) {
        attempts = job.attempts;
        let Settled::Again(next) = end(&test, &job, &Attempt::Failed("no".into()), now) else { break };
        now = next;
    }
    assert_eq!(attempts, circadia_domain::jobs::MAX_ATTEMPTS);
    assert_eq!(raw.number("SELECT count(*) FROM jobs WHERE state = 'dead'"), 2);
}

pub(crate) fn old_jobs_are_purged(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    enqueue(&test, &[samples::job(None), samples::job(None), samples::job(None)]);
    let (done, dead) = (claim(&test.database, NOW).unwrap(), claim(&test.database, NOW).unwrap());
    end(&test, &done, &Attempt::Done, NOW);
    end(&test, &dead, &Attempt::Permanent("no".into()), NOW);
    let purge = |done, dead| {
        let at = |seconds| NOW.plus_seconds(seconds);
        write_unowned(&test.database, |store| store.purge_jobs(at(done), at(dead))).unwrap()
    };
    assert_eq!([purge(0, 0), purge(1, 0), purge(1, 0), purge(1, 1)], [0, 1, 0, 1]);
    assert_eq!(test.raw().texts("SELECT state FROM jobs"), ["waiting"]);
}

pub(crate) fn jobs_of_unknown_users_are_refused(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let unknown = UserId::from_uuid(samples::id());
    let refused = write_unowned(&test.database, |store| store.enqueue_job(&samples::job(Some(unknown))));
    assert!(matches!(refused, Err(StoreError::NoSuchUser)), "{refused:?}");
}
