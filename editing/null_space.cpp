#include "editing/null_space.h"

#include <limits>
#include <sstream>
#include <string>

#include <ATen/ATen.h>

#include "core/error.h"
#include "editing/key_columns.h"

namespace lethe::editing {
namespace {

constexpr double kNoEigenvalue = std::numeric_limits<double>::quiet_NaN();
/// Rounding of a moment that was summed or stored in fp32, relative to its largest eigenvalue.
constexpr double kNegligible = 1e-6;

std::string name_of_space(int layer) { return "null space of layer " + std::to_string(layer); }

void check_moment(const SecondMoment& moment, int layer) {
  const at::Tensor& matrix = moment.moment_FF;
  if (!matrix.defined() || matrix.dim() != 2 || matrix.size(0) != matrix.size(1) || matrix.size(0) == 0) {
    throw core::DataError(name_of_space(layer) +
                          ": expected a square matrix of second moments; compute the second moments again");
  }
  if (moment.count < matrix.size(0)) {
    throw core::DataError(name_of_space(layer) + ": its second moments are over " + std::to_string(moment.count) +
                          " tokens, fewer than their " + std::to_string(matrix.size(0)) +
                          " dimensions, so directions that no token reached would pass for free ones; collect second "
                          "moments over more tokens (a larger corpus, or a larger max_tokens)");
  }
  if (!at::isfinite(matrix).all().item<bool>()) {
    throw core::DataError(name_of_space(layer) +
                          ": its second moments hold values that are not finite; check the model's weights and compute "
                          "them again");
  }
}

[[noreturn]] void refuse_rank_zero(const NullSpaceSpectrum& spectrum, int layer) {
  std::ostringstream text;
  text << name_of_space(layer) << ": no eigenvalue of the second moments is below nullspace_threshold "
       << spectrum.threshold << " (smallest " << spectrum.smallest << ", largest " << spectrum.largest
       << "), so every update would be projected to nothing; set nullspace_threshold above the smallest";
  throw core::DataError(text.str());
}

/// Of ascending eigenvalues, of which the first `rank` are below the threshold.
NullSpaceSpectrum spectrum_of(const at::Tensor& values_F, std::int64_t rank, double threshold) {
  const std::int64_t width = values_F.size(0);
  const auto value = [&](std::int64_t i) { return values_F[i].item<double>(); };
  return {threshold, value(0), value(width - 1), rank > 0 ? value(rank - 1) : kNoEigenvalue,
          rank < width ? value(rank) : kNoEigenvalue};
}

NullSpaceBasis null_basis(const SecondMoment& moment, int layer, double threshold, torch::Device device) {
  check_moment(moment, layer);
  // C = sum_i e_i u_i u_i^T with ascending e_i.
  const auto [ascending_F, vectors_FF] = at::linalg_eigh(moment.moment_FF.to(device, at::kDouble));
  const at::Tensor values_F = ascending_F.to(at::kCPU);
  const std::int64_t width = values_F.size(0);
  const std::int64_t rank = values_F.lt(threshold).sum().item<std::int64_t>();
  const NullSpaceSpectrum spectrum = spectrum_of(values_F, rank, threshold);
  if (!(spectrum.smallest >= -kNegligible * spectrum.largest)) {
    std::ostringstream text;
    text << name_of_space(layer) << ": its second moments are not positive semidefinite (eigenvalues from "
         << spectrum.smallest << " to " << spectrum.largest << "); compute them again";
    throw core::DataError(text.str());
  }
  if (rank == 0) {
    refuse_rank_zero(spectrum, layer);
  }
  const bool is_complement = 2 * rank > width;
  const at::Tensor kept_FQ = is_complement ? vectors_FF.narrow(1, rank, width - rank) : vectors_FF.narrow(1, 0, rank);
  // A copy of its own: the other columns are freed.
  return {kept_FQ.clone(at::MemoryFormat::Contiguous), is_complement, spectrum};
}

NullSpaceBasis checked_basis(NullSpaceBasis stored, int layer) {
  const at::Tensor& basis = stored.basis_FQ;
  const bool is_matrix = basis.defined() && basis.dim() == 2 && basis.scalar_type() == at::kDouble;
  if (!is_matrix || basis.size(0) == 0 || 2 * basis.size(1) > basis.size(0) ||
      !at::isfinite(basis).all().item<bool>()) {
    throw core::DataError(
        name_of_space(layer) +
        ": expected a basis of finite doubles, [F,Q] with Q at most F / 2; compute the projector again");
  }
  if (!stored.is_complement && basis.size(1) == 0) {
    refuse_rank_zero(stored.spectrum, layer);
  }
  return stored;
}

}  // namespace

NullSpace::NullSpace(const SecondMoment& moment, int layer, double threshold, torch::Device device) {
  const at::NoGradGuard no_grad;
  stored_ = null_basis(moment, layer, threshold, device);
}

NullSpace::NullSpace(NullSpaceBasis stored, int layer, torch::Device device) {
  const at::NoGradGuard no_grad;
  stored_ = checked_basis(std::move(stored), layer);
  stored_.basis_FQ = stored_.basis_FQ.to(device);
}

torch::Tensor NullSpace::apply(const torch::Tensor& keys_FN) const {
  const at::NoGradGuard no_grad;
  const at::Tensor right_FN = key_columns(keys_FN.detach()).to(device(), at::kDouble);
  const at::Tensor within_FN = stored_.basis_FQ.mm(stored_.basis_FQ.t().mm(right_FN));
  return is_complement() ? right_FN - within_FN : within_FN;
}

}  // namespace lethe::editing
