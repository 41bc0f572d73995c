//! `/sleep/stats` and `/sleep/views`.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    statistics_are_those_of_the_nights_that_are_known,
    regular_and_alternating_sleepers_are_told_by_hand,
    clock_means_go_over_midnight,
    days_show_their_hours_as_clocks_change,
    weeks_and_months_show_each_of_their_dates,
    a_night_in_pieces_is_one_night_everywhere,
);

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
    // then at 2: −100 + 200 · (1 − 6/78) = 84.615385.
    assert_eq!(found["regularity"], json!({"index": 84.615_385, "days": 3.25}));
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
    assert_eq!(index("alternating", &turns).await, json!({"index": 33.333_333, "days": 2.0}));
    // Asleep at night and by day in turns: 24 hours apart only the four hours before midnight are alike.
    let shifts: Vec<(i64, i64, i64)> =
        (2..=9).map(|day| if day % 2 == 0 { (day, 0, 12) } else { (day, 12, 20) }).collect();
    let shifts = index("shifts", &shifts).await["index"].as_f64().unwrap();
    assert!((-100.0..-50.0).contains(&shifts), "{shifts}");
}

async fn clock_means_go_over_midnight(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    nights(&ada, &[(5, -1, 7), (6, 1, 9)]).await;
    let summary = ada.get("/sleep/stats?from=2026-03-01&to=2026-03-10").await.expect(200).body["summary"].clone();
    // √(−2 ln cos 15°) of a turn of 1,440 minutes.
    assert_eq!(summary["bed"], json!({"time": "00:00", "sd_minutes": 60.348_082, "n": 2}));
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

async fn a_night_in_pieces_is_one_night_everywhere(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    // Monday 2nd to Saturday 7th, then, from the evening of the 7th, in two pieces.
    nights(&ada, &[(2, -1, 7), (3, -1, 7), (4, -1, 7), (5, -1, 7), (6, -1, 7), (7, -1, 7)]).await;
    let first = ada.sleep("2026-03-07T22:00:00Z", "2026-03-07T23:50:00Z").await;
    let second = ada.sleep("2026-03-08T00:40:00Z", "2026-03-08T07:00:00Z").await;
    let stats = ada.get("/sleep/stats?from=2026-03-02&to=2026-03-08").await.expect(200).body;
    assert_eq!((&stats["summary"]["nights"], &stats["summary"]["missing"]), (&json!(7), &json!(0)));
    assert_eq!(stats["social_jet_lag"]["free"]["n"], 2);
    let lag = stats["social_jet_lag"]["minutes"].as_f64().unwrap();
    assert!((lag - 15.0).abs() < 0.01, "of 03:00 and 02:30, a quarter of an hour: {lag}");
    let day = async |date: &str| ada.get(&format!("/sleep/views/day?date={date}")).await.expect(200).body;
    let eighth = day("2026-03-08").await;
    assert_eq!((&eighth["night"]["bed"], &eighth["night"]["wake"]), (&first["start"], &second["end"]));
    assert_eq!((&eighth["night"]["mid_sleep_time"], &eighth["logs"]), (&json!("02:30"), &json!([first, second])));
    let seventh = day("2026-03-07").await;
    assert_eq!((&seventh["night"]["wake_time"], seventh["logs"].as_array().unwrap().len()), (&json!("07:00"), 1));
    // A range that begins with the night has all of it.
    let alone = ada.get("/sleep/stats?from=2026-03-08&to=2026-03-08").await.expect(200).body;
    assert_eq!(alone["summary"]["duration"]["mean_minutes"], 490.0);
    assert_eq!(alone["summary"]["bed"]["time"], "22:00");
    let week = ada.get("/sleep/views/week?date=2026-03-08").await.expect(200).body;
    assert_eq!(
        (&week["days"][5]["night"]["duration_seconds"], &week["summary"]["nights"]),
        (&json!(28_800), &json!(7))
    );
    assert_eq!(week["days"][6]["night"]["duration_seconds"], 29_400);
    let overview = ada.get("/stats/overview?from=2026-03-08&to=2026-03-08").await.expect(200).body;
    assert_eq!((&overview["sleep"]["nights"], &overview["sleep"]["avg_minutes"]), (&json!(1), &json!(490.0)));
    let before = ada.get("/stats/overview?from=2026-03-07&to=2026-03-07").await.expect(200).body;
    assert_eq!((&before["sleep"]["nights"], &before["sleep"]["avg_minutes"]), (&json!(1), &json!(480.0)));
}
