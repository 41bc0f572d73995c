//! `circadia demo`.

use serde_json::{Value, json};

use crate::api::Session;
use crate::process::{Sandbox, Server};
use crate::run::run;

/// The credentials in the command that it prints.
fn printed_login(said: &str) -> (String, String) {
    let from = said.find("-d '").unwrap_or_else(|| panic!("no command to sign in with: {said}")) + 4;
    let to = from + said[from..].find('\'').unwrap();
    let login: Value = serde_json::from_str(&said[from..to]).unwrap();
    (login["username"].as_str().unwrap().to_owned(), login["password"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_year_of_data_is_made_and_the_printed_credentials_work() {
    let sandbox = Sandbox::new();
    let said = run(&mut sandbox.circadia(&["demo"])).succeeded();
    let (username, password) = printed_login(&said);
    assert_eq!(username, "demo");

    let server = sandbox.serve().await;
    let session = server.login(&username, &password).await;
    let habits = server.get(&session, "/habits").await;
    let habits = habits["items"].as_array().unwrap();
    assert!(habits.len() >= 5, "{habits:#?}");
    let mut longest = 0;
    for habit in habits {
        let id = habit["id"].as_str().unwrap();
        let entries = server.get(&session, &format!("/habits/{id}/entries?limit=100")).await;
        assert!(!entries["items"].as_array().unwrap().is_empty(), "{habit}");
        let streak = server.get(&session, &format!("/habits/{id}/streak")).await;
        longest = longest.max(streak["longest"].as_u64().unwrap());
    }
    assert!(longest > 5, "the longest streak of a year is {longest}");
    let today = server.get(&session, "/habits/today").await;
    assert!(!today["items"].as_array().unwrap().is_empty(), "{today}");

    let tasks = server.get(&session, "/tasks").await;
    assert!(tasks["items"].as_array().unwrap().len() >= 10, "{tasks:#?}");
    let themes = server.get(&session, "/themes").await;
    for theme in themes["items"].as_array().unwrap() {
        let counts = &theme["counts"];
        for name in ["habits", "tasks_open", "tasks_done", "minutes"] {
            assert!(counts[name].as_u64().unwrap() > 0, "{name} of {theme}");
        }
    }
    let week = server.get(&session, "/habits/views/week").await;
    assert_eq!(week["items"].as_array().unwrap().len(), habits.len());

    // Later to bed at weekends, a night forgotten now and then, moods of most days.
    let month = server.get(&session, "/sleep/stats").await;
    assert!((20..=30).contains(&month["summary"]["nights"].as_u64().unwrap()), "{month}");
    assert!(month["social_jet_lag"]["minutes"].as_f64().unwrap() > 20.0, "{month}");
    let moods = server.get(&session, "/moods/trend?range=365d").await;
    assert!((200..365).contains(&moods["n"].as_u64().unwrap()), "{moods}");

    the_year_looks_right_in_statistics(&server, &session, habits.len()).await;
    let logins = server.get(&session, "/me/logins").await;
    assert!(logins["total"].as_u64().unwrap() > 150, "{}", logins["total"]);
    let distribution = server.get(&session, "/me/logins/charts/distribution").await;
    assert!(distribution["devices"]["labels"].as_array().unwrap().len() >= 2, "{distribution}");

    run(&mut sandbox.circadia(&["doctor"])).succeeded();
    let again = run(&mut sandbox.circadia(&["demo"])).failed();
    assert!(again.contains("there is an account demo already. Sign in with"), "{again}");
}

/// Every figure of the year is known, and is what the lists add up to.
async fn the_year_looks_right_in_statistics(server: &Server, session: &Session, habits: usize) {
    let year = server.get(session, "/stats/overview?range=365d").await;
    let (from, to) = (year["range"]["from"].as_str().unwrap(), year["range"]["to"].as_str().unwrap());
    for kpi in year["kpis"].as_array().unwrap() {
        assert!(kpi["value"].as_f64().unwrap() > 0.0, "{kpi}");
    }
    let rate = year["habits"]["completion_rate"].as_f64().unwrap();
    assert!((0.4..1.0).contains(&rate), "{rate}");
    assert_eq!(year["habits"]["active"], habits);
    let line = |part: &str, key: &str| -> Vec<Value> {
        let lines = year[part]["trend"]["datasets"].as_array().unwrap();
        lines.iter().find(|line| line["key"] == key).unwrap()["data"].as_array().unwrap().clone()
    };
    for (part, key) in [("habits", "rate"), ("sleep", "minutes"), ("sleep", "quality"), ("mood", "mood")] {
        assert!(line(part, key).iter().all(|figure| figure.as_f64().unwrap() > 0.0), "{part}: {:?}", line(part, key));
    }
    // Lists come in pages.
    let list = async |path: &str| {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get(session, &format!("{path}{cursor}")).await;
            items.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    };
    let spent = list(&format!("/time-entries?from={from}&to={to}")).await;
    let minutes: u64 = spent.iter().map(|entry| entry["minutes"].as_u64().unwrap()).sum();
    assert_eq!(year["time"]["total_minutes"], minutes);
    let drawn: f64 = line("time", "minutes").iter().map(|sum| sum.as_f64().unwrap()).sum();
    assert_eq!(year["time"]["total_minutes"].as_f64(), Some(drawn));
    let tasks = list("/tasks?limit=100").await;
    let done = tasks.iter().filter(|task| task["status"] == "done").count();
    assert_eq!((&year["tasks"]["total"], &year["tasks"]["completed_in_range"]), (&json!(tasks.len()), &json!(done)));
    assert!(year["tasks"]["avg_completion_hours"].as_f64().unwrap() > 24.0, "{}", year["tasks"]);
    let logs = list(&format!("/sleep?from={from}&to={to}")).await;
    let mut nights: Vec<&str> =
        logs.iter().filter(|log| log["kind"] == "main").map(|log| log["date"].as_str().unwrap()).collect();
    nights.dedup();
    assert_eq!(year["sleep"]["nights"], nights.len());
    assert_eq!(year["mood"]["days"], list(&format!("/moods?from={from}&to={to}")).await.len());
    let insights = server.get(session, "/stats/insights").await;
    assert!(insights["family_size"].as_u64().unwrap() >= 20, "{insights}");
}

#[tokio::test]
async fn an_installation_is_made_for_an_administrator() {
    let sandbox = Sandbox::new();
    let said = run(&mut sandbox.circadia(&["demo", "--admin"])).succeeded();
    let (username, password) = printed_login(&said);
    let server = sandbox.serve().await;
    let session = server.login(&username, &password).await;
    let dashboard = server.get(&session, "/admin/dashboard").await;
    assert_eq!((&dashboard["users"]["total"], &dashboard["users"]["staff"]), (&json!(41), &json!(3)));
    assert!(dashboard["logins_30_days"]["successes"].as_u64().unwrap() > 100, "{dashboard}");
    assert!(dashboard["users"]["signed_in_7_days"].as_u64().unwrap() > 10, "{dashboard}");
    run(&mut sandbox.circadia(&["doctor"])).succeeded();
}

#[tokio::test]
async fn name_and_password_can_be_chosen() {
    let sandbox = Sandbox::new();
    let arguments = ["demo", "--username", "ada", "--password", crate::api::PASSWORD];
    run(&mut sandbox.circadia(&arguments)).succeeded();
    let server = sandbox.serve().await;
    server.login("ada", crate::api::PASSWORD).await;
}

#[test]
fn production_has_no_place_for_it() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.circadia(&["demo"]);
    let said =
        run(command.env("CIRCADIA_ENV", "production").env("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef"))
            .failed();
    assert!(said.contains("production"), "{said}");
}
