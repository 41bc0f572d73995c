//! `/schedules`: previews, and the decoding and documentation of schedules and kinds.

use circadia_domain::Error;
use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::{
    DaysInput, Kind, KindInput, NumberedWeekdayInput, Plan, Schedule, ScheduleInput, Timeline, WeekdayInput, Window,
};
use circadia_domain::quantity::Quantity;
use circadia_domain::violation::Violations;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, Raw, any_text, integer, list};
use crate::http::problem::{InputLocation, Problem};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("schedules", "Trying schedules out.");
    operations!(routes, preview);
}

/// The most dates of a preview.
const MAX_DATES: u32 = 100_000;

struct ScheduleFields(ScheduleInput);

impl Decode for ScheduleFields {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let weekday = |raw: Raw<'_>| match raw.value {
            Value::Object(_) => {
                Fields::object::<NumberedWeekday>(raw).map(|NumberedWeekday(day)| WeekdayInput::Numbered(day))
            }
            _ => any_text(raw).map(WeekdayInput::Plain),
        };
        Some(Self(ScheduleInput {
            type_name: fields.optional_with("type", any_text),
            weekdays: fields.optional_with("weekdays", list(366, weekday)),
            days: fields.optional_with("days", days),
            dates: fields.optional_with("dates", list(366, any_text)),
            active_days: fields.optional_with("active_days", integer(Ok)),
            rest_days: fields.optional_with("rest_days", integer(Ok)),
            times: fields.optional_with("times", integer(Ok)),
            amount: fields.optional("amount"),
            per: fields.optional_with("per", any_text),
            rrule: fields.optional_with("rrule", any_text),
            every: fields.optional_with("every", integer(Ok)),
            overflow: fields.optional_with("overflow", any_text),
        }))
    }
}

/// The days of a month, or how many in a row.
fn days(raw: Raw<'_>) -> Parsed<DaysInput> {
    match raw.value {
        Value::Number(_) => integer(Ok)(raw).map(DaysInput::Number),
        Value::Array(_) => list(366, integer(Ok))(raw).map(DaysInput::Listed),
        _ => Err(Violations::of("wrong_type", "must be a list of days of the month, or how many days in a row")),
    }
}

struct NumberedWeekday(NumberedWeekdayInput);

impl Decode for NumberedWeekday {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let nth = fields.required_with("nth", integer(Ok));
        let weekday = fields.required_with("weekday", any_text);
        Some(Self(NumberedWeekdayInput { nth: nth?, weekday: weekday? }))
    }
}

/// Reads a schedule.
pub(in crate::routes) fn schedule(raw: Raw<'_>) -> Parsed<Schedule> {
    let ScheduleFields(input) = Fields::object(raw)?;
    Schedule::validate(input)
}

struct KindFields(KindInput);

impl Decode for KindFields {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(KindInput {
            type_name: fields.optional_with("type", any_text),
            target: fields.optional("target"),
            unit: fields.optional_with("unit", any_text),
            direction: fields.optional_with("direction", any_text),
        }))
    }
}

/// Reads a kind.
pub(in crate::routes) fn kind(raw: Raw<'_>) -> Parsed<Kind> {
    let KindFields(input) = Fields::object(raw)?;
    Kind::validate(input)
}

/// A schedule to preview.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"schedule": {"type": "monthly", "days": [-1]}, "starts_on": "2026-01-01", "from": "2026-01-01", "to": "2026-12-31"}))]
pub struct PreviewBody {
    /// The schedule.
    schedule: Schedule,
    /// The first day.
    #[schema(example = "2026-01-01")]
    starts_on: Date,
    /// The last day.
    ends_on: Option<Date>,
    /// The first day of the preview.
    #[schema(example = "2026-01-01")]
    from: Date,
    /// The last day of the preview.
    #[schema(example = "2026-12-31")]
    to: Date,
}

impl Decode for PreviewBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let schedule = fields.required_with("schedule", schedule);
        let starts_on = fields.required("starts_on");
        let ends_on = fields.optional("ends_on");
        let from = fields.required("from");
        let to = fields.required("to");
        fields.note_reversed(from, to);
        if starts_on.zip(ends_on).is_some_and(|(starts_on, ends_on)| ends_on < starts_on) {
            fields.note("ends_on", "before_start", "must not lie before `starts_on`");
        }
        Some(Self { schedule: schedule?, starts_on: starts_on?, ends_on, from: from?, to: to? })
    }
}

/// The preview of a schedule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub struct PreviewAnswer {
    /// The due dates from `from` to `to`.
    dates: Vec<Date>,
    /// The number of dates.
    count: u32,
    /// The first due date after `to`; null if there is none.
    next: Option<Date>,
    /// The schedule as an RFC 5545 rule; null if no rule can express it, as for quotas, some cycles, and yearly dates
    /// that are skipped in some years.
    rrule: Option<String>,
    /// The schedule in words.
    #[schema(example = "the last working day of every month")]
    description: String,
}

/// Preview a schedule
///
/// Returns the due dates without storing anything; at most 100,000.
#[utoipa::path(
    post,
    path = "/schedules/preview",
    tag = "schedules",
    operation_id = "previewSchedule",
    extensions(("x-scope" = json!("habits:read"))),
    request_body = PreviewBody,
    responses((status = 200, description = "The preview", body = PreviewAnswer))
)]
async fn preview(caller: Caller, body: Body<PreviewBody>) -> Result<Answer, Problem> {
    let PreviewBody { schedule, starts_on, ends_on, from, to } = body.0;
    let Some(range) = DateRange::new(from, to) else {
        return Err(Error::field("/to", "before_start", "must not lie before `from`").into());
    };
    let settings = caller.accounts.profile(caller.principal).await?.user.settings;
    let (week_start, schedule) = (settings.week_start, schedule.in_zone(&settings.timezone));
    let window = Window { starts_on, ends_on };
    // This kind is compatible with every schedule. Only the days matter here.
    let kind = Kind::Minutes { target: Quantity::SMALLEST, direction: circadia_domain::habits::Direction::AtLeast };
    let plan = Plan { effective_from: starts_on, anchor: starts_on, week_start, schedule: schedule.clone(), kind };
    let timeline =
        Timeline::new(window, vec![plan], Vec::new()).map_err(|wrong| Problem::invalid(InputLocation::Body, wrong))?;
    let count = timeline.count_due(range);
    if count > MAX_DATES {
        let mut wrong = Violations::new();
        wrong.add("/to", "too_many", format!("makes {count} dates; at most {MAX_DATES} are given at once"));
        return Err(Problem::invalid(InputLocation::Body, wrong));
    }
    let answer = PreviewAnswer {
        dates: timeline.iter_due(range).collect(),
        count,
        next: timeline.next_due_after(to),
        rrule: schedule.to_rrule_with_week_start(starts_on, week_start),
        description: schedule.describe(),
    };
    Answer::computed(&answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_schedules_are_named_part_by_part() {
        let value = serde_json::json!({"type": "weekly", "weekdays": ["mo", "xx"], "every": "2", "colour": 1});
        let wrong = schedule(Raw { value: &value, textual: false }).unwrap_err();
        let pointers: Vec<&str> = wrong.iter().map(|violation| violation.path.as_str()).collect();
        assert_eq!(pointers, ["/every", "/colour"]);
        let value = serde_json::json!({"type": "weekly", "weekdays": ["mo", "xx"], "every": 0});
        let wrong = schedule(Raw { value: &value, textual: false }).unwrap_err();
        assert!(wrong.iter().any(|violation| violation.path == "/weekdays/1"));
        assert!(wrong.iter().any(|violation| violation.path == "/every"));
    }
}
