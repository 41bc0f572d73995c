//! Signs and sends deliveries, and notes how that ended.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use circadia_auth::accounts::EmailJob;
use circadia_auth::webhooks::WebhookSecret;
use circadia_domain::Error as DomainError;
use circadia_domain::error::StoreError;
use circadia_domain::measures::WebhookOutcome;
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::webhooks::{
    self, AttemptResult, Delivery, DisabledReason, LEASE_SECONDS, Lease, Settled, Webhook,
};

use super::Webhooks;
use crate::error::Error;

/// Deliveries that are sent one after the other before others have their turn.
const MAX_BATCH: usize = 16;
/// How long an attempt may take, with noting how it ended. One that might end after the lease isn't begun.
const ATTEMPT_SECONDS: i64 = 30;
/// Pauses between attempts to note how an attempt ended.
const SETTLE_PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];

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

impl Webhooks {
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
}
