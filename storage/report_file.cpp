#include "storage/report_file.h"

#include <map>

#include "core/error.h"
#include "ledger/commit.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/schemas.h"

namespace lethe::storage {
namespace {

using CurvesByMetric = std::map<std::string, const Curve*>;
using CurvesByCell = std::map<std::string, std::map<std::string, std::map<int, CurvesByMetric>>>;

void write_curve(const hdf5::WriteGroup& group, const Curve& curve) {
  if (curve.edits.size() != curve.values.size()) hdf5::fail(group.place(), "edits and values differ in number");
  group.attribute("label", curve.label);
  group.dataset("edits", curve.edits);
  group.dataset("values", curve.values);
}

/// /cells/<method>/<model>/<sample>/<metric>: three levels of names around `write_curve`.
void write_curves(const hdf5::WriteGroup& cells, const std::vector<Curve>& curves) {
  CurvesByCell tree;
  for (const Curve& curve : curves) {
    if (!tree[curve.cell.method][curve.cell.model][curve.cell.sample].emplace(curve.metric, &curve).second) {
      hdf5::fail(cells.place(), curve.cell.name() + " has two curves of " + curve.metric);
    }
  }
  for (const auto& [method, models] : tree) {
    const hdf5::WriteGroup method_group = cells.create_group(method);
    for (const auto& [model, samples] : models) {
      const hdf5::WriteGroup model_group = method_group.create_group(model);
      for (const auto& [sample, metrics] : samples) {
        const hdf5::WriteGroup sample_group = model_group.create_group("sample" + std::to_string(sample));
        for (const auto& [metric, curve] : metrics) write_curve(sample_group.create_group(metric), *curve);
      }
    }
  }
}

void read_cell_curves(const hdf5::ReadGroup& group, const core::GridCell& cell, std::vector<Curve>& curves) {
  for (const auto& [metric, kind] : group.members()) {
    const hdf5::ReadGroup inner = group.group(metric);
    Curve curve;
    curve.cell = cell;
    curve.metric = metric;
    curve.label = inner.attribute_text("label");
    curve.edits = inner.vector<std::int64_t>("edits");
    curve.values = inner.vector<double>("values", static_cast<std::int64_t>(curve.edits.size()));
    curves.push_back(std::move(curve));
  }
}

core::GridCell cell_of(const hdf5::ReadGroup& samples, const std::string& method, const std::string& model,
                       const std::string& sample) {
  try {
    return core::GridCell::from_name(method + "/" + model + "/" + sample);
  } catch (const core::ConfigError& error) {
    samples.fail_at(sample, error.what());
  }
}

}  // namespace

void write_report_file(const std::filesystem::path& path, const ReportContents& contents) {
  const hdf5::LibraryLock lock;
  ledger::replace_file(path, [&](const std::filesystem::path& temporary) {
    hdf5::OutputFile file(temporary, FileLabel{kCurvesSchema, {{"experiment", contents.experiment}}});
    write_curves(file.root().create_group("cells"), contents.curves);
    file.provenance(contents.provenance);
    file.close();
  });
}

ReportContents read_report_file(const std::filesystem::path& path) {
  const hdf5::LibraryLock lock;
  const hdf5::InputFile file(path, kCurvesSchema);
  ReportContents contents;
  contents.experiment = file.root().attribute_text("experiment");
  const hdf5::ReadGroup cells = file.root().group("cells");
  for (const auto& [method, method_kind] : cells.members()) {
    const hdf5::ReadGroup models = cells.group(method);
    for (const auto& [model, model_kind] : models.members()) {
      const hdf5::ReadGroup samples = models.group(model);
      for (const auto& [sample, sample_kind] : samples.members()) {
        read_cell_curves(samples.group(sample), cell_of(samples, method, model, sample), contents.curves);
      }
    }
  }
  contents.provenance = file.provenance();
  return contents;
}

}  // namespace lethe::storage
