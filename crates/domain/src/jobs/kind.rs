//! The kinds of work, and when it recurs.

words! {
    /// What kind of work a job is. A replica takes jobs of the kinds that it knows, and leaves others to newer ones.
    pub enum JobKind {
        /// Sending a mail.
        Mail = "mail",
        /// Removing the files of an image that no user has.
        Media = "media",
        /// Fetching quotations from the configured provider.
        Quotes = "quotes",
        /// Removing what has expired.
        Purge = "purge",
        /// Rolling up attempts to sign in, and noticing what is suspicious about them.
        Logins = "logins",
        /// Truncating addresses of attempts to sign in, and removing old attempts.
        LoginRetention = "login_retention",
        /// Taking a backup.
        Backup = "backup",
        /// Doing, or undoing, an import from another app.
        Import = "import",
        /// Sending a notification to a browser.
        Push = "push",
    }
}

/// When jobs of a kind are enqueued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recurrence {
    /// By what causes them.
    OnDemand,
    /// Every so many seconds.
    Every(i64),
    /// At an interval from the configuration. Replicas without it neither enqueue nor do them.
    Configured,
}

/// Which workers do a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Those that do one job after the other.
    Common,
    /// Those that send notifications, many at once: the places that these go to are of users' choice, and may be slow.
    Push,
}

impl JobKind {
    /// Which workers do jobs of this kind.
    pub const fn lane(self) -> Lane {
        match self {
            Self::Push => Lane::Push,
            _ => Lane::Common,
        }
    }

    /// When jobs of this kind are enqueued: the one place that says so.
    pub const fn recurrence(self) -> Recurrence {
        match self {
            Self::Mail | Self::Media | Self::Import | Self::Push => Recurrence::OnDemand,
            Self::Purge | Self::Logins => Recurrence::Every(60),
            Self::LoginRetention => Recurrence::Every(3_600),
            Self::Quotes | Self::Backup => Recurrence::Configured,
        }
    }

    /// Whether an attempt may take longer than a lease. Its worker renews the lease as long as it is at work. That is for
    /// what can't be done in slices, or whose slices begin with what takes its time, such as fetching a large file.
    pub const fn renews_lease(self) -> bool {
        matches!(self, Self::Backup | Self::Import)
    }

    /// Whether a schedule enqueues jobs of this kind.
    pub fn recurs(self) -> bool {
        self.recurrence() != Recurrence::OnDemand
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_fit_their_column() {
        for kind in JobKind::ALL {
            assert!(kind.as_str().len() <= 40);
        }
    }

    #[test]
    fn intervals_are_at_least_as_long_as_workers_look_apart() {
        for kind in JobKind::ALL {
            if let Recurrence::Every(seconds) = kind.recurrence() {
                assert!(seconds >= 10, "{kind}");
            }
        }
    }
}
