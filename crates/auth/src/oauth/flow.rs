//! The state kept between the steps of an OAuth flow, and who may continue it.

use std::fmt;

use circadia_domain::identities::{Issuer, ProviderName, Subject};
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::users::Email;
use circadia_domain::violation::Violations;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{LocalPath, Profile};
use crate::bytes::{Bytes32, base64url, from_base64url, same, sha256};
use crate::entropy::{Entropy, random};

/// 256 random bits given to a client; only their SHA-256 is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Bytes32);

impl Secret {
    fn fresh(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// Parses the text form; `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        from_base64url(text)?.try_into().ok().map(Self)
    }

    /// The text form: 43 letters, digits, `-` and `_`.
    pub fn text(&self) -> String {
        base64url(&self.0)
    }

    /// The stored hash, as text.
    pub fn hash(&self) -> String {
        base64url(&sha256(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A browser before sign-in, identified by the cookie of the pre-login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser(pub Secret);

impl Browser {
    /// A new browser.
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        Self(Secret::fresh(entropy))
    }
}

/// What a flow is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signing in or registering.
    SignIn,
    /// Linking the provider to a signed-in account.
    Link {
        /// The user.
        user: UserId,
        /// The session that asked for it; the flow is void if that session ends.
        session: SessionId,
    },
}

/// How a flow ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// With a session in the browser that began the flow.
    Browser,
    /// With a [`Ticket`], redeemed by the app that began the flow.
    App(Challenge),
}

/// An app's PKCE challenge, which proves at the end of a flow that the app began it (method `S256` of RFC 7636, between
/// the app and this service).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// Reads a challenge: the SHA-256 of the verifier in base64url, without padding.
    ///
    /// # Errors
    /// `invalid_code_challenge`.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        match Secret::parse(text) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(Violations::of(
                "invalid_code_challenge",
                "must be the SHA-256 of `code_verifier` in base64url without padding, 43 characters (RFC 7636, S256)",
            )),
        }
    }

    fn is_of(&self, verifier: &str) -> bool {
        same(base64url(&sha256(verifier.as_bytes())).as_bytes(), self.0.as_bytes())
    }
}

/// A flow between its start and the provider's redirect.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its purpose.
    pub purpose: Purpose,
    /// How it ends.
    pub completion: Completion,
    /// The path of the front end to redirect to.
    pub next: LocalPath,
    provider: String,
    browser: Option<String>,
    nonce: String,
    verifier: String,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("purpose", &self.purpose).field("next", &self.next).finish_non_exhaustive()
    }
}

impl Pending {
    /// A new flow and the `state` that identifies it. Without a browser, only an app can finish it.
    pub(super) fn new(
        provider: &ProviderName,
        purpose: Purpose,
        completion: Completion,
        next: LocalPath,
        browser: Option<&Browser>,
        entropy: &dyn Entropy,
    ) -> (Secret, Self) {
        let state = Secret::fresh(entropy);
        let nonce = Secret::fresh(entropy).text();
        let verifier = Secret::fresh(entropy).text();
        let browser = browser.map(|browser| browser.0.hash());
        let provider = provider.as_str().to_owned();
        (state, Self { purpose, completion, next, provider, browser, nonce, verifier })
    }

    /// Whether a browser may continue the flow: the one that began it, or any if an app began it without a browser.
    pub fn is_of(&self, browser: Option<&Browser>) -> bool {
        match (&self.browser, browser) {
            (Some(begun), Some(browser)) => same(begun.as_bytes(), browser.0.hash().as_bytes()),
            (Some(_), None) => false,
            (None, _) => matches!(self.completion, Completion::App(_)),
        }
    }

    /// Whether the flow was begun with a provider. A code of another one must never be sent to it (RFC 9700 §4.4).
    pub fn is_at(&self, provider: &ProviderName) -> bool {
        self.provider == provider.as_str()
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    pub(super) fn verifier(&self) -> &str {
        &self.verifier
    }
}

/// A flow that has begun.
#[derive(Debug, Clone)]
pub struct StartedFlow {
    /// The provider's authorization URL.
    pub url: Url,
    /// Its hash is the key under which the flow is stored.
    pub state: Secret,
    /// The flow to store.
    pub pending: Pending,
}

/// The result of a flow in an app's browser, until the app fetches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The flow's purpose.
    pub purpose: Purpose,
    provider: String,
    issuer: String,
    subject: String,
    email: String,
    challenge: Challenge,
}

impl Ticket {
    /// A ticket for the authenticated profile, and the code whose hash is the key it is stored under.
    pub fn new(
        provider: &ProviderName,
        purpose: Purpose,
        profile: &Profile,
        challenge: Challenge,
        entropy: &dyn Entropy,
    ) -> (Secret, Self) {
        let ticket = Self {
            purpose,
            provider: provider.as_str().to_owned(),
            issuer: profile.issuer.as_str().to_owned(),
            subject: profile.subject.as_str().to_owned(),
            email: profile.email.as_str().to_owned(),
            challenge,
        };
        (Secret::fresh(entropy), ticket)
    }

    /// The authenticated profile, if the caller is the app that began the flow with this provider.
    pub fn redeem(&self, provider: &ProviderName, verifier: &str) -> Option<Profile> {
        (self.provider == provider.as_str() && self.challenge.is_of(verifier)).then(|| Profile {
            issuer: Issuer::from_stored(self.issuer.clone()),
            subject: Subject::from_stored(self.subject.clone()),
            email: Email::from_stored(self.email.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;

    #[test]
    fn a_flow_belongs_to_its_browser_and_a_ticket_to_its_app() {
        let entropy = Seeded::new(5);
        let (browser, other) = (Browser::fresh(&entropy), Browser::fresh(&entropy));
        let [google, work] = ["google", "work"].map(|name| ProviderName::parse(name).unwrap());
        let begin = |completion: Completion, browser: Option<&Browser>| {
            Pending::new(&work, Purpose::SignIn, completion, LocalPath::home(), browser, &entropy).1
        };
        let pending = begin(Completion::Browser, Some(&browser));
        assert!(pending.is_at(&work) && !pending.is_at(&google));
        assert!(pending.is_of(Some(&browser)) && !pending.is_of(Some(&other)) && !pending.is_of(None));
        let kept = serde_json::to_vec(&pending).unwrap();
        assert_eq!(serde_json::from_slice::<Pending>(&kept).unwrap(), pending);
        assert!(!String::from_utf8(kept).unwrap().contains(&browser.0.text()), "what the browser has isn't kept");

        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        let of_app = begin(Completion::App(challenge.clone()), None);
        let of_nobody = begin(Completion::Browser, None);
        assert!(of_app.is_of(Some(&other)) && of_app.is_of(None));
        assert!(!of_nobody.is_of(Some(&other)) && !of_nobody.is_of(None));
        let profile = Profile {
            issuer: Issuer::parse("https://issuer.example").unwrap(),
            subject: Subject::parse("1").unwrap(),
            email: Email::parse("ada@example.org").unwrap(),
        };
        let (code, ticket) = Ticket::new(&work, Purpose::SignIn, &profile, challenge, &entropy);
        assert_eq!(Secret::parse(&code.text()), Some(code));
        assert_eq!(ticket.redeem(&work, verifier), Some(profile));
        assert_eq!(ticket.redeem(&google, verifier), None);
        for wrong in ["", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]
        {
            assert_eq!(ticket.redeem(&work, wrong), None);
        }
        for wrong in
            ["", "short", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"]
        {
            assert!(Challenge::parse(wrong).is_err(), "{wrong}");
        }
    }
}
