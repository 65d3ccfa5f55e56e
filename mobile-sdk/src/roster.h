#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "topics/messages/roster.h"

namespace convoke::sdk {

/// The buddy list of one group as this phone holds it: header, some pages, and the version that they show.
///
/// Loading: after a SUBSCRIBE the broker replays header and page 0; together they are one version. From then
/// on `changes` lead from version to version. Where one is missing (a gap), or a header or page tells of a
/// version that no change led to, header and page 0 are read again by subscribing again. A list is *settled*
/// when every page held belongs to `version()`; only a settled version is reported to the server as held.
class Roster {
 public:
  static constexpr std::int64_t kGapMs = 3'000;     // how long a known change may be on its way
  static constexpr std::int64_t kReloadMs = 5'000;  // how long a replay may take before it is asked for again
  static constexpr std::int64_t kMaxReloadMs = 60'000;

  /// Header and page 0 are being read: a SUBSCRIBE to both has gone out, or will.
  void reload(std::int64_t now_ms);

  void head(const messages::RosterHead& head, std::int64_t now_ms);
  void page(const messages::RosterPage& page, std::int64_t now_ms);
  /// A page that was asked for. It may be older than the header that is being read, so it is not the replay.
  void answered(const messages::RosterPage& page, std::int64_t now_ms);
  void page_unknown(std::uint32_t page, std::int64_t now_ms);
  /// `wait_ms`: so long a page that has changed is not asked for yet.
  void changes(const messages::RosterChanges& changes, std::int64_t now_ms, std::int64_t wait_ms = 0);
  void tick(std::int64_t now_ms);
  std::optional<std::int64_t> next_due() const;

  /// True once for each time that header and page 0 must be asked for (again) by a SUBSCRIBE.
  bool take_resubscribe();
  /// Pages to be requested now; call `asked` for each one that was.
  std::vector<std::uint32_t> pages_to_ask() const;
  void asked(std::uint32_t page) { wanted_[page] = {Want::asked}; }
  /// The next page that is not held is wanted. False if there is none.
  bool load_more();

  /// True once after something that the app can see has changed and is settled.
  bool take_changed();
  bool settled() const;
  std::uint64_t version() const { return version_; }
  std::uint32_t pages_held() const { return static_cast<std::uint32_t>(pages_.size()); }
  const messages::RosterHead& header() const { return head_; }
  std::vector<messages::Buddy> buddies() const;

 private:
  enum class Want : std::uint8_t { to_ask, asked, asked_and_changed_since };
  struct Wanted {
    Want state = Want::to_ask;
    std::int64_t from_ms = 0;  // not before, if it is to be asked for
  };
  void take_page(const messages::RosterPage& page);
  void finish_loading();
  void settle(std::int64_t now_ms);
  void apply(const messages::RosterChanges& changes);
  void want_changed_pages(const messages::RosterChanges& changes, std::int64_t from_ms);
  std::uint64_t newest_page() const;

  messages::RosterHead head_;
  std::map<std::uint32_t, messages::RosterPage> pages_;
  std::map<std::uint32_t, Wanted> wanted_;
  std::uint64_t known_ = 0;    // the version that the changes seen lead to
  std::uint64_t version_ = 0;  // the last settled one
  bool loading_ = true;
  bool head_read_ = false;  // while loading
  bool page_read_ = false;
  bool changed_ = false;
  bool resubscribe_ = false;
  std::int64_t reload_pause_ms_ = kReloadMs;
  std::int64_t now_ms_ = 0;          // the last that was told
  std::optional<std::int64_t> due_;  // of the reload, while something is amiss
};

}  // namespace convoke::sdk
