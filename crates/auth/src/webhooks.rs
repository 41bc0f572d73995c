//! The secrets of webhooks, and the signatures that receivers verify with them (Standard Webhooks, `v1`).

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use circadia_domain::webhooks::WebhookId;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, random};
use crate::keys::{KeyError, MasterKey, Purpose};

/// What the text of a secret begins with.
pub const WEBHOOK_SECRET_PREFIX: &str = "whsec_";

/// A secret that messages are signed with: 32 bytes.
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

impl WebhookSecret {
    /// A fresh secret.
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(random::<32>(entropy).to_vec()))
    }

    /// The secret as receivers know it: `whsec_` and its bytes in base64.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{WEBHOOK_SECRET_PREFIX}{}", STANDARD.encode(&*self.0)))
    }

    /// Encrypts it for a webhook: of another one, it can't be decrypted.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn seal(&self, webhook: WebhookId, master: &MasterKey, entropy: &dyn Entropy) -> Result<Vec<u8>, KeyError> {
        master.seal(Purpose::WebhookSecrets, &webhook.to_string(), &self.0, entropy)
    }

    /// Decrypts a webhook's secret; `None` if it was encrypted under another master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn open(webhook: WebhookId, sealed: &[u8], master: &MasterKey) -> Result<Option<Self>, KeyError> {
        Ok(master.open(Purpose::WebhookSecrets, &webhook.to_string(), sealed)?.map(Self))
    }

    /// The signature of a message: of its id, the second at which it is sent, and its body.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MASTER, Seeded, id};

    /// The example of the specification of Standard Webhooks.
    #[test]
    fn messages_are_signed_as_the_specification_says() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let secret = WebhookSecret(Zeroizing::new(secret));
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_open_for_their_own_webhook_alone() {
        let (master, entropy) = (MasterKey::from_text(MASTER).unwrap(), Seeded::new(1));
        let secret = WebhookSecret::fresh(&entropy);
        let [own, other] = [id(1), id(2)].map(WebhookId::from_uuid);
        let sealed = secret.seal(own, &master, &entropy).unwrap();
        assert_eq!(WebhookSecret::open(own, &sealed, &master).unwrap().unwrap().text(), secret.text());
        assert!(WebhookSecret::open(other, &sealed, &master).unwrap().is_none());
        assert!(sealed.len() <= 255 && secret.text().starts_with("whsec_"));
        assert_eq!(format!("{secret:?}"), "WebhookSecret(..)");
    }
}
