use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::keys::{MasterKey, Rotation};
use crate::sessions::{Authenticated, Opened, SESSION_TTL, open_session, revoke, revoke_all, revoke_by_token};
use crate::testing::{Ids, InMemoryStore, MASTER, NOW, Seeded, id};

struct Fixture {
    store: InMemoryStore,
    keys: KeyRing,
    ids: Ids,
    entropy: Seeded,
}

impl Fixture {
    fn new() -> Self {
        let (mut store, entropy) = (InMemoryStore::with_user(id(1), None), Seeded::new(11));
        let master = MasterKey::from_text(MASTER).unwrap();
        let keys = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
        Self { store, keys, ids: Ids::default(), entropy }
    }

    fn open(&mut self) -> RefreshToken {
        let client = Client::new(Some("phone"), Some("test/1"), None);
        let opened = open_session(
            &mut self.store,
            Authenticated::by_password(id(1).into()),
            &client,
            &self.keys,
            &self.ids,
            &self.entropy,
            NOW,
        );
        let Opened { session, refresh_token } = opened.unwrap();
        assert_eq!(session.expires_at, NOW.plus_seconds(SESSION_TTL));
        refresh_token
    }

    fn refresh(&mut self, token: &RefreshToken, seconds: i64) -> Result<RefreshToken, SessionRefusal> {
        // As clients send it.
        let token = RefreshToken::parse(&token.text()).unwrap();
        let client = Client::new(None, Some("test/2"), Some("192.0.2.1".parse().unwrap()));
        refresh(&mut self.store, &token, &client, &self.keys, NOW.plus_seconds(seconds))
            .map(|renewed| renewed.refresh_token)
    }

    fn refused(&mut self, token: &RefreshToken, seconds: i64) -> (TokenError, bool) {
        let refusal = self.refresh(token, seconds).unwrap_err();
        (refusal.token_error().unwrap(), refusal.commit_on_error())
    }

    fn is_live(&self) -> bool {
        self.store.sessions[0].revoked_at.is_none()
    }
}

const INVALID: (TokenError, bool) = (TokenError::Invalid, false);
const EXPIRED: (TokenError, bool) = (TokenError::Expired, false);
const REVOKED: (TokenError, bool) = (TokenError::Revoked, false);
const REPLAYED: (TokenError, bool) = (TokenError::Revoked, true);

#[test]
fn refresh_rotates_and_only_hashes_are_stored() {
    let mut setting = Fixture::new();
    let first = setting.open();
    let second = setting.refresh(&first, 900).unwrap();
    let third = setting.refresh(&second, 1_800).unwrap();
    assert_eq!((first.generation, second.generation, third.generation), (0, 1, 2));
    let session = &setting.store.sessions[0];
    assert_eq!((session.secret_hash, session.generation), (third.hash(), 2));
    assert_eq!((session.rotated_at, session.created_at), (NOW.plus_seconds(1_800), NOW));
    assert_eq!(session.user_agent.as_deref(), Some("test/2"));
    assert_eq!((session.device.as_deref(), session.ip.as_deref()), (Some("phone"), Some("192.0.2.1")));
    assert!(![*first.secret, *second.secret, *third.secret].contains(&session.secret_hash));
}

#[test]
fn refresh_ends_7_days_from_login_however_often_it_is_renewed() {
    let mut setting = Fixture::new();
    let mut token = setting.open();
    for hour in 1..7 * 24 {
        token = setting.refresh(&token, hour * 3_600).unwrap();
    }
    assert_eq!(setting.refused(&token, SESSION_TTL), EXPIRED);
    assert!(setting.refresh(&token, SESSION_TTL - 1).is_ok());
}

#[test]
fn replay_of_a_used_token_revokes_the_family_and_is_remembered() {
    for used in 0..5 {
        let mut setting = Fixture::new();
        let mut tokens = vec![setting.open()];
        for n in 1..=5 {
            let next = setting.refresh(&tokens[n - 1], i64::try_from(n).unwrap() * 900).unwrap();
            tokens.push(next);
        }
        assert_eq!(setting.refused(&tokens[used], 6_000), REPLAYED, "generation {used}");
        assert!(!setting.is_live());
        assert_eq!(setting.store.revocations.len(), 1);
        assert_eq!(setting.refused(&tokens[5], 6_001), REVOKED);
        // Once is enough.
        assert_eq!(setting.refused(&tokens[used], 6_002), REVOKED);
        assert_eq!(setting.store.revocations.len(), 1);
    }
}

#[test]
fn a_lost_reply_may_be_retried_within_10_seconds_and_gets_the_same_child() {
    let mut setting = Fixture::new();
    let parent = setting.open();
    let child = setting.refresh(&parent, 900).unwrap();
    let writes = setting.store.session_writes;
    for seconds in [900, 905, 910, 898] {
        assert_eq!(setting.refresh(&parent, seconds).unwrap(), child);
    }
    assert_eq!(setting.store.session_writes, writes);
    assert_eq!(setting.refused(&parent, 911), REPLAYED);
    assert!(!setting.is_live());
}

#[test]
fn a_reply_is_given_again_only_while_the_child_is_unused() {
    let mut setting = Fixture::new();
    let parent = setting.open();
    let child = setting.refresh(&parent, 900).unwrap();
    setting.refresh(&child, 902).unwrap();
    assert_eq!(setting.refused(&parent, 903), REPLAYED);
}

#[test]
fn a_guess_is_refused_and_ends_nobodys_session() {
    let mut setting = Fixture::new();
    let first = setting.open();
    let second = setting.refresh(&first, 900).unwrap();
    let live = setting.refresh(&second, 1_800).unwrap();
    for generation in [0, 1, 2, 3, 4, u32::MAX] {
        let guess = RefreshToken { generation, secret: zeroize::Zeroizing::new([7; 32]), ..live.clone() };
        assert_eq!(setting.refused(&guess, 1_805), INVALID, "generation {generation}");
        for genuine in [&first, &second, &live].into_iter().filter(|token| token.generation != generation) {
            let moved = RefreshToken { generation, ..genuine.clone() };
            assert_eq!(setting.refused(&moved, 1_805), INVALID, "{genuine:?} as {generation}");
        }
    }
    for other in [
        RefreshToken { user: id(9).into(), ..live.clone() },
        RefreshToken { session: id(9).into(), ..live.clone() },
        RefreshToken { key: crate::keys::Kid::from_bytes([0; 8]), ..first.clone() },
    ] {
        assert_eq!(setting.refused(&other, 1_805), INVALID);
    }
    assert!(setting.is_live());
    assert!(setting.refresh(&live, 1_806).is_ok());
}

#[test]
fn whoever_holds_no_genuine_token_does_not_learn_what_became_of_a_session() {
    let mut setting = Fixture::new();
    let live = setting.open();
    let guess = RefreshToken { secret: zeroize::Zeroizing::new([7; 32]), ..live.clone() };
    revoke(&mut setting.store, id(1).into(), live.session, NOW).unwrap();
    assert_eq!(setting.refused(&guess, 1), INVALID);
    assert_eq!(setting.refused(&live, 1), REVOKED);
    assert_eq!(setting.refused(&live, SESSION_TTL + 1), REVOKED);
}

#[test]
fn deactivated_users_and_cookie_sessions_do_not_refresh() {
    let mut setting = Fixture::new();
    let token = setting.open();
    setting.store.users[0].1 = false;
    assert_eq!(setting.refused(&token, 1), REVOKED);
    setting.store.users[0].1 = true;
    setting.store.sessions[0].kind = SessionKind::Cookie;
    assert_eq!(setting.refused(&token, 1), INVALID);
    setting.store.sessions[0].kind = SessionKind::Token;
    assert!(setting.refresh(&token, 1).is_ok());
}

#[test]
fn deleted_users_do_not_refresh() {
    let mut setting = Fixture::new();
    let token = setting.open();
    setting.store.users.clear();
    assert_eq!(setting.refused(&token, 1), INVALID);
    let refusal = SessionRefusal::from(StoreError::NoSuchUser);
    assert_eq!(refusal.token_error(), Some(TokenError::Invalid));
}

#[test]
fn logout_by_any_genuine_refresh_token_and_by_no_guess() {
    let mut setting = Fixture::new();
    let first = setting.open();
    let second = setting.refresh(&first, 900).unwrap();
    setting.refresh(&second, 1_800).unwrap();
    let guess = RefreshToken { secret: zeroize::Zeroizing::new([7; 32]), ..second.clone() };
    let now = NOW.plus_seconds(1_900);
    let refusal = revoke_by_token(&mut setting.store, &guess, &setting.keys, now).unwrap_err();
    assert_eq!(refusal.token_error(), Some(TokenError::Invalid));
    assert!(setting.is_live());
    assert!(revoke_by_token(&mut setting.store, &first, &setting.keys, now).unwrap());
    assert!(!revoke_by_token(&mut setting.store, &second, &setting.keys, now).unwrap());
    assert!(!setting.is_live());
}

#[test]
fn logout_everywhere_ends_every_session() {
    let mut setting = Fixture::new();
    let tokens: Vec<_> = (0..3).map(|_| setting.open()).collect();
    revoke_all(&mut setting.store, id(1).into(), NOW.plus_seconds(1)).unwrap();
    for token in &tokens {
        assert_eq!(setting.refused(token, 2), REVOKED);
    }
}

#[test]
fn rotating_keys_breaks_no_family_and_new_ones_use_the_new_key() {
    let mut setting = Fixture::new();
    let master = MasterKey::from_text(MASTER).unwrap();
    let old = setting.open();
    let at = |seconds| NOW.plus_seconds(seconds);
    setting.keys = {
        let refresh = [circadia_domain::keys::KeyPurpose::RefreshToken];
        KeyRing::rotate(&mut setting.store, &refresh, Rotation::Planned, None, &master, &setting.entropy, at(10))
            .unwrap()
    };
    // Long enough for the new key to be in use.
    let renewed = setting.refresh(&old, 3_600).unwrap();
    let new = open_session(
        &mut setting.store,
        Authenticated::by_password(id(1).into()),
        &Client::default(),
        &setting.keys,
        &setting.ids,
        &setting.entropy,
        at(3_600),
    )
    .unwrap()
    .refresh_token;
    assert_eq!(renewed.key, old.key);
    assert_ne!(new.key, old.key);
    // Long after, by a replica that was started since.
    setting.keys = KeyRing::load(&mut setting.store, &master, at(SESSION_TTL - 1)).unwrap();
    let last = setting.refresh(&renewed, SESSION_TTL - 1).unwrap();
    assert_eq!(setting.refresh(&renewed, SESSION_TTL - 1).unwrap(), last);
    assert!(setting.refresh(&new, SESSION_TTL).is_ok());
}

#[test]
fn a_family_ends_before_telling_its_replays_from_guesses_costs_too_much() {
    let mut setting = Fixture::new();
    let first = setting.open();
    let mut token = first.clone();
    for _ in 0..MAX_GENERATIONS {
        token = setting.refresh(&token, 60).unwrap();
    }
    assert_eq!(setting.refused(&token, 60), EXPIRED);
    assert!(setting.is_live());
    assert_eq!(setting.refused(&first, 60), REPLAYED);
}

#[test]
fn two_hundred_parallel_refreshes_of_one_token_leave_one_live_child() {
    let mut setting = Fixture::new();
    let parent = setting.open();
    let keys = &setting.keys;
    let store = Mutex::new(&mut setting.store);
    let children: Vec<RefreshToken> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..200)
            .map(|n| {
                let (store, parent) = (&store, &parent);
                scope.spawn(move || {
                    // One unit of work after the other, in whatever order; the clocks of replicas differ.
                    let now = NOW.plus_seconds(900 + n % 5);
                    refresh(&mut **store.lock().unwrap(), parent, &Client::default(), keys, now).unwrap().refresh_token
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(children.iter().all(|child| *child == children[0]));
    assert_eq!(setting.store.sessions[0].generation, 1);
    assert!(setting.is_live());
    assert!(setting.refresh(&children[0], 910).is_ok());
}

proptest! {
    /// Presented in any order, the current token is the only one ever exchanged for a new generation, and after a used
    /// one was presented too late, none is.
    #[test]
    fn a_family_has_one_live_token_or_none(steps in prop::collection::vec((0_usize..12, 0_i64..20), 1..60)) {
        let mut setting = Fixture::new();
        let mut tokens = vec![setting.open()];
        let (mut now, mut rotated, mut ended) = (0, 0, false);
        for (back, wait) in steps {
            now += wait;
            let newest = tokens.len() - 1;
            let presented = newest.saturating_sub(back);
            let result = setting.refresh(&tokens[presented].clone(), now);
            if ended {
                prop_assert!(matches!(result, Err(SessionRefusal::Token(TokenError::Revoked))));
            } else if presented == newest {
                tokens.push(result.unwrap());
                rotated = now;
            } else if presented + 1 == newest && now - rotated <= RETRY_WINDOW_SECONDS {
                prop_assert_eq!(&result.unwrap(), &tokens[newest]);
            } else {
                prop_assert!(matches!(result, Err(SessionRefusal::Replayed)));
                ended = true;
            }
            prop_assert_eq!(setting.is_live(), !ended);
            prop_assert_eq!(usize::try_from(setting.store.sessions[0].generation).unwrap(), tokens.len() - 1);
        }
    }
}
