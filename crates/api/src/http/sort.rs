//! The orders that lists are asked for by `sort`: a name, with `-` before it to reverse.

use circadia_domain::violation::Violations;

use crate::http::input::Parsed;

/// Reads an order: what decides, and whether it is reversed.
///
/// # Errors
/// `unknown_value`, with the names that are known.
pub(crate) fn parse_order<T: Copy>(names: &[(&'static str, T)], given: &str) -> Parsed<(T, bool)> {
    let (reversed, name) = given.strip_prefix('-').map_or((false, given), |name| (true, name));
    match names.iter().find(|(known, _)| *known == name) {
        Some((_, by)) => Ok((*by, reversed)),
        None => Err(Violations::of(
            "unknown_value",
            format!("must be {}, with `-` before it to reverse", alternatives(names)),
        )),
    }
}

/// An order as it is asked for.
pub(crate) fn order_text<T: Copy + PartialEq>(names: &[(&'static str, T)], by: T, reversed: bool) -> String {
    let name = names.iter().find(|(_, known)| *known == by).map_or("", |(name, _)| name);
    format!("{}{name}", if reversed { "-" } else { "" })
}

/// The names in a sentence: `` `a`, `b` or `c` ``.
fn alternatives<T>(names: &[(&'static str, T)]) -> String {
    let names: Vec<String> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [(&str, u8); 3] = [("a", 1), ("b", 2), ("c", 3)];

    #[test]
    fn orders_are_read_and_said() {
        for (text, order) in [("a", (1, false)), ("-b", (2, true)), ("c", (3, false))] {
            assert_eq!(parse_order(&NAMES, text).unwrap(), order);
            assert_eq!(order_text(&NAMES, order.0, order.1), text);
        }
    }

    #[test]
    fn an_unknown_order_is_told_the_known_ones() {
        for wrong in ["--a", "d", "", "-"] {
            let refused = parse_order(&NAMES, wrong).unwrap_err();
            assert_eq!(
                refused.to_string(),
                Violations::of("unknown_value", "must be `a`, `b` or `c`, with `-` before it to reverse").to_string()
            );
        }
    }
}
