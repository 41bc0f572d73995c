//! `/imports`: what files of other apps become, and how that is taken back.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use circadia_tests::{Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

scenarios!(
    a_loop_export_becomes_habits_with_its_scores,
    a_dry_run_tells_line_by_line_and_writes_nothing,
    the_same_again_makes_nothing,
    undoing_removes_what_was_made_and_keeps_what_was_changed_since,
    undoing_keeps_what_something_else_belongs_to,
    what_is_there_already_stays_as_it_is,
    sleep_that_overlaps_is_told_and_left_out,
    a_large_file_is_imported_in_parts,
    every_app_has_a_small_file_that_is_imported_and_undone,
    an_account_can_be_imported_from_its_own_tables,
    what_can_not_be_read_fails_and_says_why,
    files_are_bounded_and_are_no_forms,
    the_file_is_gone_when_its_import_has_ended,
    what_a_dead_server_left_is_gone_on_with,
    imports_go_with_their_account,
);

const HABITS: &str = "\
Position,Name,Type,Question,Description,FrequencyNumerator,FrequencyDenominator,Color,Unit,Target Type,Target Value,Archived?
001,Meditate,YES_NO,Did you meditate?,,1,1,#FF8F00,,,,false
002,Water,NUMERICAL,,,1,1,#1976D2,glasses,AT_LEAST,8.0,false
";

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Days of 2025 from the first of October on, and what Loop has of each: done, skipped, missed or nothing.
fn days() -> Vec<(String, &'static str)> {
    let words = ["YES_MANUAL", "YES_MANUAL", "NO", "YES_MANUAL", "SKIP", "YES_MANUAL", "", "YES_MANUAL", "YES_MANUAL"];
    let date =
        |day: usize| if day < 31 { format!("2025-10-{:02}", day + 1) } else { format!("2025-11-{:02}", day - 30) };
    (0..60).map(|day| (date(day), words[day % words.len()])).collect()
}

fn loop_export() -> Vec<u8> {
    let row = |(date, word): &(String, &str)| if word.is_empty() { String::new() } else { format!("{date},{word},\n") };
    let checks: String = days().iter().rev().map(row).collect();
    let water: String = days()
        .iter()
        .rev()
        .enumerate()
        .fold(String::new(), |rows, (at, (date, _))| rows + &format!("{date},{},\n", 4000 + 1000 * (at % 7)));
    zip(&[
        ("Habits.csv", HABITS),
        ("001 Meditate/Checkmarks.csv", &format!("Date,Value,Notes\n{checks}")),
        ("002 Water/Checkmarks.csv", &format!("Date,Value,Notes\n{water}")),
    ])
}

/// Loop's score, as its source says it: for a daily habit, `score · m + done · (1 − m)` with `m = 0.5^(√1/13)`, which stands
/// still on skipped days.
fn scores(done: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    let multiplier = 0.5_f64.powf(1.0 / 13.0);
    let step = |score: &mut f64, done: Option<f64>| {
        if let Some(done) = done {
            *score = *score * multiplier + done * (1.0 - multiplier);
        }
        Some(*score)
    };
    done.scan(0.0, step).collect()
}

async fn upload(client: &Client, format: &str, file: impl Into<Vec<u8>>) -> Value {
    let answer = client.call_raw(Method::POST, &format!("/imports?format={format}"), file).await.expect(202);
    let path = format!("/api/v1/imports/{}", answer.body["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(path.as_str()));
    answer.body
}

/// An import that has ended.
async fn ended(client: &Client, import: &Value) -> Value {
    let path = format!("/imports/{}", import["id"].as_str().unwrap());
    let begun = Instant::now();
    loop {
        let found = client.get(&path).await.expect(200).body;
        if !["waiting", "running", "undoing"].contains(&found["state"].as_str().unwrap()) {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{found} doesn't end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn import(client: &Client, format: &str, file: impl Into<Vec<u8>>) -> Value {
    let done = ended(client, &upload(client, format, file).await).await;
    assert_eq!(done["state"], "done", "{done}");
    done
}

async fn undo(client: &Client, import: &Value) -> Value {
    let path = format!("/imports/{}", import["id"].as_str().unwrap());
    client.delete(&path).await.expect(202);
    let undone = ended(client, import).await;
    assert_eq!(undone["state"], "undone", "{undone}");
    undone
}

async fn dry_run(client: &Client, format: &str, file: impl Into<Vec<u8>>) -> Value {
    client.call_raw(Method::POST, &format!("/imports?format={format}&dry_run=true"), file).await.expect(200).body
}

fn counts(report: &Value, kind: &str) -> [u64; 3] {
    ["made", "merged", "skipped"].map(|fate| report[kind][fate].as_u64().unwrap())
}

/// What an account holds that imports make.
async fn holds(client: &Client) -> Value {
    let mut held = client.get("/me/export").await.expect(200).body;
    let held = held.as_object_mut().unwrap();
    held.retain(|name, _| !["exported_at", "account", "activity", "settings"].contains(&name.as_str()));
    json!(held)
}

async fn a_loop_export_becomes_habits_with_its_scores(backend: Backend) {
    let app = TestApp::on(backend).at("2025-12-10T12:00:00Z").start();
    let ada = app.user("ada").await;
    let done = import(&ada, "loop", loop_export()).await;
    assert_eq!(counts(&done["report"], "habits"), [2, 0, 0], "{done}");
    let habits = ada.get("/habits").await.expect(200).items();
    assert_eq!(habits[0]["name"], "Meditate");
    assert_eq!((&habits[0]["question"], &habits[0]["color"]), (&json!("Did you meditate?"), &json!("#FF8F00")));
    assert_eq!(habits[1]["kind"], json!({"type": "count", "target": 8, "unit": "glasses", "direction": "at_least"}));
    let checks = scores(days().into_iter().map(|(_, word)| match word {
        "YES_MANUAL" => Some(1.0),
        "SKIP" => None,
        _ => Some(0.0),
    }));
    let water = scores((0..60).rev().map(|at| Some(f64::from(4 + at % 7).min(8.0) / 8.0)));
    for (habit, expected) in habits.iter().zip([checks, water]) {
        let path = format!("/habits/{}/score?from=2025-10-01&to=2025-11-30", habit["id"].as_str().unwrap());
        let found = ada.get(&path).await.expect(200).body;
        let found: Vec<(String, f64)> = found["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{found}"))
            .iter()
            .map(|score| (score["date"].as_str().unwrap().to_owned(), score["score"].as_f64().unwrap()))
            .collect();
        for ((date, _), expected) in days().iter().zip(expected) {
            let (_, value) = found.iter().find(|(found, _)| found == date).unwrap();
            assert!((value - expected).abs() < 1e-4, "{} on {date}: {value}, not {expected}", habit["name"]);
        }
    }
}

async fn a_dry_run_tells_line_by_line_and_writes_nothing(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    let night = "sid,start,stop,rating,comment,wakes\n1,1773178200000,1773205800000,4,,0\n2,1773190000000,1773200000000,4,,0\n3,x,y,,,\n";
    let before = app.contents().await;
    let told = dry_run(&ada, "plees_tracker", night).await;
    assert_eq!(app.contents().await, before);
    assert_eq!(told["format"], "plees_tracker");
    assert_eq!(counts(&told["report"], "sleep_logs"), [1, 0, 2]);
    let lines = told["report"]["lines"].as_array().unwrap();
    let fates: Vec<(u64, &str, &Value)> = lines
        .iter()
        .map(|line| (line["line"].as_u64().unwrap(), line["fate"].as_str().unwrap(), &line["code"]))
        .collect();
    assert_eq!(
        fates,
        [(2, "made", &Value::Null), (3, "skipped", &json!("sleep_overlap")), (4, "skipped", &json!("unreadable"))]
    );
    import(&ada, "plees_tracker", night).await;
    assert_eq!(counts(&dry_run(&ada, "plees_tracker", night).await["report"], "sleep_logs"), [0, 1, 2]);
}

async fn the_same_again_makes_nothing(backend: Backend) {
    let app = TestApp::on(backend).at("2025-12-10T12:00:00Z").start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let first = import(&ada, "loop", loop_export()).await;
    let held = holds(&ada).await;
    app.clock.advance(60);
    let second = import(&ada, "loop", loop_export()).await;
    assert_eq!(holds(&ada).await, held);
    assert_eq!((second["made"].as_u64(), counts(&second["report"], "habits")), (Some(0), [0, 2, 0]));
    let [made, ..] = counts(&first["report"], "entries");
    assert_eq!(counts(&second["report"], "entries"), [0, made, 0]);
    // Another user has the same, and both can be undone by themselves.
    import(&eve, "loop", loop_export()).await;
    undo(&ada, &second).await;
    assert_eq!(holds(&ada).await, held);
    undo(&ada, &first).await;
    assert_eq!(ada.get("/habits").await.expect(200).items().len(), 0);
    assert_eq!(eve.get("/habits").await.expect(200).items().len(), 2);
    // What was undone can be imported again.
    let third = import(&ada, "loop", loop_export()).await;
    assert_eq!(third["made"], first["made"]);
    assert_eq!(ada.get("/imports").await.expect(200).body["items"].as_array().unwrap().len(), 3);
}

async fn undoing_removes_what_was_made_and_keeps_what_was_changed_since(backend: Backend) {
    let app = TestApp::on(backend).at("2025-12-10T12:00:00Z").start();
    let ada = app.user("ada").await;
    let before = holds(&ada).await;
    let done = import(&ada, "loop", loop_export()).await;
    let undone = undo(&ada, &done).await;
    assert_eq!(holds(&ada).await, before);
    assert_eq!((&undone["made"], &undone["report"]["lines"]), (&json!(0), &json!([])));
    // Undoing twice is undoing once.
    undo(&ada, &done).await;

    let again = import(&ada, "loop", loop_export()).await;
    let habits = ada.get("/habits").await.expect(200).items();
    let (meditate, water) = (habits[0]["id"].as_str().unwrap(), habits[1]["id"].as_str().unwrap());
    ada.patch(&format!("/habits/{water}"), json!({"name": "Tea"})).await.expect(200);
    ada.put(&format!("/habits/{meditate}/entries/2025-10-01"), json!({"state": "missed"})).await.expect(200);
    let undone = undo(&ada, &again).await;
    let kept: Vec<(&Value, &Value)> =
        undone["report"]["lines"].as_array().unwrap().iter().map(|line| (&line["kind"], &line["code"])).collect();
    let (entry, habit) = (json!("entry"), json!("habit"));
    let (changed, in_use) = (json!("changed_since"), json!("in_use"));
    assert_eq!(kept.len(), 3, "{undone}");
    for expected in [(&entry, &changed), (&habit, &changed), (&habit, &in_use)] {
        assert!(kept.contains(&expected), "{expected:?} is missing in {kept:?}");
    }
    let left = holds(&ada).await;
    assert_eq!((left["habits"].as_array().unwrap().len(), left["entries"].as_array().unwrap().len()), (2, 1));
}

async fn undoing_keeps_what_something_else_belongs_to(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    let file = "title,due_on,theme\nBuy shoes,2026-04-01,Sport\nRun,2026-04-02,Sport\n";
    let done = import(&ada, "csv", file).await;
    assert_eq!((counts(&done["report"], "tasks"), counts(&done["report"], "themes")), ([2, 0, 0], [1, 0, 0]));
    let tasks = ada.get("/tasks").await.expect(200).items();
    let shoes = tasks.iter().find(|task| task["title"] == "Buy shoes").unwrap()["id"].clone();
    ada.post("/time-entries", json!({"task_id": shoes, "date": "2026-04-01", "minutes": 5})).await.expect(201);
    let undone = undo(&ada, &done).await;
    let codes: Vec<&Value> = undone["report"]["lines"].as_array().unwrap().iter().map(|line| &line["code"]).collect();
    assert_eq!(codes, [&json!("in_use"), &json!("in_use")], "{undone}");
    assert_eq!(ada.get("/tasks").await.expect(200).items().len(), 1);
    assert_eq!(ada.get("/themes").await.expect(200).items().len(), 1);
}

async fn what_is_there_already_stays_as_it_is(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    ada.put("/moods/2026-03-02", json!({"value": 3})).await.expect(201);
    ada.put("/moods/2026-03-03", json!({"value": 5})).await.expect(201);
    ada.theme("Sport").await;
    let moods = "date,value\n2026-03-01,7\n2026-03-02,8\n2026-03-03,5\n";
    let done = import(&ada, "csv", moods).await;
    assert_eq!(counts(&done["report"], "moods"), [1, 1, 1], "{done}");
    assert_eq!(done["report"]["lines"][0]["code"], "differs");
    assert_eq!(ada.get("/moods/2026-03-02").await.expect(200).body["value"], 3);
    let done = import(&ada, "csv", "title,theme\nRun,sport\n").await;
    assert_eq!(counts(&done["report"], "themes"), [0, 1, 0], "{done}");
    let theme = &ada.get("/themes").await.expect(200).items()[0]["id"];
    assert_eq!(&ada.get("/tasks").await.expect(200).items()[0]["theme_id"], theme);
}

async fn sleep_that_overlaps_is_told_and_left_out(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    ada.sleep("2026-03-10T22:00:00Z", "2026-03-11T06:00:00Z").await;
    let nights = "sid,start,stop\n1,1773178200000,1773205800000\n2,1773264600000,1773292200000\n";
    let done = import(&ada, "plees_tracker", nights).await;
    assert_eq!(counts(&done["report"], "sleep_logs"), [1, 0, 1], "{done}");
    let line = &done["report"]["lines"][0];
    assert_eq!((&line["line"], &line["code"]), (&json!(2), &json!("sleep_overlap")));
    assert!(line["detail"].as_str().unwrap().contains("2026-03-10T22:00:00Z"), "{line}");
}

async fn a_large_file_is_imported_in_parts(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    let mut file = "title,due_on,theme\n".to_owned();
    for number in 0..1_234 {
        writeln!(file, "Task {number},2026-04-01,Theme {}", number % 3).unwrap();
    }
    let done = import(&ada, "csv", file.clone()).await;
    assert_eq!((&done["handled"], &done["made"]), (&json!(1_237), &json!(1_237)), "{done}");
    let themed = ada.get("/themes").await.expect(200).items();
    let open: u64 = themed.iter().map(|theme| theme["counts"]["tasks_open"].as_u64().unwrap()).sum();
    assert_eq!(open, 1_234, "{themed:?}");
    assert_eq!(import(&ada, "csv", file).await["made"], 0);
    undo(&ada, &done).await;
    assert_eq!(ada.get("/tasks").await.expect(200).items().len(), 0);
    assert_eq!(app.database.number("SELECT count(*) FROM import_items"), 0);
}

/// A small file of each app, and how many things it makes.
fn files() -> Vec<(&'static str, Vec<u8>, u64)> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("loop", loop_export(), 2 + 54 + 60),
        (
            "habitbull",
            text(
                "HabitName,HabitDescription,HabitCategory,CalendarDate,Value,CommentText\nRun,,Fitness,2026-03-18,1,wet\n",
            ),
            3,
        ),
        (
            "mhabit",
            text(
                r#"{"habits": [{"name": "Stretch", "type": 1, "status": 1, "daily_goal": 1, "freq_type": 3, "freq_custom": "[1, 1]", "start_date": 20500, "records": [{"record_date": 20501, "record_type": 1, "record_value": 1}]}]}"#,
            ),
            2,
        ),
        (
            "beaverhabits",
            text(r#"{"habits": [{"name": "Walk", "records": [{"day": "2026-03-05", "done": true}], "id": "d4"}]}"#),
            2,
        ),
        (
            "habitica",
            text(
                r#"{"tasks": {"habits": [], "dailys": [{"id": "d1", "text": "Teeth", "frequency": "daily", "everyX": 1, "startDate": "2026-03-01T08:00:00Z", "history": [{"date": 1772438400000, "completed": true}]}], "todos": [{"id": "o", "text": "Tax"}], "rewards": []}, "tags": []}"#,
            ),
            3,
        ),
        (
            "daylio",
            text(
                "full_date,date,weekday,time,mood,activities,note_title,note\n2026-03-10,March 10,Tuesday,21:05,good,\"a | b\",,x\n",
            ),
            1,
        ),
        (
            "sleep_as_android",
            text(
                "Id,Tz,From,To,Sched,Hours,Rating,Comment\n\"1773178200000\",\"Europe/Berlin\",\"10. 03. 2026 22:30\",\"11. 03. 2026 6:10\",\"\",\"7.6\",\"4.0\",\"\"\n",
            ),
            1,
        ),
        ("plees_tracker", text("sid,start,stop\n1,1773264600000,1773292200000\n"), 1),
        (
            "apple_health",
            text(
                "<?xml version=\"1.0\"?><HealthData locale=\"en\"><Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"W\" value=\"HKCategoryValueSleepAnalysisAsleep\" startDate=\"2026-03-13 22:00:00 +0100\" endDate=\"2026-03-14 06:00:00 +0100\"/></HealthData>",
            ),
            1,
        ),
        (
            "ticktick",
            text(
                "\"Date: 2026-03-20+0000\"\n\"Folder Name\",\"List Name\",\"Title\",\"Kind\",\"Status\",\"Priority\"\n\"\",\"Home\",\"Basil\",\"TEXT\",\"0\",\"5\"\n",
            ),
            2,
        ),
        (
            "todoist",
            text(
                "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\ntask,Buy milk,,1,1,,,2026-03-13,en,\n",
            ),
            1,
        ),
        ("csv", text("date,minutes\n2026-03-10,25\n"), 1),
    ]
}

async fn every_app_has_a_small_file_that_is_imported_and_undone(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    let before = holds(&ada).await;
    let mut done = Vec::new();
    for (format, file, made) in files() {
        let import = import(&ada, format, file).await;
        assert_eq!(import["made"], made, "{import}");
        done.push(import);
    }
    for import in &done {
        undo(&ada, import).await;
    }
    assert_eq!(holds(&ada).await, before);
}

async fn an_account_can_be_imported_from_its_own_tables(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let theme = ada.theme("Health").await;
    let minutes = json!({"type": "minutes", "target": 30});
    let habit = ada.habit(json!({"theme_id": theme, "kind": minutes, "starts_on": "2026-03-01"})).await;
    ada.put(&format!("/habits/{habit}/entries/2026-03-02"), json!({"value": 10, "note": "=1+1"})).await.expect(201);
    ada.post("/time-entries", json!({"habit_id": habit, "date": "2026-03-02", "minutes": 25})).await.expect(201);
    ada.post("/time-entries", json!({"habit_id": habit, "date": "2026-03-03", "minutes": 15})).await.expect(201);
    ada.task(json!({"title": "Shoes", "theme_id": theme})).await;
    ada.sleep("2026-03-10T22:00:00Z", "2026-03-11T06:00:00Z").await;
    ada.post("/moods", json!({"at": "2026-03-10T12:00:00Z", "value": 7, "tags": ["sun", "work"]})).await.expect(201);
    ada.put("/moods/2026-03-10", json!({"value": 6})).await.expect(201);
    let archive = ada.get("/me/export?format=csv").await.expect(200).bytes;
    let done = import(&eve, "csv", archive.clone()).await;
    assert_eq!(done["report"]["lines"], json!([]), "{done}");
    let bare = |mut held: Value| {
        for (_, list) in held.as_object_mut().unwrap() {
            for item in list.as_array_mut().into_iter().flatten() {
                item.as_object_mut()
                    .unwrap()
                    .retain(|name, _| !["created_at", "updated_at", "position"].contains(&name.as_str()));
            }
        }
        held
    };
    let (held, kept) = (bare(holds(&eve).await), bare(holds(&ada).await));
    for (name, list) in kept.as_object().unwrap() {
        assert_eq!(&held[name], list, "{name}");
    }
    undo(&eve, &done).await;
    assert_eq!(holds(&eve).await["entries"], json!([]));
    assert_eq!(holds(&eve).await["habits"], json!([]));
}

async fn what_can_not_be_read_fails_and_says_why(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    let formats = files().into_iter().map(|(format, ..)| format);
    for format in formats {
        for nonsense in
            [&b""[..], b"\x00\xff\xfe", b"PK\x03\x04 no archive", b"SQLite format 3\0 no database", b"{\"a\":[["]
        {
            let path = format!("/imports?format={format}&dry_run=true");
            ada.call_raw(Method::POST, &path, nonsense).await.problem(422, "validation_failed");
        }
    }
    let failed = ended(&ada, &upload(&ada, "loop", "nonsense").await).await;
    assert_eq!(failed["state"], "failed");
    assert!(failed["failure"].as_str().unwrap().contains("Loop"), "{failed}");
    // What it made until then can be undone.
    undo(&ada, &failed).await;
    ada.call_raw(Method::POST, "/imports?format=nonsense", "x").await.names("/format");
    ada.call_raw(Method::POST, "/imports", "x").await.names("/format");
    ada.get(&format!("/imports/{}", circadia_tests::fresh_id())).await.problem(404, "import_not_found");
}

async fn files_are_bounded_and_are_no_forms(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    let large = vec![b'a'; 16 * 1024 * 1024 + 1];
    ada.call_raw(Method::POST, "/imports?format=loop&dry_run=true", large).await.problem(413, "payload_too_large");
    let form =
        ada.request(Method::POST, "/imports?format=loop").header("content-type", "multipart/form-data; boundary=x");
    ada.send(form.body("--x--")).await.problem(415, "unsupported_media_type");
    // A bomb: a gigabyte of zeros in a megabyte.
    let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
    bomb.start_file("Habits.csv", zip::write::SimpleFileOptions::default()).unwrap();
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..100 {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    ada.call_raw(Method::POST, "/imports?format=loop&dry_run=true", bomb).await.problem(422, "validation_failed");
    let typed =
        ada.request(Method::POST, "/imports?format=plees_tracker&dry_run=true").header("content-type", "text/csv");
    ada.send(typed.body("sid,start,stop\n")).await.expect(200);
}

async fn the_file_is_gone_when_its_import_has_ended(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    import(&ada, "loop", loop_export()).await;
    ended(&ada, &upload(&ada, "loop", "nonsense").await).await;
    app.no_job_waits().await;
    let folder = app.database.folder().join("data/media/imports");
    let files = std::fs::read_dir(folder).map_or(0, Iterator::count);
    assert_eq!(files, 0);
}

async fn what_a_dead_server_left_is_gone_on_with(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    let mut file = "title\n".to_owned();
    (0..700).for_each(|number| writeln!(file, "Task {number}").unwrap());
    let left = import(&ada, "csv", file.clone()).await;
    undo(&ada, &left).await;
    app.no_job_waits().await;
    // As a server that died leaves it: the first part is done, the file is there, and no other job than the one that looks
    // after it.
    let folder = app.database.folder().join("data/media/imports");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(left["id"].as_str().unwrap()), file).unwrap();
    app.database.execute("UPDATE imports SET state = 'running', handled = 500");
    app.clock.advance(3_600);
    let ada = app.log_in("ada").await;
    let ended = ended(&ada, &left).await;
    assert_eq!((&ended["state"], &ended["handled"], &ended["made"]), (&json!("done"), &json!(700), &json!(200)));
    let tasks = app.database.number("SELECT count(*) FROM tasks");
    assert_eq!(tasks, 200);
}

async fn imports_go_with_their_account(backend: Backend) {
    let app = TestApp::on(backend).at("2026-06-01T12:00:00Z").start();
    let ada = app.user("ada").await;
    import(&ada, "plees_tracker", "sid,start,stop\n1,1773264600000,1773292200000\n").await;
    ada.post("/me/delete", json!({"password": "correct horse battery"})).await.expect(204);
    for table in ["imports", "import_items"] {
        assert_eq!(app.database.number(&format!("SELECT count(*) FROM {table}")), 0);
    }
}
