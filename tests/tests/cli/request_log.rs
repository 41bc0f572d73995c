//! The log of requests: one line each, whose fields say what happened and nothing of what users write or keep secret.

use std::collections::BTreeSet;
use std::fs;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::api::PASSWORD;
use crate::process::{Sandbox, Server, free_port};

/// The fields of a line. Those that not every request has come last.
const FIELDS: [&str; 12] = [
    "timestamp",
    "level",
    "target",
    "message",
    "request_id",
    "method",
    "route",
    "status",
    "micros",
    "statements",
    "address",
    "user",
];

/// As a proxy in front of a server in production asks.
fn request(server: &Server, method: Method, path: &str) -> RequestBuilder {
    Client::new()
        .request(method, server.url(path))
        .header("x-forwarded-proto", "https")
        .header("user-agent", "SecretAgent/1.0")
}

async fn ask(request: RequestBuilder, status: u16) -> (Value, String) {
    let answer = request.send().await.unwrap();
    let cookie = answer.headers().get("set-cookie").map(|set| set.to_str().unwrap().to_owned()).unwrap_or_default();
    let (told, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(told, status, "{text}");
    (serde_json::from_str(&text).unwrap_or_default(), cookie)
}

#[tokio::test]
async fn each_request_is_one_line_without_secrets_and_personal_data() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command
        .env("PORT", port.to_string())
        .env("CIRCADIA_ENV", "production")
        .env("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef")
        .env("CIRCADIA_EMAIL_VERIFICATION", "optional")
        .env("CIRCADIA_TRUSTED_PROXIES", "127.0.0.1")
        .env("CIRCADIA_LOG", "debug");
    let server = Server::start(command, port, sandbox.path("server.log")).await;
    let api = |method, path: &str| request(&server, method, &format!("/api/v1{path}"));
    let registration = json!({"username": "lovelace", "email": "lovelace@example.org", "password": PASSWORD});
    let (registered, _) = ask(api(Method::POST, "/auth/register").json(&registration), 201).await;
    let credentials = json!({"username": "lovelace", "password": PASSWORD});
    let (opened, cookie) = ask(api(Method::POST, "/auth/session").json(&credentials), 200).await;
    let wrong = json!({"username": "lovelace@example.org", "password": "wrong green bicycles"});
    ask(api(Method::POST, "/auth/login").json(&wrong), 401).await;
    let token = registered["access_token"].as_str().unwrap();
    let signed_in = |method, path: &str| api(method, path).bearer_auth(token).header("x-request-id", "of-the-test");
    let habit = json!({"name": "Psychotherapy", "schedule": {"type": "daily"}, "description": "Dr Watson"});
    let (habit, _) = ask(signed_in(Method::POST, "/habits").json(&habit), 201).await;
    let habit = habit["id"].as_str().unwrap();
    ask(signed_in(Method::GET, "/habits?q=Psychotherapy"), 200).await;
    ask(signed_in(Method::GET, &format!("/habits/{habit}?secret-parameter=1")), 422).await;
    ask(signed_in(Method::GET, "/nothing/secret-segment?q=Psychotherapy"), 404).await;
    ask(request(&server, Method::GET, "/reset-password/secret-segment"), 404).await;
    drop(server);

    let log = fs::read_to_string(sandbox.path("server.log")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let served: Vec<&Value> = lines.iter().filter(|line| line["message"] == "served").collect();
    let of = |route: &str| -> Vec<&&Value> { served.iter().filter(|line| line["route"] == route).collect() };
    let fields = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let known = |count: usize| FIELDS[..count].iter().map(|field| (*field).to_owned()).collect::<BTreeSet<String>>();
    for line in &served {
        assert!([known(11), known(12)].contains(&fields(line)), "{line}");
        assert_eq!(line["target"], "circadia::request");
    }
    let [found] = of("/api/v1/habits/{habit_id}")[..] else { panic!("{served:#?}") };
    assert_eq!((&found["method"], &found["status"]), (&json!("GET"), &json!(422)));
    let [_, listed] = of("/api/v1/habits")[..] else { panic!("{served:#?}") };
    assert_eq!(listed["user"], registered["user"]["id"]);
    assert_eq!((&listed["request_id"], &listed["status"]), (&json!("of-the-test"), &json!(200)));
    assert!(listed["statements"].as_u64().unwrap() > 0 && listed["micros"].as_u64().unwrap() > 0, "{listed}");
    assert_eq!(of("none").len(), 2);
    assert_eq!(of("/api/v1/auth/login")[0].get("user"), None);

    let cookie = cookie.split_once(';').unwrap().0.split_once('=').unwrap().1;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let secrets = [
        PASSWORD.to_owned(),
        "wrong green bicycles".to_owned(),
        token.to_owned(),
        token.rsplit('.').next().unwrap().to_owned(),
        text(&registered["refresh_token"]),
        text(&registered["device_token"]),
        text(&opened["csrf_token"]),
        cookie.to_owned(),
        "lovelace".to_owned(),
        "example.org".to_owned(),
        "Psychotherapy".to_owned(),
        "Watson".to_owned(),
        "SecretAgent".to_owned(),
        "secret-segment".to_owned(),
        "secret-parameter".to_owned(),
        habit.to_owned(),
    ];
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}
