#include "sim/legal_codes.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>

namespace sluice::sim {
namespace {

constexpr int kCodesMax = 18;

struct Row {
    std::string_view verb;
    int codes[kCodesMax];
};

// RFC 959 section 5.4 unless a comment says otherwise; 450 there is a busy file, 451 an EIO.
constexpr Row kRows[] = {
    {"USER", {230, 232, 331, 332, 500, 501, 503, 530}},
    {"PASS", {202, 230, 332, 500, 501, 503, 530}},
    {"ACCT", {202, 230, 500, 501, 503, 530}},
    {"CWD", {250, 450, 451, 500, 501, 502, 530, 550}},
    {"CDUP", {200, 250, 450, 451, 500, 501, 502, 530, 550}},
    {"PWD", {257, 500, 501, 502, 530, 550}},
    {"REIN", {220, 500, 502}},
    {"QUIT", {221}},
    {"PORT", {200, 500, 501, 504, 530}},
    {"PASV", {227, 425, 500, 501, 502, 522, 530}},  // 425: protocol M5
    {"EPRT", {200, 500, 501, 504, 522, 530}},       // RFC 2428
    {"EPSV", {200, 229, 425, 500, 501, 522, 530}},
    {"TYPE", {200, 500, 501, 504, 530}},
    {"STRU", {200, 500, 501, 504, 530}},
    {"MODE", {200, 500, 501, 504, 530}},
    {"ALLO", {200, 202, 451, 452, 500, 501, 530, 552}},
    {"REST", {350, 500, 501, 502, 530}},
    {"RNFR", {350, 450, 451, 500, 501, 502, 530, 550}},
    {"RNTO", {250, 450, 451, 452, 500, 501, 503, 530, 532, 550, 552, 553}},
    {"DELE", {250, 450, 451, 500, 501, 502, 530, 550}},
    {"RMD", {250, 450, 451, 452, 500, 501, 502, 530, 550, 552}},
    {"MKD", {257, 450, 451, 452, 500, 501, 502, 530, 550, 552, 553}},
    {"ABOR", {225, 226, 500, 501, 502}},
    {"STAT", {211, 212, 213, 450, 451, 500, 501, 502, 530, 550}},
    {"HELP", {211, 214, 500, 501, 502}},
    {"NOOP", {200}},
    {"SYST", {215, 500, 501, 502}},
    {"SITE", {200, 202, 214, 250, 350, 426, 450, 451, 452, 500, 501, 503, 504, 530, 550, 552, 553}},
    {"FEAT", {211, 500, 502}},                              // RFC 2389
    {"OPTS", {200, 451, 500, 501, 530}},                    // RFC 2389
    {"SIZE", {213, 450, 451, 500, 501, 530, 550}},          // RFC 3659
    {"MDTM", {213, 450, 451, 500, 501, 530, 550}},          // RFC 3659
    {"MFMT", {213, 450, 451, 452, 500, 501, 530, 550, 552}},
    {"MLST", {250, 450, 451, 500, 501, 530, 550}},          // RFC 3659
    {"CLNT", {200, 500, 501}},
    {"CSID", {200, 500, 501}},
    {"LANG", {200, 500, 501, 504}},                  // RFC 2640
    {"HOST", {220, 500, 501, 503, 504}},             // RFC 7151
    {"SMNT", {202, 500, 501, 530}},
    {"LPRT", {200, 500, 501, 504, 521, 530}},        // RFC 1639
    {"LPSV", {228, 425, 500, 501, 530}},             // RFC 1639
    {"PRET", {200, 450, 451, 500, 501, 504, 530, 550, 553}},
    {"MFCT", {213, 450, 451, 452, 500, 501, 530, 550, 552}},
    {"MFF", {213, 450, 451, 452, 500, 501, 504, 530, 550, 552}},
    {"AVBL", {213, 450, 451, 500, 501, 530, 550}},
    {"DSIZ", {213, 426, 450, 451, 500, 501, 530, 550}},
    {"RMDA", {250, 426, 450, 451, 452, 500, 501, 530, 550, 552}},
    {"COMB", {250, 426, 450, 451, 452, 500, 501, 530, 550, 552, 553}},
    // draft-bryan-ftpext-hash-02 and draft-bryan-ftp-range-08; 426 where it is aborted.
    {"HASH", {213, 426, 450, 451, 501, 530, 550, 551, 552, 553, 554, 556}},
    {"MD5", {251, 426, 450, 451, 501, 530, 550, 552, 556}},  // draft-twine-ftpmd5-00
    {"RANG", {350, 501, 530}},
    // Before a 150.
    {"RETR", {425, 450, 451, 500, 501, 503, 530, 550, 554}},
    {"STOR", {425, 450, 451, 452, 500, 501, 530, 532, 550, 552, 553, 554}},
    {"APPE", {425, 450, 451, 452, 500, 501, 530, 550, 552, 553, 554}},
    {"STOU", {425, 450, 451, 452, 500, 501, 530, 550, 552, 553, 554}},
    {"LIST", {425, 450, 451, 500, 501, 502, 530, 550}},
    {"NLST", {425, 450, 451, 500, 501, 502, 530, 550}},
    {"MLSD", {425, 450, 451, 500, 501, 502, 530, 550}},
};

constexpr int kAfterOpening[] = {226, 250, 425, 426, 451};
constexpr int kAfterOpeningStore[] = {226, 250, 425, 426, 451, 452, 550, 551, 552, 553};

bool contains(const int* first, const int* last, int code) {
    return code != 0 && std::find(first, last, code) != last;
}

}  // namespace

bool is_transfer(std::string_view verb) {
    static constexpr std::string_view kVerbs[] = {"RETR", "STOR", "APPE", "STOU",
                                                  "LIST", "NLST", "MLSD"};
    return std::find(std::begin(kVerbs), std::end(kVerbs), verb) != std::end(kVerbs);
}

bool is_legal_final(std::string_view verb, int code) {
    for (const Row& row : kRows) {
        if (row.verb != verb) { continue; }
        // A connection that fails or an ABOR before the 150 has the codes of later, too (M8).
        if (is_transfer(verb) && code == 426) { return true; }
        return contains(std::begin(row.codes), std::end(row.codes), code);
    }
    return code == 500 || code == 501 || code == 502;
}

bool is_legal_after_opening(std::string_view verb, int code) {
    const bool stores = verb == "STOR" || verb == "APPE" || verb == "STOU";
    return stores ? contains(std::begin(kAfterOpeningStore), std::end(kAfterOpeningStore), code)
                  : contains(std::begin(kAfterOpening), std::end(kAfterOpening), code);
}

}  // namespace sluice::sim
