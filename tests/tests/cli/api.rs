//! A signed-in client of a server.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::process::Server;

pub(crate) const PASSWORD: &str = "seven green bicycles";

/// The tokens of a session.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl Session {
    pub(crate) fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self { access_token: text("access_token"), refresh_token: text("refresh_token") }
    }
}

impl Server {
    /// What the server answers; `None` when it doesn't, or not wholly.
    pub(crate) async fn try_ask(
        &self,
        method: Method,
        path: &str,
        session: Option<&Session>,
        body: Option<&Value>,
    ) -> Option<(StatusCode, Value)> {
        let mut request = Client::new().request(method, self.url(&format!("/api/v1{path}")));
        if let Some(session) = session {
            request = request.bearer_auth(&session.access_token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    pub(crate) async fn get(&self, session: &Session, path: &str) -> Value {
        let (status, answer) = self.try_ask(Method::GET, path, Some(session), None).await.unwrap();
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub(crate) async fn post(&self, path: &str, session: Option<&Session>, body: &Value) -> (StatusCode, Value) {
        self.try_ask(Method::POST, path, session, Some(body)).await.unwrap()
    }

    pub(crate) async fn register(&self, username: &str) -> Session {
        let body = json!({ "username": username, "email": format!("{username}@example.org"), "password": PASSWORD });
        let (status, answer) = self.post("/auth/register", None, &body).await;
        assert_eq!(status, 201, "{answer}");
        Session::of(&answer)
    }

    pub(crate) async fn login(&self, username: &str, password: &str) -> Session {
        let body = json!({ "username": username, "password": password });
        let (status, answer) = self.post("/auth/login", None, &body).await;
        assert_eq!(status, 200, "{answer}");
        Session::of(&answer)
    }

    /// Makes a habit that is due every day from a date on; its id.
    pub(crate) async fn daily_habit(&self, session: &Session, name: &str, starts_on: &str) -> String {
        let body = json!({
            "name": name, "kind": { "type": "check" }, "schedule": { "type": "daily" }, "starts_on": starts_on,
        });
        let (status, answer) = self.post("/habits", Some(session), &body).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn try_put_done(&self, session: &Session, habit: &str, date: &str) -> Option<StatusCode> {
        let path = format!("/habits/{habit}/entries/{date}");
        let body = json!({ "state": "done" });
        Some(self.try_ask(Method::PUT, &path, Some(session), Some(&body)).await?.0)
    }
}
