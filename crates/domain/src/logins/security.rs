//! What is suspicious about sign-ins: recorded as security events, for superusers.

use std::net::IpAddr;

use super::{LoginAnalyticsRepository, LoginClient, LoginRollupRepository};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::{IdSource, SecurityEventId, UserId};
use crate::seek::NewestSeek;
use crate::unit_of_work::Store;
use crate::users::Locale;

words! {
    /// What was noticed.
    pub enum SecurityEventKind {
        /// Many failed attempts on one account.
        FailuresOnAccount = "failures_on_account",
        /// Failed attempts on many accounts, or names without an account, from one address.
        AddressOverAccounts = "address_over_accounts",
        /// A sign-in by a browser, system and kind of device that the user hadn't signed in with before.
        NewDevice = "new_device",
        /// A sign-in with a language of a country that the user hadn't signed in with before.
        NewCountry = "new_country",
    }
}

/// Seconds in which failures are counted.
const WINDOW: i64 = 900;
/// Failures on one account within the window that are an event.
pub const MIN_FAILURES: i64 = 10;
/// Accounts that one address fails on within the window that are an event.
pub const MIN_ACCOUNTS: i64 = 10;
/// Seconds for which the same isn't recorded again.
const QUIET: i64 = 3_600;

/// Something that was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    /// The id.
    pub id: SecurityEventId,
    /// When it was noticed.
    pub at: Instant,
    /// What it was.
    pub kind: SecurityEventKind,
    /// The account, if it is about one.
    pub user: Option<UserId>,
    /// The address, if it is about one; after [`super::IP_RETENTION_DAYS`] only its network.
    pub ip: Option<IpAddr>,
    /// The number of failures.
    pub attempts: u32,
    /// The number of accounts and names that were tried.
    pub accounts: u32,
    /// What signed in.
    pub client: Option<LoginClient>,
    /// The language that it prefers.
    pub language: Option<Locale>,
}

/// Which events a list has, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityEventFilter {
    /// Of this kind.
    pub kind: Option<SecurityEventKind>,
    /// About this user.
    pub user: Option<UserId>,
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
}

/// An account with many failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailingAccount {
    /// Whose it is.
    pub user: UserId,
    /// How many failed.
    pub attempts: u32,
}

/// An address that tried many accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbingAddress {
    /// The address.
    pub ip: IpAddr,
    /// How many attempts failed.
    pub attempts: u32,
    /// How many accounts and names were tried.
    pub accounts: u32,
}

/// Security events in a store.
pub trait SecurityRepository {
    /// Records an event.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUser`] if the account was deleted meanwhile.
    fn insert_security_event(&mut self, event: &SecurityEvent) -> Result<(), StoreError>;

    /// A part of the list, newest first.
    fn security_events(
        &mut self,
        filter: &SecurityEventFilter,
        seek: &NewestSeek<SecurityEventId>,
    ) -> Result<Vec<SecurityEvent>, StoreError>;

    /// How many events meet a filter.
    fn count_security_events(&mut self, filter: &SecurityEventFilter) -> Result<i64, StoreError>;

    /// How many events of each kind there were since an instant.
    fn security_event_counts(&mut self, since: Instant) -> Result<Vec<(SecurityEventKind, i64)>, StoreError>;

    /// Whether there is an event of a kind about this user, or this address, since an instant.
    fn has_security_event(
        &mut self,
        kind: SecurityEventKind,
        user: Option<UserId>,
        ip: Option<IpAddr>,
        since: Instant,
    ) -> Result<bool, StoreError>;

    /// Accounts with at least `min` failures since an instant; at most 1,000.
    fn failing_accounts(&mut self, since: Instant, min: i64) -> Result<Vec<FailingAccount>, StoreError>;

    /// Addresses with failures on at least `min` accounts and names since an instant; at most 1,000.
    fn probing_addresses(&mut self, since: Instant, min: i64) -> Result<Vec<ProbingAddress>, StoreError>;
}

/// A part of the events that meet a filter, newest first, and how many do. Two statements.
///
/// # Errors
/// The store's.
pub fn list_security_events(
    store: &mut dyn Store,
    filter: &SecurityEventFilter,
    seek: &NewestSeek<SecurityEventId>,
) -> Result<(Vec<SecurityEvent>, i64), StoreError> {
    Ok((store.security_events(filter, seek)?, store.count_security_events(filter)?))
}

/// A sign-in that succeeded.
#[derive(Debug, Clone, Copy)]
pub struct SignInNote<'a> {
    /// Who signed in.
    pub user: UserId,
    /// When.
    pub at: Instant,
    /// From where.
    pub ip: Option<IpAddr>,
    /// By what.
    pub client: LoginClient,
    /// The language that it prefers.
    pub language: Option<&'a Locale>,
}

/// Records what is new about a sign-in. Whether the user is to be told: of a new device. Nothing is new about a user's
/// first sign-in.
///
/// # Errors
/// The store's.
pub fn note_sign_in<S: LoginAnalyticsRepository + SecurityRepository + ?Sized>(
    store: &mut S,
    noted: SignInNote<'_>,
    ids: &dyn IdSource,
) -> Result<bool, StoreError> {
    let SignInNote { user, at, ip, client, language } = noted;
    let seen = store.seen_before(user, at, client, language)?;
    if !seen.any {
        return Ok(false);
    }
    let event = |kind| SecurityEvent {
        id: SecurityEventId::from_uuid(ids.fresh()),
        at,
        kind,
        user: Some(user),
        ip,
        attempts: 0,
        accounts: 1,
        client: Some(client),
        language: language.cloned(),
    };
    if !seen.client {
        store.insert_security_event(&event(SecurityEventKind::NewDevice))?;
    }
    if !seen.country {
        store.insert_security_event(&event(SecurityEventKind::NewCountry))?;
    }
    Ok(!seen.client)
}

/// Records accounts and addresses with many failures, each at most once an hour. How many events there are. Runs in a
/// writing unit of work without an owner; of several at once, one records.
///
/// # Errors
/// The store's.
pub fn watch<S: LoginRollupRepository + SecurityRepository + ?Sized>(
    store: &mut S,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<usize, StoreError> {
    // Locks: two at once would both record.
    store.rollup_state()?;
    let since = now.plus_seconds(-WINDOW);
    let quiet_since = now.plus_seconds(-QUIET);
    let mut noticed = Vec::new();
    for FailingAccount { user, attempts } in store.failing_accounts(since, MIN_FAILURES)? {
        noticed.push((SecurityEventKind::FailuresOnAccount, Some(user), None, attempts, 1));
    }
    for ProbingAddress { ip, attempts, accounts } in store.probing_addresses(since, MIN_ACCOUNTS)? {
        noticed.push((SecurityEventKind::AddressOverAccounts, None, Some(ip), attempts, accounts));
    }
    let mut recorded = 0;
    for (kind, user, ip, attempts, accounts) in noticed {
        if store.has_security_event(kind, user, ip, quiet_since)? {
            continue;
        }
        let id = SecurityEventId::from_uuid(ids.fresh());
        let (client, language) = (None, None);
        let event = SecurityEvent { id, at: now, kind, user, ip, attempts, accounts, client, language };
        store.insert_security_event(&event)?;
        recorded += 1;
    }
    Ok(recorded)
}
