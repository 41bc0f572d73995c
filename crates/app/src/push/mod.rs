//! Notifications to browsers (Web Push): their subscriptions, enqueuing what they are sent, and sending it.

mod notification;
mod sending;

use std::sync::Arc;

use circadia_auth::keys::MasterKey;
use circadia_auth::web_push::{BrowserKey, BrowserSecret};
use circadia_auth::{Outbox, OutboxError};
use circadia_domain::audit::{self, AuditAction, AuditDetail};
use circadia_domain::civil::Instant;
use circadia_domain::error::Error as DomainError;
use circadia_domain::idempotency::Creation;
use circadia_domain::ids::UserId;
use circadia_domain::jobs::JobKind;
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

pub use self::notification::PushNotification;
pub use self::sending::{OutgoingPush, PushAnswer, PushFuture, PushSender};
use crate::authenticate::Principal;
use crate::context::Context;
use crate::error::Error;
use crate::keys::Keys;

/// For how long a test waits for its device, in seconds.
const TEST_TTL_SECONDS: i64 = 600;

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
}
