//! The schemas of the OpenAPI document, as clients want them: values are written out where they are used, flattened
//! structs are one object.

use std::collections::BTreeMap;

use circadia_domain::ids::HabitId;
use circadia_domain::json::schema::INLINE;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, AllOf, ArrayItems, Object, OneOf, Schema, SchemaType, Type};
use utoipa::openapi::{OpenApi, PathItem, RefOr};
use utoipa::{PartialSchema as _, ToSchema as _};

/// Documents a string as one of a list of words.
macro_rules! one_of {
    ($(#[doc = $doc:literal])+ $visibility:vis $name:ident: $words:expr, such as $example:literal) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        $visibility enum $name {}

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let kind = utoipa::openapi::schema::Type::String;
                let words = utoipa::openapi::ObjectBuilder::new().schema_type(kind).enum_values(Some($words));
                words.description(Some(concat!($($doc),+).trim())).examples([$example]).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}
pub(crate) use one_of;

const PREFIX: &str = "#/components/schemas/";

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Writes values out and merges flattened structs.
pub(super) fn tidy(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let (mut values, named): (Schemas, Schemas) =
        std::mem::take(&mut components.schemas).into_iter().partition(|(_, schema)| is_value(schema));
    // Parameters refer to ids; no component is collected from there.
    values.insert(HabitId::name().into_owned(), HabitId::schema());
    values.values_mut().for_each(unmark);
    components.schemas.clone_from(&named);
    let rewriter = Rewriter { values, named };
    components.schemas.values_mut().for_each(|schema| {
        rewriter.rewrite(schema);
    });
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            schemas_of(operation).for_each(|schema| {
                rewriter.rewrite(schema);
            });
        }
    }
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> Vec<(&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("patch", &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
    .collect()
}

/// The schemas of an operation's parameters, body and responses.
fn schemas_of(operation: &mut Operation) -> impl Iterator<Item = &mut RefOr<Schema>> {
    let parameters = operation.parameters.iter_mut().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => parameter.schema.as_mut(),
        RefOr::Ref(_) => None,
    });
    let body = operation.request_body.iter_mut().filter_map(|body| match body {
        RefOr::T(body) => Some(body.content.values_mut()),
        RefOr::Ref(_) => None,
    });
    let responses = operation.responses.responses.values_mut().filter_map(|response| match response {
        RefOr::T(response) => Some(response.content.values_mut()),
        RefOr::Ref(_) => None,
    });
    parameters.chain(body.flatten().chain(responses.flatten()).filter_map(|content| match content {
        RefOr::T(content) => content.schema.as_mut(),
        RefOr::Ref(_) => None,
    }))
}

fn is_value(schema: &RefOr<Schema>) -> bool {
    let extensions = match schema {
        RefOr::T(Schema::Object(object)) => &object.extensions,
        RefOr::T(Schema::Array(array)) => &array.extensions,
        _ => return false,
    };
    extensions.as_ref().is_some_and(|extensions| extensions.contains_key(INLINE))
}

fn unmark(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => object.extensions = None,
        RefOr::T(Schema::Array(array)) => {
            array.extensions = None;
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                unmark(items);
            }
        }
        _ => {}
    }
}

struct Rewriter {
    /// What is written out, by name.
    values: Schemas,
    /// What is referred to, by name.
    named: Schemas,
}

impl Rewriter {
    /// Rewrites a schema and all that is in it; whether it is a value that was written out.
    fn rewrite(&self, schema: &mut RefOr<Schema>) -> bool {
        let schema = match schema {
            RefOr::T(schema) => schema,
            RefOr::Ref(reference) => {
                let name = reference.ref_location.strip_prefix(PREFIX).unwrap_or_default();
                let Some(mut value) = self.values.get(name).cloned() else { return false };
                describe(&mut value, &reference.description);
                *schema = value;
                self.rewrite(schema);
                return true;
            }
        };
        match schema {
            Schema::Object(object) => {
                object.properties.values_mut().for_each(|property| {
                    self.rewrite(property);
                });
                if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
                    self.rewrite(values);
                }
            }
            Schema::Array(array) => {
                if let ArrayItems::RefOrSchema(items) = &mut array.items {
                    self.rewrite(items);
                }
            }
            Schema::OneOf(one_of) => {
                let written: Vec<bool> = one_of.items.iter_mut().map(|item| self.rewrite(item)).collect();
                if let Some(nullable) = written.contains(&true).then(|| nullable(one_of)).flatten() {
                    *schema = nullable;
                }
            }
            Schema::AllOf(all_of) => *schema = Schema::Object(self.merged(all_of)),
            _ => {}
        }
        false
    }

    /// One object with the properties of all.
    fn merged(&self, all_of: &AllOf) -> Object {
        let mut whole = Object::new();
        whole.description.clone_from(&all_of.description);
        whole.example.clone_from(&all_of.example);
        for part in &all_of.items {
            let mut part = match part {
                RefOr::Ref(reference) => {
                    let named = self.named.get(reference.ref_location.strip_prefix(PREFIX).unwrap_or_default());
                    named.cloned().unwrap_or_else(|| part.clone())
                }
                RefOr::T(_) => part.clone(),
            };
            self.rewrite(&mut part);
            if let RefOr::T(Schema::Object(part)) = part {
                whole.properties.extend(part.properties);
                whole.required.extend(part.required);
            }
        }
        whole
    }
}

/// A value or null as one schema.
fn nullable(one_of: &OneOf) -> Option<Schema> {
    let null = SchemaType::Type(Type::Null);
    let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(object)) if object.schema_type == null);
    let [one, other] = one_of.items.as_slice() else { return None };
    let value = if is_null(one) { other } else { one };
    let RefOr::T(mut value) = value.clone() else { return None };
    let schema_type = match &mut value {
        Schema::Object(object) => &mut object.schema_type,
        Schema::Array(array) => &mut array.schema_type,
        _ => return None,
    };
    if let SchemaType::Type(of_value) = schema_type {
        *schema_type = SchemaType::Array(vec![of_value.clone(), Type::Null]);
    }
    Some(value)
}

/// Puts the comment of the field in the place of the value's own. Where it ends in ``Example: `…` ``, that is the
/// field's example.
fn describe(schema: &mut RefOr<Schema>, comment: &str) {
    let example = comment.strip_suffix('`').and_then(|comment| comment.rsplit_once("Example: `"));
    let (text, example) = example.map_or((comment, None), |(text, example)| (text.trim_end(), Some(example)));
    let (description, examples) = match schema {
        RefOr::T(Schema::Object(object)) => (&mut object.description, &mut object.examples),
        RefOr::T(Schema::Array(array)) => (&mut array.description, &mut array.examples),
        _ => return,
    };
    if !text.is_empty() {
        *description = Some(text.to_owned());
    }
    if let Some(example) = example {
        *examples = vec![example.into()];
    }
}

#[cfg(test)]
mod tests {
    use circadia_domain::civil::Instant;
    use circadia_domain::text::Line;
    use serde_json::json;
    use utoipa::ToSchema;
    use utoipa::openapi::{ComponentsBuilder, OpenApiBuilder};

    use super::*;

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Sample {
        /// What it is called. Example: `a name`
        name: Line<9>,
        /// When.
        at: Option<Instant>,
        #[serde(flatten)]
        rest: Rest,
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Rest {
        /// Which.
        id: HabitId,
    }

    #[test]
    fn values_are_written_out_and_flattened_structs_merged() {
        let mut schemas = vec![("Sample".to_owned(), Sample::schema())];
        Sample::schemas(&mut schemas);
        let components = ComponentsBuilder::new().schemas_from_iter(schemas).build();
        let mut document = OpenApiBuilder::new().components(Some(components)).build();
        tidy(&mut document);
        let document = serde_json::to_value(document).unwrap();
        let expected = json!({
            "type": "object",
            "required": ["id", "name"],
            "properties": {
                "at": {"type": ["string", "null"], "format": "date-time", "description": "When."},
                "id": {"type": "string", "format": "uuid", "description": "Which."},
                "name": {
                    "type": "string",
                    "description": "What it is called.",
                    "examples": ["a name"],
                    "minLength": 1,
                    "maxLength": 9,
                },
            },
        });
        assert_eq!(document["components"]["schemas"]["Sample"], expected);
    }
}
