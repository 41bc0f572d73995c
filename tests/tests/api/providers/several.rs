//! Several providers at once.

use std::time::{Duration, Instant};

use circadia_tests::{Backend, Client, Fault, OpenIdProvider, TestApp, scenarios};

use super::linking::{ask, code_for, link};
use super::*;

scenarios!(
    every_provider_signs_people_in,
    providers_are_listed_for_clients,
    one_subject_of_two_issuers_is_two_people,
    an_account_is_linked_with_several_providers,
    the_last_provider_is_not_unlinked_while_another_one_may_be,
    what_one_provider_answers_is_never_taken_for_another_s,
    codes_of_one_provider_are_no_good_at_another,
    a_provider_that_hangs_holds_up_nobody_else,
    a_provider_that_always_names_itself_in_redirects_must,
    a_form_is_only_forwarded,
    a_provider_that_is_no_longer_configured_is_listed_and_unlinked,
    a_provider_keeps_its_users_when_it_is_called_differently,
    a_reset_by_the_address_s_owner_unlinks_every_provider,
);

fn id_of(answer: &Answer) -> Value {
    answer.body["user"]["id"].clone()
}

async fn every_provider_signs_people_in(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    for provider in &providers {
        let first = tokens(&app, provider).await.expect(200);
        let mut browser = Browser::new(&app);
        let arrived = browser.sign_in(provider, "?next=/habits").await;
        assert_eq!(arrived.as_str(), format!("{FRONT_END}/habits"), "{}", provider.name());
        let session = browser.get("/auth/session").await.expect(200).body;
        assert_eq!(session["user"]["id"], id_of(&first));
        assert_eq!(tokens(&app, provider).await.expect(200).body["user"]["login_count"], 3);
    }
    assert_eq!((count(&app, "users"), count(&app, "identities")), (3, 3));
    let ways = "SELECT count(*) FROM login_attempts WHERE method = 'provider' AND failure IS NULL";
    assert_eq!(app.database.number(ways), 9);
}

async fn providers_are_listed_for_clients(backend: Backend) {
    let (app, _providers) = start_with_each(backend);
    let listed = app.anonymous().get("/config").await.expect(200).body["providers"]["openid"].clone();
    assert_eq!(
        listed,
        json!([
            {"name": "google", "title": "Google"},
            {"name": "work", "title": "Work & Co"},
            {"name": "apple", "title": "Apple"},
        ])
    );
    let none = TestApp::on(backend).start();
    assert_eq!(none.anonymous().get("/config").await.expect(200).body["providers"]["openid"], json!([]));
    for unknown in ["/auth/providers/nobody/start", "/auth/providers/nobody/callback?state=x&code=y"] {
        app.anonymous().get(unknown).await.problem(404, "provider_not_found");
    }
}

async fn one_subject_of_two_issuers_is_two_people(backend: Backend) {
    let (app, [google, work, _]) = start_with_each(backend);
    let first = id_of(&tokens(&app, &google).await.expect(200));
    let second = id_of(&tokens(&app, &work).await.expect(200));
    assert_ne!(first, second);
    // Nor does an address make one of two.
    work.person("2", "grace@example.org", true);
    let arrived = Browser::new(&app).sign_in(&work, "").await;
    assert_eq!(error(&arrived).as_deref(), Some("provider_account_exists"));
    assert_eq!((count(&app, "users"), count(&app, "identities")), (2, 2));
}

async fn an_account_is_linked_with_several_providers(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    let ada = app.user("ada").await;
    for provider in &providers {
        assert_eq!(error(&link(&app, &ada, provider).await), None);
        app.clock.advance(1);
    }
    let listed = ada.get("/me/providers").await.expect(200).body;
    let linked: Vec<[&str; 3]> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| ["name", "title", "email"].map(|member| item[member].as_str().unwrap()))
        .collect();
    assert_eq!(
        linked,
        [
            ["apple", "Apple", "grace@apple.example"],
            ["google", "Google", "grace@example.org"],
            ["work", "Work & Co", "grace@work.example"],
        ]
    );
    for provider in &providers {
        assert_eq!(id_of(&tokens(&app, provider).await.expect(200)), ada.tokens["user"]["id"]);
    }
    // Unlinking one leaves the others.
    ada.post("/me/providers/work/unlink", json!(null)).await.expect(204);
    ada.post("/me/providers/work/unlink", json!(null)).await.problem(404, "provider_not_linked");
    assert_eq!(account_at(&ada, "work").await["linked"], json!(false));
    assert_eq!(id_of(&tokens(&app, &providers[0]).await.expect(200)), ada.tokens["user"]["id"]);
    assert_ne!(id_of(&tokens(&app, &providers[1]).await.expect(200)), ada.tokens["user"]["id"]);
}

async fn the_last_provider_is_not_unlinked_while_another_one_may_be(backend: Backend) {
    let (app, [google, work, _]) = start_with_each(backend);
    let grace = app.anonymous().signed_in(&tokens(&app, &google).await.expect(200).body);
    grace.post("/me/providers/google/unlink", json!(null)).await.problem(409, "provider_last_way_in");
    assert_eq!(error(&link(&app, &grace, &work).await), None);
    grace.post("/me/providers/google/unlink", json!(null)).await.expect(204);
    grace.post("/me/providers/work/unlink", json!(null)).await.problem(409, "provider_last_way_in");
    assert_eq!(id_of(&tokens(&app, &work).await.expect(200)), grace.tokens["user"]["id"]);
}

/// The same return, but to the address of another provider.
fn at(path: &str, from: &OpenIdProvider, to: &OpenIdProvider) -> String {
    path.replacen(&from.path("/auth", "/callback"), &to.path("/auth", "/callback"), 1)
}

async fn what_one_provider_answers_is_never_taken_for_another_s(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    let ada = app.user("ada").await;
    for (index, begun) in providers.iter().enumerate() {
        for (other, to) in providers.iter().enumerate().filter(|(other, _)| *other != index) {
            // Of a sign-in by a browser, of one by an app, of a link.
            for flow in 0..3 {
                let mut browser = Browser::new(&app);
                let back = match flow {
                    0 => browser.agree(begun, "").await,
                    1 => browser.agree(begun, &for_app()).await,
                    _ => ask(&mut browser, &ada, begun, json!({})).await,
                };
                let cookies = browser.cookies.clone();
                let arrived = location(&browser.get(&at(&back, begun, to)).await.expect(302));
                assert_eq!(error(&arrived).as_deref(), Some("provider_state_invalid"), "{index} {other} {flow}");
                // And it is over where it began, too.
                browser.cookies = cookies;
                let arrived = location(&browser.get(&back).await.expect(302));
                assert_eq!(error(&arrived).as_deref(), Some("provider_state_invalid"), "{index} {other} {flow}");
            }
        }
    }
    // No code was sent to anybody.
    for provider in &providers {
        assert_eq!(provider.asked_for("/token"), 0);
    }
    assert_eq!((count(&app, "users"), count(&app, "identities")), (1, 0));
}

async fn codes_of_one_provider_are_no_good_at_another(backend: Backend) {
    let (app, [google, work, _]) = start_with_each(backend);
    let ada = app.user("ada").await;
    let signs_in = code(&Browser::new(&app).sign_in(&google, &for_app()).await);
    exchange_at(&app, "work", &signs_in, VERIFIER).await.problem(400, "provider_code_invalid");
    exchange_at(&app, "google", &signs_in, VERIFIER).await.problem(400, "provider_code_invalid");
    let links = code_for(&app, &ada, &work).await;
    let body = json!({"code": links, "code_verifier": VERIFIER});
    ada.post("/me/providers/google/confirm", body.clone()).await.problem(400, "provider_code_invalid");
    ada.post("/me/providers/work/confirm", body).await.problem(400, "provider_code_invalid");
    assert_eq!((count(&app, "users"), count(&app, "identities")), (1, 0));
}

async fn a_provider_that_hangs_holds_up_nobody_else(backend: Backend) {
    let (app, [google, work, apple]) = start_with_each(backend);
    work.fault(Fault::DiscoveryHangs);
    let (client, path) = (app.anonymous(), work.path("/auth", "/start"));
    let waiting = tokio::spawn(async move { client.get(&path).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(work.asked_for("/.well-known/openid-configuration"), 1);
    let begun = Instant::now();
    for other in [&google, &apple] {
        tokens(&app, other).await.expect(200);
    }
    app.anonymous().get("/health/ready").await.expect(200);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(!waiting.is_finished(), "it was held up, or given up too soon");
    let arrived = location(&waiting.await.unwrap().expect(302));
    assert_eq!(error(&arrived).as_deref(), Some("provider_unavailable"));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

async fn a_provider_that_always_names_itself_in_redirects_must(backend: Backend) {
    let (app, [google, work, _]) = start_with_each(backend);
    work.fault(Fault::NoResponseIssuer);
    let arrived = Browser::new(&app).sign_in(&work, "").await;
    assert_eq!(error(&arrived).as_deref(), Some("provider_state_invalid"));
    assert_eq!((work.asked_for("/token"), count(&app, "users")), (0, 0));
    // Another one needn't.
    tokens(&app, &google).await.expect(200);
}

/// Posts a form as a page of another site does.
async fn post(client: &Client, path: &str, kind: &str, form: String) -> Answer {
    let request = client.request(Method::POST, path).header("content-type", kind).body(form);
    client.send(request.header("origin", "https://evil.example").header("sec-fetch-site", "cross-site")).await
}

async fn a_form_is_only_forwarded(backend: Backend) {
    const FORM: &str = "application/x-www-form-urlencoded";
    let (app, [_, work, apple]) = start_with_each(backend);
    let before = app.contents().await;
    let mut browser = Browser::new(&app);
    let begun = browser.get("/auth/providers/apple/start").await.expect(302);
    let back = apple.agree(location(&begun).as_str()).await;
    let (path, form) = (back.path, back.form.unwrap());
    let pending = app.contents().await;
    // Even with all cookies, nothing happens; and what isn't asked for isn't passed on.
    let with_cookies = browser.client.with_header("cookie", &browser.sent());
    let answer =
        post(&with_cookies, &path, FORM, format!("{form}&user=%7B%22name%22%7D&next=%2F%2Fevil.example")).await;
    let to = location(&answer.expect(303));
    let names: Vec<String> = to.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["state", "code"]);
    assert_eq!(to.origin().ascii_serialization(), "http://127.0.0.1:1", "the registered address, whatever the Host");
    assert_eq!(app.contents().await, pending);
    assert_eq!(apple.asked_for("/token"), 0);
    post(&app.anonymous(), &path, "text/plain", form.clone()).await.problem(415, "unsupported_media_type");
    let large = format!("code={}", "x".repeat(16 * 1024));
    post(&app.anonymous(), &path, FORM, large).await.problem(413, "payload_too_large");
    post(&app.anonymous(), &path.replace("apple", "nobody"), FORM, form).await.problem(404, "provider_not_found");
    for nonsense in ["", "%ff=%00&code", "state=a&state=b", "error=access_denied"] {
        let forwarded = location(&post(&app.anonymous(), &path, FORM, nonsense.to_owned()).await.expect(303));
        let end = forwarded.as_str().strip_prefix("http://127.0.0.1:1").unwrap();
        let arrived = location(&app.anonymous().get(end).await.expect(302));
        assert_eq!(error(&arrived).as_deref(), Some("provider_state_invalid"), "{nonsense}");
    }
    // The browser that began it goes on from there.
    let end = to.as_str().strip_prefix("http://127.0.0.1:1").unwrap();
    assert_eq!(error(&location(&browser.get(end).await.expect(302))), None);
    browser.get("/me").await.expect(200);
    assert_eq!((count(&app, "users"), work.asked_for("/token")), (1, 0));
    assert!(before.len() <= app.contents().await.len());
}

async fn a_provider_that_is_no_longer_configured_is_listed_and_unlinked(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    let ada = app.user("ada").await;
    let grace = app.anonymous().signed_in(&tokens(&app, &providers[1]).await.expect(200).body);
    work_is_linked(&app, &ada, &providers[1]).await;
    let app = app.replica().with_google_at(providers[0].issuer()).start();
    let (ada, grace) = (ada.at(&app.anonymous()), grace.at(&app.anonymous()));
    let listed = ada.get("/me/providers").await.expect(200).body["items"].clone();
    assert_eq!((&listed[0]["name"], &listed[0]["available"]), (&json!("google"), &json!(true)));
    assert_eq!((&listed[1]["name"], &listed[1]["title"]), (&json!("work"), &json!("work")));
    assert_eq!((&listed[1]["available"], &listed[1]["linked"]), (&json!(false), &json!(true)));
    ada.post("/me/providers/work/unlink", json!(null)).await.expect(204);
    // Without a password, it is what may become a way in again.
    grace.post("/me/providers/work/unlink", json!(null)).await.problem(409, "provider_last_way_in");
    assert_eq!(ada.get("/me/providers").await.expect(200).body["items"].as_array().unwrap().len(), 1);
}

async fn work_is_linked(app: &TestApp, client: &Client, provider: &OpenIdProvider) {
    provider.person("2", "ada@work.example", true);
    assert_eq!(error(&link(app, client, provider).await), None);
}

async fn a_provider_keeps_its_users_when_it_is_called_differently(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    let before = id_of(&tokens(&app, &providers[1]).await.expect(200));
    let issuer = providers[1].issuer();
    let app = app
        .replica()
        .with_google_at("http://127.0.0.1:1")
        .set("CIRCADIA_OIDC_PROVIDERS", "firm")
        .set("CIRCADIA_OIDC_FIRM_ISSUER", issuer)
        .set("CIRCADIA_OIDC_FIRM_CLIENT_ID", "circadia.apps.example")
        .set("CIRCADIA_OIDC_FIRM_CLIENT_SECRET", "hush & büsh+%")
        .set("CIRCADIA_OIDC_FIRM_REDIRECT_URL", "http://127.0.0.1:1/api/v1/auth/providers/firm/callback")
        .start();
    let stored = app.database.number("SELECT count(*) FROM identities WHERE provider = 'work'");
    assert_eq!((before.is_string(), stored), (true, 1));
    providers[1].call_it("firm");
    assert_eq!(id_of(&tokens(&app, &providers[1]).await.expect(200)), before);
}

async fn a_reset_by_the_address_s_owner_unlinks_every_provider(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    let squatter = app.user("ada").await;
    for provider in &providers {
        assert_eq!(error(&link(&app, &squatter, provider).await), None);
    }
    app.mail().await;
    app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    let reset = json!({"token": app.mail_to("ada@example.org").await.token(), "password": "a staple and a ladder"});
    app.anonymous().post("/auth/password/reset", reset).await.expect(204);
    assert_eq!(count(&app, "identities"), 0);
}
