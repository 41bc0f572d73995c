//! Deliveries: messages that are sent to a webhook, each tried until it is answered well or given up.

use super::{WebhookEvent, WebhookId};
use crate::civil::Instant;
use crate::code::Code;
use crate::entity::Entity;
use crate::ids::Id;

/// A delivery of a webhook.
#[derive(Debug)]
pub enum DeliveryEntity {}
impl Entity for DeliveryEntity {
    const NAME: &'static str = "webhook_delivery";
    const LABEL: &'static str = "delivery";
    const PARAM: &'static str = "delivery";
    const NOT_FOUND: Code = Code::WebhookDeliveryNotFound;
}

/// The id of a delivery: the `webhook-id` of its message, the same for every attempt.
pub type DeliveryId = Id<DeliveryEntity>;

/// Seconds between one failed attempt and the next: the first is at once. In all, it is tried for three days.
pub const RETRY_PAUSES: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How often a delivery is tried before it is given up.
pub const MAX_ATTEMPTS: i32 = 10;

/// Characters of the reason of a failure at most.
pub const MAX_ERROR_LENGTH: usize = 500;

words! {
    /// What became of a delivery.
    pub enum DeliveryStatus {
        /// It is to be sent, for the first time or again.
        Waiting = "waiting",
        /// It was answered well (2xx).
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
}

/// A delivery as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The id.
    pub id: DeliveryId,
    /// The webhook.
    pub webhook: WebhookId,
    /// What it tells of.
    pub event: WebhookEvent,
    /// The message, JSON; what is signed and sent.
    pub body: Vec<u8>,
    /// What became of it.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next, if it waits.
    pub next_attempt_at: Option<Instant>,
    /// When it was tried last.
    pub last_attempt_at: Option<Instant>,
    /// The HTTP status of the last answer; none if there was no answer.
    pub response_status: Option<i32>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was delivered or given up.
    pub finished_at: Option<Instant>,
}

impl Delivery {
    /// A delivery that is due at once.
    pub(super) fn new(id: DeliveryId, webhook: WebhookId, event: WebhookEvent, body: Vec<u8>, now: Instant) -> Self {
        Self {
            id,
            webhook,
            event,
            body,
            status: DeliveryStatus::Waiting,
            attempts: 0,
            next_attempt_at: Some(now),
            last_attempt_at: None,
            response_status: None,
            duration_ms: None,
            error: None,
            created_at: now,
            finished_at: None,
        }
    }
}

/// Seconds until the next attempt after so many have failed; none when it is time to give up.
pub(super) fn pause_after(attempts: i32) -> Option<i64> {
    let failed = usize::try_from(attempts).ok()?.checked_sub(1)?;
    RETRY_PAUSES.get(failed).copied()
}

/// Which part of a webhook's deliveries, newest first, is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliverySeek {
    /// Only those in this state.
    pub status: Option<DeliveryStatus>,
    /// Behind this one; from the newest if absent.
    pub beyond: Option<DeliveryId>,
    /// Whether the list is read from that one back to its beginning (then what is nearest comes first).
    pub backwards: bool,
    /// At most so many.
    pub limit: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_end_after_the_last_pause() {
        let pauses: Vec<Option<i64>> = (1..=MAX_ATTEMPTS).map(pause_after).collect();
        assert_eq!(pauses.first().unwrap(), &Some(5));
        assert_eq!(pauses.iter().filter(|pause| pause.is_some()).count(), RETRY_PAUSES.len());
        assert_eq!(pauses.last().unwrap(), &None);
    }
}
