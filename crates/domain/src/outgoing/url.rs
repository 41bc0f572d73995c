//! URLs that requests are sent to.

use std::net::IpAddr;

use serde::{Serialize, Serializer};
use url::{Host, Url};

use super::address::is_public;
use crate::violation::Violations;

/// Characters of a URL at most.
const MAX_LENGTH: usize = 2_000;

/// Ports that speak something other than HTTP, and that programs of the web refuse (Fetch, "bad port"), from 1024 on.
const BAD_PORTS: [u16; 16] =
    [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6679, 6697];

/// Ends of names that no public name has (RFC 6761, RFC 6762, RFC 8375, and what is in use).
const PRIVATE_DOMAINS: [&str; 9] =
    ["localhost", "local", "internal", "intranet", "lan", "localdomain", "home.arpa", "onion", "test"];

/// Where a request is sent: an absolute URL of HTTP, without credentials and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingUrl(Url);

impl OutgoingUrl {
    /// Reads a URL, and writes it as browsers do: `https://2130706433/` becomes `https://127.0.0.1/`.
    ///
    /// # Errors
    /// `too_long`; `invalid_url`, saying what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let wrong = |detail: &'static str| Violations::of("invalid_url", detail);
        if text.chars().count() > MAX_LENGTH {
            return Err(Violations::of("too_long", format!("must have at most {MAX_LENGTH} characters")));
        }
        // The parser would leave them out without a word.
        if text.chars().any(|character| character.is_control() || character.is_whitespace()) {
            return Err(wrong("must not contain blanks or control characters"));
        }
        let url = Url::parse(text).map_err(|_| wrong("must be a URL such as `https://example.com/hooks`"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(wrong("must begin with `https://`"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("must not contain a user name or password"));
        }
        if url.fragment().is_some() {
            return Err(wrong("must not contain a fragment (`#…`)"));
        }
        if url.as_str().len() > MAX_LENGTH {
            return Err(Violations::of("too_long", format!("must have at most {MAX_LENGTH} characters when encoded")));
        }
        Ok(Self(url))
    }

    /// Takes a URL that was checked before it was stored.
    pub fn from_stored(text: &str) -> Option<Self> {
        Url::parse(text).ok().map(Self)
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its host, without the port: what may be logged and written to people, unlike paths, which often hold secrets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Its scheme, host and port (RFC 6454), such as `https://push.example.com`.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The address that it names instead of a host that must be looked up.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        }
    }

    /// Whether it may be a URL of the public internet, as far as that can be seen without looking its name up.
    ///
    /// # Errors
    /// `insecure_url`, `private_address`, `bad_port`: all that is wrong with it.
    pub fn check_public(&self) -> Result<(), Violations> {
        let mut wrong = Violations::new();
        if self.0.scheme() != "https" {
            wrong.add("", "insecure_url", "must begin with `https://`");
        }
        let is_public = match self.0.host() {
            Some(Host::Domain(name)) => is_public_name(name),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => self.address().is_some_and(is_public),
            None => false,
        };
        if !is_public {
            wrong.add("", "private_address", "must name a host of the public internet");
        }
        let port = self.0.port_or_known_default().unwrap_or(0);
        let is_usual = matches!(port, 80 | 443) || (port >= 1_024 && !BAD_PORTS.contains(&port));
        if !is_usual {
            wrong.add("", "bad_port", "must have the port 443, or one from 1024 on that isn't of another protocol");
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// Whether a name may be one of the public DNS: it has a dot, and none of the endings that are kept for other uses.
fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_within = |domain: &str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let has_labels = name.contains('.') && name.split('.').all(|label| !label.is_empty());
    has_labels && !PRIVATE_DOMAINS.iter().any(|domain| is_within(domain))
}

impl std::fmt::Display for OutgoingUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for OutgoingUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

json_value!(OutgoingUrl: str => Self::parse; "OutgoingUrl",
    schema::text().pattern(Some("^https?://")).max_length(Some(MAX_LENGTH)).examples(["https://example.com/hooks/circadia"]));

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(text: &str) -> bool {
        OutgoingUrl::parse(text).is_ok_and(|url| url.check_public().is_ok())
    }

    #[test]
    fn public_urls_are_accepted() {
        for url in [
            "https://example.com",
            "https://example.com/hooks?secret=1",
            "https://example.com./",
            "https://example.com:8443/",
            "https://8.8.8.8/",
            "https://[2606:4700:4700::1111]/",
            "https://bücher.example/",
            "https://EXAMPLE.com:443",
            "https://localhost.example.com/",
            "https://mylocal.com/",
        ] {
            assert!(is_accepted(url), "{url}");
        }
    }

    #[test]
    fn urls_that_lead_elsewhere_are_refused() {
        for url in [
            // However an address is written.
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://0/",
            "https://0.0.0.0/",
            "https://①②⑦.⓪.⓪.①/",
            "https://127。0。0。1/",
            "https://%31%32%37.0.0.1/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://0251.0376.0251.0376/",
            "https://100.64.0.1/",
            "https://100.100.100.200/",
            "https://198.18.0.1/",
            "https://224.0.0.1/",
            "https://240.0.0.1/",
            "https://255.255.255.255/",
            "https://[::]/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[::7f00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[2002:7f00:1::]/",
            "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[ff02::1]/",
            "https://[2001:db8::1]/",
            // Names.
            "https://localhost/",
            "https://LOCALHOST/",
            "https://localhost./",
            "https://a.localhost/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://router.lan/",
            "https://intranet/",
            "https://x.home.arpa/",
            "https://a.onion/",
            "https://example..com./",
            "https://example.com../",
            // Ports, schemes, credentials.
            "https://example.com:22/",
            "https://example.com:25/",
            "https://example.com:0/",
            "https://example.com:6667/",
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "unix:/var/run/docker.sock",
            "//example.com/",
            "example.com",
            "https://",
            "https:///",
            "",
            "https://user@example.com/",
            "https://user:password@example.com/",
            "https://:@127.0.0.1/",
            "https://example.com@127.0.0.1/",
            "https://example.com/#fragment",
            "https://exa mple.com/",
            "https://example.com/\r\nHost: 127.0.0.1",
            "https://exam\tple.com/",
            "https://127.0.0.1\\@example.com/",
        ] {
            assert!(!is_accepted(url), "{url}");
        }
    }

    #[test]
    fn urls_are_written_as_browsers_do() {
        let written = |text: &str| OutgoingUrl::parse(text).unwrap().to_string();
        assert_eq!(written("HTTPS://Example.COM:443/A b".replace(' ', "%20").as_str()), "https://example.com/A%20b");
        assert_eq!(written("https://0x7f.1"), "https://127.0.0.1/");
        let origin = |text: &str| OutgoingUrl::parse(text).unwrap().origin();
        assert_eq!(origin("https://push.example:443/a?b"), "https://push.example");
        assert_eq!(origin("http://[2606:4700::1]:8443/"), "http://[2606:4700::1]:8443");
        assert!(OutgoingUrl::parse(&format!("https://example.com/{}", "a".repeat(MAX_LENGTH))).is_err());
        assert!(OutgoingUrl::parse(&format!("https://example.com/{}", "ü".repeat(MAX_LENGTH / 2))).is_err());
    }
}
