//! The second factor: codes of an authenticator app, recovery codes for the day it is lost, and what stands between a
//! right password and a session while one is asked for.
//!
//! Set up ([`set_up`]), it is asked for only once its owner has proven to have it ([`confirm`]). Every code is good
//! once: of the authenticator's the latest time step is remembered, of the recovery codes what is used is removed.
//! Parallel uses are in a row, for they run in the user's writing unit of work.
//!
//! Six digits can be guessed by who may try often enough, so wrong ones are counted with the factor itself: on every
//! replica alike, whatever limits are configured, and however long it takes ([`CODE_QUOTA`]). Recovery codes can't be
//! guessed, and aren't counted: they let the owner in while somebody else guesses.

mod challenge;
mod totp;

pub use challenge::{CHALLENGE_TTL, Challenge};
pub use totp::STEP_SECONDS;

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::totp::{RECOVERY_CODES, TotpFactor, TotpRepository};
use circadia_domain::unit_of_work::UnitOfWorkError;
use zeroize::Zeroizing;

use crate::bytes::{Bytes32, hmac_sha256};
use crate::entropy::{Entropy, random};
use crate::keys::{KeyError, MasterKey, Purpose};
use crate::throttles::Quota;
use totp::{SECRET_BYTES, base32, matching_step, uri};

/// How many wrong codes an account may be tried with: ten at once, then thirty a day. Three codes of a million are
/// right at any time, which makes a chance of one in a hundred after a hundred days. (NIST SP 800-63B-4 §3.2.2 would
/// have the factor disabled for good after a hundred; then whoever has the password could do that to its owner.)
pub const CODE_QUOTA: Quota = Quota::of(10, 8 * 60 * 60);

/// Bytes of a recovery code: 80 bits, 16 letters.
const RECOVERY_CODE_COUNT: usize = 10;

/// Why a second factor isn't set up, accepted or removed.
#[derive(Debug, thiserror::Error)]
pub enum FactorRefusal {
    /// The code is neither one of the present nor a recovery code that is left.
    #[error("the code is wrong, or was used before")]
    WrongCode {
        /// Whether it was counted as a guess, which is to be committed.
        counted: bool,
    },
    /// Too many wrong codes were tried lately: none of the authenticator's is looked at. After this many seconds, one
    /// is.
    #[error("too many wrong codes were tried lately")]
    TooManyGuesses(u32),
    /// There is no second factor (or none that was confirmed, where that matters).
    #[error("there is no second factor")]
    NotSetUp,
    /// There is one already.
    #[error("there is a second factor already")]
    AlreadyActive,
    /// The secret can't be unsealed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UnitOfWorkError for FactorRefusal {
    fn commit_on_error(&self) -> bool {
        matches!(self, Self::WrongCode { counted: true })
    }
}

/// A second factor that was set up: shown once.
pub struct SetUp {
    /// The secret, as people type it into an authenticator app (base32).
    pub secret: Zeroizing<String>,
    /// The same as apps read it from a QR code.
    pub uri: Zeroizing<String>,
}

impl std::fmt::Debug for SetUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetUp(..)")
    }
}

/// Whether a user's second factor is asked for, however they give the first.
///
/// # Errors
/// The store's.
pub fn is_active<S: TotpRepository + ?Sized>(store: &mut S, user: UserId) -> Result<bool, StoreError> {
    Ok(store.find_totp(user)?.is_some_and(|factor| factor.is_active()))
}

/// What proved somebody to have the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A code of the authenticator.
    Authenticator,
    /// A recovery code, which is used up now.
    RecoveryCode,
}

/// Sets a second factor up, in place of one that was never confirmed. It isn't asked for yet. For the user's writing
/// unit of work.
///
/// # Errors
/// [`FactorRefusal::AlreadyActive`]; the store's.
pub fn set_up<S: TotpRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    account: &str,
    master: &MasterKey,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<SetUp, FactorRefusal> {
    if store.find_totp(user)?.is_some_and(|factor| factor.is_active()) {
        return Err(FactorRefusal::AlreadyActive);
    }
    let secret = Zeroizing::new(random::<SECRET_BYTES>(entropy));
    let sealed = master.seal(Purpose::TotpSecrets, &user.to_string(), &*secret, entropy)?;
    store.put_totp(&TotpFactor {
        user,
        sealed,
        created_at: now,
        confirmed_at: None,
        last_step: None,
        guesses_until: None,
    })?;
    let secret = Zeroizing::new(base32(&*secret));
    let uri = Zeroizing::new(uri(&secret, account));
    Ok(SetUp { secret, uri })
}

/// Puts a second factor into force, by a code of it; gives its recovery codes, which are shown once. Wrong codes aren't
/// counted, for whoever set it up was shown the secret. For the user's writing unit of work.
///
/// # Errors
/// [`FactorRefusal`].
pub fn confirm<S: TotpRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    code: &str,
    master: &MasterKey,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<Vec<String>, FactorRefusal> {
    let factor = store.find_totp(user)?.ok_or(FactorRefusal::NotSetUp)?;
    if factor.is_active() {
        return Err(FactorRefusal::AlreadyActive);
    }
    let CodeCheck::Right(step) = check_code(&factor, code, master, now)? else {
        return Err(FactorRefusal::WrongCode { counted: false });
    };
    store.put_totp(&TotpFactor { confirmed_at: Some(now), last_step: Some(step), ..factor })?;
    renew_recovery_codes(store, user, master, entropy, now)
}

/// Accepts a code of the authenticator, or a recovery code, of a second factor in force. Each is accepted once. For the
/// user's writing unit of work.
///
/// # Errors
/// [`FactorRefusal`]; which of these are to be committed, `commit_on_error` says.
pub fn prove<S: TotpRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    code: &str,
    master: &MasterKey,
    now: Instant,
) -> Result<Proof, FactorRefusal> {
    let factor = store.find_totp(user)?.filter(TotpFactor::is_active).ok_or(FactorRefusal::NotSetUp)?;
    if let Some(code) = recovery_code(code) {
        let used = store.use_recovery_code(user, &recovery_hash(&code, user, master)?)?;
        return if used { Ok(Proof::RecoveryCode) } else { Err(FactorRefusal::WrongCode { counted: false }) };
    }
    // What lies further ahead than all guesses together last for was counted by a clock that ran ahead.
    let known = factor.guesses_until.filter(|until| *until <= now.plus_seconds(CODE_QUOTA.period_seconds().into()));
    let (decision, until) = CODE_QUOTA.attempt(known, now);
    if !decision.allowed {
        return Err(FactorRefusal::TooManyGuesses(decision.retry_after_seconds));
    }
    match check_code(&factor, code, master, now)? {
        CodeCheck::Right(step) => {
            store.put_totp(&TotpFactor { last_step: Some(step), ..factor })?;
            Ok(Proof::Authenticator)
        }
        CodeCheck::Wrong => {
            store.put_totp(&TotpFactor { guesses_until: Some(until), ..factor })?;
            Err(FactorRefusal::WrongCode { counted: true })
        }
        CodeCheck::NoGuess => Err(FactorRefusal::WrongCode { counted: false }),
    }
}

/// Replaces the recovery codes; the new ones are shown once. For the user's writing unit of work.
///
/// # Errors
/// The store's.
pub fn renew_recovery_codes<S: TotpRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    master: &MasterKey,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<Vec<String>, FactorRefusal> {
    let codes: Vec<String> =
        (0..RECOVERY_CODES).map(|_| base32(&random::<RECOVERY_CODE_COUNT>(entropy)).to_ascii_lowercase()).collect();
    let hashes = codes.iter().map(|code| recovery_hash(code, user, master)).collect::<Result<Vec<_>, _>>()?;
    store.replace_recovery_codes(user, &hashes, now)?;
    let in_fours = |code: String| {
        let letters: Vec<char> = code.chars().collect();
        letters.chunks(4).map(|four| four.iter().collect()).collect::<Vec<String>>().join("-")
    };
    Ok(codes.into_iter().map(in_fours).collect())
}

/// What a code of the authenticator is worth.
enum CodeCheck {
    /// It is the one of this time step.
    Right(i64),
    /// It is another.
    Wrong,
    /// It isn't one at all, or it is right and was used before: somebody mistyped, or sent it twice.
    NoGuess,
}

fn check_code(factor: &TotpFactor, code: &str, master: &MasterKey, now: Instant) -> Result<CodeCheck, FactorRefusal> {
    let bound_to = factor.user.to_string();
    let secret = master
        .open(Purpose::TotpSecrets, &bound_to, &factor.sealed)?
        .ok_or_else(|| KeyError::WrongMasterKey(format!("second factor of {bound_to}")))?;
    // As apps show them: in two groups.
    let digits: Zeroizing<String> = Zeroizing::new(code.chars().filter(|c| *c != ' ').collect());
    if let Some(step) = matching_step(&secret, &digits, factor.last_step, now) {
        return Ok(CodeCheck::Right(step));
    }
    let is_a_code = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let was_used = matching_step(&secret, &digits, None, now).is_some();
    Ok(if is_a_code && !was_used { CodeCheck::Wrong } else { CodeCheck::NoGuess })
}

/// A recovery code in its one form; nothing if it can't be one.
fn recovery_code(given: &str) -> Option<Zeroizing<String>> {
    if given.len() > 64 {
        return None;
    }
    let letters = given.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_lowercase());
    let code: Zeroizing<String> = Zeroizing::new(letters.collect());
    let fine = code.len() == 16 && code.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'2'..=b'7'));
    fine.then_some(code)
}

/// What is stored of a recovery code: nothing that somebody who has the database alone could guess from.
fn recovery_hash(code: &str, user: UserId, master: &MasterKey) -> Result<Bytes32, KeyError> {
    let key = master.hmac_key(Purpose::RecoveryCodes)?;
    Ok(hmac_sha256(&key, &[user.as_uuid().as_bytes(), code.as_bytes()]))
}

#[cfg(test)]
#[path = "factors_tests.rs"]
mod tests;
