"""The one tree of errors. They are nouns, they know nothing of HTTP; `app/problems.py` maps them to RFC 9457.

MimamoriError
├── NotFound            no such thing, or not yours to know about: both look the same
├── NotSignedIn         who are you?
├── NotAllowed          signed in, but this role may never do this
├── InvalidInput        what was sent cannot be meant (`where` says which part)
├── Conflict            true at another time, not now: a stale button, a taken name, a resolved alert
├── TooMany             slow down, `retry_after_s` says how long
└── Overloaded          the store is behind; try again, nothing was taken
"""


class MimamoriError(Exception):
    """Something in the world that the caller must hear about. `detail` is a sentence for people, without personal
    data.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(MimamoriError):
    """There is nothing here for you. Unknown, revoked and other people's things answer alike."""

    def __init__(self, detail: str = "There is no such thing, or it is not yours to see.") -> None:
        super().__init__(detail)


class NotSignedIn(MimamoriError):
    """Nobody is signed in, or the sign-in has ended."""

    def __init__(self, detail: str = "Sign in first.") -> None:
        super().__init__(detail)


class NotAllowed(MimamoriError):
    """This role never may do this."""

    def __init__(self, detail: str = "Your role may not do this.") -> None:
        super().__init__(detail)


class InvalidInput(MimamoriError):
    """What was sent cannot be meant. `where` names the part, for example `radius_m`."""

    def __init__(self, detail: str, where: str | None = None) -> None:
        super().__init__(detail)
        self.where = where


class Conflict(MimamoriError):
    """It would have been right at another time."""


class TooMany(MimamoriError):
    """More than the limit in this time."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Overloaded(MimamoriError):
    """The store cannot keep up; nothing of this was taken."""

    def __init__(self, detail: str = "The service is behind; try again shortly.", retry_after_s: int = 5) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
