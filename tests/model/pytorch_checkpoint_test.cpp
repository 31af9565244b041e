#include "model/pytorch_checkpoint.h"

#include <fstream>

#include <gmock/gmock.h>

#include "core/random_stream.h"
#include "tests/data/input_file.h"
#include "tests/model/checkpoint_writer.h"

namespace lethe::model {
namespace {

namespace pickle = test::pickle;
using data::data_error_of;
using data::InputFile;
using ::testing::HasSubstr;
using Tensors = std::map<std::string, torch::Tensor>;

const std::filesystem::path kGolden = std::filesystem::path(LETHE_SOURCE_DIR) / "tests/model/golden/checkpoint.pt";

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Touches every byte that the tensors claim.
void touch(const Tensors& tensors) {
  for (const auto& [name, tensor] : tensors) static_cast<void>(tensor.to(torch::kFloat64).sum().item<double>());
}

/// The message for a checkpoint of one pickled value and a storage "0" of four floats.
std::string error_of_value(const std::string& value) {
  const InputFile file(test::checkpoint_archive(pickle::whole(value), {{"0", std::string(16, '\0')}}));
  return data_error_of([&] { touch(read_pytorch_checkpoint(file.path())); });
}

std::string four_floats() { return pickle::storage("FloatStorage", "0", 4); }

TEST(PytorchCheckpoint, GivesWhatPytorchSaved) {
  const auto tensors = read_pytorch_checkpoint(kGolden);
  const auto whole = torch::arange(12, torch::kFloat32).reshape({3, 4});
  EXPECT_TRUE(torch::equal(tensors.at("model.whole"), whole));
  EXPECT_TRUE(torch::equal(tensors.at("model.turned"), whole.t()));
  EXPECT_TRUE(torch::equal(tensors.at("model.column"), whole.select(1, 1)));
  EXPECT_EQ(tensors.at("model.scalar").dim(), 0);
  EXPECT_EQ(tensors.at("model.scalar").item<float>(), 2.5F);
  EXPECT_TRUE(torch::allclose(tensors.at("layer.weight"), torch::tensor({{0.5F, 1.5F}, {2.5F, 3.5F}})));
  EXPECT_TRUE(torch::allclose(tensors.at("parameter"), torch::tensor({4.5F, 5.5F})));
  EXPECT_TRUE(torch::equal(tensors.at("layer.bias"), tensors.at("parameter")));
  EXPECT_EQ(tensors.at("opt.state.0.exp_avg").sizes(), torch::IntArrayRef({2, 2}));
  EXPECT_TRUE(torch::equal(tensors.at("list.0"), torch::ones(1)));
  EXPECT_TRUE(torch::equal(tensors.at("list.1.0"), torch::zeros(2)));
  EXPECT_EQ(tensors.at("empty").sizes(), torch::IntArrayRef({0, 3}));
  EXPECT_FALSE(tensors.contains("step"));
  EXPECT_FALSE(tensors.contains("layer._metadata"));
}

TEST(PytorchCheckpoint, ReadsEveryElementType) {
  const auto tensors = read_pytorch_checkpoint(kGolden);
  const auto value = [&](const std::string& name) { return tensors.at("types." + name).to(torch::kFloat64)[0]; };
  EXPECT_EQ(tensors.at("types.half").scalar_type(), torch::kFloat16);
  EXPECT_EQ(tensors.at("types.bfloat").scalar_type(), torch::kBFloat16);
  EXPECT_EQ(tensors.at("types.bool").scalar_type(), torch::kBool);
  EXPECT_EQ(value("half").item<double>(), 0.5);
  EXPECT_EQ(value("bfloat").item<double>(), 0.5);
  EXPECT_EQ(value("double").item<double>(), 0.1);
  EXPECT_EQ(tensors.at("types.long")[0].item<std::int64_t>(), -(std::int64_t{1} << 40));
  for (const auto* name : {"int", "short", "char"}) EXPECT_EQ(value(name).item<double>(), -7.0) << name;
  EXPECT_EQ(value("byte").item<double>(), 250.0);
  EXPECT_EQ(value("bool").item<double>(), 1.0);
}

TEST(PytorchCheckpoint, KeepsSharedStoragesSharedInPlaceAndAlive) {
  auto tensors = read_pytorch_checkpoint(kGolden);
  const auto whole = tensors.at("model.whole");
  EXPECT_EQ(tensors.at("model.turned").data_ptr(), whole.data_ptr());
  EXPECT_EQ(tensors.at("model.column").storage_offset(), 1);
  EXPECT_FALSE(whole.storage().resizable()) << "a view of the mapping, not a copy";
  tensors.clear();
  EXPECT_EQ(whole.sum().item<float>(), 66.0F);
}

TEST(PytorchCheckpoint, ReadsZip64AndUnalignedStorages) {
  const auto value = pickle::whole(pickle::dict({{"w", pickle::tensor(four_floats(), 0, {4}, {1})}}));
  const float numbers[4] = {1.0F, 2.0F, 3.0F, 4.0F};
  const std::string bytes(reinterpret_cast<const char*>(numbers), sizeof(numbers));
  for (const std::size_t alignment : {64, 0}) {
    const InputFile file(test::checkpoint_archive(value, {{"0", bytes}}, {.is_zip64 = true, .alignment = alignment}));
    EXPECT_EQ(read_pytorch_checkpoint(file.path()).at("w").sum().item<float>(), 10.0F) << alignment;
  }
}

TEST(PytorchCheckpoint, RunsNothingAndNamesWhatAskedForIt) {
  const auto call = [](const std::string& module, const std::string& name) {
    return pickle::global(module, name) + pickle::tuple({pickle::text("touch /tmp/owned")}) + "R";
  };
  EXPECT_THAT(error_of_value(call("posix", "system")), HasSubstr("`posix.system`"));
  EXPECT_THAT(error_of_value(call("builtins", "eval")), HasSubstr("`builtins.eval`"));
  EXPECT_THAT(error_of_value(call("torch.hub", "load")), HasSubstr("`torch.hub.load`"));
  EXPECT_THAT(error_of_value(call("torch._utils", "_rebuild_tensor_v2.__globals__")), HasSubstr("none of the globals"));
  EXPECT_THAT(error_of_value(call("os\x1b[2J", "x")), HasSubstr("`os [2J.x`"));
  EXPECT_THAT(error_of_value(pickle::text("posix") + pickle::text("system") + "\x93"), HasSubstr("`posix.system`"));
  EXPECT_THAT(error_of_value(call("torch", "FloatStorage")), HasSubstr("no function"));
  EXPECT_THAT(error_of_value("i" + std::string("posix\nsystem\n")), HasSubstr("opcode 105"));
  EXPECT_THAT(error_of_value(pickle::global("torch", "Size") + ")\x81"), HasSubstr("`torch.Size`, which is no class"));
  EXPECT_THAT(error_of_value(pickle::global("posix", "system") + ")\x81"), HasSubstr("`posix.system`"));
  EXPECT_THAT(error_of_value(pickle::text("GPT2Config") + ")\x81"), HasSubstr("no class"));
}

TEST(PytorchCheckpoint, LeavesTheConfigurationInAPublishedEditorUnread) {
  const auto weight = pickle::tensor(four_floats(), 0, {4}, {1});
  for (const auto& type : {pickle::global("transformers.models.gpt2.configuration_gpt2", "GPT2Config"),
                           pickle::global("transformers.models.gptj.configuration_gptj", "GPTJConfig")}) {
    const auto config = type + ")\x81" + pickle::dict({{"n_embd", pickle::integer(16)}}) + "b";
    const auto value = pickle::dict({{"model_config", config}, {"w", weight}});
    const InputFile file(test::checkpoint_archive(pickle::whole(value), {{"0", std::string(16, '\0')}}));
    const auto tensors = read_pytorch_checkpoint(file.path());
    EXPECT_EQ(tensors.size(), 1U);
    EXPECT_TRUE(tensors.contains("w"));
    EXPECT_THAT(error_of_value(type + ")R"), HasSubstr("no function"));
  }
}

TEST(PytorchCheckpoint, RefusesViewsOutsideTheirStorage) {
  const auto view = [&](std::int64_t offset, const std::vector<std::int64_t>& sizes,
                        const std::vector<std::int64_t>& strides) {
    return error_of_value(pickle::tensor(four_floats(), offset, sizes, strides));
  };
  constexpr auto kHuge = std::int64_t{1} << 62;
  EXPECT_THAT(view(0, {5}, {1}), HasSubstr("beyond its storage of 4"));
  EXPECT_THAT(view(1, {4}, {1}), HasSubstr("beyond its storage"));
  EXPECT_THAT(view(0, {2, 2}, {3, 1}), HasSubstr("beyond its storage"));
  EXPECT_THAT(view(0, {2}, {kHuge}), HasSubstr("beyond its storage"));
  EXPECT_THAT(view(0, {kHuge, kHuge}, {kHuge, kHuge}), HasSubstr("beyond its storage"));
  EXPECT_THAT(view(kHuge, {kHuge}, {2}), HasSubstr("beyond its storage"));
  EXPECT_THAT(view(-1, {1}, {1}), HasSubstr("offset"));
  EXPECT_THAT(view(0, {-1}, {1}), HasSubstr("negative"));
  EXPECT_THAT(view(3, {4}, {-1}), HasSubstr("negative"));
  EXPECT_THAT(view(0, {2, 2}, {1}), HasSubstr("do not fit"));
  EXPECT_THAT(view(0, {1000000}, {0}), HasSubstr("repeats the elements"));
  // Empty by one of its sizes, and of strides that no number holds.
  EXPECT_THAT(view(0, {0, kHuge, 4}, {1, 1, 1}), HasSubstr("reaches beyond"));
  EXPECT_THAT(view(0, std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)), HasSubstr("do not fit"));
}

TEST(PytorchCheckpoint, RefusesStoragesThatAreNotAsClaimed) {
  const auto of = [](const std::string& storage) { return error_of_value(pickle::tensor(storage, 0, {1}, {1})); };
  EXPECT_THAT(of(pickle::storage("FloatStorage", "0", 5)), HasSubstr("claims 5 elements of a storage of 16 bytes"));
  EXPECT_THAT(of(pickle::storage("FloatStorage", "0", -1)), HasSubstr("claims -1"));
  EXPECT_THAT(of(pickle::storage("DoubleStorage", "0", INT64_MAX)), HasSubstr("claims"));
  EXPECT_THAT(of(pickle::storage("FloatStorage", "../../etc/passwd", 1)), HasSubstr("is missing"));
  EXPECT_THAT(of(pickle::storage("OtherStorage", "0", 1)), HasSubstr("none of the globals"));
  EXPECT_THAT(of(pickle::text("0") + "Q"), HasSubstr("describes no storage"));
  EXPECT_THAT(of("N"), HasSubstr("lacks a storage"));
  const auto two_types = pickle::dict({{"a", pickle::tensor(four_floats(), 0, {1}, {1})},
                                       {"b", pickle::tensor(pickle::storage("IntStorage", "0", 4), 0, {1}, {1})}});
  EXPECT_THAT(error_of_value(two_types), HasSubstr("contradicts"));
}

TEST(PytorchCheckpoint, RefusesNamesThatAreNoUtf8InMessagesThatAre) {
  const auto refusal = error_of_value(pickle::dict({{"n\xE9", pickle::tensor(four_floats(), 0, {4}, {1})}}));
  EXPECT_THAT(refusal, HasSubstr("a name that is not UTF-8: n\xEF\xBF\xBD"));
  test::ZipWriter zip;
  zip.add("n\xE9/data.pkl", "#");
  const InputFile file(zip.finish());
  EXPECT_THAT(data_error_of([&] { open_pytorch_checkpoint(file.path()); }),
              HasSubstr(": n\xEF\xBF\xBD/data.pkl, byte 1"));
}

TEST(PytorchCheckpoint, KeepsTensorsOfTypesThatAreNotReadApart) {
  const auto eighth =
      pickle::global("torch._utils", "_rebuild_tensor_v3") +
      pickle::tuple({pickle::tuple({pickle::text("storage"), pickle::global("torch.storage", "UntypedStorage"),
                                    pickle::text("0"), pickle::text("cpu"), pickle::integer(4)}) +
                         "Q",
                     pickle::integer(0), pickle::integers({4}), pickle::integers({1}), "\x89", "N",
                     pickle::global("torch", "float8_e4m3fn")}) +
      "R";
  const auto complex = pickle::tensor(pickle::storage("ComplexFloatStorage", "0", 2), 0, {2}, {1});
  const auto value =
      pickle::dict({{"w", pickle::tensor(four_floats(), 0, {4}, {1})}, {"scale", eighth}, {"phase", complex}});
  const InputFile file(test::checkpoint_archive(pickle::whole(value), {{"0", std::string(16, '\0')}}));
  const auto checkpoint = open_pytorch_checkpoint(file.path());
  EXPECT_EQ(checkpoint.tensors.size(), 1U);
  EXPECT_EQ(checkpoint.unread.at("scale"), "torch.float8_e4m3fn");
  EXPECT_EQ(checkpoint.unread.at("phase"), "torch.ComplexFloatStorage");
}

TEST(PytorchCheckpoint, RefusesWhatCostsMoreThanItsBytes) {
  // A list of many elements as the size of thousands of tensors; a tensor reached by very many long ways; steps alone.
  std::string elements("](");
  for (int i = 0; i < 50'000; ++i) elements += "K\1";
  elements += "eq\1";
  EXPECT_THAT(error_of_value(elements + pickle::global("torch", "Size") + "h\1\x85R"), HasSubstr("50000 arguments"));
  std::string ways = pickle::tensor(four_floats(), 0, {4}, {1}) + "q" + std::string(1, '\0');
  for (char level = 1; level <= 30; ++level) {
    std::string inner("h");
    inner += static_cast<char>(level - 1);
    ways += "0}q" + std::string(1, level) + "(" + pickle::text(std::string(100, 'a')) + inner +
            pickle::text(std::string(100, 'b')) + inner + "u";
  }
  EXPECT_THAT(error_of_value(ways), HasSubstr("too many tensors"));
  EXPECT_THAT(error_of_value(std::string(5'000'000, 'N')), HasSubstr("more than 4000000 steps"));
}

TEST(PytorchCheckpoint, RefusesValuesWithoutEnd) {
  // A dict that holds itself; one of 2^60 leaves made of 60 dicts; nesting; names that grow without bound.
  EXPECT_THAT(error_of_value("}q\1" + pickle::text("self") + "h\1s"), HasSubstr("deep"));
  std::string doubling = "}q" + std::string(1, '\0');
  for (char level = 1; level <= 60; ++level) {
    std::string inner("h");
    inner += static_cast<char>(level - 1);
    doubling += "0}q" + std::string(1, level) + "(" + pickle::text("a") + inner + pickle::text("b") + inner + "u";
  }
  EXPECT_THAT(error_of_value(doubling), HasSubstr("holds more than"));
  EXPECT_THAT(error_of_value(std::string(100000, ']') + std::string(99999, 'a')), HasSubstr("deep"));
  EXPECT_THAT(error_of_value(pickle::dict({{std::string(5000, 'n'), "N"}})), HasSubstr("name longer"));
  const auto twice = pickle::dict(
      {{"w", pickle::tensor(four_floats(), 0, {1}, {1})}, {"w", pickle::tensor(four_floats(), 1, {1}, {1})}});
  EXPECT_THAT(error_of_value(twice), HasSubstr("there twice"));
}

TEST(PytorchCheckpoint, RefusesBrokenPickles) {
  EXPECT_THAT(error_of_value("X\xff\xff\xff\xff"
                             "a"),
              HasSubstr("ends in the middle"));
  EXPECT_THAT(error_of_value(std::string("\x8d\xff\xff\xff\xff\xff\xff\xff\xff", 9)), HasSubstr("ends in the middle"));
  EXPECT_THAT(error_of_value("t"), HasSubstr("mark is missing"));
  EXPECT_THAT(error_of_value("h\7"), HasSubstr("value 7, which was never kept"));
  EXPECT_THAT(error_of_value("q\7"), HasSubstr("value is missing"));
  EXPECT_THAT(error_of_value("(q\7"), HasSubstr("value is missing"));
  EXPECT_THAT(error_of_value(""), HasSubstr("value is missing"));
  EXPECT_THAT(error_of_value("NN"), HasSubstr("left over"));
  EXPECT_THAT(error_of_value("N(Nu"), HasSubstr("no dict"));
  EXPECT_THAT(error_of_value("}(Nu"), HasSubstr("a key without a value"));
  EXPECT_THAT(error_of_value("N(Ne"), HasSubstr("no list"));
  EXPECT_THAT(error_of_value("cposix"), HasSubstr("name without end"));
  EXPECT_THAT(error_of_value("NNb"), HasSubstr("gives a state"));
  EXPECT_THAT(error_of_value("NNR"), HasSubstr("no global"));
}

TEST(PytorchCheckpoint, SaysWhatOtherFilesAre) {
  const InputFile legacy("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 jP\xa8P\x19.");
  EXPECT_THAT(data_error_of([&] { read_pytorch_checkpoint(legacy.path()); }), HasSubstr("before 1.6"));
  test::ZipWriter other;
  other.add("word/document.xml", "<w/>");
  const InputFile document(other.finish());
  EXPECT_THAT(data_error_of([&] { read_pytorch_checkpoint(document.path()); }), HasSubstr("no PyTorch checkpoint"));
  test::ZipWriter big;
  big.add("archive/data.pkl", pickle::whole("}"));
  big.add("archive/byteorder", "big");
  const InputFile big_endian(big.finish());
  EXPECT_THAT(data_error_of([&] { read_pytorch_checkpoint(big_endian.path()); }), HasSubstr("byte order \"big\""));
  EXPECT_THAT(data_error_of([&] { read_pytorch_checkpoint("no such file"); }), HasSubstr("cannot be opened"));
}

TEST(PytorchCheckpoint, AnyFlippedByteOrTruncationIsReadOrRefusedNeverFatal) {
  const auto sound = read_bytes(kGolden);
  const auto begin = sound.find("data.pkl");
  const auto end = sound.find(".", sound.find("ein Name"));
  core::RandomStream random(7, "fuzz");
  InputFile file("x");
  int num_refused = 0;
  const auto open = [&](const std::string& bytes) {
    file.rewrite(bytes);
    try {
      touch(read_pytorch_checkpoint(file.path()));
    } catch (const core::DataError&) {
      ++num_refused;
    }
  };
  for (std::size_t length = 1; length < sound.size(); length += 37) open(sound.substr(0, length));
  EXPECT_EQ(num_refused, static_cast<int>((sound.size() + 35) / 37)) << "a cut file was read";
  for (int round = 0; round < 3000; ++round) {
    auto bytes = sound;
    const auto num_changes = 1 + random.next() % 3;
    for (std::uint64_t i = 0; i < num_changes; ++i) {
      // Mostly the pickle, where the meaning is; now and then anywhere.
      const auto position = round % 4 == 0 ? random.next() % sound.size() : begin + random.next() % (end - begin);
      bytes[position] = static_cast<char>(random.next() % 256);
    }
    open(bytes);
  }
  EXPECT_GT(num_refused, 1000);
}

}  // namespace
}  // namespace lethe::model
