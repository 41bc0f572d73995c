//! Attempts to sign in.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{LoginId, UserId};
use circadia_domain::logins::{
    Browser, DeviceKind, LoginAttempt, LoginClient, LoginCounts, LoginFailure, LoginMethod, OperatingSystem,
};
use circadia_domain::unit_of_work::write_unowned;
use circadia_domain::users::Locale;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

pub(crate) fn attempt(user: Option<UserId>, at: Instant, failure: Option<LoginFailure>) -> LoginAttempt {
    LoginAttempt {
        id: LoginId::from_uuid(samples::id()),
        user,
        identifier_hash: [0x5A; 32],
        at,
        ip: Some("2001:db8::1".parse().unwrap()),
        user_agent: Some("é".repeat(400)),
        client: LoginClient {
            browser: Browser::SamsungInternet,
            os: OperatingSystem::Android,
            device: DeviceKind::Tablet,
        },
        language: Some(Locale::parse("zh-Hant-TW").unwrap()),
        method: LoginMethod::Password,
        failure,
    }
}

pub(crate) fn successes_are_counted_since_each_start(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let week = NOW;
    let month = NOW.plus_seconds(-1_000);
    let mut attempts = vec![
        attempt(Some(user), week, None),
        attempt(Some(user), Instant::from_micros(week.micros() - 1), None),
        attempt(Some(user), month, None),
        attempt(Some(user), Instant::from_micros(month.micros() - 1), None),
        attempt(Some(other), week, None),
    ];
    for failure in [
        LoginFailure::UnknownUser,
        LoginFailure::WrongPassword,
        LoginFailure::Inactive,
        LoginFailure::EmailNotVerified,
        LoginFailure::WrongCode,
    ] {
        attempts.push(attempt(Some(user), week, Some(failure)));
    }
    write_unowned(&test.database, |store| attempts.iter().try_for_each(|attempt| store.insert_login(attempt))).unwrap();
    let counts = |user| test.read(|store| store.login_counts(user, week, month));
    assert_eq!(counts(user), LoginCounts { total: 4, this_week: 1, this_month: 3 });
    assert_eq!(counts(UserId::from_uuid(samples::id())), LoginCounts::default());
}

pub(crate) fn attempts_without_an_account_are_recorded(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    for method in [LoginMethod::Password, LoginMethod::Provider, LoginMethod::Totp] {
        let unknown =
            LoginAttempt { ip: None, user_agent: None, method, ..attempt(None, NOW, Some(LoginFailure::UnknownUser)) };
        write_unowned(&test.database, |store| store.insert_login(&unknown)).unwrap();
    }
    let mut raw = test.raw();
    let unknown = "SELECT count(*) FROM login_attempts WHERE user_id IS NULL AND ip IS NULL AND user_agent IS NULL";
    assert_eq!(raw.number(unknown), 3);
}
