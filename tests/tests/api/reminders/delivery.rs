//! Sending reminders: what is told by which channel, once, whichever server does it and whatever happens to it.

use std::time::Duration;

use circadia_app::Clock as _;
use circadia_domain::civil::Instant;
use circadia_server::SystemClock;
use circadia_tests::{Backend, Client, Receiver, TestApp, scenarios};
use serde_json::{Value, json};

use super::{overdue, remind, sent, sent_in_a_while, subjects, verified, with_loopback};

scenarios!(
    a_habit_that_is_due_is_told_once_by_every_channel,
    what_is_done_or_not_due_is_not_told,
    a_task_is_told_of_until_it_is_done,
    each_reminder_has_its_channels,
    browsers_are_told,
    a_mail_is_for_a_verified_address_alone,
    after_an_outage_what_is_of_use_is_told,
    a_user_whose_data_cannot_be_read_holds_up_nobody_else,
    two_replicas_tell_each_reminder_once,
    what_cannot_be_enqueued_is_not_passed_over,
    what_is_sent_is_counted,
);

/// Losing what is said at COMMIT takes a server.
#[cfg(feature = "postgres")]
mod commits {
    mod postgres {
        #[test]
        fn a_commit_that_is_lost_tells_nothing_twice() {
            circadia_tests::run(super::super::a_commit_that_is_lost_tells_nothing_twice(
                circadia_tests::Backend::Postgres,
            ));
        }
    }
    #[cfg(feature = "mysql")]
    mod mysql {
        #[test]
        fn a_commit_that_is_lost_tells_nothing_twice() {
            circadia_tests::run(super::super::a_commit_that_is_lost_tells_nothing_twice(
                circadia_tests::Backend::Mysql,
            ));
        }
    }
}

/// A webhook for reminders; its secret.
async fn webhook(client: &Client, receiver: &Receiver) -> String {
    let body = json!({"url": receiver.url(), "events": ["reminder.due"]});
    client.post("/webhooks", body).await.expect(201).body["secret"].as_str().unwrap().to_owned()
}

/// How many messages of each kind were ever enqueued.
fn enqueued(app: &TestApp) -> (i64, i64) {
    let mails = "SELECT count(*) FROM jobs WHERE kind = 'mail' AND user_id IS NOT NULL AND created_at = \
                 (SELECT max(created_at) FROM jobs WHERE kind = 'mail')";
    (app.database.number(mails), app.database.number("SELECT count(*) FROM webhook_deliveries"))
}

async fn a_habit_that_is_due_is_told_once_by_every_channel(backend: Backend) {
    // At present: receivers refuse messages that are older than five minutes.
    let begin = SystemClock.now();
    let due = Instant::from_seconds((begin.seconds() / 60 + 2) * 60);
    let app = with_loopback(backend).at(&begin.to_string()).start();
    let ada = verified(&app, "ada", "UTC").await;
    let receiver = Receiver::start(&[]);
    let secret = webhook(&ada, &receiver).await;
    let habit = ada.habit(json!({"name": "Läufe 🏃", "question": "Did you run today?"})).await;
    let (date, time) = (&due.to_string()[..10], &due.to_string()[11..16]);
    let made = remind(&ada, &habit, json!({"time": time})).await;
    app.clock.set(&due.to_string());
    app.clock.advance(-1);
    assert_eq!(subjects(&sent_in_a_while(&app).await), [""; 0]);
    app.clock.advance(1);
    let mails = sent(&app).await;
    assert_eq!(subjects(&mails), ["Läufe 🏃"]);
    let mail = &mails[0];
    assert_eq!(mail.to, "ada@example.org");
    assert!(mail.text.contains("Did you run today?") && mail.html.contains("Did you run today?"), "{}", mail.text);
    let message = receiver.until(1).await.remove(0);
    assert!(message.is_signed_by(&secret), "{message:?}");
    let expected = json!({
        "type": "reminder.due", "timestamp": due.to_string(), "data": {
            "reminder_id": made["id"], "date": date, "at": due.to_string(), "about": "habit", "habit_id": habit,
            "task_id": null, "title": "Läufe 🏃", "text": "Did you run today?",
            "channels": ["email", "webhook", "push"],
        },
    });
    assert_eq!(message.json(), expected);
    // Once a day.
    app.clock.advance(3_600);
    assert_eq!(subjects(&sent_in_a_while(&app).await), [""; 0]);
    app.clock.advance(86_400 - 3_600);
    assert_eq!(subjects(&sent(&app).await), ["Läufe 🏃"]);
    receiver.until(2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.received().len(), 2);
}

async fn what_is_done_or_not_due_is_not_told(backend: Backend) {
    // A Wednesday.
    let app = TestApp::on(backend).at("2026-03-11T06:55:00Z").start();
    let ada = verified(&app, "ada", "Europe/Berlin").await;
    let weekly = |days: Value| json!({"type": "weekly", "weekdays": days, "every": 1});
    let make = async |name: &str, schedule: Value| {
        let habit = ada.habit(json!({"name": name, "schedule": schedule, "starts_on": "2026-03-01"})).await;
        remind(&ada, &habit, json!({"time": "08:00"})).await;
        habit
    };
    make("Open", json!({"type": "daily"})).await;
    let done = make("Done", json!({"type": "daily"})).await;
    ada.done(&done, &["2026-03-11"]).await;
    let skipped = make("Skipped", json!({"type": "daily"})).await;
    ada.put(&format!("/habits/{skipped}/entries/2026-03-11"), json!({"state": "skipped"})).await.expect(201);
    make("Not today", weekly(json!(["mo", "fr"]))).await;
    make("Today", weekly(json!(["we"]))).await;
    let quota = make("Met", json!({"type": "quota", "times": 1, "per": "week"})).await;
    ada.done(&quota, &["2026-03-10"]).await;
    make("Not met", json!({"type": "quota", "times": 1, "per": "week"})).await;
    let paused = make("Paused", json!({"type": "daily"})).await;
    ada.post(&format!("/habits/{paused}/pauses"), json!({"from": "2026-03-11", "to": "2026-03-11"})).await.expect(201);
    let on_mondays = ada.habit(json!({"name": "On Mondays"})).await;
    remind(&ada, &on_mondays, json!({"time": "08:00", "weekdays": ["mo"]})).await;
    app.clock.set("2026-03-11T07:00:00Z");
    let mails = sent(&app).await;
    let mut told = subjects(&mails);
    told.sort_unstable();
    assert_eq!(told, ["Not met", "Open", "Today"]);
    assert!(mails[0].text.contains("Due today, and still to be done."), "{}", mails[0].text);
    // Of the next day, what was done before is told again.
    app.clock.set("2026-03-12T07:00:00Z");
    let mails = sent(&app).await;
    let mut told = subjects(&mails);
    told.sort_unstable();
    assert_eq!(told, ["Done", "Not met", "Open", "Paused", "Skipped"]);
}

async fn a_task_is_told_of_until_it_is_done(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T08:55:00Z").start();
    let ada = verified(&app, "ada", "UTC").await;
    let make = async |title: &str, due_on: Value, days_before: u32| {
        let task = ada.task(json!({"title": title, "due_on": due_on})).await;
        let body = json!({"time": "09:00", "days_before": days_before});
        ada.post(&format!("/tasks/{task}/reminders"), body).await.expect(201);
        task
    };
    make("Today", json!("2026-03-11"), 0).await;
    make("Tomorrow", json!("2026-03-12"), 1).await;
    make("In three days", json!("2026-03-14"), 3).await;
    make("Later", json!("2026-03-20"), 3).await;
    make("Some day", Value::Null, 0).await;
    let done = make("Done", json!("2026-03-11"), 0).await;
    ada.post(&format!("/tasks/{done}/transition"), json!({"to": "done"})).await.expect(200);
    let moved = make("Moved", json!("2026-03-11"), 0).await;
    ada.patch(&format!("/tasks/{moved}"), json!({"due_on": "2026-03-12"})).await.expect(200);
    app.clock.set("2026-03-11T09:00:00Z");
    let mails = sent(&app).await;
    let line =
        |text: &'static str| mails.iter().find(|mail| mail.text.contains(text)).map(|mail| mail.subject.as_str());
    let told = [line("Due today."), line("Due tomorrow."), line("Due in 3 days.")];
    assert_eq!((told, mails.len()), ([Some("Today"), Some("Tomorrow"), Some("In three days")], 3));
    app.clock.set("2026-03-12T09:00:00Z");
    assert_eq!(subjects(&sent(&app).await), ["Moved"]);
    app.clock.set("2026-03-17T09:00:00Z");
    assert_eq!(subjects(&sent(&app).await), ["Later"]);
}

async fn each_reminder_has_its_channels(backend: Backend) {
    let app = with_loopback(backend).at("2026-03-11T07:55:00Z").start();
    let ada = verified(&app, "ada", "UTC").await;
    let (receiver, other) = (Receiver::start(&[]), Receiver::start(&[]));
    webhook(&ada, &receiver).await;
    // One that is for other events isn't sent for these.
    ada.post("/webhooks", json!({"url": other.url(), "events": ["timer.deleted"]})).await.expect(201);
    for (name, channels) in
        [("Mail", json!(["email"])), ("Hook", json!(["webhook"])), ("Push", json!(["push"])), ("None", json!([]))]
    {
        let habit = ada.habit(json!({"name": name})).await;
        remind(&ada, &habit, json!({"time": "08:00", "channels": channels})).await;
    }
    app.clock.set("2026-03-11T08:00:00Z");
    assert_eq!(subjects(&sent(&app).await), ["Mail"]);
    assert_eq!(receiver.until(1).await[0].json()["data"]["title"], "Hook");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((receiver.received().len(), other.received().len()), (1, 0));
}

async fn browsers_are_told(backend: Backend) {
    let app = with_loopback(backend).at("2026-03-11T07:55:00Z").start();
    let ada = app.user("ada").await;
    let devices = [Receiver::start(&[]), Receiver::start(&[])];
    // The curve's base point, which is as good a key as any for who doesn't read the messages.
    let keys = json!({
        "p256dh": "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
        "auth": "AAECAwQFBgcICQoLDA0ODw",
    });
    for device in &devices {
        let subscription = json!({"endpoint": device.url(), "keys": keys});
        ada.post("/me/push-subscriptions", subscription).await.expect(201);
    }
    let habit = ada.habit(json!({"name": "Run"})).await;
    remind(&ada, &habit, json!({"time": "08:00", "channels": ["push"]})).await;
    for day in 11..13 {
        app.clock.set(&format!("2026-03-{day}T08:00:00Z"));
        sent(&app).await;
        for device in &devices {
            device.until(day - 10).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let received: Vec<_> = devices.iter().flat_map(Receiver::received).collect();
    assert_eq!(received.len(), 4);
    let topics: Vec<_> = received.iter().map(|message| &message.headers["topic"]).collect();
    assert!(topics.iter().all(|topic| *topic == topics[0]), "the next day's takes the place of one that wasn't seen");
    for message in &received {
        assert_eq!(
            (&message.headers["content-encoding"], &message.headers["ttl"]),
            (&"aes128gcm".parse().unwrap(), &"43200".parse().unwrap())
        );
    }
}

async fn a_mail_is_for_a_verified_address_alone(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T07:55:00Z").start();
    let (ada, eve) = (verified(&app, "ada", "UTC").await, app.user("eve").await);
    let grace = verified(&app, "grace", "UTC").await;
    for client in [&ada, &eve, &grace] {
        let habit = client.habit(json!({"name": "Run"})).await;
        remind(client, &habit, json!({"time": "08:00"})).await;
    }
    app.deactivate("grace");
    app.clock.set("2026-03-11T08:00:00Z");
    let mails = sent(&app).await;
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.org"]);
}

async fn after_an_outage_what_is_of_use_is_told(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T06:00:00Z").start();
    let ada = verified(&app, "ada", "UTC").await;
    for (name, time) in [("Morning", "08:00"), ("Noon", "12:00"), ("Evening", "22:00")] {
        let habit = ada.habit(json!({"name": name})).await;
        remind(&ada, &habit, json!({"time": time, "channels": ["email"]})).await;
    }
    // Nobody is there for two days, until 20:30 of the third.
    let next = app.replica().set("CIRCADIA_DATA_DIR", &app.database.folder().join("data").display().to_string());
    drop(app);
    let next = next.at("2026-03-13T20:30:00Z").start();
    assert_eq!(subjects(&sent_in_a_while(&next).await), ["Noon"], "of that day, and not older than twelve hours");
    next.clock.set("2026-03-13T22:00:00Z");
    assert_eq!(subjects(&sent(&next).await), ["Evening"]);
    // A short one, at the end of which the reminder is half an hour late.
    let last = next.replica().set("CIRCADIA_DATA_DIR", &next.database.folder().join("data").display().to_string());
    next.clock.set("2026-03-14T21:59:00Z");
    sent(&next).await;
    drop(next);
    let last = last.at("2026-03-14T22:30:00Z").start();
    assert_eq!(subjects(&sent(&last).await), ["Evening"]);
}

async fn a_user_whose_data_cannot_be_read_holds_up_nobody_else(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T07:55:00Z").start();
    let (eve, ada) = (verified(&app, "eve", "UTC").await, verified(&app, "ada", "UTC").await);
    for (client, time) in [(&eve, "07:56"), (&ada, "08:00")] {
        let habit = client.habit(json!({"name": "Run"})).await;
        remind(client, &habit, json!({"time": time})).await;
    }
    app.database.execute("UPDATE users SET timezone = 'Nowhere/Never' WHERE username = 'eve'");
    app.clock.set("2026-03-11T08:00:00Z");
    app.until("reminder of those whose data can be read", || overdue(&app) == 1).await;
    assert_eq!(app.mail_to("ada@example.org").await.subject, "Run");
    // When it can be read again, it is told.
    app.database.execute("UPDATE users SET timezone = 'UTC' WHERE username = 'eve'");
    let mails = sent(&app).await;
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["eve@example.org"]);
}

async fn two_replicas_tell_each_reminder_once(backend: Backend) {
    let app = with_loopback(backend).at("2026-03-11T07:00:00Z").start();
    let data = app.database.folder().join("data").display().to_string();
    let replicas: Vec<TestApp> = (0..2)
        .map(|_| {
            let replica = app.replica().set("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true");
            replica.set("CIRCADIA_DATA_DIR", &data).start()
        })
        .collect();
    let receiver = Receiver::start(&[]);
    let mut habits = Vec::new();
    for number in 0..6 {
        let client = verified(&app, &format!("user-{number}"), "UTC").await;
        webhook(&client, &receiver).await;
        for at in 0..5 {
            let habit = client.habit(json!({"name": format!("Run {at}")})).await;
            remind(&client, &habit, json!({"time": "08:00"})).await;
            habits.push(habit);
        }
    }
    for day in 11..14 {
        app.clock.set(&format!("2026-03-{day}T08:00:00Z"));
        let mails = sent(&app).await;
        assert_eq!(mails.len(), habits.len(), "on {day}");
        assert_eq!(enqueued(&app).1, i64::try_from(habits.len()).unwrap() * (day - 10));
    }
    let received = receiver.until(3 * habits.len()).await;
    let mut told: Vec<(String, String)> = received
        .iter()
        .map(|message| {
            let data = &message.json()["data"];
            (data["date"].as_str().unwrap().to_owned(), data["habit_id"].as_str().unwrap().to_owned())
        })
        .collect();
    told.sort();
    told.dedup();
    assert_eq!((told.len(), received.len()), (3 * habits.len(), 3 * habits.len()));
    drop(replicas);
}

/// Has the database refuse to store jobs, or not any more.
fn refuse_jobs(app: &TestApp, backend: Backend, refuse: bool) {
    let statement = match (backend, refuse) {
        (Backend::Sqlite, true) => {
            "CREATE TRIGGER broken BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'broken'); END"
        }
        (Backend::Postgres, true) => {
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$; \
             CREATE TRIGGER broken BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION broken()"
        }
        (Backend::Mysql, true) => {
            "CREATE TRIGGER broken BEFORE INSERT ON jobs FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'broken'"
        }
        (Backend::Postgres, false) => "DROP TRIGGER broken ON jobs",
        (Backend::Sqlite | Backend::Mysql, false) => "DROP TRIGGER broken",
    };
    app.database.execute(statement);
}

async fn what_cannot_be_enqueued_is_not_passed_over(backend: Backend) {
    let app = with_loopback(backend).at("2026-03-11T07:55:00Z").start();
    let ada = verified(&app, "ada", "UTC").await;
    let receiver = Receiver::start(&[]);
    webhook(&ada, &receiver).await;
    let habit = ada.habit(json!({"name": "Run"})).await;
    // The webhook's message is made before the mail, or after it: neither is without the other.
    for time in ["08:00", "08:00"] {
        remind(&ada, &habit, json!({"time": time})).await;
    }
    refuse_jobs(&app, backend, true);
    app.clock.set("2026-03-11T08:00:00Z");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(overdue(&app), 2, "a reminder was moved on without its mail");
    assert_eq!(app.database.number("SELECT count(*) FROM webhook_deliveries"), 0);
    refuse_jobs(&app, backend, false);
    assert_eq!(subjects(&sent(&app).await), ["Run", "Run"]);
    receiver.until(2).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!((receiver.received().len(), sent(&app).await.len()), (2, 0));
}

async fn what_is_sent_is_counted(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_METRICS_BIND", "127.0.0.1:0").at("2026-03-11T07:55:00Z").start();
    let ada = app.user("ada").await;
    for (name, is_done) in [("Run", false), ("Read", false), ("Write", true)] {
        let habit = ada.habit(json!({"name": name})).await;
        remind(&ada, &habit, json!({"time": "08:00"})).await;
        if is_done {
            ada.done(&habit, &["2026-03-11"]).await;
        }
    }
    app.clock.set("2026-03-11T08:00:00Z");
    sent(&app).await;
    let page = app.metrics().await;
    let counted = |outcome| page.sum("circadia_reminders_total", &[("outcome", outcome)]);
    assert_eq!([counted("told"), counted("passed_over")].map(|count| count.to_string()), ["2", "1"]);
}

#[cfg(feature = "postgres")]
async fn a_commit_that_is_lost_tells_nothing_twice(backend: Backend) {
    for are_lost in ["commits", "answers"] {
        let (builder, proxy) = TestApp::on(backend)
            .set("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true")
            .at("2026-03-11T07:55:00Z")
            .by_proxy()
            .await;
        let app = builder.start();
        let ada = verified(&app, "ada", "UTC").await;
        let receiver = Receiver::start(&[]);
        webhook(&ada, &receiver).await;
        let habit = ada.habit(json!({"name": "Run"})).await;
        remind(&ada, &habit, json!({"time": "08:00"})).await;
        let disturbed = if are_lost == "commits" { proxy.lose_commits() } else { proxy.lose_answers_to_commit() };
        app.clock.set("2026-03-11T08:00:00Z");
        tokio::time::sleep(Duration::from_secs(4)).await;
        if are_lost == "commits" {
            assert_eq!((overdue(&app), enqueued(&app).1), (1, 0));
        }
        drop(disturbed);
        // What was taken on lease without anybody hearing of it waits until the lease is over.
        app.clock.advance(600);
        // Servers of mail and webhooks may be asked twice, since they may not have been heard; each time for the same message.
        sent(&app).await;
        receiver.until(1).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(enqueued(&app), (1, 1), "{are_lost}");
    }
}
