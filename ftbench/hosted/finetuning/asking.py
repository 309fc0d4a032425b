"""Requests -> responses: a hosted model is asked, deployed first where it must be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ftbench.errors import BudgetError, UsageError
from ftbench.hosted.answers import Answer, ChatRequest, Failure
from ftbench.ledger.store import moment
from ftbench.records import Intent, Model, Probe, Question, Request, Response
from ftbench.roles import Desk

from .calls import Calls
from .ordering import WORDS
from .orders import Thing
from .provider import Provider, Refusal
from .rent import Rent

DEPLOY, REMOVED = "deploy", "removed"
"""What the intent of a deployment is called in the ledger, and how its end is."""
_MOST_STOPS = 4
"""More words that end an answer no service takes; all are cut here anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Asks the models of one provider."""

    provider: Provider
    desk: Desk
    calls: Calls
    poll_seconds: float
    temperature: float | None

    def respond(self, requests: Sequence[Request]) -> None:
        """Have every request answered, one model after the other."""
        check_askable((one.question for one in requests), (one.probe for one in requests))
        models = {request.model.digest: request.model for request in requests}
        for digest, model in models.items():
            if self.desk.stopping:
                return
            self._ask(model, [one for one in requests if one.model.digest == digest])

    def _ask(self, model: Model, requests: Sequence[Request]) -> None:
        seat = self._seat(model) if self.provider.limits.needs_deployment else _Seat()
        by_key = {request.key: request for request in requests}
        done = 0

        def heard(asked: ChatRequest, result: Answer | Failure) -> None:
            nonlocal done
            if isinstance(result, Failure) and result.kind == "unavailable":
                return
            done += 1
            self.desk.keep(_response(by_key[asked.key], result))
            self.desk.progress(done, len(requests))
            if seat.rent is not None:
                seat.rent.go_on()

        chat = self.provider.chat(model, seat.thing)
        stopping = lambda: self.desk.stopping  # noqa: E731
        chat.ask_many(self._chats(requests), heard, stopping=stopping, desk=self.desk)
        if seat.thing is not None and done == len(requests):
            self._vacate(seat, seat.thing)

    def _chats(self, requests: Sequence[Request]) -> Iterator[ChatRequest]:
        for request in requests:
            question = request.question
            yield ChatRequest(
                key=request.key,
                messages=question.messages,
                max_tokens=question.max_tokens,
                temperature=self.temperature,
                stop=question.stop[:_MOST_STOPS],
            )

    def _seat(self, model: Model) -> "_Seat":
        """What answers for the model; on record before it is made, since it costs by the hour."""
        name = f"ftbench-{model.digest[:16]}"
        begun = [intent for intent in self.desk.intents(name) if REMOVED not in _told(intent)]
        token = begun[-1].token if begun else self.desk.intend(name, DEPLOY)
        hourly = self._hourly(model)
        rent = Rent(desk=self.desk, clock=self.calls.clock, token=token, hourly=hourly)
        rent.began = datetime.fromisoformat(begun[-1].intended_at).timestamp() if begun else 0.0
        if model.base is not None and hourly is not None:
            rent.begin()
        thing = self._served(model, name, token)
        if thing is None:
            self.desk.settle(token, {REMOVED: "nothing had to be deployed", "dollars": "0"})
            return _Seat(token=token)
        price = thing.dollars_per_hour if hourly is None else hourly
        rate = "unknown" if price is None else f"{price:g}"
        self.desk.settle(token, {"kind": thing.kind, "id": thing.id, "dollars_per_hour": rate})
        self._let(rent, thing)
        seat = _Seat(token=token, thing=thing, rent=rent)
        self._wait_for(seat, thing)
        return seat

    def _served(self, model: Model, name: str, token: str) -> Thing | None:
        """What serves the model. Raises Refusal where the provider will not let it."""
        try:
            return self.calls.safe(lambda: self.provider.serve(model, name))
        except Refusal as no:
            self.desk.settle(token, {REMOVED: "never made", WORDS: no.words, "dollars": "0"})
            raise

    def _wait_for(self, seat: "_Seat", thing: Thing) -> None:
        """Until it answers; one that never will is removed. Raises Refusal."""
        try:
            while not self.calls.safe(lambda: self.provider.is_serving(thing)):
                self.calls.wait(self.poll_seconds)
        except Refusal:
            self._vacate(seat, thing)
            raise

    def _hourly(self, model: Model) -> float | None:
        """What an hour of a deployment costs, by the price table."""
        price = self.desk.price(self.calls.where, (model.base or model).location)
        return price.hourly if price else None

    def _let(self, rent: Rent, thing: Thing) -> None:
        """Pay for what is there; where that cannot be, it goes at once. Raises BudgetError."""
        if rent.hourly is None:
            rent.hourly = thing.dollars_per_hour
        try:
            rent.begin()
        except BudgetError:
            self._vacate(_Seat(token=rent.token, rent=rent), thing)
            raise

    def _vacate(self, seat: "_Seat", thing: Thing) -> None:
        """Remove what costs money by the hour once everything is answered."""
        self.calls.safe(lambda: self.provider.remove(thing))
        spent = seat.rent.ended() if seat.rent else {}
        self.desk.settle(seat.token, {REMOVED: moment(), **spent})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seat:
    """What was deployed for a model, and the intent it is on record under."""

    token: str = ""
    thing: Thing | None = None
    rent: Rent | None = None


def _told(intent: Intent) -> Mapping[str, str]:
    return intent.answer or {}


def check_askable(questions: Iterable[Question], probes: Iterable[Probe]) -> None:
    """Raise UsageError for what no hosted chat model can be asked."""
    for question in questions:
        if question.continuation is not None:
            raise UsageError(
                f"The task {question.task!r} asks for likelihoods, which no hosted chat model "
                "tells. Leave it out of the suite."
            )
    for probe in probes:
        if probe.format.prefill:
            raise UsageError(
                f"The probe {probe.name!r} puts words into the model's mouth, which no hosted "
                "chat model lets anybody do."
            )


def _response(request: Request, result: Answer | Failure) -> Response:
    if isinstance(result, Failure):
        outcome = "blocked" if result.kind == "refused" else "error"
        return Response(key=request.key, outcome=outcome)  # type: ignore[arg-type]
    if result.finish_reason == "content_filter":
        return Response(key=request.key, outcome="blocked", tokens=result.tokens_out)
    text = _cut(result.text or result.refusal, request.question.stop)
    ended = "truncated" if result.finish_reason == "length" else "ok"
    return Response(
        key=request.key,
        outcome=ended,  # type: ignore[arg-type]
        text=text,
        tokens=result.tokens_out,
    )


def _cut(text: str, stops: Sequence[str]) -> str:
    """A text up to the first word that ends it: a service may know fewer of them."""
    ends = [place for stop in stops if stop and (place := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text
