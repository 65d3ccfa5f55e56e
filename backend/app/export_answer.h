#pragma once

#include "backend/app/api.h"
#include "backend/core/engine.h"
#include "backend/store/store.h"

/// Everything that is held of one group or one user, line by line, a page at a time (docs/privacy.md).
namespace convoke::app {

ApiResponse export_group(const core::Engine& engine, const store::Store& store, const ExportGroup& command);
ApiResponse export_user(const core::Engine& engine, const store::Store& store, const ExportUser& command);

}  // namespace convoke::app
