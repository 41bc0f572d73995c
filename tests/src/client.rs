//! The HTTP client for the server under test.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::Answer;
use crate::contract::departures;

/// An HTTP client, signed in or anonymous.
///
/// Paths are those of the API (`/habits`); such as begin with `/api/`, `/health`, `/media`, `/metrics` or `/.well-known` are taken as they are.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    root: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
    /// What registering answered: tokens and the user; null for anonymous clients.
    pub tokens: Value,
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, root: String) -> Self {
        Self { http, root, token: None, headers: Vec::new(), tokens: Value::Null }
    }

    /// The same client with the tokens of an answer.
    pub fn signed_in(&self, tokens: &Value) -> Self {
        let token = tokens["access_token"].as_str().expect("an access token").to_owned();
        Self { token: Some(token), tokens: tokens.clone(), ..self.clone() }
    }

    /// The same client with another access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client with another header on each request.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same client without the headers of a name.
    pub fn without_header(&self, name: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(own, _)| own != name);
        client
    }

    /// A browser with the cookie that an answer set, on a page of ours which knows the session's CSRF token; without
    /// tokens.
    pub fn in_browser(&self, answer: &Answer) -> Self {
        let cookie = answer.cookie("circadia").or_else(|| answer.cookie("__Host-circadia")).expect("a cookie");
        let (pair, _) = cookie.split_once(';').expect("attributes");
        let token = answer.body["csrf_token"].as_str().expect("a token");
        let client = Self { token: None, tokens: answer.body.clone(), ..self.clone() };
        client
            .with_header("cookie", pair)
            .with_header("x-csrf-token", token)
            .with_header("sec-fetch-site", "same-origin")
    }

    /// The cookie that it sends.
    pub fn cookie(&self) -> &str {
        let cookie = self.headers.iter().find(|(name, _)| name == "cookie");
        &cookie.expect("a client in a browser").1
    }

    /// The same client, but speaking to another server.
    pub fn at(&self, other: &Self) -> Self {
        Self { http: other.http.clone(), root: other.root.clone(), ..self.clone() }
    }

    /// The same client, but speaking to a server at this origin.
    pub(crate) fn at_root(&self, root: &str) -> Self {
        Self { root: root.to_owned(), ..self.clone() }
    }

    /// The origin of the server that it speaks to.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The access token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a client that is signed in")
    }

    /// The refresh token that registering gave.
    pub fn refresh_token(&self) -> &str {
        self.tokens["refresh_token"].as_str().expect("a client that registered")
    }

    /// A request to be completed.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let whole = path == "/"
            || ["/api", "/health", "/media", "/metrics", "/.well-known"].iter().any(|start| path.starts_with(start));
        let url = format!("{}{}{path}", self.root, if whole { "" } else { "/api/v1" });
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let shown = format!("{} {}", request.method(), request.url());
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let mut answer = self.http.execute(request).await.unwrap_or_else(|error| panic!("{shown}: {error:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        // Of what has no end, the beginning.
        let is_stream = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let read = if is_stream { answer.chunk().await.map(Option::unwrap_or_default) } else { answer.bytes().await };
        let bytes = read.unwrap_or_else(|error| panic!("{shown}: {error:?}")).to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let compressed = headers.contains_key("content-encoding");
        let is_table = headers.get("content-type").is_some_and(|kind| {
            [&b"text/csv"[..], b"application/zip"].iter().any(|table| kind.as_bytes().starts_with(table))
        });
        let wrong = if compressed || is_table { Vec::new() } else { departures(&method, &path, status, &body) };
        assert!(wrong.is_empty(), "{shown} answered {status} other than documented: {wrong:#?}\n{body:.2000}");
        Answer { request: shown, status, headers, bytes, body }
    }

    /// Sends a request with a JSON body, or with none if it is null.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path);
        let mut answer = self.send(if body.is_null() { request } else { request.json(body) }).await;
        if !body.is_null() {
            let text = body.to_string();
            answer.request = format!("{} with {}", answer.request, text.chars().take(400).collect::<String>());
        }
        answer
    }

    /// Sends bytes as a JSON body.
    pub async fn call_raw(&self, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json");
        self.send(request.body(body.into())).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &body).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, &body).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, &body).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &Value::Null).await
    }

    /// Makes a habit, daily and only checked unless the members say otherwise; its id.
    pub async fn habit(&self, members: Value) -> String {
        let mut habit = json!({"name": "Read", "schedule": {"type": "daily"}});
        for (name, value) in members.as_object().expect("members of a habit") {
            habit[name] = value.clone();
        }
        let made = self.post("/habits", habit).await.expect(201);
        made.body["id"].as_str().expect("an id").to_owned()
    }

    /// Logs a sleep from start to end; the log.
    pub async fn sleep(&self, start: &str, end: &str) -> Value {
        self.post("/sleep", json!({"start": start, "end": end})).await.expect(201).body
    }

    /// Makes a theme; its id.
    pub async fn theme(&self, name: &str) -> String {
        let made = self.post("/themes", json!({"name": name})).await.expect(201);
        made.body["id"].as_str().expect("an id").to_owned()
    }

    /// Makes a task, of which no more is said than its title unless the members do; its id.
    pub async fn task(&self, members: Value) -> String {
        let mut task = json!({"title": "Call"});
        for (name, value) in members.as_object().expect("members of a task") {
            task[name] = value.clone();
        }
        let made = self.post("/tasks", task).await.expect(201);
        made.body["id"].as_str().expect("an id").to_owned()
    }

    /// Puts entries, each of which must be stored.
    pub async fn done(&self, habit: &str, dates: &[&str]) {
        for date in dates {
            let put = self.put(&format!("/habits/{habit}/entries/{date}"), json!({"state": "done"})).await;
            assert!(matches!(put.status, 200 | 201), "{} answered {}", put.request, put.body);
        }
    }
}
