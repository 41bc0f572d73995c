//! `circadia create-admin`.

use std::io::BufRead as _;
use std::sync::Arc;

use circadia_auth::Entropy;
use circadia_auth::accounts::{Registration, register};
use circadia_auth::passwords::Password;
use circadia_domain::Error;
use circadia_domain::accounts::{self, AccountPatch};
use circadia_domain::audit::{self, AuditAction, AuditDetail, AuditEvent};
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::revision::Expected;
use circadia_domain::unit_of_work::{read, write, write_unowned};
use circadia_domain::users::{Email, Login, NewUser, Role, Settings, Username};
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
    let user = make_account(&composition, &registration, &password)?;
    say(format_args!("Made the superuser {} <{}>.", user.username.as_str(), user.email));
    if given.is_none() {
        say(format_args!("Password: {password}"));
    }
    Ok(())
}

/// Makes an existing account a superuser.
pub(super) fn promote(config: &Config, username: Option<&str>, email: Option<&str>) -> Outcome {
    let composition = compose(config, Arc::new(SystemClock), Arc::new(FreshIds))?;
    let logins: Vec<Login> = username.map(Login::username).into_iter().chain(email.map(Login::email)).collect();
    if logins.is_empty() {
        return Err(Failure("--promote needs --username or --email, to find the account by".to_owned()));
    }
    let found = read::<_, StoreError>(&*composition.database, |store| {
        logins
            .iter()
            .map(|login| Ok(store.find_credentials(login)?.map(|found| found.user)))
            .collect::<Result<Vec<_>, _>>()
    })?;
    let user = match found.as_slice() {
        [Some(user)] => *user,
        [Some(user), Some(other)] if user == other => *user,
        [Some(_), Some(_)] => {
            return Err(Failure("--username and --email are those of two accounts: give one of them".to_owned()));
        }
        [.., None] if email.is_some() => return Err(Failure("no account has this e-mail address".to_owned())),
        _ => return Err(Failure("no account has this user name".to_owned())),
    };
    let (now, ids) = (composition.app.context.now(), Arc::clone(&composition.app.context.ids));
    let promoted = write::<_, Error>(&*composition.database, user, now, |tx| {
        let patch = AccountPatch { role: Some(Role::Superuser), active: Some(true), ..AccountPatch::default() };
        let change = accounts::update(tx, &Expected::Anything, patch)?;
        if let Some(change) = &change {
            let event = AuditEvent::of(ids.fresh().into(), AuditAction::ACCOUNT_CHANGED, now).about(user);
            audit::record(tx.store, &change.described_in(event))?;
        }
        Ok(change.map(|change| change.after))
    })?;
    let Some(account) = promoted else { return Err(Failure("this account is a superuser already".to_owned())) };
    say(format_args!("Made {} <{}> a superuser.", account.username.as_str(), account.email));
    if account.email_verified_at.is_none() {
        say("The address isn't verified: where that is required, the account can't sign in before.");
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
    #[error("{0} (`--promote` makes an existing account a superuser)")]
    Taken(Error),
    #[error(transparent)]
    Registration(Error),
}

/// Makes an account with a password that it may have.
pub(super) fn make_account(
    composition: &Composition,
    registration: &Registration,
    password: &str,
) -> Result<NewUser, AccountError> {
    let app = &composition.app;
    let chosen = Password::chosen(password, Some(&registration.username), Some(&registration.email))
        .map_err(AccountError::Password)?;
    let hash = actix_web::rt::System::new().block_on(app.passwords.hash(chosen))?;
    let now = app.context.now();
    let ids = &*app.context.ids;
    let made = write_unowned::<_, Error>(&*composition.database, |store| {
        let user = register(store, registration.clone(), hash.clone(), ids, now)?;
        let event = AuditEvent::of(ids.fresh().into(), AuditAction::ACCOUNT_CREATED, now).about(user.id);
        audit::record(store, &event.with("role", AuditDetail::Word(user.role.as_str())))?;
        Ok(user)
    });
    made.map_err(|error| match error {
        Error::Conflict { code: Code::UsernameTaken | Code::EmailTaken, .. } => AccountError::Taken(error),
        other => AccountError::Registration(other),
    })
}

/// A password of 20 letters and digits: 119 bits.
pub(super) fn random_password(entropy: &dyn Entropy) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789ABCDEFG";
    let mut bytes = [0; 20];
    entropy.fill(&mut bytes);
    bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 64))).map(|letter| char::from(*letter)).collect()
}
