#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace convoke::test {

/// A real mail server in front of the server, made by ops/mail/setup: Postfix takes mails in, OpenDKIM says
/// who signed them, and one more of each signs what honest senders send. Needs root. The keys of the domains
/// that sign are in a zone of its own name server.
class MailChain {
 public:
  /// `signers`: domains that the honest server signs for, all with one key.
  explicit MailChain(const std::string& signers = "club.example,evil.example");
  ~MailChain();

  /// Lines for the server's configuration, as ops/mail/setup prints them: it listens where Postfix delivers.
  std::string server_config() const;

  /// Sends this text as the honest server's user; true if it was taken.
  bool send(const std::string& text, const std::string& from, const std::string& to) const;
  /// The same with SMTPUTF8 (RFC 6531), for addresses that are not ASCII.
  bool send_utf8(const std::string& text, const std::string& from, const std::string& to) const;
  /// Sends it to the receiving server as anybody can; true if it was taken.
  bool forge(const std::string& text, const std::string& from, const std::string& to) const;
  /// The text, with a signature of this domain on top, whatever its From says.
  std::string signed_by(const std::string& domain, const std::string& text) const;

  /// Has both servers try again what waits, and waits until nothing does; false after a minute.
  bool wait_until_delivered() const;
  /// What both have logged.
  std::string log() const;

 private:
  void set_up(const std::string& name, const std::string& more);
  void stop_with_us();
  void publish_keys(const std::string& signers);
  bool swaks(std::uint16_t port, const std::string& text, const std::string& from,
             const std::string& to) const;
  bool is_empty(const std::string& name) const;

  TempDir dir_;
  ChildProcess dns_;
  std::uint16_t honest_port_, port_;
  pid_t stopper_ = 0;
  int pipe_ = -1;
};

}  // namespace convoke::test
