use circadia_domain::passkeys::{Passkey, PasskeyName};
use circadia_domain::sessions::{FirstFactor, SessionKind};
use serde_json::json;

use super::*;
use crate::keys::MasterKey;
use crate::passkeys::authenticator::{Authenticator, flipped};
use crate::passkeys::{Attestation, Started, user_handle};
use crate::testing::{Ids, InMemoryStore, MASTER, NOW, Seeded, id};

const ORIGIN: &str = "https://app.example.org";
const REV: Revision = Revision(9);

struct Fixture {
    store: InMemoryStore,
    device: Authenticator,
    relying_party: RelyingParty,
    verification: Verification,
}

/// A user with a passkey.
fn setting() -> Fixture {
    let mut store = InMemoryStore::with_user(id(1), Some("$hash"));
    let relying_party = RelyingParty::new("example.org", vec![ORIGIN.to_owned()]).unwrap();
    let mut device = Authenticator::at(ORIGIN);
    let started = relying_party.begin_registration(id(1).into()).unwrap();
    let handle = crate::bytes::base64url(&user_handle(id(1).into()));
    let options = json!({"rp": {"id": "example.org"}, "user": {"id": handle}, "challenge": started.challenge});
    let answer = Attestation::parse(&device.create(&options)).unwrap();
    let made = relying_party.finish_registration(&started.state, &answer).unwrap();
    store.passkeys.push(Passkey {
        id: id(7).into(),
        user: id(1).into(),
        name: PasskeyName::parse("Phone").unwrap(),
        credential_id: made.credential_id,
        public_key: made.public_key,
        sign_count: made.sign_count.into(),
        backup_eligible: made.backup_eligible,
        backed_up: made.backed_up,
        transports: made.transports,
        created_at: NOW,
        last_used_at: None,
        rev: Revision(1),
    });
    Fixture { store, device, relying_party, verification: Verification::Optional }
}

impl Fixture {
    fn answer(&mut self) -> (Started, serde_json::Value) {
        let started = self.relying_party.begin_authentication().unwrap();
        let answer = self.device.get(&json!({"rpId": "example.org", "challenge": started.challenge}));
        (started, answer)
    }

    fn sign_in(&mut self) -> Result<User, PasskeyRefusal> {
        let (started, answer) = self.answer();
        self.sign_in_with(&started, &answer)
    }

    fn sign_in_with(&mut self, started: &Started, answer: &serde_json::Value) -> Result<User, PasskeyRefusal> {
        self.attempt(started, answer, |attempt, store| attempt.accept(store, REV))
    }

    fn answer_challenge(&mut self, challenge: &Challenge) -> Result<User, PasskeyRefusal> {
        let (started, answer) = self.answer();
        self.attempt(&started, &answer, |attempt, store| attempt.accept_as_second_factor(store, REV, challenge))
    }

    fn attempt(
        &mut self,
        started: &Started,
        answer: &serde_json::Value,
        work: impl FnOnce(&PasskeyAttempt<'_>, &mut InMemoryStore) -> Result<User, PasskeyRefusal>,
    ) -> Result<User, PasskeyRefusal> {
        let identifiers = Identifiers::new(&MasterKey::from_text(MASTER).unwrap()).unwrap();
        let attempt = PasskeyAttempt {
            answer: &Assertion::parse(answer, None).unwrap(),
            state: &started.state,
            relying_party: &self.relying_party,
            client: &Client::default(),
            verification: self.verification,
            identifiers: &identifiers,
            ids: &Ids::default(),
            now: NOW.plus_seconds(60),
        };
        work(&attempt, &mut self.store)
    }

    fn recorded(&self) -> Vec<Option<LoginFailure>> {
        assert!(self.store.logins.iter().all(|attempt| attempt.method == LoginMethod::Passkey));
        self.store.logins.iter().map(|attempt| attempt.failure).collect()
    }
}

#[test]
fn a_passkey_signs_in_and_its_use_is_noted() {
    let mut setting = setting();
    assert_eq!(setting.sign_in().unwrap().id, id(1).into());
    let passkey = &setting.store.passkeys[0];
    assert_eq!((passkey.last_used_at, passkey.sign_count, passkey.rev), (Some(NOW.plus_seconds(60)), 1, REV));
    assert_eq!(setting.recorded(), [None]);
    assert_eq!(setting.store.logins[0].user, Some(id(1).into()));
    assert!(setting.store.audited.is_empty());
}

#[test]
fn every_refusal_is_recorded_and_looks_the_same() {
    let run = |change: fn(&mut Fixture)| {
        let mut setting = setting();
        change(&mut setting);
        let before = setting.store.passkeys.clone();
        let refusal = setting.sign_in().unwrap_err();
        assert!(matches!(refusal, PasskeyRefusal::Invalid) && refusal.commit_on_error(), "{refusal:?}");
        assert_eq!(setting.store.passkeys, before);
        setting.recorded()
    };
    let wrong = [Some(LoginFailure::WrongPasskey)];
    assert_eq!(run(|setting| setting.device.origin = "https://evil.example".to_owned()), wrong);
    assert_eq!(run(|setting| setting.device.verifies_user = false), wrong);
    assert_eq!(run(|setting| setting.store.passkeys.clear()), wrong);
    assert_eq!(run(|setting| setting.store.users[0].1 = false), [Some(LoginFailure::Inactive)]);
    let mut setting = setting();
    let (started, answer) = setting.answer();
    let refusal = setting.sign_in_with(&started, &flipped(&answer, "signature", 100)).unwrap_err();
    assert!(matches!(refusal, PasskeyRefusal::Invalid));
    // A bit of a signature that was wrong takes nothing from the right one.
    setting.sign_in_with(&started, &answer).unwrap();
    // Who hasn't got the key isn't told that an account is inactive.
    setting.store.users[0].1 = false;
    let (started, answer) = setting.answer();
    assert!(setting.sign_in_with(&started, &flipped(&answer, "signature", 100)).is_err());
    assert_eq!(setting.recorded(), [wrong[0], None, wrong[0]]);
}

#[test]
fn an_address_that_must_be_verified_is_said_to_who_has_the_key() {
    let mut setting = setting();
    setting.verification = Verification::Required;
    let refusal = setting.sign_in().unwrap_err();
    assert!(matches!(refusal, PasskeyRefusal::EmailNotVerified) && refusal.commit_on_error());
    setting.store.users[0].0.email_verified_at = Some(NOW);
    setting.sign_in().unwrap();
    assert_eq!(setting.recorded(), [Some(LoginFailure::EmailNotVerified), None]);
}

#[test]
fn a_counter_that_goes_backwards_is_refused_and_audited() {
    let mut setting = setting();
    setting.device.count = Some(9);
    setting.sign_in().unwrap();
    setting.device.count = Some(3);
    let refusal = setting.sign_in().unwrap_err();
    assert!(matches!(refusal, PasskeyRefusal::Invalid) && refusal.commit_on_error());
    assert_eq!(setting.store.passkeys[0].sign_count, 10);
    let event = &setting.store.audited[0];
    assert_eq!((event.action.clone(), event.outcome.as_str()), (AuditAction::PASSKEY_COUNTER_REGRESSED, "refused"));
    assert_eq!(event.details["passkey"], id(7).to_string());
    assert_eq!(setting.recorded(), [None, Some(LoginFailure::WrongPasskey)]);
}

#[test]
fn the_account_that_went_meanwhile_is_no_account() {
    let mut setting = setting();
    setting.store.users.clear();
    let refusal = setting.sign_in().unwrap_err();
    assert!(matches!(refusal, PasskeyRefusal::Store(StoreError::NoSuchUser)));
    assert!(setting.store.logins.is_empty());
}

/// A second factor in force, and a challenge for it.
fn challenged(setting: &mut Fixture) -> Challenge {
    let (master, entropy) = (MasterKey::from_text(MASTER).unwrap(), Seeded::new(3));
    factors::set_up(&mut setting.store, id(1).into(), "ada", &master, &entropy, NOW).unwrap();
    setting.store.totp[0].confirmed_at = Some(NOW);
    let kind = (SessionKind::Token, FirstFactor::Password);
    Challenge::new(id(1).into(), kind, Some("$hash"), [9; 32], None, NOW)
}

#[test]
fn a_passkey_answers_a_challenge_in_place_of_a_code() {
    let run = |change: fn(&mut Fixture)| {
        let mut setting = setting();
        let challenge = challenged(&mut setting);
        change(&mut setting);
        (setting.answer_challenge(&challenge), setting.recorded())
    };
    let (signed_in, recorded) = run(|_| {});
    assert_eq!((signed_in.unwrap().id, recorded), (id(1).into(), vec![None]));
    let (refused, recorded) = run(|setting| setting.device.verifies_user = false);
    assert!(matches!(refused, Err(PasskeyRefusal::Invalid)) && recorded == [Some(LoginFailure::WrongPasskey)]);
    // Another user's passkey, however right.
    let (refused, recorded) = run(|setting| {
        setting.device.user_handle = Some(crate::bytes::base64url(&user_handle(id(2).into())));
        setting.store.passkeys[0].user = id(2).into();
        let other = InMemoryStore::with_user(id(2), None).users.remove(0);
        setting.store.users.push(other);
    });
    assert!(matches!(refused, Err(PasskeyRefusal::Invalid)) && recorded == [Some(LoginFailure::WrongPasskey)]);
    let expired: [fn(&mut Fixture); 3] = [
        |setting| setting.store.users[0].0.password_hash = Some("$new".into()),
        |setting| setting.store.totp.clear(),
        |setting| setting.store.users.clear(),
    ];
    for change in expired {
        let (refused, recorded) = run(change);
        assert!(matches!(refused, Err(PasskeyRefusal::ChallengeExpired)) && recorded.is_empty(), "{refused:?}");
    }
}
