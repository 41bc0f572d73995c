//! `/themes`: coloured groups of habits and tasks.

use actix_web::{delete, get, patch, post};
use circadia_domain::civil::Instant;
use circadia_domain::idempotency::Creation;
use circadia_domain::ids::ThemeId;
use circadia_domain::text::Color;
use circadia_domain::themes::{self, NewTheme, Theme, ThemeCounts, ThemeName, ThemePatch};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, Query, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_themes).service(create_theme).service(get_theme).service(update_theme).service(delete_theme);
}

/// A theme.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Theme)]
pub struct ThemeBody {
    /// The theme's id.
    #[schema(value_type = Uuid)]
    pub id: ThemeId,
    /// Its name, unique for its user whatever its case.
    #[schema(value_type = String, min_length = 1, max_length = 24, example = "Health")]
    pub name: ThemeName,
    /// Its colour.
    #[schema(value_type = String, pattern = "^#[0-9A-F]{6}$", example = "#1E90FF")]
    pub color: Color,
    /// What belongs to it.
    pub counts: ThemeCountsBody,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

/// What belongs to a theme.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ThemeCounts)]
pub struct ThemeCountsBody {
    /// Habits that carry it, archived ones included.
    pub habits: i64,
    /// Tasks that carry it and are still to be done: `todo` or `in_progress`.
    pub tasks_open: i64,
    /// Tasks that carry it and are done.
    pub tasks_done: i64,
    /// Minutes of the time entries of its habits and tasks. An entry of a habit and a task counts for the habit's theme,
    /// and for the task's if the habit has none.
    pub minutes: i64,
}

impl From<(Theme, ThemeCounts)> for ThemeBody {
    fn from((theme, counts): (Theme, ThemeCounts)) -> Self {
        Self {
            id: theme.id,
            name: theme.name,
            color: theme.color,
            counts: ThemeCountsBody {
                habits: counts.habits,
                tasks_open: counts.tasks_open,
                tasks_done: counts.tasks_done,
                minutes: counts.minutes,
            },
            created_at: theme.created_at,
            updated_at: theme.updated_at,
        }
    }
}

fn answer(found: (Theme, ThemeCounts)) -> Result<Answer, Problem> {
    let rev = found.0.rev;
    Answer::stored(&ThemeBody::from(found), rev)
}

/// A theme to make.
#[derive(Debug, ToSchema)]
pub struct CreateThemeBody {
    /// Its id, if the client wants to choose it.
    #[schema(value_type = Option<Uuid>)]
    id: Option<ThemeId>,
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 24, example = "Health")]
    name: ThemeName,
    /// Its colour; one that differs from the others is made if absent.
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$", example = "#1E90FF")]
    color: Option<Color>,
}

impl Decode for CreateThemeBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", text(ThemeId::parse));
        let name = fields.required("name", text(ThemeName::parse));
        let color = fields.optional("color", text(Color::parse));
        Some(Self { id, name: name?, color })
    }
}

/// A change of a theme (RFC 7396): what is absent stays.
#[derive(Debug, ToSchema)]
pub struct UpdateThemeBody {
    /// The new name.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 24)]
    name: Option<ThemeName>,
    /// The new colour.
    #[schema(value_type = Option<String>, nullable = false, pattern = "^#[0-9A-Fa-f]{6}$")]
    color: Option<Color>,
}

impl Decode for UpdateThemeBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.change("name", text(ThemeName::parse));
        let color = fields.change("color", text(Color::parse));
        Some(Self { name, color })
    }
}

/// List my themes
///
/// By name.
#[utoipa::path(
    tag = "themes",
    operation_id = "listThemes",
    params(PageRequest),
    responses((status = 200, description = "A page of themes", body = Page<ThemeBody>))
)]
#[get("/themes")]
async fn list_themes(caller: Caller, query: Query<PageRequest>) -> Result<Page<ThemeBody>, Problem> {
    let themes = caller.read(move |store| themes::list(store, caller.user)).await?;
    let items: Vec<ThemeBody> = themes.into_iter().map(ThemeBody::from).collect();
    let key = |theme: &ThemeBody| (theme.name.key(), theme.id);
    Page::of_sorted(items, key, "name", &query.0, |a, b| a < b)
}

/// Make a theme
///
/// The same request with the same `id` again answers like the first time.
#[utoipa::path(
    tag = "themes",
    operation_id = "createTheme",
    request_body = CreateThemeBody,
    responses(
        (status = 201, description = "The theme", body = ThemeBody),
        (status = 409, description = "`theme_name_taken`, `id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/themes")]
async fn create_theme(caller: Caller, body: Body<CreateThemeBody>) -> Result<Answer, Problem> {
    let CreateThemeBody { id, name, color } = body.value;
    let id = id.unwrap_or_else(|| caller.fresh_id());
    let new = NewTheme { id, name, color, request_digest: body.digest };
    let created = caller.write(move |tx| themes::create(tx, new)).await?;
    Ok(answer(Creation::into_inner(created))?.created(format!("/api/v1/themes/{id}")))
}

/// Get a theme
#[utoipa::path(
    tag = "themes",
    operation_id = "getTheme",
    params(("theme_id" = Uuid, Path, description = "The theme's id")),
    responses((status = 200, description = "The theme", body = ThemeBody))
)]
#[get("/themes/{theme_id}")]
async fn get_theme(caller: Caller, id: PathParam<ThemeId>) -> Result<Answer, Problem> {
    let found = caller.read(move |store| themes::find(store, caller.user, id.0)).await?;
    answer(found)
}

/// Change a theme
#[utoipa::path(
    tag = "themes",
    operation_id = "updateTheme",
    params(("theme_id" = Uuid, Path, description = "The theme's id")),
    request_body = UpdateThemeBody,
    responses(
        (status = 200, description = "The theme as it is now", body = ThemeBody),
        (status = 409, description = "`theme_name_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[patch("/themes/{theme_id}")]
async fn update_theme(
    caller: Caller,
    id: PathParam<ThemeId>,
    if_match: IfMatch,
    body: Body<UpdateThemeBody>,
) -> Result<Answer, Problem> {
    let UpdateThemeBody { name, color } = body.value;
    let patch = ThemePatch { name, color };
    let changed = caller.write(move |tx| themes::update(tx, id.0, &if_match.0, patch)).await?;
    answer(changed)
}

/// Delete a theme
///
/// Its habits and tasks stay, without a theme.
#[utoipa::path(
    tag = "themes",
    operation_id = "deleteTheme",
    params(("theme_id" = Uuid, Path, description = "The theme's id")),
    responses((status = 204, description = "The theme is gone"))
)]
#[delete("/themes/{theme_id}")]
async fn delete_theme(caller: Caller, id: PathParam<ThemeId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| themes::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<CreateThemeBody>();
        assert_documented::<UpdateThemeBody>();
    }
}
