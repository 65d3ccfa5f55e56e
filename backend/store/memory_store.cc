#include <array>
#include <map>

#include "backend/store/store.h"

namespace convoke::store {
namespace {

class MemoryStore final : public Store {
 public:
  Failure write(const std::vector<Write>& batch, bool) override {
    for (const Write& w : batch) {
      auto& family = families_[static_cast<std::size_t>(w.family)];
      if (w.value)
        family[w.key] = *w.value;
      else if (!w.end.empty())
        family.erase(family.lower_bound(w.key), family.lower_bound(w.end));
      else
        family.erase(w.key);
    }
    return std::nullopt;
  }

  void scan(Family family, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& f) const override {
    const auto& map = families_[static_cast<std::size_t>(family)];
    for (auto it = map.lower_bound(std::string(from > prefix ? from : prefix)); it != map.end(); ++it)
      if (!std::string_view(it->first).starts_with(prefix) || !f(it->first, it->second)) return;
  }

 private:
  std::array<std::map<std::string, std::string>, kFamilies> families_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace convoke::store
