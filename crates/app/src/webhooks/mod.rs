//! Webhooks: their secrets, turning changes into deliveries, and sending these.

mod sending;
mod telling;

use std::sync::Arc;

use circadia_auth::keys::MasterKey;
use circadia_auth::webhooks::WebhookSecret;
use circadia_domain::Error as DomainError;
use circadia_domain::audit::{self, AuditAction, AuditDetail};
use circadia_domain::civil::Instant;
use circadia_domain::measures::{Counter, Each, WebhookOutcome};
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::revision::Expected;
use circadia_domain::unit_of_work::WriteTransaction;
use circadia_domain::violation::Violations;
use circadia_domain::webhooks::{
    self, Delivery, DeliveryId, EventFilter, NewWebhook, RETENTION_SECONDS, SecretRotation, Webhook,
    WebhookDescription, WebhookId, WebhookPatch,
};
use tokio::sync::Notify;
use zeroize::Zeroizing;

pub use self::sending::{AttemptFuture, OutgoingMessage, WebhookSender};
use crate::authenticate::Principal;
use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;

/// For how long messages are signed with both secrets after a rotation, in seconds, unless something else is asked for.
pub const DEFAULT_OVERLAP: i64 = 86_400;
/// The longest that can be asked for.
pub const MAX_OVERLAP: i64 = 7 * 86_400;

/// A webhook to create.
#[derive(Debug, Clone)]
pub struct WebhookToCreate {
    pub url: OutgoingUrl,
    pub description: Option<WebhookDescription>,
    pub events: EventFilter,
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
                let mut wrong = Violations::new();
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

    /// Waits until this process has something to send.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// The deliveries that were made before this are removed.
    pub(crate) const fn retained_since(now: Instant) -> Instant {
        now.plus_seconds(-RETENTION_SECONDS)
    }
}
