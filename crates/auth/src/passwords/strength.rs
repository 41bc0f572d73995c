//! How many guesses a password would take, by zxcvbn: it knows words, names, dates, keyboards and how people join and
//! disguise them (Wheeler, USENIX Security 2016).

use zxcvbn::feedback::Feedback;
use zxcvbn::zxcvbn;

/// Characters that are looked at: more than enough to be strong, and the work grows faster than the length.
const MAX_CHARS: usize = 64;

/// Words that are guessed early here, beside the user's own.
const OUR_WORDS: [&str; 1] = ["circadia"];

/// Guesses that a password must take. Eight random characters take a hundred million, a word with a year and a sign ten;
/// limits on attempts and slow hashes make as many as this more than anybody can try.
const MIN_GUESSES: u64 = 50_000_000;

/// Why a password is too easy to guess, for people; `None` if it takes [`MIN_GUESSES`].
pub(super) fn weakness(password: &str, username: Option<&str>, email: Option<&str>) -> Option<String> {
    let begin: String = password.chars().take(MAX_CHARS).collect();
    let local = email.and_then(|email| email.split('@').next());
    let own: Vec<&str> = [username, email, local].into_iter().flatten().chain(OUR_WORDS).collect();
    let estimate = zxcvbn(&begin, &own);
    if estimate.guesses() >= MIN_GUESSES {
        return None;
    }
    let warning = estimate.feedback().and_then(Feedback::warning).map(|warning| warning.to_string());
    let reason = warning.map(|text| format!(" ({})", text.trim_end_matches('.').to_lowercase())).unwrap_or_default();
    Some(format!("is too easy to guess{reason}: add another word or two, the less common the better"))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    fn is_weak(password: &str) -> bool {
        weakness(password, Some("ada.lovelace"), Some("countess@analytical.example")).is_some()
    }

    #[test]
    fn common_words_with_trimmings_are_weak_and_a_few_words_are_not() {
        for weak in
            ["letmein123", "Circadia2026!", "circadia1", "lovelace1815", "countess12", "qwertyASDF", "monday2026"]
        {
            assert!(is_weak(weak), "{weak}");
        }
        for strong in
            ["correct horse battery", "Tr0ub4dor&3x", "xk7-Qp2!vTn", "väldigt bra lösen", "üöäßéñçø", "mNq4vz8w"]
        {
            assert!(!is_weak(strong), "{strong}");
        }
        let said = weakness("letmein123", None, None).unwrap();
        assert!(said.starts_with("is too easy to guess (") && !said.contains("letmein"), "{said}");
    }

    #[test]
    fn an_estimate_is_quick_whatever_is_estimated() {
        for long in
            ["a".repeat(128), "password".repeat(16), "1qaz2wsx".repeat(16), "aA1!".repeat(32), "2026-01-01".repeat(12)]
        {
            let begun = Instant::now();
            weakness(&long, Some(&"ab".repeat(16)), Some(&format!("{}@example.org", "ab".repeat(32))));
            assert!(begun.elapsed().as_millis() < 1_000, "{long}: {:?}", begun.elapsed());
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(password in "\\PC{0,80}", name in "\\PC{0,32}") {
            weakness(&password, Some(&name), Some(&name));
        }
    }
}
