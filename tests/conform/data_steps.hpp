// The data connections of a transcript: setting them up, and what flows through them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conversation.hpp"

namespace sluice::conform {

class DataSteps {
public:
    DataSteps(World& world, Conversation& conversation, Contents& contents, Variables& variables,
              Trouble& trouble)
        : world_(world),
          conversation_(conversation),
          contents_(contents),
          variables_(variables),
          trouble_(trouble) {}

    // data PASV|EPSV|PORT|EPRT [later] [narrow]
    void set_up(const std::vector<std::string>& words);
    // dial [NAME] [from ADDRESS] [to ADDRESS] [port PORT] [narrow]
    void dial(const std::vector<std::string>& words);
    // tls NAME [fresh] [refused]
    void protect(const std::vector<std::string>& words);
    void run(const Step& step);
    void release_all(ControlSession& session);

private:
    void set_up_active(ControlSession& session, DataConnection& data, bool extended);
    void read_227(ControlSession& session);
    void read_229(ControlSession& session);
    void set_port(ControlSession& session, std::uint16_t port);
    bool connect(DataConnection& data);
    void expect_no_data(DataConnection& data);
    void expect_drop(DataConnection& data);
    void discard(DataConnection& data);
    void drain(DataConnection& data, std::uint64_t bytes_max);
    void receive(const Step& step, DataConnection& data);
    void receive_size(const Step& step, DataConnection& data);
    void receive_some(const Step& step, DataConnection& data);
    void receive_lines(const Step& step, DataConnection& data);
    bool compare_as_listing(DataConnection& data, const std::vector<std::string>& patterns);
    std::vector<std::string> split_lines(std::string_view listing);
    void send(const Step& step, DataConnection& data);
    void release(DataConnection& data);

    World& world_;
    Conversation& conversation_;
    Contents& contents_;
    Variables& variables_;
    Trouble& trouble_;
};

}  // namespace sluice::conform
