//! Where this server sends requests of its users' choice: webhooks, push services.
//!
//! Users choose these URLs, so they must not lead into the operator's own networks. What can be told of a URL is told
//! when it is given; the connector checks the addresses that its name has by then.

mod address;
mod url;

pub use self::address::is_public;
pub use self::url::OutgoingUrl;
