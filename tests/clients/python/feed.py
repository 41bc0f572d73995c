"""The calendar feed, read by icalendar and python-dateutil: it shows the days of `GET /habits/{id}/occurrences`.

Usage: feed.py BASE_URL
"""

import datetime
import os
import sys
import uuid

import httpx
from dateutil.rrule import rrulestr
from icalendar import Calendar, Event

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
FIRST, LAST = TODAY - datetime.timedelta(days=300), TODAY + datetime.timedelta(days=300)

SCHEDULES: list[dict[str, object]] = [
    {"type": "daily"},
    {"type": "daily", "every": 3},
    {"type": "weekly", "weekdays": ["mo", "su"], "every": 2},
    {"type": "monthly", "days": [1, 31]},
    {"type": "monthly", "days": [30, -30]},
    {"type": "monthly", "weekdays": [{"nth": -1, "weekday": "fr"}], "every": 3},
    {"type": "yearly", "dates": ["02-29", "03-20"]},
    {"type": "cycle", "active_days": 3, "rest_days": 2},
    {"type": "rrule", "rrule": "FREQ=DAILY;INTERVAL=2;COUNT=100"},
    {"type": "rrule", "rrule": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
]
NAMES = ["Läufe, früh; \\n or late", "Read:a \"book\"", "日本語の長い名前" * 5, "Walk"]


def days_of(event: Event) -> set[datetime.date]:
    """The days of an event, until the last one that is compared."""
    start = event.decoded("DTSTART")
    assert type(start) is datetime.date, "due days are dates"
    found = {start} | {listed for listed, _ in event.rdates}
    first, last = (datetime.datetime.combine(day, datetime.time()) for day in (start, LAST))
    for rule in event.rrules:
        found |= {at.date() for at in rrulestr(rule.to_ical().decode(), dtstart=first).between(first, last, inc=True)}
    return {day for day in found if FIRST <= day <= LAST}


def main() -> None:
    client = httpx.Client(base_url=f"{sys.argv[1]}/api/v1", timeout=30)

    def call(method: str, path: str, body: object = None) -> dict[str, object]:
        answer = client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    name = f"ical-{os.getpid()}"
    account = {"username": name, "email": f"{name}@example.org", "password": "rhythm and blues 2026"}
    client.headers["Authorization"] = f"Bearer {call('POST', '/auth/register', account)['access_token']}"
    habits: dict[str, str] = {}
    for number, schedule in enumerate(SCHEDULES):
        title, habit = NAMES[number % len(NAMES)], str(uuid.uuid4())
        call("POST", "/habits", {"id": habit, "name": title, "schedule": schedule, "starts_on": FIRST.isoformat()})
        pause = {"from": TODAY - datetime.timedelta(days=40), "to": TODAY - datetime.timedelta(days=20)}
        call("POST", f"/habits/{habit}/pauses", {key: day.isoformat() for key, day in pause.items()})
        habits[habit] = title
    plan = {"schedule": {"type": "weekly", "weekdays": ["we"]}, "effective_from": TODAY.isoformat()}
    call("PUT", f"/habits/{next(iter(habits))}/plan", plan)
    task = {"title": "Pay; the, rent\\", "due_on": LAST.isoformat(), "description": "one\ntwo"}
    call("POST", "/tasks", task)
    bed, wake = (TODAY - datetime.timedelta(days=ago) for ago in (3, 2))
    call("POST", "/sleep", {"start": f"{bed}T22:00:00Z", "end": f"{wake}T06:00:00Z"})

    shared = call("POST", "/me/calendar", {"include": ["habits", "tasks", "sleep"]})
    feed = httpx.get(str(shared["url"]))
    assert feed.status_code == 200 and feed.headers["content-type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in feed.content.split(b"\r\n")), "lines are folded"
    calendar = Calendar.from_ical(feed.content)
    assert not calendar.errors and all(not part.errors for part in calendar.walk()), "it is read without errors"
    assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
    events = calendar.walk("VEVENT")
    uids = [str(part["UID"]) for part in events]
    assert len(uids) == len(set(uids))
    for habit, title in habits.items():
        own = [event for event in events if habit in str(event["UID"])]
        assert {str(event["SUMMARY"]) for event in own} == {title}, own
        shown = [days_of(event) for event in own]
        days = set().union(*shown)
        assert len(days) == sum(map(len, shown)), "no day is shown twice"
        path = f"/habits/{habit}/occurrences?from={FIRST}&to={LAST}"
        assert sorted(day.isoformat() for day in days) == call("GET", path)["dates"], own[0].to_ical().decode()
    [slept] = [event for event in events if str(event["UID"]).startswith("sleep-")]
    assert slept.decoded("DTEND") - slept.decoded("DTSTART") == datetime.timedelta(hours=8)
    [todo] = calendar.walk("VTODO")
    assert str(todo["SUMMARY"]) == task["title"] and str(todo["DESCRIPTION"]) == task["description"]
    assert todo.decoded("DUE") == LAST

    # What changes keeps its UID, and has a higher number.
    numbers = {str(event["UID"]): int(event["SEQUENCE"]) for event in events}
    changed = next(iter(habits))
    call("PATCH", f"/habits/{changed}", {"name": "Renamed"})
    again = Calendar.from_ical(httpx.get(str(shared["url"])).content).walk("VEVENT")
    assert sorted(str(event["UID"]) for event in again) == sorted(uids)
    for event in again:
        before, after = numbers[str(event["UID"])], int(event["SEQUENCE"])
        assert after > before if changed in str(event["UID"]) else after == before
    print(f"icalendar: {len(habits)} habits in {len(events)} events")


if __name__ == "__main__":
    main()
