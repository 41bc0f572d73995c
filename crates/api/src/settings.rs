//! How the service is set up, as far as its HTTP surface shows it.

use std::net::IpAddr;

use circadia_auth::accounts::Verification;
use circadia_auth::throttles::Quota;
use ipnet::IpNet;

/// How the service is set up.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// Whether this is production: HTTPS only, HSTS, no development aids in answers.
    pub production: bool,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// How many requests are served to whom.
    pub rate_limits: RateLimits,
    /// Whether an account can be used before its address was proven.
    pub verification: Verification,
    /// Whether mail can be sent.
    pub sends_mail: bool,
    /// The version that is running.
    pub version: &'static str,
}

/// How many requests are served to whom; none is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Per address and per account, where credentials are tried.
    pub auth: Option<Quota>,
    /// Per address, without having signed in.
    pub anonymous: Option<Quota>,
    /// Per user.
    pub user: Option<Quota>,
}

impl ApiSettings {
    /// Whether `peer` is a proxy whose word counts.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        // An IPv4 peer of a dual-stack socket shows as ::ffff:a.b.c.d.
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}
