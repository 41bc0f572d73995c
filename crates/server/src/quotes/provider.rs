//! The provider: one GET, bounded in time and size, and an answer that is believed only as far as it makes sense.

use std::collections::BTreeSet;
use std::time::Duration;

use circadia_domain::quotes::{LEAST_QUOTES, MOST_QUOTES, Quote, QuoteAuthor, QuoteText};
use circadia_domain::users::Locale;
use serde_json::Value;
use url::Url;

/// How long the provider may take, from the first byte sent to the last received.
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest answer that is read, unpacked.
const MAX_RESPONSE_BYTES: usize = 1 << 20;

/// Why there are no quotations.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It can't be reached, or takes too long.
    #[error("it can't be asked: {0}")]
    Unreachable(String),
    /// It answered something else than 200.
    #[error("it answered {0}")]
    Status(u16),
    /// It sent too much.
    #[error("it sent more than {MAX_RESPONSE_BYTES} bytes")]
    TooLarge,
    /// It didn't send what was expected.
    #[error("it sent no JSON array of `{{text, author, locale?}}` or `{{q, a}}`")]
    NotUnderstood,
    /// It sent too little of it.
    #[error("it sent {0} quotations that can be used; at least {LEAST_QUOTES} make a set")]
    TooFew(usize),
}

/// Where quotations are fetched.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    client: reqwest::Client,
    url: Url,
}

impl Provider {
    /// The provider at an address.
    ///
    /// # Errors
    /// If TLS can't be set up on this system.
    pub(crate) fn new(url: Url) -> reqwest::Result<Self> {
        Self::with_timeout(url, FETCH_TIMEOUT)
    }

    pub(super) fn with_timeout(url: Url, timeout: Duration) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::limited(3))
            .user_agent(concat!("circadia/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, url })
    }

    /// Asks once.
    pub(crate) async fn fetch(&self) -> Result<Vec<Quote>, ProviderError> {
        // Without the address: it may carry a key.
        let failed = |error: reqwest::Error| ProviderError::Unreachable(reason(&error.without_url()));
        let request = self.client.get(self.url.clone()).header("accept", "application/json");
        let mut response = request.send().await.map_err(failed)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(ProviderError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                return Err(ProviderError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        understood(&body)
    }
}

/// An error with what is behind it.
fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// The quotations of an answer: those that can be used, each once, the first ones of too many.
fn understood(body: &[u8]) -> Result<Vec<Quote>, ProviderError> {
    let parsed: Value = serde_json::from_slice(body).map_err(|_| ProviderError::NotUnderstood)?;
    let items = parsed.as_array().ok_or(ProviderError::NotUnderstood)?;
    let mut seen = BTreeSet::new();
    let quotes: Vec<Quote> =
        items.iter().filter_map(quote).filter(|quote| seen.insert(quote.text.key())).take(MOST_QUOTES).collect();
    if quotes.len() < LEAST_QUOTES { Err(ProviderError::TooFew(quotes.len())) } else { Ok(quotes) }
}

fn quote(item: &Value) -> Option<Quote> {
    let text = |names: [&str; 2]| names.into_iter().find_map(|name| item.get(name)).and_then(Value::as_str);
    let locale = match item.get("locale") {
        None | Some(Value::Null) => None,
        // A language that can't be read could be any.
        Some(tag) => Some(Locale::parse(tag.as_str()?).ok()?),
    };
    Some(Quote {
        text: QuoteText::parse(text(["text", "q"])?).ok()?,
        author: QuoteAuthor::parse(text(["author", "a"])?).ok()?,
        locale,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<Vec<String>, String> {
        let quotes = understood(value.to_string().as_bytes()).map_err(|error| error.to_string())?;
        Ok(quotes.into_iter().map(|quote| format!("{} ({}): {:?}", quote.text, quote.author, quote.locale)).collect())
    }

    #[test]
    fn both_forms_are_understood_and_what_is_unusable_is_left_out() {
        let long = "x".repeat(501);
        let quotes = read(&json!([
            {"text": " One ", "author": "A", "locale": "de-AT"},
            {"q": "Two", "a": "B", "c": "123", "h": "<b>Two</b>"},
            {"text": "ONE", "author": "C"},
            {"text": "Nul\u{0}", "author": "A"},
            {"text": long, "author": "A"},
            {"text": "No author"}, {"text": "Blank author", "author": " "}, {"text": 7, "author": "A"},
            {"text": "Odd language", "author": "A", "locale": "english please"},
            null, 7, "text",
            {"text": "Three", "author": "C", "locale": null}, {"text": "Four", "author": "C"}, {"q": "Five", "a": "C"},
        ]))
        .unwrap();
        assert_eq!(
            quotes,
            [
                "One (A): Some(Locale(\"de-AT\"))",
                "Two (B): None",
                "Three (C): None",
                "Four (C): None",
                "Five (C): None",
            ]
        );
    }

    #[test]
    fn nonsense_and_excuses_are_no_set() {
        let excuse = json!([{"q": "Too many requests. Obtain an auth key for unlimited access.", "a": "zenquotes.io"}]);
        assert!(read(&excuse).unwrap_err().contains("1 quotations"));
        for nonsense in [json!({}), json!("x"), json!(null), json!({"quotes": []})] {
            assert!(read(&nonsense).unwrap_err().contains("no JSON array"));
        }
        assert!(understood(b"<html>").is_err() && understood(b"").is_err() && understood(b"[").is_err());
        assert!(read(&json!([])).is_err());
    }

    #[test]
    fn too_many_are_cut() {
        let items: Vec<Value> = (0..600).map(|n| json!({"text": format!("No. {n}"), "author": "A"})).collect();
        assert_eq!(read(&Value::Array(items)).unwrap().len(), MOST_QUOTES);
    }
}
