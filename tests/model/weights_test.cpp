#include "model/weights.h"

#include <unistd.h>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/random_stream.h"
#include "model/safetensors.h"
#include "model/weight_files.h"
#include "tests/model/checkpoint_writer.h"
#include "tests/model/tiny_networks.h"

namespace lethe::model {
namespace {

using ::testing::HasSubstr;
using ::testing::Test;

/// A folder that disappears with the test.
class WeightsFolder : public Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::temp_directory_path() / ("lethe_weights_" + std::to_string(::getpid()) + "_" + info->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream stream(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write_config(const FamilySpec* family, const std::function<void(nlohmann::json&)>& change = {}) const {
    auto config = test::hugging_face_config(testing::tiny_architecture(family));
    if (change) change(config);
    write("config.json", config.dump());
  }
  /// The message of the error that `action` throws.
  static std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const core::ModelError& error) {
      return error.what();
    }
    return "no error";
  }
  [[nodiscard]] std::string load_error() const {
    return error_of([&] { load_weights(folder_, testing::test_device()); });
  }
  [[nodiscard]] std::string config_error(const std::function<void(nlohmann::json&)>& change,
                                         const FamilySpec* family = &kGpt2) const {
    write_config(family, change);
    return error_of([&] { read_architecture(folder_); });
  }

  std::filesystem::path folder_;
};

void expect_equal(const Weights& actual, const Weights& expected) {
  for (const auto& [name, tensor] : expected.all_held()) {
    EXPECT_TRUE(torch::equal(actual.tensor(name), tensor)) << name;
  }
}

TEST_F(WeightsFolder, ComeBackAsTheyWereSaved) {
  for (const auto* family : all_families()) {
    const auto saved = random_weights(testing::tiny_architecture(family), 3, testing::test_device());
    write_config(family);
    save_safetensors(folder_ / "model.safetensors", saved->architecture(), saved->all_held());
    expect_equal(*load_weights(folder_, testing::test_device()), *saved);
  }
}

TEST_F(WeightsFolder, StoreGpt2ProjectionsTurned) {
  const auto saved = random_weights(testing::tiny_architecture(&kGpt2), 3, testing::test_device());
  save_safetensors(folder_ / "model.safetensors", saved->architecture(), saved->all_held());
  const SafetensorsFile file(folder_ / "model.safetensors");
  EXPECT_EQ(file.tensor("transformer.h.0.mlp.c_proj.weight").sizes(), torch::IntArrayRef({80, 32}));
  EXPECT_EQ(file.tensor("transformer.wte.weight").sizes(), torch::IntArrayRef({101, 32}));
}

TEST_F(WeightsFolder, AreReadInPlaceAndOutliveTheFile) {
  const auto saved = random_weights(testing::tiny_architecture(&kGptj), 3, torch::kCPU);
  write_config(&kGptj);
  save_safetensors(folder_ / "model.safetensors", saved->architecture(), saved->all_held());
  auto loaded = load_weights(folder_, torch::kCPU);
  const auto kept = loaded->tensor("lm_head.weight");
  EXPECT_FALSE(kept.storage().resizable()) << "a view of the mapping, not a copy";
  loaded.reset();
  std::filesystem::remove(folder_ / "model.safetensors");
  EXPECT_TRUE(torch::equal(kept, saved->tensor("lm_head.weight")));
}

TEST_F(WeightsFolder, RefuseNumbersThatAreNotFinite) {
  const auto saved = random_weights(testing::tiny_architecture(&kGpt2), 3, torch::kCPU);
  write_config(&kGpt2);
  for (const double wrong : {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
    auto tensors = saved->all_held();
    auto& damaged = tensors.at("transformer.h.1.mlp.c_fc.weight");
    damaged = damaged.clone();
    damaged[3][5] = wrong;
    save_safetensors(folder_ / "model.safetensors", saved->architecture(), tensors);
    EXPECT_THAT(load_error(), AllOf(HasSubstr("`transformer.h.1.mlp.c_fc.weight`"), HasSubstr("not finite")));
  }
}

TEST_F(WeightsFolder, ReadHalfPrecisionFiles) {
  const auto saved = random_weights(testing::tiny_architecture(&kGpt2), 3, testing::test_device());
  write_config(&kGpt2);
  for (const auto dtype : {torch::kFloat16, torch::kBFloat16}) {
    std::map<std::string, torch::Tensor> halves;
    for (const auto& [name, tensor] : saved->all_held()) halves.emplace(name, tensor.to(dtype));
    save_safetensors(folder_ / "model.safetensors", saved->architecture(), halves);
    const auto loaded = load_weights(folder_, testing::test_device());
    for (const auto& [name, half] : halves) {
      EXPECT_EQ(loaded->tensor(name).scalar_type(), torch::kFloat32);
      EXPECT_TRUE(torch::equal(loaded->tensor(name), half.to(torch::kFloat32))) << name;
    }
  }
}

TEST_F(WeightsFolder, AcceptTheHubsShortNamesAndIgnoreMaskBuffers) {
  const auto saved = random_weights(testing::tiny_architecture(&kGpt2), 3, testing::test_device());
  write_config(&kGpt2);
  save_safetensors(folder_ / "long.safetensors", saved->architecture(), saved->all_held());
  const SafetensorsFile file(folder_ / "long.safetensors");
  std::map<std::string, torch::Tensor> renamed;
  for (const auto& name : file.names()) renamed.emplace(name.substr(12), file.tensor(name));
  renamed.emplace("h.0.attn.bias", torch::ones({1, 1, 48, 48}, torch::kUInt8));
  renamed.emplace("h.0.attn.masked_bias", torch::tensor(-1e4F));
  renamed.emplace("lm_head.weight", renamed.at("wte.weight"));
  write_safetensors(folder_ / "model.safetensors", renamed);
  expect_equal(*load_weights(folder_, testing::test_device()), *saved);
}

TEST_F(WeightsFolder, RefuseALearnedTensorThatTheTypeOfTheConfigHasNoPlaceFor) {
  const auto expect_refused = [&](const FamilySpec* family, const std::string& name) {
    const auto saved = random_weights(testing::tiny_architecture(family), 3, testing::test_device());
    write_config(family, [](nlohmann::json& config) { config["model_type"] = "llama"; });
    save_safetensors(folder_ / "model.safetensors", saved->architecture(), saved->all_held());
    EXPECT_THAT(load_error(),
                ::testing::AllOf(HasSubstr("model.safetensors: holds `" + name + "`"), HasSubstr("type, llama")));
    EXPECT_THROW(check_weights(folder_, read_architecture(folder_)), core::ModelError);
  };
  expect_refused(&kQwen2, "model.layers.0.self_attn.k_proj.bias");
  expect_refused(&kQwen3, "model.layers.0.self_attn.k_norm.weight");
}

TEST_F(WeightsFolder, IgnoreTablesOfPositions) {
  const auto saved = random_weights(testing::tiny_architecture(&kLlama), 3, testing::test_device());
  write_config(&kLlama);
  auto tensors = saved->all_held();
  tensors.emplace("model.layers.0.self_attn.rotary_emb.inv_freq", torch::ones({4}));
  write_safetensors(folder_ / "model.safetensors", tensors);
  expect_equal(*load_weights(folder_, testing::test_device()), *saved);
}

/// Tensors in two parts, the second block's in the other one, and the index of files named <prefix>-<part>.<suffix>.
struct Sharded {
  std::array<std::map<std::string, torch::Tensor>, 2> shards;
  nlohmann::json index;
};
Sharded sharded(const std::map<std::string, torch::Tensor>& tensors, const std::string& prefix,
                const std::string& suffix) {
  Sharded result;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t shard = name.find("h.1.") != std::string::npos ? 1 : 0;
    result.shards[shard].emplace(name, tensor);
    result.index["weight_map"][name] = prefix + "-" + std::to_string(shard) + "." + suffix;
  }
  return result;
}

TEST_F(WeightsFolder, ReadShardsThroughTheIndex) {
  const auto saved = random_weights(testing::tiny_architecture(&kGptj), 3, testing::test_device());
  write_config(&kGptj);
  const auto [shards, index] = sharded(saved->all_held(), "model", "safetensors");
  for (int i = 0; i < 2; ++i) write_safetensors(folder_ / ("model-" + std::to_string(i) + ".safetensors"), shards[i]);
  write("model.safetensors.index.json", index.dump());
  expect_equal(*load_weights(folder_, testing::test_device()), *saved);

  std::filesystem::remove(folder_ / "model-1.safetensors");
  EXPECT_THAT(load_error(), HasSubstr("model-1.safetensors"));
  write("model.safetensors.index.json", R"({"weight_map": {"lm_head.weight": "../secret"}})");
  EXPECT_THAT(load_error(), HasSubstr("not a file name inside the folder"));
  write("model.safetensors.index.json", R"({"weight_map": {"lm_head.weight": 3}})");
  EXPECT_THAT(load_error(), HasSubstr("is no index of weight files"));
}

TEST_F(WeightsFolder, ReadPytorchCheckpointsLikeSafetensors) {
  for (const auto* family : all_families()) {
    const auto saved = random_weights(testing::tiny_architecture(family), 3, testing::test_device());
    write_config(family);
    save_safetensors(folder_ / "stored.safetensors", saved->architecture(), saved->all_held());
    const SafetensorsFile stored(folder_ / "stored.safetensors");
    std::map<std::string, torch::Tensor> tensors;
    for (const auto& name : stored.names()) {
      // GPT-2 as the hub has it, without the prefix.
      tensors.emplace(family == &kGpt2 ? name.substr(family->prefix.size()) : name, stored.tensor(name));
    }
    tensors.emplace("h.0.attn.bias", torch::ones({1, 1, 48, 48}, torch::kBool));
    tensors.emplace("h.0.attn.masked_bias", torch::tensor(-1e4F));
    write("pytorch_model.bin", test::state_dict_archive(tensors));
    EXPECT_EQ(weight_file_names(folder_), std::vector<std::string>{"pytorch_model.bin"});
    const auto loaded = load_weights(folder_, testing::test_device());
    expect_equal(*loaded, *saved);
    const auto on_host = load_weights(folder_, torch::kCPU);
    EXPECT_FALSE(on_host->all_held().begin()->second.storage().resizable()) << "a view of the mapping, not a copy";

    for (auto& [name, tensor] : tensors) tensor = tensor.to(torch::kFloat16);
    write("pytorch_model.bin", test::state_dict_archive(tensors));
    const auto halves = load_weights(folder_, testing::test_device());
    for (const auto& [name, tensor] : saved->all_held()) {
      EXPECT_TRUE(torch::equal(halves->tensor(name), tensor.to(torch::kFloat16).to(torch::kFloat32))) << name;
    }
    std::filesystem::remove(folder_ / "pytorch_model.bin");
  }
}

TEST_F(WeightsFolder, ReadShardedPytorchCheckpoints) {
  const auto saved = random_weights(testing::tiny_architecture(&kGptj), 3, testing::test_device());
  write_config(&kGptj);
  const auto [shards, index] = sharded(saved->all_held(), "pytorch_model", "bin");
  for (int i = 0; i < 2; ++i) {
    write("pytorch_model-" + std::to_string(i) + ".bin", test::state_dict_archive(shards[i]));
  }
  write("pytorch_model.bin.index.json", index.dump());
  EXPECT_EQ(weight_file_names(folder_).size(), 3U);
  expect_equal(*load_weights(folder_, testing::test_device()), *saved);
  write("pytorch_model-1.bin", "\x80\x02.");
  EXPECT_THAT(load_error(), HasSubstr("pytorch_model-1.bin: no zip archive"));
}

TEST_F(WeightsFolder, ComeFromTheShardThatTheIndexNames) {
  const auto saved = random_weights(testing::tiny_architecture(&kGptj), 3, torch::kCPU);
  write_config(&kGptj);
  const std::string moved = "transformer.h.1.mlp.fc_in.weight";
  for (const auto& [prefix, suffix] : {std::pair("model", "safetensors"), std::pair("pytorch_model", "bin")}) {
    const auto write_shards = [&, prefix = prefix, suffix = suffix](const std::function<void(Sharded&)>& change) {
      auto parts = sharded(saved->all_held(), prefix, suffix);
      change(parts);
      for (int i = 0; i < 2; ++i) {
        const auto name = prefix + ("-" + std::to_string(i) + ".") + suffix;
        suffix == std::string("bin") ? write(name, test::state_dict_archive(parts.shards[i]))
                                     : write_safetensors(folder_ / name, parts.shards[i]);
      }
      write(prefix + std::string(suffix == std::string("bin") ? ".bin" : ".safetensors") + ".index.json",
            parts.index.dump());
    };
    const auto expect_refused = [&](const ::testing::Matcher<std::string>& message) {
      EXPECT_THAT(load_error(), message);
      EXPECT_EQ(error_of([&] { check_weights(folder_, read_architecture(folder_)); }), load_error());
    };
    write_shards([&](Sharded& parts) { parts.shards[0][moved] = torch::ones({80, 32}); });
    expect_refused(AllOf(HasSubstr("-0."), HasSubstr("holds `" + moved + "`, which"), HasSubstr("-1.")));
    write_shards([&](Sharded& parts) { parts.shards[0][moved] = parts.shards[1].at(moved); });
    expect_refused(HasSubstr("holds `" + moved + "`, which"));
    write_shards(
        [&](Sharded& parts) { parts.index["weight_map"][moved] = parts.index["weight_map"]["lm_head.weight"]; });
    expect_refused(AllOf(HasSubstr("index.json: places `" + moved + "` in "), HasSubstr("-0."),
                         HasSubstr("which does not hold it")));
    write_shards([&](Sharded& parts) { parts.index["weight_map"]["extra"] = parts.index["weight_map"][moved]; });
    expect_refused(HasSubstr("places `extra` in "));
    write_shards([&](Sharded& parts) {
      parts.index["weight_map"].erase(moved);
      parts.shards[0][moved] = torch::ones({80, 32});
    });
    expect_refused(HasSubstr("does not say which is meant"));
    write_shards([&](Sharded& parts) { parts.index["weight_map"].erase(moved); });
    expect_equal(*load_weights(folder_, torch::kCPU), *saved);
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      if (file.path().filename() != "config.json") std::filesystem::remove(file.path());
    }
  }
}

TEST_F(WeightsFolder, UnderBothNamesAreRefused) {
  const auto saved = random_weights(testing::tiny_architecture(&kGpt2), 3, torch::kCPU);
  write_config(&kGpt2);
  save_safetensors(folder_ / "one.safetensors", saved->architecture(), saved->all_held());
  const SafetensorsFile file(folder_ / "one.safetensors");
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& name : file.names()) tensors.emplace(name, file.tensor(name));
  tensors.emplace("wte.weight", tensors.at("transformer.wte.weight") + 1.0);
  const auto both = AllOf(HasSubstr("model.safetensors: holds `transformer.wte.weight`"), HasSubstr("`wte.weight`"),
                          HasSubstr("the same tensor"));
  write_safetensors(folder_ / "model.safetensors", tensors);
  EXPECT_THAT(load_error(), both);
  EXPECT_THAT(error_of([&] { check_weights(folder_, read_architecture(folder_)); }), both);
}

TEST_F(WeightsFolder, SayWhatIsMissingAndWhatToDo) {
  EXPECT_THAT(load_error(), HasSubstr("config.json"));
  write_config(&kGpt2);
  EXPECT_THAT(load_error(), HasSubstr("has no model.safetensors"));
  const auto saved = random_weights(testing::tiny_architecture(&kGpt2), 3, testing::test_device());
  auto tensors = saved->all_held();
  save_safetensors(folder_ / "model.safetensors", saved->architecture(), tensors);
  write_config(&kGpt2, [](auto& config) { config["n_layer"] = 4; });
  EXPECT_THAT(load_error(), HasSubstr("transformer.h.3."));
  write_config(&kGpt2, [](auto& config) { config["n_layer"] = 2; });
  EXPECT_THAT(load_error(), HasSubstr("only 2 layers"));
  write_config(&kGpt2, [](auto& config) { config["n_inner"] = 96; });
  EXPECT_THAT(load_error(), HasSubstr("[32, 80], config.json demands [32, 96]"));
}

TEST_F(WeightsFolder, AreCheckedFromTheirHeadersAsTheyWouldBeLoaded) {
  const auto saved = random_weights(testing::tiny_architecture(&kGpt2), 3, torch::kCPU);
  write_config(&kGpt2);
  const auto check_error = [&] { return error_of([&] { check_weights(folder_, read_architecture(folder_)); }); };
  save_safetensors(folder_ / "model.safetensors", saved->architecture(), saved->all_held());
  EXPECT_EQ(check_error(), "no error");
  const SafetensorsFile sound(folder_ / "model.safetensors");
  const auto with_prefix = [&](const std::string& prefix) {
    std::map<std::string, torch::Tensor> renamed;
    for (const auto& name : sound.names()) renamed.emplace(prefix + name, sound.tensor(name));
    return renamed;
  };
  for (const std::string prefix : {"_orig_mod.", "module.", "model.", "module._orig_mod."}) {
    write_safetensors(folder_ / "model.safetensors", with_prefix(prefix));
    EXPECT_THAT(check_error(), AllOf(HasSubstr("model.safetensors: "), HasSubstr("`" + prefix + "transformer.wte"),
                                     HasSubstr("a wrapper's prefix")));
    EXPECT_EQ(check_error(), load_error());
  }
  auto tensors = saved->all_held();
  tensors.at("transformer.h.1.ln_2.bias") = torch::full({32}, std::numeric_limits<float>::quiet_NaN());
  save_safetensors(folder_ / "model.safetensors", saved->architecture(), tensors);
  EXPECT_THAT(check_error(), HasSubstr("`transformer.h.1.ln_2.bias` holds a number that is not finite"));
  write("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:24\nsize 5\n");
  EXPECT_THAT(check_error(), AllOf(HasSubstr("model.safetensors: is a Git LFS pointer"), HasSubstr("git lfs pull")));
  write("model.safetensors", "# xet version 0\nfilesize = 5\nhash = '24'\n");
  EXPECT_THAT(check_error(), AllOf(HasSubstr("model.safetensors: is a Xet pointer"), HasSubstr("hf download")));
  write_config(&kGpt2, [](auto& config) { config["layer_norm_epsilon"] = nullptr; });
  EXPECT_THAT(check_error(),
              HasSubstr("`layer_norm_epsilon` must be a number greater than 0 and at most 1.0, not null"));
}

TEST_F(WeightsFolder, RefuseArchitecturesThatAreNotComputed) {
  EXPECT_EQ(config_error({}), "no error");
  EXPECT_EQ(config_error({}, &kGptj), "no error");
  EXPECT_THAT(config_error([](auto& c) { c["model_type"] = "opt"; }), HasSubstr("`model_type` is \"opt\""));
  EXPECT_THAT(config_error([](auto& c) { c["activation_function"] = "relu"; }), HasSubstr("`activation_function`"));
  EXPECT_THAT(config_error([](auto& c) { c["n_embd"] = -1; }), HasSubstr("`n_embd`"));
  EXPECT_THAT(config_error([](auto& c) { c["n_embd"] = 1e300; }), HasSubstr("`n_embd`"));
  EXPECT_THAT(config_error([](auto& c) { c.erase("vocab_size"); }), HasSubstr("`vocab_size` is missing"));
  EXPECT_THAT(config_error([](auto& c) { c["n_head"] = 5; }), HasSubstr("`n_head`"));
  EXPECT_THAT(config_error([](auto& c) { c["scale_attn_by_inverse_layer_idx"] = true; }), HasSubstr("inverse_layer"));
  EXPECT_THAT(config_error([](auto& c) { c["rotary_dim"] = 7; }, &kGptj), HasSubstr("`rotary_dim`"));
  EXPECT_THAT(config_error([](auto& c) { c["tie_word_embeddings"] = true; }, &kGptj), HasSubstr("tie_word"));
  write("config.json", "{\"n_layer\": ");
  EXPECT_THAT(error_of([&] { read_architecture(folder_); }),
              HasSubstr("config.json:1:13: is no JSON: it ends in mid-text"));
}

/// Files that a hostile or broken writer could make.
class DamagedSafetensors : public WeightsFolder {
 protected:
  static std::string file_with(const std::string& header, std::size_t data_bytes) {
    const std::uint64_t length = header.size();
    std::string bytes(sizeof(length), '\0');
    std::memcpy(bytes.data(), &length, sizeof(length));
    return bytes + header + std::string(data_bytes, '\1');
  }
  [[nodiscard]] std::string open_error(const std::string& bytes) const {
    write("damaged.safetensors", bytes);
    return error_of([&] { read_all(); });
  }
  /// Touches every byte that the file's tensors claim.
  void read_all() const {
    const SafetensorsFile file(folder_ / "damaged.safetensors");
    for (const auto& name : file.names()) (void)file.tensor(name).to(torch::kFloat64).sum().item<double>();
  }
};

TEST_F(DamagedSafetensors, HeadersAreRefusedWithTheirFault) {
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"w":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  EXPECT_EQ(open_error(file_with(entry("F32", "[2,2]", "[0,16]"), 16)), "no error");
  EXPECT_EQ(open_error(file_with(entry("F32", "[]", "[0,4]"), 4)), "no error");
  EXPECT_EQ(open_error(file_with(entry("F32", "[0,7]", "[0,0]"), 0)), "no error");
  EXPECT_THAT(open_error(""), HasSubstr("empty"));
  EXPECT_THAT(open_error("abc"), HasSubstr("shorter than"));
  EXPECT_THAT(open_error(std::string(8, '\xff') + "{}"), HasSubstr("a header of"));
  EXPECT_THAT(open_error(file_with("{\"w\":", 0)), HasSubstr("not JSON"));
  EXPECT_THAT(open_error(file_with("[1]", 0)), HasSubstr("not a JSON object"));
  EXPECT_THAT(open_error(file_with("\xff\xfe", 0)), HasSubstr("not JSON"));
  EXPECT_THAT(open_error(file_with(std::string(100000, '['), 0)), HasSubstr("not a JSON object"));
  EXPECT_THAT(open_error(file_with(R"({"w":3})", 0)), HasSubstr("lacks a dtype"));
  EXPECT_THAT(open_error(file_with(entry("F7", "[4]", "[0,16]"), 16)), HasSubstr("type F7, which lethe does not read"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[-4]", "[0,16]"), 16)), HasSubstr("whole number"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[4.0]", "[0,16]"), 16)), HasSubstr("whole number"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[4]", "[0,20]"), 16)), HasSubstr("lies outside"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[4]", "[16,0]"), 16)), HasSubstr("lies outside"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[4]", "[0,18446744073709551615]"), 16)), HasSubstr("lies outside"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[5]", "[0,16]"), 16)), HasSubstr("does not fit"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[4294967296,4294967296]", "[0,0]"), 0)), HasSubstr("does not fit"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[4]", "[4,20]"), 20)), HasSubstr("overlap or leave a gap"));
  EXPECT_THAT(open_error(file_with(entry("F32", "[4]", "[0,16]"), 20)), HasSubstr("end at byte"));
  const std::string two = R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},)"
                          R"("b":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}})";
  EXPECT_THAT(open_error(file_with(two, 24)), HasSubstr("overlap"));
  const std::string again = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                            R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})";
  EXPECT_THAT(open_error(file_with(again, 2)), HasSubstr("`a` is there twice"));
  EXPECT_THAT(open_error(file_with(R"({"w":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1)),
              HasSubstr("has its dtype twice"));
  EXPECT_THAT(open_error(file_with(R"({"w":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})", 1)),
              HasSubstr("not a whole number"));
  EXPECT_THAT(open_error(file_with(R"({"w":{"dtype":["U8"],"shape":[],"data_offsets":[0,1]}})", 1)),
              HasSubstr("dtype that is not a string"));
  EXPECT_THAT(open_error(file_with(R"({"w":{"dtype":"U8","shape":{},"data_offsets":[0,1]}})", 1)),
              HasSubstr("not a short list"));
  EXPECT_THAT(open_error(file_with(R"({"w":{"dtype":"U8","shape":[],"data_offsets":[0,1,1]}})", 1)),
              HasSubstr("not a pair"));
  EXPECT_EQ(open_error(file_with(R"({"__metadata__":{"a":[1,{"b":null}]},"w":{"x":[[]],"dtype":"U8","shape":[],)"
                                 R"("data_offsets":[0,1],"y":{"z":1}}})",
                                 1)),
            "no error");
  std::filesystem::remove(folder_ / "damaged.safetensors");
  EXPECT_THAT(error_of([&] { read_all(); }), HasSubstr("cannot be opened"));
  std::filesystem::create_directory(folder_ / "damaged.safetensors");
  EXPECT_THAT(error_of([&] { read_all(); }), HasSubstr("not a regular file"));
}

TEST_F(DamagedSafetensors, ATensorOfAnUnknownTypeMattersOnlyToWhoAsksForIt) {
  write("damaged.safetensors", file_with(R"({"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                         R"("scale":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[2,5]}})",
                                         5));
  const SafetensorsFile file(folder_ / "damaged.safetensors");
  EXPECT_EQ(file.tensor("w").numel(), 2);
  EXPECT_THAT(error_of([&] { static_cast<void>(file.tensor("scale")); }), HasSubstr("the type F8_E4M3"));
}

TEST_F(DamagedSafetensors, HostileHeadersCostNoMoreThanTheirBytes) {
  // As values of a document, 16 MB of this would take hundreds.
  const auto peak_kb = [] {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    }
    return 0L;
  };
  std::string numbers("[0");
  while (numbers.size() < (16U << 20U)) numbers += ",0";
  const auto before = peak_kb();
  EXPECT_NE(open_error(file_with(R"({"w":{"dtype":"U8","shape":)" + numbers + "]}}", 0)), "no error");
  EXPECT_NE(open_error(file_with(R"({"w":{"x":)" + numbers + "]}}", 0)), "no error");
  EXPECT_LT(peak_kb() - before, 120 << 10) << "kB, of which copies of the text itself";
}

TEST_F(DamagedSafetensors, UnalignedTensorsAreStillRead) {
  // One byte more of header shifts the data off every float's alignment.
  const std::string header = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} )";
  for (std::size_t padding = 0; padding < 4; ++padding) {
    auto bytes = file_with(header + std::string(padding, ' '), 0);
    const float values[2] = {1.5F, -2.0F};
    bytes.append(reinterpret_cast<const char*>(values), sizeof(values));
    write("damaged.safetensors", bytes);
    EXPECT_TRUE(
        torch::equal(SafetensorsFile(folder_ / "damaged.safetensors").tensor("w"), torch::tensor({1.5F, -2.0F})));
  }
}

TEST_F(DamagedSafetensors, AnyFlippedByteOrTruncationIsReadOrRefusedNeverFatal) {
  std::map<std::string, torch::Tensor> tensors{
      {"a", torch::ones({3, 5})}, {"b", torch::ones({7}, torch::kFloat16)}, {"c", torch::ones({2, 2}, torch::kInt64)}};
  write_safetensors(folder_ / "sound.safetensors", tensors);
  const auto sound = read("sound.safetensors");
  for (std::size_t length = 0; length < sound.size(); ++length) {
    EXPECT_NE(open_error(sound.substr(0, length)), "no error") << "cut to " << length;
  }
  const auto header_end = sound.size() - 60 - 14 - 32;
  core::RandomStream random(7, "fuzz");
  int num_refused = 0;
  for (int round = 0; round < 3000; ++round) {
    auto bytes = sound;
    const auto num_changes = 1 + random.next() % 3;
    for (std::uint64_t i = 0; i < num_changes; ++i) {
      bytes[random.next() % header_end] = static_cast<char>(random.next() % 256);
    }
    num_refused += open_error(bytes) != "no error" ? 1 : 0;
  }
  EXPECT_GT(num_refused, 2000);
}

}  // namespace
}  // namespace lethe::model
