#include "tests/simulation/disk.h"

namespace convoke::simulation {

store::Failure Disk::write(const std::vector<store::Write>& batch, bool sync) {
  if (full_for_ > 0) {
    --full_for_;
    return "no space left on device";
  }
  if (before_write) before_write();
  if (sync)
    undo_.clear();  // what came before is on the disk with it
  else
    undo_.push_back(undo_of(batch));
  std::vector<store::Write> kept = batch;
  if (loses) std::erase_if(kept, loses);
  auto failure = beneath_->write(kept, sync);
  if (after_write) after_write();
  return failure;
}

std::vector<store::Write> Disk::undo_of(const std::vector<store::Write>& batch) const {
  std::vector<store::Write> undo;
  for (auto write = batch.rbegin(); write != batch.rend(); ++write) {
    store::Write before{write->family, write->key, {}};
    beneath_->scan(write->family, write->key, write->key, [&](auto key, auto value) {
      if (key == write->key) before.value = value;
      return false;
    });
    undo.push_back(std::move(before));
  }
  return undo;
}

std::vector<store::Write> Disk::copy() const {
  std::vector<store::Write> all;
  for (std::size_t i = 0; i < store::kFamilies; ++i)
    beneath_->scan(static_cast<store::Family>(i), {}, {}, [&](auto key, auto value) {
      all.push_back({static_cast<store::Family>(i), std::string(key), std::string(value)});
      return true;
    });
  return all;
}

void Disk::go_back_to(const std::vector<store::Write>& copy) {
  std::vector<store::Write> writes = this->copy();
  for (store::Write& write : writes) write.value.reset();
  writes.insert(writes.end(), copy.begin(), copy.end());
  (void)beneath_->write(writes, true);
  undo_.clear();
  from_backup_ = true;
}

void Disk::lose_power() {
  for (std::size_t lost = undo_.empty() ? 0 : random_.below(undo_.size() + 1); lost > 0; --lost) {
    (void)beneath_->write(undo_.back(), true);
    undo_.pop_back();
  }
  undo_.clear();
}

}  // namespace convoke::simulation
