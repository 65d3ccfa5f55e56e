#include "topics/token/token.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "topics/token/base64url.h"
#include "topics/token/key.h"

namespace convoke::token {

namespace json = boost::json;

/// The way from the text of a token to its verdict, one step each.
struct Verifier {
  const KeySet& keys;
  std::string_view site;
  std::int64_t now_s;

  static constexpr std::size_t kMaxTokenBytes = 4096;
  static constexpr std::int64_t kIssueSkewS = 30;
  static constexpr std::int64_t kMaxTimeS = 253'402'300'799;  // the end of the year 9999
  static constexpr std::size_t kMaxPhoneBytes = 40, kMaxMailBytes = 254;

  Verdict check(std::string_view token) const {
    if (token.size() > kMaxTokenBytes) return refuse(Refusal::malformed);
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos) return refuse(Refusal::malformed);
    const auto header = read_object(token.substr(0, first));
    const auto signature = decode_base64url(token.substr(second + 1));
    if (!header || !signature) return refuse(Refusal::malformed);

    if (const auto refusal = check_signature(*header, token.substr(0, second), *signature))
      return refuse(*refusal);
    const auto claims = read_object(token.substr(first + 1, second - first - 1));
    return claims ? check_claims(*claims) : refuse(Refusal::malformed);
  }

 private:
  static Verdict refuse(Refusal why) { return {std::nullopt, why}; }

  static std::optional<json::object> read_object(std::string_view part) {
    const auto text = decode_base64url(part);
    if (!text) return std::nullopt;
    json::error_code error;
    json::parse_options options;
    options.max_depth = 4;
    json::value value = json::parse(*text, error, {}, options);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
  }

  static std::string_view text_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    const json::string* text = value ? value->if_string() : nullptr;
    return text ? std::string_view(text->data(), text->size()) : std::string_view();
  }

  static std::optional<std::int64_t> time_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    const std::int64_t* time = value ? value->if_int64() : nullptr;
    if (!time || *time < 0 || *time > kMaxTimeS) return std::nullopt;
    return *time;
  }

  /// The text of `name`, if `verified` is true. Anything else proves nothing, but is no reason to refuse:
  /// these claims are OpenID Connect's, and other makers of tokens fill them in their own ways.
  static std::string proven(const json::object& claims, std::string_view name, std::string_view verified,
                            std::size_t max_bytes) {
    const json::value* flag = claims.if_contains(verified);
    if (!flag || !flag->is_bool() || !flag->get_bool()) return {};
    const std::string_view text = text_of(claims, name);
    return text.size() <= max_bytes ? std::string(text) : std::string();
  }

  static Proofs proofs_of(const json::object& claims) {
    return {proven(claims, "phone_number", "phone_number_verified", kMaxPhoneBytes),
            proven(claims, "email", "email_verified", kMaxMailBytes)};
  }

  std::optional<Refusal> check_signature(const json::object& header, std::string_view signing_input,
                                         std::string_view signature) const {
    // RFC 7515, section 4.1.11: extensions that must be understood; we understand none.
    if (header.contains("crit")) return Refusal::malformed;
    const auto found = keys.keys_.find(text_of(header, "kid"));
    if (found == keys.keys_.end()) return Refusal::unknown_key;
    const KeySet::Key& key = *found->second;
    if (text_of(header, "alg") != key.algorithm()) return Refusal::wrong_algorithm;
    if (!key.verify(signing_input, signature)) return Refusal::bad_signature;
    return std::nullopt;
  }

  Verdict check_claims(const json::object& claims) const {
    const auto role = topics::parse_role(text_of(claims, "role"));
    const auto subject = text_of(claims, "sub");
    const auto token_site = topics::SiteId::parse(text_of(claims, "site"));
    const auto device = topics::DeviceId::parse(text_of(claims, "dev"));
    const auto issued = time_of(claims, "iat");
    const auto expires = time_of(claims, "exp");
    // A user of another site speaks to a server of that site, so `user@site` is nobody's token here.
    if (!role || !topics::is_plain_id(subject) || !token_site || !device || !issued || !expires) {
      return refuse(Refusal::bad_claim);
    }
    // RFC 7519, sections 4.1.3 and 4.1.5: an audience must be refused by who is not in it; we have no name
    // there.
    if (claims.contains("aud") || (claims.contains("nbf") && !time_of(claims, "nbf"))) {
      return refuse(Refusal::bad_claim);
    }
    if (token_site.str() != site) return refuse(Refusal::wrong_site);
    if (*expires <= now_s) return refuse(Refusal::expired);
    const bool too_early = time_of(claims, "nbf").value_or(0) > now_s;
    if (too_early || *issued > now_s + kIssueSkewS) return refuse(Refusal::not_yet_valid);
    return {Verified{{token_site, *role, std::string(subject), device}, *issued, *expires, proofs_of(claims)},
            {}};
  }
};

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::malformed:
      return "malformed";
    case Refusal::unknown_key:
      return "unknown_key";
    case Refusal::wrong_algorithm:
      return "wrong_algorithm";
    case Refusal::bad_signature:
      return "bad_signature";
    case Refusal::expired:
      return "expired";
    case Refusal::not_yet_valid:
      return "not_yet_valid";
    case Refusal::bad_claim:
      return "bad_claim";
    case Refusal::wrong_site:
      return "wrong_site";
  }
  return "unknown";
}

Verdict verify(const KeySet& keys, std::string_view token, std::string_view site, std::int64_t now_s) {
  return Verifier{keys, site, now_s}.check(token);
}

std::optional<std::string> sign(const KeySet& keys, const Claims& claims) {
  for (const auto& [kid, key] : keys.keys_) {
    if (!key->can_sign()) continue;
    const json::object header{{"alg", key->algorithm()}, {"kid", kid}, {"typ", "JWT"}};
    json::object body{
        {"sub", claims.subject}, {"site", claims.site},    {"role", topics::to_string(claims.role)},
        {"dev", claims.device},  {"iat", claims.issued_s}, {"exp", claims.expires_s}};
    if (!claims.proofs.phone.empty()) {
      body["phone_number"] = claims.proofs.phone;
      body["phone_number_verified"] = true;
    }
    if (!claims.proofs.mail.empty()) {
      body["email"] = claims.proofs.mail;
      body["email_verified"] = true;
    }
    std::string token =
        encode_base64url(json::serialize(header)) + '.' + encode_base64url(json::serialize(body));
    const auto signature = key->sign(token);
    if (!signature) return std::nullopt;
    return token + '.' + encode_base64url(*signature);
  }
  return std::nullopt;
}

std::string subject_mark(std::string_view site, std::string_view user) {
  return sha256_hex(std::string(site) + "/" + std::string(user));
}

}  // namespace convoke::token
