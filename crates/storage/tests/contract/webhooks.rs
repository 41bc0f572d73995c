//! Webhooks and their deliveries.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, UserId};
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::revision::{Expected, Revision};
use circadia_domain::unit_of_work::{read, write, write_unowned};
use circadia_domain::webhooks::{
    self, AttemptResult, Delivery, DeliverySeek, DeliveryStatus, DisabledReason, Due, EventFilter, Lease, MAX_ATTEMPTS,
    MAX_CHANGES, RETRY_PAUSES, Seen, Settled, Webhook, WebhookDescription, WebhookPatch,
};
use circadia_storage::{Backend, SqlDatabase};
use serde_json::Value;
use uuid::Uuid;

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

struct Ids;

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        samples::id()
    }
}

fn insert(test: &TestDatabase, webhook: &Webhook) {
    test.write(webhook.user, |tx| tx.store.insert_webhook(webhook));
}

/// A webhook of a fresh user, for everything that changes from now on.
fn fresh(test: &TestDatabase) -> Webhook {
    let user = test.user();
    let seen = test.read(|store| store.latest_revision(user)).unwrap();
    let webhook = Webhook { seen_rev: Revision(seen.0 + 1), events: EventFilter::default(), ..samples::webhook(user) };
    insert(test, &webhook);
    webhook
}

fn stored(test: &TestDatabase, webhook: &Webhook) -> Webhook {
    test.read(|store| store.find_webhook(webhook.user, webhook.id)).unwrap()
}

fn add_themes(test: &TestDatabase, user: UserId, from: usize, until: usize) {
    test.write(user, |tx| {
        for number in from..until {
            let theme = samples::theme(&format!("Theme {number}"));
            tx.store.insert_theme(user, &circadia_domain::themes::Theme { rev: tx.rev, ..theme })?;
        }
        Ok::<_, StoreError>(())
    });
}

/// Tells one webhook of a part of what changed. How many deliveries were made, and whether there is more.
fn tell(database: &SqlDatabase, webhook: &Webhook) -> (usize, bool) {
    let due = Due { user: webhook.user, webhook: webhook.id };
    let news = read::<_, circadia_domain::Error>(database, |store| webhooks::news(store, due, NOW)).unwrap();
    let Some(news) = news else { return (0, false) };
    let added = write_unowned::<_, StoreError>(database, |store| webhooks::add_deliveries(store, &news, &Ids, NOW));
    (added.unwrap(), news.has_more)
}

fn due_to_tell(test: &TestDatabase) -> Vec<Due> {
    test.read(|store| store.webhooks_to_tell(10_000, 100))
}

fn claim(database: &SqlDatabase, now: Instant) -> Vec<Lease> {
    let until = now.plus_seconds(90);
    write_unowned::<_, StoreError>(database, |store| store.claim_webhooks(now, until, 100)).unwrap()
}

fn due_deliveries(test: &TestDatabase, webhook: &Webhook, now: Instant) -> Vec<Delivery> {
    test.read(|store| store.due_deliveries(webhook.user, webhook.id, now, 100))
}

fn add(test: &TestDatabase, webhook: &Webhook, count: usize) -> Vec<Delivery> {
    let made: Vec<Delivery> = (0..count).map(|_| samples::delivery(webhook.id)).collect();
    write_unowned::<_, StoreError>(&test.database, |store| {
        store.insert_webhook_deliveries(webhook.user, webhook.id, &made, NOW)
    })
    .unwrap();
    made
}

fn answered(status: i32) -> AttemptResult {
    let failure = (!(200..300).contains(&status)).then(|| format!("the answer was {status}"));
    AttemptResult { status: Some(status), duration_ms: 7, failure }
}

fn settle(
    test: &TestDatabase,
    webhook: &Webhook,
    delivery: &Delivery,
    result: &AttemptResult,
    now: Instant,
) -> (Settled, Option<DisabledReason>) {
    write_unowned::<_, StoreError>(&test.database, |store| webhooks::settle(store, webhook.user, delivery, result, now))
        .unwrap()
}

fn release(test: &TestDatabase, lease: &Lease, failed: bool, now: Instant) {
    write_unowned::<_, StoreError>(&test.database, |store| webhooks::release(store, lease, failed, now)).unwrap();
}

fn found(test: &TestDatabase, delivery: &Delivery, user: UserId) -> Delivery {
    test.read(|store| store.find_delivery(user, delivery.webhook, delivery.id)).unwrap()
}

pub(crate) fn a_webhook_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let second = samples::webhook(user);
    let first = Webhook {
        description: None,
        previous_secret: None,
        previous_secret_until: None,
        disabled_at: Some(NOW),
        disabled_reason: Some(DisabledReason::Failing),
        failing_since: Some(NOW),
        seen_position: Some(vec![0xFF; 500]),
        pending: 7,
        next_delivery_at: Some(NOW),
        leased_until: Some(NOW),
        created_at: NOW.plus_seconds(-1),
        ..samples::webhook(user)
    };
    insert(&test, &second);
    insert(&test, &first);
    assert_eq!(test.read(|store| store.webhooks(user)), [first.clone(), second]);
    assert_eq!(stored(&test, &first), first);
    let delivery = &add(&test, &first, 1)[0];
    assert_eq!(&found(&test, delivery, user), delivery);
}

pub(crate) fn what_its_owner_changes_is_stored_and_the_rest_stays(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let webhook = fresh(&test);
    let changed = Webhook {
        url: OutgoingUrl::parse("https://example.org/").unwrap(),
        description: Some(WebhookDescription::parse("Another").unwrap()),
        secret: vec![1],
        previous_secret: None,
        previous_secret_until: None,
        updated_at: NOW.plus_seconds(9),
        rev: Revision(9),
        ..webhook.clone()
    };
    // What a server wrote meanwhile isn't overwritten by what was read before.
    let sent = Webhook { pending: 99, seen_rev: Revision(1), failing_since: Some(NOW), ..changed.clone() };
    test.write(webhook.user, |tx| tx.store.update_webhook(&sent));
    assert_eq!(stored(&test, &webhook), changed);
    test.write(webhook.user, |tx| tx.store.delete_webhook(webhook.user, webhook.id));
    assert_eq!(test.read(|store| store.find_webhook(webhook.user, webhook.id)), None);
}

pub(crate) fn webhooks_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (webhook, other) = (fresh(&test), test.user());
    let delivery = &add(&test, &webhook, 1)[0];
    assert_eq!(test.read(|store| store.webhooks(other)), []);
    assert_eq!(test.read(|store| store.find_webhook(other, webhook.id)), None);
    assert_eq!(test.read(|store| store.find_delivery(other, webhook.id, delivery.id)), None);
    test.write(other, |tx| {
        tx.store.update_webhook(&Webhook { user: other, secret: vec![1], ..webhook.clone() })?;
        tx.store.disable_webhook(other, webhook.id, DisabledReason::User, NOW)?;
        tx.store.delete_webhook(other, webhook.id)
    });
    assert_eq!(stored(&test, &webhook).secret, webhook.secret);
    assert!(stored(&test, &webhook).is_enabled());
}

pub(crate) fn changes_are_told_once_however_many_look(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let webhook = fresh(&test);
    assert_eq!(due_to_tell(&test), [], "nothing changed since it was made");
    add_themes(&test, webhook.user, 0, 3);
    assert_eq!(due_to_tell(&test), [Due { user: webhook.user, webhook: webhook.id }]);
    let servers: Vec<_> = (0..4).map(|_| test.reopened(|options| options.max_connections = 1)).collect();
    let told: usize = at_once(4, |index| tell(&servers[index], &webhook).0).into_iter().sum();
    assert_eq!((told, due_to_tell(&test).len()), (3, 0));
    let all = due_deliveries(&test, &webhook, NOW);
    assert_eq!(all.len(), 3);
    let message: Value = serde_json::from_slice(&all[0].body).unwrap();
    assert_eq!(
        (&message["type"], &message["timestamp"]),
        (&"theme.changed".into(), &serde_json::to_value(NOW).unwrap())
    );
    let latest = test.read(|store| store.latest_revision(webhook.user)).unwrap();
    assert_eq!(message["data"]["revision"], latest.0);
    assert!(message["data"]["item"]["name"].as_str().unwrap().starts_with("Theme "));
    assert_eq!(stored(&test, &webhook).pending, 3);
    // A write that changes no item is looked at, and told of no more.
    test.write(webhook.user, |_| Ok::<_, StoreError>(()));
    assert_eq!(due_to_tell(&test).len(), 1);
    assert_eq!((tell(&test.database, &webhook), due_to_tell(&test).len()), ((0, false), 0));
    // One that too much waits for isn't told.
    add_themes(&test, webhook.user, 3, 4);
    assert_eq!(test.read(|store| store.webhooks_to_tell(3, 9)), []);
    // Nor is a disabled one.
    test.write(webhook.user, |tx| tx.store.disable_webhook(webhook.user, webhook.id, DisabledReason::User, NOW));
    assert_eq!((due_to_tell(&test).len(), tell(&test.database, &webhook)), (0, (0, false)));
}

pub(crate) fn many_changes_are_told_by_parts(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let webhook = fresh(&test);
    let count = MAX_CHANGES + 7;
    add_themes(&test, webhook.user, 0, count);
    assert_eq!(tell(&test.database, &webhook), (MAX_CHANGES, true));
    // The rest of the same revision.
    let half = stored(&test, &webhook);
    assert!(half.seen_position.is_some() && due_to_tell(&test).len() == 1, "{half:?}");
    // What changes in between is told later, in order.
    add_themes(&test, webhook.user, count, count + 1);
    assert_eq!(tell(&test.database, &webhook), (8, false));
    assert_eq!(due_to_tell(&test), []);
    let all = test.read(|store| store.due_deliveries(webhook.user, webhook.id, NOW, 2_000));
    let mut names: Vec<String> = Vec::new();
    let mut revisions: Vec<i64> = Vec::new();
    for delivery in &all {
        let message: Value = serde_json::from_slice(&delivery.body).unwrap();
        names.push(message["data"]["item"]["name"].as_str().unwrap().to_owned());
        revisions.push(message["data"]["revision"].as_i64().unwrap());
    }
    assert!(revisions.is_sorted());
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count + 1);
}

pub(crate) fn a_webhook_is_served_by_one_server_at_a_time(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let hooks: Vec<Webhook> = (0..6).map(|_| fresh(&test)).collect();
    assert!(!test.read(|store| store.webhook_is_due(NOW)));
    for webhook in &hooks {
        add(&test, webhook, 2);
    }
    assert!(
        test.read(|store| store.webhook_is_due(NOW)) && !test.read(|store| store.webhook_is_due(NOW.plus_seconds(-1)))
    );
    let servers: Vec<_> = (0..4).map(|_| test.reopened(|options| options.max_connections = 1)).collect();
    let claimed = at_once(4, |index| {
        let mut mine = Vec::new();
        while test.read(|store| store.webhook_is_due(NOW)) {
            mine.extend(claim(&servers[index], NOW));
        }
        mine
    });
    let all: Vec<Lease> = claimed.into_iter().flatten().collect();
    assert_eq!(all.len(), hooks.len());
    let lease = all.iter().find(|lease| lease.webhook.id == hooks[0].id).unwrap();
    assert_eq!(lease.until, NOW.plus_seconds(90));
    // Its server died: another one has it when the lease is over, and what the first one says comes too late.
    let later = NOW.plus_seconds(90);
    assert_eq!(claim(&test.database, NOW.plus_seconds(89)), []);
    let again = claim(&test.database, later).into_iter().find(|lease| lease.webhook.id == hooks[0].id).unwrap();
    release(&test, lease, false, later);
    assert_eq!(stored(&test, &hooks[0]).leased_until, Some(again.until));
    release(&test, &again, false, later);
    let released = stored(&test, &hooks[0]);
    assert_eq!(
        (released.leased_until, released.next_delivery_at),
        (None, Some(later)),
        "behind those that wait longer"
    );
}

pub(crate) fn a_delivery_is_tried_until_it_is_given_up(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let webhook = fresh(&test);
    let mut delivery = add(&test, &webhook, 1).remove(0);
    let mut now = NOW.plus_seconds(1);
    for (attempt, pause) in RETRY_PAUSES.into_iter().enumerate() {
        let lease = claim(&test.database, now).remove(0);
        assert_eq!(due_deliveries(&test, &webhook, now), [delivery.clone()]);
        let next = now.plus_seconds(pause);
        assert_eq!(settle(&test, &webhook, &delivery, &answered(500), now), (Settled::Again(next), None));
        assert_eq!(settle(&test, &webhook, &delivery, &answered(200), now), (Settled::NotOurs, None), "once");
        delivery = found(&test, &delivery, webhook.user);
        assert_eq!(delivery.attempts, i32::try_from(attempt).unwrap() + 1);
        assert_eq!((delivery.next_attempt_at, delivery.response_status), (Some(next), Some(500)));
        assert_eq!((delivery.last_attempt_at, delivery.finished_at), (Some(now), None));
        release(&test, &lease, true, now);
        assert_eq!(stored(&test, &webhook).next_delivery_at, Some(next));
        assert_eq!(claim(&test.database, next.plus_seconds(-1)), []);
        now = next;
    }
    let lease = claim(&test.database, now).remove(0);
    assert_eq!(stored(&test, &webhook).failing_since, Some(NOW.plus_seconds(1)));
    let given_up = settle(&test, &webhook, &delivery, &answered(500), now);
    assert_eq!(given_up, (Settled::GivenUp, Some(DisabledReason::Failing)));
    release(&test, &lease, true, now);
    let delivery = found(&test, &delivery, webhook.user);
    assert_eq!(
        (delivery.status, delivery.attempts, delivery.finished_at),
        (DeliveryStatus::Failed, MAX_ATTEMPTS, Some(now))
    );
    assert_eq!(delivery.error.as_deref(), Some("the answer was 500"));
    let webhook = stored(&test, &webhook);
    assert_eq!((webhook.disabled_at, webhook.disabled_reason), (Some(now), Some(DisabledReason::Failing)));
    assert_eq!((webhook.pending, webhook.next_delivery_at), (0, None));
}

pub(crate) fn one_message_that_is_refused_does_not_make_an_endpoint_dead(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let webhook = fresh(&test);
    let (poison, good) = (add(&test, &webhook, 1).remove(0), add(&test, &webhook, 1).remove(0));
    let mut now = NOW;
    for attempts in 0..MAX_ATTEMPTS {
        let tried = found(&test, &poison, webhook.user);
        let settled = settle(&test, &webhook, &tried, &answered(500), now);
        assert_eq!(settled.1, None);
        if attempts == 4 {
            assert_eq!(settle(&test, &webhook, &good, &answered(204), now), (Settled::Delivered, None));
            assert_eq!(stored(&test, &webhook).failing_since, None);
        }
        if let Settled::Again(next) = settled.0 {
            now = next;
        }
    }
    assert_eq!(found(&test, &poison, webhook.user).status, DeliveryStatus::Failed);
    assert_eq!((stored(&test, &webhook).is_enabled(), stored(&test, &webhook).pending), (true, 0));
    // But failing for days does.
    let last = add(&test, &webhook, 1).remove(0);
    let failing_since = stored(&test, &webhook).failing_since.unwrap();
    let later = failing_since.plus_seconds(webhooks::MAX_FAILING_SECONDS);
    assert_eq!(settle(&test, &webhook, &last, &answered(500), later).1, Some(DisabledReason::Failing));
}

pub(crate) fn an_endpoint_that_is_gone_is_disabled_at_once(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let webhook = fresh(&test);
    let made = add(&test, &webhook, 2);
    let lease = claim(&test.database, NOW).remove(0);
    let settled = settle(&test, &webhook, &made[0], &answered(410), NOW);
    assert_eq!(settled, (Settled::GivenUp, Some(DisabledReason::Gone)));
    release(&test, &lease, true, NOW);
    assert_eq!(stored(&test, &webhook).disabled_reason, Some(DisabledReason::Gone));
    assert_eq!(claim(&test.database, NOW.plus_seconds(900)), [], "nothing more is sent");
}

pub(crate) fn what_waits_goes_on_when_a_webhook_is_enabled(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let webhook = fresh(&test);
    let made = add(&test, &webhook, 3);
    settle(&test, &webhook, &made[0], &answered(200), NOW);
    settle(&test, &webhook, &made[1], &answered(500), NOW);
    let enable = |enabled: bool| {
        let patch = WebhookPatch { enabled: Some(enabled), ..WebhookPatch::default() };
        write::<_, circadia_domain::Error>(&test.database, webhook.user, NOW, |tx| {
            webhooks::update(tx, webhook.id, &Expected::Anything, patch.clone())
        })
        .unwrap()
    };
    assert_eq!(enable(false).disabled_reason, Some(DisabledReason::User));
    add_themes(&test, webhook.user, 0, 1);
    let enabled = enable(true);
    assert_eq!((enabled.pending, enabled.next_delivery_at), (2, Some(NOW)));
    assert_eq!((enabled.failing_since, enabled.disabled_at, enabled.seen()), (None, None, webhook.seen()));
    assert_eq!(due_deliveries(&test, &webhook, NOW).len(), 2);
    assert_eq!(tell(&test.database, &webhook), (1, false), "what changed meanwhile");
    // After a month it begins anew.
    let long_ago = NOW.plus_seconds(-webhooks::RETENTION_SECONDS);
    test.write(webhook.user, |tx| tx.store.disable_webhook(webhook.user, webhook.id, DisabledReason::Gone, long_ago));
    add_themes(&test, webhook.user, 1, 2);
    let enabled = enable(true);
    let latest = test.read(|store| store.latest_revision(webhook.user)).unwrap();
    assert_eq!(enabled.seen(), Seen { rev: latest, position: None });
}

pub(crate) fn deliveries_are_listed_newest_first(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (webhook, other) = (fresh(&test), fresh(&test));
    let made = add(&test, &webhook, 5);
    add(&test, &other, 1);
    settle(&test, &webhook, &made[3], &answered(200), NOW);
    let list = |status, beyond: Option<usize>, backwards, limit| -> Vec<usize> {
        let beyond = beyond.map(|index: usize| made[index].id);
        let seek = DeliverySeek { status, beyond, backwards, limit };
        let found = test.read(|store| store.webhook_deliveries(webhook.user, webhook.id, seek));
        found.iter().map(|delivery| made.iter().position(|one| one.id == delivery.id).unwrap()).collect()
    };
    assert_eq!(list(None, None, false, 9), [4, 3, 2, 1, 0]);
    assert_eq!(list(None, Some(3), false, 2), [2, 1]);
    assert_eq!(list(None, Some(1), true, 2), [2, 3]);
    assert_eq!(list(Some(DeliveryStatus::Waiting), None, false, 9), [4, 2, 1, 0]);
    assert_eq!(list(Some(DeliveryStatus::Delivered), None, false, 9), [3]);
    assert!(list(Some(DeliveryStatus::Failed), None, false, 9).is_empty());
}

pub(crate) fn old_deliveries_are_purged(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let webhook = fresh(&test);
    let made = add(&test, &webhook, 1).remove(0);
    let purge = |before| write_unowned::<_, StoreError>(&test.database, |store| store.purge_webhook_deliveries(before));
    assert_eq!(purge(NOW).unwrap(), 0);
    assert_eq!(found(&test, &made, webhook.user), made);
    assert_eq!(purge(NOW.plus_seconds(1)).unwrap(), 1);
    assert_eq!(due_deliveries(&test, &webhook, NOW), []);
}
