// A shop's API that misbehaves in every way.

#include "backend/gateways/hooks/shop_api.h"

#include <gmock/gmock.h>
#include <httplib.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "tests/support/loopback.h"

namespace convoke::gateways::hooks {
namespace {

using testing::StartsWith;

/// Answers each connection with these bytes, then holds it or closes it. One after the other.
class FakeShop {
 public:
  enum class Then { close, hold, reset, drip };

  explicit FakeShop(std::string bytes, Then then = Then::close) : bytes_(std::move(bytes)), then_(then) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = test::loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0)
      throw std::runtime_error("no port");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeShop() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int asked() const { return asked_; }
  std::string request() const { return request_; }  // once it is answered

 private:
  void serve() {
    for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
      ++asked_;
      request_.clear();
      char c;
      while (request_.find("\r\n\r\n") == std::string::npos && ::recv(fd, &c, 1, 0) == 1) request_ += c;
      ::send(fd, bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
      if (then_ == Then::reset) {
        const linger now{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      }
      // Until the other side has had enough.
      timeval step{0, 50'000};
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof step);
      while ((then_ == Then::hold || then_ == Then::drip) && !stopping_) {
        if (then_ == Then::drip && ::send(fd, "x", 1, MSG_NOSIGNAL) != 1) break;
        if (::recv(fd, &c, 1, 0) == 0) break;
      }
    }
  }

  std::string bytes_;
  Then then_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> asked_ = 0;
  std::string request_;
  std::thread thread_;
};

std::string http(const std::string& status, const std::string& body,
                 const std::string& type = "application/json") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

std::string ask(const std::string& url, int patience_s = 8) {
  ShopApi api(url, "Token t", patience_s);
  const ShopApi::Answer answer = api.get("/orders/1/");
  if (const auto* refusal = std::get_if<Refusal>(&answer))
    return std::to_string(refusal->status) + " " + refusal->detail;
  return std::get<std::string>(answer);
}

TEST(ShopApi, AsksWithItsToken) {
  FakeShop shop(http("200 OK", R"({"id":1})"));
  EXPECT_EQ(ask(shop.url() + "/v3"), R"({"id":1})");
  EXPECT_THAT(shop.request(), StartsWith("GET /v3/orders/1/ HTTP/1.1"));
  EXPECT_THAT(shop.request(), testing::HasSubstr("Authorization: Token t\r\n"));
}

TEST(ShopApi, FollowsNoRedirect) {
  FakeShop inside(http("200 OK", R"({"secret":1})"));
  FakeShop shop("HTTP/1.1 302 Found\r\nLocation: " + inside.url() +
                "/orders/1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(ask(shop.url()), StartsWith("503 the shop's API has no answer for us"));
  EXPECT_EQ(inside.asked(), 0);
}

/// A certificate that nobody vouches for, for this name.
struct SelfSigned {
  SelfSigned() {
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
                               -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
  }
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate{X509_new(), X509_free};
};

TEST(ShopApi, AsksNobodyWhoseCertificateIsNotTheShops) {
  const SelfSigned own;
  httplib::SSLServer other(own.certificate.get(), own.key.get());
  std::atomic<int> asked = 0;
  other.Get(".*", [&](const httplib::Request&, httplib::Response& out) {
    ++asked;
    out.set_content("{}", "application/json");
  });
  const int port = other.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { other.listen_after_bind(); });
  EXPECT_THAT(ask("https://localhost:" + std::to_string(port)),
              StartsWith("503 the shop's API does not answer"));
  EXPECT_EQ(asked, 0) << "and the token stays here";
  httplib::SSLClient careless("127.0.0.1", port);
  careless.enable_server_certificate_verification(false);
  EXPECT_TRUE(careless.Get("/")) << "it does answer";
  other.stop();
  serving.join();
}

TEST(ShopApi, TakesJsonOnly) {
  FakeShop page(http("200 OK", "<html>", "text/html"));
  EXPECT_THAT(ask(page.url()), StartsWith("503 the shop's API answers with something else"));
}

TEST(ShopApi, TakesNoMoreThanItsBound) {
  FakeShop huge(http("200 OK", std::string(kMaxBodyBytes + 1, ' ')));
  EXPECT_THAT(ask(huge.url()), StartsWith("503 the shop's API answers with too much"));
  FakeShop endless(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + std::string(kMaxBodyBytes + 1, ' '),
      FakeShop::Then::hold);
  EXPECT_THAT(ask(endless.url()), StartsWith("503 the shop's API answers with too much"));
}

TEST(ShopApi, WaitsNoLongerThanItsPatience) {
  FakeShop silent("", FakeShop::Then::hold);
  EXPECT_THAT(ask(silent.url(), 1), StartsWith("503 the shop's API does not answer"));
  FakeShop drips("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400000\r\n\r\n",
                 FakeShop::Then::drip);
  EXPECT_THAT(ask(drips.url(), 1), StartsWith("503 the shop's API does not answer")) << "a byte now and then";
}

TEST(ShopApi, ABrokenConnectionIsNoAnswer) {
  FakeShop reset("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
                 FakeShop::Then::reset);
  EXPECT_THAT(ask(reset.url()), StartsWith("503 the shop's API does not answer"));
  EXPECT_THAT(ask("http://127.0.0.1:1"), StartsWith("503 the shop's API does not answer"));
  FakeShop noise("what do you want?\r\n\r\n");
  EXPECT_THAT(ask(noise.url()), StartsWith("503 the shop's API does not answer"));
}

TEST(ShopApi, TellsAnOrderThatIsNotThereFromTrouble) {
  FakeShop none(http("404 Not Found", "{}"));
  EXPECT_EQ(ask(none.url()), "400 the shop knows no such order");
  FakeShop refuses(http("401 Unauthorized", "{}"));
  EXPECT_THAT(ask(refuses.url()), StartsWith("503 the shop's API refuses our token"));
  FakeShop trouble(http("500 Oops", "{}"));
  EXPECT_THAT(ask(trouble.url()), StartsWith("503"));
}

TEST(ShopApi, AddressesAreHttpsOrThisMachine) {
  for (const char* good : {"https://pretix.eu", "https://www.eventbriteapi.com/v3",
                           "https://shop.example:8443/a", "http://127.0.0.1:80", "http://localhost:8000"})
    EXPECT_TRUE(ShopApi::is_allowed(good)) << good;
  for (const char* bad : {"", "pretix.eu", "http://pretix.eu", "https://pretix.eu/", "https://a@b.example",
                          "https://", "ftp://a", "https://a.example?x=1", "https://a.example#x",
                          "http://127.0.0.1.evil.example", "http://localhost@evil", "https://a b"})
    EXPECT_FALSE(ShopApi::is_allowed(bad)) << bad;
}

}  // namespace
}  // namespace convoke::gateways::hooks
