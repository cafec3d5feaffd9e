package snowlight.client;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the command line says: a command, and options by name. */
record Options(String command, Map<String, String> values) {
    static Options read(String[] arguments) {
        String command = "";
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < arguments.length; i++) {
            if (!arguments[i].startsWith("-")) {
                command = arguments[i];
            } else if (i + 1 < arguments.length) {
                values.put(arguments[i].replaceFirst("^-+", ""), arguments[++i]);
            }
        }
        return new Options(command, Map.copyOf(values));
    }

    /** Throws IllegalArgumentException where it is not said. */
    String required(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("-" + name + " is missing");
        }
        return value;
    }

    String optional(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    Path file(String name) {
        return Path.of(required(name));
    }

    /** What has commas between. */
    List<String> several(String name) {
        return List.of(required(name).split(","));
    }

    double number(String name, double otherwise) {
        return Double.parseDouble(optional(name, Double.toString(otherwise)));
    }

    Optional<Timestamp> perhapsInstant(String name) {
        return values.containsKey(name) ? Optional.of(instant(name)) : Optional.empty();
    }

    Timestamp instant(String name) {
        try {
            return Timestamps.parse(required(name));
        } catch (ParseException error) {
            throw new IllegalArgumentException("-" + name + " must be an instant (RFC 3339)", error);
        }
    }
}
