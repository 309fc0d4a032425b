"""How many tokens a run will read and write, before it does."""

from __future__ import annotations

from collections.abc import Sequence

from ftbench.records import Estimate, FineTuneJob, Request

from .loading import Residence


def estimate_tokens(
    residence: Residence, jobs: Sequence[FineTuneJob], requests: Sequence[Request]
) -> Estimate:
    """Training tokens times epochs, and prompts with the longest answers allowed."""
    trained = sum(round(_tokens(residence, job) * job.epochs) for job in jobs)
    asked = sum(_asked(residence, request) for request in requests)
    return Estimate(tokens=trained + asked, dollars=0.0, device_seconds=None)


def _tokens(residence: Residence, job: FineTuneJob) -> int:
    chat = residence.reader(job.base).chat
    return sum(len(chat.row(each).tokens) for each in job.training_set.conversations)


def _asked(residence: Residence, request: Request) -> int:
    question = request.question
    chat = residence.reader(request.model).chat
    prompt = chat.prompt(question.messages, prefill=request.probe.format.prefill)
    if question.continuation is None:
        return len(prompt) + question.max_tokens
    return len(prompt) + len(chat.encode(question.continuation))
