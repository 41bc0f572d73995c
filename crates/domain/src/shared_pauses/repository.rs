//! What shared pauses need of a store.

use super::SharedPause;
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::{SharedPauseId, UserId};
use crate::revision::Revision;

/// Shared pauses in a store.
pub trait SharedPauseRepository {
    /// All of a user's, by first day and id.
    fn shared_pauses(&mut self, user: UserId) -> Result<Vec<SharedPause>, StoreError>;

    /// One of them.
    fn find_shared_pause(&mut self, user: UserId, id: SharedPauseId) -> Result<Option<SharedPause>, StoreError>;

    /// Stores a new one.
    fn insert_shared_pause(&mut self, user: UserId, pause: &SharedPause) -> Result<(), StoreError>;

    /// Stores everything of one but its id, `created_at` and request digest.
    fn update_shared_pause(&mut self, user: UserId, pause: &SharedPause) -> Result<(), StoreError>;

    /// Removes one and leaves a tombstone. Whether there was one.
    fn delete_shared_pause(
        &mut self,
        user: UserId,
        id: SharedPauseId,
        rev: Revision,
        now: Instant,
    ) -> Result<bool, StoreError>;
}
