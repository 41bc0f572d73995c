//! The background work on attempts: rolling them up, truncating addresses, removing old attempts.
//!
//! Each function does one bounded step in a unit of work of its own, and says whether there is more to do. They are safe
//! to repeat, and safe to run on several replicas: the first statement locks the row that says how far they have come.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{LoginAttempt, LoginRollupRepository, Quarter, QuarterSpan, RollupState};
use crate::civil::Instant;
use crate::error::StoreError;

/// Seconds by which rollups lag: a quarter hour is rolled up when it has been over for so long. Attempts whose transaction
/// commits late, or whose replica's clock is behind, are in time.
pub const ROLLUP_LAG: i64 = 900;

/// Days for which the whole address of an attempt is kept; after that only its network.
pub const IP_RETENTION_DAYS: i64 = 30;

/// Days for which attempts are kept one by one. Their figures are kept as long as the account.
pub const LOGIN_RETENTION_DAYS: i64 = 400;

/// Quarter hours that one step rolls up: a day.
const ROLLUP_STEP: i32 = 96;
/// Quarter hours whose addresses one step truncates: an hour.
const ADDRESS_STEP: i32 = 4;
/// Quarter hours of which one step removes the attempts: an hour.
const PURGE_STEP: i32 = 4;

/// Rolls up attempts that are old enough, at most a day of them. Whether there are more.
///
/// # Errors
/// The store's.
pub fn roll_up<S: LoginRollupRepository + ?Sized>(store: &mut S, now: Instant) -> Result<bool, StoreError> {
    let state = store.rollup_state()?;
    let target = Quarter::of(now.plus_seconds(-ROLLUP_LAG));
    if target <= state.rolled_up_until {
        return Ok(false);
    }
    // Times without attempts are skipped at once.
    let from = store.first_login_quarter(state.rolled_up_until)?.map_or(target, |first| first.min(target));
    let until = from.plus(ROLLUP_STEP).min(target);
    if from < until {
        store.roll_up_logins(QuarterSpan { from, until })?;
    }
    let days_until = until.day_begin().max(state.days_until);
    if state.days_until < days_until {
        store.sum_login_days(QuarterSpan { from: state.days_until, until: days_until })?;
    }
    store.set_rollup_state(RollupState { rolled_up_until: until, days_until, ..state })?;
    Ok(until < target)
}

/// The first whole day of UTC of which every attempt is there one by one; `None` without attempts.
fn first_whole_day<S: LoginRollupRepository + ?Sized>(store: &mut S) -> Result<Option<Quarter>, StoreError> {
    let first = store.first_login_quarter(Quarter::FIRST)?;
    // Of the day of the first attempt, earlier ones may have been removed.
    Ok(first.map(Quarter::next_day_begin))
}

/// Lets everything from a quarter hour on, the first of a day of UTC, be rolled up anew.
fn roll_up_again_from<S: LoginRollupRepository + ?Sized>(store: &mut S, from: Quarter) -> Result<(), StoreError> {
    let state = store.rollup_state()?;
    if state.rolled_up_until <= from {
        return Ok(());
    }
    store.forget_rollups(from)?;
    store.set_rollup_state(RollupState {
        rolled_up_until: from,
        days_until: from.min(state.days_until),
        addresses_until: state.addresses_until,
    })
}

/// Begins to make the rollups anew from the attempts that are there; [`roll_up`] does it. What is older than those stays.
///
/// Figures are exact meanwhile: what isn't rolled up is counted from the attempts.
///
/// # Errors
/// The store's.
pub fn begin_rebuild<S: LoginRollupRepository + ?Sized>(store: &mut S) -> Result<(), StoreError> {
    match first_whole_day(store)? {
        Some(from) => roll_up_again_from(store, from),
        None => Ok(()),
    }
}

/// Whether the rollups agree with the attempts that are there.
///
/// # Errors
/// The store's.
pub fn rollups_agree<S: LoginRollupRepository + ?Sized>(store: &mut S) -> Result<bool, StoreError> {
    let Some(from) = first_whole_day(store)? else { return Ok(true) };
    let until = store.rollup_state()?.rolled_up_until;
    if until <= from {
        return Ok(true);
    }
    let [counted, rolled_up] = store.login_sums(QuarterSpan { from, until })?;
    Ok(counted == rolled_up)
}

/// Stores attempts of the past, whose figures are made anew. None may be older than [`LOGIN_RETENTION_DAYS`].
///
/// # Errors
/// The store's; [`StoreError::NoSuchUser`] if an account was deleted meanwhile.
pub fn record_past<S: LoginRollupRepository + ?Sized>(
    store: &mut S,
    attempts: &[LoginAttempt],
) -> Result<(), StoreError> {
    let Some(first) = attempts.iter().map(|attempt| attempt.at).min() else { return Ok(()) };
    roll_up_again_from(store, Quarter::of(first).day_begin())?;
    store.insert_past_logins(attempts)
}

/// Truncates the addresses of attempts that are old enough, at most an hour of them. Whether there are more.
///
/// # Errors
/// The store's.
pub fn truncate_addresses<S: LoginRollupRepository + ?Sized>(store: &mut S, now: Instant) -> Result<bool, StoreError> {
    let state = store.rollup_state()?;
    let target = Quarter::of(now.plus_seconds(-IP_RETENTION_DAYS * 86_400));
    if target <= state.addresses_until {
        return Ok(false);
    }
    let from = store.first_login_quarter(state.addresses_until)?.map_or(target, |first| first.min(target));
    let until = from.plus(ADDRESS_STEP).min(target);
    // From where it ended the last time: security events have quarters of their own.
    store.truncate_login_addresses(QuarterSpan { from: state.addresses_until, until }, &truncated)?;
    store.set_rollup_state(RollupState { addresses_until: until, ..state })?;
    Ok(until < target)
}

/// Removes attempts that are old enough and rolled up, at most an hour of them. Whether there may be more.
///
/// # Errors
/// The store's.
pub fn purge<S: LoginRollupRepository + ?Sized>(store: &mut S, now: Instant) -> Result<bool, StoreError> {
    let state = store.rollup_state()?;
    // Whole days of UTC, so that what is left can be rolled up anew.
    let target = Quarter::of(now.plus_seconds(-LOGIN_RETENTION_DAYS * 86_400)).day_begin().min(state.days_until);
    let Some(first) = store.first_login_quarter(Quarter::FIRST)?.filter(|first| *first < target) else {
        return Ok(false);
    };
    let until = first.plus(PURGE_STEP).min(target);
    store.purge_logins(QuarterSpan { from: first, until })?;
    Ok(until < target)
}

/// The network of an address: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one.
pub fn truncated(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & 0xFFFF_FF00)),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !(u128::MAX >> 48))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_old_address_the_network_is_left() {
        let cut = |text: &str| truncated(text.parse().unwrap()).to_string();
        assert_eq!(cut("192.0.2.77"), "192.0.2.0");
        assert_eq!(cut("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
        assert_eq!(cut("192.0.2.0"), "192.0.2.0");
    }
}
