"""``xmlwright sandbox``: the server in the foreground, until Ctrl-C."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .console import CommandError, UsageError, find_project, show_diagnostics

if TYPE_CHECKING:
    from ..sandbox.app import SandboxApp
    from ..sandbox.calls.journal import Entry
    from ..sandbox.options import Options
    from ..settings import Settings

_LOADED: Final = "cases"


@click.command(
    short_help="Run a server that behaves like the API.",
    epilog="""\b
Examples:
  xmlwright sandbox                                  on a free port, with the examples of the description
  xmlwright sandbox --port 8443 --database state.db  keeps what is written
  xmlwright sandbox --empty --account one --account two
  xmlwright sandbox --fault 'status=503; method=*.list; probability=0.1'
  xmlwright sandbox --pace step --seed 7             the same ids, times, order and faults in every run

It answers on 127.0.0.1 only, sends nothing to other machines, and writes below the project's cache folder and into
--database only. Exit codes: 0 after Ctrl-C, 1 where it cannot start, 2 for a wrong option.""",
)
@click.option("--port", default=0, show_default="a free one", type=click.IntRange(0, 65535))
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="NAME",
    help="Name of an account; may be given again. By default 'sample'.",
)
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="SQLite file that keeps the state.",
)
@click.option(
    "--load",
    metavar="FILE",
    help="What new accounts hold: YAML or JSON (resource -> records), or a client's recording (.jsonl)."
    " By default the examples of the description.",
)
@click.option("--empty", is_flag=True, help="New accounts hold nothing.")
@click.option("--http", is_flag=True, help="Also serve plain HTTP, which the API may refuse.")
@click.option(
    "--seed",
    type=int,
    metavar="N",
    help="Seed of tokens, order and faults: the same in every run. Random by default, or that of --database.",
)
@click.option(
    "--clock", metavar="TIME", help="What the clock shows at first, as 2026-01-31T12:00:00."
)
@click.option(
    "--pace",
    type=click.Choice(["real", "frozen", "step"]),
    default="real",
    show_default=True,
    help="How the clock goes; step is one second a call.",
)
@click.option(
    "--strict", type=click.Choice(["documented"]), help="Refuse what would rest on a guess."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="RULE",
    help="Something that goes wrong, such as 'latency=200ms'; may be given again.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How it tells where it is: text, or one line of JSON.",
)
@click.option("-q", "--quiet", is_flag=True, help="Do not list the calls.")
@click.pass_context
def sandbox(context: click.Context, /, **given: Any) -> None:
    """Run a server on this machine that behaves like the described API: with state, faults, a clock, an inspector.

    It prints what to export so that a client talks to it, and then every call.
    """
    began = time.perf_counter()
    import asyncio

    app = _make_app(find_project(context), given)
    watching = not given["quiet"] and given["form"] == "text"
    loop = asyncio.SelectorEventLoop()
    try:
        loop.run_until_complete(_run(app, began, given["form"], watching))
    except KeyboardInterrupt:
        # The loop is in the middle of something; what was acknowledged is kept, and the rest was never promised.
        pass
    finally:
        loop.run_until_complete(app.stop())
        loop.close()
    if watching:
        click.echo("\nthe sandbox has ended")


def _make_app(settings: Settings, given: dict[str, Any]) -> SandboxApp:
    from ..diagnostics import DescriptionError
    from ..sandbox.app import SandboxApp, load_description, zone_of
    from ..sandbox.clock import Clock
    from ..sandbox.options import Options, SandboxError, StorageError

    try:
        described = load_description(settings.root)
    except DescriptionError as error:
        show_diagnostics(error.diagnostics, settings.root)
        raise CommandError("the description has problems; the sandbox is not started") from None
    if given["empty"] and given["load"]:
        raise UsageError("--empty and --load exclude each other")
    try:
        clock = given["clock"]
        start = None if clock is None else Clock(zone=zone_of(described.api.zone)).read(clock)
        options = Options(
            accounts=given["accounts"] or ("sample",),
            seed=given["seed"],
            port=given["port"],
            http=given["http"],
            clock=start,
            pace=given["pace"],
            database=given["database"],
            load=None if given["empty"] else given["load"] or _LOADED,
            strict=given["strict"],
            folder=settings.cache / "sandbox",
            faults=given["faults"],
        )
        return SandboxApp(described, options)
    except StorageError as error:
        raise CommandError(str(error)) from None
    except SandboxError as error:
        raise UsageError(str(error)) from None


async def _run(app: SandboxApp, began: float, form: str, watching: bool) -> None:
    import asyncio
    import signal

    from ..sandbox.options import SandboxError

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, ended.set)
        except (
            NotImplementedError,
            RuntimeError,
        ):  # no such thing here; then Ctrl-C is an exception
            continue
    try:
        await app.start()
    except SandboxError as error:
        raise CommandError(str(error)) from None
    if form == "json":
        import json

        facts = {**app.control.info(), "base_url": app.base_url, "ca": app.ca}
        click.echo(json.dumps(facts))
    else:
        click.echo(_text(app, time.perf_counter() - began))
    sys.stdout.flush()
    if not watching:
        await ended.wait()
        return
    watcher = asyncio.ensure_future(_watch(app))
    waiter = asyncio.ensure_future(ended.wait())
    await asyncio.wait((watcher, waiter), return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    if watcher.done():
        watcher.result()  # raises the error of a closed pipe, which ends other commands, too
    watcher.cancel()
    await asyncio.gather(watcher, waiter, return_exceptions=True)


def _text(app: SandboxApp, seconds: float) -> str:
    api, options, control = app.described.api, app.options, app.control
    lines = [
        f"{click.style(f'Sandbox of the {api.title}', bold=True)}, ready in {seconds:.2f} s",
        "",
        f"  inspector  {click.style(app.inspector, fg='cyan')}",
        f"  key        {options.key}",
        f"  accounts   {', '.join(sorted(app.app.accounts))}",
        f"  state      {_state(options)}",
        f"  seed       {app.seed}; clock {app.clock.now():%Y-%m-%d %H:%M:%S %Z}, {options.pace}",
        "",
        control.exports(),
        "",
        "Ctrl-C ends it.",
    ]
    return "\n".join(lines)


def _state(options: Options) -> str:
    if options.database is not None:
        return f"in {options.database}"
    return "in memory, " + ("empty at first" if options.load is None else f"from {options.load}")


async def _watch(app: SandboxApp) -> None:
    """A line for every call."""
    queue = app.journal.listen()
    while True:
        entry = await queue.get()
        if entry is not None:
            click.echo(_line(entry))


def _line(entry: Entry) -> str:
    from ..sandbox.control import owner

    fine = entry.outcome == "ok"
    color = "green" if fine else "red"
    fault = click.style(f"  [{entry.fault}]", fg="yellow") if entry.fault else ""
    return (
        f"{click.style(f'{entry.at:%H:%M:%S}', dim=True)}  {entry.account:<12} {owner(entry.person):<10}"
        f" {entry.method or '(no method)':<28} {click.style(f'{entry.outcome:<8}', fg=color)}"
        f" {entry.seconds * 1000:7.1f} ms{fault}"
    )
