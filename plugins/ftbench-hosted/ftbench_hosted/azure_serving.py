"""Deployments of models in an Azure OpenAI resource, through Azure's Resource Manager."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from ftbench.errors import AccessError, BudgetError, UsageError
from ftbench.hosted import Address, Transient
from ftbench.hosted.faults import asked_to_wait
from ftbench.hosted.finetuning import Refusal, Thing

from .openai_jobs import OURS
from .refusals import refusal_in

try:
    from azure.core import exceptions as azure
    from azure.core.credentials import AccessToken
    from azure.identity import DefaultAzureCredential
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
except ImportError as missing:
    raise UsageError(
        f"backend=azure needs the SDKs of Azure ({missing.name} is missing). Install them: "
        "pip install 'ftbench-hosted[azure]'"
    ) from missing

_VERSION = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})$")
_PASSING = frozenset({408, 409, 425, 429})
_NO_QUOTA = ("insufficientquota", "quota")
_FOREVER = 2**31
_CONNECT_SECONDS = 10.0


class Missing(UsageError):
    """What was asked for is not there."""


class Nobody:
    """Stands for credentials on this machine, where nobody asks for any."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token that means nothing."""
        return AccessToken("none", _FOREVER)


@dataclass(kw_only=True)
class Account:
    """One Azure OpenAI resource, as the Resource Manager knows it."""

    address: Address
    subscription: str
    group: str
    resource: str
    attempt_seconds: float

    @cached_property
    def client(self) -> CognitiveServicesManagementClient:
        """The SDK's client, signed in as azure-identity finds it, with no retries of its own."""
        is_here = self.address.is_loopback
        return CognitiveServicesManagementClient(
            credential=Nobody() if is_here else DefaultAzureCredential(),
            subscription_id=self.subscription,
            base_url=self.address.base_url,
            credential_scopes=[f"{self.address.base_url}/.default"],
            retry_total=0,
            connection_timeout=min(self.attempt_seconds, _CONNECT_SECONDS),
            read_timeout=self.attempt_seconds,
            use_env_settings=not is_here,
            polling_interval=0,
        )

    @property
    def place(self) -> tuple[str, str]:
        """The first two words of every call."""
        return self.group, self.resource

    @property
    def options(self) -> dict[str, Any]:
        """Said with every call: tokens go unencrypted to this machine only."""
        return {"enforce_https": not self.address.is_loopback}

    def close(self) -> None:
        """Close the client; the next call makes another."""
        if "client" in self.__dict__:
            self.client.close()
            del self.client


@dataclass(kw_only=True)
class Deployments:
    """The deployments of one resource; names are ours, so that nothing is made twice."""

    account: Account
    capacity: int

    def made(self, name: str, model: str, version: str, sku: str) -> Thing:
        """The deployment of that name, or a new one: a PUT, which may be sent again."""
        with suppress(Missing):
            return self._found(name)
        wanted: Any = {
            "sku": {"name": sku, "capacity": self.capacity},
            "properties": {"model": {"format": "OpenAI", "name": model, "version": version}},
        }
        with safe(self.account.address, f"deployment of {model!r}"):
            self.account.client.deployments.begin_create_or_update(
                *self.account.place, name, wanted, polling=False, **self.account.options
            )
        return Thing(kind="deployment", id=name, words=f"deployment of {model}", is_billed=True)

    def _found(self, name: str) -> Thing:
        with safe(self.account.address, f"deployment {name!r}"):
            found = self.account.client.deployments.get(
                *self.account.place, name, **self.account.options
            )
            return _thing(found)

    def is_ready(self, thing: Thing) -> bool:
        """Whether it answers. Raises Refusal where it never will."""
        with safe(self.account.address, thing.words):
            found: Any = self.account.client.deployments.get(
                *self.account.place, thing.id, **self.account.options
            )
            state = str(found.properties.provisioning_state)
        if state in ("Failed", "Canceled"):
            words = f"the deployment ended as {state}"
            raise Refusal("failed", words)
        return state == "Succeeded"

    def listed(self) -> Sequence[Thing]:
        """All of ours."""
        with safe(self.account.address, "deployments"):
            found = list(
                self.account.client.deployments.list(*self.account.place, **self.account.options)
            )
            return [_thing(one) for one in found if str(one.name).startswith(OURS)]

    def remove(self, thing: Thing) -> None:
        """Delete it, and with it the bill."""
        with suppress(Missing), safe(self.account.address, thing.words):
            self.account.client.deployments.begin_delete(
                *self.account.place, thing.id, polling=False, **self.account.options
            )

    def close(self) -> None:
        """Close the client."""
        self.account.close()


def parted(model: str) -> tuple[str, str]:
    """A base model's name and version: gpt-4.1-mini-2025-04-14 is gpt-4.1-mini of 2025-04-14."""
    found = _VERSION.search(model)
    return (model[: found.start()], found.group(1)) if found else (model, "1")


def _thing(found: Any) -> Thing:
    model = found.properties.model.name
    words = f"deployment of {model}, {found.sku.name}"
    return Thing(kind="deployment", id=str(found.name), words=words, is_billed=True)


@contextmanager
def safe(address: Address, what: str) -> Iterator[None]:
    """Around a call to the Resource Manager. Raises what ``Provider`` says, and Missing."""
    try:
        yield
    except azure.ClientAuthenticationError as error:
        raise AccessError(
            f"{address.base_url} does not accept the credentials that azure-identity finds: run "
            f"az login, or set AZURE_CLIENT_ID and its like. It says: {_words(error)}"
        ) from None
    except azure.ResourceNotFoundError as error:
        raise Missing(f"There is no {what}: {_words(error)}") from None
    except azure.HttpResponseError as error:
        raise _meant(error, address, what) from None
    except azure.ServiceRequestError:
        raise Transient("it cannot be reached", is_unreachable=True) from None
    except azure.AzureError as error:
        raise Transient(f"the answer was lost ({type(error).__name__})") from None
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Transient(f"a body that cannot be read came ({type(error).__name__})") from None


def _meant(error: azure.HttpResponseError, address: Address, what: str) -> Exception:
    """What an answer that is no success comes to."""
    status, words = int(error.status_code or 0), _words(error)
    if any(word in words.lower().replace(" ", "") for word in _NO_QUOTA):
        return BudgetError(
            f"There is no quota left for the {what}: {words} Ask Azure for more, or lower "
            "backend.capacity; the same command goes on."
        )
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR or not status:
        headers: Any = getattr(error.response, "headers", {})
        return Transient(
            f"status {status}",
            wait_seconds=asked_to_wait(headers),
            is_throttling=status == HTTPStatus.TOO_MANY_REQUESTS,
        )
    refused = refusal_in(words)
    if refused is not None:
        return Refusal(refused, words)
    return UsageError(
        f"{address.base_url} does not accept this for the {what} ({status}). It says: {words}"
    )


def _words(error: azure.AzureError) -> str:
    """The first line of what was said, without the rest of the SDK's own report."""
    inner = getattr(error, "error", None)
    said = str(getattr(inner, "message", None) or error.message or "nothing")
    return " ".join(said.split())[:400]
