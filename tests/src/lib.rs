//! The support library of the black-box tests: the program in this process on a port and a database of its own, a clock
//! that tests set, and clients that speak HTTP to it. The tests themselves lie in `tests/`.
//!
//! ```no_run
//! # use circadia_tests::{Backend, TestApp};
//! # async fn example() {
//! let app = TestApp::on(Backend::Sqlite).start();
//! let ada = app.user("ada").await;
//! ada.get("/habits/today").await.expect(200);
//! # }
//! ```
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "all of this is test code, which fails by panicking; and what asserts may end a chain"
)]

mod answer;
mod app;
mod authenticator;
mod client;
mod clock;
mod comparable;
pub mod contract;
mod database;
pub mod images;
mod local_copy;
mod mail;
mod metrics;
pub mod oracle;
mod passkeys;
mod past;
mod provider;
mod proxy;
mod receiver;
mod redis;
mod server;
mod stored;
mod waiting;

pub use answer::Answer;
pub use app::{Builder, SECRET_KEY, TestApp};
pub use authenticator::{Authenticator, flipped};
pub use client::Client;
pub use clock::TestClock;
pub use comparable::Comparable;
pub use database::{Backend, Connection, TestDatabase};
pub use local_copy::{ItemName, LocalCopy};
pub use mail::Mail;
pub use metrics::{Metrics, Sample};
pub use passkeys::{FRONT_END, add_passkey};
pub use provider::{Fault, Kind as ProviderKind, OpenIdProvider, Return};
pub use proxy::{Disturbed, Proxy};
pub use receiver::{Received, Receiver};
pub use redis::RedisServer;
pub use server::{DatabaseServer, FrozenServer};

/// An id as a client would choose it, which nothing has yet.
pub fn fresh_id() -> String {
    #[expect(clippy::disallowed_methods, reason = "clients make their ids of their own clock")]
    let id = uuid::Uuid::now_v7();
    id.to_string()
}

/// Runs a scenario to its end.
pub fn run(scenario: impl Future<Output = ()>) {
    // A thread beside the scenario's closes connections while it waits for the server to stop.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(scenario);
}

/// Makes each scenario (an `async fn` that takes a [`Backend`]) a test on each database: `sqlite::name`, and with the
/// features of that name `postgres::name` and `mysql::name`.
#[macro_export]
macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        mod sqlite { $(
            #[test]
            fn $name() {
                $crate::run(super::$name($crate::Backend::Sqlite));
            }
        )+ }
        #[cfg(feature = "postgres")]
        mod postgres { $(
            #[test]
            fn $name() {
                $crate::run(super::$name($crate::Backend::Postgres));
            }
        )+ }
        #[cfg(feature = "mysql")]
        mod mysql { $(
            #[test]
            fn $name() {
                $crate::run(super::$name($crate::Backend::Mysql));
            }
        )+ }
    };
}
