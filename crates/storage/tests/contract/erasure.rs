//! What is left of an account that was deleted: nothing. Held against the databases' own catalogues, so that a table
//! which a new feature brings and the erasure doesn't know of is found here.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};

use circadia_domain::civil::{Instant, ZoneOrOffset};
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::habits::Habit;
use circadia_domain::ids::{SecurityEventId, UserId};
use circadia_domain::logins::{self, LoginAttempt, SecurityEvent, SecurityEventKind};
use circadia_domain::one_time::OneTimePurpose;
use circadia_domain::revision::Revision;
use circadia_domain::sessions::RevocationTarget;
use circadia_domain::tasks::Task;
use circadia_domain::time_entries::TimeEntry;
use circadia_domain::timer::Timer;
use circadia_domain::unit_of_work::{write, write_unowned};
use circadia_domain::users::{Email, Login, NewUser, Role, Username};
use circadia_storage::{Backend, RETAINED_AFTER_ERASURE, owned_by_users};

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

/// The tables that have a column `user_id`, as the database itself says.
pub(super) fn tables_of_users(test: &TestDatabase, backend: Backend) -> BTreeSet<String> {
    tables_with(test, backend, "user_id")
}

/// The tables that have a column, by the database's own catalogue.
pub(super) fn tables_with(test: &TestDatabase, backend: Backend, column: &str) -> BTreeSet<String> {
    let tables = match backend {
        Backend::Sqlite => {
            "SELECT t.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND c.name"
        }
        Backend::Postgres => {
            "SELECT CAST(table_name AS text) FROM information_schema.columns
             WHERE table_schema = 'public' AND column_name"
        }
        Backend::Mysql => {
            "SELECT table_name FROM information_schema.columns WHERE table_schema = database() AND column_name"
        }
    };
    test.raw().texts(&format!("{tables} = '{column}'")).into_iter().collect()
}

fn owned() -> BTreeSet<String> {
    owned_by_users().map(str::to_owned).collect()
}

pub(crate) fn every_table_of_users_is_known_to_the_erasure(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let kept: BTreeSet<String> = RETAINED_AFTER_ERASURE.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert!(owned().is_disjoint(&kept));
    let known: BTreeSet<String> = owned().union(&kept).cloned().collect();
    assert_eq!(
        tables_of_users(&test, backend),
        known,
        "a table with a column `user_id` belongs into `OWNED_BY_USERS` of its schema file, or into `RETAINED_AFTER_ERASURE`"
    );
    assert_eq!(owned_by_users().last(), Some("user_revisions"));
}

fn attempt(user: UserId, at: Instant) -> LoginAttempt {
    super::logins::attempt(Some(user), at, None)
}

/// How often [`fill`] was called.
static DAYS: AtomicI64 = AtomicI64::new(0);

/// A row of the user's in every table that there are samples for.
pub(crate) fn fill(test: &TestDatabase, user: UserId) {
    let theme = samples::theme("Theme");
    let buried = samples::theme("Buried");
    let habit = Habit { theme: Some(theme.id), ..samples::habit("Habit") };
    let task = Task { theme: Some(theme.id), ..samples::task("Task") };
    let tracked = TimeEntry {
        habit: Some(habit.id),
        task: Some(task.id),
        ..samples::time_entry(samples::date("2026-01-01"), 30)
    };
    let timer = Timer {
        habit: Some(habit.id),
        task: Some(task.id),
        note: None,
        started_at: NOW,
        zone: ZoneOrOffset::UTC,
        rev: Revision(1),
    };
    let import = samples::import();
    test.write(user, |tx| {
        tx.store.insert_theme(user, &theme)?;
        tx.store.insert_theme(user, &buried)?;
        tx.store.insert_commands(user, &[samples::sync_command()], NOW)?;
        tx.store.delete_theme(user, buried.id, tx.rev, tx.now)?;
        tx.store.insert_habit(user, &habit)?;
        tx.store.put_entries(user, &[samples::entry(habit.id, samples::date("2026-01-01"))])?;
        tx.store.put_histories(user, &[(&habit, &samples::history(&["2026-01-01"]))])?;
        tx.store.insert_import(user, &import)?;
        tx.store.insert_made_items(user, import.id, &[samples::made_item()])?;
        tx.store.insert_shared_pause(user, &samples::shared_pause("2026-01-01", None))?;
        tx.store.insert_task(user, &task)?;
        tx.store.insert_time_entries(user, std::slice::from_ref(&tracked))?;
        tx.store.insert_timer(user, &timer)?;
        tx.store.insert_reminder(user, &samples::reminder(samples::bedtime()))?;
        tx.store.insert_session(&samples::session(user))?;
        // A day of its own for each call: what was rolled up isn't rolled up again.
        let signed_in_at = NOW.plus_seconds(86_400 * DAYS.fetch_add(1, Ordering::Relaxed));
        tx.store.insert_login(&attempt(user, signed_in_at))?;
        while logins::roll_up(tx.store, signed_in_at.plus_seconds(86_000))? {}
        tx.store.insert_security_event(&SecurityEvent {
            id: SecurityEventId::from_uuid(samples::id()),
            at: NOW,
            kind: SecurityEventKind::NewDevice,
            user: Some(user),
            ip: Some("2001:db8::1".parse().unwrap()),
            attempts: 0,
            accounts: 1,
            client: None,
            language: None,
        })?;
        tx.store.insert_identity(&samples::identity(user))?;
        let reserved = Username::parse(&user.as_uuid().simple().to_string()).unwrap();
        tx.store.reserve_username(&reserved, "$phc", user, NOW)?;
        tx.store.insert_sleep_log(user, &samples::sleep_log(NOW, 28_800))?;
        tx.store.put_mood(user, &samples::mood(samples::date("2026-01-01"), 7))?;
        tx.store.insert_moment(user, &samples::moment(samples::date("2026-01-01"), 7))?;
        tx.store.enqueue_job(&samples::job(Some(user)))?;
        tx.store.insert_personal_token(&samples::personal_token(user))?;
        tx.store.put_calendar(&samples::calendar(user))?;
        tx.store.insert_push_subscription(&samples::push_subscription(user))?;
        tx.store.insert_idempotency_key(user, &samples::idempotency_key())?;
        tx.store.put_totp(&samples::totp(user))?;
        tx.store.insert_passkey(&samples::passkey(user))?;
        let webhook = samples::webhook(user);
        tx.store.insert_webhook(&webhook)?;
        tx.store.insert_webhook_deliveries(user, webhook.id, &[samples::delivery(webhook.id)], NOW)?;
        tx.store.replace_recovery_codes(user, &[[1; 32]], NOW)?;
        OneTimePurpose::ALL
            .into_iter()
            .try_for_each(|purpose| tx.store.put_one_time_token(&samples::one_time_token(user, purpose)))
    });
}

/// Tables that hold rows of users, with how many.
fn filled(test: &TestDatabase, backend: Backend) -> Vec<(String, i64)> {
    let mut raw = test.raw();
    let tables = tables_of_users(test, backend).into_iter().chain(["users".to_owned()]);
    let counts = tables.map(|table| {
        let count = raw.number(&format!("SELECT count(*) FROM {table}"));
        (table, count)
    });
    counts.filter(|(_, count)| *count > 0).collect()
}

pub(crate) fn nothing_is_left_of_an_erased_user(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    fill(&test, other);
    let without = filled(&test, backend);
    fill(&test, user);
    let with = filled(&test, backend);
    for table in owned() {
        assert!(with.iter().any(|(filled, _)| *filled == table), "`fill` has no row for {table}");
    }
    test.write(user, |tx| {
        tx.store.revoke_sessions(user, NOW)?;
        tx.store.erase_user(user)
    });
    let left: Vec<_> = filled(&test, backend).into_iter().filter(|(table, _)| table != "revocations").collect();
    let expected: Vec<_> =
        without.into_iter().map(|(table, count)| (table.clone(), if table == "users" { 1 } else { count })).collect();
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(table, count)| (table.clone(), if table == "user_revisions" { 1 } else { count }))
        .collect();
    assert_eq!(left, expected, "of the one everything is gone, of the other nothing");
    assert_eq!(test.read(|store| store.find_user(user)), None);
    let told = test.read(|store| store.revocations_since(NOW));
    assert!(told.iter().any(|entry| entry.user == user && entry.target == RevocationTarget::Sessions), "{told:?}");
    let gone = write::<(), StoreError>(&test.database, user, NOW, |_| Ok(()));
    assert!(matches!(gone, Err(StoreError::NoSuchUser)), "{gone:?}");
}

pub(crate) fn erasing_works_while_others_write_about_the_user(backend: Backend) {
    for _ in 0..5 {
        let test = TestDatabase::migrated(backend);
        let user = test.user();
        fill(&test, user);
        at_once(9, |index| {
            let outcome = match index {
                // A deadlock ends one of the two, and it may be this one, which then tries again.
                0 => loop {
                    let erased = write(&test.database, user, NOW, |tx| {
                        tx.store.revoke_sessions(user, NOW)?;
                        tx.store.erase_user(user)
                    });
                    if !matches!(erased, Err(StoreError::Unavailable(_))) {
                        break erased;
                    }
                },
                1..=2 => (0..20).try_for_each(|number| {
                    write(&test.database, user, NOW, |tx| {
                        tx.store.insert_theme(user, &samples::theme(&format!("Theme {index} {number}")))
                    })
                }),
                // These don't wait for the user's other writers.
                3..=4 => (0..20)
                    .try_for_each(|_| write_unowned(&test.database, |store| store.insert_login(&attempt(user, NOW)))),
                5..=6 => (0..20).try_for_each(|_| {
                    write_unowned(&test.database, |store| store.enqueue_job(&samples::job(Some(user))))
                }),
                _ => (0..20).try_for_each(|_| {
                    let token = samples::one_time_token(user, OneTimePurpose::ResetPassword);
                    write_unowned(&test.database, |store| store.put_one_time_token(&token))
                }),
            };
            match outcome {
                Ok(()) => {}
                Err(StoreError::NoSuchUser) if index > 0 => {}
                // MySQL locks the new row before the one that it refers to: a deadlock with who removes both.
                Err(StoreError::Unavailable(_)) if index > 0 && backend == Backend::Mysql => {}
                Err(error) => panic!("{index}: {error}"),
            }
        });
        let left: Vec<_> = filled(&test, backend).into_iter().filter(|(table, _)| table != "revocations").collect();
        assert_eq!(left, []);
    }
}

pub(crate) fn an_address_is_confirmed_or_taken(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = NewUser { email_verified_at: None, ..samples::user() };
    let other = samples::user();
    write_unowned(&test.database, |store| {
        store.insert_user(&user)?;
        store.insert_user(&other)
    })
    .unwrap();
    let later = NOW.plus_seconds(9);
    let new = Email::parse("countess@example.org").unwrap();
    test.write(user.id, |tx| tx.store.confirm_email(user.id, &new, tx.rev, later));
    let found = test.read(|store| store.find_credentials(&Login::email(new.as_str()))).unwrap();
    let changed = test.read(|store| store.find_user(found.user)).unwrap();
    assert_eq!((changed.id, changed.email_verified_at, changed.updated_at), (user.id, Some(later), later));
    assert_eq!(changed.rev, Revision(2));
    let taken =
        write(&test.database, user.id, later, |tx| tx.store.confirm_email(user.id, &other.email, tx.rev, later));
    assert!(matches!(taken, Err(StoreError::Duplicate(Unique::Email))), "{taken:?}");
}

pub(crate) fn superusers_are_counted_one_unit_of_work_at_a_time(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let admins = [(); 4].map(|()| NewUser { role: Role::Superuser, ..samples::user() });
    write_unowned(&test.database, |store| admins.iter().try_for_each(|admin| store.insert_user(admin))).unwrap();
    let went = at_once(4, |index| {
        let id = admins[index].id;
        write(&test.database, id, NOW, |tx| {
            let may_go = tx.store.lock_superusers(id)?;
            if may_go { tx.store.erase_user(id).map(|()| true) } else { Ok::<_, StoreError>(false) }
        })
        .unwrap()
    });
    assert_eq!(went.iter().filter(|went| **went).count(), 3, "{went:?}");
    assert_eq!(test.raw().number("SELECT count(*) FROM users"), 1);
}
