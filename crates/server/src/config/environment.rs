//! Reading variables one by one, and noting everything that is wrong with them.

use std::collections::BTreeMap;

use super::ConfigError;

/// A set of variables being read.
pub(super) struct Environment {
    variables: BTreeMap<String, String>,
    known: Vec<&'static str>,
    wrong: Vec<String>,
}

impl Environment {
    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().collect(), known: Vec::new(), wrong: Vec::new() }
    }

    /// The value of a variable, or of the file that `<name>_FILE` names; an empty one is none.
    pub(super) fn read<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.known.push(name);
        let file_name = format!("{name}_FILE");
        let direct = self.variables.get(name).filter(|value| !value.is_empty()).cloned();
        let file = self.variables.get(&file_name).filter(|value| !value.is_empty()).cloned();
        let value = match (direct, file) {
            (Some(_), Some(_)) => {
                self.refuse(format!("{name} and {file_name} are both set: one of them has to go"));
                return None;
            }
            (Some(value), None) => value,
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
                Err(error) => {
                    self.refuse(format!("{file_name}: {path} can't be read: {error}"));
                    return None;
                }
            },
            (None, None) => return None,
        };
        match parse(&value) {
            Ok(parsed) => Some(parsed),
            Err(reason) => {
                self.refuse(format!("{name} {reason}"));
                None
            }
        }
    }

    /// Whether something is wrong with a variable that is there.
    pub(super) fn is_refused(&self, name: &str) -> bool {
        self.wrong
            .iter()
            .any(|reason| reason.starts_with(&format!("{name} ")) || reason.starts_with(&format!("{name}_FILE")))
    }

    /// Notes something that is wrong.
    pub(super) fn refuse(&mut self, reason: impl Into<String>) {
        self.wrong.push(reason.into());
    }

    /// What was wrong, unknown names of our own included.
    pub(super) fn finish(mut self) -> Result<(), ConfigError> {
        for name in self.variables.keys().filter(|name| name.starts_with("CIRCADIA_")) {
            let base = name.strip_suffix("_FILE").unwrap_or(name);
            if !self.known.contains(&name.as_str()) && !self.known.contains(&base) {
                self.wrong.push(format!("{name} is not a variable that is known here"));
            }
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(ConfigError(self.wrong)) }
    }
}
