//! `/sync`: copies of an account, kept by sync alone, and what apps do that were offline.

use std::collections::{BTreeMap, BTreeSet};

use circadia_domain::sync::SyncType;
use circadia_tests::{Backend, Client, LocalCopy, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

use super::import::{Dice, live};

scenarios!(
    an_account_is_copied_however_the_pages_fall,
    devices_that_were_offline_end_alike,
    a_batch_that_is_sent_again_changes_nothing_more,
    a_conflict_shows_what_is_stored_now,
    an_atomic_batch_is_carried_out_as_a_whole_or_not_at_all,
    what_is_wrong_with_one_command_holds_up_no_other,
    entries_are_told_as_their_plans_judge_them,
    each_type_can_be_made_changed_and_deleted,
    cursors_are_checked,
    a_device_that_was_away_for_too_long_begins_anew,
    syncing_costs_the_same_however_much_there_is,
    entries_of_a_batch_are_read_together,
    ten_thousand_changes_are_told,
);

async fn an_account_is_copied_however_the_pages_fall(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let (mut eager, mut slow) = (LocalCopy::default(), LocalCopy::default());
    for seed in 1..=3 {
        live(&app, &app.user(&format!("other{seed}")).await, seed + 10).await;
        let ada = app.log_in("ada").await;
        live(&app, &ada, seed).await;
        ada.delete("/timer").await;
        slow.pull_page(&ada, 40).await;
        eager.pull(&ada, 13).await;
        for path in ["/themes", "/tasks", "/habits"] {
            for item in ada.get(path).await.expect(200).body["items"].as_array().unwrap() {
                ada.delete(&format!("{path}/{}", item["id"].as_str().unwrap())).await.expect(204);
            }
            slow.pull_page(&ada, 7).await;
        }
    }
    let ada = app.log_in("ada").await;
    live(&app, &ada, 9).await;
    eager.pull(&ada, 500).await;
    slow.pull(&ada, 1).await;
    let mut last = LocalCopy::default();
    last.pull(&ada, 1_000).await;
    assert_eq!(eager.items, last.items);
    assert_eq!(slow.items, last.items);
    let types: BTreeSet<&str> = last.items.keys().map(|(kind, _)| kind.as_str()).collect();
    assert!(types.len() >= 9, "{types:?}");
    assert_eq!(last.pull(&ada, 1_000).await, 0, "nothing is told twice");
    // Items are what the lists show.
    let tasks = ada.get("/tasks").await.expect(200).body["items"].as_array().unwrap().clone();
    for task in tasks {
        let key = ("task".to_owned(), task["id"].as_str().unwrap().to_owned());
        assert_eq!(last.items[&key].1, task);
    }
}

/// What devices did, to be held against what is there in the end.
#[derive(Default)]
struct Journal {
    created: BTreeSet<(String, String)>,
    deleted: BTreeSet<(String, String)>,
    /// Reminders, each with its task: it goes with that.
    of_tasks: BTreeMap<(String, String), (String, String)>,
}

impl Journal {
    fn note(&mut self, commands: &[Value], results: &[Value]) {
        for (command, result) in commands.iter().zip(results) {
            let name = (command["type"].as_str().unwrap().to_owned(), command["key"].as_str().unwrap().to_owned());
            match (command["operation"].as_str().unwrap(), result["status"].as_str().unwrap()) {
                ("create", "applied") => {
                    if let Some(task) = command["data"]["task_id"].as_str() {
                        self.of_tasks.insert(name.clone(), ("task".to_owned(), task.to_owned()));
                    }
                    self.created.insert(name);
                }
                ("delete", "applied") => _ = self.deleted.insert(name),
                (_, "applied" | "conflict" | "rejected" | "not_applied") => {}
                (operation, status) => panic!("{operation} {status}"),
            }
        }
    }
}

/// Something that an app lets its user do, without asking the server.
fn act(device: &mut LocalCopy, dice: &mut Dice, habit: &str) {
    let day = format!("2026-03-{:02}", 1 + dice.roll(9));
    let known: Vec<(String, String)> = device.items.keys().cloned().collect();
    let some = |dice: &mut Dice, kind: &str| {
        let of_kind: Vec<&String> = known.iter().filter(|(own, _)| own == kind).map(|(_, key)| key).collect();
        let place = usize::try_from(dice.roll(of_kind.len().max(1).try_into().unwrap())).unwrap();
        of_kind.get(place).map(|key| (*key).clone())
    };
    let kinds = ["task", "theme", "sleep_log", "mood_moment", "time_entry", "reminder"];
    let kind = kinds[usize::try_from(dice.roll(6)).unwrap()];
    let known_in = |device: &LocalCopy, kind: &str, key: &str, dice: &mut Dice| {
        if dice.roll(3) == 0 { Value::Null } else { json!(device.revision(kind, key)) }
    };
    let command = match dice.roll(8) {
        0..=2 => {
            let hour = dice.roll(20);
            let data = match kind {
                "task" => json!({"title": format!("Task {}", dice.roll(100)), "theme_id": some(dice, "theme")}),
                "theme" => json!({"name": format!("Theme {}", dice.roll(1_000))}),
                "sleep_log" => {
                    json!({"start": format!("{day}T{hour:02}:00:00Z"), "end": format!("{day}T{:02}:30:00Z", hour + 2)})
                }
                "mood_moment" => json!({"at": format!("{day}T{hour:02}:00:00Z"), "value": dice.roll(11)}),
                "reminder" => match some(dice, "task").filter(|_| dice.roll(3) > 0) {
                    Some(task) => json!({"about": "task", "task_id": task, "time": format!("{hour:02}:00")}),
                    None if dice.roll(2) == 0 => json!({"about": "bedtime", "wake_time": format!("{hour:02}:00")}),
                    None => json!({"about": "habit", "habit_id": habit, "time": format!("{hour:02}:00")}),
                },
                _ => json!({"habit_id": habit, "date": day, "minutes": 1 + dice.roll(20)}),
            };
            json!({"type": kind, "operation": "create", "key": fresh_id(), "data": data})
        }
        3 => {
            let Some(key) = some(dice, kind) else { return };
            let base = known_in(device, kind, &key, dice);
            let data = match kind {
                "task" => json!({"title": format!("Changed {}", dice.roll(100))}),
                "theme" => json!({"name": format!("Changed {}", dice.roll(1_000))}),
                "sleep_log" => json!({"quality": 1 + dice.roll(5)}),
                "mood_moment" => json!({"value": dice.roll(11)}),
                "reminder" => json!({"enabled": dice.roll(2) == 0}),
                _ => json!({"minutes": 1 + dice.roll(20)}),
            };
            json!({"type": kind, "operation": "update", "key": key, "base": base, "data": data})
        }
        4 => {
            let Some(key) = some(dice, kind) else { return };
            let base = known_in(device, kind, &key, dice);
            json!({"type": kind, "operation": "delete", "key": key, "base": base})
        }
        5 => {
            let key = format!("{habit}/{day}");
            let base = known_in(device, "entry", &key, dice);
            match dice.roll(4) {
                0 => json!({"type": "entry", "operation": "delete", "key": key, "base": base}),
                1 => json!({"type": "entry", "operation": "increment", "key": key, "data": {"by": 1}}),
                _ => {
                    json!({"type": "entry", "operation": "put", "key": key, "base": base, "data": {"value": dice.roll(9)}})
                }
            }
        }
        _ => {
            let base = known_in(device, "mood", &day, dice);
            match dice.roll(4) {
                0 => json!({"type": "mood", "operation": "delete", "key": day, "base": base}),
                _ => {
                    json!({"type": "mood", "operation": "put", "key": day, "base": base, "data": {"value": dice.roll(11)}})
                }
            }
        }
    };
    device.enqueue(command);
}

async fn devices_that_were_offline_end_alike(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replicas = [app.replica().start(), app.replica().start()];
    let ada = app.user("ada").await;
    let at = [ada.clone(), ada.at(&replicas[0].anonymous()), ada.at(&replicas[1].anonymous())];
    for seed in 1..=4 {
        let mut dice = Dice(seed);
        let minutes = json!({"type": "minutes", "target": 30});
        let habit = ada.habit(json!({"starts_on": "2026-01-01", "kind": minutes})).await;
        let mut devices = [(); 3].map(|()| LocalCopy::default());
        let mut journal = Journal::default();
        for _ in 0..60 {
            let number = usize::try_from(dice.roll(3)).unwrap();
            let server = &at[usize::try_from(dice.roll(3)).unwrap()];
            let device = &mut devices[number];
            match dice.roll(6) {
                0 if !device.queue.is_empty() => {
                    let commands = device.queue.clone();
                    // It may end before the answer comes; the app then sends the same again, perhaps to another server.
                    let (atomic, is_lost) = (dice.roll(3) == 0, dice.roll(3) == 0);
                    if let Some(answer) = device.push(server, atomic, is_lost).await {
                        journal.note(&commands, answer.body["results"].as_array().unwrap());
                    }
                }
                1 => _ = device.pull_page(server, 1 + usize::try_from(dice.roll(12)).unwrap()).await,
                _ => act(device, &mut dice, &habit),
            }
        }
        for device in &mut devices {
            let commands = device.queue.clone();
            let answer = device.push(&ada, false, false).await.unwrap();
            journal.note(&commands, answer.body["results"].as_array().unwrap());
        }
        let mut fresh = LocalCopy::default();
        fresh.pull(&ada, 1_000).await;
        for (device, server) in devices.iter_mut().zip(&at) {
            device.pull(server, 5).await;
            assert_eq!(device.items, fresh.items, "seed {seed}");
        }
        for name in &journal.deleted {
            let may_return = ["entry", "mood"].contains(&name.0.as_str());
            assert!(may_return || !fresh.items.contains_key(name), "seed {seed}: {name:?} is back");
        }
        for name in journal.created.difference(&journal.deleted) {
            let went_with_its_task = journal.of_tasks.get(name).is_some_and(|task| !fresh.items.contains_key(task));
            assert!(fresh.items.contains_key(name) || went_with_its_task, "seed {seed}: {name:?} is lost");
        }
    }
}

/// A habit whose days are counted.
async fn counted(client: &Client) -> String {
    let kind = json!({"type": "count", "target": 2, "unit": "cups"});
    client.habit(json!({"starts_on": "2026-01-01", "kind": kind})).await
}

async fn a_batch_that_is_sent_again_changes_nothing_more(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = counted(&ada).await;
    for atomic in [false, true] {
        let (task, theme) = (fresh_id(), fresh_id());
        let day = if atomic { "2026-03-02" } else { "2026-03-03" };
        let mut commands = vec![
            json!({"id": fresh_id(), "type": "task", "operation": "create", "key": task, "data": {"title": "One"}}),
            json!({"id": fresh_id(), "type": "task", "operation": "update", "key": task, "data": {"title": "Two"}}),
            json!({"id": fresh_id(), "type": "entry", "operation": "increment", "key": format!("{habit}/{day}"), "data": {"by": 1.5}}),
            json!({"id": fresh_id(), "type": "task", "operation": "transition", "key": task, "data": {"to": "done"}}),
        ];
        if !atomic {
            // A theme that isn't there yet: the second time it would be.
            let update = json!({"theme_id": theme});
            commands
                .push(json!({"id": fresh_id(), "type": "task", "operation": "update", "key": task, "data": update}));
        }
        let name = format!("Theme {atomic}");
        commands.push(
            json!({"id": fresh_id(), "type": "theme", "operation": "create", "key": theme, "data": {"name": name}}),
        );
        let batch = json!({"commands": commands, "atomic": atomic});
        let first = ada.post("/sync", batch.clone()).await.expect(200).body;
        let statuses: Vec<&str> =
            first["results"].as_array().unwrap().iter().map(|result| result["status"].as_str().unwrap()).collect();
        let mut expected = vec!["applied"; commands.len()];
        if !atomic {
            expected[4] = "rejected";
        }
        assert_eq!(statuses, expected, "{first:#}");
        let again = ada.post("/sync", batch.clone()).await.expect(200).body;
        let others = app.user(&format!("bob-{atomic}")).await.post("/sync", batch).await.expect(200).body;
        assert_eq!(again["results"], first["results"]);
        assert_eq!(again["state"], first["state"]);
        assert_eq!(
            others["results"][2]["status"], "conflict",
            "the ids of one user's commands aren't those of another's"
        );
        let entry = ada.get(&format!("/habits/{habit}/entries/{day}")).await.expect(200).body;
        assert_eq!(entry["value"], 1.5);
        // Another command with a known id is refused.
        let mut other = commands[1].clone();
        other["data"]["title"] = json!("Three");
        let refused = ada.post("/sync", json!({"commands": [other]})).await.expect(200).body;
        assert_eq!(refused["results"][0]["problem"]["code"], "id_taken");
        assert_eq!(ada.get(&format!("/tasks/{task}")).await.expect(200).body["title"], "Two");
    }
    // Twice in one batch is once.
    let once = json!({"id": fresh_id(), "type": "entry", "operation": "increment", "key": format!("{habit}/2026-03-05"), "data": {"by": 1}});
    for atomic in [false, true] {
        let batch = json!({"commands": [once, once], "atomic": atomic});
        let sent = ada.post("/sync", batch).await.expect(200).body;
        assert_eq!(sent["results"][1]["status"], "applied");
        assert_eq!(sent["results"][1]["current"]["item"]["value"], 1);
    }
}

async fn a_conflict_shows_what_is_stored_now(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut copy = LocalCopy::default();
    let (task, gone) = (ada.task(json!({"title": "Mine"})).await, ada.task(json!({})).await);
    copy.pull(&ada, 100).await;
    let base = copy.revision("task", &task).unwrap();
    ada.patch(&format!("/tasks/{task}"), json!({"title": "Theirs"})).await.expect(200);
    ada.delete(&format!("/tasks/{gone}")).await.expect(204);
    ada.put("/moods/2026-03-10", json!({"value": 3})).await.expect(201);
    for (command, code) in [
        (
            json!({"type": "task", "operation": "update", "key": task, "base": base, "data": {"title": "Mine too"}}),
            "precondition_failed",
        ),
        (json!({"type": "task", "operation": "delete", "key": task, "base": base}), "precondition_failed"),
        (json!({"type": "task", "operation": "update", "key": gone, "data": {"title": "Lost"}}), "task_not_found"),
        (json!({"type": "task", "operation": "create", "key": gone, "data": {"title": "Again"}}), "id_taken"),
        (json!({"type": "task", "operation": "create", "key": task, "data": {"title": "Other"}}), "id_taken"),
        (
            json!({"type": "mood", "operation": "put", "key": "2026-03-10", "base": 1, "data": {"value": 9}}),
            "precondition_failed",
        ),
    ] {
        copy.enqueue(command);
        let answer = copy.push(&ada, false, false).await.unwrap().body;
        let result = &answer["results"][0];
        assert_eq!((&result["status"], &result["problem"]["code"]), (&json!("conflict"), &json!(code)), "{result:#}");
        assert_eq!(result["revision"], Value::Null);
    }
    let (_, shown) = &copy.items[&("task".to_owned(), task.clone())];
    assert_eq!(shown["title"], "Theirs");
    assert!(!copy.items.contains_key(&("task".to_owned(), gone.clone())));
    assert_eq!(copy.items[&("mood".to_owned(), "2026-03-10".to_owned())].1["value"], 3);
    // With what is stored now, or without a base, it is carried out; what is gone is gone.
    let base = copy.revision("task", &task);
    copy.enqueue(json!({"type": "task", "operation": "update", "key": task, "base": base, "data": {"title": "Ours"}}));
    copy.enqueue(json!({"type": "task", "operation": "delete", "key": gone, "base": 3}));
    copy.enqueue(json!({"type": "mood", "operation": "put", "key": "2026-03-10", "data": {"value": 9}}));
    let answer = copy.push(&ada, true, false).await.unwrap().body;
    assert!(answer["results"].as_array().unwrap().iter().all(|result| result["status"] == "applied"), "{answer:#}");
    copy.pull(&ada, 100).await;
    assert_eq!(copy.items[&("task".to_owned(), task)].1["title"], "Ours");
}

async fn an_atomic_batch_is_carried_out_as_a_whole_or_not_at_all(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let before = app.contents().await;
    let theme = fresh_id();
    let mut copy = LocalCopy::default();
    copy.enqueue(json!({"type": "theme", "operation": "create", "key": theme, "data": {"name": "One"}}));
    copy.enqueue(json!({"type": "task", "operation": "create", "key": fresh_id(), "data": {"title": "x", "theme_id": fresh_id()}}));
    copy.enqueue(json!({"type": "mood", "operation": "put", "key": "2026-03-10", "data": {"value": 3}}));
    let answer = copy.push(&ada, true, false).await.unwrap().body;
    let statuses: Vec<&Value> = answer["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["not_applied", "rejected", "not_applied"], "{answer:#}");
    assert_eq!(answer["results"][1]["problem"]["errors"][0]["pointer"], "/data/theme_id", "{answer:#}");
    assert_eq!(app.contents().await, before);
    assert!(copy.items.is_empty());
    // One that can't be read, too.
    copy.enqueue(json!({"type": "theme", "operation": "create", "key": theme, "data": {"name": "One"}}));
    copy.enqueue(json!({"type": "mood", "operation": "put", "key": "2026-03-10", "data": {"value": 11}}));
    let answer = copy.push(&ada, true, false).await.unwrap().body;
    let statuses: Vec<&Value> = answer["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["not_applied", "rejected"], "{answer:#}");
    assert_eq!(app.contents().await, before);
}

async fn what_is_wrong_with_one_command_holds_up_no_other(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let id = fresh_id();
    let wrong = [
        (json!({"type": "task", "operation": "create", "key": id, "data": {"title": ""}}), "/data/title"),
        (json!({"type": "task", "operation": "create", "key": id, "data": {"title": "x", "size": 1}}), "/data/size"),
        (json!({"type": "task", "operation": "create", "key": "me", "data": {"title": "x"}}), "/key"),
        (json!({"type": "task", "operation": "create", "data": {"title": "x"}}), "/key"),
        (json!({"type": "task", "operation": "create", "key": id}), "/data"),
        (
            json!({"type": "task", "operation": "create", "key": id, "data": {"id": fresh_id(), "title": "x"}}),
            "/data/id",
        ),
        (json!({"type": "mood", "operation": "put", "key": "2026-02-30", "data": {"value": 11}}), "/key"),
        (json!({"type": "mood", "operation": "put", "key": "2026-02-30", "data": {"value": 11}}), "/data/value"),
        (json!({"type": "task", "operation": "put", "key": id, "data": {"title": "x"}}), "/operation"),
        (json!({"type": "task", "operation": "delete", "key": id, "data": {}}), "/data"),
        (json!({"type": "timer", "operation": "delete", "key": id}), "/key"),
        (json!({"type": "settings", "operation": "delete"}), "/operation"),
        (json!({"type": "settings", "operation": "update", "data": {"timezone": "Nowhere"}}), "/data/timezone"),
        (json!({"type": "entry", "operation": "put", "key": id, "data": {"state": "done"}}), "/key"),
        (
            json!({"type": "entry", "operation": "put", "key": format!("{id}/2026-02-30"), "data": {"state": "done"}}),
            "/key",
        ),
        (json!({"type": "mood", "operation": "put", "key": "2199-01-01", "data": {"value": 1}}), "/key"),
        (json!({"type": "mood", "operation": "put", "key": "2026-03-10", "base": "1", "data": {"value": 1}}), "/base"),
        (
            json!({"type": "mood", "operation": "put", "key": "2026-03-10", "on_overlap": "replace", "data": {"value": 1}}),
            "/on_overlap",
        ),
        (json!({"type": "user", "operation": "delete", "key": id}), "/type"),
        (json!({"type": "task", "operation": "forget", "key": id}), "/operation"),
    ];
    let mut copy = LocalCopy::default();
    for (command, _) in &wrong {
        copy.enqueue(command.clone());
    }
    copy.queue.push(json!({"id": "no id", "type": "timer", "operation": "delete"}));
    copy.enqueue(json!({"type": "task", "operation": "create", "key": id, "data": {"title": "Right"}}));
    let answer = copy.push(&ada, false, false).await.unwrap().body;
    let results = answer["results"].as_array().unwrap();
    for ((command, pointer), result) in wrong.iter().zip(results) {
        assert_eq!(result["status"], "rejected", "{command} {result:#}");
        let pointers: BTreeMap<&str, &Value> = result["problem"]["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), &error["code"]))
            .collect();
        assert!(pointers.contains_key(pointer), "{command} {pointers:?}");
        assert!(!pointers.iter().any(|(at, code)| ["/key", "/data"].contains(at) && **code == "unknown_field"));
    }
    // What an app shows already it can take back.
    assert_eq!(results[0]["current"]["item"]["title"], "Right");
    assert_eq!(results[wrong.len()]["current"]["type"], "timer");
    assert_eq!(results[wrong.len()]["problem"]["errors"][0]["pointer"], "/id");
    assert_eq!(results[wrong.len() + 1]["status"], "applied");
    // What isn't a batch is refused as any body is.
    ada.post("/sync", json!({"commands": {}})).await.problem(422, "validation_failed");
    ada.post("/sync", json!({"commands": [7]})).await.names("/commands/0");
    let many: Vec<Value> = (0..1_001).map(|_| json!({})).collect();
    ada.post("/sync", json!({"commands": many})).await.problem(422, "validation_failed");
    assert_eq!(ada.post("/sync", json!({"commands": []})).await.expect(200).body["results"], json!([]));
}

async fn entries_are_told_as_their_plans_judge_them(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let tracked = ada.habit(json!({"kind": {"type": "minutes", "target": 30}, "starts_on": "2026-03-01"})).await;
    let counted =
        ada.habit(json!({"kind": {"type": "count", "target": 3, "unit": "l"}, "starts_on": "2026-03-01"})).await;
    let spent = json!({"habit_id": tracked, "minutes": 5, "date": "2026-03-10"});
    ada.post("/time-entries", spent).await.expect(201);
    let path = format!("/habits/{counted}/entries/2026-03-10");
    ada.put(&path, json!({"value": 5})).await.expect(201);
    let told = async || {
        let changes = ada.get("/sync?types=entry").await.expect(200).body["changes"].clone();
        let mut states = BTreeMap::new();
        for change in changes.as_array().unwrap() {
            let habit = change["item"]["habit_id"].as_str().unwrap().to_owned();
            let entry = ada.get(&format!("/habits/{habit}/entries/2026-03-10")).await.expect(200).body;
            assert_eq!(change["item"], entry);
            states.insert(habit, entry["state"].clone());
        }
        states
    };
    let expected = BTreeMap::from([(tracked, json!("missed")), (counted.clone(), json!("done"))]);
    assert_eq!(told().await, expected);
    let plan = json!({"kind": {"type": "count", "target": 8, "unit": "l"}, "effective_from": "2026-03-01"});
    ada.put(&format!("/habits/{counted}/plan"), plan).await.expect(200);
    assert_eq!(told().await[&counted], "missed");
    let note = json!({"id": fresh_id(), "type": "entry", "operation": "update", "key": format!("{counted}/2026-03-10"), "data": {"note": "x"}});
    let sent = ada.post("/sync", json!({"commands": [note]})).await.expect(200).body;
    assert_eq!(sent["results"][0]["current"]["item"]["state"], "missed");
}

async fn each_type_can_be_made_changed_and_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let [theme, habit, pause, task, time, sleep, moment] = [(); 7].map(|()| fresh_id());
    let [of_habit, of_task, of_bedtime, of_both] = [(); 4].map(|()| fresh_id());
    let day = "2026-03-10";
    let entry = format!("{habit}/{day}");
    let steps = [
        json!({"type": "settings", "operation": "update", "data": {"timezone": "Europe/Berlin"}}),
        json!({"type": "theme", "operation": "create", "key": theme, "data": {"name": "Health"}}),
        json!({"type": "habit", "operation": "create", "key": habit, "data": {"name": "Water", "theme_id": theme, "starts_on": "2026-03-01", "kind": {"type": "minutes", "target": 8}, "schedule": {"type": "daily"}}}),
        json!({"type": "shared_pause", "operation": "create", "key": pause, "data": {"from": "2026-04-01"}}),
        json!({"type": "task", "operation": "create", "key": task, "data": {"title": "Dentist", "due_on": day}}),
        json!({"type": "entry", "operation": "put", "key": entry, "data": {"value": 3}}),
        json!({"type": "entry", "operation": "increment", "key": entry, "data": {"by": 2}}),
        json!({"type": "entry", "operation": "update", "key": entry, "data": {"note": "More"}}),
        json!({"type": "time_entry", "operation": "create", "key": time, "data": {"habit_id": habit, "date": day, "minutes": 4}}),
        json!({"type": "timer", "operation": "create", "data": {"task_id": task, "note": "Now"}}),
        json!({"type": "sleep_log", "operation": "create", "key": sleep, "data": {"start": "2026-03-09T22:00:00Z", "end": "2026-03-10T06:00:00Z"}}),
        json!({"type": "mood", "operation": "put", "key": day, "data": {"value": 7, "tags": ["sun"]}}),
        json!({"type": "mood_moment", "operation": "create", "key": moment, "data": {"at": "2026-03-10T12:00:00Z", "value": 5}}),
        json!({"type": "reminder", "operation": "create", "key": of_habit, "data": {"about": "habit", "habit_id": habit, "time": "08:00", "weekdays": ["mo"]}}),
        json!({"type": "reminder", "operation": "create", "key": of_task, "data": {"about": "task", "task_id": task, "time": "09:00", "days_before": 2}}),
        json!({"type": "reminder", "operation": "create", "key": of_bedtime, "data": {"about": "bedtime", "wake_time": "07:00"}}),
        json!({"type": "reminder", "operation": "create", "key": of_both, "data": {"about": "bedtime", "wake_time": "06:00"}}),
        json!({"type": "theme", "operation": "update", "key": theme, "data": {"name": "Body"}}),
        json!({"type": "habit", "operation": "update", "key": habit, "data": {"name": "Drink"}}),
        json!({"type": "habit", "operation": "put_plan", "key": habit, "data": {"schedule": {"type": "daily", "every": 2}, "effective_from": "2026-03-11"}}),
        json!({"type": "habit", "operation": "archive", "key": habit}),
        json!({"type": "habit", "operation": "restore", "key": habit}),
        json!({"type": "shared_pause", "operation": "update", "key": pause, "data": {"to": "2026-04-07"}}),
        json!({"type": "task", "operation": "update", "key": task, "data": {"priority": "high"}}),
        json!({"type": "task", "operation": "transition", "key": task, "data": {"to": "in_progress"}}),
        json!({"type": "time_entry", "operation": "update", "key": time, "data": {"minutes": 6}}),
        json!({"type": "sleep_log", "operation": "update", "key": sleep, "data": {"quality": 4}}),
        json!({"type": "mood_moment", "operation": "update", "key": moment, "data": {"value": 6}}),
        json!({"type": "reminder", "operation": "update", "key": of_habit, "data": {"time": "10:30"}}),
        json!({"type": "reminder", "operation": "update", "key": of_task, "data": {"days_before": 0, "channels": []}}),
        json!({"type": "reminder", "operation": "update", "key": of_bedtime, "data": {"enabled": false}}),
    ];
    let mut copy = LocalCopy::default();
    for command in steps {
        copy.enqueue(command);
    }
    let answer = copy.push(&ada, false, false).await.unwrap().body;
    for (index, result) in answer["results"].as_array().unwrap().iter().enumerate() {
        assert_eq!(result["status"], "applied", "{index} {result:#}");
    }
    copy.pull(&ada, 3).await;
    let told: BTreeSet<&str> = copy.items.keys().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(told, SyncType::ALL.map(SyncType::as_str).into(), "each type has its commands here");
    let shown = |kind: &str, key: &str| copy.items[&(kind.to_owned(), key.to_owned())].1.clone();
    assert_eq!(shown("settings", "settings")["timezone"], "Europe/Berlin");
    assert_eq!(shown("theme", &theme)["name"], "Body");
    assert_eq!(shown("habit", &habit)["name"], "Drink");
    assert_eq!(shown("habit", &habit)["plans"].as_array().unwrap().len(), 2);
    assert_eq!(shown("shared_pause", &pause)["to"], "2026-04-07");
    assert_eq!(shown("task", &task)["status"], "in_progress");
    assert_eq!(shown("entry", &entry)["value"], 11);
    assert_eq!(shown("entry", &entry)["note"], "More");
    assert_eq!(shown("time_entry", &time)["minutes"], 6);
    assert_eq!(shown("timer", "timer")["note"], "Now");
    assert_eq!(shown("sleep_log", &sleep)["quality"], 4);
    assert_eq!(shown("mood", day)["tags"], json!(["sun"]));
    assert_eq!(shown("mood_moment", &moment)["value"], 6);
    let reminder = shown("reminder", &of_habit);
    assert_eq!((&reminder["time"], &reminder["weekdays"]), (&json!("10:30"), &json!(["mo"])));
    assert_eq!(
        (&reminder["about"], &reminder["habit_id"], &reminder["task_id"]),
        (&json!("habit"), &json!(habit), &Value::Null)
    );
    let reminder = shown("reminder", &of_task);
    assert_eq!((&reminder["days_before"], &reminder["channels"]), (&json!(0), &json!([])));
    assert_eq!(shown("reminder", &of_bedtime)["enabled"], false);

    // Those of the habit and of the task go with these.
    for (kind, key) in [
        ("reminder", Some(&of_bedtime)),
        ("reminder", Some(&of_both)),
        ("mood_moment", Some(&moment)),
        ("sleep_log", Some(&sleep)),
        ("timer", None),
        ("time_entry", Some(&time)),
        ("entry", Some(&entry)),
        ("task", Some(&task)),
        ("shared_pause", Some(&pause)),
        ("habit", Some(&habit)),
        ("theme", Some(&theme)),
        ("mood", Some(&day.to_owned())),
    ] {
        let base = copy.revision(kind, key.map_or("timer", |key| key)).filter(|_| kind != "timer");
        let mut command = json!({"type": kind, "operation": "delete", "base": base});
        if let Some(key) = key {
            command["key"] = json!(key);
        }
        copy.enqueue(command);
        let answer = copy.push(&ada, true, false).await.unwrap().body;
        assert_eq!(answer["results"][0]["status"], "applied", "{kind} {answer:#}");
        copy.pull(&ada, 100).await;
    }
    assert_eq!(copy.items.len(), 1, "the settings stay");
}

async fn cursors_are_checked(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    ada.task(json!({})).await;
    bob.theme("One").await;
    let page = ada.get("/sync?limit=1").await.expect(200).body;
    let cursor = page["cursor"].as_str().unwrap();
    assert_eq!((&page["has_more"], &page["state"]), (&json!(true), &Value::Null));
    ada.get(&format!("/sync?cursor={cursor}&types=task")).await.problem(400, "invalid_cursor");
    for wrong in ["x", "e30", "bnVsbA", "eyJ0Ijo3fQ", &cursor[1..], "AAAA"] {
        ada.get(&format!("/sync?cursor={wrong}")).await.problem(400, "invalid_cursor");
    }
    for query in ["limit=0", "limit=1001", "limit=x", "types=", "types=tasks", "types=task,", "since=1"] {
        ada.get(&format!("/sync?{query}")).await.problem(422, "validation_failed");
    }
    let tasks = ada.get("/sync?types=task").await.expect(200).body;
    assert_eq!(tasks["changes"].as_array().unwrap().len(), 1);
    assert_eq!(tasks["state"]["counts"], json!({"task": 1}));
    // A cursor tells nothing of whose it is: another one's shows what is mine.
    let mine = bob.get(&format!("/sync?cursor={cursor}")).await.expect(200).body;
    assert!(mine["changes"].as_array().unwrap().iter().all(|change| change["type"] != "task"), "{mine:#}");
}

async fn a_device_that_was_away_for_too_long_begins_anew(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (task, other) = (ada.task(json!({})).await, ada.task(json!({})).await);
    let away = ada.get("/sync").await.expect(200).body;
    ada.delete(&format!("/tasks/{task}")).await.expect(204);
    let later = ada.get("/sync").await.expect(200).body;
    let with = |page: &Value| format!("/sync?cursor={}", page["cursor"].as_str().unwrap());
    app.clock.advance(180 * 86_400 - 60);
    let ada = app.log_in("ada").await;
    let told = ada.get(&with(&away)).await.expect(200).body;
    assert_eq!(told["changes"].as_array().unwrap().iter().filter(|change| change["type"] == "task").count(), 1);
    app.clock.advance(120);
    app.until("tombstones that are gone", || app.database.number("SELECT count(*) FROM tombstones") == 0).await;
    ada.get(&with(&away)).await.problem(410, "sync_cursor_expired");
    let told = ada.get(&with(&later)).await.expect(200).body;
    assert!(told["changes"].as_array().unwrap().iter().all(|change| change["type"] != "task"));
    let mut anew = LocalCopy::default();
    anew.pull(&ada, 1).await;
    assert_eq!(anew.revision("task", &task), None);
    assert!(anew.revision("task", &other).is_some());
}

async fn ten_thousand_changes_are_told(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let first = chrono::NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();
    for number in 0..2_u64 {
        let habit = ada.habit(json!({"starts_on": "2000-01-01", "name": format!("Habit {number}")})).await;
        for thousand in 0..5_u64 {
            let days = (0..1_000).map(|day| first + chrono::Days::new(thousand * 1_000 + day));
            let items: Vec<Value> =
                days.map(|day| json!({"habit_id": habit, "date": day.to_string(), "state": "done"})).collect();
            ada.post("/entries/batch", json!({"items": items})).await.expect(200);
        }
    }
    let mut copy = LocalCopy::default();
    let begun = std::time::Instant::now();
    assert_eq!(copy.pull(&ada, 1_000).await, 10_003);
    let took = begun.elapsed();
    // Of one more change, no more is told.
    ada.put("/moods/2026-03-10", json!({"value": 3})).await.expect(201);
    let begun = std::time::Instant::now();
    assert_eq!(copy.pull(&ada, 1_000).await, 1);
    // Seen with `--no-capture`: the figures of docs/SYNC.md.
    println!("10,003 changes in {took:?}, one more in {:?}", begun.elapsed());
}

async fn syncing_costs_the_same_however_much_there_is(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut costs = BTreeSet::new();
    let mut idle = BTreeSet::new();
    for count in [1_i64, 300] {
        let habit = ada.habit(json!({"starts_on": "2025-01-01"})).await;
        let mut copy = LocalCopy::default();
        copy.pull(&ada, 1_000).await;
        let first = chrono::NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
        let days = (0..count).map(|day| first + chrono::Days::new(day.unsigned_abs()));
        let items: Vec<Value> =
            days.map(|day| json!({"habit_id": habit, "date": day.to_string(), "state": "done"})).collect();
        ada.post("/entries/batch", json!({"items": items})).await.expect(200);
        let cursor = copy.pull_page(&ada, 1_000).await;
        assert_eq!(cursor["changes"].as_array().unwrap().len(), usize::try_from(count).unwrap());
        let path = format!("/sync?cursor={}", cursor["cursor"].as_str().unwrap());
        idle.insert(ada.get(&path).await.expect(200).statements());
        ada.put("/moods/2026-03-10", json!({"value": count % 10})).await;
        costs.insert(ada.get(&path).await.expect(200).statements());
    }
    // Where the user stands, where changes lie, the moods, and the sums.
    assert_eq!((idle, costs), (BTreeSet::from([2]), BTreeSet::from([4])));
}

async fn entries_of_a_batch_are_read_together(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut commands = Vec::new();
    for _ in 0..10 {
        let key = format!("{}/2026-03-10", counted(&ada).await);
        commands.push(json!({"id": fresh_id(), "type": "entry", "operation": "put", "key": key, "data": {"value": 1}}));
    }
    let cost = async |commands: &[Value]| {
        let batch = json!({"commands": commands, "atomic": true});
        ada.post("/sync", batch).await.expect(200).statements()
    };
    cost(&commands).await;
    ada.until_known().await;
    // What was carried out before is only read.
    assert_eq!(cost(&commands).await, cost(&commands[..1]).await);
}
