//! Random rules evaluated by python-dateutil: every date and every number must be the same.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may fail loudly")]

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::recurrence::{Occurrences, Rule};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    id: String,
    dtstart: Date,
    rrule: String,
    from: Date,
    to: Date,
    dates: Vec<Date>,
    count: u32,
}

fn check(vector: &Vector) {
    let rule: Rule = vector.rrule.parse().unwrap_or_else(|wrong| panic!("{}: {wrong}", vector.id));
    let occurrences = Occurrences::of(&rule, vector.dtstart);
    let range = DateRange::new(vector.from, vector.to).unwrap();
    let name = format!("{} {} from {}", vector.id, vector.rrule, vector.dtstart);
    assert_eq!(occurrences.iter(range).collect::<Vec<_>>(), vector.dates, "{name}");
    assert_eq!(occurrences.count(range), vector.count, "{name}");
    let mut backwards: Vec<Date> = occurrences.iter(range).rev().collect();
    backwards.reverse();
    assert_eq!(backwards, vector.dates, "{name}, backwards");
    let bits = occurrences.due_bits(range);
    for (at, date) in range.iter().enumerate() {
        let due = vector.dates.binary_search(&date).is_ok();
        assert_eq!(bits[at / 64] >> (at % 64) & 1 == 1, due, "{name}: bit of {date}");
        assert_eq!(occurrences.is_due(date), due, "{name}: {date}");
    }
    for pair in vector.dates.windows(2) {
        assert_eq!(occurrences.next_after(pair[0]), Some(pair[1]), "{name}: after {}", pair[0]);
        assert_eq!(occurrences.prev_before(pair[1]), Some(pair[0]), "{name}: before {}", pair[1]);
    }
    assert_eq!(rule.to_string().parse::<Rule>().as_ref(), Ok(&rule), "{name} read back");
    assert!(!rule.describe().is_empty());
}

#[test]
fn every_vector_holds() {
    let path = std::env::var_os("CIRCADIA_RECURRENCE_VECTORS").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recurrence.json").into(),
        std::path::PathBuf::from,
    );
    let vectors: Vec<Vector> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(vectors.len() >= 400);
    for vector in &vectors {
        check(vector);
    }
}
