//! Role × route × owner, generated from the OpenAPI document: whatever somebody's role, and however they ask, things of
//! others don't exist for them, and what only the server decides they can't decide. An operation without a fixture in
//! the `catalogue` fails these tests. (That ids of others answer like unknown ones, `ownership` shows, place by place.)

use std::collections::BTreeSet;

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::catalogue::{Catalogue, Operation, World};

scenarios!(
    no_role_makes_things_of_others_exist,
    no_role_sees_things_of_others_in_what_is_its_own,
    nobody_asks_for_things_of_others_by_naming_them,
    nobody_decides_what_the_server_decides,
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

/// Whether an operation is for those with a role only. So far there is none.
fn needs_a_role(operation: &Operation) -> bool {
    assert!(!operation.path.starts_with("/api/v1/admin/"), "the matrix doesn't know which role {} needs", operation.id);
    false
}

fn give_role(app: &TestApp, name: &str, role: &str) {
    app.database.execute(&format!("UPDATE users SET role = '{role}' WHERE username = '{name}'"));
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

/// An answer without what differs from request to request, and without the ids that were asked for.
fn comparable(answer: &Answer, asked: &World, operation: &Operation) -> (u16, Value, String) {
    let mut body = answer.body.clone();
    body["instance"] = Value::Null;
    let mut text = body.to_string();
    for name in operation.path_names.iter().filter(|name| *name != "date") {
        text = text.replace(asked.segment(name), "ID");
    }
    (answer.status, body["code"].clone(), text)
}

async fn no_role_makes_things_of_others_exist(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, own) = (World::of(&ada).await, World::of(&eve).await);
    let unknown = hers.unknown();
    let before = app.database.contents();
    let catalogue = Catalogue::read();
    for role in ROLES {
        give_role(&app, "eve", role);
        let mut tried = 0;
        for operation in &catalogue.operations {
            let about_something = operation.path_names.iter().any(|name| name != "date");
            if !about_something || needs_a_role(operation) {
                continue;
            }
            let body = own.body(operation);
            let mut answers = Vec::new();
            for world in [&hers, &unknown] {
                let path = world.path_and_query(operation);
                let answer = eve.call(operation.method.clone(), &path, &body).await.expect(404).refusal();
                answers.push(comparable(&answer, world, operation));
            }
            assert_eq!(answers[0], answers[1], "{} as {role}", operation.id);
            tried += 1;
        }
        assert!(tried > 20, "only {tried} were tried");
    }
    assert_eq!(app.database.contents(), before, "something was changed");
}

/// What reads without being told what about.
fn overviews(catalogue: &Catalogue) -> Vec<&Operation> {
    let reads = |operation: &&Operation| {
        let about_something = operation.path_names.iter().any(|name| name != "date");
        let of_cookies = operation.path.starts_with("/api/v1/auth/");
        operation.method == Method::GET
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
    for role in ROLES {
        give_role(&app, "eve", role);
        for operation in overviews(&catalogue) {
            let answer = eve.get(&own.path_and_query(operation)).await.expect(200);
            let shown = ids_in(&answer);
            assert!(shown.is_disjoint(&hers_alone), "{} as {role} shows {shown:?}", operation.id);
            let text = String::from_utf8_lossy(&answer.bytes);
            assert!(!text.contains("ada@example.org"), "{} as {role} answered {text}", operation.id);
        }
    }
}

async fn nobody_asks_for_things_of_others_by_naming_them(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (hers, own) = (World::of(&ada).await, World::of(&eve).await);
    let catalogue = Catalogue::read();
    let ada_id = ada.tokens["user"]["id"].as_str().unwrap();
    for operation in overviews(&catalogue) {
        let hers = ids_in(&ada.get(&hers.path_and_query(operation)).await.expect(200));
        let path = own.path_and_query(operation);
        let separator = if path.contains('?') { '&' } else { '?' };
        for name in ["user_id", "user_ids[]", "username"] {
            let value = if name == "username" { "ada" } else { ada_id };
            let answer = eve.get(&format!("{path}{separator}{name}={value}")).await;
            // Either the parameter is refused, or it makes no difference.
            match answer.status {
                422 => drop(answer.refusal()),
                _ => assert!(ids_in(&answer.expect(200)).is_disjoint(&hers), "{} with {name}", operation.id),
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

/// Whether the schema at a pointer has a member of this name.
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
    catalogue.object(schema, value)["properties"][name].is_object()
}

async fn nobody_decides_what_the_server_decides(backend: Backend) {
    let app = TestApp::on(backend).start();
    let client: Client = app.user("ada").await;
    let world = World::of(&client).await;
    give_role(&app, "ada", "superuser");
    let catalogue = Catalogue::read();
    let before = app.database.contents();
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
            members.extend(foreign.iter().map(|name| ((*name).to_owned(), json!("superuser"))));
            let path = world.path_and_query(operation);
            let mut answer = client.call(operation.method.clone(), &path, &body).await;
            for name in foreign {
                // Every one of them is named.
                answer = answer.names(&format!("{place}/{name}"));
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "only {tried} were tried");
    assert_eq!(app.database.contents(), before, "something was stored");
}
