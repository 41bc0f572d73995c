//! A token from the configuration, which operators' tools present.

use std::fmt;

use crate::bytes::{Bytes32, same, sha256};

/// Kept as a hash, so that tokens of any length are compared in constant time and none is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorToken(Bytes32);

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken(..)")
    }
}

impl OperatorToken {
    pub fn new(text: &str) -> Self {
        Self(sha256(text.as_bytes()))
    }

    /// Whether it is this token that was presented.
    pub fn is(&self, presented: &str) -> bool {
        same(&self.0, &sha256(presented.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_accepted() {
        let token = OperatorToken::new("0123456789abcdef");
        assert!(token.is("0123456789abcdef"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg", "0123456789ABCDEF"] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert_eq!(format!("{token:?}"), "OperatorToken(..)");
    }
}
