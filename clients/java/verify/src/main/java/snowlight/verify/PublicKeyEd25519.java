package snowlight.verify;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;

/** A public key of Ed25519 from a JWK (RFC 8037). {@code thumbprint}: RFC 7638. */
record PublicKeyEd25519(PublicKey key, String thumbprint) {
    private static final Set<String> PUBLIC_MEMBERS = Set.of("kty", "crv", "x", "kid", "alg", "use", "key_ops");
    private static final int LENGTH = 32;

    /** What comes before the 32 bytes of a key in X.509's form (RFC 8410, section 4). */
    private static final byte[] PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

    /** Reads what `snowlight admin show-evidence-key` prints. */
    static PublicKeyEd25519 read(Path file) throws EvidenceException {
        try {
            return of(JsonParser.parseString(Files.readString(file)));
        } catch (IOException | IllegalArgumentException | JsonParseException error) {
            throw new EvidenceException("evidence.key_malformed", file + " is no public key (JWK, Ed25519)");
        }
    }

    /**
     * From nothing but public members: a key that has `d` too could be taken from that by some programs, while its
     * thumbprint is that of `x`.
     *
     * @throws IllegalArgumentException where it is none
     */
    static PublicKeyEd25519 of(JsonElement jwk) {
        if (jwk == null || !jwk.isJsonObject() || !PUBLIC_MEMBERS.containsAll(jwk.getAsJsonObject().keySet())) {
            throw new IllegalArgumentException("not a public key, or more than one");
        }
        JsonObject members = jwk.getAsJsonObject();
        if (!"OKP".equals(text(members, "kty")) || !"Ed25519".equals(text(members, "crv"))) {
            throw new IllegalArgumentException("no key of Ed25519");
        }
        String x = text(members, "x");
        byte[] bytes = Base64.getUrlDecoder().decode(x);
        if (bytes.length != LENGTH) {
            throw new IllegalArgumentException("no key of Ed25519");
        }
        try {
            byte[] encoded = new byte[PREFIX.length + LENGTH];
            System.arraycopy(PREFIX, 0, encoded, 0, PREFIX.length);
            System.arraycopy(bytes, 0, encoded, PREFIX.length, LENGTH);
            PublicKey key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
            String canonical = "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" + x + "\"}";
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(canonical.getBytes(StandardCharsets.US_ASCII));
            return new PublicKeyEd25519(key, Base64.getUrlEncoder().withoutPadding().encodeToString(digest));
        } catch (GeneralSecurityException error) {
            throw new IllegalArgumentException("no key of Ed25519", error);
        }
    }

    private static String text(JsonObject members, String name) {
        JsonElement value = members.get(name);
        if (value == null || !value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw new IllegalArgumentException(name + " must be text");
        }
        return value.getAsString();
    }
}
