//! Compares two answers that a client must not be able to tell apart.

use serde_json::Value;

use crate::Answer;

/// Headers that differ between any two requests; `connection`, by whether the body had arrived when it was refused.
const VARYING: [&str; 4] = ["x-request-id", "date", "server-timing", "connection"];

/// An answer's status, headers and body, without what differs between any two requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparable {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// The comparable parts.
    pub fn comparable(&self) -> Comparable {
        let headers = self.headers.iter().filter(|(name, _)| !VARYING.contains(&name.as_str()));
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
        // The order of these lists has no meaning and differs between a server's workers.
        for (_, list) in headers.iter_mut().filter(|(name, _)| name.starts_with("access-control-")) {
            let mut items: Vec<&str> = list.split(", ").collect();
            items.sort_unstable();
            *list = items.join(", ");
        }
        headers.sort();
        let mut body = self.body.clone();
        forget_requests(&mut body);
        let body = if body.is_null() { String::from_utf8_lossy(&self.bytes).into_owned() } else { body.to_string() };
        Comparable { status: self.status, headers, body }
    }

    /// The comparable parts, with the ids that were asked for replaced, and without the `ETag`, which depends on them.
    pub fn comparable_but_for(&self, ids: &[&str]) -> Comparable {
        let mut compared = self.comparable();
        compared.headers.retain(|(name, _)| name != "etag");
        for id in ids {
            compared.body = compared.body.replace(id, "ASKED-FOR");
        }
        compared
    }
}

/// Removes request ids, also those of problems within an answer.
fn forget_requests(body: &mut Value) {
    match body {
        Value::Object(members) => {
            if members.contains_key("instance") && members.contains_key("code") {
                members.remove("instance");
            }
            members.values_mut().for_each(forget_requests);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_requests),
        _ => {}
    }
}
