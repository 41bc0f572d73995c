//! Reading variables one by one, and noting everything that is wrong with them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ConfigError;

/// Names the file that is read into the environment.
pub(super) const FILE_VARIABLE: &str = "CIRCADIA_ENV_FILE";

/// Reads the file that [`FILE_VARIABLE`] names, or `.env` of the working folder if there is one, into the environment.
/// Folders above aren't searched: what lies there was meant for something else.
///
/// # Errors
/// A description without anything of the file's contents.
pub(super) fn load_file() -> Result<(), String> {
    let named = std::env::var_os(FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let (path, prefix) = match &named {
        Some(path) => (path.clone(), format!("{FILE_VARIABLE}: ")),
        None => (PathBuf::from(".env"), String::new()),
    };
    let shown = path.display();
    match dotenvy::from_path(&path) {
        Ok(()) => Ok(()),
        Err(error) if error.not_found() && named.is_none() => Ok(()),
        Err(dotenvy::Error::LineParse(line, _)) => {
            let number = std::fs::read_to_string(&path).ok().and_then(|text| line_number(&text, &line));
            let place = number.map_or_else(|| "a line".to_owned(), |number| format!("line {number}"));
            Err(format!(
                "{prefix}{place} of {shown} can't be read: it must be `NAME=value`, with quotes that are closed"
            ))
        }
        Err(dotenvy::Error::Io(error)) => Err(format!("{prefix}{shown} can't be read: {error}")),
        Err(_) => Err(format!("{prefix}{shown} can't be read")),
    }
}

/// The number of the line that begins with the broken one.
fn line_number(text: &str, broken: &str) -> Option<usize> {
    let first = broken.lines().next()?.trim_end();
    text.lines().position(|line| line.trim_end() == first).map(|before| before + 1)
}

/// What the names of variables of the tests begin with. A shell that has them may start a server, too.
const TESTS_PREFIX: &str = "CIRCADIA_TEST";

/// A set of variables being read.
pub(super) struct Environment {
    variables: BTreeMap<String, String>,
    known: Vec<String>,
    found: usize,
    wrong: Vec<String>,
}

impl Environment {
    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().collect(), known: Vec::new(), found: 0, wrong: Vec::new() }
    }

    /// Makes a name known that is read elsewhere.
    pub(super) fn expect(&mut self, name: &str) {
        self.known.push(name.to_owned());
    }

    /// The variables whose names begin with `prefix`, but for empty ones.
    pub(super) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let all = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(move |(name, value)| name.starts_with(prefix) && !value.is_empty())
    }

    /// How many of the variables that were read so far are set.
    pub(super) const fn found(&self) -> usize {
        self.found
    }

    /// The value of a variable; an empty one is none.
    pub(super) fn read_plain<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.expect(name);
        let value = self.variables.get(name).filter(|value| !value.is_empty()).cloned()?;
        self.parsed(name, &value, parse)
    }

    /// The value of a variable, or of the file that `<name>_FILE` names; an empty one is none.
    pub(super) fn read<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.expect(name);
        let file_name = format!("{name}_FILE");
        let direct = self.variables.get(name).filter(|value| !value.is_empty()).cloned();
        let file = self.variables.get(&file_name).filter(|value| !value.is_empty()).cloned();
        self.found += usize::from(direct.is_some() || file.is_some());
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
        self.parsed(name, &value, parse)
    }

    fn parsed<T>(&mut self, name: &str, value: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match parse(value) {
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
        let ours = |name: &&String| name.starts_with("CIRCADIA_") && !name.starts_with(TESTS_PREFIX);
        for name in self.variables.keys().filter(ours) {
            let base = name.strip_suffix("_FILE").unwrap_or(name);
            if !self.known.iter().any(|known| known == name || known == base) {
                self.wrong.push(format!("{name} is not a variable that is known here"));
            }
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(ConfigError(self.wrong)) }
    }
}
