package snowlight.verify;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the manifest says, as far as the check and its report need it. */
record Manifest(
        String export,
        String caseNumber,
        String reason,
        String createdBy,
        String createTime,
        Optional<Exporter> exporter,
        Span window,
        List<Camera> cameras) {
    static final String NAME = "manifest.json";

    private static final List<String> FORMATS =
            List.of("snowlight-evidence/1", "snowlight-evidence/2", "snowlight-evidence/3");
    private static final Set<String> ROOT = Set.of(
            "format", "export", "case_number", "reason", "created_by", "create_time", "start", "end", "immutable",
            "retain_until", "cameras");
    private static final Set<String> EXPORTER = Set.of("person", "unit", "organisation", "incident");
    private static final Set<String> CAMERA = Set.of("uid", "objects", "gaps");

    /** What a camera has from format 2, and from 3. */
    private static final List<String> CAMERA_FROM = List.of("rendered", "clock");

    private static final Set<String> CLOCK = Set.of("offset_ms", "measured");
    private static final Set<String> GAP = Set.of("start", "end", "cause");
    private static final Set<String> OBJECT = Set.of(
            "file", "start", "end", "size", "sha256", "committed_sha256", "store", "key", "epoch", "codecs");
    private static final Set<String> RENDERED = Set.of(
            "file", "start", "end", "duration_ms", "size", "sha256", "codecs", "reencoded", "burnt_in", "silent",
            "parts");
    private static final Pattern INSTANT = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,6}Z");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    /** [start, end), as the manifest has them. */
    record Span(String start, String end) {
        long startMs() {
            return Instant.parse(start).toEpochMilli();
        }

        long endMs() {
            return Instant.parse(end).toEpochMilli();
        }
    }

    /**
     * A recorded object, or a rendered file.
     *
     * @param committed the SHA-256 that the index was told when an object was recorded; "" where it is not known
     */
    record Item(String file, Span span, long size, String sha256, String committed) {}

    record Camera(
            String uid, List<Item> objects, List<Span> gaps, List<Item> rendered, Optional<CameraClock> clock) {}

    /** By how much the camera's own clock was ahead, and when that was measured. */
    record CameraClock(long offsetMs, String measured) {}

    /** Who took it, beside the account that did. */
    record Exporter(String person, String unit, String organisation, String incident) {
        @Override
        public String toString() {
            return Stream.of(person, unit, organisation, incident)
                    .filter(text -> !text.isEmpty())
                    .collect(Collectors.joining(", "));
        }
    }

    static Manifest parse(byte[] data) throws EvidenceException {
        try {
            JsonElement parsed = JsonParser.parseString(new String(data, StandardCharsets.UTF_8));
            if (!parsed.isJsonObject()) {
                throw new IllegalArgumentException("it is no object");
            }
            JsonObject root = parsed.getAsJsonObject();
            String format = text(root, "format");
            if (!FORMATS.contains(format)) {
                throw new IllegalArgumentException("format: " + format + " is not known");
            }
            int version = FORMATS.indexOf(format) + 1;
            requireKnown(root, ROOT, version >= 3 ? List.of("exporter") : List.of());
            List<Camera> cameras = list(root, "cameras", each -> camera(each, version));
            if (cameras.isEmpty()) {
                throw new IllegalArgumentException("cameras: there is none");
            }
            return new Manifest(
                    text(root, "export"),
                    text(root, "case_number"),
                    text(root, "reason"),
                    text(root, "created_by"),
                    instant(root, "create_time"),
                    optional(root, "exporter", Manifest::exporter),
                    span(root),
                    cameras);
        } catch (JsonParseException | IllegalArgumentException error) {
            throw new EvidenceException("evidence.manifest_malformed", error.getMessage());
        }
    }

    boolean hasRendered() {
        return cameras.stream().anyMatch(camera -> !camera.rendered().isEmpty());
    }

    private static Camera camera(JsonObject json, int version) {
        requireKnown(json, CAMERA, CAMERA_FROM.subList(0, version - 1));
        return new Camera(
                text(json, "uid"),
                list(json, "objects", each -> item(each, OBJECT, text(each, "committed_sha256"))),
                list(json, "gaps", Manifest::gap),
                json.has("rendered") ? list(json, "rendered", each -> item(each, RENDERED, "")) : List.of(),
                optional(json, "clock", Manifest::clock));
    }

    private static Exporter exporter(JsonObject json) {
        requireKnown(json, EXPORTER, List.of());
        return new Exporter(text(json, "person"), text(json, "unit"), text(json, "organisation"), text(json, "incident"));
    }

    private static CameraClock clock(JsonObject json) {
        requireKnown(json, CLOCK, List.of());
        return new CameraClock(member(json, "offset_ms").getAsLong(), instant(json, "measured"));
    }

    private static Item item(JsonObject json, Set<String> known, String committed) {
        requireKnown(json, known, List.of());
        String file = text(json, "file");
        for (String part : file.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..") || part.contains("\\")) {
                throw new IllegalArgumentException("file: must be a path below the manifest's folder");
            }
        }
        String sha256 = text(json, "sha256");
        if (!SHA256.matcher(sha256).matches() || !(committed.isEmpty() || SHA256.matcher(committed).matches())) {
            throw new IllegalArgumentException(file + ": a SHA-256 has 64 hexadecimal digits");
        }
        long size = member(json, "size").getAsLong();
        if (size < 1) {
            throw new IllegalArgumentException(file + ": size must be at least 1");
        }
        return new Item(file, span(json), size, sha256, committed);
    }

    /** Without its cause nothing explains a gap. */
    private static Span gap(JsonObject json) {
        requireKnown(json, GAP, List.of());
        text(json, "cause");
        return span(json);
    }

    private static Span span(JsonObject json) {
        return new Span(instant(json, "start"), instant(json, "end"));
    }

    private static String instant(JsonObject json, String name) {
        String value = text(json, name);
        try {
            if (INSTANT.matcher(value).matches() && Instant.parse(value) != null) {
                return value;
            }
        } catch (DateTimeException error) {
            // said below
        }
        throw new IllegalArgumentException(name + ": " + value + " is no instant");
    }

    private static String text(JsonObject json, String name) {
        JsonElement value = member(json, name);
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw new IllegalArgumentException(name + ": must be text");
        }
        return value.getAsString();
    }

    private static <T> List<T> list(JsonObject json, String name, Function<JsonObject, T> read) {
        JsonElement value = member(json, name);
        if (!value.isJsonArray()) {
            throw new IllegalArgumentException(name + ": must be a list");
        }
        List<T> all = new ArrayList<>();
        for (JsonElement each : value.getAsJsonArray()) {
            if (!each.isJsonObject()) {
                throw new IllegalArgumentException(name + ": must be a list of objects");
            }
            all.add(read.apply(each.getAsJsonObject()));
        }
        return List.copyOf(all);
    }

    private static <T> Optional<T> optional(JsonObject json, String name, Function<JsonObject, T> read) {
        JsonElement value = json.get(name);
        if (value == null || value.isJsonNull()) {
            return Optional.empty();
        }
        if (!value.isJsonObject()) {
            throw new IllegalArgumentException(name + ": must be an object");
        }
        return Optional.of(read.apply(value.getAsJsonObject()));
    }

    /** What a reader passes over could say something else to the next one. */
    private static void requireKnown(JsonObject json, Set<String> known, List<String> further) {
        for (String name : json.keySet()) {
            if (!known.contains(name) && !further.contains(name)) {
                throw new IllegalArgumentException(name + ": is not known");
            }
        }
    }

    private static JsonElement member(JsonObject json, String name) {
        JsonElement value = json.get(name);
        if (value == null || value.isJsonNull()) {
            throw new IllegalArgumentException(name + ": is missing");
        }
        return value;
    }
}
