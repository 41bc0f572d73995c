//! What can be done with passkeys.

use super::{MAX_PASSKEYS, Passkey, PasskeyEntity, PasskeyId, PasskeyName, Transports};
use crate::code::Code;
use crate::error::{Error, StoreError, Unique};
use crate::ids::UserId;
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};

/// A passkey to add.
#[derive(Debug, Clone)]
pub struct NewPasskey {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it; `Passkey`, or `Passkey 2` and so on, if they don't.
    pub name: Option<PasskeyName>,
    /// By what the device knows it.
    pub credential_id: Vec<u8>,
    /// The public key.
    pub public_key: Vec<u8>,
    /// The device's counter.
    pub sign_count: i64,
    /// Whether the device may copy it to others.
    pub backup_eligible: bool,
    /// Whether it did.
    pub backed_up: bool,
    /// How browsers reach it.
    pub transports: Transports,
}

patch! {
    /// A change of a passkey (RFC 7396): what is absent stays.
    #[derive(Debug, Clone, Default)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdatePasskeyBody))]
    pub struct PasskeyPatch of Passkey {
        /// The new name.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub name: Option<PasskeyName>,
    }
}

/// A user's passkeys, oldest first.
pub fn list(store: &mut dyn Store, user: UserId) -> Result<Vec<Passkey>, Error> {
    Ok(store.passkeys(user)?)
}

/// One passkey.
pub fn find(store: &mut dyn Store, user: UserId, id: PasskeyId) -> Result<Passkey, Error> {
    store.find_passkey(user, id)?.ok_or(Error::not_found::<PasskeyEntity>())
}

/// Refuses one more passkey for a user who has these already.
///
/// # Errors
/// The conflict `limit_reached`.
pub fn ensure_room(held: &[Passkey]) -> Result<(), Error> {
    Error::ensure_room(held.len(), MAX_PASSKEYS, "an account", "passkeys")
}

/// Adds a passkey.
///
/// # Errors
/// The conflicts `limit_reached`, and `passkey_taken` if the device's credential was added before, here or to another
/// account.
pub fn add(tx: &mut WriteTransaction<'_>, new: NewPasskey) -> Result<Passkey, Error> {
    let held = tx.store.passkeys(tx.user)?;
    ensure_room(&held)?;
    let name = match new.name {
        Some(name) => name,
        None => free_name(&held)?,
    };
    let passkey = Passkey {
        id: new.id,
        user: tx.user,
        name,
        credential_id: new.credential_id,
        public_key: new.public_key,
        sign_count: new.sign_count,
        backup_eligible: new.backup_eligible,
        backed_up: new.backed_up,
        transports: new.transports,
        created_at: tx.now,
        last_used_at: None,
        rev: tx.rev,
    };
    match tx.store.insert_passkey(&passkey) {
        Err(StoreError::Duplicate(Unique::Passkey)) => {
            Err(Error::conflict(Code::PasskeyTaken, "this passkey was added before: use another one"))
        }
        stored => Ok(stored.map(|()| passkey)?),
    }
}

/// A name that none of these has.
fn free_name(held: &[Passkey]) -> Result<PasskeyName, Error> {
    let number =
        (1..=MAX_PASSKEYS).find(|number| held.iter().all(|passkey| passkey.name.as_str() != numbered(*number)));
    Ok(PasskeyName::parse(&numbered(number.unwrap_or(MAX_PASSKEYS)))?)
}

fn numbered(number: usize) -> String {
    if number == 1 { "Passkey".to_owned() } else { format!("Passkey {number}") }
}

/// Renames a passkey.
///
/// # Errors
/// `passkey_not_found`; [`Error::Stale`].
pub fn rename(
    tx: &mut WriteTransaction<'_>,
    id: PasskeyId,
    expected: &Expected,
    patch: PasskeyPatch,
) -> Result<Passkey, Error> {
    let mut passkey = find(tx.store, tx.user, id)?;
    expected.check(passkey.rev)?;
    patch.apply_to(&mut passkey);
    passkey.rev = tx.rev;
    tx.store.update_passkey(&passkey)?;
    Ok(passkey)
}

/// Removes a passkey. Sessions that it opened go on.
///
/// # Errors
/// `passkey_not_found`; [`Error::Stale`].
pub fn remove(tx: &mut WriteTransaction<'_>, id: PasskeyId, expected: &Expected) -> Result<(), Error> {
    expected.check(find(tx.store, tx.user, id)?.rev)?;
    tx.store.delete_passkey(tx.user, id)?;
    Ok(())
}
