//! `GET` and `PATCH /me`: who is signed in, and their settings.
use actix_web::{get, patch};
use circadia_domain::civil::{DayStart, Instant, Weekday, Weekdays, Zone};
use circadia_domain::ids::UserId;
use circadia_domain::users::{ColorScheme, Locale, Role, SettingsPatch, SleepGoal, UserProfile};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::answer::{Answer, IfMatch};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, Raw, integer, list, text};
use crate::http::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_me).service(patch_me);
}

/// The signed-in user.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    /// The user's id.
    #[schema(value_type = Uuid)]
    pub id: UserId,
    /// The name they chose.
    #[schema(example = "ada")]
    pub username: String,
    /// Their address.
    #[schema(format = Email, example = "ada@example.org")]
    pub email: String,
    /// Whether they proved that the address is theirs.
    pub email_verified: bool,
    /// What they may do.
    pub role: RoleBody,
    /// The IANA time zone whose wall clock counts.
    #[schema(value_type = String, example = "Europe/Berlin")]
    pub timezone: Zone,
    /// When their day begins on that clock (`HH:MM`): with `04:00`, 02:30 still belongs to the day before.
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "04:00")]
    pub day_start: DayStart,
    /// The first day of their weeks.
    #[schema(value_type = WeekdayBody)]
    pub week_start: Weekday,
    /// Their language, as a BCP 47 tag.
    #[schema(value_type = String, example = "en")]
    pub locale: Locale,
    /// Whether apps show themselves light or dark.
    #[schema(value_type = ColorSchemeBody)]
    pub color_scheme: ColorScheme,
    /// Sleep wanted per night, in minutes.
    #[schema(value_type = u16, minimum = 60, maximum = 960, example = 480)]
    pub sleep_goal_minutes: SleepGoal,
    /// Days free of work.
    #[schema(value_type = Vec<WeekdayBody>)]
    pub free_days: Weekdays,
    /// How often they signed in.
    pub login_count: i64,
    /// How often they signed in since the beginning of their week.
    pub logins_this_week: i64,
    /// How often they signed in since the beginning of their month.
    pub logins_this_month: i64,
    /// When they registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When they last changed their settings.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub enum RoleBody {
    /// Their own data.
    Regular,
    /// Also see other users' activity.
    Staff,
    /// Also manage users.
    Superuser,
}

/// A day of the week.
#[derive(Debug, ToSchema)]
#[schema(as = Weekday)]
pub enum WeekdayBody {
    /// Monday.
    #[schema(rename = "mo")]
    Mo,
    /// Tuesday.
    #[schema(rename = "tu")]
    Tu,
    /// Wednesday.
    #[schema(rename = "we")]
    We,
    /// Thursday.
    #[schema(rename = "th")]
    Th,
    /// Friday.
    #[schema(rename = "fr")]
    Fr,
    /// Saturday.
    #[schema(rename = "sa")]
    Sa,
    /// Sunday.
    #[schema(rename = "su")]
    Su,
}

/// Whether apps show themselves light or dark.
#[derive(Debug, ToSchema)]
#[schema(as = ColorScheme)]
pub enum ColorSchemeBody {
    /// Dark on light.
    #[schema(rename = "light")]
    Light,
    /// Light on dark.
    #[schema(rename = "dark")]
    Dark,
    /// As the device has it.
    #[schema(rename = "system")]
    System,
}

impl From<UserProfile> for UserBody {
    fn from(UserProfile { user, logins }: UserProfile) -> Self {
        let settings = user.settings;
        Self {
            id: user.id,
            username: user.username.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
            email_verified: user.email_verified_at.is_some(),
            role: match user.role {
                Role::Regular => RoleBody::Regular,
                Role::Staff => RoleBody::Staff,
                Role::Superuser => RoleBody::Superuser,
            },
            timezone: settings.timezone,
            day_start: settings.day_start,
            week_start: settings.week_start,
            locale: settings.locale,
            color_scheme: settings.color_scheme,
            sleep_goal_minutes: settings.sleep_goal,
            free_days: settings.free_days,
            login_count: logins.total,
            logins_this_week: logins.this_week,
            logins_this_month: logins.this_month,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

fn answer(profile: UserProfile) -> Result<Answer, Problem> {
    let rev = profile.user.rev;
    Answer::stored(&UserBody::from(profile), rev)
}

/// A change of settings (RFC 7396): what is absent stays.
#[derive(Debug, ToSchema)]
pub struct PatchMeBody {
    /// The IANA time zone whose wall clock counts. Dates that are stored stay what they are.
    #[schema(value_type = Option<String>, nullable = false, example = "Asia/Kolkata")]
    timezone: Option<Zone>,
    /// When the day begins on that clock (`HH:MM`).
    #[schema(value_type = Option<String>, nullable = false, example = "04:00")]
    day_start: Option<DayStart>,
    /// The first day of weeks. Habits keep the week start that their plan was made with.
    #[schema(value_type = Option<WeekdayBody>, nullable = false)]
    week_start: Option<Weekday>,
    /// The language, as a BCP 47 tag.
    #[schema(value_type = Option<String>, nullable = false, example = "de-AT")]
    locale: Option<Locale>,
    /// Whether apps show themselves light or dark.
    #[schema(value_type = Option<ColorSchemeBody>, nullable = false)]
    color_scheme: Option<ColorScheme>,
    /// Sleep wanted per night, in minutes.
    #[schema(value_type = Option<u16>, nullable = false, minimum = 60, maximum = 960)]
    sleep_goal_minutes: Option<SleepGoal>,
    /// Days free of work.
    #[schema(value_type = Option<Vec<WeekdayBody>>, nullable = false)]
    free_days: Option<Weekdays>,
}

fn weekday(word: &str) -> Parsed<Weekday> {
    Weekday::parse(word).map_err(|error| Violations::of("unknown_value", error.to_string()))
}

/// A set of weekdays, none twice.
fn weekdays(raw: Raw<'_>) -> Parsed<Weekdays> {
    let days = list(7, text(weekday))(raw)?;
    let set: Weekdays = days.iter().copied().collect();
    if usize::try_from(set.len()).ok() == Some(days.len()) {
        Ok(set)
    } else {
        Err(Violations::of("duplicate", "must not name a day twice"))
    }
}

impl Decode for PatchMeBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            timezone: fields.change("timezone", text(Zone::parse)),
            day_start: fields.change("day_start", text(DayStart::parse)),
            week_start: fields.change("week_start", text(weekday)),
            locale: fields.change("locale", text(Locale::parse)),
            color_scheme: fields.change("color_scheme", text(ColorScheme::parse)),
            sleep_goal_minutes: fields.change("sleep_goal_minutes", integer(SleepGoal::from_minutes)),
            free_days: fields.change("free_days", weekdays),
        })
    }
}

impl From<PatchMeBody> for SettingsPatch {
    fn from(body: PatchMeBody) -> Self {
        Self {
            timezone: body.timezone,
            day_start: body.day_start,
            week_start: body.week_start,
            locale: body.locale,
            color_scheme: body.color_scheme,
            sleep_goal: body.sleep_goal_minutes,
            free_days: body.free_days,
        }
    }
}

/// Who am I?
///
/// The signed-in user with their settings.
#[utoipa::path(
    tag = "me",
    operation_id = "getMe",
    responses((status = 200, description = "The signed-in user", body = UserBody))
)]
#[get("/me")]
async fn get_me(caller: Caller) -> Result<Answer, Problem> {
    answer(caller.accounts.profile(caller.principal).await?)
}

/// Change my settings
///
/// Dates and streaks of the past don't change with the zone or the day's start.
#[utoipa::path(
    tag = "me",
    operation_id = "updateMe",
    request_body = PatchMeBody,
    responses((status = 200, description = "The user with the new settings", body = UserBody))
)]
#[patch("/me")]
async fn patch_me(caller: Caller, if_match: IfMatch, body: Body<PatchMeBody>) -> Result<Answer, Problem> {
    answer(caller.accounts.update_settings(caller.principal, if_match.0, body.value.into()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<PatchMeBody>();
    }
}
