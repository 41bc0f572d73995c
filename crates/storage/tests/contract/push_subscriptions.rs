//! Subscriptions to Web Push.

use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::code::Code;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::idempotency::Creation;
use circadia_domain::ids::UserId;
use circadia_domain::push_subscriptions::{
    self, MAX_PUSH_SUBSCRIPTIONS, NewPushSubscription, PushSubscription, PushSubscriptionId, PushSubscriptionLabel,
};
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{write, write_unowned};
use circadia_storage::Backend;

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

fn insert(test: &TestDatabase, subscription: &PushSubscription) {
    test.write(subscription.user, |tx| tx.store.insert_push_subscription(subscription));
}

pub(crate) fn a_subscription_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let second = samples::push_subscription(user);
    let first = PushSubscription {
        label: None,
        created_at: NOW.plus_seconds(-1),
        last_success_at: None,
        failing_since: None,
        ..samples::push_subscription(user)
    };
    insert(&test, &second);
    insert(&test, &first);
    assert_eq!(test.read(|store| store.push_subscriptions(user)), [first.clone(), second]);
    assert_eq!(test.read(|store| store.find_push_subscription(user, first.id)), Some(first));
}

pub(crate) fn what_a_browser_renews_is_stored_and_the_rest_stays(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (stored, other) = (samples::push_subscription(user), samples::push_subscription(user));
    insert(&test, &stored);
    insert(&test, &other);
    let renewed = PushSubscription {
        p256dh: vec![4; 65],
        auth: vec![1],
        label: Some(PushSubscriptionLabel::parse("Phone").unwrap()),
        updated_at: NOW.plus_seconds(9),
        failing_since: None,
        rev: Revision(9),
        ..stored.clone()
    };
    let sent = PushSubscription {
        endpoint: other.endpoint.clone(),
        created_at: NOW.plus_seconds(8),
        last_success_at: None,
        ..renewed.clone()
    };
    test.write(user, |tx| tx.store.renew_push_subscription(&sent));
    assert_eq!(test.read(|store| store.find_push_subscription(user, stored.id)), Some(renewed));
    assert_eq!(test.read(|store| store.find_push_subscription(user, other.id)), Some(other));
}

pub(crate) fn the_end_of_an_attempt_is_noted(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let stored = PushSubscription { last_success_at: None, failing_since: None, ..samples::push_subscription(user) };
    let other = samples::push_subscription(user);
    insert(&test, &stored);
    insert(&test, &other);
    let noted = |succeeded, now: Instant| {
        write_unowned::<_, StoreError>(&test.database, |store| store.note_push(user, stored.id, succeeded, now))
            .unwrap();
        let found = test.read(|store| store.find_push_subscription(user, stored.id)).unwrap();
        (found.last_success_at, found.failing_since)
    };
    let at = |seconds| NOW.plus_seconds(seconds);
    assert_eq!(noted(false, at(1)), (None, Some(at(1))));
    assert_eq!(noted(false, at(2)), (None, Some(at(1))));
    assert_eq!(noted(true, at(3)), (Some(at(3)), None));
    assert_eq!(noted(false, at(4)), (Some(at(3)), Some(at(4))));
    assert_eq!(test.read(|store| store.find_push_subscription(user, other.id)), Some(other));
}

pub(crate) fn subscriptions_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let stored = samples::push_subscription(user);
    insert(&test, &stored);
    assert_eq!(test.read(|store| store.push_subscriptions(other)), []);
    assert_eq!(test.read(|store| store.find_push_subscription(other, stored.id)), None);
    assert!(!test.write(other, |tx| tx.store.delete_push_subscription(other, stored.id)));
    assert_eq!(test.read(|store| store.find_push_subscription(user, stored.id)), Some(stored.clone()));
    let remove = || test.write(user, |tx| tx.store.delete_push_subscription(user, stored.id));
    assert!(remove() && !remove());
}

fn new(like: &PushSubscription) -> NewPushSubscription {
    NewPushSubscription {
        id: PushSubscriptionId::from_uuid(samples::id()),
        endpoint: like.endpoint.clone(),
        p256dh: vec![4; 65],
        label: None,
    }
}

fn subscribe(
    test: &TestDatabase,
    user: UserId,
    new: &NewPushSubscription,
) -> Result<Creation<PushSubscription>, Error> {
    write(&test.database, user, NOW.plus_seconds(5), |tx| {
        push_subscriptions::subscribe::<Error>(tx, new.clone(), |id| Ok(id.as_uuid().as_bytes().to_vec()))
    })
}

pub(crate) fn an_endpoint_belongs_to_one_subscription(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let stored = samples::push_subscription(user);
    insert(&test, &stored);
    for owner in [user, other] {
        let same = PushSubscription { endpoint_hash: stored.endpoint_hash, ..samples::push_subscription(owner) };
        let refused: Result<(), StoreError> =
            write(&test.database, owner, NOW, |tx| tx.store.insert_push_subscription(&same));
        assert!(matches!(refused, Err(StoreError::Duplicate(Unique::PushEndpoint))), "{refused:?}");
    }
    // Sent again by its user, it keeps its id, and its label unless there is another.
    let Ok(Creation::Replayed(renewed)) = subscribe(&test, user, &new(&stored)) else { panic!("it is known") };
    assert_eq!((renewed.id, &renewed.label), (stored.id, &stored.label));
    assert_eq!((renewed.auth.as_slice(), renewed.failing_since), (stored.id.as_uuid().as_bytes().as_slice(), None));
    assert_eq!(test.read(|store| store.push_subscriptions(user)), [renewed]);
    // Sent by another one, it is theirs.
    let sent = new(&stored);
    let Ok(Creation::Created(moved)) = subscribe(&test, other, &sent) else { panic!("it is new to them") };
    assert_eq!((moved.id, moved.user, moved.label.as_ref()), (sent.id, other, None));
    assert_eq!(test.read(|store| store.push_subscriptions(user)), []);
    assert_eq!(test.read(|store| store.push_subscriptions(other)), [moved]);
    // An id is of one endpoint.
    let taken = NewPushSubscription { endpoint: samples::push_subscription(other).endpoint, ..sent };
    let refused = subscribe(&test, other, &taken);
    assert!(matches!(refused, Err(Error::Conflict { code: Code::IdTaken, .. })), "{refused:?}");
}

pub(crate) fn an_endpoint_that_several_send_at_once_belongs_to_one_of_them(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let users = [(); 6].map(|()| test.user());
    let like = samples::push_subscription(users[0]);
    let outcomes = at_once(users.len(), |index| subscribe(&test, users[index], &new(&like)));
    for outcome in &outcomes {
        let lost = matches!(outcome, Err(Error::Store(StoreError::Unavailable(_))));
        assert!(lost || matches!(outcome, Ok(Creation::Created(_))), "{outcome:?}");
    }
    assert!(outcomes.iter().any(Result::is_ok));
    let held = users.map(|user| test.read(|store| store.push_subscriptions(user)).len());
    assert_eq!(held.iter().sum::<usize>(), 1, "{held:?}");
}

pub(crate) fn subscriptions_are_limited(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    for _ in 0..MAX_PUSH_SUBSCRIPTIONS {
        subscribe(&test, user, &new(&samples::push_subscription(user))).unwrap();
    }
    let refused = subscribe(&test, user, &new(&samples::push_subscription(user)));
    assert!(matches!(refused, Err(Error::Conflict { code: Code::LimitReached, .. })), "{refused:?}");
    // What is known is renewed all the same.
    let known = test.read(|store| store.push_subscriptions(user)).remove(0);
    assert!(matches!(subscribe(&test, user, &new(&known)), Ok(Creation::Replayed(_))));
}
