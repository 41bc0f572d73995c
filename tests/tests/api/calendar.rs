//! `/me/calendar`, and the feed for calendar programs.

use std::collections::{BTreeMap, BTreeSet};

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::audit::audited;

scenarios!(
    a_calendar_is_made_changed_renewed_and_revoked,
    a_reader_finds_the_days_of_occurrences,
    only_what_was_asked_for_is_shown,
    names_break_out_of_nothing,
    a_reader_asks_whether_there_is_something_new,
    a_calendar_of_a_deactivated_account_shows_nothing,
    a_calendar_costs_the_same_however_much_there_is,
);

/// Makes a calendar: the path of its feed.
async fn made(client: &Client, include: Value) -> String {
    let answer = client.post("/me/calendar", json!({"include": include})).await.expect(201);
    answer.body["path"].as_str().unwrap().to_owned()
}

/// The components of a feed that have a UID, by their kind and properties, unfolded, without parameters.
fn components(feed: &Answer) -> Vec<(String, BTreeMap<String, String>)> {
    let text = feed.text();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"), "{text}");
    let mut found: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let (name, value) = line.split_once(':').unwrap();
        match (name, found.last_mut()) {
            ("BEGIN", _) => found.push((value.to_owned(), BTreeMap::new())),
            ("END", _) => {}
            (_, Some((_, properties))) => {
                properties.insert(name.split(';').next().unwrap().to_owned(), value.to_owned());
            }
            (_, None) => panic!("{line} is in no component"),
        }
    }
    found.retain(|(_, properties)| properties.contains_key("UID"));
    found
}

/// A day as the API writes it.
fn iso(day: &str) -> String {
    format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..8])
}

/// The days of an event until `last`.
fn days(event: &BTreeMap<String, String>, last: &str) -> Vec<String> {
    let start = &event["DTSTART"];
    let Some(rule) = event.get("RRULE") else {
        let rest = event.get("RDATE").map(|list| list.split(',').map(iso).collect::<Vec<_>>());
        return std::iter::once(iso(start)).chain(rest.into_iter().flatten()).collect();
    };
    let part = |part: &str| if part.starts_with("UNTIL=") { format!("{part}T000000Z") } else { part.to_owned() };
    let rule = rule.split(';').map(part).collect::<Vec<_>>().join(";");
    let set: rrule::RRuleSet = format!("DTSTART:{start}T000000Z\nRRULE:{rule}").parse().unwrap();
    let all = set.into_iter().map(|at| at.format("%Y-%m-%d").to_string());
    all.take_while(|day| day.as_str() <= last).collect()
}

async fn a_calendar_is_made_changed_renewed_and_revoked(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let none = json!({"enabled": false, "include": ["habits", "tasks"], "created_at": null, "updated_at": null});
    assert_eq!(ada.get("/me/calendar").await.expect(200).body, none);
    ada.patch("/me/calendar", json!({"include": ["tasks"]})).await.problem(404, "calendar_not_found");
    ada.delete("/me/calendar").await.expect(204);

    let first = ada.call(Method::POST, "/me/calendar", &Value::Null).await.expect(201);
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_eq!(first.header("location"), Some("/api/v1/me/calendar"));
    let path = first.body["path"].as_str().unwrap();
    assert_eq!(first.body["url"].as_str().unwrap(), format!("{}{path}", ada.root()));
    let secret = path.strip_prefix("/api/v1/calendar/").unwrap().strip_suffix(".ics").unwrap();
    assert_eq!(secret.len(), 64);
    let state = ada.get("/me/calendar").await.expect(200);
    assert_eq!((&state.body["enabled"], &state.body["include"]), (&json!(true), &json!(["habits", "tasks"])));
    assert!(!state.text().contains(secret));
    let anonymous = app.anonymous();
    let feed = anonymous.get(path).await.expect(200);
    assert_eq!(feed.header("content-type"), Some("text/calendar; charset=utf-8"));
    assert_eq!(feed.header("cache-control"), Some("private, no-cache"));
    assert_eq!(eve.get("/me/calendar").await.expect(200).body, none);

    ada.patch("/me/calendar", json!({"include": []})).await.names("/include");
    ada.patch("/me/calendar", json!({"include": null})).await.names("/include");
    ada.patch("/me/calendar", json!({"include": ["moods"]})).await.names("/include/0");
    let stale = ada.with_header("if-match", &state.etag());
    let changed = stale.patch("/me/calendar", json!({"include": ["sleep", "tasks", "sleep"]})).await.expect(200);
    assert_eq!(changed.body["include"], json!(["tasks", "sleep"]));
    stale.patch("/me/calendar", json!({"include": ["tasks"]})).await.problem(412, "precondition_failed");
    stale.delete("/me/calendar").await.problem(412, "precondition_failed");
    anonymous.get(path).await.expect(200);

    // Renewed without a word, it shows what it showed.
    let second = ada.post("/me/calendar", json!({})).await.expect(201);
    assert_eq!(second.body["include"], json!(["tasks", "sleep"]));
    anonymous.get(path).await.problem(404, "not_found");
    let renewed = second.body["path"].as_str().unwrap();
    anonymous.get(renewed).await.expect(200);
    for wrong in [
        renewed.trim_end_matches(".ics").to_owned(),
        renewed.replace(".ics", ".ICS"),
        renewed.replace(".ics", "A.ics"),
        "/api/v1/calendar/.ics".to_owned(),
        format!("/api/v1/calendar/{}.ics", "A".repeat(64)),
    ] {
        anonymous.get(&wrong).await.problem(404, "not_found");
    }
    ada.delete("/me/calendar").await.expect(204);
    anonymous.get(renewed).await.problem(404, "not_found");
    assert_eq!(ada.get("/me/calendar").await.expect(200).body, none);
    assert_eq!((audited(&app, "calendar_shared", "done"), audited(&app, "calendar_revoked", "done")), (2, 1));
}

async fn a_reader_finds_the_days_of_occurrences(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Pacific/Auckland").await;
    ada.patch("/me", json!({"week_start": "su"})).await.expect(200);
    let schedules = [
        json!({"type": "daily", "every": 3}),
        json!({"type": "weekly", "weekdays": ["mo", "su"], "every": 2}),
        json!({"type": "monthly", "days": [1, 31]}),
        json!({"type": "monthly", "days": [30, -30]}),
        json!({"type": "yearly", "dates": ["02-29", "03-20"]}),
        json!({"type": "cycle", "active_days": 3, "rest_days": 2}),
        json!({"type": "rrule", "rrule": "FREQ=DAILY;INTERVAL=2;COUNT=100"}),
    ];
    let mut habits = Vec::new();
    for schedule in &schedules {
        let habit = ada.habit(json!({"schedule": schedule, "starts_on": "2025-09-03", "ends_on": "2026-12-30"})).await;
        let pause = json!({"from": "2025-12-20", "to": "2026-01-04"});
        ada.post(&format!("/habits/{habit}/pauses"), pause).await.expect(201);
        let plan = json!({"schedule": {"type": "weekly", "weekdays": ["we"]}, "effective_from": "2026-10-01"});
        ada.put(&format!("/habits/{habit}/plan"), plan).await.expect(200);
        habits.push(habit);
    }
    ada.post("/me/pauses", json!({"from": "2026-06-10", "to": "2026-06-20"})).await.expect(201);
    ada.post(&format!("/habits/{}/archive", habits[0]), Value::Null).await.expect(200);
    let quota = ada.habit(json!({"schedule": {"type": "quota", "times": 3, "per": "week"}})).await;
    let path = made(&ada, json!(["habits"])).await;
    let shown = components(&app.anonymous().get(&path).await.expect(200));
    for (habit, schedule) in habits.iter().zip(&schedules) {
        let own = shown.iter().filter(|(kind, event)| kind == "VEVENT" && event["UID"].contains(habit.as_str()));
        let found: BTreeSet<String> = own.flat_map(|(_, event)| days(event, "2026-12-31")).collect();
        let range = "from=2025-09-01&to=2026-12-31";
        let due = ada.get(&format!("/habits/{habit}/occurrences?{range}")).await.expect(200).body["dates"].clone();
        assert_eq!(json!(found), due, "{schedule}");
    }
    assert!(shown.iter().all(|(_, event)| !event["UID"].contains(&quota)));
}

async fn only_what_was_asked_for_is_shown(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    for client in [&ada, &eve] {
        client.habit(json!({})).await;
        client.task(json!({"due_on": "2026-03-20"})).await;
        client.sleep("2026-03-10T22:00:00Z", "2026-03-11T06:00:00Z").await;
    }
    let path = made(&ada, json!(["sleep"])).await;
    let uids = async || {
        let feed = components(&app.anonymous().get(&path).await.expect(200));
        feed.into_iter().map(|(_, properties)| properties["UID"].clone()).collect::<Vec<_>>()
    };
    let kinds = |uids: &[String]| uids.iter().map(|uid| uid.split('-').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(&uids().await), ["sleep"]);
    for (include, shown) in [
        (json!(["habits"]), vec!["habit"]),
        (json!(["tasks"]), vec!["task"]),
        (json!(["habits", "tasks", "sleep"]), vec!["habit", "task", "sleep"]),
    ] {
        ada.patch("/me/calendar", json!({"include": include})).await.expect(200);
        assert_eq!(kinds(&uids().await), shown);
    }
    // What was done long ago is no longer shown.
    let task = ada.get("/tasks").await.expect(200).body["items"][0]["id"].as_str().unwrap().to_owned();
    ada.post(&format!("/tasks/{task}/transition"), json!({"to": "done"})).await.expect(200);
    assert_eq!(kinds(&uids().await).len(), 3);
    app.clock.set("2027-03-20T12:00:00Z");
    assert_eq!(kinds(&uids().await), ["habit"]);
}

async fn names_break_out_of_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Body, mind; soul\\").await;
    let text = "one\r\nEND:VTODO\nBEGIN:VEVENT\rUID:evil\r\n ,;\\";
    ada.task(json!({"title": "a,b;c\\n:BEGIN:VEVENT", "description": text, "theme_id": theme})).await;
    let path = made(&ada, json!(["tasks"])).await;
    let feed = app.anonymous().get(&path).await.expect(200);
    let [(kind, task)] = &components(&feed)[..] else { panic!("{}", feed.text()) };
    assert_eq!((kind.as_str(), task["SUMMARY"].as_str()), ("VTODO", "a\\,b\\;c\\\\n:BEGIN:VEVENT"));
    assert_eq!(task["DESCRIPTION"], "one\\nEND:VTODO\\nBEGIN:VEVENT\\nUID:evil\\n \\,\\;\\\\");
    assert_eq!(task["CATEGORIES"], "Body\\, mind\\; soul\\\\");
}

async fn a_reader_asks_whether_there_is_something_new(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-01-01"})).await;
    let path = made(&ada, json!(["habits"])).await;
    let feed = app.anonymous().get(&path).await.expect(200);
    app.clock.advance(3 * 86_400);
    let ada = app.log_in("ada").await;
    let known = app.anonymous().with_header("if-none-match", &feed.etag());
    let same = known.get(&path).await.expect(304);
    assert_eq!((same.etag(), same.bytes.len()), (feed.etag(), 0));
    // What was done isn't shown, and changes nothing.
    ada.done(&habit, &["2026-03-12"]).await;
    known.get(&path).await.expect(304);
    ada.patch(&format!("/habits/{habit}"), json!({"name": "Read more"})).await.expect(200);
    let changed = known.get(&path).await.expect(200);
    assert!(changed.text().contains("SUMMARY:Read more\r\n"));
    assert_eq!(components(&changed)[0].1["LAST-MODIFIED"], "20260314T120000Z");
}

async fn a_calendar_of_a_deactivated_account_shows_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let path = made(&ada, json!(["habits"])).await;
    app.anonymous().get(&path).await.expect(200);
    app.database.execute("UPDATE users SET active = FALSE WHERE username = 'ada'");
    app.anonymous().get(&path).await.problem(404, "not_found");
}

async fn a_calendar_costs_the_same_however_much_there_is(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let path = made(&ada, json!(["habits", "tasks", "sleep"])).await;
    let theme = ada.theme("Health").await;
    let mut costs = BTreeSet::new();
    for day in 1..10 {
        for _ in 0..5 {
            ada.habit(json!({"starts_on": "2026-01-01", "theme_id": theme})).await;
            ada.task(json!({"theme_id": theme})).await;
        }
        ada.sleep(&format!("2026-03-0{day}T00:00:00Z"), &format!("2026-03-0{day}T07:00:00Z")).await;
        costs.insert(app.anonymous().get(&path).await.expect(200).statements());
    }
    assert_eq!(costs, BTreeSet::from([5]));
    let unknown = format!("/api/v1/calendar/{}.ics", "A".repeat(64));
    assert_eq!(app.anonymous().get(&unknown).await.expect(404).statements(), 1);
}
