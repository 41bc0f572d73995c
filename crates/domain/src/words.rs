//! Enums whose variants are words: one list says how they are written in the API, its document and the database.

use crate::violation::Violations;

/// An enum of words, made by `words!`.
pub trait Words: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The word of the API and the database.
    fn as_str(self) -> &'static str;

    /// Reads a word.
    ///
    /// # Errors
    /// `unknown_value`, listing the known words.
    fn parse(text: &str) -> Result<Self, Violations> {
        Self::ALL
            .iter()
            .copied()
            .find(|word| word.as_str() == text)
            .ok_or_else(|| Violations::of("unknown_value", format!("must be {}", Self::alternatives())))
    }

    /// The words in a sentence: `` `a`, `b` or `c` ``.
    fn alternatives() -> String {
        let mut sentence = String::new();
        for (index, word) in Self::ALL.iter().enumerate() {
            let link = match index {
                0 => "",
                _ if index + 1 == Self::ALL.len() => " or ",
                _ => ", ",
            };
            sentence.extend([link, "`", word.as_str(), "`"]);
        }
        sentence
    }
}

/// Defines an enum of words, each variant with its word:
///
/// ```ignore
/// words! {
///     /// How the sky looks.
///     #[derive(Default)]
///     pub enum Sky {
///         /// Blue.
///         #[default]
///         Clear = "clear",
///         /// Grey.
///         Overcast = "overcast",
///     }
/// }
/// ```
///
/// It gets [`Words`] with inherent `ALL`, `as_str` and `parse`, `Display`, serde's traits and, with the feature
/// `openapi`, a component of the OpenAPI document. The document shows the enum's comment.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:tt ),+ $(,)?
        }
    ) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        $(#[$meta])*
        $visibility enum $name {
            $( $(#[$variant_meta])* #[serde(rename = $word)] $variant ),+
        }

        impl $name {
            /// All of them.
            $visibility const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word of the API and the database.
            $visibility const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word ),+
                }
            }

            /// Reads a word.
            ///
            /// # Errors
            /// `unknown_value`, listing the known words.
            $visibility fn parse(text: &str) -> Result<Self, $crate::violation::Violations> {
                <Self as $crate::words::Words>::parse(text)
            }
        }

        impl $crate::words::Words for $name {
            const ALL: &'static [Self] = &Self::ALL;

            fn as_str(self) -> &'static str {
                Self::as_str(self)
            }
        }

        impl $crate::json::FromJson for $name {
            type Json = str;

            fn from_json(text: &str) -> Result<Option<Self>, $crate::violation::Violations> {
                Self::parse(text).map(Some)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    words! {
        /// How the sky looks.
        #[derive(Default)]
        enum Sky {
            /// Blue.
            #[default]
            Clear = "clear",
            /// Grey.
            Overcast = "overcast",
            /// Black.
            AtNight = "at_night",
        }
    }

    #[test]
    fn words_read_back_from_text_and_json() {
        assert_eq!(Sky::default(), Sky::Clear);
        for sky in Sky::ALL {
            assert_eq!(Sky::parse(sky.as_str()), Ok(sky));
            let json = serde_json::to_string(&sky).unwrap();
            assert_eq!(json, format!("\"{sky}\""));
            assert_eq!(serde_json::from_str::<Sky>(&json).unwrap(), sky);
        }
    }

    #[test]
    fn unknown_words_are_told_the_known_ones() {
        for wrong in ["", "Clear", "blue"] {
            let expected = Violations::of("unknown_value", "must be `clear`, `overcast` or `at_night`");
            assert_eq!(Sky::parse(wrong), Err(expected));
        }
    }

    #[cfg(feature = "openapi")]
    #[test]
    fn the_document_lists_the_words() {
        let schema = serde_json::to_value(<Sky as utoipa::PartialSchema>::schema()).unwrap();
        let expected = serde_json::json!({
            "type": "string",
            "description": "How the sky looks.",
            "enum": ["clear", "overcast", "at_night"],
        });
        assert_eq!(schema, expected);
    }
}
