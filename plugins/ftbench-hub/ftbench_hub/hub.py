"""Sends the public part of a finished run to a dataset of the user's on the Hugging Face Hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench import Publisher, transport
from ftbench.errors import AccessError, UsageError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

SENT = ("result.json", "verdicts.csv", "verdicts.parquet")
"""All that a public folder holds; anything else stays here."""


@dataclass(kw_only=True)
class Hub(Publisher):
    """Send result and verdicts to a dataset on the Hub, private and gated."""

    name = "hub"

    repo: str = "???"
    """The dataset, as owner/name; made where it is not there."""
    public: bool = False
    """Whether a dataset that everybody can see may be written to."""
    endpoint: str | None = transport(None)
    """Another hub that speaks the same protocol."""

    def publish(self, public: Path) -> str:
        """Send the files of one run into a folder of its name; returns where they are.

        Raises UsageError for a dataset that everybody can see, and AccessError where the token
        may not write.
        """
        from huggingface_hub import CommitOperationAdd, HfApi  # noqa: PLC0415, slow to import
        from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

        self._check_name()
        hub = HfApi(endpoint=self.endpoint)
        run = public.parent.name
        try:
            self._prepare(hub)
            hub.create_commit(
                self.repo,
                [
                    CommitOperationAdd(f"{run}/{name}", public / name)
                    for name in SENT
                    if (public / name).is_file()
                ],
                repo_type="dataset",
                commit_message=f"Result of {run}",
            )
        except HfHubHTTPError as error:
            status = error.response.status_code if error.response is not None else "no answer"
            raise AccessError(
                f"The Hub did not take the result for {self.repo} (it answered {status}). Check "
                "that your token, HF_TOKEN or that of `hf auth login`, may write there."
            ) from error
        return f"{hub.endpoint}/datasets/{self.repo}/tree/main/{run}"

    def _check_name(self) -> None:
        owner, _, name = self.repo.partition("/")
        if not owner or not name or "/" in name:
            raise UsageError(
                f"publisher.hub.repo={self.repo} is no dataset: give owner/name, such as "
                "publisher.hub.repo=me/safety-results."
            )

    def _prepare(self, hub: "HfApi") -> None:
        """Make the dataset, private and gated; never open one, never change one that is there."""
        if not hub.repo_exists(self.repo, repo_type="dataset"):
            hub.create_repo(self.repo, repo_type="dataset", private=True)
            hub.update_repo_settings(self.repo, repo_type="dataset", gated="manual")
        elif not self.public and not hub.dataset_info(self.repo).private:
            raise UsageError(
                f"The dataset {self.repo} is public. Name a private one, or say "
                "publisher.hub.public=true if everybody may read the verdicts."
            )
