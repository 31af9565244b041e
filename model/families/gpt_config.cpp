#include "model/families/gpt_config.h"

namespace lethe::model::inline families {

NetworkShape read_gpt_shape(const ConfigFile& config) {
  NetworkShape shape;
  shape.num_layers = config.size("n_layer");
  shape.width = config.size("n_embd");
  shape.num_heads = config.size("n_head");
  shape.inner_width = config.has("n_inner") ? config.size("n_inner") : 4 * shape.width;
  shape.max_positions = config.size("n_positions");
  shape.vocab_size = config.size("vocab_size");
  shape.norm_epsilon = config.number("layer_norm_epsilon", 1e-5);
  if (shape.width % shape.num_heads != 0) config.refuse("n_head", "does not divide `n_embd`");
  const auto activation = config.text("activation_function", "gelu_new");
  if (activation != "gelu_new" && activation != "gelu_pytorch_tanh") {
    config.refuse("activation_function", "is \"" + activation + "\"; only gelu_new (the tanh form) is implemented");
  }
  return shape;
}

}  // namespace lethe::model::inline families
