//! Requirements on new passwords: long enough, not common, not similar to the username or address, and not easy to guess. No rules about
//! character classes (NIST SP 800-63B-4 §3.1.1.2).

use circadia_domain::violation::Violations;

use super::{common, similarity, strength};

/// Minimum length, in code points.
pub const MIN_LENGTH: usize = 8;
/// Maximum length, in code points.
pub const MAX_LENGTH: usize = 128;

pub(super) fn is_too_long(password: &str) -> bool {
    password.chars().count() > MAX_LENGTH
}

pub(super) fn too_long() -> Violations {
    Violations::of("too_long", "must have at most 128 characters")
}

/// Every reason to reject `password`.
pub(super) fn weaknesses(password: &str, username: Option<&str>, email: Option<&str>) -> Violations {
    if is_too_long(password) {
        // The other checks would be wasted work.
        return too_long();
    }
    let mut wrong = Violations::new();
    if password.chars().count() < MIN_LENGTH {
        wrong.add("", "too_short", "must have at least 8 characters");
    }
    if !password.is_empty() && password.chars().all(char::is_numeric) {
        wrong.add("", "all_numeric", "must not consist of digits only");
    }
    if common::is_common(password) {
        wrong.add("", "common", "is among the passwords that are guessed first");
    }
    if username.is_some_and(|name| similarity::is_similar(password, name)) {
        wrong.add("", "similar_to_username", "is too similar to the username");
    }
    if email.is_some_and(|email| similarity::is_similar_to_email(password, email)) {
        wrong.add("", "similar_to_email", "is too similar to the e-mail address");
    }
    // The most work, and of no use to who has to choose another one anyway.
    if wrong.is_empty()
        && let Some(reason) = strength::weakness(password, username, email)
    {
        wrong.add("", "guessable", reason);
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(password: &str) -> Vec<&'static str> {
        weaknesses(password, Some("ada.lovelace"), Some("ada.lovelace@analytical.example"))
            .iter()
            .map(|v| v.code)
            .collect()
    }

    #[test]
    fn passwords_at_least_8_at_most_128_code_points() {
        assert_eq!(codes("üöäßéñç"), ["too_short"]);
        assert_eq!(codes("üöäßéñçø"), [""; 0]);
        assert_eq!(codes(""), ["too_short"]);
        let words = "eight uncommon words in one long sentence. ".repeat(10);
        assert_eq!(codes(&words.chars().take(128).collect::<String>()), [""; 0]);
        assert_eq!(codes(&words.chars().take(129).collect::<String>()), ["too_long"]);
    }

    #[test]
    fn common_and_all_numeric_passwords_are_refused_with_every_reason() {
        assert_eq!(codes("12345678"), ["all_numeric", "common"]);
        assert_eq!(codes("4719603852"), ["all_numeric"]);
        assert_eq!(codes("1234"), ["too_short", "all_numeric", "common"]);
        assert_eq!(codes("٤٧١٩٦٠٣٨"), ["all_numeric"]);
        assert_eq!(codes("password"), ["common"]);
    }

    #[test]
    fn passwords_that_are_easy_to_guess_are_refused() {
        assert_eq!(codes("letmein123"), ["guessable"]);
        assert_eq!(codes("Circadia2026!"), ["guessable"]);
    }

    #[test]
    fn passwords_similar_to_name_or_email_are_refused() {
        assert_eq!(codes("AdaLovelace1"), ["similar_to_username", "similar_to_email"]);
        assert_eq!(codes("lovelace!"), ["similar_to_username", "similar_to_email"]);
        assert_eq!(codes("analytical7"), ["similar_to_email"]);
        assert_eq!(codes("lovelace lives on as a programming language"), [""; 0]);
    }
}
