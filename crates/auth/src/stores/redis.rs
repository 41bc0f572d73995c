//! Redis: the connection that everything kept there shares, and short-lived values in it.
//!
//! Requests never wait long for Redis: a call fails within [`COMMAND_TIMEOUT`] and isn't retried. While Redis is
//! unreachable, only one call per [`RECONNECT_INTERVAL`] tries to connect; the others fail at once. There is one
//! multiplexed connection, which reconnects by itself, and is replaced when that fails.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Stopwatch};

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Cmd, FromRedisValue, IntoConnectionInfo as _, RedisError, Script, cmd};
use circadia_domain::civil::Instant;

use super::{EphemeralStore, Key, Kind, Pending, StoreFailure};
use crate::bytes::base64url;

/// Timeout of a call, including connecting.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(400);
/// Timeout of connecting, and of a response.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(300);
/// Time after a failure during which other calls fail at once.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(250);

/// Seconds for which Redis keeps a value beyond its expiry, which is determined by the replicas' clocks.
const EXPIRY_GRACE_SECONDS: i64 = 60;

/// The URL of Redis: `redis://[user:password@]host[:port][/number]`, or `rediss://` for TLS.
#[derive(Clone)]
pub struct RedisAddress(::redis::Client);

impl RedisAddress {
    /// Parses a URL.
    ///
    /// # Errors
    /// A description of the error without the URL, which may contain a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = || "must be a URL such as `redis://:password@host:6379/0`, or `rediss://…` over TLS".to_owned();
        if !url.starts_with("redis://") && !url.starts_with("rediss://") {
            return Err(wrong());
        }
        let info = url.into_connection_info().map_err(|_| wrong())?;
        ::redis::Client::open(info).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Debug for RedisAddress {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisAddress(..)")
    }
}

/// The state of the connection.
#[derive(Default)]
struct Link {
    manager: Option<ConnectionManager>,
    /// When the manager was made.
    made_at: Option<Stopwatch>,
    /// Number of managers created before.
    generation: u64,
    /// When a call last failed, if none has succeeded since.
    failed_at: Option<Stopwatch>,
}

/// A connection to Redis, opened on first use, and the prefix of all our keys.
pub struct Redis {
    address: RedisAddress,
    prefix: String,
    link: Mutex<Link>,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl From<RedisError> for StoreFailure {
    fn from(error: RedisError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Redis {
    /// Prepares the connection without opening it, so this succeeds while Redis is down.
    pub fn new(address: RedisAddress, prefix: impl Into<String>) -> Self {
        Self { address, prefix: prefix.into(), link: Mutex::default() }
    }

    /// The full name of a key.
    fn name(&self, kind: &str, key: &[u8; 32]) -> String {
        format!("{}{kind}:{}", self.prefix, base64url(key))
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self) -> Result<(ConnectionManager, u64), StoreFailure> {
        let mut link = self.link();
        if let Some(failed_at) = link.failed_at {
            if failed_at.elapsed() < RECONNECT_INTERVAL {
                return Err(StoreFailure::Unavailable("Redis was away a moment ago".to_owned()));
            }
            // This call tries to connect; concurrent ones fail at once.
            link.failed_at = Some(Stopwatch::now());
        }
        if let Some(manager) = &link.manager {
            return Ok((manager.clone(), link.generation));
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(CONNECT_TIMEOUT))
            .set_number_of_retries(0);
        let manager = ConnectionManager::new_lazy_with_config(self.address.0.clone(), config)?;
        link.generation += 1;
        link.manager = Some(manager.clone());
        link.made_at = Some(Stopwatch::now());
        Ok((manager, link.generation))
    }

    /// Awaits a call and drops the connection if it fails. Otherwise every call would wait for a peer that vanished
    /// without closing the connection.
    async fn observed<T>(
        &self,
        generation: u64,
        call: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, StoreFailure> {
        let outcome = match tokio::time::timeout(COMMAND_TIMEOUT, call).await {
            Ok(outcome) => outcome.map_err(|error| (!error.is_io_error(), error.into())),
            Err(_) => {
                Err((false, StoreFailure::Unavailable(format!("no answer in {} ms", COMMAND_TIMEOUT.as_millis()))))
            }
        };
        let mut link = self.link();
        match outcome {
            Ok(value) => {
                link.failed_at = None;
                Ok(value)
            }
            // Redis answered with an error: to the call (out of memory, a read-only replica), or to connecting (a wrong
            // password), which a manager never tries again. So another is made, now and then.
            Err((true, failure)) => {
                link.failed_at = None;
                let is_old = link.made_at.is_none_or(|made_at| made_at.elapsed() >= RECONNECT_INTERVAL);
                if link.generation == generation && is_old {
                    link.manager = None;
                }
                Err(failure)
            }
            Err((false, failure)) => {
                if link.generation == generation {
                    link.manager = None;
                    link.failed_at = Some(Stopwatch::now());
                }
                Err(failure)
            }
        }
    }

    /// Runs a command.
    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreFailure> {
        let (mut connection, generation) = self.connection()?;
        self.observed(generation, command.query_async(&mut connection)).await
    }

    /// Runs a script on the key of a hash; Redis caches the script.
    pub(crate) async fn script<T: FromRedisValue>(
        &self,
        script: &Script,
        kind: &str,
        key: &[u8; 32],
        arguments: &[i64],
    ) -> Result<T, StoreFailure> {
        let (mut connection, generation) = self.connection()?;
        let mut call = script.key(self.name(kind, key));
        for argument in arguments {
            call.arg(*argument);
        }
        self.observed(generation, call.invoke_async(&mut connection)).await
    }

    /// Checks that Redis is reachable.
    ///
    /// # Errors
    /// [`StoreFailure::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreFailure> {
        self.run::<String>(&cmd("PING")).await.map(drop)
    }
}

/// Short-lived values in Redis, each prefixed with its expiry.
#[derive(Debug, Clone)]
pub struct RedisStore(Arc<Redis>);

impl RedisStore {
    /// A store that uses this connection.
    pub const fn new(redis: Arc<Redis>) -> Self {
        Self(redis)
    }

    fn name(&self, kind: Kind, key: Key) -> String {
        self.0.name(kind.as_str(), key.hash())
    }
}

/// Decodes a stored value; `None` if it has expired.
fn live(stored: Option<Vec<u8>>, now: Instant) -> Option<Vec<u8>> {
    let stored = stored?;
    let (end, value) = stored.split_first_chunk::<8>()?;
    (now.micros() < i64::from_be_bytes(*end)).then(|| value.to_vec())
}

impl EphemeralStore for RedisStore {
    fn put(&self, kind: Kind, key: Key, value: Vec<u8>, expires_at: Instant, now: Instant) -> Pending<'_, ()> {
        let kept = (expires_at.seconds() - now.seconds()).max(0).saturating_add(EXPIRY_GRACE_SECONDS);
        let stored = [expires_at.micros().to_be_bytes().as_slice(), &value].concat();
        let mut set = cmd("SET");
        set.arg(self.name(kind, key)).arg(stored).arg("EX").arg(kept);
        Box::pin(async move { self.0.run(&set).await })
    }

    fn get(&self, kind: Kind, key: Key, now: Instant) -> Pending<'_, Option<Vec<u8>>> {
        let mut get = cmd("GET");
        get.arg(self.name(kind, key));
        Box::pin(async move { Ok(live(self.0.run(&get).await?, now)) })
    }

    fn take(&self, kind: Kind, key: Key, now: Instant) -> Pending<'_, Option<Vec<u8>>> {
        let mut take = cmd("GETDEL");
        take.arg(self.name(kind, key));
        Box::pin(async move { Ok(live(self.0.run(&take).await?, now)) })
    }

    fn delete(&self, kind: Kind, key: Key) -> Pending<'_, ()> {
        let mut delete = cmd("DEL");
        delete.arg(self.name(kind, key));
        Box::pin(async move { self.0.run::<i64>(&delete).await.map(drop) })
    }

    /// Redis expires values itself.
    fn purge(&self, _: Instant) -> Pending<'_, usize> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn ping(&self) -> Pending<'_, ()> {
        Box::pin(self.0.ping())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_never_shown() {
        for good in ["redis://127.0.0.1", "redis://:hush@db:6380/3", "rediss://ada:hush@db.example.org:6379/0"] {
            let address = RedisAddress::parse(good).unwrap();
            assert!(!format!("{address:?}").contains("hush"));
        }
        for wrong in ["", "db:6379", "http://db", "unix:///hush", "redis://", "redis://:hush@db:port", "redis://db/x"] {
            let said = RedisAddress::parse(wrong).unwrap_err();
            assert!(said.contains("redis://") && !said.contains("hush"), "{wrong}: {said}");
        }
    }
}
