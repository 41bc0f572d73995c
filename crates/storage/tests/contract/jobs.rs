//! Jobs and their leases.

use std::collections::BTreeSet;

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{JobId, UserId};
use circadia_domain::jobs::{
    Attempt, Jitter, Job, JobFilter, JobKind, JobSeek, JobState, NewJob, Retention, Retries, Schedule, Settled,
    enqueue_scheduled, retention, retry_dead, settle,
};
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::{Backend, SqlDatabase};

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

const KINDS: &[JobKind] = &[JobKind::Mail];
const PURGES: Schedule = Schedule { kind: JobKind::Purge, interval: 60, daily_at: None };

fn enqueue(test: &TestDatabase, jobs: &[NewJob]) {
    write_unowned(&test.database, |store| jobs.iter().try_for_each(|job| store.enqueue_job(job))).unwrap();
}

/// Claims one for a minute.
fn claim(database: &SqlDatabase, now: Instant) -> Option<Job> {
    claim_several(database, now, 1).pop()
}

fn claim_several(database: &SqlDatabase, now: Instant, limit: usize) -> Vec<Job> {
    write_unowned(database, |store| store.claim_jobs(KINDS, now, now.plus_seconds(60), limit)).unwrap()
}

fn end(test: &TestDatabase, job: &Job, attempt: &Attempt, now: Instant) -> Settled {
    let retries = Retries::of(job.kind, None);
    write_unowned(&test.database, |store| settle(store, job, attempt, retries, Jitter::NONE, now)).unwrap()
}

/// The ids and states of all jobs that are sought, newest first.
fn listed(test: &TestDatabase, filter: JobFilter, now: Instant) -> Vec<(JobId, JobState)> {
    let seek = JobSeek { beyond: None, backwards: false, skip: 0, limit: 100 };
    let found = test.read(|store| store.jobs(filter, seek, now));
    assert_eq!(test.read(|store| store.count_jobs(filter, now)), i64::try_from(found.len()).unwrap());
    found.into_iter().map(|job| (job.id, job.state)).collect()
}

fn is_due(test: &TestDatabase, now: Instant) -> bool {
    test.read(|store| store.job_is_due(KINDS, now))
}

pub(crate) fn a_job_is_claimed_as_it_was_enqueued(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    assert!(!is_due(&test, NOW));
    assert_eq!(claim(&test.database, NOW), None);
    let user = test.user();
    let job = NewJob { payload: Some(vec![7; 65_536]), ..samples::job(Some(user)) };
    enqueue(&test, std::slice::from_ref(&job));
    assert!(is_due(&test, NOW));
    let NewJob { id, kind, payload, created_at, .. } = job;
    let leased_until = NOW.plus_seconds(60);
    let expected = Job { id, kind, user: Some(user), payload, attempts: 1, created_at, leased_until };
    assert_eq!(claim(&test.database, NOW), Some(expected));
    assert!(!is_due(&test, NOW));
    assert_eq!(claim(&test.database, NOW), None);
    assert_eq!(write_unowned(&test.database, |store| store.claim_jobs(&[], NOW, NOW, 9)).unwrap(), []);
    let without = NewJob { payload: None, ..samples::job(None) };
    enqueue(&test, std::slice::from_ref(&without));
    assert_eq!(claim(&test.database, NOW).map(|job| (job.id, job.payload)), Some((without.id, None)));
}

pub(crate) fn workers_never_get_the_same_job(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let jobs: Vec<NewJob> = (0..200).map(|_| samples::job(None)).collect();
    enqueue(&test, &jobs);
    let workers: Vec<_> = (0..8).map(|_| test.reopened(|options| options.max_connections = 1)).collect();
    let claimed = at_once(8, |index| {
        let mut mine = Vec::new();
        // Another may have locked what was looked at; what is left is found the next time.
        while test.read(|store| store.job_is_due(KINDS, NOW)) {
            let batch = claim_several(&workers[index], NOW, 1 + index);
            assert!(batch.len() <= 1 + index && batch.iter().all(|job| job.attempts == 1));
            mine.extend(batch.into_iter().map(|job| job.id));
        }
        mine
    });
    let all: Vec<JobId> = claimed.into_iter().flatten().collect();
    let each: BTreeSet<JobId> = all.iter().copied().collect();
    assert_eq!((all.len(), each.len()), (200, 200));
}

pub(crate) fn what_was_not_begun_is_handed_back(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let jobs: Vec<NewJob> = (0..3).map(|_| samples::job(None)).collect();
    enqueue(&test, &jobs);
    let claimed = claim_several(&test.database, NOW, 9);
    assert_eq!(claimed.iter().map(|job| job.id).collect::<Vec<_>>(), jobs.iter().map(|job| job.id).collect::<Vec<_>>());
    let hand_back = |job: &Job| write_unowned(&test.database, |store| store.hand_back_job(job)).unwrap();
    assert!(hand_back(&claimed[1]) && !hand_back(&claimed[1]));
    let again = claim_several(&test.database, NOW.plus_seconds(1), 9);
    assert_eq!(again.iter().map(|job| (job.id, job.attempts)).collect::<Vec<_>>(), [(claimed[1].id, 1)]);
    assert!(!hand_back(&claimed[1]), "it has another lease");
    assert_eq!(end(&test, &claimed[1], &Attempt::Done, NOW), Settled::NotOurs);
    assert_eq!(end(&test, &again[0], &Attempt::Done, NOW), Settled::Done);
}

pub(crate) fn a_lease_is_renewed_as_long_as_it_is_in_force(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    enqueue(&test, &[samples::job(None)]);
    let first = claim(&test.database, NOW).unwrap();
    let renew =
        |job: &Job, until: Instant| write_unowned(&test.database, |store| store.renew_lease(job, until)).unwrap();
    let later = NOW.plus_seconds(100);
    assert!(renew(&first, later));
    assert!(!renew(&first, later.plus_seconds(1)), "that is the lease of before");
    let renewed = Job { leased_until: later, ..first };
    assert_eq!(claim(&test.database, NOW.plus_seconds(99)), None);
    let second = claim(&test.database, later).unwrap();
    assert!(!renew(&renewed, later.plus_seconds(60)), "another worker has the job");
    assert_eq!(end(&test, &renewed, &Attempt::Done, later), Settled::NotOurs);
    assert_eq!(end(&test, &second, &Attempt::Done, later), Settled::Done);
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

pub(crate) fn a_job_that_goes_on_is_claimed_again_as_a_new_one(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    enqueue(&test, &[samples::job(None)]);
    let first = claim(&test.database, NOW).unwrap();
    end(&test, &first, &Attempt::Failed("no".into()), NOW);
    let later = NOW.plus_seconds(15);
    let second = claim(&test.database, later).unwrap();
    assert_eq!(end(&test, &second, &Attempt::Continue, later), Settled::Again(later));
    assert_eq!(end(&test, &second, &Attempt::Continue, later), Settled::NotOurs);
    let third = claim(&test.database, later).unwrap();
    assert_eq!((third.id, third.attempts, third.payload), (first.id, 1, first.payload));
    assert_eq!(test.read(|store| store.find_job(first.id, later)).unwrap().last_error, None);
}

pub(crate) fn what_is_done_holds_nothing_and_what_is_given_up_can_be_retried(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    enqueue(&test, &[samples::job(None), samples::job(None)]);
    let (first, second) = (claim(&test.database, NOW).unwrap(), claim(&test.database, NOW).unwrap());
    end(&test, &first, &Attempt::Done, NOW);
    assert_eq!(end(&test, &second, &Attempt::Permanent("ü".repeat(900)), NOW), Settled::Dead);
    let later = NOW.plus_seconds(1_000_000);
    assert!(!is_due(&test, later));
    assert_eq!(claim(&test.database, later), None);
    let mut raw = test.raw();
    assert_eq!(raw.number("SELECT count(*) FROM jobs WHERE leased_until IS NOT NULL"), 0);
    assert_eq!(raw.texts("SELECT state FROM jobs WHERE payload IS NOT NULL"), ["dead"]);
    assert_eq!(raw.texts("SELECT last_error FROM jobs WHERE last_error IS NOT NULL"), ["ü".repeat(500)]);

    let retry = |id| write_unowned(&test.database, |store| retry_dead(store, id, later));
    let retried = retry(second.id).unwrap();
    assert_eq!((retried.state, retried.attempts, retried.run_at), (JobState::Waiting, 0, later));
    assert_eq!((retried.finished_at, retried.created_at), (None, second.created_at));
    for (id, code) in
        [(second.id, "job_not_dead"), (first.id, "job_not_dead"), (JobId::from_uuid(samples::id()), "job_not_found")]
    {
        let refused = match retry(id).unwrap_err() {
            circadia_domain::Error::Conflict { code, .. } | circadia_domain::Error::NotFound { code, .. } => code,
            other => panic!("{other}"),
        };
        assert_eq!(refused.as_str(), code);
    }
    let again = claim(&test.database, later).unwrap();
    assert_eq!((again.id, again.attempts, &again.payload), (second.id, 1, &second.payload));
    end(&test, &again, &Attempt::Done, later);

    // One that fails again and again is given up, too.
    enqueue(&test, &[samples::job(None)]);
    let (mut now, mut attempts) = (NOW, 0);
    while let Some(job) = claim(&test.database, now) {
        attempts = job.attempts;
        let Settled::Again(next) = end(&test, &job, &Attempt::Failed("no".into()), now) else { break };
        now = next;
    }
    assert_eq!(attempts, circadia_domain::jobs::MAX_ATTEMPTS);
    assert_eq!(raw.number("SELECT count(*) FROM jobs WHERE state = 'dead'"), 1);
}

pub(crate) fn old_jobs_are_purged(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    enqueue(&test, &[samples::job(None), samples::job(None), samples::job(None)]);
    let (done, dead) = (claim(&test.database, NOW).unwrap(), claim(&test.database, NOW).unwrap());
    end(&test, &done, &Attempt::Done, NOW);
    end(&test, &dead, &Attempt::Permanent("no".into()), NOW);
    let recurring = NewJob { kind: JobKind::Purge, payload: None, ..samples::job(None) };
    enqueue(&test, &[recurring]);
    let claimed =
        write_unowned(&test.database, |store| store.claim_jobs(&[JobKind::Purge], NOW, NOW.plus_seconds(60), 1));
    end(&test, &claimed.unwrap()[0], &Attempt::Done, NOW);
    let purge = |retention: Retention| write_unowned(&test.database, |store| store.purge_jobs(&retention)).unwrap();
    let day = |day: i64, more: i64| retention(NOW.plus_seconds(day * 86_400 + more));
    assert_eq!([purge(day(1, 0)), purge(day(1, 1)), purge(day(1, 1))], [0, 1, 0]);
    assert_eq!([purge(day(7, 0)), purge(day(7, 1)), purge(day(7, 1))], [0, 1, 0]);
    assert_eq!(
        test.raw().number("SELECT count(*) FROM jobs WHERE payload IS NOT NULL"),
        2,
        "the dead one keeps its own"
    );
    assert_eq!([purge(day(30, 0)), purge(day(30, 1))], [0, 1]);
    assert_eq!(test.raw().texts("SELECT state FROM jobs"), ["waiting"]);
}

pub(crate) fn jobs_are_listed_newest_first_by_state_and_kind(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let jobs: Vec<NewJob> = (0..5).map(|number| samples::job((number == 0).then_some(user))).collect();
    enqueue(&test, &jobs);
    let purge = NewJob { kind: JobKind::Purge, payload: None, run_at: NOW.plus_seconds(9), ..samples::job(None) };
    enqueue(&test, std::slice::from_ref(&purge));
    let claimed = claim_several(&test.database, NOW, 3);
    end(&test, &claimed[0], &Attempt::Done, NOW);
    end(&test, &claimed[1], &Attempt::Permanent("550 to ada@example.org".into()), NOW);
    use JobState::{Dead, Done, Running, Waiting};
    let [done, dead, running, waiting, last] = [0, 1, 2, 3, 4].map(|index: usize| jobs[index].id);
    let everything =
        [(purge.id, Waiting), (last, Waiting), (waiting, Waiting), (running, Running), (dead, Dead), (done, Done)];
    assert_eq!(listed(&test, JobFilter::default(), NOW), everything);
    for state in [Waiting, Running, Done, Dead] {
        let expected: Vec<_> = everything.iter().copied().filter(|(_, its)| *its == state).collect();
        assert_eq!(listed(&test, JobFilter { state: Some(state), kind: None }, NOW), expected, "{state}");
    }
    let of_kind = |kind, state| listed(&test, JobFilter { state, kind: Some(kind) }, NOW).len();
    assert_eq!([of_kind(JobKind::Purge, None), of_kind(JobKind::Mail, None)], [1, 5]);
    assert_eq!([of_kind(JobKind::Mail, Some(Waiting)), of_kind(JobKind::Quotes, None)], [2, 0]);
    // Once its lease is over, it waits for another worker.
    let later = NOW.plus_seconds(60);
    assert_eq!(listed(&test, JobFilter { state: Some(Running), kind: None }, later), []);

    let part = |beyond, backwards, skip| {
        let seek = JobSeek { beyond, backwards, skip, limit: 2 };
        let found = test.read(|store| store.jobs(JobFilter::default(), seek, NOW));
        found.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(part(None, false, 0), [purge.id, last]);
    assert_eq!(part(None, false, 4), [dead, done]);
    assert_eq!(part(Some(running), false, 0), [dead, done]);
    assert_eq!(part(Some(running), true, 0), [waiting, last]);

    let found = test.read(|store| store.find_job(dead, NOW)).unwrap();
    assert_eq!((found.kind.as_str(), found.state, found.attempts, found.user), ("mail", Dead, 1, None));
    assert_eq!((found.run_at, found.created_at), (jobs[1].run_at, jobs[1].created_at));
    assert_eq!((found.finished_at, found.leased_until), (Some(NOW), None));
    assert_eq!(found.last_error.as_deref(), Some("550 to (an address)"));
    assert_eq!(test.read(|store| store.find_job(done, NOW)).unwrap().user, Some(user));
    // What a newer replica enqueues is listed, and left to it.
    test.raw().execute("UPDATE jobs SET kind = 'newer' WHERE kind = 'purge'").unwrap();
    let found = test.read(|store| store.find_job(purge.id, NOW)).unwrap();
    assert_eq!(found.kind.as_str(), "newer");
}

/// Has a schedule's turn, if it has come as far as a replica knows. Whether it enqueued a job.
fn turn(database: &SqlDatabase, now: Instant) -> bool {
    let next_at = circadia_domain::unit_of_work::read(database, |store| store.job_schedules());
    let next_at = next_at.unwrap().first().map(|schedule| schedule.next_at);
    if !PURGES.is_due(next_at, now) {
        return false;
    }
    let id = JobId::from_uuid(samples::id());
    write_unowned(database, |store| enqueue_scheduled(store, &PURGES, next_at, id, now)).unwrap()
}

fn purges(test: &TestDatabase) -> i64 {
    test.raw().number("SELECT count(*) FROM jobs WHERE kind = 'purge'")
}

/// Claims the scheduled job for a minute.
fn claim_purge(test: &TestDatabase, now: Instant) -> Option<Job> {
    let claimed =
        write_unowned(&test.database, |store| store.claim_jobs(&[JobKind::Purge], now, now.plus_seconds(60), 1));
    claimed.unwrap().pop()
}

pub(crate) fn jobs_are_counted_by_state_and_kind(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let counted = |state, now| {
        let counts = test.read(|store| store.count_jobs_by_kind(state, now));
        counts.into_iter().map(|it| (it.kind.to_string(), it.count, it.first_run_at)).collect::<Vec<_>>()
    };
    use JobState::{Dead, Done, Running, Waiting};
    assert_eq!(counted(Waiting, NOW), []);
    let mails: Vec<NewJob> =
        (0..4).map(|number| NewJob { run_at: NOW.plus_seconds(number), ..samples::job(None) }).collect();
    let purge = NewJob { kind: JobKind::Purge, payload: None, run_at: NOW.plus_seconds(-9), ..samples::job(None) };
    enqueue(&test, &mails);
    enqueue(&test, std::slice::from_ref(&purge));
    let claimed = claim_several(&test.database, NOW.plus_seconds(1), 2);
    end(&test, &claimed[1], &Attempt::Permanent("no".into()), NOW.plus_seconds(1));
    let later = NOW.plus_seconds(2);
    let mail = |count, seconds| ("mail".to_owned(), count, NOW.plus_seconds(seconds));
    assert_eq!(counted(Waiting, later), [mail(2, 2), ("purge".to_owned(), 1, purge.run_at)]);
    assert_eq!(counted(Running, later), [mail(1, 0)]);
    assert_eq!(counted(Dead, later), [mail(1, 1)]);
    assert_eq!(counted(Done, later), []);
    // Once its lease is over, it waits for another worker.
    let over = NOW.plus_seconds(61);
    assert_eq!((counted(Running, over), counted(Waiting, over)[0].clone()), (Vec::new(), mail(3, 0)));
    assert_eq!(test.database_statements(), 1);
}

pub(crate) fn of_eight_schedulers_at_once_one_enqueues(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let replicas: Vec<_> = (0..8).map(|_| test.reopened(|options| options.max_connections = 1)).collect();
    // At the first sight of a schedule and at later turns.
    for round in 0..4 {
        let now = NOW.plus_seconds(60 * round);
        // All of them have seen the turn before any has it.
        let seen = test.read(|store| store.job_schedules()).first().map(|schedule| schedule.next_at);
        let enqueued = at_once(8, |index| {
            let id = JobId::from_uuid(samples::id());
            // Two that make the row of a schedule at once may deadlock; the next look finds it made.
            write_unowned(&replicas[index], |store| enqueue_scheduled(store, &PURGES, seen, id, now)).unwrap_or(false)
        });
        assert_eq!(enqueued.iter().filter(|enqueued| **enqueued).count(), 1, "round {round}: {enqueued:?}");
        assert_eq!(purges(&test), round + 1);
        let job = claim_purge(&test, now).unwrap();
        assert_eq!((job.user, job.payload.as_deref()), (None, None));
        end(&test, &job, &Attempt::Done, now);
        // One that saw the turn before the others had it comes too late, though the job is done.
        let id = JobId::from_uuid(samples::id());
        let late = write_unowned(&test.database, |store| enqueue_scheduled(store, &PURGES, seen, id, now));
        assert!(!late.unwrap(), "round {round}");
    }
}

pub(crate) fn no_second_job_is_enqueued_while_the_last_waits(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    assert!(turn(&test.database, NOW));
    let at = |seconds| NOW.plus_seconds(seconds);
    // Neither while it waits, nor while a worker has it, nor while it is to be tried again.
    assert!(!turn(&test.database, at(60)));
    let job = claim_purge(&test, at(90)).unwrap();
    assert!(!turn(&test.database, at(120)));
    let retries = Retries::of(JobKind::Purge, Some(60));
    write_unowned(&test.database, |store| {
        settle(store, &job, &Attempt::Failed("no".into()), retries, Jitter::NONE, at(140))
    })
    .unwrap();
    assert!(!turn(&test.database, at(180)));
    assert_eq!(purges(&test), 1);
    let job = claim_purge(&test, at(200)).unwrap();
    end(&test, &job, &Attempt::Done, at(200));
    // The turns that were skipped aren't made up for.
    assert!(!turn(&test.database, at(239)) && turn(&test.database, at(240)));
    assert_eq!(purges(&test), 2);
}

pub(crate) fn a_clock_that_is_set_back_stops_no_schedule(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let at = |seconds| NOW.plus_seconds(seconds);
    assert!(turn(&test.database, NOW));
    let job = claim_purge(&test, NOW).unwrap();
    end(&test, &job, &Attempt::Done, NOW);
    // An hour earlier: at once, and then at the interval. The worker that has it dies, and its lease ends an hour and a
    // minute later; and one is enqueued that would be due in an hour.
    for (second, expected) in [(-3600, true), (-3599, false), (-3541, false), (-3540, false)] {
        assert_eq!(turn(&test.database, at(second)), expected, "{second}");
    }
    assert_eq!(purges(&test), 2);
    assert!(claim_purge(&test, at(-3540)).is_some());
    for column in ["run_at", "leased_until"] {
        let later = match backend {
            Backend::Sqlite => "3600000000",
            Backend::Postgres => "interval '1 hour'",
            Backend::Mysql => "interval 1 hour",
        };
        let change =
            format!("UPDATE jobs SET {column} = coalesce(leased_until, run_at) + {later} WHERE state = 'waiting'");
        test.raw().execute(&change).unwrap();
        let next = test.read(|store| store.job_schedules())[0].next_at;
        assert_eq!(claim_purge(&test, next), None, "{column}");
        assert!(!turn(&test.database, next));
        assert!(claim_purge(&test, next).is_some(), "{column}");
    }
    assert_eq!(purges(&test), 2);
}

pub(crate) fn jobs_of_unknown_users_are_refused(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let unknown = UserId::from_uuid(samples::id());
    let refused = write_unowned(&test.database, |store| store.enqueue_job(&samples::job(Some(unknown))));
    assert!(matches!(refused, Err(StoreError::NoSuchUser)), "{refused:?}");
}
