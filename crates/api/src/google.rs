//! Signing in with Google (or whatever OpenID provider stands in for it): what the routes under `/auth/google` and
//! `/me/google` share.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use circadia_auth::Client;
use circadia_auth::OutboxError;
use circadia_auth::accounts::{self, Attempt, EmailJob, FederatedRefusal};
use circadia_auth::oauth::{
    Begun, Browser, Completion, FLOW_TTL, LocalPath, OAuthError, OpenIdProvider, Pending, Profile, Purpose, Secret,
    TICKET_TTL, Ticket,
};
use circadia_auth::sessions::{self, Authenticated};
use circadia_auth::stores::{Key, Kind};
use circadia_domain::identities::{Identity, Provider};
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::logins::LoginMethod;
use circadia_domain::sessions::SessionKind;
use circadia_domain::unit_of_work::{Refusal, Store, WriteTransaction};
use circadia_domain::users::Login;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::app::App;
use crate::letters;
use crate::problem::Problem;
use crate::routes::auth::totp::challenge;

/// How often a sign-in is begun anew because somebody came between.
const ROUNDS: usize = 3;

/// Flows between their two halves.
const FLOWS: Kind = Kind::new("google_flow");
/// What apps fetch at the end of a flow.
const TICKETS: Kind = Kind::new("google_ticket");

/// Google, where it is configured.
#[derive(Debug)]
pub struct Google {
    /// The provider.
    pub provider: OpenIdProvider,
    /// Where browsers end up.
    pub front_end: Url,
}

impl Google {
    /// Google, if it is configured.
    pub(crate) fn of(app: &App) -> Result<&Self, Problem> {
        app.google.as_ref().ok_or_else(|| {
            Problem::of("google_disabled", "Signing in with Google isn't configured here: see `GET /config`.")
        })
    }

    /// Begins a flow and remembers it: where to send the browser.
    pub(crate) async fn begin(
        &self,
        app: &App,
        purpose: Purpose,
        completion: Completion,
        next: LocalPath,
        browser: Option<&Browser>,
    ) -> Result<Url, Problem> {
        let now = app.now();
        let begun = self.provider.begin(purpose, completion, next, browser, &*app.identity.entropy, now).await;
        let Begun { url, state, pending } = begun?;
        keep(app, FLOWS, &state, &pending, FLOW_TTL).await?;
        Ok(url)
    }

    /// Takes the flow of a state: of many who come with it, one gets it.
    pub(crate) async fn take(&self, app: &App, state: &Secret) -> Result<Option<Pending>, Problem> {
        take(app, FLOWS, state).await
    }

    /// Keeps who was found to be behind a flow for the app that began it: the code that the app fetches it with.
    pub(crate) async fn keep_ticket(&self, app: &App, ticket: &(Secret, Ticket)) -> Result<String, Problem> {
        let (code, ticket) = ticket;
        keep(app, TICKETS, code, ticket, TICKET_TTL).await?;
        Ok(code.text())
    }

    /// What a code stands for, for the app that began the flow; from then on for nobody.
    pub(crate) async fn redeem(&self, app: &App, code: &str, verifier: &str) -> Result<(Purpose, Profile), Problem> {
        let ticket: Option<Ticket> = match Secret::parse(code) {
            Some(code) => take(app, TICKETS, &code).await?,
            None => None,
        };
        let redeemed = ticket.and_then(|ticket| Some((ticket.purpose.clone(), ticket.redeem(verifier)?)));
        redeemed.ok_or_else(|| {
            Problem::of(
                "google_code_invalid",
                "The code was used before, has expired, or belongs to another `code_verifier`: begin anew.",
            )
        })
    }

    /// Sends a browser to a place in the front end.
    pub(crate) fn redirect(&self, next: &LocalPath, query: &[(&str, &str)], fragment: Option<&str>) -> HttpResponse {
        redirect(&next.below(&self.front_end, query, fragment))
    }
}

/// Sends a browser elsewhere.
pub(crate) fn redirect(url: &Url) -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, url.as_str())).insert_header((CACHE_CONTROL, "no-store")).finish()
}

async fn keep(app: &App, kind: Kind, secret: &Secret, value: &impl Serialize, seconds: i64) -> Result<(), Problem> {
    let now = app.now();
    let bytes = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    Ok(app.identity.ephemera.put(kind, key(secret), &bytes, now.plus_seconds(seconds), now).await?)
}

async fn take<T: DeserializeOwned>(app: &App, kind: Kind, secret: &Secret) -> Result<Option<T>, Problem> {
    let taken = app.identity.ephemera.take(kind, key(secret), app.now()).await?;
    taken.map(|bytes| serde_json::from_slice(&bytes).map_err(|error| Problem::internal(&error))).transpose()
}

fn key(secret: &Secret) -> Key {
    Key::of(secret.text().as_bytes())
}

/// Finds or makes the account of whoever is behind a flow, and lets `open` do the rest in the same transaction. Where a
/// second factor is asked for, the refusal carries a challenge, which opens a session of this kind.
pub(crate) async fn sign_in<T, E>(
    app: &actix_web::web::Data<App>,
    profile: &Profile,
    client: &Client,
    kind: SessionKind,
    open: impl Fn(&mut dyn Store, &App, Authenticated) -> Result<T, E> + Clone + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Refusal + From<FederatedRefusal> + From<OutboxError> + Into<Problem> + Send + 'static,
{
    let mut outcome = Err(Problem::from(FederatedRefusal::Changed));
    for _ in 0..ROUNDS {
        outcome = sign_in_once(app, profile, client, open.clone()).await;
        if !matches!(&outcome, Err(problem) if problem.code() == "changed_meanwhile") {
            break;
        }
    }
    match outcome? {
        Accepted::SignedIn(opened) => Ok(opened),
        Accepted::FirstFactor { user, password_hash } => {
            let identifier = app.identity.identifiers.hash(&Login::email(profile.email.as_str()));
            Err(challenge(
                app,
                Authenticated::through_google(user),
                kind,
                password_hash.as_deref(),
                identifier,
                client.device.clone(),
            ))
        }
    }
}

/// What became of whoever the provider vouched for.
enum Accepted<T> {
    /// A session was opened.
    SignedIn(T),
    /// A second factor is asked for.
    FirstFactor { user: UserId, password_hash: Option<String> },
}

async fn sign_in_once<T, E>(
    app: &actix_web::web::Data<App>,
    profile: &Profile,
    client: &Client,
    open: impl Fn(&mut dyn Store, &App, Authenticated) -> Result<T, E> + Send + 'static,
) -> Result<Accepted<T>, Problem>
where
    T: Send + 'static,
    E: Refusal + From<FederatedRefusal> + From<OutboxError> + Into<Problem> + Send + 'static,
{
    let sought = profile.clone();
    let found = app.unit_of_work.read(move |store| accounts::find_federated(store, Provider::Google, &sought)).await?;
    let (inner, profile, client, now) = (app.clone(), profile.clone(), client.clone(), app.now());
    let login = Login::email(profile.email.as_str());
    let attempt = move |app: &App, login: &Login, store: &mut dyn Store, step: Step<'_>| {
        let attempt = Attempt {
            verification: app.settings.verification,
            login,
            method: LoginMethod::Google,
            client: &client,
            identifiers: &app.identity.identifiers,
            ids: &*app.ids,
            now,
        };
        step(store, &attempt)
    };
    if let Some(user) = found {
        let work = move |tx: &mut WriteTransaction<'_>| {
            let judged = attempt(&inner, &login, tx.store, &mut |store, attempt| {
                accounts::sign_in_federated(store, user, Provider::Google, &profile, attempt).map(|user| user.id)
            });
            match judged {
                Err(FederatedRefusal::SecondFactorRequired { user, password_hash }) => {
                    Ok(Accepted::FirstFactor { user, password_hash })
                }
                judged => open(tx.store, &inner, Authenticated::through_google(judged?)).map(Accepted::SignedIn),
            }
        };
        app.unit_of_work.write(user, now, work).await
    } else {
        let work = move |store: &mut dyn Store| {
            let user = attempt(&inner, &login, store, &mut |store, attempt| {
                let entropy = &*inner.identity.entropy;
                accounts::join_federated(store, Provider::Google, &profile, attempt, entropy).map(|user| user.id)
            })?;
            letters::order(&inner, store, Some(user), &EmailJob::Welcome { user }, now)?;
            open(store, &inner, Authenticated::through_google(user)).map(Accepted::SignedIn)
        };
        let joined = app.unit_of_work.write_unowned(work).await;
        app.outbox.wake();
        joined
    }
}

type Step<'a> = &'a mut dyn FnMut(&mut dyn Store, &Attempt<'_>) -> Result<UserId, FederatedRefusal>;

/// Links whoever is behind a flow to the user who asked for it, if the session in which they did is still live.
pub(crate) async fn link(
    app: &actix_web::web::Data<App>,
    user: UserId,
    session: SessionId,
    profile: Profile,
) -> Result<Identity, Problem> {
    let (inner, now) = (app.clone(), app.now());
    app.unit_of_work
        .write(user, now, move |tx| {
            let state = tx.store.find_session(user, session)?;
            if !state.is_some_and(|state| sessions::is_in_force(&state, now)) {
                return Err(Linking::SessionEnded);
            }
            let ids = &*inner.ids;
            let identity = accounts::link(tx.store, user, session, Provider::Google, &profile, ids, now)?;
            letters::order(&inner, tx.store, Some(user), &EmailJob::GoogleLinked { user }, now)?;
            Ok(identity)
        })
        .await
        .inspect(|_| app.outbox.wake())
}

/// Why nothing was linked.
enum Linking {
    SessionEnded,
    Refused(FederatedRefusal),
    Outbox(OutboxError),
}

impl From<OutboxError> for Linking {
    fn from(error: OutboxError) -> Self {
        Self::Outbox(error)
    }
}

impl From<circadia_domain::error::StoreError> for Linking {
    fn from(error: circadia_domain::error::StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<FederatedRefusal> for Linking {
    fn from(refusal: FederatedRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Refusal for Linking {}

impl From<Linking> for Problem {
    fn from(linking: Linking) -> Self {
        match linking {
            Linking::SessionEnded => {
                Self::of("google_link_expired", "The session in which it was asked for has ended.")
            }
            Linking::Refused(refusal) => refusal.into(),
            Linking::Outbox(error) => error.into(),
        }
    }
}

impl From<OAuthError> for Problem {
    fn from(error: OAuthError) -> Self {
        tracing::warn!(%error, "a sign-in with Google failed");
        match error {
            OAuthError::Unavailable(_) => {
                Self::of("google_unavailable", "Google can't be reached at the moment. Try again.").with_retry_after(5)
            }
            OAuthError::CodeRefused(_) => {
                Self::of("google_code_refused", "Google doesn't know this sign-in: begin anew.")
            }
            OAuthError::TokenInvalid(_) => Self::of("google_token_invalid", "What Google answered can't be believed."),
            OAuthError::EmailUnverified => {
                Self::of("google_email_unverified", "Google has not verified the e-mail address of this account.")
            }
        }
    }
}

impl From<FederatedRefusal> for Problem {
    fn from(refusal: FederatedRefusal) -> Self {
        match refusal {
            FederatedRefusal::AccountExists => Self::of(
                "google_account_exists",
                "There already is an account with this e-mail address. Sign in to it first, then link Google there.",
            ),
            FederatedRefusal::Inactive => Self::of("google_account_inactive", "This account may not sign in."),
            FederatedRefusal::SecondFactorRequired { .. } => Self::internal(&refusal),
            FederatedRefusal::Changed => Self::of("changed_meanwhile", "Somebody else was faster: try again."),
            FederatedRefusal::SubjectTaken => {
                Self::of("google_subject_taken", "This Google account belongs to another account here.")
            }
            FederatedRefusal::AlreadyLinked => {
                Self::of("google_already_linked", "Another Google account is linked: unlink that one first.")
            }
            FederatedRefusal::NotLinked => Self::of("google_not_linked", "No Google account is linked."),
            FederatedRefusal::LastWayIn => Self::of(
                "google_last_way_in",
                "Without a password, Google is the only way into this account: choose a password first.",
            ),
            FederatedRefusal::Store(error) => error.into(),
        }
    }
}
