//! `/me/pauses`: pauses of all habits, and days that are lost at the date line.

use std::collections::BTreeSet;

use circadia_tests::{Answer, Backend, Client, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_pause_holds_for_all_habits_in_every_view,
    streaks_scores_and_quotas_are_unharmed,
    habits_can_be_left_out,
    habits_that_are_made_or_moved_later_are_paused_too,
    habits_follow_changes_and_deletion,
    a_habit_lists_them_and_changes_only_its_own,
    pauses_are_checked,
    of_the_habits_left_out_some_may_be_gone,
    there_are_at_most_500,
    pauses_of_others_pause_nothing,
    a_day_that_is_lost_at_the_date_line_is_paused,
    what_is_done_on_a_lost_day_counts,
    who_goes_back_west_loses_and_regains_nothing,
);

/// Makes a pause; returns where it is.
async fn pause(client: &Client, body: Value) -> String {
    client.post("/me/pauses", body).await.expect(201).header("location").unwrap().to_owned()
}

async fn state(client: &Client, habit: &str, date: &str) -> String {
    let calendar = client.get(&format!("/habits/{habit}/calendar?year={}", &date[..4])).await.expect(200).body;
    let day = calendar["days"].as_array().unwrap().iter().find(|day| day["date"] == date).unwrap();
    day["state"].as_str().unwrap().to_owned()
}

async fn figures(client: &Client, habit: &str) -> (Value, Value) {
    let streak = client.get(&format!("/habits/{habit}/streak")).await.expect(200).body["current"].clone();
    let range = "from=2026-03-01&to=2026-03-11";
    let scores = client.get(&format!("/habits/{habit}/score?{range}")).await.expect(200).body;
    (streak, scores["items"].as_array().unwrap().last().unwrap()["score"].clone())
}

async fn pauses(client: &Client, habit: &str) -> Answer {
    client.get(&format!("/habits/{habit}/pauses")).await.expect(200)
}

async fn a_pause_holds_for_all_habits_in_every_view(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let daily = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let weekly = json!({"type": "quota", "times": 3, "per": "week"});
    let quota = ada.habit(json!({"starts_on": "2026-03-01", "schedule": weekly})).await;
    let sent = json!({"id": fresh_id(), "from": "2026-03-10", "to": "2026-03-12", "note": "Holiday"});
    let before = ada.get(&format!("/habits/{daily}")).await.expect(200).etag();
    let made = ada.post("/me/pauses", sent.clone()).await.expect(201);
    assert_eq!((&made.body["except_habits"], &made.body["source"]), (&json!([]), &json!("user")));
    for name in ["id", "from", "to", "note"] {
        assert_eq!(made.body[name], sent[name]);
    }
    assert_eq!(ada.get(made.header("location").unwrap()).await.expect(200).body, made.body);
    assert_eq!(ada.get("/me/pauses").await.expect(200).body["items"], json!([made.body]));
    assert_ne!(ada.get(&format!("/habits/{daily}")).await.expect(200).etag(), before);
    for habit in [&daily, &quota] {
        for (date, paused) in [("2026-03-09", false), ("2026-03-10", true), ("2026-03-12", true), ("2026-03-13", false)]
        {
            assert_eq!(state(&ada, habit, date).await == "paused", paused, "{date}");
        }
    }
    for item in ada.get("/habits/today").await.expect(200).body["items"].as_array().unwrap() {
        assert_eq!((&item["due"], &item["state"]), (&json!(false), &json!("paused")));
    }
    for row in ada.get("/habits/views/week").await.expect(200).body["items"].as_array().unwrap() {
        let paused = row["cells"].as_array().unwrap().iter().filter(|cell| cell["state"] == "paused");
        assert_eq!(paused.count(), 3, "{row}");
    }
    let due = ada.get(&format!("/habits/{daily}/occurrences?from=2026-03-09&to=2026-03-13")).await.expect(200);
    assert_eq!(due.body["dates"], json!(["2026-03-09", "2026-03-13"]));
    assert_eq!(ada.get("/habits?due_on=2026-03-11").await.expect(200).body["items"], json!([]));
}

async fn streaks_scores_and_quotas_are_unharmed(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let daily = ada.habit(json!({"starts_on": "2026-02-02"})).await;
    let times = json!({"type": "quota", "times": 7, "per": "week"});
    let quota = ada.habit(json!({"starts_on": "2026-02-02", "schedule": times})).await;
    let days: Vec<String> = (2..=28).map(|day| format!("2026-02-{day:02}")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).chain(["2026-03-01", "2026-03-02", "2026-03-03"]).collect();
    for habit in [&daily, &quota] {
        ada.done(habit, &days).await;
    }
    let broken = figures(&ada, &daily).await;
    assert_eq!((&broken.0, &figures(&ada, &quota).await.0), (&json!(0), &json!(0)));
    pause(&ada, json!({"from": "2026-03-04"})).await;
    let (streak, score) = figures(&ada, &daily).await;
    assert_eq!(streak, 30);
    assert!(score.as_f64() > broken.1.as_f64());
    let before = ada.get(&format!("/habits/{daily}/score?from=2026-03-03&to=2026-03-03")).await.expect(200).body;
    assert_eq!(before["items"][0]["score"], score);
    // Two of seven days were left of the week, and two of seven were asked for.
    assert_eq!(figures(&ada, &quota).await.0, 5);
}

async fn habits_can_be_left_out(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let [one, other] = [ada.habit(json!({})).await, ada.habit(json!({})).await];
    let before = ada.get(&format!("/habits/{other}")).await.expect(200).etag();
    let made = pause(&ada, json!({"from": "2026-03-11", "except_habits": [other]})).await;
    assert_eq!(state(&ada, &one, "2026-03-11").await, "paused");
    assert_eq!(state(&ada, &other, "2026-03-11").await, "pending");
    assert_eq!(ada.get(&format!("/habits/{other}")).await.expect(200).etag(), before);
    ada.patch(&made, json!({"except_habits": [one]})).await.expect(200);
    assert_eq!(state(&ada, &one, "2026-03-11").await, "pending");
    assert_eq!(state(&ada, &other, "2026-03-11").await, "paused");
    assert_eq!(ada.patch(&made, json!({"except_habits": null})).await.expect(200).body["except_habits"], json!([]));
    assert_eq!(state(&ada, &one, "2026-03-11").await, "paused");
}

async fn habits_that_are_made_or_moved_later_are_paused_too(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    pause(&ada, json!({"from": "2026-03-11", "to": "2026-03-12"})).await;
    pause(&ada, json!({"from": "2026-03-01", "to": "2026-03-02"})).await;
    let habit = ada.habit(json!({"starts_on": "2026-03-05"})).await;
    assert_eq!(state(&ada, &habit, "2026-03-11").await, "paused");
    assert_eq!(pauses(&ada, &habit).await.each("from"), ["2026-03-11"]);
    ada.patch(&format!("/habits/{habit}"), json!({"starts_on": "2026-02-20"})).await.expect(200);
    assert_eq!(pauses(&ada, &habit).await.each("from"), ["2026-03-01", "2026-03-11"]);
    assert_eq!(state(&ada, &habit, "2026-03-02").await, "paused");
    ada.patch(&format!("/habits/{habit}"), json!({"ends_on": "2026-03-10"})).await.expect(200);
    assert_eq!(pauses(&ada, &habit).await.each("from"), ["2026-03-01"]);
}

async fn habits_follow_changes_and_deletion(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-07", "2026-03-10"]).await;
    assert_eq!(figures(&ada, &habit).await.0, 1);
    let made = pause(&ada, json!({"from": "2026-03-08", "to": "2026-03-08"})).await;
    assert_eq!(figures(&ada, &habit).await.0, 1);
    let changed = ada.patch(&made, json!({"to": "2026-03-09", "note": "Flu"})).await.expect(200).body;
    assert_eq!(
        (&changed["from"], &changed["to"], &changed["note"]),
        (&json!("2026-03-08"), &json!("2026-03-09"), &json!("Flu"))
    );
    assert_eq!(figures(&ada, &habit).await.0, 2);
    let etag = ada.get(&format!("/habits/{habit}")).await.expect(200).etag();
    ada.patch(&made, json!({"note": null})).await.expect(200);
    assert_eq!(ada.get(&format!("/habits/{habit}")).await.expect(200).etag(), etag, "a note is no matter of habits");
    ada.delete(&made).await.expect(204);
    assert_eq!(figures(&ada, &habit).await.0, 1);
    assert_eq!(pauses(&ada, &habit).await.body["items"], json!([]));
    ada.get(&made).await.problem(404, "pause_not_found");
    ada.delete(&made).await.problem(404, "pause_not_found");
}

async fn a_habit_lists_them_and_changes_only_its_own(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/pauses");
    let id = fresh_id();
    ada.post(&path, json!({"from": "2026-03-05"})).await.expect(201);
    pause(&ada, json!({"id": id, "from": "2026-03-04", "to": "2026-03-05"})).await;
    let listed = pauses(&ada, &habit).await;
    assert_eq!(listed.each("source"), ["shared", "own"]);
    assert_eq!(
        listed.body["items"][0],
        json!({"id": id, "from": "2026-03-04", "to": "2026-03-05", "source": "shared"})
    );
    ada.patch(&format!("{path}/{id}"), json!({"to": null})).await.problem(409, "pause_shared");
    ada.delete(&format!("{path}/{id}")).await.problem(409, "pause_shared");
    // Ids are chosen by clients: each kind has its own.
    ada.post(&path, json!({"id": id, "from": "2026-03-07"})).await.expect(201);
    ada.patch(&format!("{path}/{id}"), json!({"to": "2026-03-08"})).await.expect(200);
    assert_eq!(pauses(&ada, &habit).await.each("source"), ["shared", "own", "own"]);
    ada.delete(&format!("{path}/{id}")).await.expect(204);
    assert_eq!(pauses(&ada, &habit).await.each("source"), ["shared", "own"]);
}

async fn pauses_are_checked(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({})).await;
    ada.post("/me/pauses", json!({})).await.names("/from");
    ada.post("/me/pauses", json!({"from": "2026-03-02", "to": "2026-03-01"})).await.names("/to");
    ada.post("/me/pauses", json!({"from": "2026-03-02", "note": "x".repeat(201)})).await.names("/note");
    for (ids, at) in [(json!([habit, fresh_id()]), "/except_habits/1"), (json!([habit, habit]), "/except_habits/1")] {
        ada.post("/me/pauses", json!({"from": "2026-03-02", "except_habits": ids})).await.names(at);
    }
    let made = pause(&ada, json!({"from": "2026-03-02", "to": "2026-03-03"})).await;
    ada.patch(&made, json!({"from": "2026-03-04"})).await.names("/to");
    ada.patch(&made, json!({"from": null})).await.names("/from");
    ada.patch(&made, json!({"except_habits": [fresh_id()]})).await.names("/except_habits/0");
    assert_eq!(ada.get("/me/pauses").await.expect(200).each("from"), ["2026-03-02"]);
}

async fn of_the_habits_left_out_some_may_be_gone(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let [gone, kept] = [ada.habit(json!({})).await, ada.habit(json!({})).await];
    let made = pause(&ada, json!({"from": "2026-03-11", "except_habits": [gone]})).await;
    ada.delete(&format!("/habits/{gone}")).await.expect(204);
    let changed = ada.patch(&made, json!({"except_habits": [gone, kept]})).await.expect(200).body;
    assert_eq!(changed["except_habits"], json!([gone, kept]));
    assert_eq!(state(&ada, &kept, "2026-03-11").await, "pending");
    ada.patch(&made, json!({"except_habits": [kept]})).await.expect(200);
    ada.patch(&made, json!({"except_habits": [gone]})).await.names("/except_habits/0");
}

async fn there_are_at_most_500(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for _ in 0..500 {
        pause(&ada, json!({"from": "2026-03-02", "to": "2026-03-03"})).await;
    }
    ada.post("/me/pauses", json!({"from": "2026-03-02"})).await.problem(409, "limit_reached");
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = ada.get(&format!("/habits/{habit}/pauses?limit=100{cursor}")).await.expect(200);
        seen.extend(page.each("id"));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 500);
    // A journey fails for no limit.
    ada.patch("/me", json!({"timezone": "Pacific/Honolulu"})).await.expect(200);
    ada.patch("/me", json!({"timezone": "Pacific/Auckland"})).await.expect(200);
}

async fn pauses_of_others_pause_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let habit = eve.habit(json!({})).await;
    let before = eve.get(&format!("/habits/{habit}")).await.expect(200);
    let made = pause(&ada, json!({"from": "2026-03-11"})).await;
    eve.delete(&made).await.problem(404, "pause_not_found");
    assert_eq!(eve.get("/me/pauses").await.expect(200).body["items"], json!([]));
    assert_eq!(eve.get(&format!("/habits/{habit}")).await.expect(200).etag(), before.etag());
    assert_eq!(state(&eve, &habit, "2026-03-11").await, "pending");
}

/// Ada in Honolulu, with a habit that she kept up to the 9th.
async fn in_honolulu(app: &TestApp) -> (Client, String) {
    let ada = app.user("ada").await;
    ada.patch("/me", json!({"timezone": "Pacific/Honolulu"})).await.expect(200);
    let habit = ada.habit(json!({"starts_on": "2026-03-07"})).await;
    ada.done(&habit, &["2026-03-07", "2026-03-08", "2026-03-09"]).await;
    (ada, habit)
}

async fn a_day_that_is_lost_at_the_date_line_is_paused(backend: Backend) {
    // 10:00 on the 10th in Honolulu is 09:00 on the 11th in Auckland.
    let app = TestApp::on(backend).at("2026-03-10T20:00:00Z").start();
    let (ada, habit) = in_honolulu(&app).await;
    assert_eq!(ada.get("/me/pauses").await.expect(200).body["items"], json!([]));
    ada.patch("/me", json!({"timezone": "Pacific/Auckland"})).await.expect(200);
    let listed = ada.get("/me/pauses").await.expect(200).body["items"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    for (name, value) in [("from", "2026-03-10"), ("to", "2026-03-10"), ("source", "date_line")] {
        assert_eq!(listed[0][name], value);
    }
    assert_eq!(pauses(&ada, &habit).await.each("source"), ["date_line"]);
    assert_eq!(state(&ada, &habit, "2026-03-10").await, "paused");
    assert_eq!(figures(&ada, &habit).await.0, 3);
    ada.done(&habit, &["2026-03-11"]).await;
    assert_eq!(figures(&ada, &habit).await.0, 4);
    // It can be taken back, and then the day was missed.
    let own = format!("/me/pauses/{}", listed[0]["id"].as_str().unwrap());
    ada.delete(&own).await.expect(204);
    assert_eq!(state(&ada, &habit, "2026-03-10").await, "missed");
    assert_eq!(figures(&ada, &habit).await.0, 1);
}

async fn what_is_done_on_a_lost_day_counts(backend: Backend) {
    // 22:00 on the 10th in Honolulu is 21:00 on the 11th in Auckland: three hours are left of that.
    let app = TestApp::on(backend).at("2026-03-11T08:00:00Z").start();
    let (ada, habit) = in_honolulu(&app).await;
    ada.done(&habit, &["2026-03-10"]).await;
    ada.patch("/me", json!({"timezone": "Pacific/Auckland"})).await.expect(200);
    assert_eq!(state(&ada, &habit, "2026-03-11").await, "paused");
    assert_eq!(figures(&ada, &habit).await.0, 4);
    ada.done(&habit, &["2026-03-11"]).await;
    assert_eq!(state(&ada, &habit, "2026-03-11").await, "done");
    assert_eq!(figures(&ada, &habit).await.0, 5);
    // Other days make it a pause like any other, on which it is a bonus.
    let own = ada.get("/me/pauses").await.expect(200).each("id").remove(0);
    let changed = ada.patch(&format!("/me/pauses/{own}"), json!({"to": "2026-03-12"})).await.expect(200).body;
    assert_eq!(changed["source"], "user");
    assert_eq!(state(&ada, &habit, "2026-03-11").await, "bonus");
    assert_eq!(figures(&ada, &habit).await.0, 4);
}

async fn who_goes_back_west_loses_and_regains_nothing(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-10T20:00:00Z").start();
    let (ada, habit) = in_honolulu(&app).await;
    // There and back and there again: one day is lost once. Settings besides the zone lose none.
    for zone in ["Pacific/Auckland", "Pacific/Honolulu", "Pacific/Auckland", "Pacific/Honolulu"] {
        ada.patch("/me", json!({"timezone": zone})).await.expect(200);
        assert_eq!(ada.get("/me/pauses").await.expect(200).each("from"), ["2026-03-10"], "{zone}");
    }
    ada.patch("/me", json!({"day_start": "23:00"})).await.expect(200);
    assert_eq!(pauses(&ada, &habit).await.each("from"), ["2026-03-10"]);
    // 15:00 on the 10th in New York is 04:00 on the 11th in Tokyo: each is long enough.
    let eve = app.user("eve").await;
    eve.patch("/me", json!({"timezone": "America/New_York"})).await.expect(200);
    eve.patch("/me", json!({"timezone": "Asia/Tokyo"})).await.expect(200);
    assert_eq!(eve.get("/me/pauses").await.expect(200).body["items"], json!([]));
}
