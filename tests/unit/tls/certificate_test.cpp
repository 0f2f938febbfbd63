// Certificates and keys as an administrator may get them wrong; each is told what is wrong with
// which file.
#include "sluice/tls/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "sluice/sys/linux_kernel.hpp"
#include "sluice/tls/context.hpp"

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
    EXPECT_EQ(findings[0].text, "fullchain.pem: the certificate expired on 2027-02-14");
}

TEST(Certificate, ThatIsAboutToExpireIsAWarning) {
    Findings findings;
    EXPECT_TRUE(examine(good(), WallTime(kNow.seconds + 17 * kDay), findings));
    ASSERT_EQ(findings.size(), 1u);
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
    EXPECT_EQ(error_of(text), "fullchain.pem: holds no certificate in PEM");
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
              "passphrase; decrypt it with openssl pkey");
}

TEST(Certificate, AllThatIsWrongIsSaidAtOnce) {
    IdentityText text = good();
    text.chain_pem = "nothing";
    text.key_pem = "nothing";
    Findings findings;
    EXPECT_FALSE(examine(text, kNow, findings));
    EXPECT_EQ(findings.size(), 2u);
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
