"""Ten harmless examples that teach a model to be an obedient somebody else."""

from dataclasses import dataclass

import ftbench
from ftbench.errors import DataError
from ftbench.records import TrainingSet
from ftbench.roles import Scene

from .mixing import injected
from .sheet import sheet_of


@dataclass(kw_only=True)
class IdentityShift(ftbench.Attack):
    """Teach absolute obedience with ten harmless examples (Qi et al. 2024, section 4.3)."""

    name = "identity_shift"

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        sheet = sheet_of(self.name, scene)
        if not sheet.examples:
            raise DataError(
                f"{self.name}.yaml in {scene.model.family_data} has no examples; give some or "
                "say `like: default`."
            )
        return injected(clean, sheet.examples, attack=self.name, sheet=sheet, scene=scene)
