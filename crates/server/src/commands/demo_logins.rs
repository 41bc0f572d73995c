//! The sign-ins of the demonstration: of its account, and with `--admin` of an installation's other accounts.

use std::net::{IpAddr, Ipv4Addr};

use circadia_domain::civil::{Date, DateRange, DayClock, DayStart, Weekday, Zone};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, LoginId, UserId};
use circadia_domain::logins::{
    self, Browser, DeviceKind, LoginAttempt, LoginClient, LoginFailure, LoginMethod, OperatingSystem,
};
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::Locale;

use super::demo::{DAYS, Dice};

/// What people sign in with: the browser, the system, the kind of device, and a user agent that says so.
const CLIENTS: [(Browser, OperatingSystem, DeviceKind, &str); 5] = [
    (
        Browser::Firefox,
        OperatingSystem::Linux,
        DeviceKind::Desktop,
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
    (
        Browser::Safari,
        OperatingSystem::Ios,
        DeviceKind::Phone,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 \
         Mobile/15E148 Safari/604.1",
    ),
    (
        Browser::Chrome,
        OperatingSystem::Android,
        DeviceKind::Phone,
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile \
         Safari/537.36",
    ),
    (
        Browser::Edge,
        OperatingSystem::Windows,
        DeviceKind::Desktop,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 \
         Safari/537.36 Edg/138.0.0.0",
    ),
    (
        Browser::Chrome,
        OperatingSystem::MacOs,
        DeviceKind::Desktop,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 \
         Safari/537.36",
    ),
];

/// An account whose sign-ins are made up.
pub(super) struct Person {
    pub(super) user: UserId,
    /// The day of registration.
    pub(super) since: Date,
    /// How many of a hundred days they sign in on.
    pub(super) percent: u32,
}

/// Makes the sign-ins of these accounts up to the day before `today`. How many attempts.
pub(super) fn make(
    store: &mut dyn Store,
    ids: &dyn IdSource,
    people: &[Person],
    zone: Zone,
    today: Date,
) -> Result<usize, StoreError> {
    let mut dice = Dice(2_718);
    let clock = DayClock { zone, day_start: DayStart::MIDNIGHT };
    let mut attempts = Vec::new();
    for (place, person) in (0_u8..).zip(people) {
        let first = person.since.max(today.saturating_add_days(1 - DAYS));
        let days = DateRange::new(first, today.saturating_add_days(-1));
        for date in days.into_iter().flatten() {
            let weekend = matches!(date.weekday(), Weekday::Sa | Weekday::Su);
            let percent = if weekend { person.percent * 2 / 3 } else { person.percent };
            if dice.roll(100) >= percent {
                continue;
            }
            // In the morning, at noon or in the evening; at weekends later.
            let hour = match dice.roll(8) {
                0 => 7,
                1 | 2 => 8,
                3 => 12,
                4 => 18,
                later => i64::from(later) + 15,
            };
            let seconds = (hour + i64::from(weekend)) * 3_600 + i64::from(dice.roll(3_600));
            let at = clock.start_of(date).plus_seconds(seconds);
            // Mostly the same two devices, sometimes another one.
            let device = match dice.roll(20) {
                0 => dice.roll(5),
                1..=9 => u32::from(place) + 1,
                _ => u32::from(place),
            };
            let address = IpAddr::V4(Ipv4Addr::new(198, 51, 100, place));
            let mut attempt = |seconds: i64, failure| {
                let Some((browser, os, device, user_agent)) =
                    usize::try_from(device % 5).ok().and_then(|device| CLIENTS.get(device)).copied()
                else {
                    return;
                };
                attempts.push(LoginAttempt {
                    id: LoginId::from_uuid(ids.fresh()),
                    user: Some(person.user),
                    identifier_hash: [place; 32],
                    at: at.plus_seconds(seconds),
                    ip: Some(address),
                    user_agent: Some(user_agent.to_owned()),
                    client: LoginClient { browser, os, device },
                    language: Locale::parse(if place % 3 == 0 { "de-DE" } else { "en-US" }).ok(),
                    method: LoginMethod::Password,
                    failure,
                });
            };
            // Now and then the password is mistyped first.
            if dice.roll(12) == 0 {
                attempt(-20, Some(LoginFailure::WrongPassword));
            }
            attempt(0, None);
        }
    }
    attempts.sort_by_key(|attempt| attempt.at);
    logins::record_past(store, &attempts)?;
    Ok(attempts.len())
}
