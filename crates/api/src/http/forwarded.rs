//! What proxies say about the client, in their headers: `X-Forwarded-For` and `X-Forwarded-Proto`, or `Forwarded`
//! (RFC 7239).
//!
//! Clients can send these headers, too; a proxy adds to them on the right. So they are read from the right, and what is
//! malformed further left doesn't matter.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::HeaderMap;

/// Which headers trusted proxies write. The others are ignored: a proxy passes on what the client wrote there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ForwardedHeaders {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeaders {
    /// The addresses that the proxies were called from, the last proxy's first. `None` for one that can't be read, such
    /// as `unknown` or `_hidden`.
    pub(crate) fn hops(self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        match self {
            Self::XForwarded => elements(headers, "x-forwarded-for", false).iter().map(|hop| address(hop)).collect(),
            Self::Forwarded => {
                let hop = |element: &String| parameter(element, "for").and_then(|node| address(&node));
                elements(headers, "forwarded", true).iter().map(hop).collect()
            }
        }
    }

    /// The protocol by which the last proxy was called.
    pub(crate) fn protocol(self, headers: &HeaderMap) -> Option<String> {
        match self {
            Self::XForwarded => elements(headers, "x-forwarded-proto", false).into_iter().next(),
            Self::Forwarded => parameter(elements(headers, "forwarded", true).first()?, "proto"),
        }
    }
}

/// The elements of a header that is a list, from the last to the first; empty ones are left out (RFC 9110 §5.6.1).
fn elements(headers: &HeaderMap, name: &str, quotable: bool) -> Vec<String> {
    let lines: Vec<_> = headers.get_all(name).map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let all = lines.iter().rev().flat_map(|line| split_from_the_right(line, ',', quotable));
    all.map(str::trim).filter(|element| !element.is_empty()).map(str::to_owned).collect()
}

/// The parts of a text between separators, from the last to the first. If `quotable`, those in quotes separate nothing.
fn split_from_the_right(text: &str, separator: char, quotable: bool) -> Vec<&str> {
    let mut quoted = false;
    text.rsplit(|c: char| {
        quoted ^= quotable && c == '"';
        c == separator && !quoted
    })
    .collect()
}

/// The value of a parameter of an element of `Forwarded`, without quotes.
fn parameter(element: &str, name: &str) -> Option<String> {
    let pairs = split_from_the_right(element, ';', true).into_iter().filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(own, _)| own.trim().eq_ignore_ascii_case(name)).map(|(_, value)| unquoted(value));
    values.next().map(str::to_owned)
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text).trim()
}

/// Reads `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`, each but the second perhaps with `:port`, all perhaps in quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = unquoted(text);
    let address = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    address.ok().or_else(in_brackets).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn headers(name: &'static str, lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn hops(line: &str) -> Vec<String> {
        let hops = ForwardedHeaders::Forwarded.hops(&headers("forwarded", &[line.as_bytes()]));
        hops.into_iter().map(|hop| hop.map_or("none".to_owned(), |hop| hop.to_string())).collect()
    }

    #[test]
    fn examples_of_rfc_7239() {
        assert_eq!(hops("for=\"_gazonk\""), ["none"]);
        assert_eq!(hops("For=\"[2001:db8:cafe::17]:4711\""), ["2001:db8:cafe::17"]);
        assert_eq!(hops("for=192.0.2.60;proto=http;by=203.0.113.43"), ["192.0.2.60"]);
        assert_eq!(hops("for=192.0.2.43, for=198.51.100.17"), ["198.51.100.17", "192.0.2.43"]);
        assert_eq!(
            hops("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"),
            ["none", "2001:db8:cafe::17", "192.0.2.43"]
        );
        assert_eq!(hops("for=_hidden, for=_SEVKISEK"), ["none", "none"]);
        assert_eq!(hops("by=203.0.113.43;proto=https"), ["none"]);
    }

    #[test]
    fn separators_in_quotes_separate_nothing() {
        assert_eq!(hops("by=\"a,b;for=1.1.1.1\";for=2.2.2.2"), ["2.2.2.2"]);
        assert_eq!(hops("for=\"2.2.2.2:1\" ; host=\"x,y\","), ["2.2.2.2"]);
    }

    #[test]
    fn nothing_that_a_client_wrote_spoils_what_a_proxy_added() {
        for evil in ["for=\"1.1.1.1", "\"", "for=\"\\\"", "=;,=\"", ";;;"] {
            assert_eq!(hops(&format!("{evil}, for=2.2.2.2")).first().map(String::as_str), Some("2.2.2.2"), "{evil}");
        }
        let bytes: &[u8] = b"\xff\xfe, 2.2.2.2";
        let hops = ForwardedHeaders::XForwarded.hops(&headers("x-forwarded-for", &[bytes]));
        assert_eq!(hops, [Some("2.2.2.2".parse().unwrap()), None]);
    }

    #[test]
    fn the_protocol_is_that_of_the_last_proxy() {
        let x = |line: &str| ForwardedHeaders::XForwarded.protocol(&headers("x-forwarded-proto", &[line.as_bytes()]));
        assert_eq!(x("http, https,").as_deref(), Some("https"));
        assert_eq!(x("https"), Some("https".to_owned()));
        assert_eq!(x(""), None);
        let standard = |line: &str| ForwardedHeaders::Forwarded.protocol(&headers("forwarded", &[line.as_bytes()]));
        assert_eq!(standard("for=1.1.1.1;proto=https").as_deref(), Some("https"));
        assert_eq!(standard("for=1.1.1.1;proto=https, for=2.2.2.2"), None);
        assert_eq!(standard("Proto=\"HTTPS\"").as_deref(), Some("HTTPS"));
    }
}
