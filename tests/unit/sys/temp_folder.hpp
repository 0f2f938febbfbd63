// A folder of its own for a test, removed with what is in it at the end.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace sluice::sys {

class TempFolder {
public:
    TempFolder() {
        std::string form = (std::filesystem::temp_directory_path() / "sluice-sys-XXXXXX").string();
        if (mkdtemp(form.data()) != nullptr) {
            path_ = form;
        }
        EXPECT_FALSE(path_.empty()) << "no temporary folder";
    }
    ~TempFolder() {
        std::error_code ignored;  // a leftover in the temporary folder harms nobody
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const char* name) const { return path_ + "/" + name; }

    void write(const char* name, const std::string& content) const {
        std::ofstream file(*this / name, std::ios::binary);
        file << content;
    }
    std::string read(const char* name) const {
        std::ifstream file(*this / name, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }

private:
    std::string path_;
};

}  // namespace sluice::sys
