//! What clients see while the database fails. (For Redis, see `replicas`.)

mod blocked;
#[cfg(feature = "postgres")]
mod commits;
#[cfg(feature = "postgres")]
mod frozen;
#[cfg(feature = "postgres")]
mod gone;
#[cfg(feature = "postgres")]
mod read_replica;

use std::time::{Duration, Instant};

use circadia_tests::{Answer, Client};
use reqwest::Method;
use serde_json::Value;

/// Twice the time within which whoever waits for a database that is frozen, slow or blocked is refused.
const REFUSED_WITHIN: Duration = Duration::from_secs(4);

/// An answer, and how long it took.
async fn timed(client: &Client, method: Method, path: &str, body: &Value) -> (Answer, Duration) {
    let begun = Instant::now();
    let answer = client.call(method, path, body).await;
    (answer, begun.elapsed())
}

/// Asserts that the answer is a refusal that came in time, and says when to come back or how to find out.
#[track_caller]
fn refused_in_time((answer, took): &(Answer, Duration)) {
    assert_eq!(answer.status, 503, "{}: {}", answer.request, answer.body);
    match answer.body["code"].as_str() {
        Some("unavailable") => assert!(answer.header("retry-after").is_some(), "{}", answer.request),
        code => {
            assert_eq!((code, answer.header("retry-after")), (Some("outcome_unknown"), None), "{}", answer.request);
        }
    }
    assert!(*took < REFUSED_WITHIN, "{} took {took:?}", answer.request);
}

/// Makes each scenario a test on the databases that are servers.
#[cfg(feature = "postgres")]
macro_rules! on_servers {
    ($($name:ident),+ $(,)?) => {
        mod postgres { $(
            #[test]
            fn $name() {
                circadia_tests::run(super::$name(circadia_tests::Backend::Postgres));
            }
        )+ }
        #[cfg(feature = "mysql")]
        mod mysql { $(
            #[test]
            fn $name() {
                circadia_tests::run(super::$name(circadia_tests::Backend::Mysql));
            }
        )+ }
    };
}
#[cfg(feature = "postgres")]
use on_servers;
