// The terminal frame of one diagnostic.
#pragma once

#include <string>
#include <string_view>

#include "compiler/diagnostics/places.hpp"
#include "compiler/diagnostics/render.hpp"

namespace rollout::diagnostics {

// "error", "warning", "info".
std::string_view severity_name(Severity severity);

// As render_frame, with line tables that several frames share.
std::string frame_of(const Diagnostic& diagnostic, Places& places, const RenderOptions& options);

}  // namespace rollout::diagnostics
