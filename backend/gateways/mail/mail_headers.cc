#include "backend/gateways/mail/mail_headers.h"

#include <openssl/evp.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <stdexcept>

#include "backend/core/mail_header.h"
#include "backend/gateways/mail/header_fields.h"
#include "backend/gateways/mail/mime.h"

namespace convoke::gateways {
namespace {

constexpr std::size_t kMaxIdBytes = 100, kMaxSubjectBytes = 200, kMaxListBytes = 200;
constexpr std::size_t kMaxSignatures = 16, kMaxTraces = 16;
constexpr std::size_t kMaxOtherBytes = 1000;

using Fields = std::vector<HeaderField>;

const HeaderField* find(const Fields& fields, std::string_view name) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &*found;
}
std::string value_of(const Fields& fields, std::string_view name) {
  const HeaderField* field = find(fields, name);
  return field ? field->value : std::string();
}
bool comes_twice(const Fields& fields, std::string_view name) {
  return std::count_if(fields.begin(), fields.end(), [&](const auto& f) { return f.name == name; }) > 1;
}

/// "auto-replied; vacation" -> "auto-replied"
std::string first_word(const std::string& value) {
  const std::string_view text = trimmed(value);
  return lower_ascii(text.substr(0, text.find_first_of(" \t;(")));
}

/// What stands in the "<>" at the end, "" if nothing does: `The club <news.club.example>` (RFC 2919).
std::string in_brackets(const std::string& value) {
  const std::string_view text = trimmed(value);
  const auto open = text.rfind('<');
  if (open == text.npos || text.back() != '>') return "";
  return std::string(text.substr(open + 1, text.size() - open - 2));
}

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
}

std::string sha256_hex(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("mail: OpenSSL failed");
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kDigits[digest[i] >> 4];
    out += kDigits[digest[i] & 15];
  }
  return out;
}

std::string id_of(const Fields& fields) {
  std::string id = in_brackets(value_of(fields, "message-id"));
  return id.size() <= kMaxIdBytes && is_printable(id) ? id : "";
}

/// A signature allows for other blanks and line ends, more or less of them; so these do not count.
std::string content_of(const MessageParts& parts) {
  std::string content;
  const auto add = [&](std::string_view text) {
    std::copy_if(text.begin(), text.end(), std::back_inserter(content),
                 [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
    content += '\n';
  };
  for (const char* name : {"from", "date", "subject"}) add(value_of(parts.fields, name));
  add(parts.body);
  return sha256_hex(content);
}

/// `from … by … ; DATE`
std::optional<core::TimeMs> received_at(const std::string& value) {
  const auto semicolon = value.rfind(';');
  if (semicolon == value.npos) return std::nullopt;
  return parse_date(std::string_view(value).substr(semicolon + 1));
}

/// False if there are more signatures than we look at.
bool read_trace(const Fields& fields, MailHeaders& mail) {
  for (const HeaderField& field : fields) {
    if (field.name == "received" && ++mail.hops == 1) mail.received = received_at(field.value);
    if (field.name == "authentication-results" && mail.hops < 2 &&
        mail.authentication_results.size() < kMaxTraces)
      mail.authentication_results.push_back(field.value);
    if (field.name == "dkim-signature") mail.dkim_signatures.push_back(field.value);
  }
  return mail.dkim_signatures.size() <= kMaxSignatures;
}

std::vector<std::string> recipients(const Fields& fields, std::string_view name) {
  if (comes_twice(fields, name)) return {};
  return mailboxes(value_of(fields, name));
}

/// One that comes twice is none: who reads the other one would see another mail.
std::map<std::string, std::string> others(const Fields& fields) {
  std::map<std::string, std::string> once;
  std::set<std::string> seen;
  for (const HeaderField& field : fields) {
    if (!core::plans_may_ask_for_header(field.name)) continue;
    if (!seen.insert(field.name).second)
      once.erase(field.name);
    else if (field.value.size() <= kMaxOtherBytes)
      once[field.name] = field.value;
  }
  return once;
}

}  // namespace

std::variant<MailHeaders, const char*> read_mail(std::string_view bytes) {
  const auto parts = split_message(bytes);
  if (!parts || parts->fields.empty()) return "malformed";
  const Fields& fields = parts->fields;
  for (const char* name : {"from", "sender", "subject", "date", "message-id", "list-id", "auto-submitted"})
    if (comes_twice(fields, name)) return "twice";
  MailHeaders mail;
  mail.id = id_of(fields);
  mail.content = content_of(*parts);
  if (const HeaderField* from = find(fields, "from")) mail.from = one_mailbox(from->value);
  mail.to = recipients(fields, "to");
  mail.cc = recipients(fields, "cc");
  mail.subject = decode_text(value_of(fields, "subject"), kMaxSubjectBytes);
  mail.list = lower_ascii(in_brackets(value_of(fields, "list-id")));
  if (mail.list.size() > kMaxListBytes || !is_printable(mail.list)) mail.list.clear();
  mail.auto_submitted = first_word(value_of(fields, "auto-submitted"));
  mail.precedence = first_word(value_of(fields, "precedence"));
  mail.of_list = find(fields, "list-id") || find(fields, "list-unsubscribe") || find(fields, "list-post");
  mail.report = first_word(value_of(fields, "content-type")) == "multipart/report";
  if (const HeaderField* date = find(fields, "date")) mail.date = parse_date(date->value);
  mail.others = others(fields);
  if (!read_trace(fields, mail)) return "malformed";
  return mail;
}

}  // namespace convoke::gateways
