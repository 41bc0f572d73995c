//! Deleting an account.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::logins::{LoginMethod, LoginRepository};
use circadia_domain::sessions::SessionRepository;
use circadia_domain::store::StoreError;
use circadia_domain::users::{Role, UserRepository};
use circadia_domain::{Entity, Error};

/// Seconds for which having signed in through Google stands for giving the password.
const RECENT: i64 = 5 * 60;

/// Whether somebody signed in through Google so lately that they needn't prove again who they are. For any unit of work.
///
/// # Errors
/// The store's.
pub fn signed_in_lately<S: LoginRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    now: Instant,
) -> Result<bool, StoreError> {
    let last = store.last_login(user, LoginMethod::Google)?;
    Ok(last.is_some_and(|at| now <= at.plus_seconds(RECENT)))
}

/// Deletes an account with everything of its user's, and ends its sessions everywhere. For the user's writing unit of
/// work; nothing can be done in it afterwards.
///
/// # Errors
/// Conflict `last_superuser`: somebody must remain who can appoint others. The store's.
pub fn delete_account<S: UserRepository + SessionRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    now: Instant,
) -> Result<(), Error> {
    let account = store.find_user(user)?.ok_or(Error::NotFound(Entity::User))?;
    if account.role == Role::Superuser && !store.hold_superusers(user)? {
        return Err(Error::conflict(
            "last_superuser",
            "it is the only account that can manage others: appoint another superuser first",
        ));
    }
    // Told to every replica before the sessions themselves are gone.
    store.revoke_sessions(user, now)?;
    Ok(store.erase_user(user)?)
}

#[cfg(test)]
mod tests {
    use circadia_domain::ids::LoginId;
    use circadia_domain::logins::{LoginAttempt, LoginFailure};

    use super::*;
    use crate::testing::{Memory, NOW, id};

    #[test]
    fn the_last_superuser_stays() {
        let mut store = Memory::with_user(id(1), None);
        store.users[0].0.role = Role::Superuser;
        let refused = delete_account(&mut store, id(1).into(), NOW);
        assert!(matches!(refused, Err(Error::Conflict { code: "last_superuser", .. })), "{refused:?}");
        let mut other = store.users[0].clone();
        other.0.id = id(2).into();
        store.users.push((other.0, false));
        assert!(delete_account(&mut store, id(1).into(), NOW).is_err(), "one that may not sign in doesn't count");
        store.users[1].1 = true;
        delete_account(&mut store, id(1).into(), NOW).unwrap();
        assert_eq!((store.users.len(), store.revocations.len()), (1, 1));
    }

    #[test]
    fn signing_in_through_google_stands_for_the_password_for_five_minutes() {
        let mut store = Memory::with_user(id(1), None);
        let mut attempt = |method, failure, at| {
            store.logins.push(LoginAttempt {
                id: LoginId::from_uuid(id(9)),
                user: Some(id(1).into()),
                identifier_hash: [0; 32],
                at,
                ip: None,
                user_agent: None,
                method,
                failure,
            });
        };
        attempt(LoginMethod::Google, None, NOW);
        attempt(LoginMethod::Password, None, NOW.plus_seconds(200));
        attempt(LoginMethod::Google, Some(LoginFailure::Inactive), NOW.plus_seconds(200));
        let mut lately = |seconds| signed_in_lately(&mut store, id(1).into(), NOW.plus_seconds(seconds)).unwrap();
        assert!(lately(0) && lately(300) && !lately(301));
        assert!(!signed_in_lately(&mut store, id(2).into(), NOW).unwrap());
    }
}
