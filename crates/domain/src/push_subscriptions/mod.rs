//! Subscriptions of browsers to Web Push (RFC 8030): where a user's notifications are sent, and what they are encrypted
//! with (RFC 8291).
//!
//! A browser has one subscription for each web app, whichever user is signed in there. So an endpoint belongs to one user: the
//! one who subscribed last. What one user is reminded of must not show on a device where another one has signed in since.

mod repository;
mod service;

pub use repository::PushSubscriptionRepository;
pub use service::{NewPushSubscription, delete, find, list, subscribe};

use sha2::{Digest as _, Sha256};

use crate::civil::Instant;
use crate::code::Code;
use crate::entity::Entity;
use crate::ids::{Id, UserId};
use crate::outgoing::OutgoingUrl;
use crate::revision::Revision;
use crate::text::Line;

/// A subscription to Web Push.
#[derive(Debug)]
pub enum PushSubscriptionEntity {}
impl Entity for PushSubscriptionEntity {
    const NAME: &'static str = "push_subscription";
    const LABEL: &'static str = "push subscription";
    const NOT_FOUND: Code = Code::PushSubscriptionNotFound;
}

/// The id of a subscription.
pub type PushSubscriptionId = Id<PushSubscriptionEntity>;

/// What a user calls the device: 1–100 characters.
pub type PushSubscriptionLabel = Line<100>;

/// The most subscriptions that a user may have.
pub const MAX_PUSH_SUBSCRIPTIONS: usize = 20;

words! {
    /// What a notification is about.
    pub enum NotificationKind {
        /// Something that is due.
        Reminder = "reminder",
        /// A test that its user asked for.
        Test = "test",
    }
}

/// A subscription as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PushSubscription {
    /// The id.
    pub id: PushSubscriptionId,
    /// The user.
    pub user: UserId,
    /// Where the push service takes notifications for it.
    pub endpoint: OutgoingUrl,
    /// Its hash, by [`endpoint_hash`]; no two subscriptions have the same.
    pub endpoint_hash: [u8; 32],
    /// The browser's public key: an uncompressed point of P-256, 65 bytes.
    pub p256dh: Vec<u8>,
    /// The browser's authentication secret, encrypted by the `auth` crate.
    pub auth: Vec<u8>,
    /// What the user calls the device.
    pub label: Option<PushSubscriptionLabel>,
    /// The time of creation.
    pub created_at: Instant,
    /// When its browser sent it last.
    pub updated_at: Instant,
    /// When the push service last took a notification.
    pub last_success_at: Option<Instant>,
    /// The first attempt that failed since one succeeded.
    pub failing_since: Option<Instant>,
    /// The revision of the last change by its user.
    pub rev: Revision,
}

impl std::fmt::Debug for PushSubscription {
    /// Without endpoint and keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushSubscription").field("id", &self.id).finish_non_exhaustive()
    }
}

/// SHA-256 of an endpoint, by which it is found: URLs are too long for the index of every database.
pub fn endpoint_hash(endpoint: &OutgoingUrl) -> [u8; 32] {
    Sha256::digest(endpoint.as_str()).into()
}
