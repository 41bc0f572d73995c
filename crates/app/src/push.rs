//! Notifications to browsers (Web Push): their subscriptions, enqueuing what they are sent, and sending it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use circadia_auth::keys::MasterKey;
use circadia_auth::web_push::{BrowserKey, BrowserSecret, MAX_PUSH_BYTES, encrypt_push, push_topic};
use circadia_auth::{OpeningError, Outbox, OutboxError};
use circadia_domain::audit::{self, AuditAction, AuditDetail};
use circadia_domain::civil::Instant;
use circadia_domain::error::{Error as DomainError, StoreError};
use circadia_domain::idempotency::Creation;
use circadia_domain::ids::UserId;
use circadia_domain::jobs::{Attempt, Job, JobKind};
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::push_subscriptions::{
    self, NewPushSubscription, NotificationKind, PushSubscription, PushSubscriptionId, PushSubscriptionLabel,
};
use circadia_domain::revision::Expected;
use circadia_domain::unit_of_work::Store;
use circadia_domain::violation::Violations;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

use crate::authenticate::Principal;
use crate::context::Context;
use crate::error::Error;
use crate::keys::Keys;

/// For how long a test waits for its device, in seconds.
const TEST_TTL_SECONDS: i64 = 600;

/// A notification, for every browser of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct PushNotification {
    pub kind: NotificationKind,
    pub title: String,
    pub body: String,
    /// On a device, a notification takes the place of an earlier one with the same tag; so it does at the push service,
    /// while the device can't be reached.
    pub tag: String,
    /// What the app needs when the notification is clicked: ids.
    pub data: Value,
    /// It isn't shown after that.
    pub expires_at: Instant,
}

/// What a service worker gets.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: NotificationKind,
    title: &'a str,
    body: &'a str,
    tag: &'a str,
    data: &'a Value,
}

impl PushNotification {
    /// The notification as JSON, short enough to be sent: what is too long of its text is cut off.
    fn payload(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut shown =
            Payload { r#type: self.kind, title: &self.title, body: &self.body, tag: &self.tag, data: &self.data };
        let too_long = |shown: &Payload<'_>| -> Result<usize, serde_json::Error> {
            Ok(serde_json::to_vec(shown)?.len().saturating_sub(MAX_PUSH_BYTES))
        };
        let (body, title);
        let excess = too_long(&shown)?;
        if excess > 0 {
            body = shortened(&self.body, excess);
            shown.body = &body;
        }
        let excess = too_long(&shown)?;
        if excess > 0 {
            title = shortened(&self.title, excess);
            shown.title = &title;
        }
        if too_long(&shown)? > 0 {
            shown.data = &Value::Null;
        }
        if too_long(&shown)? > 0 {
            shown.tag = "";
        }
        serde_json::to_vec(&shown)
    }
}

/// A text that takes so many bytes less in JSON, if it has them, and ends with an ellipsis.
fn shortened(text: &str, excess: usize) -> String {
    const ELLIPSIS: char = '…';
    let whole: usize = text.chars().map(bytes_in_json).sum();
    let mut room = whole.saturating_sub(excess.saturating_add(ELLIPSIS.len_utf8()));
    let fits = |character: &char| {
        let left = room.checked_sub(bytes_in_json(*character));
        room = left.unwrap_or(0);
        left.is_some()
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    if !kept.is_empty() {
        kept.push(ELLIPSIS);
    }
    kept
}

/// The bytes that a character takes in a JSON string.
const fn bytes_in_json(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..' ' => 6,
        _ => character.len_utf8(),
    }
}

/// What a job holds: a notification for one browser.
#[derive(Serialize, Deserialize)]
struct PushJob {
    subscription: PushSubscriptionId,
    kind: NotificationKind,
    title: String,
    body: String,
    tag: String,
    data: Value,
    expires_at_micros: i64,
}

impl PushJob {
    fn new(subscription: PushSubscriptionId, notification: &PushNotification) -> Self {
        let PushNotification { kind, title, body, tag, data, expires_at } = notification.clone();
        Self { subscription, kind, title, body, tag, data, expires_at_micros: expires_at.micros() }
    }

    fn into_notification(self) -> PushNotification {
        let Self { subscription: _, kind, title, body, tag, data, expires_at_micros } = self;
        PushNotification { kind, title, body, tag, data, expires_at: Instant::from_micros(expires_at_micros) }
    }
}

/// A subscription as a browser sends it.
#[derive(Debug, Clone)]
pub struct BrowserSubscription {
    pub id: PushSubscriptionId,
    pub endpoint: OutgoingUrl,
    pub key: BrowserKey,
    pub secret: BrowserSecret,
    pub label: Option<PushSubscriptionLabel>,
}

/// A message on its way to a push service.
#[derive(Debug)]
pub struct OutgoingPush {
    pub endpoint: OutgoingUrl,
    /// `Authorization`.
    pub authorization: String,
    /// `Topic`.
    pub topic: String,
    /// `TTL`, in seconds.
    pub ttl_seconds: i64,
    /// Encrypted (`Content-Encoding: aes128gcm`).
    pub body: Vec<u8>,
}

/// What a push service answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushAnswer {
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<i64>,
    /// Why it isn't a good one.
    pub failure: Option<String>,
}

/// What a push service will answer.
pub type PushFuture<'a> = Pin<Box<dyn Future<Output = PushAnswer> + Send + 'a>>;

/// Sends messages to push services. An implementation connects to public addresses only, follows no redirects, and
/// bounds the time that it takes and the bytes that it reads.
pub trait PushSender: Send + Sync {
    /// Sends a message.
    fn send(&self, message: OutgoingPush) -> PushFuture<'_>;
}

/// Notifications to browsers. Cheap to clone.
#[derive(Clone)]
pub struct Push {
    pub context: Context,
    pub outbox: Outbox,
    pub master: MasterKey,
    pub keys: Arc<Keys>,
    /// Whom operators of push services can write to: `mailto:` or `https:`.
    pub subject: Arc<str>,
    /// Whether endpoints may have addresses that aren't public, and plain HTTP.
    pub private_targets: bool,
    /// Wakes what sends notifications in this process.
    pub wake: Arc<Notify>,
}

impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Push").field("private_targets", &self.private_targets).finish_non_exhaustive()
    }
}

impl Push {
    /// The public key that browsers bind their subscriptions to (`applicationServerKey`), in base64url.
    ///
    /// # Errors
    /// [`Error::Internal`] if there is none: every server makes it when it starts.
    pub fn public_key(&self) -> Result<String, Error> {
        let ring = self.keys.ring();
        let key = ring.vapid().ok_or_else(|| Error::internal("there is no key for Web Push"))?;
        Ok(key.public_key().to_owned())
    }

    /// Stores a browser's subscription, or what is new of one that the user has.
    ///
    /// # Errors
    /// `validation_failed` at `/endpoint`; `limit_reached`, `id_taken`; the store's.
    pub async fn subscribe(
        &self,
        principal: Principal,
        sent: BrowserSubscription,
    ) -> Result<Creation<PushSubscription>, Error> {
        if !self.private_targets {
            let mut wrong = Violations::new();
            wrong.take("/endpoint", sent.endpoint.check_public());
            if !wrong.is_empty() {
                return Err(DomainError::from(wrong).into());
            }
        }
        let BrowserSubscription { id, endpoint, key, secret, label } = sent;
        let new = NewPushSubscription { id, endpoint, p256dh: key.bytes().to_vec(), label };
        let (context, master, now) = (self.context.clone(), self.master.clone(), self.context.now());
        let stored = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            let seal = |id| Ok(secret.seal(id, &master, &*context.entropy)?);
            let stored = push_subscriptions::subscribe::<Error>(tx, new.clone(), seal)?;
            // Apps send what they have each time they are opened: that isn't worth an event.
            if let Creation::Created(made) = &stored {
                let event = context.audit_event(principal, AuditAction::PUSH_SUBSCRIBED, now);
                audit::record(tx.store, &event.with("subscription", AuditDetail::Id(made.id.as_uuid())))?;
            }
            Ok(stored)
        });
        stored.await
    }

    /// Removes a subscription.
    ///
    /// # Errors
    /// `push_subscription_not_found`, `precondition_failed`; the store's.
    pub async fn unsubscribe(
        &self,
        principal: Principal,
        id: PushSubscriptionId,
        expected: Expected,
    ) -> Result<(), Error> {
        let (context, now) = (self.context.clone(), self.context.now());
        let removed = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            push_subscriptions::delete(tx, id, &expected)?;
            let event = context.audit_event(principal, AuditAction::PUSH_UNSUBSCRIBED, now);
            audit::record(tx.store, &event.with("subscription", AuditDetail::Id(id.as_uuid())))?;
            Ok(())
        });
        removed.await
    }

    /// Sends a test to one subscription.
    ///
    /// # Errors
    /// `push_subscription_not_found`; the store's.
    pub async fn test(&self, user: UserId, id: PushSubscriptionId) -> Result<PushSubscription, Error> {
        let (push, now) = (self.clone(), self.context.now());
        let notification = PushNotification {
            kind: NotificationKind::Test,
            title: "Circadia".to_owned(),
            body: "Notifications reach this device.".to_owned(),
            tag: "test".to_owned(),
            data: Value::Null,
            expires_at: now.plus_seconds(TEST_TTL_SECONDS),
        };
        let tested = self.context.unit_of_work.write_unowned::<_, Error>(move |store| {
            let subscription = push_subscriptions::find(store, user, id)?;
            push.enqueue_one(store, &subscription, &notification, now)?;
            Ok(subscription)
        });
        let tested = tested.await?;
        self.wake();
        Ok(tested)
    }

    /// Enqueues a notification for each browser of a user, in the unit of work that causes it; call [`Self::wake`] once
    /// that is committed. Nothing is enqueued for a user without a subscription.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub(crate) fn enqueue(
        &self,
        store: &mut dyn Store,
        user: UserId,
        notification: &PushNotification,
        now: Instant,
    ) -> Result<(), OutboxError> {
        let subscriptions = store.push_subscriptions(user)?;
        subscriptions.iter().try_for_each(|subscription| self.enqueue_one(store, subscription, notification, now))
    }

    fn enqueue_one(
        &self,
        store: &mut dyn Store,
        subscription: &PushSubscription,
        notification: &PushNotification,
        now: Instant,
    ) -> Result<(), OutboxError> {
        let (job, id) = (PushJob::new(subscription.id, notification), self.context.ids.fresh().into());
        self.outbox.enqueue(store, JobKind::Push, Some(subscription.user), &job, id, now)
    }

    /// Lets this process send what was enqueued at once.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until this process has something to send.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Sends the notification of a job, if it is still to be shown and its subscription is still there.
    pub async fn attempt(&self, job: &Job, sender: &dyn PushSender) -> Attempt {
        let Some(user) = job.user else { return Attempt::Permanent("it is nobody's".to_owned()) };
        let order: PushJob = match self.outbox.open(job) {
            Ok(order) => order,
            Err(error @ OpeningError::Missing) => return Attempt::Permanent(error.to_string()),
            // What doesn't open here may open elsewhere: with another key, or a newer version.
            Err(error) => return Attempt::Failed(error.to_string()),
        };
        let (id, now) = (order.subscription, self.context.now());
        let notification = order.into_notification();
        // Also in the second in which it expires: a service that can't deliver at once would drop it.
        let ttl_seconds = notification.expires_at.seconds() - now.seconds();
        if ttl_seconds <= 0 {
            tracing::info!(subscription = %id, kind = %notification.kind, "a notification expired before it was sent");
            return Attempt::Done;
        }
        let found =
            self.context.unit_of_work.query::<_, StoreError>(move |store| store.find_push_subscription(user, id));
        let subscription = match found.await {
            Ok(Some(subscription)) => subscription,
            // Removed since, or another user's by now.
            Ok(None) => return Attempt::Done,
            Err(error) => return Attempt::Failed(error.to_string()),
        };
        let message = match self.message(&subscription, &notification, ttl_seconds, now) {
            Ok(message) => message,
            Err(attempt) => return attempt,
        };
        let answer = sender.send(message).await;
        self.settle(&subscription, answer).await
    }

    /// Encrypts and signs a notification.
    fn message(
        &self,
        subscription: &PushSubscription,
        notification: &PushNotification,
        ttl_seconds: i64,
        now: Instant,
    ) -> Result<OutgoingPush, Attempt> {
        // The configuration may have become stricter since the endpoint was checked.
        if !self.private_targets && subscription.endpoint.check_public().is_err() {
            return Err(Attempt::Permanent("its endpoint isn't one of the public internet".to_owned()));
        }
        let ring = self.keys.ring();
        let vapid = ring.vapid().ok_or_else(|| Attempt::Failed("there is no key for Web Push".to_owned()))?;
        let key = BrowserKey::from_bytes(&subscription.p256dh)
            .ok_or_else(|| Attempt::Permanent("the browser's key isn't one".to_owned()))?;
        let failed = |error: &dyn std::fmt::Display| Attempt::Failed(error.to_string());
        let secret = BrowserSecret::open(subscription.id, &subscription.auth, &self.master)
            .map_err(|error| failed(&error))?
            .ok_or_else(|| failed(&OpeningError::WrongMasterKey))?;
        let payload = notification.payload().map_err(|error| failed(&error))?;
        let body = encrypt_push(payload, &key, &secret, &*self.context.entropy).map_err(|error| failed(&error))?;
        let authorization =
            vapid.authorization(&subscription.endpoint.origin(), &self.subject, now).map_err(|error| failed(&error))?;
        let topic = push_topic(&notification.tag);
        Ok(OutgoingPush { endpoint: subscription.endpoint.clone(), authorization, topic, ttl_seconds, body })
    }

    /// Notes what came of an attempt.
    async fn settle(&self, subscription: &PushSubscription, answer: PushAnswer) -> Attempt {
        let (user, id, now) = (subscription.user, subscription.id, self.context.now());
        let host = subscription.endpoint.host();
        let is_gone = matches!(answer.status, Some(404 | 410));
        let succeeded = answer.failure.is_none();
        let noted = self.context.unit_of_work.write_unowned::<_, StoreError>(move |store| {
            if is_gone {
                return store.delete_push_subscription(user, id).map(drop);
            }
            store.note_push(user, id, succeeded, now)
        });
        if let Err(error) = noted.await {
            // What was sent isn't sent again for the sake of a note.
            tracing::warn!(subscription = %id, %error, "how a notification ended can't be noted");
            if is_gone {
                return Attempt::Failed(error.to_string());
            }
        }
        let Some(reason) = answer.failure else {
            tracing::debug!(subscription = %id, host, "sent a notification");
            return Attempt::Done;
        };
        let is_refused = matches!(answer.status, Some(300..=499)) && !matches!(answer.status, Some(408 | 425 | 429));
        match answer.retry_after {
            _ if is_gone => {
                tracing::info!(subscription = %id, host, "a push subscription has ended");
                Attempt::Done
            }
            // The message, or who sends it, is refused: so it would be the next time.
            _ if is_refused => Attempt::Permanent(format!("{host}: {reason}")),
            Some(seconds) => Attempt::Postponed(format!("{host}: {reason}"), seconds),
            None => Attempt::Failed(format!("{host}: {reason}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notification(title: &str, body: &str, data: Value) -> PushNotification {
        PushNotification {
            kind: NotificationKind::Reminder,
            title: title.to_owned(),
            body: body.to_owned(),
            tag: "habit".to_owned(),
            data,
            expires_at: Instant::from_seconds(1),
        }
    }

    fn payload(notification: &PushNotification) -> Value {
        let bytes = notification.payload().unwrap();
        assert!(bytes.len() <= MAX_PUSH_BYTES, "{} bytes", bytes.len());
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn a_notification_is_sent_as_a_service_worker_reads_it() {
        let expected = json!({"type": "reminder", "title": "Run", "body": "Today", "tag": "habit", "data": {"id": 7}});
        assert_eq!(payload(&notification("Run", "Today", json!({"id": 7}))), expected);
    }

    #[test]
    fn what_is_too_long_is_cut_and_never_refused() {
        // However many bytes its characters take, as text and as JSON.
        for unit in ["a", "é", "好", "🏃", "\"", "\\", "\n", "\u{1}", "a\u{1}é"] {
            let long = unit.repeat(20_000 / unit.len());
            let cut = payload(&notification("Run", &long, json!({"id": 7})));
            let body = cut["body"].as_str().unwrap();
            let (kept, end) = body.split_at(body.len() - "…".len());
            assert!(end == "…" && long.starts_with(kept), "{unit:?}");
            assert_eq!((&cut["title"], &cut["data"]), (&json!("Run"), &json!({"id": 7})));
            let cut = payload(&notification(&long, &long, json!({"id": 7})));
            assert_eq!((&cut["body"], &cut["data"]), (&json!(""), &json!({"id": 7})), "{unit:?}");
            let cut = payload(&notification("Run", "Today", json!(long)));
            assert_eq!(cut["data"], Value::Null);
        }
        // What fits is sent as it is, to the byte.
        let empty = notification("Run", "", Value::Null).payload().unwrap().len();
        let full = "a".repeat(MAX_PUSH_BYTES - empty);
        assert_eq!(payload(&notification("Run", &full, Value::Null))["body"], full);
        let over = format!("{full}a");
        assert!(payload(&notification("Run", &over, Value::Null))["body"].as_str().unwrap().ends_with("aa…"));
        let tag = PushNotification { tag: "t".repeat(9_000), ..notification("Run", "Today", Value::Null) };
        assert_eq!(payload(&tag)["tag"], "");
    }
}
