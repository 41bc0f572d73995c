//! `/habits/{habit_id}/plan`, `/plans` and `/pauses`: what changes leaves the past alone.

use circadia_tests::{Backend, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_new_version_leaves_the_past_its_own,
    a_new_target_does_not_judge_the_past,
    a_patched_schedule_holds_from_today,
    days_in_a_pause_break_nothing,
    a_pause_can_be_made_twice_and_changed,
);

async fn a_new_version_leaves_the_past_its_own(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let plan = json!({"schedule": {"type": "weekly", "weekdays": ["mo"]}, "effective_from": "2026-03-07"});
    let made = ada.put(&format!("/habits/{habit}/plan"), plan.clone()).await.expect(200).body;
    assert_eq!((&made["effective_from"], &made["anchor"]), (&json!("2026-03-07"), &json!("2026-03-07")));
    let path = format!("/habits/{habit}/occurrences?from=2026-03-01&to=2026-03-22");
    let due = ada.get(&path).await.expect(200).body["dates"].clone();
    assert_eq!(
        due,
        json!([
            "2026-03-01",
            "2026-03-02",
            "2026-03-03",
            "2026-03-04",
            "2026-03-05",
            "2026-03-06",
            "2026-03-09",
            "2026-03-16"
        ])
    );
    let plans = ada.get(&format!("/habits/{habit}/plans")).await.expect(200);
    assert_eq!(plans.each("effective_from"), ["2026-03-01", "2026-03-07"]);
    assert_eq!(plans.body["items"][0]["schedule"]["type"], "daily");
    ada.done(&habit, &["2026-03-05", "2026-03-06", "2026-03-09"]).await;
    let streak = ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body;
    assert_eq!((&streak["current"], &streak["current_from"]), (&json!(3), &json!("2026-03-05")));
    // Putting twice is putting once; a version of the same day is replaced.
    ada.put(&format!("/habits/{habit}/plan"), plan).await.expect(200);
    let plans = ada.get(&format!("/habits/{habit}/plans")).await.expect(200);
    assert_eq!(plans.each("effective_from").len(), 2);
    let early = json!({"schedule": {"type": "daily"}, "effective_from": "2026-02-28"});
    ada.put(&format!("/habits/{habit}/plan"), early).await.names("/effective_from");
    ada.put(&format!("/habits/{habit}/plan"), json!({"effective_from": "2026-03-08"})).await.names("/schedule");
    // What isn't sent is taken over.
    let every_other = json!({"schedule": {"type": "daily", "every": 2}, "effective_from": "2026-03-10"});
    ada.put(&format!("/habits/{habit}/plan"), every_other).await.expect(200);
    let moved = json!({"effective_from": "2026-03-10", "anchor": "2026-03-09"});
    let moved = ada.put(&format!("/habits/{habit}/plan"), moved).await.expect(200).body;
    assert_eq!((&moved["anchor"], &moved["schedule"]["every"]), (&json!("2026-03-09"), &json!(2)));
    let page = ada.get(&format!("/habits/{habit}/plans?limit=2")).await.expect(200);
    assert_eq!(page.each("effective_from"), ["2026-03-01", "2026-03-07"]);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let page = ada.get(&format!("/habits/{habit}/plans?cursor={cursor}")).await.expect(200);
    assert_eq!(page.each("effective_from"), ["2026-03-10"]);
}

async fn a_new_target_does_not_judge_the_past(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = |target: u32| json!({"type": "count", "target": target, "unit": "pages"});
    let habit = ada.habit(json!({"kind": kind(5), "starts_on": "2026-03-06"})).await;
    for date in ["2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09"] {
        ada.put(&format!("/habits/{habit}/entries/{date}"), json!({"value": 5})).await.expect(201);
    }
    let plan = json!({"kind": kind(10), "effective_from": "2026-03-10"});
    ada.put(&format!("/habits/{habit}/plan"), plan).await.expect(200);
    let entry = ada.put(&format!("/habits/{habit}/entries/2026-03-10"), json!({"value": 5})).await.expect(201);
    assert_eq!(entry.entry()["state"], "missed");
    let streak = ada.get(&format!("/habits/{habit}/streak?on=2026-03-09")).await.expect(200).body;
    assert_eq!(streak["current"], 4);
    assert_eq!(ada.get(&format!("/habits/{habit}/entries/2026-03-09")).await.expect(200).body["state"], "done");
}

async fn a_patched_schedule_holds_from_today(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-09"})).await;
    ada.patch(&format!("/habits/{habit}"), json!({"schedule": {"type": "daily", "every": 2}})).await.expect(200);
    let path = format!("/habits/{habit}/occurrences?from=2026-03-01&to=2026-03-15");
    let due = ada.get(&path).await.expect(200).body["dates"].clone();
    assert_eq!(due, json!(["2026-03-09", "2026-03-10", "2026-03-11", "2026-03-13", "2026-03-15"]));
}

async fn days_in_a_pause_break_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-05", "2026-03-06", "2026-03-10"]).await;
    let current = async || ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body["current"].clone();
    assert_eq!(current().await, 1);
    let pauses = format!("/habits/{habit}/pauses");
    let pause = ada.post(&pauses, json!({"from": "2026-03-07", "to": "2026-03-09"})).await.expect(201).body;
    assert_eq!(current().await, 3);
    let path = format!("/habits/{habit}/occurrences?from=2026-03-06&to=2026-03-10");
    assert_eq!(ada.get(&path).await.expect(200).body["dates"], json!(["2026-03-06", "2026-03-10"]));
    let own = format!("{pauses}/{}", pause["id"].as_str().unwrap());
    // Without an end, it covers today.
    let open = ada.patch(&own, json!({"to": null})).await.expect(200).body;
    assert_eq!((&open["from"], &open["to"]), (&json!("2026-03-07"), &Value::Null));
    let item = ada.get("/habits/today").await.expect(200).body["items"][0].clone();
    assert_eq!((&item["due"], &item["state"]), (&json!(false), &json!("paused")));
    ada.patch(&own, json!({"to": "2026-03-06"})).await.names("/to");
    ada.delete(&own).await.expect(204);
    assert_eq!(current().await, 1);
    ada.delete(&own).await.problem(404, "pause_not_found");
}

async fn a_pause_can_be_made_twice_and_changed(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let pauses = format!("/habits/{habit}/pauses");
    let id = fresh_id();
    let pause = json!({"id": id, "from": "2026-03-07", "to": "2026-03-09"});
    let made = ada.post(&pauses, pause.clone()).await.expect(201).body;
    assert_eq!(made, json!({"id": id, "from": "2026-03-07", "to": "2026-03-09", "source": "own"}));
    assert_eq!(ada.post(&pauses, pause).await.expect(201).body, made);
    ada.post(&pauses, json!({"id": id, "from": "2026-03-08"})).await.problem(409, "id_taken");
    assert_eq!(ada.get(&pauses).await.expect(200).body["items"], json!([made]));
}
