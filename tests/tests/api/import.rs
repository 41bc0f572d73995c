//! `/me/import`: what an export becomes in another account, or in the same.

use circadia_tests::{Backend, Client, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

use super::export::{everything, export};

scenarios!(
    an_export_that_is_imported_is_exported_the_same,
    what_was_kept_is_judged_the_same_after_an_import,
    importing_again_changes_nothing,
    the_later_change_stays,
    what_was_deleted_comes_back,
    a_theme_of_the_same_name_takes_the_place,
    sleep_that_overlaps_is_skipped_and_told,
    a_second_timer_is_skipped,
    tracked_minutes_follow_the_imported_time,
    a_dry_run_tells_the_same_and_writes_nothing,
    ids_of_others_are_ids_like_any,
    what_is_referred_to_must_be_there,
    hostile_documents_are_refused_and_store_nothing,
    all_that_is_imported_has_one_revision,
    an_import_costs_the_same_however_much_there_is,
    an_import_is_recorded,
);

/// An export without what is an account's own.
fn kept(mut document: Value) -> Value {
    for name in ["exported_at", "account", "activity"] {
        document.as_object_mut().unwrap().remove(name).unwrap();
    }
    document
}

/// A document that can be imported, with these lists.
fn document(members: Value) -> Value {
    let mut document = json!({"format": "circadia-export", "version": 1});
    let Value::Object(members) = members else { panic!("{members} is no object") };
    document.as_object_mut().unwrap().extend(members);
    document
}

fn theme(id: &str, name: &str, updated_at: &str) -> Value {
    json!({"id": id, "name": name, "color": "#8A2BE2", "created_at": "2026-01-01T00:00:00Z", "updated_at": updated_at})
}

fn sleep(id: &str, start: &str, end: &str) -> Value {
    json!({
        "id": id, "start": start, "end": end, "date": &end[..10], "timezone": "UTC", "kind": "main",
        "created_at": "2026-03-10T08:00:00Z", "updated_at": "2026-03-10T08:00:00Z",
    })
}

async fn import(client: &Client, document: &Value) -> Value {
    client.post("/me/import", document.clone()).await.expect(200).body
}

/// `SplitMix64` (Steele et al. 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick(&mut self, choices: &[Value]) -> Value {
        choices[usize::try_from(self.roll(choices.len().try_into().unwrap())).unwrap()].clone()
    }

    fn date(&mut self) -> String {
        format!("2026-{:02}-{:02}", 1 + self.roll(2), 1 + self.roll(28))
    }
}

fn schedules() -> [Value; 7] {
    [
        json!({"type": "daily", "every": 2}),
        json!({"type": "weekly", "weekdays": ["mo", "we", "sa"]}),
        json!({"type": "monthly", "days": [1, -1, 15]}),
        json!({"type": "cycle", "active_days": 2, "rest_days": 1}),
        json!({"type": "quota", "times": 3, "per": "week"}),
        json!({"type": "quota", "times": 4, "per": "rolling", "days": 10}),
        json!({"type": "rrule", "rrule": "FREQ=WEEKLY;BYDAY=TU,FR"}),
    ]
}

/// Reminders of each kind.
async fn remind(client: &Client, habits: &[String], tasks: &[String]) {
    for (path, body) in [
        (format!("/habits/{}/reminders", habits[0]), json!({"time": "07:30", "weekdays": ["mo", "su"]})),
        (format!("/habits/{}/reminders", habits[1]), json!({"time": "23:59", "channels": ["push"], "enabled": false})),
        (format!("/tasks/{}/reminders", tasks[1]), json!({"time": "00:00", "days_before": 365, "channels": []})),
        ("/sleep/reminders".to_owned(), json!({"wake_time": "06:15", "minutes_before": 45})),
    ] {
        client.post(&path, body).await.expect(201);
    }
}

/// Does many things by chance: some are refused.
pub(crate) async fn live(app: &TestApp, client: &Client, seed: u64) {
    let mut dice = Dice(seed);
    let zone = dice.pick(&[json!("Europe/Berlin"), json!("Pacific/Auckland"), json!("America/New_York"), json!("UTC")]);
    let overlapping = dice.roll(2) == 0;
    client
        .patch("/me", json!({"timezone": zone, "day_start": "03:00", "allow_overlapping_time": overlapping}))
        .await
        .expect(200);
    let themes = [client.theme("One").await, client.theme("Two").await];
    let kinds = [
        json!({"type": "check"}),
        json!({"type": "count", "target": 3, "unit": "km"}),
        json!({"type": "minutes", "target": 30}),
        json!({"type": "count", "target": 2, "unit": "cups", "direction": "at_most"}),
        json!({"type": "minutes", "target": 45, "direction": "at_most"}),
    ];
    let schedules = schedules();
    let mut habits = Vec::new();
    for (number, kind) in kinds.iter().enumerate() {
        let body = json!({
            "name": format!("Habit {number}"), "kind": kind, "schedule": dice.pick(&schedules),
            "starts_on": "2025-12-20", "theme_id": dice.pick(&[json!(themes[0]), json!(themes[1]), Value::Null]),
            "description": dice.pick(&[json!("=1\n+2"), Value::Null]),
        });
        habits.push(client.habit(body).await);
    }
    let tasks = [client.task(json!({"theme_id": themes[0]})).await, client.task(json!({"due_on": "2026-03-01"})).await];
    client.post(&format!("/tasks/{}/transition", tasks[0]), json!({"to": "done"})).await.expect(200);
    remind(client, &habits, &tasks).await;
    for step in 0..120 {
        app.clock.advance(i64::try_from(dice.roll(4)).unwrap());
        let habit = &habits[usize::try_from(dice.roll(5)).unwrap()];
        let (path, date) = (format!("/habits/{habit}"), dice.date());
        match dice.roll(14) {
            0..=3 => {
                let body = dice.pick(&[
                    json!({"state": "done"}),
                    json!({"state": "skipped", "note": "ill"}),
                    json!({"state": "missed"}),
                    json!({"value": 1.25}),
                    json!({"value": 40, "note": "much"}),
                ]);
                client.put(&format!("{path}/entries/{date}"), body).await;
            }
            4..=5 => {
                let minutes = 1 + dice.roll(50);
                let task = dice.pick(&[json!(tasks[0]), Value::Null]);
                client
                    .post(
                        "/time-entries",
                        json!({"habit_id": habit, "task_id": task, "date": date, "minutes": minutes}),
                    )
                    .await;
            }
            6 => drop(client.patch(&format!("{path}/entries/{date}"), json!({"note": "noted"})).await),
            7 => drop(client.delete(&format!("{path}/entries/{date}")).await),
            8 => {
                let (kind, schedule) = (dice.pick(&kinds), dice.pick(&schedules));
                client
                    .put(&format!("{path}/plan"), json!({"kind": kind, "schedule": schedule, "effective_from": date}))
                    .await;
            }
            9 => {
                let to = dice.pick(&[json!("2026-03-05"), Value::Null]);
                let place = if dice.roll(2) == 0 { format!("{path}/pauses") } else { "/me/pauses".to_owned() };
                client.post(&place, json!({"from": date, "to": to})).await;
            }
            10 => {
                let action = if dice.roll(2) == 0 { "archive" } else { "restore" };
                client.post(&format!("{path}/{action}"), json!({})).await;
            }
            11 => {
                let start = format!("{date}T{:02}:00:00Z", dice.roll(24));
                let zone = dice.pick(&[json!("Asia/Tokyo"), json!("-03:30"), Value::Null]);
                let end = format!("{}T{:02}:30:00+02:00", date, 20 + dice.roll(4));
                client.post("/sleep", json!({"start": start, "end": end, "timezone": zone, "kind": "nap"})).await;
                let at = json!({"at": format!("{date}T12:00:00Z"), "value": dice.roll(11), "tags": ["x", "y"]});
                client.post("/moods", at).await;
            }
            12 => drop(client.put(&format!("/moods/{date}"), json!({"value": dice.roll(11), "note": "so"})).await),
            _ => {
                let (from, to) = (format!("{date}T09:00:00Z"), format!("{date}T{:02}:10:30Z", 9 + dice.roll(3)));
                client.post("/time-entries", json!({"habit_id": habit, "started_at": from, "ended_at": to})).await;
                if step % 3 == 0 {
                    client
                        .patch(&path, json!({"starts_on": dice.pick(&[json!("2026-01-20"), json!("2025-12-20")])}))
                        .await;
                }
            }
        }
    }
    client.patch("/me", json!({"allow_overlapping_time": false})).await.expect(200);
    client.post("/timer/start", json!({"task_id": tasks[1]})).await.expect(201);
}

/// What is judged of habits, and of everything else.
async fn judged(client: &Client, document: &Value) -> Vec<Value> {
    let mut paths = vec![
        "/habits/today".to_owned(),
        "/habits/views/month?date=2026-02-10".to_owned(),
        "/stats/overview?range=all".to_owned(),
        "/sleep/stats?from=2026-01-01&to=2026-03-01".to_owned(),
        "/moods/trend?range=all".to_owned(),
        "/me/pauses".to_owned(),
        "/themes".to_owned(),
        "/tasks".to_owned(),
    ];
    for habit in document["habits"].as_array().unwrap() {
        let path = format!("/habits/{}", habit["id"].as_str().unwrap());
        paths.extend(
            ["/streak?explain=true", "/stats", "/pauses", "/plans", "/entries", "/calendar?year=2026"]
                .map(|view| format!("{path}{view}")),
        );
        paths.push(format!("{path}/score?from=2026-01-01&to=2026-03-10"));
    }
    let mut judged = Vec::new();
    for path in paths {
        let mut body = client.get(&path).await.expect(200).body;
        // Entries that exist only because time was tracked are made anew.
        for item in body["items"].as_array_mut().into_iter().flatten() {
            if item["tracked_minutes"] != json!(0) && item["manual_value"].is_null() {
                item["created_at"] = Value::Null;
                item["updated_at"] = Value::Null;
            }
        }
        judged.push(json!([path, body]));
    }
    judged
}

async fn an_export_that_is_imported_is_exported_the_same(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    everything(&ada).await;
    let exported = export(&ada).await;
    let eve = app.user("eve").await;
    let report = import(&eve, &exported).await;
    assert_eq!(report["issues"], json!([]));
    assert_eq!(report["kinds"]["habits"], json!({"created": 1, "updated": 0, "unchanged": 0, "skipped": 0}));
    let again = export(&eve).await;
    assert_eq!(kept(again.clone()), kept(exported.clone()));
    assert_eq!(again["account"]["username"], "eve");
    assert_eq!(again["account"]["image"], Value::Null);
    // What was Ada's stays hers.
    assert_eq!(export(&ada).await, exported);
}

async fn what_was_kept_is_judged_the_same_after_an_import(backend: Backend) {
    // Another server, whose clock shows the same.
    let (app, other) = (TestApp::on(backend).start(), TestApp::on(backend).start());
    for seed in 1..=4 {
        let ada = app.user(&format!("ada-{seed}")).await;
        live(&app, &ada, seed).await;
        let exported = export(&ada).await;
        for (name, least) in [("entries", 10), ("time_entries", 10), ("habits", 5), ("timer", 0), ("sleep_logs", 1)] {
            assert!(exported[name].as_array().map_or(0, Vec::len) >= least, "{name}: {}", exported[name]);
        }
        let ahead =
            export(&other.user(&format!("clock-{seed}")).await).await["exported_at"].as_str().unwrap().to_owned();
        let behind = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp();
        other.clock.advance(behind(exported["exported_at"].as_str().unwrap()) - behind(&ahead));
        let eve = other.user(&format!("eve-{seed}")).await;
        let report = import(&eve, &exported).await;
        assert_eq!(report["issues"], json!([]), "seed {seed}");
        assert_eq!(kept(export(&eve).await), kept(exported.clone()), "seed {seed}");
        let (before, after) = (judged(&ada, &exported).await, judged(&eve, &exported).await);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "seed {seed}");
        }
    }
}

async fn importing_again_changes_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    live(&app, &ada, 9).await;
    let exported = export(&ada).await;
    import(&eve, &exported).await;
    let before = export(&eve).await;
    app.clock.advance(100);
    for _ in 0..2 {
        let report = import(&eve, &exported).await;
        for (kind, counts) in report["kinds"].as_object().unwrap() {
            assert_eq!(
                (&counts["created"], &counts["updated"], &counts["skipped"]),
                (&json!(0), &json!(0), &json!(0)),
                "{kind}"
            );
        }
    }
    assert_eq!(kept(export(&eve).await), kept(before));
    // Of the account that it is from, too.
    let own = import(&ada, &exported).await;
    assert_eq!(own["kinds"]["entries"]["created"], 0);
    assert_eq!(kept(export(&ada).await), kept(exported));
}

async fn the_later_change_stays(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let id = fresh_id();
    let names = async || ada.get("/themes").await.expect(200).each("name");
    import(&ada, &document(json!({"themes": [theme(&id, "Old", "2026-02-01T00:00:00Z")]}))).await;
    let later = document(json!({"themes": [theme(&id, "New", "2026-02-02T00:00:00Z")]}));
    assert_eq!(import(&ada, &later).await["kinds"]["themes"]["updated"], 1);
    assert_eq!(names().await, ["New"]);
    let earlier = document(json!({"themes": [theme(&id, "Old", "2026-02-01T00:00:00Z")]}));
    assert_eq!(import(&ada, &earlier).await["kinds"]["themes"]["unchanged"], 1);
    ada.patch(&format!("/themes/{id}"), json!({"name": "Newest"})).await.expect(200);
    assert_eq!(import(&ada, &later).await["kinds"]["themes"]["unchanged"], 1);
    assert_eq!(names().await, ["Newest"]);
}

async fn what_was_deleted_comes_back(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let world = everything(&ada).await;
    let exported = export(&ada).await;
    for path in [
        format!("/habits/{}", world.habit),
        format!("/tasks/{}", world.task),
        format!("/themes/{}", world.theme),
        format!("/sleep/{}", world.sleep_log),
        format!("/moods/{}", world.date),
        format!("/moods/moments/{}", world.moment),
        format!("/time-entries/{}", world.time_entry),
        format!("/me/pauses/{}", world.shared_pause),
        "/timer".to_owned(),
    ] {
        ada.delete(&path).await.expect(204);
    }
    let report = import(&ada, &exported).await;
    assert_eq!(report["issues"], json!([]));
    assert_eq!(kept(export(&ada).await), kept(exported));
}

async fn a_theme_of_the_same_name_takes_the_place(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let own = ada.theme("Health").await;
    let color = ada.get(&format!("/themes/{own}")).await.expect(200).body["color"].clone();
    let (same, other) = (fresh_id(), fresh_id());
    let mut alike = theme(&other, "Home", "2026-02-01T00:00:00Z");
    alike["color"] = color.clone();
    let task = json!({
        "id": fresh_id(), "title": "Call", "priority": "low", "status": "todo", "theme_id": same,
        "created_at": "2026-02-01T00:00:00Z", "updated_at": "2026-02-01T00:00:00Z",
    });
    let lists = json!({"themes": [theme(&same, "HEALTH", "2026-02-01T00:00:00Z"), alike], "tasks": [task]});
    let report = import(&ada, &document(lists)).await;
    let issues: Vec<_> =
        report["issues"].as_array().unwrap().iter().map(|issue| (&issue["pointer"], &issue["code"])).collect();
    assert_eq!(
        issues,
        [(&json!("/themes/1/color"), &json!("theme_color_taken")), (&json!("/themes/0"), &json!("theme_name_taken"))]
    );
    assert_eq!(ada.get("/tasks").await.expect(200).each("theme_id"), [own]);
    assert_ne!(ada.get(&format!("/themes/{other}")).await.expect(200).body["color"], color);
}

async fn sleep_that_overlaps_is_skipped_and_told(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let own = ada.sleep("2026-03-08T22:00:00Z", "2026-03-09T06:00:00Z").await;
    let ids = [fresh_id(), fresh_id(), fresh_id()];
    let logs = json!([
        sleep(&ids[0], "2026-03-09T05:00:00Z", "2026-03-09T07:00:00Z"),
        sleep(&ids[1], "2026-03-09T06:00:00Z", "2026-03-09T07:00:00Z"),
        sleep(&ids[2], "2026-03-09T06:30:00Z", "2026-03-09T08:00:00Z"),
    ]);
    let report = import(&ada, &document(json!({"sleep_logs": logs}))).await;
    assert_eq!(report["kinds"]["sleep_logs"], json!({"created": 1, "updated": 0, "unchanged": 0, "skipped": 2}));
    let issues: Vec<_> =
        report["issues"].as_array().unwrap().iter().map(|issue| (&issue["pointer"], &issue["code"])).collect();
    let overlap = json!("sleep_overlap");
    assert_eq!(issues, [(&json!("/sleep_logs/0"), &overlap), (&json!("/sleep_logs/2"), &overlap)]);
    let stored = ada.get("/sleep").await.expect(200).each("id");
    assert_eq!(stored, [own["id"].as_str().unwrap(), &ids[1]]);
}

async fn a_second_timer_is_skipped(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let timer = json!({"started_at": "2026-03-10T08:00:00Z", "timezone": "UTC", "note": "Chapter 3"});
    let whole = document(json!({"timer": timer}));
    assert_eq!(import(&ada, &whole).await["kinds"]["timer"]["created"], 1);
    assert_eq!(import(&ada, &whole).await["kinds"]["timer"]["unchanged"], 1);
    ada.delete("/timer").await.expect(204);
    ada.post("/timer/start", json!({})).await.expect(201);
    let report = import(&ada, &whole).await;
    assert_eq!(
        (&report["issues"][0]["pointer"], &report["issues"][0]["code"]),
        (&json!("/timer"), &json!("timer_running"))
    );
}

async fn tracked_minutes_follow_the_imported_time(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01", "kind": {"type": "minutes", "target": 30}})).await;
    let made = json!({"habit_id": habit, "date": "2026-03-05", "minutes": 10});
    ada.post("/time-entries", made).await.expect(201);
    let id = fresh_id();
    let spent = |date: &str, updated_at: &str| {
        json!({
            "id": id, "habit_id": habit, "date": date, "minutes": 25, "timezone": "UTC",
            "created_at": "2026-03-06T00:00:00Z", "updated_at": updated_at,
        })
    };
    let said = json!({
        "habit_id": habit, "date": "2026-03-06", "state": "missed", "value": 5, "created_at": "2026-03-06T00:00:00Z",
        "updated_at": "2026-03-06T00:00:00Z",
    });
    let entry = async |date: &str| ada.get(&format!("/habits/{habit}/entries/{date}")).await;
    let lists = json!({"time_entries": [spent("2026-03-05", "2026-03-06T00:00:00Z")], "entries": [said]});
    import(&ada, &document(lists)).await;
    let day = entry("2026-03-05").await.expect(200).body;
    assert_eq!((&day["tracked_minutes"], &day["state"]), (&json!(35), &json!("done")));
    let moved = json!({"time_entries": [spent("2026-03-06", "2026-03-07T00:00:00Z")]});
    assert_eq!(import(&ada, &document(moved)).await["kinds"]["time_entries"]["updated"], 1);
    assert_eq!(entry("2026-03-05").await.expect(200).body["tracked_minutes"], 10);
    let day = entry("2026-03-06").await.expect(200).body;
    assert_eq!((&day["value"], &day["tracked_minutes"], &day["state"]), (&json!(30), &json!(25), &json!("done")));
    let streak = ada.get(&format!("/habits/{habit}/streak?on=2026-03-06")).await.expect(200).body;
    assert_eq!(streak["current"], 1);
}

async fn a_dry_run_tells_the_same_and_writes_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    everything(&ada).await;
    eve.theme("Health").await;
    let exported = export(&ada).await;
    app.no_job_waits().await;
    let before = app.contents().await;
    let told = eve.post("/me/import?dry_run=true", exported.clone()).await.expect(200).body;
    assert_eq!(app.contents().await, before, "something was stored");
    assert_eq!(told["dry_run"], true);
    let done = eve.post("/me/import?dry_run=false", exported).await.expect(200).body;
    assert_eq!((&done["kinds"], &done["issues"]), (&told["kinds"], &told["issues"]));
    assert_eq!((&done["kinds"]["themes"]["skipped"], &done["dry_run"]), (&json!(1), &json!(false)));
}

async fn ids_of_others_are_ids_like_any(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let world = everything(&ada).await;
    let (hers, nothing) = (export(&ada).await, export(&eve).await);
    // What refers to things of others refers to nothing.
    let entry = json!({
        "habit_id": world.habit, "date": "2026-03-09", "state": "done", "created_at": "2026-03-09T00:00:00Z",
        "updated_at": "2026-03-09T00:00:00Z",
    });
    let refused = eve.post("/me/import", document(json!({"entries": [entry]}))).await;
    refused.names("/entries/0/habit_id");
    let task = json!({
        "id": fresh_id(), "title": "Call", "priority": "low", "status": "todo", "theme_id": world.theme,
        "created_at": "2026-02-01T00:00:00Z", "updated_at": "2026-02-01T00:00:00Z",
    });
    eve.post("/me/import", document(json!({"tasks": [task]}))).await.names("/tasks/0/theme_id");
    assert_eq!(kept(export(&eve).await), kept(nothing));
    // With her ids, something of Eve's own is made, and nothing of hers changes.
    import(&eve, &document(json!({"themes": [theme(&world.theme, "Mine", "2026-03-11T00:00:00Z")]}))).await;
    assert_eq!(eve.get(&format!("/themes/{}", world.theme)).await.expect(200).body["name"], "Mine");
    assert_eq!(export(&ada).await, hers);
}

async fn what_is_referred_to_must_be_there(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let times = json!({"created_at": "2026-02-01T00:00:00Z", "updated_at": "2026-02-01T00:00:00Z"});
    let with = |mut item: Value| {
        item.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        item
    };
    let spent = with(json!({
        "id": fresh_id(), "habit_id": fresh_id(), "task_id": fresh_id(), "date": "2026-02-01", "minutes": 5, "timezone": "UTC",
    }));
    let timer = json!({"habit_id": fresh_id(), "started_at": "2026-03-10T08:00:00Z", "timezone": "UTC"});
    let refused = ada.post("/me/import", document(json!({"time_entries": [spent], "timer": timer}))).await;
    refused.names("/time_entries/0/habit_id").names("/time_entries/0/task_id").names("/timer/habit_id");
    let before = app.contents().await;
    let id = fresh_id();
    let done = with(json!({"id": id, "title": "Call", "priority": "low", "status": "done"}));
    let open = with(
        json!({"id": id, "title": "Call", "priority": "low", "status": "todo", "completed_at": "2026-02-01T00:00:00Z"}),
    );
    let refused = ada.post("/me/import", document(json!({"tasks": [done, open]}))).await;
    refused.names("/tasks/0/completed_at").names("/tasks/1/completed_at").names("/tasks/1/id");
    let mut long = sleep(&fresh_id(), "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z");
    let mut elsewhen = sleep(&fresh_id(), "2026-03-05T00:00:00Z", "2026-03-05T08:00:00Z");
    (long["updated_at"], elsewhen["date"]) = (json!("2027-01-01T00:00:00Z"), json!("2026-02-01"));
    let refused = ada.post("/me/import", document(json!({"sleep_logs": [long, elsewhen]}))).await;
    refused.names("/sleep_logs/0/end").names("/sleep_logs/0/updated_at").names("/sleep_logs/1/date");
    let reminder = |about: Value| {
        let mut item = with(json!({"id": fresh_id(), "channels": [], "enabled": true}));
        item.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
        item
    };
    let reminders = [
        json!({"about": "habit", "habit_id": fresh_id(), "time": "08:00", "weekdays": ["mo"]}),
        json!({"about": "task", "task_id": fresh_id(), "time": "08:00", "days_before": 0}),
    ];
    let refused = ada.post("/me/import", document(json!({"reminders": reminders.map(reminder)}))).await;
    refused.names("/reminders/0/habit_id").names("/reminders/1/task_id");
    let bedtime = json!({"about": "bedtime", "wake_time": "07:00", "minutes_before": 241, "weekdays": []});
    let strange =
        json!({"about": "bedtime", "habit_id": fresh_id(), "time": "08:00", "wake_time": "7", "days_before": null});
    let reminders = [bedtime, strange, json!({"about": "moon", "time": "08:00"})].map(reminder);
    let refused = ada.post("/me/import", document(json!({"reminders": reminders}))).await;
    let refused =
        refused.names("/reminders/0/minutes_before").names("/reminders/1/habit_id").names("/reminders/1/time");
    refused.names("/reminders/1/wake_time").names("/reminders/1/weekdays").names("/reminders/2/about");
    assert_eq!(app.contents().await, before, "something was stored");
}

async fn hostile_documents_are_refused_and_store_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let before = app.contents().await;
    let head = r#""format":"circadia-export","version":1"#;
    let raw = async |text: String| ada.call_raw(reqwest::Method::POST, "/me/import", text).await;
    for member in ["habits", "account", "unknown", "settings"] {
        let deep = format!("{{{head},\"{member}\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        raw(deep).await.problem(400, "malformed_json");
    }
    raw(format!(r#"{{{head},"themes":[],"themes":[]}}"#)).await.problem(400, "malformed_json");
    raw(format!(r#"{{{head},"themes":[{{"id":1,"id":2}}]}}"#)).await.problem(400, "malformed_json");
    let nul = theme(&fresh_id(), "a\0b", "2026-02-01T00:00:00Z");
    ada.post("/me/import", document(json!({"themes": [nul]}))).await.names("/themes/0/name");
    let unknown = json!({"id": fresh_id(), "user_id": fresh_id(), "rev": 7});
    let refused = ada.post("/me/import", document(json!({"themes": [unknown]}))).await;
    refused.names("/themes/0/user_id").names("/themes/0/rev").names("/themes/0/name");
    let same = theme(&fresh_id(), "One", "2026-02-01T00:00:00Z");
    let twice = ada.post("/me/import", document(json!({"themes": [same, same]}))).await;
    twice.names("/themes/1/id");
    // No more is told than helps.
    let many =
        ada.post("/me/import", document(json!({"moods": vec![1; 5_000]}))).await.problem(422, "validation_failed");
    assert_eq!(many.body["errors"].as_array().unwrap().len(), 100);
    let large = format!("{{{head},\"account\":{{\"x\":\"{}\"}}}}", "a".repeat(32 * 1024 * 1024));
    raw(large).await.problem(413, "payload_too_large");
    let other = json!({"format": "circadia-export", "version": 2});
    ada.post("/me/import", other).await.names("/version");
    assert_eq!(app.contents().await, before, "something was stored");
    // What is nearly too large is taken.
    let padded = format!("{{{head},\"account\":{{\"x\":\"{}\"}}}}", "a".repeat(31 * 1024 * 1024));
    raw(padded).await.expect(200);
}

async fn all_that_is_imported_has_one_revision(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let world = everything(&ada).await;
    let exported = export(&ada).await;
    import(&eve, &exported).await;
    let rev = |etag: String| etag.trim_matches('"').split('.').next().unwrap().parse::<i64>().unwrap();
    let mut revisions = Vec::new();
    for path in [
        format!("/themes/{}", world.theme),
        format!("/habits/{}", world.habit),
        format!("/habits/{}/entries/{}", world.habit, world.date),
        format!("/tasks/{}", world.task),
        format!("/time-entries/{}", world.time_entry),
        format!("/sleep/{}", world.sleep_log),
        format!("/moods/moments/{}", world.moment),
    ] {
        revisions.push((rev(eve.get(&path).await.expect(200).etag()), path));
    }
    assert!(revisions.iter().all(|(rev, _)| *rev == revisions[0].0), "{revisions:?}");
    let next = eve.patch(&format!("/themes/{}", world.theme), json!({"name": "Next"})).await.expect(200).etag();
    assert_eq!(rev(next), revisions[0].0 + 1);
}

async fn an_import_costs_the_same_however_much_there_is(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let whole = async |habits: usize| {
        for _ in 0..habits {
            let habit = ada.habit(json!({"starts_on": "2026-01-01", "kind": {"type": "minutes", "target": 9}})).await;
            ada.put(&format!("/habits/{habit}/entries/2026-03-09"), json!({"value": 4})).await.expect(201);
            let task = ada.task(json!({})).await;
            let spent = json!({"habit_id": habit, "task_id": task, "date": "2026-03-08", "minutes": 5});
            ada.post("/time-entries", spent).await.expect(201);
        }
        export(&ada).await
    };
    let (small, large) = (whole(1).await, whole(30).await);
    let mut costs = Vec::new();
    for (name, exported) in [("eve", small), ("grace", large)] {
        let client = app.user(name).await;
        client.until_known().await;
        costs.push(client.post("/me/import", exported).await.expect(200).statements());
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0] <= 24, "{costs:?}");
}

async fn an_import_is_recorded(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.post("/me/import?dry_run=true", document(json!({}))).await.expect(200);
    let actions = async || {
        let events = export(&ada).await["activity"]["audit_events"].clone();
        events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| (event["action"].clone(), event["by_user"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(actions().await, []);
    import(&ada, &document(json!({}))).await;
    assert_eq!(actions().await, [(json!("account_imported"), json!(true))]);
}
