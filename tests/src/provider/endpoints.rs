//! What providers answer over HTTP, and their checks of the client, the redirect URL and PKCE.

use std::collections::HashMap;
use std::future::pending;

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use circadia_app::Clock as _;
use serde_json::{Value, json};

use super::{CLIENT_ID, CLIENT_SECRET, Fault, Grant, Inner, KEY_ID, Kind, TEAM_ID, redirect_url};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/.well-known/openid-configuration", web::get().to(discovery))
        .route("/authorize", web::get().to(authorize))
        .route("/token", web::post().to(token))
        .route("/userinfo", web::get().to(user_info))
        .route("/keys", web::get().to(keys));
}

impl Inner {
    /// Counts a request; how it is to go wrong.
    fn asked(&self, request: &HttpRequest) -> Option<Fault> {
        let mut state = self.state.lock().expect("a provider that didn't panic");
        *state.asked.entry(request.path().to_owned()).or_default() += 1;
        state.fault
    }

    fn redirect_url(&self) -> String {
        redirect_url(self.state.lock().expect("a provider that didn't panic").name)
    }
}

/// A valid JSON document that exceeds the size limit.
fn huge(document: &Value) -> HttpResponse {
    let padding = " ".repeat(8 * 1024 * 1024);
    HttpResponse::Ok().content_type("application/json").body(format!("{padding}{document}"))
}

async fn discovery(inner: Data<Inner>, request: HttpRequest) -> HttpResponse {
    let fault = inner.asked(&request);
    let issuer = if fault == Some(Fault::DiscoveryOfAnother) { "https://accounts.google.com" } else { &inner.issuer };
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{}/authorize", inner.issuer),
        "token_endpoint": format!("{}/token", inner.issuer),
        "jwks_uri": format!("{}/keys", inner.issuer),
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
        "code_challenge_methods_supported": ["S256"],
    });
    match inner.kind {
        Kind::Google => {}
        Kind::Work => {
            document["userinfo_endpoint"] = json!(format!("{}/userinfo", inner.issuer));
            document["authorization_response_iss_parameter_supported"] = json!(true);
        }
        Kind::Apple => document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]),
    }
    match fault {
        Some(Fault::DiscoveryHangs) => pending().await,
        Some(Fault::DiscoveryHuge) => huge(&document),
        Some(Fault::DiscoveryRedirects) => {
            HttpResponse::Found().insert_header(("location", "/.well-known/openid-configuration?again")).finish()
        }
        _ => HttpResponse::Ok().json(document),
    }
}

type Pairs = HashMap<String, String>;

fn wrong(what: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({"error": "invalid_request", "error_description": what}))
}

async fn authorize(inner: Data<Inner>, request: HttpRequest, query: web::Query<Pairs>) -> HttpResponse {
    let fault = inner.asked(&request);
    let query = query.into_inner();
    let given = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let redirect_url = inner.redirect_url();
    for (name, wanted) in [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", &redirect_url),
        ("code_challenge_method", "S256"),
        ("response_mode", if inner.kind == Kind::Apple { "form_post" } else { "" }),
    ] {
        if given(name) != wanted {
            return wrong(&format!("{name} is `{}`, not `{wanted}`", given(name)));
        }
    }
    if !given("scope").split(' ').any(|scope| scope == "openid") {
        return wrong("this is OpenID Connect");
    }
    if [given("state"), given("nonce"), given("code_challenge")].iter().any(|secret| secret.len() < 43) {
        return wrong("state, nonce and code_challenge have 256 bits");
    }
    if query.contains_key("prompt") {
        // As certified ones do with values that they aren't configured for.
        return wrong("unsupported prompt value requested");
    }
    let state = if fault == Some(Fault::WrongState) { "A".repeat(43) } else { given("state").to_owned() };
    let mut answer = vec![("state", state)];
    if fault == Some(Fault::Denied) {
        answer.push(("error", "access_denied".to_owned()));
    } else {
        let mut known = inner.state.lock().expect("a provider that didn't panic");
        let code = format!("4/code & {}", known.codes.len());
        let challenge =
            if fault == Some(Fault::OtherChallenge) { "A".repeat(43) } else { given("code_challenge").to_owned() };
        let grant = Grant { challenge, nonce: given("nonce").to_owned(), person: known.person.clone() };
        known.codes.insert(code.clone(), grant);
        answer.push(("code", code));
        if inner.kind == Kind::Google {
            // What Google adds.
            answer.extend([
                ("scope", "email openid".to_owned()),
                ("authuser", "0".to_owned()),
                ("prompt", "none".to_owned()),
            ]);
        }
    }
    if fault == Some(Fault::WrongResponseIssuer) {
        answer.push(("iss", "https://accounts.google.com".to_owned()));
    } else if inner.kind == Kind::Work && fault != Some(Fault::NoResponseIssuer) {
        answer.push(("iss", inner.issuer.clone()));
    }
    let url = reqwest::Url::parse_with_params(&redirect_url, answer).expect("a URL");
    HttpResponse::Found().insert_header(("location", url.as_str())).finish()
}

async fn token(inner: Data<Inner>, request: HttpRequest, form: web::Form<Pairs>) -> HttpResponse {
    let fault = inner.asked(&request);
    match fault {
        Some(Fault::TokenFails) => return HttpResponse::InternalServerError().body("out of order"),
        Some(Fault::TokenHangs) => return pending().await,
        Some(Fault::TokenRedirects) => return HttpResponse::Found().insert_header(("location", "/token")).finish(),
        Some(Fault::TokenNonsense) => return HttpResponse::Ok().content_type("application/json").body("{\"access"),
        _ => {}
    }
    let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let refuse = |error: &str| HttpResponse::BadRequest().json(json!({"error": error}));
    let is_client = if inner.kind == Kind::Apple { inner.has_signed(&form) } else { is_client(&request) };
    if !is_client {
        return HttpResponse::Unauthorized().json(json!({"error": "invalid_client"}));
    }
    if given("grant_type") != "authorization_code" || given("redirect_uri") != inner.redirect_url() {
        return refuse("invalid_request");
    }
    // A code is good once.
    let grant = inner.state.lock().expect("a provider that didn't panic").codes.remove(given("code"));
    let access_token = "ya29.secret";
    let Some(grant) = grant.filter(|_| fault != Some(Fault::CodeUsed)) else { return refuse("invalid_grant") };
    if URL_SAFE_NO_PAD.encode(digest(&SHA256, given("code_verifier").as_bytes())) != grant.challenge {
        return refuse("invalid_grant");
    }
    let mut answer =
        json!({"access_token": access_token, "token_type": "Bearer", "expires_in": 3599, "scope": "openid email"});
    inner.state.lock().expect("a provider that didn't panic").signed_in = Some(grant.person.clone());
    if fault != Some(Fault::NoIdToken) {
        answer["id_token"] = json!(inner.id_token(&grant, fault));
    }
    if fault == Some(Fault::TokenHuge) { huge(&answer) } else { HttpResponse::Ok().json(answer) }
}

/// Whether a request has the client's name and secret, each encoded as in a form (RFC 6749 §2.3.1).
fn is_client(request: &HttpRequest) -> bool {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let decoded = header.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let text = String::from_utf8(decoded).unwrap_or_default();
    let Some((id, secret)) = text.split_once(':') else { return false };
    let decode = |text: &str| -> String {
        let url = reqwest::Url::parse(&format!("x:?{text}")).expect("a query");
        url.query_pairs().map(|(name, _)| name.into_owned()).next().unwrap_or_default()
    };
    decode(id) == CLIENT_ID && decode(secret) == CLIENT_SECRET
}

impl Inner {
    /// Whether a request has a client secret that was signed lately by the client's key, for this provider.
    fn has_signed(&self, form: &Pairs) -> bool {
        let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let Some((message, signature)) = given("client_secret").rsplit_once('.') else { return false };
        let key = jsonwebtoken::DecodingKey::from_ec_der(&self.client_key.1);
        let algorithm = jsonwebtoken::Algorithm::ES256;
        let genuine = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm).unwrap_or(false);
        let part = |text: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap_or_default()).unwrap_or_default()
        };
        let (header, claims) =
            message.split_once('.').map(|(header, claims)| (part(header), part(claims))).unwrap_or_default();
        let now = self.clock.now().seconds();
        genuine
            && given("client_id") == CLIENT_ID
            && header["kid"] == KEY_ID
            && (&claims["iss"], &claims["sub"], &claims["aud"])
                == (&json!(TEAM_ID), &json!(CLIENT_ID), &json!(self.issuer))
            && claims["iat"] == now
            && claims["exp"].as_i64().is_some_and(|exp| (now..=now + 3_600).contains(&exp))
    }
}

async fn user_info(inner: Data<Inner>, request: HttpRequest) -> HttpResponse {
    inner.asked(&request);
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let person = inner.state.lock().expect("a provider that didn't panic").signed_in.clone();
    match person.filter(|_| authorization == Some("Bearer ya29.secret")) {
        Some(person) => HttpResponse::Ok().json(json!({
            "sub": person.subject, "email": person.email, "email_verified": inner.verified(&person),
        })),
        None => HttpResponse::Unauthorized().finish(),
    }
}

async fn keys(inner: Data<Inner>, request: HttpRequest) -> HttpResponse {
    if inner.asked(&request) == Some(Fault::KeysFail) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let names = inner.state.lock().expect("a provider that didn't panic").keys.clone();
    HttpResponse::Ok().json(inner.jwks(&names))
}
