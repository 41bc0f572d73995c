//! How often insights find what isn't there, and what is: `cargo run --release -p circadia-domain --example
//! insights_calibration [ACCOUNTS]`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a report for people, made of made-up accounts"
)]

#[path = "../tests/accounts/mod.rs"]
mod accounts;

use accounts::Plant;
use circadia_domain::stats::insights::examine;

fn share(count: u32, of: u32) -> f64 {
    100.0 * f64::from(count) / f64::from(of.max(1))
}

fn main() {
    let accounts: u32 = std::env::args().nth(1).map_or(10_000, |text| text.parse().unwrap());
    for stubborn in [false, true] {
        unrelated(accounts, stubborn);
    }
    for (r, days) in [(0.6, 90), (0.6, 60), (0.4, 90), (0.4, 180), (0.3, 365)] {
        for plant in [Plant::Counted, Plant::YesOrNo, Plant::Cut] {
            let tries = accounts.min(2000);
            let account = |seed| accounts::planted(seed, days, r, plant);
            let found = (0..u64::from(tries)).filter(|seed| accounts::is_found(&account(*seed), 0.05)).count();
            let found = share(u32::try_from(found).unwrap(), tries);
            println!("planted r = {r}, n = {days}, {plant:?}: found in {found:.1} % of {tries} accounts");
        }
    }
}

fn unrelated(accounts: u32, stubborn: bool) {
    let rates = [0.01, 0.05, 0.1, 0.2];
    let levels = [0.05, 0.01, 0.001, 0.0001];
    let (mut any, mut below, mut tested) = ([0_u32; 4], [0_u32; 4], 0);
    for seed in 0..u64::from(accounts) {
        let found = examine(&accounts::unrelated(seed, stubborn), 0.05);
        tested += u32::try_from(found.findings.len()).unwrap();
        for (count, rate) in any.iter_mut().zip(rates) {
            *count += u32::from(found.findings.iter().any(|finding| finding.p_adjusted < rate));
        }
        for (count, level) in below.iter_mut().zip(levels) {
            *count += u32::try_from(found.findings.iter().filter(|finding| finding.p < level).count()).unwrap();
        }
    }
    println!(
        "no association{}: {accounts} accounts, {:.1} tests each",
        if stubborn { ", slow swings" } else { "" },
        f64::from(tested) / f64::from(accounts)
    );
    for (rate, any) in rates.iter().zip(any) {
        println!("  declared rate {rate}: something significant in {:.2} % of accounts", share(any, accounts));
    }
    for (level, below) in levels.iter().zip(below) {
        println!("  p below {level}: {:.4} % of tests", share(below, tested));
    }
}
