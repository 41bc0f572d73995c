//! Every operation of the OpenAPI document, and how to call it: what generated tests go through. An operation that
//! isn't known here fails them.

use circadia_domain::users::Role;
use circadia_tests::{Authenticator, Client, FRONT_END, add_passkey, fresh_id};
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::Totp;

/// When the tests begin, in seconds since 1970.
const BEGIN: u64 = 1_773_230_400;

/// The methods of paths in the document.
const METHODS: [(&str, Method); 5] = [
    ("get", Method::GET),
    ("put", Method::PUT),
    ("post", Method::POST),
    ("patch", Method::PATCH),
    ("delete", Method::DELETE),
];

/// The last segment of an image's address, of an image that isn't there.
const NO_IMAGE: &str = "7d0f3c1a-5b8e-4f6a-9c2d-1e3f5a7b9d0c-512.jpg";

/// The last segment of a calendar's address that was never made.
const NO_CALENDAR: &str = "AZ3nLKAAcACAAAAAAAAAAbXf0eZ2cQmH4kP7uJ1sYd8wLr6tVx9oNbAgEiMpQzSk.ics";

/// A well-formed token that was never issued.
const ONE_TIME_TOKEN: &str = "AQGSC35MXX4vihs8TV5veotn8e2zrWkzUmKDMmgVnNsW0AbaM2vGZ3WmQWq3pO1EkQ";

/// An operation of the document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The names in the path's template.
    pub(crate) path_names: Vec<String>,
    /// The query's parameters with their schemas.
    pub(crate) query: Vec<(String, Value)>,
    /// The body's schema, if it is JSON.
    pub(crate) body: Option<Value>,
    /// The scopes that a personal access token needs, all of them; empty where none is let in.
    pub(crate) personal_scopes: Vec<String>,
    /// Whether it needs no authentication.
    pub(crate) public: bool,
    /// Whether it is for cookies only.
    pub(crate) by_cookie: bool,
    /// The least role that is let in, if it isn't for everybody.
    pub(crate) role: Option<Role>,
}

/// The document.
pub(crate) struct Catalogue {
    schemas: Value,
    pub(crate) operations: Vec<Operation>,
}

impl Catalogue {
    pub(crate) fn read() -> Self {
        let document = circadia_api::openapi::document();
        let roles = circadia_api::openapi::roles();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let named: Vec<&str> =
                METHODS.iter().map(|(name, _)| *name).filter(|name| item[name].is_object()).collect();
            assert!(!named.is_empty(), "{path} has no method that is known here");
            for (name, method) in METHODS.iter().filter(|(name, _)| named.contains(name)) {
                let route = format!("{method} {path}");
                let role = roles.iter().find(|(known, _)| *known == route).map(|(_, role)| *role);
                operations.push(Operation { role, ..operation(&document, path, method.clone(), &item[name]) });
            }
        }
        assert!(operations.len() > 30, "the document has lost operations");
        Self { schemas: document["components"]["schemas"].clone(), operations }
    }

    pub(crate) fn operation(&self, id: &str) -> &Operation {
        self.operations.iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("no operation {id}"))
    }

    /// What a schema refers to.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let name = reference.strip_prefix("#/components/schemas/").unwrap();
                let found = &self.schemas[name];
                assert!(found.is_object(), "{reference} leads nowhere");
                self.resolve(found)
            }
            None => schema,
        }
    }

    /// The JSON types that a schema allows.
    pub(crate) fn types(&self, schema: &Value) -> Vec<String> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema["oneOf"].as_array() {
            return choices.iter().flat_map(|choice| self.types(choice)).collect();
        }
        match &schema["type"] {
            Value::String(name) => vec![name.clone()],
            Value::Array(names) => names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
            other => panic!("a schema without a type: {other} in {schema}"),
        }
    }

    /// The schema of an object, of several the one whose `type` is that of `sample`.
    pub(crate) fn object<'a>(&'a self, schema: &'a Value, sample: &Value) -> &'a Value {
        let schema = self.resolve(schema);
        let Some(choices) = schema["oneOf"].as_array() else { return schema };
        let choices: Vec<&Value> = choices
            .iter()
            .map(|choice| self.object(choice, sample))
            .filter(|choice| {
                let tag = &choice["properties"]["type"]["const"];
                choice["type"] == "object" && (tag.is_null() || *tag == sample["type"])
            })
            .collect();
        assert_eq!(choices.len(), 1, "{sample} fits {} variants of {schema}", choices.len());
        choices[0]
    }
}

fn operation(document: &Value, path: &str, method: Method, item: &Value) -> Operation {
    let written = |parameter: &Value| match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap().clone(),
        None => parameter.clone(),
    };
    let parameters: Vec<Value> = item["parameters"].as_array().into_iter().flatten().map(written).collect();
    let named = |place: &str| -> Vec<(String, Value)> {
        let there = parameters.iter().filter(|parameter| parameter["in"] == place);
        there.map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), parameter["schema"].clone())).collect()
    };
    let id = item["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId")).to_owned();
    let in_template: Vec<String> =
        path.split('/').filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned())).collect();
    let documented: Vec<String> = named("path").into_iter().map(|(name, _)| name).collect();
    assert_eq!(in_template, documented, "path parameters of {id}");
    let body = item["requestBody"]["content"]["application/json"]["schema"].clone();
    let is_form = item["requestBody"]["content"]["multipart/form-data"].is_object();
    let is_file = item["requestBody"]["content"]["application/octet-stream"].is_object();
    assert_eq!(
        body.is_object() || is_form || is_file,
        item["requestBody"].is_object(),
        "{id}: a body that isn't known here"
    );
    Operation {
        id,
        method,
        path: path.to_owned(),
        path_names: in_template,
        query: named("query"),
        body: body.is_object().then_some(body),
        personal_scopes: item["security"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|alternative| alternative["personal_token"].as_array())
            .flatten()
            .map(|scope| scope.as_str().unwrap().to_owned())
            .collect(),
        public: item["security"] == json!([]),
        by_cookie: item["security"]
            .as_array()
            .is_some_and(|all| !all.is_empty() && all.iter().all(|one| one["cookie"].is_array())),
        role: None,
    }
}

/// A file of another app that has nothing in it.
pub(crate) const NO_SLEEP: &str = "sid,start,stop,rating,comment,wakes\n";

/// The first reminder of a task or of bedtime.
async fn reminder_of(client: &Client, path: &str) -> String {
    let reminders = client.get(&format!("{path}/reminders")).await.expect(200).items();
    reminders[0]["id"].as_str().unwrap().to_owned()
}

/// What a browser sends, with an endpoint of its own.
pub(crate) fn push_subscription() -> Value {
    json!({
        "endpoint": format!("https://push.example/{}", fresh_id()),
        "expirationTime": 1_790_000_000_000_i64,
        "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
    })
}

/// An export of an account with a theme and other settings.
fn import_sample() -> Value {
    json!({
        "format": "circadia-export", "version": 1, "exported_at": "2026-03-10T08:00:00Z", "account": {}, "activity": {},
        "settings": {
            "timezone": "Asia/Kolkata", "day_start": "04:00", "week_start": "su", "locale": "de-AT",
            "color_scheme": "dark", "sleep_goal_minutes": 450, "free_days": ["fr", "sa"],
            "allow_overlapping_time": true,
        },
        "themes": [{
            "id": fresh_id(), "name": "Imported", "color": "#8A2BE2", "created_at": "2026-03-01T08:00:00Z",
            "updated_at": "2026-03-01T08:00:00Z",
        }],
        "timer": {"started_at": "2026-03-10T08:00:00Z", "timezone": "UTC"},
    })
}

/// Whether an object may have members that the document doesn't know.
pub(crate) fn is_open(schema: &Value) -> bool {
    schema["additionalProperties"] == json!(true) || schema["properties"].is_null()
}

/// What is done with the fields of [`World`] that are ids. In paths they are called as here, with `_id`.
macro_rules! ids {
    ($($name:ident),+ $(,)?) => {
        impl World {
            /// The same with ids that don't exist.
            pub(crate) fn unknown(&self) -> Self {
                Self { $($name: fresh_id(),)+ ..self.clone() }
            }

            /// All ids of it.
            pub(crate) fn ids(&self) -> Vec<&str> {
                vec![$(&self.$name),+]
            }

            /// The id that a name in paths stands for.
            fn id_mut(&mut self, name: &str) -> Option<&mut String> {
                $(if name == concat!(stringify!($name), "_id") {
                    return Some(&mut self.$name);
                })+
                None
            }

            /// What a name in a path's template stands for.
            pub(crate) fn segment(&self, name: &str) -> &str {
                $(if name == concat!(stringify!($name), "_id") {
                    return &self.$name;
                })+
                if name == "provider" {
                    return "google";
                }
                if name == "file" {
                    return NO_IMAGE;
                }
                if name == "calendar_file" {
                    return NO_CALENDAR;
                }
                assert!(is_common(name), "the generator doesn't know this path parameter: {name}");
                &self.date
            }
        }
    };
}

ids!(
    theme,
    habit,
    pause,
    shared_pause,
    session,
    task,
    time_entry,
    sleep_log,
    moment,
    import,
    token,
    passkey,
    push_subscription,
    webhook,
    delivery,
    reminder,
    job,
    user
);

/// Things of one user, to be called with.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) theme: String,
    pub(crate) habit: String,
    pub(crate) pause: String,
    pub(crate) shared_pause: String,
    pub(crate) session: String,
    pub(crate) task: String,
    pub(crate) time_entry: String,
    pub(crate) sleep_log: String,
    pub(crate) moment: String,
    pub(crate) import: String,
    pub(crate) token: String,
    pub(crate) passkey: String,
    pub(crate) push_subscription: String,
    pub(crate) webhook: String,
    /// A delivery of the webhook; there is none of this id.
    pub(crate) delivery: String,
    /// A reminder of the habit; for an operation on one of the task or of bedtime that must succeed, see [`Self::ready_for`].
    pub(crate) reminder: String,
    /// A background job; there is none of this id.
    pub(crate) job: String,
    /// The user themself.
    pub(crate) user: String,
    pub(crate) date: String,
    pub(crate) username: String,
    pub(crate) refresh_token: String,
    /// A code of the second factor, and what it may answer.
    pub(crate) code: String,
    pub(crate) challenge: String,
    /// A passkey's ceremony, and what a device answers.
    pub(crate) ceremony: String,
    pub(crate) credential: Value,
}

/// Whether a name in paths is a day, a provider or a file, which are everybody's own. A plan version's id is its first day.
pub(crate) fn is_common(name: &str) -> bool {
    matches!(name, "date" | "plan_id" | "provider" | "file" | "calendar_file")
}

impl World {
    /// Makes a theme, in it a habit that counts and a task, an entry, a pause and time spent on them.
    pub(crate) async fn of(client: &Client) -> Self {
        let theme = client.theme("Health").await;
        let habit = client
            .habit(json!({
                "theme_id": theme,
                "starts_on": "2026-01-01",
                "kind": {"type": "count", "target": 8, "unit": "glasses"},
            }))
            .await;
        let pause = client
            .post(&format!("/habits/{habit}/pauses"), json!({"from": "2026-02-01", "to": "2026-02-03"}))
            .await
            .expect(201);
        let shared_pause = client
            .post("/me/pauses", json!({"from": "2026-01-20", "to": "2026-01-21", "except_habits": [habit]}))
            .await
            .expect(201);
        let sessions = client.get("/me/sessions").await.expect(200);
        let token = client.post("/me/tokens", json!({"name": "Importer", "scopes": ["read"]})).await.expect(201);
        client.post("/me/calendar", json!({"include": ["habits"]})).await.expect(201);
        let (mut device, passkey) = add_passkey(client).await;
        let nothing = json!({"rpId": "localhost", "challenge": "AAAAAAAAAAAAAAAAAAAAAA"});
        let credential = device.get(&nothing);
        let date = "2026-03-10".to_owned();
        client.put(&format!("/habits/{habit}/entries/{date}"), json!({"value": 3})).await.expect(201);
        let version = json!({"kind": {"type": "count", "target": 8, "unit": "glasses"}, "effective_from": date});
        client.put(&format!("/habits/{habit}/plan"), version).await.expect(200);
        let task = client.task(json!({"theme_id": theme, "due_on": "2026-03-31"})).await;
        let spent = json!({"habit_id": habit, "task_id": task, "date": date, "minutes": 20});
        let time_entry = client.post("/time-entries", spent).await.expect(201);
        let time_entry = time_entry.body["id"].as_str().unwrap().to_owned();
        let (start, end) = ("2026-03-09T23:00:00Z", "2026-03-10T07:00:00Z");
        let sleep_log = client.post("/sleep", json!({"start": start, "end": end})).await.expect(201);
        client.put(&format!("/moods/{date}"), json!({"value": 6})).await.expect(201);
        let moment = client.post("/moods", json!({"at": "2026-03-10T12:00:00Z", "value": 7})).await.expect(201);
        let import = client.call_raw(Method::POST, "/imports?format=plees_tracker", NO_SLEEP).await.expect(202);
        // Of what doesn't happen: nothing is sent.
        let webhook = json!({"url": "https://hooks.example/circadia", "events": ["timer.deleted"]});
        let webhook = client.post("/webhooks", webhook).await.expect(201);
        let subscription = client.post("/me/push-subscriptions", push_subscription()).await.expect(201);
        // None of them is sent, whatever tests do with the clock.
        let reminders = format!("/habits/{habit}/reminders");
        let reminder = client.post(&reminders, json!({"time": "11:00", "channels": []})).await.expect(201);
        client.post(&format!("/tasks/{task}/reminders"), json!({"time": "11:00", "channels": []})).await.expect(201);
        client.post("/sleep/reminders", json!({"wake_time": "18:00", "channels": []})).await.expect(201);
        Self {
            theme,
            habit,
            task,
            time_entry,
            sleep_log: sleep_log.body["id"].as_str().unwrap().to_owned(),
            moment: moment.body["id"].as_str().unwrap().to_owned(),
            import: import.body["id"].as_str().unwrap().to_owned(),
            pause: pause.body["id"].as_str().unwrap().to_owned(),
            shared_pause: shared_pause.body["id"].as_str().unwrap().to_owned(),
            session: sessions.each("id").remove(0),
            token: token.body["id"].as_str().unwrap().to_owned(),
            passkey: passkey["id"].as_str().unwrap().to_owned(),
            push_subscription: subscription.body["id"].as_str().unwrap().to_owned(),
            webhook: webhook.body["id"].as_str().unwrap().to_owned(),
            delivery: fresh_id(),
            reminder: reminder.body["id"].as_str().unwrap().to_owned(),
            job: fresh_id(),
            user: client.tokens["user"]["id"].as_str().unwrap().to_owned(),
            date,
            username: client.tokens["user"]["username"].as_str().unwrap().to_owned(),
            refresh_token: client.refresh_token().to_owned(),
            code: "000000".to_owned(),
            challenge: "nonsense".to_owned(),
            ceremony: "A".repeat(43),
            credential,
        }
    }

    /// An account alone: everything else doesn't exist.
    pub(crate) fn of_account(client: &Client) -> Self {
        let [theme, habit, pause, shared_pause, session, task, time_entry, sleep_log, moment, import, token, passkey] =
            std::array::from_fn(|_| fresh_id());
        let [push_subscription, webhook, delivery, reminder, job] = std::array::from_fn(|_| fresh_id());
        Self {
            theme,
            habit,
            pause,
            shared_pause,
            session,
            task,
            time_entry,
            sleep_log,
            moment,
            import,
            token,
            passkey,
            push_subscription,
            webhook,
            delivery,
            reminder,
            job,
            user: client.tokens["user"]["id"].as_str().unwrap().to_owned(),
            date: "2026-03-10".to_owned(),
            username: client.tokens["user"]["username"].as_str().unwrap().to_owned(),
            refresh_token: client.refresh_token().to_owned(),
            code: "000000".to_owned(),
            challenge: "nonsense".to_owned(),
            ceremony: "A".repeat(43),
            credential: Value::Null,
        }
    }

    /// The same with what must have happened before an operation can succeed.
    pub(crate) async fn ready_for(mut self, client: &Client, operation: &Operation) -> Self {
        match operation.id.as_str() {
            "finishPasskeyRegistration" => {
                let begun = client.post("/me/passkeys/start", json!({})).await.expect(200).body;
                begun["ceremony"].as_str().unwrap().clone_into(&mut self.ceremony);
                self.credential = Authenticator::at(FRONT_END).create(&begun["options"]);
            }
            "loginWithPasskey" | "openSessionWithPasskey" => {
                let mut device = add_passkey(client).await.0;
                let begun = client.post("/auth/passkeys/start", json!({})).await.expect(200).body;
                begun["ceremony"].as_str().unwrap().clone_into(&mut self.ceremony);
                self.credential = device.get(&begun["options"]);
            }
            "updateTaskReminder" | "deleteTaskReminder" => {
                self.reminder = reminder_of(client, &format!("/tasks/{}", self.task)).await;
            }
            "updateBedtimeReminder" | "deleteBedtimeReminder" => self.reminder = reminder_of(client, "/sleep").await,
            _ => {}
        }
        let needs_factor = [
            "confirmTotp",
            "deleteTotp",
            "renewRecoveryCodes",
            "loginWithTotp",
            "openSessionWithTotp",
            "startPasskeySignIn",
        ];
        if !needs_factor.contains(&operation.id.as_str()) {
            return self;
        }
        let made = client.post("/me/totp", json!({})).await.expect(200).body;
        let authenticator = Totp::from_url(made["otpauth_uri"].as_str().unwrap()).unwrap();
        self.code = authenticator.generate(BEGIN).to_string();
        if operation.id != "confirmTotp" {
            let confirmed = client.post("/me/totp/confirm", json!({"code": self.code})).await.expect(200).body;
            confirmed["recovery_codes"][0].as_str().unwrap().clone_into(&mut self.code);
        }
        let path = match operation.id.as_str() {
            "loginWithTotp" | "startPasskeySignIn" => Some("/auth/login"),
            "openSessionWithTotp" => Some("/auth/session"),
            _ => None,
        };
        if let Some(path) = path {
            let credentials = json!({"username": self.username, "password": "correct horse battery"});
            let asked = client.post(path, credentials).await.expect(401).body;
            asked["challenge"].as_str().unwrap().clone_into(&mut self.challenge);
        }
        self
    }

    /// The same with another id for one of the names in paths.
    pub(crate) fn with(&self, name: &str, id: &str) -> Self {
        let mut world = self.clone();
        let place =
            world.id_mut(name).unwrap_or_else(|| panic!("the generator doesn't know the path parameter {name}"));
        id.clone_into(place);
        world
    }

    /// An operation's path.
    pub(crate) fn path(&self, operation: &Operation) -> String {
        let mut path = operation.path.clone();
        for name in &operation.path_names {
            path = path.replace(&format!("{{{name}}}"), self.segment(name));
        }
        path
    }

    /// An operation's path with what its query must have.
    pub(crate) fn path_and_query(&self, operation: &Operation) -> String {
        let query = match operation.id.as_str() {
            "getOccurrences" | "getScores" | "getTimeSummary" => "?from=2026-01-01&to=2026-03-01".to_owned(),
            "deleteSleepOfDate" => "?date=2026-03-10".to_owned(),
            "createImport" => "?format=plees_tracker".to_owned(),
            "getBatchLoginStats" => format!("?user_ids[]={}", self.user),
            _ => String::new(),
        };
        format!("{}{query}", self.path(operation))
    }

    /// A body for operations about authentication.
    fn body_of_identity(&self, id: &str) -> Option<Value> {
        let Self { username, refresh_token, code, challenge, ceremony, credential, .. } = self;
        let password = "correct horse battery";
        Some(match id {
            "register" => json!({
                "username": format!("{username}.2"), "email": "grace@example.org", "password": password,
                "timezone": "Europe/Berlin", "locale": "de", "device": "phone",
            }),
            "login" | "openSession" => json!({"username": username, "password": password, "device": "phone"}),
            "verifyEmail" => json!({"token": ONE_TIME_TOKEN}),
            "resendVerification" | "forgotPassword" => json!({"email": "grace@example.org"}),
            "resetPassword" => json!({"token": ONE_TIME_TOKEN, "password": "another long sentence"}),
            "changePassword" => json!({"current_password": password, "new_password": "another long sentence"}),
            "changeEmail" => json!({"email": "grace@example.org", "password": password}),
            "changeUsername" => json!({"username": format!("{username}.2")}),
            "loginWithTotp" | "openSessionWithTotp" => json!({"challenge": challenge, "code": code}),
            "deleteMe"
            | "unlinkProvider"
            | "setUpTotp"
            | "deleteTotp"
            | "renewRecoveryCodes"
            | "startPasskeyRegistration"
            | "deletePasskey" => json!({"password": password}),
            "startPasskeySignIn" => json!({"challenge": challenge}),
            "loginWithPasskey" | "openSessionWithPasskey" => {
                json!({"ceremony": ceremony, "credential": credential, "device": "phone"})
            }
            "finishPasskeyRegistration" => json!({
                "ceremony": ceremony, "name": "Ada's phone",
                "credential": if credential["response"]["attestationObject"].is_string() {
                    credential.clone()
                } else {
                    Authenticator::at(FRONT_END).create(&json!({
                        "rp": {"id": "localhost"}, "user": {"id": "AA"}, "challenge": "AAAAAAAAAAAAAAAAAAAAAA",
                    }))
                },
            }),
            "updatePasskey" => json!({"name": "Ada's key"}),
            "confirmTotp" => json!({"code": code}),
            "refresh" | "logout" => json!({"refresh_token": refresh_token}),
            "exchangeProviderCode" => json!({"code": "x", "code_verifier": "v".repeat(43), "device": "phone"}),
            "linkProvider" => json!({
                "next": "/settings", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            }),
            "confirmProviderLink" => json!({"code": "x", "code_verifier": "v".repeat(43)}),
            "updateMe" => json!({
                "timezone": "Asia/Kolkata", "day_start": "04:00", "week_start": "su", "locale": "de-AT",
                "color_scheme": "dark", "sleep_goal_minutes": 450, "free_days": ["fr", "sa"],
                "allow_overlapping_time": true,
            }),
            "importMe" => import_sample(),
            "createCalendarAddress" | "updateCalendarAddress" => json!({"include": ["habits", "tasks", "sleep"]}),
            "createPushSubscription" => {
                let mut sent = push_subscription();
                (sent["id"], sent["label"]) = (json!(fresh_id()), json!("Ada's phone"));
                sent
            }
            "createToken" => json!({
                "name": "Exporter", "scopes": ["habits:read", "sleep:write"], "expires_at": "2026-06-01T00:00:00Z",
            }),
            _ => return None,
        })
    }

    /// The body of an operation on sync and webhooks.
    fn body_of_connection(&self, id: &str) -> Option<Value> {
        let Self { habit, date, .. } = self;
        Some(match id {
            "createWebhook" => json!({
                "url": "https://hooks.example/another", "description": "Dashboard", "events": ["timer.deleted"],
            }),
            "updateWebhook" => json!({
                "url": "https://hooks.example/another", "description": "Dashboard", "events": ["timer.deleted", "*"],
                "enabled": false,
            }),
            "rotateWebhookSecret" => json!({"overlap_seconds": 60}),
            "sendChanges" => json!({
                "commands": [{
                    "id": fresh_id(), "type": "entry", "operation": "put", "key": format!("{habit}/{date}"), "base": null,
                    "data": {"state": "done", "value": 9},
                }],
                "atomic": true,
            }),
            _ => return None,
        })
    }

    /// The body of an operation on reminders.
    fn body_of_reminder(id: &str) -> Option<Value> {
        Some(match id {
            "createHabitReminder" => json!({
                "id": fresh_id(), "time": "08:00", "weekdays": ["mo"], "channels": ["push"], "enabled": true,
            }),
            "updateHabitReminder" => {
                json!({"time": "09:00", "weekdays": ["tu"], "channels": ["email"], "enabled": false})
            }
            "createTaskReminder" => json!({
                "id": fresh_id(), "time": "08:00", "days_before": 1, "channels": ["push"], "enabled": true,
            }),
            "updateTaskReminder" => {
                json!({"time": "09:00", "days_before": 2, "channels": ["email"], "enabled": false})
            }
            "createBedtimeReminder" => json!({
                "id": fresh_id(), "wake_time": "07:00", "minutes_before": 15, "weekdays": ["mo"], "channels": ["push"],
                "enabled": true,
            }),
            "updateBedtimeReminder" => json!({
                "wake_time": "06:00", "minutes_before": 20, "weekdays": ["tu"], "channels": ["email"], "enabled": false,
            }),
            _ => return None,
        })
    }

    /// A body that an operation accepts, with every property that goes together with the others.
    pub(crate) fn body(&self, operation: &Operation) -> Value {
        if operation.body.is_none() {
            return Value::Null;
        }
        let of_other = || self.body_of_connection(&operation.id).or_else(|| Self::body_of_reminder(&operation.id));
        if let Some(body) = self.body_of_identity(&operation.id).or_else(of_other) {
            return body;
        }
        let Self { theme, habit, task, date, user, username, .. } = self;
        let count = json!({"type": "count", "target": 8, "unit": "glasses", "direction": "at_least"});
        let weekly = json!({"type": "weekly", "weekdays": ["mo", "we"], "every": 1});
        match operation.id.as_str() {
            "updateAccount" => json!({
                "role": "staff", "active": true, "email_verified": true, "username": format!("{username}.2"),
                "email": format!("{username}.2@example.org"),
            }),
            "verifyEmails" => json!({"user_ids": [user]}),
            "createTheme" => json!({"id": fresh_id(), "name": "Work", "color": "#1E90FF"}),
            "updateTheme" => json!({"name": "Wealth", "color": "#20B2AA"}),
            "createHabit" => json!({
                "id": fresh_id(), "name": "Drink", "description": "Water", "theme_id": theme,
                "color": "#1E90FF", "kind": count, "schedule": weekly, "starts_on": "2026-01-01",
                "ends_on": "2026-12-31", "icon": "💧", "question": "Enough water?", "time_of_day": "morning",
            }),
            "updateHabit" => json!({
                "name": "Drink more", "description": "Water", "theme_id": theme, "color": "#1E90FF", "kind": count,
                "schedule": weekly, "starts_on": "2026-01-01", "ends_on": "2026-12-31",
                "icon": "💧", "question": "Enough water?", "time_of_day": "evening",
            }),
            "orderHabits" => json!({"ids": [habit]}),
            "putPlan" => json!({
                "schedule": weekly, "kind": count, "effective_from": "2026-03-02", "anchor": "2026-03-02",
            }),
            "createPause" => json!({"id": fresh_id(), "from": "2026-03-01", "to": "2026-03-02"}),
            "updatePause" => json!({"from": "2026-02-02", "to": "2026-02-04"}),
            "createSharedPause" => json!({
                "id": fresh_id(), "from": "2026-03-01", "to": "2026-03-02", "note": "Holiday", "except_habits": [habit],
            }),
            "updateSharedPause" => json!({
                "from": "2026-02-02", "to": "2026-02-04", "note": "Illness", "except_habits": [habit],
            }),
            "putEntry" | "patchEntry" => json!({"state": "done", "value": 9, "note": "cold"}),
            "incrementEntry" => json!({"by": 2}),
            "putEntries" => json!({
                "items": [{"habit_id": habit, "date": date, "state": "done", "value": 8, "note": "warm"}],
                "atomic": true,
            }),
            "createTask" => json!({
                "id": fresh_id(), "title": "Call", "description": "About the roof", "priority": "high",
                "due_on": "2026-03-31", "theme_id": theme,
            }),
            "updateTask" => json!({
                "title": "Write", "description": "About the roof", "priority": "low", "due_on": "2026-04-30",
                "theme_id": theme,
            }),
            "createTimeEntry" => json!({
                "id": fresh_id(), "habit_id": habit, "task_id": task, "date": date, "minutes": 30, "note": "Chapter 3",
                "timezone": "Europe/Berlin",
                "started_at": "2026-03-10T08:00:00Z", "ended_at": "2026-03-10T08:30:00Z",
            }),
            "updateTimeEntry" => json!({
                "habit_id": habit, "task_id": task, "date": date, "minutes": 30, "note": "Chapter 3",
                "timezone": "Europe/Berlin",
                "started_at": "2026-03-10T08:00:00Z", "ended_at": "2026-03-10T08:30:00Z",
            }),
            "startTimer" => json!({
                "habit_id": habit, "task_id": task, "note": "Chapter 3", "started_at": "2026-03-11T11:00:00Z",
                "timezone": "+05:30",
            }),
            "stopTimer" => json!({"id": fresh_id(), "ended_at": "2026-03-11T12:01:00Z", "note": "Chapter 3"}),
            "transitionTask" => json!({"to": "done"}),
            "createSleepLog" => json!({
                "id": fresh_id(), "start": "2026-03-07T22:30:00Z", "end": "2026-03-08T06:10:00Z", "kind": "main",
                "quality": 4, "awake_seconds": 900, "note": "dreamt", "timezone": "Asia/Tokyo",
            }),
            "updateSleepLog" => json!({
                "start": "2026-03-09T22:30:00Z", "end": "2026-03-10T06:10:00Z", "kind": "main", "quality": 4,
                "awake_seconds": 900, "note": "dreamt", "timezone": "Europe/Berlin",
            }),
            "checkSleep" => json!({
                "id": fresh_id(), "start": "2026-03-07T22:30:00Z", "end": "2026-03-08T06:10:00Z", "kind": "main",
            }),
            "putMood" => json!({"value": 7, "note": "sunny", "tags": ["work"]}),
            "createMoodMoment" => json!({
                "id": fresh_id(), "at": "2026-03-10T09:00:00Z", "value": 7, "note": "sunny", "tags": ["work"],
                "timezone": "Europe/Berlin",
            }),
            "updateMoodMoment" => json!({
                "at": "2026-03-10T09:00:00Z", "value": 7, "note": "sunny", "tags": ["work"],
                "timezone": "Europe/Berlin",
            }),
            "previewSchedule" => json!({
                "schedule": {"type": "monthly", "days": [1, -1], "every": 1, "overflow": "clamp"},
                "starts_on": "2026-01-01", "ends_on": "2026-12-31", "from": "2026-01-01", "to": "2026-03-31",
            }),
            id => panic!("the generator doesn't know a body for {id}"),
        }
    }
}
