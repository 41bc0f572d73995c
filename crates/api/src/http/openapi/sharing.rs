//! What several operations have in common is written once: parameters, answers and refusals become components.

use std::collections::BTreeMap;

use circadia_domain::code::Code;
use serde_json::{Map, Value, json};

use super::camel_case;

/// Shares parameters and responses.
pub(super) fn share(document: &mut Value) {
    let mut paths = document["paths"].take();
    describe_alike(&mut paths, &document["components"]["schemas"]);
    let parameters = share_at(&mut paths, parameters, parameter_name);
    let responses = share_at(&mut paths, responses, response_name);
    document["paths"] = paths;
    for (kind, shared) in [("parameters", parameters), ("responses", responses)] {
        let components = &mut document["components"][kind];
        match components {
            Value::Object(known) => known.extend(shared),
            other => *other = shared.into(),
        }
        for place in all_places(&mut document["paths"], kind) {
            if let Some(name) = place.as_object_mut().and_then(|object| object.remove(SHARED)) {
                *place = json!({"$ref": format!("#/components/{kind}/{}", name.as_str().unwrap_or_default())});
            }
        }
    }
}

/// Marks, until all is counted, what is replaced by a reference.
const SHARED: &str = "x-shared";

type Places = for<'a> fn(&'a mut Value) -> Vec<&'a mut Value>;

fn all_places<'a>(paths: &'a mut Value, kind: &str) -> Vec<&'a mut Value> {
    if kind == "parameters" { parameters(paths) } else { responses(paths) }
}

/// Names what occurs more than once. Of different ones with the same name, the most frequent gets it, and others a number.
fn share_at(paths: &mut Value, places: Places, name_of: fn(&Value) -> Option<String>) -> Map<String, Value> {
    let mut counts = BTreeMap::<String, usize>::new();
    for place in places(paths) {
        *counts.entry(place.to_string()).or_default() += 1;
    }
    let mut frequent: Vec<(String, usize)> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
    frequent.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let mut shared = Map::new();
    let mut names = BTreeMap::new();
    for (text, _) in frequent {
        let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
        let Some(name) = name_of(&value) else { continue };
        let numbered = (2..).map(|number: u32| format!("{name}{number}"));
        let mut names_of = std::iter::once(name.clone()).chain(numbered);
        let Some(name) = names_of.find(|name| !shared.contains_key(name)) else { continue };
        shared.insert(name.clone(), value);
        names.insert(text, name);
    }
    for place in places(paths) {
        if let Some(name) = names.get(&place.to_string()) {
            place[SHARED] = name.clone().into();
        }
    }
    shared
}

fn operations(paths: &mut Value) -> impl Iterator<Item = &mut Value> {
    let items = paths.as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    items.flat_map(|item| item.as_object_mut().into_iter().flat_map(|item| item.values_mut()))
}

fn parameters(paths: &mut Value) -> Vec<&mut Value> {
    let lists = operations(paths).filter_map(|operation| operation.get_mut("parameters")?.as_array_mut());
    lists.flatten().collect()
}

/// The responses that aren't components yet.
fn responses(paths: &mut Value) -> Vec<&mut Value> {
    let all = operations(paths).filter_map(|operation| operation.get_mut("responses")?.as_object_mut()).flatten();
    all.map(|(_, response)| response).filter(|response| response["$ref"].is_null()).collect()
}

/// Where several operations answer the same, it is described as what it is: an operation's own description says what it
/// did to it.
fn describe_alike(paths: &mut Value, schemas: &Value) {
    let shape = |response: &Value| format!("{} {}", response["content"], response["headers"]);
    let mut counts = BTreeMap::<String, usize>::new();
    let is_success = |response: &&mut Value| response_schema(response).is_none_or(|name| !name.ends_with("Problem"));
    for response in responses(paths).into_iter().filter(is_success) {
        *counts.entry(shape(response)).or_default() += 1;
    }
    for response in responses(paths).into_iter().filter(is_success) {
        let leads_elsewhere = response["content"].is_null() && !response["headers"]["Location"].is_null();
        if !leads_elsewhere && counts.get(&shape(response)).is_some_and(|count| *count > 1) {
            let described = response_schema(response).map(|name| schemas[name]["description"].clone());
            response["description"] = described.unwrap_or_else(|| "Done".into());
        }
    }
}

/// The name of a response's schema.
fn response_schema(response: &Value) -> Option<&str> {
    let content = response["content"].as_object()?.values().next()?;
    content["schema"]["$ref"].as_str()?.rsplit('/').next()
}

/// `HabitIdInPath`, `Cursor`, `IfMatch`.
fn parameter_name(parameter: &Value) -> Option<String> {
    let name = camel_case(parameter["name"].as_str()?);
    Some(if parameter["in"] == "path" { name + "InPath" } else { name })
}

/// The codes of a refusal: `IdTakenOrLimitReached`; else what is answered: `Habit`, or `CreatedHabit` with its URL.
fn response_name(response: &Value) -> Option<String> {
    match response_schema(response) {
        None if response["headers"]["Location"].is_null() => return Some("Done".to_owned()),
        Some(name) if !name.ends_with("Problem") => {
            let created = !response["headers"]["Location"].is_null();
            return Some(if created { format!("Created{name}") } else { name.to_owned() });
        }
        _ => {}
    }
    let words = response["description"].as_str()?.split('`').skip(1).step_by(2);
    let codes: Vec<_> =
        words.filter(|word| Code::ALL.iter().any(|code| code.as_str() == *word)).map(camel_case).collect();
    (!codes.is_empty()).then(|| codes.join("Or"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_occurs_twice_is_a_component() {
        let document = super::super::document();
        let mut paths = document["paths"].clone();
        let mut seen = std::collections::BTreeSet::new();
        let places: Vec<String> = parameters(&mut paths).into_iter().map(|place| place.to_string()).collect();
        let inline: Vec<&String> = places.iter().filter(|place| !place.contains("$ref\":\"#/components/p")).collect();
        for place in inline {
            assert!(seen.insert(place), "{place} is repeated");
        }
        for name in ["HabitIdInPath", "Cursor", "Limit", "IfMatch", "IfNoneMatch"] {
            assert!(document["components"]["parameters"][name].is_object(), "{name}");
        }
        let taken = "IdTakenOrLimitReachedOrIdempotencyKeyInUseOrIdempotencyAnswerLost";
        for name in ["Unauthenticated", taken, "NotModified", "Habit", "Done"] {
            assert!(document["components"]["responses"][name].is_object(), "{name}");
        }
    }

    #[test]
    fn components_are_named_by_their_codes() {
        let content = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        let named = |text: &str| response_name(&json!({"description": text, "content": content}));
        assert_eq!(named("`id_taken` or `limit_reached`: `x`").as_deref(), Some("IdTakenOrLimitReached"));
        assert_eq!(named("It doesn't exist"), None);
    }
}
