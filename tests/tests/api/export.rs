//! `/me/export`: what is in it, and what isn't.

use std::io::{Cursor, Read as _};

use circadia_tests::images::{jpeg, picture};
use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use serde_json::{Map, Value, json};
use zip::ZipArchive;

use super::catalogue::World;

scenarios!(
    an_export_is_a_file_with_everything_and_no_secret,
    an_archive_has_the_same_in_tables,
    cells_of_tables_are_no_formulas,
    an_export_costs_the_same_however_much_there_is,
    exports_and_imports_have_a_limit_of_their_own,
    a_personal_token_needs_the_scope_for_everything,
);

/// An account that has something of everything.
pub(super) async fn everything(client: &Client) -> World {
    let world = World::of(client).await;
    client.put_avatar(&jpeg(&picture(8, 8))).await.expect(200);
    client.post("/timer/start", json!({"habit_id": world.habit, "task_id": world.task})).await.expect(201);
    client.post("/sleep/reminders", json!({"wake_time": "07:00"})).await.expect(201);
    world
}

pub(super) async fn export(client: &Client) -> Value {
    client.get("/me/export").await.expect(200).body
}

async fn an_export_is_a_file_with_everything_and_no_secret(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let world = everything(&ada).await;
    let answer = ada.get("/me/export").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"circadia-export.json\""));
    assert_eq!(answer.header("content-length"), Some(answer.bytes.len().to_string().as_str()));
    let document = &answer.body;
    assert_eq!((&document["format"], &document["version"]), (&json!("circadia-export"), &json!(1)));
    for (pointer, id) in [
        ("/themes/0/id", &world.theme),
        ("/habits/0/id", &world.habit),
        ("/habits/0/pauses/0/id", &world.pause),
        ("/shared_pauses/0/id", &world.shared_pause),
        ("/entries/0/habit_id", &world.habit),
        ("/tasks/0/id", &world.task),
        ("/time_entries/0/id", &world.time_entry),
        ("/timer/habit_id", &world.habit),
        ("/sleep_logs/0/id", &world.sleep_log),
        ("/mood_moments/0/id", &world.moment),
        ("/account/id", &world.user),
    ] {
        assert_eq!(document.pointer(pointer), Some(&json!(id)), "{pointer}");
    }
    assert_eq!(document["moods"][0]["date"], world.date);
    assert_eq!(document["habits"][0]["plans"].as_array().unwrap().len(), 2);
    assert_eq!(document["account"]["email"], "ada@example.org");
    let image = &document["account"]["image"];
    assert_eq!(image["media_type"], "image/jpeg");
    assert!(image["data"].as_str().unwrap().starts_with("/9j/"), "{image}");
    let audited: Vec<&str> = document["activity"]["audit_events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["action"].as_str())
        .collect();
    assert!(audited.contains(&"token_created") && audited.contains(&"passkey_added"), "{audited:?}");
    let text = answer.text();
    for secret in ["password_hash", "argon2", "secret", "digest", "public_key", "credential", "token_hash", "\"rev\""] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(!text.contains(&world.token) || !text.contains("crc_"), "a token");
    app.anonymous().get("/me/export").await.problem(401, "authentication_required");
}

/// The tables of an archive, each with its head and its rows.
fn tables(answer: &Answer) -> Map<String, Value> {
    let mut archive = ZipArchive::new(Cursor::new(answer.bytes.clone())).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut tables = Map::new();
    for name in names {
        let mut bytes = Vec::new();
        archive.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        let Some(table) = name.strip_suffix(".csv") else {
            assert!(bytes.starts_with(&[0xFF, 0xD8]), "{name} is no image");
            continue;
        };
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<Value> = text.lines().map(Value::from).collect();
        tables.insert(table.to_owned(), lines.into());
    }
    tables
}

async fn an_archive_has_the_same_in_tables(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    everything(&ada).await;
    let document = export(&ada).await;
    let answer = ada.get("/me/export?format=csv").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"circadia-export.zip\""));
    let preferred = ada.with_header("accept", "application/zip").get("/me/export").await.expect(200);
    assert_eq!(preferred.header("content-type"), Some("application/zip"));
    let tables = tables(&answer);
    let columns = |table: &str| -> Vec<String> {
        let lines = tables.get(table).unwrap_or_else(|| panic!("no {table}.csv in {:?}", tables.keys()));
        lines[0].as_str().unwrap().split(',').map(str::to_owned).collect()
    };
    // What a table hasn't, further tables have.
    let elsewhere = |table: &str| match table {
        "habits" => vec!["plans", "pauses", "archives"],
        "account" => vec!["image"],
        _ => Vec::new(),
    };
    let mut compared = 0;
    let lists = document.as_object().unwrap().iter().chain(document["activity"].as_object().unwrap());
    for (name, member) in
        lists.filter(|(name, _)| !["format", "version", "exported_at", "activity"].contains(&name.as_str()))
    {
        let items = member.as_array().map_or(1, Vec::len);
        assert_eq!(tables[name.as_str()].as_array().unwrap().len(), items + 1, "{name}");
        let item = if member.is_array() { &member[0] } else { member };
        let Some(item) = item.as_object() else { continue };
        let mut known: Vec<String> = columns(name);
        known.extend(elsewhere(name).into_iter().map(str::to_owned));
        known.sort();
        let mut members: Vec<String> = item.keys().cloned().collect();
        members.sort();
        assert_eq!(known, members, "{name}");
        compared += 1;
    }
    assert!(compared >= 13, "only {compared} were compared");
    assert_eq!(columns("habit_plans"), ["habit_id", "effective_from", "anchor", "week_start", "schedule", "kind"]);
    assert_eq!(tables["habit_plans"].as_array().unwrap().len(), 3);
    assert_eq!(columns("habit_pauses"), ["habit_id", "id", "from", "to"]);
    assert_eq!(columns("habit_archives"), ["habit_id", "from", "until"]);
}

async fn cells_of_tables_are_no_formulas(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for title in ["=1+1", "@SUM(A1)", "+49 170", "-x"] {
        ada.task(json!({"title": title, "description": "=cmd|' /C calc'!A0"})).await;
    }
    let tables = tables(&ada.get("/me/export?format=csv").await.expect(200));
    let tasks: Vec<&str> = tables["tasks"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for line in &tasks[1..] {
        let cells: Vec<&str> = line.split(',').collect();
        assert!(cells[1].starts_with('\'') && cells[2].starts_with("'="), "{line}");
    }
}

async fn an_export_costs_the_same_however_much_there_is(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let cost = async || ada.get("/me/export").await.expect(200).statements();
    let small = cost().await;
    assert!(small <= 18, "{small}");
    for _ in 0..20 {
        let habit = ada.habit(json!({"starts_on": "2026-01-01"})).await;
        ada.done(&habit, &["2026-03-08", "2026-03-09", "2026-03-10"]).await;
        ada.task(json!({})).await;
        ada.post("/time-entries", json!({"habit_id": habit, "minutes": 5})).await.expect(201);
    }
    assert_eq!(cost().await, small);
}

async fn exports_and_imports_have_a_limit_of_their_own(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_TRANSFER", "2/h").start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let first = ada.get("/me/export").await.expect(200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"transfer\";q=2;w=3600"));
    ada.post("/me/import?dry_run=true", first.body.clone()).await.expect(200);
    let refused = ada.get("/me/export").await.problem(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    ada.post("/me/import", first.body).await.problem(429, "rate_limited");
    ada.get("/me").await.expect(200);
    eve.get("/me/export").await.expect(200);
}

async fn a_personal_token_needs_the_scope_for_everything(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let with = async |scopes: &[&str]| {
        let made = ada.post("/me/tokens", json!({"name": "Backup", "scopes": scopes})).await.expect(201).body;
        ada.with_token(made["token"].as_str().unwrap())
    };
    let all = with(&["read"]).await;
    let mut expected = export(&ada).await;
    expected["activity"] = Value::Null;
    assert_eq!(export(&all).await, expected);
    let some = with(&["habits:read", "sleep:write", "tasks:read", "profile:read"]).await;
    some.get("/me/export").await.problem(403, "insufficient_scope");
    with(&["write"]).await.post("/me/import", expected).await.problem(403, "insufficient_scope");
}
