//! `GET /habits` and `PUT /habits/order`.

use std::cmp::Ordering;

use circadia_domain::civil::Date;
use circadia_domain::collation::{search_key, sort_key};
use circadia_domain::habits::{self, Habit, HabitStatus, Recent, TimeOfDay};
use circadia_domain::ids::{HabitId, ThemeId};
use circadia_domain::violation::Violations;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::dto::HabitBody;
use crate::http::answer::NoContent;
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, Query, list, sought, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::sort::{order_text, parse_order};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, reorder, list_habits);
}

/// The sort orders of habits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Position,
    Name,
    CreatedAt,
    Streak,
}

const SORTS: [(&str, By); 4] =
    [("position", By::Position), ("name", By::Name), ("created_at", By::CreatedAt), ("streak", By::Streak)];

/// An order, and whether it is reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sort {
    by: By,
    reversed: bool,
}

impl Sort {
    fn parse(given: &str) -> Parsed<Self> {
        let (by, reversed) = parse_order(&SORTS, given)?;
        Ok(Self { by, reversed })
    }

    fn text(self) -> String {
        order_text(&SORTS, self.by, self.reversed)
    }

    fn comes_before(self, a: &Key, b: &Key) -> bool {
        let order = a.value.cmp(&b.value).then(a.id.cmp(&b.id));
        order == if self.reversed { Ordering::Greater } else { Ordering::Less }
    }
}

/// The sort key of a habit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
enum KeyValue {
    Number(i64),
    Text(String),
}

/// A habit's place in the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    #[serde(rename = "v")]
    value: KeyValue,
    #[serde(rename = "i")]
    id: HabitId,
}

/// Filters and sort order of habits.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only active, or only archived ones.
    status: Option<HabitStatus>,
    /// Only those of this theme.
    theme_id: Option<ThemeId>,
    /// Only those of this time of day; with `any`, those of no particular one.
    time_of_day: Option<TimeOfDay>,
    /// Only habits whose current schedule has this type.
    #[param(pattern = "^(daily|weekly|monthly|yearly|cycle|quota|rrule)$")]
    schedule_type: Option<String>,
    /// Only those whose name or description contains this, ignoring case and accents.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `position` (default), `name`, `created_at` or `streak`; a leading `-` reverses the order. Names are ordered by the
    /// root of the Unicode collation: `apfel`, `Äpfel`, `zoo`.
    #[param(value_type = Option<String>, pattern = "^-?(position|name|created_at|streak)$", example = "-streak")]
    sort: Option<Sort>,
    /// Only those that are due on this day.
    due_on: Option<Date>,
    /// The day to evaluate at. Defaults to the user's today. Determines status, current schedules and streaks.
    on: Option<Date>,
    #[param(ignore)]
    page: PageRequest,
}

fn schedule_type(word: &str) -> Parsed<String> {
    const TYPES: [&str; 7] = ["daily", "weekly", "monthly", "yearly", "cycle", "quota", "rrule"];
    if TYPES.contains(&word) {
        Ok(word.to_owned())
    } else {
        Err(Violations::of("unknown_value", format!("must be one of {}", TYPES.join(", "))))
    }
}

impl Decode for ListQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            status: fields.optional("status"),
            theme_id: fields.optional("theme_id"),
            time_of_day: fields.optional("time_of_day"),
            schedule_type: fields.optional_with("schedule_type", text(schedule_type)),
            q: fields.optional_with("q", text(sought)),
            sort: fields.optional_with("sort", text(Sort::parse)),
            due_on: fields.optional("due_on"),
            on: fields.optional("on"),
            page: PageRequest::decode(fields)?,
        })
    }
}

impl ListQuery {
    fn wants(&self, habit: &Habit, history: &Recent, today: Date) -> bool {
        self.status.is_none_or(|wanted| wanted == habit.status(today))
            && self.theme_id.is_none_or(|theme| habit.theme == Some(theme))
            && self.time_of_day.is_none_or(|wanted| wanted == habit.time_of_day)
            && self.schedule_type.as_ref().is_none_or(|name| habit.timeline.plan_on(today).schedule.type_name() == name)
            && self.q.as_ref().is_none_or(|sought| {
                let found_in = |text: &str| search_key(text).contains(sought);
                found_in(habit.name.as_str())
                    || habit.description.as_ref().is_some_and(|description| found_in(description.as_str()))
            })
            && self.due_on.is_none_or(|date| history.is_due(&habit.timeline, date) == Some(true))
    }
}

fn key(sort: Sort, habit: &Habit, history: &Recent, today: Date) -> Key {
    let value = match sort.by {
        By::Position => KeyValue::Number(i64::from(habit.position)),
        By::Name => KeyValue::Text(sort_key(habit.name.as_str())),
        By::CreatedAt => KeyValue::Number(habit.created_at.micros()),
        By::Streak => KeyValue::Number(history.current_streak(&habit.timeline, today).map_or(0, i64::from)),
    };
    Key { value, id: habit.id }
}

/// List my habits
///
/// Sorting, also by streak, applies across all pages.
#[utoipa::path(
    get,
    path = "/habits",
    tag = "habits",
    operation_id = "listHabits",
    extensions(("x-scope" = json!("habits:read"))),
    params(ListQuery, PageRequest),
    responses((status = 200, description = "A page of habits", body = Page<HabitBody>))
)]
async fn list_habits(caller: Caller, query: Query<ListQuery>) -> Result<Page<HabitBody>, Problem> {
    let query = query.0;
    // The earliest day that is evaluated determines how much history must be loaded.
    let looked_at = query.due_on.into_iter().chain(query.on).min();
    let now = caller.now;
    let (found, user) = caller.query(move |store| habits::list(store, caller.user, now, looked_at)).await?;
    let today = query.on.unwrap_or_else(|| user.today(now));
    let sort = query.sort.unwrap_or(Sort { by: By::Position, reversed: false });
    let mut items: Vec<(Key, Habit)> = found
        .into_iter()
        .filter(|(habit, history)| query.wants(habit, history, today))
        .map(|(habit, history)| (key(sort, &habit, &history, today), habit))
        .collect();
    items.sort_by(|(a, _), (b, _)| if sort.comes_before(a, b) { Ordering::Less } else { Ordering::Greater });
    let page =
        Page::of_sorted(items, |(key, _)| key.clone(), &sort.text(), &query.page, |a, b| sort.comes_before(a, b))?;
    Ok(page.map(|(_, habit)| HabitBody::new(habit, today)))
}

/// An order of habits.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct OrderBody {
    /// The habits that come first, in order. All others follow in their current order.
    #[schema(value_type = std::collections::BTreeSet<HabitId>, max_items = 5000, example = json!(["01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b"]))]
    ids: Vec<HabitId>,
}

impl Decode for OrderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let ids = fields.required_with("ids", list(5000, text(HabitId::parse)));
        Some(Self { ids: ids? })
    }
}

/// Reorder my habits
///
/// Puts the listed habits first, in this order. It is the order of `GET /habits` and of every view.
#[utoipa::path(
    put,
    path = "/habits/order",
    tag = "habits",
    operation_id = "orderHabits",
    extensions(("x-scope" = json!("habits:write"))),
    request_body = OrderBody,
    responses((status = 204, description = "The order was stored"))
)]
async fn reorder(caller: Caller, body: Body<OrderBody>) -> Result<NoContent, Problem> {
    let ids = body.0.ids;
    caller.write(move |tx| habits::reorder(tx, &ids)).await?;
    Ok(NoContent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_orders_are_read_and_said() {
        for text in ["position", "-name", "created_at", "-streak"] {
            assert_eq!(Sort::parse(text).unwrap().text(), text);
        }
        assert!(Sort::parse("--name").is_err());
        assert!(Sort::parse("colour").is_err());
    }
}
