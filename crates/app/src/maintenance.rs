//! Removes what has expired.

use circadia_auth::stores::Ephemera;
use circadia_domain::error::StoreError;

use crate::context::Context;

/// How long ended sessions and expired tokens are kept, so that their owners can still see them.
const SESSION_RETENTION_SECONDS: i64 = 30 * 86_400;
/// How long jobs are kept after they were done.
const DONE_JOB_RETENTION_SECONDS: i64 = 7 * 86_400;
/// How long jobs are kept after they were given up.
const DEAD_JOB_RETENTION_SECONDS: i64 = 90 * 86_400;

/// Removes what has expired.
#[derive(Debug)]
pub struct Maintenance {
    pub context: Context,
    pub ephemera: Ephemera,
}

impl Maintenance {
    /// Removes what has expired. Failures are logged: the next run tries again.
    pub async fn purge_expired(&self) {
        let (now, unit_of_work) = (self.context.now(), &self.context.unit_of_work);
        match self.ephemera.purge(now).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "removed expired short-lived values"),
            Err(failure) => tracing::warn!(%failure, "expired short-lived values can't be removed"),
        }
        let done_before = now.plus_seconds(-DONE_JOB_RETENTION_SECONDS);
        let dead_before = now.plus_seconds(-DEAD_JOB_RETENTION_SECONDS);
        let purged = unit_of_work.write_unowned::<_, StoreError>(move |store| {
            // Some short-lived values are in the database even where the others are in Redis.
            let short_lived = store.purge_ephemera(now)?.saturating_add(store.purge_one_time_tokens(now)?);
            Ok(store.purge_jobs(done_before, dead_before)?.saturating_add(short_lived))
        });
        if let Err(error) = purged.await {
            tracing::warn!(%error, "old jobs and links can't be removed");
        }
        let before = now.plus_seconds(-SESSION_RETENTION_SECONDS);
        let purged = unit_of_work.write_unowned::<_, StoreError>(move |store| {
            Ok(store.purge_sessions(before)?.saturating_add(store.purge_personal_tokens(before)?))
        });
        match purged.await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed old sessions and tokens"),
            Err(error) => tracing::warn!(%error, "old sessions and tokens can't be removed"),
        }
    }
}
