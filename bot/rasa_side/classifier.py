"""Rasa's intent classifier: words and word parts by TF-IDF, the sentence's vector beside them, one linear machine.

Why not Rasa's own: docs/decisions/0003-rasa.md.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Type

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack, spmatrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

MODEL_FILE = "classifier.joblib"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TfidfClassifier(IntentClassifier, GraphComponent):
    """A linear support vector machine over words, character n-grams within words, and dense features of the message."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Dense features come from a featurizer."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`ngrams`: shortest and longest n-gram; `cost`: the machine's C; `sharpness`: turns margins into
        confidences; 3.5 gave the lowest log loss on held-out phrasings (docs/decisions/0003-rasa.md)."""
        return {"ngrams": [2, 5], "cost": 1.0, "sharpness": 3.5}

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        """Untrained; `load` fills in what was trained."""
        self._config, self._storage, self._resource = config, model_storage, resource
        self._vectorizers: List[TfidfVectorizer] = []
        self._machine: Optional[LinearSVC] = None

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TfidfClassifier:
        """Rasa's constructor."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fits the vectorizers and the machine, and keeps them in Rasa's storage."""
        examples = [message for message in training_data.intent_examples if message.get(TEXT)]
        shortest, longest = self._config["ngrams"]
        plain = {"strip_accents": "unicode", "sublinear_tf": True, "dtype": np.float32}
        self._vectorizers = [
            TfidfVectorizer(**plain),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(shortest, longest), **plain),
        ]
        for vectorizer in self._vectorizers:
            vectorizer.fit(message.get(TEXT) for message in examples)
        self._machine = LinearSVC(C=self._config["cost"], random_state=0)
        self._machine.fit(self._features(examples), [message.get(INTENT) for message in examples])
        with self._storage.write_to(self._resource) as folder:
            joblib.dump((self._vectorizers, self._machine), folder / MODEL_FILE, compress=3)
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TfidfClassifier:
        """What `train` kept. Rasa's model archive is our own: trained here, never fetched."""
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            classifier._vectorizers, classifier._machine = joblib.load(folder / MODEL_FILE)
        return classifier

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds intent and ranking, most believed first, to messages that hold text."""
        for message in messages:
            ranking = self._ranking(message) if message.get(TEXT) else []
            message.set("intent", ranking[0] if ranking else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _ranking(self, message: Message) -> List[Dict[Text, Any]]:
        if self._machine is None:
            return []
        power = self._config["sharpness"] * self._machine.decision_function(self._features([message]))[0]
        beliefs = np.exp(power - power.max())
        beliefs /= beliefs.sum()
        order = np.argsort(-beliefs, kind="stable")
        return [{"name": str(self._machine.classes_[i]), "confidence": float(beliefs[i])} for i in order]

    def _features(self, messages: List[Message]) -> spmatrix:
        """Shape (messages, words + n-grams + dense features)."""
        texts = [message.get(TEXT) for message in messages]
        blocks = [vectorizer.transform(texts) for vectorizer in self._vectorizers]
        return hstack([*blocks, csr_matrix(np.stack([_dense(message) for message in messages]))]).tocsr()


def _dense(message: Message) -> np.ndarray:
    """The sentence's dense features, shape (dimensions,); none is an empty vector."""
    _, sentence = message.get_dense_features(TEXT)
    return np.zeros(0, dtype=np.float32) if sentence is None else sentence.features[0]
