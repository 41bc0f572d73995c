//! Values that stand alone in JSON: what they are read from, and how the OpenAPI document describes them.

use serde_json::Number;

use crate::violation::Violations;

/// A value that is read from one JSON string, number, boolean or list.
pub trait FromJson: Sized {
    /// What it is read from: `str`, `i64`, [`Number`], `bool` or [`List`].
    type Json: ?Sized;

    /// Reads a value; `None` if it is equivalent to an absent one, such as a note that is only white space.
    ///
    /// # Errors
    /// Every violation.
    fn from_json(json: &Self::Json) -> Result<Option<Self>, Violations>;
}

/// A JSON list of at most `MAX` items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl FromJson for bool {
    type Json = bool;

    fn from_json(json: &bool) -> Result<Option<Self>, Violations> {
        Ok(Some(*json))
    }
}

impl FromJson for Number {
    type Json = Number;

    fn from_json(json: &Number) -> Result<Option<Self>, Violations> {
        Ok(Some(json.clone()))
    }
}

impl FromJson for i64 {
    type Json = i64;

    fn from_json(json: &i64) -> Result<Option<Self>, Violations> {
        Ok(Some(*json))
    }
}

/// Implements [`FromJson`] for a type, and a schema that is inlined wherever it is used:
///
/// ```ignore
/// json_value!(Color: str => Self::parse; "Color", schema::text().pattern(Some("^#[0-9A-Fa-f]{6}$")));
/// ```
macro_rules! json_value {
    (impl[$($generics:tt)*] $type:ty: $json:ty => $read:expr; $name:expr, $schema:expr) => {
        impl<$($generics)*> $crate::json::FromJson for $type {
            type Json = $json;

            fn from_json(json: &$json) -> Result<Option<Self>, $crate::violation::Violations> {
                let read: fn(&$json) -> Result<Self, $crate::violation::Violations> = $read;
                read(json).map(Some)
            }
        }

        json_schema!(impl[$($generics)*] $type: $name, $schema);
    };
    ($type:ty: $json:ty => $read:expr; $name:expr, $schema:expr) => {
        json_value!(impl[] $type: $json => $read; $name, $schema);
    };
}

/// The part of `json_value!` that is about the OpenAPI document.
macro_rules! json_schema {
    (impl[$($generics:tt)*] $type:ty: $name:expr, $schema:expr) => {
        #[cfg(feature = "openapi")]
        impl<$($generics)*> utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                use $crate::json::schema;
                $schema.into()
            }
        }

        #[cfg(feature = "openapi")]
        impl<$($generics)*> utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::from($name)
            }
        }
    };
    ($type:ty: $name:expr, $schema:expr) => {
        json_schema!(impl[] $type: $name, $schema);
    };
}

/// Gives a type the schema of another.
#[cfg(feature = "openapi")]
macro_rules! schema_of {
    ($type:ident as $form:ident) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                <$form as utoipa::PartialSchema>::schema()
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                <$form as utoipa::ToSchema>::name()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$form as utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}

/// Schema builders. The schemas are marked with [`schema::INLINE`].
#[cfg(feature = "openapi")]
pub mod schema {
    use serde_json::Value;
    use utoipa::openapi::RefOr;
    use utoipa::openapi::extensions::{Extensions, ExtensionsBuilder};
    pub(crate) use utoipa::openapi::schema::KnownFormat;
    use utoipa::openapi::schema::{ArrayBuilder, ArrayItems, ObjectBuilder, Schema, SchemaFormat, Type};

    /// Marks schemas that the OpenAPI document inlines rather than names as components.
    pub const INLINE: &str = "x-inline";

    fn inline() -> Extensions {
        ExtensionsBuilder::new().add(INLINE, Value::Bool(true)).build()
    }

    /// A string.
    pub(crate) fn text() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::String).extensions(Some(inline()))
    }

    /// A string of a format.
    pub(crate) fn text_of(format: KnownFormat) -> ObjectBuilder {
        text().format(Some(SchemaFormat::KnownFormat(format)))
    }

    /// A whole number from `min` to `max`.
    pub(crate) fn number(min: impl Into<i32>, max: impl Into<i32>) -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(min.into()))
            .maximum(Some(max.into()))
            .extensions(Some(inline()))
    }

    /// A number with decimals. (Not a multiple of 0.001: validators divide binary fractions, and refuse 2.3.)
    pub(crate) fn decimal() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .extensions(Some(inline()))
    }

    /// A list.
    pub(crate) fn list(items: impl Into<RefOr<Schema>>) -> ArrayBuilder {
        ArrayBuilder::new().items(ArrayItems::RefOrSchema(Box::new(items.into()))).extensions(Some(inline()))
    }
}
