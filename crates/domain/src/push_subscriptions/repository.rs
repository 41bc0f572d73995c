//! What subscriptions to Web Push need of a store.

use super::{PushSubscription, PushSubscriptionId};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;

/// Subscriptions in a store.
pub trait PushSubscriptionRepository {
    /// Stores a new subscription.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] with [`Unique::PushEndpoint`](crate::error::Unique::PushEndpoint) if its endpoint is
    /// stored already, for any user.
    fn insert_push_subscription(&mut self, subscription: &PushSubscription) -> Result<(), StoreError>;

    /// A user's subscriptions, oldest first.
    fn push_subscriptions(&mut self, user: UserId) -> Result<Vec<PushSubscription>, StoreError>;

    /// One of a user's subscriptions.
    fn find_push_subscription(
        &mut self,
        user: UserId,
        id: PushSubscriptionId,
    ) -> Result<Option<PushSubscription>, StoreError>;

    /// Stores what its browser sent anew: keys, label, time and revision. It isn't failing any more, as far as is known.
    fn renew_push_subscription(&mut self, subscription: &PushSubscription) -> Result<(), StoreError>;

    /// Notes how an attempt to send a notification ended, in a unit of work that belongs to no user.
    fn note_push(
        &mut self,
        user: UserId,
        id: PushSubscriptionId,
        succeeded: bool,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Removes a subscription. Whether there was one.
    fn delete_push_subscription(&mut self, user: UserId, id: PushSubscriptionId) -> Result<bool, StoreError>;

    /// Removes the subscription with this endpoint, of any user.
    fn delete_push_endpoint(&mut self, endpoint_hash: &[u8; 32]) -> Result<(), StoreError>;
}
