//! The master key: given, or in development made once and kept in the data folder.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use circadia_auth::Entropy;
use circadia_auth::keys::{KeyError, MasterKey};

use crate::config::Config;

/// Why the master key can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file of the embedded default can't be read or made.
    #[error("the secret key in {0} can't be read or made: {1}")]
    File(String, std::io::Error),
    /// It isn't a valid key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The master key of this installation.
pub(crate) fn master_key(config: &Config, entropy: &dyn Entropy) -> Result<MasterKey, MasterKeyError> {
    if let Some(text) = &config.secret_key {
        return Ok(MasterKey::from_text(text)?);
    }
    let path = config.data_dir.join("secret.key");
    let text = kept_or_made(&path, entropy).map_err(|error| MasterKeyError::File(path.display().to_string(), error))?;
    Ok(MasterKey::from_text(&text)?)
}

/// Reads the file, or makes it, for its owner's eyes only. Of two processes that start together, one makes it.
fn kept_or_made(path: &Path, entropy: &dyn Entropy) -> std::io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        read => return read,
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut secret = [0; 32];
    entropy.fill(&mut secret);
    let text = hex(&secret);
    // Written to a temporary file and linked into place, so that it is never read half-written.
    let aside = path.with_extension(format!("key.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    match linked {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::read_to_string(path),
        Err(error) => Err(error),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use circadia_auth::SystemEntropy;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = std::env::temp_dir().join(format!("circadia-keys-{}", std::process::id()));
        let path = folder.join("data/secret.key");
        let first = kept_or_made(&path, &SystemEntropy::new()).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(kept_or_made(&path, &SystemEntropy::new()).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
