//! The feed of quotes.

use circadia_domain::error::StoreError;
use circadia_domain::quotes::{self, Quote};

use crate::context::Context;

/// The feed of quotes.
#[derive(Debug, Clone)]
pub struct QuoteFeed {
    pub context: Context,
}

impl QuoteFeed {
    /// Stores what was fetched.
    ///
    /// # Errors
    /// The store's.
    pub async fn store(&self, fetched: Vec<Quote>) -> Result<(), StoreError> {
        let now = self.context.now();
        self.context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| quotes::take_up(store, &fetched, now))
            .await
    }
}
