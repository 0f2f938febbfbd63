// Certificates and keys as an administrator may get them wrong; each is told what is wrong with
// which file.
#include "sluice/tls/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "sluice/sys/linux_kernel.hpp"
#include "sluice/tls/context.hpp"
#include "test_authority.hpp"

namespace sluice::tls {
namespace {

constexpr WallTime kNow(1'800'000'000);  // 2027-01-15
constexpr std::int64_t kDay = 24 * 3600;

IdentityText named(IdentityText text) {
    text.chain_name = "fullchain.pem";
    text.key_name = "privkey.pem";
    return text;
}

IdentityText good() {
    return named(*make_self_signed({"Ftp.Example.ORG", "*.files.example.org"}, kNow));
}

// The one error that looking at `text` finds.
std::string error_of(const IdentityText& text, WallTime now = kNow) {
    Findings findings;
    EXPECT_FALSE(examine(text, now, findings));
    EXPECT_TRUE(has_error(findings));
    return findings.empty() ? "" : findings.front().text;
}

TEST(Certificate, TellsItsNamesItsKeyAndItsEnd) {
    Findings findings;
    const std::optional<CertificateFacts> facts = examine(good(), kNow, findings);
    ASSERT_TRUE(facts);
    EXPECT_TRUE(findings.empty());
    EXPECT_EQ(facts->host_names,
              (std::vector<std::string>{"*.files.example.org", "ftp.example.org", "localhost"}));
    EXPECT_EQ(facts->key, KeyKind::Ecdsa);
    EXPECT_EQ(facts->expires, kNow.seconds + 30 * kDay);
}

TEST(Certificate, OfSomebodyElsesKeyIsRefused) {
    IdentityText text = good();
    text.key_pem = good().key_pem;
    EXPECT_EQ(error_of(text),
              "privkey.pem: this private key is not that of the certificate in fullchain.pem");
}

TEST(Certificate, ThatHasExpiredIsAWarning) {
    Findings findings;
    EXPECT_TRUE(examine(good(), WallTime(kNow.seconds + 31 * kDay), findings));
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_FALSE(findings[0].is_error);
    EXPECT_TRUE(findings[0].is_urgent);
    EXPECT_EQ(findings[0].text, "fullchain.pem: the certificate expired on 2027-02-14");
}

TEST(Certificate, ThatIsAboutToExpireIsAWarning) {
    Findings findings;
    // It has 30 days, and three weeks before its end somebody should hear of it.
    EXPECT_TRUE(examine(good(), WallTime(kNow.seconds + 9 * kDay), findings));
    EXPECT_TRUE(findings.empty());
    EXPECT_TRUE(examine(good(), WallTime(kNow.seconds + 9 * kDay + 1), findings));
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_FALSE(findings[0].is_urgent);
    EXPECT_EQ(findings[0].text, "fullchain.pem: the certificate expires on 2027-02-14");
}

TEST(Certificate, ThatIsNotValidYetIsAWarning) {
    Findings findings;
    EXPECT_TRUE(examine(good(), WallTime(kNow.seconds - 2 * kDay), findings));
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].text, "fullchain.pem: the certificate is not valid before 2027-01-14");
}

TEST(Certificate, WithoutAnyIsSaidSo) {
    IdentityText text = good();
    text.chain_pem = "";
    EXPECT_EQ(error_of(text), "fullchain.pem: the file is empty");
    text.chain_pem = text.key_pem;
    EXPECT_EQ(error_of(text), "fullchain.pem: holds no certificate in PEM");
}

TEST(Certificate, CutShortIsRefused) {
    IdentityText text = good();
    text.chain_pem.resize(text.chain_pem.size() / 2);
    EXPECT_EQ(error_of(text).substr(0, 46), "fullchain.pem: the certificate cannot be read:");
}

TEST(Certificate, WithGarbageInItsChainIsRefused) {
    IdentityText text = good();
    text.chain_pem += "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    EXPECT_EQ(error_of(text).substr(0, 58),
              "fullchain.pem: certificate 2 of the chain cannot be read: ");
}

TEST(Certificate, WithABundleOfAllAuthoritiesIsRefused) {
    IdentityText text = good();
    const std::string one = text.chain_pem;
    for (int i = 0; i < 17; ++i) {
        text.chain_pem += one;
    }
    EXPECT_EQ(error_of(text), "fullchain.pem: more than 16 certificates are no chain");
}

TEST(Certificate, ThatNoHandshakeShouldCarryIsRefused) {
    std::vector<std::string> names;
    for (int i = 0; i < 1500; ++i) {
        names.push_back("host-" + std::to_string(i) + ".example.org");
    }
    const std::string error = error_of(named(*make_self_signed(names, kNow)));
    EXPECT_NE(error.find("KiB of certificates are more than a handshake"), std::string::npos);
}

TEST(Certificate, WithoutAKeyIsSaidSo) {
    IdentityText text = good();
    text.key_pem = text.chain_pem;
    EXPECT_EQ(error_of(text), "privkey.pem: holds no private key in PEM");
}

TEST(Certificate, WithAnEncryptedKeyAsksNobody) {
    IdentityText text = good();
    EVP_PKEY* key = EVP_EC_gen("P-256");
    BIO* memory = BIO_new(BIO_s_mem());
    char passphrase[] = "secret";
    ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(memory, key, EVP_aes_128_cbc(), passphrase, 6, nullptr,
                                            nullptr),
              1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    text.key_pem.assign(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    EVP_PKEY_free(key);
    EXPECT_EQ(error_of(text),
              "privkey.pem: the private key is encrypted, and nobody is there to type its "
              "passphrase; decrypt it with openssl pkey -in FILE -out FILE");
}

TEST(Certificate, AllThatIsWrongIsSaidAtOnce) {
    IdentityText text = good();
    text.chain_pem = "nothing";
    text.key_pem = "nothing";
    Findings findings;
    EXPECT_FALSE(examine(text, kNow, findings));
    EXPECT_EQ(findings.size(), 2u);
}

TEST(Certificate, BehindItsAuthorityIsInTheWrongOrder) {
    const TestAuthority authority("Authority", kNow);
    IdentityText text = named(authority.issue({.name = "ftp.example.org"}));
    text.chain_pem = authority.pem() + text.chain_pem;
    EXPECT_EQ(error_of(text), "fullchain.pem: the chain is in the wrong order: certificate 2 is "
                              "that of the key in privkey.pem and must come first");
}

TEST(Certificate, IsFollowedByWhoHasSignedIt) {
    const TestAuthority authority("Authority", kNow);
    const TestAuthority other("Other", kNow);
    IdentityText text = named(authority.issue({.name = "ftp.example.org"}));
    Findings findings;
    text.chain_pem += authority.pem();
    EXPECT_TRUE(examine(text, kNow, findings));
    text.chain_pem += other.pem();
    EXPECT_EQ(error_of(text).substr(0, 99),
              "fullchain.pem: the chain is in the wrong order: certificate 3 (CN=Other) does not "
              "vouch for the one");
}

TEST(Certificate, OfAWeakKeyIsRefused) {
    const TestAuthority authority("Authority", kNow);
    IdentityText text = named(authority.issue({.name = "ftp", .rsa_bits = 1024}));
    EXPECT_EQ(error_of(text),
              "privkey.pem: an RSA key of 1024 bits is too weak; make one of 2048 or, better, of "
              "ECDSA P-256, and a certificate for it");
    text = named(authority.issue({.name = "ftp", .curve = "P-192"}));
    EXPECT_EQ(error_of(text), "privkey.pem: an ECDSA key of 192 bits is too weak; make one of "
                              "P-256, and a certificate for it");
    Findings findings;
    text = named(authority.issue({.name = "ftp", .rsa_bits = 2048}));
    EXPECT_TRUE(examine(text, kNow, findings));
}

TEST(Certificate, AndKeyMayStandInOneFileAndBesideOtherThings) {
    IdentityText text = good();
    const std::string both = "Bag Attributes\n" + text.key_pem + "words\n" + text.chain_pem;
    text.chain_pem = both;
    text.key_pem = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                   "-----END EC PARAMETERS-----\n" + both;
    Findings findings;
    EXPECT_TRUE(examine(text, kNow, findings)) << findings.front().text;
}

TEST(Term, CountsWholeDays) {
    Term term;
    term.ends = kNow.seconds + 3 * kDay;
    EXPECT_EQ(term.days_left(kNow), 3);
    EXPECT_EQ(term.days_left(WallTime(kNow.seconds + 1)), 2);
    EXPECT_EQ(term.days_left(WallTime(kNow.seconds + 3 * kDay - 1)), 0);
    EXPECT_EQ(term.days_left(WallTime(kNow.seconds + 3 * kDay + 1)), -1);
    EXPECT_EQ(term.days_left(WallTime(kNow.seconds + 5 * kDay)), -2);
}

TEST(Term, OfAListOrAnAuthoritySaysWhatItMeansForClients) {
    Term term;
    term.name = "crl.pem";
    term.host = "CN=Authority";
    term.kind = Term::Kind::RevocationList;
    term.begins = kNow.seconds - kDay;
    term.ends = kNow.seconds + kDay;
    EXPECT_FALSE(judge(term, kNow));
    const std::optional<Finding> late = judge(term, WallTime(term.ends));
    ASSERT_TRUE(late);
    EXPECT_TRUE(late->is_urgent);
    EXPECT_EQ(late->text, "crl.pem: the list of CN=Authority ended on 2027-01-16; its clients are "
                          "refused until there is a newer one");
    EXPECT_TRUE(judge(term, WallTime(term.begins - 1))->is_urgent);
    term.kind = Term::Kind::Authority;
    EXPECT_EQ(judge(term, kNow)->text, "crl.pem: the authority expires on 2027-01-16");
    EXPECT_EQ(judge(term, WallTime(term.ends))->text,
              "crl.pem: the authority CN=Authority expired on 2027-01-16; its clients are refused");
}

TEST(SelfSigned, RefusesNamesThatAreNone) {
    EXPECT_FALSE(make_self_signed({"a,DNS:b"}, kNow));
    EXPECT_FALSE(make_self_signed({""}, kNow));
}

TEST(Context, NeedsACertificateAndSaysWhatIsWrongWithItsCiphers) {
    sys::LinuxKernel kernel;
    TicketKeys keys(Duration::seconds(3600), kernel.now());
    Settings settings;
    Findings findings;
    EXPECT_EQ(Context::make(kernel, settings, keys, findings), nullptr);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].text, "TLS needs a certificate");
    settings.identities.push_back(*make_self_signed({}, kernel.wall_time()));
    settings.ciphers = "NO-SUCH-CIPHER";
    findings.clear();
    EXPECT_EQ(Context::make(kernel, settings, keys, findings), nullptr);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].text, "ciphers 'NO-SUCH-CIPHER': no cipher match");
    settings.ciphers.clear();
    settings.groups = "P-999";
    findings.clear();
    EXPECT_EQ(Context::make(kernel, settings, keys, findings), nullptr);
    EXPECT_TRUE(has_error(findings));
    settings.groups.clear();
    settings.suites = "TLS_NONE";
    EXPECT_EQ(Context::make(kernel, settings, keys, findings), nullptr);
}

}  // namespace
}  // namespace sluice::tls
