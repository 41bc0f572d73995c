//! How often, as Loop and its kin say it: so many times in so many days.

use circadia_domain::habits::{Kind, Per, Quota, Schedule};
use circadia_domain::quantity::Quantity;

use crate::context::DAILY;

/// Our schedule, and why it differs from the app's, if it does.
pub(crate) type Mapped = (Schedule, Option<String>);

/// The calendar period that so many days stand for.
const fn period(days: u32) -> Option<Per> {
    match days {
        7 => Some(Per::Week),
        28..=31 => Some(Per::Month),
        365 | 366 => Some(Per::Year),
        _ => None,
    }
}

/// Any `days` days in a row, where schedules can say that. Read from JSON, so that it is what this version's can say.
fn rolling(times: u32, days: u32) -> Option<Schedule> {
    let json = format!(r#"{{"type":"quota","times":{times},"per":"rolling","days":{days}}}"#);
    serde_json::from_str(&json).ok()
}

/// The schedule of what is to be done `times` times in any `days` days in a row, as Loop has it: also of weeks.
pub(crate) fn times_in_any_days(times: u32, days: u32) -> Mapped {
    match rolling(times, days) {
        Some(schedule) if 0 < times && times < days => (schedule, None),
        _ => times_in_days(times, days),
    }
}

/// The schedule of what is to be done `times` times in `days` days: in a calendar week, month or year, if that is what they
/// are.
pub(crate) fn times_in_days(times: u32, days: u32) -> Mapped {
    let (times, days) = (times.max(1), days.max(1));
    if times >= days {
        return (DAILY, None);
    }
    if let Some(per) = period(days) {
        return (Schedule::Quota { quota: Quota::Times(times.min(per.least_days())), per }, None);
    }
    if let Some(schedule) = rolling(times, days) {
        return (schedule, None);
    }
    let (per, length) = if days <= 14 { (Per::Week, 7) } else { (Per::Month, 30) };
    let nearest = (times.saturating_mul(length).saturating_add(days / 2) / days).clamp(1, per.least_days());
    let detail = format!("{times} times in {days} days has no equal here: it is {nearest} times a {per}");
    (Schedule::Quota { quota: Quota::Times(nearest), per }, Some(detail))
}

/// The schedule, and the day's target, of an amount in any `days` days.
pub(crate) fn amount_in_days(amount: Quantity, days: u32) -> (Schedule, Quantity, Option<String>) {
    let share = Quantity::from_thousandths(amount.thousandths() / u64::from(days.max(1)));
    match period(days) {
        _ if days <= 1 => (DAILY, amount, None),
        Some(per) if amount > Quantity::ZERO => {
            (Schedule::Quota { quota: Quota::Amount(amount), per }, share.max(Quantity::SMALLEST), None)
        }
        _ => (DAILY, share, Some(format!("{amount} in {days} days has no equal here: it is {share} a day"))),
    }
}

/// Whether a day of a kind is done by a number.
pub(crate) fn is_met(kind: &Kind, value: Quantity) -> bool {
    kind.is_met_by(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_quotas_of_calendar_periods() {
        let json = |times, days| serde_json::to_string(&times_in_days(times, days).0).unwrap();
        assert_eq!(json(1, 1), r#"{"type":"daily","every":1}"#);
        assert_eq!(json(7, 7), r#"{"type":"daily","every":1}"#);
        assert_eq!(json(3, 7), r#"{"type":"quota","times":3,"per":"week"}"#);
        assert_eq!(json(10, 30), r#"{"type":"quota","times":10,"per":"month"}"#);
        assert_eq!(json(0, 0), r#"{"type":"daily","every":1}"#);
        assert!(times_in_days(3, 7).1.is_none());
    }

    #[test]
    fn what_has_no_equal_is_said() {
        let (schedule, note) = times_in_days(2, 3);
        match schedule {
            Schedule::Quota { quota: Quota::Times(5), per: Per::Week } => assert!(note.is_some()),
            // Where schedules know rolling quotas.
            other => assert!(other.describe().contains('3') && note.is_none()),
        }
        let (schedule, target, note) = amount_in_days(Quantity::whole(70), 7);
        assert_eq!(serde_json::to_string(&schedule).unwrap(), r#"{"type":"quota","amount":70,"per":"week"}"#);
        assert_eq!((target, note), (Quantity::whole(10), None));
        assert!(amount_in_days(Quantity::whole(70), 5).2.is_some());
    }
}
