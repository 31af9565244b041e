#pragma once

#include <cstdint>

#include <torch/types.h>

// Legend: O rows, I columns, K steps.

namespace lethe::metrics {

/// At most so many steps, and so many vectors of either side beside the matrix.
inline constexpr std::int64_t kMostLanczosSteps = 1000;

/// The largest singular value of a matrix [O,I]; of a vector its length. Computed in fp64 from one fixed start vector:
/// the same bits for the same matrix on the same kind of device. 0 of zeros and of a matrix without elements, NaN where
/// an element is no number.
///
/// Golub-Kahan bidiagonalisation with full reorthogonalisation (Golub & Van Loan, Matrix Computations, 10.4), which is
/// Lanczos' method on the smaller Gram matrix without squaring its condition. It ends where a singular value is known
/// to lie within 1e-6 of the result, relatively; the result then lies below it by some 1e-12 over the gap to the next
/// one (in tests by 1e-11 at most). It also ends after `kMostLanczosSteps`: from a random start vector the error then
/// exceeds 1e-5 with a probability of 1.4 % at most, whatever the other singular values are, up to 4,096 of them
/// (Kuczynski & Wozniakowski, SIAM J. Matrix Anal. Appl. 13, 1992: their bound for Lanczos' method). small-gpt2's
/// weights need 19 to 25 steps, a random [1024,4096] 56, an exact sum of n rank-one updates n + 1 at most.
///
/// A step is a product with the matrix and one with its transpose: 4 O I operations and 16 O I bytes; on GPT-J's
/// [4096,16384] 2.7e8 and 1.1 GB. All singular values (`svdvals`) would be some 7e11 operations there, an eighth of
/// them in products that read the matrix anew: minutes of a core.
double spectral_norm(const torch::Tensor& matrix_OI);

}  // namespace lethe::metrics
