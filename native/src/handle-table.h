#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

// Objects that JavaScript knows by a number. Numbers are never reused.
template <typename Object>
class HandleTable {
 public:
  uint32_t add(std::shared_ptr<Object> object) {
    objects_.emplace(++last_, std::move(object));
    return last_;
  }

  // Null for one that was removed.
  std::shared_ptr<Object> get(uint32_t handle) const {
    const auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }

  std::shared_ptr<Object> remove(uint32_t handle) {
    std::shared_ptr<Object> object = get(handle);
    objects_.erase(handle);
    return object;
  }

  template <typename Action>
  void each(Action action) const {
    for (const auto &[handle, object] : objects_) action(object);
  }

  void clear() { objects_.clear(); }

 private:
  std::unordered_map<uint32_t, std::shared_ptr<Object>> objects_;
  uint32_t last_ = 0;
};
