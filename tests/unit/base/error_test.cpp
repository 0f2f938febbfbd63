// Method: the errno table row by row as written here a second time, from the manual pages; then
// what must hold for every enumerator.
#include "sluice/base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice {
namespace {

struct Row {
    int sys_errno;
    Errc code;
};
constexpr Row kRows[] = {
    {EAGAIN, Errc::WouldBlock},
    {EWOULDBLOCK, Errc::WouldBlock},
    {ECANCELED, Errc::Stopped},
    {ETIMEDOUT, Errc::TimedOut},
    {ECONNRESET, Errc::ConnectionReset},
    {ECONNABORTED, Errc::ConnectionReset},
    {ENOTCONN, Errc::ConnectionReset},
    {EPIPE, Errc::ConnectionReset},
    {ECONNREFUSED, Errc::ConnectionRefused},
    {EHOSTUNREACH, Errc::Unreachable},
    {ENETUNREACH, Errc::Unreachable},
    {EHOSTDOWN, Errc::Unreachable},
    {ENETDOWN, Errc::Unreachable},
    {EADDRINUSE, Errc::AddressInUse},
    {EADDRNOTAVAIL, Errc::AddressUnavailable},
    {ENOENT, Errc::NotFound},
    {EACCES, Errc::AccessDenied},
    {EPERM, Errc::Permission},
    {EROFS, Errc::ReadOnly},
    {EEXIST, Errc::AlreadyExists},
    {EISDIR, Errc::IsDirectory},
    {ENOTDIR, Errc::NotDirectory},
    {ENOTEMPTY, Errc::NotEmpty},
    {ENAMETOOLONG, Errc::NameTooLong},
    {EILSEQ, Errc::BadName},
    {ELOOP, Errc::LinkLoop},
    {EXDEV, Errc::CrossDevice},
    {ENOSPC, Errc::NoSpace},
    {EDQUOT, Errc::QuotaExceeded},
    {EFBIG, Errc::FileTooBig},
    {EIO, Errc::InputOutput},
    {EBUSY, Errc::Busy},
    {ETXTBSY, Errc::Busy},
    {EMFILE, Errc::NoDescriptors},
    {ENFILE, Errc::NoDescriptors},
    {ENOMEM, Errc::NoMemory},
    {ENOBUFS, Errc::NoMemory},
    {EINVAL, Errc::BadArgument},
    {EOVERFLOW, Errc::OutOfRange},
    {ERANGE, Errc::OutOfRange},
    {EOPNOTSUPP, Errc::NotSupported},
    {ENOSYS, Errc::NotSupported},
    {EPROTO, Errc::Protocol},
};

TEST(Error, EveryErrnoOfTheTableHasItsCodeAndKeepsItsNumber) {
    for (const Row& row : kRows) {
        const Error error = error_from_errno(row.sys_errno);
        EXPECT_EQ(error.code, row.code) << "errno " << row.sys_errno;
        EXPECT_EQ(error.sys_errno, row.sys_errno);
    }
}

TEST(Error, NoErrnoIsNoError) {
    EXPECT_EQ(error_from_errno(0).code, Errc::Ok);
}

TEST(Error, AnUnknownErrnoIsOtherAndSpeaksInItsOwnWords) {
    const Error error = error_from_errno(ESTALE);
    EXPECT_EQ(error.code, Errc::Other);
    EXPECT_EQ(error.sys_errno, ESTALE);
    EXPECT_EQ(text_of(error), "Stale file handle");
    EXPECT_EQ(text_of(error_from_errno(123'456)), "system error");
    EXPECT_EQ(text_of(Error(Errc::Other)), "system error");
}

TEST(Error, EveryCodeHasATextThatCanStandInAReply) {
    for (int number = 0; number <= static_cast<int>(Errc::Other); ++number) {
        const std::string_view text = text_of(static_cast<Errc>(number));
        EXPECT_FALSE(text.empty()) << number;
        EXPECT_EQ(text.find_first_of("\r\n"), std::string_view::npos) << text;
        const bool catch_all = text == "system error";
        EXPECT_EQ(catch_all, number == static_cast<int>(Errc::Other)) << number << ": no text";
    }
}

TEST(Error, WhatLiesOutsideTheRootReadsLikeWhatDoesNotExist) {
    EXPECT_EQ(text_of(Errc::OutsideRoot), text_of(Errc::NotFound));
}

TEST(Error, EqualityIsAboutTheCode) {
    EXPECT_EQ(error_from_errno(EPIPE), error_from_errno(ECONNRESET));
    EXPECT_FALSE(Error(Errc::NotFound) == Error(Errc::AccessDenied));
}

TEST(Result, CarriesAValueOrAnError) {
    const auto half = [](int n) -> Result<int> {
        if (n % 2 != 0) {
            return fail(Errc::BadArgument);
        }
        return n / 2;
    };
    EXPECT_EQ(half(8).value(), 4);
    ASSERT_FALSE(half(7).has_value());
    EXPECT_EQ(half(7).error().code, Errc::BadArgument);
}

TEST(Result, AStatusFromErrnoKeepsTheNumber) {
    const Status status = fail_errno(ENOSPC);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, Errc::NoSpace);
    EXPECT_EQ(status.error().sys_errno, ENOSPC);
    const Status chosen = fail(Errc::OutsideRoot, EXDEV);
    EXPECT_EQ(chosen.error().code, Errc::OutsideRoot);
    EXPECT_EQ(chosen.error().sys_errno, EXDEV);
    EXPECT_TRUE(Status().has_value());
}

}  // namespace
}  // namespace sluice
