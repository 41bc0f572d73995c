//! Profile images: storing, serving and removing them.
//!
//! A row names an image, and the media store has its files; no transaction spans both. So that no file is left behind,
//! whatever dies in between, a job that removes an image's files *unless its user has it* is enqueued before they are
//! stored, due an hour later, and again in the transaction that takes the image from its user. Such a job has
//! no user, since a user's jobs are deleted with the account.

mod jpeg;
mod processing;
mod workers;

use std::sync::Arc;

use circadia_auth::{Outbox, OutboxError};
use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::jobs::{Attempt, Job, JobKind, MAX_ATTEMPTS, NewJob};
use circadia_domain::revision::Expected;
use circadia_domain::unit_of_work::{Store, WriteTransaction};
use circadia_domain::users::{self, Avatar, AvatarFile, UserProfile};
use serde::{Deserialize, Serialize};

use crate::authenticate::Principal;
use crate::context::Context;
use crate::error::Error;
use crate::media::MediaStore;
pub use workers::ImageWorkers;

/// Seconds after which the files of an upload are removed if it didn't end well.
const GRACE_SECONDS: i64 = 3_600;

/// Seconds after which an upload that isn't done yet is refused: its files may soon be removed.
const UPLOAD_SECONDS: i64 = 1_800;

/// Seconds until a job that was tried in vain for as long as jobs are is enqueued anew: files of others are never given
/// up.
const NEXT_ROUND_SECONDS: i64 = 6 * 3_600;

/// What the job of removing an image holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Removal {
    user: UserId,
    avatar: Avatar,
}

/// Manages profile images. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Avatars {
    pub context: Context,
    pub outbox: Outbox,
    pub media: Arc<dyn MediaStore>,
    pub workers: ImageWorkers,
}

impl Avatars {
    /// Gives the user the image of an uploaded file.
    ///
    /// # Errors
    /// `validation_failed` at `/file`, `precondition_failed`, `unavailable`; the store's.
    pub async fn replace(
        &self,
        principal: Principal,
        expected: Expected,
        upload: Vec<u8>,
    ) -> Result<UserProfile, Error> {
        let (user, begun) = (principal.user, self.context.now());
        let image = self.workers.process(upload).await?;
        let mut random = [0; 16];
        self.context.entropy.fill(&mut random);
        let avatar = Avatar::new(random, image.format);
        let (own, before) = (self.clone(), expected.clone());
        self.context
            .unit_of_work
            .write_unowned::<_, Error>(move |store| {
                before.check(users::find(store, user)?.rev)?;
                Ok(own.enqueue_removal(store, Removal { user, avatar }, begun.plus_seconds(GRACE_SECONDS), begun)?)
            })
            .await?;
        for (size, content) in image.files {
            self.media.put(&avatar.file(size).key(), content).await?;
        }
        let (own, now) = (self.clone(), self.context.now());
        if now >= begun.plus_seconds(UPLOAD_SECONDS) {
            return Err(Error::internal("storing an image took longer than its files are kept for"));
        }
        let profile = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            let replaced = users::set_avatar(tx, &expected, Some(avatar))?;
            own.enqueue_removal_now(tx, replaced)?;
            Ok(users::profile(tx.store, user, now)?)
        });
        let profile = profile.await?;
        self.wake();
        Ok(profile)
    }

    /// Takes the image from the user, if they have one.
    ///
    /// # Errors
    /// `precondition_failed`; the store's.
    pub async fn remove(&self, principal: Principal, expected: Expected) -> Result<(), Error> {
        let own = self.clone();
        self.context
            .unit_of_work
            .write::<_, Error>(principal.user, self.context.now(), move |tx| {
                let removed = users::set_avatar(tx, &expected, None)?;
                Ok(own.enqueue_removal_now(tx, removed)?)
            })
            .await?;
        self.wake();
        Ok(())
    }

    /// Has the image's files removed, in the transaction that deletes its user's account. Call [`Self::wake`] after that
    /// is committed.
    pub(crate) fn remove_with_account(&self, tx: &mut WriteTransaction<'_>) -> Result<(), Error> {
        let user = users::find(tx.store, tx.user)?;
        Ok(self.enqueue_removal_now(tx, user.avatar)?)
    }

    /// Lets the workers of this process begin at once.
    pub(crate) fn wake(&self) {
        self.outbox.wake();
    }

    /// The content of a file, if there is such a file.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn content(&self, file: AvatarFile) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.media.get(&file.key()).await?)
    }

    /// Does the job of removing an image's files, unless its user has it.
    pub async fn remove_unused(&self, job: &Job) -> Attempt {
        let removal: Removal = match self.outbox.open(job) {
            Ok(removal) => removal,
            Err(error) => return Attempt::Failed(error.to_string()),
        };
        let failure = match self.try_to_remove(removal).await {
            Ok(()) => return Attempt::Done,
            Err(failure) => failure.to_string(),
        };
        if job.attempts < MAX_ATTEMPTS {
            return Attempt::Failed(failure);
        }
        tracing::error!(failure, "the files of an image still can't be removed: it is tried again later");
        let (own, now) = (self.clone(), self.context.now());
        let again = self.context.unit_of_work.write_unowned::<_, OutboxError>(move |store| {
            own.enqueue_removal(store, removal, now.plus_seconds(NEXT_ROUND_SECONDS), now)
        });
        match again.await {
            Ok(()) => Attempt::Done,
            Err(error) => Attempt::Failed(error.to_string()),
        }
    }

    async fn try_to_remove(&self, Removal { user, avatar }: Removal) -> Result<(), Error> {
        let found = self.context.unit_of_work.query::<_, Error>(move |store| Ok(store.find_user(user)?)).await?;
        if found.is_some_and(|user| user.avatar == Some(avatar)) {
            return Ok(());
        }
        for file in avatar.files() {
            self.media.delete(&file.key()).await?;
        }
        Ok(())
    }

    fn enqueue_removal_now(&self, tx: &mut WriteTransaction<'_>, avatar: Option<Avatar>) -> Result<(), OutboxError> {
        match avatar {
            Some(avatar) => self.enqueue_removal(tx.store, Removal { user: tx.user, avatar }, tx.now, tx.now),
            None => Ok(()),
        }
    }

    fn enqueue_removal(
        &self,
        store: &mut dyn Store,
        removal: Removal,
        run_at: Instant,
        now: Instant,
    ) -> Result<(), OutboxError> {
        let job = self.outbox.seal(JobKind::Media, None, &removal, self.context.ids.fresh().into(), now)?;
        Ok(store.enqueue_job(&NewJob { run_at, ..job })?)
    }
}
