//! What a notification shows, cut to what a message may have.

use circadia_auth::web_push::MAX_PUSH_BYTES;
use circadia_domain::civil::Instant;
use circadia_domain::push_subscriptions::NotificationKind;
use serde::Serialize;
use serde_json::Value;

/// A notification, for every browser of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct PushNotification {
    pub kind: NotificationKind,
    pub title: String,
    pub body: String,
    /// On a device, a notification takes the place of an earlier one with the same tag; so it does at the push service,
    /// while the device can't be reached.
    pub tag: String,
    /// What the app needs when the notification is clicked: ids.
    pub data: Value,
    /// It isn't shown after that.
    pub expires_at: Instant,
}

/// What a service worker gets.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: NotificationKind,
    title: &'a str,
    body: &'a str,
    tag: &'a str,
    data: &'a Value,
}

impl PushNotification {
    /// The notification as JSON, short enough to be sent: what is too long of its text is cut off.
    pub(super) fn payload(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut shown =
            Payload { r#type: self.kind, title: &self.title, body: &self.body, tag: &self.tag, data: &self.data };
        let too_long = |shown: &Payload<'_>| -> Result<usize, serde_json::Error> {
            Ok(serde_json::to_vec(shown)?.len().saturating_sub(MAX_PUSH_BYTES))
        };
        let (body, title);
        let excess = too_long(&shown)?;
        if excess > 0 {
            body = shortened(&self.body, excess);
            shown.body = &body;
        }
        let excess = too_long(&shown)?;
        if excess > 0 {
            title = shortened(&self.title, excess);
            shown.title = &title;
        }
        if too_long(&shown)? > 0 {
            shown.data = &Value::Null;
        }
        if too_long(&shown)? > 0 {
            shown.tag = "";
        }
        serde_json::to_vec(&shown)
    }
}

/// A text that takes so many bytes less in JSON, if it has them, and ends with an ellipsis.
fn shortened(text: &str, excess: usize) -> String {
    const ELLIPSIS: char = '…';
    let whole: usize = text.chars().map(bytes_in_json).sum();
    let mut room = whole.saturating_sub(excess.saturating_add(ELLIPSIS.len_utf8()));
    let fits = |character: &char| {
        let left = room.checked_sub(bytes_in_json(*character));
        room = left.unwrap_or(0);
        left.is_some()
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    if !kept.is_empty() {
        kept.push(ELLIPSIS);
    }
    kept
}

/// The bytes that a character takes in a JSON string.
const fn bytes_in_json(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..' ' => 6,
        _ => character.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notification(title: &str, body: &str, data: Value) -> PushNotification {
        PushNotification {
            kind: NotificationKind::Reminder,
            title: title.to_owned(),
            body: body.to_owned(),
            tag: "habit".to_owned(),
            data,
            expires_at: Instant::from_seconds(1),
        }
    }

    fn payload(notification: &PushNotification) -> Value {
        let bytes = notification.payload().unwrap();
        assert!(bytes.len() <= MAX_PUSH_BYTES, "{} bytes", bytes.len());
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn a_notification_is_sent_as_a_service_worker_reads_it() {
        let expected = json!({"type": "reminder", "title": "Run", "body": "Today", "tag": "habit", "data": {"id": 7}});
        assert_eq!(payload(&notification("Run", "Today", json!({"id": 7}))), expected);
    }

    #[test]
    fn what_is_too_long_is_cut_and_never_refused() {
        // However many bytes its characters take, as text and as JSON.
        for unit in ["a", "é", "好", "🏃", "\"", "\\", "\n", "\u{1}", "a\u{1}é"] {
            let long = unit.repeat(20_000 / unit.len());
            let cut = payload(&notification("Run", &long, json!({"id": 7})));
            let body = cut["body"].as_str().unwrap();
            let (kept, end) = body.split_at(body.len() - "…".len());
            assert!(end == "…" && long.starts_with(kept), "{unit:?}");
            assert_eq!((&cut["title"], &cut["data"]), (&json!("Run"), &json!({"id": 7})));
            let cut = payload(&notification(&long, &long, json!({"id": 7})));
            assert_eq!((&cut["body"], &cut["data"]), (&json!(""), &json!({"id": 7})), "{unit:?}");
            let cut = payload(&notification("Run", "Today", json!(long)));
            assert_eq!(cut["data"], Value::Null);
        }
        // What fits is sent as it is, to the byte.
        let empty = notification("Run", "", Value::Null).payload().unwrap().len();
        let full = "a".repeat(MAX_PUSH_BYTES - empty);
        assert_eq!(payload(&notification("Run", &full, Value::Null))["body"], full);
        let over = format!("{full}a");
        assert!(payload(&notification("Run", &over, Value::Null))["body"].as_str().unwrap().ends_with("aa…"));
        let tag = PushNotification { tag: "t".repeat(9_000), ..notification("Run", "Today", Value::Null) };
        assert_eq!(payload(&tag)["tag"], "");
    }
}
