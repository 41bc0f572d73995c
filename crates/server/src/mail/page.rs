//! The two forms of an e-mail: an HTML page without style sheets, images or scripts, and the same in plain text.

use askama::Template;

use super::texts::EmailTexts;

/// The HTML.
#[derive(Debug, Template)]
#[template(path = "mail/page.html")]
pub(super) struct HtmlPage<'a> {
    pub(super) texts: &'a EmailTexts,
}

/// The plain text.
#[derive(Debug, Template)]
#[template(path = "mail/page.txt", escape = "none")]
pub(super) struct TextPage<'a> {
    pub(super) texts: &'a EmailTexts,
}
