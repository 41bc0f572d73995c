//! The figures that matter most, each beside what it was before.

words! {
    /// Which figure.
    pub enum KpiKey {
        /// Done ÷ due over all habits, 0–1.
        CompletionRate = "completion_rate",
        /// Days done, of all habits together.
        DaysDone = "days_done",
        /// Tasks that were done.
        TasksCompleted = "tasks_completed",
        /// Minutes tracked.
        MinutesTracked = "minutes_tracked",
        /// Minutes slept a night, on average.
        SleepDuration = "sleep_duration",
        /// Quality of sleep, 1–5, on average.
        SleepQuality = "sleep_quality",
        /// Mood, 0–10, on average.
        Mood = "mood",
    }
}

words! {
    /// What a figure is in.
    pub enum KpiUnit {
        /// A share, 0–1.
        Ratio = "ratio",
        /// A number of days.
        Days = "days",
        /// A number of tasks.
        Tasks = "tasks",
        /// Minutes.
        Minutes = "minutes",
        /// A place on a scale.
        Points = "points",
    }
}

impl KpiKey {
    /// What the figure is in.
    pub const fn unit(self) -> KpiUnit {
        match self {
            Self::CompletionRate => KpiUnit::Ratio,
            Self::DaysDone => KpiUnit::Days,
            Self::TasksCompleted => KpiUnit::Tasks,
            Self::MinutesTracked | Self::SleepDuration => KpiUnit::Minutes,
            Self::SleepQuality | Self::Mood => KpiUnit::Points,
        }
    }
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kpi {
    /// The key.
    pub key: KpiKey,
    /// In the range; null where nothing is known.
    pub value: Option<f64>,
    /// In as many days before; null where nothing is known.
    pub previous: Option<f64>,
}

impl Kpi {
    /// By how much it changed, in its own unit; `None` where one of the two isn't known.
    pub fn change(self) -> Option<f64> {
        Some(self.value? - self.previous?)
    }
}

/// The figures of a range.
pub(super) struct KpiValues {
    pub(super) completion_rate: Option<f64>,
    pub(super) days_done: u32,
    pub(super) tasks_completed: u32,
    pub(super) minutes: u64,
    /// Seconds, and quality.
    pub(super) sleep: (Option<f64>, Option<f64>),
    pub(super) mood: Option<f64>,
}

impl KpiValues {
    fn list(&self) -> [(KpiKey, Option<f64>); 7] {
        let minutes = f64::from(u32::try_from(self.minutes).unwrap_or(u32::MAX));
        [
            (KpiKey::CompletionRate, self.completion_rate),
            (KpiKey::DaysDone, Some(f64::from(self.days_done))),
            (KpiKey::TasksCompleted, Some(f64::from(self.tasks_completed))),
            (KpiKey::MinutesTracked, Some(minutes)),
            (KpiKey::SleepDuration, self.sleep.0.map(|seconds| seconds / 60.0)),
            (KpiKey::SleepQuality, self.sleep.1),
            (KpiKey::Mood, self.mood),
        ]
    }
}

pub(super) fn list(present: &KpiValues, before: Option<&KpiValues>) -> Vec<Kpi> {
    let mut before = before.map(|before| before.list().into_iter());
    let kpi = |(key, value)| {
        let previous = before.as_mut().and_then(Iterator::next).and_then(|(_, previous)| previous);
        Kpi { key, value, previous }
    };
    present.list().into_iter().map(kpi).collect()
}
