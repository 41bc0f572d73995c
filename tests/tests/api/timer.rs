//! `/timer`.

use circadia_tests::{Backend, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_timer_runs_until_it_is_stopped,
    one_timer_runs_at_a_time,
    a_timer_is_discarded,
    a_night_is_shared_out_among_its_days,
    a_timer_survives_a_restart,
    stopping_twice_makes_one_entry,
    wrong_times_are_refused,
    a_timer_needs_no_body,
    who_forgot_a_timer_is_asked_first,
);

async fn a_timer_runs_until_it_is_stopped(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "minutes", "target": 5});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
    let task = ada.task(json!({})).await;
    assert_eq!(ada.get("/timer").await.expect(200).body, json!({"running": null}));
    let start = json!({"habit_id": habit, "task_id": task, "note": "Chapter 3"});
    let started = ada.post("/timer/start", start).await.expect(201);
    assert_eq!(started.header("location"), Some("/api/v1/timer"));
    let running = &started.body["running"];
    assert_eq!((&running["habit_id"], &running["started_at"]), (&json!(habit), &json!("2026-03-11T12:00:00Z")));
    assert_eq!(ada.get("/timer").await.expect(200).body, started.body);
    app.clock.set("2026-03-11T12:05:29Z");
    let stopped = ada.post("/timer/stop", json!({})).await.expect(201);
    assert_eq!(stopped.body["minutes"], 5);
    let entry = &stopped.body["items"][0];
    for (name, value) in [
        ("habit_id", json!(habit)),
        ("task_id", json!(task)),
        ("note", json!("Chapter 3")),
        ("date", json!("2026-03-11")),
        ("minutes", json!(5)),
        ("started_at", json!("2026-03-11T12:00:00Z")),
        ("ended_at", json!("2026-03-11T12:05:29Z")),
    ] {
        assert_eq!(entry[name], value, "{name}");
    }
    assert_eq!(&ada.get(stopped.header("location").unwrap()).await.expect(200).body, entry);
    assert_eq!(ada.get("/timer").await.expect(200).body["running"], Value::Null);
    let day = ada.get(&format!("/habits/{habit}/entries/2026-03-11")).await.expect(200).body;
    assert_eq!((&day["state"], &day["tracked_minutes"]), (&json!("done"), &json!(5)));
    ada.post("/timer/stop", json!({})).await.problem(409, "timer_not_running");
}

async fn one_timer_runs_at_a_time(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    ada.post("/timer/start", json!({})).await.expect(201);
    let refused = ada.post("/timer/start", json!({"note": "another"})).await.problem(409, "timer_running");
    assert!(refused.body["detail"].as_str().unwrap().contains("2026-03-11T12:00:00Z"), "{}", refused.body);
    eve.post("/timer/start", json!({})).await.expect(201);
    app.clock.advance(1);
    // Even a moment counts as a minute.
    assert_eq!(ada.post("/timer/stop", json!({"note": "said"})).await.expect(201).body["items"][0]["minutes"], 1);
    assert_eq!(ada.get("/time-entries").await.expect(200).body["items"][0]["note"], "said");
    ada.post("/timer/start", json!({})).await.expect(201);
    assert_ne!(eve.get("/timer").await.expect(200).body["running"], Value::Null);
}

async fn a_timer_is_discarded(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.delete("/timer").await.problem(404, "timer_not_found");
    ada.post("/timer/start", json!({})).await.expect(201);
    ada.delete("/timer").await.expect(204);
    assert_eq!(ada.get("/timer").await.expect(200).body["running"], Value::Null);
    assert_eq!(ada.get("/time-entries").await.expect(200).body["items"], json!([]));
    // What it runs for may go while it runs.
    let (habit, task) = (ada.habit(json!({})).await, ada.task(json!({})).await);
    ada.post("/timer/start", json!({"habit_id": habit, "task_id": task})).await.expect(201);
    ada.delete(&format!("/habits/{habit}")).await.expect(204);
    ada.delete(&format!("/tasks/{task}")).await.expect(204);
    let running = ada.get("/timer").await.expect(200).body["running"].clone();
    assert_eq!((&running["habit_id"], &running["task_id"]), (&Value::Null, &Value::Null));
    ada.post("/timer/stop", json!({})).await.expect(201);
}

async fn a_night_is_shared_out_among_its_days(backend: Backend) {
    // The night in which New York puts its clocks back: an hour comes twice.
    let app = TestApp::on(backend).at("2026-11-02T06:00:00Z").start();
    let ada = app.user_in("ada", "America/New_York").await;
    let kind = json!({"type": "minutes", "target": 30});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-10-01"})).await;
    let start = json!({"habit_id": habit, "started_at": "2026-11-01T03:30:00Z"});
    ada.post("/timer/start", start.clone()).await.expect(201);
    let asked = ada.post("/timer/stop", json!({})).await.problem(409, "timer_ran_long").body;
    let stopped = ada.post("/timer/stop?confirm=true", json!({})).await.expect(201);
    let of = |items: &Value| -> Vec<(String, u64)> {
        let items = items.as_array().unwrap().iter();
        items.map(|item| (item["date"].as_str().unwrap().to_owned(), item["minutes"].as_u64().unwrap())).collect()
    };
    let expected: Vec<(String, u64)> =
        [("2026-10-31", 30), ("2026-11-01", 1440), ("2026-11-01", 60), ("2026-11-02", 60)]
            .map(|(date, minutes)| (date.to_owned(), minutes))
            .to_vec();
    assert_eq!(of(&stopped.body["items"]), expected);
    assert_eq!(stopped.body["minutes"], 1590);
    // What was asked is what was written.
    assert_eq!((of(&asked["items"]), &asked["minutes"]), (expected, &json!(1590)));
    for (date, tracked) in [("2026-10-31", 30), ("2026-11-01", 1500), ("2026-11-02", 60)] {
        let day = ada.get(&format!("/habits/{habit}/entries/{date}")).await.expect(200).body;
        assert_eq!((&day["tracked_minutes"], &day["state"]), (&json!(tracked), &json!("done")), "{date}");
    }
    // With a day that starts at four, the small hours belong to the day before.
    ada.patch("/me", json!({"day_start": "04:00"})).await.expect(200);
    ada.post("/timer/start", start).await.expect(201);
    let stopped = ada.post("/timer/stop", json!({"ended_at": "2026-11-01T07:00:00Z"})).await.expect(201);
    assert_eq!(of(&stopped.body["items"]), [("2026-10-31".to_owned(), 210)]);
}

async fn a_timer_survives_a_restart(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.post("/timer/start", json!({})).await.expect(201);
    app.clock.advance(600);
    let replica = app.replica().start();
    let elsewhere = ada.at(&replica.anonymous());
    elsewhere.post("/timer/start", json!({})).await.problem(409, "timer_running");
    assert_eq!(elsewhere.post("/timer/stop", json!({})).await.expect(201).body["minutes"], 10);
    assert_eq!(ada.get("/timer").await.expect(200).body["running"], Value::Null);
}

async fn stopping_twice_makes_one_entry(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T00:10:00Z").start();
    let ada = app.user("ada").await;
    ada.post("/timer/start", json!({"started_at": "2026-03-10T23:50:00Z"})).await.expect(201);
    let stop = json!({"id": fresh_id(), "ended_at": "2026-03-11T00:10:00Z"});
    let first = ada.post("/timer/stop", stop.clone()).await.expect(201);
    assert_eq!(first.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(first.body["items"][0]["id"], stop["id"]);
    let again = ada.post("/timer/stop", stop.clone()).await.expect(201);
    assert_eq!((&again.body, again.etag()), (&first.body, first.etag()));
    assert_eq!(ada.get("/time-entries").await.expect(200).each("id").len(), 2);
    ada.post("/timer/stop", json!({"id": stop["id"]})).await.problem(409, "id_taken");
    for entry in first.each("id") {
        ada.delete(&format!("/time-entries/{entry}")).await.expect(204);
    }
    ada.post("/timer/stop", stop).await.problem(409, "id_taken");
}

async fn wrong_times_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-10"})).await;
    let before = app.contents().await;
    for started_at in ["2026-03-11T12:05:01Z", "2026-02-08T11:59:59Z", "yesterday"] {
        ada.post("/timer/start", json!({"started_at": started_at})).await.names("/started_at");
    }
    let early = json!({"habit_id": habit, "started_at": "2026-03-09T12:00:00Z"});
    ada.post("/timer/start", early).await.names("/started_at");
    ada.post("/timer/start", json!({"habit_id": fresh_id()})).await.names("/habit_id");
    ada.post("/timer/start", json!({"task_id": fresh_id()})).await.names("/task_id");
    assert_eq!(app.contents().await, before, "something was stored");
    // A device whose clock is a little ahead isn't sent away.
    ada.post("/timer/start", json!({"started_at": "2026-03-11T12:04:00Z"})).await.expect(201);
    for ended_at in ["2026-03-11T12:05:01Z", "2026-03-11T12:04:00Z"] {
        ada.post("/timer/stop", json!({"ended_at": ended_at})).await.names("/ended_at");
    }
    assert_eq!(ada.post("/timer/stop", json!({})).await.expect(201).body["minutes"], 1);
}

async fn a_timer_needs_no_body(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for path in ["/timer/start", "/timer/stop"] {
        let bare = ada.request(reqwest::Method::POST, path);
        ada.send(bare).await.expect(201);
    }
    assert_eq!(ada.get("/time-entries").await.expect(200).body["items"][0]["minutes"], 1);
}

async fn who_forgot_a_timer_is_asked_first(backend: Backend) {
    let app = TestApp::on(backend).at("2025-02-07T12:00:00Z").start();
    let ada = app.user("ada").await;
    ada.post("/timer/start", json!({})).await.expect(201);
    // 397 days later.
    app.clock.set("2026-03-11T12:00:00Z");
    let ada = app.log_in("ada").await;
    let before = app.database.number("SELECT count(*) FROM time_entries");
    let asked = ada.post("/timer/stop", json!({})).await.problem(409, "timer_ran_long").body;
    assert_eq!((&asked["minutes"], asked["items"].as_array().unwrap().len()), (&json!(397 * 1_440), 398));
    let first = &asked["items"][0];
    assert_eq!((&first["date"], &first["minutes"]), (&json!("2025-02-07"), &json!(720)));
    assert_eq!(app.database.number("SELECT count(*) FROM time_entries"), before);
    ada.post("/timer/stop?confirm=false", json!({})).await.problem(409, "timer_ran_long");
    ada.post("/timer/stop?confirm=perhaps", json!({})).await.names("/confirm");
    // It still runs, and can be ended when it should have been.
    let ended = json!({"ended_at": "2025-02-08T12:00:00Z"});
    assert_eq!(ada.post("/timer/stop", ended).await.expect(201).body["minutes"], 1_440);
}
