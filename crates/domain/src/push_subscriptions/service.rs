//! What can be done with subscriptions to Web Push.

use super::{
    MAX_PUSH_SUBSCRIPTIONS, PushSubscription, PushSubscriptionEntity, PushSubscriptionId, PushSubscriptionLabel,
    endpoint_hash,
};
use crate::code::Code;
use crate::error::{Error, StoreError, Unique};
use crate::idempotency::Creation;
use crate::ids::UserId;
use crate::outgoing::OutgoingUrl;
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};

/// A subscription as its browser sends it.
#[derive(Clone)]
pub struct NewPushSubscription {
    /// Its id, unless its endpoint is known.
    pub id: PushSubscriptionId,
    /// Where the push service takes notifications for it.
    pub endpoint: OutgoingUrl,
    /// The browser's public key.
    pub p256dh: Vec<u8>,
    /// What the user calls the device; if absent, a known one keeps its label.
    pub label: Option<PushSubscriptionLabel>,
}

impl std::fmt::Debug for NewPushSubscription {
    /// Without endpoint and key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPushSubscription").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A user's subscriptions, oldest first.
pub fn list(store: &mut dyn Store, user: UserId) -> Result<Vec<PushSubscription>, Error> {
    Ok(store.push_subscriptions(user)?)
}

/// One subscription.
pub fn find(store: &mut dyn Store, user: UserId, id: PushSubscriptionId) -> Result<PushSubscription, Error> {
    store.find_push_subscription(user, id)?.ok_or(Error::not_found::<PushSubscriptionEntity>())
}

/// Stores what a browser sends: a new subscription, or other keys for one whose endpoint the user has already. From
/// another user, an endpoint is taken away. `seal` encrypts the browser's secret for the subscription of this id.
///
/// # Errors
/// The conflicts `limit_reached`, and `id_taken` by a subscription with another endpoint; those of `seal`.
pub fn subscribe<E: From<Error>>(
    tx: &mut WriteTransaction<'_>,
    new: NewPushSubscription,
    seal: impl FnOnce(PushSubscriptionId) -> Result<Vec<u8>, E>,
) -> Result<Creation<PushSubscription>, E> {
    let hash = endpoint_hash(&new.endpoint);
    let held = list(tx.store, tx.user)?;
    if let Some(known) = held.iter().find(|known| known.endpoint_hash == hash) {
        let renewed = PushSubscription {
            p256dh: new.p256dh,
            auth: seal(known.id)?,
            label: new.label.or_else(|| known.label.clone()),
            updated_at: tx.now,
            failing_since: None,
            rev: tx.rev,
            ..known.clone()
        };
        tx.store.renew_push_subscription(&renewed).map_err(Error::from)?;
        return Ok(Creation::Replayed(renewed));
    }
    if held.iter().any(|known| known.id == new.id) {
        let detail = "there already is one with this id, of another endpoint";
        return Err(Error::conflict(Code::IdTaken, detail).into());
    }
    Error::ensure_room(held.len(), MAX_PUSH_SUBSCRIPTIONS, "an account", "push subscriptions")?;
    let subscription = PushSubscription {
        id: new.id,
        user: tx.user,
        endpoint: new.endpoint,
        endpoint_hash: hash,
        p256dh: new.p256dh,
        auth: seal(new.id)?,
        label: new.label,
        created_at: tx.now,
        updated_at: tx.now,
        last_success_at: None,
        failing_since: None,
        rev: tx.rev,
    };
    tx.store.delete_push_endpoint(&hash).map_err(Error::from)?;
    match tx.store.insert_push_subscription(&subscription) {
        // Another user sends the same endpoint at this moment.
        Err(StoreError::Duplicate(Unique::PushEndpoint)) => {
            Err(Error::from(StoreError::Unavailable("the endpoint is being stored".to_owned())).into())
        }
        stored => Ok(stored.map(|()| Creation::Created(subscription)).map_err(Error::from)?),
    }
}

/// Removes a subscription.
///
/// # Errors
/// `push_subscription_not_found`; [`Error::Stale`].
pub fn delete(tx: &mut WriteTransaction<'_>, id: PushSubscriptionId, expected: &Expected) -> Result<(), Error> {
    expected.check(find(tx.store, tx.user, id)?.rev)?;
    tx.store.delete_push_subscription(tx.user, id)?;
    Ok(())
}
