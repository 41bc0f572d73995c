//! A throttle shared by all replicas through Redis.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use circadia_domain::civil::Instant;
use redis::Script;

use super::rule::SharedRule;
use super::{Decision, LocalThrottle, Quota, Throttle};
use crate::bytes::sha256;
use crate::stores::Redis;

/// One limit across replicas. Each replica remembers what Redis last said of a key: it goes on from there while Redis is
/// unreachable, and tells a Redis that lost its data, so that this doesn't grant a new allowance.
pub(super) struct SharedThrottle<R: SharedRule = Quota> {
    redis: Arc<Redis>,
    kind: String,
    script: Script,
    rule: R,
    local: LocalThrottle<R>,
}

impl<R: SharedRule> fmt::Debug for SharedThrottle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedThrottle").field("kind", &self.kind).field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl<R: SharedRule> SharedThrottle<R> {
    /// A throttle with this rule for each key; throttles with different names count separately.
    pub(super) fn new(redis: Arc<Redis>, name: &str, rule: R) -> Self {
        let kind = format!("limit_{name}");
        Self { redis, kind, script: Script::new(R::SCRIPT), rule, local: LocalThrottle::new(rule) }
    }

    async fn decide(&self, key: &str, now: Instant) -> Decision {
        let arguments = self.rule.arguments(self.local.known(key), now);
        let answer = self.redis.script(&self.script, &self.kind, &sha256(key.as_bytes()), &arguments).await;
        match answer {
            Ok(answer) => {
                let (decision, state) = self.rule.read(answer, now);
                self.local.note(key, state, now);
                decision
            }
            Err(failure) => {
                tracing::debug!(%failure, kind = self.kind, "this replica counts by itself");
                self.local.attempt(key, now)
            }
        }
    }
}

impl<R: SharedRule> Throttle for SharedThrottle<R> {
    fn attempt<'a>(&'a self, key: &'a str, now: Instant) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        Box::pin(self.decide(key, now))
    }
}
