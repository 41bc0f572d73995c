//! Sending: to an SMTP server, into files, or not at all.

use std::fs::OpenOptions;
use std::io::Write as _;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::config::{MailConfig, MailWay};

/// How long an SMTP server may take to answer a command.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections to it at most.
const MAX_CONNECTIONS: u32 = 2;

/// Why there is nothing to send with.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The URL of the SMTP server can't be used. It isn't shown, for it may hold a password.
    #[error("SMTP_URL can't be used: {0}")]
    Smtp(lettre::transport::smtp::Error),
    /// The folder for mail can't be made.
    #[error("the folder for mail, {0}, can't be made: {1}")]
    Folder(String, std::io::Error),
}

/// Why a mail wasn't sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// It may be sent later.
    #[error("{0}")]
    Later(String),
    /// It never will: the server refuses it for good.
    #[error("{0}")]
    Never(String),
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(PathBuf),
    None,
}

/// Sends mail.
pub(crate) struct Mailer {
    way: Way,
    from: Mailbox,
    frontend_url: String,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailer(..)")
    }
}

impl Mailer {
    /// Prepares the way. Nothing is connected yet.
    pub(crate) fn new(config: &MailConfig) -> Result<Self, MailerError> {
        let way = match &config.way {
            MailWay::Smtp(url) => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(MailerError::Smtp)?;
                let pool = PoolConfig::new().max_size(MAX_CONNECTIONS);
                Way::Smtp(builder.timeout(Some(SMTP_TIMEOUT)).pool_config(pool).build())
            }
            MailWay::Files(folder) => {
                std::fs::create_dir_all(folder)
                    .map_err(|error| MailerError::Folder(folder.display().to_string(), error))?;
                Way::Files(folder.clone())
            }
            MailWay::None => Way::None,
        };
        Ok(Self { way, from: config.from.clone(), frontend_url: config.frontend_url.clone() })
    }

    /// Who writes.
    pub(crate) const fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Where links lead.
    pub(crate) fn frontend_url(&self) -> &str {
        &self.frontend_url
    }

    /// Sends a mail. `name` is what its file is called where it becomes one.
    pub(crate) async fn send(&self, message: Message, name: &str) -> Result<(), SendError> {
        match &self.way {
            Way::Smtp(transport) => transport.send(message).await.map(drop).map_err(|error| judged(&error)),
            Way::Files(folder) => {
                let (folder, name) = (folder.clone(), name.to_owned());
                let written = tokio::task::spawn_blocking(move || write(&folder, &name, &message.formatted())).await;
                let written = written.map_err(|error| SendError::Later(error.to_string()))?;
                written.map_err(|error| SendError::Later(error.to_string()))
            }
            Way::None => {
                tracing::warn!("a mail was not sent: no SMTP_URL is set");
                Ok(())
            }
        }
    }
}

/// Whole under its final name, or not there at all; for nobody else to read, for links are as good as passwords.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = folder.join(format!(".{name}"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(&unfinished)?.write_all(bytes)?;
    std::fs::rename(&unfinished, folder.join(format!("{name}.eml")))
}

/// What the server's answer means for the mail. That it wants other credentials, or TLS, is no fault of the mail's.
fn judged(error: &lettre::transport::smtp::Error) -> SendError {
    let about_us = error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538));
    let text = without_addresses(&chain(error));
    if error.is_permanent() && !about_us { SendError::Never(text) } else { SendError::Later(text) }
}

/// What a server answers often repeats whom the mail was to. It is logged and kept with the job, longer than the account
/// may last.
fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains('@') { "(an address)" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_s_answer_is_kept_without_addresses() {
        let text = "permanent error (550): 5.1.1 <ada@example.org>: Recipient address rejected";
        assert_eq!(without_addresses(text), "permanent error (550): 5.1.1 (an address) Recipient address rejected");
    }

    #[cfg(unix)]
    #[test]
    fn mails_in_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("circadia-mail-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        write(&folder, "one", b"Subject: secret").unwrap();
        let path = folder.join("one.eml");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(&path).unwrap(), b"Subject: secret");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
