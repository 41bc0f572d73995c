//! Signing in through a provider, when all goes well.

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::{Value, json};

use super::*;

scenarios!(
    an_unknown_google_account_gets_an_account_here,
    a_known_google_account_signs_in_to_its_account,
    elliptic_curves_are_as_good,
    an_app_fetches_its_tokens_once_and_in_time,
    the_user_name_is_made_of_the_address_and_free,
    four_first_sign_ins_at_once_make_one_account,
    an_address_of_a_local_account_is_never_linked_by_itself,
    an_inactive_account_stays_out,
    new_keys_of_the_provider_are_found,
    the_provider_is_asked_for_what_it_is_once,
    the_front_end_gets_the_path_that_was_asked_for,
    next_never_leads_elsewhere,
    the_pre_login_cookie_is_of_the_browser_alone,
    without_configuration_it_is_disabled,
    a_browser_is_signed_in_with_a_cookie,
    a_browser_s_session_is_new_at_each_sign_in,
    the_session_s_cookie_is_secure_over_https,
    a_second_factor_is_asked_for_after_google_too,
);

async fn a_second_factor_is_asked_for_after_google_too(backend: Backend) {
    let (app, provider) = start(backend);
    let first = tokens(&app, &provider).await.expect(200).body;
    let grace = app.anonymous().signed_in(&first);
    // Without a password, a sign-in that is fresh will do.
    let made = grace.post("/me/totp", json!({})).await.expect(200).body;
    let authenticator = totp_rs::Totp::from_url(made["otpauth_uri"].as_str().unwrap()).unwrap();
    let shown = |after: u64| authenticator.generate(1_773_230_400 + after).to_string();
    grace.post("/me/totp/confirm", json!({"code": shown(0)})).await.expect(200);
    // An app.
    let sessions = count(&app, "sessions");
    let refused = tokens(&app, &provider).await.problem(401, "second_factor_required");
    assert_eq!(count(&app, "sessions"), sessions);
    let answer = json!({"challenge": refused.body["challenge"], "code": shown(30)});
    let second = app.anonymous().post("/auth/login/totp", answer).await.expect(200).body;
    assert_eq!(second["user"]["id"], first["user"]["id"]);
    assert_eq!(second["user"]["login_count"], 2, "a challenge is no login");
    // A browser.
    app.clock.advance(60);
    let mut browser = Browser::new(&app);
    let arrived = browser.sign_in(&provider, "").await;
    assert_eq!(error(&arrived).as_deref(), Some("provider_second_factor_required"));
    assert!(browser.cookies.is_empty(), "signed in with one factor: {:?}", browser.cookies);
    let challenge = arrived.fragment().and_then(|fragment| fragment.strip_prefix("provider_challenge=")).unwrap();
    let answer = json!({"challenge": challenge, "code": shown(60)});
    app.anonymous().post("/auth/login/totp", answer.clone()).await.problem(401, "challenge_expired");
    let opened = app.anonymous().post("/auth/session/totp", answer).await.expect(200);
    assert_eq!(app.anonymous().in_browser(&opened).get("/me").await.expect(200).body["id"], first["user"]["id"]);
}

async fn an_unknown_google_account_gets_an_account_here(backend: Backend) {
    let (app, provider) = start(backend);
    let tokens = tokens(&app, &provider).await.expect(200).body;
    assert_eq!(app.mail_to("grace@example.org").await.subject, "Welcome to Circadia");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    let grace = app.anonymous().signed_in(&tokens);
    let me = grace.get("/me").await.expect(200).body;
    for (name, value) in [
        ("username", json!("grace")),
        ("email", json!("grace@example.org")),
        ("email_verified", json!(true)),
        ("role", json!("regular")),
        ("login_count", json!(1)),
    ] {
        assert_eq!(me[name], value, "{name}");
    }
    let linked = account_at(&grace, "google").await;
    assert_eq!(
        linked,
        json!({
            "name": "google", "title": "Google", "available": true,
            "linked": true, "email": "grace@example.org", "linked_at": "2026-03-11T12:00:00Z",
        })
    );
    // There is no password to sign in with.
    for password in ["", "correct horse battery"] {
        let credentials = json!({"username": "grace", "password": password});
        let refused = app.anonymous().post("/auth/login", credentials).await;
        assert!(matches!(refused.status, 401 | 422), "{}", refused.status);
    }
    let renewed = json!({"refresh_token": tokens["refresh_token"]});
    app.anonymous().post("/auth/refresh", renewed).await.expect(200);
}

async fn a_known_google_account_signs_in_to_its_account(backend: Backend) {
    let (app, provider) = start(backend);
    let first = tokens(&app, &provider).await.expect(200).body;
    // It is the subject that is known: its address may change, and is not taken over.
    provider.person("110169484474386276334", "hopper@example.net", true);
    let second = tokens(&app, &provider).await.expect(200).body;
    assert_eq!(first["user"]["id"], second["user"]["id"]);
    assert_eq!(second["user"]["email"], "grace@example.org");
    assert_eq!(second["user"]["login_count"], 2);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    // And an address that now belongs to another user opens nothing.
    provider.person("2", "grace@example.org", true);
    let arrived = Browser::new(&app).sign_in(&provider, &for_app()).await;
    exchange(&app, &code(&arrived), VERIFIER).await.problem(409, "provider_account_exists");
    assert_eq!(count(&app, "users"), 1);
    let failures = "SELECT count(*) FROM login_attempts WHERE method = 'provider' AND failure = 'unknown_user'";
    assert_eq!(app.database.number(failures), 1);
}

async fn elliptic_curves_are_as_good(backend: Backend) {
    let (app, provider) = start(backend);
    provider.use_elliptic_curves();
    assert_eq!(tokens(&app, &provider).await.expect(200).body["user"]["username"], "grace");
}

async fn an_app_fetches_its_tokens_once_and_in_time(backend: Backend) {
    let (app, provider) = start(backend);
    let arrive = async || Browser::new(&app).sign_in(&provider, &for_app()).await;
    let arrived = arrive().await;
    assert_eq!(arrived.path(), "/circadia/welcome");
    assert_eq!(arrived.query(), None, "nothing of it is seen by servers");
    let code_of_it = code(&arrived);
    let other = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    exchange(&app, &code_of_it, other).await.problem(400, "provider_code_invalid");
    exchange(&app, &code_of_it, VERIFIER).await.problem(400, "provider_code_invalid");
    let late = code(&arrive().await);
    app.clock.advance(60);
    exchange(&app, &late, VERIFIER).await.problem(400, "provider_code_invalid");
    let in_time = code(&arrive().await);
    app.clock.advance(59);
    exchange(&app, &in_time, VERIFIER).await.expect(200);
    exchange(&app, &in_time, VERIFIER).await.problem(400, "provider_code_invalid");
    for nonsense in ["nonsense", "", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"] {
        exchange(&app, nonsense, VERIFIER).await.problem(400, "provider_code_invalid");
    }
    let wanted = code(&arrive().await);
    let eight = (0..8).map(|_| exchange(&app, &wanted, VERIFIER)).collect();
    let statuses: Vec<u16> = futures(eight).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    // A challenge must be one.
    for challenge in ["", "short", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="] {
        let path = format!("/auth/providers/google/start?code_challenge={challenge}");
        app.anonymous().get(&path).await.names("/code_challenge");
    }
}

/// Awaits them all at once.
async fn futures<T: Send + 'static>(them: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut outcomes = Vec::new();
    let mut them: Vec<_> = them.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        them.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(outcome) => {
                outcomes.push(outcome);
                false
            }
            std::task::Poll::Pending => true,
        });
        if them.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    outcomes
}

async fn the_user_name_is_made_of_the_address_and_free(backend: Backend) {
    let (app, provider) = start(backend);
    let body = json!({"username": "GRACE", "email": "other@example.org", "password": "correct horse battery"});
    app.anonymous().post("/auth/register", body).await.expect(201);
    let name = tokens(&app, &provider).await.expect(200).body["user"]["username"].as_str().unwrap().to_owned();
    assert!(name.starts_with("grace-") && name.len() == 14, "{name}");
    provider.person("2", "x+y@example.org", true);
    assert_eq!(tokens(&app, &provider).await.expect(200).body["user"]["username"], "user");
}

async fn four_first_sign_ins_at_once_make_one_account(backend: Backend) {
    let (app, provider) = start(backend);
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(code(&Browser::new(&app).sign_in(&provider, &for_app()).await));
    }
    let answers = futures(codes.iter().map(|code| exchange(&app, code, VERIFIER)).collect()).await;
    let ids: Vec<Value> = answers.into_iter().map(|answer| answer.expect(200).body["user"]["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((count(&app, "users"), count(&app, "identities"), count(&app, "sessions")), (1, 1, 4));
}

async fn an_address_of_a_local_account_is_never_linked_by_itself(backend: Backend) {
    let (app, provider) = start(backend);
    let grace = app.user("grace").await;
    let arrived = Browser::new(&app).sign_in(&provider, "?next=/habits").await;
    assert_eq!(error(&arrived).as_deref(), Some("provider_account_exists"));
    assert_eq!(arrived.path(), "/circadia/habits");
    assert_eq!(account_at(&grace, "google").await["linked"], json!(false));
    assert_eq!((count(&app, "users"), count(&app, "identities"), count(&app, "sessions")), (1, 0, 1));
}

async fn an_inactive_account_stays_out(backend: Backend) {
    let (app, provider) = start(backend);
    tokens(&app, &provider).await.expect(200);
    app.database.execute("UPDATE users SET active = (1 = 0)");
    let arrived = Browser::new(&app).sign_in(&provider, &for_app()).await;
    exchange(&app, &code(&arrived), VERIFIER).await.problem(403, "provider_account_inactive");
    let arrived = Browser::new(&app).sign_in(&provider, "").await;
    assert_eq!(error(&arrived).as_deref(), Some("provider_account_inactive"));
    let failures = "SELECT count(*) FROM login_attempts WHERE method = 'provider' AND failure = 'inactive'";
    assert_eq!(app.database.number(failures), 2);
    assert_eq!(count(&app, "sessions"), 1);
}

async fn new_keys_of_the_provider_are_found(backend: Backend) {
    let (app, provider) = start(backend);
    tokens(&app, &provider).await.expect(200);
    provider.rotate_keys();
    tokens(&app, &provider).await.expect(200);
    assert_eq!(provider.asked_for("/keys"), 2);
}

async fn the_provider_is_asked_for_what_it_is_once(backend: Backend) {
    let (app, provider) = start(backend);
    app.anonymous().get("/health/ready").await.expect(200);
    assert_eq!(provider.asked_for("/.well-known/openid-configuration"), 0);
    for _ in 0..3 {
        tokens(&app, &provider).await.expect(200);
    }
    let asked = ["/.well-known/openid-configuration", "/keys", "/token"].map(|path| provider.asked_for(path));
    assert_eq!(asked, [1, 1, 3]);
}

async fn the_front_end_gets_the_path_that_was_asked_for(backend: Backend) {
    let (app, provider) = start(backend);
    for (next, arrives) in [
        ("", "/"),
        ("?next=/habits%3Fview%3Dweek%23today", "/habits?view=week#today"),
        ("?next=/caf%25C3%25A9/", "/caf%C3%A9/"),
    ] {
        let arrived = Browser::new(&app).sign_in(&provider, next).await;
        assert_eq!(arrived.as_str(), format!("{FRONT_END}{arrives}"));
    }
    provider.fault(circadia_tests::Fault::Denied);
    let arrived = Browser::new(&app).sign_in(&provider, "?next=/habits%3Fview%3Dweek%23today").await;
    assert_eq!(arrived.as_str(), format!("{FRONT_END}/habits?view=week&error=provider_denied&provider=google#today"));
}

async fn next_never_leads_elsewhere(backend: Backend) {
    let (app, provider) = start(backend);
    for next in [
        "//evil.example",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
        "%2f%2fevil.example",
        "/%2fevil.example",
        "%252f%252fevil.example",
        "/%252fevil.example",
        "https://evil.example",
        "https:%2f%2fevil.example",
        "javascript:alert(1)",
        "@evil.example",
        ".evil.example",
        ":443@evil.example",
        "/a%0d%0aLocation:%20https://evil.example",
        "/%0d%0aSet-Cookie:%20a=b",
        "/%09/evil.example",
        "/..//evil.example",
        "/../admin",
        "/%2e%2e/admin",
    ] {
        let arrived = Browser::new(&app).sign_in(&provider, &format!("?next={next}")).await;
        assert_eq!(arrived.as_str(), format!("{FRONT_END}/"), "{next}");
    }
}

async fn the_pre_login_cookie_is_of_the_browser_alone(backend: Backend) {
    let (builder, provider) = TestApp::on(backend).with_google();
    let app = builder.set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8").start();
    let plain = app.anonymous().get("/auth/providers/google/start").await.expect(302);
    let (pair, attributes) = plain.header("set-cookie").unwrap().split_once(';').unwrap();
    assert!(pair.starts_with("circadia_prelogin=") && pair.len() == 18 + 43, "{pair}");
    for attribute in ["Path=/", "Max-Age=600", "HttpOnly", "SameSite=Lax"] {
        assert!(attributes.contains(attribute), "{attributes}");
    }
    assert!(!attributes.contains("Secure") && !attributes.contains("Domain"), "{attributes}");
    let proxied =
        app.anonymous().with_header("x-forwarded-proto", "https").get("/auth/providers/google/start").await.expect(302);
    let cookie = proxied.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-circadia_prelogin=") && cookie.contains("; Secure"), "{cookie}");
    // Where HTTPS is spoken, the plain name counts for nothing.
    let back = provider.agree(location(&proxied).as_str()).await.path;
    let (_, value) = cookie.split_once(';').unwrap().0.split_once('=').unwrap();
    let browser = app.anonymous().with_header("x-forwarded-proto", "https");
    let renamed = browser.with_header("cookie", &format!("circadia_prelogin={value}"));
    let refused = renamed.get(&back).await.expect(302);
    assert_eq!(error(&location(&refused)).as_deref(), Some("provider_state_invalid"));
    // Several tabs of one browser are one browser.
    let mut browser = Browser::new(&app);
    let first = browser.agree(&provider, &for_app()).await;
    let second = browser.agree(&provider, &for_app()).await;
    let kept = browser.cookies.clone();
    assert_eq!(error(&location(&browser.get(&second).await.expect(302))), None);
    browser.cookies = kept;
    assert_eq!(error(&location(&browser.get(&first).await.expect(302))), None);
}

async fn without_configuration_it_is_disabled(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let code = json!({"code": "x", "code_verifier": VERIFIER});
    for (method, path, body) in [
        (Method::GET, "/auth/providers/google/start?next=/habits", Value::Null),
        (Method::GET, "/auth/providers/google/callback?state=x&code=y", Value::Null),
        (Method::POST, "/auth/providers/google/exchange", code.clone()),
        (Method::POST, "/me/providers/google", json!({})),
        (Method::POST, "/me/providers/google/confirm", code),
    ] {
        ada.call(method, path, &body).await.problem(404, "provider_not_found");
    }
    assert_eq!(ada.get("/me/providers").await.expect(200).body["items"], json!([]));
    ada.post("/me/providers/google/unlink", json!(null)).await.problem(404, "provider_not_linked");
}

async fn a_browser_is_signed_in_with_a_cookie(backend: Backend) {
    let (app, provider) = start(backend);
    let mut browser = Browser::new(&app);
    let arrived = browser.sign_in(&provider, "?next=/habits").await;
    assert_eq!(arrived.as_str(), format!("{FRONT_END}/habits"));
    assert_eq!(
        browser.cookies.keys().collect::<Vec<_>>(),
        ["circadia", "circadia_device"],
        "the pre-login session is over"
    );
    let session = browser.get("/auth/session").await.expect(200).body;
    assert_eq!(session["user"]["email"], "grace@example.org");
    let client = app.anonymous().with_header("cookie", &browser.sent()).with_header("sec-fetch-site", "same-origin");
    client.post("/themes", json!({"name": "Health"})).await.problem(403, "csrf_failed");
    let token = session["csrf_token"].as_str().unwrap();
    client.with_header("x-csrf-token", token).post("/themes", json!({"name": "Health"})).await.expect(201);
}

async fn a_browser_s_session_is_new_at_each_sign_in(backend: Backend) {
    let (app, provider) = start(backend);
    let mut browser = Browser::new(&app);
    browser.sign_in(&provider, "").await;
    let first = browser.cookies["circadia"].clone();
    browser.sign_in(&provider, "").await;
    assert_ne!(browser.cookies["circadia"], first);
    app.anonymous().with_header("cookie", &format!("circadia={first}")).get("/me").await.refusal();
    browser.get("/me").await.expect(200);
    assert_eq!(count(&app, "sessions WHERE revoked_at IS NULL"), 1);
}

async fn the_session_s_cookie_is_secure_over_https(backend: Backend) {
    let (builder, provider) = TestApp::on(backend).with_google();
    let app = builder.set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8").start();
    for (protocol, name, secure) in [("https", "__Host-circadia", " Secure;"), ("http", "circadia", "")] {
        let mut browser = Browser::new(&app);
        browser.client = app.anonymous().with_header("x-forwarded-proto", protocol);
        let back = browser.agree(&provider, "").await;
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), [&format!("{name}_prelogin")]);
        let answer = browser.get(&back).await.expect(302);
        let set: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|set| set.to_str().unwrap()).collect();
        let session = set.iter().find(|set| set.starts_with(&format!("{name}=crs_"))).unwrap();
        let (_, attributes) = session.split_once(';').unwrap();
        assert_eq!(attributes, format!(" HttpOnly; SameSite=Lax;{secure} Path=/; Max-Age=604800"));
        assert_eq!(
            browser.cookies.keys().collect::<Vec<_>>(),
            [name, &format!("{name}_device")],
            "the pre-login session is over"
        );
        browser.get("/me").await.expect(200);
    }
}
