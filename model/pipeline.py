"""The scikit-learn pipeline that is trained: texts in, six probabilities out.

Built from scikit-learn's parts where they serve; its own are a reader, a character
n-gram vectorizer that looks at each distinct word once, and the regressions in
`model.regression`.  Serving does not need this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp

# scikit-learn ships no annotations: its bases are Any to mypy, hence [misc] below.
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from model import features
from model.artifact import Artifact
from model.features import Reader, ReadText
from model.lexicon.matcher import Lexicon
from model.regression import AttributeRegression, SentenceRegression
from model.text import fold

COMMON_DF = 30
"""Texts that a word stands in at least to be common, and to have no n-grams."""


class TextReader(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts to readings: folded, matched with the lexicon, cut into words and signs."""

    def __init__(self, lexicon: Lexicon, classes: Mapping[str, str]) -> None:
        self.lexicon = lexicon
        self.classes = classes

    def fit(self, texts: Iterable[str], y: object = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, texts: Iterable[str]) -> list[ReadText]:
        """Read each text."""
        reader = Reader(self.classes)
        read = []
        for text in texts:
            folded = fold(text)
            matches = self.lexicon.matches(folded)
            read.append(ReadText(reader.read(folded, matches), text))
        return read


class GramVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Character n-grams of words, present or not, weighted by idf, rows of length 1.

    Only of uncommon words: a common one is known by itself, and what it looks like says
    nothing ("peacocks").  The n-grams of a word are made once and shared by all texts
    through a product of sparse matrices.  After fitting, `common_` holds the words that
    stand in at least `common_df` texts.
    """

    def __init__(
        self,
        *,
        min_df: int = 10,
        max_features: int | None = None,
        common_df: int = COMMON_DF,
    ) -> None:
        self.min_df = min_df
        self.max_features = max_features
        self.common_df = common_df

    def fit(self, texts: Sequence[ReadText], y: object = None) -> Self:
        """Choose the n-grams that stand in at least `min_df` texts, and their idf."""
        self._learn(self._counts(texts, None))
        return self

    def fit_transform(
        self, texts: Sequence[ReadText], y: object = None, **_: object
    ) -> sp.csr_matrix:
        """Fit and transform with one look at the texts."""
        kept = self._learn(self._counts(texts, None))
        return self._weigh(kept)

    def transform(self, texts: Sequence[ReadText]) -> sp.csr_matrix:
        """Weights of shape (texts, n-grams)."""
        return self._weigh(self._counts(texts, self.vocabulary_))

    def _learn(self, found: sp.csr_matrix) -> sp.csr_matrix:
        df = np.bincount(found.indices, minlength=found.shape[1])
        columns = np.flatnonzero(df >= self.min_df)
        if self.max_features is not None and len(columns) > self.max_features:
            order = np.argsort(-df[columns], kind="stable")[: self.max_features]
            columns = np.sort(columns[order])
        names = list(self._fresh)
        self.vocabulary_ = {names[column]: i for i, column in enumerate(columns)}
        n = found.shape[0]
        self.idf_ = np.log((1 + n) / (1 + df[columns])).astype(np.float32) + 1
        del self._fresh
        return found[:, columns]

    def _counts(
        self, texts: Sequence[ReadText], vocabulary: Mapping[str, int] | None
    ) -> sp.csr_matrix:
        """Which n-grams stand in which text, as ones."""
        words: dict[str, int] = {}
        columns: list[int] = []
        ends = [0]
        for text in texts:
            columns += {words.setdefault(w, len(words)) for w in text.reading.words}
            ends.append(len(columns))
        by_text = _ones(columns, ends, len(words))
        if vocabulary is None:
            df = np.bincount(by_text.indices, minlength=len(words))
            often = zip(words, df >= self.common_df, strict=True)
            self.common_ = {word for word, is_common in often if is_common}
        fresh: dict[str, int] = {}
        columns, ends = [], [0]
        for word in words:
            if vocabulary is None:
                columns += [fresh.setdefault(g, len(fresh)) for g in self._grams(word)]
            else:
                columns += [vocabulary[g] for g in self._grams(word) if g in vocabulary]
            ends.append(len(columns))
        width = len(fresh) if vocabulary is None else len(vocabulary)
        if vocabulary is None:
            self._fresh = fresh
        found = (by_text @ _ones(columns, ends, width)).tocsr()
        found.data[:] = 1
        return found

    def _grams(self, word: str) -> list[str]:
        is_known = word in self.common_ or word in features.MASKED
        return [] if is_known else features.grams(word)

    def _weigh(self, found: sp.csr_matrix) -> sp.csr_matrix:
        found = found.tocsr().astype(np.float32)
        found.data = self.idf_[found.indices]
        length = np.sqrt(found.multiply(found).sum(axis=1)).A1
        found.data /= np.repeat(length, np.diff(found.indptr)).astype(np.float32)
        return found


def _ones(columns: list[int], ends: list[int], width: int) -> sp.csr_matrix:
    data = np.ones(len(columns), dtype=np.float32)
    return sp.csr_matrix((data, columns, ends), shape=(len(ends) - 1, width))


def words_of(text: ReadText) -> list[str]:
    """The *words* block of features."""
    return [*text.reading.words, *features.pairs(text.reading.words)]


def signs_of(text: ReadText) -> list[str]:
    """The *signs* block of features."""
    return features.signs(text.reading, text.original)


def build_pipeline(
    lexicon: Lexicon,
    classes: Mapping[str, str],
    *,
    c: float = 1.0,
    min_df: int = 5,
    sizes: tuple[int, int, int] = (60_000, 60_000, 15_000),
    signs_weight: float = 0.08,
) -> Pipeline:
    """The unfitted pipeline."""
    blocks = [
        ("grams", GramVectorizer(min_df=min_df, max_features=sizes[0])),
        (
            "words",
            TfidfVectorizer(
                analyzer=words_of,
                min_df=min_df,
                max_features=sizes[1],
                binary=True,
                dtype=np.float32,
            ),
        ),
        (
            "signs",
            CountVectorizer(
                analyzer=signs_of,
                min_df=min_df,
                max_features=sizes[2],
                binary=True,
                dtype=np.float32,
            ),
        ),
    ]
    union = FeatureUnion(blocks, transformer_weights={"signs": signs_weight})
    return Pipeline(
        [
            ("read", TextReader(lexicon, classes)),
            ("attributes", SentenceRegression(union, AttributeRegression(c=c))),
        ]
    )


def restore(artifact: Artifact, lexicon: Lexicon) -> Pipeline:
    """The fitted pipeline that an artefact was exported from."""
    pipeline = build_pipeline(lexicon, artifact.classes)
    attributes: SentenceRegression = pipeline.named_steps["attributes"]
    union: FeatureUnion = attributes.features
    blocks = artifact.blocks
    for name, vectorizer in union.transformer_list:
        block = blocks[name]
        vectorizer.vocabulary_ = {word: i for i, word in enumerate(block.names)}
        if name == "signs":
            union.transformer_weights = {"signs": float(block.idf[0])}
        else:
            vectorizer.idf_ = block.idf
        if name == "grams":
            vectorizer.common_ = artifact.common
    rows = [blocks[name].coef for name, _ in union.transformer_list]
    attributes.regression.coef_ = np.vstack(rows).T.astype(np.float64)
    attributes.mix_ = artifact.mix
    attributes.intercept_ = artifact.intercept
    attributes.classes_ = np.array([0.0, 1.0])
    return pipeline
