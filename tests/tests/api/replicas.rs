//! Several replicas on one database and one Redis: what they must know of one another, and what becomes of them when Redis
//! is away or has forgotten everything.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use circadia_tests::{Backend, Client, RedisServer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use super::races::{at_once, statuses};

/// Each a test that needs Redis, and those of `postgres` PostgreSQL as well, without which none is compiled.
macro_rules! with_redis {
    (postgres: $($on_postgres:ident),+; sqlite: $($on_sqlite:ident),+ $(;)?) => {
        mod redis {
            mod postgres { $(
                #[test]
                fn $on_postgres() {
                    circadia_tests::run(super::super::$on_postgres(circadia_tests::Backend::Postgres));
                }
            )+ }
            mod sqlite { $(
                #[test]
                fn $on_sqlite() {
                    circadia_tests::run(super::super::$on_sqlite(circadia_tests::Backend::Sqlite));
                }
            )+ }
        }
    };
}

with_redis!(
    postgres:
    two_hundred_parallel_refreshes_leave_one_live_child_and_nobody_logged_out,
    logging_out_at_one_is_refused_at_the_others_within_a_second,
    the_sixth_attempt_of_a_burst_is_refused_wherever_it_lands;
    sqlite:
    without_redis_cookies_fail_closed_limits_are_local_and_tokens_are_served,
    a_redis_that_refuses_the_password_for_a_while_is_used_again,
    a_flushed_redis_revives_nothing_that_was_revoked,
    a_flushed_redis_gives_back_no_attempts;
);

/// Three replicas, with one database and Redis.
struct Replicas([TestApp; 3]);

impl Replicas {
    fn start(backend: Backend, variables: &[(&str, &str)]) -> Self {
        let with = |builder| {
            variables.iter().fold(builder, |builder: circadia_tests::Builder, (name, value)| builder.set(name, value))
        };
        let first = with(TestApp::on(backend).with_redis()).start();
        let [second, third] = [(); 2].map(|()| with(first.replica().with_redis()).start());
        Self([first, second, third])
    }

    /// The same client at each of them.
    fn each(&self, client: &Client) -> [Client; 3] {
        [0, 1, 2].map(|number| client.at(&self.0[number].anonymous()))
    }

    /// An anonymous client, at each replica in turn.
    fn in_turn(&self, number: usize) -> Client {
        self.0[number % 3].anonymous()
    }
}

async fn two_hundred_parallel_refreshes_leave_one_live_child_and_nobody_logged_out(backend: Backend) {
    let replicas = Replicas::start(backend, &[]);
    let app = &replicas.0[0];
    let ada = app.user("ada").await;
    let refresh = |number: usize, token: &Value| {
        (replicas.in_turn(number), Method::POST, "/auth/refresh".to_owned(), json!({"refresh_token": token}))
    };
    let first = json!(ada.refresh_token());
    let answers = at_once((0..200).map(|number| refresh(number, &first)).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 200)]));
    let child = &answers[0].body["refresh_token"];
    assert!(answers.iter().all(|answer| answer.body["refresh_token"] == *child), "there are several children");
    // Whichever answer one goes on with: its tokens are good, at every replica.
    let uses = answers.iter().enumerate().map(|(number, answer)| {
        (replicas.in_turn(number + 1).signed_in(&answer.body), Method::GET, "/me".to_owned(), Value::Null)
    });
    assert_eq!(statuses(&at_once(uses.collect()).await), BTreeMap::from([(200, 200)]));
    let answers = at_once((0..200).map(|number| refresh(number + 2, child)).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 200)]));
    for client in replicas.each(&ada.signed_in(&answers[199].body)) {
        client.get("/me").await.expect(200);
    }
    let live = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL AND generation = 2";
    assert_eq!((app.database.number("SELECT count(*) FROM sessions"), app.database.number(live)), (1, 1));
}

async fn logging_out_at_one_is_refused_at_the_others_within_a_second(backend: Backend) {
    let replicas = Replicas::start(backend, &[]);
    let app = &replicas.0[0];
    let (phone, browser) = (app.user("ada").await, app.browser("ada").await);
    let (other_phone, other_browser) = (app.log_in("ada").await, app.browser("ada").await);
    for client in [&phone, &browser, &other_phone, &other_browser] {
        for there in replicas.each(client) {
            there.get("/me").await.expect(200);
        }
    }
    let [_, second, third] = replicas.each(&phone);
    second.post("/auth/logout", Value::Null).await.expect(204);
    phone.until_refused(401, "token_revoked").await;
    third.until_refused(401, "token_revoked").await;
    let [_, second, third] = replicas.each(&browser);
    third.delete("/auth/session").await.expect(204);
    browser.until_refused(401, "session_invalid").await;
    second.until_refused(401, "session_invalid").await;
    for client in [&other_phone, &other_browser] {
        for there in replicas.each(client) {
            there.get("/me").await.expect(200);
        }
    }
}

async fn the_sixth_attempt_of_a_burst_is_refused_wherever_it_lands(backend: Backend) {
    let variables = [("CIRCADIA_RATE_LIMIT_AUTH", "5/h"), ("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")];
    let replicas = Replicas::start(backend, &variables);
    let attempt = |number: usize, address: &str, name: &str| {
        let client = replicas.in_turn(number).with_header("x-forwarded-for", address);
        let body = json!({"username": name, "password": "wrong horse battery"});
        (client, Method::POST, "/auth/login".to_owned(), body)
    };
    // From one address, by as many names as there are attempts; all at once.
    let burst = (0..12).map(|number| attempt(number, "203.0.113.7", &format!("nobody-{number}")));
    assert_eq!(statuses(&at_once(burst.collect()).await), BTreeMap::from([(401, 5), (429, 7)]));
    for number in 0..3 {
        let (client, _, path, body) = attempt(number, "203.0.113.7", "somebody");
        let refused = client.post(&path, body).await.problem(429, "rate_limited");
        assert_eq!(refused.header("ratelimit-policy"), Some("\"auth\";q=5;w=3600"));
        assert_eq!(refused.header("retry-after"), Some("720"));
    }
    // On one account, from as many addresses.
    let burst = (0..12).map(|number| attempt(number, &format!("198.51.100.{number}"), "ada"));
    let answers = at_once(burst.collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(401, 5), (429, 7)]));
    // One's allowance comes back evenly, for all replicas together.
    replicas.0[0].clock.advance(720);
    let again = (0..6).map(|number| attempt(number, "203.0.113.7", &format!("nobody-{number}")));
    assert_eq!(statuses(&at_once(again.collect()).await), BTreeMap::from([(401, 1), (429, 5)]));
}

async fn without_redis_cookies_fail_closed_limits_are_local_and_tokens_are_served(backend: Backend) {
    let mut redis = RedisServer::start();
    let limits = |builder: circadia_tests::Builder| {
        builder
            .with_redis_at(&redis.url())
            .set("CIRCADIA_RATE_LIMIT_AUTH", "5/h")
            .set("CIRCADIA_RATE_LIMIT_ANONYMOUS", "9/h")
    };
    let app = limits(TestApp::on(backend)).start();
    let replica = limits(app.replica()).start();
    let ada = app.user("ada").await;
    let browser = app.browser("ada").await;
    for client in [&ada, &browser, &ada.at(&replica.anonymous()), &browser.at(&replica.anonymous())] {
        client.get("/me").await.expect(200);
    }
    redis.stop();
    for client in [&browser, &browser.at(&replica.anonymous())] {
        let refused = client.until_refused(503, "unavailable").await;
        assert!(refused.header("retry-after").is_some());
    }
    let begun = Instant::now();
    let credentials = json!({"username": "ada", "password": "correct horse battery"});
    let refused = app.anonymous().post("/auth/session", credentials.clone()).await.expect(503);
    assert_eq!((refused.header("set-cookie"), refused.header("retry-after")), (None, Some("1")));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let ready = app.anonymous().get("/health/ready").await.expect(200);
    assert_eq!(ready.body["dependencies"]["redis"], "down");
    // Tokens are judged as ever: served, and refused once their session has ended.
    ada.get("/me").await.expect(200);
    // Of the address's five attempts, registering was one and signing in by cookie two. This replica goes on from there
    // by itself; the other has let none pass yet.
    for _ in 0..2 {
        app.anonymous().post("/auth/login", credentials.clone()).await.expect(200);
    }
    app.anonymous().post("/auth/login", credentials.clone()).await.problem(429, "rate_limited");
    let elsewhere = replica.anonymous().post("/auth/login", credentials.clone()).await.expect(200).body;
    let elsewhere = ada.signed_in(&elsewhere);
    ada.post("/auth/logout", Value::Null).await.expect(204);
    ada.at(&replica.anonymous()).until_refused(401, "token_revoked").await;
    // No client got the cookie of the session that wasn't opened, so it isn't listed.
    assert_eq!(
        elsewhere.get("/me/sessions").await.expect(200).each("kind").iter().filter(|kind| *kind == "cookie").count(),
        1
    );
    // When Redis is back, empty, users with a cookie must sign in again.
    redis.start_again();
    for client in [&browser, &browser.at(&replica.anonymous())] {
        let begun = Instant::now();
        let refused = loop {
            let answer = client.get("/me").await;
            if answer.status != 503 {
                break answer;
            }
            assert!(begun.elapsed() < Duration::from_secs(5), "Redis is back, and isn't used");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        refused.problem(401, "session_invalid");
    }
    replica.anonymous().post("/auth/session", credentials).await.expect(200);
}

async fn a_redis_that_refuses_the_password_for_a_while_is_used_again(backend: Backend) {
    let redis = RedisServer::start();
    redis.set_password(None, Some("hush"));
    let app = TestApp::on(backend).with_redis_at(&redis.url_with("hush")).start();
    app.user("ada").await;
    let browser = app.browser("ada").await;
    browser.get("/me").await.expect(200);
    for _ in 0..2 {
        redis.set_password(Some("hush"), Some("another"));
        browser.until_refused(503, "unavailable").await;
        // The refusals are more than one call's, and more than one connection's.
        for _ in 0..4 {
            assert_eq!(browser.get("/me").await.expect(503).body["code"], "unavailable");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        redis.set_password(Some("another"), Some("hush"));
        browser.until_let_in_within(Duration::from_secs(5)).await;
        app.browser("ada").await.get("/me").await.expect(200);
    }
}

async fn a_flushed_redis_revives_nothing_that_was_revoked(backend: Backend) {
    let redis = RedisServer::start();
    let app = TestApp::on(backend).with_redis_at(&redis.url()).set("CIRCADIA_RATE_LIMIT_AUTH", "6/h").start();
    let (ada, browser) = (app.user("ada").await, app.browser("ada").await);
    let (other, other_browser) = (app.log_in("ada").await, app.browser("ada").await);
    for client in [&ada, &browser, &other, &other_browser] {
        client.get("/me").await.expect(200);
    }
    ada.post("/auth/logout", Value::Null).await.expect(204);
    browser.delete("/auth/session").await.expect(204);
    redis.flush();
    for _ in 0..2 {
        ada.get("/me").await.problem(401, "token_revoked");
        browser.get("/me").await.problem(401, "session_invalid");
        app.clock.advance(61);
    }
    let refresh = json!({"refresh_token": ada.refresh_token()});
    app.anonymous().post("/auth/refresh", refresh.clone()).await.problem(401, "token_revoked");
    // Tokens still work. Cookies no longer lead to a session.
    other.get("/me").await.expect(200);
    other_browser.get("/me").await.problem(401, "session_invalid");
    app.anonymous().post("/auth/refresh", refresh).await.problem(401, "token_revoked");
}

async fn a_flushed_redis_gives_back_no_attempts(backend: Backend) {
    let redis = RedisServer::start();
    let configured = |builder: circadia_tests::Builder| {
        builder
            .with_redis_at(&redis.url())
            .set("CIRCADIA_RATE_LIMIT_AUTH", "5/h")
            .set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")
            .start()
    };
    let app = configured(TestApp::on(backend));
    let other = configured(app.replica());
    let guess = async |server: &TestApp, address: &str, name: &str| {
        let client = server.anonymous().with_header("x-forwarded-for", address);
        client.post("/auth/login", json!({"username": name, "password": "wrong horse battery"})).await.status
    };
    // Five from an address and five on an account, which both replicas saw the last of.
    for number in 0..5 {
        let server = if number % 2 == 0 { &app } else { &other };
        assert_eq!(guess(server, "203.0.113.1", &format!("nobody-{number}")).await, 401);
        assert_eq!(guess(server, &format!("198.51.100.{number}"), "ada").await, 401);
    }
    for server in [&app, &other] {
        assert_eq!(guess(server, "203.0.113.1", "nobody").await, 429);
        assert_eq!(guess(server, "198.51.100.9", "ada").await, 429);
    }
    redis.flush();
    for server in [&other, &app, &other, &app] {
        assert_eq!(guess(server, "203.0.113.1", "nobody").await, 429);
        assert_eq!(guess(server, "198.51.100.9", "ada").await, 429);
    }
    // One that has seen nothing of it learns of it from those that have.
    redis.flush();
    assert_eq!(guess(&app, "203.0.113.1", "nobody").await, 429);
    assert_eq!(guess(&configured(app.replica()), "203.0.113.1", "nobody").await, 429);
}
