#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/plan.h"
#include "backend/ingress/plan_file.h"

namespace convoke::ingress {

/// Reads the fields of a file of plans and collects what is wrong with them. `path` is where we are; a field
/// that is not as it should be is noted and read as something harmless.
class PlanReader {
 public:
  /// `stored`: an earlier server accepted it, which may have had fewer rules.
  explicit PlanReader(std::vector<PlanProblem>& problems, bool stored = false)
      : problems_(problems), stored_(stored) {}

  bool stored() const { return stored_; }
  void problem(const std::string& path, std::string expected);

  /// The object, whose keys are all among `keys`; null if it is none.
  const boost::json::object* object(const boost::json::value& v, const std::string& path,
                                    const std::set<std::string>& keys);
  std::string string(const boost::json::object& o, const char* key, const std::string& path,
                     std::size_t max_bytes);
  template <class IdType>
  IdType id(const boost::json::object& o, const char* key, const std::string& path) {
    const boost::json::value* v = o.if_contains(key);
    IdType parsed = v && v->is_string() ? IdType::parse(std::string_view(v->get_string())) : IdType();
    if (!parsed) problem(path + "." + key, "an id: 1 to 64 characters out of A-Z a-z 0-9 . _ -");
    return parsed;
  }
  /// An area of this site, or `area@site`.
  std::pair<topics::AreaId, topics::SiteId> area(const boost::json::object& o, const char* key,
                                                 const std::string& path);
  /// False where it is absent.
  bool flag(const boost::json::object& o, const char* key, const std::string& path);
  /// A name that is chosen in the server's configuration.
  std::string name(const boost::json::object& o, const char* key, const std::string& path);
  std::uint32_t count(const boost::json::object& o, const char* key, const std::string& path,
                      std::uint32_t max, std::uint32_t min = 1);
  core::TimeMs time(const boost::json::object& o, const char* key, const std::string& path);
  core::TimeMs duration(const boost::json::object& o, const char* key, const std::string& path);
  core::TimeMs duration(const boost::json::value* v, const std::string& at, core::TimeMs max_days = 30);
  using Each = std::function<void(const boost::json::value&, const std::string& at)>;
  /// Every element of the list, if it is there.
  void each(const boost::json::object& o, const char* key, const std::string& path, std::size_t max,
            const Each& f);

 private:
  std::vector<PlanProblem>& problems_;
  bool stored_;
};

/// "area, users": for telling what is allowed.
std::string join(const std::set<std::string>& keys);

}  // namespace convoke::ingress
