//! The client's address: the peer's, or the one reported by trusted proxies.

use std::net::IpAddr;

use actix_web::dev::RequestHead;

use crate::http::settings::HttpSettings;

/// The client's address: the proxies' headers are walked from the right for as long as trusted proxies wrote them.
pub(crate) fn client_address(head: &RequestHead, settings: &HttpSettings) -> Option<IpAddr> {
    let mut address = head.peer_addr?.ip().to_canonical();
    if !settings.trusts(address) {
        return Some(address);
    }
    for hop in settings.forwarded_headers.hops(head.headers()) {
        // A trusted proxy sent an invalid address: the proxy itself is the last known one.
        let Some(hop) = hop else { break };
        address = hop;
        if !settings.trusts(address) {
            break;
        }
    }
    Some(address)
}

/// Whether the client speaks HTTPS: with us, or with a trusted proxy.
pub(crate) fn is_https(head: &RequestHead, settings: &HttpSettings) -> bool {
    let trusted = head.peer_addr.is_some_and(|peer| settings.trusts(peer.ip()));
    let protocol = || settings.forwarded_headers.protocol(head.headers());
    trusted && protocol().is_some_and(|protocol| protocol.eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::forwarded::ForwardedHeaders;
    use actix_web::test::TestRequest;

    fn address(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let settings = HttpSettings {
            metrics_token: None,
            trace_parent: None,
            production: false,
            trusted_proxies: trusted.iter().map(|network| network.parse().unwrap()).collect(),
            forwarded_headers: ForwardedHeaders::XForwarded,
            cors_origins: vec![],
            rate_limits: crate::http::settings::RateLimits::default(),
            version: "0",
        };
        let mut request = TestRequest::default().peer_addr(format!("{peer}:1234").parse().unwrap());
        for line in forwarded {
            request = request.append_header(("x-forwarded-for", *line));
        }
        client_address(request.to_http_request().head(), &settings).unwrap().to_string()
    }

    #[test]
    fn a_header_from_nobody_trusted_is_ignored() {
        assert_eq!(address("203.0.113.9", &["1.1.1.1"], &[]), "203.0.113.9");
        assert_eq!(address("203.0.113.9", &["1.1.1.1"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn trusted_hops_are_walked_from_the_right() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(address("10.0.0.1", &["1.1.1.1, 2.2.2.2, 10.9.9.9"], &trusted), "2.2.2.2");
        assert_eq!(address("10.0.0.1", &["1.1.1.1", "2.2.2.2"], &trusted), "2.2.2.2");
        assert_eq!(address("10.0.0.1", &["nonsense"], &trusted), "10.0.0.1");
        assert_eq!(address("[::ffff:10.0.0.1]", &["2001:db8::7"], &trusted), "2001:db8::7");
    }

    #[test]
    fn hops_are_read_as_proxies_write_them() {
        let trusted = ["10.0.0.0/8"];
        for (line, client) in [
            ("2.2.2.2:50123", "2.2.2.2"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("\"2.2.2.2\"", "2.2.2.2"),
            ("\"[2001:db8::7]:443\"", "2001:db8::7"),
            ("[::ffff:2.2.2.2]:443", "2.2.2.2"),
            ("1.1.1.1, 2.2.2.2,", "2.2.2.2"),
            ("2.2.2.2, ,10.0.0.9:80 , ", "2.2.2.2"),
            ("\"1.1.1.1, 2.2.2.2", "2.2.2.2"),
            ("unknown", "10.0.0.1"),
            ("2.2.2.2:99999", "10.0.0.1"),
            ("2.2.2.2:", "10.0.0.1"),
            ("[2001:db8::7", "10.0.0.1"),
            ("[2.2.2.2]", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(address("10.0.0.1", &[line], &trusted), client, "{line}");
        }
        // What the client wrote before it can't spoil what the proxy added.
        assert_eq!(address("10.0.0.1", &["1.1.1.1", "2.2.2.2:1"], &trusted), "2.2.2.2");
    }
}
