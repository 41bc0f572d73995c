//! Security events.

use circadia_domain::audit::{AuditAction, AuditEvent, AuditQuery};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{AuditEventId, UserId};
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn record(test: &TestDatabase, events: &[&AuditEvent]) {
    write_unowned::<_, StoreError>(&test.database, |store| {
        events.iter().try_for_each(|event| store.insert_audit_event(event))
    })
    .unwrap();
}

fn seconds_later(seconds: i64, user: UserId) -> AuditEvent {
    AuditEvent { at: NOW.plus_seconds(seconds), ..samples::audit_event(user) }
}

pub(crate) fn events_read_back_newest_first(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let full = samples::audit_event(test.user()).refused();
    let id = AuditEventId::from_uuid(samples::id());
    let bare = AuditEvent::of(id, AuditAction::from_stored("é".repeat(40)), NOW.plus_seconds(1));
    record(&test, &[&full, &bare]);
    assert_eq!(test.read(|store| store.audit_events(&AuditQuery::default(), 10)), [bare, full]);
}

pub(crate) fn events_are_found_by_account_and_time_and_paged(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let (first, second, third) = (seconds_later(0, user), seconds_later(5, user), seconds_later(5, user));
    let theirs = seconds_later(9, other);
    record(&test, &[&second, &theirs, &first, &third]);
    let found = |sought: AuditQuery, limit| {
        test.read(|store| store.audit_events(&sought, limit)).into_iter().map(|event| event.id).collect::<Vec<_>>()
    };
    let of_user = AuditQuery { subject: Some(user), ..AuditQuery::default() };
    assert_eq!(found(of_user.clone(), 10), [third.id, second.id, first.id]);
    assert_eq!(found(of_user.clone(), 1), [third.id]);
    // Of one instant, the id decides.
    let after = |event: &AuditEvent| AuditQuery { after: Some((event.at, event.id)), ..of_user.clone() };
    assert_eq!(found(after(&third), 10), [second.id, first.id]);
    assert_eq!(found(after(&second), 10), [first.id]);
    assert_eq!(found(after(&first), 10), []);
    let since = AuditQuery { since: Some(NOW.plus_seconds(5)), ..AuditQuery::default() };
    assert_eq!(found(since, 10), [theirs.id, third.id, second.id]);
}

pub(crate) fn events_outlive_their_accounts(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let event = samples::audit_event(user);
    record(&test, &[&event]);
    let mut raw = test.raw();
    raw.execute("DELETE FROM user_revisions").unwrap();
    raw.execute("DELETE FROM users").unwrap();
    assert_eq!(test.read(|store| store.audit_events(&AuditQuery::default(), 10)), [event]);
}
