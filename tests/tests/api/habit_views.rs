//! `/habits/views/{day|week|month}`.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_week_has_a_cell_for_every_habit_and_day,
    a_month_and_a_day_are_as_long_as_they_are,
    what_is_put_away_or_over_is_not_asked_for,
    old_weeks_know_their_values,
    views_are_given_as_of_a_day,
);

async fn view(client: &Client, path: &str) -> Value {
    client.get(&format!("/habits/views/{path}")).await.expect(200).body
}

/// The states of a row, `+` behind those that weren't due.
fn states(row: &Value) -> Vec<String> {
    let cells = row["cells"].as_array().unwrap().iter();
    let of = |cell: &Value| {
        let bonus = if cell["bonus"].as_bool().unwrap() { "+" } else { "" };
        format!("{}{bonus}", cell["state"].as_str().unwrap())
    };
    cells.map(of).collect()
}

async fn a_week_has_a_cell_for_every_habit_and_day(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let daily = ada.habit(json!({"name": "daily", "starts_on": "2026-03-10"})).await;
    let weekdays = json!({"type": "weekly", "weekdays": ["mo", "we", "fr"]});
    let some = ada.habit(json!({"name": "some", "starts_on": "2026-03-01", "schedule": weekdays})).await;
    let kind = json!({"type": "count", "target": 8, "unit": "glasses"});
    let count = ada.habit(json!({"name": "count", "starts_on": "2026-03-01", "kind": kind})).await;
    ada.done(&daily, &["2026-03-10"]).await;
    // Tuesday isn't one of its days.
    ada.done(&some, &["2026-03-09", "2026-03-10"]).await;
    ada.put(&format!("/habits/{count}/entries/2026-03-09"), json!({"value": 8})).await.expect(201);
    ada.put(&format!("/habits/{count}/entries/2026-03-10"), json!({"value": 3})).await.expect(201);
    ada.put(&format!("/habits/{count}/entries/2026-03-11"), json!({"state": "skipped"})).await.expect(201);
    ada.post(&format!("/habits/{count}/pauses"), json!({"from": "2026-03-13", "to": "2026-03-14"})).await.expect(201);
    let week = view(&ada, "week").await;
    assert_eq!(
        (&week["from"], &week["to"], &week["today"]),
        (&json!("2026-03-09"), &json!("2026-03-15"), &json!("2026-03-11"))
    );
    let rows = week["items"].as_array().unwrap();
    assert_eq!(
        rows.iter().map(|row| row["habit"]["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["daily", "some", "count"]
    );
    assert_eq!(states(&rows[0]), ["not_due", "done", "pending", "pending", "pending", "pending", "pending"]);
    assert_eq!(states(&rows[1]), ["done", "done+", "pending", "not_due", "pending", "not_due", "not_due"]);
    assert_eq!(states(&rows[2]), ["done", "missed", "skipped", "pending", "paused", "paused", "pending"]);
    let cell = &rows[2]["cells"][1];
    assert_eq!(cell, &json!({"date": "2026-03-10", "state": "missed", "bonus": false, "value": 3}));
    assert_eq!(rows[0]["cells"][1]["value"], Value::Null);
    let expected = [(2, 2, 0, 0, 0, 0), (2, 1, 0, 1, 0, 1), (3, 0, 1, 0, 2, 0)];
    for (day, (due, done, skipped, missed, pending, bonus)) in week["days"].as_array().unwrap().iter().zip(expected) {
        let sums = ["due", "done", "skipped", "missed", "pending", "bonus"].map(|name| day[name].as_u64().unwrap());
        assert_eq!(sums, [due, done, skipped, missed, pending, bonus], "{day}");
    }
    assert_eq!((&week["days"][0]["rate"], &week["days"][2]["rate"]), (&json!(1.0), &json!(0.0)));
    ada.patch("/me", json!({"week_start": "su"})).await.expect(200);
    let week = view(&ada, "week?date=2026-03-14").await;
    assert_eq!((&week["from"], &week["to"]), (&json!("2026-03-08"), &json!("2026-03-14")));
    let other = app.user("eve").await;
    assert_eq!(view(&other, "week").await["items"], json!([]));
}

async fn a_month_and_a_day_are_as_long_as_they_are(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2024-02-10"})).await;
    ada.done(&habit, &["2024-02-29"]).await;
    let month = view(&ada, "month?date=2024-02-15").await;
    assert_eq!((&month["from"], &month["to"]), (&json!("2024-02-01"), &json!("2024-02-29")));
    let states = states(&month["items"][0]);
    assert_eq!((states.len(), month["days"].as_array().unwrap().len()), (29, 29));
    assert!(states[..9].iter().all(|state| state == "not_due") && states[9..28].iter().all(|state| state == "missed"));
    assert_eq!(states[28], "done");
    let day = view(&ada, "day?date=2024-02-29").await;
    assert_eq!(
        (&day["from"], &day["to"], &day["items"][0]["cells"][0]["state"]),
        (&json!("2024-02-29"), &json!("2024-02-29"), &json!("done"))
    );
    assert_eq!(view(&ada, "day").await["from"], "2026-03-11");
    for path in ["day?date=2200-01-01", "week?date=1969-12-31", "month?date=2026-02-30"] {
        ada.get(&format!("/habits/views/{path}")).await.names("/date");
    }
    for path in ["month?date=2199-12-31", "week?date=1970-01-01", "week?date=2199-12-31"] {
        view(&ada, path).await;
    }
}

async fn what_is_put_away_or_over_is_not_asked_for(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let away = ada.habit(json!({"name": "away", "starts_on": "2026-03-01"})).await;
    ada.habit(json!({"name": "over", "starts_on": "2026-03-01", "ends_on": "2026-03-10"})).await;
    ada.habit(json!({"name": "before", "starts_on": "2026-02-01", "ends_on": "2026-03-08"})).await;
    ada.habit(json!({"name": "later", "starts_on": "2026-03-16"})).await;
    ada.post(&format!("/habits/{away}/archive"), Value::Null).await.expect(200);
    let week = view(&ada, "week").await;
    let rows = week["items"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["habit"]["name"].as_str().unwrap()).collect::<Vec<_>>(), ["away", "over"]);
    for row in rows {
        let rest = if row["habit"]["name"] == "away" { "paused" } else { "not_due" };
        assert_eq!(states(row), ["missed", "missed", rest, rest, rest, rest, rest]);
    }
    assert_eq!(view(&ada, "week?date=2026-03-16").await["items"].as_array().unwrap().len(), 1);
}

async fn old_weeks_know_their_values(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "minutes", "target": 30});
    let quota = json!({"type": "quota", "amount": 100, "per": "month"});
    let minutes = ada.habit(json!({"kind": kind, "starts_on": "2023-01-01"})).await;
    let amount = ada.habit(json!({"kind": kind, "schedule": quota, "starts_on": "2023-01-01"})).await;
    // Three years of values.
    let mut items = Vec::new();
    for year in [2023, 2024, 2025] {
        for month in 1..=12 {
            for day in 1..=28 {
                let value = if month == 6 { 1 } else { day };
                let date = format!("{year}-{month:02}-{day:02}");
                items.push(json!({"habit_id": minutes, "date": date, "value": value}));
                items.push(json!({"habit_id": amount, "date": date, "value": value}));
            }
        }
    }
    for items in items.chunks(1000) {
        let stored = ada.post("/entries/batch", json!({"items": items, "atomic": true})).await.expect(200);
        assert_eq!(stored.body["refused"], 0);
    }
    let month = view(&ada, "month?date=2023-03-10").await;
    for row in month["items"].as_array().unwrap() {
        let values: Vec<u64> =
            row["cells"].as_array().unwrap().iter().filter_map(|cell| cell["value"].as_u64()).collect();
        assert_eq!(values, (1..=28).collect::<Vec<u64>>());
    }
    // 406 minutes are more than were asked for: what is left of the month is neither missed nor asked for.
    let march = states(&month["items"][1]);
    assert!(!march.contains(&"missed".to_owned()), "{march:?}");
    let june = states(&view(&ada, "month?date=2023-06-10").await["items"][1]);
    assert!(june.contains(&"missed".to_owned()), "{june:?}");
    assert_eq!(ada.get("/habits/views/month?date=2023-03-10").await.expect(200).statements(), 1);
}

async fn views_are_given_as_of_a_day(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let week = view(&ada, "week?on=2026-03-04").await;
    assert_eq!((&week["from"], &week["today"]), (&json!("2026-03-02"), &json!("2026-03-04")));
    let expected = ["missed", "missed", "pending", "pending", "pending", "pending", "pending"];
    assert_eq!(states(&week["items"][0]), expected);
}
