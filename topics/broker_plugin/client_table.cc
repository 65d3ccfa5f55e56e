#include "topics/broker_plugin/client_table.h"

#include <iterator>

namespace convoke::broker_plugin {

bool is_user(const topics::Principal& principal) {
  return principal.role != topics::Role::server && principal.role != topics::Role::peer;
}

const Client* ClientTable::find(std::string_view id) const {
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : &found->second.client;
}

void ClientTable::connected(std::string_view id, Client client) {
  const auto [at, is_new] = clients_.try_emplace(std::string(id));
  if (at->second.client.connection == nullptr) ++live_;
  at->second.client = std::move(client);
  set_due(at, at->second.client.expires_s * 1000);
}

void ClientTable::disconnected(std::string_view id, Connection connection, std::int64_t now_ms) {
  const auto at = clients_.find(id);
  if (at == clients_.end() || connection == nullptr || at->second.client.connection != connection) return;
  set_gone(at, now_ms);
}

std::vector<std::string> ClientTable::expire(std::int64_t now_ms) {
  std::vector<std::string> expired;
  while (!due_.empty() && due_.begin()->first <= now_ms) {
    const auto at = clients_.find(due_.begin()->second);
    if (at->second.client.connection == nullptr) {
      erase(at);
    } else {
      expired.push_back(at->first);
      set_gone(at, now_ms);
    }
  }
  return expired;
}

std::vector<std::string> ClientTable::revoke(std::string_view user, std::int64_t issued_before_ms,
                                             std::int64_t now_ms) {
  std::vector<std::string> cut;
  for (auto at = clients_.begin(); at != clients_.end();) {
    const auto next = std::next(at);
    const Client& client = at->second.client;
    if (is_user(client.principal) && client.principal.subject == user &&
        client.issued_s * 1000 < issued_before_ms) {
      if (client.connection == nullptr) {
        erase(at);
      } else {
        cut.push_back(at->first);
        set_gone(at, now_ms);
      }
    }
    at = next;
  }
  return cut;
}

void ClientTable::set_gone(Entries::iterator at, std::int64_t now_ms) {
  at->second.client.connection = nullptr;
  --live_;
  set_due(at, now_ms + kRememberMs);
}

void ClientTable::set_due(Entries::iterator at, std::int64_t due_ms) {
  due_.erase({at->second.due_ms, at->first});
  at->second.due_ms = due_ms;
  due_.emplace(due_ms, at->first);
}

void ClientTable::erase(Entries::iterator at) {
  due_.erase({at->second.due_ms, at->first});
  clients_.erase(at);
}

}  // namespace convoke::broker_plugin
