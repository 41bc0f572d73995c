//! The path of the front end to redirect to after signing in; never another site.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// Maximum length of a path, in bytes.
const MAX_PATH_BYTES: usize = 512;

/// Maximum levels of percent-encoding checked: a proxy, a router and an app may each decode once more.
const MAX_ENCODING_DEPTH: usize = 4;

/// A path of the front end, with its query and fragment: `/habits?date=2026-03-01`. It begins with one slash and has no
/// empty segment, no `.` or `..`, no backslash, and no blank or control character, at any level of decoding. No
/// browser, proxy or router can interpret it as another host or as a path outside of the front end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalPath(String);

impl LocalPath {
    /// The default page.
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// Accepts the requested path if it is a path of the front end; otherwise the default page.
    pub fn normalised(asked: Option<&str>) -> Self {
        asked.filter(|path| is_local(path)).map_or_else(Self::home, |path| Self(path.to_owned()))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full URL, with additional query parameters and, if given, another fragment.
    pub fn below(&self, front_end: &Url, query: &[(&str, &str)], fragment: Option<&str>) -> Url {
        let base = front_end.as_str().trim_end_matches('/');
        // The checked path is appended as text and parsed as browsers do. If the result is outside of the front end
        // nevertheless, it isn't used.
        let mut url = Url::parse(&format!("{base}{}", self.0))
            .ok()
            .filter(|url| url.origin() == front_end.origin() && url.as_str().starts_with(base))
            .unwrap_or_else(|| front_end.clone());
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, value);
        }
        if fragment.is_some() {
            url.set_fragment(fragment);
        }
        url
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local(path: &str) -> bool {
    let mut decoded = path.to_owned();
    for _ in 0..MAX_ENCODING_DEPTH {
        if !is_plainly_local(&decoded) {
            return false;
        }
        let Some(further) = decode(&decoded) else { return false };
        if further == decoded {
            return path.len() <= MAX_PATH_BYTES;
        }
        decoded = further;
    }
    false
}

fn is_plainly_local(path: &str) -> bool {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let (segments, _) = path.split_at(end);
    let mut segments = segments.split('/');
    // One slash, then segments; only the last may be empty.
    if segments.next() != Some("") {
        return false;
    }
    let segments: Vec<&str> = segments.collect();
    let Some((last, others)) = segments.split_last() else { return false };
    let fine = |segment: &str| !matches!(segment, "." | "..");
    others.iter().all(|segment| !segment.is_empty() && fine(segment))
        && fine(last)
        && !path.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace())
}

/// Percent-decodes once; `None` if nothing changes or the result isn't UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    let digit = |bytes: &mut std::str::Bytes<'_>| char::from(bytes.next()?).to_digit(16);
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let value = digit(&mut bytes)? * 16 + digit(&mut bytes)?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn front_end() -> Url {
        Url::parse("https://app.example.org/circadia").unwrap()
    }

    #[test]
    fn paths_of_the_front_end_are_kept() {
        for path in [
            "/",
            "/habits",
            "/habits/",
            "/habits?date=2026-03-01&view=week",
            "/habits#today",
            "/a%20b".replace("%20", "-").as_str(),
            "/caf%C3%A9",
            "/über",
            "/a.b/..c/...",
            "/search?q=https://example.org//x",
        ] {
            assert_eq!(LocalPath::normalised(Some(path)).as_str(), path);
        }
    }

    #[test]
    fn what_leads_elsewhere_becomes_the_default_page() {
        for path in [
            "",
            "habits",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "%2f%2fevil.example",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/%252fevil.example",
            "/%25252fevil.example",
            "/%2525252525252fevil.example",
            "/%5cevil.example",
            "/%255cevil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/../admin",
            "/%2e%2e/admin",
            "/a/%2e./admin",
            "/a/..",
            "/a//b",
            "https://evil.example",
            "https:evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "@evil.example",
            ":80@evil.example",
            ".evil.example",
            "?next=//evil.example",
            "#//evil.example",
            "/a\r\nSet-Cookie: x=y",
            "/a%0d%0aSet-Cookie:%20x=y",
            "/a%250d%250aSet-Cookie",
            "/a\0",
            "/a%00",
            "/a%u0041",
            "/a%",
            "/a%f",
            "/a%ff",
            "/a b",
            "/a\u{2028}b",
            "/a\u{85}b",
            &format!("/{}", "a".repeat(MAX_PATH_BYTES)),
        ] {
            assert_eq!(LocalPath::normalised(Some(path)), LocalPath::home(), "{path:?}");
        }
        assert_eq!(LocalPath::normalised(None), LocalPath::home());
    }

    #[test]
    fn errors_and_fragments_are_added_to_what_is_there() {
        let path = LocalPath::normalised(Some("/habits?view=week#today"));
        assert_eq!(
            path.below(&front_end(), &[], None).as_str(),
            "https://app.example.org/circadia/habits?view=week#today"
        );
        let with = path.below(&front_end(), &[("error", "google_denied")], Some("google_code=x"));
        assert_eq!(
            with.as_str(),
            "https://app.example.org/circadia/habits?view=week&error=google_denied#google_code=x"
        );
        let root = Url::parse("http://127.0.0.1:5173").unwrap();
        assert_eq!(LocalPath::home().below(&root, &[], None).as_str(), "http://127.0.0.1:5173/");
    }

    /// Characters used in redirect attacks, at a higher frequency than chance.
    fn tricks() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("/".to_owned()),
            Just("\\".to_owned()),
            Just("..".to_owned()),
            Just(".".to_owned()),
            Just("%2f".to_owned()),
            Just("%5C".to_owned()),
            Just("%25".to_owned()),
            Just("%2e".to_owned()),
            Just("\r\n".to_owned()),
            Just("\t".to_owned()),
            Just("@".to_owned()),
            Just(":".to_owned()),
            Just("?".to_owned()),
            Just("#".to_owned()),
            Just("evil.example".to_owned()),
            Just("https:".to_owned()),
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nobody_leaves_the_front_end(asked in prop_oneof![tricks(), tricks().prop_map(|t| format!("/{t}")), any::<String>()]) {
            let path = LocalPath::normalised(Some(&asked));
            for base in ["https://app.example.org", "https://app.example.org/circadia/", "http://localhost:5173"] {
                let base = Url::parse(base).unwrap();
                let url = path.below(&base, &[("error", "google_denied")], None);
                let home = base.as_str().trim_end_matches('/');
                prop_assert_eq!(url.origin(), base.origin());
                prop_assert!(url.as_str().starts_with(&format!("{home}/")), "{}", url);
                prop_assert!(url.username().is_empty() && url.password().is_none());
                prop_assert!(!url.path().contains("//"), "{}", url);
                prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{}", url);
                // Decoding once more must not change the result.
                let decoded = decode(url.path()).unwrap();
                prop_assert!(!decoded.contains("//") && !decoded.contains('\\'), "{}", decoded);
            }
        }

        #[test]
        fn what_was_normalised_is_normal(asked in tricks().prop_map(|t| format!("/{t}"))) {
            let once = LocalPath::normalised(Some(&asked));
            prop_assert_eq!(LocalPath::normalised(Some(once.as_str())), once);
        }
    }
}
