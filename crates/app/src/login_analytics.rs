//! The background work on attempts to sign in: rollups, suspicious patterns, truncated addresses, old attempts.

use std::sync::Arc;

use circadia_domain::error::StoreError;
use circadia_domain::logins;
use circadia_domain::unit_of_work::Store;

use crate::context::Context;

/// Steps that one run takes at most; the next run goes on.
const MAX_STEPS: usize = 200;

/// Does the background work on attempts.
#[derive(Debug)]
pub struct LoginAnalytics {
    pub context: Context,
}

impl LoginAnalytics {
    /// Rolls up attempts, and records suspicious patterns. Whether there is more to roll up.
    ///
    /// # Errors
    /// The store's.
    pub async fn roll_up(&self) -> Result<bool, StoreError> {
        let (now, ids) = (self.context.now(), Arc::clone(&self.context.ids));
        let watched = move |store: &mut dyn Store| logins::watch(store, &*ids, now);
        let recorded = self.context.unit_of_work.write_unowned::<_, StoreError>(watched).await?;
        if recorded > 0 {
            tracing::warn!(recorded, "suspicious sign-ins were recorded");
        }
        for _ in 0..MAX_STEPS {
            let step = move |store: &mut dyn Store| logins::roll_up(store, now);
            if !self.context.unit_of_work.write_unowned::<_, StoreError>(step).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Truncates addresses and removes old attempts. Whether there is more to do.
    ///
    /// # Errors
    /// The store's.
    pub async fn retain(&self) -> Result<bool, StoreError> {
        let now = self.context.now();
        for _ in 0..MAX_STEPS {
            let step = move |store: &mut dyn Store| {
                let addresses = logins::truncate_addresses(store, now)?;
                Ok(logins::purge(store, now)? || addresses)
            };
            if !self.context.unit_of_work.write_unowned::<_, StoreError>(step).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes the rollups anew from the attempts that are there; figures are right meanwhile. How many days it took.
    ///
    /// # Errors
    /// The store's.
    pub async fn rebuild(&self) -> Result<usize, StoreError> {
        let now = self.context.now();
        let begin = |store: &mut dyn Store| logins::begin_rebuild(store);
        self.context.unit_of_work.write_unowned::<_, StoreError>(begin).await?;
        let mut steps = 1;
        loop {
            let step = move |store: &mut dyn Store| logins::roll_up(store, now);
            if !self.context.unit_of_work.write_unowned::<_, StoreError>(step).await? {
                return Ok(steps);
            }
            steps += 1;
        }
    }
}
