#include "backend/app/reports_answer.h"

#include <boost/json.hpp>

namespace convoke::app {
namespace json = boost::json;

ApiResponse reports_answer(const std::optional<std::vector<std::pair<std::string, store::Report>>>& found) {
  if (!found) return api_error(503, "unavailable", "the archive cannot be read");
  json::array reports;
  for (const auto& [key, report] : *found) {
    if (reports.size() == kMaxReports) break;
    reports.push_back({{"key", key},
                       {"t", report.time_ms},
                       {"reporter", report.reporter},
                       {"reason", report.reason},
                       {"message", json::parse(encode(report.message))}});
  }
  const bool more = found->size() > reports.size();
  return {200, json::serialize(json::object{{"reports", std::move(reports)}, {"more", more}})};
}

}  // namespace convoke::app
