//! `/auth/password`: getting another password.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::json;

scenarios!(
    a_forgotten_password_is_replaced_and_every_session_ends,
    a_link_to_a_new_password_is_good_for_an_hour_and_once,
    a_new_password_must_be_good_and_a_bad_one_costs_no_link,
    changing_the_password_ends_every_other_session,
    bodies_over_the_limit_are_refused_before_hashing,
    the_sixth_guess_at_a_password_from_within_is_refused,
    a_weaker_hash_is_replaced_at_the_next_sign_in,
    both_ways_to_compose_an_accent_sign_in,
    too_many_sign_ins_at_once_are_told_to_come_back_and_nobody_else_waits,
);

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "a staple and a ladder";

async fn forgot(app: &TestApp) -> String {
    app.mail().await;
    app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    app.mail_to("ada@example.org").await.token().to_owned()
}

async fn reset(client: &Client, token: &str, password: &str) -> circadia_tests::Answer {
    client.post("/auth/password/reset", json!({"token": token, "password": password})).await
}

async fn status_of_log_in(app: &TestApp, password: &str) -> u16 {
    app.anonymous().post("/auth/login", json!({"username": "ada", "password": password})).await.status
}

async fn a_forgotten_password_is_replaced_and_every_session_ends(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let other = app.log_in("ada").await;
    let eve = app.user("eve").await;
    let token = forgot(&app).await;
    reset(&app.anonymous(), &token, OTHER).await.expect(204);
    assert_eq!((status_of_log_in(&app, PASSWORD).await, status_of_log_in(&app, OTHER).await), (401, 200));
    for session in [&ada, &other] {
        session.get("/me").await.problem(401, "token_revoked");
    }
    let refresh = json!({"refresh_token": ada.refresh_token()});
    app.anonymous().post("/auth/refresh", refresh).await.problem(401, "token_revoked");
    eve.get("/me").await.expect(200);
    assert_eq!(app.mail_to("ada@example.org").await.subject, "Your password was changed");
    // Who could read the mail has shown that the address is theirs.
    let tokens = app.anonymous().post("/auth/login", json!({"username": "ada", "password": OTHER})).await.expect(200);
    assert_eq!(tokens.body["user"]["email_verified"], true);
    assert_eq!(app.database.number("SELECT count(*) FROM audit_events WHERE action = 'password_reset'"), 1);
}

async fn a_link_to_a_new_password_is_good_for_an_hour_and_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let anonymous = app.anonymous();
    let first = forgot(&app).await;
    let second = forgot(&app).await;
    reset(&anonymous, &first, OTHER).await.names("/token");
    app.clock.advance(3_600);
    reset(&anonymous, &second, OTHER).await.names("/token");
    let third = forgot(&app).await;
    app.clock.advance(3_599);
    // Nor is it good for anything else.
    anonymous.post("/auth/verify-email", json!({"token": third})).await.names("/token");
    reset(&anonymous, &third, OTHER).await.expect(204);
    reset(&anonymous, &third, PASSWORD).await.names("/token");
    assert_eq!(status_of_log_in(&app, OTHER).await, 200);
    // The other way round, a link that verifies gives no new password.
    app.mail().await;
    let grace = app.user("grace").await;
    let verification = app.mail_to("grace@example.org").await;
    reset(&grace, verification.token(), OTHER).await.names("/token");
    // Changing the password ends a link that was requested before.
    let fourth = forgot(&app).await;
    let ada = anonymous.post("/auth/login", json!({"username": "ada", "password": OTHER})).await.expect(200);
    let ada = anonymous.signed_in(&ada.body);
    let change = json!({"current_password": OTHER, "new_password": "yet another sentence"});
    ada.post("/auth/password/change", change).await.expect(204);
    reset(&anonymous, &fourth, PASSWORD).await.names("/token");
}

async fn a_new_password_must_be_good_and_a_bad_one_costs_no_link(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let token = forgot(&app).await;
    let before = app.contents().await;
    for bad in ["short", "12345678901", "password123", "ada@example", &"x".repeat(129), "a\0bcdefghi"] {
        reset(&app.anonymous(), &token, bad).await.names("/password");
        let change = json!({"current_password": PASSWORD, "new_password": bad});
        ada.post("/auth/password/change", change).await.names("/new_password");
    }
    assert_eq!(app.contents().await, before);
    reset(&app.anonymous(), &token, OTHER).await.expect(204);
}

async fn changing_the_password_ends_every_other_session(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let other = app.log_in("ada").await;
    let eve = app.user("eve").await;
    app.mail().await;
    let change = async |current: &str| {
        ada.post("/auth/password/change", json!({"current_password": current, "new_password": OTHER})).await
    };
    change("wrong horse battery").await.problem(403, "wrong_password");
    other.get("/me").await.expect(200);
    change(PASSWORD).await.expect(204);
    ada.get("/me").await.expect(200);
    eve.get("/me").await.expect(200);
    other.get("/me").await.problem(401, "token_revoked");
    let refresh = async |client: &Client| {
        app.anonymous().post("/auth/refresh", json!({"refresh_token": client.refresh_token()})).await.status
    };
    assert_eq!((refresh(&ada).await, refresh(&other).await), (200, 401));
    assert_eq!((status_of_log_in(&app, PASSWORD).await, status_of_log_in(&app, OTHER).await), (401, 200));
    assert_eq!(app.mail_to("ada@example.org").await.subject, "Your password was changed");
    assert_eq!(app.database.number("SELECT count(*) FROM audit_events WHERE action = 'password_changed'"), 1);
    change(PASSWORD).await.problem(403, "wrong_password");
}

async fn bodies_over_the_limit_are_refused_before_hashing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let large = "x".repeat(256 * 1024);
    let long = "ä".repeat(129);
    for (client, path, body, pointer) in [
        (app.anonymous(), "/auth/login", json!({"username": "ada", "password": ""}), "/password"),
        (app.anonymous(), "/auth/register", json!({"username": "bob", "email": "b@c.de", "password": ""}), "/password"),
        (app.anonymous(), "/auth/password/reset", json!({"token": "AgAA", "password": ""}), "/password"),
        (
            ada.clone(),
            "/auth/password/change",
            json!({"current_password": "", "new_password": OTHER}),
            "/current_password",
        ),
        (ada.clone(), "/me/email", json!({"email": "b@c.de", "password": ""}), "/password"),
    ] {
        let with = |value: &str| {
            let mut body = body.clone();
            *body.pointer_mut(pointer).unwrap() = json!(value);
            body
        };
        client.post(path, with(&large)).await.problem(413, "payload_too_large");
        // Within the limit, but longer than any password is: nothing is looked up for it, let alone hashed.
        let refused = client.post(path, with(&long)).await.names(pointer);
        assert_eq!(refused.header("server-timing").filter(|_| path.starts_with("/auth/")), None, "{path}");
    }
}

async fn the_sixth_guess_at_a_password_from_within_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let limited =
        app.replica().set("CIRCADIA_RATE_LIMIT_AUTH", "5/h").set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8").start();
    // From another address each time, so that only the account's own limit counts.
    let from = |client: &Client, number: u8| client.with_header("x-forwarded-for", &format!("203.0.113.{number}"));
    let ada = app.log_in("ada").await.at(&limited.anonymous());
    for number in 0..5 {
        let ada = from(&ada, number);
        let answer = match number % 3 {
            0 => ada.post("/me/email", json!({"email": "x@example.org", "password": "wrong horse"})).await,
            1 => ada.call(reqwest::Method::POST, "/me/delete", &json!({"password": "wrong horse"})).await,
            _ => {
                let change = json!({"current_password": "wrong horse", "new_password": OTHER});
                ada.post("/auth/password/change", change).await
            }
        };
        answer.problem(403, "wrong_password");
    }
    let right = json!({"password": PASSWORD});
    let refused = from(&ada, 5).call(reqwest::Method::POST, "/me/delete", &right).await.problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"account\";q=5;w=3600"));
    for number in 0..6 {
        let client = from(&limited.anonymous(), 10 + number);
        let answer = client.post("/auth/password/forgot", json!({"email": "ada@example.org"})).await;
        assert_eq!(answer.status, if number < 5 { 202 } else { 429 });
    }
}

/// A hash of `PASSWORD` as one would have been made long ago: with one MiB.
const WEAK: &str = "$argon2id$v=19$m=1024,t=1,p=1$c2FsdCBzYWx0IHNhbHQgMQ$P88QCmJg6koqFKX4MQfC75K3wT9Uv4VGqetZ8qy6q5E";

async fn a_weaker_hash_is_replaced_at_the_next_sign_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let of_today = || {
        app.database.number("SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=47104,t=1,p=1$%'")
    };
    for way in ["/auth/login", "/auth/session"] {
        assert_eq!(of_today(), 1);
        app.database.execute(&format!("UPDATE users SET password_hash = '{WEAK}'"));
        let sign_in =
            async |password: &str| app.anonymous().post(way, json!({"username": "ada", "password": password})).await;
        sign_in("wrong horse battery").await.problem(401, "invalid_credentials");
        assert_eq!(of_today(), 0, "who doesn't know the password changes nothing");
        sign_in(PASSWORD).await.expect(200);
        assert_eq!(of_today(), 1);
        sign_in("wrong horse battery").await.problem(401, "invalid_credentials");
        sign_in(PASSWORD).await.expect(200);
    }
}

async fn both_ways_to_compose_an_accent_sign_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (composed, decomposed) = ("un caf\u{e9} cr\u{e8}me", "un cafe\u{301} cre\u{300}me");
    for (username, chosen, typed) in [("ada", composed, decomposed), ("eve", decomposed, composed)] {
        let body = json!({"username": username, "email": format!("{username}@example.org"), "password": chosen});
        app.anonymous().post("/auth/register", body).await.expect(201);
        for way in ["/auth/login", "/auth/session"] {
            for password in [chosen, typed] {
                app.anonymous().post(way, json!({"username": username, "password": password})).await.expect(200);
            }
            let plain = json!({"username": username, "password": "un cafe creme"});
            app.anonymous().post(way, plain).await.problem(401, "invalid_credentials");
        }
    }
    // It is counted as it is kept: 128 characters, each with its own accent.
    let letters: Vec<char> = "aceiknorsuwyzglmp".chars().collect();
    let long: String = (0..128).flat_map(|n: usize| [letters[(n * n / 3 + n) % letters.len()], '\u{301}']).collect();
    let body = json!({"username": "mary", "email": "mary@example.org", "password": long});
    app.anonymous().post("/auth/register", body).await.expect(201);
}

async fn too_many_sign_ins_at_once_are_told_to_come_back_and_nobody_else_waits(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    // More than may wait for a turn, on any machine: 64 for each thread, of which there is one less than cores.
    let threads = std::thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1);
    let mut burst = tokio::task::JoinSet::new();
    for number in 0..threads * 65 + 40 {
        let client = app.anonymous();
        burst.spawn(async move {
            let body = json!({"username": format!("nobody-{number}"), "password": "wrong horse battery"});
            client.post("/auth/login", body).await
        });
    }
    let (mut refused, mut answered, mut alive) = (0, 0, 0);
    while !burst.is_empty() {
        let begun = std::time::Instant::now();
        app.anonymous().get("/health/live").await.expect(200);
        ada.get("/themes").await.expect(200);
        assert!(begun.elapsed() < std::time::Duration::from_secs(3), "{:?}", begun.elapsed());
        alive += 1;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        while let Some(answer) = burst.try_join_next() {
            let answer = answer.unwrap();
            if answer.status == 503 {
                assert_eq!(answer.body["code"], "unavailable");
                assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
                refused += 1;
            } else {
                answer.problem(401, "invalid_credentials");
                answered += 1;
            }
        }
    }
    assert!(refused > 0 && answered > 0 && alive > 3, "{refused} {answered} {alive}");
    // Afterwards there is room again, and who was refused has left no trace.
    app.log_in("ada").await;
    let recorded = "SELECT count(*) FROM login_attempts WHERE failure = 'unknown_user'";
    assert_eq!(app.database.number(recorded), answered);
}
