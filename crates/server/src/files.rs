//! Who may read what the server keeps in files.

use std::path::Path;

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;

/// From now on, what this process creates is for its own account alone, whatever the umask was: folders 0700, files 0600.
/// That includes what libraries create, such as the files of SQLite.
pub(crate) fn keep_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Logs that a folder which was there before is open to others. It isn't changed: it may be meant.
pub(crate) fn warn_if_open_to_others(folder: &Path) {
    #[cfg(unix)]
    if let Ok(found) = folder.metadata() {
        let mode = found.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let folder = folder.display();
            tracing::warn!("the data folder {folder} (mode {mode:04o}) can be read by others: `chmod 700 {folder}`");
        }
    }
}
