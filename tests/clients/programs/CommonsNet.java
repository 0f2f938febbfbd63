import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.ZoneOffset;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.TrustManagerFactory;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPFile;
import org.apache.commons.net.ftp.FTPSClient;

/** Apache Commons Net's FTPClient plays the steps of library_case.py. */
public final class CommonsNet {
    private static FTPClient ftp = new FTPClient();

    public static void main(String[] arguments) throws IOException, GeneralSecurityException {
        if (arguments.length > 3) {
            ftp = overTls(arguments[3]);
        }
        ftp.setControlEncoding("UTF-8");
        ftp.setListHiddenFiles(false);
        ftp.setDataTimeout(java.time.Duration.ofSeconds(60));
        ftp.connect(arguments[0], Integer.parseInt(arguments[1]));
        if (ftp instanceof FTPSClient secure) {
            secure.execPBSZ(0);
            secure.execPROT("P");
        }
        if (!ftp.login("anonymous", "x@example.org") || !ftp.setFileType(FTP.BINARY_FILE_TYPE)) {
            throw new IOException(ftp.getReplyString());
        }
        if (arguments[2].equals("passive")) {
            ftp.enterLocalPassiveMode();
        }
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split("\t", -1);
            List<String> answer = new ArrayList<>();
            if (play(words, answer)) {
                answer.add(0, "ok");
            } else {
                answer = List.of("error", ftp.getReplyString().trim().replaceAll("\\s+", " "));
            }
            out.println(String.join("\t", answer));
        }
        if (!ftp.logout()) {
            throw new IOException(ftp.getReplyString());
        }
        ftp.disconnect();
    }

    private static FTPSClient overTls(String authority)
        throws IOException, GeneralSecurityException {
        KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
        known.load(null, null);
        try (InputStream in = new FileInputStream(authority)) {
            known.setCertificateEntry("authority",
                CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(known);
        FTPSClient client = new FTPSClient(false);
        client.setTrustManager(trust.getTrustManagers()[0]);
        client.setEndpointCheckingEnabled(true);
        return client;
    }

    private static boolean play(String[] words, List<String> answer) throws IOException {
        switch (words[0]) {
            case "get":
                return get(words[1], words[2], 0);
            case "resume-get":
                return get(words[1], words[2], new File(words[2]).length());
            case "put":
                return put(words[1], words[2], 0);
            case "resume-put":
                return put(words[1], words[2], Long.parseLong(ftp.getSize(words[2])));
            case "get-text":
                return asText(() -> get(words[1], words[2], 0));
            case "put-text":
                return asText(() -> put(words[1], words[2], 0));
            case "append":
                try (InputStream in = new FileInputStream(words[1])) {
                    return ftp.appendFile(words[2], in);
                }
            case "cwd":
                return ftp.changeWorkingDirectory(words[1]);
            case "pwd":
                return answer.add(ftp.printWorkingDirectory());
            case "mkdir":
                return ftp.makeDirectory(words[1]);
            case "rmdir":
                return ftp.removeDirectory(words[1]);
            case "rename":
                return ftp.rename(words[1], words[2]);
            case "delete":
                return ftp.deleteFile(words[1]);
            case "size":
                return answer.add(ftp.getSize(words[1]));
            case "time": {
                // "20200102030405": commons-net 3.9 hands out MDTM's own form.
                LocalDateTime time = LocalDateTime.parse(ftp.getModificationTime(words[1]),
                    DateTimeFormatter.ofPattern("yyyyMMddHHmmss"));
                return answer.add(Long.toString(time.toEpochSecond(ZoneOffset.UTC)));
            }
            case "names":
                return answer.addAll(
                    Arrays.asList(words[1].isEmpty() ? ftp.listNames() : ftp.listNames(words[1])));
            case "lines":
                for (FTPFile file : ftp.listFiles(words[1])) {
                    answer.add(file.getRawListing());
                }
                return true;
            default:
                throw new IOException("no step " + words[0]);
        }
    }

    private interface Action {
        boolean run() throws IOException;
    }

    private static boolean asText(Action action) throws IOException {
        return ftp.setFileType(FTP.ASCII_FILE_TYPE) && action.run()
            && ftp.setFileType(FTP.BINARY_FILE_TYPE);
    }

    private static boolean get(String remote, String local, long offset) throws IOException {
        ftp.setRestartOffset(offset);
        try (OutputStream out = new FileOutputStream(local, offset > 0)) {
            return ftp.retrieveFile(remote, out);
        }
    }

    private static boolean put(String local, String remote, long offset) throws IOException {
        ftp.setRestartOffset(offset);
        try (InputStream in = new FileInputStream(local)) {
            in.skipNBytes(offset);
            return ftp.storeFile(remote, in);
        }
    }
}
