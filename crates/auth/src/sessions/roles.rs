//! Users' roles as one replica knows them: read from the store once, and again after the feed reports a change.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::users::Role;

use super::Revocations;
use crate::bounded::Bounded;
use crate::bytes::sha256;
use crate::tokens::ACCESS_TOKEN_TTL;

/// Maximum number of cached users, about 100 bytes each.
const CACHE_CAPACITY: usize = 65_536;

#[derive(Debug, Clone, Copy)]
struct CachedRole {
    role: Role,
    /// The time before the store was read.
    read_at: Instant,
}

/// Recently read roles. One instance per process.
#[derive(Debug)]
pub struct Roles(Bounded<CachedRole>);

impl Default for Roles {
    fn default() -> Self {
        Self(Bounded::new(CACHE_CAPACITY))
    }
}

impl Roles {
    /// Caches a role read from the store at `read_at` or later.
    pub fn remember(&self, user: UserId, role: Role, read_at: Instant) {
        self.0.insert(sha256(user.as_uuid().as_bytes()), CachedRole { role, read_at });
    }

    /// A user's role; `None` if the store has to be read. Valid only while the feed is current
    /// ([`super::SessionStatus::Live`]).
    pub fn recall(&self, user: UserId, feed: &Revocations, now: Instant) -> Option<Role> {
        let CachedRole { role, read_at } = self.0.get(&sha256(user.as_uuid().as_bytes()))?;
        let lasts = read_at <= now && now < read_at.plus_seconds(ACCESS_TOKEN_TTL);
        (lasts && !feed.may_have_changed_role_since(user, read_at)).then_some(role)
    }
}

#[cfg(test)]
mod tests {
    use circadia_domain::sessions::{Revocation, RevocationTarget};

    use super::*;
    use crate::testing::{NOW, id};

    #[test]
    fn a_role_is_good_until_the_feed_tells_of_a_change() {
        let (roles, feed, ada, eve) = (Roles::default(), Revocations::new(), id(1).into(), id(2).into());
        let recalled = |user, seconds| roles.recall(user, &feed, NOW.plus_seconds(seconds));
        assert_eq!(recalled(ada, 0), None);
        roles.remember(ada, Role::Staff, NOW);
        roles.remember(eve, Role::Regular, NOW);
        assert_eq!(recalled(ada, 100), Some(Role::Staff));
        assert_eq!(recalled(ada, -1), None);
        assert_eq!(recalled(ada, ACCESS_TOKEN_TTL), None);
        feed.apply(
            &[Revocation { user: ada, target: RevocationTarget::Role, at: NOW.plus_seconds(100) }],
            NOW.plus_seconds(100),
            NOW.plus_seconds(100),
        );
        assert_eq!(recalled(ada, 100), None);
        assert_eq!(recalled(eve, 100), Some(Role::Regular));
        // What was read before the change became visible, which may be a while after it was made, isn't trusted even if
        // it comes in late.
        roles.remember(ada, Role::Staff, NOW.plus_seconds(110));
        assert_eq!(recalled(ada, 111), None);
        roles.remember(ada, Role::Regular, NOW.plus_seconds(200));
        assert_eq!(recalled(ada, 201), Some(Role::Regular));
        // A change of role ends no session.
        let standing = feed.status_of(ada, id(9).into(), NOW, NOW.plus_seconds(100));
        assert_eq!(standing, crate::sessions::SessionStatus::Live);
    }
}
