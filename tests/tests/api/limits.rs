//! Rate limits.

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use serde_json::json;

scenarios!(
    the_sixth_login_in_a_burst_is_refused,
    an_account_is_limited_from_wherever_it_is_tried,
    ones_own_success_resets_nothing,
    guesses_by_name_and_by_address_are_counted_together,
    a_name_reserved_with_a_taken_address_counts_with_its_account,
    a_device_that_signed_in_before_gets_in_while_strangers_guess,
    a_browser_that_signed_in_before_gets_in_while_strangers_guess,
    a_device_is_known_to_its_own_account_only,
    a_device_has_no_more_guesses_than_others,
    an_address_where_the_account_signed_in_before_gets_in_while_strangers_guess,
    strangers_wait_longer_each_time_and_never_more_than_five_minutes,
    offices_behind_one_address_can_refresh,
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

const PASSWORD: &str = "correct horse battery";

/// A server with the standard limit of guesses, where each client has an address of its choice.
fn guarded(backend: Backend) -> circadia_tests::Builder {
    TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_AUTH", "5/min").set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")
}

fn at(app: &TestApp, address: &str) -> Client {
    app.anonymous().with_header("x-forwarded-for", address)
}

/// Registers an account from an address; the answer.
async fn register_at(app: &TestApp, address: &str, name: &str) -> Answer {
    let email = format!("{name}@example.org");
    let body = json!({"username": name, "email": email, "password": PASSWORD});
    at(app, address).post("/auth/register", body).await.expect(201)
}

/// Guesses, each from another address, until an account takes no more of them; how many it took.
async fn guess_from_everywhere(app: &TestApp, credentials: &serde_json::Value) -> u32 {
    for guesses in 0..20 {
        let stranger = at(app, &format!("198.51.100.{guesses}"));
        let mut guess = credentials.clone();
        guess["password"] = json!("wrong horse battery");
        let answer = stranger.post("/auth/login", guess).await;
        if answer.status == 429 {
            assert!(answer.header("ratelimit-policy").unwrap().starts_with("\"account\";"), "{:?}", answer.headers);
            return guesses;
        }
        answer.problem(401, "invalid_credentials");
    }
    20
}

async fn guesses_by_name_and_by_address_are_counted_together(backend: Backend) {
    let app = guarded(backend).start();
    register_at(&app, "203.0.113.1", "ada").await;
    for number in 0..5 {
        let login = if number % 2 == 0 { json!({"username": "Ada"}) } else { json!({"email": "ADA@example.org"}) };
        let mut guess = login.clone();
        guess["password"] = json!("wrong horse battery");
        let stranger = at(&app, &format!("198.51.100.{number}"));
        stranger.post("/auth/login", guess).await.problem(401, "invalid_credentials");
    }
    for login in [json!({"username": "ada"}), json!({"email": "ada@example.org"})] {
        assert_eq!(guess_from_everywhere(&app, &login).await, 0, "{login}");
    }
    // One that nobody has is counted alike.
    for login in [json!({"username": "nobody"}), json!({"email": "nobody@example.org"})] {
        assert_eq!(guess_from_everywhere(&app, &login).await, 5, "{login}");
    }
}

async fn a_name_reserved_with_a_taken_address_counts_with_its_account(backend: Backend) {
    let app = guarded(backend)
        .set("CIRCADIA_EMAIL_VERIFICATION", "required")
        .set("CIRCADIA_FRONTEND_URL", "https://app.example")
        .start();
    let register = async |client: &str, name: &str, email: &str| {
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        at(&app, client).post("/auth/register", body).await.expect(202)
    };
    register("203.0.113.1", "ada", "ada@example.org").await;
    let mail = app.mail_to("ada@example.org").await;
    at(&app, "203.0.113.1").post("/auth/verify-email", json!({"token": mail.token()})).await.expect(204);
    // Whether the address of a registration was free isn't told by what counts together, either.
    for (name, email) in [("free", "free@example.org"), ("taken", "ada@example.org")] {
        register("203.0.113.2", name, email).await;
        assert_eq!(guess_from_everywhere(&app, &json!({"username": name})).await, 5, "{name}");
        assert_eq!(guess_from_everywhere(&app, &json!({"email": email})).await, 0, "{name}");
    }
}

async fn a_device_that_signed_in_before_gets_in_while_strangers_guess(backend: Backend) {
    let app = guarded(backend).start();
    let registered = register_at(&app, "203.0.113.1", "ada").await.body;
    let token = &registered["device_token"];
    assert_eq!(guess_from_everywhere(&app, &json!({"username": "ada"})).await, 5);
    // On the move, from an address that is as strange as theirs.
    let moving = at(&app, "203.0.113.99");
    let credentials = json!({"username": "ada", "password": PASSWORD});
    moving.post("/auth/login", credentials).await.problem(429, "rate_limited");
    for path in ["/auth/login", "/auth/session"] {
        let known = json!({"username": "ada", "password": PASSWORD, "device_token": token});
        moving.post(path, known).await.expect(200);
    }
    // A refreshed session's is as good.
    let refresh = json!({"refresh_token": registered["refresh_token"]});
    let refreshed = moving.post("/auth/refresh", refresh).await.expect(200).body;
    let known = json!({"email": "ada@example.org", "password": PASSWORD, "device_token": refreshed["device_token"]});
    moving.post("/auth/login", known).await.expect(200);
}

async fn a_browser_that_signed_in_before_gets_in_while_strangers_guess(backend: Backend) {
    let app = guarded(backend).start();
    for (number, name) in ["ada", "eve"].into_iter().enumerate() {
        register_at(&app, &format!("203.0.113.{number}"), name).await;
    }
    let moving = at(&app, "203.0.113.99");
    // Of a family, each signs in to the same browser.
    let mut cookie = String::new();
    for (number, name) in ["ada", "eve"].into_iter().enumerate() {
        let home = at(&app, &format!("203.0.113.{number}"));
        let browser = if cookie.is_empty() { home } else { home.with_header("cookie", &cookie) };
        let opened = browser.post("/auth/session", json!({"username": name, "password": PASSWORD})).await.expect(200);
        let set = opened.cookie("circadia_device").expect("a mark on the browser");
        assert!(set.contains("; HttpOnly") && set.contains("; SameSite=Lax") && set.contains("; Path=/"), "{set}");
        assert!(set.ends_with("; Max-Age=34560000"), "{set}");
        cookie = set.split_once(';').unwrap().0.to_owned();
    }
    for name in ["ada", "eve"] {
        assert_eq!(guess_from_everywhere(&app, &json!({"username": name})).await, 5);
        let credentials = json!({"username": name, "password": PASSWORD});
        moving.post("/auth/session", credentials.clone()).await.problem(429, "rate_limited");
        moving.with_header("cookie", &cookie).post("/auth/session", credentials).await.expect(200);
    }
}

async fn a_device_is_known_to_its_own_account_only(backend: Backend) {
    let app = guarded(backend).start();
    let hers = register_at(&app, "203.0.113.1", "ada").await.body["device_token"].clone();
    let of_another = register_at(&app, "203.0.113.2", "eve").await.body["device_token"].clone();
    assert_eq!(guess_from_everywhere(&app, &json!({"username": "ada"})).await, 5);
    let text = hers.as_str().unwrap();
    let flipped = format!("{}{}", &text[..text.len() - 2], if text.ends_with("AA") { "BA" } else { "AA" });
    for (number, token) in [of_another, json!(flipped), json!("crd_"), json!("")].into_iter().enumerate() {
        let known = json!({"username": "ada", "password": PASSWORD, "device_token": token});
        let client = at(&app, &format!("203.0.113.{}", 50 + number));
        client.post("/auth/login", known.clone()).await.problem(429, "rate_limited");
        let cookie = format!("circadia_device={}", token.as_str().unwrap());
        client.with_header("cookie", &cookie).post("/auth/session", known).await.problem(429, "rate_limited");
    }
    let known = json!({"username": "ada", "password": PASSWORD, "device_token": hers});
    at(&app, "203.0.113.99").post("/auth/login", known).await.expect(200);
}

async fn a_device_has_no_more_guesses_than_others(backend: Backend) {
    let app = guarded(backend).start();
    let token = register_at(&app, "203.0.113.1", "ada").await.body["device_token"].clone();
    let attempt = async |number: u8, password: &str| {
        let login = json!({"username": "ada", "password": password, "device_token": token});
        at(&app, &format!("198.51.100.{number}")).post("/auth/login", login).await
    };
    for number in 0..5 {
        attempt(number, "wrong horse battery").await.problem(401, "invalid_credentials");
    }
    attempt(5, PASSWORD).await.problem(429, "rate_limited");
    // They didn't use up anybody else's.
    let login = json!({"username": "ada", "password": PASSWORD});
    at(&app, "198.51.100.6").post("/auth/login", login).await.expect(200);
}

async fn an_address_where_the_account_signed_in_before_gets_in_while_strangers_guess(backend: Backend) {
    let app = guarded(backend).start();
    for (address, near) in [("203.0.113.1", "203.0.113.1"), ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6")] {
        let name = if near == address { "ada" } else { "grace" };
        register_at(&app, address, name).await;
        assert_eq!(guess_from_everywhere(&app, &json!({"username": name})).await, 5);
        let credentials = json!({"username": name, "password": PASSWORD});
        at(&app, "203.0.113.99").post("/auth/login", credentials.clone()).await.problem(429, "rate_limited");
        at(&app, near).post("/auth/login", credentials).await.expect(200);
    }
}

async fn strangers_wait_longer_each_time_and_never_more_than_five_minutes(backend: Backend) {
    let app = guarded(backend).start();
    let number = std::cell::Cell::new(0_u16);
    let guess = async |name: &str| {
        number.set(number.get() + 1);
        log_in(&at(&app, &format!("198.18.{}.{}", number.get() / 256, number.get() % 256)), name).await
    };
    for name in ["ada", "nobody"] {
        if name == "ada" {
            register_at(&app, "203.0.113.1", "ada").await;
        }
        for _ in 0..5 {
            guess(name).await.problem(401, "invalid_credentials");
        }
        for seconds in [12, 24, 48, 96, 192, 300, 300, 300] {
            let refused = guess(name).await.problem(429, "rate_limited");
            assert_eq!(refused.header("retry-after"), Some(seconds.to_string().as_str()), "{name}");
            app.clock.advance(seconds - 1);
            assert_eq!(guess(name).await.problem(429, "rate_limited").header("retry-after"), Some("1"), "{name}");
            app.clock.advance(1);
            guess(name).await.problem(401, "invalid_credentials");
        }
        // Left in peace, it is forgotten.
        app.clock.advance(3_600);
        for _ in 0..5 {
            guess(name).await.problem(401, "invalid_credentials");
        }
    }
}

async fn offices_behind_one_address_can_refresh(backend: Backend) {
    let app = guarded(backend).set("CIRCADIA_RATE_LIMITS", "standard").start();
    let mut tokens = Vec::new();
    for number in 0..24 {
        let registered = register_at(&app, &format!("203.0.113.{number}"), &format!("user-{number}")).await;
        tokens.push(registered.body["refresh_token"].clone());
    }
    let office = at(&app, "198.51.100.1");
    for token in &tokens {
        let refreshed = office.post("/auth/refresh", json!({"refresh_token": token})).await.expect(200);
        assert!(refreshed.header("ratelimit-policy").unwrap().starts_with("\"refresh\";"));
    }
    // Guesses from there are counted apart.
    log_in(&office, "ada").await.problem(401, "invalid_credentials");
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
