//! Verifying the second factor: the second half of a sign-in, after the password.

use circadia_domain::audit::{self, AuditAction, AuditEvent, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::IdSource;
use circadia_domain::logins::{LoginFailure, LoginMethod, LoginRepository};
use circadia_domain::totp::TotpRepository;
use circadia_domain::users::{User, UserRepository};

use super::SignInRefusal;
use crate::client::Client;
use crate::factors::{self, Challenge, FactorRefusal, Proof};
use crate::keys::MasterKey;

/// An answer to a challenge.
#[derive(Clone, Copy)]
pub struct SecondFactor<'a> {
    /// The challenge.
    pub challenge: &'a Challenge,
    /// A code of the authenticator app, or a recovery code.
    pub code: &'a str,
    /// The client.
    pub client: &'a Client,
    /// Decrypts the second factor's secret.
    pub master: &'a MasterKey,
    /// Source of the ids of the recorded events.
    pub ids: &'a dyn IdSource,
    /// The current time.
    pub now: Instant,
}

impl std::fmt::Debug for SecondFactor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor")
            .field("user", &self.challenge.user)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl SecondFactor<'_> {
    fn record<S: LoginRepository + ?Sized>(
        &self,
        store: &mut S,
        failure: Option<LoginFailure>,
    ) -> Result<(), StoreError> {
        let whose = (Some(self.challenge.user), self.challenge.identifier_hash);
        store.insert_login(&self.client.attempt(self.ids, self.now, whose, LoginMethod::Totp, failure))
    }
}

/// Signs in a user who gave the second factor after the first; every outcome is recorded. Runs in the writing unit of
/// work of the challenge's user, so that only one of several concurrent uses of a code succeeds.
///
/// # Errors
/// [`SignInRefusal`]; of these, commit [`SignInRefusal::WrongCode`] and [`SignInRefusal::InvalidCredentials`].
/// [`SignInRefusal::TooManyGuesses`] isn't recorded, since the code wasn't checked.
pub fn accept_second_factor<S>(store: &mut S, given: &SecondFactor<'_>) -> Result<User, SignInRefusal>
where
    S: UserRepository + LoginRepository + TotpRepository + AuditRepository + ?Sized,
{
    let user = given.challenge.user;
    let present = store.credentials_of(user)?.ok_or(SignInRefusal::ChallengeExpired)?;
    if !given.challenge.is_of_password(present.password_hash.as_deref()) {
        return Err(SignInRefusal::ChallengeExpired);
    }
    let account = store.find_user(user)?.ok_or(SignInRefusal::ChallengeExpired)?;
    if !account.active {
        given.record(store, Some(LoginFailure::Inactive))?;
        return Err(SignInRefusal::InvalidCredentials);
    }
    match factors::prove(store, user, given.code, given.master, given.now) {
        Ok(Proof::Authenticator) => {}
        Ok(Proof::RecoveryCode) => {
            let event = AuditEvent::by(given.ids.fresh().into(), AuditAction::RECOVERY_CODE_USED, user, given.now);
            audit::record(store, &event)?;
        }
        Err(FactorRefusal::WrongCode { .. }) => {
            given.record(store, Some(LoginFailure::WrongCode))?;
            return Err(SignInRefusal::WrongCode);
        }
        Err(FactorRefusal::TooManyGuesses(seconds)) => return Err(SignInRefusal::TooManyGuesses(seconds)),
        // The second factor was removed since; the client has to sign in again.
        Err(FactorRefusal::NotSetUp | FactorRefusal::AlreadyActive) => return Err(SignInRefusal::ChallengeExpired),
        Err(FactorRefusal::Keys(error)) => return Err(SignInRefusal::Keys(error)),
        Err(FactorRefusal::Store(error)) => return Err(error.into()),
    }
    given.record(store, None)?;
    Ok(account)
}

#[cfg(test)]
mod tests {
    use circadia_domain::sessions::{FirstFactor, SessionKind};

    use super::*;
    use crate::testing::{Ids, InMemoryStore, MASTER, NOW, Seeded, id};

    struct Fixture {
        store: InMemoryStore,
        master: MasterKey,
        codes: Vec<String>,
        ids: Ids,
    }

    fn setting() -> Fixture {
        let mut store = InMemoryStore::with_user(id(1), Some("$hash"));
        let (master, entropy) = (MasterKey::from_text(MASTER).unwrap(), Seeded::new(3));
        factors::set_up(&mut store, id(1).into(), "ada", &master, &entropy, NOW).unwrap();
        store.totp[0].confirmed_at = Some(NOW);
        let codes = factors::renew_recovery_codes(&mut store, id(1).into(), &master, &entropy, NOW).unwrap();
        Fixture { store, master, codes, ids: Ids::default() }
    }

    impl Fixture {
        fn answer(&mut self, code: &str) -> Result<User, SignInRefusal> {
            let challenge = Challenge::new(
                id(1).into(),
                (SessionKind::Token, FirstFactor::Password),
                Some("$hash"),
                [9; 32],
                None,
                NOW,
            );
            let client = Client::default();
            let given = SecondFactor {
                challenge: &challenge,
                code,
                client: &client,
                master: &self.master,
                ids: &self.ids,
                now: NOW,
            };
            accept_second_factor(&mut self.store, &given)
        }

        fn recorded(&self) -> Vec<(LoginMethod, Option<LoginFailure>)> {
            self.store.logins.iter().map(|attempt| (attempt.method, attempt.failure)).collect()
        }
    }

    #[test]
    fn a_wrong_code_is_recorded_and_a_right_one_signs_in() {
        let mut setting = setting();
        let refused = setting.answer("nonsense").unwrap_err();
        assert!(matches!(refused, SignInRefusal::WrongCode));
        assert!(circadia_domain::unit_of_work::UnitOfWorkError::commit_on_error(&refused));
        let code = setting.codes[0].clone();
        assert_eq!(setting.answer(&code).unwrap().id, id(1).into());
        let totp = LoginMethod::Totp;
        assert_eq!(setting.recorded(), [(totp, Some(LoginFailure::WrongCode)), (totp, None)]);
        assert_eq!(setting.store.logins[1].identifier_hash, [9; 32]);
        assert_eq!(setting.store.audited[0].action, AuditAction::RECOVERY_CODE_USED);
        assert!(matches!(setting.answer(&code), Err(SignInRefusal::WrongCode)), "it is used up");
    }

    #[test]
    fn a_challenge_ends_with_the_password_the_factor_and_the_account() {
        let code = setting().codes[0].clone();
        let run = |prepare: fn(&mut Fixture)| {
            let mut setting = setting();
            prepare(&mut setting);
            let refusal = setting.answer(&code).unwrap_err();
            assert!(setting.store.recovery_codes.len() == 10 || setting.store.totp.is_empty());
            refusal
        };
        let replaced = run(|setting| setting.store.users[0].0.password_hash = Some("$new".into()));
        assert!(matches!(replaced, SignInRefusal::ChallengeExpired));
        let removed = run(|setting| drop(setting.store.delete_totp(id(1).into())));
        assert!(matches!(removed, SignInRefusal::ChallengeExpired));
        let deleted = run(|setting| setting.store.users.clear());
        assert!(matches!(deleted, SignInRefusal::ChallengeExpired));
        let inactive = run(|setting| setting.store.users[0].1 = false);
        assert!(matches!(inactive, SignInRefusal::InvalidCredentials));
    }
}
