#include "model/files/safetensors_header.h"

#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "data/text_file.h"

namespace lethe::model::inline files {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDimensions = 8;
constexpr int kMaxSkippedDepth = 32;
constexpr std::size_t kMaxShown = 200;

/// Takes the parser's events one by one. Depth 1 is the header's object, 2 a tensor's, 3 its two lists.
class HeaderEvents final : public nlohmann::json_sax<json> {
 public:
  using Visit = std::function<void(const std::string&, TensorEntry)>;
  using Refuse = std::function<void(const std::string&)>;

  HeaderEvents(const Visit& visit, const Refuse& refuse) : visit_(visit), refuse_(refuse) {}

  bool null() override { return scalar(); }
  bool boolean(bool /*value*/) override { return scalar(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return scalar(); }
  bool number_integer(number_integer_t /*value*/) override { return scalar(); }  // a negative one
  bool number_unsigned(number_unsigned_t value) override {
    return scalar(value > static_cast<std::uint64_t>(INT64_MAX) ? std::nullopt : std::optional(value));
  }
  bool binary(binary_t& /*value*/) override { return scalar(); }

  bool string(string_t& value) override {
    if (is_skipping_ || depth_ != 2 || field_ != Field::kType) return scalar();
    entry_.dtype = std::move(value);
    return true;
  }

  bool start_object(std::size_t /*size*/) override {
    if (is_skipping_) return enter_skipped();
    if (depth_ == 2) wrong_value();
    if (depth_ > 2) wrong_element();
    if (depth_ == 1) start_entry();
    ++depth_;
    return true;
  }
  bool end_object() override { return leave(); }

  bool start_array(std::size_t /*size*/) override {
    if (is_skipping_) return enter_skipped();
    if (depth_ == 0) refuse_("its header is not a JSON object");
    if (depth_ == 1) refuse_tensor("lacks a dtype, shape or data_offsets");
    if (depth_ == 2 && field_ == Field::kType) wrong_value();
    if (depth_ > 2) wrong_element();
    ++depth_;
    return true;
  }
  bool end_array() override { return leave(); }

  bool key(string_t& value) override {
    if (is_skipping_) return true;
    if (depth_ == 1) {
      name_ = std::move(value);
      is_skipping_ = name_ == "__metadata__";
      return true;
    }
    field_ = value == "dtype" ? Field::kType : value == "shape" ? Field::kShape : Field::kOffsets;
    is_skipping_ = field_ == Field::kOffsets && value != "data_offsets";
    if (is_skipping_) return true;
    bool& is_there = has_[static_cast<std::size_t>(field_)];
    if (is_there) refuse_tensor("has its " + value + " twice");
    is_there = true;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const json::exception& /*error*/) override {
    refuse_("its header is not JSON (byte " + std::to_string(position) + ")");
    return false;
  }

 private:
  enum class Field : std::uint8_t { kType, kShape, kOffsets };

  const Visit& visit_;
  const Refuse& refuse_;
  int depth_ = 0;
  bool is_skipping_ = false;  // the value of a key that does not matter
  int skipped_depth_ = 0;
  std::string name_;
  Field field_ = Field::kType;
  std::array<bool, 3> has_{};
  TensorEntry entry_;
  std::size_t num_offsets_ = 0;

  void refuse_tensor(const std::string& what) const {
    refuse_("tensor `" + data::excerpt(name_, kMaxShown) + "` " + what);
  }
  void wrong_value() const {
    refuse_tensor(field_ == Field::kType    ? "has a dtype that is not a string"
                  : field_ == Field::kShape ? "has a shape that is not a short list"
                                            : "has data_offsets that are not a pair");
  }
  void wrong_element() const {
    refuse_tensor(field_ == Field::kShape ? "has a size that is not a whole number"
                                          : "has data_offsets that lies outside the file");
  }

  void start_entry() {
    entry_ = {};
    has_ = {};
    num_offsets_ = 0;
  }

  bool enter_skipped() {
    if (++skipped_depth_ > kMaxSkippedDepth) refuse_("its header is nested too deep");
    return true;
  }

  bool scalar(std::optional<std::uint64_t> number = std::nullopt) {
    if (is_skipping_) {
      is_skipping_ = skipped_depth_ > 0;
    } else if (depth_ == 0) {
      refuse_("its header is not a JSON object");
    } else if (depth_ == 1) {
      refuse_tensor("lacks a dtype, shape or data_offsets");
    } else if (depth_ == 2) {
      wrong_value();
    } else if (!number) {
      wrong_element();
    } else if (field_ == Field::kShape) {
      if (entry_.shape.size() == kMaxDimensions) wrong_value();
      entry_.shape.push_back(static_cast<std::int64_t>(*number));
    } else {
      if (++num_offsets_ > 2) wrong_value();
      (num_offsets_ == 1 ? entry_.begin : entry_.end) = *number;
    }
    return true;
  }

  bool leave() {
    if (is_skipping_) {
      is_skipping_ = --skipped_depth_ > 0;
      return true;
    }
    if (--depth_ != 1) return true;
    for (const bool is_there : has_) {
      if (!is_there) refuse_tensor("lacks a dtype, shape or data_offsets");
    }
    if (num_offsets_ != 2) refuse_tensor("has data_offsets that are not a pair");
    visit_(name_, std::move(entry_));
    return true;
  }
};

}  // namespace

void read_safetensors_header(std::string_view text,
                             const std::function<void(const std::string& name, TensorEntry entry)>& visit,
                             const std::function<void(const std::string& what)>& refuse) {
  HeaderEvents events(visit, refuse);
  json::sax_parse(text.begin(), text.end(), &events);
}

}  // namespace lethe::model::inline files
