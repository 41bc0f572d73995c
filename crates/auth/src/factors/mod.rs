//! The second factor: TOTP codes, recovery codes in case the authenticator is lost, and the challenge between a
//! verified password and a session.
//!
//! A factor that was set up ([`set_up`]) is required only after its owner has confirmed it with a code ([`confirm`]).
//! Every code is accepted once: the last TOTP time step is stored, and used recovery codes are deleted. Concurrent uses
//! are serialised by the user's writing unit of work.
//!
//! Six digits can be guessed with enough attempts, so wrong codes are counted in the factor's row: across replicas,
//! independently of configured limits, and without a time limit ([`CODE_QUOTA`]). Recovery codes can't be guessed and
//! aren't counted, so the owner can still sign in while an attacker is guessing.

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

/// Quota of wrong codes per account: ten at once, then thirty a day. Three codes of a million are valid at any time, so
/// after a hundred days the chance of a hit is one in a hundred. (NIST SP 800-63B-4 §3.2.2 would disable the factor
/// after a hundred failures; an attacker who has the password could then lock the owner out.)
pub const CODE_QUOTA: Quota = Quota::of(10, 8 * 60 * 60);

/// Size of a recovery code: 10 bytes (80 bits), 16 base32 characters.
const RECOVERY_CODE_COUNT: usize = 10;

/// Why a second factor was not set up, accepted or removed.
#[derive(Debug, thiserror::Error)]
pub enum FactorRefusal {
    /// Neither a current TOTP code nor an unused recovery code.
    #[error("the code is wrong, or was used before")]
    WrongCode {
        /// Whether it was counted as a guess; if so, commit.
        counted: bool,
    },
    /// Too many wrong codes recently: TOTP codes aren't checked for this many seconds.
    #[error("too many wrong codes were tried lately")]
    TooManyGuesses(u32),
    /// There is no second factor, or no confirmed one where that is required.
    #[error("there is no second factor")]
    NotSetUp,
    /// A confirmed second factor already exists.
    #[error("there is a second factor already")]
    AlreadyActive,
    /// The secret can't be decrypted.
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

/// A new second factor; shown to its owner once.
pub struct SetUp {
    /// The secret in base32, for typing it into an authenticator app.
    pub secret: Zeroizing<String>,
    /// The same as an `otpauth` URI, for a QR code.
    pub uri: Zeroizing<String>,
}

impl std::fmt::Debug for SetUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetUp(..)")
    }
}

/// Whether a user has a confirmed second factor, required for every way of signing in.
///
/// # Errors
/// `StoreError` of the store.
pub fn is_active<S: TotpRepository + ?Sized>(store: &mut S, user: UserId) -> Result<bool, StoreError> {
    Ok(store.find_totp(user)?.is_some_and(|factor| factor.is_active()))
}

/// Which kind of code was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A TOTP code.
    Authenticator,
    /// A recovery code, now used up.
    RecoveryCode,
}

/// Sets up a second factor, replacing an unconfirmed one. It isn't required until it is confirmed. Runs in the user's
/// writing unit of work.
///
/// # Errors
/// [`FactorRefusal::AlreadyActive`]; those of the store.
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

/// Confirms a second factor with one of its codes and returns its recovery codes, which are shown once. Wrong codes
/// aren't counted, because the caller was shown the secret. Runs in the user's writing unit of work.
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

/// Accepts a TOTP code or a recovery code of a confirmed second factor, each once. Runs in the user's writing unit of
/// work.
///
/// # Errors
/// [`FactorRefusal`]; `commit_on_error` tells which of these are to be committed.
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
    // A time further ahead than the whole quota lasts was written by a clock that ran ahead.
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

/// Replaces the recovery codes; the new ones are shown once. Runs in the user's writing unit of work.
///
/// # Errors
/// `StoreError` of the store.
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
        let characters: Vec<char> = code.chars().collect();
        characters.chunks(4).map(|four| four.iter().collect()).collect::<Vec<String>>().join("-")
    };
    Ok(codes.into_iter().map(in_fours).collect())
}

/// The result of checking a TOTP code.
enum CodeCheck {
    /// Valid for this time step.
    Right(i64),
    /// Wrong.
    Wrong,
    /// Malformed, or valid but already used: probably a typing error or a repeated request.
    NoGuess,
}

fn check_code(factor: &TotpFactor, code: &str, master: &MasterKey, now: Instant) -> Result<CodeCheck, FactorRefusal> {
    let bound_to = factor.user.to_string();
    let secret = master
        .open(Purpose::TotpSecrets, &bound_to, &factor.sealed)?
        .ok_or_else(|| KeyError::WrongMasterKey(format!("second factor of {bound_to}")))?;
    // Authenticator apps show codes in two groups.
    let digits: Zeroizing<String> = Zeroizing::new(code.chars().filter(|c| *c != ' ').collect());
    if let Some(step) = matching_step(&secret, &digits, factor.last_step, now) {
        return Ok(CodeCheck::Right(step));
    }
    let is_a_code = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let was_used = matching_step(&secret, &digits, None, now).is_some();
    Ok(if is_a_code && !was_used { CodeCheck::Wrong } else { CodeCheck::NoGuess })
}

/// The canonical form of a recovery code; `None` if it is malformed.
fn recovery_code(given: &str) -> Option<Zeroizing<String>> {
    if given.len() > 64 {
        return None;
    }
    let characters = given.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_lowercase());
    let code: Zeroizing<String> = Zeroizing::new(characters.collect());
    let fine = code.len() == 16 && code.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'2'..=b'7'));
    fine.then_some(code)
}

/// The stored keyed hash of a recovery code; it can't be guessed from the database alone.
fn recovery_hash(code: &str, user: UserId, master: &MasterKey) -> Result<Bytes32, KeyError> {
    let key = master.hmac_key(Purpose::RecoveryCodes)?;
    Ok(hmac_sha256(&key, &[user.as_uuid().as_bytes(), code.as_bytes()]))
}

#[cfg(test)]
#[path = "factors_tests.rs"]
mod tests;
