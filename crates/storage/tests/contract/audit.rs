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

pub(crate) fn events_are_found_by_actor_action_and_days_and_counted(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let by = |seconds: i64, actor: UserId, action: AuditAction| AuditEvent {
        at: NOW.plus_seconds(seconds),
        actor: Some(actor),
        action,
        ..samples::audit_event(user)
    };
    let events = [
        by(0, user, AuditAction::ACCOUNT_CHANGED),
        by(5, other, AuditAction::ACCOUNT_CHANGED),
        by(9, other, AuditAction::EMAIL_VERIFIED),
    ];
    record(&test, &events.each_ref());
    let ids = events.each_ref().map(|event| event.id);
    let found = |sought: AuditQuery| {
        let found = test.read(|store| store.audit_events(&sought, 10));
        let total = test.read(|store| store.audit_event_total(&sought));
        let ids: Vec<AuditEventId> = found.into_iter().map(|event| event.id).collect();
        (ids, total)
    };
    let all = AuditQuery::default;
    assert_eq!(found(all()), (vec![ids[2], ids[1], ids[0]], 3));
    assert_eq!(found(AuditQuery { actor: Some(other), ..all() }), (vec![ids[2], ids[1]], 2));
    let action = Some(AuditAction::ACCOUNT_CHANGED);
    assert_eq!(found(AuditQuery { action: action.clone(), ..all() }), (vec![ids[1], ids[0]], 2));
    assert_eq!(found(AuditQuery { action, actor: Some(other), ..all() }), (vec![ids[1]], 1));
    let until = Some(NOW.plus_seconds(5));
    assert_eq!(found(AuditQuery { until, ..all() }), (vec![ids[0]], 1));
    assert_eq!(found(AuditQuery { since: until, until: Some(NOW.plus_seconds(9)), ..all() }), (vec![ids[1]], 1));
    // Back from one of them, nearest first; and from a number on.
    let after = Some((events[0].at, events[0].id));
    assert_eq!(found(AuditQuery { after, backwards: true, ..all() }), (vec![ids[1], ids[2]], 3));
    assert_eq!(found(AuditQuery { skip: 2, ..all() }), (vec![ids[0]], 3));
}
