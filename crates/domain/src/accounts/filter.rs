//! Which accounts are listed.

use crate::ids::UserId;
use crate::users::Role;

words! {
    /// Accounts of a role.
    pub enum AccountRole {
        /// Regular users.
        Regular = "regular",
        /// Staff.
        Staff = "staff",
        /// Superusers.
        Superuser = "superuser",
        /// Staff and superusers.
        Admin = "admin",
    }
}

impl AccountRole {
    /// Whether a role is meant.
    pub const fn includes(self, role: Role) -> bool {
        match self {
            Self::Regular => matches!(role, Role::Regular),
            Self::Staff => matches!(role, Role::Staff),
            Self::Superuser => matches!(role, Role::Superuser),
            Self::Admin => matches!(role, Role::Staff | Role::Superuser),
        }
    }
}

words! {
    /// A group of accounts.
    pub enum AccountGroup {
        /// All of them.
        All = "all",
        /// Staff and superusers.
        AdminOnly = "admin_only",
        /// Regular users.
        RegularUsers = "regular_users",
        /// One's own.
        Me = "me",
    }
}

impl AccountGroup {
    const fn role(self) -> Option<AccountRole> {
        match self {
            Self::All | Self::Me => None,
            Self::AdminOnly => Some(AccountRole::Admin),
            Self::RegularUsers => Some(AccountRole::Regular),
        }
    }
}

/// Which accounts are wanted: those that meet all of these, so those that contradict each other leave none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Of one of these roles; of any if absent.
    pub roles: Option<Vec<Role>>,
    /// Those of these users alone.
    pub only: Option<UserId>,
    /// Those of all users but this one.
    pub except: Option<UserId>,
    /// Those that may sign in, or may not.
    pub active: Option<bool>,
    /// Those whose address is verified, or isn't.
    pub verified: Option<bool>,
    /// Those whose name or address contains this, which is in the form that both are stored in.
    pub text: Option<String>,
}

impl AccountFilter {
    /// Narrows it to a role.
    #[must_use]
    pub fn of_role(mut self, wanted: Option<AccountRole>) -> Self {
        if let Some(wanted) = wanted {
            let roles = self.roles.take().unwrap_or_else(|| Role::ALL.to_vec());
            self.roles = Some(roles.into_iter().filter(|role| wanted.includes(*role)).collect());
        }
        self
    }

    /// Narrows it to a group, as `user` sees it.
    #[must_use]
    pub fn of_group(self, group: Option<AccountGroup>, user: UserId) -> Self {
        let own = (group == Some(AccountGroup::Me)).then_some(true);
        self.of_role(group.and_then(AccountGroup::role)).of(own, user)
    }

    /// Narrows it to `user` alone, or to everybody else.
    #[must_use]
    pub fn of(mut self, own: Option<bool>, user: UserId) -> Self {
        match own {
            Some(true) => self.only = Some(user),
            Some(false) => self.except = Some(user),
            None => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn filters_that_contradict_each_other_leave_nothing() {
        let filter = |role, group| AccountFilter::default().of_role(role).of_group(group, user());
        assert_eq!(filter(None, None), AccountFilter::default());
        assert_eq!(filter(None, Some(AccountGroup::All)), AccountFilter::default());
        assert_eq!(filter(Some(AccountRole::Admin), None).roles, Some(vec![Role::Staff, Role::Superuser]));
        assert_eq!(filter(Some(AccountRole::Staff), Some(AccountGroup::AdminOnly)).roles, Some(vec![Role::Staff]));
        assert_eq!(filter(Some(AccountRole::Regular), Some(AccountGroup::AdminOnly)).roles, Some(vec![]));
        let neither = filter(None, Some(AccountGroup::Me)).of(Some(false), user());
        assert_eq!((neither.only, neither.except), (Some(user()), Some(user())));
    }

    #[test]
    fn each_role_has_its_word() {
        for role in Role::ALL {
            let own = AccountRole::parse(role.as_str()).unwrap();
            assert!(Role::ALL.iter().all(|other| own.includes(*other) == (role == *other)));
        }
    }

    fn user() -> UserId {
        UserId::from_uuid(Uuid::from_u128(1))
    }
}
