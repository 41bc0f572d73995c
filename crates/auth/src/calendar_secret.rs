//! The secret of a calendar feed's address: 64 characters, base64url of user and secret. Only the SHA-256 of the secret is
//! stored. The user is named so that the feed is found by its key; the address tells nothing more by it.

use std::fmt;

use circadia_domain::calendar::Calendar;
use circadia_domain::ids::UserId;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::bytes::{Bytes32, base64url, from_base64url, same, sha256};
use crate::entropy::{Entropy, random};

/// 48 bytes are 64 base64url characters.
const CHARACTERS: usize = 64;

/// A secret together with the user whose calendar it shows.
pub struct CalendarSecret {
    /// The claimed user; not verified.
    pub user: UserId,
    secret: Zeroizing<Bytes32>,
}

impl CalendarSecret {
    /// A new random secret.
    pub fn fresh(user: UserId, entropy: &dyn Entropy) -> Self {
        Self { user, secret: Zeroizing::new(random(entropy)) }
    }

    /// Its text, shown to the owner once.
    pub fn text(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new([self.user.as_uuid().as_bytes().as_slice(), self.secret.as_slice()].concat());
        Zeroizing::new(base64url(&bytes))
    }

    /// Reads a text; `None` if it can't be one.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(from_base64url(text).filter(|_| text.len() == CHARACTERS)?);
        let (user, secret) = bytes.split_first_chunk::<16>()?;
        let secret = Zeroizing::new(Bytes32::try_from(secret).ok()?);
        Some(Self { user: UserId::from_uuid(Uuid::from_bytes(*user)), secret })
    }

    /// The stored hash.
    pub fn hash(&self) -> Bytes32 {
        sha256(self.secret.as_slice())
    }

    /// Whether it is that of a feed; compared in constant time.
    pub fn opens(&self, calendar: &Calendar) -> bool {
        self.user == calendar.user && same(&self.hash(), &calendar.secret_hash)
    }
}

impl fmt::Debug for CalendarSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendarSecret").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use circadia_domain::calendar::CalendarParts;
    use circadia_domain::revision::Revision;

    use super::*;
    use crate::testing::{NOW, Seeded, id};

    #[test]
    fn what_is_written_reads_back_and_opens_its_feed_alone() {
        let secret = CalendarSecret::fresh(id(1).into(), &Seeded::new(6));
        let text = secret.text();
        assert_eq!(text.len(), CHARACTERS);
        let calendar = Calendar {
            user: secret.user,
            secret_hash: secret.hash(),
            include: CalendarParts::default(),
            created_at: NOW,
            updated_at: NOW,
            rev: Revision(1),
        };
        assert!(CalendarSecret::read(&text).unwrap().opens(&calendar));
        for at in 0..text.len() {
            let mut changed = text.to_string();
            let other = if changed.as_bytes()[at] == b'A' { "B" } else { "A" };
            changed.replace_range(at..=at, other);
            assert!(!CalendarSecret::read(&changed).unwrap().opens(&calendar), "{at}");
        }
        for wrong in ["", &text[1..], &format!("{}A", *text), "ü"] {
            assert!(CalendarSecret::read(wrong).is_none(), "{wrong}");
        }
        let hash = calendar.secret_hash.map(|byte| format!("{byte:02x}")).concat();
        assert!(!format!("{secret:?}").contains(&text[30..]) && !text.contains(&hash));
    }
}
