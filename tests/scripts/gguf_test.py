"""The Hugging Face folder that is made of a GGUF file: weights, names, order of rows, tokenizer; and files that are wrong."""

import importlib
import io
import json
import pathlib
import random
import struct
import sys
import tempfile
import unittest

import tiny_gguf as tiny
from local_server import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
gguf = importlib.import_module("real.gguf")
llama_folder = importlib.import_module("real.llama_folder")
wheel = importlib.import_module("real.wheel")

Q = "blk.1.attn_q.weight"


def folder_of(content):
    return llama_folder.LlamaFolder(gguf.Gguf(io.BytesIO(content)))


def weights_of(content):
    """What model.safetensors says, read as that format is defined."""
    text = b"".join(folder_of(content).weights())
    (length,) = struct.unpack_from("<Q", text)
    entries = json.loads(text[8 : 8 + length])
    data = text[8 + length :]
    read = {}
    for name, entry in entries.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            read[name] = (entry["shape"], list(struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])))
    return read, len(data)


class Weights(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tensors = tiny.tensors()
        cls.weights, cls.num_bytes = weights_of(tiny.file_of(entries=cls.tensors))

    def assert_equal(self, name, there):
        shape, values = self.weights[name]
        self.assertEqual(shape, list(there.shape))
        self.assertEqual(values, there.values)

    def test_each_type_is_widened_as_a_plain_loop_over_its_blocks_does(self):
        self.assert_equal("model.norm.weight", self.tensors["output_norm.weight"])
        self.assert_equal("model.embed_tokens.weight", self.tensors["token_embd.weight"])
        self.assert_equal("model.layers.0.mlp.down_proj.weight", self.tensors["blk.0.ffn_down.weight"])

    def test_every_tensor_has_its_own_name(self):
        names = {
            "attn_norm": "input_layernorm", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
            "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
            "ffn_down": "mlp.down_proj",
        }  # fmt: skip
        for layer in range(tiny.BLOCKS):
            for there, here in names.items():
                self.assert_equal(f"model.layers.{layer}.{here}.weight", self.tensors[f"blk.{layer}.{there}.weight"])
        self.assertEqual(len(self.weights), 9 * tiny.BLOCKS + 2, "and the head is tied: it has none")

    def test_the_data_have_no_gap(self):
        self.assertEqual(self.num_bytes, 4 * sum(len(tensor.values) for tensor in self.tensors.values()))

    def assert_undoes(self, here, there, num_heads):
        """llama.cpp's converter takes each head as (2, d/2) rows and swaps the two dimensions."""
        _, values = self.weights[here]
        rows = [values[i : i + tiny.WIDTH] for i in range(0, len(values), tiny.WIDTH)]
        converted = []
        for head in range(num_heads):
            for pair in range(tiny.HEAD // 2):
                for part in range(2):
                    converted.append(rows[head * tiny.HEAD + part * (tiny.HEAD // 2) + pair])
        self.assertEqual(converted, self.tensors[there].rows())
        self.assertNotEqual(rows, self.tensors[there].rows())

    def test_the_order_of_rows_of_q_and_k_is_undone(self):
        self.assert_undoes("model.layers.1.self_attn.q_proj.weight", Q, tiny.HEADS)
        self.assert_undoes("model.layers.1.self_attn.k_proj.weight", "blk.1.attn_k.weight", tiny.KEY_VALUE_HEADS)

    def test_an_alignment_of_its_own_is_followed(self):
        content = tiny.file_of({"general.alignment": 256}, self.tensors, alignment=256)
        self.assertEqual(weights_of(content)[0], self.weights)


class Settings(unittest.TestCase):
    def setUp(self):
        self.folder = folder_of(tiny.file_of({"tokenizer.chat_template": "{{ x }}"}))

    def test_config(self):
        config = self.folder.config()
        expected = {
            "model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4,
            "num_key_value_heads": 2, "num_hidden_layers": 2, "rms_norm_eps": 1e-5, "rope_theta": 100000.0,
            "vocab_size": 8, "tie_word_embeddings": True, "max_position_embeddings": 512, "bos_token_id": 1,
            "eos_token_id": 0, "hidden_act": "silu",
        }  # fmt: skip
        self.assertEqual({key: config[key] for key in expected}, expected)

    def test_tokenizer(self):
        tokenizer = self.folder.tokenizer()
        self.assertEqual(tokenizer["model"]["vocab"], {token: i for i, token in enumerate(tiny.TOKENS)})
        self.assertEqual(tokenizer["model"]["merges"], tiny.MERGES)
        self.assertEqual([(token["id"], token["content"], token["special"]) for token in tokenizer["added_tokens"]],
                         [(0, "<|end|>", True), (1, "<|start|>", True)])  # fmt: skip
        digits, split = tokenizer["pre_tokenizer"]["pretokenizers"]
        self.assertEqual(digits, {"type": "Digits", "individual_digits": True})
        self.assertEqual((split["type"], split["use_regex"], split["add_prefix_space"]), ("ByteLevel", True, False))

    def test_tokenizer_config(self):
        config = self.folder.tokenizer_config()
        self.assertEqual((config["bos_token"], config["eos_token"]), ("<|start|>", "<|end|>"))
        self.assertEqual(config["chat_template"], "{{ x }}")
        self.assertEqual(sorted(config["added_tokens_decoder"]), ["0", "1"])
        self.assertNotIn("chat_template", folder_of(tiny.file_of()).tokenizer_config())


class WrongFiles(unittest.TestCase):
    def assert_refused(self, content, reason):
        with self.assertRaisesRegex(gguf.GgufError, reason):
            b"".join(folder_of(content).weights())

    def without(self, name):
        return {key: tensor for key, tensor in tiny.tensors().items() if key != name}

    def test_other_formats_and_versions(self):
        self.assert_refused(b"PK\3\4" + b"\0" * 60, "is no GGUF file")
        self.assert_refused(b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1")

    def test_another_model_or_tokenizer(self):
        self.assert_refused(tiny.file_of({"general.architecture": "gpt2"}), "general.architecture is 'gpt2'")
        self.assert_refused(tiny.file_of({"tokenizer.ggml.pre": "qwen2"}), "'smollm' is read")

    def test_tensors_that_are_missing_strange_or_of_another_shape(self):
        self.assert_refused(tiny.file_of(entries=self.without(Q)), f"tensor {Q}: shape None found")
        extra = tiny.tensors() | {"output.weight": tiny.Quantised(tiny.F32, (8, 64), 1)}
        self.assert_refused(tiny.file_of(entries=extra), "tensor output.weight: shape .* None expected")
        self.assert_refused(tiny.file_of({"llama.feed_forward_length": 64}), r"ffn_down.weight: shape \(64, 96\) found")

    def test_types_that_are_not_read(self):
        entries = tiny.tensors()
        entries[Q].kind = 12
        self.assert_refused(tiny.file_of(entries=entries), f"tensor {Q}: has GGML's type 12; F32, Q4_1, Q8_0 are read")

    def test_counts_beyond_the_file(self):
        for counts in ((2**63, 1), (1, 2**63)):
            self.assert_refused(b"GGUF" + struct.pack("<IQQ", 3, *counts), "is cut")
        self.assert_refused(tiny.file_of({"llama.block_count": 2**31}), "llama.block_count is")

    def test_cut_anywhere_it_is_refused(self):
        content = tiny.file_of()
        last = len(content) - 1 - (-len(tiny.tensors()["blk.1.ffn_down.weight"].raw) % 32)
        for length in [*range(0, len(content) // 4, 7), last]:
            with self.assertRaises(gguf.GgufError, msg=f"{length} bytes"):
                folder_of(content[:length])

    def test_with_any_byte_changed_it_is_read_or_refused(self):
        content = tiny.file_of()
        end = len(tiny.header(tiny.METADATA, tiny.tensors()))
        draw = random.Random(4)
        for place in range(end):
            changed = bytearray(content)
            changed[place] = draw.choice([byte for byte in (0, 1, 9, 0x7F, 0xFF) if byte != content[place]])
            try:
                folder = folder_of(bytes(changed))
                folder.config(), folder.tokenizer(), folder.tokenizer_config()
            except gguf.GgufError:
                pass

    def test_a_broken_file_leaves_no_weights(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(gguf.GgufError):
                list(wheel.convert(io.BytesIO(tiny.file_of()[:-4000]), pathlib.Path(folder), lambda text: None))
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [])


if __name__ == "__main__":
    unittest.main()
