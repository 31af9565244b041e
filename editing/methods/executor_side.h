#pragma once

#include <memory>

// Types of the half of a method's room that sees Torch, for declarations in the half that does not: each method's
// configuration header declares, as overloads on its type, the functions by which an executor reaches the algorithm
//   std::unique_ptr<EditMethod> make_method(const Config&, MethodInputs);        editing/edit_method.h
//   void check_request(const Config&, const data::EditRequest&, const RequestLimits&);
//   Price price_of(const Config&, const model::Architecture&, std::int64_t num_facts);   editing/price.h
// and where they mean something
//   std::string architecture_problem(const Config&, const model::Architecture&);
//   model::Network starting_network(const Config&, const model::Network& unedited, std::uint64_t seed);
//   std::vector<std::string> sample_prefixes(const Config&, const ContextSource&);
// so that the list of methods (method_list.h) is the one place that names them all.

namespace lethe::data {
struct EditRequest;
}  // namespace lethe::data

namespace lethe::model {
class Network;
struct Architecture;
}  // namespace lethe::model

namespace lethe::editing {
class EditMethod;
struct ContextSource;
struct MethodInputs;
struct Price;
struct RequestLimits;
}  // namespace lethe::editing
