//! The program under test, in a thread of this process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use circadia_app::Clock;
use circadia_auth::keys::Rotation;
use circadia_domain::keys::KeyPurpose;
use circadia_server::{Config, FreshIds, rotate_keys, start_with};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{Backend, Client, DatabaseServer, Metrics, TestClock, TestDatabase};

/// The password of the tests' users.
const PASSWORD: &str = "correct horse battery";
/// The secret key of the server.
pub const SECRET_KEY: &str = "a key of the tests, at least 32 characters long";
/// The default time at the start of a test: a Wednesday.
const BEGIN: &str = "2026-03-11T12:00:00Z";

/// How the program is to be set up.
#[derive(Debug)]
pub struct Builder {
    database: Arc<TestDatabase>,
    clock: Arc<TestClock>,
    variables: BTreeMap<String, String>,
}

impl Builder {
    /// Sets a variable of the program's configuration.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// What a variable is set to.
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).expect("a variable that is set")
    }

    /// In production mode, with accounts that needn't verify their address.
    #[must_use]
    pub fn in_production(self) -> Self {
        self.set("CIRCADIA_ENV", "production").set("CIRCADIA_EMAIL_VERIFICATION", "optional")
    }

    /// Gives it the Redis of `CIRCADIA_TEST_REDIS_URL`, which the replicas of this database share and no other test does.
    #[must_use]
    pub fn with_redis(self) -> Self {
        let url = std::env::var("CIRCADIA_TEST_REDIS_URL").expect("tests/run starts Redis and sets its URL");
        self.with_redis_at(&url)
    }

    /// Gives it the Redis of a URL.
    #[must_use]
    pub fn with_redis_at(self, url: &str) -> Self {
        let prefix = format!("test{}:", self.database.folder().display());
        self.set("REDIS_URL", url).set("CIRCADIA_REDIS_PREFIX", &prefix)
    }

    /// Sets the clock to an RFC 3339 instant.
    #[must_use]
    pub fn at(self, instant: &str) -> Self {
        self.clock.set(instant);
        self
    }

    /// The clock it will be served by.
    pub(crate) fn clock(&self) -> &Arc<TestClock> {
        &self.clock
    }

    /// Starts it.
    pub fn start(self) -> TestApp {
        let config = Config::from_variables(self.variables).expect("a configuration");
        let clock: Arc<dyn Clock> = self.clock.clone();
        let (told, address) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || serve(&config, clock, &told, stopped));
        let addresses = address.recv().expect("the server's thread");
        let (address, metrics_address) =
            addresses.unwrap_or_else(|reason| panic!("the program doesn't start: {reason}"));
        let http = reqwest::Client::builder().gzip(false).no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = Client::new(http.build().expect("an HTTP client"), format!("http://{address}"));
        TestApp {
            client: Some(client),
            metrics_address,
            server: Some((stop, thread)),
            database: self.database,
            clock: self.clock,
        }
    }
}

/// Where it listens, and where it serves metrics if that is elsewhere.
type Addresses = (SocketAddr, Option<SocketAddr>);

/// What `circadia serve` does, but with the test's clock, and stopped by the test.
fn serve(
    config: &Config,
    clock: Arc<dyn Clock>,
    told: &mpsc::Sender<Result<Addresses, String>>,
    stopped: oneshot::Receiver<()>,
) {
    actix_web::rt::System::new().block_on(async {
        let (running, server) = match start_with(config, clock, Arc::new(FreshIds)) {
            Ok(started) => started,
            Err(error) => {
                told.send(Err(error.to_string())).expect("a test that waits");
                return;
            }
        };
        told.send(Ok((running.address, running.metrics_address))).expect("a test that waits");
        let stopper = async {
            // An error means that the test is gone, which is as good a reason to stop.
            let _ = stopped.await;
            // Connections that the test left open must not hold it up.
            let _ = tokio::time::timeout(Duration::from_millis(500), running.stop(Duration::ZERO)).await;
        };
        tokio::select! {
            served = server => served.expect("serving"),
            () = stopper => {}
        }
    });
}

/// The program, listening on a port of its own with a database of its own. Stops when it goes out of scope.
#[derive(Debug)]
pub struct TestApp {
    client: Option<Client>,
    metrics_address: Option<SocketAddr>,
    server: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    /// The clock it is served by.
    pub clock: Arc<TestClock>,
    /// Its database.
    pub database: Arc<TestDatabase>,
}

impl TestApp {
    /// A program on a fresh database: in development mode, without rate limits.
    pub fn on(backend: Backend) -> Builder {
        Self::on_database(TestDatabase::create(backend))
    }

    /// The same on a server of the test's own.
    pub fn on_server(server: &DatabaseServer) -> Builder {
        Self::on_database(TestDatabase::on_server(server))
    }

    fn on_database(database: TestDatabase) -> Builder {
        let data = database.folder().join("data");
        let variables = [
            ("CIRCADIA_BIND", "127.0.0.1:0"),
            ("CIRCADIA_DATA_DIR", &data.display().to_string()),
            ("DATABASE_URL", database.url()),
            ("CIRCADIA_RATE_LIMITS", "off"),
            ("CIRCADIA_SECRET_KEY", SECRET_KEY),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        Builder { database: Arc::new(database), clock: Arc::new(TestClock::at(BEGIN)), variables }
    }

    /// Another replica: the same database, clock and key.
    pub fn replica(&self) -> Builder {
        let variables = [
            ("CIRCADIA_BIND", "127.0.0.1:0"),
            ("CIRCADIA_DATA_DIR", &self.database.folder().join("replica").display().to_string()),
            ("DATABASE_URL", self.database.url()),
            ("CIRCADIA_RATE_LIMITS", "off"),
            ("CIRCADIA_SECRET_KEY", SECRET_KEY),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        Builder { database: Arc::clone(&self.database), clock: Arc::clone(&self.clock), variables }
    }

    /// What `circadia keys rotate` does, at the time that the clock shows.
    pub fn rotate_keys(&self, purposes: &[KeyPurpose], rotation: Rotation) {
        let config = Config::from_variables(self.replica().variables).expect("a configuration");
        rotate_keys(&config, purposes, rotation, &*self.clock, &FreshIds).expect("keys that can be rotated");
    }

    /// A client without credentials.
    pub fn anonymous(&self) -> Client {
        self.client.clone().expect("a server that runs")
    }

    /// The metrics at their own address.
    ///
    /// # Panics
    /// If they have none, or don't answer.
    pub async fn metrics(&self) -> Metrics {
        let page = self.metrics_client().get("/metrics").await.expect(200);
        Metrics::read(std::str::from_utf8(&page.bytes).expect("UTF-8"))
    }

    /// A client of the address that metrics have of their own.
    pub fn metrics_client(&self) -> Client {
        let address = self.metrics_address.expect("CIRCADIA_METRICS_BIND");
        self.anonymous().at_root(&format!("http://{address}"))
    }

    /// A new user in UTC, signed in.
    pub async fn user(&self, name: &str) -> Client {
        self.user_in(name, "UTC").await
    }

    /// A new user in a time zone, signed in.
    pub async fn user_in(&self, name: &str, timezone: &str) -> Client {
        let registration = json!({
            "username": name,
            "email": format!("{name}@example.org"),
            "password": PASSWORD,
            "timezone": timezone,
        });
        let anonymous = self.anonymous();
        let registered = anonymous.post("/auth/register", registration).await.expect(201);
        anonymous.signed_in(&registered.body)
    }

    /// Logs a user in by cookie.
    pub async fn browser(&self, name: &str) -> Client {
        let anonymous = self.anonymous();
        let credentials = json!({"username": name, "password": PASSWORD});
        let answer = anonymous.post("/auth/session", credentials).await.expect(200);
        anonymous.in_browser(&answer)
    }

    /// Logs a user in once more.
    pub async fn log_in(&self, name: &str) -> Client {
        let anonymous = self.anonymous();
        let credentials = json!({"username": name, "password": PASSWORD});
        let answer = anonymous.post("/auth/login", credentials).await.expect(200);
        anonymous.signed_in(&answer.body)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.client = None;
        if let Some((stop, thread)) = self.server.take() {
            // It may have ended by itself, which the test has seen by then.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}
