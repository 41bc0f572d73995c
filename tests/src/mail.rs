//! The mail that the program sends: in development, files in a folder.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mail_parser::{MessageParser, MimeHeaders as _};

use crate::TestApp;

/// How long a mail may take to arrive before a test gives up.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A mail, taken apart by a mail parser.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Whom it is from.
    pub from: String,
    /// Whom it is to.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// Its page of HTML.
    pub html: String,
    /// As it was sent.
    pub raw: Vec<u8>,
}

impl Mail {
    /// Takes a mail apart.
    pub fn parse(raw: Vec<u8>) -> Self {
        let parsed = MessageParser::default().parse(&raw).expect("a mail");
        let address = |list: Option<&mail_parser::Address<'_>>| {
            let list = list.expect("addresses");
            assert_eq!(list.iter().count(), 1, "{list:?}");
            list.first().and_then(|address| address.address()).expect("an address").to_owned()
        };
        assert!(parsed.date().is_some() && parsed.message_id().is_some());
        assert_eq!((parsed.text_body_count(), parsed.html_body_count(), parsed.attachment_count()), (1, 1, 0));
        let kinds: Vec<_> = parsed.parts.iter().filter_map(|part| part.content_type()?.subtype()).collect();
        assert_eq!(kinds, ["alternative", "plain", "html"]);
        Self {
            from: address(parsed.from()),
            to: address(parsed.to()),
            subject: parsed.subject().expect("a subject").to_owned(),
            text: parsed.body_text(0).expect("plain text").into_owned(),
            html: parsed.body_html(0).expect("HTML").into_owned(),
            raw,
        }
    }

    /// The address that it asks to open.
    pub fn link(&self) -> &str {
        let link = self.text.split_whitespace().find(|word| word.starts_with("http"));
        link.unwrap_or_else(|| panic!("no link in {}", self.text))
    }

    /// The token of its link.
    pub fn token(&self) -> &str {
        self.link().split_once("token=").unwrap_or_else(|| panic!("no token in {}", self.link())).1
    }
}

impl TestApp {
    /// Waits until every job that is due was done; the mail that was sent since the last time, oldest first.
    pub async fn mail(&self) -> Vec<Mail> {
        self.no_job_waits().await;
        let mut files = files(&self.database.folder().join("data/mail"));
        files.sort();
        let read = files.iter().map(|file| {
            let raw = std::fs::read(file).expect("a mail");
            std::fs::remove_file(file).expect("its removal");
            Mail::parse(raw)
        });
        read.collect()
    }

    /// Waits until every job was done; the one mail that was sent to this address since the last time.
    pub async fn mail_to(&self, address: &str) -> Mail {
        let mut mail: Vec<Mail> = self.mail().await.into_iter().filter(|mail| mail.to == address).collect();
        assert_eq!(mail.len(), 1, "to {address}: {:?}", mail.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
        mail.remove(0)
    }

    /// What is stored, once no job waits: see [`TestDatabase::contents`](crate::TestDatabase::contents).
    pub async fn contents(&self) -> Vec<(String, String)> {
        self.no_job_waits().await;
        self.until("webhooks that were told of everything", || {
            let untold = "SELECT count(*) FROM webhooks w JOIN user_revisions r ON r.user_id = w.user_id WHERE w.seen_rev < r.rev \
                          AND w.disabled_at IS NULL";
            self.database.number(untold) == 0
        })
        .await;
        self.database.contents()
    }

    /// Waits until no job waits, apart from those that look an hour after an upload whether its files are in use, and from
    /// notifications whose push service can't be reached.
    pub async fn no_job_waits(&self) {
        let waiting = "SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running') AND kind <> 'media' \
                       AND (kind <> 'import' OR run_at = created_at) AND (kind <> 'push' OR last_error IS NULL)";
        self.until("jobs that are done", || self.database.number(waiting) == 0).await;
    }

    /// Asks every few milliseconds until something is so.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < TIMEOUT, "in {TIMEOUT:?} there were no {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files = entries.map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect()
}
