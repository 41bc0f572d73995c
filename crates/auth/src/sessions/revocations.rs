//! Revoked sessions as one replica knows them: rejected everywhere within a second, without reading the store at every
//! request.
//!
//! The feed is polled twice a second. While the last poll is recent, memory answers. When it isn't (the store doesn't
//! answer, or answers late), callers have to read the store at each request.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::{Revocation, RevocationTarget};

use crate::tokens::{ACCESS_TOKEN_TTL, LEEWAY};

/// Seconds for which a poll of the feed is trusted.
const FEED_MAX_AGE_SECONDS: i64 = 1;

/// Overlap of consecutive polls, in seconds: a revocation carries the time at which its request began, by another
/// replica's clock, and becomes visible when its transaction commits.
const FEED_OVERLAP_SECONDS: i64 = 30;

/// Tolerated difference between the clocks of two replicas, in seconds, when ordering a sign-in and a revocation of all
/// sessions.
const CLOCK_SKEW_SECONDS: i64 = 5;

/// Seconds after which no access token of a revoked session can still be valid.
const REVOCATION_TTL_SECONDS: i64 = ACCESS_TOKEN_TTL + 2 * LEEWAY;

/// Seconds between two cleanups.
const CLEANUP_INTERVAL_SECONDS: i64 = 60;

/// The status of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// Not revoked.
    Live,
    /// Revoked.
    Revoked,
    /// Not known in memory: the caller has to read the store.
    CheckStore,
}

#[derive(Debug)]
struct Snapshot {
    /// When single sessions were revoked.
    sessions: HashMap<SessionId, Instant>,
    /// The time up to which all of a user's sessions were revoked.
    users: HashMap<UserId, Instant>,
    /// When roles changed.
    roles: HashMap<UserId, Instant>,
    /// When the latest successful poll began.
    read_at: Option<Instant>,
    cleared_at: Instant,
}

/// Recently revoked sessions. One instance per process.
#[derive(Debug)]
pub struct Revocations {
    picture: RwLock<Snapshot>,
}

impl Default for Revocations {
    fn default() -> Self {
        Self::new()
    }
}

impl Revocations {
    /// An empty feed, before the first poll.
    pub fn new() -> Self {
        let picture = Snapshot {
            sessions: HashMap::new(),
            users: HashMap::new(),
            roles: HashMap::new(),
            read_at: None,
            cleared_at: Instant::from_micros(i64::MIN),
        };
        Self { picture: RwLock::new(picture) }
    }

    /// When the latest successful poll began, if there was one.
    pub fn read_at(&self) -> Option<Instant> {
        self.picture.read().unwrap_or_else(PoisonError::into_inner).read_at
    }

    /// The start of the next poll (`SessionRepository::revocations_since`).
    pub fn cursor(&self, now: Instant) -> Instant {
        let picture = self.picture.read().unwrap_or_else(PoisonError::into_inner);
        let horizon = now.plus_seconds(-(REVOCATION_TTL_SECONDS + FEED_OVERLAP_SECONDS));
        // If the clock was set back, times ahead of it mean nothing.
        picture.read_at.map_or(horizon, |read_at| read_at.min(now).plus_seconds(-FEED_OVERLAP_SECONDS).max(horizon))
    }

    /// Applies the result of a poll. `read_at` is the time before the store was read.
    pub fn apply(&self, entries: &[Revocation], read_at: Instant, now: Instant) {
        let mut picture = self.picture.write().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            let latest = match entry.target {
                RevocationTarget::Session(session) => picture.sessions.entry(session).or_insert(entry.at),
                RevocationTarget::Sessions => picture.users.entry(entry.user).or_insert(entry.at),
                RevocationTarget::Role => picture.roles.entry(entry.user).or_insert(entry.at),
            };
            *latest = entry.at.max(*latest);
        }
        // A late response to an earlier poll doesn't reduce freshness; a time ahead of the clock was recorded before
        // the clock was set back.
        picture.read_at = picture.read_at.filter(|known| *known <= now).max(Some(read_at));
        if picture.cleared_at.plus_seconds(CLEANUP_INTERVAL_SECONDS) <= read_at {
            let horizon = read_at.plus_seconds(-(REVOCATION_TTL_SECONDS + FEED_OVERLAP_SECONDS));
            picture.sessions.retain(|_, at| horizon <= *at);
            picture.users.retain(|_, at| horizon <= *at);
            picture.roles.retain(|_, at| horizon <= *at);
            picture.cleared_at = read_at;
        }
    }

    /// Whether a role read at `read_at`, at most an access token's lifetime ago, may have changed since. (A change
    /// becomes visible some time after the time it carries.)
    pub(super) fn may_have_changed_role_since(&self, user: UserId, read_at: Instant) -> bool {
        let picture = self.picture.read().unwrap_or_else(PoisonError::into_inner);
        picture.roles.get(&user).is_some_and(|at| read_at <= at.plus_seconds(FEED_OVERLAP_SECONDS))
    }

    /// The status of a session opened at `opened_at` (in whole seconds, as in access tokens).
    pub fn status_of(&self, user: UserId, session: SessionId, opened_at: Instant, now: Instant) -> SessionStatus {
        let picture = self.picture.read().unwrap_or_else(PoisonError::into_inner);
        if picture.sessions.contains_key(&session) {
            return SessionStatus::Revoked;
        }
        // Not by the token's own age: one refreshed just before, by a clock that runs ahead, would seem newer than the
        // revocation. A session that seems older than it may be newer, too: opened after a clock that ran ahead was set
        // back. Only the store knows.
        let ended = picture.users.get(&user);
        let fresh =
            picture.read_at.is_some_and(|read_at| read_at <= now && now <= read_at.plus_seconds(FEED_MAX_AGE_SECONDS));
        if fresh && ended.is_none_or(|at| at.plus_seconds(CLOCK_SKEW_SECONDS) < opened_at) {
            SessionStatus::Live
        } else {
            SessionStatus::CheckStore
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, id};

    fn ended(user: u8, session: Option<u8>, at: Instant) -> Revocation {
        let target =
            session.map_or(RevocationTarget::Sessions, |session| RevocationTarget::Session(id(session).into()));
        Revocation { user: id(user).into(), target, at }
    }

    fn status(feed: &Revocations, user: u8, session: u8, opened: i64, now: i64) -> SessionStatus {
        feed.status_of(id(user).into(), id(session).into(), NOW.plus_seconds(opened), NOW.plus_seconds(now))
    }

    #[test]
    fn the_store_is_asked_while_the_feed_was_not_read_within_the_last_second() {
        let feed = Revocations::new();
        assert_eq!(status(&feed, 1, 2, -100, 0), SessionStatus::CheckStore);
        feed.apply(&[], NOW, NOW);
        assert_eq!(status(&feed, 1, 2, -100, 1), SessionStatus::Live);
        assert_eq!(status(&feed, 1, 2, -100, 2), SessionStatus::CheckStore);
        // A late answer to an earlier reading makes nothing less fresh.
        feed.apply(&[], NOW.plus_seconds(5), NOW.plus_seconds(5));
        feed.apply(&[], NOW, NOW.plus_seconds(5));
        assert_eq!(status(&feed, 1, 2, -100, 6), SessionStatus::Live);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_feed_fresh_and_none_deaf() {
        let feed = Revocations::new();
        feed.apply(&[], NOW, NOW);
        assert_eq!(status(&feed, 1, 2, -1_000, -600), SessionStatus::CheckStore, "the reading lies ahead");
        let set_back = NOW.plus_seconds(-600);
        assert_eq!(feed.cursor(set_back), set_back.plus_seconds(-FEED_OVERLAP_SECONDS));
        feed.apply(&[], set_back, set_back);
        assert_eq!(status(&feed, 1, 2, -1_000, -599), SessionStatus::Live);
        assert_eq!(status(&feed, 1, 2, -1_000, -598), SessionStatus::CheckStore, "it is fresh for a second again");
        assert_eq!(feed.cursor(NOW), set_back.plus_seconds(-FEED_OVERLAP_SECONDS));
    }

    #[test]
    fn a_session_that_was_logged_out_is_refused_and_others_are_not() {
        let feed = Revocations::new();
        feed.apply(&[ended(1, Some(2), NOW)], NOW, NOW);
        assert_eq!(status(&feed, 1, 2, -100, 0), SessionStatus::Revoked);
        assert_eq!(status(&feed, 1, 3, -100, 0), SessionStatus::Live);
        // Even when nothing else can be said.
        assert_eq!(status(&feed, 1, 2, -100, 100), SessionStatus::Revoked);
    }

    #[test]
    fn after_all_sessions_were_ended_only_later_ones_are_good_and_the_store_decides_about_the_others() {
        let feed = Revocations::new();
        feed.apply(&[ended(1, None, NOW)], NOW, NOW);
        assert_eq!(status(&feed, 1, 2, -100, 0), SessionStatus::CheckStore, "by a clock that was set back, perhaps");
        assert_eq!(status(&feed, 1, 2, -5, 0), SessionStatus::CheckStore);
        assert_eq!(status(&feed, 1, 2, 0, 0), SessionStatus::CheckStore);
        assert_eq!(status(&feed, 1, 2, 5, 0), SessionStatus::CheckStore);
        assert_eq!(status(&feed, 1, 2, 6, 0), SessionStatus::Live);
        assert_eq!(status(&feed, 9, 2, -100, 0), SessionStatus::Live);
        // An older entry of the feed, read again, takes nothing back.
        feed.apply(&[ended(1, None, NOW.plus_seconds(-50))], NOW, NOW);
        assert_eq!(status(&feed, 1, 2, -10, 0), SessionStatus::CheckStore);
    }

    #[test]
    fn the_feed_is_read_with_an_overlap_and_without_gaps() {
        let feed = Revocations::new();
        assert_eq!(feed.cursor(NOW), NOW.plus_seconds(-REVOCATION_TTL_SECONDS - FEED_OVERLAP_SECONDS));
        feed.apply(&[], NOW, NOW);
        assert_eq!(feed.cursor(NOW.plus_seconds(300)), NOW.plus_seconds(-FEED_OVERLAP_SECONDS));
        assert_eq!(
            feed.cursor(NOW.plus_seconds(86_400)),
            NOW.plus_seconds(86_400 - REVOCATION_TTL_SECONDS - FEED_OVERLAP_SECONDS)
        );
    }

    #[test]
    fn entries_are_forgotten_once_no_token_can_be_valid_any_more() {
        let feed = Revocations::new();
        feed.apply(&[ended(1, Some(2), NOW), ended(3, None, NOW)], NOW, NOW);
        feed.apply(&[], NOW.plus_seconds(ACCESS_TOKEN_TTL + LEEWAY), NOW.plus_seconds(ACCESS_TOKEN_TTL + LEEWAY));
        assert_eq!(status(&feed, 1, 2, -100, ACCESS_TOKEN_TTL + LEEWAY), SessionStatus::Revoked);
        assert_eq!(status(&feed, 3, 4, -100, ACCESS_TOKEN_TTL + LEEWAY), SessionStatus::CheckStore);
        feed.apply(&[], NOW.plus_seconds(ACCESS_TOKEN_TTL + 200), NOW.plus_seconds(ACCESS_TOKEN_TTL + 200));
        let picture = feed.picture.read().unwrap();
        assert!(picture.sessions.is_empty() && picture.users.is_empty());
    }
}
