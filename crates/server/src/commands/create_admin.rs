//! `circadia create-admin`.

use std::io::BufRead as _;
use std::sync::Arc;

use circadia_auth::Entropy;
use circadia_auth::accounts::{Registration, register};
use circadia_auth::passwords::Password;
use circadia_domain::Error;
use circadia_domain::unit_of_work::write_unowned;
use circadia_domain::users::{Email, NewUser, Role, Settings, Username};
use circadia_domain::violation::Violations;

use super::{Failure, Outcome, say};
use crate::clock::{FreshIds, SystemClock};
use crate::composition::{Composition, compose};
use crate::config::Config;

pub(super) fn run(config: &Config, username: &str, email: &str, password_stdin: bool) -> Outcome {
    let composition = compose(config, Arc::new(SystemClock), Arc::new(FreshIds))?;
    let given = if password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Some(line.trim_end_matches(['\r', '\n']).to_owned())
    } else {
        None
    };
    let registration = Registration {
        username: Username::parse(username).map_err(|wrong| Failure(format!("--username {wrong}")))?,
        email: Email::parse(email).map_err(|wrong| Failure(format!("--email {wrong}")))?,
        settings: Settings::default(),
        role: Role::Superuser,
        email_verified_at: Some(composition.app.context.now()),
    };
    let password = given.clone().unwrap_or_else(|| random_password(&*composition.app.context.entropy));
    let user = make_account(&composition, registration, &password)?;
    say(format_args!("Made the superuser {} <{}>.", user.username.as_str(), user.email));
    if given.is_none() {
        say(format_args!("Password: {password}"));
    }
    Ok(())
}

/// Why an account wasn't made.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccountError {
    #[error("the password {0}")]
    Password(Violations),
    #[error(transparent)]
    Hashing(#[from] circadia_app::Error),
    #[error(transparent)]
    Registration(#[from] Error),
}

/// Makes an account with a password that it may have.
pub(super) fn make_account(
    composition: &Composition,
    registration: Registration,
    password: &str,
) -> Result<NewUser, AccountError> {
    let app = &composition.app;
    let chosen = Password::chosen(password, Some(&registration.username), Some(&registration.email))
        .map_err(AccountError::Password)?;
    let hash = actix_web::rt::System::new().block_on(app.passwords.hash(chosen))?;
    let now = app.context.now();
    Ok(write_unowned(&*composition.database, |store| register(store, registration, hash, &*app.context.ids, now))?)
}

/// A password of 20 letters and digits: 119 bits.
pub(super) fn random_password(entropy: &dyn Entropy) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789ABCDEFG";
    let mut bytes = [0; 20];
    entropy.fill(&mut bytes);
    bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 64))).map(|letter| char::from(*letter)).collect()
}
