//! What operators see of this process.

use std::fmt;
use std::net::SocketAddr;

use circadia_auth::operator_token::OperatorToken;
use reqwest::header::{HeaderName, HeaderValue};
use sentry::types::Dsn;
use url::Url;

use super::environment::Environment;

/// A token that can't be guessed.
const MIN_TOKEN_CHARACTERS: usize = 16;

/// Where metrics are served: nowhere unless one of the two is given.
#[derive(Debug, Clone, Default)]
pub struct MetricsConfig {
    /// An address of their own (`CIRCADIA_METRICS_BIND`).
    pub bind: Option<SocketAddr>,
    /// What is asked for (`CIRCADIA_METRICS_TOKEN`). With it, metrics are also served at the API's address.
    pub token: Option<OperatorToken>,
}

pub(super) fn metrics(env: &mut Environment) -> MetricsConfig {
    let bind = env.read("CIRCADIA_METRICS_BIND", |text| {
        text.parse().map_err(|_| "must be an address and a port such as `127.0.0.1:9464`".to_owned())
    });
    let token = env.read("CIRCADIA_METRICS_TOKEN", |text| {
        let sound = text.len() >= MIN_TOKEN_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_graphic());
        let wrong = || format!("must have at least {MIN_TOKEN_CHARACTERS} ASCII characters, and no blanks");
        sound.then(|| OperatorToken::new(text)).ok_or_else(wrong)
    });
    MetricsConfig { bind, token }
}

/// Where spans are exported.
#[derive(Clone)]
pub struct TracesConfig {
    /// The collector's path for spans (`OTEL_EXPORTER_OTLP_ENDPOINT`, with `/v1/traces`).
    pub endpoint: Url,
    /// Headers of each request (`OTEL_EXPORTER_OTLP_HEADERS`), such as one with a key.
    pub headers: Vec<(String, String)>,
    /// What the collector calls this service (`OTEL_SERVICE_NAME`).
    pub service_name: String,
}

impl fmt::Debug for TracesConfig {
    /// Without the headers, which may have a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracesConfig").field("service_name", &self.service_name).finish_non_exhaustive()
    }
}

/// Where defects are reported.
#[derive(Clone)]
pub struct ReportsConfig {
    /// The project at Sentry (`SENTRY_DSN`).
    pub dsn: Dsn,
    /// What Sentry calls this installation (`SENTRY_ENVIRONMENT`).
    pub environment: String,
}

impl fmt::Debug for ReportsConfig {
    /// Without the DSN, which has a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportsConfig").field("environment", &self.environment).finish_non_exhaustive()
    }
}

/// Reads `key=value,key=value`.
fn headers(text: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = || "must be headers such as `api-key=secret,tenant=home`".to_owned();
    super::list(text, |item| {
        let (name, value) = item.split_once('=').ok_or_else(wrong)?;
        let (name, value) = (name.trim(), value.trim());
        let is_name = HeaderName::from_bytes(name.as_bytes()).is_ok();
        let is_value = HeaderValue::from_str(value).is_ok();
        if is_name && is_value { Ok((name.to_owned(), value.to_owned())) } else { Err(wrong()) }
    })
}

pub(super) fn traces(env: &mut Environment) -> Option<TracesConfig> {
    let endpoint = env.read("OTEL_EXPORTER_OTLP_ENDPOINT", |text| {
        let mut url = super::web_address(text)?;
        let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    });
    let headers = env.read("OTEL_EXPORTER_OTLP_HEADERS", headers).unwrap_or_default();
    let service_name = env.read("OTEL_SERVICE_NAME", |text| Ok(text.to_owned()));
    let service_name = service_name.unwrap_or_else(|| "circadia".to_owned());
    Some(TracesConfig { endpoint: endpoint?, headers, service_name })
}

pub(super) fn reports(env: &mut Environment, production: bool) -> Option<ReportsConfig> {
    let dsn = env.read("SENTRY_DSN", |text| {
        text.parse::<Dsn>().map_err(|_| "must be a DSN such as `https://key@sentry.example.org/1`".to_owned())
    });
    let environment = env.read("SENTRY_ENVIRONMENT", |text| Ok(text.to_owned()));
    let environment = environment.unwrap_or_else(|| if production { "production" } else { "development" }.to_owned());
    Some(ReportsConfig { dsn: dsn?, environment })
}
