//! The two forms of a mail: a page of HTML that needs no style sheet, image or script, and the same in plain text.

use askama::Template;

use super::words::Words;

/// The HTML.
#[derive(Debug, Template)]
#[template(path = "mail/page.html")]
pub(super) struct HtmlPage<'a> {
    pub(super) words: &'a Words,
}

/// The plain text.
#[derive(Debug, Template)]
#[template(path = "mail/page.txt", escape = "none")]
pub(super) struct TextPage<'a> {
    pub(super) words: &'a Words,
}
