//! What two answers are compared by when nobody is to be able to tell them apart.

use serde_json::Value;

use crate::Answer;

/// Headers that differ from request to request, whatever is answered.
const VARYING: [&str; 3] = ["x-request-id", "date", "server-timing"];

/// All that an answer tells: its status, its headers and its body, without what differs from request to request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparable {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// What it tells.
    pub fn comparable(&self) -> Comparable {
        let headers = self.headers.iter().filter(|(name, _)| !VARYING.contains(&name.as_str()));
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
        // Lists without an order, which each worker of a server writes in one of its own.
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

    /// What it tells whoever asked for these ids: by what name a thing was asked for is no news. (Nor is the tag of an
    /// answer that repeats it.)
    pub fn comparable_but_for(&self, ids: &[&str]) -> Comparable {
        let mut compared = self.comparable();
        compared.headers.retain(|(name, _)| name != "etag");
        for id in ids {
            compared.body = compared.body.replace(id, "ASKED-FOR");
        }
        compared
    }
}

/// Takes out the ids of requests, also those of the refusals within an answer.
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
