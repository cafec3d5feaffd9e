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
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/** What the manifest says, as far as the check and its report need it. */
record Manifest(
        String export,
        String caseNumber,
        String reason,
        String createdBy,
        String createTime,
        Span window,
        List<Camera> cameras) {
    static final String NAME = "manifest.json";

    private static final Set<String> FORMATS = Set.of("snowlight-evidence/1", "snowlight-evidence/2");
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

    record Camera(String uid, List<Item> objects, List<Span> gaps, List<Item> rendered) {}

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
            List<Camera> cameras = list(root, "cameras", Manifest::camera);
            if (cameras.isEmpty()) {
                throw new IllegalArgumentException("cameras: there is none");
            }
            return new Manifest(
                    text(root, "export"),
                    text(root, "case_number"),
                    text(root, "reason"),
                    text(root, "created_by"),
                    instant(root, "create_time"),
                    span(root),
                    cameras);
        } catch (JsonParseException | IllegalArgumentException error) {
            throw new EvidenceException("evidence.manifest_malformed", error.getMessage());
        }
    }

    boolean hasRendered() {
        return cameras.stream().anyMatch(camera -> !camera.rendered().isEmpty());
    }

    private static Camera camera(JsonObject json) {
        List<Item> rendered = json.has("rendered") ? list(json, "rendered", each -> item(each, "")) : List.of();
        return new Camera(
                text(json, "uid"),
                list(json, "objects", each -> item(each, text(each, "committed_sha256"))),
                list(json, "gaps", Manifest::gap),
                rendered);
    }

    private static Item item(JsonObject json, String committed) {
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

    private static JsonElement member(JsonObject json, String name) {
        JsonElement value = json.get(name);
        if (value == null || value.isJsonNull()) {
            throw new IllegalArgumentException(name + ": is missing");
        }
        return value;
    }
}
