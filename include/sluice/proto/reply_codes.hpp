// The reply codes sluice sends, by name, with the section that defines them.
#pragma once

#include <cstdint>

namespace sluice::proto {

// RFC 959 4.2.2 unless a line says otherwise.
enum class ReplyCode : std::uint16_t {
    DataAlreadyOpen = 125,
    OpeningData = 150,

    Okay = 200,
    Superfluous = 202,   // RFC 959: ACCT is not needed here
    SystemStatus = 211,  // also FEAT, RFC 2389 3.2
    DirectoryStatus = 212,
    FileStatus = 213,  // also SIZE, MDTM, RFC 3659
    Help = 214,
    SystemType = 215,
    ServiceReady = 220,
    Goodbye = 221,
    DataOpenNoTransfer = 225,
    TransferComplete = 226,
    PassiveMode = 227,
    LongPassiveMode = 228,      // RFC 1639 2.2
    ExtendedPassiveMode = 229,  // RFC 2428 3
    LoggedIn = 230,
    LoggedInBySecurity = 232,   // RFC 2228 5.1: by what AUTH has brought, here a certificate
    SecurityDone = 234,         // RFC 2228 3: the handshake may begin
    FileActionOkay = 250,
    DigestOfFile = 251,  // draft-twine-ftpmd5-00: MD5
    PathCreated = 257,

    NeedPassword = 331,
    NeedAccount = 332,
    NeedMore = 350,

    ServiceUnavailable = 421,
    CannotOpenData = 425,
    TransferAborted = 426,
    SecurityUnavailable = 431,  // RFC 2228 3: TLS, but not now
    FileBusy = 450,
    LocalError = 451,
    NoSpace = 452,

    UnknownCommand = 500,
    BadArgument = 501,
    NotImplemented = 502,
    BadSequence = 503,
    ParameterNotImplemented = 504,
    FamilyNotSupported = 521,    // RFC 1639 2.1: use one of the listed address families
    ProtocolNotSupported = 522,  // RFC 2428 2: use one of the listed network protocols
    ProtectionNeeded = 521,      // RFC 4217 10.2: not with this PROT
    DataNotProtected = 522,      // RFC 4217 10.2: the TLS of the data connection did not come about
    NotLoggedIn = 530,
    NeedAccountToStore = 532,
    ChannelNotProtected = 533,  // RFC 2228 4: CCC in clear
    RefusedBySecurity = 534,    // RFC 2228 3: policy
    ProtectionUnknown = 536,    // RFC 2228 3: PROT S, PROT E
    FileUnavailable = 550,
    PageTypeUnknown = 551,
    ExceededAllocation = 552,
    BadFileName = 553,
    BadRestart = 554,  // RFC 3659 5.3: the restart offset cannot be used
    RefusedByPolicy = 556,  // draft-bryan-ftpext-hash-02 3.5: HASH of this file
};

}  // namespace sluice::proto
