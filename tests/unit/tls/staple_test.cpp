// OCSP responses from files: which are stapled, and why others are not.
#include "tls_client.hpp"

#include "test_authority.hpp"

namespace sluice::tls {
namespace {

class StapleTest : public TlsTest {
protected:
    StapleTest() {
        text_ =
            authority_.issue({.name = "ftp.example.org", .alternatives = "DNS:ftp.example.org"});
        text_.chain_pem += authority_.pem();
        text_.chain_name = "fullchain.pem";
        text_.ocsp_name = "ocsp.der";
    }
    // What a client gets that asks for it.
    std::string stapled(int version = TLS1_3_VERSION) {
        Settings settings;
        settings.identities.push_back(text_);
        findings_.clear();
        const std::unique_ptr<Context> context = Context::make(kernel_, settings, keys_, findings_);
        EXPECT_NE(context, nullptr);
        terms_ = context->terms();
        Connection server(*context);
        ClientOptions options = only(version);
        options.wants_status = true;
        Client client(options);
        EXPECT_TRUE(shake_hands(server, client)) << server.failure();
        return client.status();
    }
    void expect_none(std::string_view why) {
        EXPECT_EQ(stapled(), "");
        ASSERT_EQ(findings_.size(), 1u);
        EXPECT_FALSE(findings_[0].is_error);
        EXPECT_EQ(findings_[0].text, "ocsp.der: " + std::string(why) + "; it is not stapled");
    }

    TestAuthority authority_{"Authority", kernel_.wall_time()};
    IdentityText text_;
    Findings findings_;
    std::vector<Term> terms_;
};

TEST_F(StapleTest, AGoodOneGoesToWhoAsks) {
    text_.ocsp_der = authority_.answer(text_, {});
    EXPECT_EQ(stapled(TLS1_2_VERSION), text_.ocsp_der);
    EXPECT_EQ(stapled(TLS1_3_VERSION), text_.ocsp_der);
    EXPECT_TRUE(findings_.empty());
    ASSERT_EQ(terms_.size(), 2u);
    EXPECT_EQ(terms_[1].kind, Term::Kind::OcspResponse);
    EXPECT_EQ(terms_[1].ends, terms_[1].begins + 300 + 3600 + 7 * TestAuthority::kDaySeconds);
}

TEST_F(StapleTest, TheOneOfTheChosenCertificateIsSent) {
    Settings settings;
    for (const int bits : {0, 2048}) {
        IdentityText text = authority_.issue({.name = "ftp", .rsa_bits = bits});
        text.chain_pem += authority_.pem();
        text.ocsp_der = authority_.answer(text, {});
        settings.identities.push_back(text);
    }
    const std::unique_ptr<Context> context = make_context(settings);
    for (std::size_t i = 0; i < 2; ++i) {
        Connection server(*context);
        ClientOptions options = only(TLS1_2_VERSION);
        options.ciphers = i == 0 ? "ECDHE-ECDSA-AES128-GCM-SHA256" : "ECDHE-RSA-AES128-GCM-SHA256";
        options.wants_status = true;
        Client client(options);
        ASSERT_TRUE(shake_hands(server, client)) << server.failure();
        EXPECT_EQ(client.status(), settings.identities[i].ocsp_der);
    }
}

TEST_F(StapleTest, OneThatHasEndedIsKeptBack) {
    text_.ocsp_der = authority_.answer(text_, {.begins = -7200, .ends = -60});
    EXPECT_EQ(stapled(), "");
    ASSERT_EQ(terms_.size(), 2u);
    const std::optional<Finding> finding = judge(terms_[1], kernel_.wall_time());
    ASSERT_TRUE(finding);
    EXPECT_NE(finding->text.find("the OCSP response ended on"), std::string::npos);
    text_.ocsp_der = authority_.answer(text_, {.begins = 7200});
    EXPECT_EQ(stapled(), "");
    EXPECT_TRUE(judge(terms_[1], kernel_.wall_time()));
    text_.ocsp_der = authority_.answer(text_, {.begins = -25 * 3600, .has_end = false});
    EXPECT_EQ(stapled(), "");
}

TEST_F(StapleTest, OneOfAnotherCertificateIsNone) {
    const IdentityText other = authority_.issue({.name = "other"});
    text_.ocsp_der = authority_.answer(other, {});
    expect_none("the OCSP response is not about the certificate in fullchain.pem");
}

TEST_F(StapleTest, OneThatAnybodySignedIsNone) {
    const TestAuthority stranger("Authority", kernel_.wall_time());
    text_.ocsp_der = authority_.answer(text_, {.signer = &stranger});
    expect_none("the OCSP response is not signed by the certificate's authority");
}

TEST_F(StapleTest, ThatItIsRevokedIsUrgent) {
    text_.ocsp_der = authority_.answer(text_, {.verdict = V_OCSP_CERTSTATUS_REVOKED});
    expect_none("the authority says that the certificate is revoked");
    EXPECT_TRUE(findings_[0].is_urgent);
    text_.ocsp_der = authority_.answer(text_, {.verdict = V_OCSP_CERTSTATUS_UNKNOWN});
    expect_none("the authority says that the certificate is unknown");
}

TEST_F(StapleTest, GarbageIsNone) {
    text_.ocsp_der = "garbage";
    expect_none("this is no OCSP response in DER (openssl ocsp -respout)");
    OCSP_RESPONSE* later = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, nullptr);
    unsigned char* bytes = nullptr;
    const int size = i2d_OCSP_RESPONSE(later, &bytes);
    text_.ocsp_der.assign(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    OCSP_RESPONSE_free(later);
    expect_none("the authority has not answered: trylater");
}

TEST_F(StapleTest, WithoutTheAuthorityItCannotBeChecked) {
    text_.ocsp_der = authority_.answer(text_, {});
    text_.chain_pem.resize(text_.chain_pem.find("-----END") + 26);
    expect_none(
        "fullchain.pem does not hold the authority of its certificate, which the OCSP response is "
        "checked with");
}

}  // namespace
}  // namespace sluice::tls
