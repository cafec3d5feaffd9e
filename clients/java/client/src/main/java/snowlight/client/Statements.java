package snowlight.client;

import com.google.gson.Gson;
import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;

/** Puts a signed statement about the officer beside each call. */
final class Statements extends CallCredentials {
    private static final Metadata.Key<String> HEADER =
            Metadata.Key.of("snowlight-officer", Metadata.ASCII_STRING_MARSHALLER);

    /** Ten minutes is the most. */
    private static final Duration LIFETIME = Duration.ofMinutes(5);

    /** A new one is signed so long before the last one ends. */
    private static final Duration SPARE = Duration.ofMinutes(1);

    private final Officer officer;
    private final PrivateKey key;
    private String text = "";
    private Instant end = Instant.MIN;

    /** {@code key}: of the client's certificate, of the curve P-256. */
    Statements(Officer officer, PrivateKey key) {
        this.officer = officer;
        this.key = key;
    }

    @Override
    public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
        executor.execute(() -> {
            try {
                Metadata headers = new Metadata();
                headers.put(HEADER, statement(Instant.now()));
                applier.apply(headers);
            } catch (GeneralSecurityException error) {
                applier.fail(Status.UNAUTHENTICATED.withDescription("cannot sign").withCause(error));
            }
        });
    }

    private synchronized String statement(Instant now) throws GeneralSecurityException {
        if (!now.isBefore(end.minus(end.equals(Instant.MIN) ? Duration.ZERO : SPARE))) {
            text = sign(now);
            end = now.plus(LIFETIME);
        }
        return text;
    }

    /** A compact JWS (RFC 7515) with ES256 (RFC 7518, section 3.4). */
    private String sign(Instant now) throws GeneralSecurityException {
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("aud", "snowlight");
        claims.put("sub", officer.number());
        claims.put("unit", officer.unit());
        claims.put("incident", officer.incident());
        claims.put("iat", now.getEpochSecond());
        claims.put("exp", now.plus(LIFETIME).getEpochSecond());
        Gson json = new Gson();
        String signed = encode(json.toJson(Map.of("alg", "ES256", "typ", "officer+jwt")).getBytes(StandardCharsets.UTF_8))
                + "."
                + encode(json.toJson(claims).getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initSign(key);
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + encode(signature.sign());
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
