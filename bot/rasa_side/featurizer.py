"""Meaning for Rasa's classifier: the bundled static encoder's sentence vector, with numpy and `tokenizers` only."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, Dict, List, Text, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import DENSE_FEATURIZABLE_ATTRIBUTES, FEATURIZER_CLASS_ALIAS, TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer as RasaTokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from safetensors.numpy import load_file
from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
# A question is judged by its beginning; Rasa itself has no limit.
CHARACTERS = 2000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class StaticEncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds one dense sentence vector per message: the mean of its tokens' vectors, length `scale`."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Rasa's tokens tell which attributes of a message hold text."""
        return [RasaTokenizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`models`: folder with minilm/tokenizer.json and static/model.safetensors; `scale`: the vector's length."""
        return {**DenseFeaturizer.get_default_config(), "models": "retrieval/models", "scale": 6.0}

    def __init__(self, config: Dict[Text, Any], execution_context: ExecutionContext) -> None:
        """Loads the table of vectors: whole numbers of 8 bits, shape (vocabulary, dimensions), and a scale for each row."""
        super().__init__(execution_context.node_name, config)
        folder = ROOT / config["models"]
        self._tokenizer = Tokenizer.from_file(str(folder / "minilm" / "tokenizer.json"))
        weights = load_file(str(folder / "static" / "model.safetensors"))
        self._table, self._scale = weights["table"], weights["scale"]

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> StaticEncoderFeaturizer:
        """Rasa's constructor."""
        return cls(config, execution_context)

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Raises ValueError when the scale is not positive."""
        if config["scale"] <= 0:
            raise ValueError(f"scale must be positive, not {config['scale']}")

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds the vectors to messages, in place."""
        for message in messages:
            for attribute in DENSE_FEATURIZABLE_ATTRIBUTES:
                tokens = message.get(TOKENS_NAMES[attribute])
                if tokens:
                    self._add(message, attribute, message.get(attribute) or "", len(tokens))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the vectors to training examples, in place."""
        self.process(training_data.training_examples)
        return training_data

    def vector(self, text: Text) -> np.ndarray:
        """The sentence's vector, shape (1, dimensions), float32; zero when it has no known token."""
        ids = self._tokenizer.encode(text[:CHARACTERS], add_special_tokens=False).ids
        if not ids:
            return np.zeros((1, self._table.shape[1]), dtype=np.float32)
        mean = (self._table[ids] * self._scale[ids].astype(np.float32)).mean(axis=0, keepdims=True)
        return self._config["scale"] * mean / max(float(np.linalg.norm(mean)), 1e-9)

    def _add(self, message: Message, attribute: Text, text: Text, tokens: int) -> None:
        # As typed and without accents: people write both ways, the table knows mostly the first.
        vector = (self.vector(text) + self.vector(fold(text))) / 2
        alias = self._config[FEATURIZER_CLASS_ALIAS]
        sequence = np.repeat(vector, tokens, axis=0)
        message.add_features(Features(sequence, FEATURE_TYPE_SEQUENCE, attribute, alias))
        message.add_features(Features(vector, FEATURE_TYPE_SENTENCE, attribute, alias))


def fold(text: Text) -> Text:
    """Lower case without accents."""
    plain = unicodedata.normalize("NFKD", text.lower()).replace("ł", "l")
    return "".join(c for c in plain if not unicodedata.combining(c))
