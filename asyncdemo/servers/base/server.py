"""What asyncdemo has to know of a kind of server."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from importlib import util
from pathlib import Path
from typing import ClassVar


class Server:
    """A kind of server that a library talks to: one file of this package for each, with a subclass of this.

    Its file imports neither the library nor the embedded server at the top, nor what is heavy of Python's own:
    `asyncdemo list` asks all of them.

    Attributes:
        title: what people call it.
        library: the package that concepts talk to it with.
        extra: the extra of asyncdemo that brings library and embedded server, "" when they come with asyncdemo.
        embedded: the package with the server that can be started here, or None when there is none.
        advice: how to come by a server where none can be started here.
    """

    title: ClassVar[str]
    library: ClassVar[str]
    extra: ClassVar[str] = ""
    embedded: ClassVar[str | None]
    distribution: ClassVar[str | None] = None
    """The name under which the embedded server is installed, when it is not that of its package."""
    advice: ClassVar[str] = ""
    loggers: ClassVar[tuple[str, ...]] = ()
    """Where the library logs at length what is told in one sentence anyway."""

    async def ping(self, url: str) -> str:
        """Connects to the server at `url`, has it answer, and returns its version; closes the connection."""
        raise NotImplementedError

    def serve(self, folder: Path) -> AbstractAsyncContextManager[str]:
        """The embedded server, which gives its address when it answers; `folder` is its own and goes with it."""
        raise NotImplementedError

    def errors(self) -> tuple[type[Exception], ...]:
        """What the library raises when the server is gone, or answers that it cannot or will not."""
        return (OSError,)

    def reason(self, error: BaseException) -> str | None:
        """What a library's own exception says of the server, such as "refuses the password", where only it knows."""
        return None

    @property
    def name(self) -> str:
        """Its file's name, which is how concepts name it."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def install(self) -> str:
        """The command that brings the library and the embedded server."""
        return f"pip install 'asyncdemo[{self.extra}]'" if self.extra else "pip install asyncdemo"

    @property
    def can_embed(self) -> bool:
        """Whether a server can be started here."""
        return self.embedded is not None and util.find_spec(self.embedded) is not None

    def library_version(self) -> str | None:
        """The installed version of the library, or None."""
        return installed(self.library)

    def embedded_version(self) -> str | None:
        """The installed version of the embedded server, or None."""
        return installed(self.embedded, self.distribution) if self.embedded else None


def installed(package: str, distribution: str | None = None) -> str | None:
    """The version of a package that can be imported, "" when it does not say, or None; it is not imported."""
    if util.find_spec(package) is None:
        return None
    from importlib import metadata

    try:
        return metadata.version(distribution or package)
    except metadata.PackageNotFoundError:
        return ""
