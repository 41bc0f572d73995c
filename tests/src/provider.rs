//! OpenID providers on loopback: discovery, authorisation, tokens and keys over HTTP, with real checks of the client,
//! the redirect URL and PKCE, and ID tokens that are really signed. Tests can inject faults.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use circadia_app::Clock as _;
use serde_json::{Value, json};

use crate::{Builder, TestClock};

/// The client id of the program.
const CLIENT_ID: &str = "circadia.apps.example";
/// The client secret, with characters that must be encoded.
const CLIENT_SECRET: &str = "hush & büsh+%";
/// Where browsers are sent back to; tests take path and query of it.
const REDIRECT_ORIGIN: &str = "http://127.0.0.1:1";
/// What the private key for client secrets belongs to, and is called.
const TEAM_ID: &str = "TEAM123456";
const KEY_ID: &str = "KEY1234567";

/// In what providers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As Google.
    Google,
    /// As a certified one that an organisation runs: RSA-PSS, addresses by `userinfo`, the issuer in redirects.
    Work,
    /// As Apple: client secrets that are signed, browsers that post a form, truth in words.
    Apple,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Work => "work",
            Self::Apple => "apple",
        }
    }
}

fn redirect_url(name: &str) -> String {
    format!("{REDIRECT_ORIGIN}/api/v1/auth/providers/{name}/callback")
}

/// What brings a browser back from the provider.
#[derive(Debug, Clone)]
pub struct Return {
    /// The path and query at the program.
    pub path: String,
    /// The form that is posted there, from the provider's page; without one, a redirect leads there.
    pub form: Option<String>,
}

/// A fault of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The user declines.
    Denied,
    /// Browsers come back with another state.
    WrongState,
    /// Browsers come back from another issuer (RFC 9207).
    WrongResponseIssuer,
    /// Browsers come back without an issuer.
    NoResponseIssuer,
    /// ID tokens are those of another sign-in.
    WrongNonce,
    /// ID tokens have another issuer.
    WrongIssuer,
    /// ID tokens have another audience.
    WrongAudience,
    /// ID tokens are of an hour ago.
    Expired,
    /// ID tokens aren't signed (`alg: none`).
    Unsigned,
    /// ID tokens are signed by HS256, with the client's secret.
    SignedWithSecret,
    /// ID tokens are signed by HS256, with the public key.
    SignedWithPublicKey,
    /// ID tokens name a key that isn't published.
    UnknownKey,
    /// ID tokens were altered after they were signed.
    Altered,
    /// There are no ID tokens.
    NoIdToken,
    /// What is held against the verifier isn't what was sent.
    OtherChallenge,
    /// Another got there first with the code.
    CodeUsed,
    /// The token endpoint fails.
    TokenFails,
    /// The token endpoint never answers.
    TokenHangs,
    /// The token endpoint answers without end.
    TokenHuge,
    /// The token endpoint redirects.
    TokenRedirects,
    /// The token endpoint answers nonsense.
    TokenNonsense,
    /// The keys can't be had.
    KeysFail,
    /// The discovery document never comes.
    DiscoveryHangs,
    /// The discovery document is large.
    DiscoveryHuge,
    /// The discovery document is elsewhere.
    DiscoveryRedirects,
    /// The discovery document is another issuer's.
    DiscoveryOfAnother,
}

/// Who signs in at the provider.
#[derive(Debug, Clone)]
struct Person {
    subject: String,
    email: String,
    verified: bool,
}

/// What a code stands for.
#[derive(Debug, Clone)]
struct Grant {
    challenge: String,
    nonce: String,
    person: Person,
}

#[derive(Debug)]
struct State {
    name: &'static str,
    person: Person,
    fault: Option<Fault>,
    elliptic: bool,
    keys: String,
    codes: HashMap<String, Grant>,
    /// Whom the latest access token is of.
    signed_in: Option<Person>,
    asked: HashMap<String, usize>,
}

struct Inner {
    kind: Kind,
    issuer: String,
    clock: Arc<TestClock>,
    state: Mutex<State>,
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    /// For client secrets that are signed: the private key as the program gets it, and its public one.
    client_key: (String, Vec<u8>),
}

/// The provider, listening on a port of its own. Stops when it goes out of scope.
pub struct OpenIdProvider {
    inner: Arc<Inner>,
    http: reqwest::Client,
    server: Option<(ServerHandle, JoinHandle<()>)>,
}

impl std::fmt::Debug for OpenIdProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenIdProvider").field("issuer", &self.inner.issuer).finish_non_exhaustive()
    }
}

impl OpenIdProvider {
    /// Starts it, with the clock that the program is served by.
    pub fn start(kind: Kind, clock: &Arc<TestClock>) -> Self {
        let ec_key = || {
            let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
            let document = document.expect("an elliptic curve key");
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref());
            (STANDARD.encode(document.as_ref()), key.expect("an elliptic curve key"))
        };
        let (client_document, client_key) = ec_key();
        let client_pem = format!("-----BEGIN PRIVATE KEY-----\n{client_document}\n-----END PRIVATE KEY-----\n");
        let client_key = (client_pem, client_key.public_key().as_ref().to_vec());
        // Each provider knows its users by the same subject, and by another address.
        let email = match kind {
            Kind::Google => "grace@example.org".to_owned(),
            other => format!("grace@{}.example", other.name()),
        };
        let person = Person { subject: "110169484474386276334".into(), email, verified: true };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let inner = Arc::new(Inner {
            kind,
            client_key,
            issuer: format!("http://{}", listener.local_addr().expect("an address")),
            clock: Arc::clone(clock),
            state: Mutex::new(State {
                name: kind.name(),
                person,
                fault: None,
                elliptic: false,
                keys: "1".to_owned(),
                codes: HashMap::new(),
                signed_in: None,
                asked: HashMap::new(),
            }),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key"),
            ec: ec_key().1,
        });
        let (told, handle) = mpsc::channel();
        let served = Arc::clone(&inner);
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let data = Data::from(served);
                let server = HttpServer::new(move || App::new().app_data(data.clone()).configure(routes))
                    .workers(1)
                    .shutdown_timeout(0)
                    .disable_signals()
                    .listen(listener)
                    .expect("a listener")
                    .run();
                told.send(server.handle()).expect("a test that waits");
                server.await.expect("serving");
            });
        });
        let handle = handle.recv().expect("the provider's thread");
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { inner, http: http.build().expect("an HTTP client"), server: Some((handle, thread)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().expect("a provider that didn't panic")
    }

    /// Makes it go wrong, or right again.
    pub fn fault(&self, fault: impl Into<Option<Fault>>) {
        self.state().fault = fault.into();
    }

    /// Says who signs in from now on.
    pub fn person(&self, subject: &str, email: &str, verified: bool) {
        self.state().person = Person { subject: subject.to_owned(), email: email.to_owned(), verified };
    }

    /// Signs by ES256 from now on, rather than RS256.
    pub fn use_elliptic_curves(&self) {
        self.state().elliptic = true;
    }

    /// Gives the keys other names, as if they were new.
    pub fn rotate_keys(&self) {
        self.state().keys.push('+');
    }

    /// How often a path was asked for.
    pub fn asked_for(&self, path: &str) -> usize {
        self.state().asked.get(path).copied().unwrap_or_default()
    }

    /// What the program calls it.
    pub fn name(&self) -> &'static str {
        self.state().name
    }

    /// Registers the program under another name of the provider.
    pub fn call_it(&self, name: &'static str) {
        self.state().name = name;
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// The path of one of the program's operations about it, such as `/me/providers/google`.
    pub fn path(&self, before: &str, after: &str) -> String {
        format!("{before}/providers/{}{after}", self.name())
    }

    /// Consents as the user would.
    pub async fn agree(&self, authorization_url: &str) -> Return {
        assert!(authorization_url.starts_with(&self.inner.issuer), "{authorization_url} isn't the provider's");
        let answer = self.http.get(authorization_url).send().await.expect("an answer of the provider");
        let status = answer.status().as_u16();
        let location = answer.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
        let Some(location) = location else {
            panic!("the provider answered {status}: {}", answer.text().await.expect("text"));
        };
        let path = location.strip_prefix(REDIRECT_ORIGIN).expect("the registered URL");
        match path.split_once('?') {
            Some((path, form)) if self.inner.kind == Kind::Apple => {
                Return { path: path.to_owned(), form: Some(form.to_owned()) }
            }
            _ => Return { path: path.to_owned(), form: None },
        }
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.server.take() {
            // It stops by itself once it is told to. The answer isn't awaited.
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }
}

impl Builder {
    /// Starts an OpenID provider and lets the program sign people in with it as with Google.
    pub fn with_google(self) -> (Self, OpenIdProvider) {
        let provider = OpenIdProvider::start(Kind::Google, self.clock());
        let issuer = provider.inner.issuer.clone();
        (self.with_google_at(&issuer), provider)
    }

    /// Configures this URL as that of Google.
    pub fn with_google_at(self, issuer: &str) -> Self {
        self.set("CIRCADIA_GOOGLE_ISSUER", issuer)
            .set("CIRCADIA_GOOGLE_CLIENT_ID", CLIENT_ID)
            .set("CIRCADIA_GOOGLE_CLIENT_SECRET", CLIENT_SECRET)
            .set("CIRCADIA_GOOGLE_REDIRECT_URL", &redirect_url(Kind::Google.name()))
            .set("CIRCADIA_FRONTEND_URL", "https://app.example.org/circadia")
    }

    /// Starts a provider of each kind and lets the program sign people in with all of them.
    pub fn with_providers(self) -> (Self, [OpenIdProvider; 3]) {
        let providers = [Kind::Google, Kind::Work, Kind::Apple].map(|kind| OpenIdProvider::start(kind, self.clock()));
        (self.with_providers_at(&providers), providers)
    }

    /// Lets the program sign people in with providers that are there already; the first is Google.
    pub fn with_providers_at(self, providers: &[OpenIdProvider]) -> Self {
        let mut builder = self.with_google_at(&providers[0].inner.issuer);
        let mut names = Vec::new();
        for Inner { kind, issuer, client_key, .. } in providers[1..].iter().map(|provider| &*provider.inner) {
            names.push(kind.name());
            let variable = |suffix: &str| format!("CIRCADIA_OIDC_{}_{suffix}", kind.name().to_uppercase());
            builder = builder
                .set(&variable("ISSUER"), issuer)
                .set(&variable("CLIENT_ID"), CLIENT_ID)
                .set(&variable("REDIRECT_URL"), &redirect_url(kind.name()));
            builder = if *kind == Kind::Apple {
                builder
                    .set(&variable("TEAM_ID"), TEAM_ID)
                    .set(&variable("KEY_ID"), KEY_ID)
                    .set(&variable("PRIVATE_KEY"), &client_key.0)
                    .set(&variable("RESPONSE_MODE"), "form_post")
            } else {
                builder.set(&variable("CLIENT_SECRET"), CLIENT_SECRET).set(&variable("NAME"), "Work & Co")
            };
        }
        builder.set("CIRCADIA_OIDC_PROVIDERS", &names.join(","))
    }
}

fn routes(config: &mut web::ServiceConfig) {
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

    fn jwks(&self, names: &str) -> Value {
        let rsa = self.rsa.public_key();
        let point = self.ec.public_key().as_ref();
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut rsa = json!({
            "kty": "RSA", "use": "sig", "kid": format!("rsa-{names}"),
            "n": encoded(rsa.modulus().big_endian_without_leading_zero()),
            "e": encoded(rsa.exponent().big_endian_without_leading_zero()),
        });
        if self.kind != Kind::Work {
            rsa["alg"] = json!("RS256");
        }
        json!({"keys": [
            rsa,
            {
                "kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": format!("ec-{names}"),
                "x": encoded(&point[1..33]), "y": encoded(&point[33..65]),
            },
        ]})
    }

    fn sign(&self, elliptic: bool, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        if elliptic {
            return self.ec.sign(&random, message).expect("a signature").as_ref().to_vec();
        }
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        let encoding: &dyn RsaEncoding = if self.kind == Kind::Work { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        self.rsa.sign(encoding, &random, message, &mut signature).expect("a signature");
        signature
    }

    fn id_token(&self, grant: &Grant, fault: Option<Fault>) -> String {
        let (elliptic, names) = {
            let state = self.state.lock().expect("a provider that didn't panic");
            (state.elliptic, state.keys.clone())
        };
        let is = |wanted: Fault| fault == Some(wanted);
        let now = self.clock.now().seconds() - if is(Fault::Expired) { 7_200 } else { 0 };
        let mut claims = json!({
            "iss": if is(Fault::WrongIssuer) { "https://accounts.google.com" } else { self.issuer.as_str() },
            "aud": if is(Fault::WrongAudience) { "somebody.else" } else { CLIENT_ID },
            "azp": if is(Fault::WrongAudience) { "somebody.else" } else { CLIENT_ID },
            "sub": grant.person.subject,
            "nonce": if is(Fault::WrongNonce) { "another" } else { grant.nonce.as_str() },
            "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
            "name": "Grace Hopper",
            "iat": now,
            "exp": now + 3_600,
        });
        if self.kind != Kind::Work {
            claims["email"] = json!(grant.person.email);
            claims["email_verified"] = self.verified(&grant.person);
        }
        let (algorithm, kind) = match fault {
            Some(Fault::Unsigned) => ("none", "rsa"),
            Some(Fault::SignedWithSecret | Fault::SignedWithPublicKey) => ("HS256", "rsa"),
            _ if elliptic => ("ES256", "ec"),
            _ if self.kind == Kind::Work => ("PS256", "rsa"),
            _ => ("RS256", "rsa"),
        };
        let unknown = if is(Fault::UnknownKey) { "unknown-" } else { "" };
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": format!("{unknown}{kind}-{names}")});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = match fault {
            Some(Fault::Unsigned) => String::new(),
            Some(Fault::SignedWithSecret) => hs256(CLIENT_SECRET.as_bytes(), &message),
            Some(Fault::SignedWithPublicKey) => {
                let public = self.rsa.public_key().as_der().expect("a public key");
                hs256(public.as_ref(), &message)
            }
            _ => URL_SAFE_NO_PAD.encode(self.sign(elliptic, message.as_bytes())),
        };
        if is(Fault::Altered) {
            let mut altered = claims;
            altered["sub"] = json!("somebody else");
            return format!("{}.{}.{signature}", part(&header), part(&altered));
        }
        format!("{message}.{signature}")
    }
}

impl Inner {
    fn redirect_url(&self) -> String {
        redirect_url(self.state.lock().expect("a provider that didn't panic").name)
    }

    fn verified(&self, person: &Person) -> Value {
        if self.kind == Kind::Apple { json!(person.verified.to_string()) } else { json!(person.verified) }
    }
}

fn hs256(secret: &[u8], message: &str) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).expect("a signature")
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
