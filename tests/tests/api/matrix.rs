//! Role × route × owner, generated from the OpenAPI document: regardless of role and authentication method, things of
//! others don't exist for them, and what only the server decides they can't decide. An operation without a fixture in
//! the `catalogue` fails these tests. (That ids of others answer like unknown ones, `ownership` shows, place by place.)

use std::collections::BTreeSet;

use circadia_domain::users::Role;
use circadia_tests::{Answer, Backend, Client, Comparable, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::auth_methods::{AuthMethod, auth_methods};
use super::catalogue::{Catalogue, Operation, World, is_common, is_open};
use super::ownership::{compared, seen_by};

scenarios!(
    no_role_makes_things_of_others_exist,
    no_role_sees_things_of_others_in_what_is_its_own,
    what_is_read_is_the_same_by_every_way_in,
    nothing_of_others_is_in_any_figure,
    nobody_asks_for_things_of_others_by_naming_them,
    nobody_decides_what_the_server_decides,
    each_role_may_do_what_the_document_says_and_nothing_else,
);

const ROLES: [&str; 3] = ["regular", "staff", "superuser"];

/// Members that only the server decides, wherever they are no part of what is asked for.
const DECIDED_HERE: [&str; 14] = [
    "role",
    "email_verified",
    "email_verified_at",
    "active",
    "user_id",
    "owner_id",
    "user",
    "created_at",
    "updated_at",
    "rev",
    "password_hash",
    "is_superuser",
    "login_count",
    "__proto__",
];

/// Whether an operation is for those with a role only.
fn needs_a_role(operation: &Operation) -> bool {
    let of_administrators = operation.path.starts_with("/api/v1/admin/");
    assert_eq!(operation.role.is_some(), of_administrators, "the role that {} needs", operation.id);
    of_administrators
}

/// The UUIDs in an answer, but for that of the request.
fn ids_in(answer: &Answer) -> BTreeSet<String> {
    fn collect(value: &Value, ids: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                let hyphens: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
                if text.len() == 36 && hyphens == [8, 13, 18, 23] {
                    ids.insert(text.clone());
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
            Value::Object(members) => {
                members.iter().filter(|(name, _)| *name != "instance").for_each(|(_, member)| collect(member, ids));
            }
            _ => {}
        }
    }
    let mut ids = BTreeSet::new();
    collect(&answer.body, &mut ids);
    ids
}

/// Each role in turn, at a replica that hasn't seen the user in another.
async fn in_each_role(app: &TestApp, user: &Client, mut check: impl AsyncFnMut(&str, [AuthMethod; 3])) {
    let username = user.tokens["user"]["username"].as_str().unwrap();
    let methods = auth_methods(app, user).await;
    for role in ROLES {
        app.give_role(username, role);
        let replica = app.replica().start();
        let methods = methods.each_ref().map(|method| method.at(&replica));
        assert_eq!(methods[0].client.get("/me").await.expect(200).body["role"], role);
        check(role, methods).await;
    }
}

async fn no_role_makes_things_of_others_exist(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, own) = (World::of(&ada).await, World::of(&eve).await);
    let unknown = hers.unknown();
    let before = seen_by(&ada, &hers).await;
    let catalogue = Catalogue::read();
    in_each_role(&app, &eve, async |role, methods| {
        let mut tried = 0;
        for operation in &catalogue.operations {
            let about_something = operation.path_names.iter().any(|name| !is_common(name));
            if !about_something || needs_a_role(operation) {
                continue;
            }
            for method in &methods {
                let mut answers = Vec::new();
                for world in [&hers, &unknown] {
                    let path = world.path_and_query(operation);
                    answers.push(method.client.call(operation.method.clone(), &path, &own.body(operation)).await);
                }
                let compared = compared(&answers, [&hers, &unknown]);
                assert_eq!(compared[0], compared[1], "{} as {role} by {}", operation.id, method.name);
                let barred = method.name == "a personal access token" && operation.personal_scopes.is_empty();
                answers.remove(0).expect(if barred { 403 } else { 404 }).refusal();
            }
            tried += 1;
        }
        assert!(tried > 20, "only {tried} were tried");
    })
    .await;
    assert_eq!(seen_by(&ada, &hers).await, before, "something was changed");
}

/// What reads without being told what about.
fn overviews(catalogue: &Catalogue) -> Vec<&Operation> {
    let reads = |operation: &&Operation| {
        let about_something = operation.path_names.iter().any(|name| !is_common(name));
        let of_cookies = operation.path.starts_with("/api/v1/auth/");
        operation.method == Method::GET
            // Few may be open at once; it tells a revision only.
            && operation.id != "streamEvents"
            && !operation.public
            && !of_cookies
            && !about_something
            && !needs_a_role(operation)
    };
    catalogue.operations.iter().filter(reads).collect()
}

async fn no_role_sees_things_of_others_in_what_is_its_own(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, own) = (World::of(&ada).await, World::of(&eve).await);
    let catalogue = Catalogue::read();
    // Everything that Ada sees has ids of hers; where it has none, there is nothing to give away by them.
    let mut hers_alone = BTreeSet::new();
    let mut showing = 0;
    for operation in overviews(&catalogue) {
        let ids = ids_in(&ada.get(&hers.path_and_query(operation)).await.expect(200));
        showing += usize::from(!ids.is_empty());
        hers_alone.extend(ids);
    }
    assert!(showing >= 5 && hers_alone.len() >= 4, "{showing} overviews showed {hers_alone:?}");
    in_each_role(&app, &eve, async |role, methods| {
        for operation in overviews(&catalogue) {
            for method in &methods {
                let answer = method.client.get(&own.path_and_query(operation)).await;
                if operation.personal_scopes.is_empty() && method.name == "a personal access token" {
                    answer.problem(403, "insufficient_scope");
                    continue;
                }
                let shown = ids_in(&answer.clone().expect(200));
                assert!(shown.is_disjoint(&hers_alone), "{} as {role} shows {shown:?}", operation.id);
                let text = String::from_utf8_lossy(&answer.bytes);
                assert!(!text.contains("ada@example.org"), "{} as {role} answered {text}", operation.id);
            }
        }
    })
    .await;
}

/// What every operation answers that only reads, also of one's own things.
async fn read_all(client: &Client, own: &World, catalogue: &Catalogue) -> Vec<(String, Comparable)> {
    let mut read = Vec::new();
    for operation in catalogue.operations.iter().filter(|operation| operation.method == Method::GET) {
        if operation.public || operation.by_cookie || needs_a_role(operation) {
            continue;
        }
        // Two users may get the same of the day's quotations.
        if operation.id == "getQuoteOfTheDay" {
            continue;
        }
        let answer = client.get(&own.path_and_query(operation)).await;
        // Neither a single pause nor a single session can be read.
        assert_eq!(answer.status, 200, "{} answered {}", operation.id, answer.body);
        read.push((operation.id.clone(), answer.comparable()));
    }
    read
}

async fn what_is_read_is_the_same_by_every_way_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let own = World::of(&ada).await;
    let catalogue = Catalogue::read();
    let [bearer, cookie, personal] = auth_methods(&app, &ada).await;
    let usual = read_all(&bearer.client, &own, &catalogue).await;
    for (id, usual) in usual {
        let operation = catalogue.operation(&id);
        let path = own.path_and_query(operation);
        // Which of the sessions is one's own differs, and when a token was used last.
        if !["listSessions", "listTokens", "getToken"].contains(&id.as_str()) {
            assert_eq!(cookie.client.get(&path).await.comparable(), usual, "{id} by {}", cookie.name);
        }
        // It tells such a token nothing of sign-ins.
        if id == "exportMe" {
            let mut usual = bearer.client.get(&path).await.expect(200).body;
            usual["activity"] = Value::Null;
            assert_eq!(personal.client.get(&path).await.expect(200).body, usual);
            continue;
        }
        let answer = personal.client.get(&path).await;
        if operation.personal_scopes.is_empty() {
            answer.problem(403, "insufficient_scope");
        } else {
            assert_eq!(answer.comparable(), usual, "{id} by {}", personal.name);
        }
    }
}

/// What shows the same of two users who did different things: nothing of a user, or nothing that was changed above.
/// Nothing is sent to the webhooks there.
const ALIKE: [&str; 6] =
    ["getScores", "listProviderLinks", "getTotp", "getMoodDay", "getSleepDay", "listWebhookDeliveries"];

async fn nothing_of_others_is_in_any_figure(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let own = World::of(&eve).await;
    let catalogue = Catalogue::read();
    // Some are noted once they were read.
    read_all(&eve, &own, &catalogue).await;
    let before = read_all(&eve, &own, &catalogue).await;
    assert!(before.len() > 40, "only {} were read", before.len());
    let hers = World::of(&ada).await;
    let habit = ada.habit(json!({"theme_id": hers.theme, "starts_on": "2026-01-01"})).await;
    ada.done(&habit, &["2026-03-08", "2026-03-09", "2026-03-10", "2026-03-11"]).await;
    let hers = hers.with("habit_id", &habit);
    ada.put(&format!("/moods/{}", hers.date), json!({"value": 1})).await.expect(200);
    ada.patch(&format!("/sleep/{}", hers.sleep_log), json!({"end": "2026-03-10T04:00:00Z"})).await.expect(200);
    ada.post("/time-entries", json!({"habit_id": habit, "date": "2026-02-20", "minutes": 50})).await.expect(201);
    ada.patch(&format!("/me/pauses/{}", hers.shared_pause), json!({"note": "Holiday"})).await.expect(200);
    ada.post("/timer/start", json!({"habit_id": habit})).await.expect(201);
    ada.patch("/me/calendar", json!({"include": ["sleep"]})).await.expect(200);
    app.log_in("ada").await;
    let after = read_all(&eve, &own, &catalogue).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "changed by another user");
    }
    // It wasn't for want of something to be seen.
    let seen = read_all(&ada, &hers, &catalogue).await;
    let alike = before.iter().zip(&seen).filter(|(own, hers)| own == hers);
    let alike = alike.map(|((id, _), _)| id.as_str());
    // By chance two users get the same quotation.
    let alike: Vec<&str> = alike.filter(|id| *id != "getQuoteOfTheDay").collect();
    assert_eq!(alike, ALIKE, "each view shows something of its user, given the writes above");
}

async fn nobody_asks_for_things_of_others_by_naming_them(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, own) = (World::of(&ada).await, World::of(&eve).await);
    let catalogue = Catalogue::read();
    let (her_id, own_id) = [&ada, &eve].map(|client| client.tokens["user"]["id"].as_str().unwrap().to_owned()).into();
    let mut queries = vec!["username=ada".to_owned(), format!("user_id={her_id}"), format!("user={her_id}")];
    for name in ["user_ids[]", "user_ids", "user_id", "user_ids%5B%5D"] {
        // No user, an unknown user, another user, both, another user twice.
        queries.extend([format!("{name}="), format!("{name}=*"), format!("{name}={her_id}")]);
        queries.extend([format!("{name}={own_id}&{name}={her_id}"), format!("{name}={her_id}&{name}={own_id}")]);
        queries.extend([format!("{name}={own_id},{her_id}"), format!("{name}={her_id}&{name}={her_id}")]);
    }
    for operation in overviews(&catalogue) {
        let hers = ids_in(&ada.get(&hers.path_and_query(operation)).await.expect(200));
        let path = own.path_and_query(operation);
        let usual = eve.get(&path).await.expect(200).comparable();
        let separator = if path.contains('?') { '&' } else { '?' };
        for query in &queries {
            let answer = eve.get(&format!("{path}{separator}{query}")).await;
            // Either the parameter is refused, or it makes no difference.
            if answer.status == 422 {
                answer.refusal();
            } else {
                assert!(ids_in(&answer).is_disjoint(&hers), "{} with {query}", operation.id);
                assert_eq!(answer.comparable(), usual, "{} with {query}", operation.id);
            }
        }
    }
}

/// The places of a body where an object stands, as JSON pointers.
fn objects(body: &Value, at: &str, found: &mut Vec<String>) {
    match body {
        Value::Object(members) => {
            found.push(at.to_owned());
            members.iter().for_each(|(name, member)| objects(member, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| objects(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// Whether the schema at a pointer has a member of this name, or any.
fn has_member(catalogue: &Catalogue, operation: &Operation, sample: &Value, pointer: &str, name: &str) -> bool {
    let Some(mut schema) = operation.body.as_ref() else { return false };
    let mut value = sample;
    for part in pointer.split('/').skip(1) {
        schema = match part.parse::<usize>() {
            Ok(_) => &catalogue.resolve(schema)["items"],
            Err(_) => &catalogue.object(schema, value)["properties"][part],
        };
        value = part.parse::<usize>().map_or_else(|_| &value[part], |index| &value[index]);
    }
    let schema = catalogue.object(schema, value);
    // What browsers make is for others to define, and nothing of it is stored as it came.
    is_open(schema) || schema["properties"][name].is_object()
}

async fn nobody_decides_what_the_server_decides(backend: Backend) {
    let app = TestApp::on(backend).start();
    let client: Client = app.user("ada").await;
    app.give_role("ada", "superuser");
    let world = World::of(&client).await;
    let catalogue = Catalogue::read();
    let before = app.contents().await;
    let mut tried = 0;
    for operation in &catalogue.operations {
        let sample = world.body(operation);
        let mut places = Vec::new();
        objects(&sample, "", &mut places);
        for place in places {
            let mut body = sample.clone();
            let members = body.pointer_mut(&place).and_then(Value::as_object_mut).unwrap();
            let foreign: Vec<&str> = DECIDED_HERE
                .into_iter()
                .filter(|name| !has_member(&catalogue, operation, &sample, &place, name))
                .collect();
            if foreign.is_empty() {
                continue;
            }
            members.extend(foreign.iter().map(|name| ((*name).to_owned(), json!("superuser"))));
            let path = world.path_and_query(operation);
            let mut answer = client.call(operation.method.clone(), &path, &body).await.refusal_of_command();
            for name in foreign {
                // Every one of them is named.
                answer = answer.names(&format!("{place}/{name}"));
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "only {tried} were tried");
    assert_eq!(app.contents().await, before, "something was stored");
}

async fn each_role_may_do_what_the_document_says_and_nothing_else(backend: Backend) {
    let app = TestApp::on(backend).start();
    let eve = app.user("eve").await;
    // Who keeps the set of superusers from being empty, whatever is done to others.
    app.user("grace").await;
    app.give_role("grace", "superuser");
    let catalogue = Catalogue::read();
    let documented = circadia_api::openapi::document();
    let operations: Vec<&Operation> = catalogue.operations.iter().filter(|operation| needs_a_role(operation)).collect();
    assert!(operations.len() >= 6, "only {} need a role", operations.len());
    let mut subjects = 0;
    in_each_role(&app, &eve, async |role, methods| {
        for operation in &operations {
            let needed = operation.role.unwrap();
            let item = &documented["paths"][&operation.path][operation.method.as_str().to_lowercase()];
            let words = format!("Needs the role `{needed}`");
            assert!(item["description"].as_str().unwrap().contains(&words), "{}", operation.id);
            for method in &methods {
                subjects += 1;
                let subject = app.user(&format!("subject-{subjects}")).await;
                let own = World::of_account(&subject);
                let (path, body) = (own.path_and_query(operation), own.body(operation));
                // The link that verifies the address is on its way.
                app.no_job_waits().await;
                let before = app.contents().await;
                let answer = method.client.call(operation.method.clone(), &path, &body).await;
                let cell = format!("{} as {role} by {}: {}", operation.id, method.name, answer.body);
                let refused = if method.name == "a personal access token" {
                    Some("insufficient_scope")
                } else if Role::parse(role).unwrap() < needed {
                    Some("insufficient_role")
                } else {
                    None
                };
                if let Some(code) = refused {
                    assert_eq!(answer.status, 403, "{cell}");
                    answer.problem(403, code);
                    assert_eq!(app.contents().await, before, "{cell}");
                } else if operation.id == "retryJob" {
                    // No job was given up.
                    answer.problem(404, "job_not_found");
                } else {
                    assert!((200..300).contains(&answer.status), "{cell}");
                }
                let anonymous = app.anonymous().call(operation.method.clone(), &path, &body).await;
                anonymous.problem(401, "authentication_required");
            }
        }
    })
    .await;
    assert_eq!(subjects, operations.len() * 9);
}
