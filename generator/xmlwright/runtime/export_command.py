"""The command ``export``: its options. What it does is imported when it is called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from .command import ClientCommand

FORMATS: Final = ("sqlite", "csv", "jsonl", "parquet")


def export_command(program: ClientCommand) -> click.Command:
    """Return the command."""
    name = program.name

    def called(sources: Sequence[str], **given: Any) -> None:
        from .export_run import run

        click.get_current_context().exit(0 if run(program, sources, **given) else 1)

    return click.Command(
        "export",
        callback=called,
        short_help="Export all records to SQLite, CSV, JSON Lines or Parquet.",
        help="Export all records of the account, or of recorded documents, to SQLite, CSV, JSON Lines or Parquet.\n\n"
        "Without SOURCE, every list of the account is fetched. A SOURCE is an XML document, a recording, a zip, tar or gzip of"
        " either, or a folder of these; - is standard input.\n\n"
        "A record type is a table, and so is each list in it. An export that was interrupted goes on when the same command"
        " is run again.",
        epilog=f"\b\nExamples:\n  {name} export --to account.sqlite\n  {name} export --to tables --format parquet\n"
        f"  {name} export traffic.jsonl responses/ --to tables --format csv\n\n"
        "\b\nExit codes: 0 complete, 1 something is missing or was not read, 2 wrong usage; others as for a call",
        params=[
            click.Argument(["sources"], nargs=-1, metavar="[SOURCE]..."),
            click.Option(["--to"], metavar="PATH", help="SQLite database (NAME.sqlite), or folder."),
            click.Option(["--format", "form"], type=click.Choice(FORMATS), help="Format; sqlite for a PATH that ends in .sqlite or .db."),
            click.Option(["--method", "methods"], multiple=True, metavar="NAME", help="List to fetch, may be repeated; of documents: the method that they belong to."),
            click.Option(["--page-size"], type=click.IntRange(1), metavar="ROWS", help="Rows to ask for in one call."),
            click.Option(["--latest"], is_flag=True, help="Keep only the last row of each record; for documents and SQLite."),
            click.Option(["--processes"], type=click.IntRange(1), default=os.cpu_count() or 1, metavar="N", show_default="one for each core", help="Processes that read documents."),
            click.Option(["--scheduler"], metavar="ADDRESS", help="Read documents on the Dask cluster of this scheduler."),
            click.Option(["--restart"], is_flag=True, help="Replace the export that PATH holds."),
            click.Option(["--show-secrets"], is_flag=True, help="Export sensitive values instead of [redacted]."),
            click.Option(["--print-schema"], is_flag=True, help="Print the tables as SQL, and export nothing."),
        ],
    )  # fmt: skip
