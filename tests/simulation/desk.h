#pragma once

#include <functional>
#include <map>
#include <string>

#include "tests/simulation/agenda.h"
#include "tests/simulation/broker.h"

namespace convoke::simulation {

/// Where staff work over MQTT: repeats each request, the same bytes, until it is answered.
class Desk final : public Endpoint {
 public:
  using Answer = std::function<void(int status, const std::string& body)>;

  Desk(Agenda& agenda, Broker& broker, std::string token)
      : agenda_(agenda), broker_(broker), token_(std::move(token)) {}

  /// `method` as in HTTP; `body` the text of a JSON object.
  void call(const std::string& method, const std::string& path, const std::string& body, Answer answer);
  /// An event from outside, to which there is no answer.
  void tell(const std::string& event);

  // Endpoint
  void up(bool session_present) override;
  void down(int code) override;
  void arrived(const Message& message) override;
  void published(std::uint64_t, int) override {}
  void subscribed(std::uint64_t, const std::vector<int>&) override {}

 private:
  struct Request {
    std::string payload;
    Answer answer;
  };
  void connect();
  void send(const std::string& topic, const std::string& payload);
  void repeat();

  Agenda& agenda_;
  Broker& broker_;
  std::string token_;
  ConnectionPtr connection_;
  bool connected_ = false, repeating_ = false;
  std::map<std::string, Request> waiting_;  // by id
  std::uint64_t counter_ = 0;
};

}  // namespace convoke::simulation
