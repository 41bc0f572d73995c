//! `/themes`: coloured groups of habits and tasks.

use circadia_domain::ids::ThemeId;
use circadia_domain::themes::{self, CountedTheme, NewTheme, ThemePatch};

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("themes", "Coloured groups of habits and tasks.");
    operations!(routes, list_themes, create_theme, get_theme, update_theme, delete_theme);
}

impl Decode for NewTheme {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(ThemeId::parse);
        let name = fields.required("name");
        let color = fields.optional("color");
        Some(Self { id: id?, name: name?, color, request_digest: fields.request_digest() })
    }
}

impl Decode for ThemePatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { name: fields.change("name"), color: fields.change("color") })
    }
}

fn answer(found: &CountedTheme) -> Result<Answer, Problem> {
    Answer::stored(found, found.theme.rev)
}

/// List my themes
///
/// By name.
#[utoipa::path(
    get,
    path = "/themes",
    tag = "themes",
    operation_id = "listThemes",
    extensions(("x-scope" = json!("themes:read"))),
    params(PageRequest),
    responses((status = 200, description = "A page of themes", body = Page<CountedTheme>))
)]
async fn list_themes(caller: Caller, query: Query<PageRequest>) -> Result<Page<CountedTheme>, Problem> {
    let themes = caller.read(move |store| themes::list(store, caller.user)).await?;
    Page::of_sorted(themes, |counted| counted.theme.place(), "name", &query.0, |a, b| a < b)
}

/// Create a theme
///
/// Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/themes",
    tag = "themes",
    operation_id = "createTheme",
    extensions(("x-scope" = json!("themes:write"))),
    request_body = NewTheme,
    responses(
        (status = 201, description = "The theme", body = CountedTheme),
        (status = 409, description = "`theme_name_taken`, `theme_color_taken`, `id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_theme(caller: Caller, body: Body<NewTheme>) -> Result<Answer, Problem> {
    let id = body.0.id;
    let created = caller.write(move |tx| themes::create(tx, body.0.clone())).await?;
    Ok(answer(&created.into_inner())?.created(format!("/api/v1/themes/{id}")))
}

/// Get a theme
///
/// With the numbers of its habits and tasks, and the minutes spent on them.
#[utoipa::path(
    get,
    path = "/themes/{theme_id}",
    tag = "themes",
    operation_id = "getTheme",
    extensions(("x-scope" = json!("themes:read"))),
    params(("theme_id" = Uuid, Path, description = "The theme's id")),
    responses((status = 200, description = "The theme", body = CountedTheme))
)]
async fn get_theme(caller: Caller, id: PathParam<ThemeId>) -> Result<Answer, Problem> {
    let found = caller.read(move |store| themes::find(store, caller.user, id.0)).await?;
    answer(&found)
}

/// Change a theme
///
/// Name and colour stay unique among the user's themes.
#[utoipa::path(
    patch,
    path = "/themes/{theme_id}",
    tag = "themes",
    operation_id = "updateTheme",
    extensions(("x-scope" = json!("themes:write"))),
    params(("theme_id" = Uuid, Path, description = "The theme's id"), IfMatch),
    request_body = ThemePatch,
    responses(
        (status = 200, description = "The theme after the change", body = CountedTheme),
        (status = 409, description = "`theme_name_taken` or `theme_color_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn update_theme(
    caller: Caller,
    id: PathParam<ThemeId>,
    if_match: IfMatch,
    body: Body<ThemePatch>,
) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| themes::update(tx, id.0, &if_match.0, body.0.clone())).await?;
    answer(&changed)
}

/// Delete a theme
///
/// Its habits and tasks are kept, without a theme.
#[utoipa::path(
    delete,
    path = "/themes/{theme_id}",
    tag = "themes",
    operation_id = "deleteTheme",
    extensions(("x-scope" = json!("themes:write"))),
    params(("theme_id" = Uuid, Path, description = "The theme's id"), IfMatch),
    responses((status = 204, description = "The theme was deleted"))
)]
async fn delete_theme(caller: Caller, id: PathParam<ThemeId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| themes::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
