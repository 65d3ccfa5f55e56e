#include "backend/gateways/mail/lmtp_session.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "backend/gateways/mail/header_fields.h"
#include "backend/gateways/mail/mail_address.h"

namespace convoke::gateways {
namespace {

constexpr std::size_t kMaxLine = 2048;           // with what extensions add to RFC 5321's 512
constexpr std::size_t kMaxRecipientBytes = 200;  // what the core keeps of a text
constexpr int kMaxRefused = 20;                  // then the peer is no mail server

constexpr const char* kOk = "250 2.0.0 OK\r\n";
constexpr const char* kNotAscii = "553 5.6.7 Address needs SMTPUTF8\r\n";
constexpr const char* kTooLarge = "552 5.3.4 Message too large\r\n";

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}
bool same(std::string_view a, std::string_view b) { return lower_ascii(a) == lower_ascii(b); }

/// "MAIL FROM:<a@b> SIZE=1": the verb, and what follows its blank.
std::pair<std::string, std::string_view> split_verb(std::string_view line) {
  const auto blank = line.find(' ');
  const std::string verb = lower_ascii(line.substr(0, blank));
  return {verb, blank == line.npos ? std::string_view() : line.substr(blank + 1)};
}

/// What follows "FROM:" or "TO:"; nothing if that does not stand there.
std::optional<std::string_view> after(std::string_view text, std::string_view word) {
  if (!same(text.substr(0, word.size()), word)) return std::nullopt;
  return trimmed(text.substr(word.size()));
}

bool is_plain_line(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 32 && u != 127;
  });
}

const char* reply_to(LmtpVerdict verdict) {
  switch (verdict) {
    case LmtpVerdict::taken:
      return kOk;
    case LmtpVerdict::limited:
      return "451 4.7.0 Too many mails of this sender, try again later\r\n";
    case LmtpVerdict::later:
      break;
  }
  return "451 4.3.0 Not now, try again\r\n";
}

}  // namespace

std::string LmtpSession::greeting() const { return "220 " + options_.host + " LMTP Convoke\r\n"; }

std::optional<LmtpSession::Step> LmtpSession::next() { return in_data_ ? next_data() : next_command(); }

std::optional<LmtpSession::Step> LmtpSession::next_command() {
  const auto end = input_.find("\r\n");
  if (end == std::string::npos) {
    if (input_.size() > kMaxLine + 1) {    // a CR may wait for its LF
      input_.erase(0, input_.size() - 1);  // its last byte may be the CR of the line's end
      skipping_ = true;
    }
    return std::nullopt;
  }
  const std::string line = input_.substr(0, end);
  input_.erase(0, end + 2);
  if (std::exchange(skipping_, false) || line.size() > kMaxLine) return refuse("500 5.5.6 Line too long\r\n");
  if (!is_plain_line(line)) return refuse("500 5.5.2 Control character in a command\r\n");
  return command(line);
}

LmtpSession::Step LmtpSession::command(std::string_view line) {
  const auto [verb, argument] = split_verb(line);
  if (verb == "quit") return {"221 2.0.0 Bye\r\n", {}, true};
  std::string text;
  if (verb == "lhlo")
    text = lhlo(argument);
  else if (verb == "mail")
    text = mail(argument);
  else if (verb == "rcpt")
    text = rcpt(argument);
  else if (verb == "data")
    text = data(argument);
  else if (verb == "rset")
    reset(), text = kOk;
  else if (verb == "noop")
    text = kOk;
  else if (verb == "vrfy")
    text = "252 2.5.0 Send some mail, and see\r\n";
  else
    text = "500 5.5.1 Unknown command; this is LMTP\r\n";  // section 4.1: HELO and EHLO too
  return text[0] == '5' ? refuse(std::move(text)) : Step{std::move(text), {}, false};
}

LmtpSession::Step LmtpSession::refuse(std::string text) {
  if (++refused_ < kMaxRefused) return {std::move(text), {}, false};
  return {text + "421 4.7.0 Too many errors\r\n", {}, true};
}

std::string LmtpSession::lhlo(std::string_view argument) {
  if (trimmed(argument).empty()) return "501 5.5.4 LHLO needs a name\r\n";
  reset();
  greeted_ = true;
  return "250-" + options_.host + "\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n" +
         "250-SMTPUTF8\r\n250 SIZE " + std::to_string(options_.max_bytes) + "\r\n";
}

std::string LmtpSession::mail(std::string_view argument) {
  if (!greeted_) return "503 5.5.1 LHLO first\r\n";
  if (has_sender_) return "503 5.5.1 There is a sender\r\n";
  const auto path = after(argument, "from:");
  const auto parsed = path ? parse_path(*path) : std::nullopt;
  if (!parsed) return "501 5.1.7 Expected MAIL FROM:<address>\r\n";
  utf8_ = false;
  if (std::string refused = mail_parameters(parsed->parameters); !refused.empty()) return refused;
  if (!utf8_ && !is_ascii(parsed->address)) return kNotAscii;
  mail_.sender = parsed->address;
  has_sender_ = true;
  return "250 2.1.0 OK\r\n";
}

/// The reply that refuses them; empty if they are fine.
std::string LmtpSession::mail_parameters(std::string_view text) {
  while (!(text = trimmed(text)).empty()) {
    const std::string word = lower_ascii(text.substr(0, text.find(' ')));
    text.remove_prefix(word.size());
    utf8_ = utf8_ || word == "smtputf8";
    if (word == "body=7bit" || word == "body=8bitmime" || word == "smtputf8") continue;
    if (word.compare(0, 5, "size=") != 0) return "555 5.5.4 Unknown parameter of MAIL\r\n";
    std::size_t size = 0;
    const char* const end = word.data() + word.size();
    const auto read = std::from_chars(word.data() + 5, end, size);
    if (read.ec == std::errc::result_out_of_range) return kTooLarge;
    if (read.ec != std::errc() || read.ptr != end) return "501 5.5.4 SIZE: expected a number\r\n";
    if (size > options_.max_bytes) return kTooLarge;
  }
  return "";
}

std::string LmtpSession::rcpt(std::string_view argument) {
  if (!has_sender_) return "503 5.5.1 MAIL first\r\n";
  const auto path = after(argument, "to:");
  const auto parsed = path ? parse_path(*path) : std::nullopt;
  if (!parsed || parsed->address.empty()) return "501 5.1.3 Expected RCPT TO:<address>\r\n";
  if (!trimmed(parsed->parameters).empty()) return "555 5.5.4 RCPT takes no parameters\r\n";
  if (!utf8_ && !is_ascii(parsed->address)) return kNotAscii;
  if (mail_.recipients.size() >= options_.max_recipients) return "452 4.5.3 Too many recipients\r\n";
  if (parsed->address.size() > kMaxRecipientBytes || !options_.knows(parsed->address))
    return "550 5.1.1 No such address here\r\n";
  mail_.recipients.push_back(parsed->address);
  return "250 2.1.5 OK\r\n";
}

std::string LmtpSession::data(std::string_view argument) {
  if (!trimmed(argument).empty()) return "501 5.5.4 DATA takes no parameters\r\n";
  // Section 4.2: without one accepted recipient DATA must fail.
  if (mail_.recipients.empty()) return "503 5.5.1 No valid recipients\r\n";
  in_data_ = true;
  line_begins_ = true;
  return "354 Go ahead\r\n";
}

/// Takes the mail line by line. Only CRLF ends a line, so that nobody smuggles in a second mail.
std::optional<LmtpSession::Step> LmtpSession::next_data() {
  std::size_t from = 0;
  bool ended = false;
  while (from < input_.size()) {
    const auto end = input_.find("\r\n", from);
    const bool whole = end != std::string::npos;
    // A line's beginning waits for three bytes, its end for the byte after a CR.
    if (!whole && line_begins_ && input_.size() - from < 3) break;
    std::string_view piece =
        std::string_view(input_).substr(from, whole ? end + 2 - from : std::string::npos);
    if (!whole && piece.back() == '\r') piece.remove_suffix(1);
    if (piece.empty()) break;
    from += piece.size();
    ended = line_begins_ && piece == ".\r\n";
    if (line_begins_ && piece[0] == '.') piece.remove_prefix(1);
    line_begins_ = whole;
    if (ended) break;
    mail_.too_large = mail_.too_large || mail_.data.size() + piece.size() > options_.max_bytes;
    if (!mail_.too_large) mail_.data += piece;
  }
  input_.erase(0, from);
  if (!ended) return std::nullopt;
  in_data_ = false;
  if (mail_.too_large) mail_.data.clear();
  Step step;
  step.mail = mail_;
  return step;
}

std::string LmtpSession::answer(const std::vector<LmtpVerdict>& verdicts) {
  std::string text;
  for (std::size_t i = 0; i < mail_.recipients.size(); ++i) {
    text += mail_.too_large ? kTooLarge : reply_to(i < verdicts.size() ? verdicts[i] : LmtpVerdict::later);
  }
  reset();
  return text;
}

void LmtpSession::reset() {
  mail_ = {};
  has_sender_ = false;
}

}  // namespace convoke::gateways
