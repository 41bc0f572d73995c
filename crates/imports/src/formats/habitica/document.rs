//! What the file holds, as far as it is read.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Document {
    User {
        tasks: Tasks,
        #[serde(default)]
        tags: Vec<Tag>,
        #[serde(default)]
        preferences: Preferences,
    },
    Answer {
        data: Vec<Value>,
    },
    List(Vec<Value>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Preferences {
    pub(super) day_start: Option<f64>,
    pub(super) timezone_offset: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tasks {
    pub(super) habits: Vec<Value>,
    pub(super) dailys: Vec<Value>,
    pub(super) todos: Vec<Value>,
    pub(super) rewards: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tag {
    pub(super) id: String,
    pub(super) name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Task {
    pub(super) id: Option<String>,
    #[serde(rename = "_id")]
    pub(super) stored_id: Option<String>,
    pub(super) r#type: String,
    pub(super) text: String,
    pub(super) notes: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) priority: Option<f64>,
    pub(super) created_at: Option<String>,
    pub(super) completed: Option<bool>,
    pub(super) date: Option<Value>,
    pub(super) date_completed: Option<String>,
    pub(super) checklist: Vec<Item>,
    pub(super) frequency: Option<String>,
    pub(super) every_x: Option<u32>,
    pub(super) repeat: Option<Repeat>,
    pub(super) days_of_month: Vec<i64>,
    pub(super) start_date: Option<Value>,
    pub(super) history: Vec<Step>,
    pub(super) up: Option<bool>,
    pub(super) down: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) completed: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "a week has seven days")]
pub(super) struct Repeat {
    pub(super) m: bool,
    pub(super) t: bool,
    pub(super) w: bool,
    pub(super) th: bool,
    pub(super) f: bool,
    pub(super) s: bool,
    pub(super) su: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Step {
    pub(super) date: Option<Value>,
    pub(super) value: Option<f64>,
    pub(super) completed: Option<bool>,
    pub(super) is_due: Option<bool>,
    pub(super) scored_up: Option<u32>,
    pub(super) scored_down: Option<u32>,
}

impl Task {
    /// What tells it from others.
    pub(super) fn key(&self) -> &str {
        self.id.as_deref().or(self.stored_id.as_deref()).unwrap_or_default()
    }
}
