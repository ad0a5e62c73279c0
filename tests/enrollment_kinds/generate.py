#!/usr/bin/env python3
"""Draws the telemetry of the cases, and has Google's reference implementation of GoogleSQL compute their expected rows.

    PYTHONPATH=<packages of ../googlesql/requirements.txt> python generate.py

writes `cases/<case>/telemetry.json`, and for each plain query `cases/<case>/<statement>.sql` its rows to `<statement>.json`. The queries are written by
hand from the meaning of the enrollment kind, not from the program's templates. Everything is drawn from fixed seeds, so that a run
changes nothing unless this file or a query has changed.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "googlesql" / "engine"))
from engine import Engine  # noqa: E402

# Every case enrolls from 2025-03-03 to 2025-03-10.
DAYS = [f"2025-02-{day:02}" for day in range(22, 29)] + [f"2025-03-{day:02}" for day in range(1, 24)]
TIMES = ["00:00:00Z", "12:30:00Z", "23:59:59.999999Z"]
BRANCHES = ["control", "treatment"]
EXPERIMENTS = "ARRAY<STRUCT<key STRING, value STRUCT<branch STRING, extra STRUCT<type STRING>>>>"
EXTRA = "ARRAY<STRUCT<key STRING, value STRING>>"
IDS = [f"unit-{number}" for number in range(1, 25)] + ["o'brien", 'say "hi"', "naïve–ünït", "", "unit-1 "]

Table = dict[str, object]


class Draw:
    """Random rows, most of which satisfy what a query looks for, or all but one part of it."""

    def __init__(self, seed: str):
        self.random = random.Random(seed)

    def one(self, wanted, *others, share: float = 0.92):
        """`wanted` as a rule, else one of the others."""
        return wanted if self.random.random() < share or not others else self.random.choice(others)

    def id(self) -> str | None:
        return self.random.choice([*IDS, *IDS, None])

    def branch(self) -> str | None:
        return self.random.choice([*BRANCHES, *BRANCHES, *BRANCHES, None])

    def slug(self, slug: str) -> str | None:
        return self.one(slug, f"{slug}-2", slug.upper(), f"a-{slug}", None)

    def day(self, edges: bool = True) -> str:
        if not edges:
            return self.random.choice(DAYS)
        near, inside = ["2025-03-02", "2025-03-03", "2025-03-10", "2025-03-11"], DAYS[9:17]
        return self.random.choice(self.random.choices([near, inside, DAYS], [3, 4, 3])[0])

    def stamp(self) -> str:
        return f"{self.day()}T{self.random.choice(TIMES)}"

    def sample(self, unit: str | None) -> int | None:
        """The same for all rows of a unit; null for a few."""
        return None if unit is None else sum(unit.encode()) * 7 % 100

    def extra(self, **values: str | None) -> list[list[str | None]]:
        """A map as telemetry has it: entries in any order, some missing."""
        entries = [[key, value] for key, value in values.items() if value is not None or self.random.random() < 0.5]
        self.random.shuffle(entries)
        return entries

    def json(self, **values: str | None) -> str | None:
        present = {key: value for key, value in values.items() if value is not None or self.random.random() < 0.5}
        return self.one(json.dumps(present), None, "{}", share=0.95)

    def rows(self, count: int, row) -> list[list]:
        drawn = [row() for _ in range(count)]
        # Telemetry has exact duplicates.
        return drawn + [list(row) for row in self.random.sample(drawn, count // 20)]


def table(columns: dict[str, str], rows: list[list]) -> Table:
    return {"columns": [[name, kind] for name, kind in columns.items()], "rows": rows}


def events_stream(draw: Draw, slug: str, count: int, names: list[str], ids: dict[str, str]) -> Table:
    """`ids`: columns with ids, each with the prefix of its values, so that a join by the wrong one finds nothing."""
    columns = {**{name: "STRING" for name in ids}, "submission_timestamp": "TIMESTAMP", "event_category": "STRING"}
    columns |= {"event_name": "STRING", "event_extra": "JSON", "sample_id": "INT64"}

    def row():
        unit = draw.id()
        extra = draw.json(experiment=draw.slug(slug), branch=draw.branch())
        name = draw.one(draw.random.choice(names), "enroll_failed", "unenrollment")
        own = [None if unit is None else prefix + unit for prefix in ids.values()]
        return [*own, draw.stamp(), draw.one("nimbus_events", "nimbus", None), name, extra, draw.sample(unit)]

    return table(columns, draw.rows(count, row))


def legacy_events(draw: Draw, row, count: int) -> Table:
    columns = {"client_id": "STRING", "profile_group_id": "STRING", "submission_date": "DATE", "event_category": "STRING"}
    columns |= {"event_method": "STRING", "event_object": "STRING", "event_string_value": "STRING"}
    return table(columns | {"event_map_values": EXTRA, "sample_id": "INT64"}, draw.rows(count, row))


def annotations(draw: Draw, slug: str) -> list | None:
    """A ping's experiments: the wanted one among others, once at most."""
    entries = [[draw.slug(slug), draw.one([draw.branch(), ["nimbus"]], None)], ["another", ["treatment", [None]]]]
    draw.random.shuffle(entries)
    return draw.one(entries, None, [])


def background_update() -> dict[str, Table]:
    slug, draw = "background-task-message", Draw("background-update")

    def event():
        unit = draw.id()
        metrics = draw.one(json.dumps({"uuid": {"background_update_client_id": unit}}), "{}", None)
        extra = draw.json(experiment=draw.slug(slug), branch=draw.branch())
        category, name = draw.one("nimbus_events", "nimbus"), draw.one("enrollment", "exposure")
        return [f"glean {unit}", draw.stamp(), category, name, extra, metrics, draw.sample(unit)]

    def ping():
        unit = draw.id()
        return [draw.stamp(), [[unit]], [annotations(draw, slug)], draw.sample(unit)]

    def toast():
        unit = draw.id()
        name = f"{draw.slug(slug)}:{draw.branch()}" if draw.random.random() < 0.9 else slug
        category = draw.one("browser.launched_to_handle", "normandy")
        values = draw.extra(name=name, other="x")
        method, thing = draw.one("system_notification", "enroll"), draw.one("toast", "prompt")
        return [unit, None, draw.day(), category, method, thing, None, values, draw.sample(unit)]

    def exposure():
        unit = draw.id()
        values = draw.extra(branchSlug=draw.branch(), branch="control")
        method = draw.one(draw.random.choice(["expose", "exposure"]), "enroll")
        return [unit, None, draw.day(), draw.one("normandy", "nimbus"), method, None, draw.slug(slug), values, draw.sample(unit)]

    stream = {"client_id": "STRING", "submission_timestamp": "TIMESTAMP", "event_category": "STRING", "event_name": "STRING"}
    stream |= {"event_extra": "JSON", "metrics": "JSON", "sample_id": "INT64"}
    pings = {"submission_timestamp": "TIMESTAMP", "metrics": "STRUCT<uuid STRUCT<background_update_client_id STRING>>"}
    pings |= {"ping_info": f"STRUCT<experiments {EXPERIMENTS}>", "sample_id": "INT64"}
    # One table under two names: the view and what it shows.
    legacy = legacy_events(draw, lambda: toast() if draw.random.random() < 0.5 else exposure(), 160)
    return {
        "moz-fx-data-shared-prod.firefox_desktop_background_update.events_stream": table(stream, draw.rows(70, event)),
        "mozdata.firefox_desktop_background_update.background_update": table(pings, draw.rows(70, ping)),
        "mozdata.telemetry.events": legacy,
        "moz-fx-data-shared-prod.telemetry.events": legacy,
    }


def fenix_fallback() -> dict[str, Table]:
    slug, draw = "home-screen-shortcuts", Draw("fenix-fallback")

    def ping():
        unit = draw.id()
        return [draw.stamp(), [unit], [annotations(draw, slug)], draw.sample(unit)]

    columns = {"submission_timestamp": "TIMESTAMP", "client_info": "STRUCT<client_id STRING>"}
    columns |= {"ping_info": f"STRUCT<experiments {EXPERIMENTS}>", "sample_id": "INT64"}
    return {
        "moz-fx-data-shared-prod.org_mozilla_fenix.baseline": table(columns, draw.rows(140, ping)),
        "moz-fx-data-shared-prod.org_mozilla_fenix.events_stream": events_stream(
            draw, slug, 160, ["expose", "exposure"], {"client_id": ""}
        ),
    }


def cirrus() -> dict[str, Table]:
    slug, draw = "server-side-layout", Draw("cirrus")

    def ping(names: list[str]):
        def event():
            values = draw.extra(nimbus_user_id=draw.id(), branch=draw.branch(), experiment=draw.slug(slug))
            name = draw.one(draw.random.choice(names), "enrollment_status")
            return [draw.one("cirrus_events", "nimbus_events"), name, draw.one(values, None, [])]

        def row():
            events = draw.one([event() for _ in range(draw.random.randrange(1, 4))], [], None)
            return [draw.stamp(), [draw.one("production", "staging", None)], events, draw.sample(draw.random.choice(IDS))]

        return row

    columns = {"submission_timestamp": "TIMESTAMP", "client_info": "STRUCT<app_channel STRING>"}
    columns |= {"events": f"ARRAY<STRUCT<category STRING, name STRING, extra {EXTRA}>>", "sample_id": "INT64"}
    return {
        "moz-fx-data-shared-prod.monitor_cirrus.enrollment": table(columns, draw.rows(90, ping(["enrollment"]))),
        "moz-fx-data-shared-prod.monitor_cirrus.events": table(columns, draw.rows(90, ping(["expose", "exposure"]))),
    }


def glean_ids(seed: str) -> dict[str, Table]:
    slug, draw = "sidebar-defaults", Draw(seed)
    ids = {"client_id": "glean ", "legacy_telemetry_client_id": "legacy ", "profile_group_id": "group "}
    names = ["enrollment", "enrollment", "expose", "exposure"]

    def daily():
        unit = draw.id()
        own = [None if unit is None else prefix + unit for prefix in ids.values()]
        experiments = annotations(draw, slug)
        minutes, is_new = draw.random.choice([None, 0, 1, 5, 2**40]), draw.random.choice([None, True, False])
        return [*own, draw.day(edges=False), minutes, is_new, experiments]

    columns = {**{name: "STRING" for name in ids}, "submission_date": "DATE", "minutes": "INT64", "is_new": "BOOL"}
    return {
        "moz-fx-data-shared-prod.firefox_desktop.events_stream": events_stream(draw, slug, 220, names, ids),
        "mozdata.firefox_desktop.clients_daily": table(columns | {"experiments": EXPERIMENTS}, draw.rows(400, daily)),
    }


CASES = {
    "background-update": background_update(),
    "fenix-fallback": fenix_fallback(),
    "cirrus": cirrus(),
    "glean-client-ids": glean_ids("clients"),
    "glean-profile-groups": glean_ids("groups"),
}


def text(value: dict) -> str:
    """JSON with one column or row per line, so that a change shows as the rows it changes."""
    marks, value = {}, json.loads(json.dumps(value))

    def mark(node):
        for key, item in node.items() if isinstance(node, dict) else ():
            if key in ("columns", "rows"):
                marks[f"@{len(marks)}@"] = ",\n".join(json.dumps(row, ensure_ascii=False) for row in item)
                node[key] = f"@{len(marks) - 1}@"
            else:
                mark(item)

    mark(value)
    out = json.dumps(value, indent=1, ensure_ascii=False)
    for name, rows in marks.items():
        out = out.replace(f'"{name}"', f"[\n{rows}\n]")
    return out + "\n"


def main() -> None:
    for name, telemetry in CASES.items():
        folder = HERE / "cases" / name
        engine = Engine()
        for table_name, content in telemetry.items():
            engine.add_table(table_name, content["columns"], content["rows"])
        (folder / "telemetry.json").write_text(text(telemetry))
        for query in sorted(folder.glob("*.sql")):
            columns, rows = engine.query(query.read_text())
            if query.stem == "enrollments":
                engine.add_table("results.cases.enrollments", columns, rows)
            rows.sort(key=json.dumps)
            query.with_suffix(".json").write_text(text({"columns": columns, "rows": rows}))
            print(f"{name}/{query.name}: {len(rows)} rows")


if __name__ == "__main__":
    main()
