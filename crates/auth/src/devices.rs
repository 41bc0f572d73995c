//! Devices that signed in before.
//!
//! Whoever knows an account's name can guess at its password, and so use up what strangers may try. A device that was
//! signed in carries a marker by which it is recognised, and is counted for itself: its owner gets in while strangers
//! guess. (The device cookies of OWASP.) A marker proves no identity: without the password it opens nothing.

use std::fmt;

use aws_lc_rs::hmac;
use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use uuid::Uuid;

use crate::bytes::{Bytes32, base64url, from_base64url, hmac_sha256, same};
use crate::keys::{KeyError, MasterKey, Purpose};

/// Seconds for which a marker is good: 400 days, the longest that browsers keep a cookie.
pub const MARKER_TTL: i64 = 400 * 86_400;

/// A prefix by which markers are recognised in logs and code.
const PREFIX: &str = "crd_";

/// A device as one account knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice {
    /// Whose account it signed in to.
    pub user: UserId,
    /// The session that it had then. It may have ended since.
    pub session: SessionId,
}

/// Makes and reads markers: `crd_` and the base64url of user, session, the second of their making, and a tag. Nothing is
/// stored.
pub struct DeviceMarkers(hmac::Key);

impl fmt::Debug for DeviceMarkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceMarkers(..)")
    }
}

impl DeviceMarkers {
    /// Derives the key from the master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn new(master: &MasterKey) -> Result<Self, KeyError> {
        master.hmac_key(Purpose::DeviceMarkers).map(Self)
    }

    fn tag(&self, marked: &[u8]) -> Bytes32 {
        hmac_sha256(&self.0, &[marked])
    }

    /// The marker for the device of a session.
    pub fn mark(&self, device: KnownDevice, now: Instant) -> String {
        let (user, session) = (device.user.as_uuid(), device.session.as_uuid());
        let mut bytes = [user.as_bytes(), session.as_bytes(), now.seconds().to_be_bytes().as_slice()].concat();
        bytes.extend_from_slice(&self.tag(&bytes));
        format!("{PREFIX}{}", base64url(&bytes))
    }

    /// The device of a marker; `None` if it wasn't made here, or has expired.
    pub fn read(&self, text: &str, now: Instant) -> Option<KnownDevice> {
        let text = text.strip_prefix(PREFIX)?;
        // 72 bytes are 96 base64url characters; longer texts aren't decoded.
        if text.len() != 96 {
            return None;
        }
        let bytes = from_base64url(text)?;
        let (marked, tag) = bytes.split_at_checked(40)?;
        let (user, rest) = marked.split_first_chunk::<16>()?;
        let (session, made_at) = rest.split_first_chunk::<16>()?;
        let made_at = i64::from_be_bytes(<[u8; 8]>::try_from(made_at).ok()?);
        let good = same(&self.tag(marked), tag) && now.seconds() < made_at.saturating_add(MARKER_TTL);
        good.then_some(KnownDevice {
            user: UserId::from_uuid(Uuid::from_bytes(*user)),
            session: SessionId::from_uuid(Uuid::from_bytes(*session)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MASTER, NOW, id};

    #[test]
    fn a_marker_is_good_for_400_days_and_cannot_be_made_up() {
        let markers = DeviceMarkers::new(&MasterKey::from_text(MASTER).unwrap()).unwrap();
        let device = KnownDevice { user: id(1).into(), session: id(2).into() };
        let text = markers.mark(device, NOW);
        assert_eq!(markers.read(&text, NOW), Some(device));
        assert_eq!(markers.read(&text, NOW.plus_seconds(MARKER_TTL - 1)), Some(device));
        assert_eq!(markers.read(&text, NOW.plus_seconds(MARKER_TTL)), None);
        // By a clock that was set back, too.
        assert_eq!(markers.read(&text, NOW.plus_seconds(-86_400)), Some(device));
        let bytes = from_base64url(&text[4..]).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(markers.read(&format!("crd_{}", base64url(&flipped)), NOW), None, "bit {bit}");
        }
        for wrong in ["", "crd_", &text[4..], &text[..99], &format!("{text}A")] {
            assert_eq!(markers.read(wrong, NOW), None, "{wrong}");
        }
        let other = DeviceMarkers::new(&MasterKey::from_text(&MASTER.to_uppercase()).unwrap()).unwrap();
        assert_eq!(other.read(&text, NOW), None);
    }
}
