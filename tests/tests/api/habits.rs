//! `/habits`: the main job from registering to streaks, and the life of a habit.

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    from_registering_to_streaks,
    a_habit_is_read_as_it_was_made,
    icon_question_and_time_of_day_are_kept_shown_and_cleared,
    a_habit_is_archived_and_restored,
    a_habit_past_its_end_is_archived_by_itself,
    habits_keep_the_order_they_are_put_in,
    lists_are_filtered,
    names_are_ordered_and_found_as_people_expect,
    counts_are_done_by_their_value,
    at_most_is_done_once_the_day_is_over,
    quotas_are_met_by_period,
    amounts_are_met_by_period,
    limits_of_a_period_are_scored_by_keeping_them,
    a_deleted_habit_is_gone_with_its_entries,
);

async fn from_registering_to_streaks(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"name": "Run", "starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-08", "2026-03-09", "2026-03-10"]).await;

    let today = ada.get("/habits/today").await.expect(200).body;
    assert_eq!(today["date"], "2026-03-11");
    let item = &today["items"][0];
    assert_eq!((&item["habit"]["id"], &item["due"], &item["state"]), (&json!(habit), &json!(true), &json!("pending")));
    assert_eq!(item["streak"], json!({"current": 3, "longest": 3, "unit": "occurrences"}));
    assert_eq!(today["summary"], json!({"due": 1, "done": 0, "skipped": 0, "rate": 0.0}));

    ada.done(&habit, &["2026-03-11"]).await;
    let today = ada.get("/habits/today").await.expect(200).body;
    assert_eq!(today["items"][0]["state"], "done");
    assert_eq!(today["summary"], json!({"due": 1, "done": 1, "skipped": 0, "rate": 1.0}));
    // A half-life of 13 days, four days kept.
    let score = today["items"][0]["score"].as_f64().unwrap();
    assert!((score - (1.0 - 0.5_f64.powf(4.0 / 13.0))).abs() < 1e-6, "{score}");

    let streak = ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body;
    let best = json!([{"length": 4, "unit": "occurrences", "from": "2026-03-08", "to": "2026-03-11"}]);
    let expected = json!({
        "current": 4, "longest": 4, "unit": "occurrences",
        "current_from": "2026-03-08", "current_to": "2026-03-11", "best": best,
    });
    assert_eq!(streak, expected);
    let explained = ada.get(&format!("/habits/{habit}/streak?explain=true&on=2026-03-09")).await.expect(200).body;
    assert_eq!(explained["current"], 2);
    let days = explained["days"].as_array().unwrap();
    assert_eq!(days.len(), 9);
    assert_eq!((&days[6]["date"], &days[6]["reason"]), (&json!("2026-03-07"), &json!("missed")));
    assert_eq!((&days[8]["date"], &days[8]["reason"]), (&json!("2026-03-09"), &json!("done")));

    let scores = ada.get(&format!("/habits/{habit}/score?from=2026-03-07&to=2026-03-11")).await.expect(200).body;
    let scores: Vec<f64> = scores["items"].as_array().unwrap().iter().map(|s| s["score"].as_f64().unwrap()).collect();
    assert_eq!(scores.len(), 5);
    for (days, score) in scores.iter().enumerate() {
        let days = f64::from(u32::try_from(days).unwrap());
        assert!((score - (1.0 - 0.5_f64.powf(days / 13.0))).abs() < 1e-6, "{scores:?}");
    }

    let stats = ada.get(&format!("/habits/{habit}/stats")).await.expect(200).body;
    assert_eq!(
        stats["totals"],
        json!({
            "done": 4, "due": 11, "missed": 7, "days": {"due": 11, "done": 4}, "periods": {"due": 0, "done": 0},
            "skipped": 0, "bonus": 0, "value": 0,
        })
    );
    assert_eq!(stats["completion_rate"], 0.363_636);
    assert_eq!(stats["progress"], Value::Null);
    assert_eq!(stats["by_month"], json!([{"month": "2026-03", "done": 4, "due": 11, "rate": 0.363_636}]));
    assert_eq!(stats["by_weekday"].as_array().unwrap().len(), 7);

    let year = ada.get(&format!("/habits/{habit}/calendar?year=2026")).await.expect(200).body;
    let days = year["days"].as_array().unwrap();
    assert_eq!(days.len(), 365);
    let state = |date: &str| &days.iter().find(|day| day["date"] == date).unwrap()["state"];
    assert_eq!(
        ["2026-02-28", "2026-03-07", "2026-03-08", "2026-03-11", "2026-12-31"].map(state),
        [&json!("not_due"), &json!("missed"), &json!("done"), &json!("done"), &json!("pending")]
    );

    let due = ada.get(&format!("/habits/{habit}/occurrences?from=2026-02-01&to=2026-03-31")).await.expect(200).body;
    assert_eq!((&due["count"], &due["dates"][0]), (&json!(31), &json!("2026-03-01")));
}

async fn a_habit_is_read_as_it_was_made(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Health").await;
    let given = json!({
        "name": "Ünïcode 🏃 x", "description": "früh\nmorgens", "theme_id": theme, "color": "#1E90FF",
        "kind": {"type": "minutes", "target": 30, "direction": "at_least"},
        "schedule": {"type": "weekly", "weekdays": ["mo", "we"], "every": 2},
        "starts_on": "2026-03-02", "ends_on": "2026-12-31",
    });
    let made = ada.post("/habits", given.clone()).await.expect(201);
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(made.header("location"), Some(format!("/api/v1/habits/{id}").as_str()));
    let read = ada.get(&format!("/habits/{id}")).await.expect(200);
    assert_eq!((&read.body, read.etag()), (&made.body, made.etag()));
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&read.body[name], value, "{name}");
    }
    assert_eq!((&read.body["status"], &read.body["archived_because"]), (&json!("active"), &Value::Null));
    assert_eq!(read.body["created_at"], "2026-03-11T12:00:00Z");
    // A merge: what is absent stays, null clears.
    app.clock.advance(60);
    let patch = json!({"name": "Walk", "theme_id": null, "ends_on": null});
    let changed = ada.patch(&format!("/habits/{id}"), patch).await.expect(200).body;
    assert_eq!(
        ["name", "theme_id", "ends_on", "description", "color", "updated_at"].map(|name| changed[name].clone()),
        [
            json!("Walk"),
            Value::Null,
            Value::Null,
            json!("früh\nmorgens"),
            json!("#1E90FF"),
            json!("2026-03-11T12:01:00Z")
        ]
    );
    assert_eq!(ada.get(&format!("/habits/{id}")).await.expect(200).body, changed);
}

async fn icon_question_and_time_of_day_are_kept_shown_and_cleared(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let bare = ada.habit(json!({"name": "Bare"})).await;
    let shown = |habit: &Value| json!([habit["icon"], habit["question"], habit["time_of_day"]]);
    let bare = ada.get(&format!("/habits/{bare}")).await.expect(200).body;
    assert_eq!(shown(&bare), json!([null, null, "any"]));
    // A family is seven characters, some of which show nothing by themselves.
    let prompts = json!({"icon": "👨‍👩‍👧‍👦", "question": " Did you call home? ", "time_of_day": "evening"});
    let habit = ada.habit(prompts).await;
    let path = format!("/habits/{habit}");
    let expected = json!(["👨‍👩‍👧‍👦", "Did you call home?", "evening"]);
    assert_eq!(shown(&ada.get(&path).await.expect(200).body), expected);
    let today = ada.get("/habits/today").await.expect(200).body;
    assert_eq!(shown(&today["items"][1]["habit"]), expected);
    for (time, names) in [("evening", vec!["Read"]), ("any", vec!["Bare"]), ("morning", vec![])] {
        assert_eq!(ada.get(&format!("/habits?time_of_day={time}")).await.expect(200).each("name"), names, "{time}");
    }
    ada.get("/habits?time_of_day=noon").await.names("/time_of_day");
    let changed = ada.patch(&path, json!({"time_of_day": "morning", "icon": null})).await.expect(200).body;
    assert_eq!(shown(&changed), json!([null, "Did you call home?", "morning"]));
    let cleared = ada.patch(&path, json!({"question": null})).await.expect(200).body;
    assert_eq!(shown(&cleared), json!([null, null, "morning"]));
    for (field, wrong) in [
        ("icon", json!("x".repeat(33))),
        ("icon", json!("")),
        ("icon", json!("a\nb")),
        ("question", json!("x".repeat(201))),
        ("question", json!("a\nb")),
        ("time_of_day", json!("noon")),
        ("time_of_day", json!(null)),
    ] {
        ada.patch(&path, json!({field: wrong})).await.names(&format!("/{field}"));
    }
}

async fn a_habit_is_archived_and_restored(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-10"]).await;
    let archived = ada.post(&format!("/habits/{habit}/archive"), Value::Null).await.expect(200).body;
    assert_eq!((&archived["status"], &archived["archived_because"]), (&json!("archived"), &json!("user")));
    assert_eq!(ada.get("/habits/today").await.expect(200).body["items"], json!([]));
    assert_eq!(ada.get("/habits?status=active").await.expect(200).body["items"], json!([]));
    assert_eq!(ada.get("/habits?status=archived").await.expect(200).each("id"), [habit.as_str()]);
    assert_eq!(ada.get(&format!("/habits/{habit}/entries")).await.expect(200).each("date"), ["2026-03-10"]);
    let restored = ada.post(&format!("/habits/{habit}/restore"), Value::Null).await.expect(200).body;
    assert_eq!((&restored["status"], &restored["archived_because"]), (&json!("active"), &Value::Null));
    assert_eq!(ada.get("/habits/today").await.expect(200).body["items"][0]["streak"]["current"], 1);
}

async fn a_habit_past_its_end_is_archived_by_itself(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01", "ends_on": "2026-03-11"})).await;
    let path = format!("/habits/{habit}");
    assert_eq!(ada.get(&path).await.expect(200).body["status"], "active");
    app.clock.set("2026-03-12T00:00:00Z");
    let ada = app.log_in("ada").await;
    let ended = ada.get(&path).await.expect(200).body;
    assert_eq!((&ended["status"], &ended["archived_because"]), (&json!("archived"), &json!("ended")));
    assert_eq!(ada.get("/habits/today").await.expect(200).body["items"], json!([]));
    assert_eq!(ada.get("/habits?status=archived").await.expect(200).each("id"), [habit.as_str()]);
    ada.post(&format!("{path}/restore"), Value::Null).await.problem(409, "habit_ended");
    let back = ada.patch(&path, json!({"ends_on": "2026-03-12"})).await.expect(200).body;
    assert_eq!((&back["status"], &back["archived_because"]), (&json!("active"), &Value::Null));
    assert_eq!(ada.get("/habits/today").await.expect(200).body["items"][0]["habit"]["id"], habit.as_str());
    ada.patch(&path, json!({"ends_on": "2026-02-28"})).await.names("/ends_on");
}

async fn habits_keep_the_order_they_are_put_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C", "D"] {
        ids.push(ada.habit(json!({"name": name})).await);
    }
    assert_eq!(ada.get("/habits").await.expect(200).each("name"), ["A", "B", "C", "D"]);
    ada.put("/habits/order", json!({"ids": [ids[3], ids[1]]})).await.expect(204);
    assert_eq!(ada.get("/habits").await.expect(200).each("name"), ["D", "B", "A", "C"]);
    assert_eq!(ada.get("/habits?sort=-position").await.expect(200).each("name"), ["C", "A", "B", "D"]);
    let today = ada.get("/habits/today").await.expect(200).body;
    assert_eq!(today["items"][0]["habit"]["name"], "D");
    ada.put("/habits/order", json!({"ids": [ids[0], ids[0]]})).await.names("/ids/1");
    assert_eq!(ada.get("/habits").await.expect(200).each("name"), ["D", "B", "A", "C"]);
}

async fn lists_are_filtered(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Health").await;
    ada.habit(json!({"name": "Élan", "theme_id": theme})).await;
    let weekly = json!({"type": "weekly", "weekdays": ["mo"]});
    ada.habit(json!({"name": "100% effort", "description": "an ELAN of a kind", "schedule": weekly})).await;
    let names = async |query: &str| ada.get(&format!("/habits?{query}")).await.expect(200).each("name");
    assert_eq!(names(&format!("theme_id={theme}")).await, ["Élan"]);
    assert_eq!(names("schedule_type=weekly").await, ["100% effort"]);
    assert_eq!(names("q=%C3%89LAN").await, ["Élan", "100% effort"], "whatever the case and the accents");
    assert_eq!(names("q=elan").await, ["Élan", "100% effort"], "in the description, too");
    assert_eq!(names("q=e%CC%81lan%20o").await, ["100% effort"]);
    assert_eq!(names("q=0%25").await, ["100% effort"], "no pattern");
    assert_eq!(names("q=_").await, [""; 0], "no pattern");
    assert_eq!(names("due_on=2026-03-12").await, ["Élan"]);
    assert_eq!(names("due_on=2026-03-16").await, ["Élan", "100% effort"]);
    assert_eq!(names("sort=-name").await, ["Élan", "100% effort"]);
}

async fn names_are_ordered_and_found_as_people_expect(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for name in ["zoo", "Straße", "Äpfel", "Birne", "apfel", "İstanbul", "strasse"] {
        ada.habit(json!({"name": name, "description": "Ein ÜBEL"})).await;
        ada.theme(name).await;
        ada.task(json!({"title": name, "description": "Ein ÜBEL"})).await;
    }
    let ordered = ["apfel", "Äpfel", "Birne", "İstanbul", "strasse", "Straße", "zoo"];
    for (list, member) in [("/habits?sort=name", "name"), ("/tasks?sort=title", "title"), ("/themes", "name")] {
        assert_eq!(ada.get(list).await.expect(200).each(member), ordered, "{list}");
    }
    for (sought, expected) in [
        ("apfel", vec!["apfel", "Äpfel"]),
        ("%C3%84PFEL", vec!["apfel", "Äpfel"]),
        ("a%CC%88pfel", vec!["apfel", "Äpfel"]),
        ("STRASSE", vec!["strasse", "Straße"]),
        ("stra%C3%9Fe", vec!["strasse", "Straße"]),
        ("istanbul", vec!["İstanbul"]),
        ("ein%20ubel", ordered.to_vec()),
        ("apfelein", vec![]),
    ] {
        for (list, member) in [("/habits?sort=name", "name"), ("/tasks?sort=title", "title")] {
            let found = ada.get(&format!("{list}&q={sought}")).await.expect(200).each(member);
            assert_eq!(found, expected, "{sought} in {list}");
        }
    }
}

async fn counts_are_done_by_their_value(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "count", "target": 8, "unit": "glasses", "direction": "at_least"});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-10");
    let told = async |body: Value| {
        let entry = ada.put(&path, body).await;
        assert!(entry.status < 300, "{}", entry.body);
        (entry.entry()["state"].clone(), entry.entry()["value"].clone())
    };
    assert_eq!(told(json!({"value": 5})).await, (json!("missed"), json!(5)));
    assert_eq!(told(json!({"value": 8})).await, (json!("done"), json!(8)));
    assert_eq!(told(json!({"state": "done"})).await, (json!("done"), json!(8)), "the target");
    assert_eq!(told(json!({"state": "done", "value": 11})).await, (json!("done"), json!(11)));
    ada.put(&path, json!({"state": "done", "value": 7})).await.problem(422, "validation_failed");
    assert_eq!(ada.get(&path).await.expect(200).body["value"], 11, "what was refused changed nothing");
    let today = ada.get("/habits/today?on=2026-03-10").await.expect(200).body;
    assert_eq!((&today["items"][0]["value"], &today["items"][0]["target"]), (&json!(11), &json!(8)));

    let minutes = ada.habit(json!({"kind": {"type": "minutes", "target": 30}})).await;
    let path = format!("/habits/{minutes}/entries/2026-03-11");
    ada.put(&path, json!({"value": 1441})).await.names("/value");
    assert_eq!(ada.put(&path, json!({"value": 1440})).await.expect(201).entry()["state"], "done");

    let check = ada.habit(json!({})).await;
    ada.put(&format!("/habits/{check}/entries/2026-03-11"), json!({"state": "done", "value": 1})).await.names("/value");
    ada.put(&format!("/habits/{check}/entries/2026-03-11"), json!({})).await.names("/state");
}

async fn at_most_is_done_once_the_day_is_over(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "count", "target": 2, "unit": "coffees", "direction": "at_most"});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-08"})).await;
    let item = async || ada.get("/habits/today").await.expect(200).body["items"][0].clone();
    // No entry counts as 0 once the day is over.
    assert_eq!((&item().await["state"], &item().await["streak"]["current"]), (&json!("pending"), &json!(3)));
    ada.put(&format!("/habits/{habit}/entries/2026-03-11"), json!({"value": 2})).await.expect(201);
    assert_eq!(item().await["state"], "pending", "the day isn't over");
    ada.put(&format!("/habits/{habit}/entries/2026-03-11"), json!({"value": 3})).await.expect(200);
    let over = item().await;
    assert_eq!((&over["state"], &over["streak"]["current"]), (&json!("missed"), &json!(0)), "nothing can mend it");
    let tomorrow = ada.get("/habits/today?on=2026-03-12").await.expect(200).body;
    assert_eq!(tomorrow["items"][0]["streak"]["current"], 0, "exceeded, and the day is over");
    ada.put(&format!("/habits/{habit}/entries/2026-03-11"), json!({"value": 1})).await.expect(200);
    ada.put(&format!("/habits/{habit}/entries/2026-03-09"), json!({"value": 3})).await.expect(201);
    assert_eq!(item().await["streak"]["current"], 1);
}

async fn quotas_are_met_by_period(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let schedule = json!({"type": "quota", "times": 3, "per": "week"});
    let habit = ada.habit(json!({"schedule": schedule, "starts_on": "2026-03-02"})).await;
    let item = async || ada.get("/habits/today").await.expect(200).body["items"][0].clone();
    ada.done(&habit, &["2026-03-02", "2026-03-05", "2026-03-08", "2026-03-09", "2026-03-10"]).await;
    let running = item().await;
    let period = json!({"from": "2026-03-09", "to": "2026-03-15", "done": 2, "needed": 3});
    assert_eq!((&running["period"], &running["due"]), (&period, &json!(true)));
    assert_eq!(running["streak"], json!({"current": 1, "longest": 1, "unit": "weeks"}));
    ada.done(&habit, &["2026-03-11"]).await;
    assert_eq!(item().await["streak"], json!({"current": 2, "longest": 2, "unit": "weeks"}));
    assert_eq!(item().await["period"]["done"], 3);
    let tomorrow = ada.get("/habits/today?on=2026-03-12").await.expect(200).body;
    assert_eq!(tomorrow["items"][0]["due"], false, "the week has met its number");
}

async fn amounts_are_met_by_period(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let schedule = json!({"type": "quota", "amount": 150, "per": "week"});
    ada.post("/habits", json!({"name": "Run", "schedule": schedule})).await.names("/schedule");
    let minutes = json!({"type": "minutes", "target": 30});
    let habit = ada.habit(json!({"schedule": schedule, "kind": minutes, "starts_on": "2026-03-02"})).await;
    for (date, value) in [("2026-03-09", 60), ("2026-03-10", 89)] {
        ada.put(&format!("/habits/{habit}/entries/{date}"), json!({"value": value})).await.expect(201);
    }
    let item = async || ada.get("/habits/today").await.expect(200).body["items"][0].clone();
    let period = json!({"from": "2026-03-09", "to": "2026-03-15", "done": 149, "needed": 150});
    assert_eq!((&item().await["period"], &item().await["streak"]["current"]), (&period, &json!(0)));
    ada.post(&format!("/habits/{habit}/entries/2026-03-11/increment"), json!({"by": 1})).await.expect(200);
    assert_eq!((&item().await["period"]["done"], &item().await["streak"]["current"]), (&json!(150), &json!(1)));
}

async fn limits_of_a_period_are_scored_by_keeping_them(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut scores = Vec::new();
    for value in [0, 2, 8] {
        let schedule = json!({"type": "quota", "amount": 14, "per": "week"});
        let kind = json!({"type": "count", "target": 2, "unit": "drinks", "direction": "at_most"});
        let habit = ada.habit(json!({"schedule": schedule, "kind": kind, "starts_on": "2026-02-01"})).await;
        let items = (1..29).map(|day| json!({"habit_id": habit, "date": format!("2026-02-{day:02}"), "value": value}));
        ada.post("/entries/batch", json!({"items": items.collect::<Vec<_>>()})).await.expect(200);
        let path = format!("/habits/{habit}/score?from=2026-02-28&to=2026-02-28&on=2026-03-01");
        scores.push(ada.get(&path).await.expect(200).body["items"][0]["score"].as_f64().unwrap());
    }
    // Kept all the time, whether by little or by much: a half-life of 13 √7 days. Four times what is allowed: a quarter.
    let kept = 1.0 - 0.5_f64.powf(28.0 / (13.0 * 7.0_f64.sqrt()));
    for (score, expected) in scores.iter().zip([kept, kept, kept / 4.0]) {
        assert!((score - expected).abs() < 1e-6, "{scores:?}");
    }
}

async fn a_deleted_habit_is_gone_with_its_entries(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-10"]).await;
    ada.delete(&format!("/habits/{habit}")).await.expect(204);
    for path in ["", "/entries", "/entries/2026-03-10", "/streak", "/plans"] {
        ada.get(&format!("/habits/{habit}{path}")).await.problem(404, "habit_not_found");
    }
    ada.delete(&format!("/habits/{habit}")).await.problem(404, "habit_not_found");
    assert_eq!(app.database.number("SELECT count(*) FROM entries"), 0);
    assert_eq!(app.database.number("SELECT count(*) FROM habit_histories"), 0);
}
