package snowlight.verify;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The offline check of an export: signature, footage, and that nothing of the window is passed over. */
final class Verification {
    /** A hole up to this long between two objects is none. */
    private static final long JOIN_MS = 1_000;

    private static final int PIECE = 1 << 20;

    private final Source source;
    private final Manifest manifest;
    private final String signer;
    private final boolean renderedAlone;
    private final List<String> problems = new ArrayList<>();
    private int objects;
    private int rendered;
    private long size;

    private Verification(Source source, Manifest manifest, String signer) {
        this.source = source;
        this.manifest = manifest;
        this.signer = signer;
        this.renderedAlone = manifest.hasRendered()
                && manifest.cameras().stream()
                        .flatMap(camera -> camera.objects().stream())
                        .noneMatch(each -> source.has(each.file()));
    }

    /**
     * Checks all there is to check.
     *
     * @param trusted the cluster's public key, got on another way; null: the manifest then proves only that it and the
     *     footage belong together
     * @throws EvidenceException for a manifest or signature that does not hold; what is wrong with the footage is among
     *     the problems
     */
    static Verification of(Source source, PublicKeyEd25519 trusted) throws EvidenceException {
        byte[] data = read(source, source.manifestName());
        byte[] signature = read(source, source.manifestName() + ".jws");
        String signer = Signature.check(data, signature, trusted);
        Verification verification = new Verification(source, Manifest.parse(data), signer);
        verification.checkFootage();
        return verification;
    }

    /** What is wrong. Empty: the export is whole and as it was signed. */
    List<String> problems() {
        return problems;
    }

    List<String> report(boolean pinned) {
        int gaps = manifest.cameras().stream().mapToInt(camera -> camera.gaps().size()).sum();
        String uids = String.join(", ", manifest.cameras().stream().map(Manifest.Camera::uid).toList());
        List<String> lines = new ArrayList<>();
        lines.add("export:   %s, case %s".formatted(manifest.export(), manifest.caseNumber()));
        lines.add("taken by: %s at %s: %s".formatted(manifest.createdBy(), manifest.createTime(), manifest.reason()));
        manifest.exporter()
                .map(Manifest.Exporter::toString)
                .filter(told -> !told.isEmpty())
                .ifPresent(told -> lines.add("for:      " + told));
        lines.add("window:   %s to %s, cameras %s".formatted(manifest.window().start(), manifest.window().end(), uids));
        lines.add("signed:   by " + signer + (pinned ? "" : " (not compared with a key you trust)"));
        lines.add("footage:  %s, %d bytes, %d gaps with their causes".formatted(footage(), size, gaps));
        for (Manifest.Camera camera : manifest.cameras()) {
            camera.clock().ifPresent(clock -> lines.add("clock:    of " + camera.uid() + " " + ahead(clock)));
        }
        lines.add("verdict:  " + (problems.isEmpty() ? "whole and as it was signed" : "NOT whole as it was signed"));
        return lines;
    }

    private static String ahead(Manifest.CameraClock clock) {
        String way = clock.offsetMs() >= 0 ? "ahead" : "behind";
        double seconds = Math.abs(clock.offsetMs()) / 1000.0;
        return String.format(Locale.ROOT, "%.3f s %s at %s", seconds, way, clock.measured());
    }

    private String footage() {
        if (!manifest.hasRendered()) {
            return objects + " objects";
        }
        return rendered + " rendered files, "
                + (renderedAlone ? "without the objects they were made of" : objects + " objects");
    }

    private void checkFootage() {
        for (Manifest.Camera camera : manifest.cameras()) {
            for (Manifest.Item each : camera.rendered()) {
                rendered += isRead(each) ? 1 : 0;
            }
            for (Manifest.Item each : renderedAlone ? List.<Manifest.Item>of() : camera.objects()) {
                if (!each.committed().isEmpty() && !each.committed().equals(each.sha256())) {
                    problems.add(each.file() + ": is not what was recorded by its SHA-256");
                }
                objects += isRead(each) ? 1 : 0;
            }
            checkWindow(camera);
        }
    }

    /** Whether the file could be read at all; says what is wrong with it. */
    private boolean isRead(Manifest.Item item) {
        long length = 0;
        String digest;
        try (InputStream file = source.open(item.file())) {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            byte[] piece = new byte[PIECE];
            for (int count = file.read(piece); count >= 0; count = file.read(piece)) {
                sha256.update(piece, 0, count);
                length += count;
            }
            digest = HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchFileException error) {
            problems.add(item.file() + ": is not there");
            return false;
        } catch (IOException error) {
            problems.add(item.file() + ": cannot be read (" + error.getMessage() + ")");
            return false;
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error); // every Java has it
        }
        size += length;
        if (length != item.size()) {
            problems.add("%s: has %d bytes, the manifest says %d".formatted(item.file(), length, item.size()));
        } else if (!digest.equals(item.sha256())) {
            problems.add("%s: its SHA-256 is %s, the manifest says %s".formatted(item.file(), digest, item.sha256()));
        }
        return true;
    }

    /** Finds parts of the window for which there is neither footage nor a gap with its cause. */
    private void checkWindow(Manifest.Camera camera) {
        long reached = manifest.window().startMs();
        long end = manifest.window().endMs();
        List<Manifest.Span> parts = Stream.concat(
                        camera.objects().stream().map(Manifest.Item::span), camera.gaps().stream())
                .sorted(Comparator.comparingLong(Manifest.Span::startMs).thenComparingLong(Manifest.Span::endMs))
                .toList();
        for (Manifest.Span part : parts) {
            checkHole(camera, reached, Math.min(part.startMs(), end));
            reached = Math.max(reached, part.endMs());
        }
        checkHole(camera, reached, end);
    }

    private void checkHole(Manifest.Camera camera, long fromMs, long toMs) {
        if (toMs - fromMs > JOIN_MS) {
            problems.add(String.format(
                    Locale.ROOT,
                    "%s: %.1f s of the window are neither footage nor a gap",
                    camera.uid(), (toMs - fromMs) / 1000.0));
        }
    }

    private static byte[] read(Source source, String file) throws EvidenceException {
        try (InputStream opened = source.open(file)) {
            return opened.readAllBytes();
        } catch (NoSuchFileException error) {
            throw new EvidenceException("evidence.file_missing", file + " is not there");
        } catch (IOException error) {
            throw new EvidenceException("evidence.file_unreadable", file + " cannot be read");
        }
    }
}
