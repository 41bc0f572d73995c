//! Where backups lie: a folder, or a bucket of an S3-compatible service. Files are written in parts and read in parts.

use std::io::{self, Read, Write};
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, WriteMultipart};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;

use super::BackupError;
use crate::config::MediaLocation;
use crate::media;

/// Bytes of a part. Services take at most 10,000 of them, and some want all but the last to be of one size.
const PART: usize = 16 << 20;
const PART_BYTES: u64 = 16 << 20;
/// Parts that are sent at a time.
const PARTS_AT_ONCE: usize = 2;

/// Whole files that are read at a time.
const FILES_AT_ONCE: usize = 8;

/// Where backups lie. Its calls block, so they are made outside of the runtime's own threads.
#[derive(Debug, Clone)]
pub(crate) struct Vault {
    store: Arc<dyn ObjectStore>,
    runtime: Handle,
    shown: String,
}

/// A call of the store failed; to be told from a file that is damaged.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Failed(String);

impl Vault {
    /// A bucket isn't asked for anything yet; a folder is made.
    ///
    /// # Errors
    /// [`BackupError::Vault`].
    pub(crate) fn open(location: &MediaLocation, runtime: Handle) -> Result<Self, BackupError> {
        let store = media::store_of_large_files(location).map_err(BackupError::Vault)?;
        Ok(Self { store, runtime, shown: location.to_string() })
    }

    /// Where that is, for people.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    fn failed(&self, what: &str, error: &object_store::Error) -> BackupError {
        BackupError::Vault(format!("{what} in {}: {error}", self.shown))
    }

    /// The names of the files that are there, in no order.
    ///
    /// # Errors
    /// [`BackupError::Vault`].
    pub(crate) fn names(&self) -> Result<Vec<String>, BackupError> {
        let list = async { self.store.list_with_delimiter(None).await };
        let found = self.runtime.block_on(list).map_err(|error| self.failed("nothing can be listed", &error))?;
        Ok(found.objects.iter().filter_map(|file| file.location.filename().map(str::to_owned)).collect())
    }

    /// Whether there is such a file.
    ///
    /// # Errors
    /// [`BackupError::Vault`].
    pub(crate) fn has(&self, name: &str) -> Result<bool, BackupError> {
        match self.runtime.block_on(self.store.head(&Path::from(name))) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed(&format!("{name} can't be looked for"), &error)),
        }
    }

    /// # Errors
    /// [`BackupError::Vault`].
    pub(crate) fn delete(&self, name: &str) -> Result<(), BackupError> {
        match self.runtime.block_on(self.store.delete(&Path::from(name))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(&format!("{name} can't be removed"), &error)),
        }
    }

    /// Begins a file. It is there once it is finished, and not before.
    ///
    /// # Errors
    /// [`BackupError::Vault`].
    pub(crate) fn upload(&self, name: &str) -> Result<Upload, BackupError> {
        let begun = self.runtime.block_on(self.store.put_multipart(&Path::from(name)));
        let begun = begun.map_err(|error| self.failed(&format!("{name} can't be written"), &error))?;
        Ok(Upload {
            parts: Some(WriteMultipart::new_with_chunk_size(begun, PART)),
            runtime: self.runtime.clone(),
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`BackupError::Vault`].
    pub(crate) fn download(&self, name: &str) -> Result<Download, BackupError> {
        let path = Path::from(name);
        let meta = match self.runtime.block_on(self.store.head(&path)) {
            Ok(meta) => meta,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(BackupError::Vault(format!("there is no {name} in {}", self.shown)));
            }
            Err(error) => return Err(self.failed(&format!("{name} can't be read"), &error)),
        };
        Ok(Download { vault: self.clone(), path, meta, position: 0, part: io::Cursor::new(Vec::new()) })
    }

    /// Whole files below a folder of the store, those that are wanted, passed on one by one with their keys. What is removed
    /// meanwhile is left out.
    pub(crate) fn each_below(
        &self,
        folder: &str,
        is_wanted: impl Fn(&ObjectMeta) -> bool,
        mut each: impl FnMut(String, Vec<u8>) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let read = |file: ObjectMeta| {
            let store = Arc::clone(&self.store);
            async move {
                let content = async { store.get(&file.location).await?.bytes().await };
                match content.await {
                    Ok(content) => Ok(Some((file.location.to_string(), content))),
                    Err(object_store::Error::NotFound { .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        };
        let files = self.store.list(Some(&Path::from(folder)));
        let files = files.try_filter(|file| std::future::ready(is_wanted(file))).map_ok(read);
        let mut files = std::pin::pin!(files.try_buffered(FILES_AT_ONCE));
        loop {
            let next = self.runtime.block_on(files.try_next());
            match next.map_err(|error| self.failed("files can't be read", &error))? {
                None => return Ok(()),
                Some(None) => {}
                Some(Some((key, content))) => each(key, content.into())?,
            }
        }
    }

    /// A whole file, if there is one.
    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BackupError> {
        let read = async { self.store.get(&Path::from(key)).await?.bytes().await };
        match self.runtime.block_on(read) {
            Ok(content) => Ok(Some(content.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(&format!("{key} can't be read"), &error)),
        }
    }

    /// Puts a whole file.
    pub(crate) fn put(&self, key: &str, content: Vec<u8>) -> Result<(), BackupError> {
        let put = self.runtime.block_on(self.store.put(&Path::from(key), content.into()));
        put.map(drop).map_err(|error| self.failed(&format!("{key} can't be written"), &error))
    }
}

/// A file that is being written. Unless it is finished, nothing stays of it.
pub(crate) struct Upload {
    parts: Option<WriteMultipart>,
    runtime: Handle,
    hash: Sha256,
    bytes: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) hash: [u8; 32],
}

impl Upload {
    /// The file is there.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn finish(mut self) -> io::Result<Written> {
        if let Some(parts) = self.parts.take() {
            self.runtime.block_on(parts.finish()).map_err(io::Error::other)?;
        }
        Ok(Written { bytes: self.bytes, hash: std::mem::take(&mut self.hash).finalize().into() })
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(parts) = &mut self.parts {
            self.runtime.block_on(parts.wait_for_capacity(PARTS_AT_ONCE)).map_err(io::Error::other)?;
            // It sends parts from tasks of the runtime.
            let _entered = self.runtime.enter();
            parts.write(bytes);
            self.hash.update(bytes);
            self.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take()
            && let Err(error) = self.runtime.block_on(parts.abort())
        {
            tracing::warn!(%error, "parts of a backup that wasn't finished may be left");
        }
    }
}

/// A file that is being read, always the same version of it.
pub(crate) struct Download {
    vault: Vault,
    path: Path,
    meta: ObjectMeta,
    /// Where the part after the present one begins.
    position: u64,
    part: io::Cursor<Vec<u8>>,
}

impl Download {
    fn next_part(&mut self) -> io::Result<()> {
        let end = self.meta.size.min(self.position + PART_BYTES);
        let options = GetOptions {
            range: Some(GetRange::Bounded(self.position..end)),
            if_match: self.meta.e_tag.clone(),
            ..GetOptions::default()
        };
        let read = async { self.vault.store.get_opts(&self.path, options).await?.bytes().await };
        let part = self.vault.runtime.block_on(read).map_err(|error| {
            io::Error::other(Failed(format!("{} can't be read in {}: {error}", self.path, self.vault.shown)))
        })?;
        self.position = end;
        self.part = io::Cursor::new(part.into());
        Ok(())
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.part.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.position >= self.meta.size {
                return Ok(read);
            }
            self.next_part()?;
        }
    }
}
