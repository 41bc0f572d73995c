use super::*;
use crate::testing::{Ids, InMemoryStore, MASTER, NOW, id};

const REV: Revision = Revision(2);

struct Fixture {
    store: InMemoryStore,
    identifiers: Identifiers,
    ids: Ids,
    client: Client,
    login: Login,
    verification: Verification,
}

impl Fixture {
    fn new() -> Self {
        Self {
            store: InMemoryStore::with_user(id(1), Some("$old")),
            identifiers: Identifiers::new(&MasterKey::from_text(MASTER).unwrap()).unwrap(),
            ids: Ids::default(),
            client: Client::new(None, Some("test/1"), Some("192.0.2.1".parse().unwrap())),
            login: Login::username("Ada"),
            verification: Verification::Optional,
        }
    }

    fn found(&mut self) -> Option<Credentials> {
        self.store.find_credentials(&self.login).unwrap()
    }

    fn sign_in(&mut self, found: Option<&Credentials>, verified: &Verified) -> Result<User, SignInRefusal> {
        let attempt = Attempt {
            login: &self.login,
            method: LoginMethod::Password,
            client: &self.client,
            verification: self.verification,
            identifiers: &self.identifiers,
            ids: &self.ids,
            now: NOW,
        };
        match found {
            Some(found) if self.verification.admits(found) => accept(&mut self.store, REV, &attempt, found, verified),
            Some(found) => refuse(&mut self.store, &attempt, Some(found), verified.matches).map(|never| match never {}),
            None => refuse(&mut self.store, &attempt, None, false).map(|never| match never {}),
        }
    }

    fn recorded(&self) -> Vec<(Option<UserId>, Option<LoginFailure>)> {
        self.store.logins.iter().map(|attempt| (attempt.user, attempt.failure)).collect()
    }
}

fn right() -> Verified {
    Verified { matches: true, rehash: None }
}

#[test]
fn the_right_password_signs_in_and_is_recorded() {
    let mut setting = Fixture::new();
    let found = setting.found();
    let user = setting.sign_in(found.as_ref(), &right()).unwrap();
    assert_eq!(user.id, id(1).into());
    let attempt = &setting.store.logins[0];
    assert_eq!((attempt.user, attempt.failure, attempt.at), (Some(user.id), None, NOW));
    assert_eq!((attempt.ip, attempt.user_agent.as_deref()), (setting.client.ip, Some("test/1")));
    assert_eq!(setting.store.users[0].0.password_hash.as_deref(), Some("$old"));
}

#[test]
fn every_failure_is_the_same_outside_and_told_apart_in_the_record() {
    let known = Some(UserId::from_uuid(id(1)));
    let run = |prepare: fn(&mut Fixture), verified: Verified| {
        let mut setting = Fixture::new();
        prepare(&mut setting);
        let found = setting.found();
        let refusal = setting.sign_in(found.as_ref(), &verified).unwrap_err();
        assert!(refusal.commit_on_error());
        (refusal.to_string(), setting.recorded())
    };
    let wrong_password = run(|_| (), Verified::default());
    let unknown = run(|setting| setting.login = Login::email("nobody@example.org"), Verified::default());
    let inactive = run(|setting| setting.store.users[0].1 = false, right());
    assert_eq!(wrong_password.1, [(known, Some(LoginFailure::WrongPassword))]);
    assert_eq!(unknown.1, [(None, Some(LoginFailure::UnknownUser))]);
    assert_eq!(inactive.1, [(known, Some(LoginFailure::Inactive))]);
    assert!(wrong_password.0 == unknown.0 && unknown.0 == inactive.0);
}

#[test]
fn an_unverified_address_is_told_only_to_who_knows_the_password() {
    let mut setting = Fixture::new();
    setting.verification = Verification::Required;
    let found = setting.found();
    let wrong = setting.sign_in(found.as_ref(), &Verified::default()).unwrap_err();
    assert!(matches!(wrong, SignInRefusal::InvalidCredentials));
    let right_one = setting.sign_in(found.as_ref(), &right()).unwrap_err();
    assert!(matches!(right_one, SignInRefusal::EmailNotVerified) && right_one.commit_on_error());
    let failures: Vec<_> = setting.recorded().into_iter().map(|(_, failure)| failure).collect();
    assert_eq!(failures, [Some(LoginFailure::WrongPassword), Some(LoginFailure::EmailNotVerified)]);
    setting.store.users[0].0.email_verified_at = Some(NOW);
    let found = setting.found();
    assert!(setting.sign_in(found.as_ref(), &right()).is_ok());
}

#[test]
fn a_password_that_was_replaced_meanwhile_does_not_sign_in() {
    let mut setting = Fixture::new();
    let found = setting.found();
    setting.store.users[0].0.password_hash = Some("$new".into());
    let refusal = setting.sign_in(found.as_ref(), &right()).unwrap_err();
    assert!(matches!(refusal, SignInRefusal::PasswordReplaced) && !refusal.commit_on_error());
    assert_eq!(setting.recorded(), []);
    setting.store.users.clear();
    assert!(matches!(setting.sign_in(found.as_ref(), &right()), Err(SignInRefusal::PasswordReplaced)));
}

#[test]
fn rehash_on_login() {
    let mut setting = Fixture::new();
    let found = setting.found();
    let rehash = Verified { matches: true, rehash: Some("$stronger".into()) };
    setting.sign_in(found.as_ref(), &rehash).unwrap();
    assert_eq!(setting.store.users[0].0.password_hash.as_deref(), Some("$stronger"));
}

#[test]
fn a_second_factor_is_asked_for_once_it_is_in_force_and_that_is_recorded_as_no_success() {
    let (mut setting, entropy) = (Fixture::new(), crate::testing::Seeded::new(1));
    let master = MasterKey::from_text(MASTER).unwrap();
    factors::set_up(&mut setting.store, id(1).into(), "ada", &master, &entropy, NOW).unwrap();
    let found = setting.found();
    setting.sign_in(found.as_ref(), &right()).unwrap();
    setting.store.totp[0].confirmed_at = Some(NOW);
    let rehash = Verified { matches: true, rehash: Some("$stronger".into()) };
    let refusal = setting.sign_in(found.as_ref(), &rehash).unwrap_err();
    assert!(refusal.commit_on_error());
    let SignInRefusal::SecondFactorRequired { user, password_hash } = refusal else { panic!("{refusal}") };
    assert_eq!((user, password_hash.as_deref()), (id(1).into(), Some("$stronger")));
    let failures: Vec<_> = setting.recorded().into_iter().map(|(_, failure)| failure).collect();
    assert_eq!(failures, [None, Some(LoginFailure::SecondFactorRequired)]);
    // Who gives a wrong password doesn't learn that there is one.
    let found = setting.found();
    let wrong = setting.sign_in(found.as_ref(), &Verified::default()).unwrap_err();
    assert!(matches!(wrong, SignInRefusal::InvalidCredentials));
}

#[test]
fn an_inactive_account_is_not_rehashed() {
    let mut setting = Fixture::new();
    setting.store.users[0].1 = false;
    let found = setting.found();
    let rehash = Verified { matches: true, rehash: Some("$stronger".into()) };
    setting.sign_in(found.as_ref(), &rehash).unwrap_err();
    assert_eq!(setting.store.users[0].0.password_hash.as_deref(), Some("$old"));
}

#[test]
fn identifiers_are_recorded_so_that_only_equal_ones_can_be_told() {
    let identifiers = |master: &str| Identifiers::new(&MasterKey::from_text(master).unwrap()).unwrap();
    let here = identifiers(MASTER);
    assert_eq!(here.hash(&Login::email("Ada@Example.org")), here.hash(&Login::email("ada@example.ORG")));
    assert_ne!(here.hash(&Login::email("ada@example.org")), here.hash(&Login::email("ada@example.net")));
    let elsewhere = identifiers(&MASTER.to_uppercase());
    assert_ne!(here.hash(&Login::username("ada")), elsewhere.hash(&Login::username("ada")));
}
