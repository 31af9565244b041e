#include "model/files/pickle_reader.h"

#include <utility>

#include "core/error.h"

namespace lethe::model::inline files {

PickleReader::PickleReader(std::span<const std::byte> pickle, std::string place)
    : bytes_(pickle), place_(std::move(place)) {}

void PickleReader::refuse(const std::string& what) const {
  throw core::DataError(place_ + ", byte " + std::to_string(position_) + ": " + what);
}

std::string_view PickleReader::take(std::uint64_t num_bytes) {
  if (num_bytes > bytes_.size() - position_) refuse("the pickle ends in the middle of a value; fetch the file again");
  const std::string_view taken(reinterpret_cast<const char*>(bytes_.data()) + position_,
                               static_cast<std::size_t>(num_bytes));
  position_ += taken.size();
  return taken;
}

std::string_view PickleReader::take_line() {
  const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + position_;
  const std::string_view rest(begin, bytes_.size() - position_);
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) refuse("a name without end");
  position_ += end + 1;
  return rest.substr(0, end);
}

}  // namespace lethe::model::inline files
