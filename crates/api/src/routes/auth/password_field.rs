//! Password fields: in plain text, or encrypted with the key of `GET /auth/public-key`.
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use circadia_app::passwords::{PASSWORD, PasswordFields, SubmittedPassword};
use circadia_auth::keys::{Kid, LOGIN_CIPHERTEXT_BYTES};
use circadia_auth::passwords::Password;
use circadia_domain::violation::Violations;
use zeroize::Zeroizing;

use crate::http::input::{Fields, Parsed, text};

/// With or without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Base64, base64url or hexadecimal digits.
fn ciphertext(given: &str) -> Parsed<Vec<u8>> {
    if given.len() > 1024 {
        return Err(Violations::of("too_long", "must have at most 1024 characters"));
    }
    let hexadecimal = given.len() == 2 * LOGIN_CIPHERTEXT_BYTES && given.bytes().all(|digit| digit.is_ascii_hexdigit());
    let bytes = if hexadecimal {
        let digits = given.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
        digits.map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
    } else {
        BASE64.decode(given).or_else(|_| BASE64_URL.decode(given)).ok()
    };
    bytes
        .filter(|bytes: &Vec<u8>| !bytes.is_empty())
        .ok_or_else(|| Violations::of("invalid_encoding", "must be base64, base64url or hexadecimal digits"))
}

fn kid(given: &str) -> Parsed<Kid> {
    Kid::parse(given).ok_or_else(|| Violations::of("invalid_kid", "is not a `kid` such as `00f1a2b3c4d5e6f7`"))
}

/// Reads the two fields of a password, of which exactly one is required, and `password_kid`. `check` validates a plain
/// password.
pub(crate) fn required(
    fields: &mut Fields<'_>,
    names: PasswordFields,
    check: impl Fn(&str) -> Parsed<()>,
) -> Option<SubmittedPassword> {
    let submitted = optional(fields, names, check);
    if !fields.has(names.plain) && !fields.has(names.encrypted) {
        fields.note(names.plain, "required", format!("is required, unless `{}` is given", names.encrypted));
    }
    submitted
}

/// Like the function above, but both may be missing.
pub(crate) fn optional(
    fields: &mut Fields<'_>,
    names: PasswordFields,
    check: impl Fn(&str) -> Parsed<()>,
) -> Option<SubmittedPassword> {
    let plain =
        fields.optional_with(names.plain, text(|given| check(given).map(|()| Zeroizing::new(given.to_owned()))));
    let encrypted = fields.optional_with(names.encrypted, text(ciphertext));
    let kid = fields.optional_with("password_kid", text(kid));
    if fields.has(names.plain) && fields.has(names.encrypted) {
        fields.note(names.encrypted, "unexpected", format!("must be left out where `{}` is given", names.plain));
    }
    (plain.is_some() != encrypted.is_some()).then_some(SubmittedPassword { plain, encrypted, kid })
}

/// The current password, which may be missing.
pub(crate) fn reauthentication(fields: &mut Fields<'_>) -> SubmittedPassword {
    optional(fields, PASSWORD, |given| Password::given(given).map(drop)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphertexts_are_read_in_base64_base64url_and_hexadecimal_digits() {
        let bytes: Vec<u8> = (0..LOGIN_CIPHERTEXT_BYTES).map(|n| u8::try_from(n % 256).unwrap()).collect();
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let hex: String = digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect();
        let hex = hex.to_uppercase();
        let padded = base64::engine::general_purpose::STANDARD.encode(&bytes[1..]);
        let url = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&bytes);
        assert_eq!(ciphertext(&hex).unwrap(), bytes);
        assert_eq!(ciphertext(&hex.to_lowercase()).unwrap(), bytes);
        assert_eq!(ciphertext(&padded).unwrap(), bytes[1..]);
        assert_eq!(ciphertext(padded.trim_end_matches('=')).unwrap(), bytes[1..]);
        assert_eq!(ciphertext(&url).unwrap(), bytes);
        for wrong in ["", " ", "ä", "a b", &"a".repeat(1025)] {
            assert!(ciphertext(wrong).is_err(), "{wrong}");
        }
    }
}
