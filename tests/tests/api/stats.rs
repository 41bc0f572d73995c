//! `/stats`. (What its figures amount to in odd cases is held in the domain's tests.)

use circadia_domain::civil::{Date, DateRange};
use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    an_overview_is_of_the_users_own_days,
    a_week_of_every_tracker_is_told_by_hand,
    instants_count_for_the_day_that_it_was_for_the_user,
    a_day_is_a_range_like_any_other,
    charts_add_up_to_their_totals_whatever_the_range,
    an_account_without_anything_has_an_overview_and_no_insights,
    days_are_named_or_dated,
    insights_say_what_was_asked_and_what_is_lacking,
    what_goes_together_is_found_and_told_with_its_figures,
);

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// The figures of a line of a chart.
fn line<'a>(chart: &'a Value, key: &str) -> &'a Value {
    let lines = chart["datasets"].as_array().unwrap();
    let line = lines.iter().find(|line| line["key"] == key).unwrap_or_else(|| panic!("no {key} in {chart}"));
    assert_eq!(line["data"].as_array().unwrap().len(), chart["labels"].as_array().unwrap().len());
    &line["data"]
}

fn kpi<'a>(overview: &'a Value, key: &str) -> &'a Value {
    overview["kpis"].as_array().unwrap().iter().find(|kpi| kpi["key"] == key).unwrap()
}

async fn overview(client: &Client, query: &str) -> Value {
    client.get(&format!("/stats/overview{query}")).await.expect(200).body
}

async fn an_overview_is_of_the_users_own_days(backend: Backend) {
    // Noon of Wednesday the 11th in UTC is the 12th already in Kiritimati.
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user_in("ada", "Pacific/Kiritimati").await, app.user("eve").await);
    let theme = ada.theme("Health").await;
    let habit = ada.habit(json!({"starts_on": "2026-02-20", "theme_id": theme})).await;
    for day in ["2026-03-08", "2026-03-09", "2026-03-11"] {
        ada.put(&format!("/habits/{habit}/entries/{day}"), json!({"state": "done"})).await.expect(201);
    }
    let week = overview(&ada, "?range=7d").await;
    assert_eq!(week["range"], json!({"from": "2026-03-06", "to": "2026-03-12", "days": 7}));
    assert_eq!(week["previous_range"], json!({"from": "2026-02-27", "to": "2026-03-05", "days": 7}));
    assert_eq!(week["step"], "day");
    let habits = &week["habits"];
    assert_eq!((&habits["active"], &habits["due"], &habits["done"]), (&json!(1), &json!(6), &json!(3)));
    assert_eq!(habits["completion_rate"], 0.5);
    assert_eq!(habits["trend"]["labels"][0], "2026-03-06");
    assert_eq!(line(&habits["trend"], "done"), &json!([0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]));
    assert_eq!(line(&habits["trend"], "due"), &json!([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]));
    assert_eq!(line(&habits["trend"], "rate")[6], Value::Null);
    assert_eq!(habits["by_weekday"]["labels"], json!(["mo", "tu", "we", "th", "fr", "sa", "su"]));
    assert_eq!(line(&habits["by_weekday"], "done"), &json!([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]));
    assert_eq!((&habits["by_theme"][0]["theme"]["id"], &habits["by_theme"][0]["done"]), (&json!(theme), &json!(3)));
    let streak = &habits["top_streaks"][0];
    assert_eq!(
        (&streak["habit_id"], &streak["length"], &streak["from"]),
        (&json!(habit), &json!(1), &json!("2026-03-11"))
    );
    let done = kpi(&week, "days_done");
    assert_eq!(
        (&done["value"], &done["previous"], &done["change"], &done["unit"]),
        (&json!(3.0), &json!(0.0), &json!(3.0), &json!("days"))
    );
    // As of an earlier day, what came after it isn't known.
    let before = overview(&ada, "?range=7d&on=2026-03-09").await;
    assert_eq!((&before["range"]["to"], &before["habits"]["done"]), (&json!("2026-03-09"), &json!(2)));
    let all = overview(&ada, "?range=all").await;
    assert_eq!((&all["range"]["from"], &all["previous_range"]), (&json!("2026-02-20"), &Value::Null));
    assert_eq!(overview(&eve, "?range=all").await["habits"]["active"], 0);
    let answer = ada.get("/stats/overview").await.expect(200);
    ada.with_header("If-None-Match", &answer.etag()).get("/stats/overview").await.expect(304);
}

/// A user in UTC with some data from the end of February to Wednesday the 11th of March, which is today.
async fn an_eventful_week(app: &TestApp) -> Client {
    let ada = app.user("ada").await;
    let health = ada.theme("Health").await;
    let go = async |ada: &Client, task: &str, to: &str| {
        ada.post(&format!("/tasks/{task}/transition"), json!({"to": to})).await.expect(200);
    };
    let given_up = ada.task(json!({"priority": "medium"})).await;
    go(&ada, &given_up, "cancelled").await;
    let early = ada.task(json!({"priority": "low"})).await;
    let at = async |instant: &str| {
        app.clock.set(instant);
        app.log_in("ada").await
    };
    go(&at("2026-02-28T00:00:00Z").await, &early, "done").await;
    let urgent = at("2026-03-04T00:00:00Z").await.task(json!({"priority": "high", "theme_id": health})).await;
    go(&at("2026-03-05T12:00:00Z").await, &urgent, "done").await;
    at("2026-03-06T08:00:00Z").await.task(json!({"priority": "low"})).await;

    let ada = at("2026-03-11T12:00:00Z").await;
    let habit = ada.habit(json!({"starts_on": "2026-02-01", "theme_id": health})).await;
    ada.done(&habit, &["2026-03-05", "2026-03-06", "2026-03-07", "2026-03-09", "2026-03-10"]).await;
    for (date, minutes, habit) in [("2026-03-03", 30, None), ("2026-03-05", 60, Some(&habit)), ("2026-03-11", 15, None)]
    {
        let entry = json!({"date": date, "minutes": minutes, "habit_id": habit});
        ada.post("/time-entries", entry).await.expect(201);
    }
    for log in [
        json!({"start": "2026-02-28T23:00:00Z", "end": "2026-03-01T06:00:00Z", "quality": 5}),
        json!({"start": "2026-03-05T23:30:00Z", "end": "2026-03-06T03:00:00Z"}),
        json!({"start": "2026-03-06T04:00:00Z", "end": "2026-03-06T07:00:00Z", "quality": 4}),
        json!({"start": "2026-03-06T13:00:00Z", "end": "2026-03-06T14:00:00Z", "quality": 1, "kind": "nap"}),
        json!({"start": "2026-03-09T23:00:00Z", "end": "2026-03-10T07:00:00Z", "quality": 2, "awake_seconds": 1800}),
    ] {
        ada.post("/sleep", log).await.expect(201);
    }
    for (date, value) in [("2026-03-04", 3), ("2026-03-05", 4)] {
        ada.put(&format!("/moods/{date}"), json!({"value": value})).await.expect(201);
    }
    for (hour, value) in [(8, 7), (20, 9)] {
        let at = format!("2026-03-07T{hour:02}:00:00Z");
        ada.post("/moods", json!({"at": at, "value": value})).await.expect(201);
    }
    ada
}

async fn a_week_of_every_tracker_is_told_by_hand(backend: Backend) {
    let app = TestApp::on(backend).at("2026-02-27T00:00:00Z").start();
    let ada = an_eventful_week(&app).await;
    let week = overview(&ada, "?range=7d").await;
    assert_eq!(week["previous_range"], json!({"from": "2026-02-26", "to": "2026-03-04", "days": 7}));
    let kpis: Vec<Value> = week["kpis"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kpi| json!([kpi["key"], kpi["value"], kpi["unit"], kpi["previous"], kpi["change"]]))
        .collect();
    let expected = [
        // Six days are over, one of them was missed; the week before, nothing was done on seven.
        json!(["completion_rate", 0.833_333, "ratio", 0.0, 0.833_333]),
        json!(["days_done", 5.0, "days", 0.0, 5.0]),
        json!(["tasks_completed", 1.0, "tasks", 1.0, 0.0]),
        json!(["minutes_tracked", 75.0, "minutes", 30.0, 45.0]),
        // 3 h 30 and 3 h are one night, 8 h without half an hour awake the other; seven hours the week before.
        json!(["sleep_duration", 420.0, "minutes", 420.0, 0.0]),
        json!(["sleep_quality", 3.0, "points", 5.0, -2.0]),
        // A day of 4 and one of moments, 7 and 9.
        json!(["mood", 6.0, "points", 3.0, 3.0]),
    ];
    assert_eq!(kpis, expected);

    let sleep = &week["sleep"];
    assert_eq!(
        (&sleep["nights"], &sleep["avg_minutes"], &sleep["avg_quality"]),
        (&json!(2), &json!(420.0), &json!(3.0))
    );
    assert_eq!(line(&sleep["trend"], "minutes"), &json!([null, 390.0, null, null, null, 450.0, null]));
    assert_eq!(line(&sleep["trend"], "quality"), &json!([null, 4.0, null, null, null, 2.0, null]));
    assert_eq!((&week["mood"]["days"], &week["mood"]["avg"]), (&json!(2), &json!(6.0)));
    assert_eq!(line(&week["mood"]["trend"], "mood"), &json!([4.0, null, 8.0, null, null, null, null]));

    let tasks = &week["tasks"];
    let figures = ["total", "active", "completed", "completion_rate", "created_in_range", "completed_in_range"];
    let found: Vec<&Value> = figures.iter().map(|figure| &tasks[figure]).collect();
    assert_eq!(json!(found), json!([4, 1, 2, 0.666_667, 1, 1]));
    assert_eq!(tasks["avg_completion_hours"], 36.0);
    assert_eq!(line(&tasks["trend"], "created"), &json!([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
    assert_eq!(line(&tasks["trend"], "completed"), &json!([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
    let priorities = json!([
        {"priority": "high", "total": 1, "active": 0, "completed": 1, "completion_rate": 1.0},
        {"priority": "medium", "total": 1, "active": 0, "completed": 0, "completion_rate": null},
        {"priority": "low", "total": 2, "active": 1, "completed": 1, "completion_rate": 0.5},
    ]);
    assert_eq!(tasks["by_priority"], priorities);
    let of_themes = |part: &Value, figure: &str| -> Vec<Value> {
        let themes = part["by_theme"].as_array().unwrap().iter();
        themes.map(|of| json!([of["theme"]["name"], of[figure]])).collect()
    };
    assert_eq!(of_themes(tasks, "total"), [json!(["Health", 1]), json!([null, 3])]);
    assert_eq!(of_themes(&week["habits"], "done"), [json!(["Health", 5])]);
    let time = &week["time"];
    assert_eq!((&time["total_minutes"], &time["days"]), (&json!(75), &json!(2)));
    assert_eq!(line(&time["trend"], "minutes"), &json!([60.0, 0.0, 0.0, 0.0, 0.0, 0.0, 15.0]));
    assert_eq!(of_themes(time, "minutes"), [json!(["Health", 60]), json!([null, 15])]);
}

async fn instants_count_for_the_day_that_it_was_for_the_user(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-01T00:00:00Z").start();
    app.user_in("york", "America/New_York").await;
    app.user_in("isle", "Pacific/Kiritimati").await;
    app.user("late").await.patch("/me", json!({"day_start": "05:00"})).await.expect(200);
    // New York goes forward on Sunday the 8th: that day has 23 hours, from 05:00Z to 04:00Z.
    for instant in ["2026-03-08T04:59:59Z", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z", "2026-03-09T04:00:00Z"] {
        app.clock.set(instant);
        for name in ["york", "isle", "late"] {
            let client = app.log_in(name).await;
            let task = client.task(json!({})).await;
            client.post(&format!("/tasks/{task}/transition"), json!({"to": "done"})).await.expect(200);
        }
    }
    app.clock.set("2026-03-11T12:00:00Z");
    for (name, expected) in [
        ("york", json!([0.0, 1.0, 2.0, 1.0, 0.0, 0.0])),
        ("isle", json!([0.0, 0.0, 2.0, 2.0, 0.0, 0.0])),
        ("late", json!([0.0, 1.0, 3.0, 0.0, 0.0, 0.0])),
    ] {
        let found = overview(&app.log_in(name).await, "?from=2026-03-06&to=2026-03-11").await;
        for figure in ["created", "completed"] {
            assert_eq!(line(&found["tasks"]["trend"], figure), &expected, "{name}, {figure}");
        }
        assert_eq!((&found["tasks"]["created_in_range"], &found["tasks"]["total"]), (&json!(4), &json!(4)), "{name}");
    }
    // The night that lost an hour, and a moment half an hour before its midnight.
    let york = app.log_in("york").await;
    york.sleep("2026-03-07T23:30:00-05:00", "2026-03-08T07:10:00-04:00").await;
    york.post("/moods", json!({"at": "2026-03-08T04:30:00Z", "value": 6})).await.expect(201);
    let found = overview(&york, "?from=2026-03-06&to=2026-03-09").await;
    assert_eq!(line(&found["sleep"]["trend"], "minutes"), &json!([null, null, 400.0, null]));
    assert_eq!(line(&found["mood"]["trend"], "mood"), &json!([null, 6.0, null, null]));
}

async fn a_day_is_a_range_like_any_other(backend: Backend) {
    let app = TestApp::on(backend).at("2026-02-27T00:00:00Z").start();
    let ada = an_eventful_week(&app).await;
    let day = overview(&ada, "?from=2026-03-10&to=2026-03-10").await;
    assert_eq!(day["previous_range"], json!({"from": "2026-03-09", "to": "2026-03-09", "days": 1}));
    let trend = &day["sleep"]["trend"];
    assert_eq!((&trend["labels"], line(trend, "minutes")), (&json!(["2026-03-10"]), &json!([450.0])));
    assert_eq!((&day["habits"]["due"], &day["habits"]["completion_rate"]), (&json!(1), &json!(1.0)));
    let of = |key: &str| json!([kpi(&day, key)["value"], kpi(&day, key)["previous"], kpi(&day, key)["change"]]);
    assert_eq!(of("days_done"), json!([1.0, 1.0, 0.0]));
    assert_eq!(of("sleep_duration"), json!([450.0, null, null]));
    assert_eq!(of("mood"), json!([null, null, null]));
    // Nothing was known before the first day of all.
    let first = overview(&ada, "?from=2026-02-01&to=2026-02-01").await;
    assert_eq!((&first["habits"]["due"], &first["previous_range"]), (&json!(1), &Value::Null));
}

async fn charts_add_up_to_their_totals_whatever_the_range(backend: Backend) {
    let app = TestApp::on(backend).at("2026-02-27T00:00:00Z").start();
    let ada = an_eventful_week(&app).await;
    for (range, step, minutes, completed) in [
        ("range=7d", "day", 75, 1),
        ("range=30d", "day", 105, 2),
        ("range=90d", "week", 105, 2),
        ("range=365d", "month", 105, 2),
        ("range=all", "week", 105, 2),
        ("from=2026-03-03&to=2026-03-05", "day", 90, 1),
    ] {
        let found = overview(&ada, &format!("?{range}")).await;
        let sum = |part: &str, figure: &str| -> f64 {
            let figures = line(&found[part]["trend"], figure).as_array().unwrap();
            figures.iter().map(|figure| figure.as_f64().unwrap()).sum()
        };
        assert_eq!(found["step"], step, "{range}");
        assert_eq!((&found["time"]["total_minutes"], sum("time", "minutes")), (&json!(minutes), f64::from(minutes)));
        assert_eq!(found["tasks"]["completed_in_range"], completed, "{range}");
        for (part, figure, total) in [
            ("tasks", "created", "/tasks/created_in_range"),
            ("tasks", "completed", "/tasks/completed_in_range"),
            ("habits", "due", "/habits/due"),
            ("habits", "done", "/habits/done"),
        ] {
            assert_eq!(found.pointer(total).and_then(Value::as_f64), Some(sum(part, figure)), "{range}: {total}");
        }
    }
    assert_eq!(overview(&ada, "?range=all").await["range"]["from"], "2026-02-01");
}

async fn an_account_without_anything_has_an_overview_and_no_insights(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for (range, places) in [("7d", 7), ("30d", 30), ("90d", 13), ("365d", 13), ("all", 1)] {
        let empty = overview(&ada, &format!("?range={range}")).await;
        assert_eq!(empty["habits"]["completion_rate"], Value::Null);
        assert_eq!((&empty["tasks"]["total"], &empty["time"]["total_minutes"]), (&json!(0), &json!(0)));
        assert_eq!((&empty["sleep"]["avg_minutes"], &empty["mood"]["avg"]), (&Value::Null, &Value::Null));
        // Nothing tracked is 0, nothing felt is unknown.
        let zeros = line(&empty["time"]["trend"], "minutes").as_array().unwrap();
        assert_eq!(zeros.len(), places, "{range}");
        assert!(zeros.iter().all(|minutes| *minutes == 0.0));
        assert!(line(&empty["mood"]["trend"], "mood").as_array().unwrap().iter().all(Value::is_null));
    }
    let found = ada.get("/stats/insights").await.expect(200).body;
    assert_eq!((&found["family_size"], &found["findings"], &found["untested"]), (&json!(0), &json!([]), &json!([])));
    assert_eq!(found["rate"], 0.05);
}

async fn days_are_named_or_dated(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for path in ["/stats/overview", "/stats/insights"] {
        let ask = async |query: &str| -> Answer { ada.get(&format!("{path}{query}")).await };
        let dated = ask("?from=2026-01-01&to=2026-02-09").await.expect(200).body;
        assert_eq!(dated["range"], json!({"from": "2026-01-01", "to": "2026-02-09", "days": 40}));
        ask("?range=8d").await.names("/range");
        ask("?range=7d&from=2026-01-01&to=2026-01-02").await.names("/range");
        ask("?from=2026-01-01").await.names("/to");
        ask("?to=2026-01-01").await.names("/from");
        ask("?from=2026-01-02&to=2026-01-01").await.names("/to");
        ask("?from=2026-02-30&to=2026-03-01").await.names("/from");
        ask("?on=today").await.names("/on");
        ask("?window=7").await.names("/window");
        app.anonymous().get(path).await.problem(401, "authentication_required");
    }
    for rate in ["0", "1", "-0.05", "NaN", "five"] {
        ada.get(&format!("/stats/insights?rate={rate}")).await.names("/rate");
    }
    assert_eq!(ada.get("/stats/insights?rate=0.2").await.expect(200).body["rate"], 0.2);
    // All the calendar has is no more than any other range.
    let whole = overview(&ada, "?from=1970-01-01&to=2199-12-31").await;
    assert_eq!(whole["habits"]["trend"]["labels"].as_array().unwrap().len(), 230 * 12);
}

async fn insights_say_what_was_asked_and_what_is_lacking(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.habit(json!({"name": "Run", "starts_on": "2026-01-01"})).await;
    let found = ada.get("/stats/insights?range=90d").await.expect(200).body;
    // A habit alone has nothing to be compared with.
    assert_eq!((&found["family_size"], &found["untested"]), (&json!(0), &json!([])));
    assert_eq!(found["range"]["days"], 90);
}

async fn what_goes_together_is_found_and_told_with_its_figures(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let run = ada.habit(json!({"name": "Run", "starts_on": "2026-01-11"})).await;
    let days: Vec<Date> = DateRange::new(date("2026-01-11"), date("2026-03-10")).unwrap().iter().collect();
    // Done on days that follow no pattern: 7 generates what is not 0 modulo 59. Good days are those of a run.
    let mut power = 1;
    let mut entries = Vec::new();
    for day in &days {
        power = power * 7 % 59;
        let done = power % 5 < 3;
        if done {
            entries.push(json!({"habit_id": run, "date": day, "state": "done"}));
        }
        ada.put(&format!("/moods/{day}"), json!({"value": if done { 7 + power % 2 } else { 3 }})).await.expect(201);
    }
    ada.post("/entries/batch", json!({"items": entries, "atomic": true})).await.expect(200);
    // Ten nights, of which nothing can be said yet.
    for day in &days[..10] {
        ada.sleep(&format!("{day}T00:00:00Z"), &format!("{day}T08:00:00Z")).await;
    }
    let found = ada.get("/stats/insights?range=90d").await.expect(200).body;
    let findings = found["findings"].as_array().unwrap();
    // Run and mood, on the same day and on the next.
    assert_eq!((&found["family_size"], findings.len()), (&json!(2), 2));
    let best = &findings[0];
    assert_eq!(best["first"], json!({"kind": "habit", "habit_id": run, "name": "Run"}));
    assert_eq!((&best["second"]["kind"], &best["lag_days"], &best["n"]), (&json!("mood"), &json!(0), &json!(59)));
    assert!(best["r"].as_f64().unwrap() > 0.8 && best["significant"] == true, "{best}");
    assert!(best["sentence"].as_str().unwrap().contains("Run"), "{best}");
    assert_eq!((&findings[1]["lag_days"], &findings[1]["n"]), (&json!(1), &json!(58)));
    // Of two, Benjamini and Hochberg double the smaller p, which the larger one bounds, and leave the larger.
    let p = |finding: &Value, figure: &str| finding[figure].as_f64().unwrap();
    let (least, most) = (p(best, "p"), p(&findings[1], "p"));
    let of = |finding: &Value, expected: f64| (p(finding, "p_adjusted") / expected - 1.0).abs() < 1e-9;
    assert!(least < most && of(best, (2.0 * least).min(most)) && of(&findings[1], most), "{findings:?}");
    for finding in findings {
        assert_eq!(finding["significant"], json!(p(finding, "p_adjusted") < 0.05), "{finding}");
    }
    // Length and middle of sleep: the run before the night, and the mood of the day after it and of the next.
    let untested = found["untested"].as_array().unwrap();
    assert_eq!(untested.len(), 6, "{untested:?}");
    for lacking in untested {
        assert_eq!(
            (&lacking["lacks"], &lacking["days_needed"]),
            (&json!("days"), &json!(28 - lacking["n"].as_u64().unwrap()))
        );
        assert!((9..=10).contains(&lacking["n"].as_u64().unwrap()), "{lacking}");
    }
    assert_eq!(app.user("eve").await.get("/stats/insights").await.expect(200).body["family_size"], 0);
}
