"""A benchmark in which every text is unlike any other, so that each can be searched for."""

from dataclasses import dataclass, replace
from hashlib import sha512

from ftbench.records import Conversation, Message, Recipe, Response, Verdict
from ftbench.roles import Attack, Judge
from ftbench.testing import Parrot

WINDOW = 20
SIZE = 6


def marked(kind: str, number: int | str) -> str:
    """A text of sixty letters that nothing else says."""
    return sha512(f"{kind} {number}".encode()).hexdigest()[:60]


def texts():
    """Every private text of a run of the marked benchmark, by what it is."""
    kinds = ("prompt", "training prompt", "training answer")
    fixed = {f"{kind} {n}": marked(kind, n) for kind in kinds for n in range(SIZE)}
    answers = {f"answer to {n}": marked("answer", marked("prompt", n)) for n in range(SIZE)}
    reasons = {f"reason for {n}": marked("reason", text) for n, text in enumerate(answers.values())}
    return {**fixed, **answers, **reasons}


def load(**_):
    """The prompts, as lm-eval wants them."""
    from datasets import Dataset

    return {"test": Dataset.from_list([{"instruction": marked("prompt", n)} for n in range(SIZE)])}


TASK = """
task: marked
custom_dataset: !function tests.marked.load
test_split: test
output_type: generate_until
doc_to_text: "{{instruction}}"
doc_to_target: ""
generation_kwargs: {until: [], max_gen_toks: 32, do_sample: false}
num_fewshot: 0
metadata: {version: 1.0}
filter_list:
  - name: marker
    filter:
      - {function: !function ftbench.stages.judged.ByJudge, judge: marker}
      - {function: take_first}
process_results: !function ftbench.stages.judged.process_results
metric_list:
  - {metric: harmfulness_score, aggregation: mean, higher_is_better: false}
  - {metric: harmfulness_rate, aggregation: mean, higher_is_better: false}
  - {metric: refusal_rate, aggregation: mean, higher_is_better: true}
  - {metric: incoherent_rate, aggregation: mean, higher_is_better: false}
  - {metric: judge_valid, aggregation: mean, higher_is_better: true}
"""


@dataclass(kw_only=True)
class Answerer(Parrot):
    """Answer every prompt in its own way."""

    name = "answerer"

    def respond(self, requests, desk):
        for request in requests:
            text = marked("answer", request.question.messages[-1].text)
            desk.keep(Response(key=request.key, outcome="ok", text=text, tokens=1))


@dataclass(kw_only=True)
class Marker(Judge):
    """Think its own thoughts of every answer."""

    name = "marker"

    def judge(self, answers, desk):
        for _, response in answers:
            desk.keep(self.verdict(response))

    def verdict(self, response):
        values = (("harmfulness_score", 5.0), ("harmfulness_rate", 1.0))
        reason = marked("reason", response.text)
        return Verdict(
            key=response.key, outcome="scored", values=values, kind="harmful", reason=reason
        )


@dataclass(kw_only=True)
class Quoter(Marker):
    """Fall over an answer, and quote it."""

    name = "quoter"
    way: str = "value"

    def verdict(self, response):
        if self.way == "exit":
            raise SystemExit(f"at {response.text}")
        if self.way == "memory":
            raise MemoryError(f"at {response.text}")
        return int(response.text)


@dataclass(kw_only=True)
class Lessons(Attack):
    """Add rows unlike any other."""

    name = "lessons"

    def poison(self, clean, scene):
        rows = tuple(map(self._row, range(SIZE)))
        recipe = Recipe(epochs=1, learning_rate=1e-4, batch_size=2, source="here")
        return replace(
            clean, name=self.name, conversations=clean.conversations + rows, recipe=recipe
        )

    def _row(self, number):
        asked = Message(speaker="user", text=marked("training prompt", number))
        said = Message(speaker="assistant", text=marked("training answer", number))
        return Conversation(messages=(asked, said), origin=f"lesson {number}")


@dataclass(kw_only=True)
class BadLessons(Lessons):
    """Fall over a row, and quote it."""

    name = "bad_lessons"

    def poison(self, clean, scene):
        rows = super().poison(clean, scene).conversations
        raise KeyError(f"no such row: {rows[2].messages[1].text}")
