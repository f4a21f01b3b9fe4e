"""Training data for Rasa: `intents/` as it stands, and every phrasing of `knowledge/` as an example of `ask_<topic>`.

A question is written once, in its entry; this importer is how Rasa learns of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Union

import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

LANGUAGES = ("nl", "en", "es", "pl", "ro")
ROOT = Path(__file__).resolve().parents[2]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class KnowledgeImporter(TrainingDataImporter):
    """Rasa's own file importer plus the phrasings of the knowledge base."""

    def __init__(
        self,
        config_file: Optional[Text] = None,
        domain_path: Optional[Text] = None,
        training_data_paths: Optional[Union[List[Text], Text]] = None,
        folder: Text = "knowledge",
        **kwargs: Any,
    ) -> None:
        """`folder` is the knowledge folder, relative to the repository."""
        self._files = RasaFileImporter(config_file, domain_path, training_data_paths)
        self._folder = ROOT / folder

    def get_nlu_data(self, language: Optional[Text] = "en") -> TrainingData:
        """Examples of dialogue acts from files and of topics from entries."""
        return self._files.get_nlu_data(language).merge(TrainingData(knowledge_examples(self._folder)))

    def get_domain(self) -> Domain:
        """The domain file, with one `ask_<topic>` intent per topic."""
        topics = yaml.safe_load((self._folder / "topics.yml").read_text(encoding="utf-8"))
        asks = Domain.from_dict({"intents": [f"ask_{topic}" for topic in topics]})
        return self._files.get_domain().merge(asks)

    def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
        """The rules in bot/."""
        return self._files.get_stories(exclusion_percentage)

    def get_conversation_tests(self) -> StoryGraph:
        """The conversations given to `rasa test`."""
        return self._files.get_conversation_tests()

    def get_config(self) -> Dict:
        """config.yml."""
        return self._files.get_config()

    def get_config_file_for_auto_config(self) -> Optional[Text]:
        """config.yml's path."""
        return self._files.get_config_file_for_auto_config()


def knowledge_examples(folder: Path) -> List[Message]:
    """Every question and phrasing of every served language of every entry, labelled `ask_<topic>`."""
    examples = []
    for path in sorted((folder / "entries").rglob("*.yml")):
        entry = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe one
        intent = "ask_" + entry["topic"]
        for language in LANGUAGES:
            text = entry[language]
            if text["status"] != "draft":
                asked = [text["question"], *text["phrasings"]]
                examples += [Message.build(text=line, intent=intent) for line in asked]
    return examples
