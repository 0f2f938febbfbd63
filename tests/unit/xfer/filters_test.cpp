// Method: every combination of TYPE, STRU and MODE, through the encoders and back through the
// decoders, in pieces of random sizes (the seed is printed); and each pair that must not end well.
#include "xfer/filters.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "run_filter.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::xfer {
namespace {

using proto::FileStructure;
using proto::TransferMode;

std::vector<Encoding> all_encodings() {
    std::vector<Encoding> all;
    for (const bool ascii : {false, true}) {
        for (const FileStructure structure : {FileStructure::File, FileStructure::Record}) {
            for (const TransferMode mode :
                 {TransferMode::Stream, TransferMode::Block, TransferMode::Deflate}) {
                Encoding encoding;
                encoding.ascii = ascii;
                encoding.structure = structure;
                encoding.mode = mode;
                if (!encoding.is_plain()) {
                    all.push_back(encoding);
                }
            }
        }
    }
    return all;
}

std::string name_of(const Encoding& encoding) {
    return std::string(encoding.ascii ? "A" : "I") + (encoding.has_records() ? "R" : "F") +
           "SBZ"[static_cast<int>(encoding.mode)];
}

class Filters : public testing::Test {
protected:
    Workspace space_for(const Encoding& encoding) {
        const std::size_t size =
            encoding.is_deflated() ? BufferPools::kDeflateBytes : BufferPools::kTextBytes;
        memory_.push_back(std::make_unique<std::uint8_t[]>(size));
        return divide(MutableBytes(memory_.back().get(), size), encoding);
    }
    Outcome encode(const Encoding& encoding, std::string_view file, Pieces pieces = {},
                   std::int64_t skip = 0) {
        FilterChain chain;
        add_encoders(chain, encoding, space_for(encoding), skip);
        return run_filter(chain, file, pieces);
    }
    Outcome decode(const Encoding& encoding, std::string_view wire, Pieces pieces = {}) {
        FilterChain chain;
        add_decoders(chain, encoding, space_for(encoding));
        return run_filter(chain, wire, pieces);
    }

    std::vector<std::unique_ptr<std::uint8_t[]>> memory_;
};

// Lines of all lengths, with the bytes that mean something to one filter or the other.
std::string some_file(Prng& prng, std::size_t size, bool with_cr) {
    std::string file;
    while (file.size() < size) {
        const std::uint64_t dice = prng.next() % 20;
        if (dice == 0) {
            file += '\n';
        } else if (dice == 1) {
            file += '\xFF';
        } else if (dice == 2 && with_cr) {
            file += '\r';
        } else {
            file += static_cast<char>('a' + dice);
        }
    }
    return file;
}

TEST_F(Filters, EveryCombinationComesBack) {
    const std::uint64_t seed = 20261121;
    SCOPED_TRACE(seed);
    Prng prng(seed);
    for (const Encoding& encoding : all_encodings()) {
        for (int turn = 0; turn < 40; ++turn) {
            // CRLF in a file comes back as LF where line ends are turned.
            const std::string file =
                some_file(prng, prng.next() % 200'000, !encoding.turns_line_ends());
            const Pieces there{1 + prng.next() % 40'000, 4 + prng.next() % 40'000};
            const Pieces back{1 + prng.next() % 40'000, 4 + prng.next() % 40'000};
            const Outcome wire = encode(encoding, file, there);
            ASSERT_TRUE(wire.ended) << name_of(encoding);
            const Outcome again = decode(encoding, wire.bytes, back);
            ASSERT_EQ(again.error, Errc::Ok) << name_of(encoding);
            ASSERT_TRUE(again.bytes == file) << name_of(encoding) << " " << file.size();
            ASSERT_EQ(again.behind_the_end, "") << name_of(encoding);
        }
    }
}

TEST_F(Filters, AnEmptyFileComesBackInEveryCombination) {
    for (const Encoding& encoding : all_encodings()) {
        const Outcome wire = encode(encoding, "");
        ASSERT_TRUE(wire.ended) << name_of(encoding);
        const Outcome again = decode(encoding, wire.bytes, Pieces{1, 4});
        EXPECT_TRUE(again.ended) << name_of(encoding);
        EXPECT_EQ(again.bytes, "");
    }
}

TEST_F(Filters, NoCutStreamEndsWellWhereThereIsAnEndMark) {
    for (const Encoding& encoding : all_encodings()) {
        if (encoding.ascii && !encoding.has_records() && encoding.mode == TransferMode::Stream) {
            continue;  // nothing but the close ends this one
        }
        const std::string wire = encode(encoding, "one\ntwo\nthree").bytes;
        for (std::size_t size = 0; size < wire.size(); ++size) {
            EXPECT_EQ(decode(encoding, wire.substr(0, size), Pieces{3, 8}).error, Errc::EndOfStream)
                << name_of(encoding) << " " << size;
        }
    }
}

TEST_F(Filters, TheOffsetCountsBehindTheLineEndsAndBeforeTheMode) {
    for (const TransferMode mode :
         {TransferMode::Stream, TransferMode::Block, TransferMode::Deflate}) {
        Encoding encoding;
        encoding.ascii = true;
        encoding.mode = mode;
        const std::string wire = encode(encoding, "a\nb\nc", {}, 3).bytes;
        EXPECT_EQ(decode(encoding, wire).bytes, "b\nc") << name_of(encoding);
        EXPECT_EQ(encode(encoding, "a\nb\nc", {}, 8).error, Errc::OutOfRange);
    }
}

// The marks of records end inside the compressed stream; what that stream still holds is behind
// the end.
TEST_F(Filters, BytesBetweenTheEndOfTheFileAndTheEndOfTheStreamAreRefused) {
    Encoding plain;
    plain.mode = TransferMode::Deflate;
    Encoding records = plain;
    records.structure = FileStructure::Record;
    const std::string wire = encode(plain, "a\xFF\x02more").bytes;
    for (const std::size_t piece : {1u, 1000u}) {
        EXPECT_EQ(decode(records, wire, Pieces{piece, 100}).error, Errc::Protocol);
    }
    const std::string good = encode(plain, "a\xFF\x02").bytes;
    EXPECT_EQ(decode(records, good).bytes, "a");
}

TEST_F(Filters, ListingsAreRecordsWithoutTheirLineEnds) {
    const std::string_view listing = "first\r\nsecond\r\n";
    for (const TransferMode mode :
         {TransferMode::Stream, TransferMode::Block, TransferMode::Deflate}) {
        Encoding encoding;
        encoding.structure = FileStructure::Record;
        encoding.mode = mode;
        FilterChain chain;
        add_listing_encoders(chain, encoding, space_for(encoding));
        const std::string wire = run_filter(chain, listing, Pieces{5, 9}).bytes;
        EXPECT_EQ(decode(encoding, wire).bytes, "first\nsecond\n");
    }
    Encoding deflated;
    deflated.mode = TransferMode::Deflate;
    FilterChain chain;
    add_listing_encoders(chain, deflated, space_for(deflated));
    EXPECT_EQ(decode(deflated, run_filter(chain, listing).bytes).bytes, listing);
}

TEST_F(Filters, AnotherPieceOfScratchServesTheRest) {
    Encoding encoding;
    encoding.ascii = true;
    encoding.mode = TransferMode::Block;
    const std::string wire = encode(encoding, "a\nb\n").bytes;
    FilterChain chain;
    add_decoders(chain, encoding, space_for(encoding));
    std::string file;
    std::vector<std::uint8_t> room(100);
    for (std::size_t i = 0; i < wire.size(); ++i) {
        const Bytes byte = as_bytes(wire).subspan(i, 1);
        const Result<FilterStep> step = chain.run(byte, room, false);
        ASSERT_TRUE(step);
        ASSERT_EQ(step->consumed, 1u);
        file.append(as_text(Bytes(room.data(), step->produced)));
        ASSERT_TRUE(chain.is_empty());
        chain.use_scratch(space_for(encoding).scratch);
    }
    const Result<FilterStep> last = chain.run(Bytes(), room, true);
    ASSERT_TRUE(last);
    EXPECT_TRUE(last->ended);
    EXPECT_EQ(file, "a\nb\n");
}

}  // namespace
}  // namespace sluice::xfer
