//! The client that makes a request.

use std::net::{IpAddr, Ipv6Addr};

/// Client details, stored with sessions and login attempts so that users recognise them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Its self-chosen name (`"Ada's phone"`), at most 100 characters.
    pub device: Option<String>,
    /// Its `User-Agent`, at most 400 characters.
    pub user_agent: Option<String>,
    /// Its IP address, as reported by trusted proxies.
    pub ip: Option<IpAddr>,
}

impl Client {
    /// Truncates the values to the stored lengths and removes control characters; blank values become `None`.
    pub fn new(device: Option<&str>, user_agent: Option<&str>, ip: Option<IpAddr>) -> Self {
        Self {
            device: device.and_then(|text| cut(text, 100)),
            user_agent: user_agent.and_then(|text| cut(text, 400)),
            ip,
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
    fn what_clients_say_is_cut_and_cleaned() {
        let client = Client::new(Some(" my\0 phone\r\n "), Some(&"ü".repeat(500)), None);
        assert_eq!(client.device.unwrap(), "my phone");
        assert_eq!(client.user_agent.unwrap().chars().count(), 400);
        assert_eq!(Client::new(Some("  "), None, None), Client::default());
    }
}
