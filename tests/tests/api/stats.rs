//! `/stats`. (What its figures amount to is held in the domain's tests; that they are read right, in the storage's.)

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    an_overview_is_of_the_users_own_days,
    an_account_without_anything_has_an_overview_and_no_insights,
    days_are_named_or_dated,
    insights_say_what_was_asked_and_what_is_lacking,
);

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
