//! Webhooks: HTTP requests that tell other programs of a user's changes, as Standard Webhooks has them.
//!
//! The user's revision is the outbox. Each write raises it and stamps the rows that it touches, so a webhook only has to
//! know up to which revision it was told everything ([`Webhook::seen`]): writers do nothing for it, and nothing is lost
//! with a process. What is new is read as delta sync reads it ([`news`]), and turned into deliveries in one transaction
//! that also moves that mark on ([`add_deliveries`]). A webhook's deliveries are sent by one server at a time, which has it on lease ([`Lease`]); how each attempt ended
//! is noted by [`settle`].

mod delivery;
mod dispatch;
mod event;
mod lease;
mod repository;
mod service;

pub use delivery::{
    Delivery, DeliveryEntity, DeliveryId, DeliverySeek, DeliveryStatus, MAX_ATTEMPTS, MAX_ERROR_LENGTH, RETRY_PAUSES,
};
pub use dispatch::{Due, MAX_CHANGES, MAX_PENDING, News, add_deliveries, announce, news};
pub use event::{EventFilter, Happening, WebhookEvent};
pub use lease::{AttemptResult, LEASE_SECONDS, Lease, Settled, release, settle};
pub use repository::WebhookRepository;
pub use service::{
    NewWebhook, SecretRotation, WebhookPatch, create, delete, deliveries, find, list, ping, replay, rotate_secret,
    update,
};

use crate::civil::Instant;
use crate::code::Code;
use crate::entity::Entity;
use crate::ids::{Id, UserId};
use crate::outgoing::OutgoingUrl;
use crate::revision::Revision;
use crate::text::Line;

/// A webhook.
#[derive(Debug)]
pub enum WebhookEntity {}
impl Entity for WebhookEntity {
    const NAME: &'static str = "webhook";
    const NOT_FOUND: Code = Code::WebhookNotFound;
}

/// The id of a webhook.
pub type WebhookId = Id<WebhookEntity>;

/// What a user says of a webhook: 1–200 characters.
pub type WebhookDescription = Line<200>;

/// The most webhooks that a user may have.
pub const MAX_WEBHOOKS: usize = 10;

/// For how long deliveries are kept, in seconds.
pub const RETENTION_SECONDS: i64 = 30 * 86_400;

/// For how long every attempt must have failed before a webhook is disabled, in seconds.
pub const MAX_FAILING_SECONDS: i64 = 5 * 86_400;

words! {
    /// Why nothing is sent to a webhook.
    pub enum DisabledReason {
        /// Its owner disabled it.
        User = "user",
        /// Its URL answered 410 (Gone).
        Gone = "gone",
        /// Its deliveries failed until they were given up.
        Failing = "failing",
    }
}

/// Up to where a webhook was told everything: all of this revision, or its changes up to a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The revision.
    pub rev: Revision,
    /// If not all of its changes were told: the cursor of delta sync, as JSON.
    pub position: Option<Vec<u8>>,
}

/// A webhook as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The id.
    pub id: WebhookId,
    /// The user.
    pub user: UserId,
    /// Where it is sent.
    pub url: OutgoingUrl,
    /// What its owner says of it.
    pub description: Option<WebhookDescription>,
    /// Which events it is sent for.
    pub events: EventFilter,
    /// What messages are signed with, encrypted by the `auth` crate.
    pub secret: Vec<u8>,
    /// The secret before it, encrypted.
    pub previous_secret: Option<Vec<u8>>,
    /// Until when messages are signed with that, too.
    pub previous_secret_until: Option<Instant>,
    /// When it was disabled, if it is.
    pub disabled_at: Option<Instant>,
    /// Why.
    pub disabled_reason: Option<DisabledReason>,
    /// The first failed attempt since an attempt succeeded.
    pub failing_since: Option<Instant>,
    /// The revision up to which it was told of changes.
    pub seen_rev: Revision,
    /// See [`Seen::position`].
    pub seen_position: Option<Vec<u8>>,
    /// The number of its deliveries that wait.
    pub pending: i32,
    /// When the next delivery is due, if one waits.
    pub next_delivery_at: Option<Instant>,
    /// Until when a server has it, to send its deliveries.
    pub leased_until: Option<Instant>,
    /// The time of creation.
    pub created_at: Instant,
    /// The time of the last change by its owner.
    pub updated_at: Instant,
    /// The revision of that change.
    pub rev: Revision,
}

impl Webhook {
    /// Whether anything is sent to it.
    pub const fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }

    /// Up to where it was told everything.
    pub fn seen(&self) -> Seen {
        Seen { rev: self.seen_rev, position: self.seen_position.clone() }
    }

    /// The encrypted secrets that messages are signed with now, the newest first.
    pub fn secrets(&self, now: Instant) -> impl Iterator<Item = &[u8]> {
        let previous = self.previous_secret.as_deref();
        let previous = previous.filter(|_| self.previous_secret_until.is_some_and(|until| now < until));
        std::iter::once(self.secret.as_slice()).chain(previous)
    }
}

impl std::fmt::Debug for Webhook {
    /// Without URL and secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).field("events", &self.events).finish_non_exhaustive()
    }
}
