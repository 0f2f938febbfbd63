# Ruby's net/ftp plays the steps of library_case.py.
require "net/ftp"

$stdout.sync = true
host, port, mode, authority = ARGV
ftp = Net::FTP.new(nil, authority ? { ssl: { ca_file: authority } } : {})
ftp.passive = mode == "passive"
ftp.open_timeout = ftp.read_timeout = 60
ftp.connect(host, port.to_i)
ftp.login("anonymous", "x@example.org")
ftp.resume = false

def resuming(ftp)
  ftp.resume = true
  yield
ensure
  ftp.resume = false
end

steps = {
  "get" => ->(remote, local) { ftp.getbinaryfile(remote, local) },
  "put" => ->(local, remote) { ftp.putbinaryfile(local, remote) },
  "get-text" => ->(remote, local) { ftp.gettextfile(remote, local) },
  "put-text" => ->(local, remote) { ftp.puttextfile(local, remote) },
  "resume-get" => ->(remote, local) { resuming(ftp) { ftp.getbinaryfile(remote, local) } },
  "resume-put" => ->(local, remote) { resuming(ftp) { ftp.putbinaryfile(local, remote) } },
  "append" => lambda { |local, remote|
    File.open(local, "rb") { |file| ftp.storbinary("APPE #{remote}", file, 65_536) }
  },
  "cwd" => ->(path) { ftp.chdir(path) },
  "pwd" => -> { [ftp.pwd] },
  "mkdir" => ->(path) { ftp.mkdir(path) },
  "rmdir" => ->(path) { ftp.rmdir(path) },
  "rename" => ->(from, to) { ftp.rename(from, to) },
  "delete" => ->(path) { ftp.delete(path) },
  "size" => ->(path) { [ftp.size(path)] },
  "time" => ->(path) { [ftp.mtime(path).to_i] },
  "names" => ->(path) { path.empty? ? ftp.nlst : ftp.nlst(path) },
  "lines" => ->(path) { path.empty? ? ftp.list : ftp.list(path) }
}

while (line = $stdin.gets)
  step, *words = line.chomp.split("\t", -1)
  begin
    value = steps.fetch(step).call(*words)
    puts ["ok", *(value.is_a?(Array) ? value : [])].join("\t")
  rescue Net::FTPError => e
    puts "error\t#{e.message.gsub(/\s+/, ' ')}"
  end
end
ftp.quit
ftp.close
