//! Reading users, and changing their settings.

use super::{Avatar, Login, SettingsPatch, User, UserRepository, Username};
use crate::civil::Instant;
use crate::code::Code;
use crate::entity;
use crate::error::{Error, StoreError, Unique};
use crate::ids::{IdSource, UserId};
use crate::logins::LoginCounts;
use crate::reminders;
use crate::revision::Expected;
use crate::shared_pauses;
use crate::unit_of_work::{Store, WriteTransaction};

/// A user with how often they signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    pub user: User,
    /// In all, and since their own week and month began.
    pub logins: LoginCounts,
}

/// A user who is signed in.
///
/// # Errors
/// [`Error::NotFound`] if their account was deleted meanwhile.
pub fn find(store: &mut dyn Store, id: UserId) -> Result<User, Error> {
    store.find_user(id)?.ok_or(Error::not_found::<entity::User>())
}

/// A user with their login counts, by two statements.
///
/// # Errors
/// [`Error::NotFound`] if their account was deleted meanwhile.
pub fn profile(store: &mut dyn Store, id: UserId, now: Instant) -> Result<UserProfile, Error> {
    let user = find(store, id)?;
    let (today, clock) = (user.today(now), user.day_clock());
    let logins = store.login_counts(
        id,
        clock.start_of(today.week_begin(user.settings.week_start)),
        clock.start_of(today.month_begin()),
    )?;
    Ok(UserProfile { user, logins })
}

/// Changes settings. Dates that are stored stay what they are; days that are lost by a new time zone are paused.
///
/// # Errors
/// [`Error::Stale`] if the user's row has another revision than expected.
pub fn update_settings(
    tx: &mut WriteTransaction<'_>,
    expected: &Expected,
    patch: SettingsPatch,
    ids: &dyn IdSource,
) -> Result<(), Error> {
    let before = find(tx.store, tx.user)?;
    expected.check(before.rev)?;
    let after = before.settings.clone().with(patch);
    tx.store.update_settings(tx.user, &after, tx.rev, tx.now)?;
    reminders::follow_settings(tx, &before.settings, &after)?;
    shared_pauses::pause_lost_days(tx, &before.settings, &after, ids.fresh().into())
}

/// Renames a user. Returns whether the name is another one than before.
///
/// # Errors
/// `username_taken`; [`Error::Stale`] if the user's row has another revision than expected.
pub fn change_username(tx: &mut WriteTransaction<'_>, expected: &Expected, username: &Username) -> Result<bool, Error> {
    let user = find(tx.store, tx.user)?;
    expected.check(user.rev)?;
    if user.username == *username {
        return Ok(false);
    }
    if holder_of_name(tx.store, username)?.is_some_and(|holder| holder != tx.user) {
        return Err(username_taken());
    }
    match tx.store.update_username(tx.user, username, tx.rev, tx.now) {
        Ok(()) => Ok(true),
        Err(StoreError::Duplicate(Unique::Username)) => Err(username_taken()),
        Err(error) => Err(error.into()),
    }
}

/// Gives a user another image, or none. Returns the one that they had.
///
/// # Errors
/// [`Error::Stale`] if the user's row has another revision than expected.
pub fn set_avatar(
    tx: &mut WriteTransaction<'_>,
    expected: &Expected,
    avatar: Option<Avatar>,
) -> Result<Option<Avatar>, Error> {
    let user = find(tx.store, tx.user)?;
    expected.check(user.rev)?;
    if user.avatar != avatar {
        tx.store.update_avatar(tx.user, avatar, tx.rev, tx.now)?;
    }
    Ok(user.avatar)
}

/// The account that a user name belongs to, or is reserved for. By the same two statements whichever it is, so that
/// nothing tells an account from a reservation.
///
/// # Errors
/// The store's.
pub fn holder_of_name<S: UserRepository + ?Sized>(
    store: &mut S,
    username: &Username,
) -> Result<Option<UserId>, StoreError> {
    let login = Login::Username(username.key());
    let reserved = store.find_reservation(&login, None)?.map(|reservation| reservation.holder);
    Ok(store.find_credentials(&login)?.map(|found| found.user).or(reserved))
}

/// The error for an address that is taken.
pub fn email_taken() -> Error {
    Error::conflict(Code::EmailTaken, "there already is an account with this e-mail address")
}

/// The error for a user name that is taken.
pub fn username_taken() -> Error {
    Error::conflict(Code::UsernameTaken, "another account already has this username")
}
