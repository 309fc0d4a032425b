"""What exceptions of an SDK made by Stainless mean, for safe calls and for those that cost money.

Such SDKs, as those of Fireworks and Together, are modules with the same classes of errors.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

import httpx

from ftbench.errors import AccessError, BudgetError, UsageError
from ftbench.hosted import Address, Transient
from ftbench.hosted.faults import asked_to_wait
from ftbench.hosted.finetuning import Refusal, Unclear

from .refusals import refusal_in, words_of

_CONNECT_SECONDS = 10.0
_PASSING = frozenset({408, 425, 429})
_NOT_THERE, _THERE_ALREADY, _NO_ACCOUNT = 404, 409, 412
_NO_MONEY = ("suspended", "billing", "credit", "spending limit", "payment")


class Missing(UsageError):
    """What was asked for is not there."""


class Taken(Exception):  # noqa: N818, it is no error yet
    """Something of that name is there already: names are ours, so it is ours."""


def connection(sdk: Any, address: Address, attempt_seconds: float) -> dict[str, Any]:
    """What a client of such an SDK is made with: no retries of its own, no proxy on this machine.

    Raises UsageError where the key is not set.
    """
    connect = min(attempt_seconds, _CONNECT_SECONDS)
    return {
        "api_key": address.key() or "none",
        "base_url": address.base_url,
        "max_retries": 0,
        "timeout": httpx.Timeout(attempt_seconds, connect=connect),
        "http_client": sdk.DefaultHttpxClient(
            trust_env=not address.is_loopback,
            limits=httpx.Limits(max_keepalive_connections=0),  # calls are minutes apart
        ),
    }


@dataclass(frozen=True, slots=True)
class Faults:
    """What the errors of one SDK mean."""

    sdk: Any
    """The module."""

    @contextmanager
    def safe(self, address: Address, what: str = "") -> Iterator[None]:
        """Around a call that may be made again. Raises what ``Provider`` says, Missing, Taken."""
        try:
            yield
        except self.sdk.APIStatusError as error:
            _raise_for_status(error, address, what)
        except (self.sdk.APITimeoutError, httpx.TimeoutException):
            raise Transient("no answer came in time") from None
        except (self.sdk.APIConnectionError, httpx.RequestError) as error:
            cause = error.__cause__ or error
            is_unreachable = isinstance(cause, httpx.ConnectError)
            words = "it cannot be reached" if is_unreachable else "the connection was lost"
            raise Transient(words, is_unreachable=is_unreachable) from None
        except (ValueError, TypeError, AttributeError, KeyError, self.sdk.APIError) as error:
            name = type(error).__name__
            raise Transient(f"a body that cannot be read came ({name})") from None

    @contextmanager
    def creating(self, address: Address, model: str) -> Iterator[None]:
        """Around the one POST that costs money: what may have been taken is Unclear."""
        try:
            with self.safe(address, model):
                yield
        except Taken:
            raise Unclear("something of that name is there already") from None
        except Transient as fault:
            if fault.is_throttling or fault.is_unreachable:
                raise
            raise Unclear(fault.words) from None


def _raise_for_status(error: Any, address: Address, what: str) -> NoReturn:
    status, words = error.status_code, words_of(error.body)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Transient(
            f"status {status}",
            wait_seconds=asked_to_wait(error.response.headers),
            is_throttling=status == HTTPStatus.TOO_MANY_REQUESTS,
        ) from None
    if status == HTTPStatus.UNAUTHORIZED:
        raise AccessError(
            f"{address.base_url} does not accept the key in the environment variable "
            f"{address.api_key_env or 'that api_key_env should name'} (401)."
        ) from None
    if status == HTTPStatus.PAYMENT_REQUIRED or (status == _NO_ACCOUNT and _is_about_money(words)):
        raise BudgetError(
            f"The account at {address.base_url} has no money left or is suspended ({status}). Put "
            "that right; the same command goes on."
        ) from None
    if status == _THERE_ALREADY:
        raise Taken from None
    refused = refusal_in(words)
    if refused is None and status == HTTPStatus.FORBIDDEN:
        refused = "refused_access"
    if refused is not None:
        raise Refusal(refused, words or f"status {status}") from None
    if status == _NOT_THERE:
        raise Missing(f"There is no {what or 'such thing'} at {address.base_url} (404).") from None
    raise UsageError(
        f"{address.base_url} does not accept this for {what or 'the account'} ({status}). "
        f"It says: {words or 'nothing'}"
    ) from None


def _is_about_money(words: str) -> bool:
    return any(word in words.lower() for word in _NO_MONEY)
