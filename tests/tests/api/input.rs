//! Bad input on every route, generated from the OpenAPI document: a refusal that names what is wrong, and nothing
//! stored.

use circadia_tests::images::{jpeg, picture};
use circadia_tests::{Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::catalogue::{Catalogue, NO_SLEEP, Operation, World, is_open};

scenarios!(
    every_operation_accepts_its_sample,
    every_property_refuses_what_it_can_not_hold,
    every_wrong_property_is_named_at_once,
    every_body_must_be_strict_json,
    every_parameter_refuses_what_it_can_not_hold,
    every_malformed_path_segment_is_refused,
);

const DATES: [&str; 9] = [
    "0000-01-01",
    "262143-01-01",
    "+262143-01-01",
    "-0001-01-01",
    "1969-12-31",
    "2200-01-01",
    "2026-02-30",
    "2026-3-1",
    "nonsense",
];
const IDS: [&str; 5] = ["nonsense", "0", "", "urn:uuid:x", "0190a000-0000-7000-8000-00000000000g"];

/// These take a token that came by mail, which the sample's isn't.
const MAILED: [&str; 2] = ["verifyEmail", "resetPassword"];

/// Credentials are held against what is stored and need no form: a wrong one may answer 401.
const CREDENTIALS: [(&str, &str); 8] = [
    ("startPasskeySignIn", "/challenge"),
    ("loginWithTotp", "/challenge"),
    ("openSessionWithTotp", "/challenge"),
    ("login", "/email"),
    ("login", "/username"),
    ("login", "/password"),
    ("refresh", "/refresh_token"),
    ("logout", "/refresh_token"),
];

/// What only a provider can complete, and `providers` goes through with it; here none is configured, or nothing is linked.
const OF_PROVIDERS: [&str; 7] = [
    "startProvider",
    "finishProvider",
    "forwardProviderForm",
    "exchangeProviderCode",
    "linkProvider",
    "confirmProviderLink",
    "unlinkProvider",
];

async fn every_operation_accepts_its_sample(backend: Backend) {
    let app = TestApp::on(backend).start();
    for (index, operation) in Catalogue::read().operations.iter().enumerate() {
        let client = app.user(&format!("user-{index}")).await;
        if operation.role.is_some() {
            app.give_role(&format!("user-{index}"), "superuser");
        }
        let world = World::of(&client).await.ready_for(&client, operation).await;
        let client = if operation.by_cookie { app.browser(&format!("user-{index}")).await } else { client };
        let mut body = world.body(operation);
        if operation.id == "register" {
            body["email"] = json!(format!("grace-{index}@example.org"));
        }
        if ["stopTimer", "discardTimer"].contains(&operation.id.as_str()) {
            client.post("/timer/start", json!({})).await.expect(201);
        }
        let answer = match operation.id.as_str() {
            "putAvatar" => client.put_avatar(&jpeg(&picture(8, 8))).await,
            "createImport" => {
                client.call_raw(operation.method.clone(), &world.path_and_query(operation), NO_SLEEP).await
            }
            _ => client.call(operation.method.clone(), &world.path_and_query(operation), &body).await,
        };
        // There is no image of such a name and no such secret, no job was given up, and nothing was sent.
        let is_unknown =
            ["getAvatar", "getCalendarFeed", "retryJob", "replayWebhookDelivery"].contains(&operation.id.as_str());
        let is_refused = OF_PROVIDERS.contains(&operation.id.as_str()) || is_unknown;
        if MAILED.contains(&operation.id.as_str()) {
            answer.names("/token");
            continue;
        }
        let as_it_should = if is_refused { answer.status == 404 } else { (200..300).contains(&answer.status) };
        assert!(as_it_should, "{}: {} {}", operation.id, answer.status, answer.body);
    }
}

/// A property that was made wrong.
struct Wrong {
    /// What is wrong with it.
    how: String,
    /// The pointer that must be named.
    pointer: String,
    body: Value,
}

struct Generator<'a> {
    catalogue: &'a Catalogue,
    operation: &'a Operation,
    sample: Value,
    wrong: Vec<Wrong>,
}

impl Generator<'_> {
    /// Notes the sample with another value at a pointer; `None` takes it away.
    fn with(&mut self, how: impl Into<String>, pointer: &str, value: Option<Value>) {
        let mut body = self.sample.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match (body.pointer_mut(parent).unwrap(), value) {
            (Value::Object(members), Some(value)) => {
                members.insert(name.to_owned(), value);
            }
            (Value::Object(members), None) => {
                members.remove(name);
            }
            (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
            (other, _) => panic!("{pointer} leads into {other}"),
        }
        // Of two kinds of credentials, only one may be used.
        match (self.operation.id.as_str(), pointer) {
            ("login", "/email") => drop(body.as_object_mut().unwrap().remove("username")),
            ("login", "/username") => drop(body.as_object_mut().unwrap().remove("email")),
            _ => {}
        }
        self.wrong.push(Wrong { how: how.into(), pointer: pointer.to_owned(), body });
    }

    fn value(&mut self, pointer: &str, schema: &Value) {
        let types = self.catalogue.types(schema);
        // Whole numbers are numbers.
        let allows = |name: &str| types.iter().any(|known| known == name || known == "number" && name == "integer");
        for (name, value) in [
            ("boolean", json!(true)),
            ("integer", json!(7)),
            ("number", json!(1.5)),
            ("string", json!("7")),
            ("array", json!([])),
            ("object", json!({})),
        ] {
            if !allows(name) {
                self.with(format!("{name} instead of {types:?}"), pointer, Some(value));
            }
        }
        if allows("string") {
            self.with("too long", pointer, Some(json!("a".repeat(100_000))));
            self.with("NUL", pointer, Some(json!("a\0b")));
        }
        let schema = self.catalogue.resolve(schema).clone();
        if let Some(most) = schema["maxLength"].as_u64() {
            self.with("one too long", pointer, Some(json!("ä".repeat(usize::try_from(most).unwrap() + 1))));
        }
        if schema["minLength"].as_u64().is_some_and(|least| least > 0) {
            self.with("empty", pointer, Some(json!("")));
            self.with("blank", pointer, Some(json!(" \t ")));
        }
        if schema["enum"].is_array() || schema["pattern"].is_string() {
            self.with("an unknown word", pointer, Some(json!("no sense!")));
        }
        if let Some(least) = schema["minimum"].as_i64() {
            self.with("too small", pointer, Some(json!(least - 1)));
        }
        if let Some(most) = schema["maximum"].as_i64() {
            self.with("too large", pointer, Some(json!(most + 1)));
        }
        if allows("integer") {
            for value in [json!(i64::MIN), json!(u64::MAX), json!(1e300)] {
                self.with("out of range", pointer, Some(value));
            }
        }
        if allows("number") {
            self.with("more than three decimals", pointer, Some(json!(1.0005)));
        }
        match schema["format"].as_str() {
            Some("date") => DATES.iter().for_each(|date| self.with("no date", pointer, Some(json!(date)))),
            Some("uuid") => IDS.iter().for_each(|id| self.with("no id", pointer, Some(json!(id)))),
            Some("email") => ["x", "@", "a b@example.org", "a@b\r\nBcc: c@d.org"]
                .iter()
                .for_each(|address| self.with("no address", pointer, Some(json!(address)))),
            _ => {}
        }
        if pointer.ends_with("/timezone") {
            for zone in ["Mars/Olympus", "Europe/Berlin ", "+25:00", "../../etc/passwd"] {
                self.with("an unknown zone", pointer, Some(json!(zone)));
            }
        }
        let sample = self.sample.pointer(pointer).cloned().unwrap_or_default();
        match &sample {
            Value::Object(_) => self.object(pointer, &schema, &sample),
            Value::Array(items) if !items.is_empty() => {
                let item = self.catalogue.resolve(&schema)["items"].clone();
                self.value(&format!("{pointer}/0"), &item);
                if let Some(most) = schema["maxItems"].as_u64() {
                    let many = vec![items[0].clone(); usize::try_from(most).unwrap() + 1];
                    self.with("too many", pointer, Some(Value::Array(many)));
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, pointer: &str, schema: &Value, sample: &Value) {
        let schema = self.catalogue.object(schema, sample).clone();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let pointer = format!("{pointer}/{name}");
            self.value(&pointer, property);
            if required.contains(&name.as_str()) {
                self.with("missing", &pointer, None);
                self.with("null", &pointer, Some(Value::Null));
            } else if self.operation.method == Method::PATCH
                && !self.catalogue.types(property).iter().any(|name| name == "null")
            {
                self.with("null, which clears", &pointer, Some(Value::Null));
            }
        }
        for name in ["unexpected", "user_id", "role", "email_verified", "created_at", "rev", "Name"] {
            if !is_open(&schema) && schema["properties"][name].is_null() {
                self.with("an unknown field", &format!("{pointer}/{name}"), Some(json!(1)));
            }
        }
    }
}

fn wrong_bodies(catalogue: &Catalogue, operation: &Operation, world: &World) -> Vec<Wrong> {
    let Some(schema) = &operation.body else { return Vec::new() };
    let sample = world.body(operation);
    let mut generator = Generator { catalogue, operation, sample: sample.clone(), wrong: Vec::new() };
    generator.object("", schema, &sample);
    generator.wrong
}

async fn every_property_refuses_what_it_can_not_hold(backend: Backend) {
    let app = TestApp::on(backend).start();
    let client = app.user("ada").await;
    app.give_role("ada", "superuser");
    let world = World::of(&client).await;
    let catalogue = Catalogue::read();
    let before = app.contents().await;
    let mut count = 0;
    for operation in &catalogue.operations {
        for Wrong { how, pointer, body } in wrong_bodies(&catalogue, operation, &world) {
            let answer = client.call(operation.method.clone(), &world.path(operation), &body).await;
            let mut answer = answer.refusal_of_command();
            answer.request = format!("{} ({pointer}: {how}) {}", operation.id, answer.request);
            let is_credential = CREDENTIALS.contains(&(operation.id.as_str(), pointer.as_str()));
            if is_credential && answer.status == 401 {
                answer.refusal();
            } else {
                answer.names(&pointer);
            }
            count += 1;
        }
    }
    assert!(count > 500, "only {count} requests were made up");
    assert_eq!(app.contents().await, before, "something was stored");
}

async fn every_wrong_property_is_named_at_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let client = app.user("ada").await;
    app.give_role("ada", "superuser");
    let world = World::of(&client).await;
    let catalogue = Catalogue::read();
    let before = app.contents().await;
    for operation in &catalogue.operations {
        let Some(schema) = &operation.body else { continue };
        let schema = catalogue.object(schema, &world.body(operation));
        let mut body = json!({"unexpected": 1});
        let names: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        for name in &names {
            let is_object = catalogue.types(&schema["properties"][name.as_str()]).iter().any(|name| name == "object");
            body[name.as_str()] = if is_object { json!(1) } else { json!({}) };
        }
        let mut answer = client.call(operation.method.clone(), &world.path(operation), &body).await;
        for name in names {
            answer = answer.names(&format!("/{name}"));
        }
        answer.names("/unexpected");
    }
    assert_eq!(app.contents().await, before, "something was stored");
}

async fn every_body_must_be_strict_json(backend: Backend) {
    let app = TestApp::on(backend).start();
    let client = app.user("ada").await;
    app.give_role("ada", "superuser");
    let world = World::of(&client).await;
    let before = app.contents().await;
    for operation in Catalogue::read().operations.iter().filter(|operation| operation.body.is_some()) {
        let (method, path) = (operation.method.clone(), world.path(operation));
        let sample = world.body(operation).to_string();
        let (first, rest) = sample.split_at(1);
        let member = rest.split_once(':').unwrap().0;
        let malformed: [(&str, Vec<u8>); 9] = [
            ("broken UTF-8", [first.as_bytes(), b"\"x\":\"\xff\xfe\",", rest.as_bytes()].concat()),
            ("a lone surrogate", format!("{first}\"x\":\"\\ud800\",{rest}").into_bytes()),
            ("40 deep", format!("{first}\"x\":{}{},{rest}", "[".repeat(40), "]".repeat(40)).into_bytes()),
            ("a key twice", format!("{first}{member}:1,{rest}").into_bytes()),
            ("a number out of range", format!("{first}\"x\":1e999,{rest}").into_bytes()),
            ("cut off", sample.as_bytes()[..sample.len() - 1].to_vec()),
            ("something behind it", format!("{sample} x").into_bytes()),
            ("blank", b"   ".to_vec()),
            ("no JSON", b"username=ada".to_vec()),
        ];
        for (how, bytes) in malformed {
            let mut answer = client.call_raw(method.clone(), &path, bytes).await;
            answer.request = format!("{} ({how})", operation.id);
            answer.problem(400, "malformed_json");
        }
        for (how, text) in [("a list", "[]"), ("text", "\"x\""), ("a number", "1"), ("null", "null")] {
            let mut answer = client.call_raw(method.clone(), &path, text).await;
            answer.request = format!("{} ({how})", operation.id);
            answer.problem(422, "validation_failed");
        }
        // Of documents to import, more is taken.
        let most = if operation.id == "importMe" { 32 * 1024 } else { 256 };
        let large = format!("{first}\"x\":\"{}\",{rest}", "a".repeat(most * 1024));
        client.call_raw(method.clone(), &path, large).await.problem(413, "payload_too_large");
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"] {
            let request = client.request(method.clone(), &path).header("content-type", content_type);
            client.send(request.body(sample.clone())).await.problem(415, "unsupported_media_type");
        }
        let untyped = client.request(method.clone(), &path).body(sample.clone());
        client.send(untyped).await.problem(415, "unsupported_media_type");
    }
    assert_eq!(app.contents().await, before, "something was stored");
}

fn wrong_parameters(catalogue: &Catalogue, name: &str, schema: &Value) -> Vec<String> {
    let types = catalogue.types(schema);
    let schema = catalogue.resolve(schema);
    // Broken UTF-8, and a NUL, are refused wherever they stand.
    let mut wrong = vec!["%ff".to_owned(), "a%00b".to_owned()];
    if types.iter().any(|name| name == "integer" || name == "boolean") {
        wrong.extend(["nonsense", "1.5", "99999999999999999999", "-1", "0x1"].map(str::to_owned));
    }
    match schema["format"].as_str() {
        Some("date") => wrong.extend(DATES.map(|date| date.replace('+', "%2B"))),
        Some("uuid") => wrong.extend(IDS.map(str::to_owned)),
        _ => {}
    }
    if schema["enum"].is_array() || ["sort", "schedule_type"].contains(&name) {
        wrong.push("nonsense".to_owned());
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        wrong.push("a".repeat(usize::try_from(most).unwrap() + 1));
    }
    wrong
}

async fn every_parameter_refuses_what_it_can_not_hold(backend: Backend) {
    let app = TestApp::on(backend).start();
    let client = app.user("ada").await;
    app.give_role("ada", "superuser");
    let world = World::of(&client).await;
    let catalogue = Catalogue::read();
    let before = app.contents().await;
    for operation in catalogue.operations.iter().filter(|operation| !operation.query.is_empty()) {
        let path = world.path_and_query(operation);
        let (path, given) = path.split_once('?').unwrap_or((&path, ""));
        for (name, schema) in &operation.query {
            let others: Vec<&str> =
                given.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&format!("{name}="))).collect();
            let wrong = wrong_parameters(&catalogue, name, schema);
            for value in wrong {
                let query = [&others[..], &[&format!("{name}={value}")]].concat().join("&");
                let answer = client.call(operation.method.clone(), &format!("{path}?{query}"), &Value::Null).await;
                if name == "cursor" && answer.status == 400 {
                    answer.problem(400, "invalid_cursor");
                } else if value == "%ff" {
                    // Nothing can be read of it, so nothing can be named but the query.
                    answer.problem(422, "validation_failed");
                } else {
                    let answer = answer.names(&format!("/{name}"));
                    assert_eq!(answer.body["errors"][0]["in"], "query", "{}", answer.request);
                }
            }
            let twice = [&others[..], &[&format!("{name}=1"), &format!("{name}=1")]].concat().join("&");
            let answer = client.call(operation.method.clone(), &format!("{path}?{twice}"), &Value::Null).await;
            answer.names(&format!("/{name}"));
        }
        let unknown = [given, "unexpected=1"].join("&");
        let answer = client.call(operation.method.clone(), &format!("{path}?{unknown}"), &Value::Null).await;
        answer.names("/unexpected");
    }
    for operation in ["getOccurrences", "getScores"].map(|id| catalogue.operation(id)) {
        client.get(&world.path(operation)).await.names("/from").names("/to");
    }
    assert_eq!(app.contents().await, before, "something was stored");
}

async fn every_malformed_path_segment_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let client = app.user("ada").await;
    app.give_role("ada", "superuser");
    let world = World::of(&client).await;
    let before = app.contents().await;
    for operation in &Catalogue::read().operations {
        for name in &operation.path_names {
            let wrong: Vec<String> = match name.as_str() {
                "date" => DATES.map(str::to_owned).to_vec(),
                "provider" => ["Google", "my_work", "-a", "a--b", "3s", "a%20b"].map(str::to_owned).to_vec(),
                _ => IDS.iter().filter(|id| !id.is_empty()).map(|id| (*id).to_owned()).collect(),
            };
            for value in wrong.iter().map(String::as_str).chain(["a%00b", "%ff", &"9".repeat(2_000)]) {
                let path = world.path_and_query(operation).replace(world.segment(name), value);
                let answer = call_with_sample(&client, operation, &world, &path).await;
                if name == "file" || name == "calendar_file" {
                    answer.problem(404, "not_found");
                    continue;
                }
                if value == "%ff" {
                    answer.refusal();
                } else {
                    let answer = answer.names(&format!("/{name}"));
                    assert_eq!(answer.body["errors"][0]["in"], "path", "{}", answer.request);
                }
            }
        }
    }
    assert_eq!(app.contents().await, before, "something was stored");
}

async fn call_with_sample(client: &Client, operation: &Operation, world: &World, path: &str) -> circadia_tests::Answer {
    client.call(operation.method.clone(), path, &world.body(operation)).await
}
