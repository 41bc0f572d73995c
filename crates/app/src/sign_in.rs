//! Signing in by a password, and answering the challenge of a second factor.

use std::sync::Arc;

use circadia_auth::accounts::{
    self, Attempt, Identifiers, SecondFactor, SignInRefusal, Sought, Verification, accept_second_factor,
};
use circadia_auth::devices::KnownDevice;
use circadia_auth::factors::{CHALLENGE_TTL, Challenge};
use circadia_auth::keys::MasterKey;
use circadia_auth::passwords::Password;
use circadia_auth::sessions::Authenticated;
use circadia_auth::stores::{Key, Kind};
use circadia_auth::{Client, network_of};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::logins::LoginMethod;
use circadia_domain::sessions::SessionKind;
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::{self, Login, UserProfile};

use crate::context::Context;
use crate::error::Error;
use crate::passwords::{Passwords, SubmittedPassword};
use crate::sessions::{OpenSession, SessionOpener};
use crate::throttle::{AccountThrottle, AttemptTarget};

/// Challenges that opened a session, for as long as they could be answered again.
const ANSWERED_CHALLENGE: Kind = Kind::new("answered_challenge");

/// How often a sign-in is tried when the password changes while it is checked.
const MAX_TRIES: usize = 2;

/// Seals challenges for a second factor, and opens them again. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Challenges {
    pub context: Context,
    pub master: MasterKey,
}

impl Challenges {
    /// The refusal that carries a challenge for a user whose first factor is right. Answering it opens a session of
    /// this kind only.
    pub(crate) fn refusal(
        &self,
        Authenticated { user, first_factor }: Authenticated,
        kind: SessionKind,
        password_hash: Option<&str>,
        identifier_hash: [u8; 32],
        device: Option<String>,
    ) -> Error {
        let now = self.context.now();
        let challenge = Challenge::new(user, (kind, first_factor), password_hash, identifier_hash, device, now);
        match challenge.seal(&self.master, &*self.context.entropy) {
            Ok(challenge) => Error::SecondFactorRequired { challenge },
            Err(error) => Error::internal(error),
        }
    }

    /// Opens a challenge for a session of this kind.
    pub(crate) fn open(&self, challenge: &str, kind: SessionKind, now: Instant) -> Result<Challenge, Error> {
        let opened = self.open_any(challenge, now)?;
        Ok(Some(opened).filter(|challenge| challenge.kind == kind).ok_or(SignInRefusal::ChallengeExpired)?)
    }

    /// Opens a challenge for a session of any kind.
    pub(crate) fn open_any(&self, challenge: &str, now: Instant) -> Result<Challenge, Error> {
        Ok(Challenge::open(challenge, &self.master, now)?.ok_or(SignInRefusal::ChallengeExpired)?)
    }
}

/// A challenge that opens one session, remembered within the user's own unit of work: so that of several answers to it
/// one does.
pub(crate) struct AnsweredChallenge(Key);

impl AnsweredChallenge {
    pub(crate) fn of(challenge: &str) -> Self {
        Self(Key::of(challenge.as_bytes()))
    }

    /// # Errors
    /// `challenge_expired` if it opened a session; the store's.
    pub(crate) fn ensure_open(&self, store: &mut dyn Store, now: Instant) -> Result<(), Error> {
        match store.find_ephemeron(ANSWERED_CHALLENGE, self.0.hash(), now)? {
            Some(_) => Err(SignInRefusal::ChallengeExpired.into()),
            None => Ok(()),
        }
    }

    /// # Errors
    /// The store's.
    pub(crate) fn close(&self, store: &mut dyn Store, now: Instant) -> Result<(), Error> {
        let until = now.plus_seconds(CHALLENGE_TTL);
        Ok(store.put_ephemeron(ANSWERED_CHALLENGE, self.0.hash(), &[1], until)?)
    }
}

/// Signs users in.
#[derive(Debug)]
pub struct SignIn {
    pub context: Context,
    pub passwords: Arc<Passwords>,
    pub throttle: AccountThrottle,
    pub identifiers: Arc<Identifiers>,
    pub challenges: Challenges,
    pub opener: SessionOpener,
    pub verification: Verification,
}

/// The outcome of a correct password.
enum Accepted<T> {
    /// It was replaced while it was checked.
    PasswordReplaced,
    SecondFactorRequired {
        user: UserId,
        password_hash: Option<String>,
    },
    SignedIn(T, Box<UserProfile>),
}

impl SignIn {
    /// Signs in by a password, with a session of kind `K`. `device_markers` are those that the client sent.
    ///
    /// # Errors
    /// `invalid_credentials`, `email_not_verified`; [`Error::SecondFactorRequired`], [`Error::AccountRateLimited`]; the
    /// store's.
    pub async fn by_password<K: OpenSession>(
        &self,
        login: &Login,
        submitted: SubmittedPassword,
        client: &Client,
        device_markers: &[&str],
    ) -> Result<(K::Opened, UserProfile), Error> {
        let outcome = self.check_password::<K>(login, submitted, client, device_markers).await;
        self.context.sign_ins.note(LoginMethod::Password, outcome)
    }

    async fn check_password<K: OpenSession>(
        &self,
        login: &Login,
        submitted: SubmittedPassword,
        client: &Client,
        device_markers: &[&str],
    ) -> Result<(K::Opened, UserProfile), Error> {
        let mut sought = self.seek(login).await?;
        let now = self.context.now();
        let known = &self.passwords.sessions.devices;
        let devices: Vec<KnownDevice> = device_markers.iter().filter_map(|text| known.read(text, now)).collect();
        let network = client.ip.map(network_of);
        self.throttle.attempt(AttemptTarget::of_login(login, &sought, &devices, network)).await?;
        let password = self.passwords.to_check(submitted).await?;
        for _ in 0..MAX_TRIES {
            match self.try_password::<K>(login, &sought, password.as_ref(), client).await? {
                Accepted::PasswordReplaced => sought = self.seek(login).await?,
                Accepted::SignedIn(opened, profile) => return Ok((opened, *profile)),
                Accepted::SecondFactorRequired { user, password_hash } => {
                    return Err(self.challenges.refusal(
                        Authenticated::by_password(user),
                        K::KIND,
                        password_hash.as_deref(),
                        self.identifiers.hash(login),
                        client.device.clone(),
                    ));
                }
            }
        }
        Err(SignInRefusal::InvalidCredentials.into())
    }

    async fn seek(&self, login: &Login) -> Result<Sought, Error> {
        let login = login.clone();
        let sought = self.context.unit_of_work.read::<_, StoreError>(move |store| accounts::seek(store, &login));
        Ok(sought.await?)
    }

    /// Compares the password with what was stored a moment ago, and signs in.
    async fn try_password<K: OpenSession>(
        &self,
        login: &Login,
        sought: &Sought,
        password: Option<&Password>,
        client: &Client,
    ) -> Result<Accepted<K::Opened>, Error> {
        let unit_of_work = &self.context.unit_of_work;
        let (found, verification) = (sought.credentials.clone(), self.verification);
        let verified = self.passwords.verify(password, sought.account_hash(verification)).await?;
        // Compared whatever was found, so that all refusals take as long.
        let is_registered = verification == Verification::Required
            && !verified.matches
            && self.passwords.verify(password, sought.registration_hash(verification)).await?.matches;
        let now = self.context.now();
        let (client, login, opener) = (client.clone(), login.clone(), self.opener.clone());
        let identifiers = Arc::clone(&self.identifiers);
        // An unknown name, a wrong password and an unverified address take the same path, through the same kind of
        // transaction.
        let Some(credentials) = found.clone().filter(|_| verified.matches) else {
            let refused = unit_of_work.write_unowned::<_, Error>(move |store| {
                let ids = &*opener.context.ids;
                let attempt = password_attempt(&login, &client, verification, &identifiers, ids, now);
                Ok(accounts::refuse(store, &attempt, found.as_ref(), is_registered)?)
            });
            return refused.await.map(|never| match never {});
        };
        let accepted = unit_of_work.write::<_, Error>(credentials.user, now, move |tx| {
            let ids = &*opener.context.ids;
            let attempt = password_attempt(&login, &client, verification, &identifiers, ids, now);
            let user = match accounts::accept(tx.store, tx.rev, &attempt, &credentials, &verified) {
                Err(SignInRefusal::PasswordReplaced) => return Ok(Accepted::PasswordReplaced),
                Err(SignInRefusal::SecondFactorRequired { user, password_hash }) => {
                    return Ok(Accepted::SecondFactorRequired { user, password_hash });
                }
                accepted => accepted?,
            };
            let opened = opener.open::<K>(tx.store, Authenticated::by_password(user.id), &client, now)?;
            Ok(Accepted::SignedIn(opened, Box::new(users::profile(tx.store, user.id, now)?)))
        });
        match accepted.await {
            // The account was deleted while its password was checked.
            Err(error) if error.is_no_such_user() => Ok(Accepted::PasswordReplaced),
            accepted => accepted,
        }
    }

    /// Signs in by a challenge and a code of the second factor. The challenge must have been given for sessions of kind
    /// `K`. `client_of` gives the client with the device that began the sign-in.
    ///
    /// # Errors
    /// `challenge_expired`, `wrong_code`; [`Error::TooManyGuesses`], [`Error::AccountRateLimited`]; the store's.
    pub async fn by_challenge<K: OpenSession>(
        &self,
        challenge: &str,
        code: String,
        client_of: impl FnOnce(Option<&str>) -> Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let outcome = self.check_code::<K>(challenge, code, client_of).await;
        self.context.sign_ins.note(LoginMethod::Totp, outcome)
    }

    async fn check_code<K: OpenSession>(
        &self,
        challenge: &str,
        code: String,
        client_of: impl FnOnce(Option<&str>) -> Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let now = self.context.now();
        let answered = AnsweredChallenge::of(challenge);
        let challenge = self.challenges.open(challenge, K::KIND, now)?;
        let user = challenge.user;
        self.throttle.attempt(AttemptTarget::SecondFactor(user)).await?;
        let client = client_of(challenge.device.as_deref());
        let (opener, master) = (self.opener.clone(), self.challenges.master.clone());
        let signed_in = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            let given = SecondFactor {
                challenge: &challenge,
                code: &code,
                client: &client,
                master: &master,
                ids: &*opener.context.ids,
                now,
            };
            answered.ensure_open(tx.store, now)?;
            let account = accept_second_factor(tx.store, &given)?;
            answered.close(tx.store, now)?;
            let authenticated = Authenticated { user, first_factor: challenge.first_factor };
            let opened = opener.open::<K>(tx.store, authenticated, &client, now)?;
            Ok((opened, users::profile(tx.store, account.id, now)?))
        });
        signed_in.await.map_err(
            |error| {
                if error.is_no_such_user() { SignInRefusal::ChallengeExpired.into() } else { error }
            },
        )
    }
}

fn password_attempt<'a>(
    login: &'a Login,
    client: &'a Client,
    verification: Verification,
    identifiers: &'a Identifiers,
    ids: &'a dyn circadia_domain::ids::IdSource,
    now: Instant,
) -> Attempt<'a> {
    Attempt { login, method: LoginMethod::Password, client, verification, identifiers, ids, now }
}
