//! `GET /home`: each part is what its own route answers.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

use super::tokens::with_scopes;

scenarios!(
    each_part_is_what_its_own_route_answers,
    nothing_is_made_up_for_an_empty_account,
    the_day_is_the_users_own,
    paused_habits_are_shown_as_paused,
    the_timer_is_the_one_that_runs_now,
    the_first_fifty_due_tasks_are_shown_and_all_are_counted,
    a_night_that_lasts_for_days_is_whole,
    a_token_needs_the_scopes_of_every_part,
);

async fn read(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200).body
}

/// The home screen that the single routes make up.
async fn composed(client: &Client, query: &str) -> Value {
    let habits = read(client, &format!("/habits/today{query}")).await;
    let date = habits["date"].as_str().unwrap().to_owned();
    let due = format!("/tasks?status=todo,in_progress&due_to={date}&sort=due_on");
    let (mut total, mut cursor) = (0, String::new());
    loop {
        let page = read(client, &format!("{due}{cursor}")).await;
        total += page["items"].as_array().unwrap().len();
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let tasks = read(client, &format!("{due}&limit=50")).await["items"].clone();
    let mut sleep = read(client, &format!("/sleep/views/day?date={date}")).await;
    for member in ["timezone", "hours"] {
        sleep.as_object_mut().unwrap().remove(member).unwrap();
    }
    let mood = read(client, &format!("/moods/views/day?date={date}")).await;
    let is_empty = |list: &Value| list.as_array().unwrap().is_empty();
    json!({
        "date": date,
        "habits": habits,
        "tasks": {"items": tasks, "total": total},
        "timer": read(client, "/timer").await["running"],
        "sleep": if is_empty(&sleep["logs"]) { Value::Null } else { sleep },
        "mood": if mood["mood"].is_null() && is_empty(&mood["moments"]) { Value::Null } else { mood },
        "quote": read(client, &format!("/quotes/today{query}")).await,
    })
}

/// The home screen, which must be the one that the single routes make up.
async fn home(client: &Client, query: &str) -> Value {
    let answer = client.get(&format!("/home{query}")).await.expect(200);
    assert_eq!(answer.body, composed(client, query).await, "{query}");
    answer.body
}

/// A week up to 11 March 2026 in which something was noted of everything, and habits that began in 2024.
async fn fill(ada: &Client) {
    let theme = ada.theme("Health").await;
    let kinds = [
        json!({"type": "check"}),
        json!({"type": "minutes", "target": 30}),
        json!({"type": "count", "target": 2, "unit": "cups", "direction": "at_most"}),
    ];
    let schedules = [
        json!({"type": "daily"}),
        json!({"type": "weekly", "weekdays": ["mo", "we"]}),
        json!({"type": "quota", "times": 4, "per": "week"}),
    ];
    let mut habits = Vec::new();
    for kind in &kinds {
        for schedule in &schedules {
            let body = json!({"starts_on": "2024-03-01", "theme_id": theme, "kind": kind, "schedule": schedule});
            habits.push(ada.habit(body).await);
        }
    }
    let mut entries = Vec::new();
    for (number, habit) in habits.iter().enumerate() {
        for (position, day) in ["2024-06-01", "2026-03-04", "2026-03-09", "2026-03-10", "2026-03-11"].iter().enumerate()
        {
            match (number + position) % 4 {
                0 => {}
                1 => entries.push(json!({"habit_id": habit, "date": day, "state": "skipped"})),
                _ if number < 3 => entries.push(json!({"habit_id": habit, "date": day, "state": "done"})),
                _ => entries.push(json!({"habit_id": habit, "date": day, "value": position * 10})),
            }
        }
    }
    assert_eq!(ada.post("/entries/batch", json!({"items": entries})).await.expect(200).body["refused"], 0);
    ada.post(&format!("/habits/{}/archive", habits[8]), Value::Null).await.expect(200);
    for due_on in ["2025-01-01", "2026-03-10", "2026-03-10", "2026-03-11", "2026-03-12", "2026-04-01"] {
        ada.task(json!({"title": due_on, "due_on": due_on, "theme_id": theme, "description": "soon"})).await;
    }
    ada.task(json!({"title": "some day"})).await;
    for to in ["in_progress", "done", "cancelled"] {
        let task = ada.task(json!({"title": to, "due_on": "2026-03-09"})).await;
        ada.post(&format!("/tasks/{task}/transition"), json!({"to": to})).await.expect(200);
    }
    ada.sleep("2026-03-08T23:00:00Z", "2026-03-09T06:30:00Z").await;
    // A night in two pieces of two dates, and a nap.
    ada.sleep("2026-03-10T22:00:00Z", "2026-03-10T23:30:00Z").await;
    let full = json!({"start": "2026-03-11T00:30:00Z", "end": "2026-03-11T06:00:00Z", "quality": 4, "awake_seconds": 600, "note": "rain", "timezone": "Europe/Berlin"});
    ada.post("/sleep", full).await.expect(201);
    let nap = json!({"start": "2026-03-10T13:00:00Z", "end": "2026-03-10T13:20:00Z", "kind": "nap"});
    ada.post("/sleep", nap).await.expect(201);
    ada.put("/moods/2026-03-11", json!({"value": 7, "note": "good", "tags": ["sun"]})).await.expect(201);
    ada.put("/moods/2026-03-09", json!({"value": 2})).await.expect(201);
    for at in ["2026-03-11T06:10:00Z", "2026-03-11T05:50:00Z", "2026-03-10T12:00:00Z"] {
        let moment = json!({"at": at, "value": 5, "note": "tea", "tags": ["tea", "rain"], "timezone": "+05:30"});
        ada.post("/moods", moment).await.expect(201);
    }
    ada.post("/timer/start", json!({"habit_id": habits[1], "note": "laps"})).await.expect(201);
}

/// Today, the days before, one to come, one before the recent parts of histories, and one before everything.
const DAYS: [&str; 6] = ["", "?on=2026-03-10", "?on=2026-03-09", "?on=2026-03-14", "?on=2025-06-01", "?on=1970-01-01"];

async fn each_part_is_what_its_own_route_answers(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    fill(&ada).await;
    for query in DAYS {
        home(&ada, query).await;
    }
    // Of everything there is something.
    let today = home(&ada, "").await;
    assert_eq!((&today["date"], &today["tasks"]["total"]), (&json!("2026-03-11"), &json!(5)));
    assert_eq!(today["habits"]["items"].as_array().unwrap().len(), 8);
    assert_eq!((today["sleep"]["logs"].as_array().unwrap().len(), &today["sleep"]["goal_minutes"]), (2, &json!(480)));
    assert_eq!((today["mood"]["moments"].as_array().unwrap().len(), &today["mood"]["value"]), (2, &json!(7.0)));
    assert_eq!(today["timer"]["note"], "laps");
    assert_eq!(today["quote"]["source"], "built_in");
    // Moments alone, and a nap alone.
    let before = home(&ada, "?on=2026-03-10").await;
    assert_eq!((&before["mood"]["mood"], &before["sleep"]["night"]), (&Value::Null, &Value::Null));
    assert_eq!(before["sleep"]["naps"]["count"], 1);
    ada.get("/home?on=soon").await.names("/on");
    ada.get("/home?date=2026-03-11").await.names("/date");
    app.anonymous().get("/home").await.problem(401, "authentication_required");
    let tag = ada.get("/home").await.expect(200).etag();
    ada.with_header("if-none-match", &tag).get("/home").await.expect(304);
}

async fn nothing_is_made_up_for_an_empty_account(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for query in DAYS {
        let mut empty = home(&ada, query).await;
        let date = empty["date"].clone();
        assert!(empty.as_object_mut().unwrap().remove("quote").unwrap()["text"].is_string());
        let summary = json!({"due": 0, "done": 0, "skipped": 0, "rate": null});
        let expected = json!({
            "date": date,
            "habits": {"date": date, "items": [], "summary": summary},
            "tasks": {"items": [], "total": 0},
            "timer": null,
            "sleep": null,
            "mood": null,
        });
        assert_eq!(empty, expected, "{query}");
    }
}

async fn the_day_is_the_users_own(backend: Backend) {
    for (zone, day_start, today) in [
        ("Pacific/Kiritimati", "00:00", "2026-03-12"),
        ("Pacific/Kiritimati", "05:00", "2026-03-11"),
        ("America/Los_Angeles", "00:00", "2026-03-11"),
        ("America/Los_Angeles", "06:30", "2026-03-10"),
    ] {
        let app = TestApp::on(backend).at("2026-03-11T13:00:00Z").start();
        let ada = app.user_in("ada", zone).await;
        ada.patch("/me", json!({"day_start": day_start, "sleep_goal_minutes": 420, "locale": "de"})).await.expect(200);
        fill(&ada).await;
        for query in ["?on=2026-03-11", "?on=2026-03-10"] {
            home(&ada, query).await;
        }
        let shown = home(&ada, "").await;
        let dates = ["date", "/habits/date", "/quote/date"].map(|at| {
            let pointer = if at.starts_with('/') { at.to_owned() } else { format!("/{at}") };
            shown.pointer(&pointer).unwrap().clone()
        });
        assert_eq!(dates, [today, today, today].map(Value::from), "{zone} {day_start}");
        assert_eq!(shown["quote"]["locale"], "de");
    }
}

async fn paused_habits_are_shown_as_paused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    fill(&ada).await;
    let due = home(&ada, "?on=2026-03-10").await["habits"]["summary"]["due"].clone();
    assert_ne!(due, 0);
    ada.post("/me/pauses", json!({"from": "2026-03-10", "to": "2026-03-12"})).await.expect(201);
    for query in ["", "?on=2026-03-09", "?on=2026-03-14"] {
        home(&ada, query).await;
    }
    assert!(home(&ada, "").await["habits"]["items"].to_string().contains("paused"));
    let later = home(&ada, "?on=2026-03-10").await["habits"]["summary"]["due"].clone();
    assert!(later.as_u64() < due.as_u64(), "{later} of {due}");
}

async fn the_timer_is_the_one_that_runs_now(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let task = ada.task(json!({"due_on": "2026-03-11"})).await;
    assert_eq!(home(&ada, "").await["timer"], Value::Null);
    // Without habits and with some, in whose rows it stands.
    for habits in 0..3 {
        ada.post("/timer/start", json!({"task_id": task})).await.expect(201);
        for query in ["", "?on=2025-01-01"] {
            assert_eq!(home(&ada, query).await["timer"]["task_id"], task, "{habits} habits");
        }
        ada.delete("/timer").await.expect(204);
        assert_eq!(home(&ada, "").await["timer"], Value::Null);
        ada.habit(json!({"starts_on": "2024-01-01"})).await;
    }
}

async fn the_first_fifty_due_tasks_are_shown_and_all_are_counted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for number in 0..60 {
        ada.task(json!({"title": format!("{number}"), "due_on": format!("2026-03-{:02}", number % 11 + 1)})).await;
    }
    let today = home(&ada, "").await;
    assert_eq!((today["tasks"]["items"].as_array().unwrap().len(), &today["tasks"]["total"]), (50, &json!(60)));
    let before = home(&ada, "?on=2026-03-09").await;
    assert_eq!((before["tasks"]["items"].as_array().unwrap().len(), &before["tasks"]["total"]), (50, &json!(50)));
}

async fn a_night_that_lasts_for_days_is_whole(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for day in 1..11 {
        ada.sleep(&format!("2026-03-{day:02}T04:00:00Z"), &format!("2026-03-{:02}T02:00:00Z", day + 1)).await;
    }
    ada.put("/moods/2026-03-11", json!({"value": 3})).await.expect(201);
    let today = home(&ada, "").await;
    assert_eq!(today["sleep"]["night"]["bed"], "2026-03-01T04:00:00Z");
    assert_eq!((today["sleep"]["logs"].as_array().unwrap().len(), &today["mood"]["value"]), (10, &json!(3.0)));
    assert_eq!(home(&ada, "?on=2026-03-10").await["sleep"], Value::Null);
}

async fn a_token_needs_the_scopes_of_every_part(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let needed = ["habits:read", "sleep:read", "moods:read", "tasks:read", "time:read", "profile:read"];
    for scopes in [&needed[..], &["read"], &["write"]] {
        with_scopes(&ada, scopes).await.0.get("/home").await.expect(200);
    }
    let (token, _) = with_scopes(&ada, &["habits:write", "moods:read", "tasks:read", "stats:read"]).await;
    let refused = token.get("/home").await.problem(403, "insufficient_scope");
    assert_eq!(refused.body["detail"], "The token lacks the scopes `sleep:read`, `time:read`, `profile:read`.");
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", needed.join(" "));
    assert_eq!(refused.header("www-authenticate"), Some(challenge.as_str()));
}
