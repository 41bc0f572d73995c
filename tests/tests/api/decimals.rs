//! Values, targets and amounts with decimals: exact from the request to every figure.

use circadia_tests::{Answer, Backend, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_run_of_two_and_a_half_kilometres_is_kept_exactly,
    sums_of_decimals_are_exact,
    an_amount_with_decimals_is_met_to_the_thousandth,
    a_fourth_decimal_is_refused_where_it_was_written,
    whole_numbers_may_be_written_with_a_point,
    tracked_minutes_add_to_decimals,
);

/// The body as it was sent.
fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.bytes).unwrap()
}

fn kilometres(target: f64) -> Value {
    json!({"type": "count", "target": target, "unit": "km"})
}

async fn a_run_of_two_and_a_half_kilometres_is_kept_exactly(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"kind": kilometres(2.5), "starts_on": "2026-03-01"})).await;
    assert_eq!(ada.get(&format!("/habits/{habit}")).await.expect(200).body["kind"]["target"], json!(2.5));
    let path = format!("/habits/{habit}/entries/2026-03-11");
    let short = ada.put(&path, json!({"value": 2.499})).await.expect(201).body;
    assert_eq!((&short["entry"]["value"], &short["entry"]["state"]), (&json!(2.499), &json!("missed")));
    ada.put(&path, json!({"value": 2.499, "state": "done"})).await.names("/value");
    let exact = ada.post(&format!("{path}/increment"), json!({"by": 0.001})).await.expect(200).body;
    assert_eq!((&exact["entry"]["value"], &exact["entry"]["state"]), (&json!(2.5), &json!("done")));
    assert_eq!(exact["entry"]["manual_value"], json!(2.5));
    let merged = ada.patch(&path, json!({"value": 12.125})).await.expect(200).body;
    assert_eq!(merged["entry"]["value"], json!(12.125));
    let done = ada.put(&format!("/habits/{habit}/entries/2026-03-10"), json!({"state": "done"})).await.expect(201).body;
    assert_eq!(done["entry"]["value"], json!(2.5), "done without a value stores the target");

    let today = ada.get("/habits/today").await.expect(200).body;
    assert_eq!((&today["items"][0]["value"], &today["items"][0]["target"]), (&json!(12.125), &json!(2.5)));
    assert_eq!(today["items"][0]["streak"]["current"], 2);
    let listed = ada.get(&format!("/habits/{habit}/entries")).await.expect(200).body;
    assert_eq!((&listed["items"][0]["value"], &listed["items"][1]["value"]), (&json!(2.5), &json!(12.125)));
    let across = ada.get("/entries?from=2026-03-01&to=2026-03-31").await.expect(200).body;
    assert_eq!(across["items"][1]["value"], json!(12.125));
    let calendar = ada.get(&format!("/habits/{habit}/calendar?year=2026")).await.expect(200).body;
    let of_day = |date: &str| {
        let mut days = calendar["days"].as_array().unwrap().iter();
        days.find(|day| day["date"] == date).unwrap()["value"].clone()
    };
    assert_eq!((of_day("2026-03-10"), of_day("2026-03-11")), (json!(2.5), json!(12.125)));
}

async fn sums_of_decimals_are_exact(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"kind": kilometres(0.3), "starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-02/increment");
    // The nearest binary fractions of 0.1 and 0.2 add up to more than that of 0.3.
    for by in [0.1, 0.2] {
        ada.post(&path, json!({"by": by})).await.expect(200);
    }
    let item = |date: u32| json!({"habit_id": habit, "date": format!("2026-03-{date:02}"), "value": 0.1});
    let items: Vec<Value> = (3..=10).map(item).collect();
    ada.post("/entries/batch", json!({"items": items})).await.expect(200);
    let entry = ada.get(&format!("/habits/{habit}/entries/2026-03-02")).await.expect(200);
    assert!(text(&entry).contains(r#""value":0.3,"#), "{}", text(&entry));
    let stats = ada.get(&format!("/habits/{habit}/stats")).await.expect(200);
    assert_eq!(stats.body["totals"]["value"], json!(1.1), "{}", text(&stats));
    ada.post(&path, json!({"by": -0.301})).await.names("/by");
    ada.post(&path, json!({"by": -0.3})).await.expect(200);
    assert_eq!(ada.get(&format!("/habits/{habit}/stats")).await.expect(200).body["totals"]["value"], json!(0.8));
}

async fn an_amount_with_decimals_is_met_to_the_thousandth(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let schedule = json!({"type": "quota", "amount": 7.5, "per": "week"});
    let habit = ada.habit(json!({"schedule": schedule, "kind": kilometres(2.5), "starts_on": "2026-03-02"})).await;
    assert_eq!(ada.get(&format!("/habits/{habit}")).await.expect(200).body["schedule"]["amount"], json!(7.5));
    for (date, value) in [("2026-03-09", 5.25), ("2026-03-10", 2.249)] {
        ada.put(&format!("/habits/{habit}/entries/{date}"), json!({"value": value})).await.expect(201);
    }
    let item = async || ada.get("/habits/today").await.expect(200).body["items"][0].clone();
    let period = json!({"from": "2026-03-09", "to": "2026-03-15", "done": 7.499, "needed": 7.5});
    assert_eq!((&item().await["period"], &item().await["streak"]["current"]), (&period, &json!(0)));
    ada.post(&format!("/habits/{habit}/entries/2026-03-11/increment"), json!({"by": 0.001})).await.expect(200);
    assert_eq!((&item().await["period"]["done"], &item().await["streak"]["current"]), (&json!(7.5), &json!(1)));
}

async fn a_fourth_decimal_is_refused_where_it_was_written(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"kind": kilometres(2.5)})).await;
    let path = format!("/habits/{habit}/entries/2026-03-11");
    let code = |answer: Answer| answer.body["errors"][0]["code"].clone();
    assert_eq!(code(ada.put(&path, json!({"value": 0.0005})).await.names("/value")), "too_precise");
    assert_eq!(code(ada.put(&path, json!({"value": -0.5})).await.names("/value")), "out_of_range");
    assert_eq!(code(ada.put(&path, json!({"value": 1_000_000.001})).await.names("/value")), "out_of_range");
    assert_eq!(code(ada.put(&path, json!({"value": 1e300})).await.names("/value")), "out_of_range");
    assert_eq!(code(ada.put(&path, json!({"value": "2.5"})).await.names("/value")), "wrong_type");
    assert_eq!(code(ada.post(&format!("{path}/increment"), json!({"by": 0})).await.names("/by")), "out_of_range");
    assert_eq!(code(ada.post(&format!("{path}/increment"), json!({"by": 0.0001})).await.names("/by")), "too_precise");
    let new = |kind: Value, schedule: Value| json!({"name": "Run", "kind": kind, "schedule": schedule});
    let daily = json!({"type": "daily"});
    let amount = |amount: f64| json!({"type": "quota", "amount": amount, "per": "week"});
    for (body, pointer, expected) in [
        (new(kilometres(2.5001), daily.clone()), "/kind/target", "too_precise"),
        (new(kilometres(0.0), daily), "/kind/target", "out_of_range"),
        (new(kilometres(2.5), amount(0.00125)), "/schedule/amount", "too_precise"),
        (new(kilometres(2.5), amount(0.0)), "/schedule/amount", "out_of_range"),
    ] {
        assert_eq!(code(ada.post("/habits", body).await.names(pointer)), expected, "{pointer}");
    }
}

async fn whole_numbers_may_be_written_with_a_point(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"kind": {"type": "count", "target": 8.0, "unit": "glasses"}})).await;
    let made = ada.get(&format!("/habits/{habit}")).await.expect(200);
    assert!(text(&made).contains(r#""target":8,"#), "{}", text(&made));
    let put = ada.put(&format!("/habits/{habit}/entries/2026-03-11"), json!({"value": 9.0})).await.expect(201);
    assert!(text(&put).contains(r#""value":9,"#), "{}", text(&put));
}

async fn tracked_minutes_add_to_decimals(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "minutes", "target": 30});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-11");
    ada.put(&path, json!({"value": 12.5})).await.expect(201);
    ada.post("/time-entries", json!({"habit_id": habit, "date": "2026-03-11", "minutes": 18})).await.expect(201);
    let entry = ada.get(&path).await.expect(200).body;
    assert_eq!(
        (&entry["value"], &entry["manual_value"], &entry["state"]),
        (&json!(30.5), &json!(12.5), &json!("done"))
    );
}
