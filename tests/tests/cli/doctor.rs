//! `circadia doctor`, and what it does about damage.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use serde_json::json;

use crate::process::{Sandbox, Server};
use crate::run::run;

const DATES: [&str; 4] = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"];

/// Changes the database behind the program's back.
fn damage(sandbox: &Sandbox, sql: &str) {
    let path = sandbox.path("data/circadia.db");
    SqliteConnection::establish(path.to_str().unwrap()).unwrap().batch_execute(sql).unwrap();
}

/// A habit's id as it is stored.
fn blob(id: &str) -> String {
    format!("x'{}'", id.replace('-', ""))
}

async fn streaks(server: &Server, session: &crate::api::Session, habits: &[String]) -> Vec<serde_json::Value> {
    let mut streaks = Vec::new();
    for habit in habits {
        streaks.push(server.get(session, &format!("/habits/{habit}/streak?on=2026-03-04")).await);
    }
    streaks
}

#[tokio::test]
async fn damage_is_named_and_mended() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let session = server.register("ada").await;
    let mut habits = Vec::new();
    for name in ["Torn", "Lost", "Stale", "Blurred", "Paused", "Sound"] {
        let habit = server.daily_habit(&session, name, "2026-01-01").await;
        for date in DATES {
            assert!(server.try_put_done(&session, &habit, date).await.unwrap().is_success());
        }
        habits.push(habit);
    }
    let before = streaks(&server, &session, &habits).await;
    assert_eq!(before[0]["current"], 4, "{}", before[0]);
    drop(server);

    let said = run(&mut sandbox.circadia(&["doctor"])).succeeded();
    for checked in ["configuration", "database", "schema", "keys", "sign-ins", "histories"] {
        assert!(said.contains(checked), "{checked} is missing in: {said}");
    }

    let [torn, lost, stale, blurred, paused, sound] =
        habits.iter().map(|id| blob(id)).collect::<Vec<_>>().try_into().unwrap();
    damage(&sandbox, &format!("UPDATE habit_histories SET history = x'ffff' WHERE habit_id = {torn}"));
    damage(&sandbox, &format!("DELETE FROM habit_histories WHERE habit_id = {lost}"));
    damage(
        &sandbox,
        &format!(
            "UPDATE entries SET state = 'missed' WHERE habit_id = {stale} AND date = (SELECT max(date) FROM entries)"
        ),
    );
    // The recent part of a history without entries.
    damage(&sandbox, &format!("UPDATE habit_histories SET recent = x'0100000000000000' WHERE habit_id = {blurred}"));
    // A copy of a shared pause that there isn't.
    let copy = format!(r#"[{{"id":"{}","from":"2026-03-03","source":"shared"}}]"#, habits[4]);
    damage(&sandbox, &format!("UPDATE habits SET pauses = '{copy}' WHERE id = {paused}"));
    assert_ne!(sound, stale);

    for _ in 0..2 {
        let ended = run(&mut sandbox.circadia(&["doctor"]));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.contains("doctor --repair"), "{ended:?}");
        for habit in &habits[..5] {
            assert!(ended.out.contains(habit.as_str()), "{habit} is missing in: {ended:?}");
        }
        assert!(!ended.out.contains(habits[5].as_str()), "{ended:?}");
    }

    run(&mut sandbox.circadia(&["doctor", "--repair"])).succeeded();
    run(&mut sandbox.circadia(&["doctor"])).succeeded();
    let server = sandbox.serve().await;
    let after = streaks(&server, &session, &habits).await;
    for whole in [0, 1, 3, 4, 5] {
        assert_eq!(after[whole], before[whole]);
    }
    // Its entries are what counts: the last of them says now that it was missed.
    assert_eq!(after[2]["current"], 0, "{}", after[2]);
    assert_eq!(after[2]["longest"], 3, "{}", after[2]);
}

/// A number of the database.
fn number(sandbox: &Sandbox, sql: &str) -> i64 {
    let path = sandbox.path("data/circadia.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(sql)).get_result(&mut connection).unwrap()
}

#[tokio::test]
async fn figures_of_sign_ins_that_are_wrong_are_named_and_made_anew() {
    let sandbox = Sandbox::new();
    run(&mut sandbox.circadia(&["demo"])).succeeded();
    let successes = || number(&sandbox, "(SELECT coalesce(sum(successes), 0) FROM login_totals)");
    let server = sandbox.serve().await;
    let is_done = "(SELECT rolled_up_until * 900 > unixepoch() - 3600 FROM login_rollup_state)";
    for _ in 0..200 {
        if number(&sandbox, is_done) == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    drop(server);
    let rolled_up = successes();
    assert!(rolled_up > 150, "{rolled_up} sign-ins were rolled up");
    run(&mut sandbox.circadia(&["doctor"])).succeeded();
    damage(&sandbox, "UPDATE login_totals SET successes = successes + 1 WHERE quarter % 2 = 0");
    let ended = run(&mut sandbox.circadia(&["doctor"]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("sign-ins differ") && ended.err.contains("--repair"), "{ended:?}");
    let said = run(&mut sandbox.circadia(&["doctor", "--repair"])).succeeded();
    assert!(said.contains("made anew"), "{said}");
    assert_eq!(successes(), rolled_up);
    run(&mut sandbox.circadia(&["doctor"])).succeeded();
}

#[tokio::test]
async fn tracked_minutes_that_are_wrong_are_named_and_mended() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let session = server.register("ada").await;
    let kind = json!({"type": "minutes", "target": 30});
    let habit = json!({"name": "Read", "kind": kind, "schedule": {"type": "daily"}, "starts_on": "2026-01-01"});
    let (_, habit) = server.post("/habits", Some(&session), &habit).await;
    let habit = habit["id"].as_str().unwrap();
    for (date, minutes) in [("2026-03-01", 30), ("2026-03-02", 20), ("2026-03-02", 10), ("2026-03-03", 30)] {
        let entry = json!({"habit_id": habit, "date": date, "minutes": minutes});
        let (status, answer) = server.post("/time-entries", Some(&session), &entry).await;
        assert_eq!(status.as_u16(), 201, "{answer}");
    }
    let path = format!("/habits/{habit}/streak?on=2026-03-03");
    assert_eq!(server.get(&session, &path).await["current"], 3);
    drop(server);
    run(&mut sandbox.circadia(&["doctor"])).succeeded();

    // One day has too much, one lost its entry, and one has time that isn't there.
    let id = blob(habit);
    for sql in [
        format!(
            "UPDATE entries SET tracked_minutes = 99 WHERE habit_id = {id} AND date = (SELECT min(date) FROM entries)"
        ),
        format!("DELETE FROM entries WHERE habit_id = {id} AND date = 20514"),
        format!("DELETE FROM time_entries WHERE habit_id = {id} AND date = 20515"),
    ] {
        damage(&sandbox, &sql);
    }
    let ended = run(&mut sandbox.circadia(&["doctor"]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains(habit) && ended.out.contains("3 days, 2026-03-01 first"), "{ended:?}");
    run(&mut sandbox.circadia(&["doctor", "--repair"])).succeeded();
    run(&mut sandbox.circadia(&["doctor"])).succeeded();
    let server = sandbox.serve().await;
    let entries = server.get(&session, &format!("/habits/{habit}/entries")).await;
    let tracked: Vec<(&str, u64)> = entries["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["date"].as_str().unwrap(), entry["tracked_minutes"].as_u64().unwrap()))
        .collect();
    assert_eq!(tracked, [("2026-03-01", 30), ("2026-03-02", 30)]);
    assert_eq!(server.get(&session, "/habits/today?on=2026-03-02").await["items"][0]["streak"]["current"], 2);
}

#[test]
fn a_schema_that_lacks_migrations_is_told() {
    let sandbox = Sandbox::new();
    let said = run(&mut sandbox.circadia(&["doctor"])).failed();
    assert!(said.contains("circadia migrate"), "{said}");
}

#[tokio::test]
async fn another_secret_key_is_told() {
    let sandbox = Sandbox::new();
    drop(sandbox.serve().await);
    let mut command = sandbox.circadia(&["doctor"]);
    run(command.env("CIRCADIA_SECRET_KEY", "another one, which sealed nothing here")).failed();
}
