//! Rolling quotas: "twice in any three days".

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    it_is_said_in_json_and_words_and_checked,
    days_within_a_window_with_enough_count,
    time_that_does_not_count_makes_windows_longer,
    putting_it_away_changes_no_figure,
    an_edit_from_a_day_on_leaves_the_days_before_alone,
    scores_are_those_of_loop,
);

fn twice_in_three() -> Value {
    json!({"type": "quota", "times": 2, "per": "rolling", "days": 3})
}

async fn get(ada: &Client, habit: &str, part: &str) -> Value {
    ada.get(&format!("/habits/{habit}/{part}")).await.expect(200).body
}

/// The states of the first days of March 2026.
async fn states(ada: &Client, habit: &str, days: usize) -> Vec<String> {
    let calendar = get(ada, habit, "calendar?year=2026").await;
    let days = calendar["days"].as_array().unwrap().iter().skip(31 + 28).take(days);
    days.map(|day| day["state"].as_str().unwrap().to_owned()).collect()
}

async fn it_is_said_in_json_and_words_and_checked(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let made = ada.post("/habits", json!({"name": "Run", "schedule": twice_in_three()})).await.expect(201).body;
    assert_eq!((&made["schedule"], &made["schedule_description"]), (&twice_in_three(), &json!("twice in any 3 days")));
    let known = ada.get("/habits?schedule_type=quota").await.expect(200).body;
    assert_eq!(known["items"][0]["schedule"], twice_in_three());
    let preview = json!({
        "schedule": twice_in_three(), "starts_on": "2026-03-01", "from": "2026-03-01", "to": "2026-03-03",
    });
    let preview = ada.post("/schedules/preview", preview).await.expect(200).body;
    assert_eq!((&preview["count"], &preview["rrule"]), (&json!(3), &Value::Null));
    for (wrong, pointer) in [
        (json!({"type": "quota", "times": 2, "per": "rolling"}), "/schedule/days"),
        (json!({"type": "quota", "times": 2, "per": "rolling", "days": [3]}), "/schedule/days"),
        (json!({"type": "quota", "times": 2, "per": "rolling", "days": "3"}), "/schedule/days"),
        (json!({"type": "quota", "times": 1, "per": "rolling", "days": 1}), "/schedule/days"),
        (json!({"type": "quota", "times": 1, "per": "rolling", "days": 367}), "/schedule/days"),
        (json!({"type": "quota", "times": 4, "per": "rolling", "days": 3}), "/schedule/times"),
        (json!({"type": "quota", "per": "rolling", "days": 3}), "/schedule/times"),
        (json!({"type": "quota", "amount": 2, "per": "rolling", "days": 3}), "/schedule/amount"),
        (json!({"type": "quota", "times": 2, "per": "week", "days": 3}), "/schedule/days"),
        (json!({"type": "quota", "times": 2, "per": "fortnight"}), "/schedule/per"),
        (json!({"type": "monthly", "days": 3}), "/schedule/days"),
    ] {
        ada.post("/habits", json!({"name": "Run", "schedule": wrong})).await.names(pointer);
    }
    let too_many = json!({"type": "quota", "times": 4, "per": "rolling", "days": 3});
    let refused = ada.post("/habits", json!({"name": "Run", "schedule": too_many})).await.expect(422).body;
    assert_eq!(refused["errors"][0]["detail"], "must be a number from 1 to 3");
}

async fn days_within_a_window_with_enough_count(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"schedule": twice_in_three(), "starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-02", "2026-03-03", "2026-03-05", "2026-03-09"]).await;
    let item = async || ada.get("/habits/today").await.expect(200).body["items"][0].clone();
    let open = item().await;
    let period = json!({"from": "2026-03-09", "to": "2026-03-11", "done": 1, "needed": 2});
    assert_eq!((&open["due"], &open["state"], &open["period"]), (&json!(true), &json!("pending"), &period));
    assert_eq!(open["streak"], json!({"current": 0, "longest": 5, "unit": "days"}));
    let week = ["covered", "done", "done", "covered", "done", "missed", "missed", "missed"];
    let (days, expected) = (states(&ada, &habit, 13).await, ["done", "not_due", "pending", "pending", "pending"]);
    assert_eq!((&days[..8], &days[8..]), (&week.map(str::to_owned)[..], &expected.map(str::to_owned)[..]));

    ada.done(&habit, &["2026-03-11"]).await;
    let done = item().await;
    let period = json!({"from": "2026-03-09", "to": "2026-03-11", "done": 2, "needed": 2});
    assert_eq!((&done["due"], &done["state"], &done["period"]), (&json!(true), &json!("done"), &period));
    assert_eq!(done["streak"], json!({"current": 3, "longest": 5, "unit": "days"}));
    assert_eq!(states(&ada, &habit, 12).await[8..], ["done", "covered", "done", "pending"]);
    let streak = get(&ada, &habit, "streak").await;
    assert_eq!((&streak["current_from"], &streak["current_to"]), (&json!("2026-03-09"), &json!("2026-03-11")));
    assert_eq!(streak["best"][0], json!({"length": 5, "unit": "days", "from": "2026-03-01", "to": "2026-03-05"}));
    // Of eleven days, three aren't covered; by weekday, what was done counts.
    let stats = get(&ada, &habit, "stats").await;
    let periods = json!({"due": 11, "done": 8});
    assert_eq!((&stats["totals"]["periods"], &stats["completion_rate"]), (&periods, &json!(0.727_273)));
    assert_eq!((&stats["totals"]["done"], &stats["totals"]["bonus"]), (&json!(5), &json!(0)));
    let by_weekday: Vec<&Value> = stats["by_weekday"].as_array().unwrap().iter().map(|day| &day["done"]).collect();
    assert_eq!(by_weekday, [2, 1, 1, 1, 0, 0, 0]);
    let overview = ada.get("/stats/overview?range=all").await.expect(200).body["habits"].clone();
    assert_eq!((&overview["periods"], &overview["completion_rate"]), (&periods, &json!(0.727_273)));

    // What was done on the two days before is enough: a day of rest.
    ada.done(&habit, &["2026-03-10"]).await;
    let rest = ada.get("/habits/today?on=2026-03-12").await.expect(200).body;
    assert_eq!((&rest["items"][0]["due"], &rest["items"][0]["state"]), (&json!(false), &json!("covered")));
    assert_eq!((&rest["summary"]["due"], &rest["items"][0]["streak"]["current"]), (&json!(0), &json!(5)));
}

async fn time_that_does_not_count_makes_windows_longer(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut habits = Vec::new();
    for _ in 0..3 {
        let habit = ada.habit(json!({"schedule": twice_in_three(), "starts_on": "2026-03-01"})).await;
        ada.done(&habit, &["2026-03-01", "2026-03-02", "2026-03-08", "2026-03-10", "2026-03-11"]).await;
        habits.push(habit);
    }
    let [plain, paused, skipped] = habits.as_slice() else { panic!("three") };
    assert_eq!(get(&ada, plain, "streak").await["current"], 4, "from the 8th on");
    let pause = json!({"from": "2026-03-03", "to": "2026-03-06"});
    ada.post(&format!("/habits/{paused}/pauses"), pause).await.expect(201);
    let streak = get(&ada, paused, "streak").await;
    assert_eq!((&streak["current"], &streak["current_from"]), (&json!(7), &json!("2026-03-01")));
    for day in 3..=6 {
        let path = format!("/habits/{skipped}/entries/2026-03-0{day}");
        ada.put(&path, json!({"state": "skipped"})).await.expect(201);
    }
    assert_eq!(get(&ada, skipped, "streak").await["current"], 7);
    // A pause of all habits does the same.
    ada.post("/me/pauses", json!({"from": "2026-03-03", "to": "2026-03-06"})).await.expect(201);
    for habit in &habits {
        assert_eq!(get(&ada, habit, "streak").await["current"], 7);
        assert_eq!(get(&ada, habit, "stats").await["completion_rate"], 1.0);
    }
}

async fn putting_it_away_changes_no_figure(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"schedule": twice_in_three(), "starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-04", "2026-03-05", "2026-03-07", "2026-03-09"]).await;
    let figures = async |client: &Client| {
        let (streak, stats) = (get(client, &habit, "streak").await, get(client, &habit, "stats").await);
        (streak["current"].clone(), stats["completion_rate"].clone(), stats["totals"]["periods"].clone())
    };
    let before = figures(&ada).await;
    assert_eq!(before.0, 7, "the 10th and 11th are still open");
    ada.post(&format!("/habits/{habit}/archive"), Value::Null).await.expect(200);
    assert_eq!(figures(&ada).await, before);
    app.clock.set("2026-05-11T12:00:00Z");
    let ada = app.log_in("ada").await;
    assert_eq!(figures(&ada).await, before);
    ada.post(&format!("/habits/{habit}/restore"), Value::Null).await.expect(200);
    assert_eq!(figures(&ada).await, before);
    ada.done(&habit, &["2026-05-11"]).await;
    assert_eq!(figures(&ada).await.0, 9, "the 10th of March lies between two done days");
}

async fn an_edit_from_a_day_on_leaves_the_days_before_alone(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let weekly = json!({"type": "quota", "times": 3, "per": "week"});
    let habit = ada.habit(json!({"schedule": weekly, "starts_on": "2026-02-23"})).await;
    ada.done(&habit, &["2026-02-23", "2026-02-25", "2026-02-27", "2026-03-02", "2026-03-04", "2026-03-05"]).await;
    ada.done(&habit, &["2026-03-08", "2026-03-10"]).await;
    let plan = |from: &str, times: u32| {
        let schedule = json!({"type": "quota", "times": times, "per": "rolling", "days": 3});
        json!({"schedule": schedule, "effective_from": from})
    };
    ada.put(&format!("/habits/{habit}/plan"), plan("2026-03-02", 2)).await.expect(200);
    // Two weeks were one, and then come days: 2–6 and 8–10 March; of the 11th nothing is known yet.
    let streak = get(&ada, &habit, "streak").await;
    assert_eq!((&streak["current"], &streak["longest"], &streak["unit"]), (&json!(3), &json!(5), &json!("days")));
    let weeks: Vec<&Value> = streak["best"].as_array().unwrap().iter().filter(|run| run["unit"] == "weeks").collect();
    assert_eq!(weeks.len(), 1);
    assert_eq!((&weeks[0]["length"], &weeks[0]["to"]), (&json!(1), &json!("2026-03-01")));
    // From the 9th on, once is enough: each day by the number of its own version.
    ada.put(&format!("/habits/{habit}/plan"), plan("2026-03-09", 1)).await.expect(200);
    let streak = get(&ada, &habit, "streak").await;
    assert_eq!((&streak["current"], &streak["current_from"]), (&json!(4), &json!("2026-03-08")));
}

async fn scores_are_those_of_loop(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    // Six times in seven days, from the 1st on: five days done, three skipped, six done (Loop's own example).
    let schedule = json!({"type": "quota", "times": 6, "per": "rolling", "days": 7});
    let habit = ada.habit(json!({"schedule": schedule, "starts_on": "2026-02-20"})).await;
    ada.done(&habit, &["2026-02-20", "2026-02-21", "2026-02-22", "2026-02-23", "2026-02-24"]).await;
    for day in 25..=27 {
        let path = format!("/habits/{habit}/entries/2026-02-{day}");
        ada.put(&path, json!({"state": "skipped"})).await.expect(201);
    }
    ada.done(&habit, &["2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]).await;
    let scores = get(&ada, &habit, "score?from=2026-02-20&to=2026-03-05").await;
    let scores: Vec<f64> = scores["items"].as_array().unwrap().iter().filter_map(|day| day["score"].as_f64()).collect();
    let expected = [
        0.004_014, 0.011_848, 0.023_319, 0.038_251, 0.056_477, 0.056_477, 0.056_477, 0.056_477, 0.077_839, 0.102_187,
        0.129_375, 0.159_268, 0.191_734, 0.226_651,
    ];
    assert_eq!(scores.len(), expected.len());
    for (found, expected) in scores.iter().zip(expected) {
        assert!((found - expected).abs() < 2e-6, "{found} is not {expected}");
    }
}
