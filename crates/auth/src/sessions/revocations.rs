//! Which sessions were ended, as one replica knows it: refused within a second everywhere, without asking the store at
//! every request.
//!
//! The feed is read twice a second. As long as the last reading is fresh, the answer comes from memory; when it isn't
//! (the store doesn't answer, or answers late), the store is to be asked at each request until it is again.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::{Revocation, Stopped};

use crate::tokens::{ACCESS_TOKEN_TTL, LEEWAY};

/// Seconds for which a reading of the feed is trusted.
const FEED_MAX_AGE_SECONDS: i64 = 1;

/// Seconds of the feed that are read again each time: a revocation bears the instant at which its request began, and
/// becomes visible when its transaction ends, by the clock of another replica.
const FEED_OVERLAP_SECONDS: i64 = 30;

/// Seconds by which the clocks of two replicas may differ, when the order of a sign-in and the end of all sessions is
/// in question.
const CLOCK_SKEW_SECONDS: i64 = 5;

/// Seconds after which no access token of an ended session can be valid any more.
const REVOCATION_TTL_SECONDS: i64 = ACCESS_TOKEN_TTL + 2 * LEEWAY;

/// Seconds between two clearings.
const CLEANUP_INTERVAL_SECONDS: i64 = 60;

/// What is known of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// It wasn't ended.
    Live,
    /// It was.
    Revoked,
    /// Memory is not enough: the caller has to read the store.
    AskStore,
}

#[derive(Debug)]
struct Snapshot {
    /// When sessions were ended one by one.
    sessions: HashMap<SessionId, Instant>,
    /// Until when all of a user's sessions were ended.
    users: HashMap<UserId, Instant>,
    /// When roles changed.
    roles: HashMap<UserId, Instant>,
    /// When the latest good reading began.
    read_at: Option<Instant>,
    cleared_at: Instant,
}

/// The sessions that were ended lately. One for the whole process.
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
    /// Nothing is known yet.
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

    /// From when on the feed is to be read next (`SessionRepository::revocations_since`).
    pub fn cursor(&self, now: Instant) -> Instant {
        let picture = self.picture.read().unwrap_or_else(PoisonError::into_inner);
        let horizon = now.plus_seconds(-(REVOCATION_TTL_SECONDS + FEED_OVERLAP_SECONDS));
        // Of a clock that was set back, what lies ahead says nothing.
        picture.read_at.map_or(horizon, |read_at| read_at.min(now).plus_seconds(-FEED_OVERLAP_SECONDS).max(horizon))
    }

    /// Takes in what a reading found that began at `read_at`, the instant of before the store was asked, and ended by
    /// now.
    pub fn apply(&self, entries: &[Revocation], read_at: Instant, now: Instant) {
        let mut picture = self.picture.write().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            let latest = match entry.what {
                Stopped::Session(session) => picture.sessions.entry(session).or_insert(entry.at),
                Stopped::Sessions => picture.users.entry(entry.user).or_insert(entry.at),
                Stopped::Role => picture.roles.entry(entry.user).or_insert(entry.at),
            };
            *latest = entry.at.max(*latest);
        }
        // An earlier reading that answers late makes nothing less fresh; one that lies ahead was of a clock set back
        // since.
        picture.read_at = picture.read_at.filter(|known| *known <= now).max(Some(read_at));
        if picture.cleared_at.plus_seconds(CLEANUP_INTERVAL_SECONDS) <= read_at {
            let horizon = read_at.plus_seconds(-(REVOCATION_TTL_SECONDS + FEED_OVERLAP_SECONDS));
            picture.sessions.retain(|_, at| horizon <= *at);
            picture.users.retain(|_, at| horizon <= *at);
            picture.roles.retain(|_, at| horizon <= *at);
            picture.cleared_at = read_at;
        }
    }

    /// Whether a role that was read at `read_at`, no longer than the life of an access token ago, may not be the user's
    /// any more. (A change becomes visible some time after the instant that it bears.)
    pub(super) fn may_have_changed_role_since(&self, user: UserId, read_at: Instant) -> bool {
        let picture = self.picture.read().unwrap_or_else(PoisonError::into_inner);
        picture.roles.get(&user).is_some_and(|at| read_at <= at.plus_seconds(FEED_OVERLAP_SECONDS))
    }

    /// What is known of a session that was opened at `opened_at` (to the second, as an access token tells it).
    pub fn status_of(&self, user: UserId, session: SessionId, opened_at: Instant, now: Instant) -> SessionStatus {
        let picture = self.picture.read().unwrap_or_else(PoisonError::into_inner);
        if picture.sessions.contains_key(&session) {
            return SessionStatus::Revoked;
        }
        // Not by the token's own age: one renewed just before, by a clock that runs ahead, would look younger than the
        // end of its session.
        let ended = picture.users.get(&user).copied();
        if ended.is_some_and(|at| opened_at.plus_seconds(CLOCK_SKEW_SECONDS) < at) {
            return SessionStatus::Revoked;
        }
        let fresh =
            picture.read_at.is_some_and(|read_at| read_at <= now && now <= read_at.plus_seconds(FEED_MAX_AGE_SECONDS));
        if fresh && ended.is_none_or(|at| at.plus_seconds(CLOCK_SKEW_SECONDS) < opened_at) {
            SessionStatus::Live
        } else {
            SessionStatus::AskStore
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, id};

    fn ended(user: u8, session: Option<u8>, at: Instant) -> Revocation {
        let what = session.map_or(Stopped::Sessions, |session| Stopped::Session(id(session).into()));
        Revocation { user: id(user).into(), what, at }
    }

    fn judge(feed: &Revocations, user: u8, session: u8, opened: i64, now: i64) -> SessionStatus {
        feed.status_of(id(user).into(), id(session).into(), NOW.plus_seconds(opened), NOW.plus_seconds(now))
    }

    #[test]
    fn the_store_is_asked_while_the_feed_was_not_read_within_the_last_second() {
        let feed = Revocations::new();
        assert_eq!(judge(&feed, 1, 2, -100, 0), SessionStatus::AskStore);
        feed.apply(&[], NOW, NOW);
        assert_eq!(judge(&feed, 1, 2, -100, 1), SessionStatus::Live);
        assert_eq!(judge(&feed, 1, 2, -100, 2), SessionStatus::AskStore);
        // A late answer to an earlier reading makes nothing less fresh.
        feed.apply(&[], NOW.plus_seconds(5), NOW.plus_seconds(5));
        feed.apply(&[], NOW, NOW.plus_seconds(5));
        assert_eq!(judge(&feed, 1, 2, -100, 6), SessionStatus::Live);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_feed_fresh_and_none_deaf() {
        let feed = Revocations::new();
        feed.apply(&[], NOW, NOW);
        assert_eq!(judge(&feed, 1, 2, -1_000, -600), SessionStatus::AskStore, "the reading lies ahead");
        let set_back = NOW.plus_seconds(-600);
        assert_eq!(feed.cursor(set_back), set_back.plus_seconds(-FEED_OVERLAP_SECONDS));
        feed.apply(&[], set_back, set_back);
        assert_eq!(judge(&feed, 1, 2, -1_000, -599), SessionStatus::Live);
        assert_eq!(judge(&feed, 1, 2, -1_000, -598), SessionStatus::AskStore, "it is fresh for a second again");
        assert_eq!(feed.cursor(NOW), set_back.plus_seconds(-FEED_OVERLAP_SECONDS));
    }

    #[test]
    fn a_session_that_was_logged_out_is_refused_and_others_are_not() {
        let feed = Revocations::new();
        feed.apply(&[ended(1, Some(2), NOW)], NOW, NOW);
        assert_eq!(judge(&feed, 1, 2, -100, 0), SessionStatus::Revoked);
        assert_eq!(judge(&feed, 1, 3, -100, 0), SessionStatus::Live);
        // Even when nothing else can be said.
        assert_eq!(judge(&feed, 1, 2, -100, 100), SessionStatus::Revoked);
    }

    #[test]
    fn after_all_sessions_were_ended_only_later_ones_are_good_and_the_store_decides_about_close_ones() {
        let feed = Revocations::new();
        feed.apply(&[ended(1, None, NOW)], NOW, NOW);
        assert_eq!(judge(&feed, 1, 2, -100, 0), SessionStatus::Revoked);
        assert_eq!(judge(&feed, 1, 2, -6, 0), SessionStatus::Revoked);
        assert_eq!(judge(&feed, 1, 2, -5, 0), SessionStatus::AskStore);
        assert_eq!(judge(&feed, 1, 2, 0, 0), SessionStatus::AskStore);
        assert_eq!(judge(&feed, 1, 2, 5, 0), SessionStatus::AskStore);
        assert_eq!(judge(&feed, 1, 2, 6, 0), SessionStatus::Live);
        assert_eq!(judge(&feed, 9, 2, -100, 0), SessionStatus::Live);
        // An older entry of the feed, read again, takes nothing back.
        feed.apply(&[ended(1, None, NOW.plus_seconds(-50))], NOW, NOW);
        assert_eq!(judge(&feed, 1, 2, -10, 0), SessionStatus::Revoked);
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
        assert_eq!(judge(&feed, 1, 2, -100, ACCESS_TOKEN_TTL + LEEWAY), SessionStatus::Revoked);
        assert_eq!(judge(&feed, 3, 4, -100, ACCESS_TOKEN_TTL + LEEWAY), SessionStatus::Revoked);
        feed.apply(&[], NOW.plus_seconds(ACCESS_TOKEN_TTL + 200), NOW.plus_seconds(ACCESS_TOKEN_TTL + 200));
        let picture = feed.picture.read().unwrap();
        assert!(picture.sessions.is_empty() && picture.users.is_empty());
    }
}
