//! The examples of the OpenAPI document: what is sent is accepted, what is answered is what its schema says.

use circadia_tests::contract::departures_of;
use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

use super::catalogue::{Catalogue, Operation, World};

scenarios!(each_body_is_accepted);

/// The id of examples.
const ID: &str = "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b";

/// These need what came by mail, a provider to sign in with, or a passkey: what they answer to an example.
const ELSEWHERE: [(&str, u16); 9] = [
    ("verifyEmail", 422),
    ("resetPassword", 422),
    ("exchangeProviderCode", 404),
    ("linkProvider", 404),
    ("unlinkProvider", 404),
    ("confirmProviderLink", 404),
    ("loginWithPasskey", 401),
    ("openSessionWithPasskey", 401),
    ("finishPasskeyRegistration", 422),
];

fn example(catalogue: &Catalogue, schema: &Value) -> Value {
    let example = catalogue.resolve(schema)["examples"][0].clone();
    assert!(example.is_object(), "no example in {schema}");
    example
}

/// The example with what exists, and with secrets that are good.
fn filled(value: &mut Value, name: &str, world: &World) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| filled(member, name, world)),
        Value::Array(items) => items.iter_mut().for_each(|item| filled(item, name, world)),
        Value::String(text) if text == ID => {
            *text = if matches!(name, "ids" | "except_habits") {
                world.habit.clone()
            } else if name == "user_ids" {
                world.user.clone()
            } else {
                world.segment(name).to_owned()
            };
        }
        Value::String(text) => match name {
            "refresh_token" => text.clone_from(&world.refresh_token),
            "challenge" => text.clone_from(&world.challenge),
            "code" => text.clone_from(&world.code),
            _ => {}
        },
        _ => {}
    }
}

/// Sends the example; why it wasn't accepted.
async fn refusal(client: &Client, operation: &Operation, catalogue: &Catalogue) -> Option<String> {
    let world = World::of(client).await.ready_for(client, operation).await;
    if operation.id == "stopTimer" {
        client.post("/timer/start", json!({})).await.expect(201);
    }
    let mut body = example(catalogue, operation.body.as_ref().unwrap());
    filled(&mut body, "", &world);
    let answer = client.call(operation.method.clone(), &world.path_and_query(operation), &body).await;
    let expected = ELSEWHERE.iter().find(|(id, _)| *id == operation.id);
    let good = expected.map_or((200..300).contains(&answer.status), |(_, status)| answer.status == *status);
    (!good).then(|| format!("{}: {body} answered {}", operation.id, answer.body["detail"]))
}

async fn each_body_is_accepted(backend: Backend) {
    let catalogue = Catalogue::read();
    let (mut sent, mut refused) = (0, Vec::new());
    for operation in catalogue.operations.iter().filter(|operation| operation.body.is_some()) {
        let app = TestApp::on(backend).start();
        // Ada is who the examples are about.
        let client = app.user(if operation.id == "register" { "grace" } else { "ada" }).await;
        if operation.role.is_some() {
            app.user("mary").await;
            app.give_role("mary", "superuser");
            app.give_role("ada", "superuser");
        }
        refused.extend(refusal(&client, operation, &catalogue).await);
        sent += 1;
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(sent > 50, "{sent}");
}

#[test]
fn each_example_is_what_its_schema_says() {
    let document = circadia_api::openapi::document();
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let properties = schema["properties"].as_object().into_iter().flatten().map(|(_, property)| property);
        for schema in properties.chain([schema]) {
            for example in schema["examples"].as_array().into_iter().flatten() {
                let mut wrong = Vec::new();
                departures_of(schema, example, "", &mut wrong);
                assert!(wrong.is_empty(), "{name}: {wrong:#?} in {example}");
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen}");
}
