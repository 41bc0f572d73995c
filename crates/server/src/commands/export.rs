//! `circadia export` and `circadia import`.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use circadia_api::routes::me::import::read as read_document;
use circadia_app::export::{ExportFormat, write as write_export};
use circadia_app::import::run as run_import;
use circadia_domain::audit::{AuditAction, AuditEvent};
use circadia_domain::error::StoreError;
use circadia_domain::export::ExportOptions;
use circadia_domain::ids::UserId;
use circadia_domain::import::{self, Counts, Report};
use circadia_domain::unit_of_work::{read, write};
use circadia_domain::users::Login;

use super::{Failure, Outcome, say};
use crate::clock::{FreshIds, SystemClock};
use crate::composition::{Composition, compose};
use crate::config::Config;

/// The account of a user name or an e-mail address.
fn find_user(composition: &Composition, name: &str) -> Result<UserId, Failure> {
    let login = if name.contains('@') { Login::email(name) } else { Login::username(name) };
    let found = read::<_, StoreError>(&*composition.database, |store| store.find_credentials(&login))?;
    found.map(|found| found.user).ok_or_else(|| Failure(format!("there is no account {name}")))
}

/// Writes an account's export into a file, or to standard output.
pub(super) fn export(config: &Config, user: &str, format: ExportFormat, output: Option<&Path>) -> Outcome {
    let composition = compose(config, Arc::new(SystemClock), Arc::new(FreshIds))?;
    let user = find_user(&composition, user)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let image = runtime.block_on(composition.app.exports.image(user))?;
    let now = composition.app.context.now();
    let options = ExportOptions { image, activity: true };
    let content = read::<_, circadia_app::Error>(&*composition.database, |store| {
        write_export(store, user, now, format, options)
    })?;
    let length = content.len();
    match output {
        None => {
            let mut out = std::io::stdout().lock();
            content.into_pieces().iter().try_for_each(|piece| out.write_all(piece))?;
            out.flush()?;
        }
        Some(path) => {
            let in_file = |error: std::io::Error| Failure(format!("{}: {error}", path.display()));
            let mut file = std::fs::File::create(path).map_err(in_file)?;
            content.into_pieces().iter().try_for_each(|piece| file.write_all(piece)).map_err(in_file)?;
            file.sync_all().map_err(in_file)?;
            say(format_args!("Wrote {} ({length} bytes).", path.display()));
        }
    }
    Ok(())
}

/// Imports an export from a file, or from standard input (`-`), into an account.
pub(super) fn import(config: &Config, user: &str, dry_run: bool, file: &Path) -> Outcome {
    let in_file = |error: std::io::Error| Failure(format!("{}: {error}", file.display()));
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        bytes
    } else {
        std::fs::read(file).map_err(in_file)?
    };
    let document = read_document(&bytes)?;
    drop(bytes);
    let composition = compose(config, Arc::new(SystemClock), Arc::new(FreshIds))?;
    let user = find_user(&composition, user)?;
    let context = &composition.app.context;
    let now = context.now();
    let report = if dry_run {
        read::<_, circadia_domain::Error>(&*composition.database, |store| import::dry_run(store, user, now, &document))?
    } else {
        let event = AuditEvent::of(context.ids.fresh().into(), AuditAction::ACCOUNT_IMPORTED, now).about(user);
        write::<_, circadia_app::Error>(&*composition.database, user, now, |tx| run_import(tx, &document, &event))?
    };
    tell(&report, dry_run);
    Ok(())
}

fn tell(report: &Report, dry_run: bool) {
    say(if dry_run { "Nothing was written. An import would do this:" } else { "Imported:" });
    for (kind, counts) in [
        ("settings", report.settings),
        ("themes", report.themes),
        ("habits", report.habits),
        ("pauses of all habits", report.shared_pauses),
        ("entries", report.entries),
        ("tasks", report.tasks),
        ("time entries", report.time_entries),
        ("timer", report.timer),
        ("sleep logs", report.sleep_logs),
        ("moods of days", report.moods),
        ("reminders", report.reminders),
        ("moods of moments", report.mood_moments),
    ] {
        let Counts { created, updated, unchanged, skipped } = counts;
        if counts != Counts::default() {
            say(format_args!(
                "  {kind}: {created} created, {updated} updated, {unchanged} unchanged, {skipped} skipped"
            ));
        }
    }
    for issue in &report.issues {
        say(format_args!("  {} ({}): {}", issue.pointer, issue.code, issue.detail));
    }
}
