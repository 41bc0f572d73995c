//! Removes what has expired.

use circadia_auth::stores::Ephemera;
use circadia_domain::error::StoreError;
use circadia_domain::jobs::retention;
use circadia_domain::sync;

use crate::context::Context;
use crate::error::Error;
use crate::webhooks::Webhooks;

/// How long ended sessions and expired tokens are kept, so that their owners can still see them.
const SESSION_RETENTION_SECONDS: i64 = 30 * 86_400;

/// Removes what has expired.
#[derive(Debug)]
pub struct Maintenance {
    pub context: Context,
    pub ephemera: Ephemera,
}

impl Maintenance {
    /// Removes what has expired. What fails holds nothing else up.
    ///
    /// # Errors
    /// The first failure; the next run tries again.
    pub async fn purge_expired(&self) -> Result<(), Error> {
        let (now, unit_of_work) = (self.context.now(), &self.context.unit_of_work);
        let short_lived = self.ephemera.purge(now).await.map(|count| {
            if count > 0 {
                tracing::debug!(count, "removed expired short-lived values");
            }
        });
        let old_jobs = unit_of_work.write_unowned::<_, StoreError>(move |store| {
            // Some short-lived values are in the database even where the others are in Redis.
            store.purge_ephemera(now)?;
            store.purge_one_time_tokens(now)?;
            store.purge_webhook_deliveries(Webhooks::retained_since(now))?;
            store.purge_idempotency_keys(now)?;
            store.purge_commands(now.plus_seconds(-sync::COMMAND_SECONDS))?;
            store.purge_jobs(&retention(now)).map(drop)
        });
        let old_jobs = old_jobs.await;
        let before = now.plus_seconds(-SESSION_RETENTION_SECONDS);
        let sessions = unit_of_work.write_unowned::<_, StoreError>(move |store| {
            Ok(store.purge_sessions(before)?.saturating_add(store.purge_personal_tokens(before)?))
        });
        let sessions = sessions.await.map(|count| {
            if count > 0 {
                tracing::info!(count, "removed old sessions and tokens");
            }
        });
        let tombstones = self.purge_tombstones().await;
        short_lived?;
        old_jobs?;
        tombstones?;
        Ok(sessions?)
    }

    /// Removes tombstones that no device needs any more, some users at a time.
    async fn purge_tombstones(&self) -> Result<(), Error> {
        let now = self.context.now();
        while self.context.unit_of_work.write_unowned(move |store| sync::prune(store, now)).await? {}
        Ok(())
    }
}
