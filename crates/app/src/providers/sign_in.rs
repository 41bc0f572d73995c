//! The flow of signing in through an OpenID provider, or of linking an account with it.

use std::sync::Arc;

use circadia_auth::Client;
use circadia_auth::accounts::{FederatedRefusal, Identifiers, Verification};
use circadia_auth::oauth::{
    Browser, Challenge, Completion, FLOW_TTL, LocalPath, OpenIdProvider, Pending, Profile, Purpose, Secret,
    StartedFlow, TICKET_TTL, Ticket,
};
use circadia_auth::stores::{Ephemera, Key, Kind};
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::identities::ProviderName;
use circadia_domain::users::UserProfile;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::{ProviderLink, Providers};
use crate::authenticate::Principal;
use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;
use crate::passwords::SubmittedPassword;
use crate::reauthentication::Reauthentication;
use crate::sessions::{CookieSession, OpenSession, SessionOpener};
use crate::sign_in::Challenges;

/// Flows that wait for the callback.
const FLOWS: Kind = Kind::new("provider_flow");
/// Results that wait for an app to fetch them.
const TICKETS: Kind = Kind::new("provider_ticket");

/// The longest authorisation code that is sent on.
const MAX_CODE_BYTES: usize = 4096;

/// The query of the provider's redirect to the callback.
#[derive(Debug, Default)]
pub struct Callback {
    pub state: Option<String>,
    pub code: Option<String>,
    pub error: Option<String>,
    pub issuer: Option<String>,
}

/// How a flow ended.
#[derive(Debug)]
pub enum Finished {
    /// The app fetches the result with this code.
    Ticket(String),
    Linked,
    /// The browser is signed in with this session.
    SignedIn(Box<<CookieSession as OpenSession>::Opened>),
}

/// Signs in through providers. Present where one is configured.
#[derive(Debug)]
pub struct ProviderSignIn {
    pub context: Context,
    pub providers: Providers,
    /// The front end that browsers return to.
    pub front_end: Url,
    pub ephemera: Ephemera,
    pub emails: Emails,
    pub opener: SessionOpener,
    pub challenges: Challenges,
    pub identifiers: Arc<Identifiers>,
    pub reauthentication: Arc<Reauthentication>,
    pub verification: Verification,
}

impl ProviderSignIn {
    /// A configured provider.
    ///
    /// # Errors
    /// `provider_not_found`.
    pub fn provider(&self, name: &ProviderName) -> Result<&OpenIdProvider, Error> {
        self.providers.find(name).ok_or_else(provider_not_found)
    }

    /// Begins a flow: the provider's URL to send the browser to.
    ///
    /// # Errors
    /// `provider_unavailable`; the store's.
    pub async fn begin(
        &self,
        provider: &OpenIdProvider,
        purpose: Purpose,
        completion: Completion,
        next: LocalPath,
        browser: Option<&Browser>,
    ) -> Result<Url, Error> {
        let (now, entropy) = (self.context.now(), &*self.context.entropy);
        let StartedFlow { url, state, pending } =
            provider.begin(purpose, completion, next, browser, entropy, now).await?;
        self.put(FLOWS, &state, &pending, FLOW_TTL).await?;
        Ok(url)
    }

    /// Begins a flow that links a signed-in account.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`, `provider_already_linked`, `provider_unavailable`; the stores'.
    pub async fn begin_link(
        &self,
        provider: &OpenIdProvider,
        principal: Principal,
        submitted: SubmittedPassword,
        code_challenge: Option<Challenge>,
        next: LocalPath,
        browser_of: impl FnOnce() -> Browser,
    ) -> Result<(Url, Option<Browser>), Error> {
        self.reauthentication.by_password_or_fresh_sign_in(principal, submitted).await?;
        let user = principal.user;
        let linked = self.context.unit_of_work.read::<_, StoreError>(move |store| store.identities_of(user)).await?;
        if linked.iter().any(|identity| provider.has_issuer(&identity.issuer)) {
            return Err(FederatedRefusal::AlreadyLinked.into());
        }
        // An app proves by its verifier that it began the flow, a browser by its cookie.
        let browser = if code_challenge.is_none() { Some(browser_of()) } else { None };
        let purpose = Purpose::Link { user, session: principal.session };
        let completion = code_challenge.map_or(Completion::Browser, Completion::App);
        let url = self.begin(provider, purpose, completion, next, browser.as_ref()).await?;
        Ok((url, browser))
    }

    /// Takes the flow of a callback. Each flow can be taken once, by the browser that began it, at the address of the
    /// provider that it was begun with.
    ///
    /// # Errors
    /// `provider_state_invalid`; the store's.
    pub async fn take_flow(
        &self,
        provider: &OpenIdProvider,
        callback: &Callback,
        browser: Option<&Browser>,
    ) -> Result<Pending, Error> {
        let pending: Option<Pending> = match callback.state.as_deref().and_then(Secret::parse) {
            Some(state) => self.take(FLOWS, &state).await?,
            None => None,
        };
        let is_own = |pending: &Pending| pending.is_of(browser) && pending.is_at(provider.name());
        pending.filter(is_own).ok_or(Error::refused(
            Code::ProviderStateInvalid,
            "This sign-in was started in another browser or with another provider, has expired, or is unknown.",
        ))
    }

    /// Finishes a flow with the query of the callback.
    ///
    /// # Errors
    /// `provider_denied`, `provider_code_refused`, `provider_state_invalid` and those of the sign-in or the link;
    /// [`Error::SecondFactorRequired`]; the stores'.
    pub async fn finish(
        &self,
        provider: &OpenIdProvider,
        pending: &Pending,
        callback: Callback,
        client: &Client,
    ) -> Result<Finished, Error> {
        let now = self.context.now();
        if !provider.is_issuer(callback.issuer.as_deref(), now).await? {
            let detail = "The callback didn't come from the provider, or doesn't say that it does.";
            return Err(Error::refused(Code::ProviderStateInvalid, detail));
        }
        let code = match (callback.error.as_deref(), callback.code) {
            (None, Some(code)) if code.len() <= MAX_CODE_BYTES => code,
            // Apple has a word of its own for it.
            (Some("access_denied" | "user_cancelled_authorize"), _) => {
                return Err(Error::refused(Code::ProviderDenied, "The sign-in was cancelled."));
            }
            _ => return Err(Error::refused(Code::ProviderCodeRefused, "The provider refused this sign-in.")),
        };
        let profile = provider.finish(pending, code, now).await?;
        match (&pending.completion, &pending.purpose) {
            (Completion::App(challenge), purpose) => {
                let (name, challenge) = (provider.name(), challenge.clone());
                let (code, ticket) = Ticket::new(name, purpose.clone(), &profile, challenge, &*self.context.entropy);
                self.put(TICKETS, &code, &ticket, TICKET_TTL).await?;
                Ok(Finished::Ticket(code.text()))
            }
            (Completion::Browser, Purpose::Link { user, session }) => {
                self.link(provider, (*user, *session), profile).await?;
                Ok(Finished::Linked)
            }
            (Completion::Browser, Purpose::SignIn) => {
                let (opened, _) = self.sign_in::<CookieSession>(provider, &profile, client).await?;
                Ok(Finished::SignedIn(Box::new(opened)))
            }
        }
    }

    /// Signs an app in with the code that its browser brought back, and the verifier that it kept.
    ///
    /// # Errors
    /// `provider_code_invalid` and those of the sign-in; [`Error::SecondFactorRequired`]; the stores'.
    pub async fn exchange<K: OpenSession>(
        &self,
        provider: &OpenIdProvider,
        code: &str,
        verifier: &str,
        client: &Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let (purpose, profile) = self.redeem(provider, code, verifier).await?;
        if purpose != Purpose::SignIn {
            return Err(Error::refused(
                Code::ProviderCodeInvalid,
                "This code links an account: send it to `POST /me/providers/{provider}/confirm`.",
            ));
        }
        self.sign_in::<K>(provider, &profile, client).await
    }

    /// Links the signed-in account with the code that an app's browser brought back.
    ///
    /// # Errors
    /// `provider_code_invalid`, `provider_link_expired`, `provider_subject_taken`, `provider_already_linked`; the
    /// stores'.
    pub async fn confirm_link(
        &self,
        provider: &OpenIdProvider,
        principal: Principal,
        code: &str,
        verifier: &str,
    ) -> Result<ProviderLink, Error> {
        match self.redeem(provider, code, verifier).await? {
            (Purpose::Link { user, session }, profile) if user == principal.user => {
                let linked = self.link(provider, (user, session), profile).await?;
                Ok(ProviderLink {
                    name: provider.name().clone(),
                    title: provider.title().to_owned(),
                    available: true,
                    account: Some(linked.into()),
                })
            }
            _ => Err(Error::refused(
                Code::ProviderCodeInvalid,
                "This code doesn't link an account, or belongs to another account.",
            )),
        }
    }

    async fn redeem(&self, provider: &OpenIdProvider, code: &str, verifier: &str) -> Result<(Purpose, Profile), Error> {
        let ticket: Option<Ticket> = match Secret::parse(code) {
            Some(code) => self.take(TICKETS, &code).await?,
            None => None,
        };
        let redeemed =
            ticket.and_then(|ticket| Some((ticket.purpose.clone(), ticket.redeem(provider.name(), verifier)?)));
        redeemed.ok_or(Error::refused(
            Code::ProviderCodeInvalid,
            "The code was used before, has expired, or belongs to another `code_verifier` or provider: start again.",
        ))
    }

    async fn put(&self, kind: Kind, secret: &Secret, value: &impl Serialize, ttl_seconds: i64) -> Result<(), Error> {
        let now = self.context.now();
        let bytes = serde_json::to_vec(value).map_err(Error::internal)?;
        Ok(self.ephemera.put(kind, key(secret), &bytes, now.plus_seconds(ttl_seconds), now).await?)
    }

    async fn take<T: DeserializeOwned>(&self, kind: Kind, secret: &Secret) -> Result<Option<T>, Error> {
        let taken = self.ephemera.take(kind, key(secret), self.context.now()).await?;
        taken.map(|bytes| serde_json::from_slice(&bytes).map_err(Error::internal)).transpose()
    }
}

fn key(secret: &Secret) -> Key {
    Key::of(secret.text().as_bytes())
}

/// The refusal for a name that no configured provider has.
pub fn provider_not_found() -> Error {
    Error::refused(Code::ProviderNotFound, "No provider of this name is configured here: see `GET /config`.")
}
