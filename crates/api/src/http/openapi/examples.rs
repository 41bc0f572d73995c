//! Examples of whole bodies and answers, made of the examples of their parts, unless a type brings its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::shapes::{Schemas, is_nullable, referred, restore_schemas, take_schemas};

/// Gives every schema of a body and of an answer an example.
pub(super) fn add(document: &mut Value) {
    let mut schemas = take_schemas(document);
    let (bodies, answers) = whole(document);
    for (names, kind) in [(bodies, Kind::Body), (answers, Kind::Answer)] {
        for name in names {
            let Some(schema) = schemas.get(&name).filter(|schema| schema["examples"].is_null()) else { continue };
            let example = Samples { schemas: &schemas, kind }.of(schema);
            if let Some(Value::Object(schema)) = schemas.get_mut(&name) {
                schema.insert("examples".to_owned(), vec![example].into());
            }
        }
    }
    restore_schemas(document, schemas);
}

/// The schemas of whole bodies, and those of whole answers.
fn whole(document: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let items = document["paths"].as_object().into_iter().flat_map(Map::values);
    let operations: Vec<&Value> = items.flat_map(|item| item.as_object().into_iter().flat_map(Map::values)).collect();
    let named = |content: &Value| {
        let json = content.as_object().into_iter().flatten().filter(|(media_type, _)| media_type.ends_with("json"));
        let schemas = json.map(|(_, content)| &content["schema"]);
        schemas.filter_map(referred).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let bodies = operations.iter().flat_map(|operation| named(&operation["requestBody"]["content"])).collect();
    let responses = operations.iter().flat_map(|operation| operation["responses"].as_object().into_iter().flatten());
    let shared = document["components"]["responses"].as_object().into_iter().flatten();
    let answers = responses.chain(shared).flat_map(|(_, response)| named(&response["content"])).collect();
    (bodies, answers)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What is sent: what is required, and what has an example of its own.
    Body,
    /// What is answered: all that is always there.
    Answer,
}

struct Samples<'a> {
    schemas: &'a Schemas,
    kind: Kind,
}

impl Samples<'_> {
    fn of(&self, schema: &Value) -> Value {
        if let Some(own) = own_example(schema) {
            return own;
        }
        if let Some(named) = referred(schema).and_then(|name| self.schemas.get(name)) {
            return self.of(named);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let value = choices.iter().find(|choice| choice["type"] != "null");
            return value.map_or(Value::Null, |value| self.of(value));
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
            kind => kind.as_str(),
        };
        match kind {
            Some("object") => self.object(schema),
            Some("array") => {
                let least = schema["minItems"].as_u64().and_then(|least| usize::try_from(least).ok());
                vec![self.of(&schema["items"]); least.unwrap_or(1)].into()
            }
            Some("string") => text(schema),
            Some("integer") => within(schema, 1.into(), 1.0),
            Some("number") => within(schema, 0.5.into(), 0.5),
            Some("boolean") => true.into(),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let own = own_example(property);
            if own.is_none() && !required.contains(&name.as_str()) {
                continue;
            }
            // What may be null mostly is, but for whole objects.
            let absent = self.kind == Kind::Answer && is_nullable(property) && !self.is_object(property);
            let value = own.unwrap_or_else(|| if absent { Value::Null } else { self.of(property) });
            object.insert(name.clone(), value);
        }
        object.into()
    }

    fn is_object(&self, schema: &Value) -> bool {
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        let mut named = choices.filter_map(referred).filter_map(|name| self.schemas.get(name));
        named.any(|schema| schema["type"] == "object")
    }
}

fn own_example(schema: &Value) -> Option<Value> {
    schema["examples"].as_array().and_then(|examples| examples.first()).or_else(|| schema.get("const")).cloned()
}

fn text(schema: &Value) -> Value {
    if let Some(word) = schema["enum"].as_array().and_then(|words| words.first()) {
        return word.clone();
    }
    match schema["format"].as_str() {
        Some("date") => "2026-03-09",
        Some("date-time") => "2026-03-09T18:30:00Z",
        Some("uuid") => "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b",
        Some("email") => "ada@example.org",
        Some("password") => "correct horse battery",
        _ => "text",
    }
    .into()
}

/// A number that a schema allows.
fn within(schema: &Value, usual: Value, number: f64) -> Value {
    let bound = |name: &str| schema[name].as_f64();
    match (bound("minimum"), bound("maximum")) {
        (Some(least), _) if number < least => schema["minimum"].clone(),
        (_, Some(most)) if number > most => schema["maximum"].clone(),
        _ => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_and_every_answer_has_an_example() {
        let document = super::super::document();
        let (bodies, answers) = whole(&document);
        assert!(bodies.len() > 40 && answers.len() > 40);
        for name in bodies.iter().chain(&answers) {
            assert!(document["components"]["schemas"][name]["examples"][0].is_object(), "{name}");
        }
        let items = document["paths"].as_object().unwrap().values();
        for operation in items.flat_map(|item| item.as_object().unwrap().values()) {
            let answers = operation["responses"].as_object().unwrap().values();
            let contents = answers.filter_map(|answer| answer["content"].as_object()).flatten();
            // Tables, calendars and streams of events are text, and an archive of tables bytes.
            let is_json = |media_type: &str| !media_type.starts_with("text/") && media_type != "application/zip";
            for (_, content) in contents.filter(|(media_type, _)| is_json(media_type)) {
                assert!(
                    referred(&content["schema"]).is_some(),
                    "{}: an answer without a name",
                    operation["operationId"]
                );
            }
        }
    }
}
