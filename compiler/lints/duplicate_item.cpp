// Items that stand twice in one checklist.
#include <fmt/format.h>

#include <map>

#include "compiler/check/constants.hpp"
#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"

namespace rollout::lints {

void duplicate_item(const LintInput& input, diagnostics::Sink& sink) {
  for (const check::Step& step : input.module.steps) {
    const auto* list = std::get_if<check::ChecklistStep>(&step.body);
    if (list == nullptr || !input.is_own(step.location)) continue;
    std::map<std::string, diagnostics::Location> first;
    for (const check::ChecklistItem& item : list->items) {
      const auto text = check::constant_value(input.module, item.text);
      if (!text) continue;
      const auto [found, added] = first.emplace(text->as_string(), item.location);
      if (added) continue;
      check::Report(sink, diagnostics::Code::DuplicateItem, item.location,
                    fmt::format("the item \"{}\" stands twice in this checklist", text->as_string()))
          .label("again")
          .also(found->second, "first here")
          .note("people tick items by their text, so one tick would be taken for both")
          .help("remove one, or say what is different about it");
    }
  }
}

}  // namespace rollout::lints
