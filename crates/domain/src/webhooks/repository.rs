//! What webhooks need of a store.

use super::{Delivery, DeliveryId, DeliverySeek, DisabledReason, Due, Lease, Seen, Webhook, WebhookId};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;

/// Webhooks and their deliveries in a store.
///
/// A webhook's owner, the server that has it on lease, and the one that turns changes into deliveries write to its row at the
/// same time. So each method writes no more columns than it says, and adds to what is stored.
pub trait WebhookRepository {
    /// Stores a new webhook.
    fn insert_webhook(&mut self, webhook: &Webhook) -> Result<(), StoreError>;

    /// A user's webhooks, oldest first.
    fn webhooks(&mut self, user: UserId) -> Result<Vec<Webhook>, StoreError>;

    /// One webhook.
    fn find_webhook(&mut self, user: UserId, id: WebhookId) -> Result<Option<Webhook>, StoreError>;

    /// Stores what its owner says of it: URL, description, events, secrets, `updated_at` and revision.
    fn update_webhook(&mut self, webhook: &Webhook) -> Result<(), StoreError>;

    /// Disables a webhook that isn't disabled. Whether it did.
    fn disable_webhook(
        &mut self,
        user: UserId,
        id: WebhookId,
        reason: DisabledReason,
        now: Instant,
    ) -> Result<bool, StoreError>;

    /// Enables a webhook, as one that never failed, and makes due what waits for it. `seen` replaces what it was told of.
    fn enable_webhook(
        &mut self,
        user: UserId,
        id: WebhookId,
        seen: Option<&Seen>,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Removes a webhook with its deliveries.
    fn delete_webhook(&mut self, user: UserId, id: WebhookId) -> Result<(), StoreError>;

    /// Webhooks whose users have changed something that they weren't told of. Disabled ones, and those that too much
    /// waits for, are left out.
    fn webhooks_to_tell(&mut self, max_pending: usize, limit: usize) -> Result<Vec<Due>, StoreError>;

    /// Notes that a webhook was told more, unless it was told meanwhile. Whether it did. The row is locked until the
    /// unit of work ends.
    fn move_webhook_on(&mut self, webhook: &Webhook, seen: &Seen) -> Result<bool, StoreError>;

    /// Adds deliveries that are due at once.
    fn insert_webhook_deliveries(
        &mut self,
        user: UserId,
        webhook: WebhookId,
        deliveries: &[Delivery],
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Makes a delivery that doesn't wait any more due at once.
    fn repeat_delivery(&mut self, user: UserId, delivery: &Delivery, now: Instant) -> Result<(), StoreError>;

    /// Whether a webhook has a delivery that is due, and isn't leased.
    fn webhook_is_due(&mut self, now: Instant) -> Result<bool, StoreError>;

    /// Takes up to `limit` webhooks on lease that have a delivery that is due: those that have waited longest. Two units
    /// of work at once never get the same one.
    fn claim_webhooks(&mut self, now: Instant, leased_until: Instant, limit: usize) -> Result<Vec<Lease>, StoreError>;

    /// Deliveries of a webhook that are due, in the order in which they are to be sent.
    fn due_deliveries(
        &mut self,
        user: UserId,
        webhook: WebhookId,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Stores how an attempt ended, if the delivery waits and was tried `attempts_before` times. Whether it did.
    fn update_delivery(&mut self, user: UserId, delivery: &Delivery, attempts_before: i32) -> Result<bool, StoreError>;

    /// Notes that an attempt succeeded or failed; `finished` deliveries wait no longer. A failure leaves an earlier one
    /// as the first.
    fn note_webhook_attempt(
        &mut self,
        user: UserId,
        webhook: WebhookId,
        failed_at: Option<Instant>,
        finished: bool,
    ) -> Result<(), StoreError>;

    /// Ends a lease, if it is in force, and notes when the next delivery is due, not before `earliest`.
    fn release_webhook(&mut self, lease: &Lease, earliest: Instant) -> Result<(), StoreError>;

    /// A part of a webhook's deliveries.
    fn webhook_deliveries(
        &mut self,
        user: UserId,
        webhook: WebhookId,
        seek: DeliverySeek,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// One delivery.
    fn find_delivery(
        &mut self,
        user: UserId,
        webhook: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError>;

    /// Removes the deliveries that were made before an instant. How many.
    fn purge_webhook_deliveries(&mut self, before: Instant) -> Result<usize, StoreError>;
}
