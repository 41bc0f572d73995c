//! Sending a webhook's deliveries: one server at a time has it on lease, so that a slow endpoint holds up nothing but its
//! own deliveries, and these are sent in order.

use super::delivery::pause_after;
use super::{Delivery, DeliveryStatus, DisabledReason, MAX_ERROR_LENGTH, MAX_FAILING_SECONDS, Webhook, WebhookId};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::unit_of_work::Store;

/// How long a webhook belongs to the server that claimed it, in seconds.
pub const LEASE_SECONDS: i64 = 90;

/// While an endpoint fails, its deliveries wait for this part of the time that it has been failing, at most
/// [`LONGEST_HOLD`] seconds: so that a large number of them isn't tried one after the other.
const HOLD_DIVISOR: i64 = 10;
const LONGEST_HOLD: i64 = 300;

/// The status by which an endpoint says that nothing is to be sent to it any more.
const GONE: i32 = 410;

/// A webhook on lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The webhook, as it was when it was claimed.
    pub webhook: Webhook,
    /// Until when.
    pub until: Instant,
}

/// How an attempt to send a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptResult {
    /// The HTTP status of the answer, if there was one.
    pub status: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: i32,
    /// Why it failed, for people; none if it didn't.
    pub failure: Option<String>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It was delivered.
    Delivered,
    /// It is tried again at this instant.
    Again(Instant),
    /// It was given up.
    GivenUp,
    /// No change: another server tried it, or it was removed.
    NotOurs,
}

/// Notes how an attempt ended. Also whether the webhook was disabled for it, and why. Runs in a writing unit of work
/// without an owner.
///
/// # Errors
/// `StoreError` of the store.
pub fn settle(
    store: &mut dyn Store,
    user: UserId,
    delivery: &Delivery,
    result: &AttemptResult,
    now: Instant,
) -> Result<(Settled, Option<DisabledReason>), StoreError> {
    let attempts = delivery.attempts.saturating_add(1);
    let retry = pause_after(attempts).map(|pause| now.plus_seconds(pause));
    let settled = match (&result.failure, retry) {
        (None, _) => Settled::Delivered,
        (Some(_), Some(next)) if result.status != Some(GONE) => Settled::Again(next),
        (Some(_), _) => Settled::GivenUp,
    };
    let (status, next_attempt_at) = match settled {
        Settled::Again(next) => (DeliveryStatus::Waiting, Some(next)),
        Settled::Delivered => (DeliveryStatus::Delivered, None),
        Settled::GivenUp | Settled::NotOurs => (DeliveryStatus::Failed, None),
    };
    let is_finished = next_attempt_at.is_none();
    let tried = Delivery {
        status,
        attempts,
        next_attempt_at,
        last_attempt_at: Some(now),
        response_status: result.status,
        duration_ms: Some(result.duration_ms),
        error: result.failure.as_deref().map(shortened),
        finished_at: is_finished.then_some(now),
        ..delivery.clone()
    };
    if !store.update_delivery(user, &tried, delivery.attempts)? {
        return Ok((Settled::NotOurs, None));
    }
    let failed_at = result.failure.as_ref().map(|_| now);
    store.note_webhook_attempt(user, delivery.webhook, failed_at, is_finished)?;
    let Some(webhook) = store.find_webhook(user, delivery.webhook)? else { return Ok((settled, None)) };
    let reason =
        if result.status == Some(GONE) { Some(DisabledReason::Gone) } else { reason_to_disable(&webhook, &tried, now) };
    let Some(reason) = reason.filter(|_| result.failure.is_some()) else { return Ok((settled, None)) };
    let was_disabled = store.disable_webhook(user, delivery.webhook, reason, now)?;
    Ok((settled, was_disabled.then_some(reason)))
}

/// An endpoint is dead if nothing was delivered to it while this delivery was tried until it was given up, or for some
/// days. One message that it doesn't like doesn't make it dead.
fn reason_to_disable(webhook: &Webhook, tried: &Delivery, now: Instant) -> Option<DisabledReason> {
    let failing_since = webhook.failing_since?;
    let was_given_up = tried.status == DeliveryStatus::Failed && failing_since <= first_attempt(tried, now);
    let fails_for_days = failing_since.plus_seconds(MAX_FAILING_SECONDS) <= now;
    (was_given_up || fails_for_days).then_some(DisabledReason::Failing)
}

/// About when a delivery that was given up was tried first: attempts are late rather than early.
fn first_attempt(given_up: &Delivery, now: Instant) -> Instant {
    let all: i64 = super::RETRY_PAUSES.iter().sum();
    now.plus_seconds(-all).max(given_up.created_at)
}

/// Ends a lease when some deliveries were tried, or none was due. After a failure, the others wait a while.
///
/// # Errors
/// `StoreError` of the store.
pub fn release(store: &mut dyn Store, lease: &Lease, failed: bool, now: Instant) -> Result<(), StoreError> {
    let mut earliest = now;
    if failed && let Some(webhook) = store.find_webhook(lease.webhook.user, lease.webhook.id)? {
        earliest = now.plus_seconds(hold(webhook.failing_since, now));
    }
    store.release_webhook(lease, earliest)
}

fn hold(failing_since: Option<Instant>, now: Instant) -> i64 {
    let seconds = failing_since.map_or(0, |since| now.seconds().saturating_sub(since.seconds()));
    (seconds / HOLD_DIVISOR).clamp(0, LONGEST_HOLD)
}

/// A reason as it is kept: one line, never empty, never long.
fn shortened(reason: &str) -> String {
    let line: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_ERROR_LENGTH).collect();
    let line = line.trim();
    if line.is_empty() { "no reason was given".to_owned() } else { line.to_owned() }
}

impl Lease {
    /// Whose webhook it is.
    pub const fn key(&self) -> (UserId, WebhookId) {
        (self.webhook.user, self.webhook.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_an_endpoint_fails_the_longer_its_deliveries_wait() {
        let now = Instant::from_seconds(1_000_000);
        let held = |seconds: i64| hold(Some(now.plus_seconds(-seconds)), now);
        assert_eq!([0, 5, 60, 1_200, 100_000].map(held), [0, 0, 6, 120, 300]);
        assert_eq!((hold(None, now), held(-60)), (0, 0));
    }

    #[test]
    fn reasons_are_kept_short_and_on_one_line() {
        assert_eq!(shortened("no\r\nanswer\0"), "no  answer");
        assert_eq!(shortened(&"ü".repeat(900)).chars().count(), MAX_ERROR_LENGTH);
        assert_eq!(shortened("\n"), "no reason was given");
    }
}
