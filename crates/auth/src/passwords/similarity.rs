//! Similarity of a password to the user's name or address.

/// Letters and digits, in lower case.
fn simplified(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether `password` is too similar to an address: to all of it, the local part, or a label of the domain.
pub(super) fn is_similar_to_email(password: &str, email: &str) -> bool {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    // The last label is a top-level domain, which isn't personal.
    let labels = domain.rsplit_once('.').map_or("", |(labels, _)| labels);
    is_similar(password, local) || is_similar(password, labels) || is_similar(password, email)
}

/// Whether `password` is too similar to `name` or one of its parts, forwards or backwards.
pub(super) fn is_similar(password: &str, name: &str) -> bool {
    let password = simplified(password);
    let whole = std::iter::once(simplified(name));
    let parts = name.split(|c: char| !c.is_alphanumeric()).map(simplified);
    whole.chain(parts).filter(|part| part.len() >= 4).any(|part| {
        let backwards: Vec<char> = part.iter().rev().copied().collect();
        resembles(&password, &part) || resembles(&password, &backwards)
    })
}

/// Whether the longest common subsequence makes up at least seven tenths of both texts together, the threshold of
/// Django's `UserAttributeSimilarityValidator`.
fn resembles(password: &[char], name: &[char]) -> bool {
    // If the lengths differ too much, even a full match is below the threshold.
    if name.len() * 10 < password.len() * 5 || password.len() * 10 < name.len() * 5 {
        return false;
    }
    common_subsequence(password, name) * 2 * 10 >= (password.len() + name.len()) * 7
}

fn common_subsequence(left: &[char], right: &[char]) -> usize {
    let mut row = vec![0_usize; right.len() + 1];
    for a in left {
        let mut diagonal = 0;
        let mut before = 0;
        for (cell, b) in row.iter_mut().skip(1).zip(right) {
            let above = *cell;
            *cell = if a == b { diagonal + 1 } else { above.max(before) };
            diagonal = above;
            before = *cell;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn the_longest_common_subsequence_is_found() {
        let length = |a: &str, b: &str| common_subsequence(&chars(a), &chars(b));
        assert_eq!(length("AGGTAB", "GXTXAYB"), 4);
        assert_eq!(length("abc", ""), 0);
        assert_eq!(length("abc", "abc"), 3);
        assert_eq!(length("abc", "cba"), 1);
    }

    #[test]
    fn names_with_trimmings_are_similar_and_sentences_are_not() {
        for similar in ["grace.hopper", "GraceHopper", "hopper.grace", "gracehopper99", "gr4ceh0pper", "reppohecarg"] {
            assert!(is_similar(similar, "grace.hopper"), "{similar}");
        }
        for other in ["correct horse battery staple", "grace under pressure wins", "g.h.g.h.g.h."] {
            assert!(!is_similar(other, "grace.hopper"), "{other}");
        }
        // Short parts occur in almost every password.
        assert!(!is_similar("bobsleigh", "bob"));
    }

    proptest! {
        #[test]
        fn resemblance_is_symmetric_and_everything_resembles_itself(a in "[a-d]{1,12}", b in "[a-d]{1,12}") {
            prop_assert!(resembles(&chars(&a), &chars(&a)));
            prop_assert_eq!(resembles(&chars(&a), &chars(&b)), resembles(&chars(&b), &chars(&a)));
        }
    }
}
