#pragma once

#include <string>

#include "core/metric_record.h"
#include "model/network.h"

namespace lethe::metrics {

/// Norms of a base weight: what does not change while a model is edited.
struct BaseNorms {
  double spectral = 0.0;   ///< largest singular value of W0, `spectral_norm`
  double frobenius = 0.0;  ///< ||W0||_F, in fp64
};
BaseNorms base_norms(const model::Network& network, const std::string& parameter);

/// Norms of a parameter and of its change, in fp64, beside `base`, its own `base_norms`. (The Frobenius norm of the
/// change is its distance: `weight_distances`.)
core::NormRecord weight_norms(const model::Network& network, const std::string& parameter, const BaseNorms& base);

}  // namespace lethe::metrics
