//! Reads from the read replica, if that has everything that the user has written.

use std::sync::Arc;
use std::time::Duration;

use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::{Store, UnitOfWorkError};

use super::UnitOfWork;

/// How long to wait for the read replica before the database itself is asked.
const REPLICA_TIMEOUT: Duration = Duration::from_secs(1);

impl UnitOfWork {
    /// Reads a user's data like [`query`](Self::query), but from the read replica if there is one that has everything that
    /// the user has written by now: for what takes the database long. The user's revision is asked of the database
    /// itself, so no one misses their own write, whichever process it came through. Whatever goes wrong on the replica,
    /// the database itself answers.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`](circadia_domain::error::StoreError) from the database.
    pub async fn query_replica<T, E>(
        &self,
        user: UserId,
        work: impl Fn(&mut dyn Store) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let work = Arc::new(work);
        match self.on_replica(user, &work).await {
            Some(found) => Ok(found),
            None => self.query(move |store| work(store)).await,
        }
    }

    /// Reads a user's data from one snapshot, otherwise like [`query_replica`](Self::query_replica).
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`](circadia_domain::error::StoreError) from the database.
    pub async fn read_replica<T, E>(
        &self,
        user: UserId,
        work: impl Fn(&mut dyn Store) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let work = Arc::new(work);
        match self.on_replica(user, &work).await {
            Some(found) => Ok(found),
            None => self.read(move |store| work(store)).await,
        }
    }

    /// What the read replica answers; `None` if there is none, it fails, or it lacks what the user has written.
    async fn on_replica<T, E, W>(&self, user: UserId, work: &Arc<W>) -> Option<T>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
        W: Fn(&mut dyn Store) -> Result<T, E> + Send + Sync + 'static,
    {
        let replica = self.replica.as_deref().filter(|replica| replica.database.is_reachable())?;
        let latest = self.query(move |store| store.latest_revision(user)).await.ok()?;
        let work = Arc::clone(work);
        let read = replica.read::<_, E>(move |store| {
            let is_current = store.latest_revision(user)? >= latest;
            if is_current { work(store).map(Some) } else { Ok(None) }
        });
        tokio::time::timeout(REPLICA_TIMEOUT, read).await.ok()?.ok()?
    }
}
