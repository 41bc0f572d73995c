//! Signing in with Google, or another configured OpenID provider, and linking accounts with it.

use std::sync::Arc;

use circadia_auth::Client;
use circadia_auth::accounts::{self, Attempt, EmailJob, FederatedRefusal, Identifiers, Verification};
use circadia_auth::oauth::{
    Browser, Challenge, Completion, FLOW_TTL, LocalPath, OpenIdProvider, Pending, Profile, Purpose, Secret,
    StartedFlow, TICKET_TTL, Ticket,
};
use circadia_auth::sessions::{Authenticated, is_in_force};
use circadia_auth::stores::{Ephemera, Key, Kind};
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::identities::{Identity, Provider};
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::logins::LoginMethod;
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::{self, Login, UserProfile};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::authenticate::{Principal, ensure_in_force};
use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;
use crate::passwords::SubmittedPassword;
use crate::reauthentication::Reauthentication;
use crate::sessions::{CookieSession, OpenSession, SessionOpener};
use crate::sign_in::Challenges;

/// How often a sign-in is tried when another request changes the account meanwhile.
const MAX_TRIES: usize = 3;

/// Flows that wait for the callback.
const FLOWS: Kind = Kind::new("google_flow");
/// Results that wait for an app to fetch them.
const TICKETS: Kind = Kind::new("google_ticket");

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

/// Signs in with Google. Present where it is configured.
#[derive(Debug)]
pub struct GoogleSignIn {
    pub context: Context,
    pub provider: OpenIdProvider,
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

enum Accepted<T> {
    SignedIn(T, Box<UserProfile>),
    SecondFactorRequired { user: UserId, password_hash: Option<String> },
}

impl GoogleSignIn {
    /// Begins a flow: the provider's URL to send the browser to.
    ///
    /// # Errors
    /// `google_unavailable`; the store's.
    pub async fn begin(
        &self,
        purpose: Purpose,
        completion: Completion,
        next: LocalPath,
        browser: Option<&Browser>,
    ) -> Result<Url, Error> {
        let (now, entropy) = (self.context.now(), &*self.context.entropy);
        let StartedFlow { url, state, pending } =
            self.provider.begin(purpose, completion, next, browser, entropy, now).await?;
        self.put(FLOWS, &state, &pending, FLOW_TTL).await?;
        Ok(url)
    }

    /// Begins a flow that links a signed-in account.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`, `google_already_linked`, `google_unavailable`; the stores'.
    pub async fn begin_link(
        &self,
        principal: Principal,
        submitted: SubmittedPassword,
        code_challenge: Option<Challenge>,
        next: LocalPath,
        browser_of: impl FnOnce() -> Browser,
    ) -> Result<(Url, Option<Browser>), Error> {
        self.reauthentication.by_password_or_fresh_sign_in(principal, submitted).await?;
        let user = principal.user;
        if self.identity(user).await?.is_some() {
            return Err(FederatedRefusal::AlreadyLinked.into());
        }
        // An app proves by its verifier that it began the flow, a browser by its cookie.
        let browser = if code_challenge.is_none() { Some(browser_of()) } else { None };
        let purpose = Purpose::Link { user, session: principal.session };
        let completion = code_challenge.map_or(Completion::Browser, Completion::App);
        let url = self.begin(purpose, completion, next, browser.as_ref()).await?;
        Ok((url, browser))
    }

    /// Takes the flow of a callback. Each flow can be taken once, by the browser that began it.
    ///
    /// # Errors
    /// `google_state_invalid`; the store's.
    pub async fn take_flow(&self, callback: &Callback, browser: Option<&Browser>) -> Result<Pending, Error> {
        let pending: Option<Pending> = match callback.state.as_deref().and_then(Secret::parse) {
            Some(state) => self.take(FLOWS, &state).await?,
            None => None,
        };
        pending.filter(|pending| pending.is_of(browser)).ok_or(Error::refused(
            Code::GoogleStateInvalid,
            "This sign-in was started in another browser, has expired, or is unknown.",
        ))
    }

    /// Finishes a flow with the query of the callback.
    ///
    /// # Errors
    /// `google_denied`, `google_code_refused`, `google_state_invalid` and those of the sign-in or the link;
    /// [`Error::SecondFactorRequired`]; the stores'.
    pub async fn finish(&self, pending: &Pending, callback: Callback, client: &Client) -> Result<Finished, Error> {
        if callback.issuer.is_some_and(|issuer| !self.provider.is_issuer(&issuer)) {
            return Err(Error::refused(Code::GoogleStateInvalid, "The callback didn't come from Google."));
        }
        let code = match (callback.error.as_deref(), callback.code) {
            (None, Some(code)) if code.len() <= MAX_CODE_BYTES => code,
            (Some("access_denied"), _) => {
                return Err(Error::refused(Code::GoogleDenied, "The sign-in was cancelled."));
            }
            _ => return Err(Error::refused(Code::GoogleCodeRefused, "Google refused this sign-in.")),
        };
        let profile = self.provider.finish(pending, code, self.context.now()).await?;
        match (&pending.completion, &pending.purpose) {
            (Completion::App(challenge), purpose) => {
                let (code, ticket) = Ticket::new(purpose.clone(), &profile, challenge.clone(), &*self.context.entropy);
                self.put(TICKETS, &code, &ticket, TICKET_TTL).await?;
                Ok(Finished::Ticket(code.text()))
            }
            (Completion::Browser, Purpose::Link { user, session }) => {
                self.link(*user, *session, profile).await?;
                Ok(Finished::Linked)
            }
            (Completion::Browser, Purpose::SignIn) => {
                let (opened, _) = self.sign_in::<CookieSession>(&profile, client).await?;
                Ok(Finished::SignedIn(Box::new(opened)))
            }
        }
    }

    /// Signs an app in with the code that its browser brought back, and the verifier that it kept.
    ///
    /// # Errors
    /// `google_code_invalid` and those of the sign-in; [`Error::SecondFactorRequired`]; the stores'.
    pub async fn exchange<K: OpenSession>(
        &self,
        code: &str,
        verifier: &str,
        client: &Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let (purpose, profile) = self.redeem(code, verifier).await?;
        if purpose != Purpose::SignIn {
            return Err(Error::refused(
                Code::GoogleCodeInvalid,
                "This code links an account: send it to `POST /me/google/confirm`.",
            ));
        }
        self.sign_in::<K>(&profile, client).await
    }

    /// Links the signed-in account with the code that an app's browser brought back.
    ///
    /// # Errors
    /// `google_code_invalid`, `google_link_expired`, `google_subject_taken`, `google_already_linked`; the stores'.
    pub async fn confirm_link(&self, principal: Principal, code: &str, verifier: &str) -> Result<Identity, Error> {
        match self.redeem(code, verifier).await? {
            (Purpose::Link { user, session }, profile) if user == principal.user => {
                self.link(user, session, profile).await
            }
            _ => Err(Error::refused(
                Code::GoogleCodeInvalid,
                "This code doesn't link an account, or belongs to another account.",
            )),
        }
    }

    /// The Google account that is linked to a user.
    ///
    /// # Errors
    /// The store's.
    pub async fn identity(&self, user: UserId) -> Result<Option<Identity>, Error> {
        identity(&self.context, user).await
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Result<(Purpose, Profile), Error> {
        let ticket: Option<Ticket> = match Secret::parse(code) {
            Some(code) => self.take(TICKETS, &code).await?,
            None => None,
        };
        let redeemed = ticket.and_then(|ticket| Some((ticket.purpose.clone(), ticket.redeem(verifier)?)));
        redeemed.ok_or(Error::refused(
            Code::GoogleCodeInvalid,
            "The code was used before, has expired, or belongs to another `code_verifier`: start again.",
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

    /// Finds or makes the account of a profile, and opens a session of kind `K` in the same transaction.
    async fn sign_in<K: OpenSession>(
        &self,
        profile: &Profile,
        client: &Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let mut outcome = Err(Error::from(FederatedRefusal::Changed));
        for _ in 0..MAX_TRIES {
            outcome = self.try_sign_in::<K>(profile, client).await;
            if !matches!(&outcome, Err(error) if error.code() == Some(Code::ChangedMeanwhile)) {
                break;
            }
        }
        match outcome? {
            Accepted::SignedIn(opened, profile) => Ok((opened, *profile)),
            Accepted::SecondFactorRequired { user, password_hash } => Err(self.challenges.refusal(
                Authenticated::through_google(user),
                K::KIND,
                password_hash.as_deref(),
                self.identifiers.hash(&Login::email(profile.email.as_str())),
                client.device.clone(),
            )),
        }
    }

    async fn try_sign_in<K: OpenSession>(
        &self,
        profile: &Profile,
        client: &Client,
    ) -> Result<Accepted<K::Opened>, Error> {
        let unit_of_work = &self.context.unit_of_work;
        let sought = profile.clone();
        let found = unit_of_work
            .read::<_, Error>(move |store| Ok(accounts::find_federated(store, Provider::Google, &sought)?))
            .await?;
        let now = self.context.now();
        let (profile, client, opener) = (profile.clone(), client.clone(), self.opener.clone());
        let (identifiers, verification) = (Arc::clone(&self.identifiers), self.verification);
        let login = Login::email(profile.email.as_str());
        let open = move |store: &mut dyn Store, opener: &SessionOpener, client: &Client, user| {
            let opened = K::open(opener, store, Authenticated::through_google(user), client, now)?;
            Ok::<_, Error>(Accepted::SignedIn(opened, Box::new(users::profile(store, user, now)?)))
        };
        if let Some(user) = found {
            let signed_in = unit_of_work.write::<_, Error>(user, now, move |tx| {
                let attempt = Attempt {
                    login: &login,
                    method: LoginMethod::Google,
                    client: &client,
                    verification,
                    identifiers: &identifiers,
                    ids: &*opener.context.ids,
                    now,
                };
                match accounts::sign_in_federated(tx.store, user, Provider::Google, &profile, &attempt) {
                    Err(FederatedRefusal::SecondFactorRequired { user, password_hash }) => {
                        Ok(Accepted::SecondFactorRequired { user, password_hash })
                    }
                    accepted => open(tx.store, &opener, &client, accepted?.id),
                }
            });
            signed_in.await.map_err(
                |error| {
                    if error.is_no_such_user() { FederatedRefusal::Changed.into() } else { error }
                },
            )
        } else {
            let emails = self.emails.clone();
            let joined = unit_of_work
                .write_unowned::<_, Error>(move |store| {
                    let (ids, entropy) = (&*opener.context.ids, &*opener.context.entropy);
                    let attempt = Attempt {
                        login: &login,
                        method: LoginMethod::Google,
                        client: &client,
                        verification,
                        identifiers: &identifiers,
                        ids,
                        now,
                    };
                    let user = accounts::join_federated(store, Provider::Google, &profile, &attempt, entropy)?.id;
                    emails.enqueue(store, Some(user), &EmailJob::Welcome { user }, now)?;
                    open(store, &opener, &client, user)
                })
                .await;
            self.emails.wake();
            joined
        }
    }

    /// Links a profile to the user who asked for it, if the session in which they did is still live.
    async fn link(&self, user: UserId, session: SessionId, profile: Profile) -> Result<Identity, Error> {
        let (ids, emails, now) = (Arc::clone(&self.context.ids), self.emails.clone(), self.context.now());
        let linked = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            let state = tx.store.find_session(user, session)?;
            if !state.is_some_and(|state| is_in_force(&state, now)) {
                return Err(Error::refused(Code::GoogleLinkExpired, "The session that requested the link has ended."));
            }
            let identity = accounts::link(tx.store, user, session, Provider::Google, &profile, &*ids, now)?;
            emails.enqueue(tx.store, Some(user), &EmailJob::GoogleLinked { user }, now)?;
            Ok(identity)
        });
        let linked = linked
            .await
            .map_err(|error| if error.is_no_such_user() { FederatedRefusal::Changed.into() } else { error })?;
        self.emails.wake();
        Ok(linked)
    }
}

fn key(secret: &Secret) -> Key {
    Key::of(secret.text().as_bytes())
}

/// The Google account that is linked to a user. Also where Google isn't configured (any more).
///
/// # Errors
/// The store's.
pub async fn identity(context: &Context, user: UserId) -> Result<Option<Identity>, Error> {
    let read = context.unit_of_work.read::<_, StoreError>(move |store| store.identity_of(user, Provider::Google));
    Ok(read.await?)
}

/// Unlinks the Google account. Also where Google isn't configured (any more).
///
/// # Errors
/// `wrong_password`, `reauthentication_required`, `google_not_linked`, `google_last_way_in`; the store's.
pub async fn unlink(
    reauthentication: &Reauthentication,
    principal: Principal,
    submitted: SubmittedPassword,
) -> Result<(), Error> {
    reauthentication.by_password_or_fresh_sign_in(principal, submitted).await?;
    let context = &reauthentication.context;
    let (ids, now) = (Arc::clone(&context.ids), context.now());
    context
        .unit_of_work
        .write::<_, Error>(principal.user, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            Ok(accounts::unlink(tx.store, principal.user, principal.session, Provider::Google, &*ids, now)?)
        })
        .await
}
