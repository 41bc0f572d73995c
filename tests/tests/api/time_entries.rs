//! `/time-entries`, and how minutes flow into habits.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    time_entries_are_made_read_changed_and_deleted,
    what_is_left_out_is_filled_in,
    what_can_not_be_is_refused,
    minutes_and_date_follow_from_edited_instants,
    what_contradicts_the_instants_is_refused,
    entries_made_elsewhere_keep_their_zone_and_their_day,
    what_goes_over_midnight_is_split,
    a_day_has_no_more_time_than_it_has,
    lists_are_filtered_and_walked,
    minutes_flow_into_the_habit_and_back_out,
    both_parts_of_a_day_are_kept_apart,
    minutes_move_with_their_entry,
    habits_that_do_not_measure_minutes_are_left_alone,
    plans_decide_which_days_measure_minutes,
    what_is_deleted_leaves_its_time_behind,
    sums_are_by_day_week_month_habit_and_theme,
    a_habits_week_has_seven_days,
);

async fn minutes_habit(client: &Client) -> String {
    let kind = json!({"type": "minutes", "target": 30});
    client.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await
}

/// Makes a time entry; its path.
async fn spend(client: &Client, members: Value) -> String {
    client.post("/time-entries", members).await.expect(201).header("location").unwrap().to_owned()
}

/// State, value, manual value and tracked minutes of a habit's day.
async fn day(client: &Client, habit: &str, date: &str) -> Value {
    let answer = client.get(&format!("/habits/{habit}/entries/{date}")).await;
    if answer.status == 404 {
        answer.problem(404, "entry_not_found");
        return Value::Null;
    }
    let entry = answer.expect(200).body;
    json!([entry["state"], entry["value"], entry["manual_value"], entry["tracked_minutes"]])
}

async fn streak(client: &Client, habit: &str) -> Value {
    client.get(&format!("/habits/{habit}/streak")).await.expect(200).body["current"].clone()
}

async fn time_entries_are_made_read_changed_and_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (habit, task) = (minutes_habit(&ada).await, ada.task(json!({})).await);
    let whole = json!({
        "habit_id": habit, "task_id": task, "date": "2026-03-10", "minutes": 30, "note": " Chapter 3 ",
        "started_at": "2026-03-10T09:00:00+01:00", "ended_at": "2026-03-10T08:30:00Z",
    });
    let made = ada.post("/time-entries", whole).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    for (name, value) in [
        ("habit_id", json!(habit)),
        ("task_id", json!(task)),
        ("date", json!("2026-03-10")),
        ("minutes", json!(30)),
        ("note", json!("Chapter 3")),
        ("started_at", json!("2026-03-10T08:00:00Z")),
        ("ended_at", json!("2026-03-10T08:30:00Z")),
    ] {
        assert_eq!(made.body[name], value, "{name}");
    }
    assert_eq!(ada.get(&path).await.expect(200).body, made.body);
    let change = json!({"minutes": 20, "ended_at": null, "note": null, "task_id": null});
    let changed = ada.patch(&path, change).await.expect(200).body;
    assert_eq!((&changed["minutes"], &changed["note"], &changed["task_id"]), (&json!(20), &Value::Null, &Value::Null));
    assert_eq!(changed["habit_id"], json!(habit));
    assert_eq!(ada.get("/time-entries").await.expect(200).body["items"], json!([changed]));
    ada.delete(&path).await.expect(204);
    ada.get(&path).await.problem(404, "time_entry_not_found");
    assert_eq!(ada.get("/time-entries").await.expect(200).body["items"], json!([]));
}

async fn what_is_left_out_is_filled_in(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T11:00:00Z").start();
    let ada = app.user_in("ada", "Pacific/Kiritimati").await;
    let made = async |body: Value| {
        let entry = ada.post("/time-entries", body).await.expect(201).body;
        (entry["date"].as_str().unwrap().to_owned(), entry["minutes"].as_u64().unwrap())
    };
    // There it is the 12th already.
    assert_eq!(made(json!({"minutes": 5})).await, ("2026-03-12".into(), 5));
    let from = "2026-03-11T09:00:00Z";
    assert_eq!(made(json!({"minutes": 5, "started_at": from})).await, ("2026-03-11".into(), 5));
    let ended = json!({"started_at": "2026-03-11T08:00:00Z", "ended_at": "2026-03-11T09:30:29Z"});
    assert_eq!(made(ended).await, ("2026-03-11".into(), 90));
    let short = json!({"started_at": from, "ended_at": "2026-03-11T09:00:01Z"});
    assert_eq!(made(short).await, ("2026-03-11".into(), 1));
}

async fn what_can_not_be_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = minutes_habit(&ada).await;
    let entry = spend(&ada, json!({"habit_id": habit, "minutes": 10})).await;
    let before = app.contents().await;
    for minutes in [json!(-5), json!(0), json!(1441), json!(1.5), json!("7"), json!(null)] {
        ada.post("/time-entries", json!({"minutes": minutes})).await.names("/minutes");
        ada.patch(&entry, json!({"minutes": minutes})).await.names("/minutes");
    }
    let (eight, nine) = ("2026-03-10T08:00:00Z", "2026-03-10T09:00:00Z");
    for (body, name) in [
        (json!({}), "/minutes"),
        (json!({"started_at": eight}), "/minutes"),
        (json!({"minutes": 5, "ended_at": nine}), "/started_at"),
        (json!({"minutes": 5, "started_at": nine, "ended_at": eight}), "/ended_at"),
        (json!({"minutes": 5, "started_at": nine, "ended_at": nine}), "/ended_at"),
        (json!({"minutes": 61, "started_at": eight, "ended_at": nine}), "/minutes"),
        (json!({"minutes": 59, "started_at": eight, "ended_at": nine}), "/minutes"),
        (json!({"started_at": "2026-03-08T08:00:00Z", "ended_at": nine}), "/ended_at"),
        (json!({"minutes": 5, "started_at": "2026-03-11T12:06:00Z"}), "/started_at"),
        (json!({"minutes": 5, "started_at": eight, "date": "2026-03-08"}), "/date"),
        (json!({"minutes": 5, "date": "2026-03-13"}), "/date"),
        (json!({"minutes": 5, "date": "2026-02-28", "habit_id": habit}), "/date"),
    ] {
        ada.post("/time-entries", body).await.names(name);
    }
    for (body, name) in [
        (json!({"date": "2026-02-28"}), "/date"),
        (json!({"date": "2026-03-13"}), "/date"),
        (json!({"date": null}), "/date"),
        (json!({"ended_at": nine}), "/started_at"),
        (json!({"started_at": eight, "ended_at": nine, "minutes": 10}), "/minutes"),
        (json!({"started_at": eight, "ended_at": nine, "date": "2026-03-11"}), "/date"),
    ] {
        ada.patch(&entry, body).await.names(name);
    }
    assert_eq!(app.contents().await, before, "something was stored");
    // As with entries: up to today in UTC+14. Any earlier day if it belongs to no habit.
    app.clock.set("2026-03-11T12:04:00Z");
    spend(&ada, json!({"minutes": 5, "date": "2026-03-12"})).await;
    spend(&ada, json!({"minutes": 5, "date": "1970-01-01"})).await;
}

async fn minutes_and_date_follow_from_edited_instants(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = minutes_habit(&ada).await;
    let made = json!({"habit_id": habit, "started_at": "2026-03-09T21:00:00Z", "ended_at": "2026-03-09T21:30:00Z"});
    let entry = spend(&ada, made).await;
    let patched = async |change: Value| {
        let body = ada.patch(&entry, change).await.expect(200).body;
        let days = (day(&ada, &habit, "2026-03-09").await[3].clone(), day(&ada, &habit, "2026-03-10").await[3].clone());
        (body["date"].as_str().unwrap().to_owned(), body["minutes"].clone(), days)
    };
    let of = |date: &str, minutes: u32, ninth: Value, tenth: Value| (date.to_owned(), json!(minutes), (ninth, tenth));
    let longer = patched(json!({"ended_at": "2026-03-09T23:30:00Z"})).await;
    assert_eq!(longer, of("2026-03-09", 150, json!(150), Value::Null));
    let later = json!({"started_at": "2026-03-10T20:00:00Z", "ended_at": "2026-03-10T20:40:29Z"});
    assert_eq!(patched(later).await, of("2026-03-10", 40, Value::Null, json!(40)));
    // Sent along as they then are, or rounded up, they contradict nothing.
    let whole = json!({"started_at": "2026-03-09T20:00:00Z", "ended_at": "2026-03-09T20:10:29Z", "minutes": 11,
        "date": "2026-03-09"});
    assert_eq!(patched(whole).await, of("2026-03-09", 11, json!(11), Value::Null));
    // A note changes no minutes; without an end, they are what is said.
    assert_eq!(patched(json!({"note": "calm"})).await, of("2026-03-09", 11, json!(11), Value::Null));
    let said = patched(json!({"ended_at": null, "minutes": 45})).await;
    assert_eq!(said, of("2026-03-09", 45, json!(45), Value::Null));
    let moved = patched(json!({"started_at": "2026-03-10T20:00:00Z"})).await;
    assert_eq!(moved, of("2026-03-10", 45, Value::Null, json!(45)));
    // What the timer wrote follows its instants, too.
    ada.post("/timer/start", json!({"habit_id": habit, "started_at": "2026-03-11T08:00:00Z"})).await.expect(201);
    let stopped = ada.post("/timer/stop", json!({"ended_at": "2026-03-11T08:30:00Z"})).await.expect(201);
    let timed = stopped.header("location").unwrap().to_owned();
    let change = json!({"started_at": "2026-03-11T07:30:00Z"});
    assert_eq!(ada.patch(&timed, change).await.expect(200).body["minutes"], 60);
    assert_eq!(day(&ada, &habit, "2026-03-11").await[3], 60);
    ada.patch(&timed, json!({"minutes": 30})).await.names("/minutes");
}

async fn what_contradicts_the_instants_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (eight, nine) = ("2026-03-10T08:00:00Z", "2026-03-10T09:00:00Z");
    let entry = spend(&ada, json!({"started_at": eight, "ended_at": nine})).await;
    for (change, name) in [
        (json!({"minutes": 59}), "/minutes"),
        (json!({"minutes": 60, "ended_at": "2026-03-10T10:00:00Z"}), "/minutes"),
        (json!({"date": "2026-03-09"}), "/date"),
        (json!({"date": "2026-03-10", "started_at": "2026-03-09T23:59:00Z"}), "/date"),
        (json!({"started_at": "2026-03-09T08:00:00Z"}), "/ended_at"),
        (json!({"ended_at": eight}), "/ended_at"),
    ] {
        ada.patch(&entry, change).await.names(name);
    }
    let alone = spend(&ada, json!({"started_at": eight, "minutes": 5})).await;
    ada.patch(&alone, json!({"date": "2026-03-09"})).await.names("/date");
    ada.post("/time-entries", json!({"minutes": 5, "started_at": eight, "date": "2026-03-11"})).await.names("/date");
    let whole = json!({"minutes": 60, "date": "2026-03-10", "started_at": eight, "ended_at": nine});
    ada.patch(&entry, whole).await.expect(200);
}

async fn entries_made_elsewhere_keep_their_zone_and_their_day(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Europe/Berlin").await;
    let shown = |entry: &Value| json!([entry["date"], entry["minutes"], entry["timezone"]]);
    // 06:00 to 07:00 on the 10th in Tokyo, from 22:00 on the 9th in Berlin.
    let there = json!({"started_at": "2026-03-10T06:00:00+09:00", "ended_at": "2026-03-10T07:00:00+09:00"});
    let path = spend(&ada, there).await;
    assert_eq!(shown(&ada.get(&path).await.expect(200).body), json!(["2026-03-10", 60, "+09:00"]));
    let named = json!({"started_at": "2026-03-09T21:00:00Z", "minutes": 5, "timezone": "Asia/Tokyo"});
    assert_eq!(shown(&ada.post("/time-entries", named).await.expect(201).body), json!(["2026-03-10", 5, "Asia/Tokyo"]));
    let today = ada.post("/time-entries", json!({"minutes": 5})).await.expect(201).body;
    assert_eq!(shown(&today), json!(["2026-03-11", 5, "Europe/Berlin"]));
    for (zone, end) in [("Europe/Berlin", "2026-03-09T23:30:00+01:00"), ("America/New_York", "2026-03-09T22:45:00Z")] {
        ada.patch("/me", json!({"timezone": zone})).await.expect(200);
        let entry = ada.patch(&path, json!({"ended_at": end})).await.expect(200).body;
        assert_eq!((&entry["date"], &entry["timezone"]), (&json!("2026-03-10"), &json!("+09:00")), "{zone}");
    }
    ada.patch(&path, json!({"timezone": "Europe/Berlin", "date": "2026-03-10"})).await.names("/date");
    let moved = ada.patch(&path, json!({"timezone": "Europe/Berlin"})).await.expect(200).body;
    assert_eq!(shown(&moved), json!(["2026-03-09", 105, "Europe/Berlin"]));
    // The timer counts its days where it was started.
    ada.patch("/me", json!({"timezone": "Europe/Berlin"})).await.expect(200);
    let start = json!({"started_at": "2026-03-10T23:30:00+09:00"});
    let running = ada.post("/timer/start", start).await.expect(201).body["running"].clone();
    assert_eq!(running["timezone"], "+09:00");
    let stopped = ada.post("/timer/stop", json!({"ended_at": "2026-03-10T15:15:00Z"})).await.expect(201).body;
    let pieces: Vec<Value> = stopped["items"].as_array().unwrap().iter().map(shown).collect();
    assert_eq!(json!(pieces), json!([["2026-03-10", 30, "+09:00"], ["2026-03-11", 15, "+09:00"]]));
}

async fn what_goes_over_midnight_is_split(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = minutes_habit(&ada).await;
    let days = async || {
        let mut days = Vec::new();
        for date in ["2026-03-09", "2026-03-10"] {
            days.push(day(&ada, &habit, date).await[3].clone());
        }
        json!(days)
    };
    let body = json!({"id": circadia_tests::fresh_id(), "habit_id": habit, "date": "2026-03-09", "minutes": 150,
        "started_at": "2026-03-09T23:00:00Z", "ended_at": "2026-03-10T01:30:00Z"});
    let made = ada.post("/time-entries", body.clone()).await.expect(201);
    let shown = |entry: &Value| json!([entry["date"], entry["minutes"], entry["started_at"], entry["ended_at"]]);
    assert_eq!(shown(&made.body), json!(["2026-03-09", 60, "2026-03-09T23:00:00Z", "2026-03-10T00:00:00Z"]));
    let rest = &made.body["continued"];
    assert_eq!(json!([shown(&rest[0])]), json!([["2026-03-10", 90, "2026-03-10T00:00:00Z", "2026-03-10T01:30:00Z"]]));
    assert_eq!(days().await, json!([60, 90]));
    assert_eq!(ada.post("/time-entries", body).await.expect(201).body, made.body);
    assert_eq!(ada.get("/time-entries").await.expect(200).each("date"), ["2026-03-09", "2026-03-10"]);
    for id in [&made.body["id"], &rest[0]["id"]] {
        ada.delete(&format!("/time-entries/{}", id.as_str().unwrap())).await.expect(204);
    }
    assert_eq!(days().await, json!([null, null]));
    // An edit splits, too, and the same again makes nothing twice.
    let entry = json!({"habit_id": habit, "started_at": "2026-03-09T22:00:00Z", "ended_at": "2026-03-09T23:00:00Z"});
    let entry = spend(&ada, entry).await;
    let change = json!({"ended_at": "2026-03-10T00:20:00Z"});
    for _ in 0..2 {
        let changed = ada.patch(&entry, change.clone()).await.expect(200).body;
        assert_eq!((&changed["minutes"], &changed["continued"][0]["minutes"]), (&json!(120), &json!(20)));
        assert_eq!(days().await, json!([120, 20]));
    }
    // One that began at midnight and then before it is no continuation of itself.
    let midnight = json!({"started_at": "2026-03-11T00:00:00Z", "ended_at": "2026-03-11T01:00:00Z"});
    let entry = spend(&ada, midnight).await;
    let changed = ada.patch(&entry, json!({"started_at": "2026-03-10T23:00:00Z"})).await.expect(200).body;
    assert_eq!((&changed["date"], &changed["minutes"]), (&json!("2026-03-10"), &json!(60)));
    let rest = &changed["continued"][0];
    assert_eq!(
        (&rest["date"], &rest["minutes"], rest["id"] == changed["id"]),
        (&json!("2026-03-11"), &json!(60), false)
    );
}

async fn a_day_has_no_more_time_than_it_has(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let spent = |minutes: u32| json!({"date": "2026-03-10", "minutes": minutes});
    let entry = spend(&ada, spent(1_000)).await;
    let other = spend(&ada, spent(440)).await;
    ada.post("/time-entries", spent(1)).await.names("/minutes");
    ada.patch(&entry, json!({"minutes": 1_001})).await.names("/minutes");
    let over = json!({"started_at": "2026-03-09T23:00:00Z", "ended_at": "2026-03-10T00:10:00Z"});
    ada.post("/time-entries", over).await.names("/ended_at");
    let elsewhere = spend(&ada, json!({"date": "2026-03-09", "minutes": 5})).await;
    ada.patch(&elsewhere, json!({"date": "2026-03-10"})).await.names("/minutes");
    // What makes it no longer is no matter.
    ada.patch(&other, json!({"note": "long", "minutes": 439})).await.expect(200);
    spend(&ada, spent(1)).await;
    assert_eq!(ada.get("/me").await.expect(200).body["allow_overlapping_time"], false);
    ada.patch("/me", json!({"allow_overlapping_time": true})).await.expect(200);
    spend(&ada, spent(1_440)).await;
    ada.patch("/me", json!({"allow_overlapping_time": false})).await.expect(200);
    ada.patch(&entry, json!({"minutes": 999})).await.expect(200);
    ada.patch(&entry, json!({"minutes": 1_000})).await.names("/minutes");
}

async fn lists_are_filtered_and_walked(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (habit, task) = (minutes_habit(&ada).await, ada.task(json!({})).await);
    for (date, minutes) in [("2026-03-10", 1), ("2026-03-08", 2), ("2026-03-10", 3), ("2026-03-09", 4)] {
        spend(&ada, json!({"date": date, "minutes": minutes, "habit_id": habit})).await;
    }
    spend(&ada, json!({"date": "2026-03-09", "minutes": 5, "task_id": task})).await;
    let list = async |query: &str| -> Vec<u64> {
        let mut minutes = Vec::new();
        let mut next = Some(format!("/time-entries?limit=2{query}"));
        while let Some(path) = next {
            let page = ada.get(&path).await.expect(200);
            minutes.extend(page.body["items"].as_array().unwrap().iter().map(|item| item["minutes"].as_u64().unwrap()));
            next = page.link("next");
        }
        minutes
    };
    assert_eq!(list("").await, [2, 4, 5, 1, 3]);
    assert_eq!(list("&sort=-date").await, [3, 1, 5, 4, 2]);
    assert_eq!(list("&from=2026-03-09&to=2026-03-09").await, [4, 5]);
    assert_eq!(list(&format!("&habit_id={habit}&from=2026-03-09")).await, [4, 1, 3]);
    assert_eq!(list(&format!("&task_id={task}")).await, [5]);
    ada.get("/time-entries?from=2026-03-09&to=2026-03-08").await.names("/to");
    ada.get("/time-entries?sort=minutes").await.names("/sort");
}

async fn minutes_flow_into_the_habit_and_back_out(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = minutes_habit(&ada).await;
    let spent = async |minutes: u32| spend(&ada, json!({"habit_id": habit, "minutes": minutes})).await;
    let today = async || day(&ada, &habit, "2026-03-11").await;
    let first = spent(20).await;
    assert_eq!((today().await, streak(&ada, &habit).await), (json!(["missed", 20, null, 20]), json!(0)));
    let second = spent(10).await;
    assert_eq!((today().await, streak(&ada, &habit).await), (json!(["done", 30, null, 30]), json!(1)));
    let item = ada.get("/habits/today").await.expect(200).body["items"][0].clone();
    assert_eq!((&item["state"], &item["value"]), (&json!("done"), &json!(30)));
    ada.patch(&second, json!({"minutes": 9})).await.expect(200);
    assert_eq!((today().await, streak(&ada, &habit).await), (json!(["missed", 29, null, 29]), json!(0)));
    ada.delete(&first).await.expect(204);
    assert_eq!(today().await, json!(["missed", 9, null, 9]));
    let tombstones = app.database.number("SELECT count(*) FROM tombstones WHERE kind = 'entry'");
    ada.delete(&second).await.expect(204);
    assert_eq!((today().await, streak(&ada, &habit).await), (Value::Null, json!(0)));
    assert_eq!(ada.get(&format!("/habits/{habit}/entries")).await.expect(200).body["items"], json!([]));
    let after = app.database.number("SELECT count(*) FROM tombstones WHERE kind = 'entry'");
    assert_eq!(after, tombstones + 1);
}

async fn both_parts_of_a_day_are_kept_apart(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = minutes_habit(&ada).await;
    let path = format!("/habits/{habit}/entries/2026-03-10");
    let today = async || day(&ada, &habit, "2026-03-10").await;
    ada.put(&path, json!({"value": 15, "note": "early"})).await.expect(201);
    let entry = spend(&ada, json!({"habit_id": habit, "date": "2026-03-10", "minutes": 15})).await;
    assert_eq!(today().await, json!(["done", 30, 15, 15]));
    ada.post(&format!("{path}/increment"), json!({"by": 5})).await.expect(200);
    assert_eq!(today().await, json!(["done", 35, 20, 15]));
    // What contradicts the sum is refused; done without a value adds what is lacking.
    ada.put(&path, json!({"state": "missed", "value": 16})).await.names("/value");
    let done = ada.put(&path, json!({"state": "done", "note": "early"})).await.expect(200).entry();
    assert_eq!((&done["manual_value"], &done["value"]), (&json!(15), &json!(30)));
    // Deleting an entry takes away what was said by hand; the time goes on.
    ada.delete(&path).await.expect(200);
    assert_eq!(today().await, json!(["missed", 15, null, 15]));
    ada.put(&path, json!({"state": "skipped", "note": "ill"})).await.expect(200);
    assert_eq!(today().await, json!(["skipped", 15, null, 15]));
    ada.delete(&entry).await.expect(204);
    assert_eq!(today().await, json!(["skipped", null, null, 0]));
    assert_eq!(ada.get(&path).await.expect(200).body["note"], "ill");
    let all = spend(&ada, json!({"habit_id": habit, "date": "2026-03-09", "minutes": 45})).await;
    let missed = format!("/habits/{habit}/entries/2026-03-09");
    ada.put(&missed, json!({"state": "missed"})).await.names("/value");
    ada.delete(&all).await.expect(204);
    ada.put(&missed, json!({"state": "missed"})).await.expect(201);
}

async fn minutes_move_with_their_entry(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (habit, other) = (minutes_habit(&ada).await, minutes_habit(&ada).await);
    let days = async || {
        let mut days = Vec::new();
        for (habit, date) in [(&habit, "2026-03-10"), (&habit, "2026-03-09"), (&other, "2026-03-09")] {
            days.push(day(&ada, habit, date).await[3].clone());
        }
        Value::from(days)
    };
    let entry = spend(&ada, json!({"habit_id": habit, "date": "2026-03-10", "minutes": 30})).await;
    spend(&ada, json!({"habit_id": habit, "date": "2026-03-10", "minutes": 1})).await;
    assert_eq!(days().await, json!([31, null, null]));
    ada.patch(&entry, json!({"date": "2026-03-09"})).await.expect(200);
    assert_eq!(days().await, json!([1, 30, null]));
    ada.patch(&entry, json!({"habit_id": other, "minutes": 40})).await.expect(200);
    assert_eq!(days().await, json!([1, null, 40]));
    ada.patch(&entry, json!({"note": "elsewhere"})).await.expect(200);
    ada.patch(&entry, json!({"habit_id": null})).await.expect(200);
    assert_eq!(days().await, json!([1, null, null]));
    // An entry that is refused leaves everything as it was.
    let unknown = json!({"habit_id": circadia_tests::fresh_id(), "minutes": 3});
    ada.patch(&entry, unknown).await.names("/habit_id");
    assert_eq!(ada.get(&entry).await.expect(200).body["minutes"], 40);
}

async fn habits_that_do_not_measure_minutes_are_left_alone(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for kind in [json!({"type": "check"}), json!({"type": "count", "target": 3, "unit": "pages"})] {
        let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
        let entry = spend(&ada, json!({"habit_id": habit, "date": "2026-03-10", "minutes": 30})).await;
        assert_eq!(day(&ada, &habit, "2026-03-10").await, Value::Null);
        ada.delete(&entry).await.expect(204);
    }
}

async fn plans_decide_which_days_measure_minutes(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    for date in ["2026-03-05", "2026-03-06", "2026-03-10"] {
        spend(&ada, json!({"habit_id": habit, "date": date, "minutes": 40})).await;
    }
    ada.done(&habit, &["2026-03-05"]).await;
    let tracked = async || {
        let entries = ada.get(&format!("/habits/{habit}/entries")).await.expect(200);
        let items = entries.body["items"].as_array().unwrap().clone();
        let of = |item: &Value| json!([item["date"], item["state"], item["manual_value"], item["tracked_minutes"]]);
        items.iter().map(of).collect::<Value>()
    };
    assert_eq!(tracked().await, json!([["2026-03-05", "done", null, 0]]));
    let plan = json!({"kind": {"type": "minutes", "target": 30}, "effective_from": "2026-03-06"});
    ada.put(&format!("/habits/{habit}/plan"), plan).await.expect(200);
    let expected =
        json!([["2026-03-05", "done", null, 0], ["2026-03-06", "done", null, 40], ["2026-03-10", "done", null, 40],]);
    assert_eq!(tracked().await, expected);
    let plan = json!({"kind": {"type": "check"}, "effective_from": "2026-03-08"});
    ada.put(&format!("/habits/{habit}/plan"), plan).await.expect(200);
    assert_eq!(tracked().await, json!([["2026-03-05", "done", null, 0], ["2026-03-06", "done", null, 40]]));
    let streak = ada.get(&format!("/habits/{habit}/streak?on=2026-03-06")).await.expect(200).body;
    assert_eq!(streak["current"], 2);
}

async fn what_is_deleted_leaves_its_time_behind(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Mind").await;
    let kind = json!({"type": "minutes", "target": 30});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01", "theme_id": theme})).await;
    let task = ada.task(json!({"theme_id": theme})).await;
    let entry = spend(&ada, json!({"habit_id": habit, "task_id": task, "minutes": 30})).await;
    let minutes = async || ada.get(&format!("/themes/{theme}")).await.expect(200).body["counts"]["minutes"].clone();
    assert_eq!(minutes().await, 30);
    let before = ada.get(&entry).await.expect(200).etag();
    ada.delete(&format!("/habits/{habit}")).await.expect(204);
    let left = ada.get(&entry).await.expect(200);
    assert_eq!((&left.body["habit_id"], &left.body["task_id"]), (&Value::Null, &json!(task)));
    assert_ne!(left.etag(), before);
    assert_eq!(minutes().await, 30);
    ada.delete(&format!("/tasks/{task}")).await.expect(204);
    let left = ada.get(&entry).await.expect(200).body;
    assert_eq!((&left["task_id"], &left["minutes"]), (&Value::Null, &json!(30)));
    assert_eq!(minutes().await, 0);
    ada.delete(&format!("/themes/{theme}")).await.expect(204);
}

async fn sums_are_by_day_week_month_habit_and_theme(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Mind").await;
    let habit = ada.habit(json!({"name": "Read", "starts_on": "2026-01-01", "theme_id": theme})).await;
    let task = ada.task(json!({"theme_id": theme})).await;
    for (date, minutes, habit_id, task_id) in [
        ("2026-02-28", 10, json!(habit), Value::Null),
        ("2026-03-01", 20, json!(habit), Value::Null),
        ("2026-03-01", 5, Value::Null, json!(task)),
        ("2026-03-03", 40, Value::Null, Value::Null),
        ("2026-03-09", 80, json!(habit), Value::Null),
    ] {
        let entry = json!({"date": date, "minutes": minutes, "habit_id": habit_id, "task_id": task_id});
        spend(&ada, entry).await;
    }
    let sum = async |query: &str| {
        ada.get(&format!("/time-entries/summary?from=2026-02-27&to=2026-03-04{query}")).await.expect(200).body
    };
    let days = sum("").await;
    assert_eq!((&days["group_by"], &days["minutes"], &days["count"]), (&json!("day"), &json!(75), &json!(4)));
    let minutes: Vec<u64> =
        days["items"].as_array().unwrap().iter().map(|item| item["minutes"].as_u64().unwrap()).collect();
    assert_eq!(minutes, [0, 10, 25, 0, 40, 0]);
    let group = |own: Value| {
        let mut group =
            json!({"from": null, "to": null, "habit_id": null, "theme_id": null, "name": null, "color": null});
        group.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        group
    };
    let period = |from: &str, to: &str, minutes: u64, count: u64| {
        group(json!({"from": from, "to": to, "minutes": minutes, "count": count}))
    };
    let weeks = [period("2026-02-27", "2026-03-01", 35, 3), period("2026-03-02", "2026-03-04", 40, 1)];
    assert_eq!(sum("&group_by=week").await["items"], json!(weeks));
    let months = [period("2026-02-27", "2026-02-28", 10, 1), period("2026-03-01", "2026-03-04", 65, 3)];
    assert_eq!(sum("&group_by=month").await["items"], json!(months));
    let by_habit = [
        group(json!({"minutes": 45, "count": 2})),
        group(json!({"habit_id": habit, "name": "Read", "minutes": 30, "count": 2})),
    ];
    assert_eq!(sum("&group_by=habit").await["items"], json!(by_habit));
    let color = ada.get(&format!("/themes/{theme}")).await.expect(200).body["color"].clone();
    let by_theme = [
        group(json!({"minutes": 40, "count": 1})),
        group(json!({"theme_id": theme, "name": "Mind", "color": color, "minutes": 35, "count": 3})),
    ];
    assert_eq!(sum("&group_by=theme").await["items"], json!(by_theme));
    ada.patch("/me", json!({"week_start": "su"})).await.expect(200);
    let weeks = [period("2026-02-27", "2026-02-28", 10, 1), period("2026-03-01", "2026-03-04", 65, 3)];
    assert_eq!(sum("&group_by=week").await["items"], json!(weeks));
    ada.get("/time-entries/summary").await.names("/from").names("/to");
    ada.get("/time-entries/summary?from=2026-03-02&to=2026-03-01").await.names("/to");
    ada.get("/time-entries/summary?from=2016-01-01&to=2026-03-01").await.names("/to");
    ada.get("/time-entries/summary?from=2026-03-01&to=2026-03-01&group_by=year").await.names("/group_by");
}

async fn a_habits_week_has_seven_days(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = minutes_habit(&ada).await;
    for (date, minutes) in [("2026-03-08", 7), ("2026-03-09", 10), ("2026-03-09", 20), ("2026-03-15", 5)] {
        if date <= "2026-03-11" {
            spend(&ada, json!({"habit_id": habit, "date": date, "minutes": minutes})).await;
        }
    }
    ada.put(&format!("/habits/{habit}/entries/2026-03-10"), json!({"value": 100})).await.expect(201);
    let week = async |query: &str| ada.get(&format!("/habits/{habit}/time/weekly{query}")).await.expect(200).body;
    let body = week("").await;
    let daily: Vec<(&str, u64)> = body["daily"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (day["date"].as_str().unwrap(), day["total_minutes"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        (daily.len(), daily[0], daily[1], daily[6]),
        (7, ("2026-03-09", 30), ("2026-03-10", 0), ("2026-03-15", 0))
    );
    assert_eq!((&body["total_week"], body["avg_per_day"].as_f64()), (&json!(30), Some(4.285_714)));
    assert_eq!(week("?on=2026-03-08").await["total_week"], 7);
    ada.patch("/me", json!({"week_start": "su"})).await.expect(200);
    assert_eq!(week("?on=2026-03-08").await["total_week"], 37);
    ada.get(&format!("/habits/{}/time/weekly", circadia_tests::fresh_id())).await.problem(404, "habit_not_found");
}
