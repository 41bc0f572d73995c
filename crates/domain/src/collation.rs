//! How texts are ordered and searched: by Unicode's rules for all languages together, not by any language's own, and
//! the same on every database.

use std::sync::LazyLock;

use icu_casemap::CaseMapper;
use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// Raise this whenever [`sort_key`] or [`search_key`] gives another key for any text, as new versions of Unicode do:
/// stored keys of lower versions are rewritten at the next start.
pub const KEYS_VERSION: i32 = 1;

/// How many bytes of a sort key are kept: those of about 95 Latin or 33 Chinese characters.
const SORTED_BYTES: usize = 100;

/// The root collation (CLDR): letters decide first, then accents, then case.
static ROOT: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Tertiary);
    #[expect(clippy::expect_used, reason = "the data is compiled in")]
    Collator::try_new(CollatorPreferences::default(), options).expect("the root collation")
});

/// What a text is sorted by: the beginning of its sort key in the root collation (Unicode Technical Standard 10), in
/// lower-case hexadecimal digits, at most 200. Keys are ordered byte by byte; texts that only differ far behind may have
/// the same one.
pub fn sort_key(text: &str) -> String {
    let mut key = Vec::with_capacity(2 * text.len());
    let Ok(()) = ROOT.write_sort_key_to(text, &mut key);
    let digit = |number: u8| char::from_digit(number.into(), 16);
    key.iter().take(SORTED_BYTES).flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).flatten().collect()
}

/// What is searched, and searched for: a text without case, accents, differences of width and invisible characters,
/// with single spaces. A text is found if its key contains the other's.
pub fn search_key(text: &str) -> String {
    let invisible = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let bare: String = text.nfkd().filter(|c| !is_accent(*c) && !invisible.contains(*c)).collect();
    let mut folded = String::with_capacity(bare.len());
    for c in CaseMapper::new().fold_string(&bare).chars() {
        match accentless(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    // Composes what isn't an accent: the syllables of Hangul, the voiced sounds of kana.
    let composed: String = folded.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character is an accent of the one before it, by its combining class: a stroke through it (1), a point of
/// Hebrew, Arabic or Syriac (10–36), or something above, below or beside it (from 200). Other marks make another letter:
/// vowel signs, the voicing of kana.
fn is_accent(c: char) -> bool {
    matches!(canonical_combining_class(c), 1 | 10..=36 | 200..)
}

/// Letters that Unicode doesn't decompose, although the root collation orders them as variants of these; and the Turkish
/// `ı`, whose capital is `I`.
const fn accentless(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ø' => "o",
        'œ' => "oe",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;

    /// Asserts that texts are given in the order of their keys, each before the next.
    fn in_order(texts: &[&str]) {
        for pair in texts.windows(2) {
            assert!(sort_key(pair[0]) < sort_key(pair[1]), "{pair:?}");
        }
    }

    fn finds(sought: &str, text: &str) -> bool {
        search_key(text).contains(&search_key(sought))
    }

    #[test]
    fn letters_decide_before_accents_and_accents_before_case() {
        in_order(&["apfel", "Apfel", "äpfel", "Äpfel", "apfelsaft", "Birne", "çay", "Çay", "zoo", "Zürich"]);
        in_order(&["cote", "coté", "côte", "côté", "coter"]);
        in_order(&["strasse", "straße", "strasser"]);
        in_order(&["İstanbul", "Izmir"]);
    }

    #[test]
    fn symbols_come_before_digits_and_digits_before_letters_of_every_script() {
        in_order(&[" a", "_", "!", "50 %", "a", "b", "Ω", "Я", "א", "ع", "か", "ガ", "中", "漢"]);
        in_order(&["!", "🧘", "1", "a"]);
        assert_ne!(sort_key("🧘"), sort_key("🧘🏽"));
    }

    #[test]
    fn composed_and_decomposed_texts_have_the_same_keys() {
        for (composed, decomposed) in [("é", "e\u{301}"), ("Å", "A\u{30A}"), ("한", "\u{1112}\u{1161}\u{11AB}")] {
            assert_eq!(sort_key(composed), sort_key(decomposed));
            assert_eq!(search_key(composed), search_key(decomposed));
        }
    }

    #[test]
    fn keys_have_at_most_200_digits() {
        let key = sort_key(&"漢\u{301}".repeat(200));
        assert_eq!(key.len(), 200);
        assert!(key.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{key}");
        assert_eq!(sort_key(""), "0101");
    }

    #[test]
    fn texts_are_found_without_case_and_accents() {
        for (sought, text) in [
            ("apfel", "Ein ÄPFEL"),
            ("äpfel", "apfel"),
            ("strasse", "Lange Straße"),
            ("STRAẞE", "strasse"),
            ("istanbul", "İstanbul"),
            ("ISPARTA", "ısparta"),
            ("lodz", "Łódź"),
            ("smorrebrod", "Smørrebrød"),
            ("đi", "Di bo"),
            ("di bo", "Đi bộ"),
            ("oeuvre", "Œuvre"),
            ("οδυσσευσ", "Ὀδυσσεύς"),
            ("елка", "Ёлка"),
            ("שלום", "שָׁלוֹם"),
            ("محمد", "مُحَمَّد"),
            ("sport a", "Ｓport \t Ａ"),
            ("fi", "ﬁx"),
            ("が", "ｶﾞ".replace('ｶ', "か").as_str()),
            ("می\u{200C}خواهم", "میخواهم"),
            ("❤", "❤\u{FE0F}"),
            ("👩", "👩\u{200D}👩\u{200D}👧"),
        ] {
            assert!(finds(sought, text), "{sought} in {text}: {:?}", search_key(text));
        }
    }

    #[test]
    fn what_makes_another_letter_is_told_apart() {
        for (sought, text) in
            [("か", "が"), ("하", "한"), ("कि", "कु"), ("ก่", "กุ"), ("漢", "汉"), ("²", "3"), ("👨", "👩"), ("n", "m")]
        {
            assert!(!finds(sought, text), "{sought} in {text}");
        }
        for kept in ["2026", "漢字", "한국", "が", "ที่นี่", "हिन्दी", "🧘🏽", "50%_!\\"]
        {
            assert_eq!(search_key(kept), kept);
        }
    }

    #[test]
    fn latin_letters_lose_what_the_root_collation_calls_accents() {
        let mut options = CollatorOptions::default();
        options.strength = Some(Strength::Primary);
        let letters_alone = Collator::try_new(CollatorPreferences::default(), options).unwrap();
        let ascii: Vec<char> = ('a'..='z').collect();
        let mut plain: Vec<String> = ascii.iter().map(char::to_string).collect();
        plain.extend(ascii.iter().flat_map(|a| ascii.iter().map(move |b| format!("{a}{b}"))));
        for letter in ('\u{C0}'..='\u{17F}').filter(|c| c.is_alphabetic()) {
            let key = search_key(&letter.to_string());
            let same = plain.iter().find(|text| letters_alone.compare(text, &letter.to_string()) == Ordering::Equal);
            match same {
                // Catalan's middle dot is a character of its own.
                Some(text) => assert_eq!(&key.replace('·', ""), text, "{letter}"),
                None => assert!(!key.is_ascii() || key == "i", "{letter} {key}"),
            }
        }
    }

    /// Stored keys are only rewritten if their version says that they are old.
    #[test]
    fn other_keys_have_another_version() {
        // FNV-1a
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let all = ('\u{1}'..'\u{3400}').chain('\u{1F000}'..'\u{1FB00}').fold(0xcbf2_9ce4_8422_2325, |digest, c| {
            let text = format!("a{c}漢");
            sort_key(&text).bytes().chain(search_key(&text).bytes()).fold(digest, hash)
        });
        assert_eq!((KEYS_VERSION, format!("{all:016x}")), (1, "30caf1b3c5e5f86e".to_owned()), "raise KEYS_VERSION");
    }

    proptest! {
        #[test]
        fn keys_are_ordered_as_the_collation_orders_texts(a in "[ aAäÄbßsSéeE_1É-]{0,8}|.{0,8}", b in "[ aAäÄbßsSéeE_1É-]{0,8}|.{0,8}") {
            prop_assert_eq!(sort_key(&a).cmp(&sort_key(&b)), ROOT.compare(&a, &b));
        }

        #[test]
        fn cut_keys_never_contradict_the_collation(start in "[a-zé漢]{60,110}", a in ".{0,9}", b in ".{0,9}") {
            let (a, b) = (start.clone() + &a, start + &b);
            let order = sort_key(&a).cmp(&sort_key(&b));
            prop_assert!(order == Ordering::Equal || order == ROOT.compare(&a, &b));
        }

        #[test]
        fn a_search_key_is_its_own_key_and_finds_its_text(text in ".{0,30}") {
            let key = search_key(&text);
            prop_assert_eq!(search_key(&key), key.clone());
            prop_assert_eq!(search_key(&text.nfd().collect::<String>()), key.clone());
            prop_assert!(finds(&key, &text));
        }
    }
}
