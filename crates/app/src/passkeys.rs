//! Passkeys: adding, renaming and removing them, and signing in by one.

use std::sync::Arc;

use circadia_auth::Client;
use circadia_auth::accounts::{EmailJob, Identifiers, PasskeyAttempt, PasskeyRefusal, Verification};
use circadia_auth::factors::Challenge;
use circadia_auth::passkeys::{
    Assertion, Attestation, CEREMONY_TTL, CeremonyRefusal, RelyingParty, Started, fresh_ceremony, user_handle,
};
use circadia_auth::sessions::Authenticated;
use circadia_auth::stores::{Ephemera, Key, Kind};
use circadia_domain::Error as DomainError;
use circadia_domain::audit::{self, AuditAction, AuditDetail};
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::logins::LoginMethod;
use circadia_domain::passkeys::{self, NewPasskey, Passkey, PasskeyId, PasskeyName};
use circadia_domain::revision::Expected;
use circadia_domain::users::{self, User, UserProfile};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::authenticate::{Principal, ensure_in_force};
use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;
use crate::passwords::SubmittedPassword;
use crate::reauthentication::Reauthentication;
use crate::sessions::{OpenSession, SessionOpener};
use crate::sign_in::{AnsweredChallenge, Challenges};
use crate::throttle::{AccountThrottle, AttemptTarget};

/// Registrations that wait for the device.
const REGISTRATIONS: Kind = Kind::new("passkey_registration");
/// Sign-ins that wait for the device.
const SIGN_INS: Kind = Kind::new("passkey_sign_in");

/// A registration between its two steps.
#[derive(Serialize, Deserialize)]
struct PendingRegistration {
    user: UserId,
    /// The session that began it.
    session: SessionId,
    state: Vec<u8>,
}

/// A sign-in between its two steps.
#[derive(Serialize, Deserialize)]
struct PendingSignIn {
    /// The challenge that it answers in place of a code; none if it signs in by itself.
    challenge: Option<String>,
    state: Vec<u8>,
}

/// What a browser needs to register a passkey.
#[derive(Debug)]
pub struct Creation {
    /// Names the ceremony in its second step.
    pub ceremony: String,
    pub rp_id: String,
    pub challenge: String,
    pub user: User,
    pub user_handle: [u8; 16],
    /// Devices that have one of these make no other.
    pub exclude: Vec<Passkey>,
}

/// What a browser needs to sign in by a passkey.
#[derive(Debug)]
pub struct Request {
    /// Names the ceremony in its second step.
    pub ceremony: String,
    pub rp_id: String,
    pub challenge: String,
    /// The passkeys that may answer; any if there are none.
    pub allow: Vec<Passkey>,
}

/// Registers passkeys, and signs in by them. Present where they are configured.
#[derive(Debug)]
pub struct Passkeys {
    pub context: Context,
    pub relying_party: RelyingParty,
    pub ephemera: Ephemera,
    pub emails: Emails,
    pub opener: SessionOpener,
    pub challenges: Challenges,
    pub identifiers: Arc<Identifiers>,
    pub throttle: AccountThrottle,
    pub reauthentication: Arc<Reauthentication>,
    pub verification: Verification,
}

impl Passkeys {
    /// Begins to add a passkey to the signed-in account.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`, `limit_reached`; the stores'.
    pub async fn begin_registration(
        &self,
        principal: Principal,
        submitted: SubmittedPassword,
    ) -> Result<Creation, Error> {
        self.reauthentication.by_password_or_fresh_sign_in(principal, submitted).await?;
        let owner = principal.user;
        let read = self.context.unit_of_work.read::<_, DomainError>(move |store| {
            let held = passkeys::list(store, owner)?;
            passkeys::ensure_room(&held)?;
            Ok((users::find(store, owner)?, held))
        });
        let (user, exclude) = read.await?;
        let Started { challenge, state } = self.relying_party.begin_registration(owner)?;
        let pending = PendingRegistration { user: owner, session: principal.session, state };
        let ceremony = self.put(REGISTRATIONS, &pending).await?;
        let rp_id = self.relying_party.id().to_owned();
        Ok(Creation { ceremony, rp_id, challenge, user, user_handle: user_handle(owner), exclude })
    }

    /// Adds the passkey that a device made, within the session that began it. The account's owner is told by mail.
    ///
    /// # Errors
    /// `validation_failed` at `/ceremony` or `/credential`, `limit_reached`, `passkey_taken`; the stores'.
    pub async fn finish_registration(
        &self,
        principal: Principal,
        ceremony: &str,
        answer: &Value,
        name: Option<PasskeyName>,
    ) -> Result<Passkey, Error> {
        let Some(answer) = Attestation::parse(answer) else { return Err(malformed("create")) };
        let pending: Option<PendingRegistration> = self.take(REGISTRATIONS, ceremony).await?;
        let of_session =
            |pending: &PendingRegistration| pending.user == principal.user && pending.session == principal.session;
        let Some(pending) = pending.filter(of_session) else {
            let detail = "is unknown or has expired: each is good once, for five minutes, within its session";
            return Err(DomainError::field("/ceremony", "expired", detail).into());
        };
        let made = self.relying_party.finish_registration(&pending.state, &answer);
        let made = made.map_err(|refusal| match refusal {
            CeremonyRefusal::Defect(reason) => Error::Internal(reason),
            refusal => {
                tracing::info!(user = %principal.user, %refusal, "a new passkey was refused");
                let detail = "can't be verified: it has to answer this challenge, on a page of this service, with the device \
                              having verified its user";
                DomainError::field("/credential", "not_verified", detail).into()
            }
        })?;
        let (context, emails, now) = (self.context.clone(), self.emails.clone(), self.context.now());
        let new = NewPasskey {
            id: context.ids.fresh().into(),
            name,
            credential_id: made.credential_id,
            public_key: made.public_key,
            sign_count: made.sign_count.into(),
            backup_eligible: made.backup_eligible,
            backed_up: made.backed_up,
            transports: made.transports,
        };
        let user = principal.user;
        let added = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            let passkey = passkeys::add(tx, new.clone())?;
            let event = context.audit_event(principal, AuditAction::PASSKEY_ADDED, now);
            audit::record(tx.store, &event.with("passkey", AuditDetail::Id(passkey.id.as_uuid())))?;
            emails.enqueue(tx.store, Some(user), &EmailJob::PasskeyAdded { user }, now)?;
            Ok(passkey)
        });
        let passkey = added.await?;
        self.emails.wake();
        Ok(passkey)
    }

    /// Begins a sign-in: by any passkey, or in place of the code that answers a second factor's challenge.
    ///
    /// # Errors
    /// `challenge_expired`; `passkey_not_found` if the challenge's account has none; the stores'.
    pub async fn begin_sign_in(&self, challenge: Option<String>) -> Result<Request, Error> {
        let allow = match &challenge {
            None => Vec::new(),
            Some(challenge) => {
                let user = self.challenges.open_any(challenge, self.context.now())?.user;
                let read = self.context.unit_of_work.read::<_, StoreError>(move |store| store.passkeys(user));
                let held = read.await?;
                if held.is_empty() {
                    return Err(Error::refused(Code::PasskeyNotFound, "This account has no passkeys: send a code."));
                }
                held
            }
        };
        let started = self.relying_party.begin_authentication()?;
        let pending = PendingSignIn { challenge, state: started.state };
        let ceremony = self.put(SIGN_INS, &pending).await?;
        let rp_id = self.relying_party.id().to_owned();
        Ok(Request { ceremony, rp_id, challenge: started.challenge, allow })
    }

    /// Signs in by what a device answered, with a session of kind `K`. `client_of` gives the client; of a second factor
    /// with the device that began the sign-in.
    ///
    /// # Errors
    /// `passkey_invalid`, `challenge_expired`, `email_not_verified`, `validation_failed` at `/credential`;
    /// [`Error::AccountRateLimited`]; the stores'.
    pub async fn sign_in<K: OpenSession>(
        &self,
        ceremony: &str,
        answer: &Value,
        client_of: impl FnOnce(Option<&str>) -> Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let outcome = self.finish_sign_in::<K>(ceremony, answer, client_of).await;
        self.context.sign_ins.note(LoginMethod::Passkey, outcome)
    }

    async fn finish_sign_in<K: OpenSession>(
        &self,
        ceremony: &str,
        answer: &Value,
        client_of: impl FnOnce(Option<&str>) -> Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let pending: Option<PendingSignIn> = self.take(SIGN_INS, ceremony).await?;
        let Some(pending) = pending else {
            let detail = "The sign-in is unknown or has expired: each is good once, for five minutes. Start again.";
            return Err(Error::refused(Code::ChallengeExpired, detail));
        };
        let state = pending.state;
        match pending.challenge {
            None => {
                let answer = Assertion::parse(answer, None).ok_or_else(|| malformed("get"))?;
                self.sign_in_alone::<K>(state, answer, client_of(None)).await
            }
            Some(text) => {
                let challenge = self.challenges.open(&text, K::KIND, self.context.now())?;
                let answer = Assertion::parse(answer, Some(challenge.user)).ok_or_else(|| malformed("get"))?;
                let client = client_of(challenge.device.as_deref());
                self.answer_challenge::<K>(state, answer, challenge, AnsweredChallenge::of(&text), client).await
            }
        }
    }

    async fn sign_in_alone<K: OpenSession>(
        &self,
        state: Vec<u8>,
        answer: Assertion,
        client: Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let (user, now) = (answer.user(), self.context.now());
        let attempt = self.attempt(state, answer, client);
        let attempt = Arc::new(attempt);
        // Nobody's revision is raised by strangers.
        let sought = Arc::clone(&attempt);
        let found = self
            .context
            .unit_of_work
            .read::<_, StoreError>(move |store| store.find_passkey_of_credential(user, sought.answer.credential_id()))
            .await?;
        if found.is_some() {
            let (attempt, opener) = (Arc::clone(&attempt), self.opener.clone());
            let signed_in = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
                let account = attempt.borrowed().accept(tx.store, tx.rev)?;
                let opened = opener.open::<K>(tx.store, Authenticated::by_passkey(user), &attempt.client, now)?;
                Ok((opened, users::profile(tx.store, account.id, now)?))
            });
            match signed_in.await {
                Err(error) if error.is_no_such_user() => {}
                outcome => return outcome,
            }
        }
        self.context
            .unit_of_work
            .write_unowned::<_, Error>(move |store| {
                let refused: Result<(), PasskeyRefusal> = attempt.borrowed().refuse_unknown(store);
                Ok(refused?)
            })
            .await?;
        Err(PasskeyRefusal::Invalid.into())
    }

    async fn answer_challenge<K: OpenSession>(
        &self,
        state: Vec<u8>,
        answer: Assertion,
        challenge: Challenge,
        answered: AnsweredChallenge,
        client: Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let (user, now) = (challenge.user, self.context.now());
        self.throttle.attempt(AttemptTarget::SecondFactor(user)).await?;
        let (attempt, opener) = (self.attempt(state, answer, client), self.opener.clone());
        let signed_in = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            answered.ensure_open(tx.store, now)?;
            let account = attempt.borrowed().accept_as_second_factor(tx.store, tx.rev, &challenge)?;
            answered.close(tx.store, now)?;
            let authenticated = Authenticated { user, first_factor: challenge.first_factor };
            let opened = opener.open::<K>(tx.store, authenticated, &attempt.client, now)?;
            Ok((opened, users::profile(tx.store, account.id, now)?))
        });
        signed_in
            .await
            .map_err(|error| if error.is_no_such_user() { PasskeyRefusal::ChallengeExpired.into() } else { error })
    }

    fn attempt(&self, state: Vec<u8>, answer: Assertion, client: Client) -> OwnedAttempt {
        OwnedAttempt {
            answer,
            state,
            client,
            relying_party: self.relying_party.clone(),
            verification: self.verification,
            identifiers: Arc::clone(&self.identifiers),
            context: self.context.clone(),
        }
    }

    /// Keeps a ceremony, and returns what names it.
    async fn put(&self, kind: Kind, value: &impl Serialize) -> Result<String, Error> {
        let (now, ceremony) = (self.context.now(), fresh_ceremony(&*self.context.entropy));
        let bytes = serde_json::to_vec(value).map_err(Error::internal)?;
        let key = Key::of(ceremony.as_bytes());
        self.ephemera.put(kind, key, &bytes, now.plus_seconds(CEREMONY_TTL), now).await?;
        Ok(ceremony)
    }

    /// Takes a ceremony: each can be taken once.
    async fn take<T: DeserializeOwned>(&self, kind: Kind, ceremony: &str) -> Result<Option<T>, Error> {
        let taken = self.ephemera.take(kind, Key::of(ceremony.as_bytes()), self.context.now()).await?;
        taken.map(|bytes| serde_json::from_slice(&bytes).map_err(Error::internal)).transpose()
    }
}

/// What a unit of work takes along of an attempt.
struct OwnedAttempt {
    answer: Assertion,
    state: Vec<u8>,
    client: Client,
    relying_party: RelyingParty,
    verification: Verification,
    identifiers: Arc<Identifiers>,
    context: Context,
}

impl OwnedAttempt {
    fn borrowed(&self) -> PasskeyAttempt<'_> {
        PasskeyAttempt {
            answer: &self.answer,
            state: &self.state,
            relying_party: &self.relying_party,
            client: &self.client,
            verification: self.verification,
            identifiers: &self.identifiers,
            ids: &*self.context.ids,
            now: self.context.now(),
        }
    }
}

/// Removes a passkey. Also where passkeys aren't configured (any more).
///
/// # Errors
/// `wrong_password`, `reauthentication_required`, `passkey_not_found`, `precondition_failed`; the store's.
pub async fn remove(
    reauthentication: &Reauthentication,
    principal: Principal,
    id: PasskeyId,
    expected: Expected,
    submitted: SubmittedPassword,
) -> Result<(), Error> {
    // Before the password, so that one that doesn't exist is told without counting an attempt.
    let (context, owner) = (reauthentication.context.clone(), principal.user);
    context.unit_of_work.read::<_, DomainError>(move |store| passkeys::find(store, owner, id).map(drop)).await?;
    reauthentication.by_password_or_fresh_sign_in(principal, submitted).await?;
    let (noted, now) = (context.clone(), context.now());
    context
        .unit_of_work
        .write::<_, Error>(owner, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            passkeys::remove(tx, id, &expected)?;
            let event = noted.audit_event(principal, AuditAction::PASSKEY_REMOVED, now);
            Ok(audit::record(tx.store, &event.with("passkey", AuditDetail::Id(id.as_uuid())))?)
        })
        .await
}

fn malformed(call: &str) -> Error {
    let detail = format!("is not what `navigator.credentials.{call}` gives as JSON (`toJSON()`)");
    DomainError::field("/credential", "invalid", detail).into()
}
