//! Tells connected clients when their account changes, whichever process changed it.
//!
//! The revisions of all users who listen are read in one statement: each second, and soon after this process has written
//! anything. Listeners hold no connection of the database, and know the latest revision only, so that slow ones cost nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use tokio::sync::{Notify, watch};

use crate::context::Context;

/// The most listeners of a user.
pub const MAX_OF_A_USER: usize = 5;
/// The most listeners of this process.
pub const MAX_LISTENERS: usize = 1_000;

/// How often revisions are read if nothing is written here.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How often they are read at most.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The most users that one statement asks for.
const USERS_PER_STATEMENT: usize = 500;

/// Follows the revisions of those who listen.
#[derive(Debug)]
pub struct RevisionFeed {
    context: Context,
    listeners: Mutex<Listeners>,
    joined: Notify,
}

#[derive(Debug, Default)]
struct Listeners {
    users: HashMap<UserId, Followed>,
    count: usize,
}

#[derive(Debug)]
struct Followed {
    revision: watch::Sender<Revision>,
    count: usize,
}

/// Why there may be no more listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// This user has [`MAX_OF_A_USER`].
    User,
    /// There are [`MAX_LISTENERS`].
    Process,
}

impl RevisionFeed {
    pub fn new(context: Context) -> Self {
        Self { context, listeners: Mutex::default(), joined: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to listen to a user's revision.
    ///
    /// # Errors
    /// [`Full`].
    pub fn join(self: &Arc<Self>, user: UserId) -> Result<Listener, Full> {
        let mut listeners = self.lock();
        if listeners.count >= MAX_LISTENERS {
            return Err(Full::Process);
        }
        let followed = listeners
            .users
            .entry(user)
            .or_insert_with(|| Followed { revision: watch::Sender::new(Revision(0)), count: 0 });
        if followed.count >= MAX_OF_A_USER {
            // Whoever has gone without a word is noticed when something is sent.
            followed.revision.send_modify(|_| {});
            return Err(Full::User);
        }
        followed.count += 1;
        let revision = followed.revision.subscribe();
        listeners.count += 1;
        drop(listeners);
        self.joined.notify_one();
        Ok(Listener { feed: Arc::clone(self), user, revision })
    }

    /// How many listen.
    pub fn count(&self) -> usize {
        self.lock().count
    }

    /// Tells the listeners of a user of a revision, if it is a later one.
    fn tell(&self, user: UserId, revision: Revision) {
        if let Some(followed) = self.lock().users.get(&user) {
            followed.revision.send_if_modified(|known| {
                let is_later = revision > *known;
                if is_later {
                    *known = revision;
                }
                is_later
            });
        }
    }

    /// Reads the revisions of all who listen, once.
    ///
    /// # Errors
    /// The store's.
    async fn poll(&self) -> Result<(), StoreError> {
        let users: Vec<UserId> = self.lock().users.keys().copied().collect();
        for users in users.chunks(USERS_PER_STATEMENT) {
            let users = users.to_vec();
            for (user, revision) in self.context.unit_of_work.query(move |store| store.revisions(&users)).await? {
                self.tell(user, revision);
            }
        }
        Ok(())
    }

    /// Tells listeners of what changes, without end. Asks the database nothing while there are no listeners.
    pub async fn follow(&self) {
        let mut fails = false;
        loop {
            if self.count() == 0 {
                self.joined.notified().await;
            }
            match self.poll().await {
                Err(error) if !fails => {
                    fails = true;
                    tracing::warn!(%error, "revisions can't be read for those who listen");
                }
                Err(_) => {}
                Ok(()) => fails = false,
            }
            tokio::time::sleep(MIN_POLL_INTERVAL).await;
            let more = async {
                tokio::select! {
                    () = self.context.unit_of_work.written() => {}
                    () = self.joined.notified() => {}
                }
            };
            let _ = tokio::time::timeout(POLL_INTERVAL.saturating_sub(MIN_POLL_INTERVAL), more).await;
        }
    }
}

/// Listens to a user's revision until it is dropped.
#[derive(Debug)]
pub struct Listener {
    feed: Arc<RevisionFeed>,
    user: UserId,
    revision: watch::Receiver<Revision>,
}

impl Listener {
    /// The present revision.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin(&mut self) -> Result<Revision, StoreError> {
        let user = self.user;
        let read = self.feed.context.unit_of_work.query(move |store| store.latest_revision(user)).await?;
        let revision = read.ok_or(StoreError::NoSuchUser)?;
        self.feed.tell(user, revision);
        Ok(*self.revision.borrow_and_update())
    }

    /// Waits until the revision rises.
    pub async fn changed(&mut self) -> Revision {
        // The sender is there as long as a listener is.
        if self.revision.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.revision.borrow_and_update()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = self.feed.lock();
        listeners.count = listeners.count.saturating_sub(1);
        if let Entry::Occupied(mut followed) = listeners.users.entry(self.user) {
            followed.get_mut().count = followed.get().count.saturating_sub(1);
            if followed.get().count == 0 {
                followed.remove();
            }
        }
    }
}
