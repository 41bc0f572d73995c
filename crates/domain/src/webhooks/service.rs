//! What can be done with webhooks.

use serde_json::json;

use super::dispatch::message;
use super::{
    Delivery, DeliveryEntity, DeliveryId, DeliverySeek, DeliveryStatus, DisabledReason, EventFilter, MAX_WEBHOOKS,
    RETENTION_SECONDS, Seen, Webhook, WebhookDescription, WebhookEntity, WebhookEvent, WebhookId,
};
use crate::code::Code;
use crate::error::Error;
use crate::ids::UserId;
use crate::outgoing::OutgoingUrl;
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};

/// A webhook to make.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Its id.
    pub id: WebhookId,
    /// Where it is sent.
    pub url: OutgoingUrl,
    /// What its owner says of it.
    pub description: Option<WebhookDescription>,
    /// Which events it is sent for.
    pub events: EventFilter,
    /// Its secret, encrypted.
    pub secret: Vec<u8>,
}

/// A change of a webhook (RFC 7396): what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookPatch {
    /// The new URL.
    pub url: Option<OutgoingUrl>,
    /// The new description.
    pub description: Option<Option<WebhookDescription>>,
    /// The new filter.
    pub events: Option<EventFilter>,
    /// Whether it is sent.
    pub enabled: Option<bool>,
}

/// A secret that takes the place of a webhook's own.
#[derive(Debug, Clone)]
pub struct SecretRotation {
    /// The new secret, encrypted.
    pub secret: Vec<u8>,
    /// For how many seconds messages are signed with both.
    pub overlap: i64,
}

/// A user's webhooks, oldest first.
pub fn list(store: &mut dyn Store, user: UserId) -> Result<Vec<Webhook>, Error> {
    Ok(store.webhooks(user)?)
}

/// One webhook.
pub fn find(store: &mut dyn Store, user: UserId, id: WebhookId) -> Result<Webhook, Error> {
    store.find_webhook(user, id)?.ok_or(Error::not_found::<WebhookEntity>())
}

/// Creates a webhook. It is told of what changes from now on.
///
/// # Errors
/// The conflict `limit_reached`.
pub fn create(tx: &mut WriteTransaction<'_>, new: NewWebhook) -> Result<Webhook, Error> {
    Error::ensure_room(tx.store.webhooks(tx.user)?.len(), MAX_WEBHOOKS, "an account", "webhooks")?;
    let webhook = Webhook {
        id: new.id,
        user: tx.user,
        url: new.url,
        description: new.description,
        events: new.events,
        secret: new.secret,
        previous_secret: None,
        previous_secret_until: None,
        disabled_at: None,
        disabled_reason: None,
        failing_since: None,
        seen_rev: tx.rev,
        seen_position: None,
        pending: 0,
        next_delivery_at: None,
        leased_until: None,
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
    };
    tx.store.insert_webhook(&webhook)?;
    Ok(webhook)
}

/// Changes a webhook.
///
/// Enabled again, it goes on where it stopped: with the deliveries that wait, and what changed since. After 30 days, it
/// begins anew.
///
/// # Errors
/// `webhook_not_found`; [`Error::Stale`].
pub fn update(
    tx: &mut WriteTransaction<'_>,
    id: WebhookId,
    expected: &Expected,
    patch: WebhookPatch,
) -> Result<Webhook, Error> {
    let stored = find(tx.store, tx.user, id)?;
    expected.check(stored.rev)?;
    let was_enabled = stored.is_enabled();
    let disabled_at = stored.disabled_at;
    let is_elsewhere = patch.url.as_ref().is_some_and(|url| *url != stored.url);
    let changed = Webhook {
        url: patch.url.unwrap_or(stored.url),
        description: patch.description.unwrap_or(stored.description),
        events: patch.events.unwrap_or(stored.events),
        updated_at: tx.now,
        rev: tx.rev,
        ..stored
    };
    tx.store.update_webhook(&changed)?;
    if is_elsewhere {
        // Another endpoint, which hasn't failed yet.
        tx.store.note_webhook_attempt(tx.user, id, None, false)?;
    }
    match patch.enabled {
        Some(true) if !was_enabled => {
            let is_long_ago = disabled_at.is_some_and(|at| at.plus_seconds(RETENTION_SECONDS) <= tx.now);
            let seen = is_long_ago.then_some(Seen { rev: tx.rev, position: None });
            tx.store.enable_webhook(tx.user, id, seen.as_ref(), tx.now)?;
        }
        Some(false) if was_enabled => {
            tx.store.disable_webhook(tx.user, id, DisabledReason::User, tx.now)?;
        }
        Some(_) | None => {}
    }
    find(tx.store, tx.user, id)
}

/// Gives a webhook another secret.
///
/// # Errors
/// `webhook_not_found`; [`Error::Stale`].
pub fn rotate_secret(
    tx: &mut WriteTransaction<'_>,
    id: WebhookId,
    expected: &Expected,
    rotation: SecretRotation,
) -> Result<Webhook, Error> {
    let stored = find(tx.store, tx.user, id)?;
    expected.check(stored.rev)?;
    let overlaps = rotation.overlap > 0;
    let changed = Webhook {
        previous_secret: overlaps.then_some(stored.secret),
        previous_secret_until: overlaps.then(|| tx.now.plus_seconds(rotation.overlap)),
        secret: rotation.secret,
        updated_at: tx.now,
        rev: tx.rev,
        ..stored
    };
    tx.store.update_webhook(&changed)?;
    Ok(changed)
}

/// Deletes a webhook with its deliveries.
///
/// # Errors
/// `webhook_not_found`; [`Error::Stale`].
pub fn delete(tx: &mut WriteTransaction<'_>, id: WebhookId, expected: &Expected) -> Result<(), Error> {
    let stored = find(tx.store, tx.user, id)?;
    expected.check(stored.rev)?;
    Ok(tx.store.delete_webhook(tx.user, id)?)
}

/// Sends a webhook a test message.
///
/// # Errors
/// `webhook_not_found`; the conflicts `webhook_disabled` and `limit_reached`.
pub fn ping(tx: &mut WriteTransaction<'_>, id: WebhookId, delivery: DeliveryId) -> Result<Delivery, Error> {
    let webhook = find_enabled(tx, id)?;
    let body = message(WebhookEvent::Ping, &json!({}), tx.now)?;
    let ping = Delivery::new(delivery, webhook.id, WebhookEvent::Ping, body, tx.now);
    tx.store.insert_webhook_deliveries(tx.user, webhook.id, std::slice::from_ref(&ping), tx.now)?;
    Ok(ping)
}

/// Has a delivery that was delivered or given up sent again, as one that was never tried.
///
/// # Errors
/// `webhook_not_found`, `webhook_delivery_not_found`; the conflicts `webhook_disabled`, `delivery_waiting` and
/// `limit_reached`.
pub fn replay(tx: &mut WriteTransaction<'_>, id: WebhookId, delivery: DeliveryId) -> Result<Delivery, Error> {
    // That it isn't there is said before that it is disabled.
    let webhook = find(tx.store, tx.user, id)?;
    let stored = tx.store.find_delivery(tx.user, webhook.id, delivery)?.ok_or(Error::not_found::<DeliveryEntity>())?;
    find_enabled(tx, id)?;
    if stored.status == DeliveryStatus::Waiting {
        return Err(Error::conflict(Code::DeliveryWaiting, "it is still to be sent: there is nothing to repeat"));
    }
    let again =
        Delivery { error: stored.error, ..Delivery::new(stored.id, webhook.id, stored.event, stored.body, tx.now) };
    let again = Delivery { created_at: stored.created_at, ..again };
    tx.store.repeat_delivery(tx.user, &again, tx.now)?;
    Ok(again)
}

fn find_enabled(tx: &mut WriteTransaction<'_>, id: WebhookId) -> Result<Webhook, Error> {
    let webhook = find(tx.store, tx.user, id)?;
    if !webhook.is_enabled() {
        return Err(Error::conflict(Code::WebhookDisabled, "the webhook is disabled: enable it first"));
    }
    let pending = usize::try_from(webhook.pending).unwrap_or(0);
    Error::ensure_room(pending, super::MAX_PENDING, "a webhook", "deliveries that wait")?;
    Ok(webhook)
}

/// A part of a webhook's deliveries.
///
/// # Errors
/// `webhook_not_found`.
pub fn deliveries(
    store: &mut dyn Store,
    user: UserId,
    id: WebhookId,
    seek: DeliverySeek,
) -> Result<Vec<Delivery>, Error> {
    find(store, user, id)?;
    Ok(store.webhook_deliveries(user, id, seek)?)
}
