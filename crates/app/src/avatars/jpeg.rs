//! What the decoder of JPEG doesn't check: that a file is whole, and cheap to decode.

/// The most scans of a file. A progressive one has about ten; each costs a walk over the whole image, in few bytes.
const MAX_SCANS: usize = 64;

/// What is wrong with a file's structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    /// It ends before its end marker.
    CutOff,
    TooManyScans,
}

const FIRST_RESTART: u8 = 0xD0;
const LAST_RESTART: u8 = 0xD7;
const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;
const TEMPORARY: u8 = 0x01;

/// Walks over the segments of a file to its end marker. What comes behind that is none of the image.
pub(super) fn check(bytes: &[u8]) -> Result<(), Defect> {
    let (mut rest, mut scans) = (bytes, 0_usize);
    loop {
        let (marker, after) = next_marker(rest).ok_or(Defect::CutOff)?;
        rest = match marker {
            END_OF_IMAGE if scans > 0 => return Ok(()),
            // These have no content.
            END_OF_IMAGE | START_OF_IMAGE | TEMPORARY | FIRST_RESTART..=LAST_RESTART => after,
            _ => {
                if marker == START_OF_SCAN {
                    scans += 1;
                    if scans > MAX_SCANS {
                        return Err(Defect::TooManyScans);
                    }
                }
                let length = after.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)));
                length.and_then(|length| after.get(length..)).ok_or(Defect::CutOff)?
            }
        };
    }
}

/// The next marker, and what comes after it. In a scan's data, 0xFF is followed by 0x00 where it isn't a marker.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let begins = rest.iter().position(|byte| *byte == 0xFF)?;
        rest = rest.get(begins + 1..)?;
        match rest.split_first()? {
            (0x00, after) => rest = after,
            // Fill bytes may come before a marker.
            (0xFF, _) => {}
            (marker, after) => return Some((*marker, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: [u8; 8] = [0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x04, 0xFF, 0xD9];
    const SCAN: [u8; 10] = [0xFF, 0xDA, 0x00, 0x03, 0x01, 0x12, 0xFF, 0x00, 0xFF, 0xD0];

    #[test]
    fn a_file_is_whole_if_its_end_comes_after_a_scan() {
        let whole = [&BEGIN[..], &SCAN, &[0x34, 0xFF, 0xFF, 0xD9]].concat();
        assert_eq!(check(&whole), Ok(()));
        assert_eq!(check(&[&whole[..], b"PK\x03\x04"].concat()), Ok(()));
        for length in 0..whole.len() {
            assert_eq!(check(&whole[..length]), Err(Defect::CutOff), "{length} bytes");
        }
        assert_eq!(check(&[0xFF, 0xD8, 0xFF, 0xD9]), Err(Defect::CutOff));
    }

    #[test]
    fn scans_are_counted() {
        let with = |scans| [&BEGIN[..], &SCAN.repeat(scans), &[0xFF, 0xD9]].concat();
        assert_eq!(check(&with(MAX_SCANS)), Ok(()));
        assert_eq!(check(&with(MAX_SCANS + 1)), Err(Defect::TooManyScans));
    }
}
