//! Writes an archive.

use std::collections::BTreeSet;
use std::io::Write;

use circadia_storage::transfer::{Fingerprint, Row, Table};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::super::BackupError;
use super::super::seal::{BackupKey, Sealing};
use super::{Content, HEAD, Head, MANIFEST, MEDIA, Manifest, Member, TABLES, hex};

/// Bytes of rows in one file, about.
const BYTES_PER_FILE: usize = 1 << 20;

pub(in crate::backup) struct Writer<W: Write> {
    tar: tar::Builder<zstd::Encoder<'static, Sealing<W>>>,
    modified: u64,
    manifest: Manifest,
    images: BTreeSet<String>,
}

/// Rows of a table that aren't written yet.
#[derive(Debug)]
pub(in crate::backup) struct TableWriter<'a> {
    table: &'a Table,
    fingerprint: Fingerprint,
    lines: Vec<u8>,
    files: u32,
}

impl<W: Write> Writer<W> {
    pub(in crate::backup) fn new(
        to: W,
        key: Option<&BackupKey>,
        head: &Head,
        modified: u64,
    ) -> Result<Self, BackupError> {
        let mut encoder = zstd::Encoder::new(Sealing::new(key, to)?, zstd::DEFAULT_COMPRESSION_LEVEL)
            .map_err(|error| BackupError::writing(&error))?;
        encoder.include_checksum(true).map_err(|error| BackupError::writing(&error))?;
        let manifest = Manifest::default();
        let mut writer = Self { tar: tar::Builder::new(encoder), modified, manifest, images: BTreeSet::new() };
        writer.append(HEAD, &to_json(head)?)?;
        Ok(writer)
    }

    fn append(&mut self, name: &str, content: &[u8]) -> Result<(), BackupError> {
        let mut header = tar::Header::new_gnu();
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.modified);
        self.tar.append_data(&mut header, name, content).map_err(|error| BackupError::writing(&error))?;
        let sha256 = hex(&Sha256::digest(content));
        self.manifest.members.push(Member { name: name.to_owned(), size, sha256 });
        Ok(())
    }

    /// Whether an image was added.
    pub(in crate::backup) fn has_image(&self, key: &str) -> bool {
        self.images.contains(key)
    }

    pub(in crate::backup) fn add_image(&mut self, key: &str, content: &[u8]) -> Result<(), BackupError> {
        self.append(&format!("{MEDIA}{key}"), content)?;
        self.images.insert(key.to_owned());
        Ok(())
    }

    pub(in crate::backup) fn add_missing_image(&mut self, key: String) {
        self.manifest.missing_images.push(key);
    }

    pub(in crate::backup) fn add_rows(
        &mut self,
        writer: &mut TableWriter<'_>,
        rows: &[Row],
    ) -> Result<(), BackupError> {
        for row in rows {
            writer.fingerprint.add(row);
            writer.lines.extend(row.to_line().as_bytes());
            writer.lines.push(b'\n');
            if writer.lines.len() >= BYTES_PER_FILE {
                self.write_lines(writer)?;
            }
        }
        Ok(())
    }

    pub(in crate::backup) fn end_table(&mut self, mut writer: TableWriter<'_>) -> Result<(), BackupError> {
        self.write_lines(&mut writer)?;
        let (table, fingerprint) = (writer.table.name.clone(), writer.fingerprint);
        self.manifest.tables.push(Content { table, fingerprint });
        Ok(())
    }

    fn write_lines(&mut self, writer: &mut TableWriter<'_>) -> Result<(), BackupError> {
        if writer.lines.is_empty() {
            return Ok(());
        }
        writer.files += 1;
        let name = format!("{TABLES}{}/{:06}.ndjson", writer.table.name, writer.files);
        self.append(&name, &writer.lines)?;
        writer.lines.clear();
        Ok(())
    }

    /// Writes the manifest and all that makes the file whole.
    pub(in crate::backup) fn finish(mut self) -> Result<(W, Manifest), BackupError> {
        let manifest = self.manifest.clone();
        self.append(MANIFEST, &to_json(&manifest)?)?;
        let ended = self.tar.into_inner().and_then(zstd::Encoder::finish).and_then(Sealing::finish);
        ended.map(|inner| (inner, manifest)).map_err(|error| BackupError::writing(&error))
    }
}

impl<'a> TableWriter<'a> {
    pub(in crate::backup) fn new(table: &'a Table) -> Self {
        Self { table, fingerprint: Fingerprint::default(), lines: Vec::new(), files: 0 }
    }

    pub(in crate::backup) const fn rows(&self) -> u64 {
        self.fingerprint.rows
    }
}

fn to_json(content: &impl Serialize) -> Result<Vec<u8>, BackupError> {
    serde_json::to_vec_pretty(content).map_err(|error| BackupError::Unusable(error.to_string()))
}
