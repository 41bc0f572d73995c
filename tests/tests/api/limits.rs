//! Rate limits.

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use serde_json::json;

scenarios!(
    the_sixth_login_in_a_burst_is_refused,
    an_account_is_limited_from_wherever_it_is_tried,
    ones_own_success_resets_nothing,
    trusted_proxies_tell_clients_apart,
    proxies_may_write_ports_brackets_and_quotes,
    the_standard_header_is_read_where_it_is_configured,
    each_user_has_a_limit_of_their_own,
    health_and_documents_are_exempt,
);

async fn log_in(client: &Client, username: &str) -> Answer {
    client.post("/auth/login", json!({"username": username, "password": "wrong horse battery"})).await
}

async fn the_sixth_login_in_a_burst_is_refused(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_AUTH", "5/h").start();
    let anonymous = app.anonymous();
    for (number, left) in (0..5).rev().enumerate() {
        let answer = log_in(&anonymous, &format!("nobody-{number}")).await.problem(401, "invalid_credentials");
        assert_eq!(answer.header("ratelimit-policy"), Some("\"auth\";q=5;w=3600"));
        assert!(answer.header("ratelimit").unwrap().starts_with(&format!("\"auth\";r={left};t=")));
    }
    let refused = log_in(&anonymous, "nobody").await.problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"auth\";q=5;w=3600"));
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=720).contains(&seconds), "{seconds}");
    assert_eq!(refused.header("ratelimit"), Some(format!("\"auth\";r=0;t={seconds}").as_str()));
    // Nothing that a client says of itself is a way around it.
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("authorization", "Bearer x"),
    ] {
        log_in(&anonymous.with_header(name, value), "nobody").await.problem(429, "rate_limited");
    }
    let credentials = json!({"username": "nobody", "password": "wrong horse battery"});
    for path in [
        "/api/v1/%61uth/login",
        "/api/v1/auth/%6Cogin",
        "/api/v1/auth/register",
        "/api/v1/auth/refresh",
        "/api/v1/auth/session",
        "/api/v1/auth/logout",
        "/api/v1/auth/password/forgot",
        "/api/v1/auth/password/reset",
        "/api/v1/auth/verify-email",
        "/api/v1/auth/login/totp",
        "/api/v1/auth/whatever-is-to-come",
    ] {
        anonymous.post(path, credentials.clone()).await.problem(429, "rate_limited");
    }
    for path in [
        "/api//v1/auth/login",
        "/api/v1/auth/login/",
        "/api/v1/auth//login",
        "/api/v1/AUTH/login",
        "/api/v1/x/../auth//login",
    ] {
        let status = anonymous.post(path, credentials.clone()).await.status;
        assert!(status == 404 || status == 429, "{path} {status}");
    }
}

async fn an_account_is_limited_from_wherever_it_is_tried(backend: Backend) {
    let app = TestApp::on(backend)
        .set("CIRCADIA_RATE_LIMIT_AUTH", "5/h")
        .set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")
        .start();
    let from = |address: u8| app.anonymous().with_header("x-forwarded-for", &format!("203.0.113.{address}"));
    for address in 0..5 {
        log_in(&from(address), "ada").await.problem(401, "invalid_credentials");
    }
    let refused = log_in(&from(5), "ADA").await.problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"account\";q=5;w=3600"));
    assert!(refused.header("retry-after").is_some());
    log_in(&from(6), "eve").await.problem(401, "invalid_credentials");
}

async fn ones_own_success_resets_nothing(backend: Backend) {
    let app = TestApp::on(backend)
        .set("CIRCADIA_RATE_LIMIT_AUTH", "5/h")
        .set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")
        .start();
    for name in ["ada", "eve"] {
        app.user(name).await;
    }
    let from = |address: &str| app.anonymous().with_header("x-forwarded-for", address);
    let right = async |client: &Client, name: &str, way: &str| {
        client.post(way, json!({"username": name, "password": "correct horse battery"})).await
    };
    // Of an address: guesses at others' accounts, and between them sign-ins to one's own, which cost as much.
    let guesser = from("203.0.113.1");
    for (number, left) in [(0, 4), (1, 2)] {
        let guess = log_in(&guesser, &format!("nobody-{number}")).await.problem(401, "invalid_credentials");
        assert!(guess.header("ratelimit").unwrap().starts_with(&format!("\"auth\";r={left};")));
        let way = if number == 0 { "/auth/login" } else { "/auth/session" };
        let own = right(&guesser, "eve", way).await.expect(200);
        assert!(own.header("ratelimit").unwrap().starts_with(&format!("\"auth\";r={};", left - 1)));
    }
    log_in(&guesser, "nobody").await.problem(401, "invalid_credentials");
    right(&guesser, "eve", "/auth/login").await.problem(429, "rate_limited");
    // Per account: a correct password doesn't reset the limit for guesses.
    let number = std::cell::Cell::new(0);
    let elsewhere = || {
        number.set(number.get() + 1);
        from(&format!("198.51.100.{}", number.get()))
    };
    for way in ["/auth/login", "/auth/session"] {
        log_in(&elsewhere(), "ada").await.problem(401, "invalid_credentials");
        right(&elsewhere(), "ada", way).await.expect(200);
    }
    log_in(&elsewhere(), "ada").await.problem(401, "invalid_credentials");
    for way in ["/auth/login", "/auth/session"] {
        let refused = right(&elsewhere(), "ada", way).await.problem(429, "rate_limited");
        assert_eq!(refused.header("ratelimit-policy"), Some("\"account\";q=5;w=3600"));
    }
}

async fn trusted_proxies_tell_clients_apart(backend: Backend) {
    let app = TestApp::on(backend)
        .set("CIRCADIA_RATE_LIMIT_ANONYMOUS", "1/h")
        .set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")
        .start();
    let from =
        async |forwarded: &str| app.anonymous().with_header("x-forwarded-for", forwarded).get("/habits").await.status;
    assert_eq!(from("203.0.113.1").await, 401);
    assert_eq!(from("203.0.113.1").await, 429);
    assert_eq!(from("203.0.113.2").await, 401);
    // What a client wrote itself stands further left, and is not believed.
    assert_eq!(from("198.51.100.1, 203.0.113.2").await, 429);
    // Of IPv6, one subscriber has a /64.
    assert_eq!(from("2001:db8:1:2::1").await, 401);
    assert_eq!(from("2001:db8:1:2:3::9").await, 429);
    assert_eq!(from("2001:db8:1:3::1").await, 401);
}

async fn proxies_may_write_ports_brackets_and_quotes(backend: Backend) {
    let app = TestApp::on(backend)
        .set("CIRCADIA_RATE_LIMIT_ANONYMOUS", "1/h")
        .set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")
        .start();
    for (once, again) in [
        ("203.0.113.1:50000", "203.0.113.1:50001"),
        ("[2001:db8:1::7]:443", "[2001:db8:1::8]"),
        ("\"[2001:db8:2::7]:443\"", "2001:db8:2::7"),
        ("203.0.113.2,", "1.1.1.1, 203.0.113.2 , "),
    ] {
        let from = |address: &str| app.anonymous().with_header("x-forwarded-for", address);
        from(once).get("/habits").await.problem(401, "authentication_required");
        from(again).get("/habits").await.problem(429, "rate_limited");
    }
}

async fn the_standard_header_is_read_where_it_is_configured(backend: Backend) {
    let app = TestApp::on(backend)
        .set("CIRCADIA_RATE_LIMIT_ANONYMOUS", "1/h")
        .set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")
        .set("CIRCADIA_FORWARDED_HEADERS", "forwarded")
        .start();
    let from = |forwarded: &str| {
        // What the client itself may have written counts for nothing.
        let number = forwarded.len();
        let client = app.anonymous().with_header("x-forwarded-for", &format!("198.51.100.{number}"));
        client.with_header("forwarded", forwarded)
    };
    from("for=203.0.113.1;proto=https").get("/habits").await.problem(401, "authentication_required");
    from("for=1.1.1.1, For=\"203.0.113.1:4711\"").get("/habits").await.problem(429, "rate_limited");
    from("for=\"[2001:db8::7]:443\"").get("/habits").await.problem(401, "authentication_required");
}

async fn each_user_has_a_limit_of_their_own(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_USER", "3/h").start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let again = app.log_in("ada").await;
    for _ in 0..2 {
        ada.get("/me").await.expect(200);
    }
    let last = again.get("/me").await.expect(200);
    assert!(last.header("ratelimit").unwrap().starts_with("\"user\";r=0;"));
    for client in [&ada, &again] {
        client.get("/habits").await.problem(429, "rate_limited");
    }
    eve.get("/me").await.expect(200);
}

async fn health_and_documents_are_exempt(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_ANONYMOUS", "1/h").start();
    let anonymous = app.anonymous();
    for _ in 0..3 {
        for path in ["/health/live", "/health/ready", "/api/schema", "/api/redoc"] {
            let answer = anonymous.get(path).await.expect(200);
            assert_eq!(answer.header("ratelimit"), None);
        }
    }
    anonymous.get("/habits").await.problem(401, "authentication_required");
    anonymous.get("/habits").await.problem(429, "rate_limited");
    anonymous.get("/health/live").await.expect(200);
}
