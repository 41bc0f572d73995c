//! OpenID providers on loopback: discovery, authorisation, tokens and keys over HTTP, with real checks of the client,
//! the redirect URL and PKCE, and ID tokens that are really signed. Tests can inject faults.

mod endpoints;
mod fault;
mod registration;
mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use self::fault::Fault;
use crate::TestClock;

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
                let server = HttpServer::new(move || App::new().app_data(data.clone()).configure(endpoints::routes))
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
