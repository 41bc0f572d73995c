//! `/auth/providers` and `/me/providers`, against OpenID providers that the tests start.

mod failures;
mod linking;
mod several;
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

/// A program and the providers that it knows: one of each kind.
fn start_with_each(backend: Backend) -> (TestApp, [OpenIdProvider; 3]) {
    let (builder, providers) = TestApp::on(backend).with_providers();
    (builder.start(), providers)
}

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
        let begun = self.get(&provider.path("/auth", &format!("/start{query}"))).await.expect(302);
        consent(&self.client, provider, location(&begun).as_str()).await
    }

    /// Signs in, as far as the front end.
    async fn sign_in(&mut self, provider: &OpenIdProvider, query: &str) -> Url {
        let back = self.agree(provider, query).await;
        let answer = self.get(&back).await.expect(302);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        location(&answer)
    }
}

/// Agrees at a provider: the path and query at the program that the browser ends up at.
async fn consent(client: &Client, provider: &OpenIdProvider, authorization_url: &str) -> String {
    let back = provider.agree(authorization_url).await;
    let Some(form) = back.form else { return back.path };
    // A form that is posted from another site brings no cookies; the redirect from there does.
    let request = client.request(Method::POST, &back.path).body(form);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("origin", provider.issuer()).header("sec-fetch-site", "cross-site");
    let forwarded = client.send(request).await.expect(303);
    assert_eq!((forwarded.header("cache-control"), forwarded.header("set-cookie")), (Some("no-store"), None));
    location(&forwarded).as_str().strip_prefix("http://127.0.0.1:1").expect("the registered URL").to_owned()
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
    let code = url.fragment().and_then(|fragment| fragment.strip_prefix("provider_code="));
    code.unwrap_or_else(|| panic!("{url} has no code")).to_owned()
}

async fn exchange(app: &TestApp, code: &str, verifier: &str) -> Answer {
    exchange_at(app, "google", code, verifier).await
}

async fn exchange_at(app: &TestApp, provider: &str, code: &str, verifier: &str) -> Answer {
    let path = format!("/auth/providers/{provider}/exchange");
    app.anonymous().post(&path, json!({"code": code, "code_verifier": verifier})).await
}

/// What an app asks its browser to open.
fn for_app() -> String {
    format!("?next=/welcome&code_challenge={CHALLENGE}")
}

/// Signs in as an app does: its tokens.
async fn tokens(app: &TestApp, provider: &OpenIdProvider) -> Answer {
    let arrived = Browser::new(app).sign_in(provider, &for_app()).await;
    assert_eq!(error(&arrived), None);
    exchange_at(app, provider.name(), &code(&arrived), VERIFIER).await
}

/// A provider, and the account there that is linked to a user.
async fn account_at(client: &Client, provider: &str) -> Value {
    let list = client.get("/me/providers").await.expect(200).body;
    let items = list["items"].as_array().unwrap();
    items.iter().find(|item| item["name"] == provider).unwrap_or_else(|| panic!("{provider} isn't in {list}")).clone()
}

fn count(app: &TestApp, table: &str) -> i64 {
    app.database.number(&format!("SELECT count(*) FROM {table}"))
}
