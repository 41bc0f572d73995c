"""What a drill measured, and which promises it found kept."""

import collections
import os
import platform


class Report:
    def __init__(self, drill):
        self.drill, self.rows, self.broken = drill, [], 0

    def measured(self, what, figure):
        self.rows.append((what, str(figure), ""))
        print(f"  {self.drill}: {what}: {figure}", flush=True)

    def promise(self, what, kept, detail=""):
        self.rows.append((what, str(detail), "kept" if kept else "BROKEN"))
        self.broken += not kept
        print(f"  {self.drill}: {what}: {detail} {'kept' if kept else 'BROKEN'}", flush=True)

    def none_of(self, what, found):
        """A promise that something never happened; a few of the times that it did."""
        self.promise(what, not found, "never" if not found else f"{len(found)} times, such as: {'; '.join(found[:3])}")

    def table(self):
        width = max((len(what) for what, _, _ in self.rows), default=0)
        lines = [f"{what:<{width}}  {kept:<6}  {figure}" for what, figure, kept in self.rows]
        return "\n".join([self.drill, *("  " + line for line in lines)])


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return f"{os.cpu_count()} × {model}, {memory} GB, load {os.getloadavg()[0]:.1f} at the end"


def served(records):
    """`99.2 % of 1234`."""
    if not records:
        return 100.0, "no requests"
    share = 100 * sum(not record.failed for record in records) / len(records)
    return share, f"{share:.2f} % of {len(records)}"


def failures(records, origin):
    """What failed, by kind and by second since `origin`."""
    kinds = collections.Counter(f"{record.kind}: {record.outcome}" for record in records if record.failed)
    seconds = collections.Counter(int(record.due - origin) for record in records if record.failed)
    by_kind = ", ".join(f"{kind} × {number}" for kind, number in kinds.most_common(8)) or "none"
    by_second = ", ".join(f"{second} s: {number}" for second, number in sorted(seconds.items())) or "none"
    return by_kind, by_second


def longest_gap(records, begin, end, kinds):
    """The longest time in which nothing of these kinds was answered well."""
    times = sorted(record.ended for record in records if not record.failed and record.kind in kinds)
    times = [begin, *(time for time in times if begin < time < end), end]
    return max(later - earlier for earlier, later in zip(times, times[1:]))


def latency(records, share):
    waits = sorted(record.ended - record.due for record in records if not record.failed)
    return waits[min(len(waits) - 1, int(share * len(waits)))] * 1000 if waits else float("nan")
