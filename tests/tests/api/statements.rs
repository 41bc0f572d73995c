//! The number of statements per answer: constant, regardless of the number of habits and entries.

use circadia_domain::civil::{Date, DateRange};
use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    views_cost_the_same_however_much_there_is,
    batches_cost_the_same_however_long_they_are,
    sleep_and_moods_cost_the_same_however_much_there_is,
    statistics_cost_the_same_of_a_month_and_of_years,
    frequent_requests_take_few_round_trips,
    a_start_screen_takes_four_round_trips,
    pauses_of_all_habits_cost_the_same_however_many_there_are,
    administration_costs_the_same_however_many_accounts_there_are,
    webhooks_cost_the_same_however_many_there_are,
    reminders_cost_the_same_however_many_there_are,
);

async fn frequent_requests_take_few_round_trips(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let habit = ada.habit(json!({"starts_on": "2025-01-01"})).await;
    let task = ada.task(json!({})).await;
    let reads = [
        (format!("/habits/{habit}"), 1),
        (format!("/habits/{habit}/calendar?year=2025"), 1),
        (format!("/habits/{habit}/streak"), 1),
        (format!("/habits/{habit}/stats"), 1),
        ("/habits".to_owned(), 1),
        ("/habits/today".to_owned(), 1),
        ("/habits/views/week".to_owned(), 1),
        (format!("/tasks/{task}"), 1),
        ("/timer".to_owned(), 1),
        ("/me".to_owned(), 2),
        ("/sleep".to_owned(), 1),
        ("/sleep/views/week".to_owned(), 2),
        ("/moods/views/week".to_owned(), 2),
        ("/quotes/today".to_owned(), 2),
    ];
    for (path, most) in reads {
        assert_eq!(ada.get(&path).await.expect(200).round_trips(), most, "{path}");
    }
    // BEGIN, the revision, what there is, what is written, COMMIT; the others know no statement that writes two tables,
    // nor MySQL one that tells the raised revision.
    let most = match backend {
        Backend::Sqlite => 6,
        Backend::Postgres => 5,
        Backend::Mysql => 7,
    };
    let path = format!("/habits/{habit}/entries/2026-03-10");
    assert_eq!(ada.put(&path, json!({"state": "done"})).await.expect(201).round_trips(), most);
    assert_eq!(ada.put(&path, json!({"state": "done", "note": "again"})).await.expect(200).round_trips(), most);
    assert_eq!(ada.patch(&path, json!({"note": "and again"})).await.expect(200).round_trips(), most);
    // As long ago, and however many habits there are.
    let old = format!("/habits/{habit}/entries/2025-02-01");
    assert_eq!(ada.put(&old, json!({"state": "done"})).await.expect(201).round_trips(), most);
    let deleted = ada.delete(&old).await.expect(200).round_trips();
    let count = json!({"type": "count", "target": 2, "unit": "pages"});
    let counted = ada.habit(json!({"starts_on": "2025-01-01", "kind": count})).await;
    for _ in 0..20 {
        ada.habit(json!({"starts_on": "2025-01-01"})).await;
    }
    let increment = format!("/habits/{counted}/entries/2026-03-10/increment");
    assert_eq!(ada.post(&increment, json!({"by": 1})).await.expect(200).round_trips(), most);
    assert_eq!(ada.put(&path, json!({"state": "done"})).await.expect(200).round_trips(), most);
    assert_eq!(ada.delete(&path).await.expect(200).round_trips(), deleted);
    // The entry, its removal, a tombstone and the history.
    assert_eq!(deleted, if backend == Backend::Mysql { 9 } else { 8 });
}

async fn a_start_screen_takes_four_round_trips(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let cost = async |what: &str| {
        for path in ["/home", "/home?on=2026-03-01", "/home?on=2025-06-01", "/home?on=2026-03-13"] {
            let answer = ada.get(path).await.expect(200);
            assert_eq!((answer.statements(), answer.round_trips()), (4, 4), "{path} with {what}");
        }
    };
    cost("nothing").await;
    let kind = json!({"type": "count", "target": 2, "unit": "pages"});
    let mut habits = Vec::new();
    for number in 0..60 {
        if number == 3 {
            cost("three habits").await;
        }
        habits.push(ada.habit(json!({"starts_on": "2025-01-01", "kind": kind})).await);
    }
    let mut entries = Vec::new();
    for (number, habit) in habits.iter().enumerate() {
        for day in 1..11 {
            let (past, value) = (format!("2025-{:02}-{day:02}", day + 1), number % 3);
            entries.push(json!({"habit_id": habit, "date": format!("2026-03-{day:02}"), "value": value}));
            entries.push(json!({"habit_id": habit, "date": past, "value": value}));
        }
    }
    for chunk in entries.chunks(600) {
        ada.post("/entries/batch", json!({"items": chunk, "atomic": true})).await.expect(200);
    }
    for day in 1..11 {
        let date = format!("2026-03-{day:02}");
        for _ in 0..8 {
            ada.task(json!({"due_on": date})).await;
        }
        ada.sleep(&format!("{date}T00:00:00Z"), &format!("{date}T07:00:00Z")).await;
        ada.put(&format!("/moods/{date}"), json!({"value": 5})).await.expect(201);
        for hour in 10..13 {
            ada.post("/moods", json!({"at": format!("{date}T{hour}:00:00Z"), "value": 6})).await.expect(201);
        }
    }
    ada.post("/timer/start", json!({"habit_id": habits[0]})).await.expect(201);
    cost("much").await;
}

async fn pauses_of_all_habits_cost_the_same_however_many_there_are(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let make = async || {
        let body = json!({"name": "h", "schedule": {"type": "daily"}, "starts_on": "2026-03-01"});
        ada.post("/habits", body).await.expect(201).statements()
    };
    // Whether there is one with its id, or there was; how many there are; the shared pauses; the habit and its history.
    assert_eq!(make().await, 6);
    for habits in [1, 40] {
        // The pauses, a tombstone, the habits; the pause, the habits' pauses, their histories.
        let made = ada.post("/me/pauses", json!({"from": "2026-03-02", "to": "2026-03-05"})).await.expect(201);
        assert_eq!(made.statements(), 6, "{habits} habits");
        let path = made.header("location").unwrap();
        assert_eq!(ada.patch(path, json!({"to": "2026-03-06"})).await.expect(200).statements(), 5, "{habits} habits");
        assert_eq!(ada.patch(path, json!({"note": "Holiday"})).await.expect(200).statements(), 2, "{habits} habits");
        assert_eq!(ada.get("/me/pauses").await.expect(200).statements(), 1);
        // A tombstone, too.
        assert_eq!(ada.delete(path).await.expect(204).statements(), 6, "{habits} habits");
        for _ in habits..40 {
            make().await;
        }
    }
    let name = |zone: &str| json!({"timezone": zone});
    let west = ada.patch("/me", name("Pacific/Honolulu")).await.expect(200).statements();
    // The pauses, the habits; the pause, the habits' pauses, their histories.
    let east = ada.patch("/me", name("Pacific/Auckland")).await.expect(200).statements();
    assert_eq!(ada.get("/me/pauses").await.expect(200).each("source"), ["date_line"]);
    assert_eq!(east, west + 5);
}

async fn cost(client: &Client, path: &str) -> u32 {
    client.get(path).await.expect(200).statements()
}

async fn views_cost_the_same_however_much_there_is(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let theme = ada.theme("Health").await;
    let kind = json!({"type": "count", "target": 2, "unit": "pages"});
    let make = async || ada.habit(json!({"starts_on": "2025-01-01", "theme_id": theme, "kind": kind})).await;
    let habit = make().await;
    ada.put(&format!("/habits/{habit}/entries/2026-03-10"), json!({"value": 1})).await.expect(201);
    let task = ada.task(json!({"theme_id": theme})).await;
    ada.post("/time-entries", json!({"habit_id": habit, "task_id": task, "minutes": 5})).await.expect(201);
    let views = [
        "/habits".to_owned(),
        "/habits?sort=streak".to_owned(),
        "/habits?due_on=2026-03-11&q=read&limit=10".to_owned(),
        "/habits/today".to_owned(),
        "/habits/today?on=2025-06-01".to_owned(),
        "/themes".to_owned(),
        format!("/themes/{theme}"),
        "/quotes/today".to_owned(),
        "/tasks".to_owned(),
        "/time-entries?sort=-date".to_owned(),
        format!("/time-entries?habit_id={habit}&task_id={task}&from=2026-01-01"),
        "/time-entries/summary?from=2026-01-01&to=2026-03-11&group_by=week".to_owned(),
        "/time-entries/summary?from=2026-01-01&to=2026-03-11&group_by=habit".to_owned(),
        "/time-entries/summary?from=2026-01-01&to=2026-03-11&group_by=theme".to_owned(),
        format!("/habits/{habit}/time/weekly"),
        "/timer".to_owned(),
        "/habits/views/day".to_owned(),
        "/habits/views/week".to_owned(),
        "/habits/views/month".to_owned(),
        format!("/tasks?status=todo,done&theme_id={theme}&q=call&sort=-priority&overdue=false&limit=10"),
        format!("/habits/{habit}/entries"),
        "/entries?limit=10".to_owned(),
        format!("/entries?limit=10&habit_id={habit}&sort=-date"),
        format!("/habits/{habit}/streak"),
        format!("/habits/{habit}/stats"),
        format!("/habits/{habit}/calendar?year=2025"),
        format!("/habits/{habit}/score?from=2025-01-01&to=2026-03-11"),
        format!("/habits/{habit}/occurrences?from=2025-01-01&to=2026-03-11"),
    ];
    let mut small = Vec::new();
    for view in &views {
        let cost = cost(&ada, view).await;
        // Themes take one for themselves, and one for all that belongs to them.
        let is_theme = view.starts_with("/themes");
        let most = if is_theme || view.starts_with("/entries") { 2 } else { 3 };
        assert!((1..=most).contains(&cost), "{view} costs {cost} statements");
        small.push(cost);
    }
    let mut items = Vec::new();
    for _ in 0..49 {
        let task = ada.task(json!({"theme_id": theme})).await;
        let other = make().await;
        ada.post("/time-entries", json!({"habit_id": other, "task_id": task, "minutes": 5})).await.expect(201);
        items.push(json!({"habit_id": other, "date": "2026-03-10", "value": 2}));
    }
    for day in 0..200 {
        let (month, day) = (day / 28 + 5, day % 28 + 1);
        items.push(json!({"habit_id": habit, "date": format!("2025-{month:02}-{day:02}"), "value": day}));
    }
    let stored = ada.post("/entries/batch", json!({"items": items, "atomic": true})).await.expect(200).body;
    assert_eq!(stored["stored"], 249);
    for (view, small) in views.iter().zip(small) {
        let large = cost(&ada, view).await;
        // What lies far back may take one more, to read the amounts that histories don't keep; never one per habit.
        assert!(large == small || (view.contains("today?on=") && large == 3), "{view}: {small} became {large}");
    }
}

async fn batches_cost_the_same_however_long_they_are(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let mut habits = Vec::new();
    for _ in 0..10 {
        habits.push(ada.habit(json!({"starts_on": "2025-01-01"})).await);
    }
    let item = |habit: &str, day: usize| -> Value {
        let (month, day) = (day / 28 + 1, day % 28 + 1);
        json!({"habit_id": habit, "date": format!("2025-{month:02}-{day:02}"), "state": "done"})
    };
    let put = async |items: Vec<Value>| {
        let answer = ada.post("/entries/batch", json!({"items": items})).await.expect(200);
        assert_eq!(answer.body["refused"], 0);
        answer.statements()
    };
    let one = put(vec![item(&habits[0], 0)]).await;
    let hundred = put((0..100).map(|day| item(&habits[0], day)).collect()).await;
    let of_all = put(habits.iter().flat_map(|habit| (0..100).map(|day| item(habit, day + 100))).collect()).await;
    assert_eq!((hundred, of_all), (one, one));
    assert!(one <= 6, "{one}");
}

async fn sleep_and_moods_cost_the_same_however_much_there_is(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    // What is asked for, and how many statements it may cost.
    let views = [
        ("/sleep", 1),
        ("/sleep/stats", 2),
        ("/sleep/stats?from=2020-01-01&to=2026-03-11", 2),
        ("/sleep/views/day", 2),
        ("/sleep/views/week", 2),
        ("/sleep/views/week?date=2026-03-05", 2),
        ("/sleep/views/month?date=2026-03-05", 2),
        ("/moods", 2),
        ("/moods/trend?range=all", 2),
        ("/moods/views/day", 2),
        ("/moods/views/week", 2),
        ("/moods/views/month", 2),
        ("/moods/views/month?date=2026-03-05", 1),
    ];
    let log = async |day: u32| {
        let date = format!("2026-03-{day:02}");
        ada.sleep(&format!("{date}T00:00:00Z"), &format!("{date}T07:00:00Z")).await;
        ada.put(&format!("/moods/{date}"), json!({"value": 5})).await.expect(201);
        for hour in 10..13 {
            ada.post("/moods", json!({"at": format!("{date}T{hour}:00:00Z"), "value": 6})).await.expect(201);
        }
    };
    log(5).await;
    for (view, most) in views {
        assert_eq!(cost(&ada, view).await, most, "{view}");
    }
    for day in [1, 2, 3, 4, 6, 7, 8, 9, 10] {
        log(day).await;
    }
    for (view, most) in views {
        assert_eq!(cost(&ada, view).await, most, "{view}");
    }
}

async fn statistics_cost_the_same_of_a_month_and_of_years(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let kind = json!({"type": "minutes", "target": 10});
    let fill = async |first: &str, step: usize| {
        let theme = ada.theme(first).await;
        let habit = ada.habit(json!({"starts_on": first, "theme_id": theme, "kind": kind})).await;
        let days = DateRange::new(Date::parse(first).unwrap(), Date::parse("2026-03-10").unwrap()).unwrap();
        let mut entries = Vec::new();
        for (number, day) in days.iter().step_by(step).enumerate() {
            entries.push(json!({"habit_id": habit, "date": day, "value": number % 20}));
            // Of what can be there already, the second time.
            ada.put(&format!("/moods/{day}"), json!({"value": number % 11})).await;
            let (start, end) = (format!("{day}T00:00:00Z"), format!("{day}T0{}:30:00Z", 5 + number % 4));
            ada.post("/sleep?on_overlap=replace", json!({"start": start, "end": end})).await.expect(201);
            let task = ada.task(json!({"theme_id": theme})).await;
            ada.post("/time-entries", json!({"date": day, "minutes": 5, "task_id": task})).await.expect(201);
        }
        ada.post("/entries/batch", json!({"items": entries, "atomic": true})).await.expect(200);
    };
    let looks = ["range=7d", "range=30d", "range=365d", "range=all", "from=2016-03-14&to=2026-03-10"]
        .map(|range| [format!("/stats/overview?{range}"), format!("/stats/insights?{range}")])
        .concat();
    let costs = async || {
        let mut costs = Vec::new();
        for look in &looks {
            costs.push(cost(&ada, look).await);
        }
        costs
    };
    fill("2026-02-10", 1).await;
    let month = costs().await;
    for (look, cost) in looks.iter().zip(&month) {
        // Habits with the settings, themes, three of tasks, two of time, sleep, moods; of insights no themes, one of amounts.
        assert_eq!(*cost, if look.contains("overview") { 9 } else { 5 }, "{look}");
    }
    fill("2016-03-14", 61).await;
    assert_eq!(costs().await, month);
    let all = ada.get("/stats/overview?range=all").await.expect(200).body;
    assert_eq!((&all["range"]["from"], &all["step"]), (&json!("2016-03-14"), &json!("month")));
}

async fn administration_costs_the_same_however_many_accounts_there_are(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = super::administration::superuser(&app, "ada").await;
    // Long enough after the role was given, it isn't looked up again.
    app.clock.advance(60);
    ada.until_known().await;
    let own = format!("/admin/users/{}", ada.tokens["user"]["id"].as_str().unwrap());
    let views = [
        // A part of the list, and how many there are.
        ("/admin/users".to_owned(), 2),
        ("/admin/users?role=admin&active=true&verified=false&q=a&me=true&filter=all&sort=-email".to_owned(), 2),
        ("/admin/users?page=2&size=3&sort=username".to_owned(), 2),
        // The providers, too.
        (own.clone(), 2),
        // The zone of the days, too.
        ("/admin/audit".to_owned(), 3),
        ("/admin/audit?action=account_changed&from=2026-03-01&tz=UTC".to_owned(), 2),
    ];
    for users in [1, 12] {
        for (view, statements) in &views {
            assert_eq!(cost(&ada, view).await, *statements, "{view} of {users}");
        }
        for index in users..12 {
            app.user(&format!("user-{users}-{index}")).await;
            ada.patch(&own, json!({"username": format!("ada-{index}")})).await.expect(200);
        }
    }
}

async fn webhooks_cost_the_same_however_many_there_are(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    for count in [1, 9] {
        for _ in 0..count {
            let webhook = json!({"url": "https://hooks.example/", "events": ["timer.deleted"]});
            ada.post("/webhooks", webhook).await.expect(201);
        }
        let list = ada.get("/webhooks").await.expect(200);
        let id = list.body["items"][0]["id"].as_str().unwrap();
        assert_eq!(list.round_trips(), 1, "{count}");
        assert_eq!(cost(&ada, &format!("/webhooks/{id}")).await, 1, "{count}");
        // Whether there is such a webhook, too.
        assert_eq!(cost(&ada, &format!("/webhooks/{id}/deliveries")).await, 2, "{count}");
    }
}

async fn reminders_cost_the_same_however_many_there_are(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    for count in [1, 12] {
        for _ in 0..count {
            let habit = ada.habit(json!({"starts_on": "2025-01-01"})).await;
            let task = ada.task(json!({"due_on": "2026-03-12"})).await;
            ada.post(&format!("/habits/{habit}/reminders"), json!({"time": "18:00"})).await.expect(201);
            ada.post(&format!("/tasks/{task}/reminders"), json!({"time": "18:00"})).await.expect(201);
            ada.post("/sleep/reminders", json!({"wake_time": "07:00"})).await.expect(201);
            // The habit, too.
            assert_eq!(cost(&ada, &format!("/habits/{habit}/reminders")).await, 2, "{count}");
        }
        // The user, the reminders, the habits with their histories, the tasks.
        for days in [1, 31] {
            let answer = ada.get(&format!("/reminders/upcoming?days={days}")).await.expect(200);
            assert_eq!((answer.statements(), answer.round_trips()), (4, 4), "{count} reminders each, {days} days");
        }
    }
}
