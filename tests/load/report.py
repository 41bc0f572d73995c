"""Figures as a table: for a terminal, for a Markdown file, as JSON."""

import datetime
import os
import platform
import re
import statistics
import subprocess

from people import TITLES

BEGIN, END = "<!-- figures: tests/load/run --markdown writes between these lines -->", "<!-- /figures -->"
COLUMNS = ["Route", "Subject", "requests/s", "p50 ms", "p99 ms", "p99 at 80 %", "server µs", "database µs", "round trips",
           "÷ pgbench", "÷ peer", "÷ compared", "÷ live"]


def summarise(rounds):
    """The median of each figure over the rounds."""
    keys = {key for each in rounds for key in each if key != "requests"}
    summary = {key: statistics.median(each[key] for each in rounds if key in each) for key in keys}
    rates = [each["rate"] for each in rounds]
    summary["spread"] = (max(rates) - min(rates)) / summary["rate"]
    summary["requests"] = sum(each["requests"] for each in rounds)
    return summary


def table(figures, subjects, statements, main):
    """Rows of text. `figures` is {route: {subject: summary}}."""
    live = figures.get("live", {})
    rows = []
    for route, of_route in figures.items():
        for subject in subjects:
            if subject not in of_route:
                continue
            it = of_route[subject]

            def ratio(other, it=it, subject=subject):
                return f"{it['rate'] / other['rate']:.2f}" if other and subject == main and other is not it else ""

            def number(key, scale=1.0, form="{:.0f}", it=it):
                return form.format(it[key] / scale) if key in it else ""

            paced = f"{it['paced_p99'] / 1000:.2f}" if "paced_p99" in it else ""
            count = statements.get(subject, {}).get(route)
            rows.append([
                TITLES[route], subject, number("rate", form="{:,.0f}"), number("p50", 1000, "{:.2f}"),
                number("p99", 1000, "{:.2f}"), paced, number("server_micros"), number("database_micros"),
                "" if count is None else str(count), ratio(of_route.get("pgbench")), ratio(of_route.get("peer")),
                ratio(of_route.get("compared")), ratio(live.get(subject)) if route != "live" else "",
            ])
    return rows


def used_columns(rows):
    return [index for index in range(len(COLUMNS)) if any(row[index] for row in rows)]


def as_text(rows):
    rows = [COLUMNS, *rows]
    used = used_columns(rows[1:])
    widths = {index: max(len(row[index]) for row in rows) for index in used}
    return "\n".join("  ".join(row[index].ljust(widths[index]) if index < 2 else row[index].rjust(widths[index])
                               for index in used).rstrip() for row in rows)


def as_markdown(rows):
    used = used_columns(rows)
    lines = [[COLUMNS[index] for index in used], ["---" if index < 2 else "---:" for index in used]]
    lines += [[row[index] for index in used] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine():
    """On what, when, and of which commit."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.read().split()[1]) / 1024 / 1024
    here = os.path.dirname(os.path.abspath(__file__))
    commit = subprocess.run(["git", "-C", here, "describe", "--always", "--dirty", "--abbrev=12"], text=True,
                            capture_output=True, check=False, timeout=20).stdout.strip()
    release = platform.freedesktop_os_release().get("PRETTY_NAME", "") if hasattr(platform, "freedesktop_os_release") else ""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "commit": commit or "unknown",
        "processor": model[1] if model else platform.machine(), "cores": os.cpu_count(), "memory_gb": round(memory),
        "system": f"{release}, Linux {platform.release()}", "load_before": os.getloadavg()[0],
    }


def headline(told, options):
    return (f"{told['date']}, commit {told['commit']}; {told['processor']}, {told['cores']} cores, "
            f"{told['memory_gb']} GB; {told['system']}. {options['users']} people, {options['connections']} connections, "
            f"{options['rounds']} rounds of {options['seconds']} s, medians. Load before the run: {told['load_before']:.1f}.")


def markdown(told, options, results):
    parts = [headline(told, options)]
    for result in results:
        memory = ", ".join(f"{name} {mb:.0f} MB" for name, mb in result["memory_mb"].items())
        parts += [f"### {result['title']}", as_markdown(result["rows"]), f"{result['version']}. Resident memory "
                  f"afterwards: {memory}."]
    return "\n\n".join(parts)


def write_markdown(path, text):
    """Between the marks of a file that has them; else the file is written whole."""
    body = f"{BEGIN}\n\n{text}\n\n{END}"
    try:
        with open(path, encoding="utf-8") as file:
            before = file.read()
    except FileNotFoundError:
        before = ""
    start, end = before.find(BEGIN), before.find(END)
    if 0 <= start < end:
        body = before[:start] + body + before[end + len(END):]
    elif before:
        raise ValueError(f"{path} has no place for figures: it lacks the line {BEGIN}")
    else:
        body += "\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(body)
