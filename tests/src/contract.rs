//! Answers held against the OpenAPI document: the status is documented, and the body is what its schema says, with
//! nothing that it doesn't say.

use std::sync::LazyLock;

use serde_json::{Map, Value};

static DOCUMENT: LazyLock<Value> = LazyLock::new(circadia_api::openapi::document);

/// What any operation may answer; the document's introduction says so.
const ANYWHERE: [&str; 3] = ["internal_error", "request_timeout", "https_required"];

/// What a reference in the document leads to; anything else is itself.
fn resolve(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let found = DOCUMENT.pointer(reference.trim_start_matches('#'));
            resolve(found.unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => value,
    }
}

/// The operations of a path; of several templates that fit, the one with the fewest parameters.
fn item(path: &str) -> Option<&'static Map<String, Value>> {
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        let same = |(part, segment): (&&str, &&str)| part.starts_with('{') || part == segment;
        parts.len() == segments.len() && parts.iter().zip(&segments).all(same)
    };
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let fitting = paths.iter().filter(|(template, _)| fits(template));
    fitting.min_by_key(|(template, _)| template.matches('{').count())?.1.as_object()
}

/// What of an answer the document doesn't say; empty where it isn't about the address, or not about the method.
pub(crate) fn departures(method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
    let Some(operation) = item(path).and_then(|item| item.get(&method.to_ascii_lowercase())) else { return Vec::new() };
    if body["code"].as_str().is_some_and(|code| ANYWHERE.contains(&code)) {
        return Vec::new();
    }
    let response = &operation["responses"][status.to_string()];
    if response.is_null() {
        return vec![format!("{status} is not documented")];
    }
    let response = resolve(response);
    let mut wrong = Vec::new();
    let content = response["content"].as_object().and_then(|content| content.iter().next());
    match content {
        Some((media_type, _)) if !media_type.ends_with("json") && body.is_null() => {}
        Some((_, content)) => departures_of(&content["schema"], body, "", &mut wrong),
        None if body.is_null() => {}
        None => wrong.push(format!("{status} has a body")),
    }
    // What a refusal may be called is said where it is described.
    if let Some(code) = body["code"].as_str().filter(|code| *code != "not_found" && !code.ends_with("_not_found"))
        && status >= 400
        && !response["description"].as_str().is_some_and(|text| text.contains(&format!("`{code}`")))
    {
        wrong.push(format!("{status} `{code}` is not documented"));
    }
    wrong
}

/// What of a value a schema of the document doesn't allow.
pub fn departures_of(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let schema = resolve(schema);
    let mut note = |what: &str| wrong.push(format!("{at}: {value} {what}"));
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices.iter().filter(|choice| {
            let mut wrong = Vec::new();
            departures_of(choice, value, at, &mut wrong);
            wrong.is_empty()
        });
        let fitting = fitting.count();
        if fitting != 1 {
            note(&format!("fits {fitting} of the choices of {schema}"));
        }
        return;
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let is = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: a type {other}"),
    };
    if !kinds.iter().any(is) {
        return note(&format!("is not {kinds:?}"));
    }
    if schema["enum"].as_array().is_some_and(|words| !value.is_null() && !words.contains(value)) {
        note("is not in the enum");
    }
    if schema.get("const").is_some_and(|word| word != value) {
        note("is another constant");
    }
    if let Some(number) = value.as_f64() {
        if schema["minimum"].as_f64().is_some_and(|least| number < least) {
            note("is too small");
        }
        if schema["maximum"].as_f64().is_some_and(|most| number > most) {
            note("is too large");
        }
    }
    let size = match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        _ => None,
    };
    if let Some(size) = size {
        let bound = |names: [&str; 2]| names.iter().find_map(|name| schema[name].as_u64());
        let size = size.try_into().unwrap_or(u64::MAX);
        if bound(["minLength", "minItems"]).is_some_and(|least| size < least) {
            note("is too short");
        }
        if bound(["maxLength", "maxItems"]).is_some_and(|most| size > most) {
            note("is too long");
        }
    }
    match value {
        Value::String(text) => {
            let fits = match schema["format"].as_str() {
                Some("uuid") => text.len() == 36 && uuid::Uuid::parse_str(text).is_ok(),
                Some("date") => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
                Some("date-time") => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
                Some("email") => text.contains('@'),
                _ => true,
            };
            if !fits {
                note("has another format");
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                departures_of(&schema["items"], item, &format!("{at}/{index}"), wrong);
            }
        }
        Value::Object(members) => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !members.contains_key(name) {
                    wrong.push(format!("{at}/{name} is missing"));
                }
            }
            for (name, member) in members {
                match schema["properties"].get(name) {
                    Some(property) => departures_of(property, member, &format!("{at}/{name}"), wrong),
                    None if schema["additionalProperties"] == true => {}
                    None => wrong.push(format!("{at}/{name} is not documented")),
                }
            }
        }
        _ => {}
    }
}
