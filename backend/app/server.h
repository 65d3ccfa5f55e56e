#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backend/app/api.h"
#include "backend/app/clock.h"
#include "backend/app/config.h"
#include "backend/app/event_hub.h"
#include "backend/app/hook_gate.h"
#include "backend/app/http_server.h"
#include "backend/app/keys.h"
#include "backend/app/loop.h"
#include "backend/app/mailbox.h"
#include "backend/app/metrics.h"
#include "backend/app/staff_desk.h"
#include "backend/egress/broker_link.h"
#include "backend/gateways/identity_vault.h"
#include "backend/gateways/mail/mail_gateway.h"
#include "backend/store/store.h"
#include "topics/sync/mutex.h"

namespace convoke::app {

/// The server: the only place where the parts meet. One thread (`run`) owns the loop, which joins the core,
/// the store's journal and the outbox; Paho's and HTTP's threads only put things in its mailbox.
class Server {
 public:
  /// Opens and loads the store. Throws std::runtime_error saying what is wrong with the configuration or the
  /// store.
  explicit Server(Config config);
  ~Server();

  /// Serves until `stop`. `ready` is called once, when broker and HTTP are up and the broker's backlog is
  /// drained.
  void run(const std::function<void()>& ready);
  /// May be called from any thread, and from a signal handler's thread.
  void stop();
  /// Reads the keys' file again; a broken one changes nothing but the log. From any thread, as stop.
  void reload_keys();

 private:
  struct ApiCall {
    topics::Principal who;
    Command command;
    std::promise<ApiResponse> answer;
  };
  /// From the connection to another site's broker.
  struct PeerEvent {
    std::uint64_t link;
    egress::LinkEvent event;
  };
  using Mail = std::variant<egress::LinkEvent, std::unique_ptr<ApiCall>, PeerEvent>;
  using Answers = std::vector<std::pair<std::unique_ptr<ApiCall>, ApiResponse>>;

  Loop::Hooks hooks();
  decltype(Loop::Hooks::signed_in) sign_ins();
  ingress::Decoder::Outside outside();
  void turn(std::deque<Mail> mail);
  void housekeeping(std::int64_t real_ms);
  void set_problem(const std::string& what, const std::string& detail);
  ApiResponse carry_out(const topics::Principal& who, Command command, core::Context& ctx);
  ApiResponse call(const topics::Principal& who, Command command);
  bool take_act(core::Act act);
  HookGate::Outside hook_outside();
  std::vector<gateways::hooks::KeptHint> kept_hints() const;
  gateways::MailGateway::Hooks mail_hooks();
  std::string status() const;
  std::chrono::milliseconds patience() const;
  std::string read_token();
  void require_federation_key() const;
  std::string peer_token(const topics::SiteId& site) const;
  std::unique_ptr<egress::Link> peer_link(const core::Peer& peer, std::uint64_t number);
  bool compacted();
  ApiResponse show_erasures() const;
  ApiResponse make_backup();
  std::vector<std::string> backups() const;

  Config config_;
  Clock clock_;
  Keys keys_;
  std::optional<gateways::IdentityVault> vault_;
  std::optional<token::KeySet> federation_key_;
  std::unique_ptr<store::Store> store_;
  std::future<store::Failure> compaction_;  // of the store
  Metrics metrics_;
  EventHub events_;
  Mailbox<Mail> mailbox_;
  std::atomic<std::uint64_t> dropped_ = 0;  // messages, because the mailbox was full
  egress::BrokerLink link_;
  Loop loop_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<HookGate> hook_gate_;
  std::unique_ptr<gateways::MailGateway> mail_;

  StaffDesk staff_desk_;
  std::int64_t housekeeping_ms_ = 0;
  bool was_drained_ = false, announced_ready_ = false;
  std::atomic<bool> stopping_ = false;

  mutable Mutex problems_mutex_;
  std::map<std::string, std::string> problems_ CONVOKE_GUARDED_BY(problems_mutex_);
};

}  // namespace convoke::app
