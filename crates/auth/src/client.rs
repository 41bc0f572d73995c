//! The client that makes a request.

use std::net::{IpAddr, Ipv6Addr};

use circadia_domain::civil::Instant;
use circadia_domain::ids::{IdSource, LoginId, UserId};
use circadia_domain::logins::{LoginAttempt, LoginClient, LoginFailure, LoginMethod};
use circadia_domain::users::Locale;

use crate::user_agents;

/// Client details, stored with sessions and login attempts so that users recognise them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Its self-chosen name (`"Ada's phone"`), at most 100 characters.
    pub device: Option<String>,
    /// Its `User-Agent`, at most 400 characters.
    pub user_agent: Option<String>,
    /// Its IP address, as reported by trusted proxies.
    pub ip: Option<IpAddr>,
    /// The language that it prefers.
    pub language: Option<Locale>,
}

impl Client {
    /// Truncates the values to the stored lengths and removes control characters; blank values become `None`.
    pub fn new(device: Option<&str>, user_agent: Option<&str>, ip: Option<IpAddr>) -> Self {
        Self {
            device: device.and_then(|text| cut(text, 100)),
            user_agent: user_agent.and_then(|text| cut(text, 400)),
            ip,
            language: None,
        }
    }

    /// Adds the language that it prefers: the first of its `Accept-Language`.
    #[must_use]
    pub fn with_languages(self, accepted: Option<&str>) -> Self {
        let first = accepted.and_then(|list| list.split([',', ';']).next());
        Self { language: first.and_then(|tag| Locale::parse(tag.trim()).ok()), ..self }
    }

    /// What its user agent says.
    pub fn login_client(&self) -> LoginClient {
        self.user_agent.as_deref().map(user_agents::classify).unwrap_or_default()
    }

    /// An attempt to sign in by this client.
    pub(crate) fn attempt(
        &self,
        ids: &dyn IdSource,
        at: Instant,
        (user, identifier_hash): (Option<UserId>, [u8; 32]),
        method: LoginMethod,
        failure: Option<LoginFailure>,
    ) -> LoginAttempt {
        LoginAttempt {
            id: LoginId::from_uuid(ids.fresh()),
            user,
            identifier_hash,
            at,
            ip: self.ip,
            user_agent: self.user_agent.clone(),
            client: self.login_client(),
            language: self.language.clone(),
            method,
            failure,
        }
    }
}

/// What limits by address count by: an IPv4 address, or the /64 of an IPv6 one, which is what one subscriber has.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

fn cut(text: &str, most: usize) -> Option<String> {
    let kept: String = text.trim().chars().filter(|c| !c.is_control()).take(most).collect();
    if kept.is_empty() { None } else { Some(kept) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_counts_by_its_64() {
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6".parse().unwrap()).to_string(), "2001:db8:1:2::");
        assert_eq!(network_of("192.0.2.1".parse().unwrap()).to_string(), "192.0.2.1");
    }

    #[test]
    fn the_first_language_counts() {
        let language = |text| Client::default().with_languages(Some(text)).language.map(|tag| tag.as_str().to_owned());
        assert_eq!(language("de-AT,de;q=0.9,en;q=0.8").as_deref(), Some("de-AT"));
        assert_eq!(language("fr;q=0.5").as_deref(), Some("fr"));
        for none in ["*", "", "\0", "english please"] {
            assert_eq!(language(none), None, "{none}");
        }
    }

    #[test]
    fn what_clients_say_is_cut_and_cleaned() {
        let client = Client::new(Some(" my\0 phone\r\n "), Some(&"ü".repeat(500)), None);
        assert_eq!(client.device.unwrap(), "my phone");
        assert_eq!(client.user_agent.unwrap().chars().count(), 400);
        assert_eq!(Client::new(Some("  "), None, None), Client::default());
    }
}
