//! Common passwords.
//!
//! The password list of zxcvbn (Dropbox; MIT licence), the most frequent ones of published breaches, without those that
//! are too short or all digits: lower case, one per line, sorted by bytes.

/// The list, searched without copying.
static COMMON_PASSWORDS: &str = include_str!("common.txt");

/// Whether `password` is common: on the list regardless of case, with digits and symbols substituted for letters or
/// appended; or a repeated character or short pattern; or a run of the keyboard or the alphabet.
pub(super) fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let plain: String = lower.chars().map(as_letter).collect();
    let bare = |text: &str| text.trim_end_matches(|c: char| !c.is_alphabetic()).to_owned();
    let bare_plain: String = bare(&lower).chars().map(as_letter).collect();
    [lower.clone(), bare(&lower), plain, bare_plain].iter().any(|form| is_listed(form)) || is_patterned(&lower)
}

/// The letter that a digit or symbol is a substitute for.
fn as_letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Binary search among the sorted lines.
fn is_listed(word: &str) -> bool {
    let mut rest = COMMON_PASSWORDS.as_bytes();
    while !rest.is_empty() {
        let (before, after) = rest.split_at(rest.len() / 2);
        let from = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let to = after.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| before.len() + at);
        match rest.get(from..to).unwrap_or_default().cmp(word.as_bytes()) {
            std::cmp::Ordering::Equal => return !word.is_empty(),
            std::cmp::Ordering::Less => rest = rest.get(to + 1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => rest = rest.get(..from).unwrap_or_default(),
        }
    }
    false
}

/// Rows of the keyboard, and the alphabet.
const KEYBOARD_ROWS: [&str; 6] =
    ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "azertyuiop"];

fn is_patterned(password: &str) -> bool {
    let chars: Vec<char> = password.chars().collect();
    let repeats = |period: usize| chars.iter().zip(chars.iter().skip(period)).all(|(a, b)| a == b);
    let backwards: String = chars.iter().rev().collect();
    let in_a_row = |text: &str| KEYBOARD_ROWS.iter().any(|row| row.contains(text));
    chars.len() >= 4 && ((1..=3).any(repeats) || in_a_row(password) || in_a_row(&backwards))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_line_of_it_is_found() {
        let lines: Vec<&str> = COMMON_PASSWORDS.lines().collect();
        assert!(lines.len() > 10_000, "{}", lines.len());
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(COMMON_PASSWORDS.ends_with('\n'));
        for line in &lines {
            assert!(is_listed(line), "{line}");
            assert!(!is_listed(&format!("{line}\u{1}")) && !is_listed(&line[..7]), "{line}");
        }
        assert!(!is_listed("") && !is_listed("\n") && !is_listed("!") && !is_listed("~~~~~~~~~"));
    }

    #[test]
    fn disguises_do_not_help() {
        for common in
            ["password", "PassWord", "p@ssw0rd", "Password123!", "P4$$word", "baseball2024", "sunshine", "starwars!!"]
        {
            assert!(is_common(common), "{common}");
        }
        for pattern in
            ["aaaaaaaa", "abababab", "abcabcabca", "abcdefgh", "hgfedcba", "12345678", "qwertzui", "........"]
        {
            assert!(is_common(pattern), "{pattern}");
        }
        for good in ["correct horse battery staple", "Tr0ub4dor&3x", "väldigt bra lösen", "xk7-Qp2!vTn", ""] {
            assert!(!is_common(good), "{good}");
        }
    }
}
