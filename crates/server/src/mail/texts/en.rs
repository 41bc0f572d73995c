//! English.

use circadia_auth::accounts::EmailContent;

use super::{Action, EmailTexts, Links};

/// The text above a URL that is written out.
const WRITTEN_OUT: &str = "If the button doesn't work, open this address in a browser:";

const IF_NOT_YOU: &str = "If it was you, there is nothing to do here. If it wasn't, choose a new password now:";

pub(super) fn texts(content: &EmailContent, username: &str, links: &Links<'_>) -> EmailTexts {
    let texts = |subject, paragraphs: &[&str], action: Option<(&'static str, String)>, notes: &[&str]| {
        email(username, subject, paragraphs, action, notes)
    };
    let added = |subject, what: &str| {
        let next = "If it was you, there is nothing to do here. If it wasn't, remove it in your settings and choose a new \
                    password now:";
        let action = ("Choose a new password", links.forgot_password());
        texts(subject, &[what, next], Some(action), &["With a new password, everybody else is signed out."])
    };
    match content {
        EmailContent::VerifyEmail(token) => texts(
            "Confirm your e-mail address",
            &["Welcome to Circadia. Please confirm that this e-mail address is yours."],
            Some(("Confirm this address", links.verify_email(token))),
            &[
                "The link is good once, for 24 hours.",
                "If it wasn't you who registered, ignore this mail: your address can't be confirmed without the link.",
            ],
        ),
        EmailContent::AlreadyRegistered => texts(
            "You already have an account",
            &[
                "Someone, probably you, wanted to use this e-mail address for an account at Circadia. You already have \
                 one, and nothing about it was changed.",
                "Sign in with your password. If you have forgotten it, ask for a new one:",
            ],
            Some(("Choose a new password", links.forgot_password())),
            &["If it wasn't you, you needn't do anything. They haven't been told that you have an account."],
        ),
        EmailContent::FinishRegistration(token) => texts(
            "Finish your registration",
            &[
                "Someone, probably you, registered once more with this e-mail address, which wasn't confirmed yet. Choose \
                 the password that counts; that confirms the address, too.",
            ],
            Some(("Choose a password", links.reset_password(token))),
            &[
                "The link is good once, for an hour; links of earlier mails are not good any more.",
                "If it wasn't you who registered, ignore this mail: your address can't be confirmed without the link.",
            ],
        ),
        EmailContent::ResetPassword(token) => texts(
            "Choose a new password",
            &["Someone, probably you, asked for a new password for your account at Circadia."],
            Some(("Choose a new password", links.reset_password(token))),
            &[
                "The link is good once, for an hour. With a new password you are signed out everywhere.",
                "If it wasn't you, ignore this mail: your password stays as it is.",
            ],
        ),
        EmailContent::ConfirmNewEmail(token) => texts(
            "Confirm your new e-mail address",
            &["Please confirm that your account at Circadia is to have this e-mail address from now on."],
            Some(("Confirm the new address", links.verify_email(token))),
            &[
                "The link is good once, for 24 hours. Until then the account keeps the address that it has.",
                "If it wasn't you who asked for this, ignore this mail.",
            ],
        ),
        EmailContent::EmailIsChanging => texts(
            "Your e-mail address is about to change",
            &[
                "Someone who knows your password asked for your account at Circadia to have another e-mail address. As \
                 soon as that address is confirmed, it takes the place of this one.",
                IF_NOT_YOU,
            ],
            Some(("Choose a new password", links.forgot_password())),
            &["With a new password, everybody else is signed out."],
        ),
        EmailContent::Welcome => texts(
            "Welcome to Circadia",
            &["Your e-mail address is confirmed, and your account is ready. Have good days."],
            Some(("Open Circadia", links.home())),
            &[],
        ),
        EmailContent::PasswordChanged => texts(
            "Your password was changed",
            &[
                "The password of your account at Circadia was changed just now, and other devices were signed out.",
                IF_NOT_YOU,
            ],
            Some(("Choose a new password", links.forgot_password())),
            &[],
        ),
        EmailContent::ProviderLinked(provider) => added(
            "A way to sign in was added",
            &format!(
                "From now on, an account at {provider} signs in to your account at Circadia, in addition to your other ways \
                 to sign in."
            ),
        ),
        EmailContent::PasskeyAdded => added(
            "A passkey was added",
            "From now on, a passkey signs in to your account at Circadia, without a password.",
        ),
    }
}

fn email(
    username: &str,
    subject: &'static str,
    paragraphs: &[&str],
    action: Option<(&'static str, String)>,
    notes: &[&str],
) -> EmailTexts {
    EmailTexts {
        language: "en",
        subject,
        greeting: format!("Hello {username},"),
        paragraphs: paragraphs.iter().map(ToString::to_string).collect(),
        action: action.map(|(label, url)| Action { label, written_out: WRITTEN_OUT, url }),
        notes: notes.iter().map(ToString::to_string).collect(),
        signature: "Circadia",
    }
}
