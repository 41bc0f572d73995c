//! `/schedules`: trying schedules out; and how schedules and kinds are read and documented.

use actix_web::post;
use circadia_domain::Error;
use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::{
    Kind, KindInput, NumberedWeekdayInput, Plan, Schedule, ScheduleInput, Timeline, WeekdayInput, Window,
};
use circadia_domain::violation::Violations;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::me::WeekdayBody;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, Raw, any_text, date, integer, list, text};
use crate::http::problem::{InputLocation, Problem};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(preview);
}

/// The most dates of a preview.
const MAX_DATES: u32 = 100_000;

/// When a habit is due.
#[derive(Debug, ToSchema)]
#[schema(as = Schedule)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ScheduleDoc {
    /// Every n-th day from the start.
    #[schema(title = "DailySchedule")]
    Daily {
        /// n; 1 if absent.
        #[schema(minimum = 1, maximum = 1000, default = 1)]
        every: Option<u32>,
    },
    /// Days of every n-th week.
    #[schema(title = "WeeklySchedule")]
    Weekly {
        /// Which; at least one.
        #[schema(min_items = 1, max_items = 7)]
        weekdays: Vec<WeekdayBody>,
        /// n; 1 if absent.
        #[schema(minimum = 1, maximum = 1000, default = 1)]
        every: Option<u32>,
    },
    /// Days of every n-th month: either `days` or `weekdays`.
    #[schema(title = "MonthlySchedule")]
    Monthly {
        /// Days of the month, 1–31, or from its end, −1 … −31.
        #[schema(max_items = 366)]
        days: Option<Vec<i16>>,
        /// Numbered weekdays of the month.
        #[schema(max_items = 366)]
        weekdays: Option<Vec<NthWeekdayDoc>>,
        /// n; 1 if absent.
        #[schema(minimum = 1, maximum = 1000, default = 1)]
        every: Option<u32>,
        /// What becomes of `days` that a month lacks; `clamp` if absent.
        overflow: Option<OverflowDoc>,
    },
    /// Dates of every n-th year.
    #[schema(title = "YearlySchedule")]
    Yearly {
        /// `MM-DD`.
        #[schema(min_items = 1, max_items = 366, example = json!(["02-29", "12-25"]))]
        dates: Vec<String>,
        /// n; 1 if absent.
        #[schema(minimum = 1, maximum = 1000, default = 1)]
        every: Option<u32>,
        /// What becomes of 29 February in common years; `clamp` if absent.
        overflow: Option<OverflowDoc>,
    },
    /// Some days on, some days off, in a fixed phase from the start.
    #[schema(title = "CycleSchedule")]
    Cycle {
        /// Days on.
        #[schema(minimum = 1, maximum = 366)]
        active_days: u32,
        /// Days off.
        #[schema(minimum = 0, maximum = 366)]
        rest_days: u32,
    },
    /// Flexible: any days, that many (`times`), or that much in all (`amount`), in each calendar period.
    #[schema(title = "QuotaSchedule")]
    Quota {
        /// On that many days; either this or `amount`.
        #[schema(minimum = 1, maximum = 366)]
        times: Option<u32>,
        /// That much in all; only for habits that count or measure minutes.
        #[schema(minimum = 1)]
        amount: Option<u32>,
        /// The period.
        per: PerDoc,
    },
    /// Any RFC 5545 rule at the level of dates, with RFC 7529 `SKIP`.
    #[schema(title = "RruleSchedule")]
    Rrule {
        /// The rule, without `RRULE:`.
        #[schema(example = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1")]
        rrule: String,
    },
}

/// The n-th of a weekday in a month.
#[derive(Debug, ToSchema)]
#[schema(as = NthWeekday)]
#[expect(dead_code, reason = "documents the domain's type")]
pub struct NthWeekdayDoc {
    /// Which one, 1–5, or from the end, −1 … −5.
    #[schema(example = -1)]
    nth: i16,
    /// Of which weekday.
    weekday: WeekdayBody,
}

/// What becomes of a day that a month or year lacks.
#[derive(Debug, ToSchema)]
#[schema(as = Overflow)]
#[serde(rename_all = "snake_case")]
pub enum OverflowDoc {
    /// It is the last day of the shorter month.
    Clamp,
    /// It is left out.
    Skip,
}

/// A calendar period.
#[derive(Debug, ToSchema)]
#[schema(as = Per)]
#[serde(rename_all = "snake_case")]
pub enum PerDoc {
    /// A week, from the user's week start.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// How a day is measured.
#[derive(Debug, ToSchema)]
#[schema(as = Kind)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum KindDoc {
    /// Done or not.
    #[schema(title = "CheckKind")]
    Check {},
    /// A count.
    #[schema(title = "CountKind")]
    Count {
        /// How many.
        #[schema(minimum = 0, maximum = 1_000_000, example = 8)]
        target: u32,
        /// Of what.
        #[schema(min_length = 1, max_length = 24, example = "glasses")]
        unit: String,
        /// `at_least` if absent.
        direction: Option<DirectionDoc>,
    },
    /// Minutes.
    #[schema(title = "MinutesKind")]
    Minutes {
        /// How many.
        #[schema(minimum = 0, maximum = 1440, example = 30)]
        target: u32,
        /// `at_least` if absent.
        direction: Option<DirectionDoc>,
    },
}

/// Whether the target is to be reached or not to be exceeded.
#[derive(Debug, ToSchema)]
#[schema(as = Direction)]
#[serde(rename_all = "snake_case")]
pub enum DirectionDoc {
    /// Done when the value reaches the target.
    AtLeast,
    /// Done when the day is over and the value didn't exceed the target; no entry counts as 0.
    AtMost,
}

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
            type_name: fields.optional("type", any_text),
            weekdays: fields.optional("weekdays", list(366, weekday)),
            days: fields.optional("days", list(366, integer(Ok))),
            dates: fields.optional("dates", list(366, any_text)),
            active_days: fields.optional("active_days", integer(Ok)),
            rest_days: fields.optional("rest_days", integer(Ok)),
            times: fields.optional("times", integer(Ok)),
            amount: fields.optional("amount", integer(Ok)),
            per: fields.optional("per", any_text),
            rrule: fields.optional("rrule", any_text),
            every: fields.optional("every", integer(Ok)),
            overflow: fields.optional("overflow", any_text),
        }))
    }
}

struct NumberedWeekday(NumberedWeekdayInput);

impl Decode for NumberedWeekday {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let nth = fields.required("nth", integer(Ok));
        let weekday = fields.required("weekday", any_text);
        Some(Self(NumberedWeekdayInput { nth: nth?, weekday: weekday? }))
    }
}

/// Reads a schedule.
pub(super) fn schedule(raw: Raw<'_>) -> Parsed<Schedule> {
    let ScheduleFields(input) = Fields::object(raw)?;
    Schedule::validate(input)
}

struct KindFields(KindInput);

impl Decode for KindFields {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(KindInput {
            type_name: fields.optional("type", any_text),
            target: fields.optional("target", integer(Ok)),
            unit: fields.optional("unit", any_text),
            direction: fields.optional("direction", any_text),
        }))
    }
}

/// Reads a kind.
pub(super) fn kind(raw: Raw<'_>) -> Parsed<Kind> {
    let KindFields(input) = Fields::object(raw)?;
    Kind::validate(input)
}

/// A schedule to try out.
#[derive(Debug, ToSchema)]
pub struct PreviewBody {
    /// The schedule.
    #[schema(value_type = ScheduleDoc)]
    schedule: Schedule,
    /// The first day.
    #[schema(value_type = String, format = Date, example = "2026-01-01")]
    starts_on: Date,
    /// The last day.
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
    /// The first day to look at.
    #[schema(value_type = String, format = Date, example = "2026-01-01")]
    from: Date,
    /// The last day to look at.
    #[schema(value_type = String, format = Date, example = "2026-12-31")]
    to: Date,
}

impl Decode for PreviewBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let schedule = fields.required("schedule", schedule);
        let starts_on = fields.required("starts_on", text(date));
        let ends_on = fields.optional("ends_on", text(date));
        let from = fields.required("from", text(date));
        let to = fields.required("to", text(date));
        fields.note_reversed(from, to);
        if starts_on.zip(ends_on).is_some_and(|(starts_on, ends_on)| ends_on < starts_on) {
            fields.note("ends_on", "before_start", "must not lie before `starts_on`");
        }
        Some(Self { schedule: schedule?, starts_on: starts_on?, ends_on, from: from?, to: to? })
    }
}

/// What a schedule would mean.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub struct PreviewAnswer {
    /// The due dates from `from` to `to`.
    #[schema(value_type = Vec<String>, format = Date)]
    dates: Vec<Date>,
    /// How many there are.
    count: u32,
    /// The first due date after `to`; null if there is none.
    #[schema(value_type = Option<String>, format = Date)]
    next: Option<Date>,
    /// The schedule as an RFC 5545 rule; null where none can express it: for quotas, some cycles, and some yearly dates
    /// that skip.
    rrule: Option<String>,
    /// The schedule in words.
    #[schema(example = "the last working day of every month")]
    description: String,
}

/// Try a schedule out
///
/// Says which dates it means, without storing anything. At most 100,000 of them.
#[utoipa::path(
    tag = "schedules",
    operation_id = "previewSchedule",
    request_body = PreviewBody,
    responses((status = 200, description = "What it would mean", body = PreviewAnswer))
)]
#[post("/schedules/preview")]
async fn preview(caller: Caller, body: Body<PreviewBody>) -> Result<Answer, Problem> {
    let PreviewBody { schedule, starts_on, ends_on, from, to } = body.value;
    let Some(range) = DateRange::new(from, to) else {
        return Err(Error::field("/to", "before_start", "must not lie before `from`").into());
    };
    let week_start = caller.accounts.profile(caller.principal).await?.user.settings.week_start;
    let window = Window { starts_on, ends_on };
    // A kind that every schedule goes together with: only the days matter here.
    let kind = Kind::Minutes { target: 1, direction: circadia_domain::habits::Direction::AtLeast };
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
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<PreviewBody>();
    }

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
