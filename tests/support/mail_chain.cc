#include "tests/support/mail_chain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <regex>
#include <stdexcept>

#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/until.h"

namespace convoke::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

/// Runs a line of shell; its exit code. Its output goes to the file.
int shell(const std::string& line, const std::string& output) {
  ChildProcess process;
  process.start({"/bin/sh", "-c", line}, output);
  return process.wait();
}

}  // namespace

MailChain::MailChain(const std::string& signers) : honest_port_(free_port()), port_(free_port()) {
  ::chmod(dir_.path().c_str(), 0711);  // for Postfix's and OpenDKIM's users
  set_up("honest", "send --host mail.sender.example --sign " + signers + " --listen 127.0.0.1:" +
                       std::to_string(honest_port_) + " --relay-to 127.0.0.1:" + std::to_string(port_));
  publish_keys(signers);
  set_up("ours",
         "receive --host mx.club.example --domains club.example --listen 127.0.0.1:" + std::to_string(port_) +
             " --deliver-to unix:" + dir_ / "lmtp.sock" + " --resolver " + dir_ / "unbound.conf");
  stop_with_us();
  for (const std::string name : {"honest", "ours"}) {
    // The folder for temporary files is everybody's.
    shell("echo 'RequireSafeKeys no' >>" + dir_ / name + "/opendkim.conf", dir_ / "setup.log");
    if (shell(std::string(MAIL_SETUP) + " start --dir " + dir_ / name, dir_ / "setup.log") != 0)
      throw std::runtime_error("the mail server does not start:\n" + read_file(dir_ / "setup.log"));
  }
}

/// Postfix and OpenDKIM go on by themselves. So a program of their own stops them when the pipe to it ends,
/// which it also does when the test is killed.
void MailChain::stop_with_us() {
  const std::string stop = std::string(MAIL_SETUP) + " stop --dir ";
  const std::string line = "read -r _; " + stop + dir_ / "honest" + "; " + stop + dir_ / "ours";
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  stopper_ = ::fork();
  if (stopper_ < 0) throw std::runtime_error("cannot fork");
  if (stopper_ == 0) {
    ::setsid();  // what is killed with the test's group is not this
    ::dup2(ends[0], STDIN_FILENO);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[0]);
  pipe_ = ends[1];
}

MailChain::~MailChain() {
  ::close(pipe_);
  ::waitpid(stopper_, nullptr, 0);
}

void MailChain::set_up(const std::string& name, const std::string& more) {
  const std::string line = std::string(MAIL_SETUP) + " " + more + " --dir " + dir_ / name + " --no-start";
  const std::string said = dir_ / (name + ".setup");
  if (shell(line, said) != 0) throw std::runtime_error("ops/mail/setup failed:\n" + read_file(said));
}

/// A zone with the key in it, of every domain the same, and a name server for it.
void MailChain::publish_keys(const std::string& signers) {
  const std::string record = read_file(dir_ / "honest/opendkim/convoke.txt"),
                    port = std::to_string(free_port());
  static const std::regex kQuoted("(\"[^\"]*\")");
  std::string key;
  for (std::sregex_iterator it(record.begin(), record.end(), kQuoted), end; it != end; ++it)
    key += "," + (*it)[1].str();
  std::string zone =
      "port=" + port + "\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nlocal=/example/\n";
  for (std::size_t at = 0; at < signers.size();) {
    const std::size_t end = std::min(signers.find(',', at), signers.size());
    zone += "txt-record=convoke._domainkey." + signers.substr(at, end - at) + key + "\n";
    at = end + 1;
  }
  dir_.write("unbound.conf",
             "server:\n  do-not-query-localhost: no\n  module-config: \"iterator\"\nforward-zone:\n"
             "  name: \".\"\n  forward-addr: 127.0.0.1@" +
                 port + "\n");
  dns_.start({"/usr/sbin/dnsmasq", "--keep-in-foreground", "--log-facility=-",
              "--conf-file=" + dir_.write("zone", zone).string(), "--pid-file=" + dir_ / "dns.pid"},
             dir_ / "dns.log");
  const auto started = [&] { return read_file(dir_ / "dns.log").find("started") != std::string::npos; };
  until([&] { return started() || dns_.has_ended(); }, kPatience);
  if (!started()) throw std::runtime_error("the name server does not start:\n" + read_file(dir_ / "dns.log"));
}

std::string MailChain::server_config() const {
  const std::string said = read_file(dir_ / "ours.setup");
  return said.substr(said.find("[mail]"));
}

bool MailChain::send(const std::string& text, const std::string& from, const std::string& to) const {
  return swaks(honest_port_, text, from, to);
}
/// By curl: swaks does not know SMTPUTF8.
bool MailChain::send_utf8(const std::string& text, const std::string& from, const std::string& to) const {
  const auto file = dir_.write("mail", text);
  ChildProcess process;
  process.start({"/usr/bin/curl", "--silent", "--show-error", "--max-time", "60",
                 "smtp://127.0.0.1:" + std::to_string(honest_port_) + "/sender.example", "--mail-from", from,
                 "--mail-rcpt", to, "--upload-file", file.string()},
                dir_ / "swaks.log");
  return process.wait() == 0;
}
bool MailChain::forge(const std::string& text, const std::string& from, const std::string& to) const {
  return swaks(port_, text, from, to);
}

bool MailChain::swaks(std::uint16_t port, const std::string& text, const std::string& from,
                      const std::string& to) const {
  const auto file = dir_.write("mail", text + "\r\n.\r\n");
  ChildProcess process;
  process.start(
      {"/usr/bin/swaks", "--server", "127.0.0.1:" + std::to_string(port), "--helo", "sender.example",
       "--from", from, "--to", to, "--data", "@" + file.string(), "--no-data-fixup"},
      dir_ / "swaks.log");
  return process.wait() == 0;
}

std::string MailChain::signed_by(const std::string& domain, const std::string& text) const {
  const auto in = dir_.write("unsigned", text);
  const std::string out = dir_ / "signed";
  ::remove(out.c_str());
  const std::string line = "/usr/bin/dkimsign --hcanon relaxed --bcanon relaxed convoke " + domain + " " +
                           dir_ / "honest/opendkim/convoke.private" + " <" + in.string();
  if (shell(line, out) != 0) throw std::runtime_error("dkimsign failed:\n" + read_file(out));
  return read_file(out);
}

bool MailChain::is_empty(const std::string& name) const {
  const std::string out = dir_ / "queue";
  ::remove(out.c_str());
  shell("postfix -c " + dir_ / name + "/postfix flush; postqueue -c " + dir_ / name + "/postfix -p", out);
  return read_file(out).find("Mail queue is empty") != std::string::npos;
}

bool MailChain::wait_until_delivered() const {
  // In the order in which mails go.
  return until([&] { return is_empty("honest") && is_empty("ours"); }, kPatience);
}

std::string MailChain::log() const {
  return read_file(dir_ / "honest/log/mail.log") + read_file(dir_ / "ours/log/mail.log") +
         read_file(dir_ / "swaks.log");
}

}  // namespace convoke::test
