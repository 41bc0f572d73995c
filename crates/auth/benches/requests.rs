//! What authentication costs per request, and what the rest of it costs.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't be set up should stop")]

use std::future::ready;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use circadia_auth::keys::{KeyRing, MasterKey};
use circadia_auth::passwords::{Hasher, Limits, Password};
use circadia_auth::sessions::{
    Authenticated, COOKIE_KIND, Cookies, Revocations, Roles, SessionRef, admit, open_cookie_session, open_session,
    refresh,
};
use circadia_auth::stores::{Ephemera, EphemeralStore, Key, Kind, Pending};
use circadia_auth::throttles::{LocalThrottle, Quota};
use circadia_auth::tokens::AccessTokens;
use circadia_auth::{Client, SystemEntropy};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, SessionId, UserId};
use circadia_domain::keys::{KeyRepository, StoredKey};
use circadia_domain::sessions::{Revocation, RevocationTarget, Session, SessionRepository, SessionState};
use circadia_domain::users::Role;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use uuid::Uuid;

const NOW: Instant = Instant::from_seconds(1_772_366_400);

#[derive(Default)]
struct Ids(AtomicU64);

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        Uuid::from_u64_pair(0x7000, (1 << 63) | self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Default)]
struct InMemoryStore {
    keys: Vec<StoredKey>,
    session: Option<Session>,
}

impl KeyRepository for InMemoryStore {
    fn keys(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        Ok(self.keys.clone())
    }
    fn insert_key(&mut self, key: &StoredKey) -> Result<(), StoreError> {
        self.keys.push(key.clone());
        Ok(())
    }
    fn retire_key(&mut self, _: &str, _: Instant) -> Result<(), StoreError> {
        Ok(())
    }
}

impl SessionRepository for InMemoryStore {
    fn insert_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.session = Some(session.clone());
        Ok(())
    }
    fn find_session(&mut self, _: UserId, _: SessionId) -> Result<Option<SessionState>, StoreError> {
        Ok(self.session.clone().map(|session| SessionState { session, role: Role::Regular, active: true }))
    }
    fn update_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.insert_session(session)
    }
    fn sessions_of(&mut self, _: UserId, _: Instant) -> Result<Vec<Session>, StoreError> {
        Ok(Vec::new())
    }
    fn session_addresses(&mut self, _: UserId) -> Result<Vec<std::net::IpAddr>, StoreError> {
        Ok(Vec::new())
    }
    fn touch_session(&mut self, _: &Session) -> Result<(), StoreError> {
        Ok(())
    }
    fn publish_role(&mut self, _: UserId, _: Instant) -> Result<(), StoreError> {
        Ok(())
    }
    fn revoke_session(&mut self, _: UserId, _: SessionId, _: Instant) -> Result<bool, StoreError> {
        Ok(false)
    }
    fn revoke_other_sessions(&mut self, _: UserId, _: SessionId, _: Instant) -> Result<(), StoreError> {
        Ok(())
    }
    fn revoke_sessions(&mut self, _: UserId, _: Instant) -> Result<(), StoreError> {
        Ok(())
    }
    fn revocations_since(&mut self, _: Instant) -> Result<Vec<Revocation>, StoreError> {
        Ok(Vec::new())
    }
    fn purge_sessions(&mut self, _: Instant) -> Result<usize, StoreError> {
        Ok(0)
    }
}

fn keys(store: &mut InMemoryStore) -> KeyRing {
    let master = MasterKey::from_text("a master key that only the benchmarks know").unwrap();
    KeyRing::load_or_create(store, &master, &SystemEntropy::new(), NOW).unwrap()
}

fn requests(criterion: &mut Criterion) {
    let (mut store, ids) = (InMemoryStore::default(), Ids::default());
    let (ring, entropy) = (keys(&mut store), SystemEntropy::new());
    let user = UserId::from_uuid(ids.fresh());
    let opened =
        open_session(&mut store, Authenticated::by_password(user), &Client::default(), &ring, &ids, &entropy, NOW)
            .unwrap();
    let tokens = AccessTokens::new(ring, "https://circadia.example", "circadia");
    let issue = || tokens.issue(&opened.session, &ids, NOW).unwrap().token;

    criterion.bench_function("access token: issue", |bencher| bencher.iter(issue));
    criterion.bench_function("access token: verify, not cached", |bencher| {
        bencher.iter_batched(issue, |token| tokens.verify(&token, NOW).unwrap(), BatchSize::SmallInput);
    });
    let token = issue();
    criterion.bench_function("access token: verify, cached", |bencher| {
        bencher.iter(|| tokens.verify(black_box(&token), NOW).unwrap());
    });

    let feed = Revocations::new();
    let ended: Vec<Revocation> = (0..10_000)
        .map(|_| Revocation {
            user: ids.fresh().into(),
            target: RevocationTarget::Session(ids.fresh().into()),
            at: NOW,
        })
        .collect();
    feed.apply(&ended, NOW, NOW);
    criterion.bench_function("revocations: status among 10,000", |bencher| {
        bencher.iter(|| feed.status_of(black_box(user), opened.session.id, opened.session.created_at, NOW));
    });
    criterion
        .bench_function("revocations: apply 10,000 again", |bencher| bencher.iter(|| feed.apply(&ended, NOW, NOW)));

    cookies(criterion, &ids, user);

    let keys = tokens.keys();
    criterion.bench_function("refresh token: exchange", |bencher| {
        let stored = store.session.clone();
        bencher.iter(|| {
            store.session.clone_from(&stored);
            refresh(&mut store, &opened.refresh_token, &Client::default(), &keys, NOW).unwrap()
        });
    });

    let throttle = LocalThrottle::new(Quota::new(5, 60));
    criterion.bench_function("throttle: attempt", |bencher| {
        bencher.iter(|| throttle.attempt(black_box("ada@example.org"), NOW));
    });
}

/// A request by cookie: reading it, recalling where it led, holding that against the feed, the CSRF token of an unsafe
/// one. Not cached, the store and the session's row are asked (here: memory, which costs nothing; what is measured is
/// ours).
fn cookies(criterion: &mut Criterion, ids: &Ids, user: UserId) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let master = MasterKey::from_text("a master key that only the benchmarks know").unwrap();
    let cookies = Cookies::new(&master).unwrap();
    let kept = Arc::new(SingleValueStore::default());
    let ephemera = Ephemera::new(kept, master, Arc::new(SystemEntropy::new()));
    let (feed, roles, mut store) = (Revocations::new(), Roles::default(), InMemoryStore::default());
    feed.apply(&[], NOW, NOW);
    cookies.heard_of_store(NOW);
    let entropy = SystemEntropy::new();
    let opened =
        open_cookie_session(&mut store, Authenticated::by_password(user), &Client::default(), ids, &entropy, NOW)
            .unwrap();
    let session_ref = SessionRef { user, session: opened.session.id }.to_bytes();
    let put = ephemera.put(COOKIE_KIND, opened.id.key(), &session_ref, opened.session.expires_at, NOW);
    runtime.block_on(put).unwrap();
    let (text, csrf) = (cookies.text(&opened.id), cookies.csrf_token(&opened.id));

    let look_up = |store: &mut InMemoryStore| {
        let id = cookies.read(black_box(&text)).unwrap();
        let session_ref = runtime.block_on(ephemera.get(COOKIE_KIND, id.key(), NOW)).unwrap().unwrap();
        let session_ref = SessionRef::from_bytes(&session_ref).unwrap();
        let state = store.find_session(session_ref.user, session_ref.session).unwrap().unwrap();
        roles.remember(session_ref.user, state.role, NOW);
        let access = admit(&id, &state, NOW).unwrap();
        cookies.remember(&id, access);
        access
    };
    criterion.bench_function("cookie: verify, not cached", |bencher| bencher.iter(|| look_up(&mut store)));
    criterion.bench_function("cookie: verify, cached", |bencher| {
        bencher.iter(|| {
            let id = cookies.read(black_box(&text)).unwrap();
            let access = cookies.recall(&id, NOW).unwrap();
            let standing = feed.status_of(access.session.user, access.session.session, access.opened_at, NOW);
            (standing, roles.recall(access.session.user, &feed, NOW).unwrap())
        });
    });
    criterion.bench_function("cookie: CSRF token", |bencher| {
        bencher.iter(|| assert!(cookies.is_csrf_token(&opened.id, black_box(&csrf))));
    });
}

/// A store that keeps one value.
#[derive(Default)]
struct SingleValueStore(std::sync::Mutex<Option<Vec<u8>>>);

impl EphemeralStore for SingleValueStore {
    fn put(&self, _: Kind, _: Key, value: Vec<u8>, _: Instant, _: Instant) -> Pending<'_, ()> {
        *self.0.lock().unwrap() = Some(value);
        Box::pin(ready(Ok(())))
    }
    fn get(&self, _: Kind, _: Key, _: Instant) -> Pending<'_, Option<Vec<u8>>> {
        Box::pin(ready(Ok(self.0.lock().unwrap().clone())))
    }
    fn take(&self, _: Kind, _: Key, _: Instant) -> Pending<'_, Option<Vec<u8>>> {
        Box::pin(ready(Ok(self.0.lock().unwrap().take())))
    }
    fn delete(&self, _: Kind, _: Key) -> Pending<'_, ()> {
        Box::pin(ready(Ok(())))
    }
    fn purge(&self, _: Instant) -> Pending<'_, usize> {
        Box::pin(ready(Ok(0)))
    }
    fn ping(&self) -> Pending<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

fn passwords(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let hasher = Hasher::start(Limits::default(), Arc::new(SystemEntropy::new())).unwrap();
    let given = || Password::given("correct horse battery").unwrap();
    let stored = runtime.block_on(hasher.hash(Password::given("another one").unwrap())).unwrap();
    let mut group = criterion.benchmark_group("password");
    group.sample_size(60);
    group.bench_function("verify, wrong", |bencher| {
        bencher.iter(|| runtime.block_on(hasher.verify(given(), Some(stored.clone()))).unwrap());
    });
    group.bench_function("verify, unknown user", |bencher| {
        bencher.iter(|| runtime.block_on(hasher.verify(given(), None)).unwrap());
    });
    group.bench_function("choose", |bencher| {
        bencher.iter(|| Password::chosen(black_box("correct horse battery"), None, None).unwrap());
    });
    group.finish();
}

criterion_group!(benches, requests, passwords);
criterion_main!(benches);
