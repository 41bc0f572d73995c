//! How the service is served.

use std::net::IpAddr;

use actix_web::http::header::HeaderMap;
use circadia_auth::operator_token::OperatorToken;
use circadia_auth::throttles::Quota;
use ipnet::IpNet;
use tracing::Span;

use crate::http::forwarded::ForwardedHeaders;

/// How the service is served.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// HTTPS only, with HSTS, and no development aids in answers.
    pub production: bool,
    /// Proxies whose headers about the client are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Which headers these are.
    pub forwarded_headers: ForwardedHeaders,
    /// Origins that browsers may call from.
    pub cors_origins: Vec<String>,
    pub rate_limits: RateLimits,
    /// What `GET /metrics` asks for; `None` if there is no such path.
    pub metrics_token: Option<OperatorToken>,
    /// Takes over the trace of the caller; `None` if there are no traces.
    pub trace_parent: Option<fn(&Span, &HeaderMap)>,
    /// The version that is running.
    pub version: &'static str,
}

/// How many requests are served; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Where credentials are tried: per address, and per account.
    pub auth: Option<Quota>,
    /// Refreshing: per address. Refresh tokens can't be guessed, and offices share an address.
    pub refresh: Option<Quota>,
    /// Without a sign-in: per address.
    pub anonymous: Option<Quota>,
    /// Per user.
    pub user: Option<Quota>,
    /// Exports and imports: per user.
    pub transfer: Option<Quota>,
}

impl HttpSettings {
    /// Whether `peer` is a trusted proxy.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        // An IPv4 peer of a dual-stack socket shows as ::ffff:a.b.c.d.
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}
