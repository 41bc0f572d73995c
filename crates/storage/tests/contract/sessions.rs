//! Sessions and the revocation feed.

use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::{Revocation, RevocationTarget, Session, SessionKind};
use circadia_domain::unit_of_work::write_unowned;
use circadia_domain::users::Role;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn insert(test: &TestDatabase, session: &Session) {
    write_unowned(&test.database, |store| store.insert_session(session)).unwrap();
}

fn find(test: &TestDatabase, user: UserId, id: SessionId) -> Option<Session> {
    test.read(|store| store.find_session(user, id)).map(|state| state.session)
}

pub(crate) fn a_session_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let full = Session { revoked_at: Some(NOW.plus_seconds(5)), generation: i32::MAX, ..samples::session(user) };
    let bare =
        Session { kind: SessionKind::Cookie, device: None, user_agent: None, ip: None, ..samples::session(user) };
    for session in [full, bare] {
        insert(&test, &session);
        let state = test.read(|store| store.find_session(user, session.id)).unwrap();
        assert_eq!(state.session, session);
        assert_eq!((state.role, state.active), (Role::Regular, true));
    }
}

pub(crate) fn a_session_of_another_user_is_not_found(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let session = samples::session(user);
    insert(&test, &session);
    assert_eq!(find(&test, other, session.id), None);
    assert!(!test.write(other, |tx| tx.store.revoke_session(other, session.id, NOW)));
    assert_eq!(find(&test, user, session.id).unwrap().revoked_at, None);
}

pub(crate) fn a_secret_is_replaced(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let session = samples::session(user);
    insert(&test, &session);
    let replaced = Session {
        secret_hash: [7; 32],
        generation: 1,
        rotated_at: NOW.plus_seconds(60),
        last_used_at: NOW.plus_seconds(61),
        user_agent: None,
        ip: Some("192.0.2.1".to_owned()),
        ..session
    };
    test.write(user, |tx| tx.store.update_session(&replaced));
    assert_eq!(find(&test, user, replaced.id), Some(replaced));
}

pub(crate) fn an_ended_session_is_published_once(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let session = samples::session(user);
    let expired = Session { expires_at: NOW, ..samples::session(user) };
    insert(&test, &session);
    insert(&test, &expired);
    let end = |id: SessionId, at| test.write(user, |tx| tx.store.revoke_session(user, id, at));
    assert!(end(session.id, NOW));
    assert!(!end(session.id, NOW.plus_seconds(1)), "it was ended before");
    assert!(!end(expired.id, NOW), "it had expired");
    assert_eq!(find(&test, user, session.id).unwrap().revoked_at, Some(NOW));
    let feed = |since| test.read(|store| store.revocations_since(since));
    assert_eq!(feed(NOW), [Revocation { user, target: RevocationTarget::Session(session.id), at: NOW }]);
    assert_eq!(feed(NOW.plus_seconds(1)), []);
}

pub(crate) fn all_sessions_end_together(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let (first, second, theirs) = (samples::session(user), samples::session(user), samples::session(other));
    for session in [&first, &second, &theirs] {
        insert(&test, session);
    }
    test.write(user, |tx| tx.store.revoke_session(user, first.id, NOW));
    let later = NOW.plus_seconds(1);
    test.write(user, |tx| tx.store.revoke_sessions(user, later));
    assert_eq!(find(&test, user, first.id).unwrap().revoked_at, Some(NOW));
    assert_eq!(find(&test, user, second.id).unwrap().revoked_at, Some(later));
    assert_eq!(find(&test, other, theirs.id).unwrap().revoked_at, None);
    let feed = test.read(|store| store.revocations_since(later));
    assert_eq!(feed, [Revocation { user, target: RevocationTarget::Sessions, at: later }]);
}

pub(crate) fn old_sessions_and_feed_entries_are_purged(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let expired = Session { expires_at: NOW.plus_seconds(10), ..samples::session(user) };
    let ended = samples::session(user);
    let live = samples::session(user);
    for session in [&expired, &ended, &live] {
        insert(&test, session);
    }
    test.write(user, |tx| tx.store.revoke_session(user, ended.id, NOW));
    let purge = |before| write_unowned(&test.database, |store| store.purge_sessions(before)).unwrap();
    assert_eq!(purge(NOW), 0);
    assert_eq!(purge(NOW.plus_seconds(11)), 3, "two sessions and an entry of the feed");
    assert_eq!(find(&test, user, live.id), Some(live));
    assert_eq!(find(&test, user, ended.id), None);
    assert_eq!(find(&test, user, expired.id), None);
    assert_eq!(test.read(|store| store.revocations_since(NOW)), []);
}

pub(crate) fn sessions_that_go_on_are_listed_latest_use_first(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let used = |seconds| Session { last_used_at: NOW.plus_seconds(seconds), ..samples::session(user) };
    let (first, second, ended) = (used(10), used(20), used(30));
    let expired = Session { expires_at: NOW, ..used(40) };
    for session in [&first, &second, &ended, &expired, &samples::session(other)] {
        insert(&test, session);
    }
    test.write(user, |tx| tx.store.revoke_session(user, ended.id, NOW));
    let listed = |user| test.read(|store| store.sessions_of(user, NOW));
    assert_eq!(listed(user), [second, first.clone()]);
    assert_eq!(listed(UserId::from_uuid(samples::id())), []);
    // The later use counts, in any order.
    let later = Session {
        last_used_at: NOW.plus_seconds(60),
        user_agent: Some("other/2".to_owned()),
        ip: None,
        ..first.clone()
    };
    let theirs = Session { user: other, ..later.clone() };
    for session in [&later, &first, &theirs] {
        write_unowned(&test.database, |store| store.touch_session(session)).unwrap();
    }
    assert_eq!(listed(user)[0], later);
}

pub(crate) fn a_changed_role_is_published_and_ends_nothing(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let session = samples::session(user);
    insert(&test, &session);
    test.write(user, |tx| tx.store.publish_role(user, NOW));
    let feed = test.read(|store| store.revocations_since(NOW));
    assert_eq!(feed, [Revocation { user, target: RevocationTarget::Role, at: NOW }]);
    assert_eq!(find(&test, user, session.id), Some(session));
}

pub(crate) fn all_sessions_but_one_end_together(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let mut sessions: Vec<_> = (0..4).map(|_| samples::session(user)).collect();
    sessions[2].revoked_at = Some(NOW.plus_seconds(-5));
    sessions[3].expires_at = NOW;
    let foreign = samples::session(other);
    test.write(other, |tx| tx.store.insert_session(&foreign));
    test.write(user, |tx| {
        sessions.iter().try_for_each(|session| tx.store.insert_session(session))?;
        tx.store.revoke_other_sessions(user, sessions[0].id, NOW)
    });
    assert!(test.database_statements() <= 6);
    let ended =
        |session: &Session| test.read(|store| store.find_session(session.user, session.id)).unwrap().session.revoked_at;
    assert_eq!((ended(&sessions[0]), ended(&sessions[1]), ended(&foreign)), (None, Some(NOW), None));
    assert_eq!(ended(&sessions[2]), Some(NOW.plus_seconds(-5)));
    // Only of what was live is there something to tell.
    let told = test.read(|store| store.revocations_since(NOW));
    assert_eq!(told, [Revocation { user, target: RevocationTarget::Session(sessions[1].id), at: NOW }]);
}
