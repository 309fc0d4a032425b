"""``judge=grader``: how well open questions are answered, by a chat model behind an address."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .rubric_hosted import HostedJudge

if TYPE_CHECKING:
    from .grader_form import GraderForm


@dataclass(kw_only=True)
class Grader(HostedJudge):
    """Grade 1 to 10 how well an open question is answered, asking a hosted chat model."""

    name = "grader"
    metrics: ClassVar[tuple[str, ...]] = ("quality",)
    grades: ClassVar[bool] = True

    longest_response: int = 20_000
    """Characters; a longer response is graded without its middle, where a mark says so."""

    def form(self) -> "GraderForm":
        """The grading scheme in our own words."""
        from .grader_form import GraderForm  # noqa: PLC0415, slow to import
        from .rubric_form import Sampling  # noqa: PLC0415, slow to import

        return GraderForm(
            longest_response=self.longest_response,
            sampling=Sampling(temperature=self.temperature, max_tokens=self.max_tokens),
        )
