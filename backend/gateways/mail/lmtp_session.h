#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::gateways {

/// One mail as LMTP hands it over.
struct LmtpMail {
  std::string sender;                   // empty: the null sender
  std::vector<std::string> recipients;  // as written, each accepted
  std::string data;                     // without the dots of the transport; empty if it was too large
  bool too_large = false;
};

/// What became of a mail for one recipient.
enum class LmtpVerdict { taken, later, limited };

/// The server's side of one LMTP connection (RFC 2033): bytes in, replies and mails out. No I/O; the caller
/// says what became of each mail before anything after it is looked at.
class LmtpSession {
 public:
  struct Options {
    std::string host;  // our name in the greeting
    std::size_t max_bytes = 1024 * 1024;
    std::size_t max_recipients = 100;
    std::function<bool(const std::string& address)> knows;  // a recipient that is ours
  };
  /// Either text for the peer, or a mail that waits for `answer`; `closes`: nothing comes after the text.
  struct Step {
    std::string text;
    std::optional<LmtpMail> mail;
    bool closes = false;
  };

  explicit LmtpSession(Options options) : options_(std::move(options)) {}

  std::string greeting() const;
  /// What the peer sent. Not kept beyond what one line or mail may be.
  void take(std::string_view bytes) { input_ += bytes; }
  /// The next step that what was taken asks for; nothing if more is needed.
  std::optional<Step> next();
  /// The replies to the last mail: one for each recipient, in their order (section 4.2).
  std::string answer(const std::vector<LmtpVerdict>& verdicts);
  /// Whether a mail is on its way in: then the peer may take longer.
  bool in_data() const { return in_data_; }

 private:
  std::optional<Step> next_command();
  std::optional<Step> next_data();
  Step command(std::string_view line);
  std::string lhlo(std::string_view argument);
  std::string mail(std::string_view argument);
  std::string mail_parameters(std::string_view text);
  std::string rcpt(std::string_view argument);
  std::string data(std::string_view argument);
  Step refuse(std::string text);
  void reset();

  Options options_;
  std::string input_;
  bool greeted_ = false, in_data_ = false, has_sender_ = false, skipping_ = false;
  bool utf8_ = false;        // SMTPUTF8 was said
  bool line_begins_ = true;  // in a mail: at the beginning of a line
  LmtpMail mail_;
  int refused_ = 0;
};

}  // namespace convoke::gateways
