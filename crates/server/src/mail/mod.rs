//! Mail: the texts of e-mails, their layout, and sending them.
//!
//! `texts` writes an e-mail of the `auth` crate in the user's language, and `page` lays it out as HTML and as plain
//! text. The `lettre` crate encodes addresses and subjects, so user input can't inject a header.

mod page;
mod send;
mod texts;

pub(crate) use send::{Mailer, MailerError, SendError};

use circadia_auth::accounts::EmailMessage;
use circadia_domain::ids::JobId;
use lettre::message::{Mailbox, MultiPart, SinglePart, header::ContentType};
use lettre::{Address, Message};

use page::{HtmlPage, TextPage};
use texts::EmailTexts;

/// Why a message can't be composed. Trying again doesn't help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComposeError {
    /// The address isn't one that mail can be sent to.
    #[error("the address can't be written to: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The page can't be rendered; a defect.
    #[error("the page can't be rendered: {0}")]
    Page(#[from] askama::Error),
    /// The message can't be built; a defect.
    #[error("the message can't be built: {0}")]
    Message(#[from] lettre::error::Error),
}

/// Composes the message of an e-mail. `job` becomes its `Message-ID`, so that servers can recognise a duplicate.
pub(crate) fn compose(
    email: &EmailMessage,
    from: &Mailbox,
    frontend_url: &str,
    job: JobId,
    date: std::time::SystemTime,
) -> Result<Message, ComposeError> {
    let texts = EmailTexts::of(email, frontend_url);
    let html = askama::Template::render(&HtmlPage { texts: &texts })?;
    let text = askama::Template::render(&TextPage { texts: &texts })?;
    let to = Mailbox::new(None, email.to.as_str().parse::<Address>()?);
    let message = Message::builder()
        .from(from.clone())
        .to(to)
        .date(date)
        .message_id(Some(format!("<{job}@{}>", from.email.domain())))
        .subject(texts.subject.as_ref())
        .multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text))
                .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(html)),
        )?;
    Ok(message)
}

#[cfg(test)]
mod tests;
