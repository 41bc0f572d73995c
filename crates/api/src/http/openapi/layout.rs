//! The document as text, in lines that are short enough to compare: an answer, a property. They aren't indented: that
//! would be a seventh of the text.

use serde_json::Value;

/// What is longer stands on several lines,
const WIDTH: usize = 120;
/// unless it is nested as deep as this.
const DEPTH: usize = 5;
/// In this order, before all others.
const FIRST: [&str; 7] = ["openapi", "info", "servers", "tags", "security", "paths", "components"];

/// The text, with a final line break.
pub(super) fn text(document: &Value) -> String {
    let mut text = String::new();
    match document {
        Value::Object(members) => {
            let rest = members.keys().map(String::as_str).filter(|name| !FIRST.contains(name));
            let names = FIRST.into_iter().filter(|name| members.contains_key(*name)).chain(rest);
            let parts = names.filter_map(|name| Some((quoted(name), members.get(name)?)));
            write_parts(&mut text, 0, ['{', '}'], parts);
        }
        other => write(&mut text, 0, other),
    }
    text.push('\n');
    text
}

fn write(text: &mut String, depth: usize, value: &Value) {
    let line = value.to_string();
    if depth >= DEPTH || line.chars().count() < WIDTH {
        text.push_str(&line);
        return;
    }
    match value {
        Value::Object(members) => {
            write_parts(text, depth, ['{', '}'], members.iter().map(|(name, value)| (quoted(name), value)));
        }
        Value::Array(items) => {
            write_parts(text, depth, ['[', ']'], items.iter().map(|value| (String::new(), value)));
        }
        _ => text.push_str(&line),
    }
}

fn write_parts<'a>(
    text: &mut String,
    depth: usize,
    [open, close]: [char; 2],
    parts: impl Iterator<Item = (String, &'a Value)>,
) {
    text.push(open);
    for (index, (name, value)) in parts.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&name);
        write(text, depth + 1, value);
    }
    text.push('\n');
    text.push(close);
}

fn quoted(name: &str) -> String {
    format!("{}:", Value::from(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_short_stands_on_a_line_and_the_text_is_the_same_document() {
        let long = "x".repeat(120);
        let document = json!({"paths": {"b": [1, 2], "a": {"long": long, "short": [true]}}, "openapi": "3.1.0"});
        let text = text(&document);
        let expected = format!(
            "{{\n\"openapi\":\"3.1.0\",\n\"paths\":{{\n\"a\":{{\n\"long\":\"{long}\",\n\"short\":[true]\n}},\n\"b\":[1,2]\n}}\n}}\n"
        );
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
    }
}
