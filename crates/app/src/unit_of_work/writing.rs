//! Writes, which aren't committed once their clients were told that they aren't.

use std::time::Instant as Stopwatch;

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::idempotency_keys;
use circadia_domain::ids::UserId;
use circadia_domain::measures::UnitKind;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{self, Database, Store, UnitOfWorkError, WriteTransaction};

use super::UnitOfWork;
use super::running::Unit;
use crate::claim::Claim;
use crate::idempotent_requests;

impl UnitOfWork {
    /// Writes as a user, whose revision is raised first. `work` may run several times, of which one is kept: it must change
    /// nothing but the database.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the transaction, [`StoreError::NoSuchUser`] if the account is gone.
    pub async fn write<T, E>(
        &self,
        user: UserId,
        now: Instant,
        mut work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let attempt = idempotent_requests::current();
        let work = move |tx: &mut WriteTransaction<'_>| {
            let done = work(tx)?;
            attempt.iter().try_for_each(|attempt| idempotency_keys::note_commit(tx.store, attempt))?;
            Ok(done)
        };
        let written = self.write_once(user, now, work).await;
        if written.is_ok() {
            self.written.notify_one();
        }
        written
    }

    async fn write_once<T, E>(
        &self,
        user: UserId,
        now: Instant,
        mut work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let claim = Claim::default();
        let own = claim.clone();
        if !self.threads.groups_writes() {
            let work = move |tx: &mut WriteTransaction<'_>| unless_given_up(&own, || work(tx));
            let unit = move |database: &dyn Database| unit_of_work::write(database, user, now, work);
            return self.run(Unit::of(UnitKind::Write), claim, unit).await;
        }
        let work = move |store: &mut dyn Store, rev: Option<Revision>| {
            let rev = rev.ok_or_else(|| StoreError::Defect("a user's write has no revision".to_owned()))?;
            unless_given_up(&own, || work(&mut WriteTransaction { store, user, rev, now }))
        };
        self.finish(Unit::of(UnitKind::Write), self.threads.submit_write(claim, Some(user), work), Stopwatch::now())
            .await
    }

    /// Writes what belongs to no user: registration, keys, jobs. `work` may run several times, as in [`write`](Self::write).
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the transaction.
    pub async fn write_unowned<T, E>(
        &self,
        mut work: impl FnMut(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let claim = Claim::default();
        let own = claim.clone();
        let attempt = idempotent_requests::current();
        let mut work = move |store: &mut dyn Store| {
            let done = work(store)?;
            attempt.iter().try_for_each(|attempt| idempotency_keys::note_commit(store, attempt))?;
            Ok(done)
        };
        let mut work = move |store: &mut dyn Store| unless_given_up(&own, || work(store));
        if !self.threads.groups_writes() {
            let unit = move |database: &dyn Database| unit_of_work::write_unowned(database, work);
            return self.run(Unit::of(UnitKind::UnownedWrite), claim, unit).await;
        }
        let submitted = self.threads.submit_write(claim, None, move |store, _| work(store));
        self.finish(Unit::of(UnitKind::UnownedWrite), submitted, Stopwatch::now()).await
    }
}

/// The result of a unit of work that is to be committed, unless its client was told that it isn't.
fn unless_given_up<T, E: UnitOfWorkError>(claim: &Claim, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // It may be the second time: what was to be committed before was rolled back.
    claim.begin();
    let result = work();
    let is_committed = result.as_ref().map_or_else(UnitOfWorkError::commit_on_error, |_| true);
    if is_committed && !claim.may_commit() {
        return Err(StoreError::Unavailable("it was given up before it could commit".to_owned()).into());
    }
    result
}
