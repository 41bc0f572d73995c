//! Short-lived values in the database: for installations without Redis.

use std::sync::Arc;
use std::time::Duration;

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::{self, Database, Store};
use tokio::sync::Semaphore;

use super::{EphemeralStore, Key, Kind, Pending, StoreFailure};

/// Maximum time a call waits for its turn.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(500);
/// Maximum time a call takes from then on. One that takes longer goes on by itself, and keeps its turn.
const CALL_TIMEOUT: Duration = Duration::from_millis(1_300);

/// A store in the database. It limits its concurrency, so that it doesn't take every connection from the requests it
/// serves.
pub struct EmbeddedStore {
    database: Arc<dyn Database>,
    turns: Arc<Semaphore>,
}

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedStore").finish_non_exhaustive()
    }
}

impl From<StoreError> for StoreFailure {
    fn from(error: StoreError) -> Self {
        match error {
            // A value whose COMMIT wasn't answered is stored again under another key, or expires.
            StoreError::Unavailable(reason) | StoreError::OutcomeUnknown(reason) => Self::Unavailable(reason),
            StoreError::Busy => Self::Unavailable(error.to_string()),
            other => Self::Defect(other.to_string()),
        }
    }
}

impl EmbeddedStore {
    /// Uses at most `at_once` connections of the database.
    pub fn new(database: Arc<dyn Database>, at_once: usize) -> Self {
        Self { database, turns: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        if !self.database.is_reachable() {
            return Err(StoreFailure::Unavailable("the database could not be reached a moment ago".to_owned()));
        }
        let turn = tokio::time::timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(StoreFailure::Unavailable("the database is busy".to_owned())) };
        let database = Arc::clone(&self.database);
        let called = tokio::task::spawn_blocking(move || {
            let result = call(&*database);
            drop(turn);
            result
        });
        match tokio::time::timeout(CALL_TIMEOUT, called).await {
            Ok(ended) => Ok(ended.map_err(|panic| StoreFailure::Defect(panic.to_string()))??),
            Err(_) => Err(StoreFailure::Unavailable("the database doesn't answer".to_owned())),
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        call: impl FnMut(&mut dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        self.run(move |database| unit_of_work::write_unowned(database, call)).await
    }
}

impl EphemeralStore for EmbeddedStore {
    fn put(&self, kind: Kind, key: Key, value: Vec<u8>, expires_at: Instant, _: Instant) -> Pending<'_, ()> {
        Box::pin(self.write(move |store| store.put_ephemeron(kind, key.hash(), &value, expires_at)))
    }

    fn get(&self, kind: Kind, key: Key, now: Instant) -> Pending<'_, Option<Vec<u8>>> {
        Box::pin(
            self.run(move |database| unit_of_work::read(database, |store| store.find_ephemeron(kind, key.hash(), now))),
        )
    }

    fn take(&self, kind: Kind, key: Key, now: Instant) -> Pending<'_, Option<Vec<u8>>> {
        Box::pin(self.write(move |store| store.take_ephemeron(kind, key.hash(), now)))
    }

    fn delete(&self, kind: Kind, key: Key) -> Pending<'_, ()> {
        Box::pin(self.write(move |store| store.delete_ephemeron(kind, key.hash())))
    }

    fn purge(&self, now: Instant) -> Pending<'_, usize> {
        Box::pin(self.write(move |store| store.purge_ephemera(now)))
    }

    fn ping(&self) -> Pending<'_, ()> {
        Box::pin(self.run(|database| database.ping()))
    }
}
