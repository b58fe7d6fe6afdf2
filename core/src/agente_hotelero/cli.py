"""`hotelero`: what an operator types. Heavy imports happen inside the commands."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agente_hotelero import __version__
from agente_hotelero.errors import ConfigError, HoteleroError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from agente_hotelero._runtime.rotation import Source
    from agente_hotelero.config import Settings

T = TypeVar("T")
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

    return load(_file(ctx), installed=set(installed()))


def _file(ctx: click.Context) -> Path | None:
    path: Path | None = ctx.find_root().params.get("config")
    return DEFAULT_FILE if path is None and DEFAULT_FILE.exists() else path


def source_of(ctx: click.Context) -> Source:
    """The same configuration, to be read again."""
    from agente_hotelero._runtime.plugins import installed
    from agente_hotelero._runtime.rotation import Source
    from agente_hotelero.config import files_read, load

    known, path = set(installed()), _file(ctx)
    return Source(
        files=lambda: files_read(path, installed=known), read=lambda: load(path, installed=known)
    )


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

    serve(settings_of(ctx), host, port, source=source_of(ctx))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535))
@click.pass_context
def worker(ctx: click.Context, host: str, port: int) -> None:
    """Answer and send, but take nothing in: more hands beside `run`, on PostgreSQL.

    The port has health and metrics only.
    """
    from agente_hotelero._serve import serve

    serve(settings_of(ctx), host, port, public=False, source=source_of(ctx))


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


@main.group()
def guest() -> None:
    """What is held of a guest, and how it is taken away. For all addresses known of one guest."""


HOTEL = click.option("--tenant", help="Which hotel; the first one if not given.")


@guest.command("export")
@click.argument("addresses", nargs=-1, required=True)
@HOTEL
@click.option(
    "--files",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for what the guest sent.",
)
@click.pass_context
def export_guest(
    ctx: click.Context, addresses: tuple[str, ...], tenant: str | None, files: Path | None
) -> None:
    """Print all of it, as JSON."""
    import orjson

    from agente_hotelero import _operator

    settings = settings_of(ctx)
    hotel = _hotel(settings, tenant)
    found = _told(_operator.export_guest(settings, hotel, list(addresses)))
    if files is not None:
        asyncio.run(_save(_operator.files_of_guest(settings, found), files))
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str).decode())


@guest.command("erase")
@click.argument("addresses", nargs=-1, required=True)
@HOTEL
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def erase_guest(
    ctx: click.Context, addresses: tuple[str, ...], tenant: str | None, yes: bool
) -> None:
    """Forget a guest, for good. Look at the export first: other addresses stand there."""
    from agente_hotelero import _operator

    settings = settings_of(ctx)
    hotel = _hotel(settings, tenant)
    if not yes:
        click.confirm(f"Erase this guest of {hotel}? Nothing brings it back", abort=True)
    done = _told(_operator.erase_guest(settings, hotel, list(addresses)))
    for kind, number in done["erased"].items():
        click.echo(f"{kind}: {number}")
    for address in done["other_addresses_on_reservations"]:
        click.echo(f"left, for you to look at: {address}")
    click.echo("the PMS, and whoever hears of events by webhook, keep books of their own")
    if done["files_not_deleted"]:
        raise click.ClickException(f"not deleted: {', '.join(done['files_not_deleted'])}")


def _hotel(settings: Settings, tenant: str | None) -> str:
    name = tenant or next(iter(settings.tenants))
    if name not in settings.tenants:
        raise click.ClickException(f"there is no hotel {name}")
    return name


async def _save(found: AsyncIterator[tuple[str, bytes]], folder: Path) -> None:
    async for name, body in found:
        to = folder / name
        await asyncio.to_thread(to.parent.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(to.write_bytes, body)


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


@main.command("check-plugin")
@click.argument("plugin", default=".", metavar="[NAME OR PATH]")
@click.option(
    "--tests",
    type=click.Path(path_type=Path),
    help="Tests to run; the project's tests directory if not given.",
)
@click.pass_context
def check_plugin(ctx: click.Context, plugin: str, tests: Path | None) -> None:
    """Check how a plugin is packaged, and run its own tests.

    Ends with 0 when all is well, 1 when something is not, 2 when it cannot be checked.
    """
    from agente_hotelero import _check_plugin

    try:
        target = _check_plugin.locate(plugin, tests)
        findings = list(_check_plugin.packaging(target.point))
        verdict = _check_plugin.run_tests(target)
        residue = _check_plugin.residue(target.point, verdict)
    except _check_plugin.CannotCheck as error:
        click.echo(f"cannot check: {error}", err=True)
        ctx.exit(2)
    findings += [residue] if residue is not None else []
    for one in findings:
        click.echo(f"{'ok   ' if one.ok else 'WRONG'}  {one.what}")
        if not one.ok:
            click.echo(f"       {one.advice}")
    click.echo(f"{'ok   ' if verdict.passed else 'WRONG'}  its tests")
    for name, grade in verdict.grades.items():
        click.echo(f"grade  {name}: {grade}")
    well = verdict.passed and all(one.ok for one in findings)
    ctx.exit(0 if well and "none" not in verdict.grades.values() else 1)


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


@main.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--tenant", help="The hotel called probe, or one with a simulated PMS, if not given.")
@click.option("--token", envvar="HOTELERO_PROBE_TOKEN", help="Made here if not given.")
@click.option("--seconds", default=20.0, show_default=True, type=click.FloatRange(1, 60))
@click.pass_context
def probe(
    ctx: click.Context, url: str, tenant: str | None, token: str | None, seconds: float
) -> None:
    """Write to a running installation as a marked guest, and end with 1 if no answer comes.

    With both --token and --tenant no configuration is read: the guest then only says hello.
    """
    from agente_hotelero import _probe
    from agente_hotelero.errors import Unavailable

    line, offer = "hola", False
    if not (token and tenant):
        settings = settings_of(ctx)
        tenant = _probe.tenant_of(settings, tenant)
        token = token or _probe.own_token(settings, tenant)
        line, offer = _probe.line_for(settings, tenant)
    try:
        found = _probe.probe(url, token, tenant, line, offer, seconds)
    except Unavailable as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{found.tenant} answered in {found.seconds:.2f} s: {found.answer}")


@main.group("backup", invoke_without_command=True)
@click.option("--to", help="A folder or s3://bucket/prefix; backup_folder if not given.")
@click.pass_context
def backup_group(ctx: click.Context, to: str | None) -> None:
    """Back up the database and guests' files, as they are now; the agent may run."""
    from agente_hotelero import _operator

    ctx.obj = to
    if ctx.invoked_subcommand is None:
        made = _told(_operator.backup(settings_of(ctx), to))
        click.echo(f"{made.name}: {made.rows} rows, {made.files} files, {made.size} bytes")


@backup_group.command("list")
@click.pass_context
def list_backups(ctx: click.Context) -> None:
    """What is kept, the oldest first."""
    from agente_hotelero import _operator

    for name in _told(_operator.backups(settings_of(ctx), ctx.obj)):
        click.echo(name)


@backup_group.command("verify")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def verify_backup(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """Restore one (the newest) into a database that is thrown away, and try it."""
    from agente_hotelero import _operator

    _print([asdict(_told(_operator.verify(settings_of(ctx), ctx.obj, name)))], as_json)


@backup_group.command("orphans")
@click.option("--delete", is_flag=True)
@click.pass_context
def orphans(ctx: click.Context, delete: bool) -> None:
    """Guests' files that nothing in the database names, as a restore leaves them."""
    from agente_hotelero import _operator

    found = _told(_operator.orphans_of(settings_of(ctx), delete=delete))
    for name in found:
        click.echo(name)
    click.echo(f"{len(found)} files{' deleted' if delete else ''}")


@backup_group.command("key")
def backup_key() -> None:
    """Make a pair of keys: the secret one is kept where the backups are not."""
    from agente_hotelero._backup import archives

    secret, public = archives.new_keys()
    click.echo(f'backup_recipients = ["{public}"]')
    click.echo(f"backup_identity: {secret}")


@main.command()
@click.argument("name")
@click.option("--from", "source", help="A folder or s3://bucket/prefix; backup_folder otherwise.")
@click.option("--replace", is_flag=True, help="Although there is a database already.")
@click.pass_context
def restore(ctx: click.Context, name: str, source: str | None, replace: bool) -> None:
    """Put a backup back, into an empty database; every agent must be stopped."""
    from agente_hotelero import _operator

    settings = settings_of(ctx)
    click.echo(
        f"restored as of {_told(_operator.restore(settings, source, name, replace=replace))}"
    )
    left = _told(_operator.orphans_of(settings, delete=False))
    if left:
        click.echo(f"{len(left)} files of guests came later: hotelero backup orphans --delete")


def _told(work: Coroutine[Any, Any, T]) -> T:
    """Its result; what went wrong in a sentence."""
    try:
        return asyncio.run(work)
    except ConfigError:
        raise
    except HoteleroError as error:
        raise click.ClickException(str(error) or type(error).__name__) from None


@main.group()
def new() -> None:
    """Begin a plugin, with one that works."""


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
