//! `/tasks`.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    tasks_are_made_read_changed_and_deleted,
    every_transition_that_is_not_allowed_is_refused,
    a_task_knows_when_it_was_done,
    the_status_is_changed_by_transitions_alone,
    lists_are_filtered,
    what_is_overdue_depends_on_the_day,
    themes_count_their_tasks_and_leave_them_behind,
);

async fn tasks_are_made_read_changed_and_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Home").await;
    let whole = json!({
        "title": " Call the roofer ", "description": "About\nthe leak", "priority": "high", "due_on": "2026-03-20",
        "theme_id": theme,
    });
    let made = ada.post("/tasks", whole).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    let body = &made.body;
    assert_eq!(
        (&body["title"], &body["description"], &body["priority"], &body["status"], &body["due_on"], &body["theme_id"]),
        (
            &json!("Call the roofer"),
            &json!("About\nthe leak"),
            &json!("high"),
            &json!("todo"),
            &json!("2026-03-20"),
            &json!(theme),
        )
    );
    assert_eq!(ada.get(&path).await.expect(200).body, made.body);
    let changed = ada.patch(&path, json!({"title": "Call", "description": null, "due_on": null})).await.expect(200);
    assert_eq!(changed.body["title"], "Call");
    assert_eq!((&changed.body["description"], &changed.body["due_on"]), (&Value::Null, &Value::Null));
    assert_eq!((&changed.body["priority"], &changed.body["theme_id"]), (&json!("high"), &json!(theme)));
    assert_eq!(ada.get("/tasks").await.expect(200).body["items"], json!([changed.body]));
    ada.delete(&path).await.expect(204);
    ada.get(&path).await.problem(404, "task_not_found");
    assert_eq!(ada.get("/tasks").await.expect(200).body["items"], json!([]));
    let bare = ada.post("/tasks", json!({"title": "Rest"})).await.expect(201).body;
    assert_eq!((&bare["priority"], &bare["due_on"], &bare["theme_id"]), (&json!("medium"), &Value::Null, &Value::Null));
    ada.patch(&format!("/tasks/{}", bare["id"].as_str().unwrap()), json!({"priority": null})).await.names("/priority");
}

/// Takes a new task to a status.
async fn task_in(client: &Client, status: &str) -> String {
    let task = client.task(json!({})).await;
    if status != "todo" {
        client.post(&format!("/tasks/{task}/transition"), json!({"to": status})).await.expect(200);
    }
    task
}

async fn every_transition_that_is_not_allowed_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let all = ["todo", "in_progress", "done", "cancelled"];
    for (from, allowed) in [
        ("todo", vec!["in_progress", "done", "cancelled"]),
        ("in_progress", vec!["todo", "done", "cancelled"]),
        ("done", vec!["todo"]),
        ("cancelled", vec!["todo"]),
    ] {
        for to in all {
            let task = task_in(&ada, from).await;
            let before = ada.get(&format!("/tasks/{task}")).await.expect(200);
            let answer = ada.post(&format!("/tasks/{task}/transition"), json!({"to": to})).await;
            if allowed.contains(&to) {
                assert_eq!(answer.expect(200).body["status"], to);
            } else {
                let refused = answer.problem(409, "illegal_transition");
                let detail = refused.body["detail"].as_str().unwrap();
                let (said, listed) = detail.split_once("only").unwrap();
                assert!(said.contains(&format!("`{from}`")) && said.contains(&format!("`{to}`")), "{detail}");
                for other in all {
                    assert_eq!(listed.contains(&format!("`{other}`")), allowed.contains(&other), "{detail}");
                }
                assert_eq!(ada.get(&format!("/tasks/{task}")).await.expect(200).etag(), before.etag());
            }
        }
    }
    let task = ada.task(json!({})).await;
    ada.post(&format!("/tasks/{task}/transition"), json!({"to": "paused"})).await.names("/to");
    ada.post(&format!("/tasks/{task}/transition"), json!({})).await.names("/to");
}

async fn a_task_knows_when_it_was_done(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let path = format!("/tasks/{}", ada.task(json!({})).await);
    let go = async |to: &str| ada.post(&format!("{path}/transition"), json!({"to": to})).await.expect(200).body;
    assert_eq!(go("in_progress").await["completed_at"], Value::Null);
    app.clock.set("2026-03-11T12:05:00Z");
    assert_eq!(go("done").await["completed_at"], "2026-03-11T12:05:00Z");
    app.clock.advance(60);
    let renamed = ada.patch(&path, json!({"title": "Renamed"})).await.expect(200).body;
    assert_eq!(
        (&renamed["completed_at"], &renamed["updated_at"]),
        (&json!("2026-03-11T12:05:00Z"), &json!("2026-03-11T12:06:00Z"))
    );
    assert_eq!(go("todo").await["completed_at"], Value::Null);
    assert_eq!(go("cancelled").await["completed_at"], Value::Null);
    assert_eq!(ada.get(&path).await.expect(200).body["status"], "cancelled");
}

async fn the_status_is_changed_by_transitions_alone(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let path = format!("/tasks/{}", ada.task(json!({})).await);
    for refused in [
        ada.patch(&path, json!({"status": "done", "title": "x"})).await,
        ada.post("/tasks", json!({"status": "done", "title": "x"})).await,
    ] {
        let refused = refused.names("/status");
        assert_eq!(refused.body["errors"][0]["code"], "read_only");
        assert!(refused.body["errors"][0]["detail"].as_str().unwrap().contains("/transition"), "{}", refused.body);
    }
    assert_eq!(ada.get(&path).await.expect(200).body["title"], "Call");
}

async fn lists_are_filtered(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Home").await;
    let roof = ada.task(json!({"title": "Roof", "priority": "high", "theme_id": theme, "due_on": "2026-03-12"})).await;
    ada.task(json!({"title": "Garden", "description": "50 % off roses", "due_on": "2026-03-20"})).await;
    let done = ada.task(json!({"title": "Bills", "priority": "low"})).await;
    ada.post(&format!("/tasks/{done}/transition"), json!({"to": "done"})).await.expect(200);
    ada.post(&format!("/tasks/{roof}/transition"), json!({"to": "in_progress"})).await.expect(200);
    for (query, expected) in [
        ("", vec!["Roof", "Garden", "Bills"]),
        ("?status=todo", vec!["Garden"]),
        ("?status=todo,in_progress", vec!["Roof", "Garden"]),
        ("?status=done,cancelled", vec!["Bills"]),
        ("?priority=low", vec!["Bills"]),
        (&format!("?theme_id={theme}"), vec!["Roof"]),
        ("?due_from=2026-03-12&due_to=2026-03-19", vec!["Roof"]),
        ("?due_from=2026-03-13", vec!["Garden"]),
        ("?q=RO", vec!["Roof", "Garden"]),
        ("?q=50%20%25", vec!["Garden"]),
        ("?q=_", vec![]),
        ("?q=r&priority=high&status=in_progress", vec!["Roof"]),
    ] {
        assert_eq!(ada.get(&format!("/tasks{query}")).await.expect(200).each("title"), expected, "{query}");
    }
    for (query, name) in [
        ("status=todo,maybe", "/status"),
        ("status=", "/status"),
        ("priority=urgent", "/priority"),
        ("due_from=2026-03-12&due_to=2026-03-11", "/due_to"),
        ("sort=status", "/sort"),
        ("overdue=yes", "/overdue"),
    ] {
        ada.get(&format!("/tasks?{query}")).await.names(name);
    }
}

async fn what_is_overdue_depends_on_the_day(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T11:00:00Z").start();
    let ada = app.user_in("ada", "Pacific/Kiritimati").await;
    ada.task(json!({"title": "late", "due_on": "2026-03-11"})).await;
    ada.task(json!({"title": "due", "due_on": "2026-03-12"})).await;
    ada.task(json!({"title": "whenever"})).await;
    let done = ada.task(json!({"title": "done", "due_on": "2026-03-01"})).await;
    ada.post(&format!("/tasks/{done}/transition"), json!({"to": "done"})).await.expect(200);
    let list = async |query: &str| ada.get(&format!("/tasks?{query}")).await.expect(200).each("title");
    // There it is the 12th already.
    assert_eq!(list("overdue=true").await, ["late"]);
    assert_eq!(list("overdue=false").await, ["done", "due", "whenever"]);
    assert_eq!(list("overdue=true&on=2026-03-11").await, [""; 0]);
    assert_eq!(list("overdue=true&on=2026-03-13").await, ["late", "due"]);
}

async fn themes_count_their_tasks_and_leave_them_behind(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Home").await;
    let path = format!("/themes/{theme}");
    let mut tasks = Vec::new();
    for status in ["todo", "in_progress", "done", "cancelled", "done"] {
        let task = task_in(&ada, status).await;
        ada.patch(&format!("/tasks/{task}"), json!({"theme_id": theme})).await.expect(200);
        tasks.push(task);
    }
    ada.task(json!({})).await;
    let counts = json!({"habits": 0, "tasks_open": 2, "tasks_done": 2, "minutes": 0});
    assert_eq!(ada.get(&path).await.expect(200).body["counts"], counts);
    assert_eq!(ada.get("/themes").await.expect(200).body["items"][0]["counts"], counts);
    let before = ada.get(&format!("/tasks/{}", tasks[0])).await.expect(200).etag();
    ada.delete(&path).await.expect(204);
    for task in &tasks {
        assert_eq!(ada.get(&format!("/tasks/{task}")).await.expect(200).body["theme_id"], Value::Null);
    }
    // They were touched by it: what was seen before is outdated.
    let stale = ada.with_header("if-match", &before);
    stale.patch(&format!("/tasks/{}", tasks[0]), json!({"title": "x"})).await.problem(412, "precondition_failed");
    let unknown = json!({"title": "x", "theme_id": theme});
    ada.post("/tasks", unknown).await.names("/theme_id");
}
