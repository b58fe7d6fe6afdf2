"""`hotelero`: what an operator types. Heavy imports happen inside the commands."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agente_hotelero import __version__
from agente_hotelero.errors import ConfigError

if TYPE_CHECKING:
    from agente_hotelero.config import Settings

DEFAULT_FILE = Path("hotel.toml")


class _Cli(click.Group):
    """Our commands, then those of the enabled plugins; errors of configuration in one form."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_plugin_commands(ctx))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _plugin_commands(ctx).get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(f"configuration: {problem}", err=True)
            ctx.exit(2)


def _plugin_commands(ctx: click.Context) -> dict[str, click.Command]:
    from agente_hotelero._runtime.plugins import Plugins

    try:
        plugins = Plugins.load(settings_of(ctx).plugins)
    except ConfigError:
        return {}
    found = (command for _, command in plugins.registered("register_commands"))
    return {command.name: command for command in found if command and command.name}


def settings_of(ctx: click.Context) -> Settings:
    """The configuration that the command line names. Raises ConfigError."""
    from agente_hotelero._runtime.plugins import installed
    from agente_hotelero.config import load

    path: Path | None = ctx.find_root().params.get("config")
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    return load(path, installed=set(installed()))


@click.group(cls=_Cli)
@click.version_option(__version__)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="HOTELERO_CONFIG",
    help="TOML file; hotel.toml in this directory if it exists.",
)
def main(config: Path | None) -> None:
    """The guest-messaging agent for hotels."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.pass_context
def run(ctx: click.Context, host: str, port: int) -> None:
    """Serve guests."""
    from agente_hotelero._serve import serve

    serve(settings_of(ctx), host, port)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535))
@click.pass_context
def worker(ctx: click.Context, host: str, port: int) -> None:
    """Answer and send, but take nothing in: more hands beside `run`, on PostgreSQL.

    The port has health and metrics only.
    """
    from agente_hotelero._serve import serve

    serve(settings_of(ctx), host, port, public=False)


@main.command()
@click.option("--tenant", help="Which hotel; the first one if not given.")
@click.option("--chat", "chat_id", default="terminal", show_default=True, help="Who you are.")
@click.pass_context
def chat(ctx: click.Context, tenant: str | None, chat_id: str) -> None:
    """Talk to the agent in this terminal."""
    from agente_hotelero import _terminal
    from agente_hotelero._runtime import logs

    logs.configure("WARNING")
    asyncio.run(_terminal.chat(settings_of(ctx), tenant, chat_id))


@main.group()
def conversations() -> None:
    """List conversations and hand them back to the agent."""


@conversations.command("list")
@click.option("--tenant")
@click.option("--waiting", is_flag=True, help="Only those that a person has.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_conversations(
    ctx: click.Context, tenant: str | None, waiting: bool, as_json: bool
) -> None:
    """Conversations, those that wait for a person first."""
    from agente_hotelero import _operator

    rows = asyncio.run(_operator.conversations(settings_of(ctx), tenant, waiting=waiting))
    _print(rows, as_json)


@conversations.command()
@click.argument("conversation", type=int)
@click.pass_context
def release(ctx: click.Context, conversation: int) -> None:
    """Give a conversation back to the agent."""
    from agente_hotelero import _operator

    if not asyncio.run(_operator.release(settings_of(ctx), conversation)):
        raise click.ClickException(f"there is no conversation {conversation}")
    click.echo(f"conversation {conversation} is with the agent")


@main.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def inbox(ctx: click.Context, as_json: bool) -> None:
    """What came in and went out, by channel and state."""
    from agente_hotelero import _operator

    _print(asyncio.run(_operator.inbox(settings_of(ctx))), as_json)


@main.command()
@click.argument("letter", required=False, metavar="[KIND/NUMBER]")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def replay(ctx: click.Context, letter: str | None, as_json: bool) -> None:
    """List dead letters, or try one again: `hotelero replay send/7`."""
    from agente_hotelero import _operator

    settings = settings_of(ctx)
    if letter is None:
        _print(asyncio.run(_operator.dead_letters(settings)), as_json)
        return
    kind, _, number = letter.partition("/")
    if kind not in ("send", "body") or not number.isdecimal():
        raise click.BadParameter("write send/<number> or body/<number>", param_hint="letter")
    if not asyncio.run(_operator.replay(settings, kind, int(number))):
        raise click.ClickException(f"there is no dead letter {letter}")
    click.echo(f"{letter} is tried again")


@main.command()
@click.option("--role", type=click.Choice(["owner", "staff", "read-only"]), default="staff")
@click.option("--tenant", "tenants", multiple=True, help="A hotel; may be given again.")
@click.option("--hours", default=12, show_default=True, type=click.IntRange(1, 24 * 90))
@click.pass_context
def token(ctx: click.Context, role: str, tenants: tuple[str, ...], hours: int) -> None:
    """Make a token for the admin API, for all hotels or those named."""
    from agente_hotelero._runtime import tokens

    settings = settings_of(ctx)
    made, _ = tokens.make(settings, role=role, tenants=tenants or settings.tenants, hours=hours)
    click.echo(made)


@main.group()
def people() -> None:
    """Who may log in to the staff desk and the admin API."""


@people.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_people(ctx: click.Context, as_json: bool) -> None:
    """Everybody of this installation."""
    from agente_hotelero import _operator

    _print(asyncio.run(_operator.people(settings_of(ctx))), as_json)


@people.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["owner", "staff", "read-only"]), default="staff")
@click.option("--tenant", "tenants", multiple=True, help="A hotel; may be given again. Or all.")
@click.password_option(envvar="HOTELERO_PASSWORD", help="Asked for, if not given.")
@click.pass_context
def add_person(
    ctx: click.Context, name: str, role: str, tenants: tuple[str, ...], password: str
) -> None:
    """Let somebody in, or change who is: role, hotels and password are set anew."""
    from agente_hotelero import _operator

    settings = settings_of(ctx)
    unknown = set(tenants) - set(settings.tenants)
    if unknown:
        raise click.ClickException(f"there is no hotel {', '.join(sorted(unknown))}")
    hotels = list(tenants or settings.tenants)
    try:
        asyncio.run(_operator.add_person(settings, name, role, hotels, password))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{name} may log in: {role} of {', '.join(hotels)}")


@people.command("remove")
@click.argument("name")
@click.pass_context
def remove_person(ctx: click.Context, name: str) -> None:
    """Let somebody in no more; tokens that are out end at once."""
    from agente_hotelero import _operator

    if not asyncio.run(_operator.remove_person(settings_of(ctx), name)):
        raise click.ClickException(f"there is nobody called {name}")
    click.echo(f"{name} may log in no more")


@main.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def plugins(ctx: click.Context, as_json: bool) -> None:
    """Installed plugins, their state and why."""
    from agente_hotelero._runtime import agent

    loaded, _ = agent.load_plugins(settings_of(ctx))
    _print([asdict(record) for record in loaded.records.values()], as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Ask every part how it is, and say what to do where one is not well."""
    from agente_hotelero import _operator

    rows = asyncio.run(_operator.doctor(settings_of(ctx)))
    _print([asdict(row) for row in rows], as_json)
    if not all(row.ok for row in rows):
        ctx.exit(1)


@main.group("config")
def config_group() -> None:
    """The configuration."""


@config_group.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Say what is wrong with the configuration, or that nothing is."""
    from agente_hotelero._runtime import agent

    settings = settings_of(ctx)
    agent.check(settings)
    click.echo(f"the configuration is good: {', '.join(settings.tenants)}")


@main.command()
@click.pass_context
def migrate(ctx: click.Context) -> None:
    """Bring the database to this version's tables."""
    from agente_hotelero import _operator

    asyncio.run(_operator.migrate(settings_of(ctx)))
    click.echo("the database is up to date")


@main.group()
def new() -> None:
    """Begin a plugin: a package that works, with tests, to be changed into yours."""


@new.command("pms")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    default=".",
    show_default=True,
    help="Where its folder goes.",
)
def new_pms(name: str, into: Path) -> None:
    """An adapter for the PMS called NAME."""
    from agente_hotelero import _new

    try:
        made = _new.plugin("pms", name, into)
    except _new.NotMade as error:
        raise click.UsageError(str(error)) from None
    click.echo(_new.NEXT_STEPS.format(folder=made, plugin=f"pms_{name}"), nl=False)


def _print(rows: list[dict[str, Any]], as_json: bool) -> None:
    import orjson

    if as_json:
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2, default=str).decode())
        return
    for row in rows:
        click.echo("  ".join(f"{key}={value}" for key, value in row.items() if value != ""))
