"""The first minute, and one flow per tag, with a client that openapi-python-client makes.

Usage: flows.py BASE_URL DOCUMENT
"""

import datetime
import json
import os
import sys
import uuid
from collections.abc import Callable
from typing import TypeVar

from circadia_client import AuthenticatedClient, Client
from circadia_client.api.admin import list_accounts
from circadia_client.api.auth import login, register
from circadia_client.api.entries import put_entry
from circadia_client.api.habits import create_habit, get_today, list_habits, update_habit
from circadia_client.api.home import get_home
from circadia_client.api.imports import list_imports
from circadia_client.api.me import delete_me, update_me
from circadia_client.api.moods import put_mood
from circadia_client.api.plans import put_plan
from circadia_client.api.quotes import get_quote_of_the_day
from circadia_client.api.reminders import create_habit_reminder, list_upcoming_reminders, update_habit_reminder
from circadia_client.api.schedules import preview_schedule
from circadia_client.api.sleep import create_sleep_log
from circadia_client.api.stats import get_stats_overview
from circadia_client.api.sync import get_changes, send_changes
from circadia_client.api.system import get_config, get_readiness
from circadia_client.api.tasks import create_task, transition_task
from circadia_client.api.themes import create_theme
from circadia_client.api.time import discard_timer, get_timer, start_timer
from circadia_client.api.webhooks import create_webhook, update_webhook
from circadia_client.models import (
    CountKind,
    CreateHabitBody,
    CreateHabitReminderBody,
    CreateSleepLogBody,
    CreateTaskBody,
    CreateThemeBody,
    CreateWebhookBody,
    DailySchedule,
    DisabledReason,
    EntryState,
    EntryWritten,
    ErrorCode,
    Habit,
    HabitPage,
    Home,
    ImportList,
    KpiKey,
    ListHabitsSort,
    LoginBody,
    MonthlySchedule,
    Mood,
    NthWeekday,
    PatchMeBody,
    Plan,
    Preview,
    PreviewBody,
    Priority,
    Problem,
    PutEntryBody,
    PutMoodBody,
    PutPlanBody,
    QuoteOfTheDay,
    Readiness,
    ReauthenticationBody,
    RegisterBody,
    Reminder,
    ReminderAbout,
    ReminderChannel,
    RunningTimer,
    SecondFactorProblem,
    ServiceConfig,
    SleepLog,
    SleepOverlapProblem,
    StartTimerBody,
    StatsOverview,
    SyncBatch,
    SyncBatchAnswer,
    SyncChanges,
    SyncCommand,
    SyncCommandDataType0,
    SyncOperation,
    SyncStatus,
    SyncType,
    TaskStatus,
    Theme,
    TimerState,
    Today,
    Tokens,
    TransitionBody,
    UpcomingReminders,
    UpdateHabitBody,
    UpdateHabitReminderBody,
    UpdateWebhookBody,
    User,
    UserTask,
    Webhook,
    WebhookEventFilter,
    WebhookWithSecret,
    Weekday,
    WeeklySchedule,
)
from circadia_client.types import Unset

T = TypeVar("T")


def good(kind: type[T], answer: object) -> T:
    """What a call answers, if it isn't a refusal."""
    assert isinstance(answer, kind), answer
    return answer


def flows(base_url: str) -> dict[str, Callable[[], None]]:
    anonymous = Client(base_url=base_url)
    name, password = f"grace-{os.getpid()}", "rhythm and blues 2026"
    refused = login.sync(client=anonymous, body=LoginBody(username=name, password=password))
    assert good(SecondFactorProblem, refused).code is ErrorCode.INVALID_CREDENTIALS
    registration = RegisterBody(username=name, email=f"{name}@example.org", password=password)
    tokens = good(Tokens, register.sync(client=anonymous, body=registration))
    client = AuthenticatedClient(base_url=base_url, token=tokens.access_token)
    today = datetime.datetime.now(datetime.timezone.utc).date()

    glasses = CountKind(type_="count", target=8, unit="glasses")
    body = CreateHabitBody(name="Drink", kind=glasses, schedule=DailySchedule(type_="daily"))
    habit = good(Habit, create_habit.sync(client=client, body=body))

    def habits() -> None:
        assert isinstance(habit.kind, CountKind) and habit.kind.unit == "glasses"
        assert habit.color is None
        page = good(HabitPage, list_habits.sync(client=client, sort=ListHabitsSort("-streak"), limit=3))
        assert len(page.items) == 1 and page.next_cursor is None
        assert good(Today, get_today.sync(client=client)).summary.due == 1
        wrong = CreateHabitBody(name="", schedule=WeeklySchedule(type_="weekly", weekdays=[]))
        errors = good(Problem, create_habit.sync(client=client, body=wrong)).errors
        assert not isinstance(errors, Unset) and len(errors) == 2

    def entries() -> None:
        answer = put_entry.sync(habit.id, today, client=client, body=PutEntryBody(value=8))
        entry = good(EntryWritten, answer).entry
        assert entry is not None and entry.state is EntryState.DONE

    def plans() -> None:
        weekly = WeeklySchedule(type_="weekly", weekdays=[Weekday.MO, Weekday.TH])
        body = PutPlanBody(schedule=weekly, effective_from=today)
        plan = good(Plan, put_plan.sync(habit.id, client=client, body=body))
        assert isinstance(plan.schedule, WeeklySchedule) and plan.schedule.weekdays == weekly.weekdays

    def schedules() -> None:
        last_friday = MonthlySchedule(type_="monthly", weekdays=[NthWeekday(nth=-1, weekday=Weekday.FR)])
        first, last = datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)
        body = PreviewBody(schedule=last_friday, starts_on=first, from_=first, to=last)
        assert good(Preview, preview_schedule.sync(client=client, body=body)).count == 12

    def themes() -> None:
        theme = good(Theme, create_theme.sync(client=client, body=CreateThemeBody(name="Health")))
        changed = update_habit.sync(habit.id, client=client, body=UpdateHabitBody(theme_id=theme.id))
        assert good(Habit, changed).theme_id == theme.id

    def tasks() -> None:
        body = CreateTaskBody(title="Book the dentist", priority=Priority.HIGH)
        task = good(UserTask, create_task.sync(client=client, body=body))
        moved = transition_task.sync(task.id, client=client, body=TransitionBody(to=TaskStatus.DONE))
        assert good(UserTask, moved).status is TaskStatus.DONE

    def time() -> None:
        good(TimerState, start_timer.sync(client=client, body=StartTimerBody(note="Chapter 3")))
        running = good(TimerState, get_timer.sync(client=client)).running
        assert isinstance(running, RunningTimer) and running.note == "Chapter 3"
        assert discard_timer.sync_detailed(client=client).status_code == 204

    def sleep() -> None:
        start = datetime.datetime(2026, 3, 10, 22, 30, tzinfo=datetime.timezone.utc)
        end = datetime.datetime(2026, 3, 11, 6, 10, tzinfo=datetime.timezone.utc)
        body = CreateSleepLogBody(start=start, end=end, quality=4)
        log = good(SleepLog, create_sleep_log.sync(client=client, body=body))
        assert log.duration_seconds == 27_600
        conflicts = good(SleepOverlapProblem, create_sleep_log.sync(client=client, body=body)).conflicts
        assert not isinstance(conflicts, Unset) and conflicts[0].id == log.id

    def moods() -> None:
        body = PutMoodBody(value=7, tags=["sunshine"])
        mood = good(Mood, put_mood.sync(today, client=client, body=body))
        assert mood.value == 7 and mood.note is None

    def imports() -> None:
        assert good(ImportList, list_imports.sync(client=client)).items == []

    def sync() -> None:
        page = good(SyncChanges, get_changes.sync(client=client))
        assert not page.has_more and page.state is not None and len(page.changes) > 5
        command = SyncCommand(id=uuid.uuid4(), type_=SyncType.MOOD, operation=SyncOperation.PUT, key=str(today))
        command.data = SyncCommandDataType0.from_dict({"value": 8})
        sent = good(SyncBatchAnswer, send_changes.sync(client=client, body=SyncBatch(commands=[command])))
        assert sent.results[0].status is SyncStatus.APPLIED
        changed = good(SyncChanges, get_changes.sync(client=client, cursor=page.cursor))
        assert [change.type_ for change in changed.changes] == ["mood"]

    def stats() -> None:
        overview = good(StatsOverview, get_stats_overview.sync(client=client))
        assert any(kpi.key is KpiKey.COMPLETION_RATE for kpi in overview.kpis)

    def system() -> None:
        assert good(ServiceConfig, get_config.sync(client=anonymous)).version
        good(Readiness, get_readiness.sync(client=anonymous))

    def quotes() -> None:
        assert good(QuoteOfTheDay, get_quote_of_the_day.sync(client=client)).text

    def home() -> None:
        assert len(good(Home, get_home.sync(client=client)).habits.items) == 1

    def admin() -> None:
        refused = good(Problem, list_accounts.sync(client=client))
        assert refused.code is ErrorCode.INSUFFICIENT_ROLE

    def me() -> None:
        changed = update_me.sync(client=client, body=PatchMeBody(timezone="Europe/Berlin"))
        assert good(User, changed).timezone == "Europe/Berlin"
        gone = delete_me.sync_detailed(client=client, body=ReauthenticationBody(password=password))
        assert gone.status_code == 204

    def reminders() -> None:
        body = CreateHabitReminderBody(time="23:59", channels=[ReminderChannel.WEBHOOK])
        reminder = good(Reminder, create_habit_reminder.sync(habit.id, client=client, body=body))
        assert reminder.about is ReminderAbout.HABIT and reminder.enabled
        coming = good(UpcomingReminders, list_upcoming_reminders.sync(client=client, days=31)).items
        assert all(notice.reminder_id == reminder.id and notice.title == "Drink" for notice in coming)
        off = UpdateHabitReminderBody(enabled=False)
        changed = good(Reminder, update_habit_reminder.sync(habit.id, reminder.id, client=client, body=off))
        assert not changed.enabled and changed.time == "23:59"

    def webhooks() -> None:
        body = CreateWebhookBody(url="https://hooks.example/circadia", events=[WebhookEventFilter.ENTRY_CHANGED])
        webhook = good(WebhookWithSecret, create_webhook.sync(client=client, body=body))
        assert webhook.secret.startswith("whsec_") and webhook.enabled
        changed = update_webhook.sync(webhook.id, client=client, body=UpdateWebhookBody(enabled=False))
        assert good(Webhook, changed).disabled_reason is DisabledReason.USER

    in_order = [habits, entries, plans, schedules, themes, tasks, time, sleep, moods, stats, system, quotes, home]
    in_order += [imports, sync, reminders, webhooks, admin, me]
    return {"auth": lambda: None} | {flow.__name__: flow for flow in in_order}


def main() -> None:
    base_url, document = sys.argv[1:]
    made = flows(base_url)
    with open(document, encoding="utf-8") as file:
        tags = {tag["name"] for tag in json.load(file)["tags"]}
    assert made.keys() == tags, f"each tag has a flow here: {made.keys() ^ tags}"
    for flow in made.values():
        flow()
    print(f"Python: {len(made)} flows")


if __name__ == "__main__":
    main()
