"""What a comparison found: a table in Markdown, and pictures."""

import os
import statistics

import plot
from servers import SERVERS

# How a goal that could not be judged is told.
UNKNOWN = "not measured"
QUICK = "A quick run, with far less load and fewer sessions than the rows say: it shows that everything works, and nothing else.\n"


def number(value):
    """Three digits that mean something."""
    if value is None:
        return "–"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(values):
    """The median, and the least and greatest where they differ."""
    if not values:
        return "–"
    middle, least, most = (number(f(values)) for f in (statistics.median, min, max))
    return middle if least == most else f"{middle} ({least} – {most})"


def short(row, figures):
    """One line of what a turn gave."""
    return "  ".join(f"{figure.title} {number(figures[figure.key])}{figure.unit and ' ' + figure.unit}"
                     for figure in row.figures if figure.key in figures)


class Found:
    """The results of a comparison, to be asked."""

    def __init__(self, results, rows, names):
        self.results = results
        self.rows = rows
        self.names = names

    def runs(self, row, name):
        return self.results["rows"].get(row.name, {}).get("servers", {}).get(name, [])

    def values(self, row, name, key):
        return [run[key] for run in self.runs(row, name) if run.get(key) is not None]

    def ratios(self, row, over, under, key):
        """One server's figure by another's, run by run."""
        pairs = zip(self.runs(row, over), self.runs(row, under))
        return [a[key] / b[key] for a, b in pairs if a.get(key) is not None and b.get(key)]

    def failures(self):
        return [(row, name, number, run["error"]) for row in self.rows for name in self.names
                for number, run in enumerate(self.runs(row, name), 1) if "error" in run]

    def goals(self):
        return [(row, goal, goal.values(self.results, row.name)) for row in self.rows for goal in row.goals]


def summarise(found):
    """Adds what was computed to the results: least, median and greatest of each figure and ratio, and the goals."""
    for row in found.rows:
        entry = found.results["rows"][row.name]
        entry["summary"] = {
            name: {figure.key: three(found.values(row, name, figure.key)) for figure in row.figures
                   if found.values(row, name, figure.key)}
            for name in found.names if found.runs(row, name)}
        entry["ratios"] = {
            f"{figure.key}: {over} / {under}": three(ratios) for figure in row.figures if figure.is_ratio
            for over, under in pairs_of(found.names) for ratios in [found.ratios(row, over, under, figure.key)] if ratios}
        entry["goals"] = [{"text": goal.text, "limit": goal.limit, "is_least": goal.is_least,
                           "value": three(values) if values else None, "is_met": goal.is_met(values) if values else None}
                          for _, goal, values in found.goals() if _ is row]


def three(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def pairs_of(names):
    """Whose figure is divided by whose: motet's by the relay's, and the other servers' by motet's."""
    if "motet" not in names:
        return []
    return [("motet", name) if name == "relay" else (name, "motet") for name in names if name != "motet"]


def table(header, lines):
    return "\n".join(["| " + " | ".join(header) + " |", "|---" * len(header) + "|",
                      *("| " + " | ".join(line) + " |" for line in lines)]) + "\n"


def figures_table(found, key, unit, with_ratios=True):
    """A row of the comparison a line: a figure of every server that has it, and ratios."""
    rows = [row for row in found.rows if any(found.values(row, name, key) for name in found.names)]
    names = [name for name in found.names if any(found.values(row, name, key) for row in rows)]
    pairs = pairs_of(names) if with_ratios else []
    header = [unit, *(SERVERS[name].title for name in names),
              *(f"{SERVERS[over].title} / {SERVERS[under].title}" for over, under in pairs)]
    lines = [[row.title, *(spread(found.values(row, name, key)) for name in names),
              *(spread(found.ratios(row, over, under, key)) for over, under in pairs)] for row in rows]
    return table(header, lines) if lines else ""


def goals_table(found):
    lines = []
    for row, goal, values in found.goals():
        said = UNKNOWN if not values else "met" if goal.is_met(values) else "**not met**"
        floor = goal.values(found.results, row.name, of="relay") if goal.server not in (None, "relay") else []
        lines.append([row.title, goal.text, shown(goal, values), said, shown(goal, floor)])
    return table(["row", "goal", "measured", "", "the relay is at"], lines)


def shown(goal, values):
    """A fraction reads better the other way round."""
    if values and goal.is_relative and goal.limit < 1:
        return "1/" + spread([1 / value for value in values])
    return spread(values)


def machine_lines(results):
    facts = results["machine"]
    versions = ", ".join(f"{SERVERS[name].title} {version}" for name, version in results["versions"].items())
    loads = ", ".join(f"{load:.2f}" for load in results["load_average"])
    return (f"{facts['cpu']}, {facts['cpus']} processors (server on {facts['server_cpu']}, load generator on {facts['generator_cpu']}), "
            f"{facts['memory_gib']} GiB, {facts['system']}, Linux {facts['kernel']}.\n"
            f"{versions}.\nLoad average before each run: {loads}. {results['date']}, by:\n\n    {results['command']}\n")


def markdown(found):
    parts = ["# Results\n", machine_lines(found.results),
             QUICK if found.results["is_quick"] else "",
             "Median of the runs; in brackets the least and the greatest. A ratio is computed within each run.\n",
             "## CPU of the server, µs an operation\n", figures_table(found, "cpu", "µs"),
             "## Of it in user space, µs an operation\n", figures_table(found, "cpu_user", "µs", with_ratios=False),
             "## Operations a second\n", figures_table(found, "per_s", "a second", with_ratios=False),
             "## Operations a second of the server's CPU\n", figures_table(found, "per_core", "a second", with_ratios=False),
             "## Latency of a message, µs\n",
             *(f"{title}:\n\n" + figures_table(found, key, "µs", with_ratios=False)
               for key, title in (("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("calm_p50", "p50 before the storm"),
                                  ("calm_p95", "p95 before the storm"))
               if figures_table(found, key, "µs")),
             "## Memory of the server in user space, KiB a session\n", figures_table(found, "memory", "KiB"),
             "## Start\n", figures_table(found, "ready", "ms until ready"), figures_table(found, "resident", "MiB resident then"),
             "## Archive\n", figures_table(found, "rows_per_s", "rows a second"), figures_table(found, "row_cpu", "µs of CPU a row"),
             figures_table(found, "cold", "ms, newest 50, cold, p50"), figures_table(found, "cold_p95", "ms, the same, p95"),
             "## Goals\n", "Judged by the median. What the relay, which only receives and sends, misses too cannot be met on this machine.\n",
             goals_table(found), failures_text(found)]
    return "\n".join(drop_empty(parts))


def drop_empty(parts):
    """Without headings that nothing follows."""
    parts = [part for part in parts if part]
    return [part for part, following in zip(parts, parts[1:] + ["## "]) if not (part.startswith("## ") and following.startswith("## "))]


def failures_text(found):
    failures = found.failures()
    if not failures:
        return ""
    lines = "\n".join(f"* {row.title}, {SERVERS[name].title}, run {number}: {error.splitlines()[0]}"
                      for row, name, number, error in failures)
    return f"## Failed turns\n\nTheir figures are missing above; logs are in `logs/`.\n\n{lines}\n"


def pictures(found, out):
    for key, file, title, unit in (("cpu", "cpu.svg", "CPU of the server an operation", "µs, logarithmic"),
                                   ("memory", "memory.svg", "Memory of the server a session", "KiB in user space, logarithmic")):
        # What took less than the clock can tell has no place on a logarithmic scale.
        groups = [(row.title, [(name, found.values(row, name, key)) for name in found.names
                               if min(found.values(row, name, key), default=0) > 0]) for row in found.rows]
        groups = [group for group in groups if group[1]]
        if groups:
            with open(os.path.join(out, file), "w", encoding="utf-8") as svg:
                svg.write(plot.bars(title, unit, groups, {name: SERVERS[name].title for name in found.names}))


def write(results, rows, names, out):
    """Writes everything, prints the table; returns whether a turn failed."""
    found = Found(results, rows, names)
    summarise(found)
    text = markdown(found)
    with open(os.path.join(out, "results.md"), "w", encoding="utf-8") as file:
        file.write(text)
    pictures(found, out)
    print("\n" + text)
    print(f"written to {out}: results.json, results.md, and pictures")
    return bool(found.failures())
