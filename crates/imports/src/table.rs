//! Files of rows (CSV).

use std::collections::HashMap;
use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use circadia_domain::imports::Line;

use crate::ReadError;

/// The most bytes that a row may have.
const MAX_ROW_BYTES: usize = 4 * 1024 * 1024;

/// Reads `\r\n` as `\n`: otherwise lines would be counted wrongly.
struct Newlines<R> {
    inner: R,
    chunk: Vec<u8>,
    /// Whether the last byte was a `\r`, which isn't given yet.
    has_return: bool,
}

impl<R: Read> Read for Newlines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // A `\r` that was held back has to fit, too.
            let Some(room) = buffer.len().checked_sub(1).filter(|room| *room > 0) else { return Ok(0) };
            self.chunk.resize(room, 0);
            let count = self.inner.read(&mut self.chunk)?;
            let mut given = Vec::with_capacity(count + 1);
            for byte in self.chunk.iter().take(count).copied() {
                if std::mem::take(&mut self.has_return) && byte != b'\n' {
                    given.push(b'\r');
                }
                if byte == b'\r' {
                    self.has_return = true;
                } else {
                    given.push(byte);
                }
            }
            if count == 0 && std::mem::take(&mut self.has_return) {
                given.push(b'\r');
            }
            if count == 0 || !given.is_empty() {
                buffer.iter_mut().zip(&given).for_each(|(to, from)| *to = *from);
                return Ok(given.len());
            }
        }
    }
}

/// Reads rows, which may differ in length.
pub(crate) struct Rows<R> {
    reader: csv::Reader<Newlines<R>>,
    record: ByteRecord,
}

/// A row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) line: Line,
    cells: Vec<String>,
}

impl<R: Read> Rows<R> {
    pub(crate) fn new(reader: R) -> Self {
        let lines = Newlines { inner: reader, chunk: Vec::new(), has_return: false };
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(lines);
        Self { reader, record: ByteRecord::new() }
    }

    /// The next row that isn't empty.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            let read = self.reader.read_byte_record(&mut self.record).map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(error) => ReadError::from(error),
                other => ReadError::unreadable(format!("The table can't be read: {other:?}.")),
            })?;
            if !read {
                return Ok(None);
            }
            let line = self.record.position().map_or(0, csv::Position::line);
            if self.record.as_slice().len() > MAX_ROW_BYTES {
                let detail = format!("The row in line {line} has more than {MAX_ROW_BYTES} bytes.");
                return Err(ReadError::unreadable(detail));
            }
            if line <= 1
                && (self.record.as_slice().starts_with(b"\xff\xfe") || self.record.as_slice().starts_with(b"\xfe\xff"))
            {
                return Err(ReadError::unreadable("The file is text in UTF-16. Save it in UTF-8."));
            }
            let cells = self.record.iter().map(|cell| str::from_utf8(cell).map(str::to_owned));
            let mut cells: Vec<String> = cells.collect::<Result<_, _>>().map_err(|_| {
                ReadError::unreadable(format!("The file isn't text in UTF-8: the row in line {line} has other bytes."))
            })?;
            if line <= 1
                && let Some(first) = cells.first_mut()
            {
                // A mark of the byte order, also in front of quotation marks.
                if let Some(rest) = first.strip_prefix('\u{feff}') {
                    *first = rest.trim_matches('"').to_owned();
                }
            }
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some(Row { line, cells }));
            }
        }
    }
}

impl Row {
    /// A cell; empty if there is none.
    pub(crate) fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map_or("", |cell| cell.trim())
    }

    pub(crate) fn cells(&self) -> &[String] {
        &self.cells
    }
}

/// Which column has which name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header(HashMap<String, usize>);

impl Header {
    /// Takes a row as names. Of equal ones the first counts.
    pub(crate) fn of(row: &Row) -> Self {
        let mut names = HashMap::new();
        for (at, name) in row.cells.iter().enumerate() {
            names.entry(name.trim().to_lowercase()).or_insert(at);
        }
        Self(names)
    }

    pub(crate) fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.0.contains_key(*name))
    }

    /// The cell of a column, by its name in lower case; empty if there is none.
    pub(crate) fn get<'r>(&self, row: &'r Row, name: &str) -> &'r str {
        self.0.get(name).map_or("", |at| row.cell(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        for text in ["a,b\n\"1\n2\",3\n4,5\n", "a,b\r\n\"1\r\n2\",3\r\n4,5\r\n"] {
            let mut rows = Rows::new(text.as_bytes());
            let lines: Vec<Line> = std::iter::from_fn(|| rows.next().unwrap().map(|row| row.line)).collect();
            assert_eq!(lines, [1, 2, 4], "{text:?}");
        }
        let mut lone = String::new();
        Newlines { inner: &b"a\rb\r\r\nc\r"[..], chunk: Vec::new(), has_return: false }
            .read_to_string(&mut lone)
            .unwrap();
        assert_eq!(lone, "a\rb\r\nc\r");
    }
}
