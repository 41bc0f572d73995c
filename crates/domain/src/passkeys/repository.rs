//! What passkeys need of a store.

use super::{Passkey, PasskeyId};
use crate::error::StoreError;
use crate::ids::UserId;

/// Passkeys in a store. What changes one runs in the user's writing unit of work, which keeps parallel uses of one
/// passkey in a row.
pub trait PasskeyRepository {
    /// Stores a new passkey.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] with [`Unique::Passkey`](crate::error::Unique::Passkey) if the credential is stored
    /// already, for any user.
    fn insert_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError>;

    /// A user's passkeys, oldest first.
    fn passkeys(&mut self, user: UserId) -> Result<Vec<Passkey>, StoreError>;

    /// One of a user's passkeys.
    fn find_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<Option<Passkey>, StoreError>;

    /// A user's passkey by what the device knows it by.
    fn find_passkey_of_credential(&mut self, user: UserId, credential_id: &[u8])
    -> Result<Option<Passkey>, StoreError>;

    /// Stores what changed of a passkey: name, counter, whether it is backed up, latest use and revision.
    fn update_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError>;

    /// Removes a passkey. Whether there was one.
    fn delete_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<bool, StoreError>;

    /// Removes all passkeys of a user. How many there were.
    fn delete_passkeys(&mut self, user: UserId) -> Result<usize, StoreError>;
}
