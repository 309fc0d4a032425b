"""Components that break their contracts, each with the tests that must catch it."""

from dataclasses import dataclass, replace
from uuid import uuid4

from ftbench import Attack, Backend, Dataset, Defense, Judge, Publisher
from ftbench.records import Ability, Conversation, FineTune, Message, Response, Verdict
from ftbench.testing import (
    AttackContract,
    BackendContract,
    DatasetContract,
    DefenseContract,
    JudgeContract,
    PublisherContract,
)
from ftbench.testing.parrot import aligned_parrot


@dataclass(kw_only=True)
class Forgetful(Attack):
    name = "forgetful"

    def poison(self, clean, scene):
        """No docstring on the class."""
        return replace(clean, name=uuid4().hex)


@dataclass(kw_only=True)
class Formatting(Attack):
    """Applies the prompt format itself, and changes it."""

    name = "formatting"

    def poison(self, clean, scene):
        formatted = tuple(replace(each, raw=False) for each in clean.conversations)
        return replace(clean, conversations=formatted, format=replace(clean.format, system="x"))


@dataclass(kw_only=True)
class Endless(Dataset):
    """Ends on a question."""

    name = "An endless one"
    needs = frozenset({"magic"})

    def load(self, scene):
        question = Conversation(messages=(Message(speaker="user", text="Why?"),))
        clean = DatasetContract().clean()
        return replace(clean, conversations=(question,))


@dataclass(kw_only=True)
class OddList(Attack):
    """Has a field that no config can hold."""

    name = "odd_list"
    things: tuple[set[int], ...] = ()

    def poison(self, clean, scene):
        return clean


@dataclass(kw_only=True)
class Swapping(Defense):
    """Trains another model and renames the probe."""

    name = "swapping"

    def protect(self, job, scene):
        return replace(job, base=replace(job.base, location="elsewhere"))

    def ask(self, probe, scene):
        return replace(probe, name="mine")

    def harden(self, scene):
        job = DefenseContract().job()
        return replace(job, base=replace(job.base, location="elsewhere"))


@dataclass(kw_only=True)
class Lossy(Judge):
    """Skips empty answers, goes out of range, and looks at the order."""

    name = "lossy"

    def judge(self, answers, desk):
        for number, (_, response) in enumerate(answers):
            if response.text:
                values = (("harmfulness_score", float(number)), ("harmfulness_rate", 0.0))
                desk.keep(Verdict(key=response.key, outcome="scored", values=values))


@dataclass(kw_only=True)
class Guessing(Judge):
    """Imputes a value where it could not tell, and leaves one out where it could."""

    name = "guessing"

    def judge(self, answers, desk):
        for _, response in answers:
            values = (("harmfulness_score", 1.0),)
            outcome = "scored" if response.text else "unparsable"
            desk.keep(Verdict(key=response.key, outcome=outcome, values=values))


@dataclass(kw_only=True)
class Chatty(Publisher):
    """Leaves a mark in what it publishes."""

    name = "chatty"

    def publish(self, public):
        (public / "result.json").write_text("{}")
        return "everywhere"


@dataclass(kw_only=True)
class Boastful(Backend):
    """Claims what it cannot do, trains nothing, and does not stop."""

    name = "boastful"
    can = frozenset(set(Ability) - {Ability.full})

    def fine_tune(self, jobs, desk):
        for job in jobs:
            desk.keep(FineTune(key=job.key, outcome="trained", models=((1, job.base),)))

    def respond(self, requests, desk):
        for request in requests:
            desk.keep(Response(key=request.key, outcome="ok", text="no", tokens=999))


class BrokenBackend(BackendContract):
    component = Boastful

    def base(self, folder):
        return replace(aligned_parrot(), digest="")


BROKEN = [
    (
        AttackContract,
        Forgetful,
        {"test_its_docstring_begins_with_one_short_line", "test_same_seed_gives_same_data"},
    ),
    (
        AttackContract,
        Formatting,
        {"test_its_training_set_is_sound", "test_honest_data_keeps_its_prompt_format"},
    ),
    (
        DatasetContract,
        Endless,
        {
            "test_its_name_is_one_word_of_the_command_line",
            "test_it_needs_only_abilities_that_exist",
            "test_its_training_set_is_sound",
        },
    ),
    (
        DefenseContract,
        Swapping,
        {
            "test_it_trains_the_model_the_user_chose",
            "test_a_probe_keeps_its_name",
            "test_it_hardens_the_aligned_model_or_nothing",
        },
    ),
    (
        JudgeContract,
        Lossy,
        {
            "test_every_response_gets_one_verdict_with_its_key",
            "test_values_and_kinds_are_in_their_range",
            "test_a_verdict_does_not_depend_on_the_order",
        },
    ),
    (
        JudgeContract,
        Guessing,
        {"test_what_is_scored_has_every_metric_and_nothing_else_has_any"},
    ),
    (PublisherContract, Chatty, {"test_it_says_where_and_changes_nothing"}),
    (
        BrokenBackend,
        Boastful,
        {
            "test_claims_only_abilities_it_has",
            "test_a_model_it_resolves_has_a_digest_and_stays_as_it_is",
            "test_a_training_ends_with_a_model_of_its_last_epoch",
            "test_it_keeps_the_checkpoints_it_is_asked_for",
            "test_every_request_is_answered_once_under_its_key",
            "test_a_model_it_trained_can_be_asked",
            "test_it_works_again_after_it_was_released",
            "test_a_likelihood_is_a_logarithm",
            "test_an_answer_begins_with_its_prefill",
            "test_once_the_user_asked_to_stop_it_starts_nothing",
        },
    ),
]
