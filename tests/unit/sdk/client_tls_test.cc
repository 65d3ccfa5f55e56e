#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "tests/support/free_port.h"
#include "tests/unit/sdk/broker_world.h"

namespace convoke::sdk {
namespace {

/// Writes a fresh key and a certificate for 127.0.0.1 that it signs itself.
void make_certificate(const std::string& key_path, const std::string& certificate_path) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"),
                             -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_EXTENSION* address = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(certificate.get(), address, -1);
  X509_EXTENSION_free(address);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  std::FILE* file = std::fopen(key_path.c_str(), "w");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  file = std::fopen(certificate_path.c_str(), "w");
  PEM_write_X509(file, certificate.get());
  std::fclose(file);
}

/// A broker with a TLS listener beside the plain one.
class ClientTlsTest : public testing::Test {
 protected:
  ClientTlsTest() {
    make_certificate(dir / "key.pem", dir / "cert.pem");
    make_certificate(dir / "other-key.pem", dir / "other-cert.pem");
    std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
    std::filesystem::permissions(dir / "key.pem", std::filesystem::perms(0644));  // for the broker's user
    broker = std::make_unique<test::MosquittoProcess>("demo", tokens.public_jwks(),
                                                      "listener " + std::to_string(port) +
                                                          " 127.0.0.1\ncertfile " + (dir / "cert.pem") +
                                                          "\nkeyfile " + (dir / "key.pem"));
    broker->start();
    test::TestClient server(broker->url(), tokens.client_id("s1"));
    EXPECT_EQ(server.connect(tokens.make(topics::Role::server, "s1")), test::kSuccess);
    const messages::Feed feed{1, {messages::FeedBegin{}, messages::FeedReady{}}};
    EXPECT_EQ(server.publish(std::string(topics::kFeedTopic), encode(feed)), test::kSuccess);
  }

  /// Opens a client that trusts this file, and tells how it went: true for connected.
  bool connects(const std::string& trusted) {
    Options o;
    o.brokers = {"ssl://127.0.0.1:" + std::to_string(port)};
    o.site = "demo";
    o.user = "mia";
    o.device = "phone";
    o.token = [this] { return tokens.make(topics::Role::terminal, "mia", "phone"); };
    o.ca_file = trusted;
    Client client(o);
    client.open();
    std::optional<bool> went;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!went && std::chrono::steady_clock::now() < deadline) {
      client.wait_and_poll(std::chrono::milliseconds(100), [&](const Event& event) {
        if (std::holds_alternative<Connected>(event)) went = true;
        if (std::holds_alternative<Disconnected>(event)) went = false;
      });
    }
    EXPECT_TRUE(went) << "nothing happened";
    return went.value_or(false);
  }

  test::TempDir dir;
  test::TestTokens tokens;
  std::uint16_t port = test::free_port();
  std::unique_ptr<test::MosquittoProcess> broker;
};

TEST_F(ClientTlsTest, ConnectsToABrokerThatItCanTrust) { EXPECT_TRUE(connects(dir / "cert.pem")); }

TEST_F(ClientTlsTest, RefusesABrokerThatItCannotTrust) { EXPECT_FALSE(connects(dir / "other-cert.pem")); }

}  // namespace
}  // namespace convoke::sdk
