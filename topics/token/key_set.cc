#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "topics/token/base64url.h"
#include "topics/token/key.h"
#include "topics/token/token.h"

namespace convoke::token {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr std::size_t kMaxKeys = 64;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

/// The member as text; empty if absent.
std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value) return {};
  const json::string* text = value->if_string();
  if (!text) fail(std::string(name) + ": expected a string");
  return std::string(text->data(), text->size());
}

std::string bytes_of(const json::object& object, std::string_view name) {
  auto bytes = decode_base64url(text_of(object, name));
  if (!bytes) fail(std::string(name) + ": expected base64url without padding");
  return *std::move(bytes);
}

/// RFC 7517: optional members, but where they are given they must say what we use the key for.
void expect_if_given(const json::object& object, std::string_view name, std::string_view wanted) {
  if (object.contains(name) && text_of(object, name) != wanted) {
    fail(std::string(name) + ": expected \"" + std::string(wanted) + "\"");
  }
}

std::shared_ptr<const KeySet::Key> read_key(const json::object& jwk) {
  const std::string type = text_of(jwk, "kty");
  expect_if_given(jwk, "use", "sig");
  if (type == "OKP") {
    expect_if_given(jwk, "alg", "EdDSA");
    if (text_of(jwk, "crv") != "Ed25519") fail("crv: expected \"Ed25519\"");
    return KeySet::Key::ed25519(bytes_of(jwk, "x"), bytes_of(jwk, "d"));
  }
  if (type == "oct") {
    expect_if_given(jwk, "alg", "HS256");
    return KeySet::Key::hs256(bytes_of(jwk, "k"));
  }
  fail("kty: expected \"OKP\" (Ed25519) or \"oct\" (HS256)");
}

json::object write_key(std::string_view kid, const KeySet::Key& key, bool with_private) {
  json::object jwk{{"kid", kid}, {"alg", key.algorithm()}, {"use", "sig"}};
  if (!key.secret.empty()) {
    jwk["kty"] = "oct";
    jwk["k"] = encode_base64url(key.secret);
    return jwk;
  }
  jwk["kty"] = "OKP";
  jwk["crv"] = "Ed25519";
  jwk["x"] = encode_base64url(key.public_key());
  if (with_private) jwk["d"] = encode_base64url(key.seed());
  return jwk;
}

json::array read_list(std::string_view jwks) {
  json::error_code error;
  json::value root = json::parse(json::string_view(jwks.data(), jwks.size()), error);
  // The parser's own message may not be used: it could quote the text.
  if (error || !root.is_object()) fail("expected a JSON object with \"keys\"");
  json::value* keys = root.get_object().if_contains("keys");
  if (!keys || !keys->is_array() || keys->get_array().empty() || keys->get_array().size() > kMaxKeys) {
    fail("keys: expected a list of 1 to 64 keys");
  }
  return std::move(keys->get_array());
}

}  // namespace

KeySet KeySet::parse(std::string_view jwks) {
  if (jwks.size() > kMaxFileBytes) fail("expected at most 1 MiB");
  KeySet set;
  const json::array list = read_list(jwks);
  for (std::size_t i = 0; i < list.size(); ++i) {
    try {
      const json::object* jwk = list[i].if_object();
      if (!jwk) fail("expected an object");
      const std::string kid = text_of(*jwk, "kid");
      if (!topics::is_plain_id(kid)) fail("kid: expected 1 to 64 characters out of A-Z a-z 0-9 . _ -");
      if (!set.keys_.emplace(kid, read_key(*jwk)).second) fail("kid: expected one not used before");
    } catch (const std::runtime_error& error) {
      fail("keys[" + std::to_string(i) + "]: " + error.what());
    }
  }
  return set;
}

KeySet KeySet::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path + ": cannot be opened");
  std::string text;
  text.reserve(4096);
  for (std::istreambuf_iterator<char> at(file), end; at != end && text.size() <= kMaxFileBytes; ++at)
    text += *at;
  if (file.bad()) fail(path + ": cannot be read");
  try {
    return parse(text);
  } catch (const std::runtime_error& error) {
    fail(path + ": " + error.what());
  }
}

std::string KeySet::generate_ed25519(std::string_view kid) {
  if (!topics::is_plain_id(kid)) fail("kid: expected 1 to 64 characters out of A-Z a-z 0-9 . _ -");
  return json::serialize(json::object{{"keys", json::array{write_key(kid, *Key::generate_ed25519(), true)}}});
}

std::string KeySet::public_jwks() const {
  json::array list;
  for (const auto& [kid, key] : keys_) list.push_back(write_key(kid, *key, false));
  return json::serialize(json::object{{"keys", std::move(list)}});
}

}  // namespace convoke::token
