//! A row of any table: as the databases hold it, as the JSON of a file, and as the bytes that are hashed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::UserId;
use diesel::QueryResult;
use diesel::deserialize::{self, QueryableByName};
use diesel::query_builder::AstPass;
use diesel::row::{Field as _, NamedRow};
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Text};
use serde_json::Value as Json;

use super::TransferError;
use super::table::{ColumnKind, Table};
use crate::connection::{MultiBackend, MultiRawValue};
use crate::sql_types::{CivilDate, Sql, UtcTimestamp, Uuid};

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    /// Whatever it identifies.
    Uuid(Sql<UserId>),
    Instant(Sql<Instant>),
    Date(Sql<Date>),
    Text(String),
    Integer(i32),
    Bigint(i64),
    Boolean(bool),
    Bytes(Vec<u8>),
}

/// A row. Its values are in the order of its table's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub(crate) values: Vec<Value>,
}

impl Value {
    fn read(kind: ColumnKind, value: Option<MultiRawValue<'_>>) -> deserialize::Result<Self> {
        let Some(value) = value else { return Ok(Self::Null) };
        Ok(match kind {
            ColumnKind::Uuid => Self::Uuid(value.from_sql::<Sql<UserId>, Uuid>()?),
            ColumnKind::Instant => Self::Instant(value.from_sql::<Sql<Instant>, UtcTimestamp>()?),
            ColumnKind::Date => Self::Date(value.from_sql::<Sql<Date>, CivilDate>()?),
            ColumnKind::Text => Self::Text(value.from_sql::<String, Text>()?),
            ColumnKind::Integer => Self::Integer(value.from_sql::<i32, Integer>()?),
            ColumnKind::Bigint => Self::Bigint(value.from_sql::<i64, BigInt>()?),
            ColumnKind::Boolean => Self::Boolean(value.from_sql::<bool, Bool>()?),
            ColumnKind::Bytes => Self::Bytes(value.from_sql::<Vec<u8>, Binary>()?),
        })
    }

    /// Writes it into a statement.
    pub(crate) fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        match self {
            Self::Null => {
                out.push_sql("NULL");
                Ok(())
            }
            Self::Uuid(value) => out.push_bind_param::<Uuid, _>(value),
            Self::Instant(value) => out.push_bind_param::<UtcTimestamp, _>(value),
            Self::Date(value) => out.push_bind_param::<CivilDate, _>(value),
            Self::Text(value) => out.push_bind_param::<Text, _>(value),
            Self::Integer(value) => out.push_bind_param::<Integer, _>(value),
            Self::Bigint(value) => out.push_bind_param::<BigInt, _>(value),
            Self::Boolean(value) => out.push_bind_param::<Bool, _>(value),
            Self::Bytes(value) => out.push_bind_param::<Binary, _>(value),
        }
    }

    /// Appends what is hashed of it: the same bytes whichever database it came from, and of no two values the same.
    fn append_to(&self, bytes: &mut Vec<u8>) {
        let mut sized = |tag: u8, content: &[u8]| {
            bytes.push(tag);
            bytes.extend(u64::try_from(content.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend(content);
        };
        match self {
            Self::Null => bytes.push(0),
            Self::Uuid(value) => sized(1, value.0.as_uuid().as_bytes()),
            Self::Instant(value) => sized(2, &value.0.micros().to_be_bytes()),
            Self::Date(value) => sized(3, &value.0.days_since_epoch().to_be_bytes()),
            Self::Text(value) => sized(4, value.as_bytes()),
            Self::Integer(value) => sized(5, &value.to_be_bytes()),
            Self::Bigint(value) => sized(6, &value.to_be_bytes()),
            Self::Boolean(value) => sized(7, &[u8::from(*value)]),
            Self::Bytes(value) => sized(8, value),
        }
    }

    fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Uuid(value) => value.0.as_uuid().to_string().into(),
            Self::Instant(value) => value.0.micros().into(),
            Self::Date(value) => value.0.to_string().into(),
            Self::Text(value) => value.as_str().into(),
            Self::Integer(value) => (*value).into(),
            Self::Bigint(value) => (*value).into(),
            Self::Boolean(value) => (*value).into(),
            Self::Bytes(value) => BASE64.encode(value).into(),
        }
    }

    fn of_json(kind: ColumnKind, json: Json) -> Option<Self> {
        Some(match (kind, json) {
            (_, Json::Null) => Self::Null,
            (ColumnKind::Uuid, Json::String(text)) => {
                Self::Uuid(Sql(UserId::from_uuid(uuid::Uuid::try_parse(&text).ok()?)))
            }
            (ColumnKind::Instant, Json::Number(number)) => Self::Instant(Sql(Instant::from_micros(number.as_i64()?))),
            (ColumnKind::Date, Json::String(text)) => Self::Date(Sql(Date::parse(&text).ok()?)),
            (ColumnKind::Text, Json::String(text)) => Self::Text(text),
            (ColumnKind::Integer, Json::Number(number)) => Self::Integer(i32::try_from(number.as_i64()?).ok()?),
            (ColumnKind::Bigint, Json::Number(number)) => Self::Bigint(number.as_i64()?),
            (ColumnKind::Boolean, Json::Bool(value)) => Self::Boolean(value),
            (ColumnKind::Bytes, Json::String(text)) => Self::Bytes(BASE64.decode(text).ok()?),
            _ => return None,
        })
    }

    /// About how much memory it takes.
    fn size(&self) -> usize {
        match self {
            Self::Text(value) => value.len() + 16,
            Self::Bytes(value) => value.len() + 16,
            _ => 16,
        }
    }
}

impl Row {
    /// What is hashed of it.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.size());
        self.values.iter().for_each(|value| value.append_to(&mut bytes));
        bytes
    }

    /// About how much memory it takes.
    pub(crate) fn size(&self) -> usize {
        self.values.iter().map(Value::size).sum()
    }

    /// A line of JSON: an array of its values. Instants are microseconds since 1970, bytes are Base64.
    pub fn to_line(&self) -> String {
        Json::Array(self.values.iter().map(Value::to_json).collect()).to_string()
    }

    /// Reads what [`Row::to_line`] wrote.
    ///
    /// # Errors
    /// [`TransferError::Unreadable`] if it isn't a row of this table.
    pub fn of_line(table: &Table, line: &str) -> Result<Self, TransferError> {
        let unreadable = |reason: &str| TransferError::Unreadable(format!("a row of {}: {reason}", table.name));
        let values: Vec<Json> = serde_json::from_str(line).map_err(|_| unreadable("not an array of JSON"))?;
        if values.len() != table.columns.len() {
            return Err(unreadable("another number of values than columns"));
        }
        let read = table.columns.iter().zip(values).map(|(column, json)| {
            Value::of_json(column.kind, json).ok_or_else(|| unreadable(&format!("{} has a wrong value", column.name)))
        });
        Ok(Self { values: read.collect::<Result<_, _>>()? })
    }

    /// The text of a column; none if it is null, or isn't a text.
    pub fn text(&self, table: &Table, column: &str) -> Option<&str> {
        let place = table.columns.iter().position(|known| known.name == column)?;
        match self.values.get(place) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The values of its key.
    pub(crate) fn key(&self, table: &Table) -> Self {
        let values = table.key_places().into_iter().filter_map(|place| self.values.get(place).cloned());
        Self { values: values.collect() }
    }
}

/// Each column of the result is labelled with what it holds.
impl QueryableByName<MultiBackend> for Row {
    fn build<'a>(row: &impl NamedRow<'a, MultiBackend>) -> deserialize::Result<Self> {
        let values = (0..row.field_count()).map(|place| {
            let field = diesel::row::Row::get(row, place).ok_or("a column is missing")?;
            let kind = field.field_name().and_then(ColumnKind::of_label).ok_or("a column without a label")?;
            Value::read(kind, field.value())
        });
        Ok(Self { values: values.collect::<deserialize::Result<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::TableColumn;
    use super::*;

    fn table() -> Table {
        let kinds = [
            ("a", ColumnKind::Uuid),
            ("b", ColumnKind::Instant),
            ("c", ColumnKind::Date),
            ("d", ColumnKind::Text),
            ("e", ColumnKind::Integer),
            ("f", ColumnKind::Bigint),
            ("g", ColumnKind::Boolean),
            ("h", ColumnKind::Bytes),
            ("i", ColumnKind::Text),
        ];
        let columns = kinds.map(|(name, kind)| TableColumn { name: name.to_owned(), kind });
        Table { name: "samples".to_owned(), columns: columns.into(), key: vec!["a".to_owned()] }
    }

    fn row() -> Row {
        let id = UserId::from_uuid(uuid::Uuid::from_u128(0x0196_0000_0000_7000_8000_0000_0000_0001));
        let values = vec![
            Value::Uuid(Sql(id)),
            Value::Instant(Sql(Instant::from_micros(1_795_000_000_123_456))),
            Value::Date(Sql(Date::parse("2026-02-28").unwrap())),
            Value::Text("Äpfel, \"quoted\"\n\u{1f34f}".to_owned()),
            Value::Integer(i32::MIN),
            Value::Bigint(i64::MAX),
            Value::Boolean(true),
            Value::Bytes((0..=255).collect()),
            Value::Null,
        ];
        Row { values }
    }

    #[test]
    fn a_line_says_all_of_a_row() {
        let line = row().to_line();
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(Row::of_line(&table(), &line).unwrap(), row());
        let start = "[\"01960000-0000-7000-8000-000000000001\",1795000000123456,\"2026-02-28\",";
        assert!(line.starts_with(start), "{line}");
    }

    #[test]
    fn what_is_not_a_row_of_the_table_is_refused() {
        let line = row().to_line();
        for wrong in [
            String::new(),
            "{}".to_owned(),
            "[]".to_owned(),
            line.replace("true", "1"),
            line.replace("-2147483648", "-2147483649"),
            line.replace("9223372036854775807", "9223372036854775808"),
            line.replace("2026-02-28", "2026-02-29"),
            line.replace(",null]", "]"),
            line.replace(",null]", ",null,null]"),
            line.replace("AAEC", "A*EC"),
        ] {
            assert!(Row::of_line(&table(), &wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rows_that_differ_are_hashed_as_different_bytes() {
        let text = |parts: &[&str]| Row { values: parts.iter().map(|part| Value::Text((*part).to_owned())).collect() };
        assert_ne!(text(&["ab", "c"]).canonical(), text(&["a", "bc"]).canonical());
        let nulls = Row { values: vec![Value::Null, Value::Null] };
        assert_ne!(nulls.canonical(), text(&["", ""]).canonical());
        let number = |value: Value| Row { values: vec![value] }.canonical();
        assert_ne!(number(Value::Integer(1)), number(Value::Boolean(true)));
    }
}
