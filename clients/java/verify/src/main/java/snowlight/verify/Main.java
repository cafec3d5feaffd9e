package snowlight.verify;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Checks an export offline, as `snowlight verify` does: {@code verify.jar PACKAGE.zip|manifest.json [--key FILE]}. The
 * format is described in docs/evidence.md. Exit status: 0 whole and as it was signed, 1 not, 2 asked wrongly.
 */
public final class Main {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final PrintStream ERR = new PrintStream(System.err, true, StandardCharsets.UTF_8);

    private Main() {}

    public static void main(String[] arguments) {
        List<String> words = List.of(arguments);
        boolean pinned = words.size() == 3 && words.get(1).equals("--key");
        if (words.size() != 1 && !pinned) {
            ERR.println("usage: verify PACKAGE.zip|manifest.json [--key CLUSTER.jwk]");
            System.exit(2);
        }
        System.exit(check(Path.of(words.get(0)), pinned ? Path.of(words.get(2)) : null));
    }

    private static int check(Path path, Path key) {
        try {
            PublicKeyEd25519 trusted = key == null ? null : PublicKeyEd25519.read(key);
            try (Source source = Source.of(path)) {
                Verification found = Verification.of(source, trusted);
                found.problems().forEach(problem -> ERR.println("snowlight: " + problem));
                found.report(trusted != null).forEach(OUT::println);
                return found.problems().isEmpty() ? 0 : 1;
            }
        } catch (EvidenceException error) {
            ERR.println("snowlight: " + error.getMessage());
        } catch (IOException error) {
            ERR.println("snowlight: evidence.file_unreadable: " + path + " cannot be read");
        }
        return 1;
    }
}
