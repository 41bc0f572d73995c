//! Many requests at once.

use std::collections::BTreeMap;

use circadia_tests::{Answer, Backend, Client, TestApp, fresh_id, scenarios};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

scenarios!(
    a_hundred_puts_of_one_entry_leave_one,
    a_thousand_increments_add_up,
    eight_writers_lose_nothing,
    one_id_is_made_once,
    two_pauses_of_all_habits_at_once_are_both_in_every_habit,
    of_sleeps_that_overlap_one_is_stored,
    sleeps_replace_each_other_one_after_the_other,
    two_hundred_parallel_refreshes_have_one_child,
    one_name_is_registered_once,
    counts_of_themes_lose_nothing,
    increments_and_time_entries_add_up,
    two_starts_at_once_make_one_timer,
);

/// Sends requests at the same time. A database that is busy for too long may refuse with 503 and say when to come back
/// (nothing was stored then): such a request is sent again, as clients do. No other 5xx is let through.
pub(crate) async fn at_once(requests: Vec<(Client, Method, String, Value)>) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for (client, method, path, body) in requests {
        tasks.spawn(async move {
            loop {
                let answer = client.call(method.clone(), &path, &body).await;
                if answer.status != 503 {
                    assert!(answer.status < 500, "{} answered {}", answer.request, answer.body);
                    return answer;
                }
                assert_eq!(answer.body["code"], "unavailable");
                assert!(answer.header("retry-after").is_some(), "{} doesn't say when to come back", answer.request);
            }
        });
    }
    tasks.join_all().await
}

/// How often each status was answered.
pub(crate) fn statuses(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for answer in answers {
        *statuses.entry(answer.status).or_default() += 1;
    }
    statuses
}

async fn a_hundred_puts_of_one_entry_leave_one(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "count", "target": 1, "unit": "pages"});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-11");
    let put = |value: usize| (ada.clone(), Method::PUT, path.clone(), json!({"value": value}));
    let answers = at_once((1..=100).map(put).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 99), (201, 1)]));
    let entries = ada.get(&format!("/habits/{habit}/entries")).await.expect(200);
    assert_eq!(entries.each("date"), ["2026-03-11"]);
    assert_eq!(app.database.number("SELECT count(*) FROM entries"), 1);
    let last = &entries.body["items"][0];
    assert!(answers.iter().any(|answer| answer.entry()["value"] == last["value"]), "{last}");
    let streak = ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body;
    assert_eq!(streak["current"], 1);
}

async fn a_thousand_increments_add_up(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "count", "target": 1, "unit": "pages"});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-11");
    let increment = |_| (ada.clone(), Method::POST, format!("{path}/increment"), json!({"by": 1}));
    let answers = at_once((0..1000).map(increment).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 1000)]));
    // Each saw a sum that no other saw.
    let mut seen: Vec<u64> = answers.iter().map(|answer| answer.entry()["value"].as_u64().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=1000).collect::<Vec<u64>>());
    assert_eq!(ada.get(&path).await.expect(200).body["value"], 1000);
}

async fn eight_writers_lose_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let mut clients = Vec::new();
    // Half of them write to one account, half to their own.
    for number in 0..5 {
        clients.push(app.user(&format!("user-{number}")).await);
    }
    for _ in 0..3 {
        clients.push(clients[0].clone());
    }
    let mut writers = JoinSet::new();
    for (number, client) in clients.iter().cloned().enumerate() {
        writers.spawn(async move {
            for round in 0..10 {
                let habit = client.habit(json!({"name": format!("{number}-{round}"), "starts_on": "2026-03-01"})).await;
                client.done(&habit, &["2026-03-10", "2026-03-11"]).await;
                client.patch(&format!("/habits/{habit}"), json!({"color": "#102030"})).await.expect(200);
            }
        });
    }
    writers.join_all().await;
    for (client, count) in [(&clients[0], 40), (&clients[1], 10)] {
        let today = client.get("/habits/today").await.expect(200).body;
        let items = today["items"].as_array().unwrap();
        assert_eq!(items.len(), count);
        assert!(items.iter().all(|item| item["streak"]["current"] == 2 && item["habit"]["color"] == "#102030"));
    }
    let habits = clients[0].get("/habits?limit=100").await.expect(200);
    let mut positions: Vec<i64> =
        habits.body["items"].as_array().unwrap().iter().map(|habit| habit["position"].as_i64().unwrap()).collect();
    positions.dedup();
    assert_eq!(positions.len(), 40, "two habits stand at one place");
    assert_eq!(app.database.number("SELECT count(*) FROM entries"), 160);
}

async fn one_id_is_made_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let id = fresh_id();
    let same = |_| (ada.clone(), Method::POST, "/themes".to_owned(), json!({"id": id, "name": "Health"}));
    let answers = at_once((0..20).map(same).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(201, 20)]));
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    let other = |number| {
        (
            ada.clone(),
            Method::POST,
            "/themes".to_owned(),
            json!({"name": if number % 2 == 0 { "Work" } else { "WORK" }}),
        )
    };
    let answers = at_once((0..20).map(other).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(201, 1), (409, 19)]));
    assert_eq!(ada.get("/themes").await.expect(200).each("id").len(), 2);
}

async fn of_sleeps_that_overlap_one_is_stored(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for round in 1..=5 {
        let night = |start: &str| json!({"start": start, "end": format!("2026-03-0{round}T07:00:00Z")});
        let two = [night(&format!("2026-03-0{round}T00:00:00Z")), night(&format!("2026-03-0{round}T05:00:00Z"))];
        let post = |body: &Value| (ada.clone(), Method::POST, "/sleep".to_owned(), body.clone());
        let answers = at_once(two.iter().map(post).collect()).await;
        assert_eq!(statuses(&answers), BTreeMap::from([(201, 1), (409, 1)]));
        let (stored, refused) =
            if answers[0].status == 201 { (&answers[0], &answers[1]) } else { (&answers[1], &answers[0]) };
        assert_eq!(refused.body["code"], "sleep_overlap");
        let conflict = json!([{"id": stored.body["id"], "start": stored.body["start"], "end": stored.body["end"]}]);
        assert_eq!(refused.body["conflicts"], conflict);
    }
    let ten = (0..10).map(|minute| {
        let body = json!({"start": format!("2026-03-10T00:{minute:02}:00Z"), "end": "2026-03-10T07:00:00Z"});
        (ada.clone(), Method::POST, "/sleep".to_owned(), body)
    });
    assert_eq!(statuses(&at_once(ten.collect()).await), BTreeMap::from([(201, 1), (409, 9)]));
    assert_eq!(app.database.number("SELECT count(*) FROM sleep_logs"), 6);
}

async fn sleeps_replace_each_other_one_after_the_other(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let ten = (0..10).map(|minute| {
        let body = json!({"start": format!("2026-03-10T00:{minute:02}:00Z"), "end": "2026-03-10T07:00:00Z"});
        (ada.clone(), Method::POST, "/sleep?on_overlap=replace".to_owned(), body)
    });
    assert_eq!(statuses(&at_once(ten.collect()).await), BTreeMap::from([(201, 10)]));
    assert_eq!(app.database.number("SELECT count(*) FROM sleep_logs"), 1);
    assert_eq!(app.database.number("SELECT count(*) FROM tombstones WHERE kind = 'sleep_log'"), 9);
}

async fn two_hundred_parallel_refreshes_have_one_child(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let body = json!({"refresh_token": ada.refresh_token()});
    let refresh = |_| (app.anonymous(), Method::POST, "/auth/refresh".to_owned(), body.clone());
    let answers = at_once((0..200).map(refresh).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 200)]));
    let child = &answers[0].body["refresh_token"];
    assert!(answers.iter().all(|answer| answer.body["refresh_token"] == *child));
    // No session was ended by it.
    ada.get("/me").await.expect(200);
    app.anonymous().post("/auth/refresh", json!({"refresh_token": child})).await.expect(200);
}

async fn one_name_is_registered_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let register = |number: usize| {
        let body = json!({
            "username": "ada", "email": format!("ada-{number}@example.org"), "password": "correct horse battery",
        });
        (app.anonymous(), Method::POST, "/auth/register".to_owned(), body)
    };
    let answers = at_once((0..8).map(register).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(201, 1), (409, 7)]));
    assert_eq!(app.database.number("SELECT count(*) FROM users"), 1);
}

async fn counts_of_themes_lose_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (theme, other) = (ada.theme("Health").await, ada.theme("Work").await);
    let mut tasks = Vec::new();
    for _ in 0..24 {
        tasks.push(ada.task(json!({"theme_id": theme})).await);
    }
    let send = |method: Method, path: String, body: Value| (ada.clone(), method, path, body);
    let mut requests = Vec::new();
    for (number, task) in tasks.iter().enumerate() {
        let path = format!("/tasks/{task}");
        requests.push(match number % 4 {
            0 => send(Method::POST, format!("{path}/transition"), json!({"to": "done"})),
            1 => send(Method::DELETE, path, Value::Null),
            2 => send(Method::PATCH, path, json!({"theme_id": other})),
            _ => send(Method::POST, format!("{path}/transition"), json!({"to": "cancelled"})),
        });
        requests.push(send(Method::POST, "/tasks".into(), json!({"title": "More", "theme_id": theme})));
    }
    let answers = at_once(requests).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 18), (201, 24), (204, 6)]));
    let counts = async |theme: &str| {
        let counts = ada.get(&format!("/themes/{theme}")).await.expect(200).body["counts"].clone();
        (counts["tasks_open"].as_u64().unwrap(), counts["tasks_done"].as_u64().unwrap())
    };
    assert_eq!(counts(&theme).await, (24, 6));
    assert_eq!(counts(&other).await, (6, 0));
    // Each task changes its status once, whichever request is first.
    let task = ada.task(json!({"theme_id": other})).await;
    let done = |_| send(Method::POST, format!("/tasks/{task}/transition"), json!({"to": "done"}));
    let answers = at_once((0..12).map(done).collect()).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 1), (409, 11)]));
    assert_eq!(counts(&other).await, (6, 1));
}

async fn increments_and_time_entries_add_up(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "minutes", "target": 30});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-11");
    let send = |method: Method, path: String, body: Value| (ada.clone(), method, path, body);
    let spent = json!({"habit_id": habit, "minutes": 2});
    let gone: Vec<Answer> =
        at_once((0..10).map(|_| send(Method::POST, "/time-entries".into(), spent.clone())).collect()).await;
    let mut requests = Vec::new();
    for answer in &gone {
        let id = answer.body["id"].as_str().unwrap();
        requests.push(send(Method::POST, format!("{path}/increment"), json!({"by": 3})));
        requests.push(send(Method::POST, "/time-entries".into(), spent.clone()));
        requests.push(send(Method::POST, "/time-entries".into(), spent.clone()));
        requests.push(send(Method::DELETE, format!("/time-entries/{id}"), Value::Null));
    }
    let answers = at_once(requests).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 10), (201, 20), (204, 10)]));
    let entry = ada.get(&path).await.expect(200).body;
    assert_eq!(
        (&entry["value"], &entry["manual_value"], &entry["tracked_minutes"]),
        (&json!(70), &json!(30), &json!(40))
    );
    let today = ada.get("/habits/today").await.expect(200).body;
    assert_eq!((&today["items"][0]["value"], &today["items"][0]["streak"]["current"]), (&json!(70), &json!(1)));
}

async fn two_starts_at_once_make_one_timer(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for _ in 0..4 {
        let start = |_| (ada.clone(), Method::POST, "/timer/start".to_owned(), json!({}));
        let answers = at_once((0..8).map(start).collect()).await;
        assert_eq!(statuses(&answers), BTreeMap::from([(201, 1), (409, 7)]));
        let stop = |_| (ada.clone(), Method::POST, "/timer/stop".to_owned(), json!({}));
        let answers = at_once((0..8).map(stop).collect()).await;
        assert_eq!(statuses(&answers), BTreeMap::from([(201, 1), (409, 7)]));
    }
    assert_eq!(app.database.number("SELECT count(*) FROM time_entries"), 4);
    assert_eq!(app.database.number("SELECT count(*) FROM timers"), 0);
}

async fn two_pauses_of_all_habits_at_once_are_both_in_every_habit(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut habits = Vec::new();
    for _ in 0..5 {
        habits.push(ada.habit(json!({"starts_on": "2026-03-01"})).await);
    }
    let id = fresh_id();
    let post = |body: Value| (ada.clone(), Method::POST, "/me/pauses".to_owned(), body);
    let one = json!({"id": id, "from": "2026-03-02", "to": "2026-03-03"});
    let make = (ada.clone(), Method::POST, "/habits".to_owned(), json!({"name": "h", "schedule": {"type": "daily"}}));
    let requests = vec![post(one.clone()), make, post(one), post(json!({"from": "2026-03-11"}))];
    assert_eq!(statuses(&at_once(requests).await), BTreeMap::from([(201, 4)]));
    assert_eq!(ada.get("/me/pauses").await.expect(200).each("from"), ["2026-03-02", "2026-03-11"]);
    for habit in habits {
        let pauses = ada.get(&format!("/habits/{habit}/pauses")).await.expect(200);
        assert_eq!(pauses.each("from"), ["2026-03-02", "2026-03-11"], "{habit}");
    }
    for item in ada.get("/habits/today").await.expect(200).body["items"].as_array().unwrap() {
        assert_eq!(item["state"], "paused");
    }
}
