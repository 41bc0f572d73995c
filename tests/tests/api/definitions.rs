//! What counts as what, seen from outside: one definition in every figure, and edits that leave no trace.

#![expect(clippy::float_cmp, reason = "they are whole numbers")]

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_quota_counts_by_its_periods_in_every_figure,
    figures_divide_into_each_other,
    weekdays_begin_with_the_users_week,
    where_all_weekdays_are_alike_none_is_best_or_worst,
    until_in_utc_is_the_users_day,
    a_quota_follows_the_users_week_when_it_is_sent_again,
    an_edit_that_is_taken_back_leaves_no_trace,
    a_plan_version_can_be_deleted,
    a_start_moved_there_and_back_is_as_if_set_straight,
    entries_lie_within_the_habits_days,
    today_put_as_missed_is_not_yet_missed,
    a_limit_can_be_settled_before_the_day_is_over,
);

async fn clock(app: &TestApp, instant: &str) -> Client {
    app.clock.set(instant);
    app.user("ada").await
}

async fn later(app: &TestApp, instant: &str) -> Client {
    app.clock.set(instant);
    app.log_in("ada").await
}

async fn stats(ada: &Client, habit: &str) -> Value {
    ada.get(&format!("/habits/{habit}/stats")).await.expect(200).body
}

async fn overview(ada: &Client) -> Value {
    ada.get("/stats/overview?range=all").await.expect(200).body["habits"].clone()
}

/// The due days from one day to another.
async fn due(ada: &Client, habit: &str, from: &str, to: &str) -> Value {
    ada.get(&format!("/habits/{habit}/occurrences?from={from}&to={to}")).await.expect(200).body["dates"].clone()
}

fn dataset<'a>(chart: &'a Value, key: &str) -> &'a Value {
    let sets = chart["datasets"].as_array().unwrap();
    &sets.iter().find(|set| set["key"] == key).unwrap()["data"]
}

async fn a_quota_counts_by_its_periods_in_every_figure(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-03-02T12:00:00Z").await;
    let theme = ada.post("/themes", json!({"name": "Sport", "color": "#112233"})).await.expect(201).body;
    let quota = json!({"type": "quota", "times": 1, "per": "week"});
    let habit = ada.habit(json!({"starts_on": "2026-01-05", "schedule": quota, "theme_id": theme["id"]})).await;
    // Eight weeks from Monday 5 January; every other one has its Wednesday.
    ada.done(&habit, &["2026-01-07", "2026-01-21", "2026-02-04", "2026-02-18"]).await;
    let own = stats(&ada, &habit).await;
    let periods = json!({"due": 8, "done": 4});
    assert_eq!((&own["completion_rate"], &own["totals"]["periods"]), (&json!(0.5), &periods));
    assert_eq!(
        (&own["totals"]["due"], &own["totals"]["missed"], &own["totals"]["done"]),
        (&json!(8), &json!(4), &json!(4))
    );
    let wednesday = &own["by_weekday"][2];
    assert_eq!(
        (&wednesday["done"], &wednesday["due"], &own["by_weekday"][0]["due"]),
        (&json!(4), &json!(4), &json!(0))
    );
    // The week that ends on 1 February counts in February.
    let months = json!([
        {"month": "2026-01", "done": 2, "due": 3, "rate": 0.666_667},
        {"month": "2026-02", "done": 2, "due": 4, "rate": 0.5},
        {"month": "2026-03", "done": 0, "due": 1, "rate": 0.0},
    ]);
    assert_eq!(own["by_month"], months);
    let all = overview(&ada).await;
    assert_eq!((&all["completion_rate"], &all["periods"], &all["days"]["due"]), (&json!(0.5), &periods, &json!(0)));
    assert_eq!((&all["by_theme"][0]["rate"], &all["by_theme"][0]["due"]), (&json!(0.5), &json!(8)));
    assert_eq!(dataset(&all["by_weekday"], "rate"), &json!([null, null, 1.0, null, null, null, null]));
}

async fn figures_divide_into_each_other(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-03-02T12:00:00Z").await;
    let quota = json!({"type": "quota", "times": 3, "per": "week"});
    let sport = ada.habit(json!({"starts_on": "2026-01-05", "schedule": quota})).await;
    let daily = ada.habit(json!({"starts_on": "2026-01-05"})).await;
    ada.done(&sport, &["2026-01-07", "2026-01-08", "2026-01-09", "2026-02-04", "2026-02-18"]).await;
    ada.done(&daily, &["2026-01-07", "2026-01-09", "2026-02-04", "2026-02-18"]).await;
    let all = overview(&ada).await;
    let number = |value: &Value| value.as_f64().unwrap();
    let of = |unit: &str, what: &str| number(&all[unit][what]);
    assert_eq!((number(&all["due"]), number(&all["done"])), (56.0 + 8.0, 4.0 + 1.0));
    assert_eq!(number(&all["due"]), of("days", "due") + of("periods", "due"));
    assert_eq!(number(&all["done"]), of("days", "done") + of("periods", "done"));
    assert!((number(&all["completion_rate"]) - number(&all["done"]) / number(&all["due"])).abs() < 1e-6);
    let sum = |data: &Value| data.as_array().unwrap().iter().map(number).sum::<f64>();
    for key in ["due", "done"] {
        assert_eq!(sum(dataset(&all["trend"], key)), number(&all[key]), "{key}");
    }
    let kpis = ada.get("/stats/overview?range=all").await.expect(200).body["kpis"].clone();
    let days = kpis.as_array().unwrap().iter().find(|kpi| kpi["key"] == "days_done").unwrap();
    assert_eq!(number(&days["value"]), 9.0);
}

async fn weekdays_begin_with_the_users_week(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-03-02T12:00:00Z").await;
    ada.patch("/me", json!({"week_start": "sa"})).await.expect(200);
    let habit = ada.habit(json!({"starts_on": "2026-02-01"})).await;
    let order = json!(["sa", "su", "mo", "tu", "we", "th", "fr"]);
    let own: Vec<Value> =
        stats(&ada, &habit).await["by_weekday"].as_array().unwrap().iter().map(|day| day["weekday"].clone()).collect();
    assert_eq!(json!(own), order);
    assert_eq!(overview(&ada).await["by_weekday"]["labels"], order);
}

async fn where_all_weekdays_are_alike_none_is_best_or_worst(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-03-02T12:00:00Z").await;
    let habit = ada.habit(json!({"starts_on": "2026-02-02"})).await;
    let bests = async || {
        let found = stats(&ada, &habit).await;
        json!([found["best_weekday"], found["worst_weekday"], found["best_month"], found["worst_month"]])
    };
    assert_eq!(bests().await, json!([null, null, null, null]));
    ada.done(&habit, &["2026-02-11", "2026-03-01"]).await;
    assert_eq!(bests().await, json!(["we", "mo", "2026-03", "2026-02"]));
}

async fn until_in_utc_is_the_users_day(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2020-05-01T12:00:00Z").await;
    for (zone, until, last) in [
        ("America/New_York", "20200506T035959Z", "2020-05-05"),
        ("America/New_York", "20200506T040000Z", "2020-05-06"),
        ("Asia/Tokyo", "20200505T145959Z", "2020-05-05"),
        ("Asia/Tokyo", "20200505T150000Z", "2020-05-06"),
        ("Asia/Jerusalem", "20200505T205959Z", "2020-05-05"),
        // Clocks go back that morning, from UTC−4 to UTC−5.
        ("America/New_York", "20201101T035959Z", "2020-10-31"),
        ("America/New_York", "20201102T045959Z", "2020-11-01"),
        ("UTC", "20200506", "2020-05-06"),
    ] {
        ada.patch("/me", json!({"timezone": zone})).await.expect(200);
        let schedule = json!({"type": "rrule", "rrule": format!("FREQ=DAILY;UNTIL={until}")});
        let habit = ada.habit(json!({"starts_on": "2020-05-01", "schedule": schedule})).await;
        let dates = due(&ada, &habit, "2020-05-01", "2020-12-31").await;
        assert_eq!(dates.as_array().unwrap().last().unwrap(), last, "{until} in {zone}");
        let compact = last.replace('-', "");
        let kept = ada.get(&format!("/habits/{habit}")).await.expect(200).body["schedule"]["rrule"].clone();
        assert_eq!(kept, format!("FREQ=DAILY;UNTIL={compact}"));
        let preview =
            json!({"schedule": schedule, "starts_on": "2020-05-01", "from": "2020-05-01", "to": "2020-12-31"});
        let preview = ada.post("/schedules/preview", preview).await.expect(200).body;
        assert_eq!(preview["dates"].as_array().unwrap().last().unwrap(), last);
    }
}

async fn a_quota_follows_the_users_week_when_it_is_sent_again(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-03-04T12:00:00Z").await;
    let quota = json!({"type": "quota", "times": 2, "per": "week"});
    let habit = ada.habit(json!({"starts_on": "2026-02-02", "schedule": quota})).await;
    let path = format!("/habits/{habit}");
    let plans = async || {
        let found = ada.get(&format!("{path}/plans")).await.expect(200).body["items"].clone();
        found.as_array().unwrap().iter().map(|plan| plan["week_start"].clone()).collect::<Vec<_>>()
    };
    ada.patch("/me", json!({"week_start": "su"})).await.expect(200);
    assert_eq!(plans().await, ["mo"]);
    ada.patch(&path, json!({"schedule": quota})).await.expect(200);
    assert_eq!(plans().await, ["mo", "su"]);
    ada.patch(&path, json!({"schedule": quota})).await.expect(200);
    assert_eq!(plans().await, ["mo", "su"]);
}

async fn an_edit_that_is_taken_back_leaves_no_trace(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-11-01T12:00:00Z").await;
    let weekly = json!({"type": "weekly", "weekdays": ["su"], "every": 2});
    let habit = ada.habit(json!({"starts_on": "2026-11-01", "schedule": weekly})).await;
    let path = format!("/habits/{habit}");
    let ada = later(&app, "2026-12-03T12:00:00Z").await;
    let before = (due(&ada, &habit, "2026-11-01", "2026-12-31").await, ada.get(&format!("{path}/plans")).await.body);
    assert_eq!(before.0, json!(["2026-11-01", "2026-11-15", "2026-11-29", "2026-12-13", "2026-12-27"]));
    ada.patch(&path, json!({"schedule": {"type": "daily"}, "kind": {"type": "minutes", "target": 5}}))
        .await
        .expect(200);
    ada.patch(&path, json!({"schedule": weekly})).await.expect(200);
    assert_eq!(due(&ada, &habit, "2026-11-01", "2026-12-31").await, before.0);
    ada.patch(&path, json!({"kind": {"type": "check"}})).await.expect(200);
    let after = (due(&ada, &habit, "2026-11-01", "2026-12-31").await, ada.get(&format!("{path}/plans")).await.body);
    assert_eq!(after, before);
}

async fn a_plan_version_can_be_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-11-20T12:00:00Z").await;
    let habit = ada.habit(json!({"starts_on": "2026-11-01", "schedule": {"type": "daily", "every": 2}})).await;
    let path = format!("/habits/{habit}");
    let before = due(&ada, &habit, "2026-11-01", "2026-12-31").await;
    let weekly = json!({"type": "weekly", "weekdays": ["mo"]});
    ada.put(&format!("{path}/plan"), json!({"schedule": weekly, "effective_from": "2026-11-10"})).await.expect(200);
    let items = ada.get(&format!("{path}/plans")).await.expect(200).body["items"].clone();
    assert_eq!((&items[0]["id"], &items[1]["id"]), (&json!("2026-11-01"), &json!("2026-11-10")));
    assert_eq!(due(&ada, &habit, "2026-11-08", "2026-11-18").await, json!(["2026-11-09", "2026-11-16"]));
    ada.delete(&format!("{path}/plans/2026-11-10")).await.expect(204);
    assert_eq!(due(&ada, &habit, "2026-11-01", "2026-12-31").await, before);
    assert_eq!(ada.delete(&format!("{path}/plans/2026-11-01")).await.expect(409).body["code"], "only_plan");
    assert_eq!(ada.delete(&format!("{path}/plans/2026-11-10")).await.expect(404).body["code"], "not_found");
    assert_eq!(ada.delete(&format!("{path}/plans/monday")).await.expect(422).body["errors"][0]["code"], "invalid_date");
    // Without the first one, the second holds from the habit's first day on.
    ada.put(&format!("{path}/plan"), json!({"schedule": weekly, "effective_from": "2026-11-10"})).await.expect(200);
    ada.delete(&format!("{path}/plans/2026-11-01")).await.expect(204);
    assert_eq!(due(&ada, &habit, "2026-11-01", "2026-11-18").await, json!(["2026-11-02", "2026-11-09", "2026-11-16"]));
}

async fn a_start_moved_there_and_back_is_as_if_set_straight(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-11-20T12:00:00Z").await;
    let mut found = Vec::new();
    for moves in [&["2026-10-20"][..], &["2026-11-15", "2026-10-20"]] {
        let habit = ada.habit(json!({"starts_on": "2026-11-01", "schedule": {"type": "daily", "every": 2}})).await;
        let path = format!("/habits/{habit}");
        let version = json!({"schedule": {"type": "daily", "every": 3}, "effective_from": "2026-11-10"});
        ada.put(&format!("{path}/plan"), version).await.expect(200);
        for starts_on in moves {
            ada.patch(&path, json!({"starts_on": starts_on})).await.expect(200);
        }
        found.push(due(&ada, &habit, "2026-10-01", "2026-11-30").await);
    }
    assert_eq!(found[0], found[1]);
    assert_eq!((&found[0][0], &found[0][1]), (&json!("2026-10-20"), &json!("2026-10-22")));
}

async fn entries_lie_within_the_habits_days(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-03-20T12:00:00Z").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01", "ends_on": "2026-03-10"})).await;
    let path = format!("/habits/{habit}");
    ada.put(&format!("{path}/entries/2026-03-10"), json!({"state": "done"})).await.expect(201);
    let refused = ada.put(&format!("{path}/entries/2026-03-11"), json!({"state": "done"})).await.expect(422).body;
    assert_eq!(refused["errors"][0]["code"], "after_end");
    // An end that is moved before an entry leaves it out everywhere.
    ada.patch(&path, json!({"ends_on": "2026-03-09"})).await.expect(200);
    let own = stats(&ada, &habit).await;
    assert_eq!((&own["totals"]["done"], &own["totals"]["bonus"]), (&json!(0), &json!(0)));
    let calendar = ada.get(&format!("{path}/calendar?year=2026")).await.expect(200).body;
    let days = calendar["days"].as_array().or_else(|| calendar["items"].as_array()).unwrap();
    assert_eq!(days.iter().find(|day| day["date"] == "2026-03-10").unwrap()["state"], "not_due");
    let explained = ada.get(&format!("{path}/streak?explain=true")).await;
    assert!(!explained.body.to_string().contains("bonus"), "{}", explained.body);
}

async fn today_put_as_missed_is_not_yet_missed(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-03-27T12:00:00Z").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.put(&format!("/habits/{habit}/entries/2026-03-27"), json!({"state": "missed"})).await.expect(201);
    let totals = stats(&ada, &habit).await["totals"].clone();
    assert_eq!((&totals["due"], &totals["missed"]), (&json!(26), &json!(26)));
    let ada = later(&app, "2026-03-28T12:00:00Z").await;
    let totals = stats(&ada, &habit).await["totals"].clone();
    assert_eq!((&totals["due"], &totals["missed"]), (&json!(27), &json!(27)));
}

async fn a_limit_can_be_settled_before_the_day_is_over(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = clock(&app, "2026-03-20T12:00:00Z").await;
    let kind = json!({"type": "count", "target": 2, "unit": "cups", "direction": "at_most"});
    let habit = ada.habit(json!({"starts_on": "2026-03-10", "kind": kind})).await;
    let other = ada.habit(json!({"starts_on": "2026-03-20"})).await;
    ada.done(&other, &["2026-03-20"]).await;
    let day = format!("/habits/{habit}/entries/2026-03-20");
    let today = async || {
        let found = ada.get("/habits/today").await.expect(200).body;
        json!([found["items"][0]["state"], found["items"][0]["streak"]["current"], found["summary"]["rate"]])
    };
    let rate = async || stats(&ada, &habit).await["totals"]["due"].clone();
    assert_eq!((today().await, rate().await), (json!(["pending", 10, 1.0]), json!(10)));
    ada.post(&format!("{day}/increment"), json!({"by": 1})).await.expect(200);
    assert_eq!((today().await, rate().await), (json!(["pending", 10, 1.0]), json!(10)));
    // That was it for today; what was counted stays.
    ada.put(&day, json!({"state": "done"})).await.expect(200);
    let entry = ada.get(&day).await.expect(200).body;
    assert_eq!((&entry["value"], &entry["settled"]), (&json!(1), &json!(true)));
    assert_eq!((today().await, rate().await), (json!(["done", 11, 1.0]), json!(11)));
    // It wasn't.
    ada.post(&format!("{day}/increment"), json!({"by": 1})).await.expect(200);
    assert_eq!(today().await, json!(["done", 11, 1.0]));
    ada.post(&format!("{day}/increment"), json!({"by": 1})).await.expect(200);
    assert_eq!((today().await, rate().await), (json!(["missed", 0, 0.5]), json!(10)));
    let refused = ada.put(&day, json!({"state": "done"})).await.expect(422).body;
    assert_eq!(refused["errors"][0]["code"], "target_missed");
    // One cup was counted twice.
    ada.post(&format!("{day}/increment"), json!({"by": -1})).await.expect(200);
    assert_eq!((today().await, rate().await), (json!(["pending", 10, 1.0]), json!(10)));
    ada.patch(&day, json!({"state": "done"})).await.expect(200);
    assert_eq!(today().await, json!(["done", 11, 1.0]));
    ada.patch(&day, json!({"note": "decaf"})).await.expect(200);
    assert_eq!(today().await, json!(["done", 11, 1.0]));
    ada.delete(&day).await;
    assert_eq!(today().await, json!(["pending", 10, 1.0]));
    ada.put(&day, json!({"state": "done"})).await.expect(201);
    assert_eq!(today().await, json!(["done", 11, 1.0]));
}
