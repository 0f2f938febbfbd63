// Method: the vectors of FIPS 180-4, RFC 1321 and RFC 3720 B.4's polynomial in its zip form, whole
// and cut at every place.
#include "sluice/digest/hasher.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::digest {
namespace {

std::string digest_of(Algorithm algorithm, std::string_view text, std::size_t cut = 0) {
    Result<Hasher> hasher = Hasher::begin(algorithm);
    EXPECT_TRUE(hasher);
    hasher->update(as_bytes(text.substr(0, cut)));
    hasher->update(as_bytes(text.substr(cut)));
    const Result<Value> value = hasher->finish();
    EXPECT_TRUE(value);
    return value ? value->hex() : std::string();
}

struct Vector {
    Algorithm algorithm;
    std::string_view text;
    std::string_view hex;
};
constexpr Vector kVectors[] = {
    {Algorithm::Sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {Algorithm::Sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {Algorithm::Sha512, "",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {Algorithm::Sha512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {Algorithm::Sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {Algorithm::Sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {Algorithm::Md5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {Algorithm::Md5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {Algorithm::Crc32, "", "00000000"},
    {Algorithm::Crc32, "123456789", "cbf43926"},
    {Algorithm::Crc32, "a", "e8b7be43"},
};

TEST(Hasher, GivesTheDigestsOfTheStandards) {
    for (const Vector& vector : kVectors) {
        EXPECT_EQ(digest_of(vector.algorithm, vector.text), vector.hex)
            << name_of(vector.algorithm) << " of '" << vector.text << "'";
    }
}

TEST(Hasher, DoesNotCareHowTheBytesAreCut) {
    std::string text;
    for (int i = 0; i < 300; ++i) {
        text += static_cast<char>(i * 7);
    }
    for (const Algorithm algorithm : kAlgorithms) {
        const std::string whole = digest_of(algorithm, text);
        for (std::size_t cut = 1; cut <= text.size(); ++cut) {
            ASSERT_EQ(digest_of(algorithm, text, cut), whole) << name_of(algorithm) << " " << cut;
        }
    }
}

TEST(HasherSet, ComputesWhatIsWantedAndNothingElse) {
    AlgorithmSet wanted;
    wanted.set(static_cast<std::size_t>(Algorithm::Crc32));
    wanted.set(static_cast<std::size_t>(Algorithm::Sha256));
    HasherSet set(wanted);
    set.update(as_bytes("1234"));
    set.update(as_bytes("56789"));
    const auto values = set.finish();
    ASSERT_EQ(values.size(), 2u);
    EXPECT_EQ(values[0].first, Algorithm::Sha256);
    EXPECT_EQ(values[0].second.hex(), digest_of(Algorithm::Sha256, "123456789"));
    EXPECT_EQ(values[1].first, Algorithm::Crc32);
    EXPECT_EQ(values[1].second.hex(), "cbf43926");
    EXPECT_TRUE(HasherSet().is_empty());
    EXPECT_TRUE(HasherSet(AlgorithmSet()).finish().empty());
}

TEST(AlgorithmNames, AreFoundInAnyCaseAndExactly) {
    for (const Algorithm algorithm : kAlgorithms) {
        EXPECT_EQ(find_algorithm(name_of(algorithm)), algorithm);
    }
    EXPECT_EQ(find_algorithm("sha-256"), Algorithm::Sha256);
    EXPECT_EQ(find_algorithm("Crc32"), Algorithm::Crc32);
    for (const std::string_view bad :
         {"", "SHA", "SHA256", "SHA-256 ", " MD5", "CRC-37", "SHA-1*"}) {
        EXPECT_FALSE(find_algorithm(bad)) << bad;
    }
}

TEST(AlgorithmNames, CarryOneStarInTheFeatureList) {
    EXPECT_EQ(feature_list(Algorithm::Sha256), "SHA-256*;SHA-512;SHA-1;MD5;CRC32");
    EXPECT_EQ(feature_list(Algorithm::Crc32), "SHA-256;SHA-512;SHA-1;MD5;CRC32*");
}

}  // namespace
}  // namespace sluice::digest
