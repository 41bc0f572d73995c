//! Units of work: one transaction each, whatever happens in it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Barrier, mpsc};
use std::time::{Duration, Instant};

use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{
    Database as _, GroupableWrite, QueuedWrite, Store, UnitCost, UnitOfWorkError, query, read, write, write_unowned,
};
use circadia_domain::users::{ColorScheme, Role, Settings};
use circadia_storage::Backend;

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

/// An error that what was written before it outlives.
#[derive(Debug)]
enum Answer {
    Remembered,
    Store(#[expect(dead_code, reason = "shown when a test fails")] StoreError),
}

impl From<StoreError> for Answer {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl UnitOfWorkError for Answer {
    fn commit_on_error(&self) -> bool {
        matches!(self, Self::Remembered)
    }
}

fn with_goal(minutes: i64) -> Settings {
    Settings { sleep_goal: circadia_domain::users::SleepGoal::from_minutes(minutes).unwrap(), ..samples::settings() }
}

fn goal_of(test: &TestDatabase, user: UserId) -> u16 {
    test.read(|store| store.find_user(user)).unwrap().settings.sleep_goal.minutes()
}

pub(crate) fn a_user_without_a_revision_is_refused(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let mut ran = false;
    let result: Result<(), StoreError> = write(&test.database, UserId::from_uuid(samples::id()), NOW, |_| {
        ran = true;
        Ok(())
    });
    assert!(matches!(result, Err(StoreError::NoSuchUser)), "{result:?}");
    assert!(!ran, "the work ran");
}

pub(crate) fn a_write_raises_the_revision_by_one(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    assert_eq!(test.read(|store| store.find_user(user)).unwrap().latest_rev, Revision(1));
    assert_eq!(test.write(user, |tx| Ok(tx.rev)), Revision(2));
    assert_eq!(test.write(user, |tx| Ok(tx.rev)), Revision(3));
    let stored = test.read(|store| store.find_user(user)).unwrap();
    assert_eq!((stored.rev, stored.latest_rev), (Revision(1), Revision(3)));
}

pub(crate) fn a_failed_write_leaves_nothing(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let result: Result<(), StoreError> = write(&test.database, user, NOW, |tx| {
        tx.store.update_settings(user, &with_goal(60), tx.rev, tx.now)?;
        Err(StoreError::Corrupt("as arranged".into()))
    });
    assert!(matches!(result, Err(StoreError::Corrupt(_))));
    assert_eq!(goal_of(&test, user), 960);
    assert_eq!(test.read(|store| store.find_user(user)).unwrap().latest_rev, Revision(1));
}

pub(crate) fn a_remembered_refusal_is_kept(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let result: Result<(), Answer> = write(&test.database, user, NOW, |tx| {
        tx.store.update_settings(user, &with_goal(60), tx.rev, tx.now)?;
        Err(Answer::Remembered)
    });
    assert!(matches!(result, Err(Answer::Remembered)));
    assert_eq!(goal_of(&test, user), 60);
    let result: Result<(), Answer> = write_unowned(&test.database, |store| {
        store.update_settings(user, &with_goal(61), Revision(9), NOW)?;
        Err(Answer::Remembered)
    });
    assert!(matches!(result, Err(Answer::Remembered)));
    assert_eq!(goal_of(&test, user), 61);
}

pub(crate) fn a_panic_leaves_nothing_and_a_usable_connection(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let database = test.reopened(|options| {
        options.max_connections = 1;
        options.acquire_timeout = Duration::from_secs(5);
        options.turn_timeout = Duration::from_secs(5);
    });
    for _ in 0..3 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _: Result<(), StoreError> = write(&database, user, NOW, |tx| {
                tx.store.update_settings(user, &with_goal(60), tx.rev, tx.now)?;
                panic!("as arranged");
            });
        }));
        assert!(panicked.is_err());
    }
    assert_eq!(goal_of(&test, user), 960);
    let rev = write(&database, user, NOW, |tx| Ok::<_, StoreError>(tx.rev)).unwrap();
    assert_eq!(rev, Revision(2), "an undone write raised the revision");
}

pub(crate) fn a_read_sees_one_snapshot(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let before_and_after = test.read(|store| {
        let before = store.find_user(user)?.unwrap();
        // Another connection commits in between.
        std::thread::scope(|scope| {
            scope.spawn(|| test.write(user, |tx| tx.store.update_settings(user, &with_goal(60), tx.rev, tx.now)));
        });
        Ok((before, store.find_user(user)?.unwrap()))
    });
    assert_eq!(before_and_after.0, before_and_after.1);
    assert_eq!(goal_of(&test, user), 60);
}

#[cfg_attr(not(any(feature = "postgres", feature = "mysql")), expect(dead_code, reason = "for servers"))]
pub(crate) fn a_read_cannot_write(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let result: Result<(), StoreError> =
        read(&test.database, |store| store.update_settings(user, &with_goal(60), Revision(9), NOW));
    assert!(result.is_err());
    assert_eq!(goal_of(&test, user), 960);
}

#[cfg_attr(not(any(feature = "postgres", feature = "mysql")), expect(dead_code, reason = "for servers"))]
pub(crate) fn a_write_that_lost_to_another_runs_again_as_a_whole(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    if backend == Backend::Postgres {
        // It looks for deadlocks after a second unless told otherwise.
        let name = test.options.url.rsplit('/').next().unwrap();
        test.raw().execute(&format!("ALTER DATABASE {name} SET deadlock_timeout = '50ms'")).unwrap();
    }
    let users = [test.user(), test.user()];
    let database = test.reopened(|_| {});
    let (both_hold_one, attempts) = (Barrier::new(2), AtomicU32::new(0));
    // Each writes to both users, the one of them first whom the other writes to last.
    let outcomes = at_once(2, |index| {
        let mut is_first_attempt = true;
        write_unowned::<_, StoreError>(&database, |store| {
            attempts.fetch_add(1, Ordering::Relaxed);
            let goal = with_goal(if index == 0 { 61 } else { 62 });
            store.update_settings(users[index], &goal, Revision(9), NOW)?;
            if std::mem::take(&mut is_first_attempt) {
                both_hold_one.wait();
            }
            store.update_settings(users[1 - index], &goal, Revision(9), NOW)
        })
    });
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(attempts.load(Ordering::Relaxed), 3, "one of the two ran twice");
    assert_eq!(goal_of(&test, users[0]), goal_of(&test, users[1]), "half of a write was kept");
}

/// Each of eight writers reads a number and writes it back raised.
fn raise_goals(test: &TestDatabase, users: &[UserId], times: usize) {
    at_once(8, |index| {
        let user = users[index % users.len()];
        for _ in 0..times {
            test.write(user, |tx| {
                let goal = tx.store.find_user(user)?.unwrap().settings.sleep_goal.minutes();
                tx.store.update_settings(user, &with_goal(i64::from(goal) + 1), tx.rev, tx.now)
            });
        }
    });
}

pub(crate) fn eight_writers_on_one_user_lose_nothing(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    test.write(user, |tx| tx.store.update_settings(user, &with_goal(60), tx.rev, tx.now));
    raise_goals(&test, &[user], 25);
    assert_eq!(goal_of(&test, user), 260);
    assert_eq!(test.read(|store| store.find_user(user)).unwrap().latest_rev, Revision(202));
}

pub(crate) fn eight_writers_on_eight_users_all_get_their_turn(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let users: Vec<UserId> = (0..8).map(|_| test.user()).collect();
    for user in &users {
        test.write(*user, |tx| tx.store.update_settings(*user, &with_goal(60), tx.rev, tx.now));
    }
    raise_goals(&test, &users, 25);
    for user in users {
        assert_eq!(goal_of(&test, user), 85);
    }
}

pub(crate) fn an_exhausted_pool_is_unavailable_in_time(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let database = test.reopened(|options| {
        options.max_connections = 1;
        options.acquire_timeout = Duration::from_millis(300);
        options.turn_timeout = Duration::from_millis(300);
    });
    let (taken, is_taken) = mpsc::channel();
    let (finish, may_finish) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let database = &database;
        scope.spawn(move || {
            read(database, |_| {
                taken.send(()).unwrap();
                may_finish.recv().unwrap();
                Ok::<_, StoreError>(())
            })
        });
        is_taken.recv().unwrap();
        let begun = Instant::now();
        let result = read(database, |store| store.find_user(user));
        let took = begun.elapsed();
        finish.send(()).unwrap();
        assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
        assert!(took < Duration::from_secs(1), "it took {took:?}");
    });
    assert!(read(&database, |store| store.find_user(user)).unwrap().is_some());
}

pub(crate) fn statements_are_counted_without_the_transaction(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    test.write(user, |_| Ok(()));
    assert_eq!(test.database.cost_of_last_unit().statements, 0);
    test.write(user, |tx| tx.store.update_settings(user, &samples::settings(), tx.rev, tx.now));
    assert_eq!(test.database.cost_of_last_unit().statements, 1);
    test.read(|store| {
        store.find_user(user)?;
        store.role_exists(Role::Staff)
    });
    assert_eq!(test.database.cost_of_last_unit(), UnitCost { statements: 2, round_trips: 4 });
    query(&test.database, |store| store.find_user(user)).unwrap();
    assert_eq!(test.database.cost_of_last_unit(), UnitCost { statements: 1, round_trips: 1 });
}

/// What ended, with its outcome.
type Ended = mpsc::Receiver<(Result<Revision, StoreError>, UnitCost)>;

/// A write that sets a sleep goal, and then does what `then` says.
fn goal_write(
    user: UserId,
    minutes: i64,
    then: impl FnOnce() -> Result<(), StoreError> + Send + 'static,
) -> (Box<dyn GroupableWrite>, Ended) {
    let (sender, ended) = mpsc::channel();
    let work = move |store: &mut dyn Store, rev: Option<Revision>| {
        let rev = rev.unwrap();
        store.update_settings(user, &with_goal(minutes), rev, NOW)?;
        then().map(|()| rev)
    };
    let send = move |outcome, cost| sender.send((outcome, cost)).unwrap();
    (Box::new(QueuedWrite::new(Some(user), work, send)), ended)
}

fn run_as_a_group(test: &TestDatabase, writes: &mut [Box<dyn GroupableWrite>]) {
    let mut group: Vec<&mut dyn GroupableWrite> = Vec::new();
    for write in writes {
        group.push(&mut **write);
    }
    test.database.run_writes(&mut group);
}

pub(crate) fn writes_in_a_group_are_kept_or_undone_each_by_itself(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let [ada, bob, eve, gone] = [test.user(), test.user(), test.user(), UserId::from_uuid(samples::id())];
    let refused = || Err(StoreError::Corrupt("as arranged".into()));
    let (mut writes, ended): (Vec<Box<dyn GroupableWrite>>, Vec<Ended>) = [
        goal_write(ada, 60, || Ok(())),
        goal_write(bob, 60, refused),
        goal_write(gone, 60, || Ok(())),
        goal_write(ada, 120, || Ok(())),
        goal_write(eve, 180, || Ok(())),
    ]
    .into_iter()
    .unzip();
    run_as_a_group(&test, &mut writes);
    let outcomes: Vec<_> = ended.iter().map(|ended| ended.try_recv().unwrap()).collect();
    let revisions: Vec<Option<Revision>> = outcomes.iter().map(|(outcome, _)| outcome.as_ref().ok().copied()).collect();
    assert_eq!(revisions, [Some(Revision(2)), None, None, Some(Revision(3)), Some(Revision(2))]);
    assert!(matches!(outcomes[1].0, Err(StoreError::Corrupt(_))));
    assert!(matches!(outcomes[2].0, Err(StoreError::NoSuchUser)));
    assert_eq!(outcomes[0].1.statements, 1);
    assert_eq!([ada, bob, eve].map(|user| goal_of(&test, user)), [120, 960, 180]);
    assert_eq!(
        test.read(|store| store.find_user(bob)).unwrap().latest_rev,
        Revision(1),
        "its revision was undone, too"
    );
}

pub(crate) fn a_panic_in_a_group_undoes_nothing_of_the_others(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (ada, bob) = (test.user(), test.user());
    let (mut writes, ended): (Vec<Box<dyn GroupableWrite>>, Vec<Ended>) =
        [goal_write(ada, 60, || panic!("expected by the test")), goal_write(bob, 60, || Ok(()))].into_iter().unzip();
    run_as_a_group(&test, &mut writes);
    assert!(matches!(ended[0].try_recv().unwrap().0, Err(StoreError::Defect(_))));
    assert!(ended[1].try_recv().unwrap().0.is_ok());
    assert_eq!([ada, bob].map(|user| goal_of(&test, user)), [960, 60]);
}

pub(crate) fn a_database_answers_a_ping(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    test.database.ping().unwrap();
}

#[cfg_attr(not(any(feature = "postgres", feature = "mysql")), expect(dead_code, reason = "for servers"))]
pub(crate) fn a_server_that_is_away_is_unavailable_in_time(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (scheme, _) = test.options.url.split_once("://").unwrap();
    let away = test.reopened(|options| {
        options.url = format!("{scheme}://nobody:nothing@127.0.0.1:1/none");
        options.acquire_timeout = Duration::from_millis(500);
        options.turn_timeout = Duration::from_millis(500);
    });
    let begun = Instant::now();
    assert!(matches!(away.ping(), Err(StoreError::Unavailable(_))));
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[cfg_attr(not(any(feature = "postgres", feature = "mysql")), expect(dead_code, reason = "for servers"))]
pub(crate) fn lost_connections_are_replaced_unseen(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let database = test.reopened(|options| options.max_connections = 4);
    let fill_the_pool = || {
        at_once(4, |_| {
            read(&database, |store| {
                std::thread::sleep(Duration::from_millis(100));
                store.find_user(user)
            })
            .unwrap()
        })
    };
    fill_the_pool();
    assert_eq!(database.connections().0, 4, "the pool isn't full: the test would prove nothing");
    let mut raw = test.raw();
    match backend {
        Backend::Sqlite => panic!("a file has no connection to lose"),
        Backend::Postgres => raw
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .unwrap(),
        Backend::Mysql => {
            let kills = raw.texts(
                "SELECT CONCAT('KILL ', id) FROM information_schema.processlist
                 WHERE db = DATABASE() AND id <> CONNECTION_ID()",
            );
            assert!(kills.len() >= 4);
            for kill in kills {
                raw.execute(&kill).unwrap();
            }
        }
    }
    assert!(query(&database, |store| store.find_user(user)).unwrap().is_some());
    let settings = Settings { color_scheme: ColorScheme::Light, ..samples::settings() };
    write(&database, user, NOW, |tx| tx.store.update_settings(user, &settings, tx.rev, tx.now)).unwrap();
    assert_eq!(read(&database, |store| store.find_user(user)).unwrap().unwrap().latest_rev, Revision(2));
    fill_the_pool();
}
