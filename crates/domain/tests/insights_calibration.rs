//! Whether insights keep their word: where there is nothing they find nothing, but for the rate of false discoveries
//! that they declare; where there is something they find it. (More accounts, and more figures, in the example of the
//! same name.)
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "all of this is test code, which fails by panicking")]

mod accounts;

use accounts::Plant;
use circadia_domain::stats::insights::{DEFAULT_RATE, examine};

fn share_with_something(accounts: u64, stubborn: bool) -> f64 {
    let seeds = (0..accounts).map(|seed| seed + 1_000_000);
    let any = seeds.filter(|seed| {
        let found = examine(&accounts::unrelated(*seed, stubborn), DEFAULT_RATE);
        assert!(found.findings.len() + found.untested.len() >= 10, "hardly anything was asked");
        found.findings.iter().any(|finding| finding.significant)
    });
    f64::from(u32::try_from(any.count()).unwrap()) / f64::from(u32::try_from(accounts).unwrap())
}

#[test]
fn of_1000_accounts_without_association_at_most_5_percent_show_one() {
    let share = share_with_something(1000, false);
    assert!(share <= 0.05, "{share}");
    // And it isn't that nothing is ever found.
    assert!(share > 0.005, "{share}");
}

#[test]
fn slow_swings_under_noise_mislead_no_more_often() {
    let share = share_with_something(300, true);
    assert!(share <= 0.06, "{share}");
}

#[test]
fn three_of_four_planted_associations_of_0_6_are_found_in_90_days() {
    // One that is cut to yes and no correlates by 0.48, and takes more days.
    for (plant, days) in [(Plant::Counted, 90), (Plant::YesOrNo, 90), (Plant::Cut, 120)] {
        let account = |seed| accounts::planted(seed, days, 0.6, plant);
        let found = (0..100).filter(|seed| accounts::is_found(&account(*seed), DEFAULT_RATE)).count();
        assert!(found >= 75, "{found} of 100 ({plant:?})");
    }
}

#[test]
fn everything_that_was_asked_is_answered_and_the_family_is_all_that_was_tested() {
    for seed in 0..20 {
        let account = accounts::unrelated(seed, false);
        let asked = circadia_domain::stats::insights::hypotheses(&account);
        let found = examine(&account, DEFAULT_RATE);
        let mut answered: Vec<_> = found.findings.iter().map(|finding| finding.asked).collect();
        answered.extend(found.untested.iter().map(|lacking| lacking.asked));
        assert_eq!(answered.len(), asked.len());
        assert!(asked.iter().all(|asked| answered.contains(asked)));
        let family = f64::from(u32::try_from(found.findings.len()).unwrap());
        let least = &found.findings[0];
        assert!(least.p_adjusted <= (least.p * family).min(1.0) + 1e-12 && least.p_adjusted >= least.p);
        assert!(found.findings.is_sorted_by(|a, b| a.p <= b.p && a.p_adjusted <= b.p_adjusted));
    }
}
