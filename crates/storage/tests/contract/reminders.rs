//! Reminders.

use circadia_domain::civil::{Instant, WallTime, Weekday, Weekdays};
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::reminders::{
    MAX_DAYS_BEFORE, Occurrence, Reminder, ReminderChannels, ReminderId, ReminderRule, ReminderSubject,
};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::Task;
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::{Backend, SqlDatabase};

use crate::support::samples::{self, NOW, date};
use crate::support::{TestDatabase, at_once};

/// A user with a habit and a task, and a rule of each kind.
struct Reminded {
    user: UserId,
    of_habit: ReminderRule,
    of_task: ReminderRule,
    task: Task,
}

impl Reminded {
    fn new(test: &TestDatabase) -> Self {
        let (user, habit, task) = (test.user(), samples::habit("Habit"), samples::task("Task"));
        test.write(user, |tx| {
            tx.store.insert_habit(user, &habit)?;
            tx.store.insert_task(user, &task)
        });
        let of_habit =
            ReminderRule::Habit { habit: habit.id, time: WallTime::MIDNIGHT, weekdays: Weekdays::of(&[Weekday::Su]) };
        let of_task = ReminderRule::Task { task: task.id, time: WallTime::NOON, days_before: MAX_DAYS_BEFORE };
        Self { user, of_habit, of_task, task }
    }

    fn rules(&self) -> [ReminderRule; 3] {
        [self.of_habit, self.of_task, samples::bedtime()]
    }
}

fn insert(test: &TestDatabase, user: UserId, reminder: &Reminder) {
    test.write(user, |tx| tx.store.insert_reminder(user, reminder));
}

fn stored(test: &TestDatabase, user: UserId, id: ReminderId) -> Option<Reminder> {
    test.read(|store| store.find_reminder(user, id))
}

/// Falls so many seconds after now.
fn falling(seconds: i64, rule: ReminderRule) -> Reminder {
    let at = NOW.plus_seconds(seconds);
    Reminder { next: Some(Occurrence { day: date("2026-03-02"), at }), ..samples::reminder(rule) }
}

pub(crate) fn a_reminder_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (reminded, other) = (Reminded::new(&test), test.user());
    let user = reminded.user;
    for rule in reminded.rules() {
        let full = samples::reminder(rule);
        let bare = Reminder {
            channels: ReminderChannels::from_bits(0),
            enabled: false,
            handled_on: None,
            next: None,
            rev: Revision(i64::MAX),
            ..samples::reminder(rule)
        };
        for reminder in [full, bare] {
            insert(&test, user, &reminder);
            assert_eq!(stored(&test, user, reminder.id), Some(reminder.clone()));
            assert_eq!(stored(&test, other, reminder.id), None);
        }
    }
    assert_eq!(test.read(|store| store.reminder_total(user)), 6);
    assert_eq!(test.read(|store| store.reminder_total(other)), 0);
    let created = samples::reminder(reminded.of_habit);
    insert(&test, user, &created);
    // What an update of some of it leaves would be what it had before.
    let changed = Reminder {
        rule: samples::bedtime(),
        channels: ReminderChannels::ALL,
        enabled: false,
        handled_on: None,
        next: None,
        updated_at: NOW.plus_seconds(9),
        rev: Revision(9),
        ..created.clone()
    };
    let update = Reminder { created_at: NOW.plus_seconds(7), request_digest: [9; 32], ..changed.clone() };
    test.write(user, |tx| tx.store.update_reminder(user, &update));
    assert_eq!(stored(&test, user, created.id), Some(changed.clone()));
    let next = Some(Occurrence { day: date("2199-12-31"), at: NOW });
    test.write(user, |tx| {
        tx.store.update_reminder(user, &Reminder { enabled: true, ..changed.clone() })?;
        tx.store.set_next_occurrence(user, created.id, next)
    });
    assert_eq!(stored(&test, user, created.id), Some(Reminder { enabled: true, next, ..changed.clone() }));
    test.write(user, |tx| tx.store.set_next_occurrence(user, created.id, None));
    assert_eq!(stored(&test, user, created.id), Some(Reminder { enabled: true, ..changed }));
}

pub(crate) fn reminders_are_listed_oldest_first_by_what_they_belong_to(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (reminded, other) = (Reminded::new(&test), Reminded::new(&test));
    let user = reminded.user;
    insert(&test, other.user, &samples::reminder(other.of_habit));
    insert(&test, other.user, &samples::reminder(samples::bedtime()));
    let of = |subject| test.read(|store| store.reminders(user, subject));
    let mut all = Vec::new();
    for rule in reminded.rules() {
        let [first, second] = [(); 2].map(|()| samples::reminder(rule));
        let earlier = Reminder { created_at: NOW.plus_seconds(-1), ..samples::reminder(rule) };
        for reminder in [&second, &first, &earlier] {
            insert(&test, user, reminder);
        }
        let listed = vec![earlier, first, second];
        assert_eq!(of(Some(rule.subject())), listed);
        all.extend(listed);
    }
    all.sort_by_key(|reminder| (reminder.created_at, reminder.id));
    assert_eq!(of(None), all);
    assert_eq!(of(Some(ReminderSubject::Habit(samples::habit("Another").id))), []);
    assert_eq!(test.read(|store| store.tasks_with_reminders(user)), [reminded.task]);
    assert_eq!(test.read(|store| store.tasks_with_reminders(other.user)), []);
}

pub(crate) fn a_reminder_goes_with_its_habit_or_task(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let reminded = Reminded::new(&test);
    let user = reminded.user;
    let [of_habit, of_task, of_bedtime] = reminded.rules().map(samples::reminder);
    let (kept_habit, kept_task) = (samples::habit("Kept"), samples::task("Kept"));
    let kept = [
        ReminderRule::Habit { habit: kept_habit.id, time: WallTime::NOON, weekdays: Weekdays::ALL },
        ReminderRule::Task { task: kept_task.id, time: WallTime::NOON, days_before: 0 },
    ];
    let kept = kept.map(samples::reminder);
    test.write(user, |tx| {
        tx.store.insert_habit(user, &kept_habit)?;
        tx.store.insert_task(user, &kept_task)?;
        let all = [&of_habit, &of_task, &of_bedtime].into_iter().chain(&kept);
        all.into_iter().try_for_each(|reminder| tx.store.insert_reminder(user, reminder))
    });
    let was_deleted = |id: ReminderId| test.read(|store| store.was_deleted(user, &id.into()));
    let (habit, task) = (of_habit.rule.subject().habit().unwrap(), of_task.rule.subject().task().unwrap());
    assert!(test.write(user, |tx| tx.store.delete_habit(user, habit, tx.rev, NOW)));
    assert!(test.write(user, |tx| tx.store.delete_task(user, task, tx.rev, NOW)));
    assert_eq!((stored(&test, user, of_habit.id), stored(&test, user, of_task.id)), (None, None));
    // Who is told of the habit or the task knows.
    assert!(!was_deleted(of_habit.id) && !was_deleted(of_task.id));
    test.write(user, |tx| tx.store.delete_reminder(user, of_bedtime.id, tx.rev, NOW));
    assert_eq!(stored(&test, user, of_bedtime.id), None);
    assert!(was_deleted(of_bedtime.id));
    for reminder in kept {
        assert_eq!(stored(&test, user, reminder.id), Some(reminder));
    }
}

pub(crate) fn what_is_due_is_found_the_longest_due_first(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let users = [(); 4].map(|()| test.user());
    let seconds: [&[i64]; 4] = [&[-5, 0, 5], &[-9, 1], &[1, 100], &[]];
    for (user, seconds) in users.iter().zip(seconds) {
        for after in seconds {
            insert(&test, *user, &falling(*after, samples::bedtime()));
        }
        insert(&test, *user, &Reminder { next: None, ..samples::reminder(samples::bedtime()) });
    }
    let remind = |now: Instant, limit| test.read(|store| store.users_to_remind(now, limit));
    assert_eq!(remind(NOW, 9), [users[1], users[0]]);
    assert_eq!(remind(NOW, 1), [users[1]]);
    assert_eq!(remind(NOW.plus_seconds(1), 9), [users[1], users[0], users[2]]);
    assert_eq!(remind(NOW.plus_seconds(-10), 9), []);
    let due = |user, limit| -> Vec<i64> {
        let due = test.read(|store| store.reminders_to_send(user, NOW, limit));
        due.iter().map(|reminder| reminder.next.unwrap().at.seconds() - NOW.seconds()).collect()
    };
    assert_eq!(users.map(|user| due(user, 9)), [vec![-5, 0], vec![-9], vec![], vec![]]);
    assert_eq!(due(users[0], 1), [-5]);
}

fn pass(database: &SqlDatabase, user: UserId, reminder: &Reminder, next: Option<Occurrence>) -> bool {
    let passed = reminder.next.unwrap();
    write_unowned::<_, StoreError>(database, |store| store.pass_occurrence(user, reminder.id, passed, passed.day, next))
        .unwrap()
}

pub(crate) fn an_occurrence_is_passed_once(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let reminder = falling(-1, samples::bedtime());
    let following = Occurrence { day: date("2026-03-03"), at: NOW.plus_seconds(86_400) };
    let next = Some(following);
    insert(&test, user, &reminder);
    assert!(!pass(&test.database, other, &reminder, next));
    assert!(pass(&test.database, user, &reminder, next));
    assert!(!pass(&test.database, user, &reminder, next));
    let moved = Reminder { handled_on: Some(date("2026-03-02")), next, ..reminder.clone() };
    assert_eq!(stored(&test, user, reminder.id).as_ref(), Some(&moved));
    // Of the same instant, but another day.
    let of_other_day = Occurrence { day: date("2026-03-04"), ..following };
    assert!(!pass(&test.database, user, &Reminder { next: Some(of_other_day), ..reminder }, None));
    assert!(pass(&test.database, user, &moved, None));
    assert_eq!(stored(&test, user, moved.id).unwrap().next, None);
}

pub(crate) fn of_eight_dispatchers_at_once_one_passes_an_occurrence(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let reminder = falling(-1, samples::bedtime());
    insert(&test, user, &reminder);
    let next = Some(Occurrence { day: date("2026-03-03"), at: NOW.plus_seconds(86_400) });
    let replicas: Vec<_> = (0..8).map(|_| test.reopened(|_| ())).collect();
    let passed = at_once(8, |index| pass(&replicas[index], user, &reminder, next));
    assert_eq!(passed.iter().filter(|passed| **passed).count(), 1, "{passed:?}");
}
