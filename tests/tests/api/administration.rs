//! `/admin/users`: administrators list, change and delete accounts.

use circadia_tests::{Answer, Backend, Client, TestApp, add_passkey, fresh_id, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::audit::audited;
use super::auth_methods::auth_methods;
use super::catalogue::World;
use super::races::{at_once, statuses};

scenarios!(
    accounts_are_listed_by_what_is_asked_for,
    accounts_are_searched_by_parts_of_names_and_addresses,
    accounts_are_walked_by_cursor_and_by_number,
    an_account_shows_its_ways_in_and_nothing_of_its_diary,
    an_account_is_changed_and_honours_if_match,
    what_is_taken_or_wrong_is_refused_and_changes_nothing,
    a_role_is_in_force_everywhere_within_a_second,
    who_is_deactivated_is_out_everywhere_within_a_second_and_can_come_back,
    another_address_is_verified_by_a_link_unless_it_is_said_to_be,
    links_to_the_earlier_address_are_void,
    the_last_superuser_is_neither_demoted_nor_deactivated_nor_deleted,
    of_superusers_who_demote_each_other_at_once_one_stays,
    of_superusers_who_remove_each_other_at_once_one_stays,
    a_deleted_account_is_gone_and_its_events_stay,
    addresses_are_verified_of_all_or_of_none,
    addresses_are_verified_while_their_users_write,
);

const PASSWORD: &str = "correct horse battery";

pub(crate) async fn superuser(app: &TestApp, name: &str) -> Client {
    let client = app.user(name).await;
    app.give_role(name, "superuser");
    client
}

pub(crate) fn id(client: &Client) -> &str {
    client.tokens["user"]["id"].as_str().unwrap()
}

fn path(client: &Client) -> String {
    format!("/admin/users/{}", id(client))
}

async fn usernames(client: &Client, query: &str) -> Vec<String> {
    let answer = client.get(&format!("/admin/users{query}")).await.expect(200);
    let names = answer.each("username");
    assert_eq!(answer.body["total"], names.len(), "{query}");
    names
}

async fn accounts_are_listed_by_what_is_asked_for(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = superuser(&app, "ada").await;
    for name in ["eve", "Mary", "bob"] {
        app.clock.advance(1);
        app.user(name).await;
    }
    app.give_role("eve", "staff");
    let mary = app.log_in("Mary").await;
    ada.patch(&path(&mary), json!({"active": false, "email_verified": true})).await.expect(200);
    let eve = app.log_in("eve").await;
    assert_eq!(usernames(&eve, "").await, ["bob", "Mary", "eve", "ada"], "the newest first");
    for (query, names) in [
        ("?sort=created_at", vec!["ada", "eve", "Mary", "bob"]),
        ("?sort=username", vec!["ada", "bob", "eve", "Mary"]),
        ("?sort=-username", vec!["Mary", "eve", "bob", "ada"]),
        ("?sort=email", vec!["ada", "bob", "eve", "Mary"]),
        ("?sort=-email", vec!["Mary", "eve", "bob", "ada"]),
        ("?role=regular", vec!["bob", "Mary"]),
        ("?role=staff", vec!["eve"]),
        ("?role=superuser", vec!["ada"]),
        ("?role=admin", vec!["eve", "ada"]),
        ("?filter=all", vec!["bob", "Mary", "eve", "ada"]),
        ("?filter=admin_only", vec!["eve", "ada"]),
        ("?filter=regular_users", vec!["bob", "Mary"]),
        ("?filter=me", vec!["eve"]),
        ("?me=true", vec!["eve"]),
        ("?me=false", vec!["bob", "Mary", "ada"]),
        ("?active=false", vec!["Mary"]),
        ("?active=true&role=regular", vec!["bob"]),
        ("?verified=true", vec!["Mary"]),
        ("?verified=false", vec!["bob", "eve", "ada"]),
        // What contradicts itself leaves nobody.
        ("?me=false&filter=me", vec![]),
        ("?role=regular&filter=admin_only", vec![]),
        ("?role=superuser&me=true", vec![]),
    ] {
        assert_eq!(usernames(&eve, query).await, names, "{query}");
    }
    let shown = eve.get("/admin/users?me=true").await.expect(200).body["items"][0].clone();
    let mut members: Vec<&String> = shown.as_object().unwrap().keys().collect();
    members.sort();
    let known =
        ["active", "created_at", "email", "email_verified", "id", "last_login_at", "role", "updated_at", "username"];
    assert_eq!(members, known);
    assert_eq!((&shown["role"], &shown["email"]), (&json!("staff"), &json!("eve@example.org")));
    assert_eq!(shown["last_login_at"], "2026-03-11T12:00:03Z");
    let never = eve.get("/admin/users?q=bob").await.expect(200).body["items"][0]["last_login_at"].clone();
    let registered = eve.get("/admin/users?q=bob").await.expect(200).body["items"][0]["created_at"].clone();
    assert!(never.is_null() || never == registered, "{never}");
    for (query, name) in [("role=boss", "role"), ("filter=none", "filter"), ("sort=role", "sort"), ("me=1", "me")] {
        eve.get(&format!("/admin/users?{query}")).await.names(&format!("/{name}"));
    }
}

async fn accounts_are_searched_by_parts_of_names_and_addresses(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = superuser(&app, "ada").await;
    for (name, email) in
        [("Love_lace", "jose@example.org"), ("loveXlace", "joseph@bücher.example"), ("x-50", "x@a.org")]
    {
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(201);
    }
    for (sought, names) in [
        ("LOVE", vec!["Love_lace", "loveXlace"]),
        ("love_lace", vec!["Love_lace"]),
        ("love%25", vec![]),
        ("jos", vec!["Love_lace", "loveXlace"]),
        ("joseph", vec!["loveXlace"]),
        ("JOSEPH@Bücher.example", vec!["loveXlace"]),
        ("@example.org", vec!["Love_lace", "ada"]),
        ("-50", vec!["x-50"]),
        ("!", vec![]),
        ("%27%20OR%201=1", vec![]),
        ("", vec!["Love_lace", "ada", "loveXlace", "x-50"]),
    ] {
        let mut found = usernames(&ada, &format!("?q={sought}")).await;
        found.sort();
        assert_eq!(found, names, "{sought}");
    }
}

async fn accounts_are_walked_by_cursor_and_by_number(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = superuser(&app, "ada").await;
    // Some of them at the same instant.
    for index in 0..6 {
        app.user(&format!("user-{index}")).await;
    }
    for sort in ["created_at", "-created_at", "username", "-username", "email", "-email"] {
        let all = ada.get(&format!("/admin/users?sort={sort}")).await.expect(200).each("username");
        assert_eq!(all.len(), 7);
        let (mut walked, mut next) = (Vec::new(), Some(format!("/admin/users?sort={sort}&limit=3")));
        let mut pages: Vec<Answer> = Vec::new();
        while let Some(path) = next {
            let page = ada.get(&path).await.expect(200);
            assert_eq!(page.body["total"], 7);
            walked.extend(page.each("username"));
            next = page.link("next");
            pages.push(page);
        }
        assert_eq!(walked, all, "{sort}");
        let back = ada.get(&pages[2].link("prev").unwrap()).await.expect(200);
        assert_eq!(back.body["items"], pages[1].body["items"], "{sort}");
        let second = ada.get(&format!("/admin/users?sort={sort}&page=2&size=3")).await.expect(200);
        assert_eq!(second.body["items"], pages[1].body["items"], "{sort}");
        assert_eq!((&second.body["page"], &second.body["size"]), (&json!(2), &json!(3)));
        let beyond = ada.get(&format!("/admin/users?sort={sort}&page=4&size=3")).await.expect(200);
        assert_eq!(beyond.body["items"], json!([]));
    }
    let cursor = ada.get("/admin/users?sort=email&limit=3").await.expect(200).body["next_cursor"].clone();
    let elsewhere = format!("/admin/users?sort=username&cursor={}", cursor.as_str().unwrap());
    ada.get(&elsewhere).await.problem(400, "invalid_cursor");
}

async fn an_account_shows_its_ways_in_and_nothing_of_its_diary(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (superuser(&app, "ada").await, app.user("eve").await);
    let plain = ada.get(&path(&eve)).await.expect(200).body;
    assert_eq!((&plain["has_password"], &plain["second_factor"]), (&json!(true), &json!(false)));
    let numbers = |body: &Value| ["passkeys", "sessions", "tokens"].map(|name| body[name].as_i64().unwrap());
    assert_eq!(numbers(&plain), [0, 1, 0]);
    assert_eq!(plain["providers"], json!([]));
    World::of(&eve).await;
    add_passkey(&eve).await;
    eve.put("/moods/2026-03-09", json!({"value": 3, "note": "a secret mood"})).await.expect(201);
    eve.patch("/me", json!({"sleep_goal_minutes": 437, "timezone": "Asia/Kolkata"})).await.expect(200);
    app.log_in("eve").await;
    let rich = ada.get(&path(&eve)).await.expect(200);
    assert_eq!(numbers(&rich.body), [2, 2, 1]);
    let mut members: Vec<&String> = rich.body.as_object().unwrap().keys().collect();
    members.sort();
    let known = [
        "active",
        "created_at",
        "email",
        "email_verified",
        "has_password",
        "id",
        "last_login_at",
        "passkeys",
        "providers",
        "role",
        "second_factor",
        "sessions",
        "tokens",
        "updated_at",
        "username",
    ];
    assert_eq!(members, known, "account data, and nothing else");
    let text = String::from_utf8(rich.bytes.clone()).unwrap();
    for private in ["437", "Kolkata", "sleep", "mood", "habit", "secret", "argon2", "avatar", "timezone"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    app.clock.advance(100 * 86_400);
    let later = app.log_in("ada").await.get(&path(&eve)).await.expect(200);
    assert_eq!(numbers(&later.body), [2, 0, 0], "what has expired doesn't count");
    let ada = app.log_in("ada").await;
    ada.get(&format!("/admin/users/{}", fresh_id())).await.problem(404, "user_not_found");
}

async fn an_account_is_changed_and_honours_if_match(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (superuser(&app, "ada").await, app.user("eve").await);
    let first = ada.get(&path(&eve)).await.expect(200);
    app.clock.advance(1);
    let body = json!({"role": "staff", "username": "Evelyn", "email": "Evelyn@Example.org", "email_verified": true});
    let changed = ada.with_header("if-match", &first.etag()).patch(&path(&eve), body.clone()).await.expect(200);
    let shown = |name: &str| changed.body[name].clone();
    assert_eq!([shown("role"), shown("username"), shown("email")], ["staff", "Evelyn", "evelyn@example.org"]);
    assert_eq!((shown("email_verified"), shown("updated_at")), (json!(true), json!("2026-03-11T12:00:01Z")));
    let read = ada.get(&path(&eve)).await.expect(200);
    assert_eq!((&read.body, read.etag()), (&changed.body, changed.etag()));
    for stale in [first.etag(), "\"0.0\"".to_owned()] {
        let stale = ada.with_header("if-match", &stale);
        stale.patch(&path(&eve), json!({"role": "regular"})).await.problem(412, "precondition_failed");
        stale.delete(&path(&eve)).await.problem(412, "precondition_failed");
    }
    assert_eq!(audited(&app, "account_changed", "done"), 1);
    // What changes nothing isn't written, and not audited.
    let again = ada.patch(&path(&eve), body).await.expect(200);
    assert_eq!((again.body["updated_at"].clone(), again.etag()), (shown("updated_at"), changed.etag()));
    ada.patch(&path(&eve), json!({})).await.expect(200);
    assert_eq!(audited(&app, "account_changed", "done"), 1);
    let events = ada.get("/admin/audit?action=account_changed").await.expect(200).body;
    let event = &events["items"][0];
    assert_eq!((&event["actor_id"], &event["subject_id"]), (&json!(id(&ada)), &json!(id(&eve))));
    let details = json!({
        "role": {"before": "regular", "after": "staff"},
        "email_verified": {"before": false, "after": true},
        "username": "changed",
        "email": "changed",
    });
    assert_eq!(event["details"], details);
    assert!(!events.to_string().to_lowercase().contains("evelyn"), "{events}");
    // The user sees it, too, and signs in by the new name.
    assert_eq!(app.log_in("Evelyn").await.get("/me").await.expect(200).body["role"], "staff");
    let unknown = format!("/admin/users/{}", fresh_id());
    ada.patch(&unknown, json!({"role": "staff"})).await.problem(404, "user_not_found");
    ada.delete(&unknown).await.problem(404, "user_not_found");
}

async fn what_is_taken_or_wrong_is_refused_and_changes_nothing(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_EMAIL_VERIFICATION", "required").start();
    let register = async |name: &str, email: &str| {
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(202);
        app.no_job_waits().await;
    };
    register("ada", "ada@example.org").await;
    register("eve", "eve@example.org").await;
    app.database.execute("UPDATE users SET email_verified_at = created_at");
    app.give_role("ada", "superuser");
    // A name that is kept because somebody registered it with Eve's address.
    register("reserved", "eve@example.org").await;
    register("taken", "taken@example.org").await;
    let ada = app.log_in("ada").await;
    let accounts = ada.get("/admin/users?sort=username").await.expect(200);
    assert_eq!(accounts.each("username"), ["ada", "eve", "taken"]);
    let [own, eve, other]: [String; 3] = accounts.each("id").try_into().unwrap();
    let path = |id: &str| format!("/admin/users/{id}");
    let before = app.contents().await;
    for name in ["ADA", "taken", "Reserved"] {
        let id = if name == "taken" { &own } else { &other };
        ada.patch(&path(id), json!({"username": name, "email_verified": false})).await.problem(409, "username_taken");
    }
    ada.patch(&path(&other), json!({"email": "Eve@Example.org"})).await.problem(409, "email_taken");
    let wrong = json!({"role": "boss", "active": "yes", "username": "a", "email": "nowhere", "email_verified": null});
    let mut refused = ada.patch(&path(&other), wrong).await;
    for name in ["role", "active", "username", "email", "email_verified"] {
        refused = refused.names(&format!("/{name}"));
    }
    assert_eq!(app.contents().await, before);
    // Who holds the reservation may have the name; and the case of one's own.
    ada.patch(&path(&eve), json!({"username": "Reserved"})).await.expect(200);
    ada.patch(&path(&eve), json!({"username": "RESERVED"})).await.expect(200);
}

async fn a_role_is_in_force_everywhere_within_a_second(backend: Backend) {
    let app = TestApp::on(backend).start();
    let other = app.replica().start();
    let (ada, eve) = (superuser(&app, "ada").await, app.user("eve").await);
    let elsewhere = eve.at(&other.anonymous());
    let until = async |client: &Client, status: u16| {
        let begun = std::time::Instant::now();
        while client.get("/admin/users").await.status != status {
            assert!(begun.elapsed() < std::time::Duration::from_secs(1), "not {status} after a second");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    app.clock.advance(60);
    for client in [&eve, &elsewhere] {
        client.until_known().await;
        client.get("/admin/users").await.problem(403, "insufficient_role");
    }
    for (role, status) in [("staff", 200), ("regular", 403), ("superuser", 200), ("regular", 403)] {
        ada.patch(&path(&eve), json!({"role": role})).await.expect(200);
        // At once where it was changed.
        assert_eq!(eve.get("/admin/users").await.status, status, "{role}");
        until(&elsewhere, status).await;
    }
    eve.get("/themes").await.expect(200);
}

async fn who_is_deactivated_is_out_everywhere_within_a_second_and_can_come_back(backend: Backend) {
    let app = TestApp::on(backend).start();
    let other = app.replica().start();
    let (ada, eve) = (superuser(&app, "ada").await, app.user("eve").await);
    let methods = auth_methods(&app, &eve).await;
    app.clock.advance(60);
    let everywhere: Vec<_> = methods.iter().flat_map(|method| [method.clone(), method.at(&other)]).collect();
    for method in &everywhere {
        method.client.until_known().await;
    }
    ada.patch(&path(&eve), json!({"active": false})).await.expect(200);
    for method in &methods {
        method.client.get("/themes").await.problem(401, method.ended);
    }
    for method in &everywhere {
        method.until_refused().await;
    }
    let refresh = json!({"refresh_token": eve.refresh_token()});
    app.anonymous().post("/auth/refresh", refresh).await.problem(401, "token_revoked");
    let credentials = json!({"username": "eve", "password": PASSWORD});
    for path in ["/auth/login", "/auth/session"] {
        app.anonymous().post(path, credentials.clone()).await.problem(401, "invalid_credentials");
    }
    let shown = ada.get(&path(&eve)).await.expect(200).body;
    assert_eq!((&shown["active"], &shown["sessions"], &shown["tokens"]), (&json!(false), &json!(0), &json!(0)));
    ada.patch(&path(&eve), json!({"active": true})).await.expect(200);
    let back = app.log_in("eve").await;
    back.at(&other.anonymous()).get("/themes").await.expect(200);
    // What was ended stays so.
    for method in &everywhere {
        method.until_refused().await;
    }
}

async fn another_address_is_verified_by_a_link_unless_it_is_said_to_be(backend: Backend) {
    // The address before is told, whether the other one is verified or not.
    const REPLACED: &str = "Your account has another e-mail address now";
    let app = TestApp::on(backend).start();
    let (ada, eve) = (superuser(&app, "ada").await, app.user("eve").await);
    ada.patch(&path(&eve), json!({"email_verified": true})).await.expect(200);
    app.mail().await;
    let changed = ada.patch(&path(&eve), json!({"email": "new@example.org"})).await.expect(200).body;
    assert_eq!(changed["email_verified"], false);
    let mail = app.mail().await;
    let to = |address: &str| mail.iter().find(|mail| mail.to == address).unwrap();
    assert_eq!((mail.len(), to("eve@example.org").subject.as_str()), (2, REPLACED));
    let token = to("new@example.org").token();
    app.anonymous().post("/auth/verify-email", json!({"token": token})).await.expect(204);
    assert_eq!(ada.get(&path(&eve)).await.expect(200).body["email_verified"], true);
    // The welcome is on its way to this address still.
    app.mail().await;
    let said = json!({"email": "third@example.org", "email_verified": true});
    assert_eq!(ada.patch(&path(&eve), said).await.expect(200).body["email_verified"], true);
    let mail = app.mail().await;
    let sent: Vec<_> = mail.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(sent, [("new@example.org", REPLACED)], "there is nothing to verify");
    let not = ada.patch(&path(&eve), json!({"email_verified": false})).await.expect(200).body;
    assert_eq!(not["email_verified"], false);
    assert_eq!(app.mail().await.len(), 0);
}

async fn links_to_the_earlier_address_are_void(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (superuser(&app, "ada").await, app.user("eve").await);
    let verification = app.mail_to("eve@example.org").await.token().to_owned();
    app.anonymous().post("/auth/password/forgot", json!({"email": "eve@example.org"})).await.expect(202);
    app.no_job_waits().await;
    let mail = app.mail().await;
    let reset = mail.iter().find(|mail| mail.subject == "Choose a new password").unwrap().token().to_owned();
    ada.patch(&path(&eve), json!({"email": "new@example.org"})).await.expect(200);
    app.anonymous().post("/auth/verify-email", json!({"token": verification})).await.names("/token");
    let body = json!({"token": reset, "password": "a staple and a ladder"});
    app.anonymous().post("/auth/password/reset", body).await.names("/token");
    app.log_in("eve").await;
}

async fn the_last_superuser_is_neither_demoted_nor_deactivated_nor_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (superuser(&app, "ada").await, app.user("eve").await);
    let stays = async || {
        let before = app.contents().await;
        for body in [json!({"role": "staff"}), json!({"role": "regular", "active": true}), json!({"active": false})] {
            ada.patch(&path(&ada), body).await.problem(409, "last_superuser");
        }
        ada.delete(&path(&ada)).await.problem(409, "last_superuser");
        assert_eq!(app.contents().await, before);
    };
    stays().await;
    ada.patch(&path(&eve), json!({"role": "staff"})).await.expect(200);
    stays().await;
    // One who may not sign in manages nothing.
    ada.patch(&path(&eve), json!({"role": "superuser", "active": false})).await.expect(200);
    stays().await;
    ada.patch(&path(&eve), json!({"active": true})).await.expect(200);
    ada.patch(&path(&ada), json!({"role": "regular"})).await.expect(200);
    ada.patch(&path(&eve), json!({"role": "regular"})).await.problem(403, "insufficient_role");
    let eve = app.log_in("eve").await;
    eve.delete(&path(&eve)).await.problem(409, "last_superuser");
    eve.patch(&path(&ada), json!({"role": "superuser"})).await.expect(200);
    eve.delete(&path(&eve)).await.expect(204);
    eve.get("/me").await.problem(401, "token_revoked");
}

/// The superusers who are left after two of them did this to each other at the same moment.
async fn against_each_other(backend: Backend, method: Method, body: Value, others: usize) {
    let app = TestApp::on(backend).start();
    let root = superuser(&app, "root").await;
    for round in 0..5 {
        let mut pair = Vec::new();
        for name in ["a", "b"] {
            pair.push(superuser(&app, &format!("{name}-{round}-{others}")).await);
        }
        let [one, two]: [Client; 2] = pair.try_into().unwrap();
        if others == 0 {
            app.give_role("root", "regular");
        }
        let request = |by: &Client, of: &Client| (by.clone(), method.clone(), path(of), body.clone());
        let answers = at_once(vec![request(&one, &two), request(&two, &one)]).await;
        let done = answers.iter().filter(|answer| (200..300).contains(&answer.status)).count();
        assert_eq!(
            done,
            1,
            "{:?} {:?}",
            statuses(&answers),
            answers.iter().map(|answer| &answer.body).collect::<Vec<_>>()
        );
        let superusers = "SELECT count(*) FROM users WHERE role = 'superuser' AND active = (1 = 1)";
        assert_eq!(app.database.number(superusers), 1 + i64::try_from(others).unwrap());
        app.give_role("root", "superuser");
        app.database.execute("UPDATE users SET role = 'regular' WHERE username <> 'root'");
    }
    root.get("/me").await.expect(200);
}

async fn of_superusers_who_demote_each_other_at_once_one_stays(backend: Backend) {
    against_each_other(backend, Method::PATCH, json!({"role": "regular"}), 0).await;
    // Nor does who was demoted demote another, even if there are more.
    against_each_other(backend, Method::PATCH, json!({"role": "staff"}), 1).await;
}

async fn of_superusers_who_remove_each_other_at_once_one_stays(backend: Backend) {
    against_each_other(backend, Method::DELETE, Value::Null, 0).await;
    against_each_other(backend, Method::PATCH, json!({"active": false}), 1).await;
}

async fn a_deleted_account_is_gone_and_its_events_stay(backend: Backend) {
    let app = TestApp::on(backend).start();
    let other = app.replica().start();
    let (ada, eve) = (superuser(&app, "ada").await, app.user("eve").await);
    World::of(&eve).await;
    let elsewhere = eve.at(&other.anonymous());
    elsewhere.get("/themes").await.expect(200);
    let tag = ada.get(&path(&eve)).await.expect(200).etag();
    ada.with_header("if-match", &tag).delete(&path(&eve)).await.expect(204);
    for answer in [
        ada.get(&path(&eve)).await,
        ada.patch(&path(&eve), json!({"role": "staff"})).await,
        ada.delete(&path(&eve)).await,
    ] {
        answer.problem(404, "user_not_found");
    }
    eve.get("/themes").await.problem(401, "token_revoked");
    elsewhere.until_refused(401, "token_revoked").await;
    for table in app.database.tables_of_users() {
        let users = app.database.number(&format!("SELECT count(DISTINCT user_id) FROM {table}"));
        assert!(users <= 1 || table == "revocations", "{table} has rows of a deleted account");
    }
    assert_eq!(usernames(&ada, "").await, ["ada"]);
    let events = ada.get(&format!("/admin/audit?user_id={}", id(&eve))).await.expect(200);
    let event = &events.body["items"][0];
    assert_eq!((&event["action"], &event["actor_id"]), (&json!("account_deleted"), &json!(id(&ada))));
    assert_eq!(event["details"], json!({"role": "regular"}));
    assert!(events.body["total"].as_i64().unwrap() > 1, "what happened before stays, too: {}", events.body);
}

async fn addresses_are_verified_of_all_or_of_none(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = superuser(&app, "ada").await;
    let (eve, bob, mary) = (app.user("eve").await, app.user("bob").await, app.user("mary").await);
    let verify = async |ids: Value| ada.post("/admin/users/verify-email", json!({"user_ids": ids})).await;
    let before = app.contents().await;
    verify(json!([])).await.names("/user_ids");
    verify(json!([id(&eve), fresh_id()])).await.names("/user_ids/1");
    verify(json!([id(&eve), "nonsense", 1])).await.names("/user_ids/1").names("/user_ids/2");
    verify(json!([id(&eve), id(&bob), id(&eve)])).await.names("/user_ids/2");
    verify(json!(id(&eve))).await.names("/user_ids");
    verify(Value::Null).await.names("/user_ids");
    verify(json!((0..101).map(|_| fresh_id()).collect::<Vec<_>>())).await.names("/user_ids");
    ada.post("/admin/users/verify-email", json!({})).await.names("/user_ids");
    assert_eq!(app.contents().await, before, "something was stored");
    ada.patch(&path(&bob), json!({"email_verified": true})).await.expect(200);
    let link = app.mail_to("mary@example.org").await.token().to_owned();
    let answer = verify(json!([id(&mary), id(&bob), id(&eve)])).await.expect(200);
    assert_eq!(answer.body, json!({"verified": [id(&mary), id(&eve)], "already_verified": [id(&bob)]}));
    assert_eq!(usernames(&ada, "?verified=true&sort=username").await, ["bob", "eve", "mary"]);
    assert_eq!(audited(&app, "email_verified", "done"), 2);
    let again = verify(json!([id(&mary)])).await.expect(200);
    assert_eq!(again.body, json!({"verified": [], "already_verified": [id(&mary)]}));
    assert_eq!(audited(&app, "email_verified", "done"), 2);
    app.anonymous().post("/auth/verify-email", json!({"token": link})).await.names("/token");
    let event = ada.get("/admin/audit?action=email_verified").await.expect(200).body["items"][0].clone();
    assert_eq!(event["actor_id"], id(&ada));
    assert_eq!(event["details"], json!({"email_verified": {"before": false, "after": true}}));
}

async fn addresses_are_verified_while_their_users_write(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = superuser(&app, "ada").await;
    let mut users = Vec::new();
    for index in 0..8 {
        users.push(app.user(&format!("user-{index}")).await);
    }
    let ids: Vec<&str> = users.iter().map(id).collect();
    let reversed: Vec<&str> = ids.iter().rev().copied().collect();
    for round in 0..3 {
        app.database.execute("UPDATE users SET email_verified_at = NULL");
        let mut requests = Vec::new();
        for _ in 0..3 {
            for order in [&ids, &reversed] {
                let body = json!({"user_ids": order});
                requests.push((ada.clone(), Method::POST, "/admin/users/verify-email".to_owned(), body));
            }
        }
        for user in &users {
            let settings = json!({"sleep_goal_minutes": 400 + round});
            requests.push((user.clone(), Method::PATCH, "/me".to_owned(), settings));
            requests.push((user.clone(), Method::POST, "/tasks".to_owned(), json!({"title": "Call"})));
            requests.push((ada.clone(), Method::PATCH, path(user), json!({"role": "staff"})));
            requests.push((ada.clone(), Method::PATCH, path(user), json!({"role": "regular"})));
        }
        let answers = at_once(requests).await;
        for answer in &answers {
            assert!((200..300).contains(&answer.status), "{} answered {}", answer.request, answer.body);
        }
        let verified = |answer: &Answer| answer.body["verified"].as_array().map_or(0, Vec::len);
        assert_eq!(answers.iter().map(verified).sum::<usize>(), 8, "each is verified once");
        assert_eq!(app.database.number("SELECT count(*) FROM users WHERE email_verified_at IS NULL"), 1);
    }
}
