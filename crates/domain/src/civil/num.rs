//! The few number conversions that the type system can't prove lossless, each with the reason why it is.
//!
//! Everything the engine counts fits in 32 bits: there are 84,006 dates, and at most 384 days in a year's bit mask. The
//! masks of `low_*` make the narrowing ones total. No function here panics.

#![expect(clippy::as_conversions, reason = "the one place for casts; each is bounded as its documentation says")]
#![expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "see above")]
#![expect(clippy::cast_precision_loss, reason = "see above")]

/// A `u32` as an index. No target that this runs on has addresses of 16 bits.
#[inline]
pub(crate) const fn index(value: u32) -> usize {
    value as usize
}

/// A day number or another value that is known not to be negative, as an index; negative ones give 0.
#[inline]
pub(crate) const fn index_of_day(day: i32) -> usize {
    if day < 0 { 0 } else { day as usize }
}

/// The low 32 bits.
#[inline]
pub(crate) const fn low32(value: u64) -> u32 {
    (value & 0xFFFF_FFFF) as u32
}

/// The low 16 bits.
#[inline]
pub(crate) const fn low16(value: u32) -> u16 {
    (value & 0xFFFF) as u16
}

/// The low 8 bits.
#[inline]
pub(crate) const fn low8(value: u32) -> u8 {
    (value & 0xFF) as u8
}

/// A length or index that is known to fit (fewer than 2³² elements).
#[inline]
pub(crate) const fn len32(length: usize) -> u32 {
    if length > 0x7FFF_FFFF { 0x7FFF_FFFF } else { length as u32 }
}

/// A length or index as a day number, limited to what fits.
#[inline]
pub(crate) const fn day_of(length: usize) -> i32 {
    if length > 0x7FFF_FFFF { 0x7FFF_FFFF } else { length as i32 }
}

/// The nearest whole number, limited to what fits; of what is no number, 0.
#[inline]
pub(crate) const fn nearest(value: f64) -> u32 {
    value.round() as u32
}

/// A whole number as a real one: exact up to 2⁵³, which as microseconds are 285 years.
#[inline]
pub(crate) const fn real(value: i64) -> f64 {
    value as f64
}
