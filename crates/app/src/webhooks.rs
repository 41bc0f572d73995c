//! Webhooks: their secrets, turning changes into deliveries, and sending these.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use circadia_auth::accounts::EmailJob;
use circadia_auth::keys::MasterKey;
use circadia_auth::webhooks::WebhookSecret;
use circadia_domain::Error as DomainError;
use circadia_domain::audit::{self, AuditAction, AuditDetail};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::measures::{Counter, Each, WebhookOutcome};
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::revision::Expected;
use circadia_domain::unit_of_work::WriteTransaction;
use circadia_domain::webhooks::{
    self, AttemptResult, Delivery, DeliveryId, DisabledReason, Due, EventFilter, LEASE_SECONDS, Lease, MAX_PENDING,
    NewWebhook, RETENTION_SECONDS, SecretRotation, Settled, Webhook, WebhookDescription, WebhookId, WebhookPatch,
};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::authenticate::Principal;
use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;

/// For how long messages are signed with both secrets after a rotation, in seconds, unless something else is asked for.
pub const DEFAULT_OVERLAP: i64 = 86_400;
/// The longest that can be asked for.
pub const MAX_OVERLAP: i64 = 7 * 86_400;

/// Webhooks that are looked for at a time to be told of changes, and how often one after the other.
const MAX_TOLD: usize = 100;
const MAX_ROUNDS: usize = 10;
/// Units of work in which one of them is told: of many changes, it is told by parts.
const MAX_PARTS: usize = 20;
/// Deliveries that are sent one after the other before others have their turn.
const MAX_BATCH: usize = 16;
/// How long an attempt may take, with noting how it ended. One that might end after the lease isn't begun.
const ATTEMPT_SECONDS: i64 = 30;
/// Pauses between attempts to note how an attempt ended.
const SETTLE_PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];

/// A webhook to create.
#[derive(Debug, Clone)]
pub struct WebhookToCreate {
    pub url: OutgoingUrl,
    pub description: Option<WebhookDescription>,
    pub events: EventFilter,
}

/// A message on its way.
#[derive(Debug)]
pub struct OutgoingMessage {
    pub url: OutgoingUrl,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, in seconds since 1970.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    pub body: Vec<u8>,
}

/// How an attempt ends.
pub type AttemptFuture<'a> = Pin<Box<dyn Future<Output = AttemptResult> + Send + 'a>>;

/// Sends messages. An implementation connects to public addresses only, follows no redirects, and bounds the time that it
/// takes and the bytes that it reads.
pub trait WebhookSender: Send + Sync {
    /// Sends a message.
    fn send(&self, message: OutgoingMessage) -> AttemptFuture<'_>;
}

/// Attempts by outcome.
pub type WebhookMeasures = Each<WebhookOutcome, Counter>;

/// Webhooks.
pub struct Webhooks {
    pub context: Context,
    pub master: MasterKey,
    pub emails: Emails,
    /// Whether they may be sent to addresses that aren't public, and over plain HTTP.
    pub private_targets: bool,
    pub measures: Arc<WebhookMeasures>,
    /// Wakes what sends deliveries in this process.
    pub wake: Arc<Notify>,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks").field("private_targets", &self.private_targets).finish_non_exhaustive()
    }
}

impl Webhooks {
    /// # Errors
    /// `validation_failed` at `/url`.
    fn check(&self, url: Option<&OutgoingUrl>) -> Result<(), DomainError> {
        match url {
            Some(url) if !self.private_targets => {
                let mut wrong = circadia_domain::violation::Violations::new();
                wrong.take("/url", url.check_public());
                if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Creates a webhook. Its secret is given this once.
    ///
    /// # Errors
    /// `validation_failed`, `limit_reached`; the store's.
    pub async fn create(
        &self,
        principal: Principal,
        new: WebhookToCreate,
    ) -> Result<(Webhook, Zeroizing<String>), Error> {
        self.check(Some(&new.url))?;
        let id: WebhookId = self.context.ids.fresh().into();
        let (secret, sealed) = self.fresh_secret(id)?;
        let new = NewWebhook { id, url: new.url, description: new.description, events: new.events, secret: sealed };
        let created =
            self.write(principal, AuditAction::WEBHOOK_CREATED, id, move |tx| webhooks::create(tx, new.clone()));
        Ok((created.await?, secret))
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// `webhook_not_found`, `validation_failed`, `precondition_failed`; the store's.
    pub async fn update(
        &self,
        principal: Principal,
        id: WebhookId,
        expected: Expected,
        patch: WebhookPatch,
    ) -> Result<Webhook, Error> {
        // That there is no such webhook is said before what is wrong with the URL.
        if let Err(wrong) = self.check(patch.url.as_ref()) {
            let found = self.context.unit_of_work.query(move |store| webhooks::find(store, principal.user, id));
            found.await?;
            return Err(wrong.into());
        }
        let changed = self.write(principal, AuditAction::WEBHOOK_CHANGED, id, move |tx| {
            webhooks::update(tx, id, &expected, patch.clone())
        });
        let changed = changed.await?;
        self.wake.notify_one();
        Ok(changed)
    }

    /// Gives a webhook another secret, which is given this once.
    ///
    /// # Errors
    /// `webhook_not_found`, `precondition_failed`; the store's.
    pub async fn rotate_secret(
        &self,
        principal: Principal,
        id: WebhookId,
        expected: Expected,
        overlap: i64,
    ) -> Result<(Webhook, Zeroizing<String>), Error> {
        let (secret, sealed) = self.fresh_secret(id)?;
        let rotation = SecretRotation { secret: sealed, overlap };
        let rotated = self.write(principal, AuditAction::WEBHOOK_SECRET_ROTATED, id, move |tx| {
            webhooks::rotate_secret(tx, id, &expected, rotation.clone())
        });
        Ok((rotated.await?, secret))
    }

    /// Deletes a webhook with its deliveries.
    ///
    /// # Errors
    /// `webhook_not_found`, `precondition_failed`; the store's.
    pub async fn delete(&self, principal: Principal, id: WebhookId, expected: Expected) -> Result<(), Error> {
        self.write(principal, AuditAction::WEBHOOK_DELETED, id, move |tx| webhooks::delete(tx, id, &expected)).await
    }

    /// Sends a webhook a test message.
    ///
    /// # Errors
    /// `webhook_not_found`, `webhook_disabled`, `limit_reached`; the store's.
    pub async fn ping(&self, principal: Principal, id: WebhookId) -> Result<Delivery, Error> {
        let (delivery, now): (DeliveryId, _) = (self.context.ids.fresh().into(), self.context.now());
        let made = self
            .context
            .unit_of_work
            .write::<_, Error>(principal.user, now, move |tx| Ok(webhooks::ping(tx, id, delivery)?));
        let made = made.await?;
        self.wake.notify_one();
        Ok(made)
    }

    /// Has a delivery sent again.
    ///
    /// # Errors
    /// `webhook_not_found`, `webhook_delivery_not_found`, `webhook_disabled`, `delivery_waiting`, `limit_reached`; the
    /// store's.
    pub async fn replay(&self, principal: Principal, id: WebhookId, delivery: DeliveryId) -> Result<Delivery, Error> {
        let now = self.context.now();
        let made = self
            .context
            .unit_of_work
            .write::<_, Error>(principal.user, now, move |tx| Ok(webhooks::replay(tx, id, delivery)?));
        let made = made.await?;
        self.wake.notify_one();
        Ok(made)
    }

    fn fresh_secret(&self, id: WebhookId) -> Result<(Zeroizing<String>, Vec<u8>), Error> {
        let secret = WebhookSecret::fresh(&*self.context.entropy);
        let sealed = secret.seal(id, &self.master, &*self.context.entropy).map_err(Error::internal)?;
        Ok((secret.text(), sealed))
    }

    async fn write<T: Send + 'static>(
        &self,
        principal: Principal,
        action: AuditAction,
        id: WebhookId,
        mut work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, DomainError> + Send + 'static,
    ) -> Result<T, Error> {
        let (context, now) = (self.context.clone(), self.context.now());
        let written = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            let done = work(tx)?;
            let event = context.audit_event(principal, action.clone(), now);
            audit::record(tx.store, &event.with("webhook", AuditDetail::Id(id.as_uuid())))?;
            Ok(done)
        });
        written.await
    }

    /// Turns what changed into deliveries, each webhook in transactions of its own. How many were made.
    ///
    /// # Errors
    /// The store's. What was made before stays.
    pub async fn tell(&self) -> Result<usize, StoreError> {
        let unit_of_work = &self.context.unit_of_work;
        let find = |store: &mut dyn circadia_domain::unit_of_work::Store| store.webhooks_to_tell(MAX_PENDING, MAX_TOLD);
        let mut made = 0;
        for _ in 0..MAX_ROUNDS {
            let found = unit_of_work.query::<_, StoreError>(find).await?;
            for due in &found {
                match self.tell_one(*due).await {
                    Ok(count) => made += count,
                    // One that can't be told holds up no other.
                    Err(error @ (StoreError::Corrupt(_) | StoreError::Defect(_))) => {
                        tracing::error!(webhook = %due.webhook, %error, "a webhook can't be told of changes");
                    }
                    Err(error) => return Err(error),
                }
            }
            if found.len() < MAX_TOLD {
                break;
            }
        }
        Ok(made)
    }

    async fn tell_one(&self, due: Due) -> Result<usize, StoreError> {
        let mut made = 0;
        for _ in 0..MAX_PARTS {
            let (unit_of_work, now) = (&self.context.unit_of_work, self.context.now());
            let news = unit_of_work.read::<_, DomainError>(move |store| webhooks::news(store, due, now)).await;
            let news = match news {
                Ok(Some(news)) => news,
                // The account may have been deleted meanwhile.
                Ok(None) | Err(DomainError::NotFound { .. }) => break,
                Err(DomainError::Store(error)) => return Err(error),
                Err(error) => return Err(StoreError::Defect(error.to_string())),
            };
            let (ids, has_more) = (Arc::clone(&self.context.ids), news.has_more);
            let added = unit_of_work
                .write_unowned::<_, StoreError>(move |store| webhooks::add_deliveries(store, &news, &*ids, now));
            match added.await {
                Ok(count) => made += count,
                Err(StoreError::NoSuchUser) => break,
                Err(error) => return Err(error),
            }
            if !has_more {
                break;
            }
        }
        Ok(made)
    }

    /// Takes up to `limit` webhooks on lease that have a delivery that is due.
    ///
    /// # Errors
    /// The store's.
    pub async fn claim(&self, limit: usize) -> Result<Vec<Lease>, StoreError> {
        let now = self.context.now();
        let unit_of_work = &self.context.unit_of_work;
        if !unit_of_work.query::<_, StoreError>(move |store| store.webhook_is_due(now)).await? {
            return Ok(Vec::new());
        }
        let until = now.plus_seconds(LEASE_SECONDS);
        unit_of_work.write_unowned::<_, StoreError>(move |store| store.claim_webhooks(now, until, limit)).await
    }

    /// Sends some of a webhook's deliveries that are due, one after the other, up to the first that fails, and ends the
    /// lease.
    ///
    /// # Errors
    /// The store's. What wasn't noted is sent once more when the lease is over.
    pub async fn deliver(
        &self,
        lease: Lease,
        sender: &dyn WebhookSender,
        is_to_stop: impl Fn() -> bool,
    ) -> Result<(), StoreError> {
        let ((user, id), now) = (lease.key(), self.context.now());
        let unit_of_work = &self.context.unit_of_work;
        let due =
            unit_of_work.query::<_, StoreError>(move |store| store.due_deliveries(user, id, now, MAX_BATCH)).await?;
        let mut failed = false;
        for delivery in due {
            let leaves_time = self.context.now().plus_seconds(ATTEMPT_SECONDS) <= lease.until;
            if failed || is_to_stop() || !leaves_time {
                break;
            }
            // It may have been changed, disabled or deleted since it was claimed.
            let webhook = unit_of_work.query::<_, StoreError>(move |store| store.find_webhook(user, id)).await?;
            let Some(webhook) = webhook.filter(Webhook::is_enabled) else { break };
            let result = self.attempt(&webhook, &delivery, sender).await;
            failed = result.failure.is_some();
            self.settle(&webhook, delivery, result).await?;
        }
        let now = self.context.now();
        unit_of_work.write_unowned::<_, StoreError>(move |store| webhooks::release(store, &lease, failed, now)).await
    }

    /// Signs and sends a message.
    async fn attempt(&self, webhook: &Webhook, delivery: &Delivery, sender: &dyn WebhookSender) -> AttemptResult {
        let unsent = |reason: &str| AttemptResult { status: None, duration_ms: 0, failure: Some(reason.to_owned()) };
        // The configuration may have become stricter since the URL was checked.
        if !self.private_targets && webhook.url.check_public().is_err() {
            return unsent(
                "the URL isn't one of the public internet: it must have `https://`, a public host and a usual port",
            );
        }
        let (now, id) = (self.context.now(), delivery.id.to_string());
        let mut signatures = Vec::new();
        for sealed in webhook.secrets(now) {
            match WebhookSecret::open(webhook.id, sealed, &self.master) {
                Ok(Some(secret)) => signatures.push(secret.sign(&id, now.seconds(), &delivery.body)),
                Ok(None) => return unsent("the secret doesn't open on this server: rotate it"),
                Err(error) => return unsent(&error.to_string()),
            }
        }
        let message = OutgoingMessage {
            url: webhook.url.clone(),
            id,
            timestamp: now.seconds(),
            signature: signatures.join(" "),
            body: delivery.body.clone(),
        };
        sender.send(message).await
    }

    /// Notes how an attempt ended. What can't be noted is sent again, so it is tried for a while.
    async fn settle(&self, webhook: &Webhook, delivery: Delivery, result: AttemptResult) -> Result<(), StoreError> {
        let mut pauses = SETTLE_PAUSES.into_iter();
        let (settled, disabled) = loop {
            match (self.settle_once(webhook, &delivery, &result).await, pauses.next()) {
                (Err(StoreError::Busy | StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_)), Some(pause)) => {
                    tokio::time::sleep(pause).await;
                }
                (settled, _) => break settled?,
            }
        };
        let (id, event) = (delivery.id, delivery.event);
        match settled {
            Settled::Delivered => {
                self.measures.increment(WebhookOutcome::Delivered);
                tracing::debug!(webhook = %webhook.id, delivery = %id, %event, "delivered a webhook's message");
            }
            Settled::Again(_) => self.measures.increment(WebhookOutcome::Failed),
            Settled::GivenUp => self.measures.increment(WebhookOutcome::GivenUp),
            Settled::NotOurs => {}
        }
        if let (Some(reason), Settled::Again(_) | Settled::GivenUp) = (&result.failure, settled) {
            tracing::info!(webhook = %webhook.id, delivery = %id, %event, reason, "a webhook's message wasn't delivered");
        }
        if let Some(reason) = disabled {
            tracing::warn!(webhook = %webhook.id, %reason, "a webhook was disabled");
            self.emails.wake();
        }
        Ok(())
    }

    async fn settle_once(
        &self,
        webhook: &Webhook,
        delivery: &Delivery,
        result: &AttemptResult,
    ) -> Result<(Settled, Option<DisabledReason>), StoreError> {
        let (user, host, now) = (webhook.user, webhook.url.host().to_owned(), self.context.now());
        let (emails, delivery, result) = (self.emails.clone(), delivery.clone(), result.clone());
        let noted = self.context.unit_of_work.write_unowned::<_, Error>(move |store| {
            let (settled, disabled) = webhooks::settle(store, user, &delivery, &result, now)?;
            if let Some(reason) = disabled {
                let is_gone = reason == DisabledReason::Gone;
                let job = EmailJob::WebhookDisabled { user, host: host.clone(), is_gone };
                emails.enqueue(store, Some(user), &job, now)?;
            }
            Ok((settled, disabled))
        });
        noted.await.map_err(|error| match error {
            Error::Domain(DomainError::Store(error)) => error,
            other => StoreError::Defect(other.to_string()),
        })
    }

    /// Waits until this process has something to send.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// The deliveries that were made before this are removed.
    pub(crate) const fn retained_since(now: Instant) -> Instant {
        now.plus_seconds(-RETENTION_SECONDS)
    }
}
