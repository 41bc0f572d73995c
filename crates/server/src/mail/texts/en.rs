//! English.

use std::borrow::Cow;

use circadia_auth::accounts::EmailContent;
use circadia_domain::logins::{Browser, LoginClient, OperatingSystem};

use super::{Action, EmailTexts, Links};

/// The text above a URL that is written out.
const WRITTEN_OUT: &str = "If the button doesn't work, open this address in a browser:";

const IF_NOT_YOU: &str = "If it was you, there is nothing to do here. If it wasn't, choose a new password now:";

#[expect(clippy::too_many_lines, reason = "one text after the other")]
pub(super) fn texts(content: &EmailContent, username: &str, links: &Links<'_>) -> EmailTexts {
    let texts = |subject: &'static str, paragraphs: &[&str], action: Option<(&'static str, String)>, notes: &[&str]| {
        email(username, subject, paragraphs, action, notes)
    };
    let added = |subject, what: &str| {
        let next = "If it was you, there is nothing to do here. If it wasn't, remove it in your settings and choose a new \
                    password now:";
        let action = ("Choose a new password", links.forgot_password());
        texts(subject, &[what, next], Some(action), &["With a new password, everybody else is signed out."])
    };
    let warning = |subject, what: &str| {
        let action = ("Choose a new password", links.forgot_password());
        texts(subject, &[what, IF_NOT_YOU], Some(action), &["With a new password, everybody else is signed out."])
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
        EmailContent::EmailIsChanging => warning(
            "Your e-mail address is about to change",
            "Someone who knows your password asked for your account at Circadia to have another e-mail address. As soon as \
             that address is confirmed, it takes the place of this one.",
        ),
        EmailContent::EmailReplaced => texts(
            "Your account has another e-mail address now",
            &["An administrator gave your account at Circadia another e-mail address in place of this one."],
            Some(("Open Circadia", links.home())),
            &["If you didn't ask for that, get in touch with the people who run this service."],
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
        EmailContent::NewDevice { client, ip, at } => {
            warning("A new device signed in", &new_device(*client, ip.as_deref(), at))
        }
        EmailContent::WebhookDisabled { host, is_gone } => texts(
            "A webhook was disabled",
            &[
                &webhook_disabled(host, *is_gone),
                "Nothing is lost: enable the webhook within 30 days, and it goes on where it stopped.",
            ],
            Some(("Open Circadia", links.home())),
            &["If you don't use it any more, delete the webhook."],
        ),
        EmailContent::Reminder { title, text } => email(
            username,
            title.clone(),
            &[text],
            Some(("Open Circadia", links.home())),
            &["You asked for this reminder. Its settings in the app turn it off, or its mail alone."],
        ),
        EmailContent::PasskeyAdded => added(
            "A passkey was added",
            "From now on, a passkey signs in to your account at Circadia, without a password.",
        ),
    }
}

/// Which webhook was disabled, and why.
fn webhook_disabled(host: &str, is_gone: bool) -> String {
    let why = if is_gone {
        "the server there said that nothing is to be sent to it any more (410 Gone)"
    } else {
        "for days, nothing could be delivered there"
    };
    format!("A webhook of your account at Circadia, to {host}, was disabled: {why}.")
}

/// What signed in, from where and when.
fn new_device(client: LoginClient, ip: Option<&str>, at: &str) -> String {
    let what = match client.browser {
        Browser::Other => "an app or a browser",
        browser => browser.title(),
    };
    let on = match client.os {
        OperatingSystem::Other => "an unknown system",
        os => os.title(),
    };
    let from = ip.map_or(String::new(), |ip| format!(", from the address {ip}"));
    format!(
        "Your account at Circadia was signed in to by {what} on {on}{from}, at {at}. It hadn't been signed in to by such a \
         device before."
    )
}

fn email(
    username: &str,
    subject: impl Into<Cow<'static, str>>,
    paragraphs: &[&str],
    action: Option<(&'static str, String)>,
    notes: &[&str],
) -> EmailTexts {
    EmailTexts {
        language: "en",
        subject: subject.into(),
        greeting: format!("Hello {username},"),
        paragraphs: paragraphs.iter().map(ToString::to_string).collect(),
        action: action.map(|(label, url)| Action { label, written_out: WRITTEN_OUT, url }),
        notes: notes.iter().map(ToString::to_string).collect(),
        signature: "Circadia",
    }
}
