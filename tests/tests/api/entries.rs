//! `/habits/{habit_id}/entries` and `/entries/batch`.

use circadia_tests::{Answer, Backend, Client, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    putting_twice_is_putting_once,
    skipped_days_neither_count_nor_break,
    entries_before_the_start_and_far_ahead_are_refused,
    increments_add_up_within_bounds,
    a_batch_answers_item_by_item,
    an_atomic_batch_stores_all_or_nothing,
    entries_are_listed_by_date_within_a_range,
    a_patch_changes_what_it_names_and_keeps_the_rest,
    a_note_alone_judges_nothing,
    a_note_on_tracked_time_makes_an_entry_of_its_own,
    a_value_decides_the_state_and_null_keeps_to_it,
    entries_across_habits_are_as_each_habit_shows_them,
    a_write_answers_what_the_day_and_the_habit_now_are,
    a_write_of_another_day_answers_that_day_and_the_streak_of_today,
);

async fn putting_twice_is_putting_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-10");
    ada.get(&path).await.problem(404, "entry_not_found");
    let first = ada.put(&path, json!({"state": "done", "note": "früh"})).await.expect(201);
    assert_eq!(first.header("location"), Some(format!("/api/v1{path}").as_str()));
    let again = ada.put(&path, json!({"state": "done", "note": "früh"})).await.expect(200);
    assert_eq!(again.body, first.body);
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.body, read.etag()), (&first.entry(), again.etag()));
    assert_eq!(ada.get(&format!("/habits/{habit}/entries")).await.expect(200).each("date"), ["2026-03-10"]);
    let replaced = ada.put(&path, json!({"state": "missed"})).await.expect(200).entry();
    assert_eq!((&replaced["state"], &replaced["note"]), (&json!("missed"), &json!(null)));
    assert_eq!(ada.delete(&path).await.expect(200).entry(), Value::Null);
    ada.delete(&path).await.problem(404, "entry_not_found");
    assert_eq!(app.database.number("SELECT count(*) FROM entries"), 0);
}

async fn skipped_days_neither_count_nor_break(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-08"})).await;
    ada.done(&habit, &["2026-03-08", "2026-03-10"]).await;
    ada.put(&format!("/habits/{habit}/entries/2026-03-09"), json!({"state": "skipped"})).await.expect(201);
    let streak = ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body;
    assert_eq!(streak["current"], 2);
    ada.put(&format!("/habits/{habit}/entries/2026-03-11"), json!({"state": "skipped"})).await.expect(201);
    let today = ada.get("/habits/today").await.expect(200).body;
    assert_eq!(today["summary"], json!({"due": 1, "done": 0, "skipped": 1, "rate": null}));
    ada.put(&format!("/habits/{habit}/entries/2026-03-09"), json!({"state": "missed"})).await.expect(200);
    assert_eq!(ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body["current"], 1);
}

async fn entries_before_the_start_and_far_ahead_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-09"})).await;
    let put = async |date: &str| ada.put(&format!("/habits/{habit}/entries/{date}"), json!({"state": "done"})).await;
    put("2026-03-08").await.names("/date");
    put("2026-03-09").await.expect(201);
    // At noon in UTC, it is already tomorrow in UTC+14, but not yet the day after.
    put("2026-03-12").await.expect(201);
    let refused = put("2026-03-13").await.names("/date");
    assert_eq!(refused.body["errors"][0]["in"], "path");
}

async fn increments_add_up_within_bounds(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "count", "target": 5, "unit": "pages"});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-11");
    let by = async |by: i64| ada.post(&format!("{path}/increment"), json!({"by": by})).await;
    let first = by(3).await.expect(200).entry();
    assert_eq!((&first["value"], &first["state"]), (&json!(3), &json!("missed")));
    let second = by(3).await.expect(200).entry();
    assert_eq!((&second["value"], &second["state"]), (&json!(6), &json!("done")));
    by(-7).await.names("/by");
    by(1_000_000).await.names("/by");
    by(0).await.names("/by");
    assert_eq!(by(-6).await.expect(200).entry()["value"], 0);
    let check = ada.habit(json!({})).await;
    ada.post(&format!("/habits/{check}/entries/2026-03-11/increment"), json!({"by": 1})).await.names("/by");
}

async fn a_batch_answers_item_by_item(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let unknown = fresh_id();
    let item = |habit: &str, date: &str, state: &str| json!({"habit_id": habit, "date": date, "state": state});
    let items = json!([
        item(&habit, "2026-03-09", "done"),
        item(&unknown, "2026-03-09", "done"),
        item(&habit, "2026-04-01", "done"),
        item(&habit, "2026-03-10", "missed"),
        item(&habit, "2026-03-10", "done"),
    ]);
    let mut items = items;
    for malformed in [
        item(&habit, "2026-02-30", "done"),
        item(&habit, "2026-03-08", "perhaps"),
        json!({"habit_id": habit, "date": "2026-03-08", "state": "done", "mood": 1}),
        json!(7),
    ] {
        items.as_array_mut().unwrap().push(malformed);
    }
    let refused = ada.post("/entries/batch", json!({"items": items, "atomic": true})).await;
    refused.names("/items/5/date").names("/items/6/state").names("/items/7/mood").names("/items/8");
    let answer = ada.post("/entries/batch", json!({"items": items})).await.expect(200).body;
    let statuses: Vec<u64> =
        answer["items"].as_array().unwrap().iter().map(|i| i["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 404, 422, 200, 200, 422, 422, 422, 422]);
    assert_eq!((&answer["stored"], &answer["refused"]), (&json!(3), &json!(6)));
    assert_eq!(answer["items"][5]["problem"]["errors"][0]["pointer"], "/date");
    assert_eq!(answer["items"][1]["problem"]["code"], "habit_not_found");
    assert_eq!(answer["items"][2]["problem"]["errors"][0]["pointer"], "/date");
    let listed = ada.get(&format!("/habits/{habit}/entries")).await.expect(200);
    assert_eq!(listed.each("date"), ["2026-03-09", "2026-03-10"]);
    assert_eq!(listed.each("state"), ["done", "done"], "the later one stays");
    let streak = ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body;
    assert_eq!(streak["current"], 2, "the history follows");
}

async fn an_atomic_batch_stores_all_or_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let unknown = fresh_id();
    let mut items = vec![
        json!({"habit_id": habit, "date": "2026-03-09", "state": "done"}),
        json!({"habit_id": unknown, "date": "2026-03-09", "state": "done"}),
        json!({"habit_id": habit, "date": "2026-04-01", "state": "done"}),
    ];
    let before = app.contents().await;
    let refused = ada.post("/entries/batch", json!({"items": items, "atomic": true})).await;
    refused.names("/items/1/habit_id").names("/items/2/date");
    assert_eq!(app.contents().await, before);
    items.truncate(1);
    let answer = ada.post("/entries/batch", json!({"items": items, "atomic": true})).await.expect(200).body;
    assert_eq!((&answer["stored"], &answer["refused"]), (&json!(1), &json!(0)));
}

async fn entries_are_listed_by_date_within_a_range(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-10", "2026-03-01", "2026-03-05"]).await;
    let dates = async |query: &str| ada.get(&format!("/habits/{habit}/entries{query}")).await.expect(200).each("date");
    assert_eq!(dates("").await, ["2026-03-01", "2026-03-05", "2026-03-10"]);
    assert_eq!(dates("?from=2026-03-05").await, ["2026-03-05", "2026-03-10"]);
    assert_eq!(dates("?from=2026-03-02&to=2026-03-09").await, ["2026-03-05"]);
    ada.get(&format!("/habits/{habit}/entries?from=2026-03-02&to=2026-03-01")).await.names("/to");
}

async fn entries_across_habits_are_as_each_habit_shows_them(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let minutes = json!({"type": "minutes", "target": 30});
    let mut habits = [
        ada.habit(json!({"starts_on": "2026-03-01"})).await,
        ada.habit(json!({"starts_on": "2026-03-01", "kind": minutes})).await,
    ];
    habits.sort();
    let foreign = eve.habit(json!({"starts_on": "2026-03-01"})).await;
    eve.done(&foreign, &["2026-03-10"]).await;
    for habit in &habits {
        ada.done(habit, &["2026-03-09", "2026-03-10"]).await;
    }
    for day in ["2026-03-08", "2026-03-10"] {
        ada.post("/time-entries", json!({"habit_id": habits[0], "date": day, "minutes": 20})).await.expect(201);
        ada.post("/time-entries", json!({"habit_id": habits[1], "date": day, "minutes": 20})).await.expect(201);
    }
    let mut expected = Vec::new();
    for habit in &habits {
        expected.extend(ada.get(&format!("/habits/{habit}/entries")).await.expect(200).items());
    }
    let key = |entry: &Value| (entry["date"].to_string(), entry["habit_id"].to_string());
    expected.sort_by_key(key);
    assert!(expected.len() == 5, "{expected:?}");
    let list = async |query: &str| ada.get(&format!("/entries{query}")).await.expect(200).items();
    assert_eq!(list("").await, expected);
    let reversed: Vec<Value> = expected.iter().rev().cloned().collect();
    assert_eq!(list("?sort=-date").await, reversed);
    for habit in &habits {
        let own = ada.get(&format!("/habits/{habit}/entries")).await.expect(200).items();
        assert_eq!(list(&format!("?habit_id={habit}")).await, own);
    }
    assert_eq!(list(&format!("?habit_id={},{}", habits[0], habits[1])).await, expected);
    assert_eq!(list(&format!("?habit_id={foreign}")).await, [Value::Null; 0]);
    assert_eq!(list("?from=2026-03-10&to=2026-03-10").await, expected[3..]);
    ada.get("/entries?from=2026-03-10&to=2026-03-09").await.names("/to");
    ada.get(&format!("/entries?habit_id={},x", habits[0])).await.names("/habit_id");
    let many = vec![fresh_id(); 101].join(",");
    ada.get(&format!("/entries?habit_id={many}")).await.names("/habit_id");
    // A target that a new plan moves is judged anew, as the habit's own list does.
    let measured = if expected[0]["habit_id"] == habits[0].as_str() { &habits[0] } else { &habits[1] };
    let plan = json!({"kind": {"type": "minutes", "target": 10}, "effective_from": "2026-03-01"});
    ada.put(&format!("/habits/{measured}/plan"), plan).await.expect(200);
    assert_eq!(list("?to=2026-03-08").await[0]["state"], "done");
}

/// State, value and note.
fn told(entry: &Value) -> Value {
    json!([entry["state"], entry["value"], entry["note"]])
}

async fn a_patch_changes_what_it_names_and_keeps_the_rest(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-10");
    ada.patch(&path, json!({"note": "x"})).await.problem(404, "entry_not_found");
    ada.put(&path, json!({"state": "done", "note": "früh"})).await.expect(201);
    let stale = ada.get(&path).await.expect(200).etag();
    let patch = async |body: Value| told(&ada.patch(&path, body).await.expect(200).entry());
    assert_eq!(patch(json!({"state": "skipped"})).await, json!(["skipped", null, "früh"]));
    assert_eq!(patch(json!({"note": "spät"})).await, json!(["skipped", null, "spät"]));
    assert_eq!(patch(json!({"state": "done", "note": null})).await, json!(["done", null, null]));
    assert_eq!(patch(json!({})).await, json!(["done", null, null]));
    assert_eq!(told(&ada.get(&path).await.expect(200).body), json!(["done", null, null]));
    ada.with_header("if-match", &stale).patch(&path, json!({"note": "x"})).await.problem(412, "precondition_failed");
    ada.patch(&path, json!({"value": 1})).await.names("/value");
    ada.patch(&path, json!({"state": null})).await.names("/state");
    ada.patch(&path, json!({"date": "2026-03-09"})).await.names("/date");
    assert_eq!(ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body["current"], 1);
}

async fn a_note_alone_judges_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-10");
    ada.put(&path, json!({"state": "done"})).await.expect(201);
    // The day is counted from now on, but nobody has counted then.
    let plan = json!({"kind": {"type": "count", "target": 8, "unit": "pages"}, "effective_from": "2026-03-01"});
    ada.put(&format!("/habits/{habit}/plan"), plan).await.expect(200);
    let before = told(&ada.get(&path).await.expect(200).body);
    assert_eq!(before, json!(["done", null, null]));
    let noted = ada.patch(&path, json!({"note": "x"})).await.expect(200).entry();
    assert_eq!(told(&noted), json!(["done", null, "x"]));
    // Nor does a note ask whether the day could be put today.
    ada.patch(&format!("/habits/{habit}"), json!({"starts_on": "2026-03-11"})).await.expect(200);
    assert_eq!(told(&ada.patch(&path, json!({"note": "y"})).await.expect(200).entry()), json!(["done", null, "y"]));
    ada.patch(&path, json!({"state": "missed"})).await.names("/date");
}

async fn a_note_on_tracked_time_makes_an_entry_of_its_own(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01", "kind": {"type": "minutes", "target": 30}})).await;
    let path = format!("/habits/{habit}/entries/2026-03-10");
    let spent = json!({"habit_id": habit, "date": "2026-03-10", "minutes": 40});
    let spent = ada.post("/time-entries", spent).await.expect(201).header("location").unwrap().to_owned();
    // What clears nothing leaves it an entry of tracked time alone.
    for nothing in [json!({}), json!({"note": null}), json!({"value": null})] {
        let same = ada.patch(&path, nothing).await.expect(200).entry();
        assert_eq!((told(&same), &same["manual_value"]), (json!(["done", 40, null]), &json!(null)));
    }
    let noted = ada.patch(&path, json!({"note": "hard"})).await.expect(200).entry();
    assert_eq!((told(&noted), &noted["manual_value"]), (json!(["done", 40, "hard"]), &json!(0)));
    assert_eq!(ada.get(&path).await.expect(200).body, noted);
    ada.delete(&spent).await.expect(204);
    assert_eq!(told(&ada.get(&path).await.expect(200).body), json!(["missed", 0, "hard"]));
}

async fn a_value_decides_the_state_and_null_keeps_to_it(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "count", "target": 8, "unit": "glasses"});
    let habit = ada.habit(json!({"starts_on": "2026-03-01", "kind": kind})).await;
    let path = format!("/habits/{habit}/entries/2026-03-10");
    ada.put(&path, json!({"value": 3, "note": "x"})).await.expect(201);
    let patch = async |body: Value| told(&ada.patch(&path, body).await.expect(200).entry());
    assert_eq!(patch(json!({"value": 9})).await, json!(["done", 9, "x"]));
    assert_eq!(patch(json!({"value": 2})).await, json!(["missed", 2, "x"]));
    // The value stays: a state that contradicts it is refused, as it is of a whole entry.
    ada.patch(&path, json!({"state": "done"})).await.names("/state");
    ada.patch(&path, json!({"state": "done", "value": 2})).await.names("/value");
    assert_eq!(patch(json!({"value": null})).await, json!(["missed", null, "x"]));
    assert_eq!(patch(json!({"state": "done"})).await, json!(["done", 8, "x"]));
    assert_eq!(patch(json!({"state": "missed", "value": null})).await, json!(["missed", null, "x"]));
    assert_eq!(patch(json!({"state": "done", "value": null})).await, json!(["done", 8, "x"]));
    assert_eq!(patch(json!({"state": "skipped"})).await, json!(["skipped", 8, "x"]));
    assert_eq!(patch(json!({"value": 1})).await, json!(["skipped", 1, "x"]));
    assert_eq!(patch(json!({"state": "missed"})).await, json!(["missed", 1, "x"]));
    ada.patch(&path, json!({"value": 1_000_001})).await.names("/value");
}

/// Asserts that a write told what the views of the habit, its streak, its score and its day then say.
async fn assert_told(client: &Client, habit: &str, date: &str, written: &Answer) {
    let path = format!("/habits/{habit}");
    let (told, summary) = (&written.body["habit"], &written.body["summary"]);
    let day = client.get(&format!("/habits/today?on={date}")).await.expect(200).body;
    assert_eq!(*summary, day["summary"], "{}", written.request);
    let streak = client.get(&format!("{path}/streak")).await.expect(200).body;
    for member in ["current", "longest", "unit"] {
        assert_eq!(told["streak"][member], streak[member], "{}: {member}", written.request);
    }
    let score = client.get(&format!("{path}/score?from=2026-03-11&to=2026-03-11")).await.expect(200).items();
    assert_eq!(told["score"], score[0]["score"], "{}", written.request);
    let year = client.get(&format!("{path}/calendar?year=2026")).await.expect(200).body;
    let day = year["days"].as_array().unwrap().iter().find(|day| day["date"] == date).unwrap();
    assert_eq!(told["state"], day["state"], "{}", written.request);
    let entry = client.get(&format!("{path}/entries/{date}")).await;
    if written.entry().is_null() {
        entry.problem(404, "entry_not_found");
    } else {
        assert_eq!((&entry.body, entry.etag()), (&written.entry(), written.etag()), "{}", written.request);
    }
}

async fn a_write_answers_what_the_day_and_the_habit_now_are(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let quota = json!({"type": "quota", "times": 2, "per": "week"});
    let count = json!({"type": "count", "target": 8, "unit": "glasses"});
    let limit = json!({"type": "count", "target": 2, "unit": "cups", "direction": "at_most"});
    let minutes = json!({"type": "minutes", "target": 30});
    for members in [
        json!({"starts_on": "2026-03-01"}),
        json!({"starts_on": "2026-03-01", "schedule": quota}),
        json!({"starts_on": "2026-03-01", "kind": count}),
        json!({"starts_on": "2026-03-01", "kind": limit}),
        json!({"starts_on": "2024-01-01", "kind": minutes}),
        json!({"starts_on": "2026-03-01", "schedule": {"type": "weekly", "weekdays": ["mo"]}}),
    ] {
        let habit = ada.habit(members.clone()).await;
        for date in ["2026-03-11", "2026-03-10", "2026-03-02"] {
            let path = format!("/habits/{habit}/entries/{date}");
            let measured = members["kind"].is_object();
            let put = if measured { json!({"value": 3}) } else { json!({"state": "done"}) };
            let made = ada.put(&path, put).await.expect(201);
            assert_eq!(made.header("location"), Some(format!("/api/v1{path}").as_str()));
            assert_told(&ada, &habit, date, &made).await;
            if measured {
                let more = ada.post(&format!("{path}/increment"), json!({"by": 30})).await.expect(200);
                assert_eq!(more.entry()["value"], 33);
                assert_told(&ada, &habit, date, &more).await;
            }
            let skipped = ada.patch(&path, json!({"state": "skipped", "value": null})).await.expect(200);
            assert_told(&ada, &habit, date, &skipped).await;
            let gone = ada.delete(&path).await.expect(200);
            assert_told(&ada, &habit, date, &gone).await;
            if date != "2026-03-02" {
                ada.put(&path, json!({"state": "done"})).await.expect(201);
            }
        }
        if members["kind"]["type"] == "minutes" {
            let date = "2026-03-10";
            ada.post("/time-entries", json!({"habit_id": habit, "date": date, "minutes": 5})).await.expect(201);
            let left = ada.delete(&format!("/habits/{habit}/entries/{date}")).await.expect(200);
            assert_eq!((&left.entry()["value"], &left.entry()["manual_value"]), (&json!(5), &Value::Null));
            assert_told(&ada, &habit, date, &left).await;
        }
    }
}

async fn a_write_of_another_day_answers_that_day_and_the_streak_of_today(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2025-01-01"})).await;
    ada.done(&habit, &["2026-03-08", "2026-03-10", "2026-03-11"]).await;
    let path = format!("/habits/{habit}/entries/2026-03-09");
    let streak = |current: u32, longest: u32| json!({"current": current, "longest": longest, "unit": "occurrences"});
    let filled = ada.put(&path, json!({"state": "done"})).await.expect(201).body;
    assert_eq!((&filled["habit"]["state"], &filled["habit"]["streak"]), (&json!("done"), &streak(4, 4)));
    assert_eq!(filled["summary"], json!({"due": 1, "done": 1, "skipped": 0, "rate": 1.0}));
    let asked = ada.delete(&format!("{path}?on=2026-03-10")).await.expect(200).body;
    assert_eq!((&asked["habit"]["state"], &asked["habit"]["streak"]), (&json!("missed"), &streak(1, 1)));
    // Long ago, and a day that has begun elsewhere.
    for date in ["2025-02-01", "2026-03-12"] {
        let written = ada.put(&format!("/habits/{habit}/entries/{date}"), json!({"state": "done"})).await.expect(201);
        assert_eq!(written.body["habit"]["state"], "done", "{date}");
        assert_eq!(written.body["summary"], json!({"due": 1, "done": 1, "skipped": 0, "rate": 1.0}), "{date}");
        assert_eq!(written.body["habit"]["streak"], streak(2, 2), "{date}");
    }
    ada.put(&format!("{path}?on=x"), json!({"state": "done"})).await.names("/on");
}
