//! Files in files: archives (ZIP), and bounds on what is read of them.

use std::io::{self, BufReader, Read, SeekFrom};

use zip::ZipArchive;

use crate::{ReadError, Source};

/// The most files that an archive may have.
const MAX_FILES: u16 = 20_000;
/// The end of an archive: its last record, whose comment may have 65,535 bytes.
const END: u64 = 65_535 + 22;

/// Whether a file is an archive. It is read from its beginning again.
pub(crate) fn is_zip(file: &mut dyn Source) -> io::Result<bool> {
    starts_with(file, b"PK\x03\x04")
}

/// Whether a file starts with these bytes. It is read from its beginning again.
pub(crate) fn starts_with(file: &mut dyn Source, magic: &[u8]) -> io::Result<bool> {
    file.rewind()?;
    let mut start = Vec::new();
    Read::take(&mut *file, u64::try_from(magic.len()).unwrap_or(0)).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == magic)
}

/// An archive, and how many bytes of its files may still be read.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<BufReader<&'a mut dyn Source>>,
    left: u64,
}

impl<'a> Archive<'a> {
    /// Opens an archive that has not too many files, of which at most `max` bytes may be read.
    pub(crate) fn open(file: &'a mut dyn Source, max: u64) -> Result<Self, ReadError> {
        ensure_few_files(file)?;
        file.rewind()?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
        Ok(Self { zip, left: max })
    }

    /// The names of its files, in its order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.zip.file_names().filter_map(|name| name.ok().map(std::borrow::Cow::into_owned)).collect()
    }

    /// Reads a file of it with `read`.
    pub(crate) fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let file = self.zip.by_name(name).map_err(|error| damaged(&error))?;
        let mut bounded = Bounded { inner: BufReader::new(file), left: self.left };
        let outcome = read(&mut bounded);
        self.left = bounded.left;
        outcome
    }
}

fn damaged(error: &zip::result::ZipError) -> ReadError {
    ReadError::unreadable(format!("The archive (ZIP) can't be read: {error}."))
}

/// What an archive says of itself is read before the list of its files, which would be held in memory.
fn ensure_few_files(file: &mut dyn Source) -> Result<(), ReadError> {
    let length = file.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(END);
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::new();
    Read::take(&mut *file, END).read_to_end(&mut end)?;
    let at = end.windows(4).rposition(|bytes| bytes == b"PK\x05\x06");
    let count = at.and_then(|at| end.get(at + 10..at + 12)).and_then(|bytes| bytes.try_into().ok());
    match count.map(u16::from_le_bytes) {
        Some(count) if count <= MAX_FILES => Ok(()),
        Some(_) => Err(ReadError::unreadable(format!("The archive has more than {MAX_FILES} files."))),
        None => Err(ReadError::unreadable("The archive (ZIP) ends before its list of files.")),
    }
}

/// A reader that refuses to give more than so many bytes.
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Bounded<R> {
    pub(crate) const fn new(inner: R, max: u64) -> Self {
        Self { inner, left: max }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let count = u64::try_from(read).unwrap_or(u64::MAX);
        if count > self.left {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it has more bytes than are accepted"));
        }
        self.left -= count;
        Ok(read)
    }
}

/// The whole text of a file. A mark of the byte order is left out.
pub(crate) fn text(reader: impl Read, max: u64) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    Bounded::new(reader, max).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| ReadError::unreadable("The file isn't text in UTF-8."))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
