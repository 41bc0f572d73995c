//! Signing in through OpenID providers: everything that each needs, or nothing.
//!
//! `CIRCADIA_OIDC_PROVIDERS` names them, and `CIRCADIA_OIDC_<NAME>_…` configures each. The one named `google` is configured
//! by `CIRCADIA_GOOGLE_…`, and needn't be named.

use std::net::IpAddr;

use circadia_auth::oauth::{APPLE_ISSUER, ClientSecret, GOOGLE_ISSUER, ProviderSettings, ResponseMode};
use circadia_domain::identities::{Issuer, ProviderName};
use url::{Host, Url};
use uuid::Uuid;

use super::environment::Environment;
use super::{list, word};

/// What signing in through providers needs.
#[derive(Debug, Clone)]
pub struct ProvidersConfig {
    /// The providers, one at least.
    pub providers: Vec<ProviderSettings>,
    /// Where browsers end up (`CIRCADIA_FRONTEND_URL`).
    pub front_end: Url,
}

/// The most providers: they are shown as buttons.
const MAX_PROVIDERS: usize = 16;

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// A URL over HTTPS, or over plain HTTP on loopback in development, without credentials, query and fragment.
fn url(text: &str, production: bool) -> Result<Url, String> {
    let wrong = || "must be a URL such as `https://app.example.org`, without credentials, `?` and `#`".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    match url.scheme() {
        "https" if bare => Ok(url),
        "http" if bare && !production && is_loopback(&url) => Ok(url),
        "http" if bare => Err("must be HTTPS (plain HTTP is for loopback in development)".to_owned()),
        _ => Err(wrong()),
    }
}

/// Reads where browsers end up, and where links in mail lead.
pub(super) fn front_end(env: &mut Environment) -> Option<Url> {
    env.read("CIRCADIA_FRONTEND_URL", |text| url(text, false))
}

/// Reads the settings of every provider. An incomplete set is an error.
pub(super) fn read(env: &mut Environment, production: bool, front_end: Option<Url>) -> Option<ProvidersConfig> {
    let mut names = env.read("CIRCADIA_OIDC_PROVIDERS", names).unwrap_or_default();
    let is_google = |name: &ProviderName| name.as_str() == ProviderName::GOOGLE;
    let is_named = names.iter().any(is_google);
    if !is_named && let Ok(google) = ProviderName::parse(ProviderName::GOOGLE) {
        names.insert(0, google);
    }
    let mut providers: Vec<ProviderSettings> = Vec::new();
    let mut some = false;
    for name in names {
        let variables = Variables::of(&name);
        let read = variables.read(env, &name, production);
        // Without having been named, Google is there if anything is said about it.
        if is_named || variables.prefix != GOOGLE_PREFIX || read.is_configured {
            some = true;
            read.refuse_missing(env, &variables, &name);
            providers.extend(read.settings);
        }
    }
    if some && front_end.is_none() && !env.is_refused("CIRCADIA_FRONTEND_URL") {
        env.refuse("CIRCADIA_FRONTEND_URL is required to sign in through a provider: browsers return there");
    }
    for (index, provider) in providers.iter().enumerate() {
        let issuers = provider.issuers();
        let mut others = providers.iter().take(index);
        if let Some(other) = others.find(|other| other.issuers().iter().any(|issuer| issuers.contains(issuer))) {
            env.refuse(format!("CIRCADIA_OIDC_PROVIDERS: `{}` and `{}` have one issuer", other.name, provider.name));
        }
    }
    if providers.is_empty() { None } else { Some(ProvidersConfig { providers, front_end: front_end? }) }
}

fn names(text: &str) -> Result<Vec<ProviderName>, String> {
    let names = list(text, |name| {
        ProviderName::parse(name).map_err(|_| {
            format!("`{name}` is not a name of lowercase letters, digits and single hyphens, such as `work`")
        })
    })?;
    if names.len() > MAX_PROVIDERS {
        return Err(format!("must name at most {MAX_PROVIDERS} providers"));
    }
    let is_repeated = |(index, name): (usize, &ProviderName)| names.iter().take(index).any(|other| other == name);
    match names.iter().enumerate().find(|(index, name)| is_repeated((*index, name))) {
        Some((_, name)) => Err(format!("names `{name}` twice")),
        None => Ok(names),
    }
}

const GOOGLE_PREFIX: &str = "CIRCADIA_GOOGLE";

/// What the variables of a provider are called.
struct Variables {
    prefix: String,
}

/// What was read of a provider.
struct Read {
    /// Whether any of its variables is set.
    is_configured: bool,
    /// The variables that must be set, and aren't.
    missing: Vec<&'static str>,
    settings: Option<ProviderSettings>,
}

impl Read {
    fn refuse_missing(&self, env: &mut Environment, variables: &Variables, provider: &ProviderName) {
        for name in self.missing.iter().map(|suffix| variables.name(suffix)) {
            if !env.is_refused(&name) {
                let prefix = &variables.prefix;
                env.refuse(format!("{name} is required to sign in through `{provider}` (configured by {prefix}_*)"));
            }
        }
    }
}

impl Variables {
    fn of(provider: &ProviderName) -> Self {
        let prefix = match provider.as_str() {
            ProviderName::GOOGLE => GOOGLE_PREFIX.to_owned(),
            name => format!("CIRCADIA_OIDC_{}", name.to_ascii_uppercase().replace('-', "_")),
        };
        Self { prefix }
    }

    fn name(&self, suffix: &str) -> String {
        format!("{}_{suffix}", self.prefix)
    }

    fn read(&self, env: &mut Environment, name: &ProviderName, production: bool) -> Read {
        let before = env.found();
        let text = |text: &str| Ok(text.to_owned());
        let client_id = env.read(&self.name("CLIENT_ID"), text);
        let shared = env.read(&self.name("CLIENT_SECRET"), text);
        let signed = self.signed_secret(env);
        let redirect_url = env.read(&self.name("REDIRECT_URL"), |text| redirect_url(text, name, production));
        // Word for word: it is compared with what the provider says of itself.
        let issuer = env.read(&self.name("ISSUER"), |text| {
            url(text, production)?;
            Issuer::parse(text).ok_or_else(|| "must have at most 255 characters of ASCII".to_owned())
        });
        let tenants = env.read(&self.name("TENANTS"), |text| list(text, tenant)).unwrap_or_default();
        let title = env.read(&self.name("NAME"), title);
        let scopes = env.read(&self.name("SCOPES"), scopes);
        let response_mode = env.read(&self.name("RESPONSE_MODE"), |text| word(text, ["query", "form_post"]));
        let trusts_emails = env.read(&self.name("TRUST_EMAIL"), |text| word(text, ["true", "false"]));
        let is_configured = env.found() > before;

        let issuer = match issuer {
            None if self.prefix == GOOGLE_PREFIX => Issuer::parse(GOOGLE_ISSUER),
            issuer => issuer,
        };
        let has_secret = shared.is_some() || signed.is_some();
        let needed = [
            ("ISSUER", issuer.is_none()),
            ("CLIENT_ID", client_id.is_none()),
            ("CLIENT_SECRET", !has_secret && !self.is_any_refused(env, &SIGNED)),
            ("REDIRECT_URL", redirect_url.is_none()),
        ];
        let missing = needed.into_iter().filter(|(_, is_missing)| *is_missing).map(|(suffix, _)| suffix).collect();
        let client_secret = match (shared, signed) {
            (Some(_), Some(_)) => {
                let [secret, team] = ["CLIENT_SECRET", "TEAM_ID"].map(|suffix| self.name(suffix));
                env.refuse(format!("{secret} and {team} are both set: one of them has to go"));
                None
            }
            (Some(text), None) => Some(ClientSecret::shared(&text)),
            (None, signed) => signed,
        };
        let scopes = scopes.unwrap_or_else(|| ["openid", "email"].map(str::to_owned).into());
        let settings = match (issuer, client_id, client_secret, redirect_url) {
            (Some(issuer), Some(client_id), Some(client_secret), Some(redirect_url)) => {
                // Apple insists on a form whenever it is asked for more than the subject.
                let posts = issuer.as_str() == APPLE_ISSUER && scopes.len() > 1;
                let response_mode = match response_mode {
                    Some("form_post") => ResponseMode::FormPost,
                    None if posts => ResponseMode::FormPost,
                    _ => ResponseMode::Query,
                };
                Some(ProviderSettings {
                    name: name.clone(),
                    title: title.unwrap_or_else(|| title_of(name)),
                    issuer,
                    tenants,
                    client_id,
                    client_secret,
                    redirect_url,
                    scopes,
                    response_mode,
                    trusts_emails: trusts_emails == Some("true"),
                })
            }
            _ => None,
        };
        if settings.as_ref().is_some_and(|settings| settings.issuers().is_empty()) {
            env.refuse(format!(
                "{} must have a path whose first segment stands for the tenants, such as \
                 `https://login.microsoftonline.com/organizations/v2.0`",
                self.name("ISSUER")
            ));
        }
        Read { is_configured, missing, settings }
    }

    /// Apple's secret is signed by a key.
    fn signed_secret(&self, env: &mut Environment) -> Option<ClientSecret> {
        let [team_id, key_id, private_key] =
            SIGNED.map(|suffix| env.read(&self.name(suffix), |text| Ok(text.to_owned())));
        let given = [&team_id, &key_id, &private_key].map(Option::is_some);
        if given.contains(&true) && given.contains(&false) {
            for (suffix, _) in SIGNED.into_iter().zip(given).filter(|(_, given)| !given) {
                let name = self.name(suffix);
                if !env.is_refused(&name) {
                    env.refuse(format!("{name} is required for a client secret that is signed"));
                }
            }
        }
        let secret = ClientSecret::signed(&team_id?, &key_id?, &private_key?);
        if secret.is_none() {
            let name = self.name("PRIVATE_KEY");
            env.refuse(format!("{name} must be a private key of the curve P-256 in PKCS #8 PEM (Apple's .p8 file)"));
        }
        secret
    }

    fn is_any_refused(&self, env: &Environment, suffixes: &[&str]) -> bool {
        suffixes.iter().any(|suffix| env.is_refused(&self.name(suffix)))
    }
}

/// What a signed client secret is made of.
const SIGNED: [&str; 3] = ["TEAM_ID", "KEY_ID", "PRIVATE_KEY"];

/// The address of this API's callback for a provider; the same for two would let them be mixed up.
fn redirect_url(text: &str, name: &ProviderName, production: bool) -> Result<Url, String> {
    let url = url(text, production)?;
    let end = format!("/auth/providers/{name}/callback");
    if url.path().ends_with(&end) {
        Ok(url)
    } else {
        Err(format!("must be this API's own address that ends with `{end}`, as registered at the provider"))
    }
}

/// The id of a tenant of Microsoft Entra.
fn tenant(text: &str) -> Result<String, String> {
    let id = Uuid::parse_str(text).map_err(|_| format!("`{text}` is not the id of a tenant (a UUID)"))?;
    Ok(id.hyphenated().to_string())
}

fn title(text: &str) -> Result<String, String> {
    let fine = (1..=60).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fine { Ok(text.to_owned()) } else { Err("must have 1 to 60 characters on one line".to_owned()) }
}

fn title_of(name: &ProviderName) -> String {
    let mut letters = name.as_str().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Scopes with blanks between (RFC 6749 §3.3).
fn scopes(text: &str) -> Result<Vec<String>, String> {
    let scopes: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    let is_token = |scope: &String| scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if scopes.iter().any(|scope| scope == "openid") && scopes.iter().all(is_token) {
        Ok(scopes)
    } else {
        Err("must be scopes with blanks between, `openid` among them, such as `openid email`".to_owned())
    }
}
