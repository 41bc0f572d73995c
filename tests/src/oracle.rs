//! What oracles need: random numbers, and figures held against each other.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::ops::Range;

use serde_json::Value;

/// How many random accounts an oracle looks at, unless `CIRCADIA_TEST_ORACLE_ACCOUNTS` says it.
pub const ACCOUNTS: u64 = 6;

/// The numbers of the random accounts to look at. What is random about an account depends on its number alone, so one on
/// which figures differ can be looked at by itself: from its number on (`CIRCADIA_TEST_ORACLE_FROM`), 1 account.
pub fn accounts() -> Range<u64> {
    let number = |name: &str, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let from = number("CIRCADIA_TEST_ORACLE_FROM", 0);
    from..from + number("CIRCADIA_TEST_ORACLE_ACCOUNTS", ACCOUNTS)
}

/// Numbers as random as tests need them (Steele, Lea & Flood 2014).
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    pub fn one_in(&mut self, sides: i64) -> bool {
        self.roll(sides) == 0
    }

    pub fn pick<T: Clone>(&mut self, things: &[T]) -> T {
        things[usize::try_from(self.roll(i64::try_from(things.len()).unwrap())).unwrap()].clone()
    }
}

/// Compares what is expected with what is there: figures to what is lost by rounding, times of day to the minute that
/// they are shown to.
pub fn agree(path: &str, found: &Value, expected: &Value) {
    match expected {
        Value::Object(members) if members.contains_key("$clock") => {
            let (hours, minutes) = found.as_str().and_then(|text| text.split_once(':')).unwrap_or(("", ""));
            let shown = hours.parse::<f64>().unwrap() * 60.0 + minutes.parse::<f64>().unwrap();
            let apart = (shown - expected["$clock"].as_f64().unwrap()).rem_euclid(1_440.0);
            assert!(apart.min(1_440.0 - apart) < 0.5001, "{path}: {found} instead of {expected}");
        }
        Value::Object(members) => {
            assert!(found.is_object(), "{path}: {found} instead of {expected}");
            for (name, expected) in members {
                agree(&format!("{path}/{name}"), &found[name], expected);
            }
        }
        Value::Array(items) => {
            let all = found.as_array().unwrap_or_else(|| panic!("{path}: {found} instead of {expected}"));
            assert_eq!(all.len(), items.len(), "{path}: {found} instead of {expected}");
            for (index, (found, expected)) in all.iter().zip(items).enumerate() {
                agree(&format!("{path}/{index}"), found, expected);
            }
        }
        Value::Number(number) => {
            let (found_number, expected) = (found.as_f64(), number.as_f64().unwrap());
            // Near 0, the root of what rounding leaves is large.
            let tolerance = if path.ends_with("sd_minutes") { 1e-3 } else { 2e-6 };
            let is_same = found_number.is_some_and(|number| (number - expected).abs() <= tolerance);
            assert!(is_same, "{path}: {found} instead of {expected}");
        }
        _ => assert_eq!(found, expected, "{path}"),
    }
}
