//! `/auth/google` and `/me/google`, against an OpenID provider that the tests start.

mod failures;
mod linking;
mod signing_in;

use std::collections::BTreeMap;

use circadia_tests::{Answer, Backend, Client, OpenIdProvider, TestApp};
use reqwest::{Method, Url};
use serde_json::{Value, json};

/// An app's verifier, and the challenge that is made of it (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where everybody ends up.
const FRONT_END: &str = "https://app.example.org/circadia";

/// A program and the provider that it knows as Google.
fn start(backend: Backend) -> (TestApp, OpenIdProvider) {
    let (builder, provider) = TestApp::on(backend).with_google();
    (builder.start(), provider)
}

/// A browser: keeps cookies, follows nothing by itself.
struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new(app: &TestApp) -> Self {
        Self { client: app.anonymous(), cookies: BTreeMap::new() }
    }

    /// The cookies as they are sent.
    fn sent(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    async fn call(&mut self, client: &Client, method: Method, path: &str, body: &Value) -> Answer {
        let client = if self.cookies.is_empty() { client.clone() } else { client.with_header("cookie", &self.sent()) };
        let answer = client.call(method, path, body).await;
        self.keep(&answer);
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        let client = self.client.clone();
        self.call(&client, Method::GET, path, &Value::Null).await
    }

    /// Begins to sign in, and agrees at the provider: where it sends the browser back to.
    async fn agree(&mut self, provider: &OpenIdProvider, query: &str) -> String {
        let begun = self.get(&format!("/auth/google/start{query}")).await.expect(302);
        provider.agree(location(&begun).as_str()).await
    }

    /// Signs in, as far as the front end.
    async fn sign_in(&mut self, provider: &OpenIdProvider, query: &str) -> Url {
        let back = self.agree(provider, query).await;
        let answer = self.get(&back).await.expect(302);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        location(&answer)
    }
}

/// Where an answer sends the browser.
fn location(answer: &Answer) -> Url {
    Url::parse(answer.header("location").expect("a redirection")).unwrap()
}

/// The error that the front end is told of.
fn error(url: &Url) -> Option<String> {
    assert!(url.as_str().starts_with(FRONT_END), "{url} is not the front end");
    url.query_pairs().find(|(name, _)| name == "error").map(|(_, error)| error.into_owned())
}

/// The code that the front end's address ends with.
fn code(url: &Url) -> String {
    let code = url.fragment().and_then(|fragment| fragment.strip_prefix("google_code="));
    code.unwrap_or_else(|| panic!("{url} has no code")).to_owned()
}

async fn exchange(app: &TestApp, code: &str, verifier: &str) -> Answer {
    app.anonymous().post("/auth/google/exchange", json!({"code": code, "code_verifier": verifier})).await
}

/// What an app asks its browser to open.
fn for_app() -> String {
    format!("?next=/welcome&code_challenge={CHALLENGE}")
}

/// Signs in as an app does: its tokens.
async fn tokens(app: &TestApp, provider: &OpenIdProvider) -> Answer {
    let arrived = Browser::new(app).sign_in(provider, &for_app()).await;
    assert_eq!(error(&arrived), None);
    exchange(app, &code(&arrived), VERIFIER).await
}

fn count(app: &TestApp, table: &str) -> i64 {
    app.database.number(&format!("SELECT count(*) FROM {table}"))
}
