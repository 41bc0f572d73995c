//! Decoding an object field by field.

use circadia_domain::civil::ZoneOrOffset;
use circadia_domain::ids::IdSource;
use circadia_domain::json::FromJson;
use circadia_domain::violation::Violations;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::raw::{self, Json, Parsed, Raw};

/// A type that a request body or a query is decoded into.
pub trait Decode: Sized {
    /// Asks for every field (before giving up on any, so that all that is wrong gets noted), then builds the value.
    /// `None` only after something wrong was noted.
    fn decode(fields: &mut Fields<'_>) -> Option<Self>;
}

/// The request that is decoded, as far as what is made by it needs to know.
#[derive(Clone, Copy, Default)]
pub struct Origin<'a> {
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// Where fresh ids are from.
    pub ids: Option<&'a dyn IdSource>,
}

impl Origin<'_> {
    fn fresh_id(&self) -> Uuid {
        self.ids.map(IdSource::fresh).unwrap_or_default()
    }
}

impl std::fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// An object being decoded. It returns fields, collects errors, and records which fields were read.
#[derive(Debug)]
pub struct Fields<'a> {
    members: &'a Map<String, Value>,
    textual: bool,
    origin: Origin<'a>,
    asked: Vec<&'static str>,
    refused: Vec<&'static str>,
    required: Vec<&'static str>,
    wrong: Violations,
}

impl<'a> Fields<'a> {
    /// Decodes an object's members.
    ///
    /// # Errors
    /// Everything that is wrong, unknown fields included.
    pub fn read<T: Decode>(members: &'a Map<String, Value>, textual: bool) -> Parsed<T> {
        Self::read_from(members, textual, Origin::default())
    }

    /// Decodes the members of a request's body.
    ///
    /// # Errors
    /// Everything that is wrong, unknown fields included.
    pub fn read_from<T: Decode>(members: &'a Map<String, Value>, textual: bool, origin: Origin<'a>) -> Parsed<T> {
        let mut fields = Self { origin, ..Self::over(members, textual) };
        let decoded = T::decode(&mut fields);
        fields.note_unknown();
        match decoded {
            Some(value) if fields.wrong.is_empty() => Ok(value),
            None if fields.wrong.is_empty() => {
                Err(Violations::of("invalid", "can't be read, for a reason that was not noted"))
            }
            _ => Err(fields.wrong),
        }
    }

    fn over(members: &'a Map<String, Value>, textual: bool) -> Self {
        Self {
            members,
            textual,
            origin: Origin::default(),
            asked: Vec::new(),
            refused: Vec::new(),
            required: Vec::new(),
            wrong: Violations::new(),
        }
    }

    /// A parser for a nested object.
    pub fn object<T: Decode>(raw: Raw<'_>) -> Parsed<T> {
        Fields::read(raw.members()?, raw.textual)
    }

    /// A parser for a nested object that others define: what isn't known of it is ignored.
    pub fn open_object<T: Decode>(raw: Raw<'_>) -> Parsed<T> {
        let mut fields = Fields::over(raw.members()?, raw.textual);
        match T::decode(&mut fields) {
            Some(value) if fields.wrong.is_empty() => Ok(value),
            _ => Err(fields.wrong),
        }
    }

    /// A field that must be there, and not null.
    pub fn required_with<T>(&mut self, name: &'static str, parse: impl FnOnce(Raw<'_>) -> Parsed<T>) -> Option<T> {
        self.required.push(name);
        match self.ask(name) {
            None | Some(Value::Null) => {
                self.wrong.add(pointer(name), "required", "is required");
                None
            }
            Some(value) => self.parse(name, value, parse),
        }
    }

    /// A field that may be absent, or null, which is the same.
    pub fn optional_with<T>(&mut self, name: &'static str, parse: impl FnOnce(Raw<'_>) -> Parsed<T>) -> Option<T> {
        match self.ask(name) {
            None | Some(Value::Null) => None,
            Some(value) => self.parse(name, value, parse),
        }
    }

    /// A field of a merge patch (RFC 7396) that can't be cleared: absent leaves it.
    pub fn change_with<T>(&mut self, name: &'static str, parse: impl FnOnce(Raw<'_>) -> Parsed<T>) -> Option<T> {
        match self.ask(name) {
            None => None,
            Some(Value::Null) => {
                self.wrong.add(pointer(name), "not_nullable", "can't be cleared: leave it out to keep it");
                None
            }
            Some(value) => self.parse(name, value, parse),
        }
    }

    /// A field of a merge patch (RFC 7396): absent (`None`) leaves it, null (`Some(None)`) clears it.
    pub fn change_or_clear_with<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(Raw<'_>) -> Parsed<T>,
    ) -> Option<Option<T>> {
        match self.ask(name) {
            None => None,
            Some(Value::Null) => Some(None),
            Some(value) => self.parse(name, value, parse).map(Some),
        }
    }

    /// A value that must be there.
    pub fn required<T: FromJson<Json: Json>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.required_with(name, raw::value::<T>)?;
        if value.is_none() {
            self.wrong.add(pointer(name), "required", "is required");
        }
        value
    }

    /// A value that may be absent, or null, which is the same.
    pub fn optional<T: FromJson<Json: Json>>(&mut self, name: &'static str) -> Option<T> {
        self.optional_with(name, raw::value::<T>).flatten()
    }

    /// A value of a merge patch (RFC 7396) that can't be cleared: absent leaves it.
    pub fn change<T: FromJson<Json: Json>>(&mut self, name: &'static str) -> Option<T> {
        self.change_with(name, raw::value::<T>).flatten()
    }

    /// A value of a merge patch (RFC 7396): absent (`None`) leaves it, null (`Some(None)`) clears it.
    pub fn change_or_clear<T: FromJson<Json: Json>>(&mut self, name: &'static str) -> Option<Option<T>> {
        self.change_or_clear_with(name, raw::value::<T>).map(Option::flatten)
    }

    /// The field `id` of what is to be made: the client's choice, or a fresh one.
    pub fn new_id<T: From<Uuid>>(&mut self, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        let given = self.optional_with("id", raw::text(parse));
        given.or_else(|| (!self.has("id")).then(|| self.origin.fresh_id().into()))
    }

    /// The offset from UTC that an instant was sent with; none if it says nothing of where it was.
    pub fn offset_of(&self, name: &str) -> Option<ZoneOrOffset> {
        self.members.get(name).and_then(Value::as_str).and_then(ZoneOrOffset::of_timestamp)
    }

    /// SHA-256 of the request's body, by which its repetition is recognised.
    pub const fn request_digest(&self) -> [u8; 32] {
        self.origin.digest
    }

    /// Whether a field is present and not null, valid or not.
    pub fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// A field that is known but has no place here: says where it has, which is more than that it isn't known.
    pub fn refuse(&mut self, name: &'static str, code: &'static str, detail: &'static str) {
        self.refused.push(name);
        if self.members.contains_key(name) {
            self.wrong.add(pointer(name), code, detail);
        }
    }

    /// Notes something wrong that only several fields together show.
    pub fn note(&mut self, name: &'static str, code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) {
        self.wrong.add(pointer(name), code, detail);
    }

    /// Notes a `to` that lies before `from`, where both were given.
    pub fn note_reversed<T: PartialOrd>(&mut self, from: Option<T>, to: Option<T>) {
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.note("to", "before_start", "must not lie before `from`");
        }
    }

    /// Notes everything that a check of a field found wrong.
    pub fn note_all(&mut self, name: &'static str, checked: Result<(), Violations>) {
        self.wrong.take(&pointer(name), checked);
    }

    /// Notes everything that a check of several fields found wrong, each with its own pointer.
    pub fn take<T>(&mut self, checked: Parsed<T>) -> Option<T> {
        self.wrong.take("", checked)
    }

    fn ask(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.members.get(name)
    }

    fn parse<T>(&mut self, name: &str, value: &Value, parse: impl FnOnce(Raw<'_>) -> Parsed<T>) -> Option<T> {
        let parsed = parse(Raw { value, textual: self.textual });
        self.wrong.take(&pointer(name), parsed)
    }

    fn note_unknown(&mut self) {
        let known = |name: &str| self.asked.contains(&name) || self.refused.contains(&name);
        for name in self.members.keys().filter(|name| !known(name)) {
            let shown: String = name.chars().take(64).collect();
            let detail = if self.asked.is_empty() {
                "is not known: nothing is expected here".to_owned()
            } else {
                format!("is not known; known are: {}", self.asked.join(", "))
            };
            self.wrong.add(pointer(&shown), "unknown_field", detail);
        }
    }
}

/// A name as a JSON pointer's reference token (RFC 6901 §3).
pub(super) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
pub mod testing {
    //! Holding decoders against their documentation.

    use std::collections::BTreeSet;

    use super::{Decode, Fields};
    use serde_json::{Map, Value};
    use utoipa::ToSchema;

    /// Asserts that the documented properties of `T`, and which of them are required, are those that its decoder asks
    /// for: what is documented is accepted, and the other way round. Returns the name of its schema.
    ///
    /// # Panics
    /// If they differ.
    pub fn assert_documented<T: Decode + ToSchema>(schemas: &Map<String, Value>) -> String {
        let members = Map::new();
        let mut fields = Fields::over(&members, false);
        let _ = T::decode(&mut fields);
        let name = T::name().into_owned();
        let schema = &schemas[&name];
        let documented: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let asked: BTreeSet<&str> = fields.asked.iter().copied().collect();
        assert_eq!(documented, asked, "documented properties against decoded ones of {name}");
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let needed: BTreeSet<&str> = fields.required.iter().copied().collect();
        assert_eq!(needed, required, "required properties of {name}");
        name
    }
}

#[cfg(test)]
mod tests {
    use super::super::raw::{boolean, integer, list, text};
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq)]
    struct Sample {
        name: String,
        size: Option<i64>,
        tags: Vec<bool>,
    }

    impl Decode for Sample {
        fn decode(fields: &mut Fields<'_>) -> Option<Self> {
            let name = fields.required_with("name", text(|text| Ok(text.to_owned())));
            let size = fields.optional_with("size", integer(Ok));
            let tags = fields.optional_with("tags", list(2, boolean));
            Some(Self { name: name?, size, tags: tags.unwrap_or_default() })
        }
    }

    fn read(value: &Value) -> Result<Sample, Vec<(String, &'static str)>> {
        Fields::read(value.as_object().unwrap(), false)
            .map_err(|wrong| wrong.into_iter().map(|violation| (violation.path, violation.code)).collect())
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = read(&json!({"size": "9", "tags": [true, 1], "x/y": null})).unwrap_err();
        let expected =
            [("/name", "required"), ("/size", "wrong_type"), ("/tags/1", "wrong_type"), ("/x~1y", "unknown_field")];
        assert_eq!(wrong, expected.map(|(path, code)| (path.to_owned(), code)));
    }

    #[test]
    fn a_field_that_has_its_place_elsewhere_is_told_of_once() {
        struct Refusing;
        impl Decode for Refusing {
            fn decode(fields: &mut Fields<'_>) -> Option<Self> {
                fields.refuse("status", "read_only", "is changed elsewhere");
                Some(Self)
            }
        }
        let read = |value: Value| {
            Fields::read::<Refusing>(value.as_object().unwrap(), false)
                .map(drop)
                .map_err(|wrong| wrong.into_iter().map(|violation| violation.code).collect::<Vec<_>>())
        };
        assert_eq!(read(json!({})), Ok(()));
        assert_eq!(read(json!({"status": "done"})), Err(vec!["read_only"]));
    }

    #[test]
    fn null_is_absence_for_optional_fields_only() {
        assert_eq!(
            read(&json!({"name": "n", "size": null})),
            Ok(Sample { name: "n".into(), size: None, tags: vec![] })
        );
        assert!(read(&json!({"name": null})).is_err());
    }

    #[test]
    fn numbers_must_be_whole() {
        for size in [json!(1.5), json!(1e30), json!(u64::MAX)] {
            assert!(read(&json!({"name": "n", "size": size})).is_err());
        }
    }
}
