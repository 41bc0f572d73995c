//! `/sleep`.

use circadia_tests::{Backend, Client, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    logs_are_made_read_changed_and_deleted,
    a_night_has_the_date_of_waking_and_the_hours_that_went_by,
    moving_to_another_zone_moves_no_date,
    logs_made_elsewhere_have_the_date_and_the_clock_of_there,
    what_touches_does_not_overlap,
    what_overlaps_is_refused_and_named,
    what_overlaps_can_be_replaced,
    a_log_is_never_in_its_own_way,
    overlaps_can_be_asked_for,
    the_sleep_of_a_date_is_deleted_together,
    what_can_not_have_been_is_refused,
);

fn path(log: &Value) -> String {
    format!("/sleep/{}", log["id"].as_str().unwrap())
}

async fn stored(client: &Client) -> Vec<String> {
    client.get("/sleep").await.expect(200).each("start")
}

async fn logs_are_made_read_changed_and_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Europe/Berlin").await;
    let full = json!({
        "start": "2026-03-09T22:30:00Z", "end": "2026-03-10T06:10:00.250Z", "quality": 4, "awake_seconds": 900,
        "note": " Dreamt of trains. ",
    });
    let made = ada.post("/sleep", full).await.expect(201);
    let at = made.header("location").unwrap().to_owned();
    let log = &made.body;
    assert_eq!((&log["start"], &log["end"]), (&json!("2026-03-09T22:30:00Z"), &json!("2026-03-10T06:10:00.250Z")));
    assert_eq!((&log["date"], &log["timezone"]), (&json!("2026-03-10"), &json!("Europe/Berlin")));
    assert_eq!((&log["duration_seconds"], &log["awake_seconds"]), (&json!(27_600), &json!(900)));
    assert_eq!((&log["kind"], &log["quality"]), (&json!("main"), &json!(4)));
    assert_eq!(log["note"], "Dreamt of trains.");
    assert_eq!(ada.get(&at).await.expect(200).body, *log);
    app.clock.advance(5);
    let changed = ada.patch(&at, json!({"quality": null, "note": "Slept."})).await.expect(200).body;
    assert_eq!((&changed["quality"], &changed["note"]), (&Value::Null, &json!("Slept.")));
    assert_eq!((&changed["start"], &changed["awake_seconds"]), (&log["start"], &json!(900)));
    assert_ne!(changed["updated_at"], log["updated_at"]);
    assert_eq!(ada.get("/sleep").await.expect(200).body["items"], json!([changed]));
    assert_eq!(ada.get("/sleep?from=2026-03-11").await.expect(200).body["items"], json!([]));
    ada.delete(&at).await.expect(204);
    ada.get(&at).await.problem(404, "sleep_log_not_found");
    ada.delete(&at).await.problem(404, "sleep_log_not_found");
    assert_eq!(app.database.number("SELECT count(*) FROM tombstones WHERE kind = 'sleep_log'"), 1);
}

async fn a_night_has_the_date_of_waking_and_the_hours_that_went_by(backend: Backend) {
    let app = TestApp::on(backend).at("2027-01-01T00:00:00Z").start();
    // From 23:30 to 07:10 on the clock: 7 h 40 min, but where it changes.
    for (name, zone, nights) in [
        (
            "kolkata",
            "Asia/Kolkata",
            vec![
                // Where no clock changes, the nights on which it does in New York are as long as any.
                ("2026-03-07T23:30:00+05:30", "2026-03-08T07:10:00+05:30", "2026-03-08", 27_600),
                ("2026-03-10T23:30:00+05:30", "2026-03-11T07:10:00+05:30", "2026-03-11", 27_600),
                ("2026-10-31T23:30:00+05:30", "2026-11-01T07:10:00+05:30", "2026-11-01", 27_600),
            ],
        ),
        (
            "kiritimati",
            "Pacific/Kiritimati",
            vec![
                ("2026-03-07T23:30:00+14:00", "2026-03-08T07:10:00+14:00", "2026-03-08", 27_600),
                ("2026-03-10T23:30:00+14:00", "2026-03-11T07:10:00+14:00", "2026-03-11", 27_600),
                ("2026-10-31T23:30:00+14:00", "2026-11-01T07:10:00+14:00", "2026-11-01", 27_600),
            ],
        ),
        (
            "york",
            "America/New_York",
            vec![
                ("2026-03-06T23:30:00-05:00", "2026-03-07T07:10:00-05:00", "2026-03-07", 27_600),
                ("2026-03-07T23:30:00-05:00", "2026-03-08T07:10:00-04:00", "2026-03-08", 24_000),
                ("2026-10-31T23:30:00-04:00", "2026-11-01T07:10:00-05:00", "2026-11-01", 31_200),
            ],
        ),
        (
            "berlin",
            "Europe/Berlin",
            vec![
                ("2026-03-28T23:30:00+01:00", "2026-03-29T07:10:00+02:00", "2026-03-29", 24_000),
                ("2026-10-24T23:30:00+02:00", "2026-10-25T07:10:00+01:00", "2026-10-25", 31_200),
            ],
        ),
    ] {
        let client = app.user_in(name, zone).await;
        for (start, end, date, seconds) in nights {
            let log = client.sleep(start, end).await;
            assert_eq!((&log["date"], &log["duration_seconds"]), (&json!(date), &json!(seconds)), "{zone} {start}");
        }
    }
    // Who wakes at midnight wakes on the day that begins, whenever their day starts otherwise.
    let ada = app.user("ada").await;
    ada.patch("/me", json!({"day_start": "04:00"})).await.expect(200);
    assert_eq!(ada.sleep("2026-03-10T20:00:00Z", "2026-03-11T00:00:00Z").await["date"], "2026-03-11");
    assert_eq!(ada.sleep("2026-03-11T19:00:00Z", "2026-03-11T23:59:59Z").await["date"], "2026-03-11");
}

async fn moving_to_another_zone_moves_no_date(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Asia/Kolkata").await;
    // In Kolkata it is 03:00 on the 10th, in New York still the 9th.
    let log = ada.sleep("2026-03-09T15:00:00Z", "2026-03-09T21:30:00Z").await;
    assert_eq!(log["date"], "2026-03-10");
    ada.patch("/me", json!({"timezone": "America/New_York"})).await.expect(200);
    assert_eq!(ada.get(&path(&log)).await.expect(200).body, log);
    for change in [
        json!({"note": "x", "start": "2026-03-09T15:30:00Z"}),
        json!({"end": "2026-03-09T21:45:00Z"}),
        json!({"end": "2026-03-09T17:50:00-04:00"}),
    ] {
        let changed = ada.patch(&path(&log), change).await.expect(200).body;
        assert_eq!((&changed["date"], &changed["timezone"]), (&json!("2026-03-10"), &json!("Asia/Kolkata")));
    }
    // In Kolkata, it is another day before midnight there.
    let changed = ada.patch(&path(&log), json!({"end": "2026-03-09T18:00:00Z"})).await.expect(200).body;
    assert_eq!((&changed["date"], &changed["timezone"]), (&json!("2026-03-09"), &json!("Asia/Kolkata")));
    // Only who says so moves it.
    let change = json!({"end": "2026-03-09T21:30:00Z", "timezone": "America/New_York"});
    let changed = ada.patch(&path(&log), change).await.expect(200).body;
    assert_eq!((&changed["date"], &changed["timezone"]), (&json!("2026-03-09"), &json!("America/New_York")));
    ada.patch(&path(&log), json!({"timezone": null})).await.names("/timezone");
    ada.patch(&path(&log), json!({"timezone": "+15:00"})).await.names("/timezone");
}

async fn logs_made_elsewhere_have_the_date_and_the_clock_of_there(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Europe/Berlin").await;
    // 23:00 to 07:00 in Tokyo, where it is eight hours later: in Berlin, one would wake the day before.
    let (start, end) = ("2026-03-09T23:00:00+09:00", "2026-03-10T07:00:00+09:00");
    let night = async |members: Value| {
        let log = ada.post("/sleep", members).await.expect(201).body;
        let date = log["date"].as_str().unwrap();
        let day = ada.get(&format!("/sleep/views/day?date={date}")).await.expect(200).body;
        let shown = json!([log["date"], log["timezone"], day["night"]["bed_time"], day["night"]["wake_time"]]);
        ada.delete(&path(&log)).await.expect(204);
        shown
    };
    let there = json!(["2026-03-10", "+09:00", "23:00", "07:00"]);
    assert_eq!(night(json!({"start": start, "end": end})).await, there);
    assert_eq!(night(json!({"start": "2026-03-09T14:00:00Z", "end": end})).await, there);
    assert_eq!(night(json!({"start": start, "end": "2026-03-09T22:00:00Z"})).await, there);
    let named = json!({"start": "2026-03-09T14:00:00Z", "end": "2026-03-09T22:00:00Z", "timezone": "Asia/Tokyo"});
    assert_eq!(night(named).await, json!(["2026-03-10", "Asia/Tokyo", "23:00", "07:00"]));
    let written = json!({"start": start, "end": end, "timezone": "+09:00"});
    assert_eq!(night(written).await, there);
    // At home, offsets are those of the user's zone, also in the night in which they change.
    app.clock.set("2026-03-29T12:00:00Z");
    let ada = app.log_in("ada").await;
    let night = async |members: Value| {
        let log = ada.post("/sleep", members).await.expect(201).body;
        let day = ada.get("/sleep/views/day?date=2026-03-29").await.expect(200).body;
        ada.delete(&path(&log)).await.expect(204);
        json!([log["date"], log["timezone"], day["night"]["bed_time"], day["night"]["wake_time"]])
    };
    let home = json!({"start": "2026-03-28T23:00:00+01:00", "end": "2026-03-29T08:00:00+02:00"});
    assert_eq!(night(home).await, json!(["2026-03-29", "Europe/Berlin", "23:00", "08:00"]));
    let utc = json!({"start": "2026-03-28T22:00:00Z", "end": "2026-03-29T06:00:00Z"});
    assert_eq!(night(utc).await, json!(["2026-03-29", "Europe/Berlin", "23:00", "08:00"]));
    for wrong in ["Mars/Olympus", "+14:30", "", "Z"] {
        let body = json!({"start": start, "end": end, "timezone": wrong});
        ada.post("/sleep", body).await.names("/timezone");
    }
}

async fn what_touches_does_not_overlap(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.sleep("2026-03-10T02:00:00Z", "2026-03-10T04:00:00Z").await;
    ada.sleep("2026-03-10T04:00:00Z", "2026-03-10T06:00:00Z").await;
    ada.sleep("2026-03-10T00:00:00Z", "2026-03-10T02:00:00Z").await;
    assert_eq!(stored(&ada).await, ["2026-03-10T00:00:00Z", "2026-03-10T02:00:00Z", "2026-03-10T04:00:00Z"]);
    // A microsecond does.
    let body = json!({"start": "2026-03-10T05:59:59.999999Z", "end": "2026-03-10T07:00:00Z"});
    ada.post("/sleep", body).await.problem(409, "sleep_overlap");
    // Another user's sleep doesn't conflict.
    app.user("eve").await.sleep("2026-03-10T01:00:00Z", "2026-03-10T05:00:00Z").await;
}

async fn what_overlaps_is_refused_and_named(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let first = ada.sleep("2026-03-10T00:00:00Z", "2026-03-10T02:00:00Z").await;
    let second = ada.sleep("2026-03-10T03:00:00Z", "2026-03-10T05:00:00Z").await;
    let conflict = |log: &Value| json!({"id": log["id"], "start": log["start"], "end": log["end"]});
    let before = app.contents().await;
    for (start, end, expected) in [
        ("01:00", "04:00", json!([conflict(&first), conflict(&second)])),
        ("00:30", "01:00", json!([conflict(&first)])),
        ("00:00", "02:00", json!([conflict(&first)])),
        ("04:59", "06:00", json!([conflict(&second)])),
    ] {
        let body = json!({"start": format!("2026-03-10T{start}:00Z"), "end": format!("2026-03-10T{end}:00Z")});
        let refused = ada.post("/sleep", body.clone()).await.problem(409, "sleep_overlap");
        assert_eq!(refused.body["conflicts"], expected);
        ada.post("/sleep?on_overlap=refuse", body).await.problem(409, "sleep_overlap");
    }
    let refused = ada.patch(&path(&second), json!({"start": "2026-03-10T01:59:00Z"})).await;
    assert_eq!(refused.problem(409, "sleep_overlap").body["conflicts"], json!([conflict(&first)]));
    ada.post("/sleep?on_overlap=shift", json!({})).await.names("/on_overlap");
    assert_eq!(app.contents().await, before);
    assert_eq!(ada.get("/sleep").await.expect(200).body["items"], json!([first, second]));
}

async fn what_overlaps_can_be_replaced(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let first = ada.sleep("2026-03-10T00:00:00Z", "2026-03-10T02:00:00Z").await;
    let second = ada.sleep("2026-03-10T03:00:00Z", "2026-03-10T05:00:00Z").await;
    let apart = ada.sleep("2026-03-10T06:00:00Z", "2026-03-10T07:00:00Z").await;
    let body = json!({"id": fresh_id(), "start": "2026-03-10T01:00:00Z", "end": "2026-03-10T04:00:00Z"});
    let new = ada.post("/sleep?on_overlap=replace", body.clone()).await.expect(201).body;
    assert_eq!(ada.get("/sleep").await.expect(200).body["items"], json!([new, apart]));
    for gone in [&first, &second] {
        ada.get(&path(gone)).await.problem(404, "sleep_log_not_found");
    }
    assert_eq!(app.database.number("SELECT count(*) FROM tombstones WHERE kind = 'sleep_log'"), 2);
    // Again, it answers like the first time, and replaces nothing.
    assert_eq!(ada.post("/sleep?on_overlap=replace", body).await.expect(201).body, new);
    let change = json!({"end": "2026-03-10T06:30:00Z"});
    let changed = ada.patch(&format!("{}?on_overlap=replace", path(&new)), change).await.expect(200).body;
    assert_eq!(ada.get("/sleep").await.expect(200).body["items"], json!([changed]));
    // What can't be stored replaces nothing.
    let wrong = json!({"start": "2026-03-10T01:00:00Z", "end": "2026-03-10T01:29:00Z"});
    ada.post("/sleep?on_overlap=replace", wrong).await.names("/end");
    assert_eq!(ada.get("/sleep").await.expect(200).body["items"], json!([changed]));
}

async fn a_log_is_never_in_its_own_way(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let log = ada.sleep("2026-03-10T00:00:00Z", "2026-03-10T08:00:00Z").await;
    for change in [
        json!({"start": "2026-03-10T01:00:00Z"}),
        json!({"end": "2026-03-10T09:00:00Z"}),
        json!({"start": "2026-03-10T00:30:00Z", "end": "2026-03-10T07:30:00Z"}),
        json!({"kind": "nap"}),
        json!({}),
    ] {
        ada.patch(&path(&log), change).await.expect(200);
    }
    assert_eq!(stored(&ada).await, ["2026-03-10T00:30:00Z"]);
}

async fn overlaps_can_be_asked_for(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let log = ada.sleep("2026-03-10T00:00:00Z", "2026-03-10T08:00:00Z").await;
    let before = app.contents().await;
    let check = async |members: Value| ada.post("/sleep/check", members).await.expect(200).body;
    let inside = json!({"start": "2026-03-10T07:00:00Z", "end": "2026-03-10T09:00:00Z"});
    let conflicts = json!([{"id": log["id"], "start": log["start"], "end": log["end"]}]);
    assert_eq!(check(inside.clone()).await, json!({"overlaps": true, "conflicts": conflicts}));
    let mut of_itself = inside;
    of_itself["id"] = log["id"].clone();
    assert_eq!(check(of_itself).await, json!({"overlaps": false, "conflicts": []}));
    let after = json!({"start": "2026-03-10T08:00:00Z", "end": "2026-03-10T08:20:00Z", "kind": "nap"});
    assert_eq!(check(after).await, json!({"overlaps": false, "conflicts": []}));
    let reversed = json!({"start": "2026-03-10T08:00:00Z", "end": "2026-03-10T07:00:00Z"});
    ada.post("/sleep/check", reversed).await.names("/end");
    assert_eq!(app.contents().await, before);
    ada.delete("/sleep/check").await.problem(405, "method_not_allowed");
}

async fn the_sleep_of_a_date_is_deleted_together(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.sleep("2026-03-09T23:00:00Z", "2026-03-10T07:00:00Z").await;
    let nap = json!({"start": "2026-03-10T13:00:00Z", "end": "2026-03-10T13:20:00Z", "kind": "nap"});
    ada.post("/sleep", nap).await.expect(201);
    let other = ada.sleep("2026-03-10T23:00:00Z", "2026-03-11T07:00:00Z").await;
    ada.delete("/sleep?date=2026-03-10").await.expect(204);
    assert_eq!(ada.get("/sleep").await.expect(200).body["items"], json!([other]));
    ada.delete("/sleep?date=2026-03-10").await.problem(404, "sleep_log_not_found");
    // Without a date, nothing is deleted.
    ada.delete("/sleep").await.names("/date");
    assert_eq!(ada.get("/sleep").await.expect(200).body["items"], json!([other]));
}

async fn what_can_not_have_been_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let before = app.contents().await;
    let post = async |members: Value| {
        let mut body = json!({"start": "2026-03-10T00:00:00Z", "end": "2026-03-10T08:00:00Z"});
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        ada.post("/sleep", body).await
    };
    for (end, code) in [
        ("2026-03-10T00:00:00Z", "before_start"),
        ("2026-03-09T23:59:59Z", "before_start"),
        ("2026-03-10T00:29:00Z", "too_short"),
        ("2026-03-10T00:29:59Z", "too_short"),
        ("2026-03-11T00:00:01Z", "too_long"),
    ] {
        let refused = post(json!({"end": end})).await.names("/end");
        assert_eq!(refused.body["errors"][0]["code"], code, "{end}");
    }
    post(json!({"kind": "nap", "end": "2026-03-10T00:04:59Z"})).await.names("/end");
    // It is noon of the 11th; a device's clock may be ahead by a quarter of an hour.
    let morning = json!("2026-03-11T04:00:00Z");
    let refused = post(json!({"start": morning, "end": "2026-03-11T12:15:01Z"})).await.names("/end");
    assert_eq!(refused.body["errors"][0]["code"], "in_future");
    for awake in [28_800, -1] {
        post(json!({"awake_seconds": awake})).await.names("/awake_seconds");
    }
    for quality in [0, 6] {
        post(json!({"quality": quality})).await.names("/quality");
    }
    post(json!({"end": "2026-03-10T00:10:00Z", "awake_seconds": 700, "quality": 9})).await.names("/quality");
    post(json!({"date": "2026-03-10"})).await.names("/date");
    assert_eq!(app.contents().await, before);
    // At the limits, it is taken.
    post(json!({"start": morning, "end": "2026-03-11T12:15:00Z"})).await.expect(201);
    post(json!({"end": "2026-03-11T00:00:00Z", "awake_seconds": 86_399})).await.expect(201);
    post(json!({"start": "2026-03-09T00:00:00Z", "end": "2026-03-09T00:30:00Z"})).await.expect(201);
    let log = post(json!({"kind": "nap", "start": "2026-03-09T01:00:00Z", "end": "2026-03-09T01:05:00Z"})).await;
    // What a nap may be, a night may not.
    ada.patch(&path(&log.expect(201).body), json!({"kind": "main"})).await.names("/end");
}
