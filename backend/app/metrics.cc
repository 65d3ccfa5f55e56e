#include "backend/app/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <stdexcept>

namespace convoke::app {

struct Metrics::Impl {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  prometheus::Family<prometheus::Counter>& messages = prometheus::BuildCounter()
                                                          .Name("convoke_messages_total")
                                                          .Help("Messages from the broker, by kind")
                                                          .Register(*registry);
  prometheus::Family<prometheus::Counter>& events = prometheus::BuildCounter()
                                                        .Name("convoke_events_total")
                                                        .Help("What happened, by type of event")
                                                        .Register(*registry);
  prometheus::Family<prometheus::Counter>& hooks =
      prometheus::BuildCounter()
          .Name("convoke_hooks_total")
          .Help("Requests to hooks, by hook and what became of them")
          .Register(*registry);
  prometheus::Family<prometheus::Counter>& mails =
      prometheus::BuildCounter()
          .Name("convoke_mails_total")
          .Help("Mails that came in, by recipient and what became of them")
          .Register(*registry);
  prometheus::Family<prometheus::Gauge>& rejects = prometheus::BuildGauge()
                                                       .Name("convoke_rejected")
                                                       .Help("Refused input since the start, by reason")
                                                       .Register(*registry);
  prometheus::Family<prometheus::Gauge>& broker = prometheus::BuildGauge()
                                                      .Name("convoke_broker_plugin")
                                                      .Help("Counters of the broker plugin")
                                                      .Register(*registry);
  prometheus::Family<prometheus::Gauge>& gauges = prometheus::BuildGauge()
                                                      .Name("convoke_state")
                                                      .Help("How many there are now, by what")
                                                      .Register(*registry);
  std::unique_ptr<prometheus::Exposer> exposer;
};

Metrics::Metrics(const std::string& host, int port) : impl_(std::make_unique<Impl>()) {
  if (port == 0) return;
  const std::string address = host + ":" + std::to_string(port);
  try {
    impl_->exposer = std::make_unique<prometheus::Exposer>(address, 1);
  } catch (const std::exception&) {
    throw std::runtime_error("metrics.port: " + address + " cannot be listened on: is it taken?");
  }
  impl_->exposer->RegisterCollectable(impl_->registry);
}

Metrics::~Metrics() = default;

void Metrics::count_message(const std::string& kind) { impl_->messages.Add({{"kind", kind}}).Increment(); }
void Metrics::count_event(const std::string& type) { impl_->events.Add({{"type", type}}).Increment(); }
void Metrics::count_hook(const std::string& hook, const std::string& result) {
  impl_->hooks.Add({{"hook", hook}, {"result", result}}).Increment();
}
void Metrics::count_mail(const std::string& outcome) { impl_->mails.Add({{"outcome", outcome}}).Increment(); }
void Metrics::set_gauge(const std::string& name, double value) {
  impl_->gauges.Add({{"what", name}}).Set(value);
}

void Metrics::set_rejects(const std::map<std::string, std::uint64_t>& by_reason) {
  for (const auto& [reason, n] : by_reason)
    impl_->rejects.Add({{"reason", reason}}).Set(static_cast<double>(n));
}

void Metrics::set_broker_counters(const std::map<std::string, std::uint64_t>& counters) {
  for (const auto& [name, n] : counters) impl_->broker.Add({{"counter", name}}).Set(static_cast<double>(n));
}

}  // namespace convoke::app
