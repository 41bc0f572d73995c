//! Turning what changed into deliveries.

use serde::Serialize;

use super::{Delivery, Seen, Webhook, WebhookEvent, WebhookId};
use crate::civil::Instant;
use crate::code::Code;
use crate::error::{Error, StoreError};
use crate::ids::{IdSource, UserId};
use crate::sync::{Change, Cursor, SyncTypes, read_on};
use crate::unit_of_work::Store;

/// Changes that are looked at at a time.
pub const MAX_CHANGES: usize = 500;

/// Deliveries of a webhook that may wait. While there are more, it isn't told of further changes: what is changed again in
/// the meantime is told once.
pub const MAX_PENDING: usize = 2_000;

/// A webhook that is to be told of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Whose it is.
    pub user: UserId,
    /// The webhook.
    pub webhook: WebhookId,
}

/// What a webhook is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The webhook, as it was when it was looked for.
    webhook: Webhook,
    /// The messages.
    messages: Vec<(WebhookEvent, Vec<u8>)>,
    /// Up to where they tell everything.
    seen: Seen,
    /// Whether there is more.
    pub has_more: bool,
}

/// A message as it is sent.
#[derive(Serialize)]
struct Message<'a, T> {
    r#type: &'a str,
    timestamp: Instant,
    data: &'a T,
}

/// The text of a message.
pub(super) fn message(event: WebhookEvent, data: &impl Serialize, now: Instant) -> Result<Vec<u8>, StoreError> {
    let message = Message { r#type: &event.to_string(), timestamp: now, data };
    serde_json::to_vec(&message).map_err(|error| StoreError::Defect(format!("a message can't be written: {error}")))
}

/// What changed since a webhook was told, of a bounded number of changes: of each item the last one. None if nothing did.
/// Runs in one snapshot.
///
/// # Errors
/// `StoreError` of the store.
pub fn news(store: &mut dyn Store, due: Due, now: Instant) -> Result<Option<News>, Error> {
    let Some(webhook) = store.find_webhook(due.user, due.webhook)?.filter(Webhook::is_enabled) else { return Ok(None) };
    let page = match read_on(store, due.user, SyncTypes::all(), Some(cursor(&webhook.seen())), MAX_CHANGES) {
        // What was deleted may be forgotten by now, or the database is one that was restored.
        Err(Error::Conflict { code: Code::SyncCursorExpired, .. }) => {
            let Some(latest) = store.latest_revision(due.user)? else { return Ok(None) };
            let seen = Seen { rev: latest, position: None };
            return Ok(Some(News { webhook, messages: Vec::new(), seen, has_more: false }));
        }
        page => page?,
    };
    let position = if page.has_more { Some(position(&page.cursor)?) } else { None };
    let seen = Seen { rev: page.cursor.revision, position };
    if seen == webhook.seen() {
        return Ok(None);
    }
    let told = |change: &Change| Some(WebhookEvent::of(change)).filter(|event| webhook.events.admits(*event));
    let mut messages = Vec::new();
    for change in &page.changes {
        if let Some(event) = told(change) {
            messages.push((event, message(event, change, now)?));
        }
    }
    Ok(Some(News { webhook, messages, seen, has_more: page.has_more }))
}

fn cursor(seen: &Seen) -> Cursor {
    let Some(position) = &seen.position else { return Cursor::after(SyncTypes::all(), seen.rev) };
    let stored = serde_json::from_slice(position).ok().filter(|cursor: &Cursor| cursor.types == SyncTypes::all());
    // One of another version, which knew other types: the revision is told once more, as a whole.
    stored.unwrap_or_else(|| Cursor::after(SyncTypes::all(), crate::revision::Revision(seen.rev.0.saturating_sub(1))))
}

fn position(cursor: &Cursor) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(cursor).map_err(|error| StoreError::Defect(format!("a cursor can't be written: {error}")))
}

/// Adds the deliveries of news, unless the webhook was told meanwhile: of several at once, one does, and none if the unit
/// of work isn't committed. How many. Runs in a writing unit of work without an owner.
///
/// # Errors
/// `StoreError` of the store.
pub fn add_deliveries(
    store: &mut dyn Store,
    news: &News,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<usize, StoreError> {
    let webhook = &news.webhook;
    if !store.move_webhook_on(webhook, &news.seen)? {
        return Ok(0);
    }
    let delivery = |(event, body): &(WebhookEvent, Vec<u8>)| {
        Delivery::new(ids.fresh().into(), webhook.id, *event, body.clone(), now)
    };
    let deliveries: Vec<Delivery> = news.messages.iter().map(delivery).collect();
    if !deliveries.is_empty() {
        store.insert_webhook_deliveries(webhook.user, webhook.id, &deliveries, now)?;
    }
    Ok(deliveries.len())
}

/// Adds a delivery to each of a user's webhooks that is sent for an event; but not where too many wait. How many were added.
/// Runs in a writing unit of work without an owner.
///
/// # Errors
/// `StoreError` of the store.
pub fn announce(
    store: &mut dyn Store,
    user: UserId,
    event: WebhookEvent,
    data: &impl Serialize,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<usize, StoreError> {
    let webhooks = store.webhooks(user)?;
    let has_room = |webhook: &Webhook| usize::try_from(webhook.pending).is_ok_and(|pending| pending < MAX_PENDING);
    let told = |webhook: &&Webhook| webhook.is_enabled() && webhook.events.admits(event) && has_room(webhook);
    let mut added = 0;
    for webhook in webhooks.iter().filter(told) {
        let delivery = Delivery::new(ids.fresh().into(), webhook.id, event, message(event, data, now)?, now);
        store.insert_webhook_deliveries(user, webhook.id, &[delivery], now)?;
        added += 1;
    }
    Ok(added)
}
