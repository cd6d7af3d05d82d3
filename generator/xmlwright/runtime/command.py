"""The command of the client: every method from a shell, built from the tables that the client carries.

A command is made when it is called: of its method, its table of arguments, and the documentation of its builder.
"""

from __future__ import annotations

import importlib
import inspect
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem, get_completion_class

from .errors import (
    ApiError,
    ArgumentError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    Error,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    TransportError,
    ValidationError,
)
from .export_command import export_command
from .registry import MethodRegistry
from .request import BinaryResponse, Method, PageResponse, Request
from .scalars import Codec, EnumCodec, Flag
from .schema import FieldSpec

if TYPE_CHECKING:
    from .client import Client

INTERRUPTED: Final = 130
EXIT_CODES: Final[tuple[tuple[tuple[type[Error], ...], int, str], ...]] = (
    ((ArgumentError,), 2, "wrong usage, or an argument that cannot be sent; nothing was sent"),
    ((ConfigurationError,), 3, "the client is not configured"),
    ((AuthenticationError, PermissionDeniedError), 4, "not signed in, or not permitted"),
    ((NotFoundError,), 5, "not found"),
    ((ValidationError, ConflictError), 6, "the API refused the values or the state of the record"),
    ((RateLimitError,), 7, "too many calls; try again later"),
    ((OutcomeUnknownError,), 9, "the call may or may not have been carried out"),
    ((TransportError, ServerError), 8, "no usable response; try again later"),
    ((Error,), 1, "another error"),
)
"""Classes of errors, exit code, meaning; the first that fits counts."""
FORMATS: Final = ("table", "json", "jsonl", "csv", "xml")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_ ]+")
_FEW_WORDS: Final = 8
"""Enums with more words show a name in place of them."""


def exit_code(error: Error) -> int:
    """Return the exit code for an error."""
    return next(code for kinds, code, _ in EXIT_CODES if isinstance(error, kinds))


def run(package: str, client: str, name: str, resources: Mapping[str, str]) -> None:
    """Run the command of a generated package, and exit.

    Args:
        package: name of the package.
        client: name of its client class.
        name: name of the command.
        resources: module of a resource -> what it is about.
    """
    for stream in (sys.stdout, sys.stderr):  # names of files and elements may not fit the terminal
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    program = ClientCommand(package, client, name, resources)
    module = os.path.basename(sys.argv[0]) == "__main__.py"
    program.main(
        prog_name=f"python -m {package}" if module else name,
        complete_var=_completion_variable(name),
    )


def command_name(text: str) -> str:
    """Return a name as the command line has it: ``getPDF`` -> ``get-pdf``."""
    return _CAMEL.sub("-", text).strip("-").lower()


class ClientCommand(click.Group):
    """The command: resources, and what works for any method."""

    def __init__(self, package: str, client: str, name: str, resources: Mapping[str, str]) -> None:
        self.resources = resources
        self.package = package
        self.client_name = client
        self.registry: MethodRegistry = importlib.import_module(f"{package}.wire").REGISTRY
        protocol = self.registry.protocol
        options = [
            item for item in (*protocol.variables, *protocol.credentials) if not item.sensitive
        ]
        prefix = protocol.environment
        params: list[click.Parameter] = [
            click.Option(["--profile"], metavar="NAME", help=f"Profile of the configuration file, or {prefix}_PROFILE."),
            click.Option(["--config"], metavar="FILE", help=f"Configuration file, or {prefix}_CONFIG."),
            *(
                click.Option([_flag(item.name)], metavar="TEXT", help=f"Option of the client, or {prefix}_{item.name.upper()}.")
                for item in options
            ),
            click.Option(["--url"], metavar="URL", help=f"Another address, such as a sandbox, or {prefix}_URL."),
            click.Option(["--timeout"], type=float, metavar="SECONDS", help="Time to connect and for each part of a response."),
            click.Option(["--deadline"], type=float, metavar="SECONDS", help="Time for a whole call, with repetitions."),
        ]  # fmt: skip
        if protocol.signer:
            params.append(
                click.Option(
                    ["--auth"], metavar="MODULE:NAME", help="Callable that signs requests."
                )
            )
        names = list(self.registry.methods)
        example = next((one for one in names if one.endswith(".list")), names[0])
        listed = " ".join(map(command_name, example.split(".")))
        secrets = [
            f"{prefix}_{item.name.upper()}" for item in protocol.credentials if item.sensitive
        ]
        super().__init__(
            name=name,
            params=params,
            help=f"Call the {protocol.name.removesuffix(' API')} API from a shell."
            + (f" Set {' and '.join(secrets)}, or use a profile." if secrets else ""),
            epilog=f"\b\nExamples:\n  {name} methods\n  {name} {listed} --output json\n  {name} {listed} --dry-run\n\n"
            + "\b\nExit codes: 0 success\n"
            + "\n".join(f"{code:>12} {text}" for code, text in sorted((c, t) for _, c, t in EXIT_CODES)),
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        )  # fmt: skip
        self.add_command(_call_command(self))
        self.add_command(_completion_command(self))
        self.add_command(_methods_command(self))
        for command in _document_commands(self):
            self.add_command(command)
        self.add_command(export_command(self))

    @cached_property
    def tree(self) -> dict[str, Any]:
        """Names of commands -> names of commands, and in the end the name of the method."""
        found: dict[str, Any] = {}
        for name in self.registry.methods:
            *groups, last = map(command_name, name.split("."))
            place = found
            for group in groups:
                place = place.setdefault(group, {})
            place[last] = name
        return found

    @cached_property
    def client_class(self) -> type[Client]:
        """The class of the client."""
        found: type[Client] = getattr(importlib.import_module(self.package), self.client_name)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the resources and of the other commands."""
        return sorted({*self.tree, *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, also as Python or the API spell it."""
        name = command_name(cmd_name)
        if name in self.commands:
            return self.commands[name]
        inside = self.tree.get(name)
        if isinstance(inside, str):
            return MethodCommand(self, name, inside)
        return None if inside is None else ResourceCommand(self, name, inside, (name,))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that arguments name."""
        _refuse_unknown(self, ctx, args)
        return super().resolve_command(ctx, args)

    def connected(self, ctx: click.Context, *, sample: bool = False) -> Client:
        """Return the client that the options, the environment and the profile describe.

        Args:
            ctx: the context of the command.
            sample: make up what is missing, for a request that is not sent.
        """
        given = dict(ctx.find_root().params)
        if given.get("auth"):
            module, _, name = given["auth"].partition(":")
            sys.path.insert(0, os.getcwd())
            try:
                given["auth"] = getattr(importlib.import_module(module), name)
            except (ImportError, AttributeError, ValueError) as error:
                raise click.UsageError(f"--auth: cannot load {module}:{name}: {error}") from None
        given = {name: value for name, value in given.items() if value is not None}
        try:
            return self.client_class.from_env(**given)
        except ConfigurationError:
            if not sample:
                raise
        protocol = self.registry.protocol
        made_up = {item.name: "sample" for item in (*protocol.variables, *protocol.credentials)}
        click.echo("The client is not configured; options are made up for this dry run.", err=True)
        signer: dict[str, Any] = {"auth": lambda request: {}} if protocol.signer else {}
        return self.client_class(**{**made_up, **signer, **given})

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors of the client become messages and exit codes."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except Error as error:
            _report(ctx.command_path, self.registry, error)
            ctx.exit(exit_code(error))
        except BrokenPipeError:  # the reader, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


class ResourceCommand(click.Group):
    """The methods of a resource."""

    def __init__(
        self, program: ClientCommand, name: str, inside: Mapping[str, Any], path: tuple[str, ...]
    ) -> None:
        super().__init__(name=name)
        self.program, self.inside, self.path = program, inside, path
        self.params = [param for param in self.params if param.name == "help"]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the methods."""
        return list(self.inside)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a method by its name, also as Python or the API spell it."""
        name = command_name(cmd_name)
        inside = self.inside.get(name)
        if isinstance(inside, str):
            return MethodCommand(self.program, name, inside)
        if inside is None:
            return None
        return ResourceCommand(self.program, name, inside, (*self.path, name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that arguments name."""
        _refuse_unknown(self, ctx, args)
        return super().resolve_command(ctx, args)

    @property
    def _about(self) -> str:
        words = " ".join(self.path)
        if len(self.path) > 1:
            return f"Methods of {words}."
        methods = self.program.registry.methods
        first = next(name for name in methods if command_name(name.split(".")[0]) == words)
        module, _ = methods.place(first)
        return self.program.resources.get(module, "")

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return a line for the list of commands."""
        return self._about.partition("\n")[0].partition(". ")[0].rstrip(".") + "."

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the description of the resource."""
        self.help = self._about
        super().format_help_text(ctx, formatter)


def _refuse_unknown(group: click.Group, ctx: click.Context, args: Sequence[str]) -> None:
    """Fail for a command that does not exist, with what was probably meant."""
    if args and not args[0].startswith("-") and group.get_command(ctx, args[0]) is None:
        from difflib import get_close_matches

        near = get_close_matches(command_name(args[0]), group.list_commands(ctx), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"see `{ctx.command_path} --help`."
        ctx.fail(f"there is no command {args[0]!r}; {hint}")


class MethodCommand(click.Command):
    """One method of the API."""

    def __init__(self, program: ClientCommand, name: str, method: str) -> None:
        self.program = program
        self.method: Method[Any] = program.registry.method(method)
        module, constant = program.registry.methods.place(method)
        holder = importlib.import_module(f"{program.package}.{module}")
        function = constant.strip("_").lower()
        self.builder = getattr(holder, function, None) or getattr(holder, f"{function}_")
        about, self.docs = _documentation(self.builder.__doc__ or "")
        self.positional = [
            item.name
            for item in inspect.signature(self.builder).parameters.values()
            if item.kind is item.POSITIONAL_OR_KEYWORD
        ]
        self.fields = self.method.arguments.by_name
        super().__init__(name=name, help=about, params=self._parameters(), callback=self._called)

    def _parameters(self) -> list[click.Parameter]:
        fields = list(self.fields.values())
        arguments = [item for item in fields if item.name in self.positional]
        arguments.sort(key=lambda item: self.positional.index(item.name))
        found: list[click.Parameter] = [
            click.Argument([_parameter(item.name)], type=ValueType(item), metavar=item.name.upper())
            for item in arguments
        ]
        shared = _shared(self.method)
        taken = {name for option in shared for name in option.opts}
        for item in fields:
            if item.name not in self.positional:
                found.append(self._option(item, taken))
        clearable = [item.name for item in fields if item.clear and not item.required]
        if clearable and self.method.retry != "safe":
            found.append(
                click.Option(
                    ["--clear", "clear_"], multiple=True, metavar="ARGUMENT", type=click.Choice(list(map(command_name, clearable))),
                    help="Send an empty tag for an argument, which clears its value. Can be repeated.",
                )
            )  # fmt: skip
        return [*found, *shared]

    def _option(self, item: FieldSpec, taken: set[str]) -> click.Option:
        flag = _flag(item.name)
        if flag in taken:
            flag = f"--api-{command_name(item.name)}"
        doc = self.docs.get(item.name, "")
        if item.sensitive:
            doc += " Sensitive: pass @FILE, or @- for standard input, to keep it out of the shell's history."
        if isinstance(item.codec, Flag) and not item.many:
            names = f"{flag}/--no-{flag[2:]}"
            return click.Option(
                [names, _parameter(item.name)],
                default=None,
                required=bool(self._required(item)),
                help=doc,
            )
        return click.Option(
            [flag, _parameter(item.name)], type=ValueType(item), metavar=_metavar(item), required=self._required(item),
            multiple=item.many and item.shape is None and not item.map, help=doc,
        )  # fmt: skip

    def _required(self, item: FieldSpec) -> bool:
        return item.name in self.method.arguments.writer(self.method.mode).required

    def _called(self, **given: Any) -> None:
        values = {
            name: _many(self.fields[name], given[_parameter(name)])
            for name in self.fields
            if given.get(_parameter(name)) not in (None, ())
        }
        by_command = {command_name(name): name for name in self.fields}
        values.update({by_command[name]: None for name in given.get("clear_") or ()})
        perform(self.program, self.method.build(values), given)


def _documentation(doc: str) -> tuple[str, dict[str, str]]:
    """Return what a docstring says of a method, and of each argument."""
    text, _, rest = inspect.cleandoc(doc).partition("\nArgs:\n")
    text = re.split(r"\n(?:Returns|Raises):\n", text)[0].replace("``", "")
    inside = re.split(r"\n(?=\S)", rest)[0]
    found: dict[str, str] = {}
    name = ""
    for line in inside.splitlines():
        begin = re.match(r"    (\w+): ?(.*)", line)
        if begin:
            name, found[begin[1]] = begin[1], begin[2]
        elif name:
            found[name] += " " + line.strip()
    return text.strip(), found


def _flag(name: str) -> str:
    return f"--{command_name(name)}"


def _parameter(name: str) -> str:
    """Return the name of a parameter that no shared option has."""
    return f"argument_{name}".lower()


def _metavar(item: FieldSpec) -> str | None:
    codec = item.codec
    if item.shape is not None or item.map:
        return "JSON"
    if isinstance(codec, EnumCodec):
        words = codec.sendable or tuple(codec.words)
        return f"[{'|'.join(words)}]" if len(words) <= _FEW_WORDS else "WORD"
    names = {
        "binary": "FILE",
        "id": "ID",
        "datetime": "TIME",
        "decimal": "NUMBER",
        "float": "NUMBER",
    }
    return names.get(codec.name, codec.name.upper()) if codec is not None else "TEXT"


class ValueType(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.3
    """A value of an argument, read from a text of the command line."""

    name = "value"

    def __init__(self, item: FieldSpec) -> None:
        self.item = item
        self.name = _metavar(item) or "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value of a text. Fails with what is allowed."""
        if not isinstance(value, str):
            return value
        try:
            return parse_value(self.item, value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the words that begin as what was typed."""
        return _completed(self.item, incomplete)


def _completed(item: FieldSpec, incomplete: str, prefix: str = "") -> list[CompletionItem]:
    codec = item.codec
    if isinstance(codec, EnumCodec):
        words = codec.sendable or tuple(codec.words)
        return [CompletionItem(prefix + word) for word in words if word.startswith(incomplete)]
    if isinstance(codec, Flag):
        return [
            CompletionItem(prefix + word)
            for word in ("true", "false")
            if word.startswith(incomplete)
        ]
    if codec is not None and codec.name == "binary":
        return [CompletionItem(incomplete, type="file")]
    return []


def parse_value(item: FieldSpec, text: str) -> Any:
    """Return the value of an argument from a text of the command line.

    Records, lists of records and maps are JSON, or ``@FILE`` with JSON; so are lists of scalars, if they do not come one
    by one. Files are paths; ``-`` is standard input.

    Raises:
        ValueError: the text is not such a value; the message never shows a sensitive one.
    """
    codec = item.codec
    if item.shape is not None or item.map:
        found = _json(_content(text).decode() if text.startswith("@") else text)
        return [found] if item.many and not item.map and isinstance(found, dict) else found
    assert codec is not None
    if item.many and text[:1] in ("@", "["):
        return _json(_content(text).decode() if text.startswith("@") else text)
    if codec.name == "binary":
        return _content("@-") if text == "-" else Path(text)
    if text.startswith("@") and (item.sensitive or codec.name in ("base64", "xml")):
        content = _content(text)
        return content if codec.name == "base64" else content.decode().rstrip("\r\n")
    return _scalar(codec, text)


def _scalar(codec: Codec, text: str) -> Any:
    if codec.name in ("id", "int") or isinstance(codec, Flag):
        if isinstance(codec, Flag) and text.lower() in ("true", "false"):
            return text.lower() == "true"
        return codec.read(text)
    if isinstance(codec, EnumCodec):
        words = codec.sendable or tuple(codec.words)
        if text not in words:
            from difflib import get_close_matches

            near = get_close_matches(text, words, 1)
            hint = f"did you mean {near[0]!r}?" if near else codec.expected
            raise ValueError(f"{text!r} is not one of its words; {hint}")
        return text
    if codec.name == "float":
        return float(text)
    return text


def _content(text: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if text == "@-" else Path(text[1:]).read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {text[1:]}: {error.strerror}") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise ValueError(f"expected JSON, or @FILE with JSON: {error}") from None


def _many(item: FieldSpec, value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    flat: list[Any] = []
    for inner in value:  # one by one, or a whole list in JSON
        flat += inner if isinstance(inner, list) else [inner]
    return flat


def _shared(method: Method[Any] | None) -> list[click.Option]:
    """Return the options that say what is done with a call; None for any method."""
    response = None if method is None else method.response
    found = [
        click.Option(["--output", "-o"], type=click.Choice(FORMATS), help="Format; table in a terminal, else JSON Lines."),
        click.Option(["--fields"], metavar="NAMES", help="Fields to show, with commas: number,links.view"),
        click.Option(["--show-secrets"], is_flag=True, help="Show sensitive values instead of [redacted]."),
        click.Option(["--dry-run"], is_flag=True, help="Show the request, who may call it, and whether it is safe to repeat; send nothing."),
    ]  # fmt: skip
    if method is None or isinstance(response, PageResponse):
        found += [
            click.Option(["--all-pages"], is_flag=True, help="Fetch all pages."),
            click.Option(["--limit"], type=click.IntRange(1), metavar="ROWS", help="Fetch pages until there are so many rows."),
        ]  # fmt: skip
    if method is None or isinstance(response, BinaryResponse):
        found.append(
            click.Option(
                ["-O", "--save"], metavar="FILE", help="Save the file here; - is standard output."
            )
        )
    if method is None or method.destructive:
        found.append(
            click.Option(
                ["--yes", "-y"], is_flag=True, help="Do not ask before a call that deletes."
            )
        )
    return found  # fmt: skip


def perform(program: ClientCommand, request: Request[Any], given: Mapping[str, Any]) -> None:
    """Send a request and print its value, as the shared options say."""
    from .command_output import Output, saved

    ctx = click.get_current_context()
    method = request.endpoint
    if given.get("dry_run"):
        with program.connected(ctx, sample=True) as client:
            problems = method.problems(request.values)
            shown = request.xml.decode() if given.get("show_secrets") else client.explain(request)
            click.echo(shown)
        if problems:
            raise ArgumentError.of(problems, request.method)
        return
    output = Output(
        method,
        given.get("output") or ("table" if sys.stdout.isatty() else "jsonl"),
        fields=given.get("fields"),
        show_secrets=bool(given.get("show_secrets")),
    )
    client = program.connected(ctx)
    with client:
        problems = method.problems(request.values) if client.options.validate else ()
        if problems:
            raise ArgumentError.of(problems, request.method)
        if method.destructive and not given.get("yes"):
            _confirm(request)
        if isinstance(method.response, PageResponse):
            output.pages(
                client, request, everything=bool(given.get("all_pages")), limit=given.get("limit")
            )
        elif method.response.binary:
            target = given.get("save")
            if target is None and sys.stdout.isatty():
                raise click.UsageError("the response is a file; pass -O FILE to save it")
            saved(client.send(request), target)
        elif output.format == "xml":
            output.document(client.send_raw(request))
        else:
            output.value(client.send(request))


def _confirm(request: Request[Any]) -> None:
    named = ", ".join(
        f"{name}={value!r}"
        for name, value in request.values.items()
        if isinstance(value, (int, str))
    )
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{request.method} deletes; pass --yes to call it without being asked"
        )
    click.confirm(f"{request.method} ({named}) deletes. Call it?", abort=True, err=True)


def _report(name: str, registry: MethodRegistry, error: Error) -> None:
    """Print an error and what can be done next."""
    click.echo(f"Error: {error}", err=True)
    words = " ".join(map(command_name, (error.method or "").split(".")))
    next_step = ""
    if isinstance(error, ArgumentError):
        next_step = f"See `{name} {words} --help`." if words else f"See `{name} methods`."
    elif isinstance(error, ConfigurationError):
        next_step = f"See `{name} --help` for the options and variables."
    elif isinstance(error, AuthenticationError):
        next_step = "Check the credentials in the environment or in the profile."
    elif isinstance(error, NotFoundError):
        listed = f"{(error.method or '').split('.')[0]}.list"
        if listed in registry.methods:
            next_step = (
                f"See `{name} {' '.join(map(command_name, listed.split('.')))}` for what there is."
            )
    elif isinstance(error, OutcomeUnknownError):
        next_step = f"Before you call it again, look up {error.look_up}." if error.look_up else ""
    elif isinstance(error, RateLimitError) and error.retry_after:
        next_step = f"Try again in {error.retry_after:g} seconds."
    elif isinstance(error, (TransportError, ServerError)):
        next_step = (
            "It may have been carried out; check before you repeat it."
            if error.maybe_done
            else "Try again later."
        )
    if next_step:
        click.echo(next_step, err=True)
    if error.documentation and isinstance(error, ApiError):
        click.echo(f"Documentation: {error.documentation}", err=True)


def _call_command(program: ClientCommand) -> click.Command:
    methods = program.registry.methods

    class Name(click.ParamType):  # type: ignore[type-arg,unused-ignore]
        name = "method"

        def shell_complete(
            self, ctx: click.Context, param: click.Parameter, incomplete: str
        ) -> list[CompletionItem]:
            return [CompletionItem(name) for name in methods if name.startswith(incomplete)]

    class Pair(click.ParamType):  # type: ignore[type-arg,unused-ignore]
        name = "argument"

        def shell_complete(
            self, ctx: click.Context, param: click.Parameter, incomplete: str
        ) -> list[CompletionItem]:
            method = str(ctx.params.get("method"))
            if method not in methods:
                return []
            fields = methods[method].arguments.by_name
            name, equals, text = incomplete.partition("=")
            if equals and name in fields:
                return _completed(fields[name], text, f"{name}=")
            return [CompletionItem(f"{one}=") for one in fields if one.startswith(name)]

    def called(method: str, pairs: Sequence[str], **given: Any) -> None:
        fields = program.registry.method(method).arguments.by_name
        values: dict[str, Any] = {}
        for pair in pairs:
            name, equals, text = pair.partition("=")
            raw = name.endswith(":")
            name = name.removesuffix(":").replace("-", "_")
            if not equals:
                raise click.UsageError(f"{pair!r} should be NAME=VALUE, or NAME:=JSON")
            item = fields.get(name)
            try:
                if raw:
                    values[name] = _json(text)
                elif item is None or not text:
                    values[name] = text or None
                else:
                    found = parse_value(item, text)
                    one_by_one = item.many and not isinstance(found, (list, dict))
                    values[name] = [*values.get(name, ()), found] if one_by_one else found
            except ValueError as error:
                raise click.UsageError(f"{name}: {error}") from None
        perform(program, program.registry.build(method, values), given)

    return click.Command(
        "call",
        callback=called,
        params=[
            click.Argument(["method"], type=Name(), metavar="METHOD"),
            click.Argument(["pairs"], nargs=-1, type=Pair(), metavar="[NAME=VALUE]..."),
            *_shared(None),
        ],
        help="Call a method by the name that the API gives it.\n\nNAME= sends an empty tag, and NAME:=JSON any value.",
        short_help="Call a method by its name in the API.",
    )


def _methods_command(program: ClientCommand) -> click.Command:
    def called(containing: str) -> None:
        for name, method in program.registry.methods.items():
            if containing.lower() in name.lower():
                needed = " ".join(item.name for item in method.arguments.fields if item.required)
                click.echo(f"{name:<32} {method.retry:<10} {needed}".rstrip())

    return click.Command(
        "methods",
        callback=called,
        params=[click.Argument(["containing"], required=False, default="", metavar="[TEXT]")],
        help="List the methods of the API: name, whether repeating is safe, required arguments.",
    )


def _completion_variable(name: str) -> str:
    return f"_{name.replace('-', '_').replace('.', '_').upper()}_COMPLETE"


def _completion_command(program: ClientCommand) -> click.Command:
    def called(shell: str) -> None:
        name = str(program.name)
        kind = get_completion_class(shell)
        assert kind is not None
        click.echo(kind(program, {}, name, _completion_variable(name)).source())

    return click.Command(
        "completion",
        callback=called,
        params=[click.Argument(["shell"], type=click.Choice(["bash", "zsh", "fish"]))],
        help=f'Print the completion script of a shell.\n\nFor bash, add this line to ~/.bashrc: eval "$({program.name} completion bash)"',
        short_help="Print the completion script of a shell.",
    )


def _document_commands(program: ClientCommand) -> Iterator[click.Command]:
    names = list(program.registry.methods)
    example = next((name for name in names if name.endswith(".get")), names[0])
    for name, about, more, failed in (
        (
            "read",
            "Print recorded documents as typed JSON.",
            "One JSON object for each document: file and method, then value, arguments (of a request) or failure.",
            "",
        ),
        (
            "check",
            "List what the description does not know in recorded documents.",
            "One line for each unknown element, or one that says that there is none.",
            " or holds something unknown",
        ),
    ):

        def called(name: str = name, **given: Any) -> None:
            from .documents import process

            try:
                fine = process(program.registry, name, **given)
            except ArgumentError as error:
                raise click.UsageError(str(error)) from None
            click.get_current_context().exit(0 if fine else 1)

        yield click.Command(
            name,
            callback=called,
            short_help=about,
            help=f"{about} {more}",
            epilog=f"\b\nExamples:\n  {program.name} {name} response.xml\n"
            f"  {program.name} {name} --method {example} - < response.xml\n\n"
            f"\b\nExit codes: 0 all documents were read, 1 one cannot be read{failed}, 2 wrong usage",
            params=[
                click.Argument(["files"], nargs=-1, required=True, metavar="FILE..."),
                click.Option(["--method"], metavar="NAME", help="Method that the responses belong to; guessed by default."),
                click.Option(["--show-secrets"], is_flag=True, help="Show sensitive values instead of [redacted]."),
            ],
        )  # fmt: skip
