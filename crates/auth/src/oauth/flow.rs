//! What is remembered of a flow between its steps, and who may go on with it.

use std::fmt;

use circadia_domain::identities::Subject;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::users::Email;
use circadia_domain::violation::Violations;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{LocalPath, Profile};
use crate::bytes::{Bytes32, base64url, from_base64url, same, sha256};
use crate::entropy::{Entropy, random};

/// 256 random bits that are given to somebody, and kept here as their SHA-256 only.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Bytes32);

impl Secret {
    fn fresh(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// Reads what was given; nothing if it isn't of the kind.
    pub fn parse(text: &str) -> Option<Self> {
        from_base64url(text)?.try_into().ok().map(Self)
    }

    /// What is given: 43 letters, digits, `-` and `_`.
    pub fn text(&self) -> String {
        base64url(&self.0)
    }

    /// What is kept, as text.
    pub fn hash(&self) -> String {
        base64url(&sha256(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A browser before anybody has signed in with it: what the cookie of the pre-login session holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser(pub Secret);

impl Browser {
    /// A browser that wasn't seen before.
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        Self(Secret::fresh(entropy))
    }
}

/// What a flow is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signing in, or getting an account.
    SignIn,
    /// Linking an account that is signed in.
    Link {
        /// Whose.
        user: UserId,
        /// The session in which it was asked for; when that ends, so does the wish.
        session: SessionId,
    },
}

/// How a flow ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// With a session in the browser that began it.
    Browser,
    /// With a [`Ticket`] that the app that began it redeems.
    App(Challenge),
}

/// What an app shows when a flow begins, to prove at its end that it was the one who began it (the method `S256` of
/// RFC 7636, between the app and us).
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

/// A flow between its two halves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What it is for.
    pub purpose: Purpose,
    /// How it ends.
    pub completion: Completion,
    /// Where in the front end it ends.
    pub next: LocalPath,
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
    /// A new flow, of a browser unless only an app can finish it, and the state by which it is found again.
    pub(super) fn new(
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
        (state, Self { purpose, completion, next, browser, nonce, verifier })
    }

    /// Whether a browser may go on with it: the one that began it; any, if it was begun without one, by an app.
    pub fn is_of(&self, browser: Option<&Browser>) -> bool {
        match (&self.browser, browser) {
            (Some(begun), Some(browser)) => same(begun.as_bytes(), browser.0.hash().as_bytes()),
            (Some(_), None) => false,
            (None, _) => matches!(self.completion, Completion::App(_)),
        }
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    pub(super) fn verifier(&self) -> &str {
        &self.verifier
    }
}

/// A flow that was begun.
#[derive(Debug, Clone)]
pub struct StartedFlow {
    /// Where to send the browser.
    pub url: Url,
    /// By whose hash it is to be remembered.
    pub state: Secret,
    /// What is to be remembered.
    pub pending: Pending,
}

/// What an app's browser has brought, until the app fetches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// What the flow was for.
    pub purpose: Purpose,
    subject: String,
    email: String,
    challenge: Challenge,
}

impl Ticket {
    /// A ticket for who was found to be behind a flow, and the code by whose hash it is to be remembered.
    pub fn new(purpose: Purpose, profile: &Profile, challenge: Challenge, entropy: &dyn Entropy) -> (Secret, Self) {
        let ticket = Self {
            purpose,
            subject: profile.subject.as_str().to_owned(),
            email: profile.email.as_str().to_owned(),
            challenge,
        };
        (Secret::fresh(entropy), ticket)
    }

    /// Who is behind the flow, for whoever began it.
    pub fn redeem(&self, verifier: &str) -> Option<Profile> {
        self.challenge.is_of(verifier).then(|| Profile {
            subject: Subject::from_stored(self.subject.clone()),
            email: Email::from_stored(self.email.clone()),
        })
    }
}
