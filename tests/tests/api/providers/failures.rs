//! Signing in through providers, when something goes wrong: the browser ends up in the front end, which is told what it
//! was, and nothing was stored. Every provider is held to it.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use circadia_tests::{Backend, Fault, TestApp, scenarios};

use super::*;

scenarios!(
    a_state_that_was_not_given_out_is_refused,
    a_state_is_good_once,
    a_state_belongs_to_its_browser,
    a_state_expires_after_ten_minutes,
    a_person_may_say_no,
    a_browser_from_another_issuer_is_refused,
    a_nonce_of_another_sign_in_is_refused,
    a_token_of_another_issuer_is_refused,
    a_token_for_another_client_is_refused,
    an_expired_token_is_refused,
    an_address_that_is_not_verified_is_refused,
    an_unsigned_token_is_refused,
    a_token_signed_with_the_client_s_secret_is_refused,
    a_token_signed_with_the_public_key_as_a_secret_is_refused,
    a_token_of_an_unknown_key_is_refused,
    an_altered_token_is_refused,
    an_answer_without_a_token_is_refused,
    a_code_is_good_once,
    a_code_without_its_verifier_is_refused,
    a_provider_that_is_down_is_said_to_be,
    a_provider_that_fails_is_said_to_be_unavailable,
    a_provider_that_never_answers_is_given_up,
    a_provider_that_answers_without_end_is_given_up,
    a_provider_that_redirects_is_not_followed,
    a_provider_that_answers_nonsense_is_not_believed,
    a_provider_without_keys_is_said_to_be_unavailable,
    a_discovery_document_that_never_comes_is_given_up,
    a_discovery_document_without_end_is_given_up,
    a_discovery_document_that_is_elsewhere_is_not_followed,
    a_discovery_document_of_another_is_not_believed,
);

/// What a refused sign-in must leave as it was.
async fn stored(app: &TestApp) -> Vec<(String, String)> {
    let mut stored = app.contents().await;
    stored.retain(|(table, _)| table != "ephemera");
    stored
}

/// Signs in while the provider goes wrong: the error that the front end is told, for browsers and apps alike.
async fn refused(backend: Backend, fault: Fault, wanted: &str) {
    let (app, providers) = start_with_each(backend);
    refused_by(&app, &providers, fault, wanted).await;
}

async fn refused_by(app: &TestApp, providers: &[OpenIdProvider], fault: Fault, wanted: &str) {
    for provider in providers {
        let before = stored(app).await;
        provider.fault(fault);
        for query in ["?next=/habits".to_owned(), for_app()] {
            let arrived = Browser::new(app).sign_in(provider, &query).await;
            assert_eq!(error(&arrived).as_deref(), Some(wanted), "{} {query}", provider.name());
            let named = arrived.query_pairs().find(|(name, _)| name == "provider");
            assert_eq!(named.unwrap().1, provider.name());
            assert_eq!(arrived.fragment(), None);
        }
        assert_eq!(stored(app).await, before);
        // It wasn't for another reason: once the provider is well again, all is well.
        provider.fault(None);
        app.clock.advance(60);
        tokens(app, provider).await.expect(200);
    }
}

/// The same where the browser doesn't even get to the provider.
async fn not_begun(backend: Backend, fault: Fault) {
    let (app, providers) = start_with_each(backend);
    for provider in &providers {
        let before = app.contents().await;
        provider.fault(fault);
        for _ in 0..3 {
            let path = provider.path("/auth", "/start?next=/habits");
            let arrived = location(&Browser::new(&app).get(&path).await.expect(302));
            assert_eq!(
                (error(&arrived).as_deref(), arrived.path()),
                (Some("provider_unavailable"), "/circadia/habits")
            );
        }
        assert_eq!(provider.asked_for("/.well-known/openid-configuration"), 1, "it is left alone for a while");
        assert_eq!(app.contents().await, before);
        let ada = app.user(&format!("ada-{}", provider.name())).await;
        let answer = ada.post(&provider.path("/me", ""), json!({})).await.expect(503);
        assert_eq!((&answer.body["code"], answer.header("retry-after")), (&json!("provider_unavailable"), Some("5")));
        provider.fault(None);
        app.clock.advance(5);
        tokens(&app, provider).await.expect(200);
    }
}

async fn a_state_that_was_not_given_out_is_refused(backend: Backend) {
    let (app, provider) = start(backend);
    let before = stored(&app).await;
    provider.fault(Fault::WrongState);
    let arrived = Browser::new(&app).sign_in(&provider, "").await;
    assert_eq!(error(&arrived).as_deref(), Some("provider_state_invalid"));
    let mut browser = Browser::new(&app);
    browser.agree(&provider, "").await;
    for query in [
        "",
        "?code=x",
        "?state=",
        "?state=x&code=y",
        "?state=%ff&code=%00",
        "?state=a&state=b&code=x",
        "?error=access_denied",
    ] {
        let answer = browser.get(&format!("/auth/providers/google/callback{query}")).await.expect(302);
        let wanted = format!("{FRONT_END}/?error=provider_state_invalid&provider=google");
        assert_eq!(location(&answer).as_str(), wanted, "{query}");
    }
    assert_eq!(stored(&app).await, before);
    assert_eq!(provider.asked_for("/token"), 0);
}

async fn a_state_is_good_once(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    for provider in &providers {
        let mut browser = Browser::new(&app);
        let back = browser.agree(provider, &for_app()).await;
        let cookies = browser.cookies.clone();
        let first = location(&browser.get(&back).await.expect(302));
        assert_eq!(error(&first), None);
        browser.cookies = cookies;
        let second = location(&browser.get(&back).await.expect(302));
        assert_eq!(error(&second).as_deref(), Some("provider_state_invalid"));
        assert_eq!(provider.asked_for("/token"), 1);
    }
}

async fn a_state_belongs_to_its_browser(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    let before = stored(&app).await;
    for (provider, query) in providers.iter().flat_map(|one| [(one, "?next=/habits".to_owned()), (one, for_app())]) {
        // A flow that an attacker began and another user's browser finishes: without a cookie, or with its own.
        let mut other = Browser::new(&app);
        for prepared in [false, true] {
            if prepared {
                other.agree(provider, "").await;
            }
            let back = Browser::new(&app).agree(provider, &query).await;
            let arrived = location(&other.get(&back).await.expect(302));
            assert_eq!(error(&arrived).as_deref(), Some("provider_state_invalid"));
        }
        assert_eq!(provider.asked_for("/token"), 0);
    }
    assert_eq!(stored(&app).await, before);
}

async fn a_state_expires_after_ten_minutes(backend: Backend) {
    let (app, provider) = start(backend);
    let mut browser = Browser::new(&app);
    let late = browser.agree(&provider, &for_app()).await;
    app.clock.advance(599);
    let in_time = browser.agree(&provider, &for_app()).await;
    app.clock.advance(1);
    let cookies = browser.cookies.clone();
    assert_eq!(error(&location(&browser.get(&late).await.expect(302))).as_deref(), Some("provider_state_invalid"));
    browser.cookies = cookies;
    assert_eq!(error(&location(&browser.get(&in_time).await.expect(302))), None);
}

async fn a_person_may_say_no(backend: Backend) {
    refused(backend, Fault::Denied, "provider_denied").await;
}

async fn a_browser_from_another_issuer_is_refused(backend: Backend) {
    refused(backend, Fault::WrongResponseIssuer, "provider_state_invalid").await;
}

async fn a_nonce_of_another_sign_in_is_refused(backend: Backend) {
    refused(backend, Fault::WrongNonce, "provider_token_invalid").await;
}

async fn a_token_of_another_issuer_is_refused(backend: Backend) {
    refused(backend, Fault::WrongIssuer, "provider_token_invalid").await;
}

async fn a_token_for_another_client_is_refused(backend: Backend) {
    refused(backend, Fault::WrongAudience, "provider_token_invalid").await;
}

async fn an_expired_token_is_refused(backend: Backend) {
    refused(backend, Fault::Expired, "provider_token_invalid").await;
}

async fn an_address_that_is_not_verified_is_refused(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    let before = stored(&app).await;
    for provider in &providers {
        provider.person("1", "grace@example.org", false);
        let arrived = Browser::new(&app).sign_in(provider, "").await;
        assert_eq!(error(&arrived).as_deref(), Some("provider_email_unverified"), "{}", provider.name());
    }
    assert_eq!(stored(&app).await, before);
}

async fn an_unsigned_token_is_refused(backend: Backend) {
    refused(backend, Fault::Unsigned, "provider_token_invalid").await;
}

async fn a_token_signed_with_the_client_s_secret_is_refused(backend: Backend) {
    refused(backend, Fault::SignedWithSecret, "provider_token_invalid").await;
}

async fn a_token_signed_with_the_public_key_as_a_secret_is_refused(backend: Backend) {
    refused(backend, Fault::SignedWithPublicKey, "provider_token_invalid").await;
}

async fn a_token_of_an_unknown_key_is_refused(backend: Backend) {
    refused(backend, Fault::UnknownKey, "provider_token_invalid").await;
}

async fn an_altered_token_is_refused(backend: Backend) {
    refused(backend, Fault::Altered, "provider_token_invalid").await;
}

async fn an_answer_without_a_token_is_refused(backend: Backend) {
    refused(backend, Fault::NoIdToken, "provider_token_invalid").await;
}

async fn a_code_is_good_once(backend: Backend) {
    refused(backend, Fault::CodeUsed, "provider_code_refused").await;
}

async fn a_code_without_its_verifier_is_refused(backend: Backend) {
    refused(backend, Fault::OtherChallenge, "provider_code_refused").await;
}

async fn a_provider_that_is_down_is_said_to_be(backend: Backend) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let app = TestApp::on(backend).with_google_at(&format!("http://127.0.0.1:{port}")).start();
    app.anonymous().get("/health/ready").await.expect(200);
    let answer = app.anonymous().get("/auth/providers/google/start?next=/habits").await.expect(302);
    assert_eq!(location(&answer).as_str(), format!("{FRONT_END}/habits?error=provider_unavailable&provider=google"));
}

async fn a_provider_that_fails_is_said_to_be_unavailable(backend: Backend) {
    refused(backend, Fault::TokenFails, "provider_unavailable").await;
}

async fn a_provider_that_never_answers_is_given_up(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    let begun = Instant::now();
    refused_by(&app, &providers[..1], Fault::TokenHangs, "provider_unavailable").await;
    assert!(begun.elapsed() < Duration::from_secs(20), "twice five seconds: {:?}", begun.elapsed());
}

async fn a_provider_that_answers_without_end_is_given_up(backend: Backend) {
    refused(backend, Fault::TokenHuge, "provider_unavailable").await;
}

async fn a_provider_that_redirects_is_not_followed(backend: Backend) {
    refused(backend, Fault::TokenRedirects, "provider_unavailable").await;
}

async fn a_provider_that_answers_nonsense_is_not_believed(backend: Backend) {
    refused(backend, Fault::TokenNonsense, "provider_unavailable").await;
}

async fn a_provider_without_keys_is_said_to_be_unavailable(backend: Backend) {
    refused(backend, Fault::KeysFail, "provider_unavailable").await;
}

async fn a_discovery_document_that_never_comes_is_given_up(backend: Backend) {
    not_begun(backend, Fault::DiscoveryHangs).await;
}

async fn a_discovery_document_without_end_is_given_up(backend: Backend) {
    not_begun(backend, Fault::DiscoveryHuge).await;
}

async fn a_discovery_document_that_is_elsewhere_is_not_followed(backend: Backend) {
    not_begun(backend, Fault::DiscoveryRedirects).await;
}

async fn a_discovery_document_of_another_is_not_believed(backend: Backend) {
    let (app, providers) = start_with_each(backend);
    for provider in &providers {
        provider.fault(Fault::DiscoveryOfAnother);
        let arrived = location(&Browser::new(&app).get(&provider.path("/auth", "/start")).await.expect(302));
        assert_eq!(error(&arrived).as_deref(), Some("provider_unavailable"));
        provider.fault(None);
        tokens(&app, provider).await.expect(200);
    }
}
