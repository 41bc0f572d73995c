//! Deleting an account.

use circadia_domain::accounts::last_superuser;
use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::sessions::SessionRepository;
use circadia_domain::users::{Role, UserRepository};
use circadia_domain::{Error, entity};

/// Deletes an account with all of its data and ends its sessions on every replica. Runs in the user's writing unit of
/// work, which can't be used for anything afterwards.
///
/// # Errors
/// Conflict `last_superuser` if no other superuser would remain; `StoreError` of the store.
pub fn delete_account<S: UserRepository + SessionRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    now: Instant,
) -> Result<(), Error> {
    let account = store.find_user(user)?.ok_or(Error::not_found::<entity::User>())?;
    if account.role == Role::Superuser && !store.lock_superusers(user)? {
        return Err(last_superuser());
    }
    // Published to every replica before the session rows are deleted.
    store.revoke_sessions(user, now)?;
    Ok(store.erase_user(user)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use circadia_domain::code::Code;

    use crate::testing::{InMemoryStore, NOW, id};

    #[test]
    fn the_last_superuser_stays() {
        let mut store = InMemoryStore::with_user(id(1), None);
        store.users[0].0.role = Role::Superuser;
        let refused = delete_account(&mut store, id(1).into(), NOW);
        assert!(matches!(refused, Err(Error::Conflict { code: Code::LastSuperuser, .. })), "{refused:?}");
        let mut other = store.users[0].clone();
        other.0.id = id(2).into();
        store.users.push((other.0, false));
        assert!(delete_account(&mut store, id(1).into(), NOW).is_err(), "one that may not sign in doesn't count");
        store.users[1].1 = true;
        delete_account(&mut store, id(1).into(), NOW).unwrap();
        assert_eq!((store.users.len(), store.revocations.len()), (1, 1));
    }
}
