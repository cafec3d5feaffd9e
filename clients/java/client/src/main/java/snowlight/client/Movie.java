package snowlight.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.Timestamps;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import snowlight.api.access.v1.Description;
import snowlight.api.access.v1.Discontinuity;
import snowlight.api.access.v1.Fragment;

/**
 * A file that plays: the init section, then the fragments as they come. Where the camera changes what it sends, or its
 * media times begin anew, another file begins: gate.mp4, gate-2.mp4.
 */
final class Movie implements AutoCloseable {
    private final Path path;
    private OutputStream file;
    private int files;
    private ByteString init = ByteString.EMPTY;
    private boolean anew;
    private String first = "";
    private Duration length = Duration.ZERO;
    private String resumeToken = "";

    Movie(Path path) {
        this.path = path;
    }

    /** So much has been written. */
    Duration length() {
        return length;
    }

    /** Where to go on from when the call breaks off; "": from the beginning. */
    String resumeToken() {
        return resumeToken;
    }

    /** Goes on with the open file where nothing has changed, as after a resumed call. */
    void begin(Description description) throws IOException {
        if (file != null && !anew && init.equals(description.getInitSection())) {
            return;
        }
        close();
        files++;
        Path next = files == 1 ? path : path.resolveSibling(numbered(path.getFileName().toString(), files));
        file = Files.newOutputStream(next);
        init = description.getInitSection();
        init.writeTo(file);
        System.out.printf(
                "%s: %s, %dx%d%n", next, description.getCodecs(), description.getWidth(), description.getHeight());
    }

    void add(Fragment fragment) throws IOException {
        if (file == null) {
            throw new IOException(path + ": a fragment came before any description");
        }
        fragment.getData().writeTo(file);
        if (first.isEmpty()) {
            first = Timestamps.toString(fragment.getStartTime());
        }
        anew = false;
        length = length.plusMillis(fragment.getDurationMs());
        resumeToken = fragment.getResumeToken();
    }

    void explain(Discontinuity hole) {
        anew = hole.getReason() == Discontinuity.Reason.SOURCE || hole.getReason() == Discontinuity.Reason.GAP;
        System.out.printf("discontinuity: %s %s%n", hole.getReason(), hole.getCause());
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
            file = null;
        }
    }

    @Override
    public String toString() {
        return "%d.%03d s from %s".formatted(length.toSeconds(), length.toMillisPart(), first);
    }

    private static String numbered(String name, int number) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? name + "-" + number : name.substring(0, dot) + "-" + number + name.substring(dot);
    }
}
