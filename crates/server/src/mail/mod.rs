//! Mail: what letters say, in which form, and how they are sent.
//!
//! A letter of the `auth` crate is put into words (`words`, by language), and the words into a page of HTML and the
//! same in plain text (`page`). Addresses and subjects become headers by way of the `lettre` crate, which encodes them:
//! nothing that somebody typed can begin a header of its own.

mod page;
mod send;
mod words;

pub(crate) use send::{Mailer, MailerError, SendError};

use circadia_auth::accounts::EmailMessage;
use circadia_domain::ids::JobId;
use lettre::message::{Mailbox, MultiPart, SinglePart, header::ContentType};
use lettre::{Address, Message};

use page::{HtmlPage, TextPage};
use words::Words;

/// Why a letter can't be made into a mail: one like it never can.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComposeError {
    /// The address is none that mail can be sent to.
    #[error("the address can't be written to: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The words can't be put into their page; a defect.
    #[error("the page can't be made: {0}")]
    Page(#[from] askama::Error),
    /// The mail can't be put together; a defect.
    #[error("the mail can't be put together: {0}")]
    Message(#[from] lettre::error::Error),
}

/// Makes a mail of a letter. `job` becomes its id, so that servers which see it twice can tell.
pub(crate) fn compose(
    letter: &EmailMessage,
    from: &Mailbox,
    frontend_url: &str,
    job: JobId,
    date: std::time::SystemTime,
) -> Result<Message, ComposeError> {
    let words = Words::of(letter, frontend_url);
    let html = askama::Template::render(&HtmlPage { words: &words })?;
    let text = askama::Template::render(&TextPage { words: &words })?;
    let to = Mailbox::new(None, letter.to.as_str().parse::<Address>()?);
    let message = Message::builder()
        .from(from.clone())
        .to(to)
        .date(date)
        .message_id(Some(format!("<{job}@{}>", from.email.domain())))
        .subject(words.subject)
        .multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text))
                .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(html)),
        )?;
    Ok(message)
}

#[cfg(test)]
mod tests;
