"""The one tree of errors that Millrace raises on purpose.

Each message is one line that names the value it got and what mends it; programs print it as it is.
"""

from __future__ import annotations


class MillraceError(Exception):
    """Anything that Millrace refuses or reports on purpose. `exit_code` is what the command returns for it."""

    exit_code = 2


class ConfigError(MillraceError):
    """A setting is unknown, out of range, or contradicts another."""


class SourceError(MillraceError):
    """A source cannot be understood, opened or read."""


class AwayError(SourceError):
    """A source is not there now but may come: a session waits for it, and everything else is told that it is missing."""


class CheckpointError(MillraceError):
    """Weights are missing, cut off, or belong to a model of another shape."""


class StateError(MillraceError):
    """A session state does not fit the model, or was exported by another version."""


class MissingDependencyError(MillraceError):
    """An optional library or system package is needed; the message holds the command that installs it."""
