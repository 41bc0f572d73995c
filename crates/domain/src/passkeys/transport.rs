//! How a browser reaches the device of a passkey.

words! {
    /// A way to the device: a hint for browsers (WebAuthn Level 3, `AuthenticatorTransport`).
    #[cfg_attr(feature = "openapi", schema(as = PasskeyTransport))]
    pub enum Transport {
        /// Bluetooth Low Energy.
        Ble = "ble",
        /// Another device close by, such as a phone that scans a code.
        Hybrid = "hybrid",
        /// The browser's own device.
        Internal = "internal",
        /// NFC.
        Nfc = "nfc",
        /// A smart card.
        SmartCard = "smart-card",
        /// USB.
        Usb = "usb",
    }
}

impl Transport {
    const fn bit(self) -> u8 {
        match self {
            Self::Ble => 1,
            Self::Hybrid => 2,
            Self::Internal => 4,
            Self::Nfc => 8,
            Self::SmartCard => 16,
            Self::Usb => 32,
        }
    }
}

/// A set of transports, which may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transports(u8);

impl FromIterator<Transport> for Transports {
    fn from_iter<I: IntoIterator<Item = Transport>>(transports: I) -> Self {
        Self(transports.into_iter().fold(0, |bits, transport| bits | transport.bit()))
    }
}

impl Transports {
    /// The transports, in alphabetical order.
    pub fn iter(self) -> impl Iterator<Item = Transport> {
        Transport::ALL.into_iter().filter(move |transport| self.0 & transport.bit() != 0)
    }

    /// The text that is stored: the words, with a blank between.
    pub fn to_text(self) -> String {
        self.iter().map(Transport::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads what was stored.
    pub fn from_text(text: &str) -> Option<Self> {
        text.split_terminator(' ').map(|word| Transport::parse(word).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_read_back_from_their_text() {
        for transports in [
            Transports::default(),
            [Transport::Internal].into_iter().collect(),
            [Transport::Usb, Transport::Hybrid].into_iter().collect(),
            Transport::ALL.into_iter().collect(),
        ] {
            let text = transports.to_text();
            assert_eq!(Transports::from_text(&text), Some(transports), "{text}");
            assert!(text.len() <= 40, "{text}");
        }
        assert_eq!([Transport::Usb, Transport::Ble].into_iter().collect::<Transports>().to_text(), "ble usb");
        assert_eq!(Transports::from_text("pigeon"), None);
    }
}
