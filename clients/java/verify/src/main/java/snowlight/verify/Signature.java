package snowlight.verify;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;

/** A detached JWS (RFC 7515, appendix F) over the exact bytes of a manifest, by Ed25519 (RFC 9864). */
final class Signature {
    private static final String ALGORITHM = "Ed25519";
    private static final String TYPE = "snowlight-evidence";

    private Signature() {}

    /**
     * The thumbprint of the key that signed, which must be that of {@code trusted} where one is given: what the
     * signature says of its key may be a lie.
     */
    static String check(byte[] manifest, byte[] signature, PublicKeyEd25519 trusted) throws EvidenceException {
        String[] parts = new String(signature, StandardCharsets.ISO_8859_1).strip().split("\\.", -1);
        PublicKeyEd25519 claimed = claimed(parts);
        if (trusted != null && !trusted.thumbprint().equals(claimed.thumbprint())) {
            throw new EvidenceException(
                    "evidence.signer_unknown",
                    "signed by " + claimed.thumbprint() + ", not by " + trusted.thumbprint());
        }
        PublicKeyEd25519 key = trusted == null ? claimed : trusted;
        if (!holds(parts, manifest, key)) {
            throw new EvidenceException(
                    "evidence.signature_wrong",
                    "the manifest is not what was signed, or the signature was changed");
        }
        return key.thumbprint();
    }

    /** The key that the signature says it was made with. */
    private static PublicKeyEd25519 claimed(String[] parts) throws EvidenceException {
        try {
            // A payload that is brought along would be what is checked, in place of the manifest.
            if (parts.length != 3 || !parts[1].isEmpty()) {
                throw new IllegalArgumentException("not detached");
            }
            String text = new String(Base64.getUrlDecoder().decode(parts[0]), StandardCharsets.UTF_8);
            JsonElement parsed = JsonParser.parseString(text);
            if (!parsed.isJsonObject()) {
                throw new IllegalArgumentException("no object");
            }
            JsonObject header = parsed.getAsJsonObject();
            if (!says(header, "typ", TYPE) || !says(header, "alg", ALGORITHM) || header.has("crit") || header.has("b64")) {
                throw new IllegalArgumentException("of another kind");
            }
            return PublicKeyEd25519.of(header.get("jwk"));
        } catch (IllegalArgumentException | JsonParseException error) {
            throw new EvidenceException("evidence.signature_malformed", "the signature cannot be read");
        }
    }

    private static boolean holds(String[] parts, byte[] manifest, PublicKeyEd25519 key) {
        try {
            java.security.Signature verifier = java.security.Signature.getInstance(ALGORITHM);
            verifier.initVerify(key.key());
            verifier.update((parts[0] + ".").getBytes(StandardCharsets.US_ASCII));
            verifier.update(Base64.getUrlEncoder().withoutPadding().encode(manifest));
            return verifier.verify(Base64.getUrlDecoder().decode(parts[2]));
        } catch (GeneralSecurityException | IllegalArgumentException error) {
            return false;
        }
    }

    private static boolean says(JsonObject header, String name, String value) {
        JsonElement said = header.get(name);
        return said != null && said.isJsonPrimitive() && said.getAsString().equals(value);
    }
}
