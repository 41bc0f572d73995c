//! `POST /sync`: commands of an app that was offline.

use circadia_app::sync::{BatchOutcome, UnreadCommand};
use circadia_domain::Error;
use circadia_domain::civil::Date;
use circadia_domain::habits::{HabitPatch, NewHabit, NewPlan};
use circadia_domain::ids::{HabitId, Id};
use circadia_domain::moods::MoodPut;
use circadia_domain::revision::{Expected, Revision};
use circadia_domain::sleep::OnOverlap;
use circadia_domain::sync::{Command, CommandId, Edit, MAX_COMMANDS, NamedItem, SyncOperation as Op, SyncType as Type};
use circadia_domain::tombstones::ItemKey;
use circadia_domain::violation::{Violation, Violations};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::results::{BatchAnswer, ResultBody};
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{self, Body, Decode, Fields, Origin, Parsed, Raw, digest_of, integer, list, text};
use crate::http::problem::{InputLocation, Problem};
use crate::http::request_id;
use crate::http::routing::{Routes, operations};
use crate::routes::habits::entries::IncrementBody;
use crate::routes::moods::dto::PutMoodBody;
use crate::routes::tasks::dto::TransitionBody;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, run_commands);
}

/// A batch of commands.
#[derive(Debug, ToSchema)]
#[schema(as = SyncBatch)]
pub(super) struct BatchBody {
    /// The commands, at most 1,000.
    #[schema(max_items = 1000, value_type = Vec<CommandBody>)]
    commands: Vec<ReadCommand>,
    /// Whether all are to be carried out in one transaction, or none. Defaults to false: each by itself.
    #[schema(value_type = Option<bool>)]
    atomic: bool,
}

/// A command that was read, or what is wrong with it.
type ReadCommand = Result<Command, UnreadCommand>;

/// A command.
#[derive(Debug, ToSchema)]
#[schema(as = SyncCommand, example = json!({"id": "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8c", "type": "task", "operation": "create", "key": "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8d", "data": {"title": "Book the dentist"}}))]
#[expect(dead_code, reason = "it documents what is read as a `Command`")]
struct CommandBody {
    /// Its id, which the app makes. A command is carried out once, however often it is sent within 30 days.
    id: CommandId,
    /// The type of the item.
    r#type: Type,
    /// What is to be done: `create`, `update` (a merge patch) and `delete`; of entries and the moods of days `put`; of entries
    /// `increment`; of tasks `transition`; of habits `put_plan`, `archive` and `restore`.
    operation: Op,
    /// The item: its id (which the app chooses where it makes one); of an entry `{habit_id}/{date}`; of a day's mood the
    /// date. Not of settings and the timer.
    key: Option<String>,
    /// The revision that the app knows the item in. If it has another one by now, that is a conflict. Without it, the
    /// command is carried out whatever became of the item.
    #[schema(minimum = 1)]
    base: Option<i64>,
    /// What the single operation has as its body; to make a reminder, that with `about` and, if it isn't about bedtime, with
    /// `habit_id` or `task_id`.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Value>>, additional_properties)]
    data: Option<Value>,
    /// Of sleep: what becomes of logs that overlap.
    on_overlap: Option<OnOverlap>,
}

impl Decode for BatchBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let commands = fields.required_with("commands", list(MAX_COMMANDS, read));
        let atomic = fields.optional("atomic");
        Some(Self { commands: commands?, atomic: atomic.unwrap_or(false) })
    }
}

/// Reads a command. What is wrong with one is its own result, and holds up no other.
///
/// # Errors
/// If it is no object.
fn read(raw: Raw<'_>) -> Parsed<ReadCommand> {
    let origin = Origin { digest: digest_of(raw.value), ids: None };
    let members = raw.members()?;
    let command = Fields::read_from::<Command>(members, false, origin);
    Ok(command.map_err(|wrong| UnreadCommand {
        problem: told(&Problem::invalid(InputLocation::Body, wrong)),
        names: named(members),
    }))
}

/// The item that a command names, whatever else is wrong with it.
fn named(members: &Map<String, Value>) -> Option<NamedItem> {
    let kind = Type::parse(members.get("type")?.as_str()?).ok()?;
    let key = match Key::any(kind) {
        Some(any) => Some(any.parse_alike(members.get("key")?.as_str()?).ok()?),
        None => None,
    };
    Some(NamedItem { kind, key: key.map(Key::bytes) })
}

/// A problem as it is told among results.
fn told(problem: &Problem) -> Value {
    serde_json::to_value(problem.body(request_id())).unwrap_or_default()
}

impl Decode for Command {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required_with("id", text(CommandId::parse));
        let kind: Option<Type> = fields.required("type");
        let operation: Option<Op> = fields.required("operation");
        let base = fields.optional_with("base", integer(base)).unwrap_or_default();
        let on_overlap: Option<OnOverlap> = fields.optional("on_overlap");
        if on_overlap.is_some() && kind != Some(Type::SleepLog) {
            fields.note("on_overlap", "unexpected_value", "is only for sleep: leave it out");
        }
        let digest = fields.request_digest();
        let (Some(kind), Some(operation)) = (kind, operation) else {
            // What these have to be depends on both.
            for name in ["key", "data"] {
                let _ = fields.optional_with(name, |_| Ok(()));
            }
            return None;
        };
        let any = Key::any(kind);
        let key = if let Some(any) = any {
            fields.required_with("key", text(|key| any.parse_alike(key))).map(Some)
        } else {
            fields.refuse("key", "unexpected_value", "there is one: leave `key` out");
            Some(None)
        };
        // What is wrong with the data is told, too, if the key is wrong.
        let edit = edit(fields, kind, operation, key.unwrap_or(any), on_overlap.unwrap_or_default());
        let item = NamedItem { kind, key: key?.map(Key::bytes) };
        Some(Self { id: id?, item, base, edit: edit?, digest })
    }
}

fn base(revision: i64) -> Parsed<Expected> {
    if revision < 1 {
        return Err(Violations::of("out_of_range", "must be at least 1"));
    }
    Ok(Expected::OneOf(vec![Revision(revision)]))
}

/// The key of an item.
#[derive(Debug, Clone, Copy)]
enum Key {
    Id(uuid::Uuid),
    Entry(HabitId, Date),
    Date(Date),
}

impl Key {
    /// Some key that items of a type can have; none of what a user has one of.
    fn any(kind: Type) -> Option<Self> {
        Some(match kind {
            Type::Settings | Type::Timer => return None,
            Type::Mood => Self::Date(Date::MIN),
            Type::Entry => Self::Entry(HabitId::from_uuid(uuid::Uuid::nil()), Date::MIN),
            _ => Self::Id(uuid::Uuid::nil()),
        })
    }

    /// Reads another key of the same form.
    fn parse_alike(self, text: &str) -> Parsed<Self> {
        Ok(match self {
            Self::Id(_) => Self::Id(CommandId::parse(text)?.as_uuid()),
            Self::Entry(..) => {
                let (habit, day) = text.split_once('/').unwrap_or((text, ""));
                Self::Entry(HabitId::parse(habit)?, input::date(day)?)
            }
            Self::Date(_) => Self::Date(input::date(text)?),
        })
    }

    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Id(id) => id.as_bytes().to_vec(),
            Self::Entry(habit, date) => ItemKey::entry(habit, date).bytes,
            Self::Date(date) => ItemKey::mood(date).bytes,
        }
    }
}

/// Reads what is to be done.
fn edit(fields: &mut Fields<'_>, kind: Type, operation: Op, key: Option<Key>, on_overlap: OnOverlap) -> Option<Edit> {
    let edit = match (kind, operation, key) {
        (Type::Settings, Op::Update, _) => Edit::UpdateSettings(data(fields)?),
        (Type::Timer, Op::Create, _) => Edit::StartTimer(data(fields)?),
        (Type::Timer, Op::Delete, _) => Edit::DiscardTimer,
        (Type::Entry, operation, Some(Key::Entry(habit, date))) => match operation {
            Op::Put => Edit::PutEntry(habit, date, data(fields)?),
            Op::Update => Edit::UpdateEntry(habit, date, data(fields)?),
            Op::Increment => Edit::IncrementEntry(habit, date, data::<IncrementBody>(fields)?.by),
            Op::Delete => Edit::DeleteEntry(habit, date),
            _ => return unknown(fields, kind, &[Op::Put, Op::Update, Op::Increment, Op::Delete]),
        },
        (Type::Mood, operation, Some(Key::Date(date))) => match operation {
            Op::Put => {
                let PutMoodBody { value, note, tags } = data(fields)?;
                Edit::PutMood(MoodPut { date, value, note, tags: tags.unwrap_or_default() })
            }
            Op::Delete => Edit::DeleteMood(date),
            _ => return unknown(fields, kind, &[Op::Put, Op::Delete]),
        },
        (_, operation, Some(Key::Id(id))) => return edit_by_id(fields, kind, operation, id, on_overlap),
        (Type::Settings, ..) => return unknown(fields, kind, &[Op::Update]),
        _ => return unknown(fields, kind, &[Op::Create, Op::Delete]),
    };
    done(fields, &edit);
    Some(edit)
}

/// Reads what is to be done with an item that has an id.
fn edit_by_id(
    fields: &mut Fields<'_>,
    kind: Type,
    operation: Op,
    uuid: uuid::Uuid,
    on_overlap: OnOverlap,
) -> Option<Edit> {
    let edit = match (kind, operation) {
        (Type::Theme, Op::Create) => Edit::CreateTheme(new(fields, uuid)?),
        (Type::Theme, Op::Update) => Edit::UpdateTheme(Id::from_uuid(uuid), data(fields)?),
        (Type::Theme, Op::Delete) => Edit::DeleteTheme(Id::from_uuid(uuid)),
        (Type::Habit, Op::Create) => Edit::CreateHabit(Box::new(new::<NewHabit>(fields, uuid)?)),
        (Type::Habit, Op::Update) => Edit::UpdateHabit(Id::from_uuid(uuid), Box::new(data::<HabitPatch>(fields)?)),
        (Type::Habit, Op::PutPlan) => Edit::PutPlan(Id::from_uuid(uuid), Box::new(data::<NewPlan>(fields)?)),
        (Type::Habit, Op::Archive) => Edit::ArchiveHabit(Id::from_uuid(uuid)),
        (Type::Habit, Op::Restore) => Edit::RestoreHabit(Id::from_uuid(uuid)),
        (Type::Habit, Op::Delete) => Edit::DeleteHabit(Id::from_uuid(uuid)),
        (Type::SharedPause, Op::Create) => Edit::CreateSharedPause(new(fields, uuid)?),
        (Type::SharedPause, Op::Update) => Edit::UpdateSharedPause(Id::from_uuid(uuid), data(fields)?),
        (Type::SharedPause, Op::Delete) => Edit::DeleteSharedPause(Id::from_uuid(uuid)),
        (Type::Task, Op::Create) => Edit::CreateTask(new(fields, uuid)?),
        (Type::Task, Op::Update) => Edit::UpdateTask(Id::from_uuid(uuid), data(fields)?),
        (Type::Task, Op::Transition) => Edit::TransitionTask(Id::from_uuid(uuid), data::<TransitionBody>(fields)?.to),
        (Type::Task, Op::Delete) => Edit::DeleteTask(Id::from_uuid(uuid)),
        (Type::TimeEntry, Op::Create) => Edit::CreateTimeEntry(new(fields, uuid)?),
        (Type::TimeEntry, Op::Update) => Edit::UpdateTimeEntry(Id::from_uuid(uuid), data(fields)?),
        (Type::TimeEntry, Op::Delete) => Edit::DeleteTimeEntry(Id::from_uuid(uuid)),
        (Type::SleepLog, Op::Create) => Edit::CreateSleepLog(new(fields, uuid)?, on_overlap),
        (Type::SleepLog, Op::Update) => Edit::UpdateSleepLog(Id::from_uuid(uuid), data(fields)?, on_overlap),
        (Type::SleepLog, Op::Delete) => Edit::DeleteSleepLog(Id::from_uuid(uuid)),
        (Type::MoodMoment, Op::Create) => Edit::CreateMoment(new(fields, uuid)?),
        (Type::MoodMoment, Op::Update) => Edit::UpdateMoment(Id::from_uuid(uuid), data(fields)?),
        (Type::MoodMoment, Op::Delete) => Edit::DeleteMoment(Id::from_uuid(uuid)),
        (Type::Reminder, Op::Create) => Edit::CreateReminder(new(fields, uuid)?),
        (Type::Reminder, Op::Update) => Edit::UpdateReminder(Id::from_uuid(uuid), data(fields)?),
        (Type::Reminder, Op::Delete) => Edit::DeleteReminder(Id::from_uuid(uuid)),
        (Type::Habit, _) => {
            let known = [Op::Create, Op::Update, Op::PutPlan, Op::Archive, Op::Restore, Op::Delete];
            return unknown(fields, kind, &known);
        }
        (Type::Task, _) => return unknown(fields, kind, &[Op::Create, Op::Update, Op::Transition, Op::Delete]),
        _ => return unknown(fields, kind, &[Op::Create, Op::Update, Op::Delete]),
    };
    done(fields, &edit);
    Some(edit)
}

/// Refuses `data` where nothing is expected.
fn done(fields: &mut Fields<'_>, edit: &Edit) {
    if edit.takes_no_data() {
        fields.refuse("data", "unexpected_value", "nothing is expected here: leave it out");
    }
}

fn unknown(fields: &mut Fields<'_>, kind: Type, known: &[Op]) -> Option<Edit> {
    let known: Vec<String> = known.iter().map(|operation| format!("`{operation}`")).collect();
    fields.note("operation", "unknown_value", format!("of `{kind}` must be one of {}", known.join(", ")));
    // Whatever it holds.
    let _ = fields.optional_with("data", |_| Ok(()));
    None
}

/// The body of the single operation.
fn data<T: Decode>(fields: &mut Fields<'_>) -> Option<T> {
    fields.required_with("data", |raw| {
        let origin = Origin { digest: digest_of(raw.value), ids: None };
        Fields::read_from(raw.members()?, false, origin)
    })
}

/// The body of the operation that makes an item, with the item's id.
fn new<T: Decode>(fields: &mut Fields<'_>, id: uuid::Uuid) -> Option<T> {
    fields.required_with("data", |raw| {
        let mut members: Map<String, Value> = raw.members()?.clone();
        let other = members.insert("id".to_owned(), id.to_string().into());
        if other.is_some_and(|other| other.as_str().and_then(|other| other.parse().ok()) != Some(id)) {
            let mut wrong = Violations::new();
            wrong.add("/id", "unexpected_value", "must be the command's `key`: leave it out");
            return Err(wrong);
        }
        let value = Value::Object(members);
        let origin = Origin { digest: digest_of(&value), ids: None };
        Fields::read_from(Raw { value: &value, textual: false }.members()?, false, origin)
    })
}

/// What is told of a refusal: pointers lead to where the command has what is wrong.
fn tell(command: &Command, error: Error) -> Value {
    let Error::Invalid(violations) = error else { return told(&error.into()) };
    let has_date_in_key = matches!(command.item.kind, Type::Entry | Type::Mood);
    let mut wrong = Violations::new();
    for Violation { path, code, detail } in violations {
        let path = if has_date_in_key && path == "/date" { "/key".to_owned() } else { format!("/data{path}") };
        wrong.add(path, code, detail);
    }
    told(&Problem::invalid(InputLocation::Body, wrong))
}

/// Send changes
///
/// Carries out commands in order. Each is carried out once, however often it is sent, so a batch whose answer was lost can
/// be sent again; one that was refused is refused alike.
#[utoipa::path(
    post,
    path = "/sync",
    tag = "sync",
    operation_id = "sendChanges",
    extensions(("x-scope" = json!("write"))),
    request_body = BatchBody,
    responses((status = 200, description = "The result of each command", body = BatchAnswer))
)]
async fn run_commands(caller: Caller, body: Body<BatchBody>) -> Result<Answer, Problem> {
    let BatchBody { commands, atomic } = body.0;
    let ran = caller.sync_commands.run(caller.user, commands, atomic, tell).await?;
    let BatchOutcome { commands, revision, state } = ran;
    let results = commands.into_iter().enumerate();
    let results = results.map(|(index, (outcome, current))| ResultBody::new(index, outcome, current)).collect();
    Answer::computed(&BatchAnswer { results, revision, state })
}
