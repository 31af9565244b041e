#include <type_traits>

#include <gtest/gtest.h>

#include "storage/hdf5_reader.h"

namespace lethe::storage::hdf5 {
namespace {

template <typename T>
constexpr bool is_move_only =
    std::is_nothrow_move_constructible_v<T>&& std::is_nothrow_move_assignable_v<T> && !std::is_copy_constructible_v<T>;
static_assert(is_move_only<File> && is_move_only<Group> && is_move_only<Dataset> && is_move_only<PropertyList>);

TEST(Hdf5Handle, ClosesItsIdentifierOnceAndOnlyIfItStillOwnsIt) {
  const LibraryLock lock;
  const hid_t id = H5Screate(H5S_SCALAR);
  {
    Dataspace first(id);
    Dataspace second(std::move(first));
    EXPECT_EQ(H5Iis_valid(id), 1);
    EXPECT_EQ(second.get(), id);
  }
  EXPECT_EQ(H5Iis_valid(id), 0);
}

TEST(Hdf5Handle, MovingOverAnIdentifierClosesIt) {
  const LibraryLock lock;
  const hid_t id = H5Screate(H5S_SCALAR);
  Dataspace space(id);
  space = Dataspace(H5Screate(H5S_SCALAR));
  EXPECT_EQ(H5Iis_valid(id), 0);
  EXPECT_EQ(H5Iis_valid(space.get()), 1);
}

TEST(Hdf5Handle, DestructionSurvivesAnIdentifierClosedElsewhere) {
  const LibraryLock lock;
  const hid_t id = H5Screate(H5S_SCALAR);
  EXPECT_NO_FATAL_FAILURE({
    const Dataspace space(id);
    H5Sclose(id);
  });
}

}  // namespace
}  // namespace lethe::storage::hdf5
