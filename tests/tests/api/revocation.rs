//! Revoked credentials of every method are refused on every replica within a second, and no other user is looked up for
//! more than before: who was seen lately costs no look-up, unless the feed of what has ended can't be read.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::auth_methods::{AuthMethod, auth_methods};

scenarios!(
    a_deactivated_account_is_refused_everywhere_within_a_second,
    a_deactivated_account_is_refused_where_it_was_never_seen,
    a_deleted_account_is_refused_everywhere_within_a_second,
    what_was_logged_out_is_refused_everywhere_within_a_second,
    a_changed_password_ends_other_sessions_everywhere_within_a_second,
    what_is_signed_in_after_the_clock_was_set_back_is_good,
    a_changed_role_is_read_again_everywhere_within_a_second,
    while_the_feed_can_not_be_read_the_store_is_asked_at_each_request,
);

const PASSWORD: &str = "correct horse battery";

/// Two replicas that have authenticated Ada by each method, and Eve, who is not affected.
struct Replicas {
    app: TestApp,
    other: TestApp,
    ada: Client,
    methods: [AuthMethod; 3],
    eve: Client,
}

impl Replicas {
    async fn warm(backend: Backend) -> Self {
        let app = TestApp::on(backend).start();
        let other = app.replica().start();
        let (ada, eve) = (app.user("ada").await, app.user("eve").await);
        let methods = auth_methods(&app, &app.log_in("ada").await).await;
        // What was opened within seconds of an end is looked up, not refused by memory.
        app.clock.advance(60);
        let replicas = Self { app, other, ada, methods, eve };
        for method in replicas.everywhere() {
            method.client.until_known().await;
        }
        replicas.eve_is_known().await;
        replicas
    }

    /// Each method at each replica.
    fn everywhere(&self) -> Vec<AuthMethod> {
        self.methods.iter().flat_map(|method| [method.clone(), method.at(&self.other)]).collect()
    }

    async fn eve_is_known(&self) {
        for eve in [self.eve.clone(), self.eve.at(&self.other.anonymous())] {
            eve.until_known().await;
        }
    }

    /// Asserts that every method is refused, and that Eve isn't looked up again.
    async fn all_is_refused(&self) {
        for method in self.everywhere() {
            method.until_refused().await;
        }
        self.eve_is_known().await;
    }
}

async fn a_deactivated_account_is_refused_everywhere_within_a_second(backend: Backend) {
    let replicas = Replicas::warm(backend).await;
    replicas.app.deactivate("ada");
    replicas.all_is_refused().await;
}

async fn a_deactivated_account_is_refused_where_it_was_never_seen(backend: Backend) {
    let replicas = Replicas::warm(backend).await;
    replicas.app.deactivate_unsaid("ada");
    let fresh = replicas.app.replica().start();
    for method in &replicas.methods {
        method.at(&fresh).client.get("/themes").await.problem(401, method.ended);
    }
    let refresh = json!({"refresh_token": replicas.ada.refresh_token()});
    fresh.anonymous().post("/auth/refresh", refresh).await.problem(401, "token_revoked");
    replicas.eve.at(&fresh.anonymous()).get("/themes").await.expect(200);
}

async fn a_deleted_account_is_refused_everywhere_within_a_second(backend: Backend) {
    let replicas = Replicas::warm(backend).await;
    replicas.ada.call(Method::POST, "/me/delete", &json!({"password": PASSWORD})).await.expect(204);
    replicas.all_is_refused().await;
}

async fn what_was_logged_out_is_refused_everywhere_within_a_second(backend: Backend) {
    let replicas = Replicas::warm(backend).await;
    let [bearer, cookie, personal] = &replicas.methods;
    // One by one, each by itself.
    bearer.client.post("/auth/logout", Value::Null).await.expect(204);
    for there in [bearer.clone(), bearer.at(&replicas.other)] {
        there.until_refused().await;
    }
    cookie.client.get("/themes").await.expect(200);
    cookie.client.delete("/auth/session").await.expect(204);
    for there in [cookie.clone(), cookie.at(&replicas.other)] {
        there.until_refused().await;
    }
    personal.client.get("/themes").await.expect(200);
    let tokens = replicas.ada.get("/me/tokens").await.expect(200).each("id");
    assert_eq!(tokens.len(), 1);
    replicas.ada.delete(&format!("/me/tokens/{}", tokens[0])).await.expect(204);
    replicas.all_is_refused().await;
    replicas.ada.get("/themes").await.expect(200);
}

async fn a_changed_password_ends_other_sessions_everywhere_within_a_second(backend: Backend) {
    let replicas = Replicas::warm(backend).await;
    let change = json!({"current_password": PASSWORD, "new_password": "a staple and a ladder"});
    replicas.ada.post("/auth/password/change", change).await.expect(204);
    let [bearer, cookie, _] = &replicas.methods;
    for method in [bearer, cookie] {
        for there in [method.clone(), method.at(&replicas.other)] {
            there.until_refused().await;
        }
    }
    for ada in [replicas.ada.clone(), replicas.ada.at(&replicas.other.anonymous())] {
        ada.get("/themes").await.expect(200);
    }
    replicas.eve_is_known().await;
}

async fn what_is_signed_in_after_the_clock_was_set_back_is_good(backend: Backend) {
    let app = TestApp::on(backend).start();
    let other = app.replica().start();
    let before = app.user("ada").await;
    app.mail().await;
    // All sessions end by a clock that runs an hour ahead.
    app.clock.advance(3_600);
    app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    let token = app.mail_to("ada@example.org").await.token().to_owned();
    let new = "a staple and a ladder";
    app.anonymous().post("/auth/password/reset", json!({"token": token, "password": new})).await.expect(204);
    app.clock.advance(-3_540);
    let credentials = json!({"username": "ada", "password": new});
    let opened = app.anonymous().post("/auth/login", credentials).await.expect(200);
    let mut ada = app.anonymous().signed_in(&opened.body);
    for minutes in [0, 1, 59] {
        app.clock.advance(minutes * 60);
        let refresh = json!({"refresh_token": ada.refresh_token()});
        ada = app.anonymous().signed_in(&app.anonymous().post("/auth/refresh", refresh).await.expect(200).body);
        // For longer than it takes to hear of what has ended, and by one that hears of it only now.
        let late = app.replica().start();
        for _ in 0..4 {
            for server in [&app, &other, &late] {
                ada.at(&server.anonymous()).get("/me").await.expect(200);
                before.at(&server.anonymous()).get("/me").await.expect(401);
            }
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        }
    }
}

async fn a_changed_role_is_read_again_everywhere_within_a_second(backend: Backend) {
    let replicas = Replicas::warm(backend).await;
    for role in ["superuser", "regular"] {
        replicas.app.give_role("ada", role);
        for method in replicas.everywhere() {
            method.client.until_looked_up().await;
        }
        replicas.eve_is_known().await;
        // Once it is certain that what was read is what it was changed to, it isn't read again.
        replicas.app.clock.advance(31);
        for method in replicas.everywhere() {
            method.client.until_known().await;
        }
    }
}

async fn while_the_feed_can_not_be_read_the_store_is_asked_at_each_request(backend: Backend) {
    let replicas = Replicas::warm(backend).await;
    let eves = [replicas.eve.clone(), replicas.eve.at(&replicas.other.anonymous())];
    replicas.app.database.execute("ALTER TABLE revocations RENAME TO revocations_elsewhere");
    // The last reading is trusted for a second.
    replicas.app.clock.advance(2);
    let everybody = replicas.everywhere().into_iter().map(|method| method.client).chain(eves.clone());
    for client in everybody {
        for _ in 0..3 {
            assert_eq!(client.get("/themes").await.expect(200).units(), 2, "nobody was asked");
        }
    }
    replicas.app.end_sessions_unsaid("ada");
    for method in replicas.everywhere() {
        method.client.get("/themes").await.problem(401, method.ended);
    }
    for eve in &eves {
        assert_eq!(eve.get("/themes").await.expect(200).units(), 2);
    }
    // As soon as it can be read again, memory is good again.
    replicas.app.database.execute("ALTER TABLE revocations_elsewhere RENAME TO revocations");
    replicas.eve_is_known().await;
    replicas.app.deactivate("ada");
    replicas.all_is_refused().await;
}
