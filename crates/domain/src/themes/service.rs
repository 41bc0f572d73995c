//! What can be done with themes.

use super::{CountedTheme, MAX_THEMES, Theme, ThemeCounts, ThemeName, distinct_color};
use crate::code::Code;
use crate::collation::sort_key;
use crate::entity;
use crate::error::Error;
use crate::idempotency::Creation;
use crate::ids::{ThemeId, UserId};
use crate::revision::Expected;
use crate::text::Color;
use crate::unit_of_work::{Store, WriteTransaction};

/// A theme to make.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateThemeBody))]
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
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateThemeBody))]
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
    themes.sort_by_cached_key(|theme| (sort_key(theme.name.as_str()), theme.id));
    let mut counts = store.theme_counts(user)?;
    let with_counts = |theme: Theme| CountedTheme { counts: counts.remove(&theme.id).unwrap_or_default(), theme };
    Ok(themes.into_iter().map(with_counts).collect())
}

/// One theme.
pub fn find(store: &mut dyn Store, user: UserId, id: ThemeId) -> Result<CountedTheme, Error> {
    let theme = store.find_theme(user, id)?.ok_or(Error::not_found::<entity::Theme>())?;
    with_counts(store, user, theme)
}

fn with_counts(store: &mut dyn Store, user: UserId, theme: Theme) -> Result<CountedTheme, Error> {
    let counts = store.theme_counts(user)?.remove(&theme.id).unwrap_or_default();
    Ok(CountedTheme { theme, counts })
}

/// Creates a theme, or returns the one that an earlier identical request created.
pub fn create(tx: &mut WriteTransaction<'_>, new: NewTheme) -> Result<Creation<CountedTheme>, Error> {
    let existing = tx.store.themes(tx.user)?;
    if let Some(theme) = existing.iter().find(|theme| theme.id == new.id) {
        let stored = with_counts(tx.store, tx.user, theme.clone())?;
        return Creation::replay(&theme.request_digest, &new.request_digest, stored);
    }
    if tx.store.theme_was_deleted(tx.user, new.id)? {
        return Err(Creation::<Theme>::deleted_before());
    }
    if existing.len() >= MAX_THEMES {
        return Err(Error::conflict(Code::LimitReached, format!("an account holds at most {MAX_THEMES} themes")));
    }
    ensure_name_is_free(&existing, &new.name, new.id)?;
    if let Some(color) = new.color {
        ensure_color_is_free(&existing, color, new.id)?;
    }
    let color = new.color.unwrap_or_else(|| {
        let taken: Vec<Color> = existing.iter().map(|theme| theme.color).collect();
        distinct_color(&taken)
    });
    let theme = Theme {
        id: new.id,
        name: new.name,
        color,
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
    if let Some(name) = &patch.name {
        ensure_name_is_free(&existing, name, id)?;
    }
    // A colour that stays isn't chosen anew.
    if let Some(color) = patch.color.filter(|color| *color != theme.color) {
        ensure_color_is_free(&existing, color, id)?;
    }
    patch.apply_to(&mut theme);
    let changed = Theme { updated_at: tx.now, rev: tx.rev, ..theme };
    tx.store.update_theme(tx.user, &changed)?;
    with_counts(tx.store, tx.user, changed)
}

/// Deletes a theme; the habits and tasks that carried it go on without one.
pub fn delete(tx: &mut WriteTransaction<'_>, id: ThemeId, expected: &Expected) -> Result<(), Error> {
    let theme = tx.store.find_theme(tx.user, id)?.ok_or(Error::not_found::<entity::Theme>())?;
    expected.check(theme.rev)?;
    tx.store.delete_theme(tx.user, id, tx.rev, tx.now)?;
    Ok(())
}

fn ensure_name_is_free(existing: &[Theme], name: &ThemeName, except: ThemeId) -> Result<(), Error> {
    let key = name.key();
    if existing.iter().any(|theme| theme.id != except && theme.name.key() == key) {
        return Err(Error::conflict(Code::ThemeNameTaken, format!("there already is a theme named “{name}”")));
    }
    Ok(())
}

fn ensure_color_is_free(existing: &[Theme], color: Color, except: ThemeId) -> Result<(), Error> {
    match existing.iter().find(|theme| theme.id != except && theme.color == color) {
        Some(theme) => {
            let detail = format!("the theme “{}” already has the colour `{color}`: choose another", theme.name);
            Err(Error::conflict(Code::ThemeColorTaken, detail))
        }
        None => Ok(()),
    }
}
