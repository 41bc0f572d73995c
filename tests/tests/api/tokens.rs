//! Personal access tokens: `/me/tokens`, and what they open.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_auth::Entropy;
use circadia_auth::keys::MasterKey;
use circadia_auth::personal_tokens::{PersonalSecret, PersonalTokens};
use circadia_tests::{Backend, Client, SECRET_KEY, TestApp, scenarios};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::audited;
use super::catalogue::{Catalogue, Operation, World};

scenarios!(
    a_token_is_shown_once_and_listed_without_its_secret,
    tokens_expire_in_90_days_unless_told_and_never_later_than_in_a_year,
    every_operation_needs_its_scope_and_security_is_out_of_reach,
    a_revoked_token_is_refused_everywhere_within_a_second,
    a_token_is_looked_up_once_and_its_use_noted_once_an_hour,
    changed_tokens_are_invalid,
    personal_tokens_need_their_secret_not_just_a_tag,
    tokens_count_towards_their_user_s_limit,
    an_account_holds_a_limited_number_of_tokens,
);

/// A client that sends a fresh token with these scopes, and the token's id.
pub(crate) async fn with_scopes(client: &Client, scopes: &[&str]) -> (Client, String) {
    let made = client.post("/me/tokens", json!({"name": "Importer", "scopes": scopes})).await.expect(201).body;
    (client.with_token(made["token"].as_str().unwrap()), made["id"].as_str().unwrap().to_owned())
}

async fn a_token_is_shown_once_and_listed_without_its_secret(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let body = json!({"name": "Importer", "scopes": ["sleep:write", "habits:read", "sleep:write"]});
    let made = ada.post("/me/tokens", body).await.expect(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let token = made.body["token"].as_str().unwrap();
    assert!(token.len() == 95 && token.starts_with("crc_"), "{token}");
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(made.header("location").unwrap(), format!("/api/v1/me/tokens/{id}"));
    let mut shown = made.body.clone();
    shown.as_object_mut().unwrap().remove("token");
    assert_eq!(shown["scopes"], json!(["habits:read", "sleep:write"]));
    assert_eq!(shown["last_used_at"], Value::Null);
    assert_eq!(ada.get(&format!("/me/tokens/{id}")).await.expect(200).body, shown);
    assert_eq!(ada.get("/me/tokens").await.expect(200).body["items"], json!([shown]));
    assert_eq!(eve.get("/me/tokens").await.expect(200).body["items"], json!([]));
    assert_eq!(audited(&app, "token_created", "done"), 1);
    for (name, wrong) in [
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("scopes", json!([])),
        ("scopes", json!(["admin"])),
        ("scopes", json!("read")),
        ("expires_at", json!("tomorrow")),
    ] {
        let mut body = json!({"name": "Importer", "scopes": ["read"]});
        body[name] = wrong;
        ada.post("/me/tokens", body).await.names(&format!("/{name}"));
    }
}

async fn tokens_expire_in_90_days_unless_told_and_never_later_than_in_a_year(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let make = async |expires_at: Option<&str>| {
        ada.post("/me/tokens", json!({"name": "Importer", "scopes": ["read"], "expires_at": expires_at})).await
    };
    let usual = make(None).await.expect(201).body;
    assert_eq!(usual["expires_at"], "2026-06-09T12:00:00Z");
    let year = make(Some("2027-03-12T12:00:00Z")).await.expect(201).body;
    make(Some("2027-03-12T12:00:01Z")).await.names("/expires_at");
    make(Some("2026-03-11T12:00:00Z")).await.names("/expires_at");
    let short = make(Some("2026-03-11T12:00:01Z")).await.expect(201).body;
    let [usual, year, short] = [&usual, &year, &short].map(|made| ada.with_token(made["token"].as_str().unwrap()));
    short.get("/habits").await.expect(200);
    app.clock.advance(1);
    short.get("/habits").await.problem(401, "token_expired");
    usual.get("/habits").await.expect(200);
    app.clock.set("2026-06-09T12:00:00Z");
    usual.get("/habits").await.problem(401, "token_expired");
    year.get("/habits").await.expect(200);
}

/// Whether personal access tokens are refused regardless of scope. Of the account, only reading is allowed.
fn is_barred(operation: &Operation) -> bool {
    let within = operation.path.strip_prefix("/api/v1/").unwrap();
    // Pauses of all habits are part of the habits.
    let is_open = ["getMe", "exportMe"].contains(&operation.id.as_str()) || within.starts_with("me/pauses");
    ["auth", "me", "admin"].contains(&within.split('/').next().unwrap()) && !is_open
}

/// All scopes but those that let in where this one does.
fn all_but<'a>(scopes: &'a BTreeSet<String>, scope: &str) -> Vec<&'a str> {
    // Without an area, it holds in all.
    fn parts(scope: &str) -> (Option<&str>, &str) {
        scope.split_once(':').map_or((None, scope), |(area, access)| (Some(area), access))
    }
    let (area, access) = parts(scope);
    let lets_in = |other: &str| {
        let (own, given) = parts(other);
        (own.is_none() || own == area) && (access == "read" || given == "write")
    };
    scopes.iter().map(String::as_str).filter(|other| !lets_in(other)).collect()
}

async fn every_operation_needs_its_scope_and_security_is_out_of_reach(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let world = World::of(&ada).await;
    let catalogue = Catalogue::read();
    let scopes: BTreeSet<String> =
        catalogue.operations.iter().flat_map(|operation| operation.personal_scopes.clone()).collect();
    assert!(scopes.len() > 10, "{scopes:?}");
    let (almighty, _) = with_scopes(&ada, &["read", "write"]).await;
    let mut with_all_but = BTreeMap::new();
    for scope in &scopes {
        with_all_but.insert(scope.as_str(), with_scopes(&ada, &all_but(&scopes, scope)).await.0);
    }
    let mut with = BTreeMap::new();
    let sets: BTreeSet<&[String]> = catalogue.operations.iter().map(|it| it.personal_scopes.as_slice()).collect();
    for set in sets.into_iter().filter(|set| !set.is_empty()) {
        let words: Vec<&str> = set.iter().map(String::as_str).collect();
        with.insert(set, with_scopes(&ada, &words).await.0);
    }
    let call = async |client: &Client, operation: &Operation| {
        // Logging out by a refresh token needs no access token; by a personal one it is refused.
        let body = if operation.id == "logout" { Value::Null } else { world.body(operation) };
        client.call(operation.method.clone(), &world.path_and_query(operation), &body).await
    };
    let private = || catalogue.operations.iter().filter(|operation| !operation.public);
    let before = app.contents().await;
    let mut barred = 0;
    for operation in private() {
        if is_barred(operation) {
            assert!(operation.personal_scopes.is_empty(), "{}", operation.id);
            let refused = call(&almighty, operation).await.problem(403, "insufficient_scope");
            assert_eq!(refused.header("www-authenticate"), Some("Bearer error=\"insufficient_scope\""));
            barred += 1;
            continue;
        }
        let needed = &operation.personal_scopes;
        assert!(!needed.is_empty(), "{} has no scope", operation.id);
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", needed.join(" "));
        for scope in needed {
            let refused = call(&with_all_but[scope.as_str()], operation).await.problem(403, "insufficient_scope");
            assert_eq!(refused.body["detail"], format!("The token lacks the scope `{scope}`."));
            assert_eq!(refused.header("www-authenticate"), Some(challenge.as_str()));
        }
    }
    assert_eq!(app.contents().await, before, "a refused request changed something");
    let mut let_in = 0;
    for operation in private().filter(|operation| !is_barred(operation)) {
        let answer = call(&with[operation.personal_scopes.as_slice()], operation).await;
        assert!(![401, 403].contains(&answer.status), "{}: {}", operation.id, answer.body);
        let_in += 1;
    }
    assert!(barred > 5 && let_in > 50, "{barred} {let_in}");
}

async fn a_revoked_token_is_refused_everywhere_within_a_second(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let ada = app.user("ada").await;
    let (token, id) = with_scopes(&ada, &["read"]).await;
    let (other, _) = with_scopes(&ada, &["read"]).await;
    let there = token.at(&replica.anonymous());
    for client in [&token, &there, &other] {
        client.get("/habits").await.expect(200);
    }
    let path = format!("/me/tokens/{id}");
    let tag = ada.get("/me/tokens").await.expect(200).etag();
    ada.with_header("if-match", &tag).delete(&path).await.problem(412, "precondition_failed");
    ada.delete(&path).await.expect(204);
    token.get("/habits").await.problem(401, "token_revoked");
    there.until_refused(401, "token_revoked").await;
    other.get("/habits").await.expect(200);
    ada.delete(&path).await.problem(404, "personal_token_not_found");
    assert_eq!(audited(&app, "token_revoked", "done"), 1);
    // What an owner who signs out everywhere has lent goes on, until it is revoked by itself.
    ada.post("/auth/logout-all", Value::Null).await.expect(204);
    other.get("/habits").await.expect(200);
}

async fn a_token_is_looked_up_once_and_its_use_noted_once_an_hour(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (token, id) = with_scopes(&ada, &["read"]).await;
    let used = async || ada.get(&format!("/me/tokens/{id}")).await.expect(200).body["last_used_at"].clone();
    assert_eq!(used().await, Value::Null);
    token.get("/themes").await.expect(200);
    assert_eq!(used().await, "2026-03-11T12:00:00Z");
    // Until the feed of what was revoked is followed, it is looked up each time.
    token.until_known().await;
    let begun = app.database.number("SELECT count(*) FROM personal_tokens WHERE last_used_at IS NOT NULL");
    assert_eq!(begun, 1);
    app.clock.advance(600);
    token.get("/themes").await.expect(200);
    assert_eq!(used().await, "2026-03-11T12:00:00Z");
    app.clock.set("2026-03-11T13:00:00Z");
    let ada = app.log_in("ada").await;
    token.get("/themes").await.expect(200);
    let noted = ada.get(&format!("/me/tokens/{id}")).await.expect(200).body;
    assert_eq!(noted["last_used_at"], "2026-03-11T13:00:00Z");
}

async fn changed_tokens_are_invalid(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (token, _) = with_scopes(&ada, &["read"]).await;
    let text = token.token().to_owned();
    token.get("/habits").await.expect(200);
    for at in [0, 3, 4, 30, 60, 80, 94] {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        app.anonymous().with_token(&changed).get("/habits").await.problem(401, "token_invalid");
    }
    for wrong in ["crc_", &text[..94], &format!("{text}A"), &format!("{text}=")] {
        app.anonymous().with_token(wrong).get("/habits").await.problem(401, "token_invalid");
    }
    assert_eq!(app.database.number("SELECT count(*) FROM personal_tokens WHERE length(secret_hash) = 32"), 1);
}

/// Randomness that isn't.
struct Chosen<'a>(&'a [u8]);

impl Entropy for Chosen<'_> {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(self.0);
    }
}

/// A token of these parts, with the tag that goes with them: which can't be made without the server's secret.
fn forged(user_and_id: &[u8], secret: &[u8]) -> String {
    let master = MasterKey::from_text(SECRET_KEY).unwrap();
    let uuid = |bytes: &[u8]| Uuid::from_slice(bytes).unwrap();
    let (user, id) = (uuid(&user_and_id[..16]).into(), uuid(&user_and_id[16..]).into());
    let token = PersonalSecret::fresh(user, id, &Chosen(secret));
    PersonalTokens::new(&master).unwrap().text(&token).to_string()
}

async fn personal_tokens_need_their_secret_not_just_a_tag(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, _) = with_scopes(&ada, &["read"]).await;
    let (other, _) = with_scopes(&ada, &["read"]).await;
    let (eves, _) = with_scopes(&eve, &["read"]).await;
    let [hers_read, other_read, eves_read] =
        [&hers, &other, &eves].map(|client| URL_SAFE_NO_PAD.decode(&client.token()[4..]).unwrap());
    let (name, secret) = (&hers_read[..32], &hers_read[32..64]);
    assert_eq!(forged(name, secret), hers.token(), "what is forged here would be good if it were right");
    let mut flipped = secret.to_vec();
    flipped[31] ^= 1;
    let mut guesses = vec![forged(name, &flipped)];
    flipped.fill(0);
    guesses.push(forged(name, &flipped));
    // The secret of another token, the user's own and another user's.
    guesses.push(forged(name, &other_read[32..64]));
    guesses.push(forged(name, &eves_read[32..64]));
    guesses.push(forged(&eves_read[..32], secret));
    guesses.push(forged(&[&eves_read[..16], &hers_read[16..32]].concat(), secret));
    let all_are_refused = async || {
        for guess in &guesses {
            app.anonymous().with_token(guess).get("/habits").await.problem(401, "token_revoked");
        }
    };
    // Neither before the good ones were seen nor after.
    all_are_refused().await;
    for good in [&hers, &other, &eves] {
        good.until_known().await;
    }
    all_are_refused().await;
    // The stored token decides, regardless of what the token says.
    app.database.execute(
        "UPDATE personal_tokens SET secret_hash =
            (SELECT one FROM (SELECT secret_hash AS one FROM personal_tokens ORDER BY secret_hash LIMIT 1) AS first)",
    );
    let replica = app.replica().start();
    let mut good = 0;
    for token in [&hers, &other, &eves] {
        let answer = token.at(&replica.anonymous()).get("/habits").await;
        match answer.status {
            200 => good += 1,
            _ => drop(answer.problem(401, "token_revoked")),
        }
    }
    assert_eq!(good, 1, "only one has the secret that is stored for all of them");
}

async fn tokens_count_towards_their_user_s_limit(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_USER", "4/h").start();
    let ada = app.user("ada").await;
    let (one, _) = with_scopes(&ada, &["read"]).await;
    let (other, _) = with_scopes(&ada, &["read"]).await;
    one.get("/habits").await.expect(200);
    let last = other.get("/habits").await.expect(200);
    assert!(last.header("ratelimit").unwrap().starts_with("\"user\";r=0;"));
    for client in [&one, &other, &ada] {
        client.get("/habits").await.problem(429, "rate_limited");
    }
}

async fn an_account_holds_a_limited_number_of_tokens(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let body = json!({"name": "Importer", "scopes": ["read"], "expires_at": "2026-03-11T12:10:00Z"});
    for _ in 0..50 {
        ada.post("/me/tokens", body.clone()).await.expect(201);
    }
    ada.post("/me/tokens", json!({"name": "One more", "scopes": ["read"]})).await.problem(409, "limit_reached");
    // What has expired takes no place.
    app.clock.advance(600);
    let one_more = json!({"name": "One more", "scopes": ["read"], "password": "correct horse battery"});
    ada.post("/me/tokens", one_more).await.expect(201);
}
