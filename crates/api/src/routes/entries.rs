//! `/entries`: entries of several habits and days at once.

use actix_web::http::StatusCode;
use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::entries::{self, EntryPut};
use circadia_domain::habits::{Entry, EntryFilter, EntryInput, EntryNote, EntryState, EntryView};
use circadia_domain::ids::HabitId;
use circadia_domain::quantity::Quantity;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::date_queries::{DateKey, DateOrder};
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, Query, list, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{InputLocation, Problem, ProblemDoc};
use crate::http::request_id;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("entries", "What was done, skipped or missed on a day.");
    operations!(routes, batch, list_all_entries);
}

/// The most items of a batch.
const MAX_ITEMS: usize = 1_000;

/// A batch of entries.
#[derive(Debug, ToSchema)]
pub struct BatchBody {
    /// The entries, at most 1,000. If two have the same habit and date, the later one wins.
    #[schema(max_items = 1000, value_type = Vec<BatchItemBody>)]
    items: Vec<Parsed<BatchItemBody>>,
    /// Whether to store nothing if any item is wrong. Defaults to false.
    #[schema(value_type = Option<bool>)]
    atomic: bool,
}

/// An entry of a batch.
#[derive(Debug, ToSchema)]
pub struct BatchItemBody {
    /// The habit's id.
    habit_id: HabitId,
    /// The date.
    date: Date,
    /// The day's status. May be omitted if `value` determines it.
    state: Option<EntryState>,
    /// A count, or minutes.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1_000_000)]
    value: Option<Quantity>,
    /// A note.
    note: Option<EntryNote>,
}

impl Decode for BatchItemBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let habit_id = fields.required("habit_id");
        let date = fields.required("date");
        let EntryInput { state, value, note } = EntryInput::decode(fields)?;
        Some(Self { habit_id: habit_id?, date: date?, state, value, note })
    }
}

impl Decode for BatchBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let items = fields.required_with("items", list(MAX_ITEMS, |item| Ok(Fields::object::<BatchItemBody>(item))));
        let atomic = fields.optional("atomic");
        Some(Self { items: items?, atomic: atomic.unwrap_or(false) })
    }
}

/// The results of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchAnswer)]
pub struct BatchAnswer {
    /// The result of each item, in the order of the request.
    items: Vec<BatchResultBody>,
    /// How many were stored.
    stored: usize,
    /// How many were refused.
    refused: usize,
}

/// The result of an item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchResult)]
pub struct BatchResultBody {
    /// The item's index in the request, starting at 0.
    index: usize,
    /// The status of the item as a single request: 200, 404 or 422.
    status: u16,
    /// The entry, if it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    entry: Option<EntryView>,
    /// The problem, if it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<ProblemDoc>)]
    problem: Option<serde_json::Value>,
}

impl BatchResultBody {
    fn new(index: usize, result: Result<Entry, Problem>) -> Self {
        match result {
            Ok(entry) => Self { index, status: StatusCode::OK.as_u16(), entry: Some(entry.into()), problem: None },
            Err(problem) => {
                let body = serde_json::to_value(problem.body(request_id())).unwrap_or_default();
                Self { index, status: problem.status(), entry: None, problem: Some(body) }
            }
        }
    }
}

/// Put many entries
///
/// Each item is stored or refused independently. With `atomic`, nothing is stored if any item is wrong, and every wrong
/// value is named.
#[utoipa::path(
    post,
    path = "/entries/batch",
    tag = "entries",
    operation_id = "putEntries",
    extensions(("x-scope" = json!("habits:write"))),
    request_body = BatchBody,
    responses((status = 200, description = "The result of each item", body = BatchAnswer))
)]
async fn batch(caller: Caller, body: Body<BatchBody>) -> Result<Answer, Problem> {
    let BatchBody { items, atomic } = body.0;
    if atomic {
        let mut wrong = Violations::new();
        for (index, item) in items.iter().enumerate() {
            if let Err(nested) = item {
                wrong.nest(&format!("/items/{index}"), nested.clone());
            }
        }
        if !wrong.is_empty() {
            return Err(Problem::invalid(InputLocation::Body, wrong));
        }
    }
    let put = |item: &BatchItemBody| EntryPut {
        habit: item.habit_id,
        date: item.date,
        input: EntryInput { state: item.state, value: item.value, note: item.note.clone() },
    };
    let puts: Vec<EntryPut> = items.iter().filter_map(|item| item.as_ref().ok().map(put)).collect();
    let mut written = caller.write(move |tx| entries::put_many(tx, &puts, atomic)).await?.into_iter();
    let results = items.into_iter().map(|item| match item {
        // Of each that could be read there is an outcome, in their order.
        Ok(_) => written.next().map(|result| result.map_err(Problem::from)),
        Err(wrong) => Some(Err(Problem::invalid(InputLocation::Body, wrong))),
    });
    let results = results.flatten().enumerate().map(|(index, result)| BatchResultBody::new(index, result));
    let items: Vec<BatchResultBody> = results.collect();
    let stored = items.iter().filter(|result| result.entry.is_some()).count();
    let refused = items.len() - stored;
    Answer::computed(&BatchAnswer { items, stored, refused })
}

/// Filters and sort order of entries across habits.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The first date. Without it, there is no lower limit.
    from: Option<Date>,
    /// The last date. Without it, there is no upper limit.
    to: Option<Date>,
    /// Only those of these habits: one, or up to 100 separated by commas.
    #[param(value_type = Option<String>)]
    habit_id: Option<Vec<HabitId>>,
    /// `date` (default), or `-date` for the latest first; within a day by habit.
    #[param(value_type = Option<String>, pattern = "^-?(date)$", example = "-date")]
    sort: DateOrder,
    #[param(ignore)]
    page: PageRequest,
}

/// The most habits that entries are filtered by.
const MAX_HABITS: usize = 100;

fn habit_ids(given: &str) -> Parsed<Vec<HabitId>> {
    let ids: Vec<HabitId> = given.split(',').map(HabitId::parse).collect::<Parsed<_>>()?;
    if ids.len() > MAX_HABITS {
        return Err(Violations::of("too_many", format!("must have at most {MAX_HABITS} ids, but has {}", ids.len())));
    }
    Ok(ids)
}

impl Decode for ListQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.optional("from");
        let to = fields.optional("to");
        fields.note_reversed(from, to);
        let habit_id = fields.optional_with("habit_id", text(habit_ids));
        let sort = DateOrder::decode(fields);
        Some(Self { from, to, habit_id, sort, page: PageRequest::decode(fields)? })
    }
}

/// List entries of all my habits
///
/// By date, and within a day by habit; archived habits included.
#[utoipa::path(
    get,
    path = "/entries",
    tag = "entries",
    operation_id = "listAllEntries",
    extensions(("x-scope" = json!("habits:read"))),
    params(ListQuery, PageRequest),
    responses((status = 200, description = "A page of entries", body = Page<EntryView>))
)]
async fn list_all_entries(caller: Caller, query: Query<ListQuery>) -> Result<Page<EntryView>, Problem> {
    let ListQuery { from, to, habit_id, sort, page } = query.0;
    let start = page.start::<DateKey<HabitId>>(sort.name())?;
    // A reversed range was refused when the query was decoded.
    let range = DateRange::new(from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX)).unwrap_or(DateRange::ALL);
    let filter = EntryFilter { range, habits: habit_id };
    let seek = sort.seek(&page, &start);
    let found = caller.read(move |store| entries::list_across(store, caller.user, &filter, &seek)).await?;
    let key = |entry: &Entry| DateKey { date: entry.date, id: entry.habit };
    Ok(Page::of_selected(found, key, sort.name(), &page, &start).map(EntryView::from))
}
