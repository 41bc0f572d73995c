//! Time-based one-time passwords (RFC 6238): HMAC-SHA-1, steps of 30 seconds, 6 digits, which is what every
//! authenticator app understands.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use circadia_domain::civil::Instant;
use zeroize::Zeroizing;

use crate::bytes::same;

/// Length of a time step, in seconds.
pub const STEP_SECONDS: i64 = 30;
/// Length of a secret, in bytes: that of the hash (RFC 4226 §4).
pub(super) const SECRET_BYTES: usize = 20;

/// The time step of an instant.
pub(super) const fn step_at(now: Instant) -> i64 {
    now.seconds().div_euclid(STEP_SECONDS)
}

/// The code of a time step (RFC 4226 §5.3).
pub(super) fn code_of(key: &hmac::Key, step: i64) -> Zeroizing<String> {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = tag.last().map_or(0, |last| usize::from(last & 0x0F));
    let word = tag.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    let number = (u32::from_be_bytes(word) & 0x7FFF_FFFF) % 1_000_000;
    Zeroizing::new(format!("{number:06}"))
}

/// The time step of a code: the current one or an adjacent one, but later than `last`. All candidates are always
/// compared, so the duration doesn't reveal which one matched.
pub(super) fn matching_step(secret: &[u8], code: &str, last: Option<i64>, now: Instant) -> Option<i64> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let present = step_at(now);
    let mut found = None;
    for step in present - 1..=present + 1 {
        let matches = same(code_of(&key, step).as_bytes(), code.as_bytes());
        if matches && last.is_none_or(|last| last < step) {
            found = Some(step);
        }
    }
    found
}

/// Base32 without padding (RFC 4648 §6).
pub(super) fn base32(bytes: &[u8]) -> String {
    const BASE32_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0);
    let mut push = |value: u32| {
        text.extend(
            usize::try_from(value & 31).ok().and_then(|index| BASE32_ALPHABET.get(index)).map(|byte| char::from(*byte)),
        );
    };
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    text
}

/// The `otpauth` key URI that authenticator apps read from a QR code.
pub(super) fn uri(secret: &str, account: &str) -> String {
    let mut label = String::new();
    for byte in account.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            label.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(label, "%{byte:02X}");
        }
    }
    format!(
        "otpauth://totp/Circadia:{label}?secret={secret}&issuer=Circadia&algorithm=SHA1&digits=6&period={STEP_SECONDS}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B; its codes have eight digits, of which ours are the last six.
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_of(&key, step_at(Instant::from_seconds(seconds))).as_str(), code, "{seconds}");
        }
    }

    #[test]
    fn one_step_before_and_after_is_accepted_and_no_step_twice() {
        let secret = b"12345678901234567890";
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
        let now = Instant::from_seconds(1_111_111_111);
        let present = step_at(now);
        for distance in -3..=3 {
            let code = code_of(&key, present + distance);
            let found = matching_step(secret, &code, None, now);
            assert_eq!(found, (distance.abs() <= 1).then_some(present + distance), "{distance}");
        }
        let code = code_of(&key, present);
        assert_eq!(matching_step(secret, &code, Some(present - 1), now), Some(present));
        assert_eq!(matching_step(secret, &code, Some(present), now), None);
        assert_eq!(matching_step(secret, &code, Some(present + 1), now), None);
        for wrong in ["", "0", "50471", "0504710", "05047x", "50471 "] {
            assert_eq!(matching_step(secret, wrong, None, now), None, "{wrong}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn nothing_in_a_name_gets_out_of_its_place_in_the_uri() {
        let uri = uri("ABC", "ä&secret=X/?#");
        assert!(uri.starts_with("otpauth://totp/Circadia:%C3%A4%26secret%3DX%2F%3F%23?secret=ABC&"), "{uri}");
    }
}
