//! Reminders: setting them, when they are sent and how often, and what is told of them ahead of time.

mod delivery;
mod resource;
mod upcoming;
mod zones;

use std::time::Duration;

use circadia_app::Clock as _;
use circadia_tests::{Backend, Builder, Client, Mail, TestApp};
use serde_json::{Value, json};

use super::jobs::instant;

/// When the tests of other modules begin, in seconds since 1970.
const BEGIN: i64 = 1_773_230_400;

/// An app that may send to loopback.
fn with_loopback(backend: Backend) -> Builder {
    TestApp::on(backend).set("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true")
}

/// A user with a verified address, whose mail so far was read.
async fn verified(app: &TestApp, name: &str, zone: &str) -> Client {
    let client = app.user_in(name, zone).await;
    let token = app.mail_to(&format!("{name}@example.org")).await.token().to_owned();
    client.post("/auth/verify-email", json!({"token": token})).await.expect(204);
    app.mail().await;
    client
}

/// Sets a reminder of a habit; the reminder.
async fn remind(client: &Client, habit: &str, body: Value) -> Value {
    client.post(&format!("/habits/{habit}/reminders"), body).await.expect(201).body
}

/// How many reminders wait whose time has come.
fn overdue(app: &TestApp) -> i64 {
    let now = instant(app.database.backend(), app.clock.now().seconds() - BEGIN);
    app.database.number(&format!("SELECT count(*) FROM reminders WHERE next_at <= {now}"))
}

/// Waits until no reminder waits whose time has come; the mails on reminders that were sent since.
async fn sent(app: &TestApp) -> Vec<Mail> {
    app.until("reminders that are dealt with", || overdue(app) == 0).await;
    app.mail().await.into_iter().filter(|mail| mail.text.contains("You asked for this reminder")).collect()
}

/// Waits long enough for everything that is due to be sent; the mails.
async fn sent_in_a_while(app: &TestApp) -> Vec<Mail> {
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    sent(app).await
}

fn subjects(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.subject.as_str()).collect()
}

/// What is to be reminded of in the next days: when, and of what.
async fn upcoming(client: &Client, days: u32) -> Vec<(String, String)> {
    let items = client.get(&format!("/reminders/upcoming?days={days}")).await.expect(200).items();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.iter().map(|notice| (text(&notice["at"]), text(&notice["title"]))).collect()
}
