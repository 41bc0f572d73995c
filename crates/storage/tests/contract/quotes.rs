//! Quotations of a provider.

use circadia_domain::civil::Date;
use circadia_domain::error::StoreError;
use circadia_domain::quotes::{Quote, QuoteAuthor, QuoteText};
use circadia_domain::unit_of_work::{Store, write_unowned};
use circadia_domain::users::Locale;
use circadia_storage::Backend;

use crate::support::TestDatabase;

fn set(word: &str, count: usize) -> Vec<Quote> {
    let quote = |number| Quote {
        text: QuoteText::parse(&format!("{word} {number} \u{1F319} {}", "ü".repeat(400))).unwrap(),
        author: QuoteAuthor::parse(&"Æ".repeat(100)).unwrap(),
        locale: (number % 2 == 0).then(|| Locale::parse("zh-Hant-TW").unwrap()),
    };
    (0..count).map(quote).collect()
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn change(test: &TestDatabase, change: impl FnMut(&mut dyn Store) -> Result<(), StoreError>) {
    write_unowned(&test.database, change).unwrap();
}

pub(crate) fn a_set_is_in_force_from_its_day_until_the_next(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let in_force = |day: &str| test.read(|store| store.quotes_in_force(date(day)));
    assert_eq!(in_force("2199-12-31"), []);
    let (first, second, third) = (set("one", 500), set("two", 5), set("three", 7));
    change(&test, |store| store.replace_quotes(date("2026-03-12"), &first));
    change(&test, |store| store.replace_quotes(date("2026-03-14"), &second));
    for (day, expected) in
        [("2026-03-11", &Vec::new()), ("2026-03-12", &first), ("2026-03-13", &first), ("2026-03-14", &second)]
    {
        assert_eq!(&in_force(day), expected, "{day}");
    }
    // In place of the one that was to be, which was longer.
    change(&test, |store| store.replace_quotes(date("2026-03-12"), &third));
    assert_eq!(in_force("2026-03-13"), third);
    change(&test, |store| store.forget_quotes_before(date("2026-03-13")));
    assert_eq!((in_force("2026-03-13"), in_force("2026-03-14")), (third, second.clone()));
    change(&test, |store| store.forget_quotes_before(date("2026-03-14")));
    assert_eq!((in_force("2026-03-13"), in_force("2026-03-14")), (Vec::new(), second));
}
