//! When reminders come on the days on which clocks change, and to those who travel.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::json;

use super::{remind, sent, sent_in_a_while, subjects, upcoming, verified};

scenarios!(
    on_days_on_which_clocks_change_each_day_is_told_once,
    a_date_that_was_skipped_has_no_reminder,
    who_travels_is_told_of_each_day_once,
    who_sets_another_time_is_told_again,
    bedtime_follows_the_sleep_goal,
);

/// A zone, when to begin, a time of day, and the instants at which it is told on the day of the change and the day after.
struct Case {
    zone: &'static str,
    begin: &'static str,
    time: &'static str,
    told: [&'static str; 2],
}

const CASES: [Case; 7] = [
    // 02:00 to 02:30 doesn't exist.
    Case {
        zone: "Australia/Lord_Howe",
        begin: "2026-10-03T15:00:00Z",
        time: "02:15",
        told: ["2026-10-03T15:45:00Z", "2026-10-04T15:15:00Z"],
    },
    // 01:30 to 02:00 comes twice.
    Case {
        zone: "Australia/Lord_Howe",
        begin: "2026-04-04T14:00:00Z",
        time: "01:45",
        told: ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"],
    },
    // 00:01 to 01:01 doesn't exist.
    Case {
        zone: "America/St_Johns",
        begin: "2010-03-14T03:20:00Z",
        time: "00:30",
        told: ["2010-03-14T04:00:00Z", "2010-03-15T03:00:00Z"],
    },
    // 23:01 to 24:00 comes twice.
    Case {
        zone: "America/St_Johns",
        begin: "2010-11-07T01:00:00Z",
        time: "23:30",
        told: ["2010-11-07T02:00:00Z", "2010-11-08T03:00:00Z"],
    },
    // Friday has no first hour.
    Case {
        zone: "Africa/Cairo",
        begin: "2026-04-23T21:40:00Z",
        time: "00:30",
        told: ["2026-04-23T22:30:00Z", "2026-04-24T21:30:00Z"],
    },
    // 02:00 to 03:00 doesn't exist.
    Case {
        zone: "Europe/Berlin",
        begin: "2026-03-29T00:30:00Z",
        time: "02:30",
        told: ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"],
    },
    // 02:00 to 03:00 comes twice.
    Case {
        zone: "Europe/Berlin",
        begin: "2026-10-24T23:30:00Z",
        time: "02:30",
        told: ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    },
];

async fn on_days_on_which_clocks_change_each_day_is_told_once(backend: Backend) {
    for Case { zone, begin, time, told } in CASES {
        let app = TestApp::on(backend).at(begin).start();
        let ada = verified(&app, "ada", zone).await;
        let habit = ada.habit(json!({"name": "Run"})).await;
        remind(&ada, &habit, json!({"time": time})).await;
        let announced: Vec<String> = upcoming(&ada, 2).await.into_iter().map(|(at, _)| at).collect();
        assert_eq!(announced[..2], told, "{zone} {time}");
        for at in told {
            app.clock.set(at);
            assert_eq!(subjects(&sent(&app).await), ["Run"], "{zone} at {at}");
            // When clocks show that time once more, it was told.
            app.clock.advance(3_600);
            assert_eq!(subjects(&sent(&app).await), [""; 0], "{zone} an hour after {at}");
        }
    }
}

async fn a_date_that_was_skipped_has_no_reminder(backend: Backend) {
    // After 2011-12-29 came 2011-12-31.
    let app = TestApp::on(backend).at("2011-12-29T17:00:00Z").start();
    let ada = verified(&app, "ada", "Pacific/Apia").await;
    let habit = ada.habit(json!({"name": "Run"})).await;
    remind(&ada, &habit, json!({"time": "08:00"})).await;
    let items = ada.get("/reminders/upcoming?days=3").await.expect(200);
    let told = ["2011-12-29T18:00:00Z", "2011-12-30T18:00:00Z", "2011-12-31T18:00:00Z"];
    assert_eq!(
        (items.each("date"), items.each("at")),
        (["2011-12-29", "2011-12-31", "2012-01-01"].map(str::to_owned).to_vec(), told.map(str::to_owned).to_vec(),)
    );
    for at in told {
        app.clock.set(at);
        assert_eq!(subjects(&sent(&app).await), ["Run"], "{at}");
    }
}

/// Says that the user is somewhere else.
async fn travel(ada: &Client, zone: &str) {
    ada.patch("/me", json!({"timezone": zone})).await.expect(200);
}

async fn who_travels_is_told_of_each_day_once(backend: Backend) {
    // 08:00 of March 11th in Tokyo.
    let app = TestApp::on(backend).at("2026-03-10T22:50:00Z").start();
    let ada = verified(&app, "ada", "Asia/Tokyo").await;
    let habit = ada.habit(json!({"name": "Run"})).await;
    remind(&ada, &habit, json!({"time": "08:00"})).await;
    app.clock.set("2026-03-10T23:00:00Z");
    assert_eq!(subjects(&sent(&app).await), ["Run"]);
    // In Los Angeles it is the 10th, 16:00; the 11th, which was told, comes again there.
    travel(&ada, "America/Los_Angeles").await;
    let announced = upcoming(&ada, 3).await;
    assert_eq!(announced[0].0, "2026-03-12T15:00:00Z", "{announced:?}");
    app.clock.set("2026-03-11T15:00:00Z");
    assert_eq!(subjects(&sent_in_a_while(&app).await), [""; 0]);
    // An hour before the 12th's, on to London, where that day's 08:00 was six hours ago: it is told at once.
    app.clock.set("2026-03-12T14:00:00Z");
    let ada = app.log_in("ada").await;
    travel(&ada, "Europe/London").await;
    assert_eq!(subjects(&sent(&app).await), ["Run"]);
    app.clock.set("2026-03-13T08:00:00Z");
    assert_eq!(subjects(&sent(&app).await), ["Run"]);
}

async fn who_sets_another_time_is_told_again(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T07:00:00Z").start();
    let ada = verified(&app, "ada", "UTC").await;
    let habit = ada.habit(json!({"name": "Run"})).await;
    let made = remind(&ada, &habit, json!({"time": "08:00"})).await;
    let path = format!("/habits/{habit}/reminders/{}", made["id"].as_str().unwrap());
    app.clock.set("2026-03-11T08:00:00Z");
    assert_eq!(subjects(&sent(&app).await), ["Run"]);
    let ada = app.log_in("ada").await;
    // Other channels don't change when it is told, a time that is past does from tomorrow on.
    ada.patch(&path, json!({"channels": ["email"]})).await.expect(200);
    assert_eq!(upcoming(&ada, 1).await[0].0, "2026-03-12T08:00:00Z");
    ada.patch(&path, json!({"time": "07:30"})).await.expect(200);
    assert_eq!(upcoming(&ada, 1).await[0].0, "2026-03-12T07:30:00Z");
    ada.patch(&path, json!({"time": "08:05"})).await.expect(200);
    assert_eq!(upcoming(&ada, 1).await[0].0, "2026-03-11T08:05:00Z");
    app.clock.set("2026-03-11T08:05:00Z");
    assert_eq!(subjects(&sent(&app).await), ["Run"]);
    // Disabled, it isn't told; enabled again after its time, neither.
    ada.patch(&path, json!({"enabled": false, "time": "08:06"})).await.expect(200);
    assert_eq!(upcoming(&ada, 31).await, []);
    app.clock.set("2026-03-11T08:06:00Z");
    assert_eq!(subjects(&sent_in_a_while(&app).await), [""; 0]);
    ada.patch(&path, json!({"enabled": true})).await.expect(200);
    assert_eq!(subjects(&sent_in_a_while(&app).await), [""; 0]);
    assert_eq!(upcoming(&ada, 1).await[0].0, "2026-03-12T08:06:00Z");
}

async fn bedtime_follows_the_sleep_goal(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-28T20:50:00Z").start();
    let ada = verified(&app, "ada", "Europe/Berlin").await;
    ada.patch("/me", json!({"sleep_goal_minutes": 450})).await.expect(200);
    ada.post("/sleep/reminders", json!({"wake_time": "07:00"})).await.expect(201);
    // The night has an hour less: 07:00 is 05:00 in UTC.
    assert_eq!(upcoming(&ada, 1).await, [("2026-03-28T21:00:00Z".to_owned(), "Bedtime".to_owned())]);
    app.clock.set("2026-03-28T21:00:00Z");
    let mails = sent(&app).await;
    assert_eq!(subjects(&mails), ["Bedtime"]);
    let text = "Go to bed in 30 minutes to sleep 7 h 30 min before 07:00.";
    assert!(mails[0].text.contains(text), "{}", mails[0].text);
    ada.patch("/me", json!({"sleep_goal_minutes": 480})).await.expect(200);
    assert_eq!(upcoming(&ada, 1).await[0].0, "2026-03-29T20:30:00Z");
}
