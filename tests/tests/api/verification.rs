//! Proving that an address is one's own: by whom one registers with, and by whom one wants to have instead.

use circadia_tests::{Answer, Backend, Builder, Client, Mail, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    an_account_can_be_used_once_its_address_is_verified,
    accounts_identical_answers_on_register_where_verification_is_required,
    accounts_identical_answers_to_a_sign_in_after_registering,
    a_name_that_was_registered_with_a_taken_address_is_taken_like_any_other,
    accounts_identical_answers_on_forgot_and_resend,
    one_time_tokens_are_good_once_and_for_one_of_many_who_use_them_at_once,
    one_time_tokens_are_superseded_by_newer_ones_and_expire,
    one_time_tokens_are_stored_hashed_and_no_job_holds_one,
    links_use_the_configured_base_url_never_the_host_header,
    cr_lf_in_e_mail_and_name_is_422,
    e_mail_is_normalised_once,
    an_address_that_no_mail_can_be_sent_to_is_refused,
    the_old_address_keeps_working_until_the_new_one_is_verified,
    an_address_that_somebody_else_has_is_told_to_nobody_but_them,
    without_a_way_to_send_mail_nothing_is_promised,
);

const PASSWORD: &str = "correct horse battery";

fn strict(backend: Backend) -> Builder {
    TestApp::on(backend)
        .set("CIRCADIA_EMAIL_VERIFICATION", "required")
        .set("CIRCADIA_FRONTEND_URL", "https://app.example/x")
}

async fn register(client: &Client, username: &str, email: &str) -> Answer {
    client.post("/auth/register", json!({"username": username, "email": email, "password": PASSWORD})).await
}

async fn log_in(client: &Client, username: &str) -> Answer {
    client.post("/auth/login", json!({"username": username, "password": PASSWORD})).await
}

async fn verify(client: &Client, mail: &Mail) -> Answer {
    client.post("/auth/verify-email", json!({"token": mail.token()})).await
}

async fn an_account_can_be_used_once_its_address_is_verified(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    let answer = register(&anonymous, "ada", "ada@example.org").await.expect(202);
    assert_eq!(answer.body, json!({"status": "verification_sent"}));
    log_in(&anonymous, "ada").await.problem(403, "email_not_verified");
    let wrong = json!({"username": "ada", "password": "wrong horse battery"});
    anonymous.post("/auth/login", wrong).await.problem(401, "invalid_credentials");
    let recorded = "SELECT count(*) FROM login_attempts WHERE failure = 'email_not_verified' AND user_id IS NOT NULL";
    assert_eq!(app.database.number(recorded), 1);
    let mail = app.mail_to("ada@example.org").await;
    assert_eq!((mail.subject.as_str(), mail.from.as_str()), ("Confirm your e-mail address", "no-reply@localhost"));
    assert!(mail.text.contains("Hello ada,") && mail.html.contains("Hello ada,"));
    verify(&anonymous, &mail).await.expect(204);
    let tokens = log_in(&anonymous, "ada").await.expect(200).body;
    assert_eq!(tokens["user"]["email_verified"], true);
    assert_eq!(app.mail_to("ada@example.org").await.subject, "Welcome to Circadia");
    // Where it isn't required, it can be done all the same.
    let app = TestApp::on(backend).start();
    let grace = app.user("grace").await;
    assert_eq!(grace.get("/me").await.expect(200).body["email_verified"], false);
    verify(&grace, &app.mail_to("grace@example.org").await).await.expect(204);
    assert_eq!(grace.get("/me").await.expect(200).body["email_verified"], true);
}

async fn accounts_identical_answers_on_register_where_verification_is_required(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    let free = register(&anonymous, "ada", "ada@example.org").await.expect(202);
    verify(&anonymous, &app.mail_to("ada@example.org").await).await.expect(204);
    app.mail().await;
    let but_for_the_name = |mut stored: Vec<(String, String)>| {
        stored.retain(|(table, _)| table != "username_reservations");
        stored
    };
    let users = but_for_the_name(app.contents().await);
    let taken = register(&anonymous, "eve", "ADA@example.org").await.expect(202);
    assert_eq!(free.comparable(), taken.comparable());
    assert_eq!(but_for_the_name(app.contents().await), users);
    let mail = app.mail_to("ada@example.org").await;
    assert_eq!(mail.subject, "You already have an account");
    assert!(!mail.text.contains("token="), "{}", mail.text);
    log_in(&anonymous, "eve").await.problem(403, "email_not_verified");
    // One that isn't verified yet is sent a link to choose the password that counts.
    register(&anonymous, "grace", "grace@example.org").await.expect(202);
    app.mail().await;
    let again = register(&anonymous, "mary", "grace@example.org").await.expect(202);
    assert_eq!(free.comparable(), again.comparable());
    let mail = app.mail_to("grace@example.org").await;
    verify(&anonymous, &mail).await.names("/token");
    let choose = json!({"token": mail.token(), "password": "a staple and a ladder"});
    anonymous.post("/auth/password/reset", choose).await.expect(204);
    // A name is no secret, and tells nothing of the address.
    let refusals =
        [register(&anonymous, "ADA", "ada@example.org").await, register(&anonymous, "ADA", "new@example.org").await];
    assert_eq!(refusals[0].comparable(), refusals[1].comparable());
    for refusal in refusals {
        refusal.problem(409, "username_taken");
    }
    for answer in [free, taken] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

/// An account by a name and an address, and what signing in to it by either answers.
async fn signing_in_after(client: &Client, username: &str, email: &str) -> Vec<(circadia_tests::Comparable, u32)> {
    let own = "whoever registered knows this";
    let registration = json!({"username": username, "email": email, "password": own});
    let mut answers = vec![client.post("/auth/register", registration).await.expect(202)];
    for (password, status, code) in
        [(own, 403, "email_not_verified"), ("wrong horse battery", 401, "invalid_credentials")]
    {
        for path in ["/auth/login", "/auth/session"] {
            let by_name = json!({"username": username, "password": password});
            let by_address = json!({"email": email, "password": password});
            answers.push(client.post(path, by_name).await.problem(status, code));
            answers.push(client.post(path, by_address).await.problem(status, code));
        }
    }
    // The name is taken now, and the address is sent mail as before.
    answers.push(register(client, username, "nobody-else@example.org").await.problem(409, "username_taken"));
    answers.push(register(client, &username.to_uppercase(), email).await.problem(409, "username_taken"));
    answers.iter().map(|answer| (answer.comparable(), answer.statements())).collect()
}

async fn accounts_identical_answers_to_a_sign_in_after_registering(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    register(&anonymous, "ada", "ada@example.org").await.expect(202);
    verify(&anonymous, &app.mail_to("ada@example.org").await).await.expect(204);
    register(&anonymous, "grace", "grace@example.org").await.expect(202);
    app.mail().await;
    let free = signing_in_after(&anonymous, "eve", "free@example.org").await;
    assert_eq!(app.mail_to("free@example.org").await.subject, "Confirm your e-mail address");
    let taken = signing_in_after(&anonymous, "mallory", "ada@example.org").await;
    assert_eq!(app.mail_to("ada@example.org").await.subject, "You already have an account");
    let unverified = signing_in_after(&anonymous, "trudy", "grace@example.org").await;
    for (number, ((free, taken), unverified)) in free.iter().zip(&taken).zip(&unverified).enumerate() {
        assert_eq!((free.0 == taken.0, free.0 == unverified.0), (true, true), "{number}: {free:?} {taken:?}");
        // The answer of a sign-in costs the same; registering stores other rows.
        assert!(number == 0 || (free.1, taken.1) == (unverified.1, free.1), "{number}: {free:?} {taken:?}");
    }
    // Who has an account knows that the mail isn't theirs to answer, and signs in as before.
    log_in(&anonymous, "ada").await.expect(200);
}

async fn a_name_that_was_registered_with_a_taken_address_is_taken_like_any_other(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    for name in ["ada", "eve"] {
        register(&anonymous, name, &format!("{name}@example.org")).await.expect(202);
        verify(&anonymous, &app.mail_to(&format!("{name}@example.org")).await).await.expect(204);
    }
    let eve = anonymous.signed_in(&log_in(&anonymous, "eve").await.expect(200).body);
    register(&anonymous, "free", "free@example.org").await.expect(202);
    register(&anonymous, "taken", "ada@example.org").await.expect(202);
    for name in ["free", "taken", "Taken"] {
        eve.post("/me/username", json!({"username": name})).await.problem(409, "username_taken");
    }
    // With the account it goes, as it does with any account.
    let ada = anonymous.signed_in(&log_in(&anonymous, "ada").await.expect(200).body);
    ada.call(reqwest::Method::POST, "/me/delete", &json!({"password": PASSWORD})).await.expect(204);
    eve.post("/me/username", json!({"username": "taken"})).await.expect(200);
}

async fn accounts_identical_answers_on_forgot_and_resend(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    app.mail().await;
    for (path, status, sent) in
        [("/auth/password/forgot", "reset_sent", 1), ("/auth/resend-verification", "verification_sent", 1)]
    {
        let ask = async |email: &str| app.anonymous().post(path, json!({"email": email})).await.expect(202);
        let known = ask("ada@example.org").await;
        assert_eq!(known.body, json!({"status": status}));
        let unknown = ask("nobody@example.org").await;
        assert_eq!(known.comparable(), unknown.comparable());
        // Neither looks anything up: each enqueues one row.
        assert_eq!((known.statements(), unknown.statements()), (1, 1));
        let mail = app.mail().await;
        assert_eq!(mail.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), vec!["ada@example.org"; sent]);
    }
}

async fn one_time_tokens_are_good_once_and_for_one_of_many_who_use_them_at_once(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    register(&anonymous, "ada", "ada@example.org").await.expect(202);
    let mail = app.mail_to("ada@example.org").await;
    let body = json!({"token": mail.token()});
    let uses = (0..8).map(|_| {
        let (client, body) = (anonymous.clone(), body.clone());
        tokio::spawn(async move { client.post("/auth/verify-email", body).await })
    });
    let uses: Vec<_> = uses.collect();
    let mut statuses = Vec::new();
    for answer in uses {
        statuses.push(answer.await.unwrap().status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 422, 422, 422, 422, 422, 422, 422]);
    verify(&anonymous, &mail).await.names("/token");
    assert_eq!(app.mail_to("ada@example.org").await.subject, "Welcome to Circadia");
    for token in ["", "x", "AQ", &"A".repeat(66), &format!("AQ{}", "A".repeat(64)), &mail.token().to_lowercase()] {
        anonymous.post("/auth/verify-email", json!({"token": token})).await.names("/token");
    }
}

async fn one_time_tokens_are_superseded_by_newer_ones_and_expire(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    register(&anonymous, "ada", "ada@example.org").await.expect(202);
    let first = app.mail_to("ada@example.org").await;
    let resend = async || {
        anonymous.post("/auth/resend-verification", json!({"email": "ada@example.org"})).await.expect(202);
        app.mail_to("ada@example.org").await
    };
    let second = resend().await;
    assert_ne!(first.token(), second.token());
    verify(&anonymous, &first).await.names("/token");
    app.clock.advance(24 * 60 * 60);
    verify(&anonymous, &second).await.names("/token");
    let third = resend().await;
    app.clock.advance(24 * 60 * 60 - 1);
    verify(&anonymous, &third).await.expect(204);
    anonymous.post("/auth/resend-verification", json!({"email": "ada@example.org"})).await.expect(202);
    let subjects: Vec<_> = app.mail().await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Welcome to Circadia"], "who is verified isn't asked to verify");
}

async fn one_time_tokens_are_stored_hashed_and_no_job_holds_one(backend: Backend) {
    let app = strict(backend).start();
    register(&app.anonymous(), "ada", "ada@example.org").await.expect(202);
    app.mail_to("ada@example.org").await;
    assert_eq!(app.database.number("SELECT count(*) FROM one_time_tokens"), 1);
    assert_eq!(
        app.database.number("SELECT count(*) FROM jobs WHERE kind = 'mail' AND state = 'done' AND payload IS NULL"),
        1
    );
    assert_eq!(app.database.number("SELECT count(*) FROM jobs WHERE kind = 'mail'"), 1);
}

async fn links_use_the_configured_base_url_never_the_host_header(backend: Backend) {
    let app = strict(backend).start();
    let evil = app.anonymous().with_header("host", "evil.example").with_header("x-forwarded-host", "evil.example");
    register(&evil, "ada", "ada@example.org").await.expect(202);
    // One after the other: while a password reset is pending, no other link is mailed.
    let mut mail = app.mail().await;
    evil.post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    mail.extend(app.mail().await);
    let mut links: Vec<&str> = mail.iter().map(|mail| mail.link().split_once('?').unwrap().0).collect();
    links.sort_unstable();
    assert_eq!(links, ["https://app.example/x/reset-password", "https://app.example/x/verify-email"]);
    for mail in mail {
        assert!(mail.html.contains(mail.link()) && !String::from_utf8(mail.raw).unwrap().contains("evil"));
    }
}

async fn cr_lf_in_e_mail_and_name_is_422(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    for bad in
        ["ada@example.org\r\nBcc: eve@example.org", "ada\r\n@example.org", "ada@example.org\n", "\rada@example.org"]
    {
        register(&anonymous, "ada", bad).await.names("/email");
        for path in ["/auth/password/forgot", "/auth/resend-verification"] {
            anonymous.post(path, json!({"email": bad})).await.names("/email");
        }
    }
    for bad in ["ada\r\nBcc: eve@example.org", "ada\n", "\rada"] {
        register(&anonymous, bad, "ada@example.org").await.names("/username");
    }
    assert_eq!(app.database.number("SELECT count(*) FROM jobs WHERE kind = 'mail'"), 0);
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let body = json!({"email": "x@example.org\r\nBcc: eve@example.org", "password": PASSWORD});
    ada.post("/me/email", body).await.names("/email");
}

async fn e_mail_is_normalised_once(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    register(&anonymous, "ada", " ＡDA@Bücher.EXAMPLE ").await.expect(202);
    let mail = app.mail_to("ada@xn--bcher-kva.example").await;
    verify(&anonymous, &mail).await.expect(204);
    for email in ["ada@bücher.example", "Ada@XN--BCHER-KVA.example", "ａda@bücher.example"] {
        let answer = anonymous.post("/auth/login", json!({"email": email, "password": PASSWORD})).await.expect(200);
        assert_eq!(answer.body["user"]["email"], "ada@xn--bcher-kva.example");
    }
    app.mail().await;
    anonymous.post("/auth/password/forgot", json!({"email": "ADA@bücher.example"})).await.expect(202);
    assert_eq!(app.mail_to("ada@xn--bcher-kva.example").await.subject, "Choose a new password");
}

async fn an_address_that_no_mail_can_be_sent_to_is_refused(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    for email in ["a..b@example.org", ".a@example.org", "a.@example.org", "a@-example.org", "a@example..org"] {
        register(&anonymous, "ada", email).await.names("/email");
    }
    let label = "a".repeat(64);
    register(&anonymous, "ada", &format!("{label}a@example.org")).await.names("/email");
    register(&anonymous, "ada", &format!("a@{label}.org")).await.names("/email");
    register(&anonymous, "ada", "a.b+c@example.org").await.expect(202);
    assert_eq!(app.mail_to("a.b+c@example.org").await.subject, "Confirm your e-mail address");
}

async fn the_old_address_keeps_working_until_the_new_one_is_verified(backend: Backend) {
    let app = strict(backend).start();
    let anonymous = app.anonymous();
    register(&anonymous, "ada", "ada@example.org").await.expect(202);
    verify(&anonymous, &app.mail_to("ada@example.org").await).await.expect(204);
    let ada = anonymous.signed_in(&log_in(&anonymous, "ada").await.expect(200).body);
    app.mail().await;
    let change =
        async |email: &str, password: Value| ada.post("/me/email", json!({"email": email, "password": password})).await;
    change("countess@example.org", json!("wrong horse battery")).await.problem(403, "wrong_password");
    change("countess@example.org", Value::Null).await.problem(403, "reauthentication_required");
    assert!(app.mail().await.is_empty());
    let answer = change("Countess@Example.org", json!(PASSWORD)).await.expect(202);
    assert_eq!(answer.body, json!({"status": "verification_sent"}));
    let mut mail = app.mail().await;
    mail.sort_by(|a, b| a.to.cmp(&b.to));
    let [notice, link] = &mail[..] else { panic!("{mail:?}") };
    assert_eq!(
        (notice.to.as_str(), notice.subject.as_str()),
        ("ada@example.org", "Your e-mail address is about to change")
    );
    assert!(!notice.text.contains("token=") && !notice.text.contains("countess"));
    assert_eq!((link.to.as_str(), link.subject.as_str()), ("countess@example.org", "Confirm your new e-mail address"));
    let by =
        async |email: &str| anonymous.post("/auth/login", json!({"email": email, "password": PASSWORD})).await.status;
    assert_eq!((by("ada@example.org").await, by("countess@example.org").await), (200, 401));
    verify(&anonymous, link).await.expect(204);
    assert_eq!((by("ada@example.org").await, by("countess@example.org").await), (401, 200));
    let me = ada.get("/me").await.expect(200).body;
    assert_eq!((&me["email"], &me["email_verified"]), (&json!("countess@example.org"), &json!(true)));
    verify(&anonymous, link).await.names("/token");
}

async fn an_address_that_somebody_else_has_is_told_to_nobody_but_them(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    app.mail().await;
    eve.until_known().await;
    let change = async |client: &Client, email: &str| {
        client.post("/me/email", json!({"email": email, "password": PASSWORD})).await.expect(202)
    };
    let (free, taken) = (change(&eve, "new@example.org").await, change(&eve, "ada@example.org").await);
    assert_eq!(free.comparable(), taken.comparable());
    assert_eq!(free.statements(), taken.statements());
    let mail = app.mail().await;
    let to_ada: Vec<_> = mail.iter().filter(|mail| mail.to == "ada@example.org").collect();
    assert_eq!(to_ada.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["You already have an account"]);
    // Who is the first to follow the link to an address has it.
    change(&ada, "both@example.org").await;
    let hers = app.mail().await.into_iter().find(|mail| mail.to == "both@example.org").unwrap();
    change(&eve, "both@example.org").await;
    let other = app.mail().await.into_iter().find(|mail| mail.to == "both@example.org").unwrap();
    verify(&eve, &other).await.expect(204);
    verify(&ada, &hers).await.problem(409, "email_taken");
    assert_eq!(ada.get("/me").await.expect(200).body["email"], "ada@example.org");
}

async fn without_a_way_to_send_mail_nothing_is_promised(backend: Backend) {
    let app = TestApp::on(backend).in_production().set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8").start();
    let secure = app.anonymous().with_header("x-forwarded-proto", "https");
    assert_eq!(secure.get("/config").await.expect(200).body["features"]["mail"], false);
    let ada = secure.signed_in(&register(&secure, "ada", "ada@example.org").await.expect(201).body);
    for path in ["/auth/password/forgot", "/auth/resend-verification"] {
        secure.post(path, json!({"email": "ada@example.org"})).await.problem(404, "mail_disabled");
    }
    let change = json!({"email": "new@example.org", "password": PASSWORD});
    ada.post("/me/email", change).await.problem(404, "mail_disabled");
    assert_eq!(app.database.number("SELECT count(*) FROM jobs WHERE kind = 'mail'"), 0);
}
