"""Settings, read once from the environment and checked; `SETTINGS` lists every one.

Opens nothing and creates nothing: a path or URL is checked for form, not for existence.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.errors import ConfigurationError

PREFIX = "REFRAIN_"
MOST_DAYS = 36_500
POSTGRESQL = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
CHOICE = "target_session_attrs"
"""What libpq is told of which of several hosts to choose."""
REDIS = frozenset({"redis", "rediss"})
PLACEHOLDER = "CHANGE-ME"
"""Stands in examples for a secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator chose.  Built by `load_settings`; meanings are in `SETTINGS`.

    URLs that may hold a password are kept out of the repr.
    """

    database_url: str = field(repr=False)
    data_dir: Path
    sqlite_synchronous: str
    artifact: Path | None
    bind: str
    port: int
    workers: int
    threads: int
    backlog: int
    max_text: int
    max_body: int
    max_batch: int
    max_batch_body: int
    public_url: str
    session_minutes: int
    second_share: float
    sample_share: float
    keep_rejected: int
    keep_samples: int
    keep_labels: int
    keep_comments: int
    keep_events: int
    keep_learning: int
    private_webhooks: bool
    proxies: int
    rate_limit: int
    redis_url: str = field(repr=False)
    akismet_site: str
    akismet_discard: float | None
    coral_budget_ms: int
    log_level: str
    otlp_endpoint: str

    @property
    def models_dir(self) -> Path:
        """Where candidates are, each in a folder of its name, with their reports."""
        return self.data_dir / "models"

    @property
    def url(self) -> str:
        """Where readers and moderators reach the service, without a last slash."""
        return self.public_url or f"http://{self.bind}:{self.port}"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings.

    `name` is the environment variable and `field` the attribute of `Settings`.
    `default` is written as it would be in the environment; empty means what `meaning`
    says.  `parse` raises ValueError with what the value must be, never the value.
    """

    name: str
    field: str
    kind: str
    default: str
    meaning: str
    parse: Callable[[str], Any]


def whole(low: int, high: int) -> Callable[[str], int]:
    """Parse a whole number from `low` to `high`, ends included."""

    def parse(value: str) -> int:
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """Parse one of the given words, in any case."""

    def parse(value: str) -> str:
        for choice in choices:
            if value.lower() == choice.lower():
                return choice
        raise ValueError(f"must be one of {', '.join(choices)}")

    return parse


def path(value: str) -> Path:
    """Parse a path; a relative one is taken from the working directory."""
    return Path(value).expanduser().absolute()


def optional_path(value: str) -> Path | None:
    """Parse a path, or None for nothing."""
    return path(value) if value else None


def share(value: str) -> float:
    """Parse a share from 0 to 1, ends included."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise ValueError("must be a number from 0 to 1")
    return number


def optional_share(value: str) -> float | None:
    """Parse a share, or None for nothing."""
    return share(value) if value else None


def yes_or_no(value: str) -> bool:
    """Parse `yes` or `no`."""
    return one_of("yes", "no")(value) == "yes"


def web_address(value: str) -> str:
    """Parse an http(s) URL of which nothing but the path may be missing."""
    if not value:
        return ""
    parts = urlsplit(value)
    is_whole = parts.scheme in {"http", "https"} and parts.hostname
    if not is_whole or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be a URL such as https://refrain.example.com")
    return value.rstrip("/")


def address(value: str) -> str:
    """Parse the address to listen on: no blanks, no port."""
    if not value or any(character.isspace() for character in value):
        raise ValueError("must be a host name or an IP address")
    return value


def database_url(value: str) -> str:
    """Parse the URL of an SQLite file or a PostgreSQL database.

    The short schemes that hosting services hand out are rewritten to the driver used
    here; the path of an SQLite file becomes absolute.  Of several hosts, one that can
    be written is asked for.
    """
    try:
        url = make_url(_with_hosts_apart(value)) if value else None
    except (ArgumentError, ValueError):
        # `from None`: the message of the original repeats the URL with its password.
        raise ValueError("must be a database URL") from None
    if url is None:
        return ""
    if PLACEHOLDER in value:
        raise ValueError(f"must not hold an example's {PLACEHOLDER}")
    if url.drivername == "sqlite":
        return _absolute(url)
    if url.drivername not in POSTGRESQL or not url.database:
        raise ValueError(
            "must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    if "," in str(url.query.get("host")) and CHOICE not in url.query:
        url = url.update_query_dict({CHOICE: "read-write"})
    url = url.set(drivername="postgresql+psycopg")
    _refuse_vague(url)
    return url.render_as_string(hide_password=False)


def _with_hosts_apart(value: str) -> str:
    """Move several hosts of a URL to where SQLAlchemy wants them: `?host=…&port=…`.

    libpq takes them in the place of one, as HOST:PORT,HOST:PORT (section 32.1.1.2 of
    PostgreSQL's manual); SQLAlchemy would give all of them the last one's port.
    """
    scheme, _, rest = value.partition("://")
    user, at, place = rest.partition("@")
    if not at or "/" in user.partition(":")[0]:  # An @ of the parameters, perhaps.
        user, at, place = "", "", rest
    hosts = place.partition("?")[0].partition("/")[0]
    if "," not in hosts:
        return value
    names, ports = zip(*map(_host_and_port, hosts.split(",")), strict=True)
    found = {"host": ",".join(names), "port": ",".join(ports)}
    database, _, query = place[len(hosts) :].partition("?")
    return f"{scheme}://{user}{at}{database}?{urlencode(found)}&{query}"


def _refuse_vague(url: URL) -> None:
    """Refuse parameters of which nobody knows what SQLAlchemy makes, or libpq of it."""
    for name, value in url.query.items():
        if not isinstance(value, str) and name not in {"host", "port"}:
            raise ValueError("must be a URL with each of its parameters once")
    try:
        url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError):  # Its message repeats what was given.
        raise ValueError(
            "must be a URL with one port, a number, for each of several hosts"
        ) from None


def _host_and_port(value: str) -> tuple[str, str]:
    """Parse one of several hosts; without a port, it is PostgreSQL's own."""
    if value.startswith("["):  # An address of IPv6.
        name, _, port = value[1:].partition("]")
        port = port.removeprefix(":")
    else:
        name, _, port = value.partition(":")
    if not name or not (port.isdecimal() or not port):
        raise ValueError("each of several hosts needs a name, and a number as its port")
    return unquote(name), port or "5432"


def redis_url(value: str) -> str:
    """Parse the URL of a Redis server; nothing of it is ever shown."""
    try:
        parts = urlsplit(value)
        is_whole = bool(parts.hostname if parts.scheme in REDIS else parts.path)
        is_known = parts.scheme in REDIS | {"unix"} and parts.port != 0
    except ValueError:  # Its message repeats what was given.
        is_whole = is_known = False
    if value and not (is_whole and is_known):
        raise ValueError("must be a URL such as redis://HOST:6379/0")
    if PLACEHOLDER in value:
        raise ValueError(f"must not hold an example's {PLACEHOLDER}")
    return value


def _absolute(url: URL) -> str:
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise ValueError(
            "must be sqlite:///FILE, a file on disk without further parameters"
        )
    return url.set(database=str(path(url.database))).render_as_string()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL",
        "database_url",
        "URL",
        "",
        "`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`, with several "
        "hosts, `HOST:PORT,HOST:PORT`, where PostgreSQL fails over; "
        "if unset, the file `refrain.db` in `REFRAIN_DATA_DIR`.",
        database_url,
    ),
    Setting(
        "REFRAIN_DATA_DIR",
        "data_dir",
        "path",
        "var",
        "Folder of everything the service writes; relative to the working directory.",
        path,
    ),
    Setting(
        "REFRAIN_SQLITE_SYNCHRONOUS",
        "sqlite_synchronous",
        "NORMAL, FULL",
        "NORMAL",
        "NORMAL: an answered verdict outlives a crash or `kill -9` of the service, but "
        "the last ones may be lost in a power failure. FULL: not even then; slower.",
        one_of("NORMAL", "FULL"),
    ),
    Setting(
        "REFRAIN_ARTIFACT",
        "artifact",
        "path",
        "",
        "Folder of the model to serve; if unset, the one that ships.",
        optional_path,
    ),
    Setting("BIND", "bind", "address", "127.0.0.1", "Address to listen on.", address),
    Setting(
        "PORT",
        "port",
        "0-65535",
        "8000",
        "Port; 0 takes any free one.",
        whole(0, 65535),
    ),
    Setting(
        "WEB_CONCURRENCY",
        "workers",
        "1-256",
        "2",
        "Worker processes.",
        whole(1, 256),
    ),
    Setting(
        "REFRAIN_THREADS", "threads", "1-32", "4", "Threads per worker.", whole(1, 32)
    ),
    Setting(
        "REFRAIN_BACKLOG",
        "backlog",
        "1-10000",
        "128",
        "Requests per worker that wait for a thread; further ones get 503 at once.",
        whole(1, 10_000),
    ),
    Setting(
        "REFRAIN_MAX_TEXT",
        "max_text",
        "1-100000",
        "10000",
        "Longest comment, in characters.",
        whole(1, 100_000),
    ),
    Setting(
        "REFRAIN_MAX_BODY",
        "max_body",
        "1024-104857600",
        "65536",
        "Largest request with one comment, in bytes.",
        whole(1024, 104_857_600),
    ),
    Setting(
        "REFRAIN_MAX_BATCH",
        "max_batch",
        "1-500",
        "500",
        "Most comments in a batch.",
        whole(1, 500),
    ),
    Setting(
        "REFRAIN_MAX_BATCH_BODY",
        "max_batch_body",
        "1024-104857600",
        "4194304",
        "Largest batch request, in bytes.",
        whole(1024, 104_857_600),
    ),
    Setting(
        "REFRAIN_PUBLIC_URL",
        "public_url",
        "URL",
        "",
        "Where readers and moderators reach the service, for links in notices; if "
        "unset, `http://BIND:PORT`. With https, cookies are sent over https only.",
        web_address,
    ),
    Setting(
        "REFRAIN_SESSION_MINUTES",
        "session_minutes",
        "1-10080",
        "480",
        "How long a moderator stays signed in without doing anything.",
        whole(1, 10_080),
    ),
    Setting(
        "REFRAIN_SECOND_SHARE",
        "second_share",
        "0-1",
        "0.02",
        "Share of moderators' decisions that a second moderator is asked about.",
        share,
    ),
    Setting(
        "REFRAIN_SAMPLE_SHARE",
        "sample_share",
        "0-1",
        "0.01",
        "Share of accepted comments that moderators are shown all the same, so that "
        "what the model misses is seen. Their text is kept; their answer is not "
        "changed, nor delayed.",
        share,
    ),
    Setting(
        "REFRAIN_KEEP_REJECTED_DAYS",
        "keep_rejected",
        "0-36500",
        "185",
        "How long `purge` leaves the text of what was stopped and nobody "
        "decided; 0 is for ever.",
        whole(0, MOST_DAYS),
    ),
    Setting(
        "REFRAIN_KEEP_SAMPLES_DAYS",
        "keep_samples",
        "0-36500",
        "90",
        "The same of samples that nobody decided.",
        whole(0, MOST_DAYS),
    ),
    Setting(
        "REFRAIN_KEEP_LABELS_DAYS",
        "keep_labels",
        "0-36500",
        "730",
        "The same of what people decided; the model learns from it.",
        whole(0, MOST_DAYS),
    ),
    Setting(
        "REFRAIN_KEEP_COMMENTS_DAYS",
        "keep_comments",
        "0-36500",
        "1095",
        "How long `purge` leaves anything of a comment but the bare decision; "
        "0 is for ever.",
        whole(0, MOST_DAYS),
    ),
    Setting(
        "REFRAIN_KEEP_EVENTS_DAYS",
        "keep_events",
        "0-36500",
        "90",
        "How long `purge` leaves what sites were told of decisions; 0 is for ever.",
        whole(0, MOST_DAYS),
    ),
    Setting(
        "REFRAIN_KEEP_LEARNING_DAYS",
        "keep_learning",
        "0-36500",
        "90",
        "How long `purge` leaves reports of training, unused candidates and "
        "what a shadow noticed; 0 is for ever.",
        whole(0, MOST_DAYS),
    ),
    Setting(
        "REFRAIN_PRIVATE_WEBHOOKS",
        "private_webhooks",
        "yes, no",
        "no",
        "Whether webhooks may go to private addresses: yes only where whoever adds "
        "endpoints may reach the network that the service stands in.",
        yes_or_no,
    ),
    Setting(
        "REFRAIN_PROXIES",
        "proxies",
        "0-3",
        "0",
        "How many proxies, one before the other, stand before the service and set "
        "`X-Forwarded-For`, `-Proto` and `-Prefix`. Any more than there are lets "
        "callers choose the address by which failed sign-ins are counted.",
        whole(0, 3),
    ),
    Setting(
        "REFRAIN_RATE_LIMIT",
        "rate_limit",
        "0-1000000",
        "0",
        "Requests that each API key may send in a minute, to all replicas together; "
        "what comes beyond is answered 429. 0 is no limit.",
        whole(0, 1_000_000),
    ),
    Setting(
        "REDIS_URL",
        "redis_url",
        "URL",
        "",
        "`redis://`, `rediss://` or `unix://`: where requests are counted for "
        "`REFRAIN_RATE_LIMIT`; if unset, or out of reach, in the database.",
        redis_url,
    ),
    Setting(
        "REFRAIN_AKISMET_SITE",
        "akismet_site",
        "site",
        "",
        "Site of Akismet clients that send no key at all; if unset, they are refused. "
        "Only where nobody but them reaches the service: whoever does may teach it.",
        str,
    ),
    Setting(
        "REFRAIN_AKISMET_DISCARD",
        "akismet_discard",
        "0-1",
        "",
        "Score from which Akismet clients are told to discard what is rejected, which "
        "WordPress may do unseen; if unset, never.",
        optional_share,
    ),
    Setting(
        "REFRAIN_CORAL_BUDGET_MS",
        "coral_budget_ms",
        "10-10000",
        "150",
        "Milliseconds after which Coral's external moderation phase is answered that "
        "people have to read the comment; less than the time-out set in Coral.",
        whole(10, 10_000),
    ),
    Setting(
        "REFRAIN_LOG_LEVEL",
        "log_level",
        "DEBUG, INFO, WARNING, ERROR",
        "INFO",
        "Least important messages that are logged.",
        one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    Setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "otlp_endpoint",
        "URL",
        "",
        "Where traces are sent, by OTLP over HTTP, to `/v1/traces` below it; if unset, "
        "none are made. Needs `requirements-otel.txt`; OpenTelemetry's other variables "
        "hold, too.",
        web_address,
    ),
)


def load_settings(env: Mapping[str, str]) -> Settings:
    """Read the settings from a mapping such as `os.environ`.

    A variable that is set but empty counts as unset, as compose files leave them.

    Raises:
        ConfigurationError: a value is senseless, or a REFRAIN_ variable is unknown;
            the message names the variable and never shows its value.
    """
    _refuse_unknown(env)
    values: dict[str, Any] = {s.field: _value(s, env) for s in SETTINGS}
    if not values["database_url"]:
        file = URL.create("sqlite", database=str(values["data_dir"] / "refrain.db"))
        values["database_url"] = file.render_as_string()
    return Settings(**values)


def _refuse_unknown(env: Mapping[str, str]) -> None:
    known = [setting.name for setting in SETTINGS]
    for name in sorted(env):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise ConfigurationError(f"{name} is not a setting of Refrain{hint}")


def _value(setting: Setting, env: Mapping[str, str]) -> object:
    given = env.get(setting.name, "").strip()
    try:
        return setting.parse(given or setting.default)
    except ValueError as error:
        raise ConfigurationError(f"{setting.name} {error}.") from None
