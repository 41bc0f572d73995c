//! `GET /reminders/upcoming`: for apps that show notifications by themselves.

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::{Value, json};

use super::{remind, upcoming};

scenarios!(
    what_is_due_is_told_ahead_of_time,
    what_is_done_or_disabled_is_not_told,
    the_days_are_bounded_and_an_answer_is_known_again,
    a_long_list_has_the_earliest,
);

async fn what_is_due_is_told_ahead_of_time(backend: Backend) {
    // A Wednesday, 13:00 in Berlin.
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Europe/Berlin").await;
    assert_eq!(upcoming(&ada, 31).await, []);
    let run =
        ada.habit(json!({"name": "Run", "schedule": {"type": "weekly", "weekdays": ["we", "fr"], "every": 1}})).await;
    let made = remind(&ada, &run, json!({"time": "20:00", "channels": ["push"]})).await;
    let water = ada.habit(json!({"name": "Water", "question": "Enough water?"})).await;
    remind(&ada, &water, json!({"time": "10:00", "weekdays": ["th", "fr"]})).await;
    remind(&ada, &water, json!({"time": "18:00", "weekdays": ["th"]})).await;
    let task = ada.task(json!({"title": "Taxes", "due_on": "2026-03-14"})).await;
    ada.post(&format!("/tasks/{task}/reminders"), json!({"time": "09:00", "days_before": 2})).await.expect(201);
    ada.post("/sleep/reminders", json!({"wake_time": "06:00", "weekdays": ["fr"]})).await.expect(201);
    let expected = [
        ("2026-03-11T19:00:00Z", "Run"),
        ("2026-03-12T08:00:00Z", "Taxes"),
        ("2026-03-12T09:00:00Z", "Water"),
        ("2026-03-12T17:00:00Z", "Water"),
        ("2026-03-12T20:30:00Z", "Bedtime"),
        ("2026-03-13T09:00:00Z", "Water"),
        ("2026-03-13T19:00:00Z", "Run"),
    ];
    let expected: Vec<(String, String)> = expected.map(|(at, title)| (at.to_owned(), title.to_owned())).to_vec();
    assert_eq!(upcoming(&ada, 3).await, expected);
    assert_eq!(upcoming(&ada, 1).await, expected[..3]);
    let items = ada.get("/reminders/upcoming").await.expect(200).items();
    let first = json!({
        "reminder_id": made["id"], "date": "2026-03-11", "at": "2026-03-11T19:00:00Z", "about": "habit", "habit_id": run,
        "task_id": null, "title": "Run", "text": "Due today, and still to be done.", "channels": ["push"],
    });
    assert_eq!(items[0], first);
    assert_eq!((&items[1]["about"], &items[1]["task_id"]), (&json!("task"), &json!(task)));
    assert_eq!((&items[1]["date"], &items[1]["text"]), (&json!("2026-03-12"), &json!("Due in 2 days.")));
    assert_eq!(items[2]["text"], "Enough water?");
    // Bedtime is of the day of waking.
    assert_eq!((&items[4]["date"], &items[4]["habit_id"]), (&json!("2026-03-13"), &Value::Null));
    // A week, unless something else is asked for.
    assert_eq!(items.last().unwrap()["at"], "2026-03-13T19:00:00Z");
    assert_eq!(upcoming(&ada, 8).await.last().unwrap().0, "2026-03-19T09:00:00Z");
}

async fn what_is_done_or_disabled_is_not_told(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let run = ada.habit(json!({"name": "Run", "starts_on": "2026-03-01"})).await;
    let made = remind(&ada, &run, json!({"time": "20:00"})).await;
    let path = format!("/habits/{run}/reminders/{}", made["id"].as_str().unwrap());
    let days = async || -> Vec<String> { ada.get("/reminders/upcoming?days=3").await.expect(200).each("date") };
    assert_eq!(days().await, ["2026-03-11", "2026-03-12", "2026-03-13"]);
    ada.done(&run, &["2026-03-11"]).await;
    assert_eq!(days().await, ["2026-03-12", "2026-03-13"]);
    ada.post(&format!("/habits/{run}/pauses"), json!({"from": "2026-03-12", "to": "2026-03-12"})).await.expect(201);
    assert_eq!(days().await, ["2026-03-13"]);
    ada.patch(&path, json!({"enabled": false})).await.expect(200);
    assert_eq!(days().await, [""; 0]);
    ada.patch(&path, json!({"enabled": true})).await.expect(200);
    ada.patch(&format!("/habits/{run}"), json!({"ends_on": "2026-03-12"})).await.expect(200);
    assert_eq!(days().await, [""; 0]);

    // A quota is due until it is met, as if nothing more were done.
    let swim = ada.habit(json!({"name": "Swim", "schedule": {"type": "quota", "times": 2, "per": "week"}, "starts_on": "2026-03-01"})).await;
    remind(&ada, &swim, json!({"time": "07:00"})).await;
    ada.done(&swim, &["2026-03-09"]).await;
    assert_eq!(days().await, ["2026-03-12", "2026-03-13", "2026-03-14"]);
    ada.done(&swim, &["2026-03-10"]).await;
    let week = ada.get("/reminders/upcoming?days=7").await.expect(200).each("date");
    assert_eq!(week, ["2026-03-16", "2026-03-17", "2026-03-18"], "from the next week on");

    let task = ada.task(json!({"title": "Taxes", "due_on": "2026-03-12"})).await;
    ada.post(&format!("/tasks/{task}/reminders"), json!({"time": "09:00"})).await.expect(201);
    assert_eq!(days().await, ["2026-03-12"]);
    ada.post(&format!("/tasks/{task}/transition"), json!({"to": "done"})).await.expect(200);
    assert_eq!(days().await, [""; 0]);
}

async fn the_days_are_bounded_and_an_answer_is_known_again(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for wrong in ["0", "32", "-1", "x", "1.5"] {
        ada.get(&format!("/reminders/upcoming?days={wrong}")).await.names("/days");
    }
    ada.get("/reminders/upcoming?from=2026-03-11").await.names("/from");
    let habit = ada.habit(json!({})).await;
    remind(&ada, &habit, json!({"time": "20:00"})).await;
    assert_eq!(upcoming(&ada, 31).await.len(), 31);
    assert_eq!(ada.get("/reminders/upcoming").await.expect(200).items().len(), 7);
    let answer = ada.get("/reminders/upcoming").await.expect(200);
    assert!(answer.etag().starts_with("W/"), "{}", answer.etag());
    let knowing = ada.with_header("If-None-Match", &answer.etag());
    knowing.get("/reminders/upcoming").await.expect(304);
    ada.done(&habit, &["2026-03-11"]).await;
    assert_eq!(knowing.get("/reminders/upcoming").await.expect(200).items().len(), 6);
}

async fn a_long_list_has_the_earliest(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for number in 0..2 {
        let habit = ada.habit(json!({"name": format!("Habit {number}")})).await;
        for minute in 0..20 {
            remind(&ada, &habit, json!({"time": format!("{:02}:{minute:02}", 13 + number)})).await;
        }
    }
    let items = upcoming(&ada, 31).await;
    assert_eq!(items.len(), 1_000);
    assert!(items.is_sorted_by_key(|(at, _)| at.clone()));
    // 40 a day: 25 days.
    assert_eq!(items.last().unwrap().0, "2026-04-04T14:19:00Z");
}
