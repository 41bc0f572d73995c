//! `GET /home`: what a start screen needs, in one call.

use circadia_domain::civil::Date;
use circadia_domain::home::{self, Home};
use circadia_domain::sleep::SleepDay;
use circadia_domain::tasks::{DueTasks, Task};
use circadia_domain::timer::Timer;
use circadia_domain::users::SleepGoal;
use serde::Serialize;
use utoipa::ToSchema;

use super::habits::today::TodayBody;
use super::moods::dto::MoodDayBody;
use super::quotes::QuoteBody;
use super::sleep::views::DayBody;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::Query;
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::OnQuery;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("home", "What a start screen needs.");
    operations!(routes, get_home);
}

/// A start screen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Home)]
struct HomeBody {
    /// The day shown.
    date: Date,
    /// Its habits, as `GET /habits/today` answers them.
    habits: TodayBody,
    /// The open tasks that are due on the day or before.
    tasks: DueTasksBody,
    /// The timer that runs now, whichever day is shown; null if none runs.
    timer: Option<Timer>,
    /// The sleep that ends on the day; null if none was logged.
    sleep: Option<LastSleepBody>,
    /// The day's mood and moments; null without any.
    mood: Option<MoodDayBody>,
    /// The quotation of the day.
    quote: QuoteBody,
}

/// Open tasks that are due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DueTasks)]
struct DueTasksBody {
    /// The first 50 at most, as `GET /tasks?status=todo,in_progress&due_to=…` lists them: by due day, then by id.
    #[schema(max_items = 50)]
    items: Vec<Task>,
    /// How many there are in all.
    total: u32,
}

/// The sleep of a day, with the sleep goal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LastSleep)]
struct LastSleepBody {
    #[serde(flatten)]
    day: DayBody,
    /// The user's sleep goal per night.
    goal_minutes: SleepGoal,
}

impl From<DueTasks> for DueTasksBody {
    fn from(tasks: DueTasks) -> Self {
        Self { items: tasks.items, total: tasks.total }
    }
}

impl From<(SleepDay, SleepGoal)> for LastSleepBody {
    fn from((day, goal_minutes): (SleepDay, SleepGoal)) -> Self {
        Self { day: day.into(), goal_minutes }
    }
}

impl From<Home> for HomeBody {
    fn from(home: Home) -> Self {
        Self {
            date: home.date,
            habits: home.habits.into(),
            tasks: home.tasks.into(),
            timer: home.timer,
            sleep: home.sleep.map(LastSleepBody::from),
            mood: home.mood.map(MoodDayBody::from),
            quote: home.quote.into(),
        }
    }
}

/// Get the start screen
///
/// A day's habits, due tasks, sleep, mood and quotation, and the running timer: each part is what its own route answers
/// (`GET /habits/today`, `/tasks`, `/sleep/views/day`, `/moods/views/day`, `/quotes/today`, `/timer`), read at about the
/// same moment. A personal access token needs the scopes of all parts.
#[utoipa::path(
    get,
    path = "/home",
    tag = "home",
    operation_id = "getHome",
    extensions(("x-scope" = json!("habits:read sleep:read moods:read tasks:read time:read profile:read"))),
    params(OnQuery),
    responses((status = 200, description = "The start screen", body = HomeBody))
)]
async fn get_home(caller: Caller, query: Query<OnQuery>) -> Result<Answer, Problem> {
    let (now, on) = (caller.now, query.0.on);
    let home = caller.query(move |store| home::home(store, caller.user, now, on)).await?;
    Answer::computed(&HomeBody::from(home))
}
