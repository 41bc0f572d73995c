//! Another user's resources are answered like ones that don't exist, on every route that takes an id.

use circadia_tests::{Answer, Backend, Client, Comparable, TestApp, scenarios};
use serde_json::{Value, json};

use super::auth_methods::auth_methods;
use super::catalogue::{Catalogue, World, is_common};

scenarios!(
    ids_of_others_in_paths_are_unknown,
    ids_of_others_in_bodies_and_queries_are_unknown,
    ids_of_others_can_be_chosen_like_any,
    lists_hold_only_what_is_ones_own,
    what_is_private_asks_for_a_token,
);

/// The number of compared answers.
pub(crate) fn compared(answers: &[Answer], asked: [&World; 2]) -> Vec<Comparable> {
    let ids: Vec<&str> = asked.iter().flat_map(|world| world.ids()).collect();
    answers.iter().map(|answer| answer.comparable_but_for(&ids)).collect()
}

/// Everything that a user can see of their own.
pub(crate) async fn seen_by(client: &Client, world: &World) -> Vec<Value> {
    let habit = &world.habit;
    let mut seen = Vec::new();
    for path in [
        "/me".into(),
        "/me/tokens".into(),
        "/me/passkeys".into(),
        "/me/push-subscriptions".into(),
        "/me/pauses".into(),
        "/webhooks".into(),
        "/themes".into(),
        "/habits".into(),
        "/habits/today".into(),
        "/tasks".into(),
        "/time-entries".into(),
        "/timer".into(),
        "/entries".into(),
        format!("/habits/{habit}/entries"),
        format!("/habits/{habit}/plans"),
        format!("/habits/{habit}/pauses"),
        "/sleep".into(),
        "/moods".into(),
        "/imports".into(),
        format!("/habits/{habit}/reminders"),
        format!("/tasks/{}/reminders", world.task),
        "/sleep/reminders".into(),
    ] {
        seen.push(client.get(&path).await.expect(200).body);
    }
    seen
}

async fn ids_of_others_in_paths_are_unknown(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, own) = (World::of(&ada).await, World::of(&eve).await);
    let unknown = hers.unknown();
    let before = seen_by(&ada, &hers).await;
    let catalogue = Catalogue::read();
    for method in auth_methods(&app, &eve).await {
        let mut tried = 0;
        // What is for a role only is about others by its nature.
        let operations = catalogue.operations.iter().filter(|operation| operation.role.is_none());
        for operation in operations.filter(|operation| !operation.path_names.is_empty()) {
            let ids: Vec<&String> = operation.path_names.iter().filter(|name| !is_common(name)).collect();
            // A day and a provider are everybody's own; anything else that takes a date takes what it is about as well.
            // An image and a calendar are for whoever has the address.
            let is_own = operation.path == "/api/v1/moods/{date}"
                || operation.path.contains("{provider}")
                || ["getAvatar", "getCalendarFeed"].contains(&operation.id.as_str());
            assert_eq!(
                ids.is_empty(),
                is_own,
                "{} takes what is everybody's, and nothing that it is about",
                operation.id
            );
            for stolen in ids {
                // One id of the other user's at a time, and all others one's own; then all of theirs.
                let one = [own.with(stolen, hers.segment(stolen)), own.with(stolen, unknown.segment(stolen))];
                for worlds in [one, [hers.clone(), unknown.clone()]] {
                    let mut answers = Vec::new();
                    for world in &worlds {
                        let path = world.path_and_query(operation);
                        answers.push(method.client.call(operation.method.clone(), &path, &own.body(operation)).await);
                    }
                    let compared = compared(&answers, [&hers, &unknown]);
                    assert_eq!(compared[0], compared[1], "{} by {}", operation.id, method.name);
                    // Where no personal access token is let in, that is all there is to say.
                    let barred = method.name == "a personal access token" && operation.personal_scopes.is_empty();
                    answers.remove(0).expect(if barred { 403 } else { 404 }).refusal();
                    tried += 1;
                }
            }
        }
        assert!(tried > 40, "only {tried} were tried by {}", method.name);
    }
    assert_eq!(seen_by(&ada, &hers).await, before, "changed by another user");
}

/// Where bodies and queries name things, found in the document.
fn references(catalogue: &Catalogue) -> Vec<(String, String)> {
    fn collect(catalogue: &Catalogue, schema: &Value, at: &str, found: &mut Vec<String>) {
        let schema = catalogue.resolve(schema);
        if schema["format"] == "uuid" && !at.ends_with("/id") {
            found.push(at.to_owned());
        }
        for choice in schema["oneOf"].as_array().into_iter().flatten() {
            collect(catalogue, choice, at, found);
        }
        if schema["items"].is_object() {
            collect(catalogue, &schema["items"], &format!("{at}/0"), found);
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            collect(catalogue, property, &format!("{at}/{name}"), found);
        }
    }
    let mut references = Vec::new();
    for operation in catalogue.operations.iter().filter(|operation| operation.role.is_none()) {
        let mut found = Vec::new();
        if let Some(schema) = &operation.body {
            collect(catalogue, schema, "", &mut found);
        }
        for (name, schema) in &operation.query {
            if schema["format"] == "uuid" {
                found.push(format!("?{name}"));
            }
        }
        references.extend(found.into_iter().map(|at| (operation.id.clone(), at)));
    }
    references
}

async fn ids_of_others_in_bodies_and_queries_are_unknown(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, own) = (World::of(&ada).await, World::of(&eve).await);
    let unknown = hers.unknown();
    let (before, stored) = (seen_by(&ada, &hers).await, seen_by(&eve, &own).await);
    let catalogue = Catalogue::read();
    let references = references(&catalogue);
    assert!(references.len() >= 5, "the document has lost references: {references:?}");
    for (id, at) in references {
        let operation = catalogue.operation(&id);
        let name = at.rsplit(['/', '?']).find(|part| part.parse::<usize>().is_err()).unwrap();
        let of = |world: &World| match name {
            "theme_id" => world.theme.clone(),
            "habit_id" | "ids" | "except_habits" => world.habit.clone(),
            "task_id" => world.task.clone(),
            _ => panic!("the generator doesn't know what {id} names at {at}"),
        };
        let mut answers = Vec::new();
        for world in [&hers, &unknown] {
            let mut body = own.body(operation);
            let mut path = own.path_and_query(operation);
            match at.strip_prefix('?') {
                Some(name) => path = format!("{path}?{name}={}", of(world)),
                None => *body.pointer_mut(&at).unwrap() = json!(of(world)),
            }
            answers.push(eve.call(operation.method.clone(), &path, &body).await);
        }
        let compared = compared(&answers, [&hers, &unknown]);
        assert_eq!(compared[0], compared[1], "{id} {at}");
        if at.starts_with('?') {
            assert_eq!(answers[0].body["items"], json!([]), "{id} {at}");
        } else {
            answers.remove(0).names(&at);
        }
    }
    // A batch that is not atomic says so item by item.
    for habit in [&hers.habit, &unknown.habit] {
        let items = json!({"items": [{"habit_id": habit, "date": "2026-03-09", "value": 1}]});
        let answer = eve.post("/entries/batch", items).await.expect(200);
        assert_eq!((&answer.body["items"][0]["status"], &answer.body["stored"]), (&json!(404), &json!(0)));
    }
    assert_eq!(seen_by(&ada, &hers).await, before, "changed by another user");
    assert_eq!(seen_by(&eve, &own).await, stored, "a refused request changed something");
}

async fn ids_of_others_can_be_chosen_like_any(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let hers = World::of(&ada).await;
    let before = seen_by(&ada, &hers).await;
    let habit = json!({"id": hers.habit, "name": "Mine", "schedule": {"type": "daily"}});
    eve.post("/habits", habit).await.expect(201);
    eve.post("/themes", json!({"id": hers.theme, "name": "Mine"})).await.expect(201);
    let sleep = json!({"id": hers.sleep_log, "start": "2026-03-09T22:00:00Z", "end": "2026-03-10T06:00:00Z"});
    eve.post("/sleep", sleep).await.expect(201);
    eve.post("/moods", json!({"id": hers.moment, "at": "2026-03-10T12:00:00Z", "value": 1})).await.expect(201);
    eve.post("/me/pauses", json!({"id": hers.shared_pause, "from": "2026-03-01"})).await.expect(201);
    eve.delete(&format!("/me/pauses/{}", hers.shared_pause)).await.expect(204);
    eve.delete(&format!("/sleep/{}", hers.sleep_log)).await.expect(204);
    eve.delete(&format!("/moods/moments/{}", hers.moment)).await.expect(204);
    assert_eq!(eve.get(&format!("/habits/{}", hers.habit)).await.expect(200).body["name"], "Mine");
    eve.delete(&format!("/habits/{}", hers.habit)).await.expect(204);
    eve.delete(&format!("/themes/{}", hers.theme)).await.expect(204);
    eve.post("/tasks", json!({"id": hers.task, "title": "Mine"})).await.expect(201);
    eve.delete(&format!("/tasks/{}", hers.task)).await.expect(204);
    eve.post("/time-entries", json!({"id": hers.time_entry, "minutes": 5})).await.expect(201);
    eve.delete(&format!("/time-entries/{}", hers.time_entry)).await.expect(204);
    assert_eq!(seen_by(&ada, &hers).await, before, "changed by another user");
}

async fn lists_hold_only_what_is_ones_own(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    World::of(&ada).await;
    for list in [
        "/habits",
        "/themes",
        "/habits/today",
        "/habits?q=read",
        "/habits?due_on=2026-03-11",
        "/tasks",
        "/tasks?q=call",
        "/time-entries",
        "/habits/views/week",
        "/sleep",
        "/moods",
        "/me/pauses",
        "/me/passkeys",
        "/me/push-subscriptions",
        "/imports",
        "/webhooks",
        "/sleep/reminders",
        "/reminders/upcoming",
    ] {
        assert_ne!(ada.get(list).await.expect(200).body["items"], json!([]), "{list}");
        assert_eq!(eve.get(list).await.expect(200).body["items"], json!([]), "{list}");
    }
}

async fn what_is_private_asks_for_a_token(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let world = World::of(&ada).await;
    let before = app.contents().await;
    let public = [
        "exchangeProviderCode",
        "finishProvider",
        "forgotPassword",
        "forwardProviderForm",
        "getAvatar",
        "getCalendarFeed",
        "getConfig",
        "getJwks",
        "getLiveness",
        "getPublicKey",
        "getReadiness",
        "login",
        "loginWithPasskey",
        "loginWithTotp",
        "openSession",
        "openSessionWithPasskey",
        "openSessionWithTotp",
        "refresh",
        "register",
        "resendVerification",
        "resetPassword",
        "startPasskeySignIn",
        "startProvider",
        "verifyEmail",
    ];
    for operation in &Catalogue::read().operations {
        assert_eq!(operation.public, public.contains(&operation.id.as_str()), "{}", operation.id);
        if !operation.public {
            let path = world.path_and_query(operation);
            // A refresh token in the body is all that logging out needs.
            let body = if operation.id == "logout" { Value::Null } else { world.body(operation) };
            let anonymous = app.anonymous();
            let answer = anonymous.call(operation.method.clone(), &path, &body).await;
            let answer = answer.problem(401, "authentication_required");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            let answer = anonymous.with_token("nonsense").call(operation.method.clone(), &path, &body).await;
            answer.problem(401, "token_invalid");
        }
    }
    assert_eq!(app.contents().await, before, "something was stored");
}
