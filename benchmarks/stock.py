"""The stock glue, as llama-index's documents tell how to write it: reader, splitter, embedding, Chroma, retriever.

Its embedding is our bundled model, but as such models come: float32, batched, padded, cut off at 512 tokens.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

CHUNK, OVERLAP = 256, 32
COUNT = 10


def build(folder: Path, store: Path, question: str, embed_model: Callable[[], BaseEmbedding]) -> dict[str, Any]:
    """Read, split, embed and store a folder, then ask the first question; seconds count from before the imports."""
    began = time.perf_counter()
    from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter

    documents = SimpleDirectoryReader(str(folder), recursive=True).load_data()
    index = VectorStoreIndex.from_documents(
        documents,
        storage_context=StorageContext.from_defaults(vector_store=_vector_store(_collection(store))),
        transformations=[SentenceSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP)],
        embed_model=embed_model(),
    )
    whole = time.perf_counter() - began
    index.as_retriever(similarity_top_k=COUNT).retrieve(question)
    first = time.perf_counter() - began
    return {"ingest": whole, "first": first, "memory": machine.peak_memory()}


def search(store: Path, questions: list[str], embed_model: Callable[[], BaseEmbedding]) -> dict[str, Any]:
    """Ask every question of what was stored."""
    from llama_index.core import VectorStoreIndex

    collection = _collection(store)
    index = VectorStoreIndex.from_vector_store(_vector_store(collection), embed_model=embed_model())
    retriever = index.as_retriever(similarity_top_k=COUNT)
    return {"search": machine.times(retriever.retrieve, questions), "passages": collection.count()}


def _collection(store: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(store), settings=Settings(anonymized_telemetry=False))
    # embedding_function=None: the default one may download a model, and llama-index does the embedding anyway
    return client.get_or_create_collection("stock", embedding_function=None)


def _vector_store(collection: Any) -> Any:
    from llama_index.vector_stores.chroma import ChromaVectorStore

    return ChromaVectorStore(chroma_collection=collection)


def embedding(model: Path, threads: int) -> BaseEmbedding:
    """Open the model as an embedding of llama-index, with llama-index's default batches."""
    from llama_index.core.base.embeddings.base import BaseEmbedding

    opened = Model(model, threads)

    class Granite(BaseEmbedding):
        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return opened.vectors(texts)

        def _get_text_embedding(self, text: str) -> list[float]:
            return opened.vectors([text])[0]

        def _get_query_embedding(self, query: str) -> list[float]:
            return opened.vectors([query])[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    return Granite(model_name="granite-embedding-30m-english")


class Model:
    """Texts in, unit vectors out: a batch is padded to its longest text."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Open what `float32.py` wrote; so many threads work on a batch together."""
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(512)
        self._tokenizer.enable_padding(pad_id=self._tokenizer.token_to_id("<pad>"), pad_token="<pad>")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        path = str(folder / "model.onnx")
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def vectors(self, texts: list[str]) -> list[list[float]]:
        """Embed texts as one batch, in the order in which they come."""
        import numpy as np

        rows = self._tokenizer.encode_batch(texts)
        ids = np.array([row.ids for row in rows], np.int64)
        lengths = np.array([sum(row.attention_mask) for row in rows], np.int32)
        found: list[list[float]] = self._session.run(["sentence"], {"ids": ids, "lengths": lengths})[0].tolist()
        return found


def main() -> None:
    """Run one step and print what it measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["build", "search"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("store", type=Path)
    parser.add_argument("questions", type=Path, help="a JSON list")
    parser.add_argument("--model", type=Path, required=True, help="the folder that float32.py wrote")
    given = machine.arguments(parser)
    questions = json.loads(given.questions.read_text())
    embed_model = partial(embedding, given.model, given.threads)
    if given.step == "build":
        print(json.dumps(build(given.folder, given.store, questions[0], embed_model)))
    else:
        print(json.dumps(search(given.store, questions, embed_model)))


if __name__ == "__main__":
    main()
