//! Creating an account.

use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::ids::{IdSource, UserId};
use circadia_domain::users::{
    Email, NewUser, Role, Settings, UserRepository, Username, email_taken, holder_of_name, username_taken,
};

/// The details of a new account, except the password (see `Password::chosen`).
#[derive(Debug, Clone)]
pub struct Registration {
    /// The username.
    pub username: Username,
    /// The email address.
    pub email: Email,
    /// The preferences: time zone and locale as given, defaults for the rest.
    pub settings: Settings,
    /// The role; [`Role::Regular`] for self-registration.
    pub role: Role,
    /// When the address was verified, if it was.
    pub email_verified_at: Option<Instant>,
}

/// Creates an account. Runs in a writing unit of work without an owner.
///
/// # Errors
/// Conflicts `username_taken` and `email_taken`; those of the store. (Where addresses must be verified, the API doesn't
/// reveal that an address is taken.)
pub fn register<S: UserRepository + ?Sized>(
    store: &mut S,
    registration: Registration,
    password_hash: String,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<NewUser, Error> {
    let Registration { username, email, settings, role, email_verified_at } = registration;
    if holder_of_name(store, &username)?.is_some() {
        return Err(username_taken());
    }
    let user = NewUser {
        id: ids.fresh().into(),
        username,
        email,
        email_verified_at,
        password_hash: Some(password_hash),
        role,
        settings,
        created_at: now,
    };
    match store.insert_user(&user) {
        Ok(()) => Ok(user),
        Err(StoreError::Duplicate(Unique::Username)) => Err(username_taken()),
        Err(StoreError::Duplicate(Unique::Email)) => Err(email_taken()),
        Err(error) => Err(error.into()),
    }
}

/// Reserves the name of a registration whose address `holder` already has, so that the name is as good as taken, and the
/// password known, whether or not the address was free. Runs in a writing unit of work without an owner.
///
/// # Errors
/// Conflict `username_taken`; those of the store.
pub fn reserve<S: UserRepository + ?Sized>(
    store: &mut S,
    username: &Username,
    password_hash: &str,
    holder: UserId,
    now: Instant,
) -> Result<(), Error> {
    if holder_of_name(store, username)?.is_some() {
        return Err(username_taken());
    }
    match store.reserve_username(username, password_hash, holder, now) {
        Err(StoreError::Duplicate(_)) => Err(username_taken()),
        reserved => Ok(reserved?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use circadia_domain::code::Code;

    use crate::testing::{Ids, InMemoryStore, NOW};

    fn registration(username: &str, email: &str) -> Registration {
        Registration {
            username: Username::parse(username).unwrap(),
            email: Email::parse(email).unwrap(),
            settings: Settings::default(),
            role: Role::Regular,
            email_verified_at: None,
        }
    }

    #[test]
    fn a_name_or_an_address_that_is_taken_is_a_conflict_that_says_which() {
        let (mut store, ids) = (InMemoryStore::default(), Ids::default());
        let mut make = |username, email| register(&mut store, registration(username, email), "$phc".into(), &ids, NOW);
        let ada = make("Ada", "ada@example.org").unwrap();
        assert_eq!((ada.created_at, ada.password_hash.as_deref()), (NOW, Some("$phc")));
        let code = |result: Result<NewUser, Error>| match result.unwrap_err() {
            Error::Conflict { code, .. } => code,
            other => panic!("{other}"),
        };
        assert_eq!(code(make("ADA", "other@example.org")), Code::UsernameTaken);
        assert_eq!(code(make("other", "ADA@example.org")), Code::EmailTaken);
        assert_eq!(store.users.len(), 1);
    }

    #[test]
    fn a_reserved_name_is_taken() {
        let (mut store, ids) = (InMemoryStore::default(), Ids::default());
        let ada = register(&mut store, registration("ada", "ada@example.org"), "$phc".into(), &ids, NOW).unwrap();
        let is_taken = |result: Result<(), Error>| match result {
            Err(Error::Conflict { code, .. }) => code == Code::UsernameTaken,
            other => panic!("{other:?}"),
        };
        let name = |text| Username::parse(text).unwrap();
        reserve(&mut store, &name("eve"), "$phc", ada.id, NOW).unwrap();
        assert!(is_taken(reserve(&mut store, &name("EVE"), "$phc", ada.id, NOW)));
        assert!(is_taken(reserve(&mut store, &name("Ada"), "$phc", ada.id, NOW)));
        let second = register(&mut store, registration("Eve", "eve@example.org"), "$phc".into(), &ids, NOW);
        assert!(is_taken(second.map(drop)));
        assert_eq!(holder_of_name(&mut store, &name("eve")).unwrap(), Some(ada.id));
    }
}
