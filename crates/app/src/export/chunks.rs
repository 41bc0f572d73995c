//! Bytes in pieces: what grows doesn't have to be moved.

use std::io;

/// The size of a piece.
const CHUNK_BYTES: usize = 256 * 1024;

/// Bytes in pieces.
#[derive(Debug, Default)]
pub struct Chunks {
    chunks: Vec<Vec<u8>>,
    length: usize,
}

impl Chunks {
    /// How many bytes there are.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The pieces.
    pub fn into_pieces(self) -> Vec<Vec<u8>> {
        self.chunks
    }
}

impl io::Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_full = self.chunks.last().is_none_or(|chunk| chunk.len() >= CHUNK_BYTES);
        if is_full {
            self.chunks.push(Vec::with_capacity(CHUNK_BYTES));
        }
        let Some(chunk) = self.chunks.last_mut() else { return Ok(0) };
        let fitting = bytes.len().min(CHUNK_BYTES - chunk.len());
        chunk.extend_from_slice(bytes.get(..fitting).unwrap_or_default());
        self.length += fitting;
        Ok(fitting)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_pieces_are_what_was_written() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(3 * CHUNK_BYTES + 7).collect();
        for step in [1_000, CHUNK_BYTES, CHUNK_BYTES + 1, bytes.len()] {
            let mut chunks = Chunks::default();
            bytes.chunks(step).for_each(|part| chunks.write_all(part).unwrap());
            assert_eq!(chunks.len(), bytes.len());
            let pieces = chunks.into_pieces();
            assert!(pieces.iter().all(|piece| piece.capacity() == CHUNK_BYTES));
            assert_eq!(pieces.concat(), bytes);
        }
        assert!(Chunks::default().is_empty());
    }
}
