use super::*;
use crate::testing::{InMemoryStore, NOW, Seeded, id};

fn written(store: &mut InMemoryStore, order: &EmailJob) -> Option<EmailMessage> {
    compose_email(store, order, &Seeded::new(5), NOW).unwrap()
}

fn unverified() -> InMemoryStore {
    InMemoryStore::with_user(id(1), Some("$hash"))
}

fn verified() -> InMemoryStore {
    let mut store = unverified();
    store.users[0].0.email_verified_at = Some(NOW);
    store
}

fn ada() -> String {
    "ada@example.org".to_owned()
}

/// A reminder whose time came so many seconds ago.
fn reminder(user: u8, seconds: i64) -> EmailJob {
    let (title, text) = ("Run".to_owned(), "Due today, and still to be done.".to_owned());
    EmailJob::Reminder { user: id(user).into(), title, text, at: NOW.seconds() - seconds }
}

#[test]
fn an_address_without_an_account_gets_no_letter() {
    let mut store = verified();
    let nobody = "nobody@example.org".to_owned();
    for order in [
        EmailJob::Registration { email: nobody.clone(), taken: false },
        EmailJob::Registration { email: nobody.clone(), taken: true },
        EmailJob::Verification { email: nobody.clone() },
        EmailJob::PasswordReset { email: nobody.clone() },
        EmailJob::EmailChange { user: id(9).into(), email: nobody.clone(), password: password_fingerprint(None) },
        EmailJob::EmailChangeNotice { user: id(9).into(), email: nobody.clone() },
        EmailJob::EmailReplaced { user: id(9).into(), email: nobody },
        EmailJob::Welcome { user: id(9).into() },
        EmailJob::PasswordChanged { user: id(9).into() },
        EmailJob::PasskeyAdded { user: id(9).into() },
        EmailJob::WebhookDisabled { user: id(9).into(), host: "hooks.example.org".to_owned(), is_gone: true },
        EmailJob::NewDevice {
            user: id(9).into(),
            browser: Browser::Firefox,
            os: OperatingSystem::Linux,
            device: DeviceKind::Desktop,
            ip: None,
            at: 0,
        },
        EmailJob::ProviderLinked { user: id(9).into(), provider: "Work".to_owned() },
        reminder(9, 0),
    ] {
        assert_eq!(written(&mut store, &order), None, "{order:?}");
    }
    assert!(store.one_time_tokens.is_empty());
}

#[test]
fn who_registers_gets_a_link_and_who_has_the_account_already_is_told_so() {
    let order = |taken| EmailJob::Registration { email: ada(), taken };
    let mut store = unverified();
    let letter = written(&mut store, &order(false)).unwrap();
    let EmailContent::VerifyEmail(first) = letter.content else { panic!("{letter:?}") };
    assert_eq!(letter.to.as_str(), "ada@example.org");
    // The second registration comes from the address's holder, the first need not: its link and password are void.
    let letter = written(&mut store, &order(true)).unwrap();
    let EmailContent::FinishRegistration(token) = letter.content else { panic!("{letter:?}") };
    assert_eq!((token.purpose, letter.to.as_str()), (OneTimePurpose::ResetPassword, "ada@example.org"));
    assert!(one_time::look_up(&mut store, &token, NOW).is_ok() && one_time::look_up(&mut store, &first, NOW).is_err());
    // Nor can a link be requested in between that verifies the first password.
    for order in [EmailJob::Verification { email: ada() }, order(false)] {
        let letter = written(&mut store, &order).unwrap();
        assert!(matches!(letter.content, EmailContent::FinishRegistration(_)), "{letter:?}");
    }
    let letter = written(&mut verified(), &order(true)).unwrap();
    assert_eq!(letter.content, EmailContent::AlreadyRegistered);
    assert_eq!(written(&mut verified(), &order(false)), None);
}

#[test]
fn verification_is_for_the_unverified_and_a_reset_for_everybody_who_may_sign_in() {
    let verification = EmailJob::Verification { email: ada() };
    assert!(written(&mut unverified(), &verification).is_some());
    assert_eq!(written(&mut verified(), &verification), None);
    let reset = EmailJob::PasswordReset { email: ada() };
    for mut store in [unverified(), verified()] {
        let letter = written(&mut store, &reset).unwrap();
        assert!(matches!(letter.content, EmailContent::ResetPassword(_)));
        store.users[0].1 = false;
        assert_eq!(written(&mut store, &reset), None);
    }
}

#[test]
fn an_address_that_somebody_else_has_is_told_to_them_and_to_nobody_else() {
    let mut store = verified();
    let mut grace = store.users[0].0.clone();
    grace.id = id(2).into();
    grace.email = Email::parse("grace@example.org").unwrap();
    store.users.push((grace, true));
    let change = |email: &str| EmailJob::EmailChange {
        user: id(1).into(),
        email: email.to_owned(),
        password: password_fingerprint(Some("$hash")),
    };
    let letter = written(&mut store, &change("grace@example.org")).unwrap();
    assert_eq!((letter.to.as_str(), letter.content), ("grace@example.org", EmailContent::AlreadyRegistered));
    assert!(store.one_time_tokens.is_empty());
    let letter = written(&mut store, &change("countess@example.org")).unwrap();
    assert!(matches!(letter.content, EmailContent::ConfirmNewEmail(_)));
    assert_eq!(letter.to.as_str(), "countess@example.org");
    assert_eq!(store.one_time_tokens[0].email, letter.to);
    assert_eq!(store.one_time_tokens[0].user, id(1).into());
}

#[test]
fn a_change_of_address_is_off_once_the_password_is_another() {
    let mut store = verified();
    let order = EmailJob::EmailChange {
        user: id(1).into(),
        email: "evil@example.org".to_owned(),
        password: password_fingerprint(Some("$hash")),
    };
    assert!(written(&mut store, &order).is_some());
    store.users[0].0.password_hash = Some("$new".into());
    assert_eq!(written(&mut store, &order), None);
    store.users[0].0.password_hash = None;
    assert_eq!(written(&mut store, &order), None);
}

#[test]
fn a_letter_that_is_written_again_has_the_token_that_counts() {
    let mut store = verified();
    let (entropy, order) = (Seeded::new(6), EmailJob::PasswordReset { email: ada() });
    let mut write = || compose_email(&mut store, &order, &entropy, NOW).unwrap().unwrap().content;
    let (EmailContent::ResetPassword(first), EmailContent::ResetPassword(second)) = (write(), write()) else {
        panic!("no reset")
    };
    assert!(one_time::look_up(&mut store, &first, NOW).is_err());
    assert!(one_time::look_up(&mut store, &second, NOW).is_ok());
}

#[test]
fn a_reminder_is_for_who_is_there_and_not_for_the_day_after() {
    let letter = written(&mut verified(), &reminder(1, 0)).unwrap();
    let EmailContent::Reminder { title, text } = letter.content else { panic!("{letter:?}") };
    assert_eq!((title.as_str(), text.as_str()), ("Run", "Due today, and still to be done."));
    assert!(written(&mut verified(), &reminder(1, MAX_LATE_SECONDS)).is_some());
    assert_eq!(written(&mut verified(), &reminder(1, MAX_LATE_SECONDS + 1)), None);
    assert_eq!(written(&mut unverified(), &reminder(1, 0)), None);
    let mut inactive = verified();
    inactive.users[0].1 = false;
    assert_eq!(written(&mut inactive, &reminder(1, 0)), None);
}

#[test]
fn orders_read_back_and_show_no_address() {
    let order = EmailJob::EmailChangeNotice { user: id(1).into(), email: ada() };
    let json = serde_json::to_string(&order).unwrap();
    assert_eq!(serde_json::from_str::<EmailJob>(&json).unwrap(), order);
    assert!(!format!("{order:?}").contains("ada"));
    assert_eq!(format!("{:?}", reminder(1, 0)), "Reminder");
}
