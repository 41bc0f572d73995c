//! The texts of e-mails, by language. A language is a function that writes an e-mail; English is used for languages
//! without one.

mod en;

use std::borrow::Cow;

use circadia_auth::accounts::{EmailContent, EmailMessage};
use circadia_auth::one_time::OneTimeToken;

/// The texts of an e-mail, the same in HTML and in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EmailTexts {
    /// The language of the texts, as a BCP 47 tag.
    pub(super) language: &'static str,
    /// The subject. That of a reminder is what its user wrote.
    pub(super) subject: Cow<'static, str>,
    /// The opening line.
    pub(super) greeting: String,
    /// The paragraphs before the link.
    pub(super) paragraphs: Vec<String>,
    /// The link, if there is something to do.
    pub(super) action: Option<Action>,
    /// The paragraphs after the link.
    pub(super) notes: Vec<String>,
    /// The sender's name at the end.
    pub(super) signature: &'static str,
}

/// A link to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    /// The text of the button.
    pub(super) label: &'static str,
    /// The text above the URL where it is written out.
    pub(super) written_out: &'static str,
    /// The URL.
    pub(super) url: String,
}

impl EmailTexts {
    /// Writes an e-mail in its user's language.
    pub(super) fn of(email: &EmailMessage, frontend_url: &str) -> Self {
        let links = Links { frontend_url };
        let language = email.locale.as_str().split('-').next().unwrap_or_default();
        let known = LANGUAGES.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(language));
        let texts: Language = match known {
            Some((_, texts)) => *texts,
            None => en::texts,
        };
        texts(&email.content, &email.username, &links)
    }
}

/// Writes an e-mail for a user name in one language.
type Language = fn(&EmailContent, &str, &Links<'_>) -> EmailTexts;

/// The languages that have texts, by primary subtag.
const LANGUAGES: [(&str, Language); 1] = [("en", en::texts)];

/// URLs of the front end.
#[derive(Debug, Clone, Copy)]
struct Links<'a> {
    frontend_url: &'a str,
}

impl Links<'_> {
    fn verify_email(&self, token: &OneTimeToken) -> String {
        format!("{}/verify-email?token={}", self.frontend_url, token.text())
    }

    fn reset_password(&self, token: &OneTimeToken) -> String {
        format!("{}/reset-password?token={}", self.frontend_url, token.text())
    }

    fn forgot_password(&self) -> String {
        format!("{}/forgot-password", self.frontend_url)
    }

    fn home(&self) -> String {
        format!("{}/", self.frontend_url)
    }
}
