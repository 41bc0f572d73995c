//! The schemas as generators of clients need them: each variant of a tagged union is a type of its own, what is always
//! sent is required, and requests are as strict as the server.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{camel_case, paged};
use crate::routes::auth::webauthn;

/// Where components are referred to.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

pub(super) type Schemas = Map<String, Value>;

/// Shapes the document.
pub(super) fn shape(document: &mut Value) {
    rename_pages(document);
    walk(document, &mut |schema| {
        list_alternatives(schema);
        name_examples(schema);
        leave_out_defaults(schema);
    });
    plain_bodies(document);
    let mut schemas = take_schemas(document);
    name_variants(&mut schemas);
    let (sent, answered) = uses(document, &schemas);
    for (name, schema) in &mut schemas {
        let Value::Object(schema) = schema else { continue };
        if name.ends_with(webauthn::ANSWER) {
            schema.insert("additionalProperties".to_owned(), true.into());
        } else if sent.contains(name) {
            close(schema);
        } else if answered.contains(name) {
            require_nullable(schema);
        }
    }
    restore_schemas(document, schemas);
}

/// Drops components that nothing refers to: those of flattened structs.
pub(super) fn drop_unused(document: &mut Value) {
    let mut used = BTreeSet::new();
    collect_references(document, &mut used);
    let used: BTreeSet<String> = used.into_iter().map(str::to_owned).collect();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| used.contains(name));
    }
}

fn collect_references<'a>(value: &'a Value, used: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| collect_references(member, used)),
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, used)),
        Value::String(text) => used.extend(text.strip_prefix(SCHEMAS)),
        _ => {}
    }
}

/// Takes the components out, so that they and the rest can be changed by turns.
pub(super) fn take_schemas(document: &mut Value) -> Schemas {
    match document.pointer_mut("/components/schemas").map(Value::take) {
        Some(Value::Object(schemas)) => schemas,
        _ => Schemas::new(),
    }
}

/// Puts them back.
pub(super) fn restore_schemas(document: &mut Value, schemas: Schemas) {
    if let Some(place) = document.pointer_mut("/components/schemas") {
        *place = schemas.into();
    }
}

/// Visits every object within a value, inner ones first.
pub(super) fn walk(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|member| walk(member, visit));
            visit(members);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

/// The name of the component that a schema refers to.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

/// `Page_Habit` becomes `HabitPage`: no language's names have underscores like that.
fn rename_pages(document: &mut Value) {
    let renamed = |name: &str| paged(name).map(|of| format!("{of}Page"));
    let schemas = take_schemas(document);
    let schemas = schemas.into_iter().map(|(name, schema)| (renamed(&name).unwrap_or(name), schema)).collect();
    restore_schemas(document, schemas);
    walk(document, &mut |schema| {
        if let Some(Value::String(reference)) = schema.get_mut("$ref")
            && let Some(name) = reference.strip_prefix(SCHEMAS).and_then(renamed)
        {
            *reference = format!("{SCHEMAS}{name}");
        }
    });
}

/// A pattern that is a list of words becomes an enum, or a constant: `^(a|b)$`, or `^-?(a|b)$` for sort orders.
fn list_alternatives(schema: &mut Map<String, Value>) {
    let Some(pattern) = schema.get("pattern").and_then(Value::as_str) else { return };
    let Some(inner) = pattern.strip_prefix('^').and_then(|pattern| pattern.strip_suffix(")$")) else { return };
    let (reversible, words) = match (inner.strip_prefix("-?("), inner.strip_prefix('(')) {
        (Some(words), _) => (true, words),
        (None, Some(words)) => (false, words),
        (None, None) => return,
    };
    if !words.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-|".contains(letter)) {
        return;
    }
    let reversed = |word: &str| reversible.then(|| Value::from(format!("-{word}")));
    let words: Vec<Value> =
        words.split('|').flat_map(|word| std::iter::once(word.into()).chain(reversed(word))).collect();
    schema.remove("pattern");
    match words.as_slice() {
        [word] => schema.insert("const".to_owned(), word.clone()),
        _ => schema.insert("enum".to_owned(), words.into()),
    };
}

/// OpenAPI 3.1 calls an example of a schema `examples`; parameters and contents keep theirs.
fn name_examples(schema: &mut Map<String, Value>) {
    if schema.contains_key("schema") || !["type", "$ref", "oneOf", "enum"].iter().any(|key| schema.contains_key(*key)) {
        return;
    }
    if let Some(example) = schema.remove("example") {
        schema.insert("examples".to_owned(), vec![example].into());
    }
}

/// Says nothing that goes without saying: whole numbers have 32 bits, parameters are optional, and what needs no
/// credentials has no list of them.
fn leave_out_defaults(schema: &mut Map<String, Value>) {
    if let Some(security) = schema.get_mut("security")
        && *security == json!([{}])
    {
        *security = json!([]);
    }
    if schema.get("format").is_some_and(|format| format == "int32") {
        schema.remove("format");
    }
    if schema.get("required").is_some_and(|required| *required == false) {
        schema.remove("required");
    }
}

/// A body that may be left out is an optional body, not one that may be `null`.
fn plain_bodies(document: &mut Value) {
    walk(document, &mut |operation| {
        let body = operation.get_mut("requestBody").and_then(|body| body.pointer_mut("/content/application~1json"));
        let Some(body) = body else { return };
        let schema = &mut body["schema"];
        let plain = schema["oneOf"].as_array().and_then(|choices| choices.iter().find(|one| referred(one).is_some()));
        if let Some(plain) = plain.cloned() {
            *schema = json!({"$ref": plain["$ref"]});
        }
    });
}

/// Makes a component of each variant of a tagged union: `DailySchedule` of the `daily` one of `Schedule`.
fn name_variants(schemas: &mut Schemas) {
    let mut named = Schemas::new();
    for (name, union) in &mut *schemas {
        let Some(tag) = union["oneOf"].as_array().and_then(|variants| tag_of(variants)) else { continue };
        let mut mapping = Map::new();
        for variant in union["oneOf"].as_array_mut().into_iter().flatten() {
            let word = variant["properties"][&tag]["enum"][0].take();
            let Some(text) = word.as_str() else { continue };
            let own = format!("{}{name}", camel_case(text));
            let reference = format!("{SCHEMAS}{own}");
            mapping.insert(text.to_owned(), reference.clone().into());
            let mut variant = std::mem::replace(variant, json!({"$ref": reference}));
            variant["properties"][&tag] = json!({"type": "string", "const": text});
            if let Value::Object(variant) = &mut variant {
                variant.remove("title");
            }
            named.insert(own, variant);
        }
        union["discriminator"] = json!({"propertyName": tag, "mapping": mapping});
    }
    schemas.extend(named);
}

/// The property that tells variants apart: it has a single word in each.
fn tag_of(variants: &[Value]) -> Option<String> {
    let is_tag = |name: &str| {
        let words = |variant: &Value| variant["properties"][name]["enum"].as_array().map(Vec::len);
        variants.iter().all(|variant| words(variant) == Some(1))
    };
    let first = variants.first()?["properties"].as_object()?;
    first.keys().find(|name| is_tag(name)).cloned()
}

/// The components that requests use, and those that answers do.
fn uses(document: &Value, schemas: &Schemas) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut sent, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for operation in document["paths"].as_object().into_iter().flat_map(|paths| paths.values()) {
        for operation in operation.as_object().into_iter().flat_map(|item| item.values()) {
            collect(&operation["requestBody"], schemas, &mut sent);
            collect(&operation["parameters"], schemas, &mut sent);
            collect(&operation["responses"], schemas, &mut answered);
        }
    }
    collect(&document["components"]["responses"], schemas, &mut answered);
    (sent, answered)
}

/// Collects what a value refers to, and what that refers to.
fn collect(value: &Value, schemas: &Schemas, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) = referred(value)
                && found.insert(name.to_owned())
                && let Some(schema) = schemas.get(name)
            {
                collect(schema, schemas, found);
            }
            members.values().for_each(|member| collect(member, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, schemas, found)),
        _ => {}
    }
}

/// What is sent has no unknown fields. Generators would make a field with a default mandatory: descriptions say them.
fn close(schema: &mut Map<String, Value>) {
    if schema.contains_key("properties") {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|properties| properties.values_mut()) {
        if let Value::Object(property) = property {
            property.remove("default");
        }
    }
}

/// What may be null in an answer is always sent. (What may be absent isn't nullable.)
fn require_nullable(schema: &mut Map<String, Value>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let nullable: Vec<String> = properties
        .into_iter()
        .flatten()
        .filter(|(_, property)| is_nullable(property))
        .map(|(name, _)| name.clone())
        .collect();
    if nullable.is_empty() {
        return;
    }
    let required = schema.remove("required");
    let given = required.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let all: BTreeSet<String> = given.map(ToOwned::to_owned).chain(nullable).collect();
    schema.insert("required".to_owned(), all.into_iter().collect());
}

/// Whether null is among the values of a schema.
pub(super) fn is_nullable(schema: &Value) -> bool {
    let types = schema["type"].as_array().into_iter().flatten();
    let choices = schema["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["type"]);
    types.chain(choices).any(|kind| kind == "null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_is_a_component_that_its_tag_leads_to() {
        let document = super::super::document();
        let schemas = &document["components"]["schemas"];
        let mut variants = 0;
        for (name, tags) in [("Kind", &["check", "count", "minutes"][..]), ("Schedule", &["daily", "rrule"])] {
            let discriminator = &schemas[name]["discriminator"];
            assert_eq!(discriminator["propertyName"], "type");
            for tag in tags {
                let own = format!("{}{name}", camel_case(tag));
                assert_eq!(discriminator["mapping"][tag], format!("{SCHEMAS}{own}"));
                assert_eq!(schemas[&own]["properties"]["type"]["const"], **tag);
                assert_eq!(schemas[&own]["additionalProperties"], false);
                variants += 1;
            }
        }
        assert_eq!(variants, 5);
    }

    #[test]
    fn what_is_always_answered_is_required_and_no_request_has_defaults() {
        let document = super::super::document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let (sent, answered) = uses(&document, schemas);
        assert!(sent.len() > 40 && answered.len() > 80, "{} {}", sent.len(), answered.len());
        // What browsers make, who may add members.
        let is_open = |name: &str| name.ends_with("ResponseJSON");
        for name in &sent {
            let schema = &schemas[name];
            let is_closed = schema["additionalProperties"] == false;
            assert!(schema["properties"].is_null() || is_closed != is_open(name), "{name}");
            for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
                assert!(schema["default"].is_null(), "{name}.{property}");
            }
        }
        for name in answered.difference(&sent) {
            let required: Vec<_> = schemas[name]["required"].as_array().into_iter().flatten().collect();
            for (property, schema) in schemas[name]["properties"].as_object().into_iter().flatten() {
                assert!(!is_nullable(schema) || required.iter().any(|one| *one == property), "{name}.{property}");
            }
        }
    }

    #[test]
    fn patterns_of_words_are_enums() {
        let listed = |pattern: &str| {
            let mut schema = json!({"type": "string", "pattern": pattern});
            walk(&mut schema, &mut list_alternatives);
            schema["enum"].take()
        };
        assert_eq!(listed("^(7d|all)$"), json!(["7d", "all"]));
        assert_eq!(listed("^-?(name|streak)$"), json!(["name", "-name", "streak", "-streak"]));
        assert_eq!(listed("^(up)$"), Value::Null);
        assert_eq!(listed("^#[0-9a-f]{6}$"), Value::Null);
        assert_eq!(listed("^([01][0-9]|2[0-3]):[0-5][0-9]$"), Value::Null);
    }
}
