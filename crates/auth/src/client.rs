//! The client that makes a request.

use std::net::IpAddr;

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

fn cut(text: &str, most: usize) -> Option<String> {
    let kept: String = text.trim().chars().filter(|c| !c.is_control()).take(most).collect();
    if kept.is_empty() { None } else { Some(kept) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_say_is_cut_and_cleaned() {
        let client = Client::new(Some(" my\0 phone\r\n "), Some(&"ü".repeat(500)), None);
        assert_eq!(client.device.unwrap(), "my phone");
        assert_eq!(client.user_agent.unwrap().chars().count(), 400);
        assert_eq!(Client::new(Some("  "), None, None), Client::default());
    }
}
