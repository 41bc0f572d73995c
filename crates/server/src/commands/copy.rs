//! `circadia copy`: an installation moves to another database.

use circadia_storage::transfer;

use super::{Failure, Outcome, say};
use crate::composition::open_database_at;
use crate::config::Config;
use crate::progress::Display;

pub(super) struct Options {
    pub(super) from: Option<String>,
    pub(super) to: String,
    pub(super) replace: bool,
    pub(super) allow_changes: bool,
}

pub(super) fn run(config: &Config, options: Options) -> Outcome {
    let from = options.from.unwrap_or_else(|| config.database_url.clone());
    if from == options.to {
        return Err(Failure("--from and --to are the same database".into()));
    }
    if let Some(path) = from.strip_prefix("sqlite://")
        && !std::path::Path::new(path).exists()
    {
        return Err(Failure(format!("there is no database {path} to copy from")));
    }
    let source = open_database_at(config, &from).map_err(|error| Failure(format!("--from: {error}")))?;
    let target = open_database_at(config, &options.to).map_err(|error| Failure(format!("--to: {error}")))?;
    let display = Display::new("copying");
    let copied = transfer::copy(&source, &target, options.replace, &mut |progress| display.show(progress))?;
    drop(display);
    let rows: u64 = copied.tables.iter().map(|(_, fingerprint)| fingerprint.rows).sum();
    say(format_args!(
        "Copied {rows} rows of {} tables from {} to {}, and compared every row.",
        copied.tables.len(),
        source.backend().name(),
        target.backend().name(),
    ));
    if !copied.changed.is_empty() {
        let warning = format!(
            "the source was written to while it was copied, in {}: that isn't in the copy, which is as of when it \
             began. Stop the servers that use it, and copy again with `--replace`",
            copied.changed.join(", ")
        );
        if !options.allow_changes {
            return Err(Failure(warning));
        }
        say(format_args!("Mind: {warning}."));
    }
    say("Next: DATABASE_URL names the new database. The secret key goes along (CIRCADIA_SECRET_KEY, or secret.key of");
    say(
        "the data folder): what is sealed in the database opens under no other. So do the images, if CIRCADIA_MEDIA_URL",
    );
    say("changes. `circadia doctor` checks all but those.");
    Ok(())
}
