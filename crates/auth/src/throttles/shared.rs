//! A throttle shared by all replicas through Redis.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use circadia_domain::civil::Instant;
use redis::Script;

use super::{Decision, LocalThrottle, Quota, Throttle};
use crate::bytes::sha256;
use crate::stores::Redis;

/// [`Quota`]'s arithmetic as one atomic step. The state of a key is the time at which its allowance is full again, by
/// the callers' clocks; it expires in Redis a minute later.
const SCRIPT: &str = "
    local now, step, capacity = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local ahead = tonumber(redis.call('GET', KEYS[1]) or now) - now
    local used = math.min(math.max(ahead, 0), capacity)
    local allowed = used + step <= capacity
    if allowed then used = used + step end
    if allowed or ahead > capacity then
        redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', math.ceil(used / 1000) + 60000)
    end
    return {allowed and 1 or 0, used}
";

/// One limit across replicas. Each replica also counts the attempts it allowed: it continues from there while Redis is
/// unreachable, and a Redis that lost its data doesn't grant a new allowance.
pub struct SharedThrottle {
    redis: Arc<Redis>,
    kind: String,
    script: Script,
    quota: Quota,
    local: LocalThrottle,
}

impl fmt::Debug for SharedThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedThrottle").field("kind", &self.kind).field("quota", &self.quota).finish_non_exhaustive()
    }
}

impl SharedThrottle {
    /// A throttle with this quota for each key; throttles with different names count separately.
    pub fn new(redis: Arc<Redis>, name: &str, quota: Quota) -> Self {
        let kind = format!("limit_{name}");
        Self { redis, kind, script: Script::new(SCRIPT), quota, local: LocalThrottle::new(quota) }
    }

    async fn decide(&self, key: &str, now: Instant) -> Decision {
        let arguments = [now.micros(), self.quota.step(), self.quota.capacity()];
        let answer = self.redis.script(&self.script, &self.kind, &sha256(key.as_bytes()), &arguments).await;
        let shared = match answer {
            Ok((allowed, used)) => self.quota.decision(i64::eq(&allowed, &1), used),
            Err(failure) => {
                tracing::debug!(%failure, kind = self.kind, "this replica counts by itself");
                return self.local.attempt(key, now);
            }
        };
        if !shared.allowed {
            return shared;
        }
        let local = self.local.attempt(key, now);
        if local.allowed { shared } else { local }
    }
}

impl Throttle for SharedThrottle {
    fn attempt<'a>(&'a self, key: &'a str, now: Instant) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        Box::pin(self.decide(key, now))
    }
}
