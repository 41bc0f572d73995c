//! Path segments and query strings.

use std::borrow::Cow;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use circadia_domain::civil::Date;
use circadia_domain::collation::search_key;
use circadia_domain::entity::Entity;
use circadia_domain::identities::ProviderName;
use circadia_domain::ids::Id;
use circadia_domain::violation::Violations;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::{Decode, Fields, Parsed};
use crate::http::problem::{InputLocation, Problem};
use crate::http::routing::matched;

/// A type that a path's segment is read into.
pub trait PathValue: Sized {
    /// The segment's name in the path template.
    fn name() -> Cow<'static, str>;
    /// Reads the segment.
    fn read(text: &str) -> Parsed<Self>;
}

impl<E: Entity> PathValue for Id<E> {
    fn name() -> Cow<'static, str> {
        format!("{}_id", E::PARAM).into()
    }
    fn read(text: &str) -> Parsed<Self> {
        Self::parse(text)
    }
}

impl PathValue for Date {
    fn name() -> Cow<'static, str> {
        "date".into()
    }
    fn read(text: &str) -> Parsed<Self> {
        date(text)
    }
}

impl PathValue for ProviderName {
    fn name() -> Cow<'static, str> {
        "provider".into()
    }
    fn read(text: &str) -> Parsed<Self> {
        Self::parse(text)
    }
}

/// The path's `{provider}`.
#[derive(Debug)]
pub enum ProviderPath {}

impl IntoParams for ProviderPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(32))
            .pattern(Some("^[a-z][a-z0-9]*(-[a-z0-9]+)*$"));
        let parameter = ParameterBuilder::new()
            .name("provider")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The provider's name, as `GET /config` lists it"))
            .schema(Some(schema))
            .example(Some(serde_json::json!("google")))
            .build();
        vec![parameter]
    }
}

/// Reads a civil date.
pub fn date(text: &str) -> Parsed<Date> {
    Date::parse(text).map_err(|error| Violations::of("invalid_date", error.to_string()))
}

/// Reads a search text, as its [`search_key`].
pub fn sought(text: &str) -> Parsed<String> {
    if text.chars().count() > 100 {
        return Err(Violations::of("too_long", "must have at most 100 characters"));
    }
    Ok(search_key(text))
}

/// A segment of the path.
#[derive(Debug)]
pub struct PathParam<T>(pub T);

impl<T: PathValue> FromRequest for PathParam<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name = T::name();
        let matched = matched(request);
        let text = matched.as_deref().and_then(|matched| matched.param(&name)).unwrap_or_default();
        ready(T::read(text).map(Self).map_err(|wrong| {
            let mut named = Violations::new();
            named.nest(&format!("/{name}"), wrong);
            Problem::invalid(InputLocation::Path, named)
        }))
    }
}

/// A decoded query string.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: Decode> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl<T: Decode> Query<T> {
    /// The query string of a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let decoded = members(request.query_string()).and_then(|members| Fields::read(&members, true));
        decoded.map(Self).map_err(|wrong| Problem::invalid(InputLocation::Query, wrong))
    }
}

/// What operations without parameters in the query take of it.
#[derive(Debug)]
pub(crate) struct NoParameters;

impl Decode for NoParameters {
    fn decode(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// The members of a query string: `name[]` collects into a list, any other name may occur once.
fn members(query: &str) -> Parsed<Map<String, Value>> {
    let mut members = Map::new();
    let mut wrong = Violations::new();
    for (name, value) in form_pairs(query)? {
        let value = Value::String(value);
        if name.ends_with("[]") {
            match members.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(items) => items.push(value),
                other => *other = value,
            }
        } else if members.insert(name.clone(), value).is_some() {
            wrong.add(format!("/{name}"), "duplicate", "must be given only once");
        }
    }
    if wrong.is_empty() { Ok(members) } else { Err(wrong) }
}

/// `application/x-www-form-urlencoded` pairs; what doesn't decode to UTF-8 is refused rather than replaced.
fn form_pairs(query: &str) -> Parsed<Vec<(String, String)>> {
    let decode = |part: &str| -> Parsed<String> {
        let spaced = part.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced)
            .decode_utf8()
            .map(Cow::into_owned)
            .map_err(|_| Violations::of("invalid_encoding", "the query string is not UTF-8"))
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn queries_become_members() {
        assert_eq!(Value::Object(members("a=1&b=x%20y+z&c").unwrap()), json!({"a": "1", "b": "x y z", "c": ""}));
        assert_eq!(Value::Object(members("user_ids[]=1&user_ids%5B%5D=2").unwrap()), json!({"user_ids[]": ["1", "2"]}));
    }

    #[test]
    fn repeated_and_broken_parameters_are_refused() {
        assert!(members("a=1&a=2").is_err());
        assert!(members("a=%ff").is_err());
    }
}
