//! Passwords as clients send them: as they are, or encrypted with the key of `GET /auth/public-key`.

use actix_web::web::Data;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use circadia_auth::keys::{Kid, LOGIN_CIPHERTEXT};
use circadia_auth::passwords::{Password, Verified};
use circadia_domain::users::{Email, Username};
use circadia_domain::violation::Violations;
use zeroize::Zeroizing;

use crate::app::App;
use crate::identity::reload_keys;
use crate::input::{Fields, Parsed, text};
use crate::problem::{InputLocation, Problem};

/// With or without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The names of the two fields that a password may come in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    /// That of the password as it is.
    pub(crate) plain: &'static str,
    /// That of the encrypted one.
    pub(crate) encrypted: &'static str,
}

/// `password` or `encrypted_password`.
pub(crate) const PASSWORD: Names = Names { plain: "password", encrypted: "encrypted_password" };

/// The fields of a password as a client sent them: exactly one of the first two.
#[derive(Default)]
pub(crate) struct SubmittedPassword {
    /// As it is.
    pub(crate) plain: Option<Zeroizing<String>>,
    /// Encrypted.
    pub(crate) encrypted: Option<Vec<u8>>,
    /// With the key of this name; without a name, with any that is in use.
    pub(crate) kid: Option<Kid>,
}

impl std::fmt::Debug for SubmittedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubmittedPassword(..)")
    }
}

/// Base64, base64url or hexadecimal digits.
fn ciphertext(given: &str) -> Parsed<Vec<u8>> {
    if given.len() > 1024 {
        return Err(Violations::of("too_long", "must have at most 1024 characters"));
    }
    let hexadecimal = given.len() == 2 * LOGIN_CIPHERTEXT && given.bytes().all(|digit| digit.is_ascii_hexdigit());
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

impl SubmittedPassword {
    /// Asks for the two fields, of which exactly one must be there, and for `password_kid`. `check` judges the password
    /// as far as it can be judged before it is decrypted.
    pub(crate) fn required(fields: &mut Fields<'_>, names: Names, check: impl Fn(&str) -> Parsed<()>) -> Option<Self> {
        let sent = Self::optional(fields, names, check);
        if !fields.has(names.plain) && !fields.has(names.encrypted) {
            fields.note(names.plain, "required", format!("is required, unless `{}` is given", names.encrypted));
        }
        sent
    }

    /// The same, but both may be missing.
    pub(crate) fn optional(fields: &mut Fields<'_>, names: Names, check: impl Fn(&str) -> Parsed<()>) -> Option<Self> {
        let plain = fields.optional(names.plain, text(|given| check(given).map(|()| Zeroizing::new(given.to_owned()))));
        let encrypted = fields.optional(names.encrypted, text(ciphertext));
        let kid = fields.optional("password_kid", text(kid));
        if fields.has(names.plain) && fields.has(names.encrypted) {
            fields.note(names.encrypted, "unexpected", format!("must be left out where `{}` is given", names.plain));
        }
        (plain.is_some() != encrypted.is_some()).then_some(Self { plain, encrypted, kid })
    }

    /// Nothing, if neither of the two was given.
    pub(crate) fn into_option(self) -> Option<Self> {
        (self.plain.is_some() || self.encrypted.is_some()).then_some(self)
    }

    /// The text; nothing if it can't be decrypted.
    async fn reveal(self, app: &Data<App>) -> Result<Option<Zeroizing<String>>, Problem> {
        let Self { plain, encrypted, kid } = self;
        let Some(ciphertext) = encrypted else { return Ok(plain) };
        let now = app.now();
        if !app.identity.tokens.keys().can_decrypt(kid, now) {
            // Another replica may have made it since this one looked.
            reload_keys(app).await?;
        }
        let keys = app.identity.tokens.keys();
        let decrypted = tokio::task::spawn_blocking(move || keys.decrypt(kid, &ciphertext, now)).await;
        decrypted.map_err(|panic| Problem::internal(&panic))
    }

    /// The password, to be held against the one that was chosen; nothing if it can't be decrypted or be one.
    pub(crate) async fn given(self, app: &Data<App>) -> Result<Option<Password>, Problem> {
        Ok(self.reveal(app).await?.and_then(|text| Password::given(&text).ok()))
    }

    /// The password that somebody chooses for an account.
    ///
    /// # Errors
    /// 422 that names the field it came in, with every reason why it isn't good enough.
    pub(crate) async fn chosen(
        self,
        app: &Data<App>,
        names: Names,
        username: Option<&Username>,
        email: Option<&Email>,
    ) -> Result<Password, Problem> {
        let field = if self.plain.is_some() { names.plain } else { names.encrypted };
        let refuse = |reasons: Violations| {
            let mut wrong = Violations::new();
            wrong.nest(&format!("/{field}"), reasons);
            Problem::invalid(InputLocation::Body, wrong)
        };
        let Some(text) = self.reveal(app).await? else {
            let detail = "can't be decrypted: encrypt it with the key of `GET /auth/public-key`";
            return Err(refuse(Violations::of("not_decryptable", detail)));
        };
        if text.contains('\0') {
            return Err(refuse(Violations::of("nul_character", "must not contain the NUL character")));
        }
        Password::chosen(&text, username, email).map_err(refuse)
    }
}

/// Holds a password against a stored hash. What couldn't be decrypted costs the same work and is simply wrong.
pub(crate) async fn verify(
    app: &App,
    password: Option<&Password>,
    stored: Option<String>,
) -> Result<Verified, Problem> {
    if let Some(password) = password {
        return Ok(app.identity.hasher.verify(password.clone(), stored).await?);
    }
    if let Ok(other) = Password::given("") {
        app.identity.hasher.verify(other, stored).await?;
    }
    Ok(Verified::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphertexts_are_read_in_base64_base64url_and_hexadecimal_digits() {
        let bytes: Vec<u8> = (0..LOGIN_CIPHERTEXT).map(|n| u8::try_from(n % 256).unwrap()).collect();
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
