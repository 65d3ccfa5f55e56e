#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/store/store.h"
#include "tests/simulation/random.h"

namespace convoke::simulation {

/// The server's disk: a store whose process can die at any write, which loses what was not synced when the
/// machine dies with it, and which can be full for a while.
class Disk final : public store::Store {
 public:
  /// `beneath`: where it is kept.
  Disk(std::unique_ptr<store::Store> beneath, Random random)
      : beneath_(std::move(beneath)), random_(random) {}

  /// Called before and after each write; may throw Crash.
  std::function<void()> before_write, after_write;

  [[nodiscard]] store::Failure write(const std::vector<store::Write>& batch, bool sync) override;
  void scan(store::Family family, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& f) const override {
    beneath_->scan(family, prefix, from, f);
  }

  std::function<bool(const store::Write&)> loses;  // sabotage

  bool is_from_backup() const override { return from_backup_; }
  void forget_backup() override { from_backup_ = false; }

  /// All that is there now, for `go_back_to`.
  std::vector<store::Write> copy() const;
  /// What was there when it was copied is there again, and nothing else.
  void go_back_to(const std::vector<store::Write>& copy);

  /// So many writes from now on fail.
  void fill(int writes) { full_for_ = writes; }
  /// Power is lost: of the writes since the last synced one only the first few are there.
  void lose_power();

 private:
  std::vector<store::Write> undo_of(const std::vector<store::Write>& batch) const;

  std::unique_ptr<store::Store> beneath_;
  Random random_;
  int full_for_ = 0;
  bool from_backup_ = false;
  std::deque<std::vector<store::Write>> undo_;  // of each write that was not synced, the newest last
};

}  // namespace convoke::simulation
