//! What a user agent says about the program and the device that it runs on.
//!
//! Told apart by `woothee`, whose names are reduced to a fixed set of words: whatever clients send, statistics have few
//! groups.

use circadia_domain::logins::{Browser, DeviceKind, LoginClient, OperatingSystem};
use woothee::parser::Parser;

/// Classifies a user agent.
pub(crate) fn classify(user_agent: &str) -> LoginClient {
    let Some(found) = Parser::new().parse(user_agent) else { return LoginClient::default() };
    let browser = match found.name {
        "Chrome" => Browser::Chrome,
        "Edge" => Browser::Edge,
        "Firefox" => Browser::Firefox,
        "Internet Explorer" => Browser::InternetExplorer,
        "Opera" => Browser::Opera,
        "Safari" => Browser::Safari,
        "SamsungBrowser" => Browser::SamsungInternet,
        _ => Browser::Other,
    };
    let os = match found.os {
        "Android" => OperatingSystem::Android,
        "ChromeOS" => OperatingSystem::ChromeOs,
        "iOS" | "iPhone" | "iPad" | "iPod" => OperatingSystem::Ios,
        "Linux" => OperatingSystem::Linux,
        "Mac OSX" | "Mac OS Classic" => OperatingSystem::MacOs,
        name if name.starts_with("Windows") => OperatingSystem::Windows,
        _ => OperatingSystem::Other,
    };
    // Tablets say that they are phones, or don't say `Mobile`.
    let is_tablet = found.os == "iPad" || (os == OperatingSystem::Android && !user_agent.contains("Mobile"));
    let device = match found.category {
        "smartphone" | "mobilephone" if is_tablet => DeviceKind::Tablet,
        "smartphone" | "mobilephone" => DeviceKind::Phone,
        "pc" => DeviceKind::Desktop,
        "crawler" => DeviceKind::Bot,
        _ => DeviceKind::Other,
    };
    LoginClient { browser, os, device }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_systems_and_devices_are_told_apart() {
        use {Browser as B, DeviceKind as D, OperatingSystem as O};
        for (user_agent, browser, os, device) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                B::Chrome,
                O::Windows,
                D::Desktop,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
                B::Edge,
                O::Windows,
                D::Desktop,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
                B::Firefox,
                O::Linux,
                D::Desktop,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                B::Safari,
                O::MacOs,
                D::Desktop,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                B::Safari,
                O::Ios,
                D::Phone,
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
                B::Safari,
                O::Ios,
                D::Tablet,
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
                B::Chrome,
                O::Android,
                D::Phone,
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                B::Chrome,
                O::Android,
                D::Tablet,
            ),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", B::Other, O::Other, D::Bot),
        ] {
            assert_eq!(classify(user_agent), LoginClient { browser, os, device }, "{user_agent}");
        }
        let long = "(".repeat(400);
        for unknown in ["", "okhttp/4.12.0", "Circadia/3.1", "\u{202E}", long.as_str()] {
            assert_eq!(classify(unknown).browser, Browser::Other, "{unknown}");
        }
    }
}
