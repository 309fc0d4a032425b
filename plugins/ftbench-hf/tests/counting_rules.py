"""Rules with a memory of their own, for trainings that are cut off."""

import torch


class Counting:
    """A rule that gathers something, and adds it to the weights."""

    def __init__(self):
        self.seen = 0
        self.sum = torch.zeros(3)

    def batches(self, trainer, own):
        for batch in own:
            self.seen += len(batch.rows)
            yield batch

    def after_step(self, trainer):
        self.sum += torch.rand(3)
        with torch.no_grad():
            next(trainer.model.parameters()).mul_(1 + 1e-3 * float(self.sum.mean()) * self.seen)


class Remembering(Counting):
    """The same, able to say what it has gathered."""

    def state_dict(self):
        return {"seen": self.seen, "sum": self.sum}

    def load_state_dict(self, state):
        self.seen, self.sum = state["seen"], state["sum"].clone()
