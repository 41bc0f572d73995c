//! Sends mail: to an SMTP server, into files, or not at all.

use std::fs::OpenOptions;
use std::io::Write as _;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use circadia_domain::jobs::without_addresses;
use circadia_domain::measures::{Counter, Each, MailOutcome};
use lettre::message::Mailbox;
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::config::{MailConfig, MailTransport};

/// How long an SMTP server may take to answer a command.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);
/// The maximum number of connections to the SMTP server.
const MAX_CONNECTIONS: u32 = 2;

/// Why no mailer can be created.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The URL of the SMTP server can't be used. It isn't shown, because it may contain a password.
    #[error("SMTP_URL can't be used: {0}")]
    Smtp(lettre::transport::smtp::Error),
    /// The folder for mail can't be created.
    #[error("the folder for mail, {0}, can't be created: {1}")]
    Folder(String, std::io::Error),
}

/// Why a mail wasn't sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// It may succeed later.
    #[error("{0}")]
    Temporary(String),
    /// The server refused it permanently.
    #[error("{0}")]
    Permanent(String),
}

enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(PathBuf),
    None,
}

/// Sends mail.
pub(crate) struct Mailer {
    transport: Transport,
    from: Mailbox,
    frontend_url: String,
    measures: Each<MailOutcome, Counter>,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailer(..)")
    }
}

impl Mailer {
    /// Prepares the transport. It connects when the first mail is sent.
    pub(crate) fn new(config: &MailConfig) -> Result<Self, MailerError> {
        let transport = match &config.transport {
            MailTransport::Smtp(url) => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(MailerError::Smtp)?;
                let pool = PoolConfig::new().max_size(MAX_CONNECTIONS);
                Transport::Smtp(builder.timeout(Some(SMTP_TIMEOUT)).pool_config(pool).build())
            }
            MailTransport::Files(folder) => {
                std::fs::create_dir_all(folder)
                    .map_err(|error| MailerError::Folder(folder.display().to_string(), error))?;
                Transport::Files(folder.clone())
            }
            MailTransport::None => Transport::None,
        };
        let (from, frontend_url) = (config.from.clone(), config.frontend_url.clone());
        Ok(Self { transport, from, frontend_url, measures: Each::default() })
    }

    /// The sender.
    pub(crate) const fn from(&self) -> &Mailbox {
        &self.from
    }

    /// The base URL of links.
    pub(crate) fn frontend_url(&self) -> &str {
        &self.frontend_url
    }

    /// Asks the server whether mail could be sent now.
    pub(crate) async fn check(&self) -> Result<(), SendError> {
        let Transport::Smtp(smtp) = &self.transport else { return Ok(()) };
        match smtp.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(SendError::Temporary("the connection was closed".to_owned())),
            Err(error) => Err(classify(&error)),
        }
    }

    /// What became of the mails of this process.
    pub(crate) const fn measures(&self) -> &Each<MailOutcome, Counter> {
        &self.measures
    }

    /// Sends a mail. `name` is the name of its file where mail is written to files.
    pub(crate) async fn send(&self, message: Message, name: &str) -> Result<(), SendError> {
        let sent = self.try_send(message, name).await;
        self.measures.increment(match (&sent, &self.transport) {
            (Ok(()), Transport::None) => MailOutcome::Discarded,
            (Ok(()), _) => MailOutcome::Sent,
            (Err(SendError::Temporary(_)), _) => MailOutcome::Failed,
            (Err(SendError::Permanent(_)), _) => MailOutcome::Refused,
        });
        sent
    }

    async fn try_send(&self, message: Message, name: &str) -> Result<(), SendError> {
        match &self.transport {
            Transport::Smtp(smtp) => smtp.send(message).await.map(drop).map_err(|error| classify(&error)),
            Transport::Files(folder) => {
                let (folder, name) = (folder.clone(), name.to_owned());
                let written = tokio::task::spawn_blocking(move || write(&folder, &name, &message.formatted())).await;
                let written = written.map_err(|error| SendError::Temporary(error.to_string()))?;
                written.map_err(|error| SendError::Temporary(error.to_string()))
            }
            Transport::None => {
                tracing::warn!("a mail was not sent: no SMTP_URL is set");
                Ok(())
            }
        }
    }
}

/// Writes a file that appears under its final name only when it is complete. Only the owner may read it: links in mail
/// are as good as passwords.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = folder.join(format!(".{name}"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(&unfinished)?.write_all(bytes)?;
    std::fs::rename(&unfinished, folder.join(format!("{name}.eml")))
}

/// Classifies the server's answer. If the server wants other credentials or TLS, the mail itself may still be sent
/// later.
fn classify(error: &lettre::transport::smtp::Error) -> SendError {
    let is_our_fault = error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538));
    // The text is logged, and servers often repeat the recipient's address.
    let text = without_addresses(&chain(error));
    if error.is_permanent() && !is_our_fault { SendError::Permanent(text) } else { SendError::Temporary(text) }
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
