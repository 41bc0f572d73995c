//! Searching for parts of texts.

/// The `LIKE` pattern of texts that contain `text`, with `!` as the escape character.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_contain_and_nothing_else() {
        assert_eq!(containing("a"), "%a%");
        assert_eq!(containing("50%_!\\"), "%50!%!_!!\\%");
    }
}
