//! Finds the end of a chunked body (RFC 9112 section 7.1).

/// How far a chunked body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the size of a chunk, as far as it is known.
    Size(u64),
    /// Behind the size, in what may follow it on its line.
    Extension(u64),
    /// In a chunk of which so many bytes are to come.
    Data(u64),
    /// Behind a chunk, where its line ends.
    AfterData,
    /// In the trailers; whether their present line is empty so far.
    Trailers { is_empty: bool },
    /// It isn't formed as it should be; the decoder refuses it.
    Malformed,
}

impl Chunks {
    /// The beginning of a body.
    pub(super) const BEGIN: Self = Self::Size(0);

    /// Takes in what comes next. How many bytes of that there are to the end of the body, if it ends in them.
    pub(super) fn find_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if let Self::Data(left) = *self {
                let rest = bytes.len() - at;
                let skipped = usize::try_from(left).map_or(rest, |left| left.min(rest));
                at += skipped;
                let left = left - u64::try_from(skipped).unwrap_or(left);
                *self = if left == 0 { Self::AfterData } else { Self::Data(left) };
                continue;
            }
            at += 1;
            if (*self, *byte) == (Self::Trailers { is_empty: true }, b'\n') {
                return Some(at);
            }
            *self = self.after(*byte);
        }
        None
    }

    /// What follows a byte outside of a chunk's data.
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Size(0) | Self::Extension(0) | Self::Trailers { .. }, b'\n') => Self::Trailers { is_empty: true },
            (Self::Size(size) | Self::Extension(size), b'\n') => Self::Data(size),
            (Self::AfterData, b'\n') => Self::BEGIN,
            (Self::Size(_) | Self::AfterData | Self::Trailers { .. }, b'\r') | (Self::Extension(_), _) => self,
            (Self::Size(size), b';' | b' ' | b'\t') => Self::Extension(size),
            (Self::Size(size), _) => {
                let digit = char::from(byte).to_digit(16).map(u64::from);
                let longer = digit.and_then(|digit| size.checked_mul(16)?.checked_add(digit));
                longer.map_or(Self::Malformed, Self::Size)
            }
            (Self::Trailers { .. }, _) => Self::Trailers { is_empty: false },
            (Self::AfterData | Self::Data(_) | Self::Malformed, _) => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_wherever_the_readings_end() {
        for body in [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "A;name=value\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
            "3\r\n\r\n\r\r\n000\r\nChecksum: 1\r\nOther: 2\r\n\r\n",
            "1\nx\n0\n\n",
        ] {
            for split in 0..body.len() {
                let (first, second) = body.split_at(split);
                let more = format!("{second}GET / HTTP/1.1\r\n\r\n");
                let mut chunks = Chunks::BEGIN;
                assert_eq!(chunks.find_end(first.as_bytes()), None, "{body:?} {split}");
                assert_eq!(chunks.find_end(more.as_bytes()), Some(second.len()), "{body:?} {split}");
            }
        }
    }

    #[test]
    fn what_is_malformed_has_no_end() {
        for body in ["x\r\n\r\n", "-1\r\n\r\n", "1\r\nxy\r\n0\r\n\r\n", "fffffffffffffffff\r\n\r\n"] {
            let mut chunks = Chunks::BEGIN;
            assert_eq!(chunks.find_end(body.as_bytes()), None);
            assert_eq!(chunks, Chunks::Malformed, "{body}");
        }
    }
}
