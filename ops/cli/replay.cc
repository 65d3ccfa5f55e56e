#include "ops/cli/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "geo/area_file.h"
#include "geo/fence_tracker.h"
#include "ops/cli/map_html.h"
#include "ops/cli/recorded.h"
#include "ops/cli/text.h"
#include "ops/tracks/fixes.h"
#include "topics/rfc3339.h"

namespace convoke::cli {
namespace {

using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kOutputBytes = 1 << 16;

/// Ids hold no character that JSON would escape.
void append_line(std::string& text, const geo::Transition& t) {
  fmt::format_to(
      std::back_inserter(text),
      R"({{"time":"{}","user":"{}","area":"{}","transition":"{}","reason":"{}","distance_m":{},"accuracy_m":{}}})"
      "\n",
      topics::format_rfc3339(t.time_ms), t.user, t.area, geo::to_string(t.kind), geo::to_string(t.reason),
      !std::isfinite(t.distance_m) ? "null" : fmt::to_string(std::round(t.distance_m * 1000) / 1000),
      t.acc_m ? fmt::to_string(*t.acc_m) : "null");
}

/// One line on a terminal that says how far the work is, rewritten ten times a second at most.
class Progress {
 public:
  Progress(std::ostream& err, std::size_t total, bool shown) : err_(err), total_(total), shown_(shown) {}

  /// Of many at once; of few only where they take long.
  void at(std::size_t done) {
    constexpr std::size_t kMany = 100'000;
    const bool first = total_ >= kMany && !written_;
    if (!shown_ || (!first && Clock::now() - last_ < std::chrono::milliseconds(100))) return;
    last_ = Clock::now();
    fmt::format_to(std::ostreambuf_iterator(err_), "\r{} of {} fixes, {} %\033[K", done, total_,
                   done * 100 / total_);
    err_.flush();
    written_ = true;
  }
  void clear() {
    if (written_) err_ << "\r\033[K";
  }

 private:
  std::ostream& err_;
  std::size_t total_;
  bool shown_;
  bool written_ = false;
  Clock::time_point last_ = Clock::now();
};

constexpr std::size_t kBlock = 4096;  // fixes between two looks at the clock

/// Runs fixes through a tracker and writes what it finds.
class Replay {
 public:
  Replay(const ReplayOptions& options, const std::vector<tracks::TrackFix>& fixes, std::ostream& out)
      : fixes_(fixes), tracker_(rule_of(options)), out_(out), keep_(options.html.empty() ? 0 : kMostKept) {}

  void run(std::vector<geo::Area> areas, Progress& progress) {
    tracker_.load_areas(std::move(areas), fixes_.empty() ? 0 : fixes_.front().position.time_ms);
    for (std::size_t first = 0; first < fixes_.size() && out_; first += kBlock) {
      progress.at(first);
      run_block(first, std::min(first + kBlock, fixes_.size()));
    }
    out_ << text_ << std::flush;
  }

  const geo::FenceTracker& tracker() const { return tracker_; }
  std::size_t transitions() const { return transitions_; }
  /// The first ones, if a map is wanted.
  std::vector<geo::Transition> take_kept() { return std::move(kept_); }

 private:
  static constexpr std::size_t kMostKept = MapLimits{}.transitions;

  static geo::Rule rule_of(const ReplayOptions& options) {
    geo::Rule rule = options.raw ? geo::Rule::plain() : geo::Rule{};
    if (!options.raw) rule.area = options.rule;
    return rule;
  }

  void run_block(std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      const geo::Position& position = fixes_[i].position;
      if (const auto due = tracker_.next_due_ms(); due && *due <= position.time_ms)
        found_ = tracker_.advance(position.time_ms);
      tracker_.fix(handle_of(fixes_[i].user), position, found_);
      if (!found_.empty()) report();
    }
  }

  /// Fixes of one user often follow each other.
  geo::UserHandle handle_of(const std::string& user) {
    if (last_user_ == nullptr || *last_user_ != user) {
      last_handle_ = tracker_.intern(user);
      last_user_ = &user;
    }
    return last_handle_;
  }

  void report() {
    for (const geo::Transition& transition : found_) {
      append_line(text_, transition);
      if (kept_.size() < keep_) kept_.push_back(transition);
    }
    transitions_ += found_.size();
    found_.clear();
    if (text_.size() < kOutputBytes) return;
    out_ << text_;
    text_.clear();
  }

  const std::vector<tracks::TrackFix>& fixes_;
  geo::FenceTracker tracker_;
  std::ostream& out_;
  const std::size_t keep_;
  const std::string* last_user_ = nullptr;
  geo::UserHandle last_handle_ = 0;
  std::vector<geo::Transition> found_, kept_;
  std::size_t transitions_ = 0;
  std::string text_;
};

/// Returns what went wrong, or "".
std::string write_map(const ReplayOptions& options, const std::vector<tracks::TrackFix>& fixes,
                      Replay& replay) {
  ReplayMap map{.title = options.fixes.filename().string() + " in " + options.areas.filename().string(),
                .rule = std::string(replay.tracker().rule().name()),
                .areas = {},
                .fixes = fixes,
                .transitions = replay.take_kept(),
                .all_transitions = replay.transitions()};
  replay.tracker().index().for_each([&map](const geo::Area& area) { map.areas.push_back(&area); });
  std::ofstream file(options.html, std::ios::binary | std::ios::trunc);
  file << map_html(map) << std::flush;
  return file ? "" : options.html.string() + ": cannot be written";
}

/// The map must not replace what it is made of.
bool is_input(const ReplayOptions& options) {
  std::error_code error;
  return !options.html.empty() && (std::filesystem::equivalent(options.html, options.areas, error) ||
                                   std::filesystem::equivalent(options.html, options.fixes, error));
}

}  // namespace

int replay_command(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  const auto start = Clock::now();
  if (is_input(options)) {
    err << options.html.string() << ": expected another file for the map than those that are read\n";
    return 1;
  }
  auto areas = load_areas(options.areas, options.width_m, err);
  const auto fixes = load_fixes(options.fixes, err);
  if (!areas || !fixes) return 1;

  const std::size_t area_count = areas->size();
  Progress progress(err, fixes->size(), options.progress);
  Replay replay(options, *fixes, out);
  replay.run(*std::move(areas), progress);
  progress.clear();
  std::string problem = out ? "" : "the transitions cannot be written";
  if (problem.empty() && !options.html.empty()) problem = write_map(options, *fixes, replay);
  if (!problem.empty()) {
    err << problem << "\n";
    return 1;
  }
  err << fmt::format("{} fixes, {} users, {} areas, {} transitions, {:.2f} s\n", fixes->size(),
                     replay.tracker().users(), area_count, replay.transitions(),
                     Seconds(Clock::now() - start).count());
  return 0;
}

}  // namespace convoke::cli
