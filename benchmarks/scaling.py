"""How the time and memory of a build grow with the description."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from measure import ROOT, Row, output, times, workplace

TITLE = (
    "A description some times as large: processor time and peak memory above that of the program itself;"
    "\nratios for each resource, to the description as it is"
)

TOLERANCE = 1.15
"""What counts as no more than linear: noise is smaller, a square is not."""

STAGES = ("read", "resolve", "check", "render", "format", "publish")


def rows(*, large: bool = False) -> Iterator[Row]:
    """Validation and rendering of 10 times the description, and a whole build of some of them."""
    with workplace() as (folder, environment):
        sizes = [1, 10, 100] if large else [1, 10]
        for size in sizes:
            _project(folder / f"x{size}", size)
        yield from _growth("validate", sizes, folder, environment)
        yield from _growth("render", sizes, folder, environment)
        yield from _growth("build", [1, 3, 10] if large else [1, 3], folder, environment)


def _project(folder: Path, size: int) -> None:
    from project import copied
    from synthetic import copies

    schema = ROOT / "schema"
    if size > 1:
        schema = folder.with_name(f"s{size}")
        copies(ROOT / "schema", schema, size)
    copied(folder, output=False, schema=schema)


def _growth(
    what: str, sizes: list[int], folder: Path, environment: Mapping[str, str]
) -> Iterator[Row]:
    one: tuple[float, float] | None = None
    for size in sizes:
        project = folder / f"x{size}"
        if not project.exists():
            _project(project, size)
        told = output([sys.executable, __file__, what, str(project)], environment, ROOT)
        facts = json.loads(told)
        if one is None:
            one = facts["cpu"], facts["bytes"]
        time_growth = facts["cpu"] / one[0] / size
        memory_growth = facts["bytes"] / one[1] / size
        shown = f"{facts['cpu']:.2f} s, {facts['bytes'] / 1e6:,.0f} MB"
        name = f"{what}, x {size} ({facts['resources']:,} resources)"
        if size == 1:
            yield Row(name, shown, times(1))
            continue
        yield Row(
            name,
            shown,
            times(time_growth),
            "<= 1 x, time",
            time_growth <= TOLERANCE,
        )
        yield Row("", "", times(memory_growth), "<= 1 x, memory", memory_growth <= TOLERANCE)


def measure(what: str, folder: Path) -> dict[str, float]:
    """Run the stages in this process, and answer what they took."""
    import black  # noqa: F401 - so that importing it is not measured
    import jinja2  # noqa: F401

    from xmlwright.pipeline import stages as pipeline
    from xmlwright.render.renderer import render
    from xmlwright.settings import find
    from xmlwright.validate import cases as check  # noqa: F401

    settings = find(folder)
    before = _peak()
    used = _used()
    start = time.perf_counter()
    if what == "build":
        built = pipeline.build(settings, clean=True)
        resources = built.totals["resources"]
    else:
        api, diagnostics = pipeline.validate(settings)
        assert api is not None
        assert not len(diagnostics), f"{len(diagnostics)} problems"
        if what == "render":
            render(api, settings.templates)
        resources = len(api.resources)
    return {
        "cpu": _used() - used,
        "seconds": time.perf_counter() - start,
        "bytes": _peak() - before,
        "resources": resources,
    }


def _used() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def _peak() -> int:
    # What getrusage says begins, on Linux, with the peak of the process that started this one.
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        assert found is not None
        return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
