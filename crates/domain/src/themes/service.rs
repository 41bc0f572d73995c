//! What can be done with themes.

use super::{CountedTheme, MAX_THEMES, Theme, ThemeCounts, ThemeName};
use crate::code::Code;
use crate::color::{Color, distinct_color};
use crate::entity;
use crate::error::Error;
use crate::idempotency::Creation;
use crate::ids::{ThemeId, UserId};
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};

/// A theme to make.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateThemeBody, example = json!({"name": "Hobbies"})))]
pub struct NewTheme {
    /// Its id, if the client wants to choose it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ThemeId>))]
    pub id: ThemeId,
    /// Its name. Example: `Health`
    pub name: ThemeName,
    /// Its colour, unique per user; one that differs from the others is made if absent.
    pub color: Option<Color>,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

patch! {
    /// A change of a theme (RFC 7396): what is absent stays.
    #[derive(Debug, Clone, Default)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateThemeBody, example = json!({"name": "Wealth"})))]
    pub struct ThemePatch of Theme {
        /// The new name.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub name: Option<ThemeName>,
        /// The new colour.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub color: Option<Color>,
    }
}

/// A user's themes by name.
pub fn list(store: &mut dyn Store, user: UserId) -> Result<Vec<CountedTheme>, Error> {
    let mut themes = store.themes(user)?;
    themes.sort_by_cached_key(Theme::place);
    let counts = store.theme_counts(user)?;
    Ok(themes.into_iter().map(|theme| theme.counted(&counts)).collect())
}

/// One theme.
pub fn find(store: &mut dyn Store, user: UserId, id: ThemeId) -> Result<CountedTheme, Error> {
    let theme = store.find_theme(user, id)?.ok_or(Error::not_found::<entity::Theme>())?;
    Ok(theme.counted(&store.theme_counts(user)?))
}

/// Creates a theme, or returns the one that an earlier identical request created.
pub fn create(tx: &mut WriteTransaction<'_>, new: NewTheme) -> Result<Creation<CountedTheme>, Error> {
    let existing = tx.store.themes(tx.user)?;
    if let Some(theme) = existing.iter().find(|theme| theme.id == new.id) {
        let stored = theme.clone().counted(&tx.store.theme_counts(tx.user)?);
        return Creation::replay(&theme.request_digest, &new.request_digest, stored);
    }
    tx.ensure_never_deleted(new.id)?;
    Error::ensure_room(existing.len(), MAX_THEMES, "an account", "themes")?;
    ensure_free(&existing, new.id, Some(&new.name), new.color)?;
    let taken: Vec<Color> = existing.iter().map(|theme| theme.color).collect();
    let theme = Theme {
        id: new.id,
        name: new.name,
        color: new.color.unwrap_or_else(|| distinct_color(&taken)),
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
        request_digest: new.request_digest,
    };
    tx.store.insert_theme(tx.user, &theme)?;
    Ok(Creation::Created(CountedTheme { theme, counts: ThemeCounts::default() }))
}

/// Changes a theme.
pub fn update(
    tx: &mut WriteTransaction<'_>,
    id: ThemeId,
    expected: &Expected,
    patch: ThemePatch,
) -> Result<CountedTheme, Error> {
    let existing = tx.store.themes(tx.user)?;
    let mut theme = existing.iter().find(|theme| theme.id == id).cloned().ok_or(Error::not_found::<entity::Theme>())?;
    expected.check(theme.rev)?;
    // A colour that stays isn't chosen anew.
    ensure_free(&existing, id, patch.name.as_ref(), patch.color.filter(|color| *color != theme.color))?;
    patch.apply_to(&mut theme);
    let changed = Theme { updated_at: tx.now, rev: tx.rev, ..theme };
    tx.store.update_theme(tx.user, &changed)?;
    Ok(changed.counted(&tx.store.theme_counts(tx.user)?))
}

/// Deletes a theme; the habits and tasks that carried it go on without one.
pub fn delete(tx: &mut WriteTransaction<'_>, id: ThemeId, expected: &Expected) -> Result<(), Error> {
    let theme = tx.store.find_theme(tx.user, id)?.ok_or(Error::not_found::<entity::Theme>())?;
    expected.check(theme.rev)?;
    tx.store.delete_theme(tx.user, id, tx.rev, tx.now)?;
    Ok(())
}

/// # Errors
/// `theme_name_taken` and `theme_color_taken` if another theme has them; what is absent isn't compared.
fn ensure_free(existing: &[Theme], id: ThemeId, name: Option<&ThemeName>, color: Option<Color>) -> Result<(), Error> {
    let others = || existing.iter().filter(|theme| theme.id != id);
    if let Some(name) = name.filter(|name| others().any(|theme| theme.name.key() == name.key())) {
        return Err(Error::conflict(Code::ThemeNameTaken, format!("there already is a theme named “{name}”")));
    }
    if let Some(theme) = others().find(|theme| Some(theme.color) == color) {
        let detail = format!("the theme “{}” already has the colour `{}`: choose another", theme.name, theme.color);
        return Err(Error::conflict(Code::ThemeColorTaken, detail));
    }
    Ok(())
}
