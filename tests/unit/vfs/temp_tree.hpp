// A directory of the machine that goes with the test, and short ways to put things into it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sluice::vfs {

class TempTree {
public:
    explicit TempTree(const char* base = "/tmp") {
        ::umask(0);  // as the server does at its start: modes are what the rules say
        std::string pattern = std::string(base) + "/sluice-vfs-XXXXXX";
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    TempTree(const TempTree&) = delete;
    TempTree& operator=(const TempTree&) = delete;
    ~TempTree() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::string& path() const { return path_; }
    const char* c_str() const { return path_.c_str(); }
    std::string at(const std::string& name) const { return path_ + "/" + name; }

    void write(const std::string& name, const std::string& content, mode_t mode = 0644) const {
        std::ofstream(at(name), std::ios::binary) << content;
        EXPECT_EQ(::chmod(at(name).c_str(), mode), 0);
    }
    void mkdir(const std::string& name) const {
        EXPECT_EQ(::mkdir(at(name).c_str(), 0755), 0) << name;
    }
    void link(const std::string& target, const std::string& name) const {
        EXPECT_EQ(::symlink(target.c_str(), at(name).c_str()), 0) << name;
    }
    void fifo(const std::string& name) const { EXPECT_EQ(::mkfifo(at(name).c_str(), 0644), 0); }

    bool exists(const std::string& name) const {
        struct stat native;
        return ::lstat(at(name).c_str(), &native) == 0;
    }
    struct stat status(const std::string& name) const {
        struct stat native = {};
        EXPECT_EQ(::lstat(at(name).c_str(), &native), 0) << name;
        return native;
    }
    std::string read(const std::string& name) const {
        std::ifstream in(at(name), std::ios::binary);
        EXPECT_TRUE(in.good()) << name;
        return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    // All names of a directory, sorted, hidden ones too.
    std::vector<std::string> names(const std::string& name = ".") const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(at(name))) {
            found.push_back(entry.path().filename().string());
        }
        std::sort(found.begin(), found.end());
        return found;
    }

private:
    std::string path_;
};

}  // namespace sluice::vfs
