//! Access tokens: short-lived JWTs that every replica verifies by itself (RFC 9068, RFC 8725).
//!
//! A token contains user and session, but not the user's permissions. Those are read from the session, so that a
//! demotion takes effect at once. [`crate::sessions::Revocations`] knows about sessions revoked early.

mod access;
mod claims;
mod error;

pub use access::{Access, AccessToken, AccessTokens};
pub use error::TokenError;

/// Lifetime of an access token, in seconds.
pub const ACCESS_TOKEN_TTL: i64 = 15 * 60;

/// Tolerated difference between the clocks of replicas, in seconds.
pub const LEEWAY: i64 = 30;

/// The token in an `Authorization` header (RFC 6750 §2.1).
///
/// # Errors
/// [`TokenError::Missing`] without the header, [`TokenError::Invalid`] if it has another form.
pub fn bearer(authorization: Option<&str>) -> Result<&str, TokenError> {
    let (scheme, token) = authorization.ok_or(TokenError::Missing)?.split_once(' ').ok_or(TokenError::Invalid)?;
    let token = token.trim_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() { Ok(token) } else { Err(TokenError::Invalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorization_header_is_read_as_rfc_6750_says() {
        assert_eq!(bearer(Some("Bearer abc")), Ok("abc"));
        assert_eq!(bearer(Some("bearer  abc ")), Ok("abc"));
        assert_eq!(bearer(None), Err(TokenError::Missing));
        for wrong in ["", "abc", "Bearer", "Bearer ", "Basic abc", "Bearerabc"] {
            assert_eq!(bearer(Some(wrong)), Err(TokenError::Invalid), "{wrong:?}");
        }
    }
}
