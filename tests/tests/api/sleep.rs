//! `/sleep`.

use circadia_tests::{Backend, Client, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    logs_are_made_read_changed_and_deleted,
    a_night_has_the_date_of_waking_and_the_hours_that_went_by,
    moving_to_another_zone_moves_no_date,
    what_touches_does_not_overlap,
    what_overlaps_is_refused_and_named,
    what_overlaps_can_be_replaced,
    a_log_is_never_in_its_own_way,
    overlaps_can_be_asked_for,
    the_sleep_of_a_date_is_deleted_together,
    what_can_not_have_been_is_refused,
    statistics_are_those_of_the_nights_that_are_known,
    regular_and_alternating_sleepers_are_told_by_hand,
    clock_means_go_over_midnight,
    days_show_their_hours_as_clocks_change,
    weeks_and_months_show_each_of_their_dates,
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
    let changed = ada.patch(&path(&log), json!({"note": "x", "start": "2026-03-09T15:30:00Z"})).await.expect(200).body;
    assert_eq!((&changed["date"], &changed["timezone"]), (&json!("2026-03-10"), &json!("Asia/Kolkata")));
    // Only who moves the end says anew when they woke.
    let changed = ada.patch(&path(&log), json!({"end": "2026-03-09T21:45:00Z"})).await.expect(200).body;
    assert_eq!((&changed["date"], &changed["timezone"]), (&json!("2026-03-09"), &json!("America/New_York")));
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
    // Another user's sleep is in nobody's way.
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

/// Logs nights of March by the hours, counted from the midnight before the date of waking, at which they begin and end.
async fn nights(client: &Client, hours: &[(i64, i64, i64)]) {
    for (day, from, to) in hours {
        let at = |hour: i64| {
            let (day, hour) = (day + hour.div_euclid(24), hour.rem_euclid(24));
            format!("2026-03-{day:02}T{hour:02}:00:00Z")
        };
        client.sleep(&at(*from), &at(*to)).await;
    }
}

async fn statistics_are_those_of_the_nights_that_are_known(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let stats = async |query: &str| ada.get(&format!("/sleep/stats{query}")).await.expect(200).body;
    let none = stats("?from=2026-03-01&to=2026-03-10").await;
    assert_eq!((&none["summary"]["nights"], &none["summary"]["missing"]), (&json!(0), &json!(10)));
    for figure in ["/summary/duration", "/summary/bed", "/social_jet_lag", "/regularity", "/debt/minutes"] {
        assert_eq!(none.pointer(figure), Some(&Value::Null), "{figure}");
    }
    // Thursday 5th to Tuesday 10th, Monday missing: 23–07 on working days, 02–10 on free ones.
    nights(&ada, &[(5, -1, 7), (6, -1, 7), (7, 2, 10), (8, 2, 10), (10, -1, 7)]).await;
    let nap = json!({"start": "2026-03-10T13:00:00Z", "end": "2026-03-10T13:30:00Z", "kind": "nap"});
    ada.post("/sleep", nap).await.expect(201);
    let found = stats("?from=2026-03-01&to=2026-03-10").await;
    let summary = &found["summary"];
    assert_eq!((&summary["nights"], &summary["missing"]), (&json!(5), &json!(5)));
    assert_eq!(summary["duration"], json!({"mean_minutes": 480.0, "median_minutes": 480.0, "sd_minutes": 0.0}));
    assert_eq!((&summary["efficiency"], &summary["efficiency_nights"]), (&Value::Null, &json!(0)));
    let lag = &found["social_jet_lag"];
    assert_eq!(
        (&lag["minutes"], &lag["free"]["time"], &lag["work"]["time"]),
        (&json!(180.0), &json!("06:00"), &json!("03:00"))
    );
    assert_eq!((&lag["free"]["n"], &lag["work"]["n"]), (&json!(2), &json!(3)));
    // Of four nights in a row there are 75 hours of pairs, from 15:00 on the 4th to 18:00 on the 7th, and three more in
    // the afternoons of the 8th and the 9th. Six of them differ, as one got up at 7 and then at 10, went to bed at 23 and
    // then at 2: −100 + 200 · (1 − 6/78) = 84.62.
    assert_eq!(found["regularity"], json!({"index": 84.62, "days": 3.25}));
    // Eight hours are wanted, and were slept.
    assert_eq!(
        (&found["debt"]["minutes"], &found["debt"]["nights"], &found["debt"]["missing"]),
        (&json!(0.0), &json!(5), &json!(9))
    );
    ada.patch("/me", json!({"sleep_goal_minutes": 500})).await.expect(200);
    assert_eq!(stats("?from=2026-03-10&to=2026-03-10").await["debt"]["minutes"], 100.0);
    assert_eq!((&found["naps"]["count"], &found["naps"]["duration"]["mean_minutes"]), (&json!(1), &json!(30.0)));
    let default = stats("").await;
    assert_eq!((&default["from"], &default["to"]), (&json!("2026-02-10"), &json!("2026-03-11")));
    ada.get("/sleep/stats?from=2026-03-10&to=2026-03-09").await.names("/to");
    ada.get("/sleep/stats?from=2000-01-01&to=2026-03-09").await.names("/to");
}

async fn regular_and_alternating_sleepers_are_told_by_hand(backend: Backend) {
    let app = TestApp::on(backend).start();
    let index = async |name: &str, hours: &[(i64, i64, i64)]| {
        let client = app.user(name).await;
        nights(&client, hours).await;
        client.get("/sleep/stats?from=2026-03-01&to=2026-03-10").await.expect(200).body["regularity"].clone()
    };
    let regular: Vec<(i64, i64, i64)> = (2..=9).map(|day| (day, -1, 7)).collect();
    assert_eq!(index("regular", &regular).await, json!({"index": 100.0, "days": 7.0}));
    // 23–07 and 03–11 by turns: each night differs from the next for eight of 24 hours. −100 + 200 · (1 − 1/3).
    let turns: Vec<(i64, i64, i64)> =
        (2..=4).map(|day| if day % 2 == 0 { (day, -1, 7) } else { (day, 3, 11) }).collect();
    assert_eq!(index("alternating", &turns).await, json!({"index": 33.33, "days": 2.0}));
    // Asleep at night and by day in turns, for 12 hours: 24 hours apart nothing is alike but where a middle cuts it.
    let shifts: Vec<(i64, i64, i64)> =
        (2..=9).map(|day| if day % 2 == 0 { (day, 0, 12) } else { (day, 12, 23) }).collect();
    let shifts = index("shifts", &shifts).await["index"].as_f64().unwrap();
    assert!((-100.0..-75.0).contains(&shifts), "{shifts}");
}

async fn clock_means_go_over_midnight(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    nights(&ada, &[(5, -1, 7), (6, 1, 9)]).await;
    let summary = ada.get("/sleep/stats?from=2026-03-01&to=2026-03-10").await.expect(200).body["summary"].clone();
    // √(−2 ln cos 15°) of a turn of 1,440 minutes.
    assert_eq!(summary["bed"], json!({"time": "00:00", "sd_minutes": 60.35, "n": 2}));
    assert_eq!((&summary["wake"]["time"], &summary["mid_sleep"]["time"]), (&json!("08:00"), &json!("04:00")));
}

async fn days_show_their_hours_as_clocks_change(backend: Backend) {
    let app = TestApp::on(backend).at("2027-01-01T00:00:00Z").start();
    for (zone, start, end, date, hours, asleep, seconds) in [
        ("Asia/Kolkata", "2026-03-07T23:30:00+05:30", "2026-03-08T07:10:00+05:30", "2026-03-08", 24, 430, 27_600),
        ("Asia/Kolkata", "2026-10-31T23:30:00+05:30", "2026-11-01T07:10:00+05:30", "2026-11-01", 24, 430, 27_600),
        ("Pacific/Kiritimati", "2026-03-07T23:30:00+14:00", "2026-03-08T07:10:00+14:00", "2026-03-08", 24, 430, 27_600),
        ("Pacific/Kiritimati", "2026-10-31T23:30:00+14:00", "2026-11-01T07:10:00+14:00", "2026-11-01", 24, 430, 27_600),
        ("America/New_York", "2026-03-07T23:30:00-05:00", "2026-03-08T07:10:00-04:00", "2026-03-08", 23, 370, 24_000),
        ("America/New_York", "2026-10-31T23:30:00-04:00", "2026-11-01T07:10:00-05:00", "2026-11-01", 25, 490, 31_200),
    ] {
        let client = app.user_in(&format!("user-{date}-{}", &zone[..3]), zone).await;
        client.sleep(start, end).await;
        let day = client.get(&format!("/sleep/views/day?date={date}")).await.expect(200).body;
        let blocks = day["hours"].as_array().unwrap();
        let sum: u64 = blocks.iter().map(|block| block["asleep_minutes"].as_u64().unwrap()).sum();
        assert_eq!((blocks.len(), sum), (hours, asleep), "{zone} {date}");
        assert_eq!((&day["night"]["bed_time"], &day["night"]["wake_time"]), (&json!("23:30"), &json!("07:10")));
        assert_eq!((&day["night"]["duration_seconds"], &day["logs"][0]["date"]), (&json!(seconds), &json!(date)));
        // The half hour before midnight is the evening's of the day before.
        let before = day["logs"][0]["start"].as_str().unwrap().to_owned();
        let eve = day_before(date);
        let eve = client.get(&format!("/sleep/views/day?date={eve}")).await.expect(200).body;
        assert_eq!((&eve["night"], &eve["logs"]), (&Value::Null, &json!([])), "{before}");
        let last = eve["hours"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["time"], &last["asleep_minutes"]), (&json!("23:00"), &json!(30)));
    }
}

fn day_before(date: &str) -> String {
    circadia_domain::civil::Date::parse(date).unwrap().pred().unwrap().to_string()
}

async fn weeks_and_months_show_each_of_their_dates(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    nights(&ada, &[(1, 0, 8), (2, 0, 6), (8, 0, 8), (9, 0, 7)]).await;
    let view = async |path: &str| {
        let view = ada.get(&format!("/sleep/views/{path}")).await.expect(200);
        assert!(view.etag().starts_with("W/"), "{path}");
        let (from, to) = (view.body["from"].as_str().unwrap(), view.body["to"].as_str().unwrap());
        let listed = ada.get(&format!("/sleep?from={from}&to={to}")).await.expect(200).body["items"].clone();
        // What a view shows is what the list of its dates holds.
        let shown: Vec<Value> = view.body["days"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|day| day["logs"].as_array().unwrap().clone())
            .collect();
        assert_eq!(json!(shown), listed, "{path}");
        view.body
    };
    let week = view("week?date=2026-03-08").await;
    assert_eq!((&week["from"], &week["to"]), (&json!("2026-03-02"), &json!("2026-03-08")));
    assert_eq!((&week["summary"]["nights"], &week["summary"]["missing"]), (&json!(2), &json!(5)));
    assert_eq!(week["summary"]["duration"]["mean_minutes"], 420.0);
    ada.patch("/me", json!({"week_start": "su"})).await.expect(200);
    let week = view("week?date=2026-03-08").await;
    assert_eq!((&week["from"], &week["to"]), (&json!("2026-03-08"), &json!("2026-03-14")));
    // The rest of the week is yet to come.
    assert_eq!((&week["summary"]["nights"], &week["summary"]["missing"]), (&json!(2), &json!(2)));
    let month = view("month").await;
    assert_eq!((&month["from"], &month["to"]), (&json!("2026-03-01"), &json!("2026-03-31")));
    assert_eq!(month["days"].as_array().unwrap().len(), 31);
    assert_eq!(month["summary"]["nights"], 4);
}
