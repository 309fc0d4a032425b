"""The backend ``azure``: OpenAI's models at Azure, and a deployment for each that is asked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftbench import transport
from ftbench.errors import UsageError
from ftbench.hosted.address import Address
from ftbench.hosted.finetuning import HostedBackend, Lifecycle
from ftbench.records import Ability

if TYPE_CHECKING:
    from .azure_provider import AzureProvider


@dataclass(kw_only=True)
class Azure(HostedBackend):
    """Supervised fine-tuning at Azure OpenAI, whose models answer once deployed.

    A deployment of a fine-tuned model is billed by the hour, asked or not: one is made for the
    questions and deleted after the last answer.
    """

    name = "azure"
    can = frozenset({Ability.full, Ability.lora, Ability.checkpoints})
    key_variable = "AZURE_OPENAI_API_KEY"
    lifecycle = Lifecycle(
        read_on="2026-11-24",
        source="https://learn.microsoft.com/azure/ai-foundry/openai/how-to/fine-tuning",
        notes=(
            "Models retire at Azure on days of its own, which it tells for each model.",
            "A deployment that nobody asks for 15 days is deleted; until then its hours are "
            "billed.",
        ),
    )

    base_url: str = ""
    """The address of the API; empty is that of the resource, ending in /openai/v1."""
    resource: str = "???"
    """The name of the Azure OpenAI or Foundry resource."""
    subscription: str = transport("???")
    """The id of the subscription."""
    resource_group: str = transport("???")
    """The group that the resource is in."""
    management_url: str = transport("https://management.azure.com")
    """The address of Azure's Resource Manager, which makes deployments."""
    learning_rate_multiplier: float | None = None
    """A factor on the provider's own learning rate, which nobody knows; null leaves it alone."""
    training_type: str | None = None
    """Where Azure trains, such as Standard, GlobalStandard or DeveloperTier; null is its default.
    """
    sku: str = "Standard"
    """What a deployment of a fine-tuned model is, such as Standard, GlobalStandard or
    DeveloperTier."""
    base_sku: str = "GlobalStandard"
    """What a deployment of the base model is."""
    capacity: int = transport(10)
    """The quota of a deployment, in thousands of tokens a minute."""
    base_deployment: str | None = None
    """A deployment of the base model that is there already; null makes one for the questions."""
    file_days: int = transport(7)
    """Days after which Azure shall delete the training file; 0 for never."""

    def __post_init__(self) -> None:
        """The address of the resource is known by its name."""
        super().__post_init__()
        self.base_url = self.base_url or f"https://{self.resource}.openai.azure.com/openai/v1"

    def provider(self) -> "AzureProvider":
        """The adapter; needs the extra ``azure``."""
        from .azure_provider import AzureProvider  # noqa: PLC0415, slow to import
        from .azure_serving import Account, Deployments  # noqa: PLC0415

        if self.capacity < 1:
            raise UsageError("backend.capacity is at least 1, a thousand tokens a minute.")
        account = Account(
            address=Address(base_url=self.management_url),
            subscription=self.subscription,
            group=self.resource_group,
            resource=self.resource,
            attempt_seconds=self.attempt_seconds,
        )
        return AzureProvider(
            address=self.address,
            attempt_seconds=self.attempt_seconds,
            deadline_seconds=self.deadline_seconds,
            concurrency=self.concurrency,
            file_days=self.file_days,
            deployments=Deployments(account=account, capacity=self.capacity),
            sku=self.sku,
            base_sku=self.base_sku,
            base_deployment=self.base_deployment,
            training_type=self.training_type,
        )
