//! `/moods`.

use circadia_tests::{Backend, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_day_has_one_mood_of_its_own,
    moments_are_made_read_changed_and_deleted,
    a_day_is_what_it_says_or_the_mean_of_its_moments,
    moments_belong_to_the_day_that_it_was_there_and_then,
    moments_elsewhere_keep_their_zone_and_their_day,
    tags_are_normalised,
    what_is_no_mood_is_refused,
    a_day_holds_a_hundred_moments,
    trends_impute_nothing,
    views_show_each_of_their_days,
);

async fn a_day_has_one_mood_of_its_own(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let path = "/moods/2026-03-10";
    ada.get(path).await.problem(404, "mood_not_found");
    let put = json!({"value": 7, "note": " Sunny. ", "tags": ["Work", "friends"]});
    let made = ada.put(path, put.clone()).await.expect(201);
    assert_eq!(made.header("location"), Some("/api/v1/moods/2026-03-10"));
    assert_eq!((&made.body["value"], &made.body["note"]), (&json!(7), &json!("Sunny.")));
    assert_eq!(made.body["tags"], json!(["friends", "work"]));
    assert_eq!(ada.get(path).await.expect(200).body, made.body);
    // Putting twice is putting once.
    assert_eq!(ada.put(path, put).await.expect(200).body, made.body);
    let replaced = ada.put(path, json!({"value": 3})).await.expect(200).body;
    assert_eq!((&replaced["value"], &replaced["note"], &replaced["tags"]), (&json!(3), &Value::Null, &json!([])));
    assert_eq!(app.database.number("SELECT count(*) FROM moods"), 1);
    ada.delete(path).await.expect(204);
    ada.delete(path).await.problem(404, "mood_not_found");
    assert_eq!(ada.get("/moods").await.expect(200).body["items"], json!([]));
    assert_eq!(app.database.number("SELECT count(*) FROM tombstones WHERE kind = 'mood'"), 1);
}

async fn moments_are_made_read_changed_and_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let body = json!({"id": fresh_id(), "at": "2026-03-10T21:30:00Z", "value": 4, "note": "tired", "tags": ["late"]});
    let made = ada.post("/moods", body.clone()).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    assert_eq!((&made.body["at"], &made.body["date"]), (&json!("2026-03-10T21:30:00Z"), &json!("2026-03-10")));
    assert_eq!(ada.get(&path).await.expect(200).body, made.body);
    assert_eq!(ada.post("/moods", body.clone()).await.expect(201).body, made.body);
    let mut other = body.clone();
    other["value"] = json!(5);
    ada.post("/moods", other).await.problem(409, "id_taken");
    let changed = ada.patch(&path, json!({"value": 6, "note": null, "tags": null})).await.expect(200).body;
    assert_eq!((&changed["value"], &changed["note"], &changed["tags"]), (&json!(6), &Value::Null, &json!([])));
    assert_eq!(changed["at"], made.body["at"]);
    let changed = ada.patch(&path, json!({"at": "2026-03-09T08:00:00Z"})).await.expect(200).body;
    assert_eq!((&changed["value"], &changed["date"]), (&json!(6), &json!("2026-03-09")));
    ada.delete(&path).await.expect(204);
    ada.get(&path).await.problem(404, "mood_moment_not_found");
    ada.post("/moods", body).await.problem(409, "id_taken");
    assert_eq!(app.database.number("SELECT count(*) FROM tombstones WHERE kind = 'mood_moment'"), 1);
}

async fn a_day_is_what_it_says_or_the_mean_of_its_moments(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for (at, value) in [("2026-03-09T20:00:00Z", 4), ("2026-03-09T08:00:00Z", 5), ("2026-03-09T12:00:00Z", 4)] {
        ada.post("/moods", json!({"at": at, "value": value})).await.expect(201);
    }
    ada.put("/moods/2026-03-10", json!({"value": 8})).await.expect(201);
    ada.post("/moods", json!({"at": "2026-03-10T08:00:00Z", "value": 2})).await.expect(201);
    let days = ada.get("/moods?from=2026-03-01&to=2026-03-11").await.expect(200);
    assert_eq!(days.each("date"), ["2026-03-09", "2026-03-10"]);
    let (first, second) = (&days.body["items"][0], &days.body["items"][1]);
    assert_eq!(
        (&first["value"], &first["source"], &first["mood"]),
        (&json!(4.333_333), &json!("moments"), &Value::Null)
    );
    let times: Vec<&str> =
        first["moments"].as_array().unwrap().iter().map(|moment| moment["at"].as_str().unwrap()).collect();
    assert_eq!(times, ["2026-03-09T08:00:00Z", "2026-03-09T12:00:00Z", "2026-03-09T20:00:00Z"]);
    assert_eq!((&second["value"], &second["source"]), (&json!(8.0), &json!("day")));
    assert_eq!((&second["mood"]["value"], &second["moments"][0]["value"]), (&json!(8), &json!(2)));
    // Without its own mood, the moment counts.
    ada.delete("/moods/2026-03-10").await.expect(204);
    let days = ada.get("/moods?from=2026-03-10").await.expect(200).body;
    assert_eq!((&days["items"][0]["value"], &days["items"][0]["source"]), (&json!(2.0), &json!("moments")));
}

async fn moments_belong_to_the_day_that_it_was_there_and_then(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Asia/Kolkata").await;
    ada.patch("/me", json!({"day_start": "04:00"})).await.expect(200);
    // 02:30 in Kolkata, before the day starts.
    let made = ada.post("/moods", json!({"at": "2026-03-09T21:00:00Z", "value": 4})).await.expect(201);
    assert_eq!(made.body["date"], "2026-03-09");
    let path = made.header("location").unwrap().to_owned();
    ada.patch("/me", json!({"timezone": "Pacific/Kiritimati", "day_start": "00:00"})).await.expect(200);
    assert_eq!(ada.get(&path).await.expect(200).body["date"], "2026-03-09");
    assert_eq!(ada.patch(&path, json!({"value": 5})).await.expect(200).body["date"], "2026-03-09");
    let moved = ada.patch(&path, json!({"at": "2026-03-09T20:59:00Z"})).await.expect(200).body;
    assert_eq!(moved["date"], "2026-03-10");
}

async fn moments_elsewhere_keep_their_zone_and_their_day(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Europe/Berlin").await;
    let made = async |members: Value| {
        let made = ada.post("/moods", members).await.expect(201);
        (made.header("location").unwrap().to_owned(), json!([made.body["date"], made.body["timezone"]]))
    };
    // 01:30 on the 10th in Tokyo, 17:30 on the 9th in Berlin.
    let (path, shown) = made(json!({"at": "2026-03-10T01:30:00+09:00", "value": 4})).await;
    assert_eq!(shown, json!(["2026-03-10", "+09:00"]));
    let (_, named) = made(json!({"at": "2026-03-09T16:30:00Z", "value": 4, "timezone": "Asia/Tokyo"})).await;
    assert_eq!(named, json!(["2026-03-10", "Asia/Tokyo"]));
    let (_, home) = made(json!({"at": "2026-03-09T17:30:00+01:00", "value": 4})).await;
    assert_eq!(home, json!(["2026-03-09", "Europe/Berlin"]));
    // Edited at home, or after having moved on, it stays there.
    for (zone, at) in [("Europe/Berlin", "2026-03-09T17:31:00+01:00"), ("America/New_York", "2026-03-09T16:32:00Z")] {
        ada.patch("/me", json!({"timezone": zone})).await.expect(200);
        let moment = ada.patch(&path, json!({"at": at, "value": 5})).await.expect(200).body;
        assert_eq!(json!([moment["date"], moment["timezone"]]), shown, "{zone}");
    }
    let moved = ada.patch(&path, json!({"timezone": "Europe/Berlin"})).await.expect(200).body;
    assert_eq!(json!([moved["date"], moved["timezone"]]), json!(["2026-03-09", "Europe/Berlin"]));
    let listed = ada.get("/moods?from=2026-03-09&to=2026-03-09").await.expect(200).body;
    assert_eq!(listed["items"][0]["moments"][0]["timezone"], "Europe/Berlin");
    ada.patch(&path, json!({"timezone": "nowhere"})).await.names("/timezone");
}

async fn tags_are_normalised(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let put = async |tags: Value| ada.put("/moods/2026-03-10", json!({"value": 5, "tags": tags})).await;
    let made = put(json!(["Work", " work ", "ＷＯＲＫ", "Late  Night", "É"])).await.expect(201).body;
    assert_eq!(made["tags"], json!(["é", "late night", "work"]));
    put(json!(["a".repeat(32)])).await.expect(200);
    put(json!(["fine", "a".repeat(33)])).await.names("/tags/1");
    put(json!([""])).await.names("/tags/0");
    put(json!(["a\nb"])).await.names("/tags/0");
    let many = |count: usize| json!((0..count).map(|tag| tag.to_string()).collect::<Vec<_>>());
    put(many(20)).await.expect(200);
    put(many(21)).await.names("/tags");
}

async fn what_is_no_mood_is_refused(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T09:59:59Z").start();
    let ada = app.user("ada").await;
    let before = app.contents().await;
    for value in [json!(-1), json!(11), json!("x"), json!("7"), json!(7.5), Value::Null, json!(true)] {
        ada.put("/moods/2026-03-10", json!({"value": value})).await.names("/value");
        ada.post("/moods", json!({"at": "2026-03-10T08:00:00Z", "value": value})).await.names("/value");
    }
    // Days up to today in UTC+14, moments up to a quarter of an hour from now.
    let future = ada.put("/moods/2026-03-12", json!({"value": 5})).await.names("/date");
    assert_eq!(
        (&future.body["errors"][0]["in"], &future.body["errors"][0]["code"]),
        (&json!("path"), &json!("in_future"))
    );
    ada.post("/moods", json!({"at": "2026-03-11T10:15:00Z", "value": 5})).await.names("/at");
    assert_eq!(app.contents().await, before);
    for value in [0, 10] {
        ada.put("/moods/2026-03-11", json!({"value": value})).await;
        ada.post("/moods", json!({"at": "2026-03-11T10:14:59Z", "value": value})).await.expect(201);
    }
    app.clock.advance(1);
    ada.put("/moods/2026-03-12", json!({"value": 5})).await.expect(201);
}

async fn a_day_holds_a_hundred_moments(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let post = async |at: String| ada.post("/moods", json!({"at": at, "value": 5})).await;
    for minute in 0..100 {
        post(format!("2026-03-10T{:02}:{:02}:00Z", minute / 60, minute % 60)).await.expect(201);
    }
    post("2026-03-10T23:00:00Z".into()).await.problem(409, "limit_reached");
    let other = post("2026-03-09T23:00:00Z".into()).await.expect(201);
    let path = other.header("location").unwrap().to_owned();
    ada.patch(&path, json!({"at": "2026-03-10T23:00:00Z"})).await.problem(409, "limit_reached");
    let day = ada.get("/moods?from=2026-03-10").await.expect(200).body;
    assert_eq!(day["items"][0]["moments"].as_array().unwrap().len(), 100);
    // One of a full day can still be moved within it.
    let first = day["items"][0]["moments"][0]["id"].as_str().unwrap();
    ada.patch(&format!("/moods/moments/{first}"), json!({"at": "2026-03-10T22:00:00Z"})).await.expect(200);
}

async fn trends_impute_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let trend = async |query: &str| ada.get(&format!("/moods/trend{query}")).await.expect(200).body;
    let none = trend("").await;
    assert_eq!((&none["n"], &none["values"]), (&json!(0), &Value::Null));
    assert_eq!((&none["from"], &none["to"], &none["window"]), (&json!("2026-02-10"), &json!("2026-03-11"), &json!(7)));
    // Three moments weigh no more than one.
    for (at, value) in [("2026-03-06T08:00:00Z", 2), ("2026-03-06T12:00:00Z", 2), ("2026-03-06T20:00:00Z", 2)] {
        ada.post("/moods", json!({"at": at, "value": value})).await.expect(201);
    }
    ada.put("/moods/2026-03-07", json!({"value": 8})).await.expect(201);
    let found = trend("?range=7d&window=2").await;
    assert_eq!(
        (&found["n"], &found["values"]["mean"], &found["values"]["median"]),
        (&json!(2), &json!(5.0), &json!(5.0))
    );
    let points: Vec<Value> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| json!([point["date"], point["value"], point["mean"], point["n"]]))
        .collect();
    let expected = [
        json!(["2026-03-05", null, null, 0]),
        json!(["2026-03-06", 2.0, 2.0, 1]),
        json!(["2026-03-07", 8.0, 5.0, 2]),
        json!(["2026-03-08", null, 8.0, 1]),
        json!(["2026-03-09", null, null, 0]),
        json!(["2026-03-10", null, null, 0]),
        json!(["2026-03-11", null, null, 0]),
    ];
    assert_eq!(points, expected);
    assert_eq!(trend("?range=all").await["from"], "2026-03-06");
    for query in ["range=8d", "range="] {
        ada.get(&format!("/moods/trend?{query}")).await.names("/range");
    }
    for query in ["window=0", "window=91"] {
        ada.get(&format!("/moods/trend?{query}")).await.names("/window");
    }
    ada.put("/moods/trend", json!({"value": 8})).await.problem(405, "method_not_allowed");
}

async fn views_show_each_of_their_days(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.put("/moods/2026-03-02", json!({"value": 4})).await.expect(201);
    ada.put("/moods/2026-03-11", json!({"value": 8})).await.expect(201);
    ada.post("/moods", json!({"at": "2026-03-08T08:00:00Z", "value": 7})).await.expect(201);
    let view = async |path: &str| {
        let view = ada.get(&format!("/moods/views/{path}")).await.expect(200);
        assert!(view.etag().starts_with("W/"), "{path}");
        view.body
    };
    let day = view("day").await;
    assert_eq!((&day["date"], &day["value"], &day["source"]), (&json!("2026-03-11"), &json!(8.0), &json!("day")));
    assert_eq!(view("day?date=2026-03-03").await["value"], Value::Null);
    let week = view("week?date=2026-03-08").await;
    assert_eq!((&week["from"], &week["to"], &week["n"]), (&json!("2026-03-02"), &json!("2026-03-08"), &json!(2)));
    assert_eq!(week["values"]["mean"], 5.5);
    ada.patch("/me", json!({"week_start": "su"})).await.expect(200);
    let week = view("week?date=2026-03-08").await;
    assert_eq!((&week["from"], &week["n"]), (&json!("2026-03-08"), &json!(2)));
    let month = view("month?date=2026-03-20").await;
    assert_eq!((month["days"].as_array().unwrap().len(), &month["n"]), (31, &json!(3)));
    // What a view shows is what the list of its days holds, and the days of which nothing is said.
    let listed = ada.get("/moods?from=2026-03-01&to=2026-03-31").await.expect(200).body["items"].clone();
    let said: Vec<&Value> = month["days"].as_array().unwrap().iter().filter(|day| !day["value"].is_null()).collect();
    assert_eq!(json!(said), listed);
}
