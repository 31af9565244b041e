#include "tests/support/foreign_device.h"

#include <gmock/gmock.h>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

// What the tests under LETHE_TEST_DEVICE=privateuseone rely on.

namespace lethe::test {
namespace {

at::Tensor numbers(at::IntArrayRef shape, double scale = 0.7) {
  const auto count = c10::multiply_integers(shape);
  return at::arange(count, at::kDouble).mul(scale).sin().to(at::kFloat).view(shape);
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const c10::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ForeignDeviceDeathTest, ItsMemoryCannotBeReadOrWrittenOnTheHost) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        const at::Tensor tensor = numbers({4}).to(foreign_device());
        volatile const float* address = tensor.data_ptr<float>();
        static_cast<void>(address[0]);
      },
      "");
  EXPECT_DEATH(
      {
        const at::Tensor tensor = numbers({4}).to(foreign_device());
        *static_cast<volatile float*>(tensor.data_ptr<float>()) = 1.0F;
      },
      "");
}

TEST(ForeignDevice, RefusesOperandsOfDifferentDevices) {
  const at::Tensor host = numbers({3, 3});
  const at::Tensor foreign = host.to(foreign_device());
  const at::Tensor index = at::zeros({1}, at::kLong);
  const auto is_refusal = testing::HasSubstr("Expected all tensors to be on the same device");
  EXPECT_THAT(error_of([&] { static_cast<void>(foreign + host); }), is_refusal);
  EXPECT_THAT(error_of([&] { static_cast<void>(host.mul(foreign)); }), is_refusal);
  EXPECT_THAT(error_of([&] { foreign.clone().add_(host); }), is_refusal);
  EXPECT_THAT(error_of([&] { static_cast<void>(at::matmul(host, foreign)); }), is_refusal);
  EXPECT_THAT(error_of([&] { static_cast<void>(at::cat({foreign, host})); }), is_refusal);
  EXPECT_THAT(error_of([&] { static_cast<void>(foreign.index_select(0, index)); }), is_refusal);
  EXPECT_THAT(error_of([&] { static_cast<void>(host.index({index.to(foreign_device())})); }), is_refusal);
  EXPECT_THAT(error_of([&] { static_cast<void>(at::equal(host, foreign)); }), is_refusal);
  EXPECT_THAT(error_of([&] { static_cast<void>(at::linalg_solve_triangular(host, foreign, false)); }), is_refusal);
}

TEST(ForeignDevice, TakesFromTheHostWhatCudaTakes) {
  const at::Tensor foreign = numbers({3, 3}).to(foreign_device());
  const at::Tensor scalar = at::full({}, 2.0F);
  const at::Tensor index = at::zeros({1}, at::kLong);
  EXPECT_EQ((foreign * scalar).device(), foreign_device());
  EXPECT_EQ(foreign.index({index}).device(), foreign_device());
  EXPECT_THAT(error_of([&] { static_cast<void>(at::dot(foreign[0], scalar)); }), testing::Ne("no error"));
}

TEST(ForeignDevice, DrawsNothingFromTheHostsGenerator) {
  const auto generator = at::detail::createCPUGenerator(3);
  EXPECT_THAT(error_of([&] { at::empty({2}, at::device(foreign_device())).normal_(0.0, 1.0, generator); }),
              testing::HasSubstr("generator"));
}

/// A loss with the operations of a network: embedding, norm, products, softmax, indexing, views.
at::Tensor loss_of(const at::Tensor& table, const at::Tensor& weight, const at::Tensor& ids) {
  const at::Tensor rows = at::layer_norm(at::embedding(table, ids), {16});
  const at::Tensor heads = at::gelu(at::linear(rows, weight), "tanh").view({5, 2, 8}).transpose(0, 1);
  const at::Tensor mixed = at::matmul(at::softmax(at::matmul(heads, heads.transpose(1, 2)), -1), heads);
  const at::Tensor logits = at::linear(mixed.permute({1, 0, 2}).reshape({5, 16}), table);
  return at::log_softmax(logits, 1).gather(1, ids.unsqueeze(1)).mean().neg() + weight.norm();
}

TEST(ForeignDevice, ComputesValuesAndGradientsBitForBitAsTheCpu) {
  const at::Tensor table = numbers({20, 16});
  const at::Tensor weight = numbers({16, 16}, 1.3);
  const at::Tensor ids = at::tensor({3, 1, 4, 1, 19}, at::kLong);
  const auto results = [&](torch::Device device) {
    const at::Tensor t = table.to(device, at::kFloat, false, true).requires_grad_();
    const at::Tensor w = weight.to(device, at::kFloat, false, true).requires_grad_();
    const at::Tensor loss = loss_of(t, w, ids.to(device));
    auto all = torch::autograd::grad({loss}, {t, w});
    all.push_back(loss.detach());
    for (const at::Tensor& tensor : all) EXPECT_EQ(tensor.device(), device);
    return all;
  };
  const auto expected = results(torch::kCPU);
  const auto actual = results(foreign_device());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(actual[i].cpu(), expected[i])) << i;
}

TEST(ForeignDevice, FactorsAndSolvesAsTheCpu) {
  const at::Tensor keys = numbers({40, 12}).to(at::kDouble);
  const at::Tensor matrix = keys.t().mm(keys) + at::eye(12, at::kDouble);
  const auto solve = [&](torch::Device device) {
    const auto [lower, info] = at::linalg_cholesky_ex(matrix.to(device));
    EXPECT_EQ(info.item<int>(), 0);
    return at::cholesky_solve(keys.narrow(0, 0, 12).t().to(device), lower);
  };
  EXPECT_TRUE(at::equal(solve(foreign_device()).cpu(), solve(torch::kCPU)));
}

TEST(ForeignDevice, FailsFromAnErrorOnUntilItIsRepaired) {
  const at::Tensor foreign = numbers({2}).to(foreign_device());
  break_foreign_device("CUDA error: some");
  EXPECT_THAT(error_of([&] { static_cast<void>(foreign + foreign); }), testing::HasSubstr("CUDA error: some"));
  EXPECT_THAT(error_of([&] { static_cast<void>(foreign.cpu()); }), testing::HasSubstr("CUDA error: some"));
  break_foreign_device("");
  EXPECT_EQ((foreign + foreign).device(), foreign_device());
}

TEST(ForeignDevice, CountsWhatItIsAskedFor) {
  const auto asked = [](const auto& use) {
    const auto before = foreign_counts();
    use();
    const auto [operators, waits, downloads, uploads] = foreign_counts() - before;
    return std::array{operators, waits, downloads, uploads};
  };
  using Counts = std::array<std::int64_t, 4>;
  at::Tensor foreign;
  EXPECT_EQ(asked([&] { foreign = numbers({4, 6}).to(foreign_device()); }), (Counts{0, 0, 0, 1}));
  EXPECT_EQ(asked([&] { static_cast<void>(foreign.t().narrow(0, 1, 2).select(0, 1)); }), (Counts{0, 0, 0, 0}))
      << "views";
  EXPECT_EQ(asked([&] { static_cast<void>(at::mm(foreign, foreign.t()) + 1.0); }), (Counts{2, 0, 0, 0}));
  EXPECT_EQ(asked([&] { static_cast<void>(foreign.t().contiguous()); }), (Counts{1, 0, 0, 0}));
  EXPECT_EQ(asked([&] { static_cast<void>(foreign.cpu()); }), (Counts{0, 1, 1, 0}));
  const at::Tensor sum = foreign.sum();
  EXPECT_EQ(asked([&] { static_cast<void>(sum.item<float>()); }), (Counts{0, 1, 0, 0}));
  EXPECT_EQ(asked([&] { static_cast<void>(foreign.nonzero()); }), (Counts{0, 1, 0, 0}));
}

TEST(ForeignDevice, ViewsShareMemoryAndOutputsGrow) {
  const at::Tensor foreign = at::zeros({4, 6}, at::device(foreign_device()));
  foreign.narrow(1, 2, 3).t().select(0, 1).fill_(5.0);
  EXPECT_EQ(foreign.sum().item<float>(), 20.0F);
  at::Tensor out = at::empty({0}, at::device(foreign_device()));
  at::add_out(out, foreign, foreign);
  EXPECT_EQ(out.sizes(), foreign.sizes());
  EXPECT_EQ(out.sum().item<float>(), 40.0F);
  out.resize_({8, 6});
  EXPECT_EQ(out.narrow(0, 0, 4).sum().item<float>(), 40.0F);
  EXPECT_EQ(foreign.nonzero().size(0), 4);
}

}  // namespace
}  // namespace lethe::test
