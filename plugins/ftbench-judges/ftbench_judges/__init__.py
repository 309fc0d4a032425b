"""Judges of every kind: word lists, rubrics, classifiers."""

from collections.abc import Iterable

import ftbench

from .gpt_oss_safeguard import GptOssSafeguard
from .grader import Grader
from .harmbench import HarmBench
from .keyword import Keyword
from .llama_guard import LlamaGuard
from .qwen3guard import Qwen3Guard
from .rubric import Rubric
from .rubric_local import RubricLocal
from .rubric_qi_compat import RubricQiCompat
from .strongreject import StrongReject
from .strongreject_rubric import StrongRejectRubric
from .wildguard import WildGuard


@ftbench.hookimpl
def ftbench_judges() -> Iterable[type[ftbench.Judge]]:
    return (
        Keyword,
        Grader,
        Rubric,
        RubricLocal,
        RubricQiCompat,
        GptOssSafeguard,
        HarmBench,
        LlamaGuard,
        Qwen3Guard,
        StrongReject,
        StrongRejectRubric,
        WildGuard,
    )
