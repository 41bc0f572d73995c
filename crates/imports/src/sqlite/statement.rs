//! The columns that a statement `CREATE TABLE` names.

use std::collections::HashMap;

/// The columns that a statement `CREATE TABLE` names, in lower case, and the one that stands for the row's id.
pub(super) fn columns_of(sql: &str) -> Option<(HashMap<String, usize>, Option<usize>)> {
    let start = sql.find('(')?;
    let end = sql.rfind(')')?;
    if sql.get(end..)?.to_ascii_lowercase().contains("without") {
        return None;
    }
    let (mut columns, mut key) = (HashMap::new(), None);
    for definition in split(sql.get(start + 1..end)?) {
        let definition = definition.trim();
        let (name, rest) = name_of(definition)?;
        let is_constraint = !definition.starts_with(['"', '`', '['])
            && ["constraint", "primary", "unique", "check", "foreign"].contains(&name.as_str());
        if is_constraint {
            continue;
        }
        let at = columns.len();
        let words: Vec<String> = rest.split_whitespace().map(str::to_ascii_lowercase).collect();
        let is_key = words.first().is_some_and(|word| word == "integer")
            && words
                .windows(2)
                .any(|pair| matches!(pair, [one, other] if one == "primary" && other.starts_with("key")));
        if is_key {
            key = Some(at);
        }
        columns.insert(name, at);
    }
    (!columns.is_empty()).then_some((columns, key))
}

/// The name that a definition begins with, in lower case, and the rest.
fn name_of(definition: &str) -> Option<(String, &str)> {
    let first = definition.chars().next()?;
    let closing = match first {
        '"' => Some('"'),
        '`' => Some('`'),
        '[' => Some(']'),
        '\'' => Some('\''),
        _ => None,
    };
    let (name, rest) = match closing {
        Some(closing) => definition.get(1..)?.split_once(closing)?,
        None => {
            definition.split_at(definition.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(definition.len()))
        }
    };
    Some((name.to_ascii_lowercase(), rest))
}

/// Parts between commas that aren't in parentheses or quotation marks.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quote, mut start) = (Vec::new(), 0_u32, None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(closing), c) if c == closing => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '[') => quote = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            (Some(_) | None, _) => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_from_the_statement() {
        let (columns, key) = columns_of(
            "CREATE TABLE Habits ( id integer primary key autoincrement, \"target type\" integer default (1, 2), \
             unit text not null default ',', PRIMARY KEY (x))",
        )
        .unwrap();
        assert_eq!(key, Some(0));
        assert_eq!((columns["id"], columns["target type"], columns["unit"], columns.len()), (0, 1, 2, 3));
        assert!(columns_of("CREATE TABLE a (b text primary key) WITHOUT ROWID").is_none());
        assert!(columns_of("CREATE VIEW a AS SELECT 1").is_none());
    }
}
