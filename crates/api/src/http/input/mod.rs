//! Reading what clients send: strictly, and naming everything that is wrong at once.
//!
//! A body is parsed into JSON within limits ([`json`]), then decoded field by field ([`Fields`]) straight into the
//! domain's types. A decoder asks for the fields it knows; what it never asked for is an unknown field. Every wrong
//! field is collected with its JSON pointer, and only a decoder that found nothing wrong yields a value.

mod body;
mod fields;
mod file;
pub mod json;
mod multipart;
mod params;
mod raw;

pub(crate) use body::read_body;
pub use body::{Body, DocumentBody, MAX_BODY_BYTES, MAX_DOCUMENT_BYTES, OptionalBody, digest_of, read_form};
pub use fields::{Decode, Fields, Origin};
pub use file::FileBody;
pub use multipart::UploadedFile;
pub(crate) use params::NoParameters;
pub use params::{PathParam, PathValue, ProviderPath, Query, date, sought};
pub use raw::{Parsed, Raw, any_text, between, boolean, integer, list, quantity, text};

#[cfg(test)]
pub use fields::testing;
