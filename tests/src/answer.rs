//! The server's answers, and assertions that apply to all of them.

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The request, for failure messages.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The raw body.
    pub bytes: Vec<u8>,
    /// The body as JSON; null if it isn't JSON.
    pub body: Value,
}

impl Answer {
    /// Asserts the status, and returns the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, status, "{} answered {text}", self.request);
        self
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A header, if it is there once.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(values.len() <= 1, "{} answered {name} {} times", self.request, values.len());
        values.first().map(|value| value.to_str().expect("text in a header"))
    }

    /// The `Set-Cookie` header of a cookie, if it is set once.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let set = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text in a header"));
        let set: Vec<_> = set.filter(|cookie| cookie.split('=').next() == Some(name)).collect();
        assert!(set.len() <= 1, "{} sets {name} {} times", self.request, set.len());
        set.first().copied()
    }

    /// The entry that a write of it answered.
    #[track_caller]
    pub fn entry(&self) -> Value {
        assert!(self.body["summary"].is_object(), "{} answered no day: {}", self.request, self.body);
        self.body["entry"].clone()
    }

    /// The items of a list.
    #[track_caller]
    pub fn items(&self) -> Vec<Value> {
        let items = self.body["items"].as_array();
        items.unwrap_or_else(|| panic!("{} answered no list: {}", self.request, self.body)).clone()
    }

    /// The entity tag.
    #[track_caller]
    pub fn etag(&self) -> String {
        let tag = self.header("etag");
        tag.unwrap_or_else(|| panic!("{} answered without an ETag", self.request)).to_owned()
    }

    /// Asserts that this is a well-formed problem with this status and code, and returns the answer.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        self.expect(status).refusal().of_code(code)
    }

    /// Asserts the problem's code, and returns the answer.
    #[track_caller]
    pub(crate) fn of_code(self, code: &str) -> Self {
        assert_eq!(self.body["code"], code, "{} answered {}", self.request, self.body);
        self
    }

    /// Asserts that this is valid `problem+json` (RFC 9457) with exactly the expected members.
    #[track_caller]
    pub fn refusal(self) -> Self {
        let Self { request, body, .. } = &self;
        let text = String::from_utf8_lossy(&self.bytes);
        assert!((400..500).contains(&self.status), "{request} answered {} {text}", self.status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{request} answered {text}");
        for member in ["type", "title", "detail", "instance", "code"] {
            let filled = body[member].as_str().is_some_and(|text| !text.is_empty());
            assert!(filled, "{request}: `{member}` is missing of {text}");
        }
        assert_eq!(body["status"], self.status, "{request} answered {text}");
        assert_eq!(body["instance"].as_str(), self.header("x-request-id"), "{request} answered {text}");
        for betrayal in ["SELECT ", "INSERT ", "UPDATE ", "panicked", ".rs:", "diesel", "constraint"] {
            assert!(!text.contains(betrayal), "{request} betrays its inside: {text}");
        }
        if self.status == 422 {
            let errors = body["errors"].as_array().filter(|errors| !errors.is_empty());
            for error in errors.unwrap_or_else(|| panic!("{request} names nothing that is wrong: {text}")) {
                for member in ["pointer", "code", "detail", "in"] {
                    assert!(error[member].is_string(), "{request}: an error without `{member}`: {text}");
                }
            }
        }
        self
    }

    /// Asserts that a value was refused, named by this JSON pointer or one below it, and returns the answer.
    #[track_caller]
    pub fn names(self, pointer: &str) -> Self {
        let answer = self.problem(422, "validation_failed");
        let pointers: Vec<&str> =
            answer.body["errors"].as_array().into_iter().flatten().filter_map(|e| e["pointer"].as_str()).collect();
        let below = format!("{pointer}/");
        let named = pointers.iter().any(|named| *named == pointer || named.starts_with(&below));
        assert!(named, "{}: {pointer} is wrong, but {pointers:?} are named", answer.request);
        answer
    }

    /// Of a batch with one command that was refused: the answer as if it had been refused itself.
    pub fn refusal_of_command(mut self) -> Self {
        let Some(mut problem) = self.body.pointer_mut("/results/0/problem").map(Value::take) else { return self };
        for error in problem["errors"].as_array_mut().into_iter().flatten() {
            let pointer = format!("/commands/0{}", error["pointer"].as_str().expect("a pointer"));
            error["pointer"] = pointer.into();
        }
        self.status = problem["status"].as_u64().and_then(|status| status.try_into().ok()).expect("a status");
        self.headers.insert("content-type", HeaderValue::from_static("application/problem+json"));
        self.bytes = problem.to_string().into_bytes();
        self.body = problem;
        self
    }

    /// How many statements the answer cost.
    #[track_caller]
    pub fn statements(&self) -> u32 {
        self.cost("desc=\"", " statements")
    }

    /// Everything that was sent to the database.
    #[track_caller]
    pub fn round_trips(&self) -> u32 {
        self.cost("units of work, ", " round trips")
    }

    /// In how many units of work.
    #[track_caller]
    pub fn units(&self) -> u32 {
        self.cost(" statements in ", " units of work")
    }

    #[track_caller]
    fn cost(&self, before: &str, after: &str) -> u32 {
        let header = self.header("server-timing").unwrap_or_else(|| panic!("{}: no Server-Timing", self.request));
        let (count, _) = header.split_once(before).and_then(|(_, rest)| rest.split_once(after)).expect("a cost");
        count.parse().expect("a number")
    }

    /// The texts at a member of each item of a list.
    #[track_caller]
    pub fn each(&self, member: &str) -> Vec<String> {
        let items = self.body["items"].as_array().unwrap_or_else(|| panic!("{} gave no list", self.request));
        items.iter().map(|item| item[member].as_str().expect("text").to_owned()).collect()
    }

    /// The target of a relation of the `Link` header.
    #[track_caller]
    pub fn link(&self, relation: &str) -> Option<String> {
        let wanted = format!("rel=\"{relation}\"");
        let link = self.header("link")?.split(", ").find(|link| link.ends_with(&wanted))?;
        Some(link.split_once('>').expect("a target").0.trim_start_matches('<').to_owned())
    }
}
