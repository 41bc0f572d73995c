//! Plans an import: what becomes of each item.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use super::days::{self, Days};
use super::report::{Counts, Report};
use super::{Contents, Document, MAX_VIOLATIONS, check};
use crate::civil::{Date, Instant};
use crate::color::Color;
use crate::error::Error;
use crate::habits::{Entry, Habit, History, MAX_HABITS};
use crate::ids::{HabitId, SleepLogId, TaskId, ThemeId};
use crate::moods::{MAX_MOMENTS_A_DAY, Mood, MoodMoment};
use crate::reminders::{self, MAX_REMINDERS, MAX_REMINDERS_EACH, Reminder, ReminderId, ReminderSubject};
use crate::revision::Revision;
use crate::shared_pauses::{MAX_SHARED_PAUSES, SharedPause};
use crate::sleep::SleepLog;
use crate::tasks::{MAX_TASKS, Task};
use crate::themes::{MAX_THEMES, Theme, distinct_color};
use crate::time_entries::TimeEntry;
use crate::timer::Timer;
use crate::users::Settings;
use crate::violation::Violations;

/// What an import will write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// What it will have done.
    pub report: Report,
    /// Other settings.
    pub settings: Option<Settings>,
    /// Themes to store.
    pub themes: Vec<Theme>,
    /// Habits to store, those included whose copies of shared pauses change.
    pub habits: Vec<Habit>,
    /// Shared pauses to store.
    pub shared_pauses: Vec<SharedPause>,
    /// Entries to store, those included whose tracked minutes change.
    pub entries: Vec<Entry>,
    /// Entries that are left without anything.
    pub removed_entries: Vec<(HabitId, Date)>,
    /// Histories to store.
    pub histories: Vec<(Habit, History)>,
    /// Tasks to store.
    pub tasks: Vec<Task>,
    /// Time entries to store.
    pub time_entries: Vec<TimeEntry>,
    /// A timer to start.
    pub timer: Option<Timer>,
    /// Reminders to store, those included that only fall at another time.
    pub reminders: Vec<Reminder>,
    /// Sleep logs to store.
    pub sleep_logs: Vec<SleepLog>,
    /// Moods of days to store.
    pub moods: Vec<Mood>,
    /// Moods of moments to store.
    pub mood_moments: Vec<MoodMoment>,
}

/// Plans the import of a document into an account with these contents.
///
/// # Errors
/// Everything that is wrong with the document, up to [`MAX_VIOLATIONS`].
pub fn plan(contents: &Contents, document: &Document, now: Instant, rev: Revision) -> Result<Plan, Error> {
    let mut planner = Planner {
        contents,
        document,
        now,
        rev,
        wrong: Violations::new(),
        plan: Plan::default(),
        themes: HashMap::new(),
        habits: contents.habits.iter().map(|habit| (habit.id, habit.clone())).collect(),
        skipped_habits: HashSet::new(),
        skipped_tasks: HashSet::new(),
        touched: BTreeSet::new(),
    };
    planner.settings();
    planner.themes();
    planner.habits();
    planner.shared_pauses();
    planner.tasks();
    planner.time_entries_and_entries();
    planner.timer();
    planner.reminders();
    planner.sleep_logs();
    planner.moods();
    planner.moments();
    if planner.wrong.is_empty() { Ok(planner.plan) } else { Err(planner.wrong.into()) }
}

struct Planner<'a> {
    contents: &'a Contents,
    document: &'a Document,
    now: Instant,
    rev: Revision,
    wrong: Violations,
    plan: Plan,
    /// What stands for each theme of the document; itself unless another one has its name.
    themes: HashMap<ThemeId, Option<ThemeId>>,
    /// The habits that there will be.
    habits: BTreeMap<HabitId, Habit>,
    skipped_habits: HashSet<HabitId>,
    skipped_tasks: HashSet<TaskId>,
    /// Habits whose histories have to be made anew.
    touched: BTreeSet<HabitId>,
}

/// What an item finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Created,
    Updated,
    Unchanged,
}

/// The later change stays.
fn fate(stored: Option<Instant>, updated_at: Instant) -> Fate {
    match stored {
        None => Fate::Created,
        Some(stored) if updated_at > stored => Fate::Updated,
        Some(_) => Fate::Unchanged,
    }
}

impl Counts {
    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Created => self.created += 1,
            Fate::Updated => self.updated += 1,
            Fate::Unchanged => self.unchanged += 1,
        }
    }
}

/// Whether a list holds as many as it may.
fn is_full(count: usize, max: i64) -> bool {
    i64::try_from(count).unwrap_or(i64::MAX) >= max
}

fn by_key<T, K: Hash + Eq>(items: &[T], key: impl Fn(&T) -> K) -> HashMap<K, &T> {
    items.iter().map(|item| (key(item), item)).collect()
}

fn full(max: impl std::fmt::Display, items: &str) -> String {
    format!("an account holds at most {max} {items}")
}

impl Planner<'_> {
    /// Takes violations over, up to a maximum.
    fn refuse(&mut self, pointer: &str, checked: Result<(), Violations>) {
        if self.wrong.len() < MAX_VIOLATIONS {
            self.wrong.take(pointer, checked);
        }
    }

    /// Whether an item is the first of its key in the list.
    fn is_first<K: Hash + Eq>(&mut self, seen: &mut HashSet<K>, key: K, pointer: &str) -> bool {
        let is_first = seen.insert(key);
        if !is_first {
            self.refuse(pointer, Err(Violations::of("duplicate", "is in the list already")));
        }
        is_first
    }

    fn settings(&mut self) {
        let Some(settings) = &self.document.settings else { return };
        if *settings == self.contents.settings {
            self.plan.report.settings.unchanged = 1;
        } else {
            self.plan.report.settings.updated = 1;
            self.plan.settings = Some(settings.clone());
        }
    }

    fn themes(&mut self) {
        let stored = by_key(&self.contents.themes, |theme| theme.id);
        self.themes = stored.keys().map(|id| (*id, Some(*id))).collect();
        let (mut seen, mut pending) = (HashSet::new(), Vec::new());
        for (at, theme) in self.document.themes.iter().enumerate() {
            let pointer = format!("/themes/{at}");
            self.refuse(&pointer, check::times(theme.created_at, theme.updated_at, self.now));
            if !self.is_first(&mut seen, theme.id, &format!("{pointer}/id")) {
                continue;
            }
            self.themes.insert(theme.id, Some(theme.id));
            match fate(stored.get(&theme.id).map(|stored| stored.updated_at), theme.updated_at) {
                Fate::Unchanged => self.plan.report.themes.count(Fate::Unchanged),
                fate => pending.push((pointer, theme, fate)),
            }
        }
        let mut present: BTreeMap<ThemeId, Theme> = stored.iter().map(|(id, theme)| (*id, (*theme).clone())).collect();
        let holder_of = |present: &BTreeMap<ThemeId, Theme>, theme: &Theme| {
            let key = theme.name.key();
            present.values().find(|other| other.id != theme.id && other.name.key() == key).map(|other| other.id)
        };
        let left = in_rounds(pending, |(pointer, theme, fate)| {
            let is_full = *fate == Fate::Created && present.len() >= MAX_THEMES;
            if is_full || holder_of(&present, theme).is_some() {
                return false;
            }
            let others: Vec<Color> =
                present.values().filter(|other| other.id != theme.id).map(|other| other.color).collect();
            let mut theme = Theme { rev: self.rev, ..(*theme).clone() };
            if others.contains(&theme.color) {
                theme.color = distinct_color(&others);
                let detail = format!("another theme has its colour: it is given `{}`", theme.color);
                self.plan.report.note(format!("{pointer}/color"), "theme_color_taken", detail);
            }
            self.plan.report.themes.count(*fate);
            present.insert(theme.id, theme.clone());
            self.plan.themes.push(theme);
            true
        });
        for (pointer, theme, fate) in left {
            let holder = holder_of(&present, theme);
            let (code, detail) = match holder {
                None => ("limit_reached", full(MAX_THEMES, "themes")),
                Some(_) if fate == Fate::Updated => {
                    ("theme_name_taken", format!("there already is another theme named “{}”", theme.name))
                }
                Some(_) => {
                    let detail =
                        format!("there already is a theme named “{}”: it takes the place of this one", theme.name);
                    ("theme_name_taken", detail)
                }
            };
            if fate == Fate::Created {
                self.themes.insert(theme.id, holder);
            }
            self.plan.report.themes.skipped += 1;
            self.plan.report.note(pointer, code, detail);
        }
    }

    /// What stands for a theme that an item refers to.
    fn theme(&mut self, theme: Option<ThemeId>, pointer: &str) -> Option<ThemeId> {
        let theme = theme?;
        if let Some(standing) = self.themes.get(&theme) {
            return *standing;
        }
        let detail = "there is no such theme, neither in the document nor in the account";
        self.refuse(&format!("{pointer}/theme_id"), Err(Violations::of("theme_not_found", detail)));
        None
    }

    fn habits(&mut self) {
        let stored = by_key(&self.contents.habits, |habit| habit.id);
        let mut seen = HashSet::new();
        for (at, habit) in self.document.habits.iter().enumerate() {
            let pointer = format!("/habits/{at}");
            self.refuse(&pointer, check::times(habit.created_at, habit.updated_at, self.now));
            let theme = self.theme(habit.theme, &pointer);
            if !self.is_first(&mut seen, habit.id, &format!("{pointer}/id")) {
                continue;
            }
            let fate = fate(stored.get(&habit.id).map(|stored| stored.updated_at), habit.updated_at);
            if fate == Fate::Created && is_full(self.habits.len(), MAX_HABITS) {
                self.skipped_habits.insert(habit.id);
                self.plan.report.habits.skipped += 1;
                self.plan.report.note(pointer, "limit_reached", full(MAX_HABITS, "habits"));
                continue;
            }
            self.plan.report.habits.count(fate);
            if fate != Fate::Unchanged {
                self.habits.insert(habit.id, Habit { theme, rev: self.rev, ..habit.clone() });
                self.touched.insert(habit.id);
            }
        }
    }

    /// Shared pauses, and the habits' copies of them.
    fn shared_pauses(&mut self) {
        let stored = by_key(&self.contents.shared_pauses, |pause| pause.id);
        let mut pauses: BTreeMap<_, SharedPause> = stored.iter().map(|(id, pause)| (*id, (*pause).clone())).collect();
        let mut seen = HashSet::new();
        for (at, pause) in self.document.shared_pauses.iter().enumerate() {
            let pointer = format!("/shared_pauses/{at}");
            self.refuse(&pointer, check::times(pause.created_at, pause.updated_at, self.now));
            if !self.is_first(&mut seen, pause.id, &format!("{pointer}/id")) {
                continue;
            }
            let fate = fate(stored.get(&pause.id).map(|stored| stored.updated_at), pause.updated_at);
            if fate == Fate::Created && pauses.len() >= MAX_SHARED_PAUSES {
                self.plan.report.shared_pauses.skipped += 1;
                self.plan.report.note(pointer, "limit_reached", full(MAX_SHARED_PAUSES, "pauses of all habits"));
                continue;
            }
            self.plan.report.shared_pauses.count(fate);
            if fate != Fate::Unchanged {
                let pause = SharedPause { rev: self.rev, ..pause.clone() };
                pauses.insert(pause.id, pause.clone());
                self.plan.shared_pauses.push(pause);
            }
        }
        let mut pauses: Vec<SharedPause> = pauses.into_values().collect();
        pauses.sort_by_key(|pause| (pause.from, pause.id));
        for habit in self.habits.values_mut() {
            let timeline = crate::shared_pauses::with_copies(&habit.timeline, habit.id, &pauses);
            match self.wrong.take("/shared_pauses", timeline) {
                Some(timeline) if timeline != habit.timeline => {
                    if self.touched.insert(habit.id) {
                        (habit.updated_at, habit.rev) = (self.now, self.rev);
                    }
                    habit.timeline = timeline;
                }
                _ => {}
            }
        }
        self.plan.habits = self.touched.iter().filter_map(|id| self.habits.get(id)).cloned().collect();
    }

    fn tasks(&mut self) {
        let stored = by_key(&self.contents.tasks, |task| task.id);
        let mut count = stored.len();
        let mut seen = HashSet::new();
        for (at, task) in self.document.tasks.iter().enumerate() {
            let pointer = format!("/tasks/{at}");
            self.refuse(&pointer, check::task(task, self.now));
            let theme = self.theme(task.theme, &pointer);
            if !self.is_first(&mut seen, task.id, &format!("{pointer}/id")) {
                continue;
            }
            let fate = fate(stored.get(&task.id).map(|stored| stored.updated_at), task.updated_at);
            if fate == Fate::Created {
                if is_full(count, MAX_TASKS) {
                    self.skipped_tasks.insert(task.id);
                    self.plan.report.tasks.skipped += 1;
                    self.plan.report.note(pointer, "limit_reached", full(MAX_TASKS, "tasks"));
                    continue;
                }
                count += 1;
            }
            self.plan.report.tasks.count(fate);
            if fate != Fate::Unchanged {
                self.plan.tasks.push(Task { theme, rev: self.rev, ..task.clone() });
            }
        }
    }

    /// What an item that refers to a habit finds: that it is known, or will be left out.
    fn knows_habit(&mut self, habit: HabitId, pointer: &str) -> bool {
        let is_known = self.habits.contains_key(&habit) || self.skipped_habits.contains(&habit);
        if !is_known {
            let detail = "there is no such habit, neither in the document nor in the account";
            self.refuse(&format!("{pointer}/habit_id"), Err(Violations::of("habit_not_found", detail)));
        }
        is_known
    }

    /// The tasks that there will be.
    fn known_tasks(&self) -> HashSet<TaskId> {
        let stored = self.contents.tasks.iter().map(|task| task.id);
        stored.chain(self.document.tasks.iter().map(|task| task.id)).collect()
    }

    /// The habit and the task of what was spent on them, without those that are left out.
    fn spent_on(
        &mut self,
        (habit, task): (Option<HabitId>, Option<TaskId>),
        tasks: &HashSet<TaskId>,
        pointer: &str,
    ) -> (Option<HabitId>, Option<TaskId>) {
        if let Some(habit) = habit {
            self.knows_habit(habit, pointer);
        }
        if task.is_some_and(|task| !tasks.contains(&task)) {
            let detail = "there is no such task, neither in the document nor in the account";
            self.refuse(&format!("{pointer}/task_id"), Err(Violations::of("task_not_found", detail)));
        }
        (
            habit.filter(|habit| !self.skipped_habits.contains(habit)),
            task.filter(|task| !self.skipped_tasks.contains(task)),
        )
    }

    /// Time entries, then entries, whose tracked minutes are sums of those; then the habits' histories.
    fn time_entries_and_entries(&mut self) {
        let tasks = self.known_tasks();
        let stored = by_key(&self.contents.time_entries, |entry| entry.id);
        let mut spent: BTreeMap<_, TimeEntry> = BTreeMap::new();
        let mut seen = HashSet::new();
        let mut timed: BTreeSet<HabitId> = BTreeSet::new();
        for (at, entry) in self.document.time_entries.iter().enumerate() {
            let pointer = format!("/time_entries/{at}");
            self.refuse(&pointer, check::time_entry(entry, self.now));
            let (habit, task) = self.spent_on((entry.habit, entry.task), &tasks, &pointer);
            if !self.is_first(&mut seen, entry.id, &format!("{pointer}/id")) {
                continue;
            }
            let before = stored.get(&entry.id);
            let fate = fate(before.map(|stored| stored.updated_at), entry.updated_at);
            self.plan.report.time_entries.count(fate);
            if fate != Fate::Unchanged {
                timed.extend(before.and_then(|before| before.habit));
                timed.extend(habit);
                let entry = TimeEntry { habit, task, rev: self.rev, ..entry.clone() };
                spent.insert(entry.id, entry.clone());
                self.plan.time_entries.push(entry);
            }
        }
        let unchanged = self.contents.time_entries.iter().filter(|entry| !spent.contains_key(&entry.id));
        let Some(minutes) = self.wrong.take("/time_entries", days::minutes(unchanged.chain(spent.values()))) else {
            return;
        };
        let mut days = Days::new(&self.contents.entries, minutes, self.now, self.rev);
        self.entries(&mut days);
        if !self.wrong.is_empty() {
            return;
        }
        let realigned: BTreeSet<HabitId> = self.touched.iter().copied().chain(timed).collect();
        for habit in realigned.iter().filter_map(|id| self.habits.get(id)) {
            days.realign(habit);
        }
        self.touched.extend(days.changed());
        let histories = self.touched.iter().filter_map(|id| self.habits.get(id));
        self.plan.histories = histories.map(|habit| (habit.clone(), days.history(habit))).collect();
        (self.plan.entries, self.plan.removed_entries) = days.into_changes();
    }

    fn entries(&mut self, days: &mut Days<'_>) {
        let mut seen = HashSet::new();
        for (at, entry) in self.document.entries.iter().enumerate() {
            let pointer = format!("/entries/{at}");
            self.refuse(&pointer, check::entry(entry, self.now));
            let is_known = self.knows_habit(entry.habit, &pointer);
            if !self.is_first(&mut seen, (entry.habit, entry.date), &pointer) || !is_known {
                continue;
            }
            let Some(habit) = self.habits.get(&entry.habit) else {
                self.plan.report.entries.skipped += 1;
                self.plan.report.note(pointer, "habit_skipped", "its habit was left out");
                continue;
            };
            let fate = fate(days.said_at(entry.habit, entry.date), entry.updated_at);
            self.plan.report.entries.count(fate);
            if fate != Fate::Unchanged {
                days.put(habit, Entry { rev: self.rev, ..entry.clone() });
            }
        }
    }

    fn timer(&mut self) {
        let Some(timer) = &self.document.timer else { return };
        self.refuse("/timer", check::timer(timer, self.now));
        let tasks = self.known_tasks();
        let (habit, task) = self.spent_on((timer.habit, timer.task), &tasks, "/timer");
        let timer = Timer { habit, task, rev: self.rev, ..timer.clone() };
        match &self.contents.timer {
            None => {
                self.plan.report.timer.created = 1;
                self.plan.timer = Some(timer);
            }
            Some(running) if Timer { rev: self.rev, ..running.clone() } == timer => {
                self.plan.report.timer.unchanged = 1;
            }
            Some(running) => {
                self.plan.report.timer.skipped = 1;
                let detail = format!("a timer runs since {}", running.started_at);
                self.plan.report.note("/timer".to_owned(), "timer_running", detail);
            }
        }
    }

    /// Reminders; then, when all of them fall by the settings and tasks that there will be.
    fn reminders(&mut self) {
        let tasks = self.known_tasks();
        let mut all: BTreeMap<ReminderId, Reminder> =
            self.contents.reminders.iter().map(|reminder| (reminder.id, reminder.clone())).collect();
        let mut each: HashMap<ReminderSubject, usize> = HashMap::new();
        for reminder in &self.contents.reminders {
            *each.entry(reminder.rule.subject()).or_default() += 1;
        }
        let (mut seen, mut taken) = (HashSet::new(), HashSet::new());
        for (at, reminder) in self.document.reminders.iter().enumerate() {
            let pointer = format!("/reminders/{at}");
            self.refuse(&pointer, check::times(reminder.created_at, reminder.updated_at, self.now));
            let subject = reminder.rule.subject();
            let (habit, task) = self.spent_on((subject.habit(), subject.task()), &tasks, &pointer);
            if !self.is_first(&mut seen, reminder.id, &format!("{pointer}/id")) {
                continue;
            }
            let before = all.get(&reminder.id);
            let fate = fate(before.map(|stored| stored.updated_at), reminder.updated_at);
            let is_of_another = before.is_none_or(|before| before.rule.subject() != subject);
            let count = each.get(&subject).copied().unwrap_or_default();
            let skipped = if subject.habit() != habit {
                Some(("habit_skipped", "its habit was left out".to_owned()))
            } else if subject.task() != task {
                Some(("task_skipped", "its task was left out".to_owned()))
            } else if fate == Fate::Created && is_full(all.len(), MAX_REMINDERS) {
                Some(("limit_reached", full(MAX_REMINDERS, "reminders")))
            } else if fate != Fate::Unchanged && is_of_another && count >= MAX_REMINDERS_EACH {
                let detail = format!("a habit, a task or bedtime has at most {MAX_REMINDERS_EACH} reminders");
                Some(("limit_reached", detail))
            } else {
                None
            };
            if let Some((code, detail)) = skipped {
                self.plan.report.reminders.skipped += 1;
                self.plan.report.note(pointer, code, detail);
                continue;
            }
            self.plan.report.reminders.count(fate);
            if fate != Fate::Unchanged {
                if let Some(count) = before.and_then(|before| each.get_mut(&before.rule.subject())) {
                    *count -= 1;
                }
                *each.entry(subject).or_default() += 1;
                taken.insert(reminder.id);
                all.insert(reminder.id, Reminder { rev: self.rev, ..reminder.clone() });
            }
        }
        self.reckon_reminders(all, &taken);
    }

    /// Stores reminders that were taken, and those that fall at another time than before.
    fn reckon_reminders(&mut self, all: BTreeMap<ReminderId, Reminder>, taken: &HashSet<ReminderId>) {
        let settings = self.plan.settings.as_ref().unwrap_or(&self.contents.settings);
        let has_other_clock = reminders::moves_reminders(&self.contents.settings, settings);
        let due_on = |tasks: &[Task]| -> HashMap<TaskId, Option<Date>> {
            tasks.iter().map(|task| (task.id, task.due_on)).collect()
        };
        let (before, changed) = (due_on(&self.contents.tasks), due_on(&self.plan.tasks));
        for mut reminder in all.into_values() {
            let task = reminder.rule.subject().task();
            let due_before = task.and_then(|task| before.get(&task).copied().flatten());
            let due_on = task.map_or(due_before, |task| changed.get(&task).copied().unwrap_or(due_before));
            let is_taken = taken.contains(&reminder.id);
            let next = if is_taken || due_on != due_before {
                reminder.next_after(self.now, settings, due_on)
            } else if has_other_clock {
                reminder.next_on_clock(self.now, settings, due_on)
            } else {
                reminder.next
            };
            if is_taken || next != reminder.next {
                reminder.next = next;
                self.plan.reminders.push(reminder);
            }
        }
    }

    fn sleep_logs(&mut self) {
        let stored = by_key(&self.contents.sleep_logs, |log| log.id);
        let (mut seen, mut pending) = (HashSet::new(), Vec::new());
        for (at, log) in self.document.sleep_logs.iter().enumerate() {
            let pointer = format!("/sleep_logs/{at}");
            self.refuse(&pointer, check::sleep_log(log, self.now));
            if !self.is_first(&mut seen, log.id, &format!("{pointer}/id")) {
                continue;
            }
            match fate(stored.get(&log.id).map(|stored| stored.updated_at), log.updated_at) {
                Fate::Unchanged => self.plan.report.sleep_logs.count(Fate::Unchanged),
                fate => pending.push((pointer, log, fate)),
            }
        }
        let mut taken = Intervals::default();
        self.contents.sleep_logs.iter().for_each(|log| taken.take(log));
        let left = in_rounds(pending, |(_, log, fate)| {
            if taken.overlapped_by(log).is_some() {
                return false;
            }
            if let Some(before) = stored.get(&log.id) {
                taken.release(before);
            }
            taken.take(log);
            self.plan.report.sleep_logs.count(*fate);
            self.plan.sleep_logs.push(SleepLog { rev: self.rev, ..(*log).clone() });
            true
        });
        for (pointer, log, _) in left {
            let detail = match taken.overlapped_by(log) {
                Some((start, end)) => format!("it overlaps the sleep from {start} to {end}"),
                None => "it overlapped another sleep".to_owned(),
            };
            self.plan.report.sleep_logs.skipped += 1;
            self.plan.report.note(pointer, "sleep_overlap", detail);
        }
    }

    fn moods(&mut self) {
        let stored = by_key(&self.contents.moods, |mood| mood.date);
        let mut seen = HashSet::new();
        for (at, mood) in self.document.moods.iter().enumerate() {
            let pointer = format!("/moods/{at}");
            self.refuse(&pointer, check::mood(mood, self.now));
            if !self.is_first(&mut seen, mood.date, &format!("{pointer}/date")) {
                continue;
            }
            let fate = fate(stored.get(&mood.date).map(|stored| stored.updated_at), mood.updated_at);
            self.plan.report.moods.count(fate);
            if fate != Fate::Unchanged {
                self.plan.moods.push(Mood { rev: self.rev, ..mood.clone() });
            }
        }
    }

    fn moments(&mut self) {
        let stored = by_key(&self.contents.mood_moments, |moment| moment.id);
        let mut a_day: HashMap<Date, usize> = HashMap::new();
        for moment in &self.contents.mood_moments {
            *a_day.entry(moment.date).or_default() += 1;
        }
        let mut seen = HashSet::new();
        for (at, moment) in self.document.mood_moments.iter().enumerate() {
            let pointer = format!("/mood_moments/{at}");
            self.refuse(&pointer, check::moment(moment, self.now));
            if !self.is_first(&mut seen, moment.id, &format!("{pointer}/id")) {
                continue;
            }
            let before = stored.get(&moment.id);
            let fate = fate(before.map(|stored| stored.updated_at), moment.updated_at);
            if fate != Fate::Unchanged && before.is_none_or(|before| before.date != moment.date) {
                let count = a_day.entry(moment.date).or_default();
                if *count >= MAX_MOMENTS_A_DAY {
                    self.plan.report.mood_moments.skipped += 1;
                    let detail = format!("a day holds at most {MAX_MOMENTS_A_DAY} moments");
                    self.plan.report.note(pointer, "limit_reached", detail);
                    continue;
                }
                *count += 1;
            }
            self.plan.report.mood_moments.count(fate);
            if fate != Fate::Unchanged {
                self.plan.mood_moments.push(MoodMoment { rev: self.rev, ..moment.clone() });
            }
        }
    }
}

/// How often what couldn't be taken is tried again, after something else made room.
const MAX_ROUNDS: usize = 20;

/// Takes items as long as any can be taken, in the order in which they can be written; what is left.
fn in_rounds<T>(mut pending: Vec<T>, mut take: impl FnMut(&T) -> bool) -> Vec<T> {
    for _ in 0..MAX_ROUNDS {
        let before = pending.len();
        pending.retain(|item| !take(item));
        if pending.is_empty() || pending.len() == before {
            break;
        }
    }
    pending
}

/// Times of sleep, which don't overlap.
#[derive(Debug, Default)]
struct Intervals {
    by_start: BTreeMap<(Instant, SleepLogId), Instant>,
}

impl Intervals {
    fn take(&mut self, log: &SleepLog) {
        let (start, end) = log.sleep.interval();
        self.by_start.insert((start, log.id), end);
    }

    fn release(&mut self, log: &SleepLog) {
        self.by_start.remove(&(log.sleep.start, log.id));
    }

    /// The time of another log that a log overlaps. None is longer than a day.
    fn overlapped_by(&self, log: &SleepLog) -> Option<(Instant, Instant)> {
        let (start, end) = log.sleep.interval();
        let first = (start.plus_seconds(-crate::sleep::MAX_SECONDS), SleepLogId::from_uuid(uuid::Uuid::nil()));
        let last = (end, SleepLogId::from_uuid(uuid::Uuid::nil()));
        self.by_start
            .range(first..last)
            .map(|((other, id), until)| (*id, (*other, *until)))
            .find(|(id, other)| *id != log.id && crate::sleep::overlap(*other, (start, end)))
            .map(|(_, other)| other)
    }
}
