//! Passkeys: `/me/passkeys`, and signing in by one. The device is an independent implementation.

use circadia_tests::{Answer, Authenticator, Backend, Client, FRONT_END, TestApp, add_passkey, flipped, scenarios};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use totp_rs::Totp;

use super::audit::audited;

scenarios!(
    a_passkey_signs_in_without_a_name,
    a_browser_signs_in_by_a_passkey_and_gets_a_cookie,
    a_passkey_counts_as_both_factors,
    a_passkey_answers_a_challenge_in_place_of_a_code,
    passkeys_do_not_make_a_password_sign_in_two_step,
    what_is_wrong_with_an_answer_is_refused_alike_and_recorded,
    an_answer_is_good_once_and_for_its_own_ceremony,
    an_answer_used_at_once_lets_one_in,
    a_ceremony_ends_after_five_minutes,
    a_counter_that_goes_backwards_is_refused_and_audited,
    a_passkey_signs_in_to_no_other_account,
    accounts_that_may_not_sign_in_may_not_by_passkey,
    adding_one_needs_the_password_or_a_fresh_sign_in,
    a_registration_belongs_to_its_session_and_is_good_once,
    passkeys_that_can_not_be_verified_are_not_added,
    passkeys_are_named_and_removed,
    removing_one_needs_the_password_or_a_fresh_sign_in,
    an_account_has_at_most_20_passkeys,
    a_passkey_belongs_to_one_account,
    a_fresh_sign_in_by_passkey_is_proof_as_the_password_is,
    a_reset_removes_those_of_an_address_that_was_never_verified,
    without_a_domain_there_are_no_passkeys,
    where_and_whose_passkeys_are_is_configured,
    guesses_are_limited,
);

const PASSWORD: &str = "correct horse battery";

/// Begins a sign-in.
async fn begin(client: &Client) -> Value {
    client.post("/auth/passkeys/start", json!({})).await.expect(200).body
}

async fn finish(client: &Client, begun: &Value, credential: &Value) -> Answer {
    let body = json!({"ceremony": begun["ceremony"], "credential": credential, "device": "phone"});
    client.post("/auth/passkeys/finish", body).await
}

async fn sign_in(client: &Client, device: &mut Authenticator) -> Answer {
    let begun = begin(client).await;
    finish(client, &begun, &device.get(&begun["options"])).await
}

/// Sets a second factor up; a recovery code.
async fn with_second_factor(client: &Client) -> Value {
    let made = client.post("/me/totp", json!({"password": PASSWORD})).await.expect(200);
    let code = Totp::from_url(made.body["otpauth_uri"].as_str().unwrap()).unwrap().generate(1_773_230_400).to_string();
    client.post("/me/totp/confirm", json!({"code": code})).await.expect(200).body["recovery_codes"][0].clone()
}

async fn challenge(client: &Client, path: &str) -> Value {
    let credentials = json!({"username": "ada", "password": PASSWORD, "device": "laptop"});
    client.post(path, credentials).await.problem(401, "second_factor_required").body["challenge"].clone()
}

fn failures(app: &TestApp, failure: &str) -> i64 {
    app.database
        .number(&format!("SELECT count(*) FROM login_attempts WHERE method = 'passkey' AND failure = '{failure}'"))
}

async fn a_passkey_signs_in_without_a_name(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let before = ada.get("/me").await.expect(200).body["login_count"].as_i64().unwrap();
    app.mail().await;
    let (mut device, passkey) = add_passkey(&ada).await;
    assert_eq!(passkey["last_used_at"], Value::Null);
    app.clock.advance(60);
    let anonymous = app.anonymous();
    let begun = anonymous.post("/auth/passkeys/start", json!({})).await.expect(200);
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    let options = &begun.body["options"];
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("localhost"), &json!("required")));
    assert_eq!((&options["allowCredentials"], &begun.body["expires_in"]), (&json!([]), &json!(300)));
    let signed_in = finish(&anonymous, &begun.body, &device.get(options)).await.expect(200);
    assert_eq!(signed_in.header("cache-control"), Some("no-store"));
    assert!(signed_in.body["device_token"].is_string() && signed_in.body["user"]["username"] == "ada");
    let again = anonymous.signed_in(&signed_in.body);
    assert_eq!(again.get("/me").await.expect(200).body["login_count"], before + 1);
    let listed = again.get("/me/passkeys").await.expect(200).items().remove(0);
    assert_eq!((&listed["id"], &listed["last_used_at"]), (&passkey["id"], &json!("2026-03-11T12:01:00Z")));
    let sessions = "SELECT count(*) FROM sessions WHERE first_factor = 'passkey' AND device = 'phone'";
    assert_eq!(app.database.number(sessions), 1);
    assert_eq!(app.database.number("SELECT count(*) FROM login_attempts WHERE method = 'passkey'"), 1);
    assert_eq!(audited(&app, "passkey_added", "done"), 1);
    assert_eq!(app.mail_to("ada@example.org").await.subject, "A passkey was added");
}

async fn a_browser_signs_in_by_a_passkey_and_gets_a_cookie(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (mut device, _) = add_passkey(&app.user("ada").await).await;
    let anonymous = app.anonymous();
    let begun = begin(&anonymous).await;
    let body = json!({"ceremony": begun["ceremony"], "credential": device.get(&begun["options"])});
    let foreign = anonymous.with_header("origin", "https://evil.example");
    foreign.post("/auth/session/passkey", body.clone()).await.problem(403, "csrf_failed");
    let opened = anonymous.with_header("origin", FRONT_END).post("/auth/session/passkey", body).await.expect(200);
    anonymous.in_browser(&opened).get("/me").await.expect(200);
    assert!(opened.cookie("circadia_device").is_some());
}

async fn a_passkey_counts_as_both_factors(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (mut device, _) = add_passkey(&ada).await;
    with_second_factor(&ada).await;
    challenge(&app.anonymous(), "/auth/login").await;
    sign_in(&app.anonymous(), &mut device).await.expect(200);
    // Not without the device having verified its user.
    device.verifies_user = false;
    sign_in(&app.anonymous(), &mut device).await.problem(401, "passkey_invalid");
}

async fn a_passkey_answers_a_challenge_in_place_of_a_code(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (mut device, passkey) = add_passkey(&ada).await;
    let (mut other, _) = add_passkey(&eve).await;
    let recovery = with_second_factor(&ada).await;
    let anonymous = app.anonymous();
    let asked = challenge(&anonymous, "/auth/login").await;
    let start = async |asked: &Value| {
        anonymous.post("/auth/passkeys/start", json!({"challenge": asked})).await.expect(200).body
    };
    let begun = start(&asked).await;
    let allowed = &begun["options"]["allowCredentials"];
    let own = &device.get(&begun["options"])["id"];
    assert_eq!(allowed, &json!([{"id": own, "type": "public-key", "transports": ["hybrid", "internal"]}]));
    // Somebody else's passkey, however right.
    finish(&anonymous, &begun, &other.get(&begun["options"])).await.problem(401, "passkey_invalid");
    // Devices may leave out whose it is, since that is known.
    device.user_handle = None;
    let begun = start(&asked).await;
    let signed_in = finish(&anonymous, &begun, &device.get(&begun["options"])).await.expect(200);
    assert_eq!(signed_in.body["user"]["username"], "ada");
    // The session is the one that the password began.
    let sessions = "SELECT count(*) FROM sessions WHERE first_factor = 'password' AND device = 'laptop'";
    assert_eq!(app.database.number(sessions), 1);
    let used = ada.get(&format!("/me/passkeys/{}", passkey["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(used.body["last_used_at"], "2026-03-11T12:00:00Z");
    // A challenge opens one session, by whatever answers it.
    let begun = start(&asked).await;
    finish(&anonymous, &begun, &device.get(&begun["options"])).await.problem(401, "challenge_expired");
    let by_code = json!({"challenge": asked, "code": recovery});
    anonymous.post("/auth/login/totp", by_code).await.problem(401, "challenge_expired");
    // And the kind of session that it was given for.
    let of_cookie = challenge(&anonymous, "/auth/session").await;
    let begun = start(&of_cookie).await;
    finish(&anonymous, &begun, &device.get(&begun["options"])).await.problem(401, "challenge_expired");
    let begun = start(&of_cookie).await;
    let body = json!({"ceremony": begun["ceremony"], "credential": device.get(&begun["options"])});
    anonymous.post("/auth/session/passkey", body).await.expect(200);
    // Not after the password was changed.
    let asked = challenge(&anonymous, "/auth/login").await;
    let begun = start(&asked).await;
    let change = json!({"current_password": PASSWORD, "new_password": "another long sentence"});
    ada.post("/auth/password/change", change).await.expect(204);
    finish(&anonymous, &begun, &device.get(&begun["options"])).await.problem(401, "challenge_expired");
    with_second_factor(&eve).await;
    for challenge in [json!("nonsense"), json!("")] {
        let body = json!({"challenge": challenge});
        anonymous.post("/auth/passkeys/start", body).await.problem(401, "challenge_expired");
    }
    // An account that has none.
    let grace = app.user("grace").await;
    with_second_factor(&grace).await;
    let credentials = json!({"username": "grace", "password": PASSWORD});
    let asked = anonymous.post("/auth/login", credentials).await.problem(401, "second_factor_required").body;
    let body = json!({"challenge": asked["challenge"]});
    anonymous.post("/auth/passkeys/start", body).await.problem(404, "passkey_not_found");
}

async fn passkeys_do_not_make_a_password_sign_in_two_step(backend: Backend) {
    let app = TestApp::on(backend).start();
    add_passkey(&app.user("ada").await).await;
    app.log_in("ada").await.get("/me").await.expect(200);
}

async fn what_is_wrong_with_an_answer_is_refused_alike_and_recorded(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (mut device, _) = add_passkey(&ada).await;
    let anonymous = app.anonymous();
    let mut refusals = Vec::new();
    let wrong: [fn(&mut Authenticator); 5] = [
        |device| device.origin = "https://evil.example".to_owned(),
        |device| device.origin = "http://localhost:3001".to_owned(),
        |device| device.rp_id = Some("evil.example".to_owned()),
        |device| device.verifies_user = false,
        |device| device.challenge = Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned()),
    ];
    for change in wrong {
        change(&mut device);
        refusals.push(sign_in(&anonymous, &mut device).await.problem(401, "passkey_invalid"));
        device.origin = FRONT_END.to_owned();
        (device.rp_id, device.verifies_user, device.challenge) = (None, true, None);
    }
    for (member, bit) in [("signature", 0), ("signature", 300), ("authenticatorData", 290), ("clientDataJSON", 999)] {
        let begun = begin(&anonymous).await;
        let answer = flipped(&device.get(&begun["options"]), member, bit);
        refusals.push(finish(&anonymous, &begun, &answer).await.problem(401, "passkey_invalid"));
    }
    assert_eq!(failures(&app, "wrong_passkey"), 9);
    // A passkey that nobody has, and one that was removed.
    let mut unknown = Authenticator::at(FRONT_END);
    unknown.user_handle = Some("AZzOqLt9eqvN7wEjRWeJqw".to_owned());
    refusals.push(sign_in(&anonymous, &mut unknown).await.problem(401, "passkey_invalid"));
    assert_eq!(failures(&app, "unknown_user"), 1);
    let first = refusals[0].comparable();
    assert!(refusals.iter().all(|refusal| refusal.comparable() == first));
    sign_in(&anonymous, &mut device).await.expect(200);
    assert_eq!(audited(&app, "passkey_counter_regressed", "refused"), 0);
}

async fn an_answer_is_good_once_and_for_its_own_ceremony(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (mut device, _) = add_passkey(&ada).await;
    let anonymous = app.anonymous();
    let begun = begin(&anonymous).await;
    let answer = device.get(&begun["options"]);
    // To what another browser began.
    let others = begin(&anonymous).await;
    finish(&anonymous, &others, &answer).await.problem(401, "passkey_invalid");
    finish(&anonymous, &begun, &answer).await.expect(200);
    // Replayed, alone and under a new ceremony.
    finish(&anonymous, &begun, &answer).await.problem(401, "challenge_expired");
    finish(&anonymous, &begin(&anonymous).await, &answer).await.problem(401, "passkey_invalid");
    // A wrong answer ends a ceremony, too.
    let begun = begin(&anonymous).await;
    let answer = device.get(&begun["options"]);
    finish(&anonymous, &begun, &flipped(&answer, "signature", 80)).await.problem(401, "passkey_invalid");
    finish(&anonymous, &begun, &answer).await.problem(401, "challenge_expired");
    // What was begun to add a passkey doesn't sign in, nor the other way round.
    let adding = ada.post("/me/passkeys/start", json!({})).await.expect(200).body;
    let request = json!({"rpId": "localhost", "challenge": adding["options"]["challenge"]});
    finish(&anonymous, &adding, &device.get(&request)).await.problem(401, "challenge_expired");
    let begun = begin(&anonymous).await;
    let options = json!({
        "rp": {"id": "localhost"}, "user": {"id": device.user_handle}, "challenge": begun["options"]["challenge"],
    });
    let body = json!({
        "ceremony": begun["ceremony"], "credential": Authenticator::at(FRONT_END).create(&options),
    });
    ada.post("/me/passkeys/finish", body).await.names("/ceremony");
}

async fn an_answer_used_at_once_lets_one_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (mut device, _) = add_passkey(&app.user("ada").await).await;
    let begun = begin(&app.anonymous()).await;
    let answer = device.get(&begun["options"]);
    let mut answers = JoinSet::new();
    for _ in 0..8 {
        let (client, begun, answer) = (app.anonymous(), begun.clone(), answer.clone());
        answers.spawn(async move { finish(&client, &begun, &answer).await.status });
    }
    let mut statuses = answers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 401, 401]);
}

async fn a_ceremony_ends_after_five_minutes(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (mut device, _) = add_passkey(&ada).await;
    let anonymous = app.anonymous();
    let (first, second) = (begin(&anonymous).await, begin(&anonymous).await);
    let adding = ada.post("/me/passkeys/start", json!({})).await.expect(200).body;
    app.clock.advance(299);
    finish(&anonymous, &first, &device.get(&first["options"])).await.expect(200);
    app.clock.advance(1);
    finish(&anonymous, &second, &device.get(&second["options"])).await.problem(401, "challenge_expired");
    let made = Authenticator::at(FRONT_END).create(&adding["options"]);
    let body = json!({"ceremony": adding["ceremony"], "credential": made});
    ada.post("/me/passkeys/finish", body).await.names("/ceremony");
}

async fn a_counter_that_goes_backwards_is_refused_and_audited(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (mut device, passkey) = add_passkey(&app.user("ada").await).await;
    let anonymous = app.anonymous();
    device.count = Some(41);
    sign_in(&anonymous, &mut device).await.expect(200);
    // A copy counts on from where it was made.
    device.count = Some(7);
    sign_in(&anonymous, &mut device).await.problem(401, "passkey_invalid");
    assert_eq!(audited(&app, "passkey_counter_regressed", "refused"), 1);
    assert_eq!(failures(&app, "wrong_passkey"), 1);
    let id = passkey["id"].as_str().unwrap();
    let details = format!("SELECT count(*) FROM audit_events WHERE details = '{{\"passkey\":\"{id}\"}}'");
    assert_eq!(app.database.number(&details), 2, "when it was added, and now");
    assert_eq!(app.database.number("SELECT sign_count FROM passkeys"), 42);
    device.count = Some(42);
    sign_in(&anonymous, &mut device).await.expect(200);
}

async fn a_passkey_signs_in_to_no_other_account(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, _) = add_passkey(&ada).await;
    let (mut own, _) = add_passkey(&eve).await;
    let anonymous = app.anonymous();
    let (own_handle, own_id) = (own.user_handle.clone(), own.credential_id.clone());
    // Ada's user handle with Eve's key, Ada's credential with Eve's key, and both.
    own.user_handle.clone_from(&hers.user_handle);
    sign_in(&anonymous, &mut own).await.problem(401, "passkey_invalid");
    own.credential_id.clone_from(&hers.credential_id);
    sign_in(&anonymous, &mut own).await.problem(401, "passkey_invalid");
    own.user_handle = own_handle;
    sign_in(&anonymous, &mut own).await.problem(401, "passkey_invalid");
    own.credential_id = own_id;
    let signed_in = sign_in(&anonymous, &mut own).await.expect(200);
    assert_eq!(signed_in.body["user"]["username"], "eve");
}

async fn accounts_that_may_not_sign_in_may_not_by_passkey(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (mut device, _) = add_passkey(&app.user("ada").await).await;
    let strict = app.replica().set("CIRCADIA_EMAIL_VERIFICATION", "required").start();
    sign_in(&strict.anonymous(), &mut device).await.problem(403, "email_not_verified");
    assert_eq!(failures(&app, "email_not_verified"), 1);
    app.deactivate_unsaid("ada");
    sign_in(&app.anonymous(), &mut device).await.problem(401, "passkey_invalid");
    assert_eq!(failures(&app, "inactive"), 1);
    let eve = app.user("eve").await;
    let (mut device, _) = add_passkey(&eve).await;
    eve.call(Method::POST, "/me/delete", &json!({"password": PASSWORD})).await.expect(204);
    sign_in(&app.anonymous(), &mut device).await.problem(401, "passkey_invalid");
    assert_eq!(app.database.number("SELECT count(*) FROM passkeys"), 1);
}

async fn adding_one_needs_the_password_or_a_fresh_sign_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.clock.advance(299);
    let begun = ada.post("/me/passkeys/start", json!({})).await.expect(200);
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    let options = &begun.body["options"];
    assert_eq!(options["rp"], json!({"id": "localhost", "name": "Circadia"}));
    assert_eq!((&options["user"]["name"], &options["attestation"]), (&json!("ada"), &json!("none")));
    let selection = json!({"residentKey": "required", "requireResidentKey": true, "userVerification": "required"});
    assert_eq!(options["authenticatorSelection"], selection);
    let algorithms: Vec<&Value> =
        options["pubKeyCredParams"].as_array().unwrap().iter().map(|known| &known["alg"]).collect();
    assert_eq!(algorithms, [&json!(-7), &json!(-8), &json!(-257)]);
    app.clock.advance(1);
    ada.post("/me/passkeys/start", json!({})).await.problem(403, "reauthentication_required");
    let wrong = json!({"password": "wrong horse battery"});
    ada.post("/me/passkeys/start", wrong).await.problem(403, "wrong_password");
    ada.post("/me/passkeys/start", json!({"password": PASSWORD})).await.expect(200);
}

async fn a_registration_belongs_to_its_session_and_is_good_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let elsewhere = app.log_in("ada").await;
    let start = async || ada.post("/me/passkeys/start", json!({})).await.expect(200).body;
    let mut device = Authenticator::at(FRONT_END);
    for client in [&eve, &elsewhere] {
        let begun = start().await;
        let body = json!({"ceremony": begun["ceremony"], "credential": device.create(&begun["options"])});
        client.post("/me/passkeys/finish", body.clone()).await.names("/ceremony");
        ada.post("/me/passkeys/finish", body).await.names("/ceremony");
    }
    let begun = start().await;
    let body = json!({"ceremony": begun["ceremony"], "credential": device.create(&begun["options"])});
    let added = ada.post("/me/passkeys/finish", body.clone()).await.expect(201);
    assert_eq!(
        added.header("location").unwrap(),
        format!("/api/v1/me/passkeys/{}", added.body["id"].as_str().unwrap())
    );
    ada.post("/me/passkeys/finish", body).await.names("/ceremony");
    // A session that ended adds nothing.
    let begun = elsewhere.post("/me/passkeys/start", json!({})).await.expect(200).body;
    ada.post("/auth/logout-all", Value::Null).await.expect(204);
    let body = json!({"ceremony": begun["ceremony"], "credential": device.create(&begun["options"])});
    elsewhere.post("/me/passkeys/finish", body).await.problem(401, "token_revoked");
    assert_eq!(app.database.number("SELECT count(*) FROM passkeys"), 1);
}

async fn passkeys_that_can_not_be_verified_are_not_added(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let wrong: [fn(&mut Authenticator); 4] = [
        |device| device.origin = "https://evil.example".to_owned(),
        |device| device.rp_id = Some("evil.example".to_owned()),
        |device| device.verifies_user = false,
        |device| device.challenge = Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned()),
    ];
    for change in wrong {
        let mut device = Authenticator::at(FRONT_END);
        change(&mut device);
        let begun = ada.post("/me/passkeys/start", json!({})).await.expect(200).body;
        let body = json!({"ceremony": begun["ceremony"], "credential": device.create(&begun["options"])});
        ada.post("/me/passkeys/finish", body).await.names("/credential");
    }
    // Another key than the one that the object is about.
    let begun = ada.post("/me/passkeys/start", json!({})).await.expect(200).body;
    let made = Authenticator::at(FRONT_END).create(&begun["options"]);
    let body = json!({"ceremony": begun["ceremony"], "credential": flipped(&made, "publicKey", 400)});
    ada.post("/me/passkeys/finish", body).await.names("/credential");
    assert_eq!(app.database.number("SELECT count(*) FROM passkeys"), 0);
    assert_eq!(audited(&app, "passkey_added", "done"), 0);
}

async fn passkeys_are_named_and_removed(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut devices = Vec::new();
    for _ in 0..2 {
        devices.push(add_passkey(&ada).await);
        app.clock.advance(1);
    }
    let begun = ada.post("/me/passkeys/start", json!({})).await.expect(200).body;
    let excluded = begun["options"]["excludeCredentials"].as_array().unwrap();
    assert_eq!(excluded.len(), 2);
    let mut synced = Authenticator::at(FRONT_END);
    synced.backed_up = true;
    let body = json!({
        "ceremony": begun["ceremony"], "credential": synced.create(&begun["options"]), "name": " Ada's phone ",
    });
    ada.post("/me/passkeys/finish", body).await.expect(201);
    let listed = ada.get("/me/passkeys").await.expect(200);
    assert_eq!(listed.each("name"), ["Passkey", "Passkey 2", "Ada's phone"]);
    let third = &listed.items()[2];
    assert_eq!((&third["backup_eligible"], &third["backed_up"]), (&json!(true), &json!(true)));
    assert_eq!(third["transports"], json!(["hybrid", "internal"]));
    assert_eq!(listed.items()[0]["backed_up"], false);
    let path = format!("/me/passkeys/{}", devices[0].1["id"].as_str().unwrap());
    let tag = ada.get(&path).await.expect(200).etag();
    let renamed = ada.with_header("if-match", &tag).patch(&path, json!({"name": "Key"})).await.expect(200);
    assert_eq!(renamed.body["name"], "Key");
    // A use is a change.
    sign_in(&app.anonymous(), &mut devices[0].0).await.expect(200);
    let stale = ada.with_header("if-match", &renamed.etag());
    stale.patch(&path, json!({"name": "Other"})).await.problem(412, "precondition_failed");
    let kept = app.anonymous().signed_in(&sign_in(&app.anonymous(), &mut devices[0].0).await.expect(200).body);
    ada.call(Method::POST, &format!("{path}/remove"), &json!({})).await.expect(204);
    ada.get(&path).await.problem(404, "passkey_not_found");
    ada.call(Method::POST, &format!("{path}/remove"), &json!({})).await.problem(404, "passkey_not_found");
    sign_in(&app.anonymous(), &mut devices[0].0).await.problem(401, "passkey_invalid");
    kept.get("/me").await.expect(200);
    sign_in(&app.anonymous(), &mut devices[1].0).await.expect(200);
    assert_eq!(audited(&app, "passkey_removed", "done"), 1);
    // Its name is free again.
    let (_, next) = add_passkey(&ada).await;
    assert_eq!(next["name"], "Passkey");
}

async fn removing_one_needs_the_password_or_a_fresh_sign_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (_, passkey) = add_passkey(&ada).await;
    let path = format!("/me/passkeys/{}", passkey["id"].as_str().unwrap());
    app.clock.advance(300);
    let remove = async |body: Value| ada.call(Method::POST, &format!("{path}/remove"), &body).await;
    remove(json!({})).await.problem(403, "reauthentication_required");
    remove(json!({"password": "wrong horse battery"})).await.problem(403, "wrong_password");
    assert_eq!(ada.get("/me/passkeys").await.expect(200).items().len(), 1);
    remove(json!({"password": PASSWORD})).await.expect(204);
}

async fn an_account_has_at_most_20_passkeys(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for _ in 0..19 {
        add_passkey(&ada).await;
    }
    // Two that were begun while there was room for one.
    let start = async || ada.post("/me/passkeys/start", json!({})).await.expect(200).body;
    let begun = [start().await, start().await];
    let bodies = begun.map(|begun| {
        json!({"ceremony": begun["ceremony"], "credential": Authenticator::at(FRONT_END).create(&begun["options"])})
    });
    let [first, second] = bodies;
    ada.post("/me/passkeys/finish", first).await.expect(201);
    ada.post("/me/passkeys/finish", second).await.problem(409, "limit_reached");
    ada.post("/me/passkeys/start", json!({})).await.problem(409, "limit_reached");
    assert_eq!(ada.get("/me/passkeys").await.expect(200).items().len(), 20);
}

async fn a_passkey_belongs_to_one_account(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (mut device, _) = add_passkey(&ada).await;
    for client in [&ada, &eve] {
        let begun = client.post("/me/passkeys/start", json!({})).await.expect(200).body;
        let body = json!({"ceremony": begun["ceremony"], "credential": device.create(&begun["options"])});
        client.post("/me/passkeys/finish", body).await.problem(409, "passkey_taken");
    }
    assert_eq!(app.database.number("SELECT count(*) FROM passkeys"), 1);
}

async fn a_fresh_sign_in_by_passkey_is_proof_as_the_password_is(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (mut device, _) = add_passkey(&app.user("ada").await).await;
    let opened = sign_in(&app.anonymous(), &mut device).await.expect(200).body;
    let ada = app.anonymous().signed_in(&opened);
    app.clock.advance(300);
    ada.call(Method::POST, "/me/delete", &json!({})).await.problem(403, "reauthentication_required");
    let opened = sign_in(&app.anonymous(), &mut device).await.expect(200).body;
    app.anonymous().signed_in(&opened).call(Method::POST, "/me/delete", &json!({})).await.expect(204);
    // A password that was typed minutes ago isn't, for what can't be undone.
    app.user("eve").await.call(Method::POST, "/me/delete", &json!({})).await.problem(403, "reauthentication_required");
}

async fn a_reset_removes_those_of_an_address_that_was_never_verified(backend: Backend) {
    let app = TestApp::on(backend).start();
    let reset = async |password: &str| {
        app.mail().await;
        app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
        let link = app.mail_to("ada@example.org").await;
        let body = json!({"token": link.token(), "password": password});
        app.anonymous().post("/auth/password/reset", body).await.expect(204);
    };
    // Who made the account need not own the address.
    let (mut planted, _) = add_passkey(&app.user("ada").await).await;
    reset("another long sentence").await;
    sign_in(&app.anonymous(), &mut planted).await.problem(401, "passkey_invalid");
    assert_eq!(audited(&app, "passkey_removed", "done"), 1);
    // From now on the address is the owner's, and so are the passkeys.
    let credentials = json!({"username": "ada", "password": "another long sentence"});
    let ada = app.anonymous().signed_in(&app.anonymous().post("/auth/login", credentials).await.expect(200).body);
    let (mut device, _) = add_passkey(&ada).await;
    reset("yet another password").await;
    sign_in(&app.anonymous(), &mut device).await.expect(200);
    // Nor does a change of the password end them.
    let body = json!({"current_password": "yet another password", "new_password": PASSWORD});
    let again = json!({"username": "ada", "password": "yet another password"});
    let ada = app.anonymous().signed_in(&app.anonymous().post("/auth/login", again).await.expect(200).body);
    ada.post("/auth/password/change", body).await.expect(204);
    sign_in(&app.anonymous(), &mut device).await.expect(200);
}

async fn without_a_domain_there_are_no_passkeys(backend: Backend) {
    let app = TestApp::on(backend).start();
    assert_eq!(app.anonymous().get("/config").await.expect(200).body["features"]["passkeys"], true);
    let ada = app.user("ada").await;
    let (mut device, passkey) = add_passkey(&ada).await;
    let bare = app.replica().set("CIRCADIA_FRONTEND_URL", "http://127.0.0.1:3000").start();
    let anonymous = bare.anonymous();
    assert_eq!(anonymous.get("/config").await.expect(200).body["features"]["passkeys"], false);
    anonymous.post("/auth/passkeys/start", json!({})).await.problem(404, "passkeys_disabled");
    let begun = begin(&app.anonymous()).await;
    finish(&anonymous, &begun, &device.get(&begun["options"])).await.problem(404, "passkeys_disabled");
    let ada = ada.at(&anonymous);
    ada.post("/me/passkeys/start", json!({})).await.problem(404, "passkeys_disabled");
    // What is there can be seen and removed.
    let path = format!("/me/passkeys/{}", passkey["id"].as_str().unwrap());
    ada.patch(&path, json!({"name": "Old"})).await.expect(200);
    assert_eq!(ada.get("/me/passkeys").await.expect(200).each("name"), ["Old"]);
    ada.call(Method::POST, &format!("{path}/remove"), &json!({})).await.expect(204);
}

async fn where_and_whose_passkeys_are_is_configured(backend: Backend) {
    let app = TestApp::on(backend)
        .set("CIRCADIA_FRONTEND_URL", "https://app.example.org")
        .set("CIRCADIA_WEBAUTHN_RP_ID", "example.org")
        .set("CIRCADIA_WEBAUTHN_ORIGINS", "android:apk-key-hash:kYv9x, https://example.org")
        .start();
    let ada = app.user("ada").await;
    for origin in ["https://app.example.org", "android:apk-key-hash:kYv9x", "https://example.org"] {
        let mut device = Authenticator::at(origin);
        let begun = ada.post("/me/passkeys/start", json!({})).await.expect(200).body;
        assert_eq!(begun["options"]["rp"]["id"], "example.org");
        let body = json!({"ceremony": begun["ceremony"], "credential": device.create(&begun["options"])});
        ada.post("/me/passkeys/finish", body).await.expect(201);
        sign_in(&app.anonymous(), &mut device).await.expect(200);
        for wrong in [FRONT_END, "https://evil.example.org", "http://app.example.org", "android:apk-key-hash:kYv9X"] {
            device.origin = wrong.to_owned();
            sign_in(&app.anonymous(), &mut device).await.problem(401, "passkey_invalid");
        }
    }
}

async fn guesses_are_limited(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_AUTH", "5/min").start();
    let anonymous = app.anonymous();
    let mut unknown = Authenticator::at(FRONT_END);
    unknown.user_handle = Some("AZzOqLt9eqvN7wEjRWeJqw".to_owned());
    for _ in 0..5 {
        sign_in(&anonymous, &mut unknown).await.problem(401, "passkey_invalid");
    }
    let begun = begin(&anonymous).await;
    let answer = unknown.get(&begun["options"]);
    finish(&anonymous, &begun, &answer).await.problem(429, "rate_limited");
}
