//! Reads an archive, and checks that it is what was written.

use std::collections::BTreeSet;
use std::io::{self, Read};

use circadia_domain::users::AvatarFile;
use circadia_storage::transfer::{self, Fingerprint, Row, Table};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::super::BackupError;
use super::super::seal::{self, BackupKey};
use super::{FORMAT, HEAD, Head, MANIFEST, MAX_FILE, MAX_MANIFEST, MEDIA, Manifest, Member, TABLES, hex};

/// Whether this is the key of an image in the media store. Nothing else is written there.
fn is_image(key: &str) -> bool {
    key.strip_prefix("avatars/").is_some_and(|name| AvatarFile::parse(name).is_some())
}

/// What takes what is in an archive, in the order in which it is there.
pub(in crate::backup) trait Visitor {
    fn head(&mut self, head: &Head) -> Result<(), BackupError>;
    fn image(&mut self, key: &str, content: Vec<u8>) -> Result<(), BackupError>;
    fn rows(&mut self, table: &Table, rows: &[Row]) -> Result<(), BackupError>;
}

/// Reads an archive to its end, passes on what is in it, and checks all of it: that it is whole, that no byte of its
/// content differs from what was written, and that the tables hold what they held.
///
/// Parts were passed on before the whole is known to be in order: who mustn't take what isn't, reads twice.
pub(in crate::backup) fn read(
    file: impl Read,
    key: Option<&BackupKey>,
    visitor: &mut dyn Visitor,
) -> Result<(Head, Manifest), BackupError> {
    let opened = io::BufReader::new(seal::open(key, file)?);
    let decoder = zstd::Decoder::with_buffer(opened).map_err(|error| BackupError::reading(&error))?;
    let mut archive = tar::Archive::new(decoder.single_frame());
    let mut reader = Reader { head: None, found: Vec::new(), manifest: None, place: 0, fingerprints: Vec::new() };
    {
        let entries = archive.entries().map_err(|error| BackupError::reading(&error))?;
        for entry in entries {
            let mut entry = entry.map_err(|error| BackupError::reading(&error))?;
            let name = entry.path().map_err(|error| BackupError::reading(&error))?.to_string_lossy().into_owned();
            if !entry.header().entry_type().is_file() {
                return Err(BackupError::Damaged(format!("{name} isn't a file")));
            }
            let most = if name == MANIFEST { MAX_MANIFEST } else { MAX_FILE };
            let size = entry.size();
            if size > most {
                return Err(BackupError::Damaged(format!("{name} has {size} bytes")));
            }
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|error| BackupError::reading(&error))?;
            reader.take(name, content, visitor)?;
        }
    }
    // What ends the layers around it is checked as it is read. There is nothing behind it.
    let mut decoder = archive.into_inner();
    let is_ended = only_zeros(&mut decoder).and_then(|ended| Ok(ended && decoder.finish().read(&mut [0])? == 0));
    if !is_ended.map_err(|error| BackupError::reading(&error))? {
        return Err(BackupError::Damaged("there is something behind its end".to_owned()));
    }
    reader.end()
}

/// Whether nothing but zeros is left: a tar archive is filled up with them.
fn only_zeros(rest: &mut impl Read) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    loop {
        let read = rest.read(&mut buffer)?;
        match buffer.get(..read) {
            Some([]) | None => return Ok(true),
            Some(bytes) if bytes.iter().any(|byte| *byte != 0) => return Ok(false),
            Some(_) => {}
        }
    }
}

/// What was read so far.
struct Reader {
    head: Option<Head>,
    found: Vec<Member>,
    manifest: Option<Manifest>,
    /// The table whose rows come.
    place: usize,
    fingerprints: Vec<Fingerprint>,
}

impl Reader {
    fn take(&mut self, name: String, content: Vec<u8>, visitor: &mut dyn Visitor) -> Result<(), BackupError> {
        let damaged = |reason: &str| BackupError::Damaged(format!("{name}: {reason}"));
        if self.manifest.is_some() {
            return Err(damaged("it comes after the manifest"));
        }
        if name == MANIFEST {
            self.manifest = Some(serde_json::from_slice(&content).map_err(|error| damaged(&error.to_string()))?);
            return Ok(());
        }
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let sha256 = hex(&Sha256::digest(&content));
        if name == HEAD && self.head.is_none() {
            let head = head_of(&content)?;
            visitor.head(&head)?;
            self.fingerprints = vec![Fingerprint::default(); head.tables.len()];
            self.head = Some(head);
        } else if let Some(head) = &self.head {
            if let Some(key) = name.strip_prefix(MEDIA) {
                if !is_image(key) {
                    return Err(damaged("it isn't an image"));
                }
                visitor.image(key, content)?;
            } else {
                let table = name.strip_prefix(TABLES).and_then(|rest| rest.split_once('/')).map(|(table, _)| table);
                let place = head.tables.iter().position(|known| Some(known.name.as_str()) == table);
                let place =
                    place.filter(|place| *place >= self.place).ok_or_else(|| damaged("it doesn't belong here"))?;
                self.place = place;
                let Some((table, fingerprint)) = head.tables.get(place).zip(self.fingerprints.get_mut(place)) else {
                    return Err(damaged("it doesn't belong here"));
                };
                let rows = rows_of(table, &content)?;
                for row in &rows {
                    fingerprint.add(row);
                }
                visitor.rows(table, &rows)?;
            }
        } else {
            return Err(BackupError::Unusable("this isn't a backup of Circadia".to_owned()));
        }
        self.found.push(Member { name, size, sha256 });
        Ok(())
    }

    fn end(self) -> Result<(Head, Manifest), BackupError> {
        let Some(head) = self.head else {
            return Err(BackupError::Unusable("this isn't a backup of Circadia".to_owned()));
        };
        let Some(manifest) = self.manifest else {
            return Err(BackupError::Damaged("its manifest is missing: it was cut off".to_owned()));
        };
        if let Some((written, found)) = manifest.members.iter().zip(&self.found).find(|(one, other)| one != other) {
            let (written, found) = (&written.name, &found.name);
            return Err(BackupError::Damaged(if written == found {
                format!("{found} isn't what was written")
            } else {
                format!("{found} is where {written} was")
            }));
        }
        if manifest.members.len() != self.found.len() {
            return Err(BackupError::Damaged("it has more files, or fewer, than were written".to_owned()));
        }
        let found: Vec<_> =
            head.tables.iter().zip(self.fingerprints).map(|(table, found)| (table.name.clone(), found)).collect();
        let different = transfer::differences(&manifest.fingerprints(), &found);
        if !different.is_empty() {
            return Err(BackupError::Damaged(format!("other rows than were written, in {}", different.join(", "))));
        }
        Ok((head, manifest))
    }
}

fn head_of(content: &[u8]) -> Result<Head, BackupError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
        version: String,
    }
    let damaged = |error: serde_json::Error| BackupError::Damaged(format!("{HEAD}: {error}"));
    // Before the rest, which another format may write otherwise.
    let Format { format, version } = serde_json::from_slice(content).map_err(damaged)?;
    if format != FORMAT {
        return Err(BackupError::Unusable(format!(
            "this backup is of format {format}, written by version {version}; this version ({}) reads format {FORMAT}",
            env!("CARGO_PKG_VERSION")
        )));
    }
    let head: Head = serde_json::from_slice(content).map_err(damaged)?;
    head.tables.iter().try_for_each(Table::check)?;
    let names: BTreeSet<&String> = head.tables.iter().map(|table| &table.name).collect();
    if names.len() != head.tables.len() {
        return Err(BackupError::Damaged(format!("{HEAD} names a table twice")));
    }
    Ok(head)
}

fn rows_of(table: &Table, content: &[u8]) -> Result<Vec<Row>, BackupError> {
    let text = std::str::from_utf8(content)
        .map_err(|_| BackupError::Damaged(format!("rows of {} aren't UTF-8", table.name)))?;
    text.lines().map(|line| Ok(Row::of_line(table, line)?)).collect()
}
