#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace convoke::cli {

/// Turns the server's live events (docs/protocol/http.md) into sentences for people. Pure: no clock, no
/// output. Not thread-safe.
class Story {
 public:
  explicit Story(bool colour) : colour_(colour) {}

  /// What the venue calls them: answers of `GET /v1/areas` and `GET /v1/groups`. Without a name the id is
  /// shown.
  void learn_areas(const boost::json::value& answer);
  void learn_groups(const boost::json::value& answer);

  /// The lines to print for one event, `elapsed_ms` after the watch began (never going back). None for a
  /// ping. In one second at most kMovesPerSecond moves are told one by one; the others are summed up in one
  /// line.
  std::vector<std::string> tell(const boost::json::value& event, std::int64_t elapsed_ms);

  static constexpr int kMovesPerSecond = 3;
  static constexpr std::int64_t kChatEveryMs = 5000;  // a chat's message count is told no more often

 private:
  enum class Tone { plain, quiet, good, end };

  std::string transition(const boost::json::value& event);
  std::string chat(const boost::json::value& event, std::int64_t elapsed_ms);
  void flush_moves(std::int64_t elapsed_ms, std::vector<std::string>& lines);
  std::string line(std::int64_t elapsed_ms, Tone tone, const std::string& sentence) const;
  std::string area_name(const boost::json::value& event) const;
  /// "Hall A", or the beginning of the id of a group that is not known.
  std::string group_name(const boost::json::value& event) const;

  bool colour_;
  std::map<std::string, std::string> area_names_;
  std::map<std::string, std::string> group_names_;  // live groups
  std::map<std::string, std::int64_t> chat_told_;   // live groups: when their message count was told
  std::int64_t second_ = 0;                         // the second being told
  int told_ = 0;                                    // moves told one by one in it
  int entered_ = 0;                                 // moves not told in it
  int left_ = 0;
};

}  // namespace convoke::cli
