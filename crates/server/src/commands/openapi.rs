//! `circadia openapi`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use circadia_api::openapi;

use super::{Failure, Outcome, say};

pub(super) fn run(path: &Path, check: bool) -> Outcome {
    let text = openapi::text(&openapi::document());
    if path == Path::new("-") {
        std::io::stdout().write_all(text.as_bytes())?;
        return Ok(());
    }
    if !check {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
        return Ok(());
    }
    let committed = fs::read_to_string(path)
        .map_err(|error| Failure(format!("{} can't be read: {error}; `circadia openapi` writes it", path.display())))?;
    if committed == text {
        say(format_args!("{} is up to date.", path.display()));
        return Ok(());
    }
    let line = committed.lines().zip(text.lines()).take_while(|(there, here)| there == here).count() + 1;
    Err(Failure(format!(
        "{} is not what the routes say (they differ from line {line} on): run `cargo run -p circadia-server -- openapi` and commit it",
        path.display()
    )))
}
