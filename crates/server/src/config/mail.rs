//! Mail: how it is sent, from whom, and where its links lead.

use std::path::{Path, PathBuf};

use circadia_auth::accounts::Verification;
use lettre::message::Mailbox;
use url::Url;

use super::environment::Environment;
use super::word;

/// How mail leaves the server.
#[derive(Clone, PartialEq, Eq)]
pub enum MailTransport {
    /// To an SMTP server (`SMTP_URL`).
    Smtp(String),
    /// Into files in this folder, for development.
    Files(PathBuf),
    /// Mail isn't sent.
    None,
}

impl std::fmt::Debug for MailTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Smtp(_) => "Smtp(..)",
            Self::Files(_) => "Files(..)",
            Self::None => "None",
        })
    }
}

/// How mail is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// How it leaves the server.
    pub transport: MailTransport,
    /// The sender (`CIRCADIA_MAIL_FROM`).
    pub from: Mailbox,
    /// The base URL of its links (`CIRCADIA_FRONTEND_URL`), without a trailing slash.
    pub frontend_url: String,
}

impl std::fmt::Debug for MailConfig {
    /// Without the URL of the SMTP server, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailConfig").field("frontend_url", &self.frontend_url).finish_non_exhaustive()
    }
}

/// `smtp://` (with `?tls=required` STARTTLS, without `tls` STARTTLS where it is offered) or `smtps://`.
fn smtp_url(text: &str) -> Result<String, String> {
    let wrong = || "must be a URL such as `smtps://user:password@mail.example.org` or `smtp://localhost:25`".to_owned();
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "smtp" | "smtps") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    match (url.scheme(), tls.as_deref()) {
        ("smtps", None) | ("smtp", Some("required" | "opportunistic")) => Ok(text.to_owned()),
        ("smtp", Some("none")) => {
            url.set_query(None);
            Ok(url.into())
        }
        ("smtp", None) => {
            // The library takes another port where TLS is asked for.
            if url.port().is_none() {
                url.set_port(Some(25)).map_err(|()| wrong())?;
            }
            url.set_query(Some("tls=opportunistic"));
            Ok(url.into())
        }
        _ => Err("has a `tls` that isn't `required`, `opportunistic` or `none` (or has one beside `smtps`)".to_owned()),
    }
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| "must be an address such as `Circadia <no-reply@example.org>`".to_owned())
}

/// Reads the mail settings and whether addresses must be verified. Returns `None` if a default can't be used.
pub(super) fn read(
    env: &mut Environment,
    production: bool,
    data_dir: &Path,
    front_end: Option<&Url>,
) -> Option<(Verification, MailConfig)> {
    let verification = env.read("CIRCADIA_EMAIL_VERIFICATION", |text| word(text, ["required", "optional"]));
    let required = verification.map_or(production, |word| word == "required");
    let verification = if required { Verification::Required } else { Verification::Optional };
    let smtp = env.read("SMTP_URL", smtp_url);
    let from = env.read("CIRCADIA_MAIL_FROM", mailbox);
    if production && verification == Verification::Required && smtp.is_none() {
        env.refuse(
            "SMTP_URL is required in production, because e-mail addresses are verified: say which server sends the mail, \
             or set CIRCADIA_EMAIL_VERIFICATION=optional",
        );
    }
    if production && smtp.is_some() {
        if from.is_none() {
            env.refuse("CIRCADIA_MAIL_FROM is required where mail is sent in production: `Circadia <no-reply@…>`");
        }
        if front_end.is_none() && !env.is_refused("CIRCADIA_FRONTEND_URL") {
            env.refuse("CIRCADIA_FRONTEND_URL is required where mail is sent in production: its links lead there");
        }
    }
    let transport = match smtp {
        Some(url) => MailTransport::Smtp(url),
        None if production => MailTransport::None,
        None => MailTransport::Files(data_dir.join("mail")),
    };
    let from = match from {
        Some(from) => from,
        None => mailbox("Circadia <no-reply@localhost>").ok()?,
    };
    let frontend_url = front_end.map_or("http://localhost:3000", |url| url.as_str().trim_end_matches('/'));
    Some((verification, MailConfig { transport, from, frontend_url: frontend_url.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_used_where_it_is_offered_unless_said_otherwise() {
        for (given, used) in [
            ("smtp://localhost", "smtp://localhost:25?tls=opportunistic"),
            ("smtp://u:p%40ss@mx.example.org:2525", "smtp://u:p%40ss@mx.example.org:2525?tls=opportunistic"),
            ("smtp://mx.example.org?tls=required", "smtp://mx.example.org?tls=required"),
            ("smtp://mx.example.org:25?tls=none", "smtp://mx.example.org:25"),
            ("smtps://u:p@mx.example.org", "smtps://u:p@mx.example.org"),
        ] {
            assert_eq!(smtp_url(given).as_deref(), Ok(used));
        }
        for wrong in ["mail.example.org", "http://mx", "smtp://", "smtp://mx?tls=maybe", "smtps://mx?tls=none"] {
            assert!(smtp_url(wrong).is_err(), "{wrong}");
        }
    }
}
