#include <algorithm>
#include <set>
#include <stdexcept>

#include "backend/gateways/hooks/fields.h"
#include "backend/gateways/hooks/form.h"
#include "backend/gateways/hooks/kinds.h"
#include "backend/gateways/phone_number.h"
#include "topics/ids.h"

/// Twilio Voice: somebody calls. The signature covers the URL as Twilio called it, which a proxy in front of
/// us may have changed: so the configuration says how we are seen.
namespace convoke::gateways::hooks {
namespace {

/// "https://a.example/x" with ":443" after the host, and without.
void add_with_and_without_port(const std::string& scheme, const std::string& authority,
                               const std::string& rest, std::vector<std::string>& out) {
  const auto at = authority.rfind('@');
  const auto port = authority.find(':', at == std::string::npos ? 0 : at);
  const std::string other = port == std::string::npos ? authority + (scheme == "https://" ? ":443" : ":80")
                                                      : authority.substr(0, port);
  out.push_back(scheme + authority + rest);
  out.push_back(scheme + other + rest);
}

/// How Twilio may have written the URL that it signed: with or without the port, and with or without the user
/// and password that the console has in it, which never reach us in a URL.
std::vector<std::string> spellings(const std::string& url) {
  const auto host = url.find("://") + 3, end = std::min(url.find_first_of("/?", host), url.size());
  const std::string scheme = url.substr(0, host), authority = url.substr(host, end - host),
                    rest = url.substr(end);
  std::vector<std::string> out;
  add_with_and_without_port(scheme, authority, rest, out);
  if (const auto at = authority.rfind('@'); at != std::string::npos)
    add_with_and_without_port(scheme, authority.substr(at + 1), rest, out);
  return out;
}

/// Each name once and in order, with each of its values once and in order.
std::string signed_text(const Form& form) {
  std::set<std::pair<std::string, std::string>> sorted(form.begin(), form.end());
  std::string text;
  for (const auto& [name, value] : sorted) text += name + value;
  return text;
}

std::string attestation(std::string_view verstat) {
  constexpr std::string_view kPassed = "TN-Validation-Passed-";
  if (verstat.substr(0, kPassed.size()) != kPassed || verstat.size() != kPassed.size() + 1) return {};
  const char level = verstat.back();
  return level >= 'A' && level <= 'C' ? std::string(1, level) : std::string();
}

std::string escape_xml(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

class Twilio : public Hook {
 public:
  Twilio(const HookOptions& options, const IdentityVault& vault)
      : secrets_(options.secrets), public_url_(options.public_url), country_(options.country), vault_(vault) {
    const std::string verbs =
        options.say.empty() ? "<Reject/>" : "<Say>" + escape_xml(options.say) + "</Say><Hangup/>";
    thanks_ = {200,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>" + verbs + "</Response>\n",
               "text/xml",
               {}};
  }

  Signed verify(const Request& r) const override {
    const auto query = parse_form(r.query());
    const std::string_view hash = query ? value_of(*query, "bodySHA256") : std::string_view();
    if (!hash.empty() && !equal_in_constant_time(hash, sha256_hex(r.body))) return Signed::wrong;
    std::string parameters;
    if (hash.empty() && r.method == "POST") {
      const auto form = parse_form(r.body);
      if (!form) return Signed::wrong;
      parameters = signed_text(*form);
    }
    Signed result = Signed::missing;
    for (const std::string& url : spellings(public_url_ + r.target)) {
      result = check_base64(Digest::sha1, r.header("x-twilio-signature"), url + parameters, secrets_);
      if (result == Signed::good) break;
    }
    return result;
  }
  std::string_view expected() const override {
    return "X-Twilio-Signature: expected one made with this account's token over the configured public URL "
           "and "
           "the parameters";
  }
  std::string_view methods() const override { return "POST, GET"; }
  Reply thanks() const override { return thanks_; }

  Reading read(const Request& r) const override {
    const auto form = parse_form(r.method == "GET" ? r.query() : std::string_view(r.body));
    if (!form) return Refusal{400, "body: expected at most 200 fields of a form"};
    const std::string direction(value_of(*form, "Direction"));
    if (!direction.empty() && direction != "inbound") return Nothing{"not a call to us"};
    core::Act act;
    act.source = core::kByCall;
    act.id = value_of(*form, "CallSid");
    if (!topics::is_plain_id(act.id))
      return Refusal{400, "CallSid: expected 1 to 64 characters out of A-Z a-z 0-9 . _ -"};
    act.to = to_e164(value_of(*form, "To"), country_).value_or("");
    if (act.to.empty()) return Refusal{400, "To: expected a telephone number as +4930123456"};
    act.at_ms = r.now_ms;
    act.attested = attestation(value_of(*form, "StirVerstat"));
    act.verified = !act.attested.empty();
    act.proof = act.attested.empty() ? "twilio: not attested" : "twilio: attested " + act.attested;
    const auto who = caller(value_of(*form, "From"));
    if (!who) return Nothing{"an anonymous call"};
    add(act, who);
    act.subject = who->key;
    return act;
  }

 private:
  /// Twilio writes words on the keys of a telephone for those who hide their number.
  std::optional<core::Identity> caller(std::string_view from) const {
    static const std::set<std::string, std::less<>> kHidden = {
        "+266696687",    // anonymous
        "+86282452253",  // unavailable
        "+7378742883",   // restricted, as documented
        "+7378742833",   // restricted, as the keys have it
        "+2562533",      // blocked
        "+8656696",      // unknown
    };
    if (from.empty() || from[0] != '+' || kHidden.contains(from)) return std::nullopt;
    return vault_.phone(from);
  }

  Secrets secrets_;
  std::string public_url_, country_;
  const IdentityVault& vault_;
  Reply thanks_;
};

}  // namespace

std::unique_ptr<Hook> make_twilio(const HookOptions& options, const IdentityVault& vault) {
  const std::string& url = options.public_url;
  if ((url.rfind("https://", 0) != 0 && url.rfind("http://", 0) != 0) || url.back() == '/')
    throw std::runtime_error(
        "hooks.public_url: expected as https://hooks.club.example, without a / at its end; "
        "twilio signs it");
  return std::make_unique<Twilio>(options, vault);
}

}  // namespace convoke::gateways::hooks
