//! The state between a verified password and a session: an encrypted statement that the first factor was given. Nothing
//! is stored. It can be presented any number of times within five minutes, because each code is accepted only once.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::sessions::{FirstFactor, SessionKind};
use serde::{Deserialize, Serialize};

use crate::bytes::{Bytes32, base64url, from_base64url, same};
use crate::entropy::Entropy;
use crate::keys::{KeyError, MasterKey, Purpose};
use crate::passwords::password_fingerprint;

/// Lifetime of a challenge, in seconds.
pub const CHALLENGE_TTL: i64 = 5 * 60;

/// The associated data of the encryption.
const SEAL_CONTEXT: &str = "challenge";

/// The statement that a user gave the first factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The user.
    pub user: UserId,
    /// The kind of session requested.
    pub kind: SessionKind,
    /// The first factor.
    pub first_factor: FirstFactor,
    /// The device's self-chosen name.
    pub device: Option<String>,
    /// The recorded hash of the submitted name or address.
    pub identifier_hash: Bytes32,
    /// Fingerprint of the password in force; changing the password invalidates the challenge.
    password: Bytes32,
    issued_at: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    user: UserId,
    cookie: bool,
    provider: bool,
    device: Option<String>,
    identifier: Bytes32,
    password: Bytes32,
    issued: i64,
}

impl Challenge {
    /// A challenge for an account with this password hash, if any.
    pub fn new(
        user: UserId,
        (kind, first_factor): (SessionKind, FirstFactor),
        password_hash: Option<&str>,
        identifier_hash: Bytes32,
        device: Option<String>,
        now: Instant,
    ) -> Self {
        Self {
            user,
            kind,
            first_factor,
            device,
            identifier_hash,
            password: password_fingerprint(password_hash),
            issued_at: now,
        }
    }

    /// Whether the password in force is still the one that was given.
    pub fn is_of_password(&self, password_hash: Option<&str>) -> bool {
        same(&self.password, &password_fingerprint(password_hash))
    }

    /// The text for the client.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn seal(&self, master: &MasterKey, entropy: &dyn Entropy) -> Result<String, KeyError> {
        let written = Written {
            user: self.user,
            cookie: self.kind == SessionKind::Cookie,
            provider: self.first_factor == FirstFactor::Provider,
            device: self.device.clone(),
            identifier: self.identifier_hash,
            password: self.password,
            issued: self.issued_at.micros(),
        };
        let json = serde_json::to_vec(&written).map_err(|_| KeyError::Crypto("JSON"))?;
        Ok(base64url(&master.seal(Purpose::Challenges, SEAL_CONTEXT, &json, entropy)?))
    }

    /// Decodes a challenge; `None` if it is invalid or has expired.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn open(text: &str, master: &MasterKey, now: Instant) -> Result<Option<Self>, KeyError> {
        let Some(sealed) = from_base64url(text) else { return Ok(None) };
        let Some(json) = master.open(Purpose::Challenges, SEAL_CONTEXT, &sealed)? else { return Ok(None) };
        let Ok(written) = serde_json::from_slice::<Written>(&json) else { return Ok(None) };
        let issued_at = Instant::from_micros(written.issued);
        if issued_at.plus_seconds(CHALLENGE_TTL) <= now {
            return Ok(None);
        }
        Ok(Some(Self {
            user: written.user,
            kind: if written.cookie { SessionKind::Cookie } else { SessionKind::Token },
            first_factor: if written.provider { FirstFactor::Provider } else { FirstFactor::Password },
            device: written.device,
            identifier_hash: written.identifier,
            password: written.password,
            issued_at,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MASTER, NOW, Seeded, id};

    #[test]
    fn a_challenge_is_good_for_five_minutes_and_for_one_password() {
        let (master, entropy) = (MasterKey::from_text(MASTER).unwrap(), Seeded::new(1));
        let challenge = Challenge::new(
            id(1).into(),
            (SessionKind::Cookie, FirstFactor::Provider),
            Some("$hash"),
            [7; 32],
            Some("phone".into()),
            NOW,
        );
        let text = challenge.seal(&master, &entropy).unwrap();
        let open = |text: &str, seconds| Challenge::open(text, &master, NOW.plus_seconds(seconds)).unwrap();
        assert_eq!(open(&text, 299), Some(challenge.clone()));
        assert_eq!(open(&text, 300), None);
        assert!(challenge.is_of_password(Some("$hash")));
        assert!(!challenge.is_of_password(Some("$other")) && !challenge.is_of_password(None));
        for wrong in ["", "nonsense", &text[1..], &text[..text.len() - 1]] {
            assert_eq!(open(wrong, 0), None, "{wrong}");
        }
        let other = MasterKey::from_text(&MASTER.to_uppercase()).unwrap();
        assert_eq!(Challenge::open(&text, &other, NOW).unwrap(), None);
    }
}
