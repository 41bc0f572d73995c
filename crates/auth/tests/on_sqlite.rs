//! The steps inside real units of work, on a database: what is kept of them, and what happens when many run at once.

#![expect(clippy::unwrap_used, reason = "helpers of tests should stop where a test would")]

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use circadia_auth::accounts::{
    Attempt, Identifiers, Registration, SignInRefusal, Verification, accept, refuse, register,
};
use circadia_auth::keys::{KeyError, KeyRing, MasterKey};
use circadia_auth::passwords::Verified;
use circadia_auth::sessions::{
    Authenticated, RefreshToken, Revocations, Roles, SessionRefusal, SessionStatus, open_session, refresh, revoke,
    revoke_all,
};
use circadia_auth::tokens::{AccessTokens, TokenError};
use circadia_auth::{Client, SystemEntropy};
use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, SessionId, UserId};
use circadia_domain::logins::LoginMethod;
use circadia_domain::sessions::SessionState;
use circadia_domain::unit_of_work::{read, write, write_unowned};
use circadia_domain::users::{Credentials, Email, Login, Role, Settings, Username};
use circadia_storage::{SqlDatabase, StorageOptions};
use tempfile::TempDir;
use uuid::Uuid;

const NOW: Instant = Instant::from_seconds(1_772_366_400);

/// `UUIDv7`s in a row.
#[derive(Default)]
struct Ids(AtomicU64);

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        Uuid::from_u64_pair(0x0190_0000_0000_7000, (1 << 63) | self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// An installation with one user.
struct Installation {
    _directory: TempDir,
    database: SqlDatabase,
    tokens: AccessTokens,
    identifiers: Identifiers,
    ids: Ids,
    user: UserId,
}

fn master() -> MasterKey {
    MasterKey::from_text("a master key that only the tests know").unwrap()
}

fn load_keys(database: &SqlDatabase) -> KeyRing {
    write_unowned::<_, KeyError>(database, |store| {
        KeyRing::load_or_create(store, &master(), &SystemEntropy::new(), NOW)
    })
    .unwrap()
}

fn open_database() -> (TempDir, SqlDatabase) {
    let directory = tempfile::tempdir().unwrap();
    let mut options = StorageOptions::new(format!("sqlite://{}/test.db", directory.path().display()));
    options.acquire_timeout = Duration::from_mins(1);
    options.turn_timeout = Duration::from_mins(1);
    let database = SqlDatabase::new(options).unwrap();
    database.migrate(Duration::from_secs(10)).unwrap();
    (directory, database)
}

fn installation() -> Installation {
    let (directory, database) = open_database();
    let ids = Ids::default();
    let registration = Registration {
        username: Username::parse("Ada").unwrap(),
        email: Email::parse("ada@example.org").unwrap(),
        settings: Settings::default(),
        role: Role::Regular,
        email_verified_at: None,
    };
    let user =
        write_unowned::<_, Error>(&database, |store| register(store, registration.clone(), "$hash".into(), &ids, NOW));
    let tokens = AccessTokens::new(load_keys(&database), "https://circadia.test", "circadia");
    let identifiers = Identifiers::new(&master()).unwrap();
    let user = user.unwrap().id;
    Installation { _directory: directory, database, tokens, identifiers, ids, user }
}

fn client() -> Client {
    Client::new(Some("phone"), Some("test/1"), Some(IpAddr::from([192, 0, 2, 1])))
}

impl Installation {
    fn sign_in(&self) -> RefreshToken {
        let keys = self.tokens.keys();
        let opened = write::<_, SessionRefusal>(&self.database, self.user, NOW, |tx| {
            open_session(
                tx.store,
                Authenticated::by_password(self.user),
                &client(),
                &keys,
                &self.ids,
                &SystemEntropy::new(),
                NOW,
            )
        });
        opened.unwrap().refresh_token
    }

    fn refresh(&self, token: &RefreshToken, seconds: i64) -> Result<RefreshToken, SessionRefusal> {
        let (keys, now) = (self.tokens.keys(), NOW.plus_seconds(seconds));
        write(&self.database, token.user, now, |tx| refresh(tx.store, token, &client(), &keys, now))
            .map(|renewed| renewed.refresh_token)
    }

    fn state(&self, session: SessionId) -> SessionState {
        read::<_, StoreError>(&self.database, |store| store.find_session(self.user, session)).unwrap().unwrap()
    }

    fn credentials(&self, login: &Login) -> Option<Credentials> {
        read::<_, StoreError>(&self.database, |store| store.find_credentials(login)).unwrap()
    }

    fn attempt<'a>(&'a self, login: &'a Login, client: &'a Client) -> Attempt<'a> {
        let method = LoginMethod::Password;
        Attempt {
            login,
            method,
            client,
            verification: Verification::Optional,
            identifiers: &self.identifiers,
            ids: &self.ids,
            now: NOW,
        }
    }
}

#[test]
fn replicas_that_start_together_share_one_set_of_keys() {
    let (_directory, database) = open_database();
    let published = |ring: &KeyRing| format!("{} {}", ring.jwks(NOW), ring.vapid().unwrap().public_key());
    let published: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| published(&load_keys(&database)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(published.iter().all(|keys| *keys == published[0]));
    let stored = read::<_, StoreError>(&database, |store| store.keys()).unwrap();
    assert_eq!(stored.len(), 3);
}

#[test]
fn two_hundred_parallel_refreshes_one_live_child_no_false_logout() {
    let here = Arc::new(installation());
    let parent = here.sign_in();
    let children: Vec<RefreshToken> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..200).map(|_| scope.spawn(|| here.refresh(&parent, 900).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(children.iter().all(|child| *child == children[0]));
    let state = here.state(parent.session);
    assert_eq!((state.session.generation, state.session.revoked_at), (1, None));
    assert!(here.refresh(&children[0], 905).is_ok());
}

#[test]
fn a_replay_is_kept_although_it_is_refused_and_a_guess_leaves_nothing() {
    let here = installation();
    let first = here.sign_in();
    let second = here.refresh(&first, 900).unwrap();
    let before = here.state(first.session);
    // Well formed, of the right session, and made up.
    let other = here.sign_in();
    let mut text = other.text();
    text.replace_range(4..47, &second.text()[4..47]);
    let guess = RefreshToken::parse(&text).unwrap();
    assert_eq!((guess.user, guess.session), (second.user, second.session));
    assert_eq!(here.refresh(&guess, 950).unwrap_err().token_error(), Some(TokenError::Invalid));
    assert_eq!(here.state(first.session), before);
    assert!(matches!(here.refresh(&first, 1_000), Err(SessionRefusal::Replayed)));
    assert_eq!(here.state(first.session).session.revoked_at, Some(NOW.plus_seconds(1_000)));
    assert_eq!(here.refresh(&second, 1_001).unwrap_err().token_error(), Some(TokenError::Revoked));
    assert!(here.refresh(&other, 1_001).is_ok());
}

#[test]
fn a_token_of_nobody_is_refused_like_any_other() {
    let here = installation();
    let mut text = here.sign_in().text();
    text.replace_range(4..26, "AZEAAAAAcACAAAAAAAAAAA");
    let nobodys = RefreshToken::parse(&text).unwrap();
    assert_ne!(nobodys.user, here.user);
    assert_eq!(here.refresh(&nobodys, 1).unwrap_err().token_error(), Some(TokenError::Invalid));
}

#[test]
fn logout_is_refused_at_another_replica_once_it_has_read_the_feed() {
    let here = installation();
    let (ended, kept) = (here.sign_in(), here.sign_in());
    let elsewhere = Revocations::new();
    let poll = |seconds: i64| {
        let read_at = NOW.plus_seconds(seconds);
        let since = elsewhere.cursor(read_at);
        let entries = read::<_, StoreError>(&here.database, |store| store.revocations_since(since)).unwrap();
        elsewhere.apply(&entries, read_at, read_at);
    };
    let access = |token: &RefreshToken, seconds: i64| {
        let session = here.state(token.session).session;
        let token = here.tokens.issue(&session, &here.ids, NOW).unwrap().token;
        let access = here.tokens.verify(&token, NOW.plus_seconds(seconds)).unwrap();
        elsewhere.status_of(access.user, access.session, access.opened_at, NOW.plus_seconds(seconds))
    };
    poll(60);
    assert_eq!(access(&ended, 60), SessionStatus::Live);
    let end = |seconds: i64, work: &dyn Fn(&mut dyn circadia_domain::unit_of_work::Store, Instant)| {
        let now = NOW.plus_seconds(seconds);
        write::<_, SessionRefusal>(&here.database, here.user, now, |tx| {
            work(tx.store, now);
            Ok(())
        })
        .unwrap();
    };
    end(61, &|store, now| assert!(revoke(store, here.user, ended.session, now).unwrap()));
    poll(61);
    assert_eq!((access(&ended, 61), access(&kept, 61)), (SessionStatus::Revoked, SessionStatus::Live));
    end(62, &|store, now| revoke_all(store, here.user, now).unwrap());
    poll(62);
    assert_eq!(access(&kept, 62), SessionStatus::CheckStore);
    assert_eq!(here.refresh(&kept, 63).unwrap_err().token_error(), Some(TokenError::Revoked));
}

#[test]
fn a_changed_role_is_asked_for_again_at_another_replica_once_it_has_read_the_feed() {
    let here = installation();
    let session = here.state(here.sign_in().session).session;
    let (elsewhere, roles) = (Revocations::new(), Roles::default());
    let poll = |seconds: i64| {
        let read_at = NOW.plus_seconds(seconds);
        let since = elsewhere.cursor(read_at);
        let entries = read::<_, StoreError>(&here.database, |store| store.revocations_since(since)).unwrap();
        elsewhere.apply(&entries, read_at, read_at);
    };
    let recalled = |seconds: i64| roles.recall(here.user, &elsewhere, NOW.plus_seconds(seconds));
    poll(60);
    roles.remember(here.user, here.state(session.id).role, NOW.plus_seconds(60));
    assert_eq!(recalled(61), Some(Role::Regular));
    write::<_, StoreError>(&here.database, here.user, NOW.plus_seconds(61), |tx| {
        tx.store.publish_role(here.user, NOW.plus_seconds(61))
    })
    .unwrap();
    poll(61);
    assert_eq!(recalled(61), None);
    // Whose role changed stays signed in.
    let now = NOW.plus_seconds(61);
    assert_eq!(elsewhere.status_of(here.user, session.id, session.created_at, now), SessionStatus::Live);
}

#[test]
fn only_successes_count_as_logins_and_a_replaced_password_signs_nobody_in() {
    let here = installation();
    let (client, ada, nobody) = (client(), Login::username("ADA"), Login::email("nobody@example.org"));
    let found = here.credentials(&ada).unwrap();
    let right = Verified { matches: true, rehash: Some("$stronger".into()) };
    let user = write::<_, SignInRefusal>(&here.database, here.user, NOW, |tx| {
        accept(tx.store, tx.rev, &here.attempt(&ada, &client), &found, &right)
    });
    assert_eq!(user.unwrap().id, here.user);
    assert_eq!(here.credentials(&ada).unwrap().password_hash.as_deref(), Some("$stronger"));
    for (login, found) in [(&ada, Some(&found)), (&nobody, None)] {
        let refused = write_unowned::<_, SignInRefusal>(&here.database, |store| {
            refuse(store, &here.attempt(login, &client), found, false)
        });
        assert!(matches!(refused, Err(SignInRefusal::InvalidCredentials)));
    }
    let counts = read::<_, StoreError>(&here.database, |store| store.login_counts(here.user, NOW, NOW)).unwrap();
    assert_eq!(counts.total, 1);
    // By what the first one found, which the rehash has replaced.
    let stale = write::<_, SignInRefusal>(&here.database, here.user, NOW, |tx| {
        accept(tx.store, tx.rev, &here.attempt(&ada, &client), &found, &right)
    });
    assert!(matches!(stale, Err(SignInRefusal::PasswordReplaced)));
}
