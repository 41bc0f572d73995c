use super::*;
use crate::testing::{InMemoryStore, MASTER, NOW, Seeded, id};

struct Fixture {
    store: InMemoryStore,
    master: MasterKey,
    entropy: Seeded,
    secret: Vec<u8>,
}

fn user() -> UserId {
    id(1).into()
}

/// A setting in which a second factor was set up, and the secret that the authenticator has of it.
fn setting() -> Fixture {
    let (mut store, master, entropy) =
        (InMemoryStore::default(), MasterKey::from_text(MASTER).unwrap(), Seeded::new(4));
    let shown = set_up(&mut store, user(), "ada", &master, &entropy, NOW).unwrap();
    assert!(shown.uri.contains(&format!("secret={}&", shown.secret.as_str())) && shown.secret.len() == 32);
    let secret = master.open(Purpose::TotpSecrets, &user().to_string(), &store.totp[0].sealed).unwrap().unwrap();
    assert_eq!(base32(&secret), *shown.secret);
    Fixture { store, master, entropy, secret: secret.to_vec() }
}

impl Fixture {
    /// The code that the authenticator shows.
    fn code(&self, seconds: i64) -> String {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        totp::code_of(&key, totp::step_at(NOW.plus_seconds(seconds))).to_string()
    }

    fn confirm(&mut self, code: &str, seconds: i64) -> Result<Vec<String>, FactorRefusal> {
        confirm(&mut self.store, user(), code, &self.master, &self.entropy, NOW.plus_seconds(seconds))
    }

    fn prove(&mut self, code: &str, seconds: i64) -> Result<Proof, FactorRefusal> {
        prove(&mut self.store, user(), code, &self.master, NOW.plus_seconds(seconds))
    }
}

#[test]
fn it_is_in_force_once_a_code_was_given_and_no_step_counts_twice() {
    let mut setting = setting();
    let first = setting.code(0);
    assert!(matches!(setting.prove(&first, 0), Err(FactorRefusal::NotSetUp)), "not confirmed yet");
    assert!(matches!(setting.confirm("abc", 0), Err(FactorRefusal::WrongCode { .. })));
    assert_eq!(setting.confirm(&first, 0).unwrap().len(), RECOVERY_CODES);
    assert!(matches!(setting.confirm(&first, 0), Err(FactorRefusal::AlreadyActive)));
    assert!(matches!(setting.prove(&first, 0), Err(FactorRefusal::WrongCode { .. })), "the step was used to confirm");
    let second = setting.code(30);
    let spaced = format!("{} {}", &second[..3], &second[3..]);
    assert_eq!(setting.prove(&spaced, 30).unwrap(), Proof::Authenticator);
    assert!(matches!(setting.prove(&second, 31), Err(FactorRefusal::WrongCode { .. })));
    assert!(matches!(
        set_up(&mut setting.store, user(), "ada", &setting.master, &setting.entropy, NOW),
        Err(FactorRefusal::AlreadyActive)
    ));
}

#[test]
fn each_recovery_code_is_good_once_until_they_are_renewed() {
    let mut setting = setting();
    let code = setting.code(0);
    let codes = setting.confirm(&code, 0).unwrap();
    assert!(codes.iter().all(|code| code.len() == 19 && code.matches('-').count() == 3), "{codes:?}");
    assert_eq!(setting.prove(&codes[0].to_uppercase(), 0).unwrap(), Proof::RecoveryCode);
    assert!(matches!(setting.prove(&codes[0], 0), Err(FactorRefusal::WrongCode { .. })));
    assert_eq!(setting.prove(&codes[1].replace('-', " "), 0).unwrap(), Proof::RecoveryCode);
    assert_eq!(setting.store.recovery_codes.len(), RECOVERY_CODES - 2);
    let (master, entropy) = (setting.master.clone(), Seeded::new(9));
    let renewed = renew_recovery_codes(&mut setting.store, user(), &master, &entropy, NOW).unwrap();
    assert!(matches!(setting.prove(&codes[2], 0), Err(FactorRefusal::WrongCode { .. })));
    assert_eq!(setting.prove(&renewed[9], 0).unwrap(), Proof::RecoveryCode);
    for wrong in ["", "aaaa-aaaa-aaaa-aaaa", &"a".repeat(1_000), "ää"] {
        assert!(matches!(setting.prove(wrong, 0), Err(FactorRefusal::WrongCode { .. })), "{wrong}");
    }
}

#[test]
fn a_secret_moved_to_another_account_is_good_for_nothing() {
    let mut setting = setting();
    setting.store.totp[0].user = id(2).into();
    let moved = prove(&mut setting.store, id(2).into(), "000000", &setting.master, NOW);
    assert!(matches!(moved, Err(FactorRefusal::NotSetUp)));
    setting.store.totp[0].confirmed_at = Some(NOW);
    let moved = prove(&mut setting.store, id(2).into(), "000000", &setting.master, NOW);
    assert!(matches!(moved, Err(FactorRefusal::Keys(KeyError::WrongMasterKey(_)))));
}

/// Six digits that aren't the code.
fn wrong(setting: &Fixture, seconds: i64) -> &'static str {
    let codes: Vec<String> = (-2..=2).map(|step| setting.code(seconds + step * STEP_SECONDS)).collect();
    ["000000", "111111", "222222", "333333", "444444", "555555"]
        .into_iter()
        .find(|wrong| codes.iter().all(|code| code != wrong))
        .unwrap()
}

#[test]
fn wrong_codes_are_counted_for_good_and_recovery_codes_go_on_being_accepted() {
    let mut setting = setting();
    let recovery = setting.confirm(&setting.code(0), 0).unwrap();
    for _ in 0..CODE_QUOTA.burst() {
        let code = wrong(&setting, 60);
        let refusal = setting.prove(code, 60).unwrap_err();
        assert!(matches!(refusal, FactorRefusal::WrongCode { counted: true }) && refusal.commit_on_error());
    }
    // Not even the right one is looked at.
    let right = setting.code(60);
    let Err(FactorRefusal::TooManyGuesses(seconds)) = setting.prove(&right, 60) else { panic!("it is looked at") };
    assert_eq!(i64::from(seconds), 8 * 60 * 60 / 10);
    assert_eq!(setting.prove(&recovery[0], 60).unwrap(), Proof::RecoveryCode);
    let used_up = setting.prove(&recovery[0], 60);
    assert!(matches!(used_up, Err(FactorRefusal::WrongCode { counted: false })), "{used_up:?}");
    let later = 60 + i64::from(seconds);
    assert!(matches!(setting.prove(&setting.code(later - 1), later - 1), Err(FactorRefusal::TooManyGuesses(1))));
    assert_eq!(setting.prove(&setting.code(later), later).unwrap(), Proof::Authenticator);
    // A success forgives nothing.
    let code = wrong(&setting, later);
    assert!(matches!(setting.prove(code, later), Err(FactorRefusal::WrongCode { counted: true })));
    assert!(matches!(setting.prove(&setting.code(later + 30), later + 30), Err(FactorRefusal::TooManyGuesses(_))));
}

#[test]
fn what_is_no_guess_is_not_counted() {
    let mut setting = setting();
    // The caller knows the secret.
    for _ in 0..20 {
        let refusal = setting.confirm(wrong(&setting, 0), 0).unwrap_err();
        assert!(matches!(refusal, FactorRefusal::WrongCode { counted: false }) && !refusal.commit_on_error());
    }
    let first = setting.code(0);
    setting.confirm(&first, 0).unwrap();
    // Mistyped, a recovery code that lacks a letter, one that was used.
    for code in ["", "12345", "1234567", "abcdef", "abcd-efgh-ijkl-mno", &first] {
        let refusal = setting.prove(code, 0).unwrap_err();
        assert!(matches!(refusal, FactorRefusal::WrongCode { counted: false }), "{code}: {refusal}");
    }
    assert_eq!(setting.store.totp[0].guesses_until, None);
}

#[test]
fn guesses_that_a_clock_counted_ahead_of_time_are_forgotten() {
    let mut setting = setting();
    setting.confirm(&setting.code(0), 0).unwrap();
    for _ in 0..CODE_QUOTA.burst() {
        drop(setting.prove(wrong(&setting, 86_400), 86_400));
    }
    assert!(matches!(setting.prove(&setting.code(86_400), 86_400), Err(FactorRefusal::TooManyGuesses(_))));
    assert_eq!(setting.prove(&setting.code(60), 60).unwrap(), Proof::Authenticator);
}
