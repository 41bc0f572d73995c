//! What is known about who is asking.

use std::net::IpAddr;

/// What a client says and shows of itself: kept with sessions and login attempts so that people recognise them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// What it calls itself (`"Ada's phone"`), at most 100 characters.
    pub device: Option<String>,
    /// Its `User-Agent`, at most 400 characters.
    pub user_agent: Option<String>,
    /// Its address, behind the proxies that are trusted.
    pub ip: Option<IpAddr>,
}

impl Client {
    /// Takes what a request says, cut to what is kept and freed of control characters; what is blank is absent.
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
