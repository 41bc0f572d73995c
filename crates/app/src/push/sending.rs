//! Encrypts, signs and sends notifications, and notes how that ended.

use std::future::Future;
use std::pin::Pin;

use circadia_auth::OpeningError;
use circadia_auth::web_push::{BrowserKey, BrowserSecret, encrypt_push, push_topic};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::jobs::{Attempt, Job};
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::push_subscriptions::PushSubscription;

use super::{Push, PushJob, PushNotification};

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

impl Push {
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
