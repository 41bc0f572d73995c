//! Images in a backup. Their files never change, and are removed some time after no account has them any more.

use std::io::Write;

use circadia_domain::users::{Avatar, AvatarFile};
use circadia_storage::transfer::{Row, Table};
use object_store::ObjectMeta;

use super::archive::{MAX_IMAGE, Writer};
use super::{BackupError, Stop, Vault};

/// The folder of all images.
const FOLDER: &str = "avatars";

/// Adds all images that are there. What is removed meanwhile is left out.
pub(super) fn add_all<W: Write>(media: &Vault, writer: &mut Writer<W>, stop: &Stop) -> Result<(), BackupError> {
    let is_image = |file: &ObjectMeta| {
        file.size <= MAX_IMAGE && file.location.filename().is_some_and(|name| AvatarFile::parse(name).is_some())
    };
    media.each_below(FOLDER, is_image, |key, content| {
        stop.check()?;
        writer.add_image(&key, &content)
    })
}

/// The images that rows have, as far as they aren't in the archive: those that came between [`add_all`] and the snapshot.
pub(super) fn lacking<W: Write>(table: &Table, rows: &[Row], writer: &Writer<W>) -> Vec<String> {
    if table.name != "users" {
        return Vec::new();
    }
    let avatars = rows.iter().filter_map(|row| Avatar::parse(row.text(table, "avatar")?));
    avatars.flat_map(Avatar::files).map(AvatarFile::key).filter(|key| !writer.has_image(key)).collect()
}

/// Adds images by their keys, and notes those that aren't there.
pub(super) fn add<W: Write>(media: &Vault, writer: &mut Writer<W>, keys: Vec<String>) -> Result<(), BackupError> {
    for key in keys {
        if let Some(content) = media.get(&key)? {
            writer.add_image(&key, &content)?;
        } else {
            tracing::warn!(%key, "an image that an account has isn't in the store of images");
            writer.add_missing_image(key);
        }
    }
    Ok(())
}
