//! Configuration: read once from the environment, checked as a whole, named in full where it is wrong.

mod backup;
mod environment;
mod mail;
mod media;
mod passkeys;
mod providers;
mod telemetry;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use circadia_api::{ForwardedHeaders, RateLimits};
use circadia_auth::accounts::Verification;
use circadia_auth::passkeys::RelyingParty;
use circadia_auth::stores::RedisAddress;
use circadia_auth::throttles::Quota;
use circadia_storage::Backend;
use ipnet::IpNet;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use backup::BackupConfig;
pub(crate) use backup::BackupSchedule;
use environment::Environment;
pub use mail::{MailConfig, MailTransport};
pub use media::{Bucket, MediaLocation};
pub use providers::ProvidersConfig;
pub use telemetry::{MetricsConfig, ReportsConfig, TracesConfig};
use url::Url;

/// Where front ends are served in development, by most tools and by Vite.
const DEVELOPMENT_ORIGINS: [&str; 4] =
    ["http://localhost:3000", "http://127.0.0.1:3000", "http://localhost:5173", "http://127.0.0.1:5173"];

/// Everything that is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is wrong:\n  - {}", .0.join("\n  - "))]
pub struct ConfigError(pub Vec<String>);

/// How this process is set up.
#[derive(Clone)]
pub struct Config {
    /// Whether this is production (`CIRCADIA_ENV`).
    pub production: bool,
    /// Where to listen (`CIRCADIA_BIND`, `PORT`).
    pub bind: SocketAddr,
    /// Where files are kept (`CIRCADIA_DATA_DIR`).
    pub data_dir: PathBuf,
    /// The database (`DATABASE_URL`, or `CIRCADIA_DB_*`).
    pub database_url: String,
    /// Connections to it at most (`CIRCADIA_DB_CONNECTIONS`); twice the cores.
    pub database_connections: u32,
    /// A read replica of the database (`DATABASE_REPLICA_URL`): a copy of the same kind that may be a moment behind.
    pub database_replica_url: Option<String>,
    /// Redis, for what replicas share and soon forget (`REDIS_URL`); the database and each process's memory without.
    pub redis: Option<RedisAddress>,
    /// What the names of all our keys in Redis begin with (`CIRCADIA_REDIS_PREFIX`): installations may share one.
    pub redis_prefix: String,
    /// The secret that everything shared is sealed under (`CIRCADIA_SECRET_KEY`); in development one is made and kept
    /// in the data folder.
    pub secret_key: Option<String>,
    /// How many requests are served to whom (`CIRCADIA_RATE_LIMITS`, `CIRCADIA_RATE_LIMIT_*`).
    pub rate_limits: RateLimits,
    /// Trusted proxies (`CIRCADIA_TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<IpNet>,
    /// Which headers they write (`CIRCADIA_FORWARDED_HEADERS`).
    pub forwarded_headers: ForwardedHeaders,
    /// Origins that browsers may call from (`CIRCADIA_CORS_ORIGINS`).
    pub cors_origins: Vec<String>,
    /// Where quotations are fetched (`CIRCADIA_QUOTES_URL`); without it the built-in ones are shown.
    pub quotes_url: Option<Url>,
    /// How often (`CIRCADIA_QUOTES_REFRESH_HOURS`).
    pub quotes_refresh_hours: u16,
    /// What signing in through OpenID providers needs (`CIRCADIA_OIDC_*`, `CIRCADIA_GOOGLE_*`, `CIRCADIA_FRONTEND_URL`),
    /// if one is configured.
    pub providers: Option<ProvidersConfig>,
    /// Whom passkeys belong to (`CIRCADIA_WEBAUTHN_*`, `CIRCADIA_FRONTEND_URL`), if there is a domain for it.
    pub relying_party: Option<RelyingParty>,
    /// Whether an account can be used before its address was proven (`CIRCADIA_EMAIL_VERIFICATION`).
    pub verification: Verification,
    /// How mail is sent (`SMTP_URL`, `CIRCADIA_MAIL_FROM`, `CIRCADIA_FRONTEND_URL`).
    pub mail: MailConfig,
    /// Where images are kept (`CIRCADIA_MEDIA_URL`, `AWS_*`).
    pub media: MediaLocation,
    /// Backups (`CIRCADIA_BACKUP_*`).
    pub backup: BackupConfig,
    /// Where metrics are served (`CIRCADIA_METRICS_BIND`, `CIRCADIA_METRICS_TOKEN`).
    pub metrics: MetricsConfig,
    /// Where spans are exported (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`).
    pub traces: Option<TracesConfig>,
    /// Where defects are reported (`SENTRY_DSN`, `SENTRY_ENVIRONMENT`).
    pub reports: Option<ReportsConfig>,
    /// Whether webhooks may be sent to addresses that aren't public, and over plain HTTP
    /// (`CIRCADIA_WEBHOOK_PRIVATE_TARGETS`).
    pub webhook_private_targets: bool,
    /// What is logged (`CIRCADIA_LOG`), as a filter of the `tracing-subscriber` crate.
    pub log: String,
}

impl std::fmt::Debug for Config {
    /// Without secrets: the key, and the URL with its password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("production", &self.production)
            .field("bind", &self.bind)
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

/// What is logged without a filter.
const DEFAULT_LOG: &str = "info";
/// Goes before any filter, which may name these otherwise: the HTTP library logs as errors what strangers get wrong, and in
/// several lines that it starts, which we say in one.
const QUIET_LIBRARIES: &str = "actix_http::h1::dispatcher=off,actix_server=warn";

/// The limits of `standard` (per minute) and `strict` (signed in: per hour).
fn preset(name: &str) -> Result<RateLimits, String> {
    let quota = |burst, seconds| Some(Quota::new(burst, seconds));
    let common = RateLimits {
        auth: quota(5, 60),
        refresh: quota(300, 60),
        anonymous: quota(20, 60),
        user: None,
        transfer: quota(10, 3600),
    };
    match name {
        "standard" => Ok(RateLimits { user: quota(120, 60), ..common }),
        "strict" => Ok(RateLimits { user: quota(200, 3600), ..common }),
        "off" => Ok(RateLimits::default()),
        _ => Err("must be `standard`, `strict` or `off`".into()),
    }
}

/// Reads `5/min`: a burst, and the period in which it refills (`s`, `min`, `h` or `d`).
fn quota(text: &str) -> Result<Quota, String> {
    let wrong = || "must be a number per period such as `5/min` (s, min, h, d)".to_owned();
    let (burst, period) = text.split_once('/').ok_or_else(wrong)?;
    let burst = burst.trim().parse::<u32>().ok().filter(|burst| (1..=1_000_000).contains(burst)).ok_or_else(wrong)?;
    let seconds = match period.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    Ok(Quota::new(burst, seconds))
}

fn origin(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not an origin such as `https://app.example.org` (scheme and host, no path)");
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(wrong)?;
    let fine = !rest.is_empty()
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
    if fine { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// An address that can be asked over HTTP.
fn web_address(text: &str) -> Result<Url, String> {
    let wrong = || "must be an address such as `https://quotes.example.org/all`".to_owned();
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()).ok_or_else(wrong)
}

fn word<const N: usize>(text: &str, words: [&'static str; N]) -> Result<&'static str, String> {
    words.into_iter().find(|word| *word == text).ok_or_else(|| format!("must be one of {}", words.join(", ")))
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(parse).collect()
}

impl Config {
    /// Reads the process's environment, and beneath it the file that `CIRCADIA_ENV_FILE` names, or `.env` of the working
    /// folder.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn from_process() -> Result<Self, ConfigError> {
        environment::load_file().map_err(|wrong| ConfigError(vec![wrong]))?;
        Self::from_variables(std::env::vars())
    }

    /// Reads a set of variables.
    ///
    /// # Errors
    /// Everything that is wrong, at once: values that can't be read, unknown names, what production lacks.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut env = Environment::new(variables);
        // Names another file than those of `<name>_FILE`: see `environment::load_file`.
        env.expect(environment::FILE_VARIABLE);
        let production =
            env.read_plain("CIRCADIA_ENV", |text| word(text, ["development", "production"])) == Some("production");
        let bind = env.read("CIRCADIA_BIND", |text| {
            text.parse::<SocketAddr>().map_err(|_| "must be an address and a port such as `127.0.0.1:8000`".to_owned())
        });
        let port = env.read("PORT", |text| text.parse::<u16>().map_err(|_| "must be a port (0–65535)".to_owned()));
        let data_dir = env.read("CIRCADIA_DATA_DIR", |text| Ok(PathBuf::from(text))).unwrap_or_else(|| "./data".into());
        let database_url = database_url(&mut env, &data_dir);
        let database_connections = env.read("CIRCADIA_DB_CONNECTIONS", |text| {
            text.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or_else(|| "must be between 1 and 1000".to_owned())
        });
        let database_replica_url = env.read("DATABASE_REPLICA_URL", |text| replica_url(text, &database_url));
        let redis = env.read("REDIS_URL", RedisAddress::parse);
        let redis_prefix = env.read("CIRCADIA_REDIS_PREFIX", |text| Ok(text.to_owned()));
        let secret_key = env.read("CIRCADIA_SECRET_KEY", |text| {
            if text.len() < 32 { Err("must have at least 32 characters".to_owned()) } else { Ok(text.to_owned()) }
        });
        if production && secret_key.is_none() {
            env.refuse("CIRCADIA_SECRET_KEY is required in production: at least 32 random characters, the same for every replica (`openssl rand -base64 32`)");
        }
        let rate_limits = rate_limits(&mut env);
        let trusted_proxies = env.read("CIRCADIA_TRUSTED_PROXIES", |text| list(text, network)).unwrap_or_default();
        let forwarded_headers = env.read("CIRCADIA_FORWARDED_HEADERS", forwarded_headers).unwrap_or_default();
        let mut cors_origins = env.read("CIRCADIA_CORS_ORIGINS", |text| list(text, origin)).unwrap_or_default();
        let quotes_url = env.read("CIRCADIA_QUOTES_URL", web_address);
        let quotes_refresh_hours = env.read("CIRCADIA_QUOTES_REFRESH_HOURS", |text| {
            text.parse()
                .ok()
                .filter(|hours| (1..=720).contains(hours))
                .ok_or_else(|| "must be between 1 and 720".to_owned())
        });
        let front_end = providers::front_end(&mut env);
        // The front end calls from browsers: that needs no saying twice.
        let own: Vec<String> = match &front_end {
            Some(url) => vec![url.origin().ascii_serialization()],
            None if production => Vec::new(),
            None => DEVELOPMENT_ORIGINS.map(str::to_owned).into(),
        };
        let new: Vec<String> = own.into_iter().filter(|own| !cors_origins.contains(own)).collect();
        cors_origins.extend(new);
        let relying_party = passkeys::read(&mut env, production, front_end.as_ref(), &cors_origins);
        let providers = providers::read(&mut env, production, front_end.clone());
        let mail = mail::read(&mut env, production, &data_dir, front_end.as_ref());
        let media = media::read(&mut env, &data_dir);
        let backup = backup::read(&mut env, &data_dir);
        let metrics = telemetry::metrics(&mut env);
        let traces = telemetry::traces(&mut env);
        let reports = telemetry::reports(&mut env, production);
        let webhook_private_targets =
            env.read("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", |text| word(text, ["true", "false"])) == Some("true");
        let log = env.read("CIRCADIA_LOG", |text| {
            tracing_subscriber::EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
        });
        env.finish()?;
        let no_mail = || ConfigError(vec!["mail can't be set up".to_owned()]);
        let (verification, mail) = mail.ok_or_else(no_mail)?;
        let bind = bind.unwrap_or(match port {
            // Platforms that say which port also route to it from outside.
            Some(port) => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port),
            None => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000),
        });
        Ok(Self {
            production,
            bind: port.map_or(bind, |port| SocketAddr::new(bind.ip(), port)),
            data_dir,
            database_url,
            database_replica_url,
            database_connections: database_connections.unwrap_or_else(default_connections),
            redis,
            redis_prefix: redis_prefix.unwrap_or_else(|| "circadia:".to_owned()),
            secret_key,
            rate_limits,
            trusted_proxies,
            forwarded_headers,
            cors_origins,
            quotes_url,
            quotes_refresh_hours: quotes_refresh_hours.unwrap_or(24),
            relying_party,
            providers,
            verification,
            mail,
            media,
            backup,
            metrics,
            traces,
            reports,
            webhook_private_targets,
            log: format!("{QUIET_LIBRARIES},{}", log.as_deref().unwrap_or(DEFAULT_LOG)),
        })
    }
}

fn default_connections() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    u32::try_from(cores * 2).unwrap_or(8).clamp(8, 64)
}

fn network(text: &str) -> Result<IpNet, String> {
    let wrong = || format!("`{text}` is not a network such as `10.0.0.0/8`");
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| wrong())
}

fn forwarded_headers(text: &str) -> Result<ForwardedHeaders, String> {
    let standard = word(text, ["x-forwarded", "forwarded"])? == "forwarded";
    Ok(if standard { ForwardedHeaders::Forwarded } else { ForwardedHeaders::XForwarded })
}

fn rate_limits(env: &mut Environment) -> RateLimits {
    let preset = env.read("CIRCADIA_RATE_LIMITS", preset).or_else(|| preset("standard").ok()).unwrap_or_default();
    RateLimits {
        auth: env.read("CIRCADIA_RATE_LIMIT_AUTH", quota).or(preset.auth),
        refresh: env.read("CIRCADIA_RATE_LIMIT_REFRESH", quota).or(preset.refresh),
        anonymous: env.read("CIRCADIA_RATE_LIMIT_ANONYMOUS", quota).or(preset.anonymous),
        user: env.read("CIRCADIA_RATE_LIMIT_USER", quota).or(preset.user),
        transfer: env.read("CIRCADIA_RATE_LIMIT_TRANSFER", quota).or(preset.transfer),
    }
}

/// The URL of a read replica, which must be of the database's kind.
fn replica_url(text: &str, database_url: &str) -> Result<String, String> {
    match (Backend::of_url(text), Backend::of_url(database_url)) {
        (Ok(Backend::Sqlite), _) => Err("must be that of a database server: SQLite has no replicas".to_owned()),
        (Ok(kind), Ok(main)) if kind == main => Ok(text.to_owned()),
        (Ok(_), _) => Err("must be a copy of DATABASE_URL's database, so of the same kind".to_owned()),
        (Err(error), _) => Err(error.to_string()),
    }
}

/// The database's URL: given, made of its parts, or the embedded default.
fn database_url(env: &mut Environment, data_dir: &std::path::Path) -> String {
    let text = |text: &str| Ok(text.to_owned());
    let url = env.read("DATABASE_URL", text);
    let host = env.read("CIRCADIA_DB_HOST", text);
    let port = env.read("CIRCADIA_DB_PORT", |text| text.parse::<u16>().map_err(|_| "must be a port".to_owned()));
    let user = env.read("CIRCADIA_DB_USER", text);
    let password = env.read("CIRCADIA_DB_PASSWORD", text);
    let name = env.read("CIRCADIA_DB_NAME", text);
    let kind = env.read("CIRCADIA_DB_KIND", |text| word(text, ["postgres", "mysql"]));
    let in_parts =
        host.is_some() || port.is_some() || user.is_some() || password.is_some() || name.is_some() || kind.is_some();
    match (url, in_parts) {
        (Some(_), true) => {
            env.refuse(
                "DATABASE_URL and CIRCADIA_DB_* contradict each other: give the database as a whole or in parts",
            );
            String::new()
        }
        (Some(url), false) => url,
        (None, false) => format!("sqlite://{}", data_dir.join("circadia.db").display()),
        (None, true) => {
            let (Some(host), Some(user), Some(name)) = (host, user, name) else {
                env.refuse(
                    "a database in parts needs at least CIRCADIA_DB_HOST, CIRCADIA_DB_USER and CIRCADIA_DB_NAME",
                );
                return String::new();
            };
            let encode = |part: &str| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string();
            let secret = password.map(|password| format!(":{}", encode(&password))).unwrap_or_default();
            let kind = kind.unwrap_or("postgres");
            let port = port.unwrap_or(if kind == "mysql" { 3306 } else { 5432 });
            format!("{kind}://{}{secret}@{host}:{port}/{}", encode(&user), encode(&name))
        }
    }
}

#[cfg(test)]
mod tests;
