//! Files in JSON.

use std::io::BufReader;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::archive::{Bounded, text};
use crate::{ReadError, Source};

/// The most objects and lists of a document: each takes more memory than it has bytes.
const MAX_NODES: usize = 1_000_000;

/// Reads a document. Its depth is bounded by the parser, its size by `max`.
pub(crate) fn document<T: DeserializeOwned>(file: &mut dyn Source, max: u64, app: &str) -> Result<T, ReadError> {
    file.rewind()?;
    let text = text(Bounded::new(BufReader::new(file), max), max)?;
    if text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() > MAX_NODES {
        return Err(ReadError::unreadable(format!("The file has more than {MAX_NODES} objects and lists.")));
    }
    serde_json::from_str(&text).map_err(|error| {
        let reason = match error.classify() {
            Category::Data => "it is JSON, but hasn't what such an export has".to_owned(),
            _ => error.to_string(),
        };
        ReadError::unreadable(format!("The file isn't a JSON export of {app}: {reason}."))
    })
}
