//! The feed of quotes: one row that replicas lease in turn.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::quotes::{self, Feed, LEASE_SECONDS, Quote};

use crate::context::Context;

/// The feed of quotes.
#[derive(Debug, Clone)]
pub struct QuoteFeed {
    pub context: Context,
}

/// A lease of the feed, for one refresh.
#[derive(Debug)]
pub struct FeedLease {
    feed: Feed,
    until: Instant,
}

impl QuoteFeed {
    /// Leases the feed if it is due and no other replica has it.
    ///
    /// # Errors
    /// The store's.
    pub async fn lease_if_due(&self) -> Result<Option<FeedLease>, StoreError> {
        let now = self.context.now();
        let feed = self.context.unit_of_work.read::<_, StoreError>(|store| store.feed()).await?;
        if !feed.is_due(now) {
            return Ok(None);
        }
        let until = now.plus_seconds(LEASE_SECONDS);
        let leased =
            self.context.unit_of_work.write_unowned::<_, StoreError>(move |store| store.lease_feed(now, until)).await?;
        Ok(leased.then_some(FeedLease { feed, until }))
    }

    /// Stores what was fetched; the next refresh is due after `interval_seconds`.
    ///
    /// # Errors
    /// The store's.
    pub async fn store(&self, lease: FeedLease, fetched: Vec<Quote>, interval_seconds: i64) -> Result<(), StoreError> {
        let now = self.context.now();
        self.context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| {
                quotes::take_up(store, lease.until, &fetched, now, interval_seconds).map(drop)
            })
            .await
    }

    /// Notes that nothing could be fetched; the next refresh is due after a pause that grows.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_failure(&self, lease: FeedLease, interval_seconds: i64) -> Result<(), StoreError> {
        let now = self.context.now();
        self.context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| {
                quotes::note_failure(store, lease.until, &lease.feed, now, interval_seconds).map(drop)
            })
            .await
    }
}
