//! Linking the signed-in account with a provider, and unlinking it.

use circadia_tests::{Backend, Client, OpenIdProvider, TestApp, scenarios};

use super::super::audit::audited;
use super::*;

scenarios!(
    a_linked_google_account_signs_in,
    a_google_account_of_somebody_else_is_not_linked,
    one_google_account_is_linked_at_a_time,
    a_link_ends_in_the_browser_that_asked_for_it,
    a_link_ends_with_the_session_that_asked_for_it,
    an_app_confirms_a_link_of_its_own_user_only,
    codes_for_linking_and_for_signing_in_are_not_mixed_up,
    an_unlinked_google_account_signs_in_no_more,
    the_only_way_in_is_not_unlinked,
    linking_and_unlinking_need_the_password_or_a_fresh_sign_in,
    the_owner_is_told_of_a_link,
    a_sign_in_through_google_stands_for_the_password_in_its_own_session_only,
    a_second_factor_after_google_takes_nothing_from_it,
    a_link_by_somebody_who_never_showed_to_have_the_address_ends_with_a_reset,
);

/// Asks for a link in a browser and agrees at the provider: where it sends the browser back to.
pub(super) async fn ask(browser: &mut Browser, client: &Client, provider: &OpenIdProvider, body: Value) -> String {
    let answer = browser.call(client, Method::POST, &provider.path("/me", ""), &body).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    consent(client, provider, answer.body["authorization_url"].as_str().unwrap()).await
}

/// Links, as far as the front end.
pub(super) async fn link(app: &TestApp, client: &Client, provider: &OpenIdProvider) -> Url {
    let mut browser = Browser::new(app);
    let back = ask(&mut browser, client, provider, json!({"next": "/settings"})).await;
    let arrived = location(&browser.get(&back).await.expect(302));
    assert_eq!(arrived.path(), "/circadia/settings");
    assert!(browser.cookies.is_empty(), "nobody was signed in by it");
    arrived
}

async fn linked(client: &Client) -> Value {
    account_at(client, "google").await["email"].clone()
}

async fn a_linked_google_account_signs_in(backend: Backend) {
    let (app, provider) = start(backend);
    // Even though the address is the same: they have signed in first.
    let grace = app.user("grace").await;
    assert_eq!(error(&link(&app, &grace, &provider).await), None);
    assert_eq!(linked(&grace).await, json!("grace@example.org"));
    assert_eq!((count(&app, "users"), count(&app, "identities")), (1, 1));
    assert_eq!(audited(&app, "provider_linked", "done"), 1);
    let tokens = tokens(&app, &provider).await.expect(200).body;
    assert_eq!(tokens["user"]["id"], grace.tokens["user"]["id"]);
    // The password is as good as before.
    app.log_in("grace").await;
}

async fn a_google_account_of_somebody_else_is_not_linked(backend: Backend) {
    let (app, provider) = start(backend);
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    link(&app, &ada, &provider).await;
    assert_eq!(error(&link(&app, &eve, &provider).await).as_deref(), Some("provider_subject_taken"));
    assert_eq!(linked(&eve).await, Value::Null);
    assert_eq!(linked(&ada).await, json!("grace@example.org"));
    assert_eq!(audited(&app, "provider_linked", "done"), 1);
    assert_eq!(tokens(&app, &provider).await.expect(200).body["user"]["id"], ada.tokens["user"]["id"]);
}

async fn one_google_account_is_linked_at_a_time(backend: Backend) {
    let (app, provider) = start(backend);
    let ada = app.user("ada").await;
    // Two links that were asked for before either was made.
    let (mut first, mut second) = (Browser::new(&app), Browser::new(&app));
    let to_first = ask(&mut first, &ada, &provider, json!({})).await;
    provider.person("2", "other@example.org", true);
    let to_second = ask(&mut second, &ada, &provider, json!({})).await;
    assert_eq!(error(&location(&first.get(&to_first).await.expect(302))), None);
    let arrived = location(&second.get(&to_second).await.expect(302));
    assert_eq!(error(&arrived).as_deref(), Some("provider_already_linked"));
    assert_eq!(linked(&ada).await, json!("grace@example.org"));
    ada.post("/me/providers/google", json!({})).await.problem(409, "provider_already_linked");
}

async fn a_link_ends_in_the_browser_that_asked_for_it(backend: Backend) {
    let (app, provider) = start(backend);
    let eve = app.user("eve").await;
    // Another user's browser finishes Eve's flow: Eve doesn't get hold of their Google account.
    let back = ask(&mut Browser::new(&app), &eve, &provider, json!({})).await;
    let arrived = location(&Browser::new(&app).get(&back).await.expect(302));
    assert_eq!(error(&arrived).as_deref(), Some("provider_state_invalid"));
    assert_eq!((linked(&eve).await, count(&app, "identities")), (Value::Null, 0));
}

async fn a_link_ends_with_the_session_that_asked_for_it(backend: Backend) {
    let (app, provider) = start(backend);
    let ada = app.user("ada").await;
    let elsewhere = app.log_in("ada").await;
    let mut browser = Browser::new(&app);
    let back = ask(&mut browser, &elsewhere, &provider, json!({})).await;
    elsewhere.post("/auth/logout", Value::Null).await.expect(204);
    let arrived = location(&browser.get(&back).await.expect(302));
    assert_eq!(error(&arrived).as_deref(), Some("provider_link_expired"));
    assert_eq!(linked(&ada).await, Value::Null);
}

/// A code that links, as an app gets it by way of a browser that shares nothing with it.
pub(super) async fn code_for(app: &TestApp, client: &Client, provider: &OpenIdProvider) -> String {
    let body = json!({"next": "/linked", "code_challenge": CHALLENGE});
    let answer = client.post(&provider.path("/me", ""), body).await.expect(200);
    assert_eq!(answer.header("set-cookie"), None);
    let back = consent(client, provider, answer.body["authorization_url"].as_str().unwrap()).await;
    let arrived = location(&Browser::new(app).get(&back).await.expect(302));
    assert_eq!((error(&arrived), arrived.path()), (None, "/circadia/linked"));
    code(&arrived)
}

async fn confirm(client: &Client, code: &str, verifier: &str) -> Answer {
    client.post("/me/providers/google/confirm", json!({"code": code, "code_verifier": verifier})).await
}

async fn an_app_confirms_a_link_of_its_own_user_only(backend: Backend) {
    let (app, provider) = start(backend);
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let stolen = code_for(&app, &ada, &provider).await;
    confirm(&eve, &stolen, VERIFIER).await.problem(400, "provider_code_invalid");
    confirm(&ada, &stolen, VERIFIER).await.problem(400, "provider_code_invalid");
    let wrong = code_for(&app, &ada, &provider).await;
    confirm(&ada, &wrong, CHALLENGE).await.problem(400, "provider_code_invalid");
    assert_eq!(count(&app, "identities"), 0);
    let right = code_for(&app, &ada, &provider).await;
    let body = confirm(&ada, &right, VERIFIER).await.expect(200).body;
    assert_eq!((&body["linked"], &body["email"]), (&json!(true), &json!("grace@example.org")));
    confirm(&ada, &right, VERIFIER).await.problem(400, "provider_code_invalid");
    // Nor in a session that has ended since.
    let elsewhere = app.log_in("eve").await;
    provider.person("2", "other@example.org", true);
    let late = code_for(&app, &elsewhere, &provider).await;
    elsewhere.post("/auth/logout", Value::Null).await.expect(204);
    confirm(&eve, &late, VERIFIER).await.problem(403, "provider_link_expired");
    assert_eq!(count(&app, "identities"), 1);
}

async fn codes_for_linking_and_for_signing_in_are_not_mixed_up(backend: Backend) {
    let (app, provider) = start(backend);
    let ada = app.user("ada").await;
    let links = code_for(&app, &ada, &provider).await;
    exchange(&app, &links, VERIFIER).await.problem(400, "provider_code_invalid");
    let signs_in = code(&Browser::new(&app).sign_in(&provider, &for_app()).await);
    confirm(&ada, &signs_in, VERIFIER).await.problem(400, "provider_code_invalid");
    assert_eq!((count(&app, "identities"), count(&app, "users")), (0, 1));
}

async fn an_unlinked_google_account_signs_in_no_more(backend: Backend) {
    let (app, provider) = start(backend);
    let (grace, eve) = (app.user("grace").await, app.user("eve").await);
    link(&app, &grace, &provider).await;
    eve.post("/me/providers/google/unlink", json!(null)).await.problem(404, "provider_not_linked");
    grace.post("/me/providers/google/unlink", json!(null)).await.expect(204);
    assert_eq!(linked(&grace).await, Value::Null);
    assert_eq!(audited(&app, "provider_unlinked", "done"), 1);
    grace.post("/me/providers/google/unlink", json!(null)).await.problem(404, "provider_not_linked");
    let arrived = Browser::new(&app).sign_in(&provider, "").await;
    assert_eq!(error(&arrived).as_deref(), Some("provider_account_exists"));
    // Another user may have it now.
    assert_eq!(error(&link(&app, &eve, &provider).await), None);
}

async fn the_only_way_in_is_not_unlinked(backend: Backend) {
    let (app, provider) = start(backend);
    let grace = app.anonymous().signed_in(&tokens(&app, &provider).await.expect(200).body);
    grace.post("/me/providers/google/unlink", json!(null)).await.problem(409, "provider_last_way_in");
    assert_eq!(linked(&grace).await, json!("grace@example.org"));
    tokens(&app, &provider).await.expect(200);
}

const PASSWORD: &str = "correct horse battery";

async fn linking_and_unlinking_need_the_password_or_a_fresh_sign_in(backend: Backend) {
    let (app, provider) = start(backend);
    let ada = app.user("ada").await;
    app.clock.advance(300);
    ada.post("/me/providers/google", json!({})).await.problem(403, "reauthentication_required");
    ada.post("/me/providers/google", json!({"password": "wrong horse battery"})).await.problem(403, "wrong_password");
    let mut browser = Browser::new(&app);
    let back = ask(&mut browser, &ada, &provider, json!({"password": PASSWORD})).await;
    assert_eq!(error(&location(&browser.get(&back).await.expect(302))), None);
    ada.post("/me/providers/google/unlink", json!(null)).await.problem(403, "reauthentication_required");
    assert_eq!(linked(&ada).await, json!("grace@example.org"));
    ada.call(Method::POST, "/me/providers/google/unlink", &json!({"password": PASSWORD})).await.expect(204);
    link(&app, &app.log_in("ada").await, &provider).await;
}

async fn the_owner_is_told_of_a_link(backend: Backend) {
    let (app, provider) = start(backend);
    let ada = app.user("ada").await;
    app.mail().await;
    link(&app, &ada, &provider).await;
    let mail = app.mail_to("ada@example.org").await;
    assert_eq!(mail.subject, "A way to sign in was added");
    assert!(mail.text.contains("an account at Google signs in"), "{}", mail.text);
}

async fn a_sign_in_through_google_stands_for_the_password_in_its_own_session_only(backend: Backend) {
    let (app, provider) = start(backend);
    let borrowed = app.user("ada").await;
    link(&app, &borrowed, &provider).await;
    let own = app.anonymous().signed_in(&tokens(&app, &provider).await.expect(200).body);
    borrowed.post("/me/delete", json!(null)).await.problem(403, "reauthentication_required");
    let email = json!({"email": "evil@example.org"});
    borrowed.post("/me/email", email.clone()).await.problem(403, "reauthentication_required");
    own.post("/me/email", email).await.expect(202);
    app.clock.advance(300);
    own.post("/me/delete", json!(null)).await.problem(403, "reauthentication_required");
    let again = app.anonymous().signed_in(&tokens(&app, &provider).await.expect(200).body);
    again.post("/me/delete", json!(null)).await.expect(204);
}

async fn a_second_factor_after_google_takes_nothing_from_it(backend: Backend) {
    let (app, provider) = start(backend);
    let grace = app.anonymous().signed_in(&tokens(&app, &provider).await.expect(200).body);
    let made = grace.post("/me/totp", json!({})).await.expect(200);
    let authenticator = totp_rs::Totp::from_url(made.body["otpauth_uri"].as_str().unwrap()).unwrap();
    // The time of the test's clock.
    let code = |seconds: u64| authenticator.generate(1_773_230_400 + seconds).to_string();
    grace.post("/me/totp/confirm", json!({"code": code(0)})).await.expect(200);
    app.clock.advance(400);
    let refused = tokens(&app, &provider).await.problem(401, "second_factor_required");
    let body = json!({"challenge": refused.body["challenge"], "code": code(400)});
    let signed_in = app.anonymous().post("/auth/login/totp", body).await.expect(200);
    grace.post("/me/delete", json!(null)).await.problem(403, "reauthentication_required");
    app.anonymous().signed_in(&signed_in.body).post("/me/delete", json!(null)).await.expect(204);
}

async fn a_link_by_somebody_who_never_showed_to_have_the_address_ends_with_a_reset(backend: Backend) {
    let (app, provider) = start(backend);
    // An attacker takes Ada's address and leaves a second way in.
    let squatter = app.user("ada").await;
    link(&app, &squatter, &provider).await;
    app.mail().await;
    app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    let reset = json!({"token": app.mail_to("ada@example.org").await.token(), "password": "a staple and a ladder"});
    app.anonymous().post("/auth/password/reset", reset).await.expect(204);
    assert_eq!(count(&app, "identities"), 0);
    let arrived = tokens(&app, &provider).await.expect(200).body;
    assert_ne!(arrived["user"]["id"], squatter.tokens["user"]["id"]);
}
