//! `circadia demo`.

use serde_json::Value;

use crate::process::Sandbox;
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

    run(&mut sandbox.circadia(&["doctor"])).succeeded();
    let again = run(&mut sandbox.circadia(&["demo"])).failed();
    assert!(again.contains("there already is"), "{again}");
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
