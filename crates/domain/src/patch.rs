//! Merge patches (RFC 7396).

/// Declares the patch of a type, and `apply_to`, which gives the type's fields the values that the patch has. What
/// stands under `besides` isn't a field of the type, or depends on more: the feature's service sees to it.
///
/// ```ignore
/// patch! {
///     /// A change of a theme: what is absent stays.
///     #[derive(Debug, Clone, Default)]
///     pub struct ThemePatch of Theme {
///         /// The new name.
///         pub name: Option<ThemeName>,
///     }
/// }
/// ```
macro_rules! patch {
    (
        $(#[$of_patch:meta])*
        pub struct $patch:ident of $target:ident {
            $($(#[$of_field:meta])* pub $field:ident: $type:ty,)+
        } $(besides {
            $($(#[$of_other:meta])* pub $other:ident: $other_type:ty,)+
        })?
    ) => {
        $(#[$of_patch])*
        pub struct $patch {
            $($(#[$of_field])* pub $field: $type,)+
            $($($(#[$of_other])* pub $other: $other_type,)+)?
        }

        impl $patch {
            /// Changes what is present.
            pub(crate) fn apply_to(self, target: &mut $target) {
                $(if let Some(changed) = self.$field {
                    target.$field = changed;
                })+
            }
        }
    };
}
