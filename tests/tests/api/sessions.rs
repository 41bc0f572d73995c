//! `/auth/session` and `/me/sessions`: cookies of browser apps, and where one is signed in.

use std::time::{Duration, Instant};

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::catalogue::{Catalogue, World};

scenarios!(
    the_cookie_is_out_of_reach_and_only_its_hash_is_stored,
    the_cookie_is_secure_wherever_it_leaves_the_machine,
    every_cookie_of_production_is_secure,
    a_sign_in_always_gets_a_new_id,
    a_stale_cookie_of_the_same_name_does_no_harm,
    of_two_sessions_in_one_request_none_counts,
    cookie_sessions_end_when_unused_and_after_a_week,
    unsafe_requests_by_cookie_come_from_our_own_pages,
    no_unsafe_operation_by_cookie_goes_without_its_token_or_from_another_site,
    listed_origins_may_use_cookies,
    pages_of_other_sites_sign_nobody_in,
    tokens_need_no_csrf_and_outrank_cookies,
    altered_cookies_are_invalid,
    logging_out_ends_the_cookie_everywhere_within_a_second,
    sessions_are_listed_and_ended_everywhere_within_a_second,
    a_cookie_costs_no_look_up_per_request,
    use_is_noted_without_a_write_per_request,
);

const PASSWORD: &str = "correct horse battery";

async fn sign_in(client: &Client, name: &str) -> Answer {
    client.post("/auth/session", json!({"username": name, "password": PASSWORD, "device": "laptop"})).await
}

/// Asks until this instant is noted as the session's last use, which is done beside requests.
async fn until_noted(client: &Client, instant: &str) {
    let begun = Instant::now();
    loop {
        let listed = client.get("/me/sessions").await.expect(200);
        let session = listed.body["items"].as_array().unwrap().iter().find(|item| item["current"] == true).unwrap();
        if session["last_used_at"] == instant {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{session}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn the_cookie_is_out_of_reach_and_only_its_hash_is_stored(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let opened = sign_in(&app.anonymous(), "ada").await.expect(200);
    assert_eq!(opened.header("cache-control"), Some("no-store"));
    let cookie = opened.cookie("circadia").unwrap();
    let (pair, attributes) = cookie.split_once(';').unwrap();
    assert_eq!(attributes, " HttpOnly; SameSite=Lax; Path=/; Max-Age=604800");
    let (name, value) = pair.split_once('=').unwrap();
    assert_eq!(name, "circadia", "on this machine, without TLS");
    // 256 bits of it are the id, the rest says that it is ours.
    assert!(value.starts_with("crs_") && value.len() == 90, "{value}");
    assert!(!opened.body.to_string().contains(&value[4..]));
    assert_eq!(opened.body["user"]["username"], "ada");
    assert_eq!(opened.body["expires_at"], "2026-03-18T12:00:00Z");
    let ada = app.anonymous().in_browser(&opened);
    let shown = ada.get("/auth/session").await.expect(200);
    assert_eq!(shown.body["csrf_token"], opened.body["csrf_token"]);
    assert_eq!(
        (&shown.body["user"]["id"], &shown.body["expires_at"]),
        (&opened.body["user"]["id"], &opened.body["expires_at"])
    );
    assert_eq!(shown.header("set-cookie"), None);
    app.anonymous().get("/auth/session").await.problem(401, "authentication_required");
    let stored = app.database.number("SELECT count(*) FROM sessions WHERE kind = 'cookie' AND revoked_at IS NULL");
    assert_eq!((stored, app.database.number("SELECT count(*) FROM ephemera")), (1, 1));
}

async fn the_cookie_is_secure_wherever_it_leaves_the_machine(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8").start();
    app.user("ada").await;
    let outside = app.anonymous().with_header("x-forwarded-proto", "https");
    let opened = sign_in(&outside, "ada").await.expect(200);
    let cookie = opened.cookie("__Host-circadia").unwrap();
    assert!(cookie.starts_with("__Host-circadia=crs_"), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=604800"), "{cookie}");
    let device = opened.cookie("__Host-circadia_device").unwrap();
    assert!(device.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=34560000"), "{device}");
    let ada = outside.in_browser(&opened);
    ada.get("/me").await.expect(200);
    // Without TLS it isn't believed, and under the other name neither.
    let pair = ada.cookie().to_owned();
    app.anonymous().with_header("cookie", &pair).get("/me").await.problem(401, "authentication_required");
    let renamed = pair.replace("__Host-circadia", "circadia");
    outside.with_header("cookie", &renamed).get("/me").await.problem(401, "authentication_required");
    let gone = ada.delete("/auth/session").await.expect(204);
    assert_eq!(gone.header("set-cookie"), Some("__Host-circadia=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"));
}

async fn every_cookie_of_production_is_secure(backend: Backend) {
    let app = TestApp::on(backend).in_production().set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8").start();
    let secure = app.anonymous().with_header("x-forwarded-proto", "https");
    let registration = json!({"username": "ada", "email": "ada@example.org", "password": PASSWORD});
    let registered = secure.post("/auth/register", registration).await.expect(201);
    let opened = sign_in(&secure, "ada").await.expect(200);
    let ada = secure.signed_in(&registered.body);
    let made = ada.post("/me/totp", json!({"password": PASSWORD})).await.expect(200).body;
    let authenticator = totp_rs::Totp::from_url(made["otpauth_uri"].as_str().unwrap()).unwrap();
    let code = authenticator.generate(1_773_230_400).to_string();
    let codes = ada.post("/me/totp/confirm", json!({"code": code})).await.expect(200).body;
    let asked = sign_in(&secure, "ada").await.problem(401, "second_factor_required").body;
    let answer = json!({"challenge": asked["challenge"], "code": codes["recovery_codes"][0]});
    let by_two_factors = secure.post("/auth/session/totp", answer).await.expect(200);
    for answer in [opened, by_two_factors] {
        let (pair, attributes) = answer.cookie("__Host-circadia").unwrap().split_once(';').unwrap();
        assert!(pair.starts_with("__Host-circadia=crs_"), "{pair}");
        assert_eq!(attributes, " HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=604800");
        let browser = secure.in_browser(&answer);
        browser.get("/me").await.expect(200);
        let gone = browser.delete("/auth/session").await.expect(204);
        assert_eq!(
            gone.header("set-cookie"),
            Some("__Host-circadia=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0")
        );
    }
    // Without TLS, requests are refused earlier.
    let plain = app.anonymous().post("/auth/session", json!({"username": "ada", "password": PASSWORD})).await;
    assert_eq!(plain.header("set-cookie"), None);
    plain.problem(403, "https_required");
}

async fn a_sign_in_always_gets_a_new_id(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    app.user("eve").await;
    // Eve's cookie, planted in ada's browser before ada signs in.
    let eve = app.browser("eve").await;
    let planted = app.anonymous().with_header("cookie", eve.cookie());
    let opened = sign_in(&planted, "ada").await.expect(200);
    let ada = app.anonymous().in_browser(&opened);
    assert_ne!(ada.cookie(), eve.cookie());
    assert_eq!(ada.get("/me").await.expect(200).body["username"], "ada");
    // What the browser had before has ended.
    eve.until_refused(401, "session_invalid").await;
    let again = sign_in(&app.anonymous().with_header("cookie", ada.cookie()), "ada").await.expect(200);
    ada.until_refused(401, "session_invalid").await;
    app.anonymous().in_browser(&again).get("/me").await.expect(200);
}

async fn a_stale_cookie_of_the_same_name_does_no_harm(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let (ended, ada) = (app.browser("ada").await, app.browser("ada").await);
    ended.delete("/auth/session").await.expect(204);
    ended.until_refused(401, "session_invalid").await;
    let own = ada.cookie().to_owned();
    // Browsers send the cookie of the longest path first, and those of other paths after it.
    for stale in [ended.cookie(), "circadia=", "circadia=of-another-app", &own] {
        for both in [format!("{stale}; {own}"), format!("{own}; {stale}")] {
            let browser = ada.without_header("cookie").with_header("cookie", &both);
            assert_eq!(browser.get("/me").await.expect(200).body["username"], "ada", "{both}");
            let shown = browser.get("/auth/session").await.expect(200).body;
            assert!(shown["csrf_token"].is_string());
        }
    }
    // The cookie that counts is the one whose token is asked for, and the one that ends.
    let both = ada.without_header("cookie").with_header("cookie", &format!("{}; {own}", ended.cookie()));
    both.post("/themes", json!({"name": "Health"})).await.expect(201);
    let again = sign_in(&app.anonymous().with_header("cookie", both.cookie()), "ada").await.expect(200);
    ada.until_refused(401, "session_invalid").await;
    let again = app.anonymous().in_browser(&again);
    let both = again.without_header("cookie").with_header("cookie", &format!("{own}; {}", again.cookie()));
    both.delete("/auth/session").await.expect(204);
    again.until_refused(401, "session_invalid").await;
}

async fn of_two_sessions_in_one_request_none_counts(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    app.user("eve").await;
    let (ada, eve) = (app.browser("ada").await, app.browser("eve").await);
    for both in [[ada.cookie(), eve.cookie()], [eve.cookie(), ada.cookie()]] {
        let browser = ada.without_header("cookie").with_header("cookie", &both.join("; "));
        browser.get("/me").await.problem(401, "session_invalid");
    }
    let many = vec!["circadia=x"; 20].join("; ");
    let crowded = ada.without_header("cookie").with_header("cookie", &format!("{many}; {}", ada.cookie()));
    crowded.get("/me").await.expect(200);
    ada.get("/me").await.expect(200);
    eve.get("/me").await.expect(200);
}

async fn cookie_sessions_end_when_unused_and_after_a_week(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let (used, unused) = (app.browser("ada").await, app.browser("ada").await);
    for day in 12..=17 {
        app.clock.advance(86_400);
        used.get("/me").await.expect(200);
        if day == 13 {
            unused.get("/me").await.problem(401, "session_invalid");
        }
        until_noted(&used, &format!("2026-03-{day}T12:00:00Z")).await;
    }
    app.clock.advance(86_400);
    used.get("/me").await.problem(401, "session_invalid");
}

async fn unsafe_requests_by_cookie_come_from_our_own_pages(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let (ada, other) = (app.browser("ada").await, app.browser("ada").await);
    let theirs = other.tokens["csrf_token"].as_str().unwrap();
    ada.get("/themes").await.expect(200);
    let before = app.contents().await;
    let bare = ada.without_header("sec-fetch-site");
    let tokenless = ada.without_header("x-csrf-token");
    tokenless.get("/themes").await.expect(200);
    for (wrong, why) in [
        (tokenless.clone(), "no token"),
        (tokenless.with_header("x-csrf-token", ""), "an empty token"),
        (tokenless.with_header("x-csrf-token", "nonsense"), "a wrong token"),
        (tokenless.with_header("x-csrf-token", theirs), "the token of another session"),
        (bare.clone(), "from nowhere"),
        (bare.with_header("origin", "https://evil.example"), "another origin"),
        (bare.with_header("origin", "null"), "an origin that hides"),
        (bare.with_header("origin", "https://127.0.0.1"), "another scheme and port"),
        (bare.with_header("sec-fetch-site", "cross-site"), "another site"),
        (bare.with_header("sec-fetch-site", "same-site"), "a sibling that doesn't say which"),
        (bare.with_header("sec-fetch-site", "same-site").with_header("origin", "https://sibling.example"), "a sibling"),
    ] {
        for (method, path, body) in [
            (Method::POST, "/themes", json!({"name": "Health"})),
            (Method::PATCH, "/me", json!({"locale": "de"})),
            (Method::DELETE, "/auth/session", Value::Null),
            (Method::POST, "/auth/logout-all", Value::Null),
        ] {
            let answer = wrong.call(method, path, &body).await;
            assert_eq!((answer.status, answer.body["code"].as_str()), (403, Some("csrf_failed")), "{why} at {path}");
            answer.refusal();
        }
    }
    // Bodies that forms can send.
    for kind in ["text/plain", "Text/Plain;charset=UTF-8", "application/x-www-form-urlencoded"] {
        let request = ada.request(Method::POST, "/themes").header("content-type", kind).body("{\"name\":\"Health\"}");
        ada.send(request).await.problem(403, "csrf_failed");
    }
    assert_eq!(app.contents().await, before, "a refused request changed something");
    ada.post("/themes", json!({"name": "Health"})).await.expect(201);
}

async fn no_unsafe_operation_by_cookie_goes_without_its_token_or_from_another_site(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let world = World::of(&ada).await;
    let browser = app.browser("ada").await;
    let bare = browser.without_header("sec-fetch-site");
    let wrong = [
        ("without the token", browser.without_header("x-csrf-token")),
        ("with another token", browser.without_header("x-csrf-token").with_header("x-csrf-token", "nonsense")),
        ("from another site", bare.with_header("sec-fetch-site", "cross-site")),
        ("from a sibling", bare.with_header("sec-fetch-site", "same-site")),
        ("from nowhere", bare.clone()),
        ("from another origin", bare.with_header("origin", "https://evil.example")),
    ];
    let before = app.contents().await;
    let mut tried = 0;
    for operation in Catalogue::read().operations.iter().filter(|operation| operation.method != Method::GET) {
        if operation.public {
            continue;
        }
        // A refresh token in the body is all that logging out needs.
        let body = if operation.id == "logout" { Value::Null } else { world.body(operation) };
        for (how, client) in &wrong {
            let answer = client.call(operation.method.clone(), &world.path_and_query(operation), &body).await;
            assert_eq!(answer.status, 403, "{} {how}: {}", operation.id, answer.body);
            answer.problem(403, "csrf_failed");
        }
        tried += 1;
    }
    assert!(tried > 40, "only {tried} were tried");
    assert_eq!(app.contents().await, before, "a refused request changed something");
    browser.post("/themes", json!({"name": "Wealth"})).await.expect(201);
}

async fn listed_origins_may_use_cookies(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_CORS_ORIGINS", "https://app.example.org").start();
    app.user("ada").await;
    let ada = app.browser("ada").await.without_header("sec-fetch-site");
    let from = |origin: &str| ada.with_header("origin", origin);
    from("https://app.example.org").post("/themes", json!({"name": "Health"})).await.expect(201);
    let sibling = from("https://app.example.org").with_header("sec-fetch-site", "same-site");
    sibling.post("/themes", json!({"name": "Wealth"})).await.expect(201);
    let own = app.anonymous().root().to_owned();
    from(&own).post("/themes", json!({"name": "Work"})).await.expect(201);
    for origin in ["https://app.example.org.evil.example", "http://app.example.org", "https://evil.example"] {
        // Whether it is CORS that refuses or we.
        let status = from(origin).post("/themes", json!({"name": "Evil"})).await.status;
        assert!(matches!(status, 400 | 403), "{origin}: {status}");
    }
    assert_eq!(ada.get("/themes").await.expect(200).each("name").len(), 3);
}

async fn pages_of_other_sites_sign_nobody_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("eve").await;
    let before = app.contents().await;
    let anonymous = app.anonymous();
    for page in [
        anonymous.with_header("sec-fetch-site", "cross-site"),
        anonymous.with_header("origin", "https://evil.example"),
        anonymous.with_header("origin", "null"),
        anonymous.with_header("sec-fetch-site", "same-site"),
    ] {
        let refused = sign_in(&page, "eve").await.problem(403, "csrf_failed");
        assert_eq!(refused.header("set-cookie"), None);
    }
    let form = anonymous.request(Method::POST, "/auth/session").header("content-type", "text/plain");
    let credentials = json!({"username": "eve", "password": PASSWORD}).to_string();
    anonymous.send(form.body(credentials)).await.problem(415, "unsupported_media_type");
    assert_eq!(app.contents().await, before);
    let wrong = json!({"username": "eve", "password": "wrong horse battery"});
    anonymous.post("/auth/session", wrong).await.problem(401, "invalid_credentials");
    sign_in(&anonymous.with_header("sec-fetch-site", "same-origin"), "eve").await.expect(200);
}

async fn tokens_need_no_csrf_and_outrank_cookies(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, _) = (app.user("ada").await, app.user("eve").await);
    let evil = ada.with_header("origin", "https://evil.example").with_header("sec-fetch-site", "cross-site");
    evil.post("/themes", json!({"name": "Health"})).await.expect(201);
    let eve = app.browser("eve").await;
    let both = ada.with_header("cookie", eve.cookie());
    assert_eq!(both.get("/me").await.expect(200).body["username"], "ada");
    both.post("/themes", json!({"name": "Wealth"})).await.expect(201);
    // A header that is no good isn't made up for by the cookie.
    eve.with_token("nonsense").get("/me").await.problem(401, "token_invalid");
    both.get("/auth/session").await.problem(401, "session_invalid");
}

async fn altered_cookies_are_invalid(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let browser = app.browser("ada").await;
    let pair = browser.cookie().to_owned();
    let (_, value) = pair.split_once('=').unwrap();
    let flipped = format!("{}{}", &value[..40], if &value[40..41] == "A" { "B" } else { "A" }) + &value[41..];
    for wrong in [
        "",
        "x",
        &"x".repeat(7_000),
        ada.refresh_token(),
        ada.token(),
        &flipped,
        &value[..89],
        &format!("{value}A"),
        &value[4..],
        &format!("\"{value}\""),
    ] {
        let cookie = format!("circadia={wrong}");
        app.anonymous().with_header("cookie", &cookie).get("/me").await.problem(401, "session_invalid");
    }
    // A cookie is no token either.
    app.anonymous().with_token(value).get("/me").await.problem(401, "token_invalid");
    let refresh = json!({"refresh_token": value});
    app.anonymous().post("/auth/refresh", refresh).await.problem(401, "token_invalid");
    // Among others it is found.
    let among = format!("theme=dark; {pair}; circadia2=x");
    app.anonymous().with_header("cookie", &among).get("/me").await.expect(200);
}

async fn logging_out_ends_the_cookie_everywhere_within_a_second(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    app.user("ada").await;
    let (ada, elsewhere) = (app.browser("ada").await, app.browser("ada").await);
    let there = |client: &Client| client.at(&replica.anonymous());
    for client in [&ada, &elsewhere, &there(&ada), &there(&elsewhere)] {
        client.get("/me").await.expect(200);
    }
    let gone = ada.delete("/auth/session").await.expect(204);
    assert_eq!(gone.header("set-cookie"), Some("circadia=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"));
    ada.get("/me").await.problem(401, "session_invalid");
    there(&ada).until_refused(401, "session_invalid").await;
    there(&elsewhere).get("/me").await.expect(200);
    // Everywhere at once, and by the way of apps, too.
    elsewhere.post("/auth/logout-all", Value::Null).await.expect(204);
    elsewhere.get("/me").await.problem(401, "session_invalid");
    there(&elsewhere).until_refused(401, "session_invalid").await;
    app.clock.advance(10);
    let last = app.browser("ada").await;
    last.post("/auth/logout", Value::Null).await.expect(204);
    last.get("/me").await.problem(401, "session_invalid");
}

async fn sessions_are_listed_and_ended_everywhere_within_a_second(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    app.clock.advance(60);
    let anonymous = app.anonymous().with_header("user-agent", "Browser/1");
    let browser = anonymous.in_browser(&sign_in(&anonymous, "ada").await.expect(200));
    app.clock.advance(60);
    let phone = app.log_in("ada").await;
    let listed = browser.get("/me/sessions").await.expect(200);
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    let session = &items[1];
    assert_eq!(
        (&session["kind"], &session["device"], &session["user_agent"], &session["ip"]),
        (&json!("cookie"), &json!("laptop"), &json!("Browser/1"), &json!("127.0.0.1"))
    );
    assert_eq!(
        (&session["created_at"], &session["last_used_at"], &session["expires_at"]),
        (&json!("2026-03-11T12:01:00Z"), &json!("2026-03-11T12:01:00Z"), &json!("2026-03-18T12:01:00Z"))
    );
    let current: Vec<&Value> = items.iter().map(|item| &item["current"]).collect();
    assert_eq!(current, [&json!(false), &json!(true), &json!(false)]);
    assert_eq!(listed.each("kind"), ["token", "cookie", "token"]);
    let paged = browser.get("/me/sessions?limit=2").await.expect(200);
    let rest = paged.body["next_cursor"].as_str().unwrap();
    let rest = browser.get(&format!("/me/sessions?limit=2&cursor={rest}")).await.expect(200);
    assert_eq!(rest.each("id"), [items[2]["id"].as_str().unwrap()]);
    // Another user's session, and one that has ended, are not found.
    let ids = listed.each("id");
    let before = app.contents().await;
    eve.delete(&format!("/me/sessions/{}", ids[0])).await.problem(404, "session_not_found");
    assert_eq!(app.contents().await, before);
    let there = |client: &Client| client.at(&replica.anonymous());
    for client in [&phone, &browser] {
        there(client).get("/me").await.expect(200);
    }
    ada.delete(&format!("/me/sessions/{}", ids[0])).await.expect(204);
    ada.delete(&format!("/me/sessions/{}", ids[0])).await.problem(404, "session_not_found");
    phone.get("/me").await.problem(401, "token_revoked");
    there(&phone).until_refused(401, "token_revoked").await;
    ada.delete(&format!("/me/sessions/{}", ids[1])).await.expect(204);
    browser.get("/me").await.problem(401, "session_invalid");
    there(&browser).until_refused(401, "session_invalid").await;
    assert_eq!(ada.get("/me/sessions").await.expect(200).each("id"), [ids[2].as_str()]);
    assert_eq!(eve.get("/me/sessions").await.expect(200).each("kind"), ["token"]);
}

async fn a_cookie_costs_no_look_up_per_request(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    app.browser("ada").await.until_known().await;
}

async fn use_is_noted_without_a_write_per_request(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let ada = app.browser("ada").await;
    until_noted(&ada, "2026-03-11T12:00:00Z").await;
    app.clock.advance(240);
    for _ in 0..20 {
        ada.get("/themes").await.expect(200);
    }
    until_noted(&ada, "2026-03-11T12:00:00Z").await;
    app.clock.advance(60);
    ada.get("/themes").await.expect(200);
    until_noted(&ada, "2026-03-11T12:05:00Z").await;
}
