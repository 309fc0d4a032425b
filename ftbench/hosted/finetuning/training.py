"""One job -> one fine-tune: uploaded, ordered at most once, followed to its end."""

from dataclasses import dataclass, fields
from hashlib import sha256
from typing import TYPE_CHECKING

from ftbench.hosted.tokens import tokens_in
from ftbench.records import FineTune, FineTuneJob, Intent
from ftbench.roles import Desk, Method

from .calls import Calls
from .following import Following, refused
from .ordering import Expected, Ordering, dated
from .orders import Order
from .planning import applied, check
from .provider import Provider, Refusal

if TYPE_CHECKING:
    from .backend import HostedBackend


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Trains at one provider, for one desk."""

    backend: "HostedBackend"
    provider: Provider
    desk: Desk
    calls: Calls
    ordering: Ordering
    following: Following

    @classmethod
    def of(
        cls, backend: "HostedBackend", provider: Provider, desk: Desk, *, calls: Calls
    ) -> "Training":
        """All that it takes, as the backend's config has it."""
        given = backend.listing_lag_seconds
        ordering = Ordering(
            provider=provider,
            desk=desk,
            calls=calls,
            lag_seconds=provider.limits.listing_lag_seconds if given is None else given,
        )
        following = Following(
            provider=provider,
            desk=desk,
            calls=calls,
            ordering=ordering,
            poll_seconds=backend.poll_seconds,
            follow_hours=backend.follow_hours,
            address=backend.base_url,
            place=backend.place,
        )
        return cls(
            backend=backend,
            provider=provider,
            desk=desk,
            calls=calls,
            ordering=ordering,
            following=following,
        )

    def train(self, job: FineTuneJob) -> FineTune:
        """How the fine-tune ended. Raises Halted, NeedsHuman, Busy, BudgetError, AccessError."""
        check(job, (), self.provider.limits, backend=self.backend.name)
        done = applied(job, self.provider.limits, learning_rate_multiplier=self.backend.multiplier)
        try:
            ordered = self._ordered(job)
        except Refusal as no:
            return refused(job, no.outcome, dated(no.words), done)
        assert ordered.answer is not None
        return self.following.to_its_end(job, ordered.token, ordered.answer, done)

    def _ordered(self, job: FineTuneJob) -> Intent:
        """The one order for a job, on record: an earlier one, or a new one."""
        known = self.ordering.pending(job.key)
        if known is None:
            file = self._uploaded(job)
            return self.ordering.place(
                job.key, lambda token: self._order(job, file, token), dollars=self._dollars(job)
            )
        if known.answer is None:
            return self.ordering.recover(
                known,
                lambda token: self._order(job, self._uploaded(job), token),
                dollars=self._dollars(job),
            )
        return known

    def _uploaded(self, job: FineTuneJob) -> str:
        """The file of the training set at the provider; taken again where it is there."""
        content = self.provider.rows(job.training_set.conversations)
        name = f"ftbench-{sha256(content).hexdigest()[:32]}.jsonl"
        file = self.calls.safe(lambda: self.provider.upload(content, name))
        while not self.calls.safe(lambda: self.provider.is_ready(file)):
            self.calls.wait(self.backend.poll_seconds)
        return file

    def _order(self, job: FineTuneJob, file: str, token: str) -> Order:
        limits = self.provider.limits
        offered = limits.honours
        return Order(
            marker=token,
            model=self.backend.remote(job.base),
            file=file,
            name=f"ftbench-{token}"[: limits.longest_name],
            epochs=int(job.epochs),
            learning_rate=job.learning_rate if "learning_rate" in offered else None,
            learning_rate_multiplier=self.backend.multiplier,
            batch_size=job.batch_size if "batch_size" in offered else None,
            seed=job.seed if "seed" in offered else None,
            method={"name": job.method.name, **settings(job.method)} if "method" in offered else {},
        )

    def _dollars(self, job: FineTuneJob) -> Expected:
        rows = job.training_set.conversations

        def expected(order: Order) -> float | None:
            own = self.calls.safe(lambda: self.provider.estimate(order, rows))
            if own is not None:
                return own
            price = self.desk.price(self.backend.base_url, order.model)
            if price is None or price.training is None:
                return None
            return price.training * tokens_in(rows) * int(job.epochs) / 1e6

        return expected


def settings(method: Method) -> dict[str, str | int | float]:
    """The settings of a method, as a provider that honours them gets them."""
    return {field.name: getattr(method, field.name) for field in fields(method)}
