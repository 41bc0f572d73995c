//! Which quotation of a set is a user's on a day.

use super::Quote;
use crate::civil::Date;
use crate::civil::num::{index, low32};
use crate::ids::UserId;
use crate::users::Locale;

/// The quotation of a user's day: the same for the same set, user, date and language, always and everywhere. A user
/// meets each one in their language once before any comes again.
pub fn choose<'a>(set: &'a [Quote], user: UserId, date: Date, locale: &Locale) -> Option<&'a Quote> {
    let candidates = in_language(set, locale);
    let count = u64::try_from(candidates.len()).ok().filter(|count| *count > 0)?;
    let (high, low) = user.as_uuid().as_u64_pair();
    let seed = scatter(high ^ scatter(low));
    // A walk around the set, from a place and by a step of the user's own that misses none.
    let begin = seed % count;
    let step = (0..count).map(|more| (seed / count + more) % count + 1).find(|step| coprime(*step, count))?;
    let day = u64::try_from(date.days_since_epoch()).unwrap_or(0);
    candidates.get(index(low32((begin + day * step) % count))).copied()
}

/// Those in the user's very locale; else those in their language; else those in English, or in a language that isn't
/// known; else all.
fn in_language<'a>(set: &'a [Quote], locale: &Locale) -> Vec<&'a Quote> {
    let wanted = locale.as_str();
    let tag = |quote: &Quote| quote.locale.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(wanted));
    let same = |quote: &Quote| {
        quote.locale.as_ref().is_some_and(|own| language(own.as_str()).eq_ignore_ascii_case(language(wanted)))
    };
    let common =
        |quote: &Quote| quote.locale.as_ref().is_none_or(|own| language(own.as_str()).eq_ignore_ascii_case("en"));
    let all = |_: &Quote| true;
    let rules: [&dyn Fn(&Quote) -> bool; 4] = [&tag, &same, &common, &all];
    let mut found = rules.into_iter().map(|rule| set.iter().filter(|quote| rule(quote)).collect::<Vec<_>>());
    found.find(|found| !found.is_empty()).unwrap_or_default()
}

fn language(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

const fn coprime(mut a: u64, mut b: u64) -> bool {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

/// `SplitMix64`'s finish (Steele, Lea & Flood 2014): neighbouring ids end up far apart.
const fn scatter(word: u64) -> u64 {
    let z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::built_in;
    use super::*;
    use crate::text::Line;
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn locale(tag: &str) -> Locale {
        Locale::parse(tag).unwrap()
    }

    fn quote(text: &str, tag: Option<&str>) -> Quote {
        Quote { text: Line::parse(text).unwrap(), author: Line::parse("A").unwrap(), locale: tag.map(locale) }
    }

    fn date(day: i32) -> Date {
        Date::from_days_since_epoch(day).unwrap()
    }

    #[test]
    fn each_comes_once_before_any_comes_again() {
        let english = built_in().iter().filter(|quote| quote.locale == Some(locale("en"))).count();
        for number in 0..50 {
            let days = 20_000..20_000 + i32::try_from(english).unwrap();
            let seen: BTreeSet<&str> = days
                .map(|day| choose(built_in(), user(number), date(day), &locale("en")).unwrap().text.as_str())
                .collect();
            assert_eq!(seen.len(), english);
        }
    }

    #[test]
    fn users_differ_on_a_day() {
        let seen: BTreeSet<&str> = (0..200)
            .map(|number| choose(built_in(), user(number), date(20_000), &locale("en")).unwrap().text.as_str())
            .collect();
        assert!(seen.len() > 30, "{}", seen.len());
    }

    #[test]
    fn the_users_language_comes_first() {
        let set = [quote("de-AT", Some("de-AT")), quote("de", Some("de")), quote("en", Some("en")), quote("?", None)];
        let seen = |set: &[Quote], tag: &str| -> BTreeSet<String> {
            let days = (0..20).map(date);
            days.filter_map(|day| choose(set, user(1), day, &locale(tag))).map(|quote| quote.text.to_string()).collect()
        };
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
        assert_eq!(seen(&set, "de-at"), words(&["de-AT"]));
        assert_eq!(seen(&set, "de-CH"), words(&["de-AT", "de"]));
        assert_eq!(seen(&set, "fr"), words(&["en", "?"]));
        assert_eq!(seen(&set[..2], "fr"), words(&["de-AT", "de"]));
        assert_eq!(seen(&[], "fr"), words(&[]));
    }
}
