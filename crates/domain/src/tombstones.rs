//! What was deleted.

use crate::civil::Date;
use crate::code::Code;
use crate::entity::{self, Entity};
use crate::error::{Error, StoreError};
use crate::ids::{HabitId, Id, UserId};
use crate::unit_of_work::WriteTransaction;

/// What tells an item from all others of its user, whatever its kind. Tombstones are stored by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemKey {
    /// [`Entity::NAME`].
    pub kind: &'static str,
    /// The bytes of the id; of an entry, those of its habit and its date; of a mood, those of its date; of what a user has
    /// one of, those of the user's id.
    pub bytes: Vec<u8>,
}

impl ItemKey {
    /// A habit's entry.
    pub fn entry(habit: HabitId, date: Date) -> Self {
        let mut bytes = habit.as_uuid().as_bytes().to_vec();
        bytes.extend(date.days_since_epoch().to_be_bytes());
        Self { kind: entity::Entry::NAME, bytes }
    }

    /// A day's own mood.
    pub fn mood(date: Date) -> Self {
        Self { kind: entity::Mood::NAME, bytes: date.days_since_epoch().to_be_bytes().to_vec() }
    }

    /// The timer that runs.
    pub fn timer(user: UserId) -> Self {
        Self { kind: entity::Timer::NAME, bytes: user.as_uuid().as_bytes().to_vec() }
    }

    /// The settings.
    pub fn settings(user: UserId) -> Self {
        Self { kind: "settings", bytes: user.as_uuid().as_bytes().to_vec() }
    }
}

impl<E: Entity> From<Id<E>> for ItemKey {
    fn from(id: Id<E>) -> Self {
        Self { kind: E::NAME, bytes: id.as_uuid().as_bytes().to_vec() }
    }
}

/// Tombstones in a store.
pub trait TombstoneRepository {
    /// Whether the item was deleted; it may have been created again since.
    fn was_deleted(&mut self, user: UserId, item: &ItemKey) -> Result<bool, StoreError>;
}

impl WriteTransaction<'_> {
    /// # Errors
    /// `id_taken` if there was an item with this id: an id is never used twice.
    pub(crate) fn ensure_never_deleted<E: Entity>(&mut self, id: Id<E>) -> Result<(), Error> {
        if self.store.was_deleted(self.user, &id.into())? {
            return Err(Error::conflict(Code::IdTaken, "there was one with this id, and it was deleted"));
        }
        Ok(())
    }
}
