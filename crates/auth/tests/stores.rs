//! What every store of short-lived values must do alike: one suite, run on each of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests should stop where a test would")]

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use circadia_auth::SystemEntropy;
use circadia_auth::keys::MasterKey;
use circadia_auth::stores::{EmbeddedStore, Ephemera, EphemeralStore, Key, Kind, Redis, RedisAddress, RedisStore};
use circadia_domain::civil::Instant;
use circadia_storage::{SqlDatabase, StorageOptions};
use tempfile::TempDir;
use tokio::task::JoinSet;

const NOW: Instant = Instant::from_seconds(1_772_366_400);
const KIND: Kind = Kind::new("cookie");
const OTHER: Kind = Kind::new("state");

/// A store, and what goes with it.
struct Fixture {
    store: Arc<dyn EphemeralStore>,
    _directory: Option<TempDir>,
}

impl Fixture {
    fn embedded() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut options = StorageOptions::new(format!("sqlite://{}/test.db", directory.path().display()));
        options.acquire_timeout = Duration::from_mins(1);
        options.turn_timeout = Duration::from_mins(1);
        let database = SqlDatabase::new(options).unwrap();
        database.migrate(Duration::ZERO).unwrap();
        Self { store: Arc::new(EmbeddedStore::new(Arc::new(database), 4)), _directory: Some(directory) }
    }

    /// Under a prefix that no other test has.
    fn redis() -> Self {
        // `tests/run` starts one and says where.
        let url = std::env::var("CIRCADIA_TEST_REDIS_URL").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let prefix = format!("test{}:", directory.path().display());
        let redis = Arc::new(Redis::new(RedisAddress::parse(&url).unwrap(), prefix));
        Self { store: Arc::new(RedisStore::new(redis)), _directory: Some(directory) }
    }

    /// Its values sealed under a master key.
    fn ephemera(&self, master: &str) -> Ephemera {
        let master = MasterKey::from_text(master).unwrap();
        Ephemera::new(Arc::clone(&self.store), master, Arc::new(SystemEntropy::new()))
    }

    async fn get(&self, kind: Kind, key: Key, seconds: i64) -> Option<Vec<u8>> {
        self.store.get(kind, key, NOW.plus_seconds(seconds)).await.unwrap()
    }

    async fn put(&self, kind: Kind, key: Key, value: &[u8], seconds: i64) {
        self.store.put(kind, key, value.to_vec(), NOW.plus_seconds(seconds), NOW).await.unwrap();
    }
}

const MASTER: &str = "a master key that only the tests know";

async fn a_value_is_there_until_it_expires(setting: Fixture) {
    let (key, other) = (Key::of(b"a secret"), Key::of(b"another"));
    setting.put(KIND, key, b"value", 10).await;
    assert_eq!(setting.get(KIND, key, 0).await.unwrap(), b"value");
    assert_eq!(setting.get(KIND, key, 9).await.unwrap(), b"value");
    // By the caller's clock, and by no other.
    assert_eq!(setting.get(KIND, key, 10).await, None);
    assert_eq!(setting.get(KIND, other, 0).await, None);
    assert_eq!(setting.get(OTHER, key, 0).await, None);
    setting.put(KIND, key, b"later", 5).await;
    assert_eq!(setting.get(KIND, key, 4).await.unwrap(), b"later");
    assert_eq!(setting.get(KIND, key, 5).await, None);
    setting.put(KIND, other, b"over before it began", -1).await;
    assert_eq!(setting.get(KIND, other, 0).await, None);
}

async fn what_is_taken_or_deleted_is_gone(setting: Fixture) {
    let key = Key::of(b"a secret");
    setting.put(KIND, key, b"value", 10).await;
    setting.put(OTHER, key, b"other", 10).await;
    assert_eq!(setting.store.take(KIND, key, NOW).await.unwrap().unwrap(), b"value");
    assert_eq!(setting.store.take(KIND, key, NOW).await.unwrap(), None);
    assert_eq!(setting.get(KIND, key, 0).await, None);
    assert_eq!(setting.store.take(OTHER, key, NOW.plus_seconds(10)).await.unwrap(), None, "it has expired");
    setting.put(OTHER, key, b"other", 10).await;
    setting.store.delete(OTHER, key).await.unwrap();
    setting.store.delete(OTHER, key).await.unwrap();
    assert_eq!(setting.get(OTHER, key, 0).await, None);
}

async fn of_many_takers_exactly_one_wins(setting: Fixture) {
    let key = Key::of(b"a secret");
    for round in 0..10_u8 {
        setting.put(KIND, key, &[round], 10).await;
        let mut takers = JoinSet::new();
        for _ in 0..16 {
            let store = Arc::clone(&setting.store);
            takers.spawn(async move { store.take(KIND, key, NOW).await.unwrap() });
        }
        let got: Vec<Vec<u8>> = takers.join_all().await.into_iter().flatten().collect();
        assert_eq!(got, [vec![round]]);
    }
}

async fn values_are_sealed_and_bound_to_their_place(setting: Fixture) {
    let (ephemera, key, other) = (setting.ephemera(MASTER), Key::of(b"a secret"), Key::of(b"another"));
    ephemera.put(KIND, key, b"attack at dawn", NOW.plus_seconds(10), NOW).await.unwrap();
    assert_eq!(ephemera.get(KIND, key, NOW).await.unwrap().unwrap().as_slice(), b"attack at dawn");
    let sealed = setting.get(KIND, key, 0).await.unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"attack"));
    // Moved to another place, changed, or read under another master key, it is as good as not there.
    setting.put(KIND, other, &sealed, 10).await;
    setting.put(OTHER, key, &sealed, 10).await;
    assert!(ephemera.get(KIND, other, NOW).await.unwrap().is_none());
    assert!(ephemera.get(OTHER, key, NOW).await.unwrap().is_none());
    assert!(setting.ephemera(&MASTER.to_uppercase()).get(KIND, key, NOW).await.unwrap().is_none());
    setting.put(KIND, key, b"forged", 10).await;
    assert!(ephemera.take(KIND, key, NOW).await.unwrap().is_none());
    let large = vec![7; circadia_auth::stores::MAX_VALUE_BYTES];
    ephemera.put(KIND, key, &large, NOW.plus_seconds(10), NOW).await.unwrap();
    assert_eq!(*ephemera.take(KIND, key, NOW).await.unwrap().unwrap(), large);
    ephemera.put(KIND, key, &[7; 5_000], NOW.plus_seconds(10), NOW).await.unwrap_err();
}

macro_rules! suite {
    ($($test:ident),+ $(,)?) => {
        mod embedded { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Fixture::embedded()).await;
            }
        )+ }
        mod redis { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Fixture::redis()).await;
            }
        )+ }
    };
}

suite!(
    a_value_is_there_until_it_expires,
    what_is_taken_or_deleted_is_gone,
    of_many_takers_exactly_one_wins,
    values_are_sealed_and_bound_to_their_place,
);

#[tokio::test]
async fn the_embedded_store_forgets_what_expired_when_it_is_told_to() {
    let setting = Fixture::embedded();
    setting.put(KIND, Key::of(b"a"), b"value", 10).await;
    setting.put(KIND, Key::of(b"b"), b"value", 20).await;
    assert_eq!(setting.store.purge(NOW.plus_seconds(15)).await.unwrap(), 1);
    assert_eq!(setting.get(KIND, Key::of(b"b"), 15).await.unwrap(), b"value");
}

/// There is no listener, or no answer: either way a request learns of it in time, and the next at once.
#[tokio::test]
async fn a_redis_that_is_away_fails_in_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for place in
        ["redis://127.0.0.1:1".to_owned(), format!("redis://127.0.0.1:{port}"), format!("rediss://127.0.0.1:{port}")]
    {
        let redis = Arc::new(Redis::new(RedisAddress::parse(&place).unwrap(), "test:"));
        let store = RedisStore::new(Arc::clone(&redis));
        let begun = Stopwatch::now();
        store.get(KIND, Key::of(b"a"), NOW).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_millis(700), "{:?}", begun.elapsed());
        let again = Stopwatch::now();
        for _ in 0..100 {
            store.get(KIND, Key::of(b"a"), NOW).await.unwrap_err();
        }
        assert!(again.elapsed() < Duration::from_millis(200), "{:?}", again.elapsed());
    }
}
