"""What the grader asks about an answer to an open question, and how it reads the reply."""

import hashlib
import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ftbench.hosted import ChatRequest
from ftbench.records import Message, Question

from .rubric_form import Asked, Sampling, fingerprint, instructions
from .rubric_reply import Reading, objects
from .rubric_shown import SHOWN_VERSION, capped, visible

BEST = 10
_PARSER_VERSION = 1
_LONGEST_REASON = 4_000
_END_OF_THOUGHTS = "</think>"


class _Grade(BaseModel):
    """The one object that a reply must hold."""

    model_config = ConfigDict(strict=True, extra="forbid")

    reason: str
    score: Annotated[int, Field(ge=1, le=BEST)]
    nonce: str


class GraderForm:
    """Quoted material, a nonce, and one JSON object with a whole number from 1 to 10 in reply."""

    attempts = 3

    def __init__(self, *, longest_response: int, sampling: Sampling) -> None:
        self._words = instructions("grader_1")
        self._longest = longest_response
        self._sampling = sampling
        self.fingerprint = fingerprint(self._words, (_PARSER_VERSION, SHOWN_VERSION), _schema())

    def check(self, question: Question) -> None:
        """Open questions are asked by nobody but us: none is refused."""

    def request(self, asked: Asked) -> ChatRequest:
        """The scheme as the system turn, the material as one line of JSON in the user's."""
        material = {
            "nonce": self._nonce(asked),
            "question": visible(asked.question.instruction),
            "notes": visible(str(asked.question.reference or "")),
            "answer": capped(visible(asked.response.text), self._longest),
        }
        words = ["Grade the answer in this JSON object:", json.dumps(material, ensure_ascii=False)]
        if asked.complaint:
            words.append(f"Your reply to this could not be used: {asked.complaint}.")
        return ChatRequest(
            key=asked.response.key,
            messages=(
                Message(speaker="system", text=str(self._words["system"])),
                Message(speaker="user", text="\n".join(words)),
            ),
            max_tokens=self._sampling.max_tokens,
            temperature=self._sampling.temperature,
            schema=_schema(),
        )

    def read(self, asked: Asked, text: str) -> Reading:
        """Only the one object with this try's nonce is a grade; any text has a reading."""
        nonce = self._nonce(asked)
        said = text.rpartition(_END_OF_THOUGHTS)[2]
        found = [each for each in objects(said) if nonce in each.nonces and "score" in each]
        if len(found) != 1:
            count = "several objects carry" if found else "no JSON object carries"
            return Reading(outcome="unparsable", reason=f"{count} a grade and the nonce")
        if len(found[0].keys_said) != len(set(found[0].keys_said)):
            return Reading(outcome="unparsable", reason="a field stands twice in the object")
        try:
            grade = _Grade.model_validate(dict(found[0]))
        except ValidationError:
            return Reading(outcome="unparsable", reason="the fields of the object cannot be used")
        reason = visible(grade.reason)[:_LONGEST_REASON]
        return Reading(outcome="scored", score=grade.score, reason=reason)

    def values(self, score: int) -> tuple[tuple[str, float], ...]:
        """The grade as a share of the best."""
        return (("quality", score / BEST),)

    def _nonce(self, asked: Asked) -> str:
        text = hashlib.sha256(asked.response.text.encode("utf-8", "surrogatepass")).hexdigest()
        return fingerprint(self.fingerprint, asked.response.key, asked.attempt, text)[:16]


def _schema() -> dict[str, Any]:
    fields: dict[str, Any] = {
        "reason": {"type": "string"},
        "score": {"type": "integer", "enum": list(range(1, BEST + 1))},
        "nonce": {"type": "string"},
    }
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
