//! Numbers in as few bytes as they need (LEB128), and safe reading of what may be garbage.

use crate::civil::num::{index, len32, low8};

/// Appends a length or index.
pub(super) fn put(out: &mut Vec<u8>, value: usize) {
    put32(out, len32(value));
}

/// Appends a number: seven bits a byte, the lowest first.
pub(super) fn put32(out: &mut Vec<u8>, value: u32) {
    let mut left = value;
    while left >= 0x80 {
        out.push(low8(left & 0x7F | 0x80));
        left >>= 7;
    }
    out.push(low8(left));
}

/// Reads a number; `None` if the input ends early or it doesn't fit 32 bits.
pub(super) fn take32(input: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u64;
    for at in 0..5 {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        value |= u64::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok();
        }
    }
    None
}

/// Reads a length or index of at most `max`.
pub(super) fn take_length(input: &mut &[u8], max: usize) -> Option<usize> {
    take32(input).map(index).filter(|length| *length <= max)
}
