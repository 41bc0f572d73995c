//! What letters say, by language. A language is a function from a letter to its words; where there is none for a
//! user's, it is English.

mod en;

use circadia_auth::accounts::{EmailContent, EmailMessage};
use circadia_auth::one_time::OneTimeToken;

/// What a letter says: the same in HTML and in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// The language it says it in, as a BCP 47 tag.
    pub(super) language: &'static str,
    /// The subject, of which nothing was typed by anybody.
    pub(super) subject: &'static str,
    /// How it begins.
    pub(super) greeting: String,
    /// What it says first.
    pub(super) paragraphs: Vec<String>,
    /// What there is to do.
    pub(super) action: Option<Action>,
    /// What it says last.
    pub(super) notes: Vec<String>,
    /// Who says it.
    pub(super) signature: &'static str,
}

/// Something to do: a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    /// What following it does.
    pub(super) label: &'static str,
    /// What stands above the link where it is written out.
    pub(super) written_out: &'static str,
    /// Where it leads.
    pub(super) url: String,
}

impl Words {
    /// The words of a letter.
    pub(super) fn of(letter: &EmailMessage, frontend_url: &str) -> Self {
        let links = Links { frontend_url };
        let language = letter.locale.as_str().split('-').next().unwrap_or_default();
        let known = LANGUAGES.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(language));
        let say: Language = match known {
            Some((_, say)) => *say,
            None => en::say,
        };
        say(&letter.content, &letter.username, &links)
    }
}

/// What a language says.
type Language = fn(&EmailContent, &str, &Links<'_>) -> Words;

/// The languages there are words in, by their subtag.
const LANGUAGES: [(&str, Language); 1] = [("en", en::say)];

/// Where the front end does what mails ask for.
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
