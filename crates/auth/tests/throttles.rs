//! A throttle that replicas share: it decides as one within a process does, and goes on by itself without its Redis.

#![expect(clippy::unwrap_used, reason = "helpers of tests should stop where a test would")]

use std::sync::Arc;

use circadia_auth::stores::{Redis, RedisAddress};
use circadia_auth::throttles::{Backoff, LocalThrottle, Quota, Throttle, backoff, throttle};
use circadia_domain::civil::Instant;

const NOW: Instant = Instant::from_seconds(1_772_366_400);

/// A connection of a replica's own to the Redis at a URL, under the prefix of a test.
fn connected(url: &str, test: &str) -> Arc<Redis> {
    let prefix = format!("test-throttles-{}-{test}:", std::process::id());
    Arc::new(Redis::new(RedisAddress::parse(url).unwrap(), prefix))
}

mod redis {
    use tokio::task::JoinSet;

    use super::*;

    fn replica(test: &str, quota: Quota) -> Arc<dyn Throttle> {
        // `tests/run` starts one and says where.
        let url = std::env::var("CIRCADIA_TEST_REDIS_URL").unwrap();
        throttle("test", quota, Some(&connected(&url, test)))
    }

    /// Steps of time that don't repeat soon, back as well as forth.
    fn gaps() -> impl Iterator<Item = i64> {
        let mut state = 7_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from(state >> 40).unwrap() - 1_000_000
        })
    }

    #[tokio::test]
    async fn it_decides_as_the_local_one_does() {
        for (number, quota) in
            [Quota::new(5, 60), Quota::new(1, 1), Quota::new(120, 60), Quota::new(7, 86_400)].into_iter().enumerate()
        {
            let shared = [(); 3].map(|()| replica(&format!("same-{number}"), quota));
            let local = LocalThrottle::new(quota);
            let mut now = NOW;
            for (attempt, gap) in gaps().take(200).enumerate() {
                now = Instant::from_micros(now.micros() + gap);
                let decided = shared[attempt % 3].attempt("ada", now).await;
                assert_eq!(decided, local.attempt("ada", now), "attempt {attempt} of {quota:?}");
            }
        }
    }

    #[tokio::test]
    async fn it_backs_off_as_the_local_one_does() {
        for (number, quota) in [Quota::new(5, 60), Quota::new(1, 1), Quota::new(7, 86_400)].into_iter().enumerate() {
            let url = std::env::var("CIRCADIA_TEST_REDIS_URL").unwrap();
            let test = format!("backoff-{number}");
            let shared = [(); 3].map(|()| backoff("test", quota, Some(&connected(&url, &test))));
            let local = LocalThrottle::new(Backoff(quota));
            let mut now = NOW;
            for (attempt, gap) in gaps().take(400).enumerate() {
                // Forth only, and at times for long enough to be forgiven something.
                let stretch = if attempt % 50 == 49 { 40 } else { 3 };
                now = Instant::from_micros(now.micros() + gap.abs() * stretch);
                let decided = shared[attempt % 3].attempt("ada", now).await;
                assert_eq!(decided, local.attempt("ada", now), "attempt {attempt} of {quota:?}");
            }
            // A clock that is set back locks no one out of either for longer than the wait.
            let back = now.plus_seconds(-86_400);
            assert_eq!(shared[0].attempt("ada", back).await, local.attempt("ada", back));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_sixth_attempt_of_a_burst_is_refused_wherever_it_lands() {
        let replicas = [(); 3].map(|()| replica("burst", Quota::new(5, 60)));
        let mut attempts = JoinSet::new();
        for number in 0..60 {
            let replica = Arc::clone(&replicas[number % 3]);
            attempts.spawn(async move { replica.attempt("ada", NOW).await.allowed });
        }
        assert_eq!(attempts.join_all().await.into_iter().filter(|allowed| *allowed).count(), 5);
        assert!(replicas[0].attempt("eve", NOW).await.allowed);
        let other = replica("burst", Quota::new(5, 60));
        assert!(!other.attempt("ada", NOW).await.allowed, "a replica that came later");
    }
}

/// There is no listener.
#[tokio::test]
async fn without_its_redis_each_replica_counts_by_itself() {
    let replicas =
        [(); 2].map(|()| throttle("test", Quota::new(5, 60), Some(&connected("redis://127.0.0.1:1", "away"))));
    for replica in replicas {
        for _ in 0..5 {
            assert!(replica.attempt("ada", NOW).await.allowed);
        }
        assert_eq!(replica.attempt("ada", NOW).await.retry_after_seconds, 12);
        assert!(replica.attempt("eve", NOW).await.allowed);
    }
}
